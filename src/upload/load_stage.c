/* load_stage: the stage, what is in it already, what has to go there. */
#include "digest.h"
#include "load.h"
#include "seal.h"
#include "stage.h"
#include "transfer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The row of a part: names in the list are paths. -1: none. */
static int64_t find_part(const rfm_result *found, const char *name)
{
    const int names = rfm_result_column(found, "name");
    for (size_t row = 0; row < found->n_rows; row++) {
        const char *path = rfm_result_cell(found, row, names);
        const char *slash = path ? strrchr(path, '/') : NULL;
        if (path && strcmp(slash ? slash + 1 : path, name) == 0)
            return (int64_t)row;
    }
    return -1;
}

static bool is_readable(const rfm_result *found)
{
    return !*found->code && !found->is_arrow && rfm_result_column(found, "name") >= 0;
}

/* ---- what an earlier start has sent ----------------------------------------------------------------------------- */

/* The names of parts that the journal has as sent, as keys. */
static json_t *noted_parts(const rfm_load *load)
{
    json_t *names = json_object();
    const json_t *lines = rfm_journal_lines(load->journal);
    for (size_t i = 0; names && i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        const char *step = json_string_value(json_object_get(line, "step"));
        const char *name = json_string_value(json_object_get(line, "name"));
        if (step && name && strcmp(step, "part") == 0)
            json_object_set_new(names, name, json_true());
    }
    return names;
}

/* As it is, or as a client has sealed it. */
static bool has_size(const rfm_result *found, int64_t row, const struct rfm_manifest_part *part)
{
    const int64_t bytes = rfm_result_count(found, (size_t)row, rfm_result_column(found, "size"));
    return bytes == part->bytes || bytes == rfm_sealed_bytes(part->bytes);
}

/* A part is there when the stage has a file of its name and size that the journal knows of, or that has its bytes. */
static rfm_status look_for_part(const rfm_load *load, const rfm_result *found, const json_t *noted, size_t i,
                                bool *is_there, rfm_error *err)
{
    const struct rfm_manifest_part *part = &load->manifest->parts[i];
    const int64_t row = find_part(found, part->name);
    char *md5 = NULL;
    *is_there = false;
    if (row < 0 || !has_size(found, row, part))
        return RFM_OK;
    const char *listed = rfm_result_cell(found, (size_t)row, rfm_result_column(found, "md5"));
    *is_there = json_object_get(noted, part->name);
    if (!*is_there && listed && rfm_part_md5(load->dir, part, &md5, err) == RFM_OK)
        *is_there = strcasecmp(md5, listed) == 0;
    free(md5);
    return err->status;
}

static rfm_status look_for_parts(rfm_load *load, bool *is_there, rfm_error *err)
{
    rfm_result found = {0};
    size_t n_there = 0;
    if (!rfm_journal_goes_on(load->journal) || rfm_stage_list(load->session, load->prefix, true, &found, err) != RFM_OK)
        return err->status;
    json_t *noted = noted_parts(load);
    for (size_t i = 0; is_readable(&found) && i < load->manifest->n_parts && err->status == RFM_OK; i++) {
        look_for_part(load, &found, noted, i, &is_there[i], err);
        n_there += is_there[i];
    }
    if (n_there > 0)
        rfm_log(RFM_LOG_INFO, "%zu of %zu parts are in the stage already", n_there, load->manifest->n_parts);
    json_decref(noted);
    rfm_result_free(&found);
    return err->status;
}

/* ---- sending ---------------------------------------------------------------------------------------------------- */

static rfm_status note_part(void *context, size_t part, rfm_error *err)
{
    rfm_load *load = context;
    const struct rfm_manifest_part *sent = &load->manifest->parts[part];
    return rfm_journal_note(load->journal, "part",
                            json_pack("{s:s, s:I}", "name", sent->name, "bytes", (json_int_t)sent->bytes), err);
}

/* Everything is in the stage, with its size. */
static rfm_status verify(rfm_load *load, rfm_error *err)
{
    rfm_result found = {0};
    if (rfm_stage_list(load->session, load->prefix, true, &found, err) != RFM_OK)
        return err->status;
    if (!is_readable(&found))
        rfm_log(RFM_LOG_INFO, "the stage cannot be listed: what COPY says of files and rows has to do");
    for (size_t i = 0; is_readable(&found) && i < load->manifest->n_parts && err->status == RFM_OK; i++) {
        const struct rfm_manifest_part *part = &load->manifest->parts[i];
        const int64_t row = find_part(&found, part->name);
        if (row < 0 || !has_size(&found, row, part))
            rfm_fail(err, RFM_UNAVAILABLE, "%s%s: %s: store it again", load->prefix, part->name,
                     row < 0 ? "not in the stage" : "of another size in the stage than here");
    }
    rfm_result_free(&found);
    return err->status;
}

rfm_status rfm_load_stage(rfm_load *load, rfm_error *err)
{
    bool *is_there = rfm_alloc(load->manifest->n_parts, sizeof *is_there, err);
    if (!is_there || (load->own_stage && rfm_stage_create(load->session, load->stage.sql, err) != RFM_OK) ||
        look_for_parts(load, is_there, err) != RFM_OK)
        goto done;
    const rfm_transfer transfer = {.http = rfm_session_http(load->session),
                                   .session = load->session,
                                   .helpers = load->options->helpers,
                                   .stage = load->prefix,
                                   .dir = load->dir,
                                   .manifest = load->manifest,
                                   .is_there = is_there,
                                   .parallel = load->options->parallel,
                                   .local_allowed = load->options->local_stage,
                                   .done = note_part,
                                   .context = load};
    if (rfm_transfer_send(&transfer, err) == RFM_OK)
        verify(load, err);
done:
    free(is_there);
    return err->status;
}
