/* columns: a file of columns read in more than one way. */
#ifndef RFMPI_TEST_FUZZ_COLUMNS_H
#define RFMPI_TEST_FUZZ_COLUMNS_H

#include "columnar.h"
#include "fuzz.h"

/* How to read; chosen by the input. */
typedef struct fuzz_manner {
    size_t chosen; /* bit i: column i is wanted, or one that is as many times 8 further on */
    size_t step;   /* rows at a time */
    size_t cut;    /* where reading begins anew */
    int n_ranks;
} fuzz_manner;

fuzz_manner fuzz_choose_manner(fuzz_input *input);

/* Read the texts of all rows at once, and again from somewhere in steps; read the events for one rank, and for several:
 * they are the same, or RFM_DATA. The file may have columns customer, time, event and amount. */
void fuzz_columns(const rfm_columnar_kind *kind, const char *path, fuzz_manner how);

#endif
