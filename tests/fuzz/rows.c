/* Rows of a text: read whole they are what the slow parser of the unit tests makes of them, and read in shards, by any
 * block size, at every vector level, what they are when read whole.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/oracle.h"
#include "ingest/oracle_rows.h"
#include "marks.h"

enum { MAX_CUTS = 3 };

static const rfm_rule keep[] = {{RFM_RULE_NOT, "event", "cart"}, {RFM_RULE_ABOVE, "amount", "-1"}};
static const char *const bought[] = {"purchase", "pur\"chase"};
static const rfm_rule noted[] = {{RFM_RULE_PRESENT, "event", NULL}, {RFM_RULE_NOT_PREFIX, "customer", "a "}};
static const rfm_predicate predicates[] = {
    {.events = bought, .n_events = 2},
    {.events = bought, .n_events = 1, .rules = noted, .n_rules = 2},
    {.rules = noted, .n_rules = 1, .hours = 0xFF00, .weekdays = 0x1F},
};
static const char *const hashed[] = {"event", "customer"};
static const char *const numbered[] = {"1", "2", "3"};
static const rfm_number_source third = {.columns = {"3"}, .n_columns = 1};

static void take_numbered_columns(rfm_input *input)
{
    input->header = false;
    input->customer = "1";
    input->time = "2";
    input->event = NULL;
    input->numbers = &third;
    input->mapped = numbered;
    input->n_mapped = 3;
}

static const struct {
    int quote, escape;
    const char *null;
} dialects[] = {{'"', -1, NULL},  {-1, -1, NULL},    {'"', '\\', NULL},  {-1, '\\', "\\N"},
                {'\'', -1, NULL}, {'"', -1, "NULL"}, {'\'', '\\', "\\N"}};

static void choose_dialect(rfm_input *input, size_t dialect)
{
    input->dialect.quote = dialects[dialect].quote;
    input->dialect.escape = dialects[dialect].escape;
    input->dialect.null = dialects[dialect].null;
}

static rfm_input choose_input(fuzz_input *bytes)
{
    rfm_input input = harness_input();
    const size_t how = fuzz_below(bytes, 256), what = fuzz_below(bytes, 256);
    input.dialect.delimiter = ",\t; "[how & 3];
    input.id_kind = how & 4 ? RFM_ID_INTEGER : RFM_ID_TEXT;
    input.zone = harness_zone(how & 8 ? "Europe/Paris" : "UTC");
    input.as_of_us = how & 16 ? INT64_C(1704450000000000) : INT64_MAX;
    if (how & 128) {
        input.notation = (rfm_notation){.comma = true, .thousands = RFM_THOUSANDS_POINT};
        input.time_format = how & 64 ? RFM_TIME_MONTH_FIRST : RFM_TIME_DAY_FIRST;
    }
    input.dedupe = how & 32 ? RFM_DEDUPE_ROW : RFM_DEDUPE_NONE;
    choose_dialect(&input, what / 36 % 7);
    if (how & 64) {
        take_numbered_columns(&input);
        return input;
    }
    input.rules = keep;
    input.n_rules = what % 3;
    input.predicates = predicates;
    input.n_predicates = what / 3 % 4;
    input.hashes = hashed;
    input.n_hashes = what / 12 % 3;
    return input;
}

static void must_be_same(const reading *a, const reading *b, bool rejects_too)
{
    must((a->err.status == RFM_OK) == (b->err.status == RFM_OK));
    if (a->err.status != RFM_OK)
        return;
    must(strcmp(a->events.bytes, b->events.bytes) == 0);
    must(!rejects_too || strcmp(a->rejects.bytes, b->rejects.bytes) == 0);
    must(a->n_lines == b->n_lines && a->tally.n_rows == b->tally.n_rows && a->tally.n_events == b->tally.n_events);
    must(a->tally.n_filtered == b->tally.n_filtered && a->tally.n_after_as_of == b->tally.n_after_as_of);
    must(a->tally.n_with_time_of_day == b->tally.n_with_time_of_day && a->tally.n_bytes == b->tally.n_bytes);
    if (a->tally.n_events > 0)
        must(a->tally.earliest_us == b->tally.earliest_us && a->tally.newest_us == b->tally.newest_us);
}

static int ascending(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static size_t choose_cuts(fuzz_input *bytes, int64_t cuts[MAX_CUTS])
{
    size_t n = fuzz_below(bytes, MAX_CUTS + 1), places[MAX_CUTS];
    for (size_t i = 0; i < MAX_CUTS; i++)
        places[i] = fuzz_below(bytes, 256);
    if (bytes->n < 2)
        n = 0;
    for (size_t i = 0; i < n; i++)
        cuts[i] = 1 + (int64_t)(places[i] * (bytes->n - 1) / 256);
    qsort(cuts, n, sizeof *cuts, ascending);
    return n;
}

/* What is shown of a refused row may be cut between the bytes of a character, at places the slow parser does not know.
 */
static bool is_ascii(const fuzz_input *text)
{
    for (size_t i = 0; i < text->n; i++)
        if ((signed char)text->bytes[i] < 0)
            return false;
    return true;
}

/* The slow parser knows no keys, and not more fields than a short text can have. */
static void compare_with_slow(const rfm_input *input, const fuzz_input *text, size_t limit, const reading *whole)
{
    if (input->dedupe != RFM_DEDUPE_NONE || text->n >= MAX_FIELDS)
        return;
    reading slow = oracle_read(input, text->bytes, text->n, limit ? limit : (size_t)1 << 20);
    must_be_same(whole, &slow, is_ascii(text));
    reading_free(&slow);
}

typedef struct choices {
    rfm_input input;
    size_t limit, block, other_block, n_cuts;
    int64_t cuts[MAX_CUTS];
} choices;

/* Read whole and read in shards; returns the former. */
static reading read_both_ways(const choices *c, const char *path)
{
    reading whole = read_file(&c->input, path, (manner){.whole = true, .block_bytes = c->block, .limit = c->limit});
    reading cut = read_file(&c->input, path, (manner){c->cuts, c->n_cuts, false, c->other_block, c->limit});
    must(!whole.quoted_line_ends);
    if (!cut.quoted_line_ends)
        must_be_same(&cut, &whole, true);
    reading_free(&cut);
    return whole;
}

/* At every vector level that this machine has, the portable one first. */
static void read_at_every_level(const choices *c, const fuzz_input *text)
{
    rfm_marks_level levels[RFM_MARKS_MAX_LEVELS];
    const size_t n_levels = rfm_marks_levels(levels);
    const char *path = fuzz_file(text->bytes, text->n);
    reading portable = {0};
    for (size_t i = 0; i < n_levels; i++) {
        if (!levels[i].level.is_there)
            continue;
        setenv("RFMPI_VECTOR", levels[i].level.name, 1);
        reading whole = read_both_ways(c, path);
        if (i > 0) {
            must_be_same(&whole, &portable, true);
            reading_free(&whole);
        } else {
            portable = whole;
            compare_with_slow(&c->input, text, c->limit, &portable);
        }
    }
    reading_free(&portable);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const size_t blocks[] = {0, 1, 5, 16, 64, 100, 1000}, limits[] = {0, 0, 30, 60, 120};
    fuzz_input text = {(const char *)bytes, n};
    choices c = {.input = choose_input(&text)};
    c.limit = limits[fuzz_below(&text, 5)];
    c.block = blocks[fuzz_below(&text, 7)];
    c.other_block = blocks[fuzz_below(&text, 7)];
    c.n_cuts = choose_cuts(&text, c.cuts);
    read_at_every_level(&c, &text);
    return 0;
}
