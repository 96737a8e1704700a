/* nearer: see nearer.h. An assigner finds the nearest of those that join; the definition tells how near, while the
 * block is in the cache. */
#include "nearer.h"

#include <omp.h>
#include <stdlib.h>

#include "definition.h"

enum { LEAST = 16, MOST = 1024 };

rfm_status rfm_nearer_open(const rfm_work *work, double wanted, rfm_nearer *nearer, rfm_error *err)
{
    const rfm_matrix *matrix = work->matrix;
    const size_t threads = (size_t)work->threads;
    *nearer = (rfm_nearer){.matrix = matrix, .threads = work->threads};
    nearer->most = wanted < LEAST ? LEAST : wanted < MOST ? (int)wanted : MOST;
    nearer->assigner = rfm_assigner_once(matrix->d, nearer->most);
    nearer->rows = nearer->assigner->rows(matrix->d, nearer->most);
    nearer->label = rfm_alloc(threads, nearer->rows * sizeof *nearer->label, err);
    rfm_moves_room_open(&nearer->moves, work->threads, nearer->rows, err);
    const rfm_assignment assignment = {matrix->grid,  work->centre, nearer->most,
                                       work->threads, nearer->rows, matrix->n};
    if (!err->status)
        nearer->assigner->open(&assignment, &nearer->state, err);
    return err->status;
}

void rfm_nearer_close(rfm_nearer *nearer)
{
    if (nearer->assigner)
        nearer->assigner->close(nearer->state);
    free(nearer->label);
    rfm_moves_room_close(&nearer->moves);
    *nearer = (rfm_nearer){0};
}

static void join_block(const rfm_nearer *nearer, size_t at, const double *positions, int32_t first, double *distance,
                       int32_t *which)
{
    const rfm_matrix *matrix = nearer->matrix;
    const size_t d = (size_t)matrix->d, n = matrix->n - at < nearer->rows ? matrix->n - at : nearer->rows;
    const size_t thread = (size_t)omp_get_thread_num();
    const rfm_block block = {(int)thread, at, n, matrix->index + at * d};
    int32_t *label = nearer->label + thread * nearer->rows;
    rfm_moves moves = rfm_moves_of(&nearer->moves, (int)thread);
    nearer->assigner->assign(nearer->state, &block, label, &moves);
    for (size_t i = 0; i < n; i++) {
        const double apart = rfm_definition_row_distance(matrix->d, matrix->grid->step, block.index + i * d,
                                                         positions + (size_t)label[i] * d);
        which[at + i] = apart < distance[at + i] ? first + label[i] : which[at + i];
        distance[at + i] = apart < distance[at + i] ? apart : distance[at + i];
    }
}

void rfm_nearer_join(const rfm_nearer *nearer, int n, const double *positions, int32_t first, double *distance,
                     int32_t *which)
{
    nearer->assigner->begin(nearer->state, n, positions, true);
#pragma omp parallel for num_threads(nearer->threads) schedule(static)
    for (size_t at = 0; at < nearer->matrix->n; at += nearer->rows)
        join_block(nearer, at, positions, first, distance, which);
}
