/* Files as people have them. RFMPI_DATA names the folder with rees46, cdnow and online_retail; without it nothing is
 * read. The numbers expected are the publishers', or were computed by Python's csv and decimal modules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

enum { MAX_RANKS = 5, MAX_PREDICATES = 4, MAX_VALUES = 200000 };

typedef struct totals {
    int64_t n_where[MAX_PREDICATES];
    int64_t sum[2];
    uint64_t *ids, *values[2]; /* all, to be sorted and counted */
    size_t n, n_values[2];
} totals;

static void open_totals(totals *t)
{
    *t = (totals){0};
    t->ids = calloc(MAX_VALUES, sizeof *t->ids);
    t->values[0] = calloc(MAX_VALUES, sizeof *t->ids);
    t->values[1] = calloc(MAX_VALUES, sizeof *t->ids);
}

static void close_totals(totals *t)
{
    free(t->ids);
    free(t->values[0]);
    free(t->values[1]);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static size_t count_distinct(uint64_t *values, size_t n)
{
    size_t distinct = 0;
    qsort(values, n, sizeof *values, by_value);
    for (size_t i = 0; i < n; i++)
        distinct += i == 0 || values[i] != values[i - 1];
    return distinct;
}

static rfm_status add_up(void *context, const rfm_events *events, rfm_error *err)
{
    totals *t = context;
    for (size_t i = 0; i < events->n; i++) {
        assert_true(t->n < MAX_VALUES);
        t->ids[t->n++] = events->id_hash[i];
        for (int p = 0; p < MAX_PREDICATES; p++)
            t->n_where[p] += (int64_t)(events->where[i] >> p & 1);
        for (int k = 0; k < 2; k++) {
            if (events->has_number[i] >> k & 1)
                t->sum[k] += events->numbers[k][i];
            if (events->has_hash[i] >> k & 1)
                t->values[k][t->n_values[k]++] = events->hashes[k][i];
        }
    }
    return err->status;
}

typedef struct outcome {
    totals totals;
    rfm_tally tally;
    rfm_rejects rejects;
    int64_t n_lines;
} outcome;

/* As n_ranks ranks would read it, one after the other. */
static outcome read_pattern(const rfm_input *input, const char *pattern, int n_ranks)
{
    outcome o = {.rejects = {.cap = 100}};
    rfm_error err = {0};
    rfm_files files;
    rfm_plan plan;
    open_totals(&o.totals);
    assert_int_equal(rfm_files_find(input, &pattern, 1, &files, &err), RFM_OK);
    assert_int_equal(rfm_plan_make(&files, n_ranks, &plan, &err), RFM_OK);
    rfm_portions portions = {0};
    for (size_t i = 0; i < plan.n; i++) {
        rfm_shard_result result;
        const rfm_reading wanted = {.input = input,
                                    .files = &files,
                                    .shard = &plan.shards[i],
                                    .sink = add_up,
                                    .context = &o.totals,
                                    .tally = &o.tally,
                                    .rejects = &o.rejects,
                                    .result = &result,
                                    .portions = &portions};
        rfm_shard_read(&wanted, &err);
        assert_string_equal(err.message, "");
        assert_false(result.quoted_line_ends);
        o.n_lines += result.n_lines;
    }
    harness_number(&o.rejects, &portions);
    rfm_portions_free(&portions);
    rfm_plan_free(&plan);
    rfm_files_free(&files);
    return o;
}

static void close_outcome(outcome *o)
{
    close_totals(&o->totals);
    rfm_rejects_free(&o->rejects);
}

/* Skips the test where the data are not. */
static const char *data_path(const char *name)
{
    static char path[1000];
    const char *folder = getenv("RFMPI_DATA");
    if (!folder || !*folder) {
        print_message("RFMPI_DATA is not set: %s is not read\n", name);
        skip();
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static const char *const kinds[] = {"view", "cart", "purchase"};
static const rfm_predicate of_kind[] = {{.events = &kinds[0], .n_events = 1},
                                        {.events = &kinds[1], .n_events = 1},
                                        {.events = &kinds[2], .n_events = 1},
                                        {0}};

static rfm_input rees46_input(void)
{
    static const char *const hashed[] = {"user_session", "brand"};
    static const rfm_number_source price = {.columns = {"price"}, .n_columns = 1};
    rfm_input input = harness_input();
    input.customer = "user_id";
    input.time = "event_time";
    input.event = "event_type";
    input.numbers = &price;
    input.hashes = hashed;
    input.n_hashes = 2;
    input.predicates = of_kind;
    input.n_predicates = 4;
    return input;
}

static void rees46_has_the_published_counts_at_any_number_of_ranks(void **unused)
{
    (void)unused;
    const char *path = data_path("rees46/2019-Oct-head.csv");
    const rfm_input input = rees46_input();
    for (int n_ranks = 1; n_ranks <= MAX_RANKS; n_ranks++) {
        outcome o = read_pattern(&input, path, n_ranks);
        assert_int_equal(o.tally.n_rows, 17435);
        assert_int_equal(o.tally.n_events, 17434);
        assert_int_equal(o.totals.n_where[0], 17055);
        assert_int_equal(o.totals.n_where[1], 165);
        assert_int_equal(o.totals.n_where[2], 214);
        assert_int_equal(o.totals.n_where[3], 17434);
        assert_int_equal(count_distinct(o.totals.ids, o.totals.n), 4504);
        assert_int_equal(count_distinct(o.totals.values[0], o.totals.n_values[0]), 5066);
        assert_int_equal(o.totals.n_values[1], 17434 - 2477);
        assert_int_equal(o.n_lines, 17435);
        /* The torn last line lacks its last field. */
        assert_int_equal(o.rejects.count[RFM_REASON_FIELDS], 1);
        assert_int_equal(o.rejects.n_kept, 1);
        assert_int_equal(o.rejects.kept[0].line, 17436);
        assert_string_equal(o.rejects.kept[0].detail, "8 fields, not 9");
        close_outcome(&o);
    }
}

static void rees46_has_19_rows_without_a_price(void **unused)
{
    (void)unused;
    const rfm_rule above = {RFM_RULE_ABOVE, "price", "0"};
    rfm_input input = rees46_input();
    input.rules = &above;
    input.n_rules = 1;
    outcome o = read_pattern(&input, data_path("rees46/2019-Oct-head.csv"), 2);
    assert_int_equal(o.tally.n_filtered, 19);
    assert_int_equal(o.tally.n_events, 17434 - 19);
    close_outcome(&o);
}

static void cdnow_has_the_published_customers_and_dollars(void **unused)
{
    (void)unused;
    const char *path = data_path("cdnow/CDNOW_master.txt");
    static const rfm_number_source dollars = {.columns = {"dollar_value"}, .n_columns = 1};
    const rfm_rule above = {RFM_RULE_ABOVE, "dollar_value", "0"};
    const rfm_predicate paid = {.rules = &above, .n_rules = 1};
    rfm_input input = harness_input();
    input.dialect.delimiter = ' ';
    input.customer = "customer_id";
    input.time = "date";
    input.event = NULL;
    input.id_kind = RFM_ID_INTEGER;
    input.numbers = &dollars;
    input.predicates = &paid;
    input.n_predicates = 1;
    for (int n_ranks = 1; n_ranks <= MAX_RANKS; n_ranks++) {
        outcome o = read_pattern(&input, path, n_ranks);
        assert_int_equal(o.tally.n_rows, 69659);
        assert_int_equal(o.tally.n_events, 69659);
        assert_int_equal(o.tally.n_with_time_of_day, 0);
        assert_int_equal(count_distinct(o.totals.ids, o.totals.n), 23570);
        assert_int_equal(o.totals.sum[0], 250031563);
        assert_int_equal(o.totals.n_where[0], 69659 - 80);
        close_outcome(&o);
    }
}

static void online_retail_has_the_counts_of_pythons_csv_reader(void **unused)
{
    (void)unused;
    char command[3000];
    static const char *const hashed[] = {"InvoiceNo", "Description"};
    static const rfm_number_source revenue = {.columns = {"Quantity", "UnitPrice"}, .n_columns = 2};
    const rfm_rule keep[] = {
        {RFM_RULE_PRESENT, "CustomerID", NULL}, {RFM_RULE_ABOVE, "Quantity", "0"}, {RFM_RULE_ABOVE, "UnitPrice", "0"}};
    const char *folder = data_path("online_retail");
    snprintf(command, sizeof command,
             "for f in %s/*.csv.gz; do gzip -dc \"$f\" > \"%s/retail-$(basename \"$f\" .gz)\" || exit 1; done", folder,
             harness_path("."));
    assert_int_equal(system(command), 0);
    rfm_input input = harness_input();
    input.customer = "CustomerID";
    input.time = "InvoiceDate";
    input.event = NULL;
    input.id_kind = RFM_ID_INTEGER;
    input.decimals = 4;
    input.rules = keep;
    input.n_rules = 3;
    input.numbers = &revenue;
    input.hashes = hashed;
    input.n_hashes = 2;
    for (int n_ranks = 1; n_ranks <= MAX_RANKS; n_ranks += 2) {
        outcome o = read_pattern(&input, harness_path("retail-*.csv"), n_ranks);
        assert_int_equal(o.tally.n_rows, 142083);
        assert_int_equal(o.tally.n_events, 94488);
        assert_int_equal(o.tally.n_filtered, 142083 - 94488);
        assert_int_equal(o.n_lines, 142178);
        assert_int_equal(count_distinct(o.totals.ids, o.totals.n), 2134);
        assert_int_equal(o.totals.sum[0], INT64_C(218479704000000));
        assert_int_equal(count_distinct(o.totals.values[0], o.totals.n_values[0]), 4705);
        assert_int_equal(count_distinct(o.totals.values[1], o.totals.n_values[1]), 2912);
        close_outcome(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rees46_has_the_published_counts_at_any_number_of_ranks),
        cmocka_unit_test(rees46_has_19_rows_without_a_price),
        cmocka_unit_test(cdnow_has_the_published_customers_and_dollars),
        cmocka_unit_test(online_retail_has_the_counts_of_pythons_csv_reader),
    };
    return cmocka_run_group_tests(tests, harness_open, harness_close);
}
