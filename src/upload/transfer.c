/* transfer: one PUT for all parts where the place allows that, and many requests at once. */
#include "transfer.h"

#include "copy.h"
#include "multipart.h"
#include "rfmpi/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 20 };
static const double LOG_EVERY_S = 10, QUIET_S = 120;

/* One part on its way. */
typedef struct sending {
    size_t part; /* in the manifest */
    char *path, *digest;
    rfm_source *source; /* of the attempt under way */
    rfm_place_request request;
    char reason[200]; /* what the last attempt came to */
} sending;

typedef struct sender {
    const rfm_transfer *transfer;
    sending *sendings;
    size_t n, n_done;
    rfm_place place;
    bool has_place;
    bool enough;       /* a fixed place has expired */
    int64_t threshold; /* larger files go in pieces, where the place takes those */
    size_t large;      /* the one that does */
    int64_t bytes_all, bytes_done;
    double logged_s, began_s;
} sender;

/* ---- a file's bytes --------------------------------------------------------------------------------------------- */

static rfm_status feed(const char *path, int fd, rfm_digester *digester, rfm_hasher *hasher, int64_t *bytes,
                       rfm_error *err)
{
    unsigned char *block = rfm_alloc(BLOCK_BYTES, 1, err);
    ssize_t n = 0;
    *bytes = 0;
    while (block && err->status == RFM_OK && (n = read(fd, block, BLOCK_BYTES)) > 0) {
        rfm_hasher_feed(hasher, block, (size_t)n);
        rfm_digester_feed(digester, block, (size_t)n, err);
        *bytes += n;
    }
    if (n < 0)
        rfm_fail_errno(err, errno, "%s: cannot read", path);
    free(block);
    return err->status;
}

/* The digest of a file that is what the manifest says. */
static rfm_status digest_file(const char *path, const struct rfm_manifest_part *part, rfm_digest_kind kind,
                              unsigned char *digest, rfm_error *err)
{
    rfm_digester *digester = NULL;
    rfm_hasher *hasher = NULL;
    int64_t bytes = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return rfm_fail_errno(err, errno, "%s: cannot read", path);
    if (rfm_digester_open(kind, &digester, err) == RFM_OK && rfm_hasher_open(&hasher, err) == RFM_OK)
        feed(path, fd, digester, hasher, &bytes, err);
    close(fd);
    rfm_digester_close(digester, digest, err);
    const rfm_hash128 hash = rfm_hasher_close(hasher);
    if (err->status == RFM_OK && (bytes != part->bytes || hash.low != part->hash.low || hash.high != part->hash.high))
        rfm_fail(err, RFM_DATA, "%s: not the bytes that manifest.json tells of: make the run anew (--force)", path);
    return err->status;
}

rfm_status rfm_transfer_md5(const char *dir, const struct rfm_manifest_part *part, char **md5, rfm_error *err)
{
    unsigned char digest[RFM_MD5_BYTES];
    rfm_text hex = {0};
    char *path = rfm_folder_path(dir, part->name, err);
    if (path && digest_file(path, part, RFM_MD5, digest, err) == RFM_OK)
        rfm_hex_add(&hex, digest, sizeof digest);
    free(path);
    *md5 = hex.bytes;
    return err->status == RFM_OK ? rfm_text_check(&hex, err) : err->status;
}

static rfm_status prepare(const rfm_transfer *transfer, sending *s, rfm_error *err)
{
    unsigned char digest[RFM_SHA256_BYTES];
    rfm_text text = {0};
    const struct rfm_manifest_part *part = &transfer->manifest->parts[s->part];
    s->path = rfm_folder_path(transfer->dir, part->name, err);
    if (s->path && digest_file(s->path, part, RFM_SHA256, digest, err) == RFM_OK)
        rfm_base64_add(&text, digest, sizeof digest);
    s->digest = text.bytes;
    return err->status == RFM_OK ? rfm_text_check(&text, err) : err->status;
}

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

static rfm_status begin(void *context, size_t i, rfm_http_request *request, rfm_error *err)
{
    sender *self = context;
    sending *s = &self->sendings[i];
    const char *name = self->transfer->manifest->parts[s->part].name;
    if ((!s->digest && prepare(self->transfer, s, err) != RFM_OK) ||
        (!is_good(self) && find_place(self, name, err) != RFM_OK) || begin_attempt(self, s, err) != RFM_OK)
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
    sending *s = &self->sendings[i];
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
    const double now = rfm_clock_s();
    if (now - self->logged_s >= LOG_EVERY_S) {
        const double sent = (double)(self->bytes_done + bytes_under_way) / 1e6;
        rfm_log(RFM_LOG_INFO, "uploaded %zu of %zu parts, %.0f of %.0f MB, %.1f MB/s", self->n_done, self->n, sent,
                (double)self->bytes_all / 1e6, sent / (now - self->began_s));
        self->logged_s = now;
    }
    return self->transfer->session ? rfm_session_keep_alive(self->transfer->session, err) : err->status;
}

/* ---- a folder --------------------------------------------------------------------------------------------------- */

static rfm_status copy_parts(sender *self, rfm_error *err)
{
    for (size_t i = 0; i < self->n && err->status == RFM_OK; i++) {
        sending *s = &self->sendings[i];
        char *to = NULL;
        int64_t n_bytes = 0;
        if (prepare(self->transfer, s, err) == RFM_OK &&
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
    if (prepare(self->transfer, s, err) != RFM_OK ||
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

/* Large ones first, each by itself; what is left is [0, n). */
static rfm_status send_large_ones(sender *self, size_t *n, rfm_error *err)
{
    *n = 0;
    for (size_t i = 0; i < self->n && err->status == RFM_OK; i++) {
        if (goes_in_pieces(self, &self->sendings[i])) {
            send_large(self, &self->sendings[i], err);
        } else {
            const sending kept = self->sendings[*n];
            self->sendings[(*n)++] = self->sendings[i];
            if (*n - 1 != i)
                self->sendings[i] = kept;
        }
    }
    return err->status;
}

static rfm_status send_parts(sender *self, rfm_error *err)
{
    size_t n = 0;
    const rfm_transfer *transfer = self->transfer;
    if (self->n == 0 || find_place(self, transfer->manifest->parts[self->sendings[0].part].name, err) != RFM_OK)
        return err->status;
    if (self->place.kind == RFM_PLACE_LOCAL)
        return copy_parts(self, err);
    if (transfer->helpers && !rfm_place_is_for_one(&self->place))
        return rfm_transfer_share(transfer, err);
    if (send_large_ones(self, &n, err) != RFM_OK)
        return err->status;
    const rfm_http_batch batch = {.n = n,
                                  .parallel = transfer->parallel,
                                  .begin = begin,
                                  .end = end,
                                  .tick = tick,
                                  .enough = &self->enough,
                                  .context = self};
    return rfm_http_send_all(transfer->http, &batch, err);
}

rfm_status rfm_transfer_send(const rfm_transfer *transfer, rfm_error *err)
{
    sender self = {.transfer = transfer, .began_s = rfm_clock_s(), .logged_s = rfm_clock_s()};
    if (list_sendings(&self, err) == RFM_OK)
        send_parts(&self, err);
    if (err->status == RFM_OK && self.n > 0)
        rfm_log(RFM_LOG_INFO, "uploaded %zu parts, %.1f MB in %.1f s", self.n, (double)self.bytes_all / 1e6,
                rfm_clock_s() - self.began_s);
    for (size_t i = 0; self.sendings && i < self.n; i++) {
        free(self.sendings[i].path);
        free(self.sendings[i].digest);
        end_attempt(&self.sendings[i]);
    }
    free(self.sendings);
    rfm_place_free(&self.place);
    return rfm_error_context(err, "upload");
}
