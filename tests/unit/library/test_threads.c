/* Several threads with a communicator each fit at the same time, and each gets what it gets alone; afterwards BLAS has
 * the threads that it had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cblas.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "sample.h"

enum { THREADS = 4, TIMES = 8, LINES_MOST = 1000 };

typedef struct worker {
    sample rows;
    rfmpi_comm *comm;
    rfmpi_fit_options options;
    fitted wanted, found;
    int lines; /* of its own fits */
    bool same;
} worker;

static worker workers[THREADS];

static void count_line(void *context, rfmpi_log_level level, const char *text)
{
    (void)level, (void)text;
    ((worker *)context)->lines++;
}

static void *work(void *context)
{
    worker *self = context;
    const rfmpi_rows rows = sample_share(&self->rows, 0, 1);
    rfmpi_error error;
    self->same = true;
    for (int i = 0; i < TIMES && self->same; i++) {
        self->lines = 0;
        self->same = fit_rows(self->comm, &rows, &self->options, &self->found, &error) == RFMPI_OK &&
                     same_parts(&self->found.parts, &self->wanted.parts) &&
                     memcmp(self->found.labels, self->wanted.labels, sizeof self->found.labels) == 0;
        rfmpi_model_free(self->found.model);
    }
    return NULL;
}

/* Each has an algorithm of its own; the matrix product is BLAS's. */
static void test_threads_do_not_meet(void **state)
{
    pthread_t threads[THREADS];
    rfmpi_error error;
    int lines[THREADS];
    (void)state;
    openblas_set_num_threads(2);
    const int threads_of_blas = openblas_get_num_threads(); /* 1 where there is one processor */
    for (int t = 0; t < THREADS; t++) {
        worker *self = &workers[t];
        sample_fill(&self->rows, (uint64_t)t);
        self->options = sample_options();
        self->options.algorithm = RFMPI_ALGORITHM_FUSED + t % 3;
        assert_int_equal(rfmpi_comm_alone(&self->comm, &error), RFMPI_OK);
        rfmpi_comm_log(self->comm, RFMPI_LOG_DEBUG, count_line, self);
        const rfmpi_rows rows = sample_share(&self->rows, 0, 1);
        assert_int_equal(fit_rows(self->comm, &rows, &self->options, &self->wanted, &error), RFMPI_OK);
        lines[t] = self->lines;
        assert_true(lines[t] > 3 && lines[t] < LINES_MOST);
    }
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, work, &workers[t]), 0);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (int t = 0; t < THREADS; t++) {
        assert_true(workers[t].same);
        assert_int_equal(workers[t].lines, lines[t]);
        rfmpi_model_free(workers[t].wanted.model);
        rfmpi_comm_free(workers[t].comm);
    }
    assert_int_equal(openblas_get_num_threads(), threads_of_blas);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads_do_not_meet)};
    (void)argc, (void)argv;
#ifndef RFMPI_SERIAL
    int provided = MPI_THREAD_SINGLE;
    rfmpi_comm *early = NULL;
    if (rfmpi_comm_alone(&early, NULL) != RFMPI_USAGE || early) /* before MPI_Init */
        return 1;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    if (provided < MPI_THREAD_MULTIPLE) {
        print_message("skipped: this MPI serves one thread at a time\n");
        MPI_Finalize();
        return 0;
    }
#endif
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
#ifndef RFMPI_SERIAL
    MPI_Finalize();
#endif
    return failed;
}
