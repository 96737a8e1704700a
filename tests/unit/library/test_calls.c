/* The library on ranks of somebody else's: the same bits as one rank alone gives, whatever form the rows have; several
 * communicators; fits that are stopped and go on; models that are taken apart and made again; who hears the lines. */
#include "session.h"

#include <signal.h>

#include "sample.h"

static sample all;
static rfmpi_comm *ranks, *alone;
static rfmpi_error error;

static void assert_ok(rfmpi_status status)
{
    if (status != RFMPI_OK)
        print_error("status %d: %s\n", (int)status, error.message);
    assert_int_equal(status, RFMPI_OK);
    assert_int_equal(error.status, RFMPI_OK);
    assert_string_equal(error.message, "");
}

static rfmpi_status create_whole(rfmpi_comm **made)
{
#ifdef RFMPI_SERIAL
    return rfmpi_comm_alone(made, &error);
#else
    return rfmpi_comm_create(MPI_COMM_WORLD, made, &error);
#endif
}

static void open_communicators(void **state)
{
    (void)state;
    sample_fill(&all, 1);
    assert_ok(create_whole(&ranks));
    assert_ok(rfmpi_comm_alone(&alone, &error));
}

/* MPI goes on. */
static void close_communicators(void **state)
{
    (void)state;
    rfmpi_comm_free(ranks);
    rfmpi_comm_free(alone);
    rfmpi_comm_free(NULL);
    rfm_comm_barrier(comm);
}

/* The same rows with what `prepare` does to the shares, by all ranks and by each alone. */
static void assert_as_alone(void (*prepare)(rfmpi_rows *rows, size_t first))
{
    static fitted by_all, by_one;
    const int rank = rfm_comm_rank(comm), size = rfm_comm_size(comm);
    const size_t first = sample_first(rank, size);
    const rfmpi_fit_options options = sample_options();
    rfmpi_rows share = sample_share(&all, rank, size), whole = sample_share(&all, 0, 1);
    if (prepare) {
        prepare(&share, first);
        prepare(&whole, 0);
    }
    assert_ok(fit_rows(ranks, &share, &options, &by_all, &error));
    assert_ok(fit_rows(alone, &whole, &options, &by_one, &error));
    assert_true(same_parts(&by_all.parts, &by_one.parts));
    assert_memory_equal(by_all.labels, by_one.labels + first, share.n * sizeof *by_all.labels);
    assert_memory_equal(by_all.distances, by_one.distances + first, share.n * sizeof *by_all.distances);
    assert_memory_equal(by_all.silhouettes, by_one.silhouettes, sizeof by_all.silhouettes);
    assert_true(by_all.quality.silhouette == by_one.quality.silhouette && by_all.quality.silhouette > 0.2);
    rfmpi_model_free(by_all.model);
    rfmpi_model_free(by_one.model);
}

static void test_ranks_give_what_one_gives(void **state)
{
    (void)state;
    assert_as_alone(NULL);
}

static void add_weights(rfmpi_rows *rows, size_t first)
{
    rows->weights = rows->n > 0 ? all.weights + first : NULL; /* what has no rows may have no arrays */
}

static void add_ids(rfmpi_rows *rows, size_t first)
{
    rows->ids = rows->n > 0 ? all.ids + first : NULL;
}

static void make_floats(rfmpi_rows *rows, size_t first)
{
    *rows = rfmpi_rows_of_floats(rows->n, rows->d, rows->n > 0 ? all.floats + first * SAMPLE_COLUMNS : NULL);
}

/* All columns but the last. */
static void cut_rows(rfmpi_rows *rows, size_t first)
{
    (void)first;
    rows->d = SAMPLE_COLUMNS - 1;
    rows->stride = SAMPLE_COLUMNS;
}

static void test_rows_of_any_form(void **state)
{
    (void)state;
    assert_as_alone(add_weights);
    assert_as_alone(add_ids);
    assert_as_alone(make_floats);
    assert_as_alone(cut_rows);
}

/* ---- communicators ---------------------------------------------------------------------------------------------- */

#ifndef RFMPI_SERIAL
/* Even and odd ranks, each with rows of their own, while the communicator of all is open too. */
static void test_halves_fit_at_the_same_time(void **state)
{
    static sample mine;
    static fitted by_half, by_one;
    MPI_Comm half;
    rfmpi_comm *joined = NULL;
    int rank, size;
    const int which = rfm_comm_rank(comm) % 2;
    (void)state;
    MPI_Comm_split(MPI_COMM_WORLD, which, 0, &half);
    MPI_Comm_rank(half, &rank);
    MPI_Comm_size(half, &size);
    assert_ok(rfmpi_comm_create(half, &joined, &error));
    MPI_Comm_free(&half); /* a duplicate serves */
    sample_fill(&mine, (uint64_t)which + 10);
    const rfmpi_fit_options options = sample_options();
    const rfmpi_rows share = sample_share(&mine, rank, size), whole = sample_share(&mine, 0, 1);
    assert_ok(fit_rows(joined, &share, &options, &by_half, &error));
    assert_ok(fit_rows(alone, &whole, &options, &by_one, &error));
    assert_true(same_parts(&by_half.parts, &by_one.parts));
    rfmpi_model_free(by_half.model);
    rfmpi_model_free(by_one.model);
    rfmpi_comm_free(joined);
}

static void test_communicators_that_cannot_serve(void **state)
{
    rfmpi_comm *made = NULL;
    MPI_Comm half, between;
    (void)state;
    assert_int_equal(rfmpi_comm_create(MPI_COMM_NULL, &made, &error), RFMPI_USAGE);
    assert_null(made);
    assert_non_null(strstr(error.message, "MPI_COMM_NULL"));
    if (rfm_comm_size(comm) < 2)
        return;
    MPI_Comm_split(MPI_COMM_WORLD, rfm_comm_rank(comm) % 2, 0, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - rfm_comm_rank(comm) % 2, 0, &between);
    assert_int_equal(rfmpi_comm_create(between, &made, &error), RFMPI_USAGE);
    assert_non_null(strstr(error.message, "between two groups"));
    MPI_Comm_free(&between);
    MPI_Comm_free(&half);
}
#endif

static void test_signals_and_environment_stay(void **state)
{
    extern char **environ;
    static fitted result;
    struct sigaction before[32], after[32];
    char **environment = environ;
    const char *last = getenv("PATH");
    const rfmpi_fit_options options = sample_options();
    const rfmpi_rows share = sample_share(&all, rfm_comm_rank(comm), rfm_comm_size(comm));
    rfmpi_comm *made = NULL;
    (void)state;
    for (int s = 1; s < 32; s++)
        sigaction(s, NULL, &before[s]);
    assert_ok(create_whole(&made));
    assert_ok(fit_rows(made, &share, &options, &result, &error));
    rfmpi_model_free(result.model);
    rfmpi_comm_free(made);
    for (int s = 1; s < 32; s++) {
        sigaction(s, NULL, &after[s]);
        assert_true(before[s].sa_handler == after[s].sa_handler && before[s].sa_flags == after[s].sa_flags);
    }
    assert_ptr_equal(environ, environment);
    assert_ptr_equal(getenv("PATH"), last);
}

/* ---- a fit that is stopped -------------------------------------------------------------------------------------- */

typedef struct stopping {
    int after, asked; /* so many questions are answered with no */
    void *bytes;
    size_t n;
    bool fails;
} stopping;

/* One rank wishes for all. */
static rfmpi_wish wish(void *context)
{
    stopping *self = context;
    const bool mine = rfm_comm_rank(comm) == rfm_comm_size(comm) - 1;
    return self->asked++ >= self->after && mine ? RFMPI_WISH_STOP : RFMPI_WISH_NOTHING;
}

static int keep(void *context, const void *bytes, size_t n)
{
    stopping *self = context;
    free(self->bytes);
    self->bytes = malloc(n);
    assert_non_null(self->bytes);
    memcpy(self->bytes, bytes, n);
    self->n = n;
    return self->fails && rfm_comm_rank(comm) == 0;
}

/* How often it had to be begun: each start has a few more iterations than the one before. */
static int fit_in_pieces(fitted *result, const rfmpi_rows *rows)
{
    stopping self = {.after = 1};
    rfmpi_fit_options options = sample_options();
    int starts = 0;
    options.wish = wish;
    options.keep = keep;
    options.context = &self;
    do {
        void *kept = self.bytes;
        options.kept = kept;
        options.n_kept = self.n;
        self.bytes = NULL;
        self.asked = 0;
        self.after++;
        fit_rows(ranks, rows, &options, result, &error);
        assert_true(error.status == RFMPI_OK || error.status == RFMPI_STOPPED);
        free(kept);
        starts++;
    } while (error.status == RFMPI_STOPPED && starts < 500);
    free(self.bytes);
    assert_int_equal(error.status, RFMPI_OK);
    return starts;
}

static void test_a_stopped_fit_goes_on(void **state)
{
    static fitted in_pieces, at_once;
    const rfmpi_rows rows = sample_share(&all, rfm_comm_rank(comm), rfm_comm_size(comm));
    const rfmpi_fit_options options = sample_options();
    (void)state;
    assert_true(fit_in_pieces(&in_pieces, &rows) > 2);
    assert_ok(fit_rows(ranks, &rows, &options, &at_once, &error));
    assert_true(same_parts(&in_pieces.parts, &at_once.parts));
    assert_memory_equal(in_pieces.labels, at_once.labels, rows.n * sizeof *at_once.labels);
    rfmpi_model_free(in_pieces.model);
    rfmpi_model_free(at_once.model);
}

static void test_progress_that_cannot_be_kept_or_taken_up(void **state)
{
    static fitted result;
    const rfmpi_rows rows = sample_share(&all, rfm_comm_rank(comm), rfm_comm_size(comm));
    stopping self = {.fails = true};
    rfmpi_fit_options options = sample_options();
    (void)state;
    options.wish = wish;
    options.keep = keep;
    options.context = &self;
    assert_int_equal(fit_rows(ranks, &rows, &options, &result, &error), RFMPI_IO);
    assert_int_equal(error.rank, 0);
    assert_int_equal(error.n_failed, 1);
    assert_null(result.model);
    free(self.bytes);
    options = sample_options();
    options.kept = "damaged";
    options.n_kept = 7;
    assert_int_equal(fit_rows(ranks, &rows, &options, &result, &error), RFMPI_DATA);
    assert_non_null(strstr(error.message, "damaged"));
}

/* ---- models ----------------------------------------------------------------------------------------------------- */

static void test_a_model_made_of_its_parts_gives_the_same_labels(void **state)
{
    static fitted result;
    static int32_t labels[SAMPLE_ROWS];
    static double distances[SAMPLE_ROWS];
    rfmpi_rows rows = sample_share(&all, 0, 1);
    const rfmpi_fit_options options = sample_options();
    rfmpi_model *made = NULL;
    rfmpi_parts parts;
    (void)state;
    rows.weights = all.weights;
    assert_ok(fit_rows(alone, &rows, &options, &result, &error));
    assert_ok(rfmpi_model_make(&result.parts, &made, &error));
    rfmpi_model_free(result.model);
    rfmpi_model_parts(made, &parts, sizeof parts);
    assert_ok(rfmpi_assign(made, &rows, labels, distances, &error));
    assert_memory_equal(labels, result.labels, sizeof labels);
    assert_memory_equal(distances, result.distances, sizeof distances);
    make_floats(&rows, 0);
    assert_ok(rfmpi_assign(made, &rows, labels, NULL, &error));
    assert_memory_equal(labels, result.labels, sizeof labels);
    rfmpi_model_free(made);
}

static void test_given_centroids_are_in_the_units_of_the_rows(void **state)
{
    static fitted first, second;
    const rfmpi_rows rows = sample_share(&all, rfm_comm_rank(comm), rfm_comm_size(comm));
    rfmpi_fit_options options = sample_options();
    (void)state;
    assert_ok(fit_rows(ranks, &rows, &options, &first, &error));
    options.init = RFMPI_INIT_GIVEN;
    options.given = first.parts.centroids;
    assert_ok(fit_rows(ranks, &rows, &options, &second, &error));
    assert_true(second.parts.iterations <= 2 && second.parts.converged);
    assert_memory_equal(first.labels, second.labels, rows.n * sizeof *first.labels);
    double index = 0;
    assert_ok(rfmpi_agreement(ranks, rows.n, first.labels, second.labels, &index, &error));
    assert_true(index == 1);
    rfmpi_model_free(first.model);
    rfmpi_model_free(second.model);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static void count_line(void *context, rfmpi_log_level level, const char *text)
{
    int *counts = context;
    counts[level]++;
    assert_true(strlen(text) > 0 && !strchr(text, '\n'));
    assert_non_null(rfmpi_version()); /* the library may be called from here */
}

static void test_lines_go_to_who_asked_for_them(void **state)
{
    static fitted result;
    const rfmpi_rows rows = sample_share(&all, rfm_comm_rank(comm), rfm_comm_size(comm));
    const rfmpi_fit_options options = sample_options();
    int counts[4] = {0};
    (void)state;
    rfmpi_comm_log(ranks, RFMPI_LOG_INFO, count_line, counts);
    assert_ok(fit_rows(ranks, &rows, &options, &result, &error));
    rfmpi_model_free(result.model);
    assert_true(counts[RFMPI_LOG_INFO] >= 1 && counts[RFMPI_LOG_DEBUG] == 0 && counts[RFMPI_LOG_WARN] == 0);
    rfmpi_comm_log(ranks, RFMPI_LOG_DEBUG, count_line, counts);
    assert_ok(fit_rows(ranks, &rows, &options, &result, &error));
    rfmpi_model_free(result.model);
    assert_true(counts[RFMPI_LOG_DEBUG] >= result.parts.iterations);
    rfmpi_comm_log(ranks, RFMPI_LOG_DEBUG, NULL, NULL);
    memset(counts, 0, sizeof counts);
    assert_ok(fit_rows(ranks, &rows, &options, &result, &error));
    rfmpi_model_free(result.model);
    assert_int_equal(counts[RFMPI_LOG_INFO] + counts[RFMPI_LOG_DEBUG], 0);
}

static void test_versions(void **state)
{
    char libraries[512];
    (void)state;
    const size_t length = rfmpi_libraries(libraries, sizeof libraries);
    assert_int_equal(length, strlen(libraries));
    assert_non_null(strstr(libraries, "OpenBLAS"));
    assert_int_equal(rfmpi_libraries(libraries, 4), length);
    assert_int_equal(strlen(libraries), 3);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_communicators),
        cmocka_unit_test(test_ranks_give_what_one_gives),
        cmocka_unit_test(test_rows_of_any_form),
#ifndef RFMPI_SERIAL
        cmocka_unit_test(test_halves_fit_at_the_same_time),
        cmocka_unit_test(test_communicators_that_cannot_serve),
#endif
        cmocka_unit_test(test_signals_and_environment_stay),
        cmocka_unit_test(test_a_stopped_fit_goes_on),
        cmocka_unit_test(test_progress_that_cannot_be_kept_or_taken_up),
        cmocka_unit_test(test_a_model_made_of_its_parts_gives_the_same_labels),
        cmocka_unit_test(test_given_centroids_are_in_the_units_of_the_rows),
        cmocka_unit_test(test_lines_go_to_who_asked_for_them),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(close_communicators),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
