/* Quality of a clustering from a pass or two over the rows. With mu the means of the clusters, n their sizes, S the
 * mean distance of a cluster's rows to its mean, V the mean squared distance, and W and B the squared distances within
 * clusters and between them:
 *
 *   Davies and Bouldin 1979       mean over c of max over e of (S_c + S_e) / |mu_c - mu_e|; small is good
 *   Calinski and Harabasz 1974    (B / (k - 1)) / (W / (n - k)); large is good
 *   silhouette of squared distances: the mean squared distance from x to the rows of c is |x - mu_c|^2 + V_c, so that
 *     Rousseeuw's (b - a) / max(a, b) needs no pairs of rows
 *
 * All of it by weight: the sums, means and sizes of a cluster are those of its rows' weights, n is the number of rows
 * that weigh something (their weights brought to a mean of 1), and the others of its cluster that a row is held against
 * are those of it without the row's own weight. So only the ratios of weights matter.
 *
 * Sums over rows are of terms rounded to a common power of two, in 128 bits: the same however the rows are spread. */
#include "quality.h"

#include "definition.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

typedef struct measuring {
    const rfm_matrix *matrix;
    const rfm_clustering *of;
    rfm_comm *comm;
    int threads;
    rfm_sums sums;            /* of the labels; global */
    rfm_i128 *squares;        /* [d] */
    int64_t *thread_words;    /* [threads][k * sums.stride] */
    rfm_i128 *thread_squares; /* [threads][d] */
    double *means;            /* [k * d] */
    double *transposed;       /* [d][k] */
    double *spread;           /* [k] V */
    double *radius;           /* [k] S */
    rfm_i128 *totals;         /* [2 k] */
    double *scratch;          /* [threads][stride]: a position and k distances */
    rfm_i128 *shares;         /* [threads][2 k] */
    size_t stride;
} measuring;

static void close_measuring(measuring *m)
{
    free(m->sums.words);
    free(m->squares);
    free(m->thread_words);
    free(m->thread_squares);
    free(m->means);
    free(m->transposed);
    free(m->spread);
    free(m->radius);
    free(m->totals);
    free(m->scratch);
    free(m->shares);
}

static rfm_status open_measuring(measuring *m, rfm_error *err)
{
    size_t k = (size_t)m->of->k, d = (size_t)m->matrix->d, threads = (size_t)m->threads;
    m->sums = rfm_sums_shape(m->matrix->d, m->matrix->weights.units != NULL);
    m->stride = (d + k + 15) / 8 * 8;
    m->sums.words = rfm_alloc(k, m->sums.stride * sizeof *m->sums.words, err);
    m->squares = rfm_alloc(d, sizeof *m->squares, err);
    m->thread_words = rfm_alloc(threads, k * m->sums.stride * sizeof *m->thread_words, err);
    m->thread_squares = rfm_alloc(threads, d * sizeof *m->thread_squares, err);
    m->means = rfm_alloc(k, d * sizeof *m->means, err);
    m->transposed = rfm_alloc(k, d * sizeof *m->transposed, err);
    m->spread = rfm_alloc(k, sizeof *m->spread, err);
    m->radius = rfm_alloc(k, sizeof *m->radius, err);
    m->totals = rfm_alloc(k, 2 * sizeof *m->totals, err);
    m->scratch = rfm_alloc(threads, m->stride * sizeof *m->scratch, err);
    m->shares = rfm_alloc(threads, 2 * k * sizeof *m->shares, err);
    return rfm_comm_agree(m->comm, err);
}

static const int32_t *row_of(const measuring *m, size_t i)
{
    return m->matrix->index + i * (size_t)m->matrix->d;
}

static int64_t weight_of(const measuring *m, size_t i)
{
    return m->matrix->weights.units ? m->matrix->weights.units[i] : 1;
}

/* ---- means ------------------------------------------------------------------------------------------------------ */

/* Rows first .. end-1 to words and squares. */
static void add_rows(const measuring *m, size_t first, size_t end, int64_t *words, rfm_i128 *squares)
{
    const size_t d = (size_t)m->matrix->d;
    for (size_t i = first; i < end; i++) {
        const int32_t *index = row_of(m, i);
        int64_t *word = words + (size_t)m->of->labels[i] * (d + 1);
        for (size_t j = 0; j < d; j++) {
            word[j] += index[j];
            squares[j] += (rfm_i128)((int64_t)index[j] * index[j]); /* below 2^60 */
        }
        word[d]++;
    }
}

static void weigh_rows(const measuring *m, size_t first, size_t end, int64_t *words, rfm_i128 *squares)
{
    const int d = m->matrix->d;
    rfm_sums sums = m->sums;
    sums.words = words;
    for (size_t i = first; i < end; i++) {
        const int32_t *index = row_of(m, i), c = m->of->labels[i];
        const int64_t weight = weight_of(m, i);
        for (int j = 0; j < d; j++) {
            rfm_sums_add(&sums, c, j, weight * index[j]);
            squares[j] += (rfm_i128)((int64_t)index[j] * index[j]) * weight;
        }
        rfm_sums_of(&sums, c)[d] += weight;
    }
}

static void add_all_rows(measuring *m)
{
    const size_t d = (size_t)m->matrix->d, n = m->matrix->n, n_words = (size_t)m->of->k * m->sums.stride;
#pragma omp parallel for num_threads(m->threads) schedule(static, 1)
    for (int thread = 0; thread < m->threads; thread++) {
        const size_t t = (size_t)thread, threads = (size_t)m->threads;
        const size_t first = n / threads * t, end = t + 1 == threads ? n : n / threads * (t + 1);
        (m->sums.weighted ? weigh_rows : add_rows)(m, first, end, m->thread_words + t * n_words,
                                                   m->thread_squares + t * d);
    }
    for (size_t t = 0; t < (size_t)m->threads; t++) {
        for (size_t w = 0; w < n_words; w++)
            m->sums.words[w] += m->thread_words[t * n_words + w];
        for (size_t j = 0; j < d; j++)
            m->squares[j] += m->thread_squares[t * d + j];
    }
    rfm_comm_reduce_i64(m->comm, RFM_SUM, m->sums.words, n_words);
    rfm_comm_sum_i128(m->comm, m->squares, d);
}

static void find_means(measuring *m)
{
    add_all_rows(m);
    for (int c = 0; c < m->of->k; c++)
        rfm_sums_mean(&m->sums, m->matrix->grid->step, c, m->means + (size_t)c * (size_t)m->matrix->d);
    rfm_definition_transpose(m->of->k, m->matrix->d, m->means, m->transposed);
}

/* ---- sums over rows --------------------------------------------------------------------------------------------- */

/* What the thread's shares and then the ranks' come to, in totals. */
static void add_shares(measuring *m, size_t n)
{
    memset(m->totals, 0, n * sizeof *m->totals);
    for (int thread = 0; thread < m->threads; thread++)
        for (size_t at = 0; at < n; at++)
            m->totals[at] += m->shares[(size_t)thread * 2 * (size_t)m->of->k + at];
    rfm_comm_sum_i128(m->comm, m->totals, n);
}

static double own_distance(const measuring *m, size_t i)
{
    const int d = m->matrix->d;
    return rfm_definition_row_distance(d, m->matrix->grid->step, row_of(m, i),
                                       m->means + (size_t)m->of->labels[i] * (size_t)d);
}

/* The largest squared distance of a row to its mean: what the others are rounded by. */
static double find_farthest(const measuring *m)
{
    double most = 0;
#pragma omp parallel for num_threads(m->threads) schedule(static) reduction(max : most)
    for (size_t i = 0; i < m->matrix->n; i++) {
        const double distance = weight_of(m, i) > 0 ? own_distance(m, i) : 0;
        most = distance > most ? distance : most;
    }
    rfm_comm_reduce_f64(m->comm, RFM_MAX, &most, 1);
    return most;
}

/* V and S. */
static void find_spreads(measuring *m)
{
    const size_t k = (size_t)m->of->k;
    const double most = find_farthest(m);
    const int squared = rfm_quantum_exponent(most), plain = rfm_quantum_exponent(sqrt(most));
    memset(m->shares, 0, (size_t)m->threads * 2 * k * sizeof *m->shares);
#pragma omp parallel for num_threads(m->threads) schedule(static)
    for (size_t i = 0; i < m->matrix->n; i++) {
        const size_t c = (size_t)m->of->labels[i];
        rfm_i128 *share = m->shares + (size_t)omp_get_thread_num() * 2 * k;
        const int64_t weight = weight_of(m, i);
        const double distance = weight > 0 ? own_distance(m, i) : 0;
        share[2 * c] += weight * rfm_quantum_round(distance, squared);
        share[2 * c + 1] += weight * rfm_quantum_round(sqrt(distance), plain);
    }
    add_shares(m, 2 * k);
    for (size_t c = 0; c < k; c++) {
        const double n = (double)rfm_sums_count(&m->sums, (int)c);
        m->spread[c] = rfm_quantum_value(m->totals[2 * c], squared) / n;
        m->radius[c] = rfm_quantum_value(m->totals[2 * c + 1], plain) / n;
    }
}

static double silhouette_of(const measuring *m, int32_t label, double weight, const double *distance)
{
    const double n = (double)rfm_sums_count(&m->sums, label);
    double own = n / (n - weight) * (distance[label] + m->spread[label]), other = HUGE_VAL;
    if (!(n > weight))
        return 0;
    for (int32_t c = 0; c < m->of->k; c++) {
        double mean = distance[c] + m->spread[c];
        other = c != label && mean < other ? mean : other;
    }
    double larger = own > other ? own : other;
    return larger > 0 ? (other - own) / larger : 0;
}

static double measure_squared_silhouette(measuring *m)
{
    const int d = m->matrix->d, exponent = rfm_quantum_exponent(1);
    const size_t k = (size_t)m->of->k;
    memset(m->shares, 0, (size_t)m->threads * 2 * k * sizeof *m->shares);
#pragma omp parallel for num_threads(m->threads) schedule(static)
    for (size_t i = 0; i < m->matrix->n; i++) {
        const size_t thread = (size_t)omp_get_thread_num();
        double *position = m->scratch + thread * m->stride, *distance = position + d;
        rfm_definition_position(d, m->matrix->grid->step, row_of(m, i), position);
        rfm_definition_distances(m->of->k, d, position, m->transposed, distance);
        const int64_t weight = weight_of(m, i);
        const double value = silhouette_of(m, m->of->labels[i], (double)weight, distance);
        m->shares[thread * 2 * k] += weight * rfm_quantum_round(value, exponent);
    }
    add_shares(m, 1);
    return rfm_quantum_value(m->totals[0], exponent) / (double)m->matrix->weights.total;
}

/* ---- from the means alone --------------------------------------------------------------------------------------- */

static double measure_davies_bouldin(const measuring *m)
{
    const int d = m->matrix->d, k = m->of->k;
    double sum = 0;
    for (int c = 0; c < k; c++) {
        double worst = 0;
        for (int e = 0; e < k; e++) {
            double apart =
                sqrt(rfm_definition_distance(d, m->means + (size_t)c * (size_t)d, m->means + (size_t)e * (size_t)d));
            double ratio = (m->radius[c] + m->radius[e]) / apart;
            worst = e != c && apart > 0 && ratio > worst ? ratio : worst;
        }
        sum += worst;
    }
    return sum / k;
}

/* W and B + W are exact integers until they become doubles. */
static double measure_calinski_harabasz(const measuring *m)
{
    const int k = m->of->k;
    const double n = (double)m->matrix->weights.n;
    double within = rfm_inertia_value(&m->sums, k, m->squares, m->matrix->grid->step, NULL);
    int64_t *all = rfm_sums_of(&m->sums, 0); /* no longer needed apart */
    for (int c = 1; c < k; c++)
        for (size_t w = 0; w < m->sums.stride; w++)
            all[w] += rfm_sums_of(&m->sums, c)[w];
    double total = rfm_inertia_value(&m->sums, 1, m->squares, m->matrix->grid->step, NULL);
    if (!(within > 0) || !(n > k))
        return 0;
    return (total - within) / (k - 1) / (within / (n - k));
}

void rfm_quality_free(rfm_quality *quality)
{
    if (!quality)
        return;
    free(quality->silhouettes);
    memset(quality, 0, sizeof *quality);
}

rfm_status rfm_kmeans_quality(rfm_comm *comm, const rfm_matrix *matrix, const rfm_clustering *clustering, uint64_t seed,
                              rfm_quality *quality, rfm_error *err)
{
    measuring m = {.matrix = matrix, .of = clustering, .comm = comm, .threads = omp_get_max_threads()};
    const double start = rfm_clock_s();
    *quality = (rfm_quality){.k = clustering->k};
    if (clustering->k < 2)
        return RFM_OK;
    if (open_measuring(&m, err) == RFM_OK) {
        find_means(&m);
        find_spreads(&m);
        quality->squared_silhouette = measure_squared_silhouette(&m);
        quality->davies_bouldin = measure_davies_bouldin(&m);
        quality->calinski_harabasz = measure_calinski_harabasz(&m);
        rfm_silhouette_measure(comm, matrix, clustering, seed, quality, err);
        quality->seconds = rfm_clock_s() - start;
    }
    close_measuring(&m);
    if (err->status)
        rfm_quality_free(quality);
    return err->status;
}
