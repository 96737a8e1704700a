/* drift: sums in double, of which rows get floats that are rounded to the safe side. */
#include "drift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tile.h"

enum { TABLES = 5 };
static const float UP = 1 + 0x1p-22F, DOWN = 1 - 0x1p-22F;

rfm_status rfm_drift_open(rfm_drift *drift, int d, int k, int scale, rfm_error *err)
{
    const size_t n = (size_t)k, room = n + RFM_TILE_ROWS;
    *drift = (rfm_drift){.d = d, .scale = scale};
    drift->previous = rfm_alloc(n, (size_t)d * sizeof *drift->previous, err);
    drift->move = rfm_alloc(n, sizeof *drift->move, err);
    drift->gap = rfm_alloc(n, sizeof *drift->gap, err);
    drift->other = rfm_alloc(n, sizeof *drift->other, err);
    drift->floats = rfm_alloc(room, TABLES * sizeof *drift->floats, err);
    if (err->status)
        return err->status;
    drift->gap_down = drift->floats;
    drift->gap_up = drift->floats + room;
    drift->other_down = drift->floats + 2 * room;
    drift->gap_then = drift->floats + 3 * room;
    drift->other_then = drift->floats + 4 * room;
    return RFM_OK;
}

void rfm_drift_close(rfm_drift *drift)
{
    free(drift->previous);
    free(drift->move);
    free(drift->gap);
    free(drift->other);
    free(drift->floats);
    *drift = (rfm_drift){0};
}

static double measure_move(const rfm_drift *drift, const double *centroids, size_t c)
{
    const size_t d = (size_t)drift->d;
    double square = 0;
    for (size_t j = 0; j < d; j++) {
        double difference = ldexp(centroids[c * d + j] - drift->previous[c * d + j], drift->scale);
        square += difference * difference;
    }
    return sqrt(square) * (1 + 1e-9) + 0x1p-500;
}

void rfm_drift_add(rfm_drift *drift, int k, const double *centroids)
{
    double fastest = 0, next = 0;
    int first = -1;
    for (int c = 0; c < k; c++) {
        double move = drift->move[c] = measure_move(drift, centroids, (size_t)c);
        if (move > fastest) {
            next = fastest;
            fastest = move;
            first = c;
        } else if (move > next) {
            next = move;
        }
    }
    for (int c = 0; c < k; c++) {
        const double other = c == first ? next : fastest;
        drift->gap_then[c] = (float)drift->gap[c];
        drift->other_then[c] = (float)drift->other[c] * UP;
        drift->gap[c] += drift->move[c] + other;
        drift->other[c] += other;
    }
}

void rfm_drift_begin(rfm_drift *drift, int k, const double *centroids, bool knows)
{
    memcpy(drift->previous, centroids, (size_t)k * (size_t)drift->d * sizeof *centroids);
    for (int c = 0; c < k; c++) {
        if (!knows)
            drift->gap[c] = drift->other[c] = 0;
        drift->gap_down[c] = (float)drift->gap[c] * DOWN;
        drift->gap_up[c] = (float)drift->gap[c] * UP;
        drift->other_down[c] = (float)drift->other[c] * DOWN;
    }
}
