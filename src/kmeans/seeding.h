/* First centroids. Each seeding is one function; seeding.c chooses. */
#ifndef RFMPI_KMEANS_SEEDING_H
#define RFMPI_KMEANS_SEEDING_H

#include "pool.h"

typedef struct rfm_seeder {
    rfm_work *work;
    const rfm_kmeans_options *options;
    uint32_t restart;
    int trials;
    int64_t *words;     /* [trials][d] rows just chosen */
    double *trial;      /* [trials][d] positions */
    double *transposed; /* [d][trials] */
    double *scratch;    /* [threads][d + trials] */
    int32_t *nearest;   /* [n] candidate nearest to each row; for k-means|| */
} rfm_seeder;

/* Collective. Memory for all restarts. */
rfm_status rfm_seeder_init(rfm_work *work, const rfm_kmeans_options *options, rfm_seeder *seeder, rfm_error *err);
void rfm_seeder_free(rfm_seeder *seeder);

/* Collective. First centroids of a restart, as positions; *k is how many distinct ones were found, at most options->k.
 */
rfm_status rfm_seeder_run(rfm_seeder *seeder, int restart, int *k, double *centroids, rfm_error *err);

uint64_t rfm_seeder_stream(const rfm_seeder *seeder, rfm_random_use use, uint32_t round, uint32_t trial);

/* The position of the row in seeder->words that was fetched for a trial. */
void rfm_seeder_position(const rfm_seeder *seeder, int trial, double *position);

/* ---- seed_plusplus.c: over a pool ------------------------------------------------------------------------------- */

/* Collective. One row by its weight alone; false when the pool is empty. Its distances become those of the pool. */
bool rfm_plusplus_first(const rfm_seeder *seeder, const rfm_pool *pool, rfm_random_use use, double *centroid);

/* Collective. Greedy k-means++: adds centres to the *n there are until there are options->k, or no row is off all of
 * them. The pool's distances are up to date, before and after. Requests to stop are heeded where the pool is spread
 * over the ranks. */
rfm_status rfm_plusplus_extend(const rfm_seeder *seeder, const rfm_pool *pool, rfm_random_use use, int *n,
                               double *centroids, rfm_error *err);

/* Collective. The largest of weight times distance. */
double rfm_plusplus_most(const rfm_pool *pool);

/* ---- seed_parallel.c, seed_random.c ----------------------------------------------------------------------------- */

rfm_status rfm_seed_parallel(rfm_seeder *seeder, int *k, double *centroids, rfm_error *err);
void rfm_seed_random(rfm_seeder *seeder, int *k, double *centroids);

#endif
