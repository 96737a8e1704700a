/* A portrait of the segments: which of them and of the features are shown, and the order of work. Knows nothing of how
 * it is drawn. */
#include "portrait.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- samples ---------------------------------------------------------------------------------------------------- */

rfm_draw rfm_draw_of(rfm_draw_what what, double most, int64_t n)
{
    const rfm_purpose purpose = {.use = RFM_RANDOM_PORTRAIT, .round = (uint32_t)what};
    return (rfm_draw){.share = (double)n > most ? most / (double)n : 1, .stream = rfm_random_stream(0, purpose)};
}

/* All customers are asked several times: a hash of key and stream is random enough to draw by, and ten times as fast as
 * the generator. */
bool rfm_is_drawn(const rfm_draw *draw, const rfm_frame *frame, size_t row)
{
    if (draw->share >= 1)
        return true;
    const uint64_t bits = rfm_hash64_integer((int64_t)(rfm_frame_key(frame, row) ^ draw->stream));
    return (double)(bits >> 12) * 0x1p-52 < draw->share;
}

/* What one thread has drawn. */
typedef struct haul {
    size_t n, capacity;
    size_t *rows;
    rfm_error err;
} haul;

static void draw_share(const rfm_sitter *of, const rfm_draw *draws, int thread, haul *into)
{
    size_t from, to;
    rfm_sitter_share(of, thread, &from, &to);
    for (size_t i = from; i < to && into->err.status == RFM_OK; i++) {
        const int slot = of->slot_of[of->labels[i]];
        if (slot < of->k && rfm_sitter_weight(of, i) > 0 && rfm_is_drawn(&draws[slot], of->frame, i) &&
            rfm_reserve(&into->rows, &into->capacity, into->n + 1, sizeof *into->rows, &into->err) == RFM_OK)
            into->rows[into->n++] = i;
    }
}

static rfm_status join_hauls(haul *hauls, int threads, size_t **rows, size_t *n, rfm_error *err)
{
    size_t total = 0;
    for (int t = 0; t < threads; t++) {
        total += hauls[t].n;
        if (hauls[t].err.status != RFM_OK)
            *err = hauls[t].err;
    }
    *rows = err->status == RFM_OK ? rfm_alloc(total, sizeof **rows, err) : NULL;
    *n = 0;
    for (int t = 0; t < threads; t++) {
        if (*rows && hauls[t].n > 0)
            memcpy(*rows + *n, hauls[t].rows, hauls[t].n * sizeof **rows);
        *n += hauls[t].n;
        free(hauls[t].rows);
    }
    return err->status;
}

rfm_status rfm_draw_rows(const rfm_sitter *of, const rfm_draw *draws, size_t **rows, size_t *n, rfm_error *err)
{
    haul *hauls = rfm_alloc((size_t)of->threads, sizeof *hauls, err);
    *rows = NULL;
    *n = 0;
    if (!hauls)
        return err->status;
#pragma omp parallel for num_threads(of->threads) schedule(static, 1)
    for (int t = 0; t < of->threads; t++)
        draw_share(of, draws, t, &hauls[t]);
    join_hauls(hauls, of->threads, rows, n, err);
    free(hauls);
    return err->status;
}

/* ---- who is shown ----------------------------------------------------------------------------------------------- */

/* Whether as few as `most` segments have more customers, or as many and a lower label. */
static bool is_among_the_largest(const int64_t *rows, int k, int c, int most)
{
    int before = 0;
    for (int o = 0; o < k && before < most; o++)
        before += rows[o] > rows[c] || (o < c && rows[o] == rows[c]);
    return before < most;
}

static void choose_segments(rfm_sitter *of, rfm_portrait *portrait)
{
    portrait->k = 0;
    for (int c = 0; c < of->model->k; c++) {
        of->slot_of[c] = of->k;
        if (is_among_the_largest(of->rows, of->model->k, c, of->k)) {
            of->slot_of[c] = portrait->k;
            portrait->labels[portrait->k++] = c;
        }
    }
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

void rfm_portrait_free(rfm_portrait *portrait)
{
    free(portrait->labels);
    free(portrait->shares);
    free(portrait->means);
    free(portrait->quartiles);
    free(portrait->standings);
    free(portrait->features);
    free(portrait->counts);
    free(portrait->loadings);
    free(portrait->centroids);
    free(portrait->points);
    *portrait = (rfm_portrait){0};
}

static rfm_status allocate(rfm_sitter *of, rfm_portrait *portrait, rfm_error *err)
{
    const size_t k = (size_t)of->k, d = (size_t)of->d;
    of->slot_of = rfm_alloc((size_t)of->model->k, sizeof *of->slot_of, err);
    of->least = rfm_alloc((size_t)of->columns, sizeof *of->least, err);
    of->greatest = rfm_alloc((size_t)of->columns, sizeof *of->greatest, err);
    portrait->labels = rfm_alloc(k, sizeof *portrait->labels, err);
    portrait->shares = rfm_alloc(k, sizeof *portrait->shares, err);
    portrait->means = rfm_alloc(k * d, sizeof *portrait->means, err);
    portrait->quartiles = rfm_alloc(k * d, 3 * sizeof *portrait->quartiles, err);
    portrait->standings = rfm_alloc(k * d, sizeof *portrait->standings, err);
    portrait->features = rfm_alloc(d, sizeof *portrait->features, err);
    portrait->counts = rfm_alloc(k * d, RFM_PORTRAIT_BINS * sizeof *portrait->counts, err);
    portrait->loadings = rfm_alloc((size_t)of->frame->d, 2 * sizeof *portrait->loadings, err);
    portrait->centroids = rfm_alloc(k, sizeof *portrait->centroids, err);
    return err->status;
}

static int lesser(int a, int b)
{
    return a < b ? a : b;
}

/* Collective. */
static rfm_status make(const rfm_sitter *of, rfm_portrait *portrait, rfm_error *err)
{
    rfm_moments moments = {0};
    if (rfm_portrait_axes(of, portrait, err) == RFM_OK && rfm_portrait_count(of, portrait, err) == RFM_OK &&
        rfm_portrait_quartiles(of, portrait, err) == RFM_OK &&
        rfm_portrait_moments(of, portrait, &moments, err) == RFM_OK && moments.has_products)
        rfm_portrait_components(of, &moments, portrait, err);
    rfm_moments_free(&moments);
    return err->status;
}

rfm_status rfm_portrait_make(rfm_comm *comm, const rfm_frame *frame, const rfm_model *model, const int32_t *labels,
                             const int64_t *rows, rfm_portrait *portrait, rfm_error *err)
{
    rfm_sitter of = {.comm = comm,
                     .frame = frame,
                     .model = model,
                     .labels = labels,
                     .rows = rows,
                     .threads = rfm_kmeans_threads(),
                     .k = lesser(model->k, RFM_PORTRAIT_SEGMENTS),
                     .d = lesser(frame->d, RFM_PORTRAIT_FEATURES)};
    of.columns = frame->d <= RFM_PORTRAIT_COLUMNS ? frame->d : of.d;
    *portrait = (rfm_portrait){.d = of.d};
    if (allocate(&of, portrait, err) == RFM_OK)
        choose_segments(&of, portrait);
    if (rfm_comm_agree(comm, err) == RFM_OK)
        make(&of, portrait, err);
    free(of.slot_of);
    free(of.least);
    free(of.greatest);
    if (err->status != RFM_OK)
        rfm_portrait_free(portrait);
    return err->status;
}
