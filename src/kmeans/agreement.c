/* How much two labellings of the same rows agree: the adjusted Rand index (Hubert and Arabie 1985), from pairs of rows
 * that are together in both, in one, or by chance. */
#include "rfmpi/kmeans.h"

#include <stdlib.h>

static double pairs(int64_t n)
{
    return rfm_i128_to_double((rfm_i128)n * (n - 1)) / 2;
}

static double index_of(const int64_t *both, int k, int m, int64_t *rows, int64_t *columns)
{
    double together = 0, of_a = 0, of_b = 0;
    int64_t n = 0;
    for (int a = 0; a < k; a++) {
        for (int b = 0; b < m; b++) {
            int64_t count = both[(size_t)a * (size_t)m + (size_t)b];
            together += pairs(count);
            rows[a] += count;
            columns[b] += count;
            n += count;
        }
    }
    for (int a = 0; a < k; a++)
        of_a += pairs(rows[a]);
    for (int b = 0; b < m; b++)
        of_b += pairs(columns[b]);
    double chance = n > 1 ? of_a * of_b / pairs(n) : 0, most = (of_a + of_b) / 2;
    return most > chance ? (together - chance) / (most - chance) : 1;
}

rfm_status rfm_kmeans_agreement(rfm_comm *comm, size_t n, const rfm_labelling *a, const rfm_labelling *b, double *index,
                                rfm_error *err)
{
    const size_t k = (size_t)a->k, m = (size_t)b->k;
    int64_t *both = rfm_alloc(k, m * sizeof *both, err), *rows = rfm_alloc(k, sizeof *rows, err);
    int64_t *columns = rfm_alloc(m, sizeof *columns, err);
    if (rfm_comm_agree(comm, err) == RFM_OK) {
        for (size_t i = 0; i < n; i++)
            both[(size_t)a->labels[i] * m + (size_t)b->labels[i]]++;
        rfm_comm_reduce_i64(comm, RFM_SUM, both, k * m);
        *index = index_of(both, a->k, b->k, rows, columns);
    }
    free(both);
    free(rows);
    free(columns);
    return err->status;
}
