/* How good labels are, and how much two labellings agree. */
#include "library.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_CLUSTERS = 65536 };

/* Pairs of clusters, each of which is counted on every rank. */
static const int64_t MOST_PAIRS = 1 << 26;

static rfm_status check_labels(const int32_t *labels, size_t n, int32_t k, rfm_error *err)
{
    if (n > 0 && !labels)
        return rfm_fail(err, RFM_USAGE, "%zu rows without labels", n);
    for (size_t i = 0; i < n; i++)
        if (labels[i] < 0 || labels[i] >= k)
            return rfm_fail(err, RFM_USAGE, "row %zu of this rank has label %d, of %d clusters", i, (int)labels[i],
                            (int)k);
    return RFM_OK;
}

/* ---- quality ---------------------------------------------------------------------------------------------------- */

/* Collective. Sizes and weights of the labels, as a fit would have left them. */
static rfm_status count(const rfmpi_matrix *matrix, rfm_clustering *of, rfm_error *err)
{
    const rfm_weights *weights = &matrix->rows.weights;
    const size_t k = (size_t)of->k;
    int64_t *units = rfm_alloc(k, sizeof *units, err);
    of->sizes = rfm_alloc(k, sizeof *of->sizes, err);
    of->weights = rfm_alloc(k, sizeof *of->weights, err);
    if (rfm_comm_agree(matrix->comm->ranks, err) == RFM_OK) {
        for (size_t i = 0; i < matrix->rows.n; i++) {
            of->sizes[of->labels[i]]++;
            units[of->labels[i]] += weights->units ? weights->units[i] : 1;
        }
        rfm_comm_reduce_i64(matrix->comm->ranks, RFM_SUM, of->sizes, k);
        rfm_comm_reduce_i64(matrix->comm->ranks, RFM_SUM, units, k);
        for (size_t c = 0; c < k; c++)
            of->weights[c] = (double)units[c] * weights->unit;
    }
    free(units);
    return err->status;
}

static void give_quality(const rfm_quality *found, rfmpi_quality *quality)
{
    quality->silhouette = found->silhouette;
    quality->silhouette_error = found->silhouette_error;
    quality->silhouette_rows = found->silhouette_rows;
    quality->squared_silhouette = found->squared_silhouette;
    quality->davies_bouldin = found->davies_bouldin;
    quality->calinski_harabasz = found->calinski_harabasz;
    if (quality->silhouettes && found->silhouettes)
        memcpy(quality->silhouettes, found->silhouettes, (size_t)found->k * sizeof *found->silhouettes);
    else if (quality->silhouettes)
        memset(quality->silhouettes, 0, (size_t)found->k * sizeof *quality->silhouettes);
}

rfmpi_status rfmpi_measure(rfmpi_matrix *matrix, int k, const int32_t *labels, uint64_t seed, rfmpi_quality *quality,
                           rfmpi_error *error)
{
    call self = call_begin(matrix->comm);
    rfm_comm *comm = matrix->comm->ranks;
    rfm_error *err = &self.err;
    rfmpi_quality own = {0};
    rfm_quality found = {0};
    rfm_clustering of = {.k = k, .d = matrix->rows.d, .labels = (int32_t *)labels};
    if (struct_take(&own, sizeof own, quality, "rfmpi_quality", err) == RFM_OK && (k < 1 || k > MOST_CLUSTERS))
        rfm_fail(err, RFM_USAGE, "k is %d; it must be from 1 to %d", k, (int)MOST_CLUSTERS);
    if (err->status == RFM_OK)
        check_labels(labels, matrix->rows.n, k, err);
    const int64_t words[] = {k, (int64_t)seed};
    if (rfm_comm_agree(comm, err) == RFM_OK && same_everywhere(comm, words, 2, "k and the seed", err) == RFM_OK &&
        count(matrix, &of, err) == RFM_OK &&
        rfm_kmeans_quality(comm, &matrix->rows, &of, seed, &found, err) == RFM_OK) {
        give_quality(&found, &own);
        memcpy(quality, &own, sizeof own);
    }
    rfm_quality_free(&found);
    free(of.sizes);
    free(of.weights);
    return call_end(&self, error);
}

/* ---- agreement -------------------------------------------------------------------------------------------------- */

/* Local. One more than the largest, which is below the limit. */
static int32_t clusters_of(const int32_t *labels, size_t n)
{
    int32_t most = 0;
    for (size_t i = 0; labels && i < n; i++)
        most = labels[i] > most ? labels[i] : most;
    return most + 1;
}

rfmpi_status rfmpi_agreement(rfmpi_comm *comm, size_t n, const int32_t *a, const int32_t *b, double *index,
                             rfmpi_error *error)
{
    call self = call_begin(comm);
    rfm_error *err = &self.err;
    if (check_labels(a, n, MOST_CLUSTERS, err) == RFM_OK)
        check_labels(b, n, MOST_CLUSTERS, err);
    if (rfm_comm_agree(comm->ranks, err) == RFM_OK) {
        int64_t k[2] = {clusters_of(a, n), clusters_of(b, n)};
        rfm_comm_reduce_i64(comm->ranks, RFM_MAX, k, 2);
        if (k[0] * k[1] > MOST_PAIRS) /* the same on all ranks */
            rfm_fail(err, RFM_USAGE, "labels below %lld and %lld: %lld times %lld is more than %lld", (long long)k[0],
                     (long long)k[1], (long long)k[0], (long long)k[1], (long long)MOST_PAIRS);
        else
            rfm_kmeans_agreement(comm->ranks, n, &(rfm_labelling){(int)k[0], a}, &(rfm_labelling){(int)k[1], b}, index,
                                 err);
    }
    return call_end(&self, error);
}
