/* What cannot be meant is refused, by all ranks alike and with words that say what: arguments of one rank, arguments
 * that differ between ranks, structs of other versions, parts that are no model. */
#include "session.h"

#include <math.h>

#include "sample.h"

static sample all;
static rfmpi_comm *ranks;
static rfmpi_error error;

static bool is_last(void)
{
    return rfm_comm_rank(comm) == rfm_comm_size(comm) - 1;
}

static void open_communicator(void **state)
{
    (void)state;
    sample_fill(&all, 1);
#ifdef RFMPI_SERIAL
    assert_int_equal(rfmpi_comm_alone(&ranks, &error), RFMPI_OK);
#else
    assert_int_equal(rfmpi_comm_create(MPI_COMM_WORLD, &ranks, &error), RFMPI_OK);
#endif
}

static void close_communicator(void **state)
{
    (void)state;
    rfmpi_comm_free(ranks);
}

static rfmpi_rows share(void)
{
    return sample_share(&all, rfm_comm_rank(comm), rfm_comm_size(comm));
}

#define assert_said(status, code, words) fail_unless_said(status, code, words, __FILE__, __LINE__)

static void fail_unless_said(rfmpi_status status, rfmpi_status code, const char *words, const char *file, int line)
{
    const bool as_said = status == code && error.status == code && strstr(error.message, words);
    if (!as_said)
        print_error("status %d, not %d, or no \"%s\" in: %s\n", (int)status, (int)code, words, error.message);
    _assert_true(as_said, "refused as said", file, line);
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static rfmpi_status create(const rfmpi_rows *rows, int scale)
{
    rfmpi_matrix *matrix = NULL;
    const rfmpi_status status = rfmpi_matrix_create(ranks, rows, (rfmpi_scale)scale, &matrix, &error);
    assert_true((matrix != NULL) == (status == RFMPI_OK));
    rfmpi_matrix_free(matrix);
    return status;
}

/* Of the last rank only; the others' are fine. */
static void test_rows_of_one_rank(void **state)
{
    const rfmpi_rows fine = share();
    rfmpi_rows rows;
    double spoiled[2 * SAMPLE_COLUMNS];
    (void)state;
    memcpy(spoiled, all.values, sizeof spoiled);
    spoiled[SAMPLE_COLUMNS + 1] = NAN;
#define LAST(member, value, status, words)                                                                             \
    rows = fine;                                                                                                       \
    if (is_last())                                                                                                     \
        rows.member = value;                                                                                           \
    assert_said(create(&rows, RFMPI_SCALE_NONE), status, words);                                                       \
    assert_int_equal(error.rank, rfm_comm_size(comm) - 1);                                                             \
    assert_int_equal(error.n_failed, 1)
    LAST(values, NULL, RFMPI_USAGE, "rows without values");
    LAST(d, 0, RFMPI_USAGE, "d is 0");
    LAST(type, 7, RFMPI_USAGE, "7 is no type");
    LAST(stride, 1, RFMPI_USAGE, "the stride is 1");
    LAST(n, SIZE_MAX / 2, RFMPI_USAGE, "more than memory");
    LAST(size, 8, RFMPI_USAGE, "has size 8");
    rows = fine;
    if (is_last())
        rows = rfmpi_rows_of_doubles(2, SAMPLE_COLUMNS, spoiled);
    assert_said(create(&rows, RFMPI_SCALE_NONE), RFMPI_DATA, "row 1 of this rank, column 1 (from 0)");
    assert_said(create(&fine, 9), RFMPI_USAGE, "9 is no way to scale");
    rows = fine;
    rows.n = 0;
    assert_said(create(&rows, RFMPI_SCALE_NONE), RFMPI_DATA, "no rank has rows");
}

static void test_ranks_that_differ(void **state)
{
    rfmpi_rows rows = share();
    (void)state;
    if (rfm_comm_size(comm) < 3) /* of two, one has no rows */
        return;
    if (is_last())
        rows.d = SAMPLE_COLUMNS - 1, rows.stride = SAMPLE_COLUMNS;
    assert_said(create(&rows, RFMPI_SCALE_NONE), RFMPI_USAGE, "must be the same on all ranks");
    rows = share();
    assert_said(create(&rows, is_last() ? RFMPI_SCALE_NONE : RFMPI_SCALE_MINMAX), RFMPI_USAGE, "must be the same");
    if (is_last())
        rows.weights = all.weights;
    assert_said(create(&rows, RFMPI_SCALE_NONE), RFMPI_USAGE, "have no weights, but another's have");
}

/* ---- fits ------------------------------------------------------------------------------------------------------- */

static void test_options(void **state)
{
    const rfmpi_rows rows = share();
    const rfmpi_fit_options fine = sample_options();
    rfmpi_fit_options options;
    rfmpi_matrix *matrix = NULL;
    rfmpi_model *model = NULL;
    (void)state;
    assert_int_equal(rfmpi_matrix_create(ranks, &rows, RFMPI_SCALE_STANDARD, &matrix, &error), RFMPI_OK);
#define ALL(member, value, status, words)                                                                              \
    options = fine;                                                                                                    \
    options.member = value;                                                                                            \
    assert_said(rfmpi_fit(matrix, &options, NULL, NULL, &model, &error), status, words);                               \
    assert_null(model)
    ALL(k, 0, RFMPI_USAGE, "options.k is 0");
    ALL(k, 70000, RFMPI_USAGE, "options.k is 70000");
    ALL(init, 9, RFMPI_USAGE, "options.init: 9");
    ALL(init, RFMPI_INIT_GIVEN, RFMPI_USAGE, "options.given is NULL");
    ALL(algorithm, -1, RFMPI_USAGE, "options.algorithm: -1");
    ALL(search, 3, RFMPI_USAGE, "options.search: 3");
    ALL(restarts, 0, RFMPI_USAGE, "restarts (0)");
    ALL(tolerance, NAN, RFMPI_USAGE, "tolerance");
    ALL(order_column, SAMPLE_COLUMNS, RFMPI_USAGE, "cannot be ordered by column 3");
    ALL(n_kept, 5, RFMPI_USAGE, "options.kept is NULL");
    ALL(size, 16, RFMPI_USAGE, "has size 16");
    assert_said(rfmpi_fit(matrix, NULL, NULL, NULL, &model, &error), RFMPI_USAGE, "rfmpi_fit_options is NULL");
    options = fine;
    options.seed += is_last();
    if (rfm_comm_size(comm) > 1)
        assert_said(rfmpi_fit(matrix, &options, NULL, NULL, &model, &error), RFMPI_USAGE,
                    "the options of a fit must be the same on all ranks");
    rfmpi_matrix_free(matrix);
}

/* More clusters than rows is no failure. */
static void test_more_clusters_than_rows(void **state)
{
    rfmpi_rows rows = rfmpi_rows_of_doubles(is_last() ? 3 : 0, SAMPLE_COLUMNS, all.values);
    static fitted result;
    (void)state;
    const rfmpi_fit_options options = sample_options();
    assert_int_equal(fit_rows(ranks, &rows, &options, &result, &error), RFMPI_OK);
    assert_int_equal(result.parts.k, 3);
    assert_true(result.parts.inertia == 0);
    rfmpi_model_free(result.model);
}

/* ---- structs of other versions ---------------------------------------------------------------------------------- */

static void test_structs_that_have_grown(void **state)
{
    struct {
        rfmpi_fit_options known;
        int64_t unknown;
    } newer;
    struct {
        rfmpi_parts known;
        int64_t unknown;
    } parts;
    const rfmpi_rows rows = share();
    static fitted result;
    (void)state;
    rfmpi_fit_options_init(&newer.known, sizeof newer);
    assert_int_equal(newer.known.size, sizeof newer);
    assert_int_equal(newer.unknown, 0);
    newer.known.k = SAMPLE_CLUSTERS;
    assert_int_equal(fit_rows(ranks, &rows, &newer.known, &result, &error), RFMPI_OK);
    rfmpi_model_parts(result.model, &parts.known, sizeof parts);
    assert_int_equal(parts.unknown, 0);
    assert_int_equal(parts.known.k, result.parts.k);
    rfmpi_model_parts(result.model, &parts.known, sizeof(size_t) + 2 * sizeof(int)); /* an older program's */
    assert_int_equal(parts.known.d, SAMPLE_COLUMNS);
    rfmpi_model_free(result.model);
    newer.unknown = 1;
    assert_said(fit_rows(ranks, &rows, &newer.known, &result, &error), RFMPI_USAGE, "use a newer library");
}

/* ---- models and labels ------------------------------------------------------------------------------------------ */

static void test_parts_that_are_no_model(void **state)
{
    static fitted result;
    const rfmpi_rows rows = share();
    const rfmpi_fit_options options = sample_options();
    rfmpi_model *made = NULL;
    rfmpi_parts parts;
    double strange[] = {0.1, NAN, 0}, holes[SAMPLE_CLUSTERS * SAMPLE_COLUMNS] = {INFINITY};
    int64_t far[] = {INT64_MAX, 0, 0};
    (void)state;
    assert_int_equal(fit_rows(ranks, &rows, &options, &result, &error), RFMPI_OK);
#define PART(member, value, words)                                                                                     \
    parts = result.parts;                                                                                              \
    parts.member = value;                                                                                              \
    assert_said(rfmpi_model_make(&parts, &made, &error), RFMPI_DATA, words);                                           \
    assert_null(made);                                                                                                 \
    assert_int_equal(error.rank, -1)
    PART(k, 0, "0 clusters");
    PART(d, 1 << 20, "1048576 columns");
    PART(scale, 4, "no way to scale");
    PART(trace, NULL, "without a trace");
    PART(positions, NULL, "without a part");
    PART(step, NULL, "without a part");
    PART(step, strange, "no sound grid");
    PART(scales, strange + 1, "no sound scaling");
    PART(high, far, "no sound grid");
    PART(positions, holes, "a position");
    rfmpi_model_free(result.model);
}

static void test_labels_of_rows_that_do_not_fit(void **state)
{
    static fitted result;
    rfmpi_rows rows = share();
    const rfmpi_fit_options options = sample_options();
    int32_t label = 0;
    double value[] = {1, INFINITY, 2}, index = 0;
    (void)state;
    assert_int_equal(fit_rows(ranks, &rows, &options, &result, &error), RFMPI_OK);
    rows = rfmpi_rows_of_doubles(1, 2, value);
    assert_said(rfmpi_assign(result.model, &rows, &label, NULL, &error), RFMPI_USAGE, "the model has 3 columns");
    rows = rfmpi_rows_of_doubles(1, 3, value);
    assert_said(rfmpi_assign(result.model, &rows, &label, NULL, &error), RFMPI_DATA, "row 0 of this rank, column 1");
    assert_int_equal(rfmpi_assign(result.model, &rows, &label, NULL, NULL), RFMPI_DATA); /* nobody wants to know why */
    value[1] = 1e300;                                                                    /* far outside */
    assert_int_equal(rfmpi_assign(result.model, &rows, &label, NULL, &error), RFMPI_OK);
    assert_true(label >= 0 && label < result.parts.k);
    label = -1;
    assert_said(rfmpi_agreement(ranks, 1, &label, &label, &index, &error), RFMPI_USAGE, "label -1");
    rfmpi_model_free(result.model);
}

static void test_more_clusters_than_can_be_counted(void **state)
{
    const rfmpi_rows rows = share();
    rfmpi_matrix *matrix = NULL;
    int32_t label = 0, far[] = {65535, 0};
    rfmpi_quality quality = {.size = sizeof quality};
    double index = 0;
    (void)state;
    assert_int_equal(rfmpi_matrix_create(ranks, &rows, RFMPI_SCALE_NONE, &matrix, &error), RFMPI_OK);
    assert_said(rfmpi_measure(matrix, 0, &label, 1, &quality, &error), RFMPI_USAGE, "k is 0");
    assert_said(rfmpi_measure(matrix, INT32_MAX, &label, 1, &quality, &error), RFMPI_USAGE, "k is 2147483647");
    assert_said(rfmpi_agreement(ranks, 2, far, far, &index, &error), RFMPI_USAGE, "65536 times 65536");
    rfmpi_matrix_free(matrix);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_communicator),
        cmocka_unit_test(test_rows_of_one_rank),
        cmocka_unit_test(test_ranks_that_differ),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_more_clusters_than_rows),
        cmocka_unit_test(test_structs_that_have_grown),
        cmocka_unit_test(test_parts_that_are_no_model),
        cmocka_unit_test(test_labels_of_rows_that_do_not_fit),
        cmocka_unit_test(test_more_clusters_than_can_be_counted),
        cmocka_unit_test(close_communicator),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
