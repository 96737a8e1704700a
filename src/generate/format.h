/* format: a slice's events as the bytes of files. */
#ifndef RFM_GENERATE_FORMAT_H
#define RFM_GENERATE_FORMAT_H

#include "series.h"
#include "slice.h"

struct libdeflate_compressor;

/* Zero-initialise once, use again and again; memory is kept. */
typedef struct rfm_sheet {
    char *text, *packed;
    size_t text_capacity, packed_capacity;
    rfm_piece *pieces; /* one a part, pointing into text or packed */
    size_t n_pieces, piece_capacity;
    struct libdeflate_compressor *compressor;
} rfm_sheet;

/* The events of slice `number`, cut where a part ends, each part beginning with the header. */
rfm_status rfm_sheet_fill(const rfm_world *world, int64_t number, const rfm_slice *slice, rfm_sheet *sheet,
                          rfm_error *err);
void rfm_sheet_free(rfm_sheet *sheet);

#endif
