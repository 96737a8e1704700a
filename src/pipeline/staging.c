/* staging: see staging.h. */
#include "staging.h"

#include "rfmpi/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *name_path(const char *out, const char *what, rfm_hash128 hash, const char *suffix, rfm_error *err)
{
    rfm_text path = {0};
    rfm_text_addf(&path, "%s/.%s-%016llx%016llx%s", out, what, (unsigned long long)hash.high,
                  (unsigned long long)hash.low, suffix);
    if (rfm_text_check(&path, err) != RFM_OK)
        rfm_text_free(&path);
    return path.bytes;
}

rfm_status staging_init(staging *s, const char *out, rfm_hash128 hash, rfm_error *err)
{
    *s = (staging){.out = out,
                   .making = name_path(out, "converting", hash, "", err),
                   .made = name_path(out, "converted", hash, "", err),
                   .lock = name_path(out, "converting", hash, ".lock", err),
                   .lock_file = -1};
    return err->status;
}

void staging_free(staging *s)
{
    free(s->making);
    free(s->made);
    free(s->lock);
    *s = (staging){0};
}

/* Who leaves removes the file: what another start has locked may be one that has gone since. */
static bool is_there_still(int file, const char *path)
{
    struct stat locked, there;
    return fstat(file, &locked) == 0 && lstat(path, &there) == 0 && locked.st_dev == there.st_dev &&
           locked.st_ino == there.st_ino;
}

rfm_status staging_enter(staging *s, rfm_error *err)
{
    if (rfm_folder_make(s->out, err) != RFM_OK)
        return err->status;
    while (rfm_lock_alone(s->lock, 0, &s->lock_file, err) == RFM_OK && !is_there_still(s->lock_file, s->lock))
        close(s->lock_file);
    return err->status;
}

/* In this order: where it is cut off, the next start of the same finds that all is done. */
void staging_leave(staging *s)
{
    if (!s->lock || s->lock_file < 0)
        return;
    unlink(s->lock);
    if (s->published)
        rmdir(s->made);
    close(s->lock_file);
    s->lock_file = -1;
}

rfm_status staging_begin(const staging *s, rfm_error *err)
{
    if (rfm_folder_remove(s->making, err) == RFM_OK)
        rfm_folder_make(s->making, err);
    return err->status;
}

void staging_drop(const staging *s)
{
    rfm_error ignored = {0};
    if (s->making)
        rfm_folder_remove(s->making, &ignored);
}

static bool is_folder(const char *path)
{
    struct stat at;
    return lstat(path, &at) == 0 && S_ISDIR(at.st_mode);
}

bool staging_is_committed(const staging *s)
{
    return is_folder(s->made);
}

rfm_status staging_commit(const staging *s, rfm_error *err)
{
    if (rfm_folder_sync_names(s->making, err) != RFM_OK)
        return err->status;
    if (rename(s->making, s->made) != 0)
        return rfm_fail_errno(err, errno, "%s: cannot be renamed to %s", s->making, s->made);
    return rfm_folder_sync_names(s->out, err);
}

static rfm_status move(const char *from, const char *to, rfm_error *err)
{
    struct stat at;
    int number = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0 ? 0 : errno;
    if (number == EINVAL || number == ENOSYS) /* of a file system that cannot look and rename in one step */
        number = lstat(to, &at) == 0 ? EEXIST : rename(from, to) == 0 ? 0 : errno;
    if (number == EEXIST)
        return rfm_fail(err, RFM_USAGE, "%s is there already: remove it, and start again", to);
    return number == 0 ? RFM_OK : rfm_fail_errno(err, number, "%s: cannot be renamed to %s", from, to);
}

static rfm_status move_out(const staging *s, const char *name, rfm_error *err)
{
    char *from = rfm_folder_path(s->made, name, err), *to = rfm_folder_path(s->out, name, err);
    if (err->status == RFM_OK)
        move(from, to, err);
    free(from);
    free(to);
    return err->status;
}

rfm_status staging_publish(staging *s, rfm_error *err)
{
    DIR *list = opendir(s->made);
    if (!list)
        return rfm_fail_errno(err, errno, "%s: cannot read the directory", s->made);
    for (const struct dirent *entry; err->status == RFM_OK && (entry = readdir(list));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            move_out(s, entry->d_name, err);
    closedir(list);
    s->published = err->status == RFM_OK && rfm_folder_sync_names(s->out, err) == RFM_OK;
    return err->status;
}
