/* state_read: state.h5 to the owners of its customers, wherever it was written. */
#include "state_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- what kind of file it is ------------------------------------------------------------------------------------ */

/* Rank 0 looks; ranks may see a file that just grew differently. Collective. */
static rfm_status measure(rfm_state_file *file, rfm_error *err)
{
    struct stat status;
    if (rfm_comm_rank(file->comm) == 0) {
        if (stat(file->path, &status) == 0)
            file->bytes = status.st_size;
        else
            rfm_fail_errno(err, errno, "%s", file->path);
    }
    rfm_comm_bcast(file->comm, 0, &file->bytes, sizeof file->bytes);
    return rfm_comm_agree(file->comm, err);
}

static rfm_status check_format(const rfm_state_file *file, rfm_error *err)
{
    char *format = NULL;
    int64_t version = 0;
    if (rfm_h5_get_text(file->h5, "/", "format", &format, err) ||
        rfm_h5_get_integer(file->h5, "/", "version", &version, err))
        goto done;
    if (strcmp(format, RFM_STATE_FORMAT) != 0)
        rfm_state_damaged(file, err, "its format is '%.40s'", format);
    else if (version > RFM_STATE_VERSION)
        rfm_fail(err, RFM_DATA,
                 "%s has version %lld of the state format, and this program knows up to %d: use a newer one",
                 file->path, (long long)version, RFM_STATE_VERSION);
    else if (version < 1)
        rfm_state_damaged(file, err, "its version is %lld", (long long)version);
done:
    free(format);
    return err->status;
}

static rfm_status read_extent(const rfm_state_file *file, rfm_extent *extent, rfm_error *err)
{
    rfm_h5 *h5 = file->h5;
    if (rfm_h5_get_integer(h5, "/", "n_events", &extent->n_events, err) ||
        rfm_h5_get_integer(h5, "/", "earliest_us", &extent->earliest_us, err) ||
        rfm_h5_get_integer(h5, "/", "newest_us", &extent->newest_us, err) ||
        rfm_h5_get_integer(h5, "/", "n_with_time_of_day", &extent->n_with_time_of_day, err) ||
        rfm_h5_get_integer(h5, "/", "n_after_as_of", &extent->n_after_as_of, err))
        return err->status;
    if (extent->n_events < 0 || extent->n_with_time_of_day < 0 || extent->n_after_as_of < 0 ||
        (extent->n_events > 0 && extent->earliest_us > extent->newest_us))
        return rfm_state_damaged(file, err, "its counts of events are impossible");
    return RFM_OK;
}

/* How many customers, and of which kind their ids are. Collective. */
static rfm_status find_customers(rfm_state_file *file, rfm_error *err)
{
    rfm_h5_shape shape;
    bool found = false;
    if (rfm_h5_shape_of(file->h5, RFM_STATE_IDS, &shape, &found, err))
        return err->status;
    file->id_kind = found && shape.type == RFM_H5_BYTES ? RFM_ID_TEXT : RFM_ID_INTEGER;
    if (rfm_state_shape(file, RFM_STATE_IDS, file->id_kind == RFM_ID_TEXT ? RFM_H5_BYTES : RFM_H5_I64, &shape, err))
        return err->status;
    if (file->id_kind == RFM_ID_TEXT ? shape.columns > RFM_ID_MAX_BYTES : shape.columns != 1)
        return rfm_state_damaged(file, err, RFM_STATE_IDS " has another width");
    file->n_customers = shape.rows;
    file->id_columns = shape.columns;
    rfm_h5_share(file->comm, file->n_customers, &file->first, &file->count);
    return RFM_OK;
}

/* ---- the state -------------------------------------------------------------------------------------------------- */

static rfm_status read_share(const rfm_state_file *file, const rfm_choices *choices, rfm_state *state, rfm_error *err)
{
    state->lists = rfm_alloc((size_t)state->layout->n_lists, sizeof *state->lists, err);
    if (rfm_comm_agree(file->comm, err) || rfm_state_read_ids(file, &state->ids, err) ||
        rfm_state_read_words(file, choices, state, err))
        return err->status;
    for (int l = 0; l < state->layout->n_lists; l++)
        if (rfm_state_read_list(file, choices, l, state, err))
            return err->status;
    return RFM_OK;
}

static rfm_status read_state(rfm_state_file *file, const rfm_layout *layout, rfm_state *state, rfm_error *err)
{
    rfm_choices choices = {0};
    state->layout = layout;
    if (find_customers(file, err) || rfm_choices_make(file, layout, &choices, err))
        return err->status;
    if (!read_share(file, &choices, state, err))
        rfm_state_exchange(file->comm, state, 0, err);
    rfm_choices_free(&choices);
    return err->status;
}

static rfm_status read_all(rfm_state_file *file, const rfm_layout *layout, rfm_state *state, rfm_keys *keys,
                           rfm_provenance *provenance, rfm_error *err)
{
    rfm_extent extent = {0};
    if (measure(file, err) || check_format(file, err) || read_extent(file, &extent, err) ||
        (provenance && rfm_provenance_read(file, provenance, err)))
        return err->status;
    if (layout && (read_state(file, layout, state, err) || (keys && rfm_state_read_keys(file, keys, err))))
        return err->status;
    state->extent = extent; /* the file's is of all ranks already */
    return RFM_OK;
}

rfm_status rfm_state_read(rfm_comm *comm, const char *path, const rfm_layout *layout, rfm_state *state, rfm_keys *keys,
                          rfm_provenance *provenance, rfm_error *err)
{
    rfm_state_file file = {.comm = comm, .path = path};
    memset(state, 0, sizeof *state);
    if (keys)
        *keys = (rfm_keys){0};
    if (provenance)
        *provenance = (rfm_provenance){0};
    if (rfm_h5_open(comm, path, &file.h5, err))
        return err->status;
    read_all(&file, layout, state, keys, provenance, err);
    if (rfm_h5_close(file.h5, err)) {
        rfm_state_free(state);
        if (keys)
            rfm_keys_free(keys);
        if (provenance)
            rfm_provenance_free(provenance);
    }
    return err->status;
}
