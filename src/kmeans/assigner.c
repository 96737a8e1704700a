/* Which assigner serves, and on how many rows at a time. */
#include "assigner.h"

enum { CACHE_WORDS = 96 * 1024, MOST_ROWS = 1024, LEAST_ROWS = 64, MOST_FILTER_COLUMNS = 65536 };

/* The error bound of the filter is derived for d up to 2^16, and one centroid needs no filter. */
const rfm_assigner *rfm_assigner_choose(rfm_algorithm algorithm, int d, int k)
{
    if (algorithm == RFM_ALGORITHM_DEFINITION || d > MOST_FILTER_COLUMNS || k < 2)
        return &rfm_assigner_definition;
    return &rfm_assigner_gemm;
}

size_t rfm_assigner_rows(int d, int k)
{
    size_t rows = CACHE_WORDS / ((size_t)d + (size_t)k);
    rows = rows < MOST_ROWS ? rows / 64 * 64 : MOST_ROWS;
    return rows > LEAST_ROWS ? rows : LEAST_ROWS;
}
