/* Which assigner serves, and on how many rows at a time; room for what assigners say. */
#include "assigner.h"

#include "dense.h"

#include <stdlib.h>

enum { CACHE_WORDS = 96 * 1024, MOST_ROWS = 1024, LEAST_ROWS = 64, MOST_FILTER_COLUMNS = 65536, FUSED_WORDS = 1 << 17 };

/* The error bound of the filter is derived for d up to 2^16, and one centroid needs no filter. */
static bool may_filter(int d, int k)
{
    return d <= MOST_FILTER_COLUMNS && k >= 2;
}

const rfm_assigner *rfm_assigner_once(int d, int k)
{
    if (!may_filter(d, k))
        return &rfm_assigner_definition;
    return rfm_dense_choose(d, k) == &rfm_dense_fused ? &rfm_assigner_fused : &rfm_assigner_gemm;
}

static void tell_choice(int d, int k)
{
    const bool few = rfm_dense_choose(d, k) == &rfm_dense_fused;
    if (!may_filter(d, k))
        rfm_log(RFM_LOG_DEBUG, "k-means: auto: definition, since %s", k < 2 ? "k is 1" : "there are too many columns");
    else
        rfm_log(RFM_LOG_DEBUG, "k-means: auto: bounds in front of %s, since %d centroids of %d columns %s the cache",
                few ? "fused" : "gemm", k, d, few ? "fit" : "pass");
}

const rfm_assigner *rfm_assigner_choose(rfm_algorithm algorithm, int d, int k)
{
    if (algorithm == RFM_ALGORITHM_AUTO)
        tell_choice(d, k);
    if (algorithm == RFM_ALGORITHM_DEFINITION || !may_filter(d, k))
        return &rfm_assigner_definition;
    if (algorithm == RFM_ALGORITHM_FUSED)
        return &rfm_assigner_fused;
    return algorithm == RFM_ALGORITHM_GEMM ? &rfm_assigner_gemm : &rfm_assigner_bounds;
}

const rfm_dense *rfm_dense_choose(int d, int k)
{
    return (size_t)d * (size_t)k <= FUSED_WORDS ? &rfm_dense_fused : &rfm_dense_gemm;
}

size_t rfm_dense_rows(int d, int k)
{
    size_t rows = CACHE_WORDS / ((size_t)d + (size_t)k);
    rows = rows < MOST_ROWS ? rows / 64 * 64 : MOST_ROWS;
    return rows > LEAST_ROWS ? rows : LEAST_ROWS;
}

rfm_status rfm_moves_room_open(rfm_moves_room *room, int threads, size_t rows, rfm_error *err)
{
    room->rows = rows;
    room->row = rfm_alloc((size_t)threads, (rows + RFM_MOVES_ROOM) * sizeof *room->row, err);
    room->from = rfm_alloc((size_t)threads, rows * sizeof *room->from, err);
    return err->status;
}

void rfm_moves_room_close(rfm_moves_room *room)
{
    free(room->row);
    free(room->from);
    *room = (rfm_moves_room){0};
}
