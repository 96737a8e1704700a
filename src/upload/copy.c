/* copy: read, write, sync. */
#include "copy.h"

#include "rfmpi/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

rfm_status rfm_file_copy(const char *from, const char *to, int flags, int64_t *n_bytes, rfm_error *err)
{
    enum { BLOCK = 1 << 20 };
    char *block = rfm_alloc(BLOCK, 1, err);
    int64_t at = 0;
    ssize_t n = 0;
    const int in = open(from, O_RDONLY | O_CLOEXEC);
    const int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    if (in < 0 || out < 0)
        rfm_fail_errno(err, errno, "%s: cannot %s", in < 0 ? from : to, in < 0 ? "read" : "write");
    for (; err->status == RFM_OK && (n = read(in, block, BLOCK)) > 0; at += n)
        rfm_folder_put(out, to, block, (size_t)n, at, err);
    if (n < 0)
        rfm_fail_errno(err, errno, "%s: cannot read", from);
    if (out >= 0 && err->status == RFM_OK && fsync(out) != 0)
        rfm_fail_errno(err, errno, "%s: cannot write", to);
    if (in >= 0)
        close(in);
    if (out >= 0 && close(out) != 0)
        rfm_fail_errno(err, errno, "%s: cannot write", to);
    *n_bytes += at;
    free(block);
    return err->status;
}
