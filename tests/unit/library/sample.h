/* sample: rows that tests of the library cluster, and what a fit of all of them by one rank alone gives. */
#ifndef RFM_TEST_LIBRARY_SAMPLE_H
#define RFM_TEST_LIBRARY_SAMPLE_H

#include <stdbool.h>

#include "rfmpi.h"

enum { SAMPLE_ROWS = 700, SAMPLE_COLUMNS = 3, SAMPLE_CLUSTERS = 5 };

/* All rows; each rank has a share of them. Values are floats as well. */
typedef struct sample {
    double values[SAMPLE_ROWS * SAMPLE_COLUMNS], weights[SAMPLE_ROWS];
    float floats[SAMPLE_ROWS * SAMPLE_COLUMNS];
    int64_t ids[SAMPLE_ROWS];
} sample;

void sample_fill(sample *all, uint64_t seed);

/* Of `size` shares that one with number `rank`: number 0 is empty where there are several. */
size_t sample_first(int rank, int size);
rfmpi_rows sample_share(const sample *all, int rank, int size);

typedef struct fitted {
    rfmpi_model *model;
    rfmpi_parts parts;
    int32_t labels[SAMPLE_ROWS]; /* of the rows that were given */
    double distances[SAMPLE_ROWS];
    rfmpi_quality quality;
    double silhouettes[SAMPLE_CLUSTERS];
} fitted;

rfmpi_fit_options sample_options(void);

/* Matrix, fit and quality. */
rfmpi_status fit_rows(rfmpi_comm *comm, const rfmpi_rows *rows, const rfmpi_fit_options *options, fitted *result,
                      rfmpi_error *error);

/* Bit for bit. */
bool same_parts(const rfmpi_parts *a, const rfmpi_parts *b);

#endif
