/* checkpoint: what an unfinished product leaves for the next start, in two files that take turns, so that a kill while
 * one is written leaves the other:
 *
 *     magic 8 | number 8 | hash of the origin 16 | length 8 | content | XXH3 of all before 8
 *
 * Knows nothing of the content. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 2, HASH_BYTES = 8 };

static const char NOTE[] = "checkpoint"; /* of both, in run.json */
static const char *const NAMES[FILES] = {"checkpoint-0", "checkpoint-1"};

typedef struct head {
    char magic[8];
    int64_t number;
    rfm_hash128 origin;
    uint64_t length;
} head;

_Static_assert(sizeof(head) == 40, "lies in the file as it is");

static const char MAGIC[8] = {'R', 'F', 'M', 'P', 'I', 'C', 'P', '1'};

/* ---- read ------------------------------------------------------------------------------------------------------- */

/* All of a file that is not growing; an absent one is empty. */
static rfm_status read_file(const char *path, rfm_text *text, rfm_error *err)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? RFM_OK : rfm_fail_errno(err, errno, "%s: cannot open", path);
    size_t size = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? (size_t)status.st_size : 0;
    if (rfm_reserve(&text->bytes, &text->capacity, size + 1, 1, err) == RFM_OK) {
        while (text->length < size) {
            ssize_t n = read(fd, text->bytes + text->length, size - text->length);
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0)
                break;
            text->length += (size_t)n;
        }
    }
    close(fd);
    return err->status;
}

static bool is_whole(const rfm_text *file, head *of)
{
    uint64_t hash;
    if (file->length < sizeof *of + HASH_BYTES)
        return false;
    memcpy(of, file->bytes, sizeof *of);
    memcpy(&hash, file->bytes + file->length - HASH_BYTES, HASH_BYTES);
    return memcmp(of->magic, MAGIC, sizeof MAGIC) == 0 && of->length == file->length - sizeof *of - HASH_BYTES &&
           of->number >= 0 && hash == rfm_hash64(file->bytes, file->length - HASH_BYTES);
}

/* As a kill leaves a file that was being written. */
static bool is_begun(const rfm_text *file)
{
    head of;
    const size_t least = sizeof of + HASH_BYTES;
    if (file->length < least)
        return true;
    memcpy(&of, file->bytes, sizeof of);
    return memcmp(of.magic, MAGIC, sizeof MAGIC) == 0 && of.length > file->length - least;
}

/* Takes the file's place in `best` when it is of this origin and newer. */
static void consider(rfm_run *run, const head *of, rfm_hash128 origin, rfm_text *file, int64_t *newest, rfm_text *best)
{
    run->checkpoint = of->number > run->checkpoint ? of->number : run->checkpoint;
    if (of->number <= *newest || of->origin.low != origin.low || of->origin.high != origin.high)
        return;
    const rfm_text before = *best;
    *newest = of->number;
    *best = *file;
    *file = before;
}

/* Rank 0. `best` stays empty where there is none. */
static rfm_status find_newest(rfm_run *run, rfm_hash128 origin, rfm_text *best, rfm_error *err)
{
    int64_t newest = -1;
    for (int i = 0; i < FILES && !err->status; i++) {
        const char *path = rfm_run_path(run, NAMES[i]);
        rfm_text file = {0};
        head of;
        if (read_file(path, &file, err) == RFM_OK && file.length > 0 && is_whole(&file, &of))
            consider(run, &of, origin, &file, &newest, best);
        else if (file.length > 0)
            rfm_log(is_begun(&file) ? RFM_LOG_DEBUG : RFM_LOG_WARN, "%s: not whole, and not used", path);
        rfm_text_free(&file);
    }
    return err->status;
}

rfm_status rfm_checkpoint_read(rfm_run *run, const rfm_origin *origin, void **bytes, size_t *n_bytes, rfm_error *err)
{
    rfm_text best = {0};
    *bytes = NULL;
    *n_bytes = 0;
    if (rfm_comm_rank(run->comm) == 0) {
        rfm_hash128 hash;
        if (rfm_origin_hash(origin, &hash, err) == RFM_OK && find_newest(run, hash, &best, err) == RFM_OK &&
            best.length > 0) {
            *n_bytes = best.length - sizeof(head) - HASH_BYTES;
            memmove(best.bytes, best.bytes + sizeof(head), *n_bytes);
            *bytes = best.bytes;
            best = (rfm_text){0};
        }
    }
    rfm_text_free(&best);
    int64_t there = *bytes != NULL;
    if (rfm_comm_agree(run->comm, err) == RFM_OK) {
        rfm_comm_bcast(run->comm, 0, &there, sizeof there);
        if (there)
            rfm_comm_share(run->comm, 0, bytes, n_bytes, err);
    }
    if (err->status) {
        free(*bytes);
        *bytes = NULL;
    }
    return err->status;
}

/* ---- look ------------------------------------------------------------------------------------------------------- */

bool rfm_checkpoint_is(const void *bytes, size_t n)
{
    return n >= sizeof MAGIC && memcmp(bytes, MAGIC, sizeof MAGIC) == 0;
}

rfm_status rfm_checkpoint_look(const char *path, rfm_checkpoint_note *note, rfm_error *err)
{
    rfm_text file = {0};
    head of = {.number = -1};
    *note = (rfm_checkpoint_note){0};
    if (read_file(path, &file, err) == RFM_OK) {
        note->is_whole = is_whole(&file, &of);
        note->number = of.number;
        note->n_bytes = (int64_t)file.length;
    }
    rfm_text_free(&file);
    return err->status;
}

/* ---- write ------------------------------------------------------------------------------------------------------ */

static rfm_status write_next(rfm_run *run, rfm_hash128 origin, const rfm_text *content, rfm_error *err)
{
    head of = {.number = run->checkpoint + 1, .origin = origin, .length = content->length};
    rfm_text file = {0};
    memcpy(of.magic, MAGIC, sizeof MAGIC);
    rfm_text_add(&file, &of, sizeof of);
    rfm_text_add(&file, content->bytes, content->length);
    const uint64_t hash = rfm_hash64(file.bytes, file.length);
    rfm_text_add(&file, &hash, sizeof hash);
    if (rfm_text_check(&file, err) == RFM_OK &&
        rfm_file_write(rfm_run_path(run, NAMES[of.number % FILES]), &file, err) == RFM_OK &&
        rfm_folder_sync_names(run->dir, err) == RFM_OK)
        run->checkpoint = of.number;
    rfm_text_free(&file);
    return err->status;
}

rfm_status rfm_checkpoint_write(rfm_run *run, const rfm_origin *origin, const rfm_text *content, rfm_error *err)
{
    if (rfm_comm_rank(run->comm) == 0) {
        rfm_hash128 hash;
        if (rfm_origin_hash(origin, &hash, err) == RFM_OK)
            write_next(run, hash, content, err);
    }
    return rfm_comm_agree(run->comm, err);
}

/* ---- whose it is ------------------------------------------------------------------------------------------------ */

static bool is_any_there(rfm_run *run)
{
    struct stat status;
    bool there = false;
    for (int i = 0; i < FILES; i++)
        there |= lstat(rfm_run_path(run, NAMES[i]), &status) == 0;
    return there;
}

/* Rank 0. */
static rfm_status drop(rfm_run *run, rfm_error *err)
{
    rfm_report_forget(run, NOTE);
    for (int i = 0; i < FILES; i++)
        if (unlink(rfm_run_path(run, NAMES[i])) != 0 && errno != ENOENT)
            rfm_fail_errno(err, errno, "%s: cannot remove", rfm_run_path(run, NAMES[i]));
    return err->status;
}

rfm_status rfm_checkpoint_claim(rfm_run *run, const rfm_origin *origin, bool force, rfm_error *err)
{
    bool same = false;
    if (rfm_comm_rank(run->comm) == 0 &&
        (!is_any_there(run) || rfm_run_look(run, NOTE, origin, force, &same, err) == RFM_OK) && !same &&
        drop(run, err) == RFM_OK && rfm_report_note(run, NOTE, origin, err) == RFM_OK)
        rfm_report_write(run, err);
    return rfm_comm_agree(run->comm, err);
}

rfm_status rfm_checkpoint_drop(rfm_run *run, rfm_error *err)
{
    if (rfm_comm_rank(run->comm) == 0)
        drop(run, err);
    return rfm_comm_agree(run->comm, err);
}
