/* harness: temporary files and readings as text. */
#include "harness.h"

#include "session.h"

#include <inttypes.h>

#include "reader.h"
#include "scanner.h"

enum { MAX_ZONES = 8 };

static struct {
    char name[40];
    rfm_zone *zone;
} zones[MAX_ZONES];

int harness_open(void **unused)
{
    (void)unused;
    assert_true(make_folder());
    return 0;
}

int harness_close(void **unused)
{
    (void)unused;
    remove_folder();
    for (size_t i = 0; i < MAX_ZONES; i++)
        rfm_zone_close(zones[i].zone);
    memset(zones, 0, sizeof zones);
    return 0;
}

const char *harness_path(const char *name)
{
    return in_folder(name);
}

const char *harness_write(const char *name, const void *bytes, size_t n_bytes)
{
    const char *path = harness_path(name);
    remove(path); /* some file systems flush a file that is truncated and written again */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n_bytes, file), n_bytes);
    assert_int_equal(fclose(file), 0);
    return path;
}

const rfm_zone *harness_zone(const char *name)
{
    rfm_error err = {0};
    size_t i = 0;
    while (zones[i].zone && strcmp(zones[i].name, name) != 0)
        i++;
    assert_true(i < MAX_ZONES);
    if (!zones[i].zone) {
        snprintf(zones[i].name, sizeof zones[i].name, "%s", name);
        assert_int_equal(rfm_zone_open(name, &zones[i].zone, &err), RFM_OK);
    }
    return zones[i].zone;
}

rfm_input harness_input(void)
{
    static const rfm_number_source amount = {.columns = {"amount"}, .n_columns = 1};
    static const char *const mapped[] = {"customer", "time", "event", "amount"};
    return (rfm_input){.header = true,
                       .dialect = {.delimiter = ',', .quote = '"', .escape = -1},
                       .customer = "customer",
                       .time = "time",
                       .event = "event",
                       .zone = harness_zone("UTC"),
                       .decimals = 2,
                       .as_of_us = INT64_MAX,
                       .numbers = &amount,
                       .n_numbers = 1,
                       .mapped = mapped,
                       .n_mapped = 4};
}

/* ---- readings -------------------------------------------------------------------------------- */

void reading_free(reading *r)
{
    rfm_text_free(&r->events);
    rfm_text_free(&r->rejects);
}

void print_event(rfm_text *to, const rfm_input *input, const rfm_events *events, size_t i)
{
    if (events->id_number)
        rfm_text_addf(to, "%" PRId64, events->id_number[i]);
    else
        rfm_text_add(to, events->id_text[i], events->id_length[i]);
    rfm_text_addf(to, " #%016" PRIx64 " at %" PRId64 " day %d where %" PRIx64, events->id_hash[i], events->time_us[i],
                  (int)events->day[i], events->where[i]);
    for (size_t k = 0; k < input->n_numbers; k++)
        if (events->has_number[i] >> k & 1)
            rfm_text_addf(to, " n%zu=%" PRId64, k, events->numbers[k][i]);
    for (size_t k = 0; k < input->n_hashes; k++)
        if (events->has_hash[i] >> k & 1)
            rfm_text_addf(to, " h%zu=%016" PRIx64, k, events->hashes[k][i]);
    if (events->key)
        rfm_text_addf(to, " key %016" PRIx64 "%016" PRIx64 " row %016" PRIx64 "%016" PRIx64, events->key[i].high,
                      events->key[i].low, events->row[i].high, events->row[i].low);
    rfm_text_adds(to, "\n");
}

typedef struct collector {
    const rfm_input *input;
    rfm_text *events;
} collector;

static rfm_status collect(void *context, const rfm_events *events, rfm_error *err)
{
    collector *c = context;
    assert_in_range(events->n, 1, RFM_BATCH_EVENTS);
    for (size_t i = 0; i < events->n; i++)
        print_event(c->events, c->input, events, i);
    return rfm_text_check(c->events, err);
}

static void print_rejects(rfm_text *to, const rfm_rejects *rejects)
{
    for (size_t i = 0; i < rejects->n_kept; i++) {
        const rfm_reject *reject = &rejects->kept[i];
        rfm_text_addf(to, "%" PRId64 " %s: %s | ", reject->line, rfm_reason_name(reject->reason), reject->detail);
        rfm_text_adds(to, reject->row); /* may be longer than what addf likes */
        rfm_text_adds(to, "\n");
    }
}

void assert_adds_up(const reading *r, const rfm_rejects *rejects)
{
    int64_t n_rejects = 0;
    for (int i = 0; i < RFM_N_REASONS; i++)
        n_rejects += rejects->count[i];
    assert_int_equal(n_rejects, rejects->n_kept);
    assert_int_equal(r->tally.n_rows, r->tally.n_events + r->tally.n_filtered + r->tally.n_after_as_of + n_rejects);
}

static int64_t size_of(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    const int64_t size = ftell(file);
    fclose(file);
    return size;
}

void harness_number(rfm_rejects *rejects, const rfm_portions *portions)
{
    for (size_t i = 0; i < rejects->n_kept; i++) {
        rfm_reject *reject = &rejects->kept[i];
        rfm_line_count count = {(int64_t)reject->file, reject->begin, 0};
        rfm_portions_count(portions, &count, 1);
        reject->line += count.n_lines;
    }
}

reading read_file(const rfm_input *input, const char *path, manner how)
{
    reading r = {0};
    rfm_rejects rejects = {.cap = SIZE_MAX};
    collector to = {input, &r.events};
    rfm_file file = {.path = (char *)path, .size_bytes = size_of(path), .whole = how.whole};
    const rfm_files files = {&file, 1};
    rfm_shard *shards = calloc(how.n_cuts + 1, sizeof *shards);
    rfm_portions portions = {0};
    for (size_t i = 0; i <= how.n_cuts && r.err.status == RFM_OK; i++) {
        shards[i].begin = i == 0 ? 0 : how.cuts[i - 1];
        shards[i].end = i == how.n_cuts ? file.size_bytes : how.cuts[i];
        rfm_shard_result result;
        const rfm_reading wanted = {.input = input,
                                    .files = &files,
                                    .shard = &shards[i],
                                    .sink = collect,
                                    .context = &to,
                                    .tally = &r.tally,
                                    .rejects = &rejects,
                                    .result = &result,
                                    .portions = &portions,
                                    .block_bytes = how.block_bytes,
                                    .row_bytes = how.limit};
        rfm_shard_read(&wanted, &r.err);
        r.n_lines += result.n_lines;
        r.quoted_line_ends |= result.quoted_line_ends;
    }
    harness_number(&rejects, &portions);
    rfm_text_adds(&r.events, "");
    rfm_text_adds(&r.rejects, "");
    print_rejects(&r.rejects, &rejects);
    if (r.err.status == RFM_OK) {
        assert_adds_up(&r, &rejects);
        if (!r.quoted_line_ends)
            assert_int_equal(r.tally.n_bytes, file.size_bytes);
    }
    rfm_rejects_free(&rejects);
    free(shards);
    rfm_portions_free(&portions);
    return r;
}

reading read_as_callers_do(const rfm_input *input, const char *path, manner how)
{
    reading r = read_file(input, path, how);
    if (r.err.status != RFM_OK || !r.quoted_line_ends)
        return r;
    reading_free(&r);
    r = read_file(input, path, (manner){.whole = true, .block_bytes = how.block_bytes, .limit = how.limit});
    assert_false(r.quoted_line_ends);
    r.was_read_again = true;
    return r;
}

reading read_text(const rfm_input *input, const char *text)
{
    const char *path = harness_write("text.csv", text, strlen(text));
    return read_file(input, path, (manner){.whole = true});
}
