/* provenance: what a state was made from, in and out of state.h5. Knows nothing of what the texts say. */
#include "state_file.h"

#include <stdlib.h>
#include <string.h>

static const int64_t MOST_TEXT_BYTES = INT64_C(1) << 30;

void rfm_provenance_free(rfm_provenance *provenance)
{
    free(provenance->settings);
    free(provenance->inputs);
    memset(provenance, 0, sizeof *provenance);
}

/* Rank 0's text; the others need not have it. */
static rfm_status write_text(rfm_comm *comm, rfm_h5 *h5, const char *name, const char *text, rfm_error *err)
{
    bool speaks = rfm_comm_rank(comm) == 0;
    uint64_t length = speaks && text ? strlen(text) : 0;
    rfm_comm_bcast(comm, 0, &length, sizeof length);
    rfm_h5_shape shape = {.type = RFM_H5_BYTES, .columns = length > 0 ? (int64_t)length : 1};
    return rfm_h5_write(h5, name, &shape, speaks, length > 0 ? text : "", err);
}

rfm_status rfm_provenance_write(rfm_comm *comm, rfm_h5 *h5, const rfm_provenance *provenance, rfm_error *err)
{
    if (rfm_h5_put_integer(h5, "/", "as_of_us", provenance->as_of_us, err) ||
        write_text(comm, h5, RFM_STATE_SETTINGS, provenance->settings, err))
        return err->status;
    return write_text(comm, h5, RFM_STATE_INPUTS, provenance->inputs, err);
}

static rfm_status read_text(const rfm_state_file *file, const char *name, char **text, rfm_error *err)
{
    rfm_h5_shape shape;
    if (rfm_state_shape(file, name, RFM_H5_BYTES, &shape, err))
        return err->status;
    if (shape.rows != 1 || shape.columns > MOST_TEXT_BYTES)
        rfm_state_damaged(file, err, "%s is not one text", name);
    else
        *text = rfm_alloc((size_t)shape.columns + 1, 1, err);
    if (rfm_comm_agree(file->comm, err))
        return err->status;
    return rfm_h5_read(file->h5, name, RFM_H5_BYTES, 0, 1, *text, err);
}

rfm_status rfm_provenance_read(const rfm_state_file *file, rfm_provenance *provenance, rfm_error *err)
{
    memset(provenance, 0, sizeof *provenance);
    if (rfm_h5_get_integer(file->h5, "/", "as_of_us", &provenance->as_of_us, err) ||
        read_text(file, RFM_STATE_SETTINGS, &provenance->settings, err) ||
        read_text(file, RFM_STATE_INPUTS, &provenance->inputs, err))
        rfm_provenance_free(provenance);
    return err->status;
}
