/* The first two principal components of the scaled features, and the customers and centroids that are drawn on them. */
#include "portrait.h"

#include <math.h>
#include <stdlib.h>

/* Somewhat fewer than are shown at most, so that the draw seldom has to be cut. */
static const double POINTS_DRAWN = 0.95 * RFM_PORTRAIT_POINTS;

/* ---- components ------------------------------------------------------------------------------------------------- */

/* What the rotations work in. */
typedef struct room {
    size_t n;
    double *matrix, *values, *vectors;
} room;

static void unfold(const rfm_moments *moments, double *matrix)
{
    const size_t n = (size_t)moments->columns;
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++, at++)
            matrix[i * n + j] = matrix[j * n + i] = moments->covariance[at];
}

static size_t find_largest(const double *values, size_t n, size_t but)
{
    size_t found = but == 0 ? 1 : 0;
    for (size_t j = found + 1; j < n; j++)
        if (j != but && values[j] > values[found])
            found = j;
    return found;
}

/* The entry of largest magnitude, the first of several, is positive. */
static void take_vector(const room *of, size_t column, double *loadings)
{
    size_t largest = 0;
    for (size_t i = 0; i < of->n; i++) {
        loadings[i] = of->vectors[i * of->n + column];
        largest = fabs(loadings[i]) > fabs(loadings[largest]) ? i : largest;
    }
    const double sign = loadings[largest] < 0 ? -1 : 1;
    for (size_t i = 0; i < of->n; i++)
        loadings[i] *= sign;
}

static void find_components(const rfm_moments *moments, const room *in, rfm_portrait *portrait)
{
    double trace = 0;
    unfold(moments, in->matrix);
    for (size_t i = 0; i < in->n; i++)
        trace += in->matrix[i * in->n + i];
    portrait->has_components = trace > 0 && isfinite(trace);
    if (!portrait->has_components)
        return;
    rfm_jacobi(in->n, in->matrix, in->values, in->vectors);
    const size_t first = find_largest(in->values, in->n, in->n), second = find_largest(in->values, in->n, first);
    const size_t found[2] = {first, second};
    for (size_t c = 0; c < 2; c++) {
        const double value = in->values[found[c]];
        portrait->explained[c] = value > 0 ? value / trace : 0;
        take_vector(in, found[c], portrait->loadings + c * in->n);
    }
}

/* ---- what is drawn on them -------------------------------------------------------------------------------------- */

/* Mean of a column in scaled units. */
static double mean_of(const rfm_moments *moments, size_t j)
{
    const double per_step = moments->fine.per_step[j];
    return per_step > 0 ? moments->fine.offset[j] + moments->mean[j] / per_step : 0;
}

static rfm_portrait_point project(const rfm_moments *moments, const rfm_portrait *portrait, const double *scaled)
{
    const size_t n = (size_t)moments->columns;
    rfm_portrait_point point = {0};
    for (size_t j = 0; j < n; j++) {
        const double away = moments->fine.per_step[j] > 0 ? scaled[j] - mean_of(moments, j) : 0;
        point.x += portrait->loadings[j] * away;
        point.y += portrait->loadings[n + j] * away;
    }
    return point;
}

/* One customer on the way to be drawn; the least draws are kept. */
typedef struct ticket {
    uint64_t bits;
    rfm_portrait_point point;
} ticket;

static int compare(const void *a, const void *b)
{
    const ticket *s = a, *t = b;
    if (s->bits != t->bits)
        return s->bits < t->bits ? -1 : 1;
    if (s->point.x < t->point.x || s->point.x > t->point.x)
        return s->point.x < t->point.x ? -1 : 1;
    return (s->point.y > t->point.y) - (s->point.y < t->point.y);
}

/* Local. This rank's; scaled: room for a row. */
static void add_tickets(const rfm_sitter *of, const rfm_moments *moments, const rfm_portrait *portrait, double *scaled,
                        rfm_text *tickets, rfm_error *err)
{
    const rfm_draw draw = rfm_draw_of(RFM_DRAW_POINTS, POINTS_DRAWN, of->frame->n_global);
    rfm_draw *draws = rfm_alloc((size_t)of->k, sizeof *draws, err);
    size_t *rows = NULL, n = 0;
    for (int s = 0; draws && s < of->k; s++)
        draws[s] = draw;
    if (draws && rfm_draw_rows(of, draws, &rows, &n, err) == RFM_OK)
        for (size_t i = 0; i < n; i++) {
            const double *values = of->frame->values + rows[i] * (size_t)of->frame->d;
            for (int j = 0; j < moments->columns; j++)
                scaled[j] = rfm_scaled_value(&of->model->scaling, j, values[j]);
            ticket one = {.bits = rfm_random_bits(draw.stream, rfm_frame_key(of->frame, rows[i])),
                          .point = project(moments, portrait, scaled)};
            one.point.segment = of->slot_of[of->labels[rows[i]]];
            rfm_text_add(tickets, &one, sizeof one);
        }
    free(draws);
    free(rows);
}

/* Local. */
static rfm_status take_tickets(ticket *tickets, size_t n, rfm_portrait *portrait, rfm_error *err)
{
    if (n > 0)
        qsort(tickets, n, sizeof *tickets, compare);
    portrait->n_points = n < RFM_PORTRAIT_POINTS ? n : RFM_PORTRAIT_POINTS;
    portrait->points = rfm_alloc(portrait->n_points, sizeof *portrait->points, err);
    for (size_t i = 0; portrait->points && i < portrait->n_points; i++)
        portrait->points[i] = tickets[i].point;
    return err->status;
}

/* Collective. */
static rfm_status draw_points(const rfm_sitter *of, const rfm_moments *moments, rfm_portrait *portrait, rfm_error *err)
{
    rfm_text own = {0};
    void *all = NULL;
    size_t *offsets = NULL;
    double *scaled = rfm_alloc((size_t)moments->columns, sizeof *scaled, err);
    if (scaled)
        add_tickets(of, moments, portrait, scaled, &own, err);
    rfm_text_check(&own, err);
    if (rfm_comm_agree(of->comm, err) == RFM_OK &&
        rfm_comm_allgather_bytes(of->comm, own.bytes, own.length, &all, &offsets, err) == RFM_OK)
        take_tickets(all, offsets[rfm_comm_size(of->comm)] / sizeof(ticket), portrait, err);
    rfm_text_free(&own);
    free(all);
    free(offsets);
    free(scaled);
    return rfm_comm_agree(of->comm, err);
}

static void place_centroids(const rfm_sitter *of, const rfm_moments *moments, rfm_portrait *portrait)
{
    for (int s = 0; s < of->k; s++) {
        const double *scaled = of->model->centroids_scaled + (size_t)portrait->labels[s] * (size_t)of->model->d;
        portrait->centroids[s] = project(moments, portrait, scaled);
        portrait->centroids[s].segment = s;
    }
}

rfm_status rfm_portrait_components(const rfm_sitter *of, const rfm_moments *moments, rfm_portrait *portrait,
                                   rfm_error *err)
{
    room in = {.n = (size_t)moments->columns};
    in.matrix = rfm_alloc(in.n * in.n, sizeof *in.matrix, err);
    in.vectors = rfm_alloc(in.n * in.n, sizeof *in.vectors, err);
    in.values = rfm_alloc(in.n, sizeof *in.values, err);
    if (rfm_comm_agree(of->comm, err) == RFM_OK) {
        find_components(moments, &in, portrait);
        if (portrait->has_components) {
            place_centroids(of, moments, portrait);
            draw_points(of, moments, portrait, err);
        }
    }
    free(in.matrix);
    free(in.vectors);
    free(in.values);
    return err->status;
}
