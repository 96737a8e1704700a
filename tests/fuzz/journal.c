/* The journal: whatever lies there, it is gone on with or refused as damaged; whole lines are never changed, and what
 * is noted is found by the next start.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"

static const rfm_journal_head HEAD = {.to = "snowflake", .target = "t", .mode = "replace", .content = {1, 2}};

static size_t read_file(const char *folder, uint8_t *bytes, size_t room)
{
    char path[600];
    snprintf(path, sizeof path, "%s/store.jsonl", folder);
    FILE *file = fopen(path, "r");
    must(file != NULL);
    const size_t n = fread(bytes, 1, room, file);
    must(fclose(file) == 0);
    return n;
}

/* Up to the last line end, that is behind it. */
static size_t whole_lines(const uint8_t *bytes, size_t n)
{
    while (n > 0 && bytes[n - 1] != '\n')
        n--;
    return n;
}

/* What lies there begins with all the whole lines that did. */
static void check_kept(const char *folder, const uint8_t *bytes, size_t n, size_t more)
{
    uint8_t *now = calloc(n + more + 1, 1);
    must(now != NULL);
    const size_t n_now = read_file(folder, now, n + more);
    must(n_now >= n && memcmp(now, bytes, n) == 0);
    must(more > 0 || n_now == n);
    free(now);
}

static void go_on(const char *folder, rfm_journal *journal)
{
    rfm_error err = {0};
    char id[17];
    rfm_journal *again = NULL;
    const size_t n_lines = json_array_size(rfm_journal_lines(journal));
    must(n_lines > 0 && rfm_journal_find(journal, "begin") != NULL);
    must(strlen(rfm_journal_id(journal)) == 16 && strspn(rfm_journal_id(journal), "0123456789ABCDEF") == 16);
    snprintf(id, sizeof id, "%s", rfm_journal_id(journal));
    must(rfm_journal_note(journal, "part", json_pack("{s:s}", "name", "p"), &err) == RFM_OK);
    rfm_journal_close(journal);
    must(rfm_journal_open(folder, &HEAD, false, &again, &err) == RFM_OK);
    must(rfm_journal_goes_on(again) && strcmp(rfm_journal_id(again), id) == 0);
    must(json_array_size(rfm_journal_lines(again)) == n_lines + 1 && rfm_journal_find(again, "part") != NULL);
    rfm_journal_close(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    rfm_error err = {0};
    rfm_journal *journal = NULL;
    const char *folder = fuzz_folder("store.jsonl", bytes, n);
    rfm_journal_open(folder, &HEAD, false, &journal, &err);
    must(err.status == RFM_OK || err.status == RFM_DATA);
    if (err.status == RFM_OK) {
        go_on(folder, journal);
        check_kept(folder, bytes, whole_lines(bytes, n), 4096);
    } else {
        must(strstr(err.message, "is damaged") != NULL);
        rfm_journal_close(journal);
        check_kept(folder, bytes, n, 0);
    }
    return 0;
}
