/* rounds: what reading has come to, for a later start. Each rank of each start has a region to which it appends;
 * nothing that lies there is written again. Of up to rfm_rounds_most_files ranks it is a file,
 * RUN_DIR/rounds/START-RANK, without a limit. Of more, N neighbours share the file START-GROUP-N, in which each has
 * rfm_rounds_region_bytes: what no one has written is a hole, and nobody writes in the region of another.
 *
 *     file    | region | region | ...
 *     region  | round | round | ... | zeros, up to the next region |
 *     round   | head | body | meta |
 *     head    | magic 8 | hash of the origin 16 | bytes of body 8 | of meta 8 | XXH3 of meta 8 | XXH3 of all before 8 |
 *
 * The body is written first, by whoever has something to keep, and meta, which must be able to tell whether the body is
 * as it was, behind it. The head comes last, into zeros: a round is there whole or not at all, and the first that is
 * not is the end of the region. Knows nothing of body and meta. */
#include "rounds.h"

#include "run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

static bool is_shared(const rfm_rounds *rounds)
{
    return rounds->limit != INT64_MAX;
}

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

/* size: of the file. No head was written behind the rounds; what of a body may lie there is of a rank that ended before
 * its round did, which is nothing to tell of. */
static bool is_end(const rfm_rounds *rounds, int64_t size)
{
    static const head none;
    head of;
    const int64_t left = size - rounds->end;
    const size_t n = left < (int64_t)sizeof of ? (size_t)left : sizeof of;
    return left <= 0 || (get(rounds, &of, n, rounds->end) && memcmp(&of, &none, n) == 0);
}

static void bound(rfm_rounds *rounds, int64_t region, int64_t n_regions)
{
    rounds->end = n_regions > 1 ? region * rfm_rounds_region_bytes : 0;
    rounds->limit = n_regions > 1 ? rounds->end + rfm_rounds_region_bytes : INT64_MAX;
}

/* This rank's, among ranks that make so many files at most. */
static rfm_status find_place(rfm_run *run, rfm_rounds *rounds, rfm_error *err)
{
    const int rank = rfm_comm_rank(run->comm), size = rfm_comm_size(run->comm),
              n_regions = (size - 1) / rfm_rounds_most_files + 1;
    rfm_text path = {0};
    rfm_text_addf(&path, "%s/%lld-%d", rfm_run_path(run, RFM_ROUNDS), (long long)run->attempt, rank / n_regions);
    if (n_regions > 1)
        rfm_text_addf(&path, "-%d", n_regions);
    rounds->path = path.bytes;
    bound(rounds, rank % n_regions, n_regions);
    return rfm_text_check(&path, err);
}

static rfm_status make_file(rfm_run *run, rfm_rounds *rounds, rfm_error *err)
{
    const char *dir = rfm_run_path(run, RFM_ROUNDS);
    struct stat status;
    if (find_place(run, rounds, err) != RFM_OK)
        return err->status;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return rfm_fail_errno(err, errno, "%s: cannot be made", dir);
    rounds->file = open(rounds->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (rounds->file < 0 || fstat(rounds->file, &status) != 0)
        return rfm_fail_errno(err, errno, "%s: cannot be made", rounds->path);
    if (!is_end(rounds, status.st_size))
        return rfm_fail_errno(err, EEXIST, "%s: cannot be made", rounds->path);
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

rfm_status rfm_rounds_open(const rfm_rounds_place *place, const rfm_origin *origin, rfm_rounds *rounds, rfm_error *err)
{
    *rounds = (rfm_rounds){.file = -1, .path = rfm_copy_string(place->path, err)};
    bound(rounds, place->region, place->n_regions);
    if (rounds->path && rfm_origin_hash(origin, &rounds->origin, err) == RFM_OK) {
        rounds->file = open(place->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (rounds->file < 0)
            rfm_fail_errno(err, errno, "%s: cannot be opened", place->path);
    }
    if (err->status)
        rfm_rounds_close(rounds);
    return err->status;
}

void rfm_rounds_rest(rfm_rounds *rounds)
{
    struct rlimit most;
    if (getrlimit(RLIMIT_NOFILE, &most) != 0 || (rlim_t)rounds->file < most.rlim_cur / 2)
        return;
    close(rounds->file);
    rounds->file = -1;
}

void rfm_rounds_close(rfm_rounds *rounds)
{
    if (rounds->path && rounds->file >= 0)
        close(rounds->file);
    free(rounds->path);
    *rounds = (rfm_rounds){.file = -1};
}

/* ---- append ----------------------------------------------------------------------------------------------------- */

/* What was reserved behind the end goes; in a shared file, where no hole can be made, with the file. */
static bool give_back(const rfm_rounds *rounds)
{
    if (!is_shared(rounds))
        return ftruncate(rounds->file, (off_t)rounds->end) == 0;
    fallocate(rounds->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, rounds->end, rounds->limit - rounds->end);
    return true;
}

/* Of a round of n_bytes in all. */
static rfm_status check_limits(const rfm_rounds *rounds, int64_t n_bytes, size_t meta_bytes, rfm_error *err)
{
    if (meta_bytes > MOST_META_BYTES)
        return rfm_fail(err, RFM_IO, "%s: %zu bytes that tell what was read: a round can have %d", rounds->path,
                        meta_bytes, MOST_META_BYTES);
    if (n_bytes > rounds->limit - rounds->end)
        rfm_fail(err, RFM_IO, "%s: no room for %lld bytes: a rank has %lld of it, and has used %lld", rounds->path,
                 (long long)n_bytes, (long long)rfm_rounds_region_bytes,
                 (long long)(rfm_rounds_region_bytes - (rounds->limit - rounds->end)));
    return err->status;
}

rfm_status rfm_rounds_reserve(const rfm_rounds *rounds, size_t body_bytes, size_t meta_bytes, rfm_error *err)
{
    const int64_t all = (int64_t)(sizeof(head) + body_bytes + meta_bytes);
    /* A hole is made within the size of a file only. */
    const int mode = is_shared(rounds) ? 0 : FALLOC_FL_KEEP_SIZE;
    if (check_limits(rounds, all, meta_bytes, err) != RFM_OK)
        return err->status;
    /* Where the file system cannot tell in advance, writing will. */
    if (fallocate(rounds->file, mode, rounds->end, all) != 0 &&
        (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
        rfm_fail_errno(err, errno, "%s: no room for %lld bytes", rounds->path, (long long)all);
        if (!give_back(rounds)) /* what it got of them; else that stays */
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
               .meta_bytes = (int64_t)meta->length};
    const int64_t end = body_end + of.meta_bytes;
    if (check_limits(rounds, end - rounds->end, meta->length, err) != RFM_OK)
        return err->status;
    of.meta_hash = rfm_hash64(meta->bytes, meta->length);
    memcpy(of.magic, MAGIC, sizeof MAGIC);
    of.hash = hash_head(&of);
    if (rfm_folder_put(rounds->file, rounds->path, meta->bytes, meta->length, body_end, err) != RFM_OK ||
        rfm_folder_put(rounds->file, rounds->path, &of, sizeof of, rounds->end, err) != RFM_OK)
        return err->status;
    const int64_t begin = rounds->end;
    rounds->end = end;
    rounds->loose = true;
    if (!give_back(rounds))
        return rfm_fail_errno(err, errno, "%s: cannot be written", rounds->path);
    /* A hint, which not every file system takes. */
    sync_file_range(rounds->file, begin, end - begin, SYNC_FILE_RANGE_WRITE);
    return RFM_OK;
}

rfm_status rfm_rounds_sync(rfm_rounds *rounds, rfm_error *err)
{
    if (rounds->loose && fsync(rounds->file) != 0)
        return rfm_fail_errno(err, errno, "%s: cannot be written", rounds->path);
    rounds->loose = false;
    return RFM_OK;
}

/* ---- read ------------------------------------------------------------------------------------------------------- */

/* size: of the file, or up to the limit. */
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
    const int64_t size = status.st_size < rounds->limit ? status.st_size : rounds->limit;
    if (is_end(rounds, size))
        return RFM_OK;
    const bool whole = get_head(rounds, size, &of);
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

/* START-RANK or START-GROUP-N: how many regions the file has; 0: it is none of rounds. */
static int64_t count_regions(const char *name)
{
    const char *last = name;
    int n_numbers = 1;
    size_t n = strspn(name, "0123456789");
    for (; n > 0 && last[n] == '-'; n_numbers++) {
        last += n + 1;
        n = strspn(last, "0123456789");
    }
    if (n == 0 || last[n] != '\0' || n_numbers < 2 || n_numbers > 3)
        return 0;
    const int64_t n_regions = n_numbers == 3 ? strtoll(last, NULL, 10) : 1;
    return n_regions <= INT64_MAX / rfm_rounds_region_bytes ? n_regions : 0;
}

/* Rank 0: names, each with its NUL. */
static rfm_status list_names(rfm_run *run, rfm_text *names, rfm_error *err)
{
    const char *dir = rfm_run_path(run, RFM_ROUNDS);
    DIR *list = opendir(dir);
    if (!list)
        return errno == ENOENT ? RFM_OK : rfm_fail_errno(err, errno, "%s: cannot be read", dir);
    for (const struct dirent *entry; (entry = readdir(list));)
        if (count_regions(entry->d_name) > 0)
            rfm_text_add(names, entry->d_name, strlen(entry->d_name) + 1);
    closedir(list);
    return rfm_text_check(names, err);
}

static rfm_status add_place(rfm_run *run, const char *name, int64_t region, rfm_rounds_place *place, rfm_error *err)
{
    char *path = rfm_folder_path(rfm_run_path(run, RFM_ROUNDS), name, err);
    *place = (rfm_rounds_place){.path = path, .region = region, .n_regions = count_regions(name)};
    return err->status;
}

/* This rank's of the regions of all names: every size-th. */
static rfm_status take_share(rfm_run *run, const char *names, size_t n_bytes, rfm_rounds_place **places, size_t *n,
                             rfm_error *err)
{
    const int64_t size = rfm_comm_size(run->comm);
    int64_t next = rfm_comm_rank(run->comm);
    size_t capacity = 0;
    for (size_t at = 0; at < n_bytes && err->status == RFM_OK; at += strlen(names + at) + 1) {
        const int64_t n_regions = count_regions(names + at);
        for (; next < n_regions && err->status == RFM_OK; next += size)
            if (rfm_reserve(places, &capacity, *n + 1, sizeof **places, err) == RFM_OK)
                add_place(run, names + at, next, &(*places)[(*n)++], err);
        next -= n_regions;
    }
    return err->status;
}

rfm_status rfm_rounds_list(rfm_run *run, rfm_rounds_place **places, size_t *n, rfm_error *err)
{
    rfm_text names = {0};
    *places = NULL;
    *n = 0;
    if (rfm_comm_rank(run->comm) == 0)
        list_names(run, &names, err);
    void *bytes = names.bytes;
    size_t n_bytes = names.length;
    if (rfm_comm_agree(run->comm, err) == RFM_OK && rfm_comm_share(run->comm, 0, &bytes, &n_bytes, err) == RFM_OK) {
        take_share(run, bytes, n_bytes, places, n, err);
        if (rfm_comm_rank(run->comm) != 0)
            free(bytes);
    }
    rfm_text_free(&names);
    if (rfm_comm_agree(run->comm, err) != RFM_OK)
        rfm_rounds_list_free(places, n);
    return err->status;
}

void rfm_rounds_list_free(rfm_rounds_place **places, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        free((*places)[i].path);
    free(*places);
    *places = NULL;
    *n = 0;
}
