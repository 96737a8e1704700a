/* series: shared files written by all ranks at offsets they agree on. */
#include "series.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void name_file(const rfm_series *series, int64_t file, bool temporary, char *path)
{
    char number[32] = "";
    if (series->numbered)
        snprintf(number, sizeof number, "-%05lld", (long long)file);
    snprintf(path, RFM_SERIES_PATH_BYTES, "%s/%s%s%s%s%s", series->dir, temporary ? "." : "", series->stem, number,
             series->suffix, temporary ? ".tmp" : "");
}

rfm_status rfm_series_open(rfm_series *series, rfm_error *err)
{
    series->file = series->offset = 0;
    series->open_file = -1;
    series->fd = -1;
    series->told_files = rfm_alloc((size_t)rfm_comm_size(series->comm), sizeof(int64_t), err);
    series->told_bytes = rfm_alloc((size_t)rfm_comm_size(series->comm), sizeof(int64_t), err);
    return rfm_comm_agree(series->comm, err);
}

static rfm_status close_file(rfm_series *series, rfm_error *err)
{
    int fd = series->fd;
    series->fd = -1;
    if (fd >= 0 && close(fd) != 0) {
        char path[RFM_SERIES_PATH_BYTES];
        name_file(series, series->open_file, true, path);
        return rfm_fail_errno(err, errno, "cannot close %s", path);
    }
    return RFM_OK;
}

static rfm_status open_file(rfm_series *series, int64_t file, rfm_error *err)
{
    if (series->fd >= 0 && series->open_file == file)
        return RFM_OK;
    if (close_file(series, err) != RFM_OK)
        return err->status;
    char path[RFM_SERIES_PATH_BYTES];
    name_file(series, file, true, path);
    series->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    series->open_file = file;
    return series->fd >= 0 ? RFM_OK : rfm_fail_errno(err, errno, "cannot create %s", path);
}

static rfm_status write_at(rfm_series *series, const rfm_piece *piece, int64_t offset, rfm_error *err)
{
    if (open_file(series, piece->file, err) != RFM_OK)
        return err->status;
    size_t done = 0;
    while (done < piece->n_bytes) {
        ssize_t n = pwrite(series->fd, piece->bytes + done, piece->n_bytes - done, offset + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            char path[RFM_SERIES_PATH_BYTES];
            name_file(series, piece->file, true, path);
            return rfm_fail_errno(err, n < 0 ? errno : ENOSPC, "cannot write %s", path);
        }
        done += (size_t)n;
    }
    return RFM_OK;
}

/* Go on from (*file, *offset) over what the first n_ranks ranks append in this round. */
static void pass_over(const rfm_series *series, int n_ranks, int64_t *file, int64_t *offset)
{
    for (int r = 0; r < n_ranks; r++) {
        if (series->told_files[r] < 0)
            continue;
        if (series->told_files[r] != *file)
            *offset = 0;
        *file = series->told_files[r];
        *offset += series->told_bytes[r];
    }
}

rfm_status rfm_series_append(rfm_series *series, const rfm_piece *pieces, size_t n, rfm_error *err)
{
    rfm_comm *comm = series->comm;
    if (rfm_comm_agree(comm, err) != RFM_OK)
        return err->status;
    rfm_comm_gather_i64(comm, n > 0 ? pieces[n - 1].file : -1, series->told_files);
    rfm_comm_gather_i64(comm, n > 0 ? (int64_t)pieces[n - 1].n_bytes : 0, series->told_bytes);
    int64_t file = series->file, offset = series->offset;
    pass_over(series, rfm_comm_rank(comm), &file, &offset);
    pass_over(series, rfm_comm_size(comm), &series->file, &series->offset);
    for (size_t i = 0; i < n && err->status == RFM_OK; i++)
        write_at(series, &pieces[i], pieces[i].file == file ? offset : 0, err);
    return rfm_comm_agree(comm, err);
}

static rfm_status sync_path(const char *path, int flags, rfm_error *err)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return rfm_fail_errno(err, errno, "cannot open %s", path);
    if (fsync(fd) != 0)
        rfm_fail_errno(err, errno, "cannot bring %s to disk", path);
    close(fd);
    return err->status;
}

/* Each rank cares for every size()-th file. */
static void sync_files(rfm_series *series, rfm_error *err)
{
    char path[RFM_SERIES_PATH_BYTES];
    for (int64_t file = rfm_comm_rank(series->comm); file < series->n_files && err->status == RFM_OK;
         file += rfm_comm_size(series->comm)) {
        name_file(series, file, true, path);
        sync_path(path, O_WRONLY, err);
    }
}

static void rename_files(rfm_series *series, rfm_error *err)
{
    char from[RFM_SERIES_PATH_BYTES], to[RFM_SERIES_PATH_BYTES];
    for (int64_t file = rfm_comm_rank(series->comm); file < series->n_files && err->status == RFM_OK;
         file += rfm_comm_size(series->comm)) {
        name_file(series, file, true, from);
        name_file(series, file, false, to);
        if (rename(from, to) != 0)
            rfm_fail_errno(err, errno, "cannot rename %s", from);
    }
}

rfm_status rfm_series_publish(rfm_series *series, rfm_error *err)
{
    close_file(series, err);
    if (rfm_comm_agree(series->comm, err) != RFM_OK)
        return err->status;
    sync_files(series, err);
    if (rfm_comm_agree(series->comm, err) != RFM_OK)
        return err->status;
    rename_files(series, err);
    if (err->status == RFM_OK && rfm_comm_rank(series->comm) == 0)
        sync_path(series->dir, O_RDONLY | O_DIRECTORY, err);
    return rfm_comm_agree(series->comm, err);
}

void rfm_series_close(rfm_series *series)
{
    rfm_error ignored = {0};
    if (series->told_files == NULL)
        return;
    close_file(series, &ignored);
    for (int64_t file = 0; rfm_comm_rank(series->comm) == 0 && file < series->n_files; file++) {
        char path[RFM_SERIES_PATH_BYTES];
        name_file(series, file, true, path);
        unlink(path);
    }
    free(series->told_files);
    free(series->told_bytes);
    series->told_files = series->told_bytes = NULL;
}
