/* transfer_order: parts sent by many ranks. One that has a session asks for the place, and tells it the others with
 * what is to be sent; each takes its share, until the credentials expire, and another round begins.
 *
 *     N, line end, {"dir": ..., "place": the answer to PUT, "missing": [numbers of parts]}
 */
#include "connection.h"
#include "transfer.h"

#include <stdlib.h>
#include <string.h>

enum { IDLE_ROUNDS_MOST = 3 };

/* ---- the one that orders ---------------------------------------------------------------------------------------- */

static char *print_order(const rfm_transfer *transfer, const bool *sent, const rfm_result *place, rfm_error *err)
{
    const size_t n = transfer->manifest->n_parts;
    json_t *missing = json_array();
    for (size_t i = 0; i < n; i++)
        if (!sent[i])
            json_array_append_new(missing, json_integer((json_int_t)i));
    json_t *root =
        json_pack("{s:s, s:O, s:o}", "dir", transfer->dir, "place", rfm_result_data(place), "missing", missing);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL, *order = NULL;
    if (text && (order = rfm_alloc(strlen(text) + 32, 1, err)))
        sprintf(order, "%zu\n%s", n, text);
    if (!order)
        rfm_fail(err, RFM_NO_MEMORY, "no memory for an order");
    rfm_secret_close(text);
    json_decref(root);
    return order;
}

/* One round; *n_new: parts that are through now and were not before. */
static rfm_status send_round(const rfm_transfer *transfer, bool *sent, size_t *n_new, rfm_error *err)
{
    const size_t n = transfer->manifest->n_parts;
    rfm_result place = {0};
    bool *now = rfm_alloc(n, sizeof *now, err);
    size_t first = 0;
    while (sent[first])
        first++;
    char *order = now && rfm_transfer_ask(transfer, transfer->manifest->parts[first].name, &place, err) == RFM_OK
                      ? print_order(transfer, sent, &place, err)
                      : NULL;
    if (order)
        transfer->helpers->send(transfer->helpers->context, order, now, n, err);
    *n_new = 0;
    for (size_t i = 0; now && i < n; i++)
        if (now[i] && !sent[i]) {
            sent[i] = true;
            ++*n_new;
            rfm_error other = {0}; /* what is through is noted, whatever else went wrong */
            transfer->done(transfer->context, i, err->status == RFM_OK ? err : &other);
        }
    rfm_secret_close(order);
    rfm_result_free(&place);
    free(now);
    return err->status;
}

static size_t count_missing(const bool *sent, size_t n)
{
    size_t missing = 0;
    for (size_t i = 0; i < n; i++)
        missing += !sent[i];
    return missing;
}

rfm_status rfm_transfer_share(const rfm_transfer *transfer, rfm_error *err)
{
    const size_t n = transfer->manifest->n_parts;
    bool *sent = rfm_alloc(n, sizeof *sent, err);
    if (sent)
        memcpy(sent, transfer->is_there, n * sizeof *sent);
    for (int idle = 0; sent && err->status == RFM_OK && count_missing(sent, n) > 0;) {
        size_t n_new;
        if (send_round(transfer, sent, &n_new, err) != RFM_OK)
            break;
        idle = n_new > 0 ? 0 : idle + 1;
        if (idle == IDLE_ROUNDS_MOST)
            rfm_fail(err, RFM_UNAVAILABLE, "credentials of the stage expire before any part is through");
    }
    free(sent);
    return err->status;
}

/* ---- those that carry it out ------------------------------------------------------------------------------------ */

size_t rfm_upload_order_parts(const char *order)
{
    return (size_t)strtoull(order, NULL, 10);
}

static rfm_status note_sent(void *context, size_t part, rfm_error *err)
{
    bool *sent = context;
    sent[part] = true;
    return err->status;
}

/* Every n_ranks-th of the missing parts, from the rank-th on. */
static void choose_share(const json_t *missing, int rank, int n_ranks, bool *is_there, size_t n)
{
    for (size_t i = 0; i < n; i++)
        is_there[i] = true;
    for (size_t i = (size_t)rank; i < json_array_size(missing); i += (size_t)n_ranks) {
        const json_int_t part = json_integer_value(json_array_get(missing, i));
        if (part >= 0 && (size_t)part < n)
            is_there[part] = false;
    }
}

static rfm_status send_share(const rfm_upload_options *options, rfm_http *http, const json_t *root,
                             const rfm_manifest *manifest, const bool *is_there, bool *sent, rfm_error *err)
{
    const rfm_transfer transfer = {.http = http,
                                   .place = json_object_get(root, "place"),
                                   .stage = "the stage",
                                   .dir = json_string_value(json_object_get(root, "dir")),
                                   .manifest = manifest,
                                   .is_there = is_there,
                                   .parallel = options->parallel,
                                   .done = note_sent,
                                   .context = sent};
    return rfm_transfer_send(&transfer, err);
}

rfm_status rfm_upload_order_run(const rfm_upload_options *options, const char *order, int rank, int n_ranks, bool *sent,
                                rfm_error *err)
{
    json_error_t reason;
    rfm_manifest manifest = {0};
    rfm_http *http = NULL;
    bool *is_there = rfm_alloc(rfm_upload_order_parts(order), sizeof *is_there, err);
    const char *text = strchr(order, '\n');
    rfm_connection_guard();
    json_t *root = text ? json_loads(text + 1, 0, &reason) : NULL;
    const char *dir = json_string_value(json_object_get(root, "dir"));
    if (!dir)
        rfm_fail(err, RFM_INTERNAL, "an order that is none");
    else if (rfm_manifest_read(dir, &manifest, err) == RFM_OK && rfm_connection_http(options, &http, err) == RFM_OK) {
        if (manifest.n_parts != rfm_upload_order_parts(order))
            rfm_fail(err, RFM_DATA, "%s is not the same on all ranks: it has to lie where all can read it", dir);
        else if (is_there) {
            choose_share(json_object_get(root, "missing"), rank, n_ranks, is_there, manifest.n_parts);
            send_share(options, http, root, &manifest, is_there, sent, err);
        }
    }
    rfm_http_close(http);
    rfm_manifest_free(&manifest);
    json_decref(root);
    free(is_there);
    return err->status;
}
