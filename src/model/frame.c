/* Customers x features in memory. Knows nothing of how the numbers came about. */
#include "frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void rfm_names_free(char **names, size_t n)
{
    for (size_t i = 0; names && i < n; i++)
        free(names[i]);
    free(names);
}

void rfm_frame_free(rfm_frame *frame)
{
    rfm_ids_free(&frame->ids);
    free(frame->values);
    rfm_weights_free(&frame->weights);
    rfm_names_free(frame->names, (size_t)frame->d);
    rfm_names_free(frame->units, (size_t)frame->d);
    *frame = (rfm_frame){0};
}

void rfm_frame_place(rfm_comm *comm, rfm_frame *frame)
{
    frame->n_global = (int64_t)frame->n;
    frame->first = rfm_comm_before_i64(comm, frame->n_global);
    rfm_comm_reduce_i64(comm, RFM_SUM, &frame->n_global, 1);
}

uint64_t rfm_frame_key(const rfm_frame *frame, size_t row)
{
    return frame->has_ids ? frame->ids.hash[row] : rfm_hash64_integer(frame->first + (int64_t)row);
}

void rfm_frame_describe(const rfm_frame *frame, size_t row, char *text, size_t size)
{
    const rfm_ids *ids = &frame->ids;
    if (!frame->has_ids)
        snprintf(text, size, "row %" PRId64 " (from 0)", frame->first + (int64_t)row);
    else if (ids->kind == RFM_ID_INTEGER)
        snprintf(text, size, "customer %" PRId64, ids->number[row]);
    else
        snprintf(text, size, "customer '%.*s'", (int)(ids->offset[row + 1] - ids->offset[row]),
                 ids->bytes + ids->offset[row]);
}
