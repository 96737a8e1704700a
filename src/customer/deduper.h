/* deduper: held events by pieces of their keys, in memory and on disk. */
#ifndef RFMPI_CUSTOMER_DEDUPER_H
#define RFMPI_CUSTOMER_DEDUPER_H

#include "held.h"
#include "scratch.h"

/* A piece on disk. */
typedef struct rfm_held_place {
    rfm_scratch_place words, bytes;
    uint64_t n;
} rfm_held_place;

/* What went to disk at one time. */
typedef struct rfm_held_run {
    const rfm_scratch *file;
    rfm_held_place *places; /* [n_pieces], which need not be those of the deduper */
    size_t n_pieces;
} rfm_held_run;

struct rfm_deduper {
    rfm_held *pieces;
    size_t n_pieces;
    uint64_t n_ranges;               /* of keys, of which one comes here, and only that one is cut into pieces */
    size_t held_bytes, memory_bytes; /* now, and the budget (0: none) */
    const char *directory;           /* borrowed */
    rfm_scratch scratch;
    rfm_held_run *runs; /* [n_runs]; the first n_shelved are on shelves, the others in scratch */
    size_t n_runs, n_shelved, capacity;
    int64_t spilled_bytes;
};

/* Put what is held on disk where it passes the budget. */
rfm_status rfm_deduper_spill(rfm_deduper *deduper, rfm_error *err);

/* Move a piece, with what runs from number `first` on have of it, behind what is in `to`. */
rfm_status rfm_deduper_take(rfm_deduper *deduper, size_t first, size_t piece, rfm_held *to, rfm_error *err);

/* What runs have in all; and the end of those from number `first` on. */
size_t rfm_deduper_bytes_on_disk(const rfm_deduper *deduper);
void rfm_deduper_end_runs(rfm_deduper *deduper, size_t first);

#endif
