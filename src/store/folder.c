/* folder: directories and files as such. Knows which names are ours:
 *
 *     .NAME.ATTEMPT.tmp   being written, or about to be removed
 *     .NAME.ATTEMPT.old   a directory moved aside while its successor takes the name
 */
#include "folder.h"

#include "rfmpi/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *rfm_folder_path(const char *dir, const char *name, rfm_error *err)
{
    rfm_text path = {0};
    rfm_text_addf(&path, "%s/%s", dir, name);
    if (rfm_text_check(&path, err))
        rfm_text_free(&path);
    return path.bytes;
}

rfm_status rfm_folder_make(const char *dir, rfm_error *err)
{
    char *path = rfm_copy_string(dir, err);
    size_t length = path ? strlen(path) : 0;
    for (size_t end = 1; end <= length && !err->status; end++) {
        char kept = path[end];
        if (kept != '/' && kept != '\0')
            continue;
        path[end] = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            rfm_fail_errno(err, errno, "%s: cannot make the directory", path);
        path[end] = kept;
    }
    free(path);
    return err->status;
}

/* ---- names that are ours ---------------------------------------------------------------------------------------- */

typedef enum kind { FOREIGN, TEMPORARY, MOVED_ASIDE } kind;

/* Without what Open MPI appends to the name of a file that it has open: ".locktest.RANK", "-JOB-PROCESS.lock". */
static size_t own_length(const char *entry)
{
    static const char last[] = ".lock";
    const size_t length = strlen(entry);
    const char *test = strstr(entry, ".tmp.locktest."), *lock = strstr(entry, ".tmp-");
    if (lock && strcmp(entry + length - strlen(last), last) != 0)
        lock = NULL;
    const char *end = test ? test : lock;
    return end ? (size_t)(end - entry) + strlen(".tmp") : length;
}

/* Splits ".NAME.ATTEMPT.tmp". */
static kind parse_name(const char *entry, size_t *name_length, int64_t *attempt)
{
    size_t length = own_length(entry);
    if (length < 8 || entry[0] != '.')
        return FOREIGN;
    const char *suffix = entry + length - 4;
    kind what = strncmp(suffix, ".tmp", 4) == 0 ? TEMPORARY : strncmp(suffix, ".old", 4) == 0 ? MOVED_ASIDE : FOREIGN;
    const char *digits = suffix;
    while (digits > entry && digits[-1] >= '0' && digits[-1] <= '9')
        digits--;
    if (digits == suffix || digits - entry < 3 || digits[-1] != '.' || suffix - digits > 18)
        return FOREIGN;
    *name_length = (size_t)(digits - entry) - 2;
    *attempt = strtoll(digits, NULL, 10);
    return what;
}

static bool is_known(const char *entry)
{
    size_t length;
    int64_t attempt;
    return strcmp(entry, ".") == 0 || strcmp(entry, "..") == 0 || strcmp(entry, "lock") == 0 ||
           strcmp(entry, "stop") == 0 || strcmp(entry, "log.jsonl") == 0 ||
           parse_name(entry, &length, &attempt) != FOREIGN;
}

rfm_status rfm_folder_check(const char *dir, rfm_error *err)
{
    DIR *list = opendir(dir);
    if (!list)
        return rfm_fail_errno(err, errno, "%s: cannot read the directory", dir);
    bool ours = false, foreign = false;
    for (const struct dirent *entry; (entry = readdir(list));) {
        ours = ours || strcmp(entry->d_name, "run.json") == 0;
        foreign = foreign || !is_known(entry->d_name);
    }
    closedir(list);
    if (foreign && !ours)
        return rfm_fail(err, RFM_USAGE, "%s: the directory is not empty and not of a run: use another output.dir", dir);
    return RFM_OK;
}

/* ---- sweep ------------------------------------------------------------------------------------------------------ */

static void put_back(const char *dir, const char *entry, size_t name_length, rfm_error *err)
{
    char name[NAME_MAX + 1];
    memcpy(name, entry + 1, name_length);
    name[name_length] = '\0';
    char *from = rfm_folder_path(dir, entry, err), *to = rfm_folder_path(dir, name, err);
    struct stat status;
    if (err->status)
        ;
    else if (lstat(to, &status) == 0)
        rfm_folder_remove(from, err);
    else if (rename(from, to) != 0)
        rfm_fail_errno(err, errno, "%s: cannot put back as %s", from, name);
    free(from);
    free(to);
}

static void sweep_entry(const char *dir, const char *entry, int64_t only, rfm_error *err)
{
    size_t name_length = 0;
    int64_t attempt = -1;
    kind what = parse_name(entry, &name_length, &attempt);
    if (what == FOREIGN || (only >= 0 && (attempt != only || what != TEMPORARY)))
        return;
    if (what == MOVED_ASIDE) {
        put_back(dir, entry, name_length, err);
        return;
    }
    char *path = rfm_folder_path(dir, entry, err);
    if (path)
        rfm_folder_remove(path, err);
    free(path);
}

rfm_status rfm_folder_sweep(const char *dir, int64_t attempt, rfm_error *err)
{
    DIR *list = opendir(dir);
    if (!list)
        return rfm_fail_errno(err, errno, "%s: cannot read the directory", dir);
    /* Entries that go away or come back while the list is read may be seen or not: either is fine here. */
    for (const struct dirent *entry; !err->status && (entry = readdir(list));)
        sweep_entry(dir, entry->d_name, attempt, err);
    closedir(list);
    return err->status;
}

static int remove_entry(const char *path, const struct stat *status, int kind_of_entry, struct FTW *where)
{
    (void)status, (void)kind_of_entry, (void)where;
    return remove(path) == 0 || errno == ENOENT ? 0 : errno;
}

rfm_status rfm_folder_remove(const char *path, rfm_error *err)
{
    int number = nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    if (number == -1)
        number = errno;
    if (number != 0 && number != ENOENT)
        return rfm_fail_errno(err, number, "%s: cannot remove", path);
    return RFM_OK;
}

/* ---- content ---------------------------------------------------------------------------------------------------- */

static int sync_entry(const char *path, const struct stat *status, int kind_of_entry, struct FTW *where)
{
    (void)status, (void)where;
    if (kind_of_entry != FTW_F && kind_of_entry != FTW_DP)
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno;
    int number = fchmod(fd, kind_of_entry == FTW_F ? 0600 : 0700) != 0 || fsync(fd) != 0 ? errno : 0;
    close(fd);
    return number;
}

rfm_status rfm_folder_sync(const char *path, rfm_error *err)
{
    int number = nftw(path, sync_entry, 16, FTW_DEPTH | FTW_PHYS);
    if (number == -1)
        number = errno;
    if (number != 0)
        return rfm_fail_errno(err, number, "%s: cannot sync", path);
    return RFM_OK;
}

rfm_status rfm_folder_sync_names(const char *dir, rfm_error *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        rfm_fail_errno(err, errno, "%s: cannot sync", dir);
    if (fd >= 0)
        close(fd);
    return err->status;
}

rfm_status rfm_folder_put(int fd, const char *path, const void *bytes, size_t length, int64_t offset, rfm_error *err)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t written = pwrite(fd, at, length, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return rfm_fail_errno(err, written < 0 ? errno : ENOSPC, "%s: cannot write", path);
        at += written;
        length -= (size_t)written;
        offset += written;
    }
    return RFM_OK;
}

rfm_status rfm_file_write(const char *path, const rfm_text *bytes, rfm_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return rfm_fail_errno(err, errno, "%s: cannot create", path);
    if (rfm_folder_put(fd, path, bytes->bytes, bytes->length, 0, err) == RFM_OK && fsync(fd) != 0)
        rfm_fail_errno(err, errno, "%s: cannot write", path);
    if (close(fd) != 0)
        rfm_fail_errno(err, errno, "%s: cannot write", path);
    return err->status;
}

rfm_status rfm_file_read(const char *path, rfm_text *text, rfm_error *err)
{
    char block[65536];
    FILE *file = fopen(path, "re");
    if (!file)
        return rfm_fail_errno(err, errno, "%s: cannot read", path);
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        rfm_text_add(text, block, n);
    if (ferror(file))
        rfm_fail(err, RFM_IO, "%s: cannot read", path);
    fclose(file);
    return err->status == RFM_OK ? rfm_text_check(text, err) : err->status;
}

static char *name_temporary(const char *path, rfm_error *err)
{
    rfm_text name = {0};
    const char *slash = strrchr(path, '/');
    const int folder = slash ? (int)(slash + 1 - path) : 0;
    rfm_text_addf(&name, "%.*s.%s.%lld.tmp", folder, path, path + folder, (long long)getpid());
    if (rfm_text_check(&name, err))
        rfm_text_free(&name);
    return name.bytes;
}

rfm_status rfm_file_replace(const char *path, const rfm_text *bytes, rfm_error *err)
{
    struct stat at;
    /* Root could put a file in the place of /dev/null. */
    if (lstat(path, &at) == 0 && !S_ISREG(at.st_mode) && !S_ISLNK(at.st_mode))
        return rfm_fail(err, RFM_IO, "%s: is there, and no file that could be replaced: name another", path);
    char *temporary = name_temporary(path, err), *folder = rfm_copy_string(path, err);
    if (!err->status && rfm_file_write(temporary, bytes, err) == RFM_OK && rename(temporary, path) != 0)
        rfm_fail_errno(err, errno, "%s: cannot rename to %s", temporary, path);
    if (err->status && temporary)
        unlink(temporary);
    if (!err->status)
        rfm_folder_sync_names(dirname(folder), err);
    free(temporary);
    free(folder);
    return err->status;
}
