/* The one place where assigners plug in. An assigner gives rows the labels of the definition, however it finds them:
 * another one (fused, bounds) is one more rfm_assigner and a line in assigner.c. It sees blocks of indexed rows and
 * centroids; it knows nothing of sums, ranks or the loop. */
#ifndef RFMPI_KMEANS_ASSIGNER_H
#define RFMPI_KMEANS_ASSIGNER_H

#include "rfmpi/kmeans.h"

/* What all rows of all blocks have in common. Borrowed until close. */
typedef struct rfm_assignment {
    const rfm_grid *grid;  /* indices lie within its low and high */
    const int32_t *centre; /* [d] an index amid the rows: where a filter puts its origin */
    int k;                 /* centroids at most */
    int threads;           /* callers of assign at once, at most */
    size_t rows;           /* rows of a block at most */
} rfm_assignment;

typedef struct rfm_block {
    int thread;   /* 0 .. threads - 1, alone with its number */
    size_t first; /* local number of row 0 of the block */
    size_t n;
    const int32_t *index; /* [n * d] */
} rfm_block;

typedef struct rfm_assigner {
    const char *name;
    rfm_status (*open)(const rfm_assignment *assignment, void **state,
                       rfm_error *err);                                   /* all the memory it will need */
    void (*begin)(void *state, int k, const double *centroids);           /* positions, borrowed until the next begin */
    void (*assign)(void *state, const rfm_block *block, int32_t *labels); /* by many threads at once */
    void (*close)(void *state);                                           /* NULL is fine */
} rfm_assigner;

extern const rfm_assigner rfm_assigner_definition;
extern const rfm_assigner rfm_assigner_gemm;

const rfm_assigner *rfm_assigner_choose(rfm_algorithm algorithm, int d, int k);

/* Rows of a block such that what a thread holds of it stays in its cache. */
size_t rfm_assigner_rows(int d, int k);

#endif
