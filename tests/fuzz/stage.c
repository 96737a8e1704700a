/* Stages: the answer to PUT, and what an object store says. Whatever comes in, it is a place or RFM_UNAVAILABLE; a
 * request is whole and shows no secret in its address; and nothing is "moved" twice by the same answer, which would
 * never end.
 *
 * A byte: may it be a folder; a byte: is the file sealed; a byte: which status. Then, with NUL between them, the answer
 * in JSON, a region, a date, and a body.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "place.h"

static const rfm_seal NONE,
    SEALED = {.key_bytes = 16, .wrapped = "d3JhcHBlZA==", .vector = "aXY=", .description = "{}"};

/* Up to the next NUL; not terminated. */
static fuzz_input take_piece(fuzz_input *input)
{
    const char *end = memchr(input->bytes, '\0', input->n);
    const fuzz_input piece = {.bytes = input->bytes, .n = end ? (size_t)(end - input->bytes) : input->n};
    const size_t used = piece.n + (end != NULL);
    input->bytes += used;
    input->n -= used;
    return piece;
}

static void take_text(fuzz_input *input, char *text, size_t room)
{
    const fuzz_input piece = take_piece(input);
    const size_t n = piece.n < room - 1 ? piece.n : room - 1;
    memcpy(text, piece.bytes, n);
    text[n] = '\0';
}

static bool shows(const char *text, const rfm_secret *secret)
{
    rfm_error err = {0};
    char *words = rfm_secret_open(secret, &err);
    const bool found = words && strlen(words) > 40 && strstr(text, words);
    rfm_secret_close(words);
    return found;
}

static void check_request(const rfm_place *place, const rfm_place_request *request, rfm_status status)
{
    int n = 0;
    must(status == RFM_OK || status == RFM_UNAVAILABLE);
    if (status != RFM_OK)
        return;
    must(request->url.bytes && !request->url.failed);
    while (request->headers[n])
        n++;
    must(n < RFM_PLACE_HEADERS);
    if (place->kind == RFM_PLACE_S3) {
        must(n > 0 && strncmp(request->headers[0], "Authorization: AWS4-HMAC-SHA256 Credential=", 43) == 0);
        must(!shows(request->url.bytes, &place->key) && !shows(request->url.bytes, &place->token));
        for (int i = 0; i < n; i++)
            must(!shows(request->headers[i], &place->key));
    }
}

static void check_put(const rfm_place *place, const rfm_seal *seal)
{
    rfm_error err = {0};
    rfm_place_request request;
    const rfm_object object = {.name = "part-00000.csv.gz", .digest = "47DEQpj8HBSa", .seal = seal};
    check_request(place, &request, rfm_place_put(place, &object, &request, &err));
    rfm_place_request_free(&request);
    err = (rfm_error){0};
    check_request(place, &request, rfm_place_get(place, "a/part-00000.csv.gz", &request, &err));
    rfm_place_request_free(&request);
    if (place->kind != RFM_PLACE_S3)
        return;
    err = (rfm_error){0};
    check_request(place, &request,
                  rfm_place_piece(place, "PUT", object.name, "partNumber=1&uploadId=x", NULL, &request, &err));
    rfm_place_request_free(&request);
}

/* The same bytes as what comes with a fetched file. */
static void check_open(const rfm_place *place, const fuzz_input *input)
{
    rfm_error err = {0};
    char digest[64] = "";
    rfm_seal seal;
    rfm_http_answer head = {.status = 200};
    rfm_text_add(&head.headers, input->bytes, input->n);
    rfm_place_open(place, &head, digest, &seal, &err);
    must(err.status == RFM_OK || err.status == RFM_UNAVAILABLE);
    must(err.status != RFM_OK || rfm_material_given(&place->material) == (seal.key_bytes > 0));
    rfm_seal_free(&seal);
    rfm_http_answer_free(&head);
}

static void check_judge(rfm_place *place, long status, fuzz_input *input)
{
    char reason[200];
    rfm_http_answer answer = {.status = status, .problem = "reset"};
    take_text(input, answer.region, sizeof answer.region);
    take_text(input, answer.date, sizeof answer.date);
    rfm_text_add(&answer.body, input->bytes, input->n);
    rfm_verdict verdict = rfm_place_judge(place, &answer, reason);
    must(memchr(reason, '\0', sizeof reason) != NULL);
    must((verdict == RFM_PUT_DONE) <= (status == 200 || status == 201));
    if (verdict == RFM_PUT_MOVED)
        must(rfm_place_judge(place, &answer, reason) != RFM_PUT_MOVED);
    rfm_http_answer_free(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const long statuses[] = {200, 0, 201, 301, 307, 400, 401, 403, 404, 408, 429, 500, 503};
    fuzz_input input = {.bytes = (const char *)bytes, .n = n};
    rfm_error err = {0};
    rfm_place place;
    const bool folder = fuzz_below(&input, 2), sealed = fuzz_below(&input, 2);
    const long status = statuses[fuzz_below(&input, sizeof statuses / sizeof *statuses)];
    const fuzz_input text = take_piece(&input);
    json_t *data = json_loadb(text.bytes, text.n, 0, NULL);
    rfm_place_read(data, folder, &place, &err);
    must(err.status == RFM_OK || err.status == RFM_UNAVAILABLE);
    must((err.status == RFM_OK) == (err.message[0] == '\0'));
    if (err.status == RFM_OK && place.kind == RFM_PLACE_LOCAL)
        must(folder && place.prefix);
    if (err.status == RFM_OK && place.kind != RFM_PLACE_LOCAL) {
        must(place.expires_us >= 0 && place.bucket && *place.bucket);
        check_put(&place, sealed ? &SEALED : &NONE);
        check_open(&place, &input);
        check_judge(&place, status, &input);
        check_put(&place, &NONE);
    }
    rfm_place_free(&place);
    json_decref(data);
    return 0;
}
