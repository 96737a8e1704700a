/* limits: how much one call of MPI is given, whose counts are int, and how many ranks send to each other directly. A
 * test links smaller ones instead. */
#include "ranks.h"

const size_t rfm_ranks_most_elements = (size_t)1 << 27;
const size_t rfm_ranks_most_bytes = (size_t)1 << 30;
const int rfm_ranks_most_direct = 256;
