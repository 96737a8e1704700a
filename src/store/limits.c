/* limits: how many files a start makes of its rounds, as many as ranks that hold the lock, and how much a rank may put
 * into one that it shares: of 128 ranks it ends at 8 TiB, and ext4 takes 16. A test links smaller ones instead. */
#include "rounds.h"

#include "run.h"

const int rfm_rounds_most_files = RFM_RUN_LOCKS_MOST;
const int64_t rfm_rounds_region_bytes = (int64_t)1 << 36;
