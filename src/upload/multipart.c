/* multipart: begin, pieces, end (CreateMultipartUpload, UploadPart, CompleteMultipartUpload of S3's interface). */
#include "multipart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of S3: 10,000 pieces at most, of 5 MiB at least. */
enum { PIECES_MOST = 10000, ETAG_BYTES = 80, ID_BYTES = 1024 };
static const int64_t PIECE_BYTES = INT64_C(8) << 20;
static const double QUIET_S = 120;

typedef struct piece {
    rfm_source *source;
    rfm_place_request request;
    char etag[ETAG_BYTES];
} piece;

typedef struct sending {
    const rfm_multipart *multipart;
    char query[3 * ID_BYTES]; /* uploadId=..., encoded */
    int64_t piece_bytes;
    piece *pieces;
    size_t n;
} sending;

/* ---- single requests -------------------------------------------------------------------------------------------- */

/* One that is tried again, with new credentials where they have expired. */
static rfm_status ask(const rfm_multipart *m, const char *method, const char *query, const rfm_text *body,
                      rfm_http_answer *answer, rfm_error *err)
{
    rfm_retry retry = {.total_s = rfm_http_retry_s(m->http)};
    char reason[200];
    for (;;) {
        rfm_place_request request;
        double wait_s;
        rfm_http_answer_free(answer);
        if (rfm_place_piece(m->place, method, m->object.name, query, strcmp(query, "uploads=") == 0 ? &m->object : NULL,
                            &request, err) == RFM_OK) {
            const rfm_http_request sent = {.method = method,
                                           .url = request.url.bytes,
                                           .headers = (const char *const *)request.headers,
                                           .body = body ? body->bytes : "",
                                           .n_body = body ? body->length : 0,
                                           .quiet_s = QUIET_S};
            rfm_http_send(m->http, &sent, answer, err);
        }
        rfm_place_request_free(&request);
        if (err->status != RFM_OK)
            return err->status;
        const rfm_verdict verdict = rfm_place_judge(m->place, answer, reason);
        if (verdict == RFM_PUT_DONE)
            return RFM_OK;
        if (verdict == RFM_PUT_REFUSED)
            return rfm_place_refuse(answer, m->object.name, "it", reason, err);
        if (verdict == RFM_PUT_EXPIRED && m->refresh(m->context, err) != RFM_OK)
            return err->status;
        if (!rfm_retry_failed(&retry, answer->retry_after_s, &wait_s))
            return rfm_fail(err, RFM_STOPPED, "%s: %s: run the same command again", m->object.name, reason);
        if (rfm_http_pause(m->http, wait_s, err) != RFM_OK)
            return err->status;
    }
}

static rfm_status begin_upload(sending *self, rfm_error *err)
{
    char id[ID_BYTES];
    rfm_http_answer answer = {0};
    rfm_text query = {0};
    if (ask(self->multipart, "POST", "uploads=", NULL, &answer, err) == RFM_OK) {
        const bool found = rfm_place_element(answer.body.bytes, "UploadId", id, sizeof id);
        rfm_text_adds(&query, "uploadId=");
        rfm_url_add(&query, id, strlen(id), false);
        if (!found)
            rfm_fail(err, RFM_UNAVAILABLE, "%s: the stage gives no id for an upload in pieces",
                     self->multipart->object.name);
        else if (rfm_text_check(&query, err) == RFM_OK)
            snprintf(self->query, sizeof self->query, "%s", query.bytes);
    }
    rfm_text_free(&query);
    rfm_http_answer_free(&answer);
    return err->status;
}

static rfm_status end_upload(sending *self, rfm_error *err)
{
    rfm_text body = {0};
    rfm_http_answer answer = {0};
    rfm_text_adds(&body, "<CompleteMultipartUpload>");
    for (size_t i = 0; i < self->n; i++)
        rfm_text_addf(&body, "<Part><PartNumber>%zu</PartNumber><ETag>%s</ETag></Part>", i + 1, self->pieces[i].etag);
    rfm_text_adds(&body, "</CompleteMultipartUpload>");
    if (rfm_text_check(&body, err) == RFM_OK)
        ask(self->multipart, "POST", self->query, &body, &answer, err); /* a 200 with an error inside is judged, too */
    rfm_http_answer_free(&answer);
    rfm_text_free(&body);
    return err->status;
}

/* What has come so far takes room, and is paid for, until it is told to go. The answer, which is another than to a PUT,
 * does not matter. */
static void give_up(sending *self)
{
    rfm_error err = {0};
    rfm_http_answer answer = {0};
    rfm_http_wind_up(self->multipart->http);
    ask(self->multipart, "DELETE", self->query, NULL, &answer, &err);
    rfm_http_answer_free(&answer);
}

/* ---- pieces ----------------------------------------------------------------------------------------------------- */

static void end_attempt(piece *p)
{
    rfm_source_close(p->source);
    p->source = NULL;
    rfm_place_request_free(&p->request);
}

static rfm_status begin(void *context, size_t i, rfm_http_request *request, rfm_error *err)
{
    sending *self = context;
    const rfm_multipart *m = self->multipart;
    piece *p = &self->pieces[i];
    char query[sizeof self->query + 32];
    const int64_t offset = (int64_t)i * self->piece_bytes, left = m->n_bytes - offset;
    snprintf(query, sizeof query, "partNumber=%zu&%s", i + 1, self->query);
    if (rfm_source_open_piece(m->path, offset, left < self->piece_bytes ? left : self->piece_bytes, &p->source, err) !=
            RFM_OK ||
        rfm_place_piece(m->place, "PUT", m->object.name, query, NULL, &p->request, err) != RFM_OK)
        return err->status;
    *request = (rfm_http_request){.method = "PUT",
                                  .url = p->request.url.bytes,
                                  .headers = (const char *const *)p->request.headers,
                                  .source = p->source,
                                  .quiet_s = QUIET_S};
    return RFM_OK;
}

static rfm_status end(void *context, size_t i, const rfm_http_answer *answer, bool *again, rfm_error *err)
{
    sending *self = context;
    piece *p = &self->pieces[i];
    char reason[200];
    const rfm_verdict verdict = rfm_place_judge(self->multipart->place, answer, reason);
    *again = verdict != RFM_PUT_DONE;
    end_attempt(p);
    if (verdict == RFM_PUT_DONE) {
        rfm_http_answer_header(answer, "etag", p->etag, sizeof p->etag);
        if (!*p->etag || strpbrk(p->etag, "<>&"))
            rfm_fail(err, RFM_UNAVAILABLE, "%s: a piece without a tag", self->multipart->object.name);
    } else if (verdict == RFM_PUT_REFUSED) {
        rfm_place_refuse(answer, self->multipart->object.name, "a piece", reason, err);
    } else if (verdict == RFM_PUT_EXPIRED) {
        self->multipart->refresh(self->multipart->context, err);
    }
    return err->status;
}

static rfm_status tick(void *context, int64_t bytes_under_way, rfm_error *err)
{
    const sending *self = context;
    return self->multipart->tick(self->multipart->context, bytes_under_way, err);
}

static rfm_status send_pieces(sending *self, rfm_error *err)
{
    const rfm_http_batch batch = {
        .n = self->n, .parallel = self->multipart->parallel, .begin = begin, .end = end, .tick = tick, .context = self};
    return rfm_http_send_all(self->multipart->http, &batch, err);
}

rfm_status rfm_multipart_send(const rfm_multipart *multipart, rfm_error *err)
{
    sending self = {.multipart = multipart, .piece_bytes = PIECE_BYTES};
    while ((multipart->n_bytes - 1) / self.piece_bytes >= PIECES_MOST)
        self.piece_bytes *= 2;
    self.n = (size_t)((multipart->n_bytes - 1) / self.piece_bytes) + 1;
    self.pieces = rfm_alloc(self.n, sizeof *self.pieces, err);
    if (self.pieces && begin_upload(&self, err) == RFM_OK &&
        (send_pieces(&self, err) != RFM_OK || end_upload(&self, err) != RFM_OK))
        give_up(&self);
    for (size_t i = 0; self.pieces && i < self.n; i++)
        end_attempt(&self.pieces[i]);
    free(self.pieces);
    return err->status;
}
