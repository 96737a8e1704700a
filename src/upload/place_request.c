/* place_request: what is asked of each kind of place. */
#include "place.h"

#include "sigv4.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void rfm_place_request_free(rfm_place_request *request)
{
    for (int i = 0; request->headers[i]; i++)
        rfm_secret_close(request->headers[i]);
    if (request->url.bytes)
        explicit_bzero(request->url.bytes, request->url.length);
    rfm_text_free(&request->url);
    *request = (rfm_place_request){0};
}

static rfm_status add_header(rfm_place_request *request, rfm_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static rfm_status add_header(rfm_place_request *request, rfm_error *err, const char *format, ...)
{
    int n = 0;
    va_list arguments;
    while (request->headers[n])
        n++;
    rfm_assert(n + 1 < RFM_PLACE_HEADERS);
    va_start(arguments, format);
    if (vasprintf(&request->headers[n], format, arguments) < 0) {
        request->headers[n] = NULL;
        rfm_fail(err, RFM_NO_MEMORY, "no memory for a request");
    }
    va_end(arguments);
    return err->status;
}

/* Scheme and host, and the path's first part where the bucket stands there. */
static void add_s3_base(const rfm_place *place, rfm_text *base, rfm_text *path)
{
    const char *endpoint = place->endpoint, *region = place->region ? place->region : "us-east-1";
    const bool china = strncmp(region, "cn-", 3) == 0, has_scheme = endpoint && strstr(endpoint, "://");
    rfm_text probe = {0};
    rfm_text_addf(&probe, "http://%s", endpoint ? endpoint : "");
    const bool is_here = endpoint && !has_scheme && !probe.failed && rfm_http_allowed(probe.bytes);
    rfm_text_free(&probe);
    /* A wildcard certificate covers one label: a bucket with a point stands in the path. */
    const bool in_path = has_scheme || is_here || strchr(place->bucket, '.');
    if (has_scheme)
        rfm_text_adds(base, endpoint);
    else
        rfm_text_addf(base, "%s://%s%s", is_here ? "http" : "https", in_path ? "" : place->bucket, in_path ? "" : ".");
    if (!has_scheme && endpoint)
        rfm_text_adds(base, endpoint);
    else if (!has_scheme)
        rfm_text_addf(base, "s3.%s.amazonaws.com%s", region, china ? ".cn" : "");
    rfm_text_adds(path, "/");
    if (in_path) {
        rfm_url_add(path, place->bucket, strlen(place->bucket), false);
        rfm_text_adds(path, "/");
    }
}

/* A request to S3, as far as its signature goes; object NULL: without a file's headers. */
typedef struct s3_call {
    const char *method, *query;
    const rfm_object *object;
} s3_call;

static rfm_status sign_s3(const rfm_place *place, const s3_call *call, const char *host, const char *path,
                          rfm_place_request *request, rfm_error *err)
{
    static const char unsigned_payload[] = "UNSIGNED-PAYLOAD";
    static const rfm_seal none;
    char *key_id = rfm_secret_open(&place->key_id, err), *key = rfm_secret_open(&place->key, err);
    char *token = rfm_secret_open(&place->token, err);
    const rfm_seal *seal = call->object ? call->object->seal : &none;
    rfm_text authorization = {0};
    rfm_sigv4 sign = {.method = call->method,
                      .path = path,
                      .query = call->query,
                      .payload_hash = unsigned_payload,
                      .region = place->region ? place->region : "us-east-1",
                      .service = "s3",
                      .key_id = key_id ? key_id : "",
                      .secret = key ? key : ""};
    rfm_sigv4_time((rfm_clock_wall_us() + place->clock_us) / 1000000, sign.time);
    const rfm_signed_header all[] = {{"host", host},
                                     {"x-amz-content-sha256", unsigned_payload},
                                     {"x-amz-date", sign.time},
                                     {"x-amz-meta-sfc-digest", call->object ? call->object->digest : NULL},
                                     {"x-amz-meta-x-amz-iv", seal->vector},
                                     {"x-amz-meta-x-amz-key", seal->wrapped},
                                     {"x-amz-meta-x-amz-matdesc", seal->description},
                                     {"x-amz-security-token", token}};
    rfm_signed_header headers[sizeof all / sizeof *all];
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].value)
            headers[sign.n_headers++] = all[i];
    sign.headers = headers;
    if (err->status == RFM_OK && rfm_sigv4_sign(&sign, &authorization, err) == RFM_OK) {
        add_header(request, err, "Authorization: %s", authorization.bytes);
        for (size_t i = 1; i < sign.n_headers; i++)
            add_header(request, err, "%s: %s", headers[i].name, headers[i].value);
    }
    rfm_text_free(&authorization);
    rfm_secret_close(key_id);
    rfm_secret_close(key);
    rfm_secret_close(token);
    return err->status;
}

static rfm_status ask_s3(const rfm_place *place, const s3_call *call, const char *name, rfm_place_request *request,
                         rfm_error *err)
{
    rfm_text path = {0};
    add_s3_base(place, &request->url, &path);
    rfm_url_add(&path, place->prefix, strlen(place->prefix), true);
    rfm_url_add(&path, name, strlen(name), true);
    if (rfm_text_check(&request->url, err) == RFM_OK && rfm_text_check(&path, err) == RFM_OK)
        sign_s3(place, call, strstr(request->url.bytes, "://") + 3, path.bytes, request, err);
    if (path.bytes)
        rfm_text_addf(&request->url, "%s%s%s", path.bytes, *call->query ? "?" : "", call->query);
    rfm_text_free(&path);
    return err->status == RFM_OK ? rfm_text_check(&request->url, err) : err->status;
}

static rfm_status put_s3(const rfm_place *place, const rfm_object *object, rfm_place_request *request, rfm_error *err)
{
    ask_s3(place, &(s3_call){"PUT", "", object}, object->name, request, err);
    return add_header(request, err, "Content-Type: application/octet-stream");
}

/* The seal of a file, in the words of the two services that keep it as JSON. */
static rfm_status add_seal(const rfm_seal *seal, const char *whole, const char *description, const char *algorithm,
                           rfm_place_request *request, rfm_error *err)
{
    if (seal->key_bytes == 0)
        return err->status;
    char *text = rfm_seal_print(seal, algorithm, err);
    if (text)
        add_header(request, err, "%s: %s", whole, text);
    free(text);
    return add_header(request, err, "%s: %s", description, seal->description);
}

static void add_gcs_url(const rfm_place *place, const char *name, rfm_text *url)
{
    const bool by_region = place->is_regional || (place->region && strcasecmp(place->region, "me-central2") == 0);
    rfm_text_adds(url, place->endpoint && strstr(place->endpoint, "://") ? "" : "https://");
    if (place->endpoint)
        rfm_text_adds(url, place->endpoint);
    else if (place->is_virtual)
        rfm_text_addf(url, "%s.storage.googleapis.com", place->bucket);
    else if (by_region && place->region)
        rfm_text_addf(url, "storage.%s.rep.googleapis.com", place->region);
    else
        rfm_text_adds(url, "storage.googleapis.com");
    rfm_text_adds(url, "/");
    if (!place->is_virtual) {
        rfm_url_add(url, place->bucket, strlen(place->bucket), false);
        rfm_text_adds(url, "/");
    }
    rfm_url_add(url, place->prefix, strlen(place->prefix), true);
    rfm_url_add(url, name, strlen(name), true);
}

static rfm_status ask_gcs(const rfm_place *place, const char *name, rfm_place_request *request, rfm_error *err)
{
    char *token = rfm_secret_open(&place->token, err), *presigned = NULL;
    if (token) {
        add_gcs_url(place, name, &request->url);
        add_header(request, err, "Authorization: Bearer %s", token);
    } else if ((presigned = rfm_secret_open(&place->presigned, err))) {
        rfm_text_adds(&request->url, presigned);
    }
    rfm_secret_close(token);
    rfm_secret_close(presigned);
    return err->status == RFM_OK ? rfm_text_check(&request->url, err) : err->status;
}

static rfm_status put_gcs(const rfm_place *place, const rfm_object *object, rfm_place_request *request, rfm_error *err)
{
    ask_gcs(place, object->name, request, err);
    add_header(request, err, "x-goog-meta-sfc-digest: %s", object->digest);
    add_seal(object->seal, "x-goog-meta-encryptiondata", "x-goog-meta-matdesc", "AES_CBC_256", request, err);
    add_header(request, err, "Content-Encoding;"); /* empty: "gzip" would be undone on the way back */
    return add_header(request, err, "Content-Type: application/octet-stream");
}

/* The signature is a query, with or without its question mark; endPoint with or without "blob.". */
static rfm_status ask_azure(const rfm_place *place, const char *name, rfm_place_request *request, rfm_error *err)
{
    rfm_text *url = &request->url;
    char *sas = rfm_secret_open(&place->token, err);
    const char *endpoint = place->endpoint ? place->endpoint : "core.windows.net";
    const bool whole = strstr(endpoint, "://");
    endpoint += strncmp(endpoint, "blob.", 5) == 0 ? 5 : 0;
    if (!place->storage && !whole)
        rfm_fail(err, RFM_UNAVAILABLE, "the stage's place has no storage account");
    else if (whole)
        rfm_text_addf(url, "%s/", endpoint);
    else
        rfm_text_addf(url, "https://%s.blob.%s/", place->storage, endpoint);
    rfm_url_add(url, place->bucket, strlen(place->bucket), false);
    rfm_text_adds(url, "/");
    rfm_url_add(url, place->prefix, strlen(place->prefix), true);
    rfm_url_add(url, name, strlen(name), true);
    if (sas)
        rfm_text_addf(url, "?%s", sas + (*sas == '?'));
    rfm_secret_close(sas);
    return err->status == RFM_OK ? rfm_text_check(url, err) : err->status;
}

static rfm_status put_azure(const rfm_place *place, const rfm_object *object, rfm_place_request *request,
                            rfm_error *err)
{
    ask_azure(place, object->name, request, err);
    add_header(request, err, "x-ms-blob-type: BlockBlob");
    add_header(request, err, "x-ms-meta-sfcdigest: %s", object->digest);
    add_header(request, err, "Content-Type: application/octet-stream");
    return add_seal(object->seal, "x-ms-meta-encryptiondata", "x-ms-meta-matdesc", "AES_CBC_128", request, err);
}

rfm_status rfm_place_put(const rfm_place *place, const rfm_object *object, rfm_place_request *request, rfm_error *err)
{
    *request = (rfm_place_request){0};
    rfm_assert(place->kind != RFM_PLACE_LOCAL);
    return place->kind == RFM_PLACE_S3    ? put_s3(place, object, request, err)
           : place->kind == RFM_PLACE_GCS ? put_gcs(place, object, request, err)
                                          : put_azure(place, object, request, err);
}

rfm_status rfm_place_get(const rfm_place *place, const char *name, rfm_place_request *request, rfm_error *err)
{
    *request = (rfm_place_request){0};
    rfm_assert(place->kind != RFM_PLACE_LOCAL);
    return place->kind == RFM_PLACE_S3    ? ask_s3(place, &(s3_call){"GET", "", NULL}, name, request, err)
           : place->kind == RFM_PLACE_GCS ? ask_gcs(place, name, request, err)
                                          : ask_azure(place, name, request, err);
}

rfm_status rfm_place_piece(const rfm_place *place, const char *method, const char *name, const char *query,
                           const rfm_object *object, rfm_place_request *request, rfm_error *err)
{
    *request = (rfm_place_request){0};
    rfm_assert(place->kind == RFM_PLACE_S3);
    return ask_s3(place, &(s3_call){method, query, object}, name, request, err);
}
