/* transfer: one PUT for all parts where the place allows that, and many requests at once. */
#include "transfer.h"

#include "copy.h"
#include "digest.h"
#include "multipart.h"
#include "rfmpi/sql.h"

#include <fcntl.h>
#include <stdlib.h>

static const double QUIET_S = 120, MB = 1e6;

/* One part on its way. */
typedef struct sending {
    size_t part; /* in the manifest */
    char *path;
    const char *digest; /* of self->digests; NULL: not asked for yet */
    rfm_source *source; /* of the attempt under way */
    rfm_place_request request;
    char reason[200]; /* what the last attempt came to */
} sending;

typedef struct sender {
    const rfm_transfer *transfer;
    sending *sendings; /* [n] those that go in pieces first */
    size_t n, n_large, n_done;
    size_t *parts;        /* [n] theirs, in that order */
    rfm_digests *digests; /* the same */
    rfm_place place;
    bool has_place;
    bool enough;       /* a fixed place has expired */
    int64_t threshold; /* larger files go in pieces, where the place takes those */
    size_t large;      /* the one that does now */
    int64_t bytes_all, bytes_done;
    double began_s;
} sender;

/* ---- the place -------------------------------------------------------------------------------------------------- */

/* The server does not see the file: its name alone matters, and no path of this machine is told. */
rfm_status rfm_transfer_ask(const rfm_transfer *transfer, const char *name, rfm_result *result, rfm_error *err)
{
    rfm_text sql = {0}, file = {0};
    *result = (rfm_result){0};
    rfm_text_addf(&file, "file:///rfmpi/%s", name);
    rfm_text_adds(&sql, "PUT ");
    if (rfm_text_check(&file, err) == RFM_OK)
        rfm_sql_add_text(&sql, file.bytes);
    rfm_text_addf(&sql, " %s PARALLEL=4 AUTO_COMPRESS=FALSE SOURCE_COMPRESSION=GZIP OVERWRITE=TRUE", transfer->stage);
    if (rfm_text_check(&sql, err) == RFM_OK)
        rfm_session_run(transfer->session, &(rfm_statement){.sql = sql.bytes, .is_transfer = true}, result, err);
    rfm_text_free(&sql);
    rfm_text_free(&file);
    return err->status;
}

/* What the answer says, within what S3 takes in one piece. */
static int64_t read_threshold(const json_t *data)
{
    static const int64_t usual = INT64_C(200) << 20, most = INT64_C(5) << 30;
    const json_t *told = json_object_get(data, "threshold");
    const int64_t threshold = json_is_integer(told) ? json_integer_value(told) : usual;
    return threshold < 1 ? usual : threshold < most ? threshold : most;
}

static rfm_status find_place(sender *self, const char *name, rfm_error *err)
{
    const rfm_transfer *transfer = self->transfer;
    const int64_t clock_us = self->place.clock_us;
    rfm_result result = {0};
    rfm_place_free(&self->place);
    self->has_place = false;
    if (!transfer->place)
        rfm_transfer_ask(transfer, name, &result, err);
    const json_t *data = transfer->place ? transfer->place : rfm_result_data(&result);
    if (err->status == RFM_OK && rfm_place_read(data, transfer->local_allowed, &self->place, err) == RFM_OK) {
        self->place.clock_us = clock_us;
        self->has_place = true;
        self->threshold = read_threshold(data);
    }
    rfm_result_free(&result);
    return rfm_error_context(err, "PUT to %s", transfer->stage);
}

static bool is_good(const sender *self)
{
    return self->has_place && !rfm_place_is_for_one(&self->place) && rfm_place_is_fresh(&self->place);
}

/* ---- the files -------------------------------------------------------------------------------------------------- */

static void wake(void *context)
{
    const sender *self = context;
    rfm_http_wake(self->transfer->http);
}

static rfm_status open_digests(sender *self, rfm_error *err)
{
    self->parts = rfm_alloc(self->n, sizeof *self->parts, err);
    for (size_t i = 0; self->parts && i < self->n; i++)
        self->parts[i] = self->sendings[i].part;
    const rfm_digests_order order = {.dir = self->transfer->dir,
                                     .manifest = self->transfer->manifest,
                                     .parts = self->parts,
                                     .n = self->n,
                                     .ahead = (size_t)self->transfer->parallel,
                                     .made = wake,
                                     .context = self};
    return self->parts ? rfm_digests_open(&order, &self->digests, err) : err->status;
}

static rfm_status prepare(const sender *self, sending *s, rfm_error *err)
{
    const rfm_transfer *transfer = self->transfer;
    if (!s->path)
        s->path = rfm_folder_path(transfer->dir, transfer->manifest->parts[s->part].name, err);
    if (s->path && !s->digest)
        s->digest = rfm_digests_get(self->digests, (size_t)(s - self->sendings), err);
    return err->status;
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

static void end_attempt(sending *s)
{
    rfm_source_close(s->source);
    s->source = NULL;
    rfm_place_request_free(&s->request);
}

/* Each attempt has a seal of its own: the stage's master key may have changed. */
static rfm_status begin_attempt(sender *self, sending *s, rfm_error *err)
{
    const struct rfm_manifest_part *part = &self->transfer->manifest->parts[s->part];
    rfm_seal seal;
    if (rfm_seal_make(&self->place.material, &seal, err) == RFM_OK &&
        rfm_source_open(s->path, part->bytes, &seal, &s->source, err) == RFM_OK) {
        const rfm_object object = {.name = part->name, .digest = s->digest, .seal = &seal};
        rfm_place_put(&self->place, &object, &s->request, err);
    }
    rfm_seal_free(&seal);
    return err->status;
}

static bool is_ready(void *context, size_t i)
{
    const sender *self = context;
    return rfm_digests_ready(self->digests, self->n_large + i);
}

static rfm_status begin(void *context, size_t i, rfm_http_request *request, rfm_error *err)
{
    sender *self = context;
    sending *s = &self->sendings[self->n_large + i];
    const char *name = self->transfer->manifest->parts[s->part].name;
    if (prepare(self, s, err) != RFM_OK || (!is_good(self) && find_place(self, name, err) != RFM_OK) ||
        begin_attempt(self, s, err) != RFM_OK)
        return err->status;
    *request = (rfm_http_request){.method = "PUT",
                                  .url = s->request.url.bytes,
                                  .headers = (const char *const *)s->request.headers,
                                  .source = s->source,
                                  .quiet_s = QUIET_S};
    return RFM_OK;
}

static rfm_status keep_done(sender *self, sending *s, rfm_error *err)
{
    const struct rfm_manifest_part *part = &self->transfer->manifest->parts[s->part];
    self->n_done++;
    self->bytes_done += part->bytes;
    return self->transfer->done(self->transfer->context, s->part, err);
}

static rfm_status end(void *context, size_t i, const rfm_http_answer *answer, bool *again, rfm_error *err)
{
    sender *self = context;
    sending *s = &self->sendings[self->n_large + i];
    const char *name = self->transfer->manifest->parts[s->part].name;
    const rfm_verdict verdict = rfm_place_judge(&self->place, answer, s->reason);
    end_attempt(s);
    *again = verdict != RFM_PUT_DONE;
    if (verdict == RFM_PUT_DONE) {
        self->enough = self->transfer->place && !is_good(self);
        return keep_done(self, s, err);
    }
    if (verdict == RFM_PUT_REFUSED)
        return rfm_place_refuse(answer, name, "it", s->reason, err);
    if (verdict == RFM_PUT_EXPIRED) {
        self->has_place = false;
        self->enough = self->transfer->place;
        *again = !self->enough;
    }
    rfm_log(RFM_LOG_INFO, "%s: once more (%s)", name, s->reason);
    return RFM_OK;
}

static rfm_status tick(void *context, int64_t bytes_under_way, rfm_error *err)
{
    sender *self = context;
    rfm_meter_show((double)(self->bytes_done + bytes_under_way) / MB, "%zu of %zu parts", self->n_done, self->n);
    return self->transfer->session ? rfm_session_keep_alive(self->transfer->session, err) : err->status;
}

/* ---- a folder --------------------------------------------------------------------------------------------------- */

static rfm_status copy_parts(sender *self, rfm_error *err)
{
    for (size_t i = 0; i < self->n && err->status == RFM_OK; i++) {
        sending *s = &self->sendings[i];
        char *to = NULL;
        int64_t n_bytes = 0;
        if (prepare(self, s, err) == RFM_OK &&
            (to = rfm_folder_path(self->place.prefix, self->transfer->manifest->parts[s->part].name, err)) &&
            rfm_file_copy(s->path, to, O_TRUNC, &n_bytes, err) == RFM_OK)
            keep_done(self, s, err);
        free(to);
    }
    return err->status;
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

static rfm_status list_sendings(sender *self, rfm_error *err)
{
    const rfm_manifest *manifest = self->transfer->manifest;
    self->sendings = rfm_alloc(manifest->n_parts, sizeof *self->sendings, err);
    for (size_t i = 0; self->sendings && i < manifest->n_parts; i++)
        if (!self->transfer->is_there[i]) {
            self->sendings[self->n++].part = i;
            self->bytes_all += manifest->parts[i].bytes;
        }
    return err->status;
}

/* Sealed files go in one piece: a cipher is one chain. */
static bool goes_in_pieces(const sender *self, const sending *s)
{
    return self->place.kind == RFM_PLACE_S3 && !rfm_material_given(&self->place.material) &&
           self->transfer->manifest->parts[s->part].bytes > self->threshold;
}

static rfm_status refresh(void *context, rfm_error *err)
{
    sender *self = context;
    const sending *s = &self->sendings[self->large];
    if (self->transfer->place)
        return rfm_fail(err, RFM_STOPPED, "credentials of the stage expire within one large file: run the same again");
    return find_place(self, self->transfer->manifest->parts[s->part].name, err);
}

static rfm_status send_large(sender *self, sending *s, rfm_error *err)
{
    static const rfm_seal none;
    const struct rfm_manifest_part *part = &self->transfer->manifest->parts[s->part];
    self->large = (size_t)(s - self->sendings);
    if (prepare(self, s, err) != RFM_OK ||
        (!is_good(self) && !self->transfer->place && find_place(self, part->name, err) != RFM_OK))
        return err->status;
    const rfm_multipart multipart = {.http = self->transfer->http,
                                     .place = &self->place,
                                     .object = {.name = part->name, .digest = s->digest, .seal = &none},
                                     .path = s->path,
                                     .n_bytes = part->bytes,
                                     .parallel = self->transfer->parallel,
                                     .refresh = refresh,
                                     .tick = tick,
                                     .context = self};
    return rfm_multipart_send(&multipart, err) == RFM_OK ? keep_done(self, s, err) : err->status;
}

/* Those that go in pieces to the front. */
static void put_large_first(sender *self)
{
    for (size_t i = 0; i < self->n; i++)
        if (goes_in_pieces(self, &self->sendings[i])) {
            const size_t part = self->sendings[i].part;
            self->sendings[i].part = self->sendings[self->n_large].part;
            self->sendings[self->n_large++].part = part;
        }
}

static rfm_status send_files(sender *self, rfm_error *err)
{
    for (size_t i = 0; i < self->n_large && err->status == RFM_OK; i++)
        send_large(self, &self->sendings[i], err);
    const rfm_http_batch batch = {.n = self->n - self->n_large,
                                  .parallel = self->transfer->parallel,
                                  .ready = is_ready,
                                  .begin = begin,
                                  .end = end,
                                  .tick = tick,
                                  .enough = &self->enough,
                                  .context = self};
    return err->status == RFM_OK ? rfm_http_send_all(self->transfer->http, &batch, err) : err->status;
}

static rfm_status send_parts(sender *self, rfm_error *err)
{
    const rfm_transfer *transfer = self->transfer;
    if (self->n == 0 || find_place(self, transfer->manifest->parts[self->sendings[0].part].name, err) != RFM_OK)
        return err->status;
    if (transfer->helpers && self->place.kind != RFM_PLACE_LOCAL && !rfm_place_is_for_one(&self->place))
        return rfm_transfer_share(transfer, err);
    put_large_first(self);
    if (open_digests(self, err) != RFM_OK)
        return err->status;
    return self->place.kind == RFM_PLACE_LOCAL ? copy_parts(self, err) : send_files(self, err);
}

rfm_status rfm_transfer_send(const rfm_transfer *transfer, rfm_error *err)
{
    sender self = {.transfer = transfer, .began_s = rfm_clock_s()};
    if (list_sendings(&self, err) == RFM_OK) {
        rfm_meter_open("upload", "MB", (double)self.bytes_all / MB, 0);
        send_parts(&self, err);
        rfm_meter_close();
    }
    if (err->status == RFM_OK && self.n > 0)
        rfm_log(RFM_LOG_INFO, "uploaded %zu parts, %.1f MB in %.1f s", self.n, (double)self.bytes_all / MB,
                rfm_clock_s() - self.began_s);
    rfm_digests_close(self.digests);
    free(self.parts);
    for (size_t i = 0; self.sendings && i < self.n; i++) {
        free(self.sendings[i].path);
        end_attempt(&self.sendings[i]);
    }
    free(self.sendings);
    rfm_place_free(&self.place);
    return rfm_error_context(err, "upload");
}
