/* rounds: what reading has come to, for a later start. Each rank of each start has a file of its own, RUN_DIR/rounds/
 * START-RANK, to which it appends; nothing that lies there is written again:
 *
 *     file    | round | round | ...
 *     round   | head | body | meta |
 *     head    | magic 8 | hash of the origin 16 | bytes of body 8 | of meta 8 | XXH3 of meta 8 | XXH3 of all before 8 |
 *
 * The body is written first, by whoever has something to keep, and meta, which must be able to tell whether the body is
 * as it was, behind it. The head comes last: a round is there whole or not at all, and the first that is not is the end
 * of the file. Knows nothing of body and meta. */
#include "run.h"

#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct head {
    char magic[8];
    rfm_hash128 origin;
    int64_t body_bytes, meta_bytes;
    uint64_t meta_hash, hash;
} head;

_Static_assert(sizeof(head) == 56, "lies in the file as it is");

static const char MAGIC[8] = {'R', 'F', 'M', 'P', 'I', 'R', 'D', '1'};

enum { MOST_META_BYTES = 1 << 30 };

static uint64_t hash_head(const head *of)
{
    return rfm_hash64(of, offsetof(head, hash));
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static rfm_status make_file(rfm_run *run, rfm_rounds *rounds, rfm_error *err)
{
    const char *dir = rfm_run_path(run, RFM_ROUNDS);
    rfm_text path = {0};
    rfm_text_addf(&path, "%s/%lld-%d", dir, (long long)run->attempt, rfm_comm_rank(run->comm));
    if (rfm_text_check(&path, err) != RFM_OK)
        return err->status;
    rounds->path = path.bytes;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return rfm_fail_errno(err, errno, "%s: cannot be made", dir);
    rounds->file = open(rounds->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (rounds->file < 0)
        return rfm_fail_errno(err, errno, "%s: cannot be made", rounds->path);
    if (rfm_folder_sync_names(dir, err) == RFM_OK)
        rfm_folder_sync_names(run->dir, err);
    return err->status;
}

rfm_status rfm_rounds_create(rfm_run *run, const rfm_origin *origin, rfm_rounds *rounds, rfm_error *err)
{
    *rounds = (rfm_rounds){.file = -1};
    if (rfm_origin_hash(origin, &rounds->origin, err) != RFM_OK || make_file(run, rounds, err) != RFM_OK)
        rfm_rounds_close(rounds);
    return err->status;
}

rfm_status rfm_rounds_open(const char *path, const rfm_origin *origin, rfm_rounds *rounds, rfm_error *err)
{
    *rounds = (rfm_rounds){.file = -1, .path = rfm_copy_string(path, err)};
    if (rounds->path && rfm_origin_hash(origin, &rounds->origin, err) == RFM_OK) {
        rounds->file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (rounds->file < 0)
            rfm_fail_errno(err, errno, "%s: cannot be opened", path);
    }
    if (err->status)
        rfm_rounds_close(rounds);
    return err->status;
}

void rfm_rounds_close(rfm_rounds *rounds)
{
    if (rounds->path && rounds->file >= 0)
        close(rounds->file);
    free(rounds->path);
    *rounds = (rfm_rounds){.file = -1};
}

/* ---- append ----------------------------------------------------------------------------------------------------- */

rfm_status rfm_rounds_reserve(const rfm_rounds *rounds, size_t n_bytes, rfm_error *err)
{
    /* Where the file system cannot tell in advance, writing will. */
    if (fallocate(rounds->file, FALLOC_FL_KEEP_SIZE, rounds->end, (off_t)(n_bytes + sizeof(head))) != 0 &&
        (errno == ENOSPC || errno == EDQUOT)) {
        rfm_fail_errno(err, errno, "%s: no room for %zu bytes", rounds->path, n_bytes);
        if (ftruncate(rounds->file, (off_t)rounds->end) != 0) /* gives back what it got of them; else that stays */
            return err->status;
    }
    return err->status;
}

int64_t rfm_rounds_body(const rfm_rounds *rounds)
{
    return rounds->end + (int64_t)sizeof(head);
}

rfm_status rfm_rounds_append(rfm_rounds *rounds, int64_t body_end, const rfm_text *meta, rfm_error *err)
{
    head of = {.origin = rounds->origin,
               .body_bytes = body_end - rfm_rounds_body(rounds),
               .meta_bytes = (int64_t)meta->length,
               .meta_hash = rfm_hash64(meta->bytes, meta->length)};
    const int64_t end = body_end + of.meta_bytes;
    memcpy(of.magic, MAGIC, sizeof MAGIC);
    of.hash = hash_head(&of);
    if (rfm_folder_put(rounds->file, rounds->path, meta->bytes, meta->length, body_end, err) != RFM_OK ||
        rfm_folder_put(rounds->file, rounds->path, &of, sizeof of, rounds->end, err) != RFM_OK)
        return err->status;
    if (ftruncate(rounds->file, (off_t)end) != 0 ||
        fsync(rounds->file) != 0) /* what was reserved and is not needed goes */
        return rfm_fail_errno(err, errno, "%s: cannot be written", rounds->path);
    rounds->end = end;
    return RFM_OK;
}

/* ---- read ------------------------------------------------------------------------------------------------------- */

/* false: they are not there. */
static bool get(const rfm_rounds *rounds, void *into, size_t n, int64_t at)
{
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(rounds->file, (char *)into + done, n - done, (off_t)(at + (int64_t)done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* size: of the file. */
static bool get_head(const rfm_rounds *rounds, int64_t size, head *of)
{
    if (size - rounds->end < (int64_t)sizeof *of || !get(rounds, of, sizeof *of, rounds->end) ||
        memcmp(of->magic, MAGIC, sizeof MAGIC) != 0 || of->hash != hash_head(of))
        return false;
    const int64_t room = size - rounds->end - (int64_t)sizeof *of;
    return of->body_bytes >= 0 && of->body_bytes <= room && of->meta_bytes >= 0 &&
           of->meta_bytes <= room - of->body_bytes && of->meta_bytes <= MOST_META_BYTES &&
           of->origin.low == rounds->origin.low && of->origin.high == rounds->origin.high;
}

rfm_status rfm_rounds_next(rfm_rounds *rounds, rfm_text *meta, bool *found, rfm_error *err)
{
    struct stat status;
    head of;
    *found = false;
    meta->length = 0;
    if (fstat(rounds->file, &status) != 0)
        return rfm_fail_errno(err, errno, "%s: cannot be looked at", rounds->path);
    if (status.st_size == rounds->end)
        return RFM_OK;
    const bool whole = get_head(rounds, status.st_size, &of);
    const int64_t meta_at = rfm_rounds_body(rounds) + (whole ? of.body_bytes : 0);
    if (whole && rfm_reserve(&meta->bytes, &meta->capacity, (size_t)of.meta_bytes + 1, 1, err) != RFM_OK)
        return err->status;
    if (whole && get(rounds, meta->bytes, (size_t)of.meta_bytes, meta_at) &&
        rfm_hash64(meta->bytes, (size_t)of.meta_bytes) == of.meta_hash) {
        *found = true;
        meta->length = (size_t)of.meta_bytes;
        rounds->end = meta_at + of.meta_bytes;
    } else {
        rfm_fail(err, RFM_DATA, "%s: from byte %lld on not whole, and not used", rounds->path, (long long)rounds->end);
    }
    return err->status;
}

/* ---- what lies there -------------------------------------------------------------------------------------------- */

static bool is_file_of_rounds(const char *name)
{
    const size_t first = strspn(name, "0123456789"),
                 second = name[first] == '-' ? strspn(name + first + 1, "0123456789") : 0;
    return first > 0 && second > 0 && name[first + 1 + second] == '\0';
}

/* Rank 0: names, each with its NUL. */
static rfm_status list_names(rfm_run *run, rfm_text *names, rfm_error *err)
{
    const char *dir = rfm_run_path(run, RFM_ROUNDS);
    DIR *list = opendir(dir);
    if (!list)
        return errno == ENOENT ? RFM_OK : rfm_fail_errno(err, errno, "%s: cannot be read", dir);
    for (const struct dirent *entry; (entry = readdir(list));)
        if (is_file_of_rounds(entry->d_name))
            rfm_text_add(names, entry->d_name, strlen(entry->d_name) + 1);
    closedir(list);
    return rfm_text_check(names, err);
}

/* This rank's of n names: every size-th. */
static rfm_status take_share(rfm_run *run, const char *names, size_t n_bytes, char ***paths, size_t *n, rfm_error *err)
{
    const size_t size = (size_t)rfm_comm_size(run->comm), rank = (size_t)rfm_comm_rank(run->comm);
    size_t capacity = 0, i = 0;
    for (size_t at = 0; at < n_bytes && err->status == RFM_OK; at += strlen(names + at) + 1)
        if (i++ % size == rank && rfm_reserve(paths, &capacity, *n + 1, sizeof **paths, err) == RFM_OK)
            (*paths)[(*n)++] = rfm_folder_path(rfm_run_path(run, RFM_ROUNDS), names + at, err);
    return err->status;
}

rfm_status rfm_rounds_list(rfm_run *run, char ***paths, size_t *n, rfm_error *err)
{
    rfm_text names = {0};
    *paths = NULL;
    *n = 0;
    if (rfm_comm_rank(run->comm) == 0)
        list_names(run, &names, err);
    void *bytes = names.bytes;
    size_t n_bytes = names.length;
    if (rfm_comm_agree(run->comm, err) == RFM_OK && rfm_comm_share(run->comm, 0, &bytes, &n_bytes, err) == RFM_OK) {
        take_share(run, bytes, n_bytes, paths, n, err);
        if (rfm_comm_rank(run->comm) != 0)
            free(bytes);
    }
    rfm_text_free(&names);
    if (rfm_comm_agree(run->comm, err) != RFM_OK)
        rfm_rounds_list_free(paths, n);
    return err->status;
}

void rfm_rounds_list_free(char ***paths, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        free((*paths)[i]);
    free(*paths);
    *paths = NULL;
    *n = 0;
}
