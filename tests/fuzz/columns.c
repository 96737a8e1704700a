/* columns: see columns.h. */
#include "columns.h"

#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "ingest/harness.h"
#include "ingest/typed_check.h"

/* A small file may hold any number of rows that are all the same. */
enum { MAX_SLOTS = 16, MAX_ROWS = 10000, MAX_TEXT_BYTES = 4 << 20 };

typedef struct rows {
    rfm_text text;
    size_t ends[MAX_ROWS + 1]; /* of rows in text: row i is from ends[i] to ends[i + 1] */
    size_t n;
    int64_t first, all; /* the number of the first of them, and of all in the file */
    bool complete;      /* there are no more */
    rfm_error err;
} rows;

fuzz_manner fuzz_choose_manner(fuzz_input *input)
{
    fuzz_manner how = {.chosen = fuzz_below(input, 256)};
    how.step = 1 + 16 * fuzz_below(input, 256);
    how.cut = fuzz_below(input, 256);
    how.n_ranks = 2 + (int)fuzz_below(input, 6);
    return how;
}

static void must_say_why(const rfm_error *err)
{
    must(err->status == RFM_OK || err->status == RFM_DATA);
    must((err->status == RFM_OK) == (err->message[0] == '\0'));
}

static void check_file(const rfm_columnar *c)
{
    must(c->n_rows >= 0);
    for (size_t i = 0; i < c->n_fields; i++)
        must(c->names[i] != NULL);
    must(c->cuts == NULL || (c->n_cuts > 0 && c->cuts[0] == 0));
    for (size_t i = 1; i < c->n_cuts; i++)
        must(c->cuts[i - 1] < c->cuts[i] && c->cuts[i] < c->n_rows);
}

static int64_t choose_first(const rfm_columnar *c, size_t cut)
{
    if (c->cuts)
        return c->cuts[cut % c->n_cuts];
    return c->n_rows > 0 ? (int64_t)(cut % (uint64_t)c->n_rows) : 0;
}

static size_t choose_fields(const rfm_columnar *c, size_t chosen, size_t fields[MAX_SLOTS])
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_fields && n < MAX_SLOTS; i++)
        if (chosen >> i % 8 & 1)
            fields[n++] = i;
    return n;
}

static void add_rows(rows *r, rfm_columnar *c)
{
    must(typed_agrees(c, harness_zone("Europe/Paris")));
    for (size_t i = 0; i < c->n && r->n < MAX_ROWS; i++) {
        for (size_t slot = 0; slot < c->n_slots; slot++) {
            const rfm_field *cell = &rfm_columnar_texts(c, slot)[i];
            must(!cell->doubled);
            rfm_text_addf(&r->text, "%u:", (unsigned)cell->length);
            rfm_text_add(&r->text, cell->bytes, cell->length);
        }
        r->ends[++r->n] = r->text.length;
    }
}

static void read_rows(rows *r, rfm_columnar *c, size_t step)
{
    while (r->err.status == RFM_OK && r->n < MAX_ROWS && r->text.length < MAX_TEXT_BYTES && !r->complete) {
        const int64_t left = c->n_rows - r->first - (int64_t)r->n;
        r->complete = left == 0;
        if (r->complete || c->kind->next(c, left < (int64_t)step ? left : (int64_t)step, &r->err) != RFM_OK)
            continue;
        must(c->n > 0 && c->n <= RFM_COLUMNAR_ROWS && (int64_t)c->n <= left);
        add_rows(r, c);
    }
}

static rows *read_texts(const rfm_columnar_kind *kind, const char *path, fuzz_manner how)
{
    rows *r = calloc(1, sizeof *r);
    rfm_columnar c = {.kind = kind, .path = path};
    size_t fields[MAX_SLOTS];
    if (kind->open(&c, &r->err) == RFM_OK) {
        check_file(&c);
        c.fields = fields;
        c.n_slots = choose_fields(&c, how.chosen, fields);
        r->first = choose_first(&c, how.cut);
        r->all = c.n_rows;
        if (c.n_slots > 0 && kind->begin(&c, r->first, &r->err) == RFM_OK)
            read_rows(r, &c, how.step);
    }
    kind->close(&c);
    must_say_why(&r->err);
    return r;
}

static void free_rows(rows *r)
{
    rfm_text_free(&r->text);
    free(r);
}

static void check_texts(const rfm_columnar_kind *kind, const char *path, fuzz_manner how)
{
    rows *all = read_texts(kind, path, (fuzz_manner){.chosen = how.chosen, .step = RFM_COLUMNAR_ROWS});
    rows *some = read_texts(kind, path, how);
    const size_t from = some->first < (int64_t)all->n ? (size_t)some->first : all->n;
    if (all->err.status == RFM_OK && some->err.status == RFM_OK) {
        must(all->all == some->all);
        for (size_t i = 0; i < some->n && from + i < all->n; i++) {
            const size_t at = all->ends[from + i], n = all->ends[from + i + 1] - at;
            must(n == some->ends[i + 1] - some->ends[i]);
            must(n == 0 || memcmp(all->text.bytes + at, some->text.bytes + some->ends[i], n) == 0);
        }
    }
    free_rows(all);
    free_rows(some);
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

static rfm_status collect(void *context, const rfm_events *events, rfm_error *err)
{
    const rfm_input input = harness_input();
    for (size_t i = 0; i < events->n; i++)
        print_event(context, &input, events, i);
    return err->status;
}

static void read_shards(const rfm_input *input, const rfm_files *files, int n_ranks, reading *out)
{
    rfm_plan plan = {0};
    rfm_rejects rejects = {.cap = SIZE_MAX};
    must(rfm_plan_make(files, n_ranks, &plan, &out->err) == RFM_OK);
    for (size_t i = 0; i < plan.n && out->err.status == RFM_OK; i++) {
        rfm_shard_result result;
        const rfm_reading how = {.input = input,
                                 .files = files,
                                 .shard = &plan.shards[i],
                                 .sink = collect,
                                 .context = &out->events,
                                 .tally = &out->tally,
                                 .rejects = &rejects,
                                 .result = &result};
        rfm_shard_read(&how, &out->err);
    }
    must_say_why(&out->err);
    rfm_rejects_free(&rejects);
    rfm_plan_free(&plan);
}

static void check_events(const char *path, int n_ranks)
{
    rfm_error err = {0};
    rfm_files files;
    reading one = {0}, several = {0};
    const rfm_input input = harness_input();
    rfm_files_find(&input, &path, 1, &files, &err);
    must_say_why(&err);
    if (err.status != RFM_OK || !rfm_format_traits_of(files.files[0].format)->columnar ||
        files.files[0].n_rows > MAX_ROWS)
        goto done;
    read_shards(&input, &files, 1, &one);
    read_shards(&input, &files, n_ranks, &several);
    if (one.err.status == RFM_OK && several.err.status == RFM_OK) {
        must(one.tally.n_rows == several.tally.n_rows && one.tally.n_events == several.tally.n_events);
        must(one.events.length == several.events.length);
        must(one.events.length == 0 || memcmp(one.events.bytes, several.events.bytes, one.events.length) == 0);
    }
done:
    reading_free(&one);
    reading_free(&several);
    rfm_files_free(&files);
}

void fuzz_columns(const rfm_columnar_kind *kind, const char *path, fuzz_manner how)
{
    check_texts(kind, path, how);
    check_events(path, how.n_ranks);
}
