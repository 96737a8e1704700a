/* marks_stride: 64 bytes of text as bits, and from bits to lists, the same for all levels. Each level brings its own
 * way from bytes to bits, and is compiled with this for its own instruction set.
 */
#ifndef RFMPI_INGEST_MARKS_STRIDE_H
#define RFMPI_INGEST_MARKS_STRIDE_H

#include "marks.h"

#include <string.h>

enum { RFM_STRIDE = 64 };

/* Bit i: byte i of the stride. */
typedef struct rfm_stride {
    uint64_t marks, line_ends, odd;
} rfm_stride;

/* Fewer bytes than a stride, as a stride. */
static inline void rfm_stride_fill(char stride[RFM_STRIDE], const char *bytes, size_t n)
{
    memset(stride, 0, RFM_STRIDE);
    memcpy(stride, bytes, n);
}

/* The first n bytes of a stride, n below 64. */
static inline uint64_t rfm_stride_some(size_t n)
{
    return (UINT64_C(1) << n) - 1;
}

static inline rfm_stride rfm_stride_cut(rfm_stride stride, size_t n)
{
    const uint64_t some = rfm_stride_some(n);
    return (rfm_stride){stride.marks & some, stride.line_ends & some, stride.odd & some};
}

static inline size_t rfm_stride_count(uint64_t bits)
{
    return (size_t)__builtin_popcountll(bits);
}

/* How many marks a stride has up to the lowest bit of `bits`, which is one of them. */
static inline size_t rfm_stride_rank(rfm_stride stride, uint64_t bits)
{
    return rfm_stride_count(stride.marks & (bits ^ (bits - 1)));
}

/* Count the marks of a stride, and note its line ends. Most strides have one or none: the first is written whether it
 * is one or not, so that no branch has to guess. */
static inline void rfm_stride_note(rfm_stride stride, rfm_mark_count *count, uint32_t *line_ends)
{
    uint64_t bits = stride.line_ends;
    line_ends[count->n_line_ends] = (uint32_t)(count->n + rfm_stride_rank(stride, bits) - 1);
    count->n_line_ends += bits != 0;
    for (bits &= bits - 1; bits != 0; bits &= bits - 1)
        line_ends[count->n_line_ends++] = (uint32_t)(count->n + rfm_stride_rank(stride, bits) - 1);
    if (stride.odd != 0 && count->first_odd == SIZE_MAX)
        count->first_odd = count->n + rfm_stride_rank(stride, stride.odd) - 1;
    count->n += rfm_stride_count(stride.marks);
}

static inline rfm_mark_count rfm_stride_end(rfm_mark_count count)
{
    if (count.first_odd == SIZE_MAX)
        count.first_odd = count.n;
    return count;
}

#endif
