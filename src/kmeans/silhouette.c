/* The silhouette (Rousseeuw 1987): with a the mean distance of a row to the others of its cluster and b the least mean
 * distance to the rows of another, (b - a) / max(a, b); 0 for a row that is alone.
 *
 * It takes all pairs of rows. Up to EXACT rows these are looked at; beyond, a sample stratified by cluster, of about
 * that size: of each cluster a share, but LEAST rows at least, or all it has, so that no small cluster is missed. Rows
 * are drawn by their keys. With m_c of n_c rows drawn and s_c, v_c mean and variance of theirs:
 *
 *   estimate = sum n_c / n s_c,   standard error^2 = sum (n_c / n)^2 v_c / m_c (1 - m_c / n_c)
 *
 * Weights: rows that weigh nothing are left out. Means are by weight (a row's own weight is not among the others'), the
 * shares n_c / n are those of the clusters' weights, and m_c in v_c / m_c is (sum w)^2 / sum w^2 of the rows drawn
 * (Kish 1965). So only the ratios of weights matter.
 *
 * Every rank holds the sample, in the order of the rows, and works on its share of it. */
#include "quality.h"

#include "vector.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    EXACT = 10000,
    LEAST = 100,
    LANES = 8,   /* rows that are measured side by side */
    STRETCH = 64 /* rows they are held against before square roots are taken */
};

/* The same of LANES rows; where it lies in memory a double is aligned. */
typedef double lanes __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double)), may_alias));

typedef struct silhouette {
    rfm_comm *comm;
    const rfm_matrix *matrix;
    const rfm_clustering *of;
    int threads;
    int64_t *sizes;    /* [k] rows that weigh something; global */
    size_t n;          /* rows of the sample, cluster by cluster */
    size_t *start;     /* [k + 1] where each cluster's begin */
    double *positions; /* [n][d] */
    double *weights;   /* [n] */
    double *weighed;   /* [k] the sums of these by cluster */
    lanes *scratch;    /* [threads][d + k] */
    rfm_i128 *shares;  /* [threads][2 k]: sums of values, and of their squares */
    rfm_i128 *totals;  /* [2 k] */
} silhouette;

static void close_silhouette(silhouette *s)
{
    free(s->sizes);
    free(s->start);
    free(s->positions);
    free(s->weights);
    free(s->weighed);
    free(s->scratch);
    free(s->shares);
    free(s->totals);
}

/* ---- the sample ------------------------------------------------------------------------------------------------- */

/* Collective. */
static void count_rows(silhouette *s)
{
    const size_t k = (size_t)s->of->k;
    const int64_t *units = s->matrix->weights.units;
    if (!units) {
        memcpy(s->sizes, s->of->sizes, k * sizeof *s->sizes);
        return;
    }
    for (size_t i = 0; i < s->matrix->n; i++)
        s->sizes[s->of->labels[i]] += units[i] > 0;
    rfm_comm_reduce_i64(s->comm, RFM_SUM, s->sizes, k);
}

static double share_of(const silhouette *s, int32_t c)
{
    const double n = (double)s->sizes[c], all = (double)s->matrix->weights.n;
    const double least = (double)EXACT / s->of->k < LEAST ? (double)EXACT / s->of->k : LEAST;
    double wanted = EXACT * n / all;
    wanted = wanted < least ? least : wanted;
    return all <= EXACT || n <= wanted ? 1 : wanted / n;
}

/* A record: the label and the weight, then the indices of the row. */
static void pack_rows(const silhouette *s, uint64_t stream, rfm_text *records)
{
    const size_t d = (size_t)s->matrix->d;
    for (size_t i = 0; i < s->matrix->n; i++) {
        const int32_t head[] = {s->of->labels[i], s->matrix->weights.units ? (int32_t)s->matrix->weights.units[i] : 1};
        const double share = share_of(s, head[0]);
        if (head[1] == 0 || (share < 1 && rfm_random_unit(stream, s->matrix->key[i]) >= share))
            continue;
        rfm_text_add(records, head, sizeof head);
        rfm_text_add(records, s->matrix->index + i * d, d * sizeof(int32_t));
    }
}

/* Cluster by cluster, otherwise in the order of the rows. */
static void unpack_rows(silhouette *s, const int32_t *records)
{
    const size_t d = (size_t)s->matrix->d, k = (size_t)s->of->k;
    for (size_t r = 0; r < s->n; r++)
        s->start[records[r * (d + 2)] + 1]++;
    for (size_t c = 0; c < k; c++)
        s->start[c + 1] += s->start[c];
    for (size_t r = 0; r < s->n; r++) {
        const int32_t *record = records + r * (d + 2);
        size_t at = s->start[record[0]]++;
        s->weights[at] = record[1];
        s->weighed[record[0]] += record[1];
        for (size_t j = 0; j < d; j++)
            s->positions[at * d + j] = (double)record[j + 2] * s->matrix->grid->step[j];
    }
    memmove(s->start + 1, s->start, k * sizeof *s->start);
    s->start[0] = 0;
}

static rfm_status allocate(silhouette *s, rfm_error *err)
{
    const size_t d = (size_t)s->matrix->d, k = (size_t)s->of->k, threads = (size_t)s->threads;
    s->start = rfm_alloc(k + 1, sizeof *s->start, err);
    s->positions = rfm_alloc(s->n, d * sizeof *s->positions, err);
    s->weights = rfm_alloc(s->n, sizeof *s->weights, err);
    s->weighed = rfm_alloc(k, sizeof *s->weighed, err);
    s->scratch = rfm_alloc(threads, (d + k) * sizeof *s->scratch, err);
    s->shares = rfm_alloc(threads, 2 * k * sizeof *s->shares, err);
    s->totals = rfm_alloc(k, 2 * sizeof *s->totals, err);
    return rfm_comm_agree(s->comm, err);
}

static rfm_status draw_sample(silhouette *s, uint64_t stream, rfm_error *err)
{
    rfm_text records = {0};
    void *all = NULL;
    size_t *offsets = NULL, size = ((size_t)s->matrix->d + 2) * sizeof(int32_t);
    pack_rows(s, stream, &records);
    rfm_text_check(&records, err);
    if (rfm_comm_agree(s->comm, err) == RFM_OK &&
        rfm_comm_allgather_bytes(s->comm, records.bytes, records.length, &all, &offsets, err) == RFM_OK) {
        s->n = offsets[rfm_comm_size(s->comm)] / size;
        if (allocate(s, err) == RFM_OK && s->start && s->positions && s->weights && s->weighed)
            unpack_rows(s, all);
    }
    free(all);
    free(offsets);
    rfm_text_free(&records);
    return err->status;
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

/* Squared distances of n rows of the sample, one after the other, from LANES rows whose columns lie side by side. */
RFM_VECTOR static void square_distances(size_t d, size_t n, const double *sample, const lanes *rows, lanes *squares)
{
    for (size_t i = 0; i < n; i++, sample += d) {
        lanes sum = {0};
        for (size_t j = 0; j < d; j++) {
            const lanes difference = rows[j] - sample[j];
            sum += difference * difference;
        }
        squares[i] = sum;
    }
}

RFM_VECTOR static void take_roots(size_t n, double *squares)
{
    for (size_t i = 0; i < n; i++)
        squares[i] = sqrt(squares[i]);
}

/* In the order of the sample. */
RFM_VECTOR static void add_up(size_t n, const lanes *distances, const double *weights, lanes *sum)
{
    lanes total = *sum;
    for (size_t i = 0; i < n; i++)
        total += weights[i] * distances[i];
    *sum = total;
}

/* sums: [k] of the distances from rows to those of each cluster. */
static void sum_distances(const silhouette *s, const lanes *rows, lanes *sums)
{
    const size_t d = (size_t)s->matrix->d, k = (size_t)s->of->k;
    lanes distances[STRETCH];
    memset(sums, 0, k * sizeof *sums);
    for (size_t c = 0; c < k; c++) {
        for (size_t at = s->start[c]; at < s->start[c + 1]; at += STRETCH) {
            const size_t n = s->start[c + 1] - at < STRETCH ? s->start[c + 1] - at : STRETCH;
            square_distances(d, n, s->positions + at * d, rows, distances);
            take_roots(n * LANES, (double *)distances);
            add_up(n, distances, s->weights + at, sums + c);
        }
    }
}

static double value_of(const silhouette *s, size_t label, double weight, const lanes *sums, size_t lane)
{
    double own = 0, other = HUGE_VAL;
    if (s->start[label + 1] - s->start[label] < 2)
        return 0;
    for (size_t c = 0; c < (size_t)s->of->k; c++) {
        const double n = s->weighed[c];
        if (c == label)
            own = sums[c][lane] / (n - weight);
        else if (n > 0 && sums[c][lane] / n < other)
            other = sums[c][lane] / n;
    }
    const double larger = own > other ? own : other;
    return larger > 0 ? (other - own) / larger : 0;
}

static size_t label_at(const silhouette *s, size_t at)
{
    size_t low = 0, high = (size_t)s->of->k - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->start[middle + 1] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Rows first .. first + LANES - 1; behind the last row of the sample it stands for those that are not there. */
static void measure_lanes(silhouette *s, size_t first)
{
    const size_t d = (size_t)s->matrix->d, k = (size_t)s->of->k, thread = (size_t)omp_get_thread_num();
    const int exponent = rfm_quantum_exponent(1);
    lanes *rows = s->scratch + thread * (d + k), *sums = rows + d;
    for (size_t lane = 0; lane < LANES; lane++) {
        const size_t at = first + lane < s->n ? first + lane : s->n - 1;
        for (size_t j = 0; j < d; j++)
            rows[j][lane] = s->positions[at * d + j];
    }
    sum_distances(s, rows, sums);
    for (size_t lane = 0; lane < LANES && first + lane < s->n; lane++) {
        const size_t label = label_at(s, first + lane);
        const double weight = s->weights[first + lane], value = value_of(s, label, weight, sums, lane);
        rfm_i128 *share = s->shares + thread * 2 * k + 2 * label;
        share[0] += (int64_t)weight * rfm_quantum_round(value, exponent);
        share[1] += (int64_t)weight * rfm_quantum_round(value * value, exponent);
    }
}

static void measure_rows(silhouette *s)
{
    const size_t k = (size_t)s->of->k, rank = (size_t)rfm_comm_rank(s->comm), ranks = (size_t)rfm_comm_size(s->comm);
#pragma omp parallel for num_threads(s->threads) schedule(static)
    for (size_t first = rank * LANES; first < s->n; first += ranks * LANES)
        measure_lanes(s, first);
    for (size_t thread = 0; thread < (size_t)s->threads; thread++)
        for (size_t c = 0; c < 2 * k; c++)
            s->totals[c] += s->shares[thread * 2 * k + c];
    rfm_comm_sum_i128(s->comm, s->totals, 2 * k);
}

static double sum_squared_weights(const silhouette *s, size_t c)
{
    double sum = 0;
    for (size_t at = s->start[c]; at < s->start[c + 1]; at++)
        sum += s->weights[at] * s->weights[at];
    return sum;
}

static void estimate(const silhouette *s, rfm_quality *quality)
{
    const int exponent = rfm_quantum_exponent(1);
    double error = 0, all = 0;
    quality->silhouette = 0;
    quality->silhouette_rows = (int64_t)s->n;
    for (int c = 0; c < s->of->k; c++)
        all += s->of->weights[c];
    for (size_t c = 0; c < (size_t)s->of->k; c++) {
        const double n = (double)s->sizes[c], m = (double)(s->start[c + 1] - s->start[c]), w = s->weighed[c];
        if (!(m > 0))
            continue;
        const double mean = rfm_quantum_value(s->totals[2 * c], exponent) / w;
        const double squares = rfm_quantum_value(s->totals[2 * c + 1], exponent);
        const double share = s->of->weights[c] / all, w2 = sum_squared_weights(s, c);
        quality->silhouettes[c] = mean;
        quality->silhouette += share * mean;
        if (m > 1 && m < n)
            error += share * share * (fmax(squares - w * mean * mean, 0) / (w - w2 / w)) / (w * w / w2) * (1 - m / n);
    }
    quality->silhouette_error = sqrt(error);
}

rfm_status rfm_silhouette_measure(rfm_comm *comm, const rfm_matrix *matrix, const rfm_clustering *clustering,
                                  uint64_t seed, rfm_quality *quality, rfm_error *err)
{
    silhouette s = {.comm = comm, .matrix = matrix, .of = clustering, .threads = omp_get_max_threads()};
    const rfm_purpose purpose = {RFM_RANDOM_SILHOUETTE, (uint32_t)clustering->k, 0, 0, 0};
    quality->silhouettes = rfm_alloc((size_t)clustering->k, sizeof *quality->silhouettes, err);
    s.sizes = rfm_alloc((size_t)clustering->k, sizeof *s.sizes, err);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        goto done;
    count_rows(&s);
    if (draw_sample(&s, rfm_random_stream(seed, purpose), err) == RFM_OK) {
        rfm_assert(s.start && s.positions && s.weights && s.weighed && s.scratch && s.shares && s.totals);
        measure_rows(&s);
        estimate(&s, quality);
    }
done:
    close_silhouette(&s);
    return err->status;
}
