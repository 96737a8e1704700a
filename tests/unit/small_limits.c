/* The limits of src/comm, src/hdf5 and src/store for a test build in which a few hundred values are what 2^31 are
 * elsewhere: the linker takes these, and leaves the modules' own out. None of them divides what is usually sent. */
#include "file.h"
#include "ranks.h"
#include "rounds.h"

const size_t rfm_ranks_most_elements = 61;
const size_t rfm_ranks_most_bytes = 997;
const int rfm_ranks_most_direct = 2;
const int64_t rfm_h5_most_bytes = 2003;
const int rfm_rounds_most_files = 2;
const int64_t rfm_rounds_region_bytes = 20000003;
