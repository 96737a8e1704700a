/* Every assigner, pass after pass with centroids that move much, little or not at all: after each pass the labels are
 * those of the definition, and the moves those that were made. Thousands of random cases of every kind of rows. */
#include "samples.h"

#include "assigner.h"

#include <math.h>

enum { PASSES = 7, ALGORITHMS = RFM_ALGORITHM_DEFINITION + 1 };

/* An assigner at work on one sample. */
typedef struct test_worker {
    const rfm_assigner *assigner;
    void *state;
    size_t rows;
    int32_t *labels, *from;
    uint32_t *row;
} test_worker;

typedef struct test_case {
    test_sample sample;
    rfm_grid grid;
    rfm_matrix matrix;
    int k;
    int32_t centre[80];
    double *centroids;
    int32_t *expected;
    uint64_t random;
} test_case;

static void open_worker(const test_case *with, rfm_algorithm algorithm, test_worker *worker)
{
    rfm_error err = {0};
    const size_t n = with->sample.n;
    worker->assigner = rfm_assigner_choose(algorithm, with->sample.d, with->k);
    worker->rows = worker->assigner->rows(with->sample.d, with->k);
    worker->labels = malloc((n + 1) * sizeof *worker->labels);
    worker->row = calloc(worker->rows + RFM_MOVES_ROOM, sizeof *worker->row);
    worker->from = calloc(worker->rows, sizeof *worker->from);
    memset(worker->labels, 0xff, n * sizeof *worker->labels);
    const rfm_assignment assignment = {&with->grid, with->centre, with->k, 1, worker->rows, n};
    worker->assigner->open(&assignment, &worker->state, &err);
    assert_fine(&err);
}

static void close_worker(test_worker *worker)
{
    worker->assigner->close(worker->state);
    free(worker->labels);
    free(worker->row);
    free(worker->from);
}

/* The moves take the labels of before to those of now, and name no row twice. */
static void check_moves(const rfm_moves *moves, const int32_t *labels, int32_t *before, size_t n)
{
    for (size_t m = 0; m < moves->n; m++) {
        const size_t row = moves->row[m];
        assert_true(row < n && before[row] == moves->from[m] && before[row] != labels[row]);
        before[row] = labels[row];
    }
    assert_memory_equal(before, labels, n * sizeof *labels);
}

static void pass(const test_case *with, test_worker *worker, bool fresh)
{
    const size_t n = with->sample.n, d = (size_t)with->sample.d;
    int32_t *before = calloc(worker->rows, sizeof *before);
    worker->assigner->begin(worker->state, with->k, with->centroids, fresh);
    for (size_t first = 0; first < n; first += worker->rows) {
        const size_t some = n - first < worker->rows ? n - first : worker->rows;
        const rfm_block block = {0, first, some, with->matrix.index + first * d};
        rfm_moves moves = {0, worker->row, worker->from};
        memcpy(before, worker->labels + first, some * sizeof *before);
        worker->assigner->assign(worker->state, &block, worker->labels + first, &moves);
        check_moves(&moves, worker->labels + first, before, some);
    }
    free(before);
    if (n > 0)
        assert_memory_equal(worker->labels, with->expected, n * sizeof *with->expected);
}

/* Rows, middles of two rows, and copies of the centroid before. */
static void place_centroids(test_case *with)
{
    const size_t d = (size_t)with->sample.d, n = with->sample.n;
    for (size_t c = 0; c < (size_t)with->k; c++) {
        const size_t one = n > 0 ? draw_below(&with->random, n) : 0, two = n > 0 ? draw_below(&with->random, n) : 0;
        const size_t kind = draw_below(&with->random, 10);
        for (size_t j = 0; j < d; j++) {
            const double x = n > 0 ? with->matrix.index[one * d + j] : 0,
                         y = n > 0 ? with->matrix.index[two * d + j] : 0;
            with->centroids[c * d + j] = (kind < 5 ? x : (x + y) / 2) * with->grid.step[j];
        }
        if (c > 0 && kind == 9)
            memcpy(with->centroids + c * d, with->centroids + (c - 1) * d, d * sizeof *with->centroids);
    }
}

/* Less from pass to pass, as in a loop; some stand still, and now and then one jumps. */
static void move_centroids(test_case *with, int passes)
{
    const size_t d = (size_t)with->sample.d;
    const double scale = ldexp(0.2, -3 * passes);
    for (size_t c = 0; c < (size_t)with->k; c++) {
        const bool jumps = draw_below(&with->random, 60) == 0, rests = draw_below(&with->random, 3) == 0;
        for (size_t j = 0; j < d && !rests; j++) {
            const double width = (double)(with->grid.high[j] - with->grid.low[j]) * with->grid.step[j];
            with->centroids[c * d + j] += (draw_unit(&with->random) - 0.5) * width * (jumps ? 1 : scale);
        }
    }
}

static void find_expected(const test_case *with)
{
    const size_t d = (size_t)with->sample.d;
    for (size_t i = 0; i < with->sample.n; i++)
        with->expected[i] = oracle_label(&with->grid, with->k, with->centroids, with->sample.rows + i * d);
}

static void open_case(uint64_t seed, test_case *with)
{
    const uint64_t turn = seed / KINDS;
    rfm_error err = {0};
    *with = (test_case){.random = seed};
    const size_t n = turn % 16 == 0 ? 2000 + draw_below(&with->random, 1000) : draw_below(&with->random, 90);
    const int d = 1 + (int)draw_below(&with->random, turn % 25 == 1 ? 70 : 9);
    with->k = 1 + (int)draw_below(&with->random, turn % 4 == 0 ? 60 : 12);
    with->sample = sample_make((test_kind)(seed % KINDS), seed, n, d);
    rfm_grid_fit(comm, n, d, with->sample.rows, NULL, &with->grid, &err);
    rfm_matrix_init(comm, &with->grid, n, with->sample.rows, NULL, &with->matrix, &err);
    assert_fine(&err);
    for (int j = 0; j < d; j++)
        with->centre[j] = (int32_t)(with->grid.high[j] / 2 + with->grid.low[j] / 2);
    with->centroids = calloc((size_t)with->k * (size_t)d, sizeof *with->centroids);
    with->expected = calloc(n + 1, sizeof *with->expected);
}

static void close_case(test_case *with)
{
    free(with->centroids);
    free(with->expected);
    rfm_matrix_free(&with->matrix);
    rfm_grid_free(&with->grid);
    sample_free(&with->sample);
}

static void try_case(uint64_t seed)
{
    test_case with;
    test_worker workers[ALGORITHMS] = {{0}};
    open_case(seed, &with);
    for (int a = 0; a < ALGORITHMS; a++)
        open_worker(&with, (rfm_algorithm)a, &workers[a]);
    place_centroids(&with);
    for (int passes = 0; passes < PASSES; passes++) {
        const bool fresh = passes == 0 || draw_below(&with.random, 20) == 0;
        find_expected(&with);
        for (int a = 0; a < ALGORITHMS; a++)
            pass(&with, &workers[a], fresh);
        move_centroids(&with, passes);
    }
    for (int a = 0; a < ALGORITHMS; a++)
        close_worker(&workers[a]);
    close_case(&with);
}

static void every_assigner_gives_the_labels_of_the_definition(void **state)
{
    static const char *const vectors[] = {"portable", "avx2", "avx512"};
    (void)state;
    for (uint64_t v = 0; v < 3; v++) {
        if (choose_vectors(vectors[v]))
            for (uint64_t seed = 0; seed < 100 * KINDS; seed++)
                try_case(v * 100 * KINDS + seed);
        else
            print_message("no %s on this machine: not tried\n", vectors[v]);
    }
    unsetenv("RFMPI_VECTOR");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_assigner_gives_the_labels_of_the_definition)};
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
