/* A reading that is interrupted at any pause, and gone on with behind what was noted, in one start or several and at
 * other places, takes every row once, and knows the line of each that it refused. */
#include "harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libdeflate.h>

enum { BLOCK = 256 };

typedef struct trial {
    rfm_files files;
    rfm_ledger ledger;
    rfm_text events;
    rfm_input input;
    int64_t left;   /* pauses before the end of this start; -1: none */
    int64_t before; /* rows when it began */
    bool early;     /* pauses come before there is a row, too */
    int n_ranks;
    rfm_error err;
} trial;

static rfm_status collect(void *context, const rfm_events *events, rfm_error *err)
{
    trial *t = context;
    for (size_t i = 0; i < events->n; i++)
        print_event(&t->events, &t->input, events, i);
    return rfm_text_check(&t->events, err);
}

static bool is_due(void *context)
{
    const trial *t = context;
    return t->left >= 0 && (t->early || t->ledger.tally.n_rows > t->before);
}

static rfm_status take(void *context, rfm_error *err)
{
    trial *t = context;
    return t->left-- > 0 ? RFM_OK : rfm_fail(err, RFM_STOPPED, "a test");
}

/* One start; true: it came to its end. */
static bool read_on(trial *t, int64_t left)
{
    rfm_plan plan = {0};
    rfm_error err = {0};
    const rfm_pause pause = {t, is_due, take};
    t->left = left;
    t->before = t->ledger.tally.n_rows;
    assert_int_equal(rfm_files_mark(&t->files, &t->ledger.portions, &t->err), RFM_OK);
    assert_int_equal(rfm_plan_make(&t->files, t->n_ranks, &plan, &t->err), RFM_OK);
    for (size_t i = 0; i < plan.n && err.status == RFM_OK; i++) {
        rfm_shard_result result;
        const rfm_reading how = {.input = &t->input,
                                 .files = &t->files,
                                 .shard = &plan.shards[i],
                                 .sink = collect,
                                 .context = t,
                                 .tally = &t->ledger.tally,
                                 .rejects = &t->ledger.rejects,
                                 .result = &result,
                                 .portions = &t->ledger.portions,
                                 .pause = &pause,
                                 .block_bytes = BLOCK};
        rfm_shard_read(&how, &err);
        assert_false(result.quoted_line_ends);
    }
    rfm_plan_free(&plan);
    assert_true(err.status == RFM_OK || err.status == RFM_STOPPED);
    return err.status == RFM_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines in their order: who read what first is no matter. */
static char *sorted(const rfm_text *text)
{
    char **lines = calloc(text->length + 1, sizeof *lines), *copy = strdup(text->bytes ? text->bytes : "");
    rfm_text out = {0};
    size_t n = 0;
    for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n"))
        lines[n++] = line;
    qsort(lines, n, sizeof *lines, by_text);
    for (size_t i = 0; i < n; i++)
        rfm_text_addf(&out, "%s\n", lines[i]);
    free(lines);
    free(copy);
    return out.bytes;
}

static char *print_rejects(trial *t)
{
    rfm_text text = {0};
    harness_number(&t->ledger.rejects, &t->ledger.portions);
    for (size_t i = 0; i < t->ledger.rejects.n_kept; i++)
        rfm_text_addf(&text, "%08lld %s\n", (long long)t->ledger.rejects.kept[i].line, t->ledger.rejects.kept[i].row);
    char *lines = sorted(&text);
    rfm_text_free(&text);
    return lines;
}

static trial open_trial(const char *path, int n_ranks)
{
    trial t = {.input = harness_input(), .n_ranks = n_ranks, .ledger.rejects.cap = SIZE_MAX};
    assert_int_equal(rfm_files_find(&t.input, &path, 1, &t.files, &t.err), RFM_OK);
    return t;
}

static void close_trial(trial *t)
{
    rfm_files_free(&t->files);
    rfm_ledger_free(&t->ledger);
    rfm_text_free(&t->events);
}

/* As a later start has it. */
static void pack_and_unpack(trial *t)
{
    rfm_text bytes = {0};
    rfm_ledger again = {0};
    assert_int_equal(rfm_ledger_pack(&t->ledger, &bytes, &t->err), RFM_OK);
    assert_int_equal(rfm_ledger_unpack(bytes.bytes, bytes.length, &t->files, &again, &t->err), RFM_OK);
    for (size_t cut = 0; cut < bytes.length; cut += 1 + cut / 8) {
        rfm_ledger none = {0};
        rfm_error err = {0};
        assert_int_equal(rfm_ledger_unpack(bytes.bytes, cut, &t->files, &none, &err), RFM_DATA);
        rfm_ledger_free(&none);
    }
    rfm_ledger_free(&t->ledger);
    t->ledger = again;
    t->ledger.rejects.cap = SIZE_MAX;
    rfm_text_free(&bytes);
}

static void check(const char *path)
{
    trial whole = open_trial(path, 1);
    assert_true(read_on(&whole, -1));
    char *events = sorted(&whole.events), *rejects = print_rejects(&whole);
    for (int64_t every = 0; every < 12; every++) {
        trial t = open_trial(path, 1 + (int)(every % 3));
        int n_starts = 1;
        for (; !read_on(&t, every); n_starts++) {
            pack_and_unpack(&t);
            t.n_ranks = 1 + (int)((every + n_starts) % 4);
            assert_true(n_starts < 1000);
        }
        char *got = sorted(&t.events), *refused = print_rejects(&t);
        assert_true(n_starts > 1);
        assert_string_equal(got, events);
        assert_string_equal(refused, rejects);
        assert_int_equal(t.ledger.tally.n_rows, whole.ledger.tally.n_rows);
        assert_int_equal(t.ledger.tally.newest_us, whole.ledger.tally.newest_us);
        free(got);
        free(refused);
        close_trial(&t);
    }
    free(events);
    free(rejects);
    close_trial(&whole);
}

/* Rows of all lengths, blank lines, and some that are refused, of which one is longer than several windows. */
static rfm_text make_text(void)
{
    rfm_text text = {0};
    rfm_text_adds(&text, "customer,time,event,amount\n");
    for (int i = 0; i < 400; i++) {
        const uint64_t draw = rfm_hash64_integer(i);
        rfm_text_addf(&text, "%0*d,2019-10-%02d,%s,%d.50%s", 1 + (int)(draw % 60), i, 1 + i % 30,
                      i % 3 ? "view" : "purchase", i, draw % 11 == 0 ? "\n\n" : "\n");
        if (draw % 17 == 0)
            rfm_text_addf(&text, "%d,never,view,1\n", i);
        if (draw % 97 == 0)
            rfm_text_addf(&text, "%0*d,2019-10-01,view,1\n", 900, i);
    }
    return text;
}

/* Every other portion was read by somebody else, as blocks are: what is left in between is read, and nothing else. */
static void check_gaps(const char *path)
{
    trial whole = open_trial(path, 1), halves[2] = {open_trial(path, 2), open_trial(path, 3)};
    rfm_text both = {0};
    assert_true(read_on(&whole, INT64_MAX));
    for (size_t i = 0; i < whole.ledger.portions.n; i++)
        rfm_portions_add(&halves[i % 2].ledger.portions, whole.ledger.portions.list[i], &whole.err);
    assert_true(halves[1].ledger.portions.n > 10);
    for (int h = 0; h < 2; h++) {
        assert_true(read_on(&halves[h], -1));
        rfm_text_adds(&both, halves[h].events.bytes);
        assert_true(halves[h].ledger.tally.n_rows < whole.ledger.tally.n_rows);
    }
    char *events = sorted(&whole.events), *got = sorted(&both);
    assert_string_equal(got, events);
    /* Two that overlap contradict each other. */
    rfm_portions_add(&halves[0].ledger.portions, halves[0].ledger.portions.list[0], &whole.err);
    assert_int_equal(rfm_files_mark(&whole.files, &halves[0].ledger.portions, &whole.err), RFM_DATA);
    free(events);
    free(got);
    rfm_text_free(&both);
    close_trial(&whole);
    close_trial(&halves[0]);
    close_trial(&halves[1]);
}

/* What was read by an earlier start may take long to pass over: who is asked to stop meanwhile does so, with nothing.
 */
static void check_passing_over(const char *path)
{
    trial t = open_trial(path, 1);
    assert_false(read_on(&t, 40));
    const int64_t n_rows = t.ledger.tally.n_rows;
    const size_t n_portions = t.ledger.portions.n;
    assert_true(n_rows > 100);
    t.early = true;
    for (int64_t passed = 0; passed < 20; passed++) {
        assert_false(read_on(&t, passed));
        assert_int_equal(t.ledger.tally.n_rows, n_rows);
        assert_int_equal(t.ledger.portions.n, n_portions);
    }
    close_trial(&t);
}

static void assert_portions(const rfm_portions *got, const rfm_portion *wanted, size_t n)
{
    assert_int_equal(got->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(got->list[i].file, wanted[i].file);
        assert_int_equal(got->list[i].begin, wanted[i].begin);
        assert_int_equal(got->list[i].end, wanted[i].end);
        assert_int_equal(got->list[i].whole, wanted[i].whole);
    }
}

/* As the rounds of many ranks are: each went on where it had ended, and all of them together have done the file. */
static void portions_that_touch_become_one(void **state)
{
    (void)state;
    enum { N = 1000 };
    rfm_error err = {0};
    rfm_portions portions = {0};
    for (int64_t i = 0; i < N; i++) {
        const int64_t at = i * 7 % N, begin = at % 100 == 0 ? 10 * at + 5 : 10 * at;
        rfm_portions_add(&portions, (rfm_portion){.file = at % 2, .begin = begin, .end = 10 * at + 20}, &err);
    }
    rfm_portions_add(&portions, (rfm_portion){.file = 1, .begin = 10, .end = 10, .whole = 1}, &err);
    rfm_portions_add(&portions, (rfm_portion){.file = 2, .whole = 1}, &err);
    rfm_portions_add(&portions, (rfm_portion){.file = 2, .whole = 1}, &err);
    rfm_portions_join(&portions);
    assert_int_equal(err.status, RFM_OK);
    const rfm_portion wanted[] = {{.file = 0, .begin = 5, .end = 1000},
                                  {.file = 0, .begin = 1005, .end = 2000},
                                  {.file = 0, .begin = 2005, .end = 3000},
                                  {.file = 0, .begin = 3005, .end = 4000},
                                  {.file = 0, .begin = 4005, .end = 5000},
                                  {.file = 0, .begin = 5005, .end = 6000},
                                  {.file = 0, .begin = 6005, .end = 7000},
                                  {.file = 0, .begin = 7005, .end = 8000},
                                  {.file = 0, .begin = 8005, .end = 9000},
                                  {.file = 0, .begin = 9005, .end = 10000},
                                  {.file = 1, .begin = 10, .end = 10010, .whole = 1},
                                  {.file = 2, .whole = 1}};
    assert_portions(&portions, wanted, sizeof wanted / sizeof *wanted);
    rfm_portions_free(&portions);
}

/* Whatever is joined, and joined again with others: rows that were read twice show. */
static void portions_that_overlap_do_so_when_they_are_joined(void **state)
{
    (void)state;
    static const rfm_portion twice[][3] = {{{.begin = 0, .end = 10}, {.begin = 5, .end = 8}, {.begin = 8, .end = 20}},
                                           {{.begin = 0, .end = 10}, {.begin = 10, .end = 20}, {.begin = 0, .end = 10}},
                                           {{.begin = 0, .end = 10}, {.begin = 9, .end = 12}, {.begin = 12, .end = 12}},
                                           {{.begin = 3, .end = 4}, {.begin = 0, .end = 10}, {.begin = 20, .end = 30}}};
    for (size_t i = 0; i < sizeof twice / sizeof *twice; i++) {
        rfm_error err = {0}, found = {0};
        rfm_file file = {.path = "twice", .size_bytes = 100};
        rfm_files files = {&file, 1};
        rfm_portions portions = {0};
        for (size_t p = 0; p < 3; p++) {
            rfm_portions_add(&portions, twice[i][p], &err);
            rfm_portions_join(&portions);
        }
        assert_int_equal(err.status, RFM_OK);
        assert_int_equal(rfm_files_mark(&files, &portions, &found), RFM_DATA);
        rfm_files_mark(&files, &(rfm_portions){0}, &err);
        rfm_portions_free(&portions);
        free(file.done);
    }
}

static void plain_text(void **state)
{
    (void)state;
    rfm_text text = make_text();
    const char *path = harness_write("plain.csv", text.bytes, text.length);
    check(path);
    check_gaps(path);
    rfm_text_free(&text);
}

static void compressed_text(void **state)
{
    (void)state;
    rfm_text text = make_text();
    const size_t room = text.length + 1024;
    char *bytes = malloc(room);
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
    const size_t n = libdeflate_gzip_compress(compressor, text.bytes, text.length, bytes, room);
    libdeflate_free_compressor(compressor);
    assert_true(n > 0);
    const char *path = harness_write("packed.csv.gz", bytes, n);
    check(path);
    check_gaps(path);
    check_passing_over(path);
    free(bytes);
    rfm_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(portions_that_touch_become_one),
        cmocka_unit_test(portions_that_overlap_do_so_when_they_are_joined),
        cmocka_unit_test(plain_text),
        cmocka_unit_test(compressed_text),
    };
    return cmocka_run_group_tests(tests, harness_open, harness_close);
}
