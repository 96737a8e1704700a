/* journal: lines of JSON that are only ever added. */
#include "journal.h"

#include "crypto.h"

#include "rfmpi/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rfm_journal {
    char *path;
    int fd;
    json_t *lines; /* of this upload: the first is its head; before it is chosen, all */
    bool goes_on;
};

static rfm_status fail_damaged(const rfm_journal *journal, size_t line, rfm_error *err)
{
    return rfm_fail(err, RFM_DATA, "%s: line %zu is damaged: see what the target holds, then remove the file",
                    journal->path, line);
}

static const char *text_of(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));
    return text ? text : "";
}

static rfm_status keep_line(rfm_journal *journal, const char *bytes, size_t length, size_t number, rfm_error *err)
{
    json_error_t reason;
    json_t *line = json_loadb(bytes, length, 0, &reason);
    if (!json_is_object(line)) {
        json_decref(line);
        return fail_damaged(journal, number, err);
    }
    if (json_array_append_new(journal->lines, line) != 0)
        return rfm_fail(err, RFM_NO_MEMORY, "no memory for %s", journal->path);
    return RFM_OK;
}

static rfm_status read_all(rfm_journal *journal, rfm_text *text, rfm_error *err)
{
    char block[16384];
    ssize_t n;
    while ((n = read(journal->fd, block, sizeof block)) > 0)
        rfm_text_add(text, block, (size_t)n);
    if (n < 0)
        return rfm_fail_errno(err, errno, "%s: cannot read", journal->path);
    return rfm_text_check(text, err);
}

/* Whole lines are kept; what stands behind the last of them was being written when the process ended, and goes. */
static rfm_status read_lines(rfm_journal *journal, rfm_error *err)
{
    rfm_text text = {0};
    size_t at = 0, number = 1;
    if (read_all(journal, &text, err) == RFM_OK)
        for (const char *end;
             err->status == RFM_OK && at < text.length && (end = memchr(text.bytes + at, '\n', text.length - at));
             number++) {
            keep_line(journal, text.bytes + at, (size_t)(end - text.bytes) - at, number, err);
            at = (size_t)(end - text.bytes) + 1;
        }
    if (err->status == RFM_OK && at < text.length && ftruncate(journal->fd, (off_t)at) != 0)
        rfm_fail_errno(err, errno, "%s: cannot write", journal->path);
    rfm_text_free(&text);
    return err->status;
}

/* All of it or nothing: whatever is written next begins a line of its own. */
static rfm_status write_line(const rfm_journal *journal, const rfm_text *line, rfm_error *err)
{
    const off_t end = lseek(journal->fd, 0, SEEK_END);
    errno = 0;
    if (write(journal->fd, line->bytes, line->length) == (ssize_t)line->length && fdatasync(journal->fd) == 0)
        return RFM_OK;
    rfm_fail_errno(err, errno ? errno : EIO, "%s: cannot write", journal->path);
    if (ftruncate(journal->fd, end) != 0)
        rfm_log(RFM_LOG_WARN, "%s: its last line is torn", journal->path);
    return err->status;
}

static rfm_status add_line(rfm_journal *journal, json_t *line, rfm_error *err)
{
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    rfm_text bytes = {0};
    if (text)
        rfm_text_addf(&bytes, "%s\n", text);
    const bool fine = text && !bytes.failed &&
                      (write_line(journal, &bytes, err) != RFM_OK || json_array_append(journal->lines, line) == 0);
    if (!fine)
        rfm_fail(err, RFM_NO_MEMORY, "no memory for %s", journal->path);
    rfm_text_free(&bytes);
    free(text);
    json_decref(line);
    return err->status;
}

static json_t *now(void)
{
    char text[RFM_NUMBER_BYTES];
    rfm_time_format_utc(rfm_clock_wall_us(), text);
    return json_string(text);
}

static void print_hash(rfm_hash128 hash, char hex[33])
{
    snprintf(hex, 33, "%016llx%016llx", (unsigned long long)hash.high, (unsigned long long)hash.low);
}

static rfm_status begin(rfm_journal *journal, const rfm_journal_head *head, rfm_error *err)
{
    unsigned char random[8];
    char content[33], id[2 * sizeof random + 1];
    if (rfm_crypto_random(random, sizeof random, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(id + 2 * i, 3, "%02X", random[i]);
    print_hash(head->content, content);
    return add_line(journal,
                    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "step", "begin", "id", id, "to", head->to,
                              "target", head->target, "mode", head->mode, "content", content, "at", now()),
                    err);
}

static bool is_head_of(const json_t *line, const rfm_journal_head *head)
{
    char content[33];
    print_hash(head->content, content);
    return strcmp(text_of(line, "step"), "begin") == 0 && strcmp(text_of(line, "to"), head->to) == 0 &&
           strcmp(text_of(line, "target"), head->target) == 0 && strcmp(text_of(line, "mode"), head->mode) == 0 &&
           strcmp(text_of(line, "content"), content) == 0 && strspn(text_of(line, "id"), "0123456789ABCDEF") == 16 &&
           strlen(text_of(line, "id")) == 16;
}

/* The lines of the last upload of this head, from its own on; false where there is none. */
static bool choose(rfm_journal *journal, const rfm_journal_head *head)
{
    json_t *all = journal->lines, *own = json_array();
    const json_t *found = NULL;
    for (size_t i = json_array_size(all); i-- > 0 && !found;)
        if (is_head_of(json_array_get(all, i), head))
            found = json_array_get(all, i);
    for (size_t i = 0; found && i < json_array_size(all); i++)
        if (strcmp(text_of(json_array_get(all, i), "id"), text_of(found, "id")) == 0)
            json_array_append(own, json_array_get(all, i));
    const bool any = json_array_size(own) > 0;
    journal->lines = own;
    json_decref(all);
    return any;
}

/* Until it is closed: one process writes. */
static rfm_status lock(const rfm_journal *journal, rfm_error *err)
{
    const struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(journal->fd, F_SETLK, &whole) == 0)
        return RFM_OK;
    if (errno == EACCES || errno == EAGAIN)
        return rfm_fail(err, RFM_USAGE, "%s: another process is at work on it", journal->path);
    return rfm_fail_errno(err, errno, "%s: cannot be locked", journal->path);
}

rfm_status rfm_journal_open(const char *dir, const rfm_journal_head *head, bool anew, rfm_journal **journal,
                            rfm_error *err)
{
    rfm_journal *made = rfm_alloc(1, sizeof *made, err);
    rfm_text path = {0};
    *journal = made;
    rfm_text_addf(&path, "%s/%s.jsonl", dir, strcmp(head->to, "unload") == 0 ? "unload" : "store");
    if (!made || rfm_text_check(&path, err) != RFM_OK) {
        rfm_text_free(&path);
        return err->status;
    }
    *made = (rfm_journal){.path = path.bytes, .lines = json_array()};
    made->fd = open(made->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (made->fd < 0)
        return rfm_fail_errno(err, errno, "%s: cannot write", made->path);
    if (lock(made, err) != RFM_OK || read_lines(made, err) != RFM_OK)
        return err->status;
    made->goes_on = choose(made, head) && !anew;
    if (made->goes_on)
        return RFM_OK;
    json_array_clear(made->lines);
    return begin(made, head, err) == RFM_OK ? rfm_folder_sync_names(dir, err) : err->status;
}

void rfm_journal_close(rfm_journal *journal)
{
    if (!journal)
        return;
    if (journal->fd >= 0)
        close(journal->fd);
    json_decref(journal->lines);
    free(journal->path);
    free(journal);
}

const char *rfm_journal_id(const rfm_journal *journal)
{
    return text_of(json_array_get(journal->lines, 0), "id");
}

bool rfm_journal_goes_on(const rfm_journal *journal)
{
    return journal->goes_on;
}

const json_t *rfm_journal_lines(const rfm_journal *journal)
{
    return journal->lines;
}

const json_t *rfm_journal_find(const rfm_journal *journal, const char *step)
{
    for (size_t i = json_array_size(journal->lines); i-- > 0;) {
        const json_t *line = json_array_get(journal->lines, i);
        if (strcmp(text_of(line, "step"), step) == 0)
            return line;
    }
    return NULL;
}

rfm_status rfm_journal_note(rfm_journal *journal, const char *step, json_t *details, rfm_error *err)
{
    json_t *line = details ? details : json_object();
    if (json_object_set_new(line, "step", json_string(step)) != 0 ||
        json_object_set_new(line, "id", json_string(rfm_journal_id(journal))) != 0 ||
        json_object_set_new(line, "at", now()) != 0) {
        json_decref(line);
        return rfm_fail(err, RFM_NO_MEMORY, "no memory for %s", journal->path);
    }
    return add_line(journal, line, err);
}
