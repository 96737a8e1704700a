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

static char *name_folder(const char *out, const char *what, rfm_hash128 hash, rfm_error *err)
{
    rfm_text path = {0};
    rfm_text_addf(&path, "%s/.%s-%016llx%016llx", out, what, (unsigned long long)hash.high,
                  (unsigned long long)hash.low);
    if (rfm_text_check(&path, err) != RFM_OK)
        rfm_text_free(&path);
    return path.bytes;
}

rfm_status staging_init(staging *s, const char *out, rfm_hash128 hash, rfm_error *err)
{
    *s = (staging){.out = out,
                   .making = name_folder(out, "converting", hash, err),
                   .made = name_folder(out, "converted", hash, err)};
    return err->status;
}

void staging_free(staging *s)
{
    free(s->making);
    free(s->made);
    *s = (staging){0};
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

rfm_status staging_publish(const staging *s, rfm_error *err)
{
    DIR *list = opendir(s->made);
    if (!list)
        return rfm_fail_errno(err, errno, "%s: cannot read the directory", s->made);
    for (const struct dirent *entry; err->status == RFM_OK && (entry = readdir(list));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            move_out(s, entry->d_name, err);
    closedir(list);
    if (err->status == RFM_OK && rfm_folder_sync_names(s->out, err) == RFM_OK && rmdir(s->made) != 0)
        rfm_fail_errno(err, errno, "%s: cannot be removed", s->made);
    return err->status;
}
