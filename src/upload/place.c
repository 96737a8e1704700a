/* place: stageInfo, and what each kind of place makes of it. */
#include "place.h"

#include "sigv4.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* ---- the answer to a PUT ---------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text && *text ? text : NULL;
}

static rfm_status take_secret(const json_t *object, const char *key, rfm_secret *secret, rfm_error *err)
{
    const char *text = text_of(object, key);
    return text ? rfm_secret_set(secret, text, strlen(text), err) : err->status;
}

static char *take_text(const json_t *object, const char *key, rfm_error *err)
{
    const char *text = text_of(object, key);
    return text ? rfm_copy_string(text, err) : NULL;
}

/* "bucket/a/b" as bucket and "a/b/". */
static rfm_status take_location(const char *location, rfm_place *place, rfm_error *err)
{
    const size_t n = strcspn(location, "/");
    const char *rest = location + n + (location[n] == '/');
    rfm_text prefix = {0};
    rfm_text_addf(&prefix, "%s%s", rest, *rest && rest[strlen(rest) - 1] != '/' ? "/" : "");
    if (rfm_text_check(&prefix, err) != RFM_OK)
        return err->status;
    place->prefix = prefix.bytes;
    place->bucket = rfm_copy_string(location, err);
    if (place->bucket)
        place->bucket[n] = '\0';
    return err->status;
}

/* A number, or a text that is one; milliseconds since 1970. */
static int64_t take_expiry(const json_t *info)
{
    const json_t *value = json_object_get(info, "credExpiryTime");
    int64_t ms = json_is_integer(value) ? (int64_t)json_integer_value(value) : 0;
    if (json_is_string(value) &&
        rfm_integer_parse(json_string_value(value), json_string_length(value), &ms) != RFM_PARSE_OK)
        ms = 0;
    return ms > 0 && ms < INT64_MAX / 1000 ? ms * 1000 : 0;
}

static rfm_status take_credentials(const json_t *info, rfm_place *place, rfm_error *err)
{
    const json_t *creds = json_object_get(info, "creds");
    switch (place->kind) {
    case RFM_PLACE_S3:
        take_secret(creds, "AWS_KEY_ID", &place->key_id, err);
        take_secret(creds, "AWS_SECRET_KEY", &place->key, err);
        take_secret(creds, "AWS_TOKEN", &place->token, err);
        break;
    case RFM_PLACE_GCS:
        take_secret(creds, "GCS_ACCESS_TOKEN", &place->token, err);
        take_secret(info, "presignedUrl", &place->presigned, err);
        break;
    case RFM_PLACE_AZURE:
        take_secret(creds, "AZURE_SAS_TOKEN", &place->token, err);
        place->storage = take_text(info, "storageAccount", err);
        break;
    case RFM_PLACE_LOCAL:
        break;
    }
    const bool proven = rfm_secret_given(place->kind == RFM_PLACE_S3 ? &place->key : &place->token) ||
                        rfm_secret_given(&place->presigned);
    if (err->status == RFM_OK && !proven)
        return rfm_fail(err, RFM_UNAVAILABLE, "the answer to PUT has no credentials for its place");
    return err->status;
}

static rfm_status read_cloud(const json_t *info, rfm_place *place, rfm_error *err)
{
    const char *location = text_of(info, "location");
    place->expires_us = take_expiry(info);
    place->region = take_text(info, "region", err);
    place->endpoint = take_text(info, "endPoint", err);
    place->is_regional = json_is_true(json_object_get(info, "useS3RegionalUrl")) ||
                         json_is_true(json_object_get(info, "useRegionalUrl"));
    place->is_virtual = json_is_true(json_object_get(info, "useVirtualUrl"));
    if (take_credentials(info, place, err) != RFM_OK)
        return err->status;
    if (!location)
        return rfm_fail(err, RFM_UNAVAILABLE, "the answer to PUT has no place");
    return take_location(location, place, err);
}

static rfm_status read_folder(const json_t *info, bool allowed, rfm_place *place, rfm_error *err)
{
    const char *location = text_of(info, "location");
    if (!allowed)
        return rfm_fail(
            err, RFM_UNAVAILABLE,
            "the stage is a folder of this machine, as test servers have it: store.local_stage allows that");
    if (!location)
        return rfm_fail(err, RFM_UNAVAILABLE, "the answer to PUT has no place");
    place->prefix = rfm_copy_string(location, err);
    return err->status;
}

rfm_status rfm_place_read(const json_t *data, bool local_allowed, rfm_place *place, rfm_error *err)
{
    static const char *const kinds[] = {
        [RFM_PLACE_S3] = "S3", [RFM_PLACE_GCS] = "GCS", [RFM_PLACE_AZURE] = "AZURE", [RFM_PLACE_LOCAL] = "LOCAL_FS"};
    const json_t *info = json_object_get(data, "stageInfo");
    const char *kind = text_of(info, "locationType");
    int found = -1;
    *place = (rfm_place){0};
    for (int i = 0; kind && i < (int)(sizeof kinds / sizeof *kinds); i++)
        if (strcasecmp(kind, kinds[i]) == 0)
            found = i;
    if (found < 0)
        return rfm_fail(err, RFM_UNAVAILABLE, "stages of the kind '%s' are not known here: S3, GCS and AZURE are",
                        kind ? kind : "none");
    place->kind = (rfm_place_kind)found;
    if (place->kind == RFM_PLACE_LOCAL)
        return read_folder(info, local_allowed, place, err);
    /* Where the answer says nothing, the stage is one whose files clients encrypt; where it has no key either, none. */
    const json_t *encrypted = json_object_get(info, "isClientSideEncrypted");
    const json_t *material = json_object_get(data, "encryptionMaterial");
    if (!json_is_false(encrypted) && (json_is_true(encrypted) || json_is_object(material)) &&
        rfm_material_read(material, &place->material, err) != RFM_OK)
        return err->status;
    return read_cloud(info, place, err);
}

void rfm_place_free(rfm_place *place)
{
    free(place->bucket);
    free(place->prefix);
    free(place->region);
    free(place->endpoint);
    free(place->storage);
    rfm_material_free(&place->material);
    rfm_secret_free(&place->key_id);
    rfm_secret_free(&place->key);
    rfm_secret_free(&place->token);
    rfm_secret_free(&place->presigned);
    *place = (rfm_place){0};
}

bool rfm_place_is_for_one(const rfm_place *place)
{
    return place->kind == RFM_PLACE_GCS && !rfm_secret_given(&place->token);
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

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
        rfm_text_addf(base, "%.*s", (int)(strlen(endpoint) - (endpoint[strlen(endpoint) - 1] == '/')), endpoint);
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

static rfm_status sign_s3(const rfm_place *place, const rfm_object *object, const char *host, const char *path,
                          rfm_place_request *request, rfm_error *err)
{
    static const char unsigned_payload[] = "UNSIGNED-PAYLOAD";
    char *key_id = rfm_secret_open(&place->key_id, err), *key = rfm_secret_open(&place->key, err);
    char *token = rfm_secret_open(&place->token, err);
    rfm_text authorization = {0};
    rfm_sigv4 sign = {.method = "PUT",
                      .path = path,
                      .query = "",
                      .payload_hash = unsigned_payload,
                      .region = place->region ? place->region : "us-east-1",
                      .service = "s3",
                      .key_id = key_id ? key_id : "",
                      .secret = key ? key : ""};
    rfm_sigv4_time((rfm_clock_wall_us() + place->clock_us) / 1000000, sign.time);
    const rfm_signed_header all[] = {{"host", host},
                                     {"x-amz-content-sha256", unsigned_payload},
                                     {"x-amz-date", sign.time},
                                     {"x-amz-meta-sfc-digest", object->digest},
                                     {"x-amz-meta-x-amz-iv", object->seal->vector},
                                     {"x-amz-meta-x-amz-key", object->seal->wrapped},
                                     {"x-amz-meta-x-amz-matdesc", object->seal->description},
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

static rfm_status put_s3(const rfm_place *place, const rfm_object *object, rfm_place_request *request, rfm_error *err)
{
    rfm_text path = {0};
    add_s3_base(place, &request->url, &path);
    rfm_url_add(&path, place->prefix, strlen(place->prefix), true);
    rfm_url_add(&path, object->name, strlen(object->name), false);
    if (rfm_text_check(&request->url, err) == RFM_OK && rfm_text_check(&path, err) == RFM_OK)
        sign_s3(place, object, strstr(request->url.bytes, "://") + 3, path.bytes, request, err);
    if (path.bytes)
        rfm_text_adds(&request->url, path.bytes);
    rfm_text_free(&path);
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

static void add_gcs_url(const rfm_place *place, const rfm_object *object, rfm_text *url)
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
    rfm_url_add(url, object->name, strlen(object->name), false);
}

static rfm_status put_gcs(const rfm_place *place, const rfm_object *object, rfm_place_request *request, rfm_error *err)
{
    char *token = rfm_secret_open(&place->token, err), *presigned = NULL;
    if (token) {
        add_gcs_url(place, object, &request->url);
        add_header(request, err, "Authorization: Bearer %s", token);
    } else if ((presigned = rfm_secret_open(&place->presigned, err))) {
        rfm_text_adds(&request->url, presigned);
    }
    rfm_secret_close(token);
    rfm_secret_close(presigned);
    add_header(request, err, "x-goog-meta-sfc-digest: %s", object->digest);
    add_seal(object->seal, "x-goog-meta-encryptiondata", "x-goog-meta-matdesc", "AES_CBC_256", request, err);
    add_header(request, err, "Content-Encoding;"); /* empty: "gzip" would be undone on the way back */
    add_header(request, err, "Content-Type: application/octet-stream");
    return rfm_text_check(&request->url, err);
}

/* The signature is a query, with or without its question mark; endPoint with or without "blob.". */
static rfm_status put_azure(const rfm_place *place, const rfm_object *object, rfm_place_request *request,
                            rfm_error *err)
{
    rfm_text *url = &request->url;
    char *sas = rfm_secret_open(&place->token, err);
    const char *endpoint = place->endpoint ? place->endpoint : "core.windows.net";
    const bool whole = strstr(endpoint, "://");
    endpoint += strncmp(endpoint, "blob.", 5) == 0 ? 5 : 0;
    if (!place->storage && !whole)
        rfm_fail(err, RFM_UNAVAILABLE, "the answer to PUT has no storage account");
    else if (whole)
        rfm_text_addf(url, "%s/", endpoint);
    else
        rfm_text_addf(url, "https://%s.blob.%s/", place->storage, endpoint);
    rfm_url_add(url, place->bucket, strlen(place->bucket), false);
    rfm_text_adds(url, "/");
    rfm_url_add(url, place->prefix, strlen(place->prefix), true);
    rfm_url_add(url, object->name, strlen(object->name), false);
    if (sas)
        rfm_text_addf(url, "?%s", sas + (*sas == '?'));
    rfm_secret_close(sas);
    add_header(request, err, "x-ms-blob-type: BlockBlob");
    add_header(request, err, "x-ms-meta-sfcdigest: %s", object->digest);
    add_header(request, err, "Content-Type: application/octet-stream");
    add_seal(object->seal, "x-ms-meta-encryptiondata", "x-ms-meta-matdesc", "AES_CBC_128", request, err);
    return err->status == RFM_OK ? rfm_text_check(url, err) : err->status;
}

rfm_status rfm_place_put(const rfm_place *place, const rfm_object *object, rfm_place_request *request, rfm_error *err)
{
    *request = (rfm_place_request){0};
    rfm_assert(place->kind != RFM_PLACE_LOCAL);
    return place->kind == RFM_PLACE_S3    ? put_s3(place, object, request, err)
           : place->kind == RFM_PLACE_GCS ? put_gcs(place, object, request, err)
                                          : put_azure(place, object, request, err);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

/* What stands in <name>...</name>; "" for nothing. */
static void read_element(const char *body, const char *name, char *value, size_t room)
{
    char open[32];
    const int n = snprintf(open, sizeof open, "<%s>", name);
    const char *at = body ? strstr(body, open) : NULL;
    snprintf(value, room, "%.*s", at ? (int)strcspn(at + n, "<") : 0, at ? at + n : "");
}

/* RFC 7231's date against our clock. */
static bool set_clock(rfm_place *place, const char *date)
{
    struct tm parts = {0};
    const char *end = strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (!end)
        return false;
    const int64_t ahead = (int64_t)timegm(&parts) * 1000000 - rfm_clock_wall_us();
    const bool changed = llabs(ahead - place->clock_us) > 60 * INT64_C(1000000);
    place->clock_us = ahead;
    return changed;
}

static bool set_region(rfm_place *place, const char *region)
{
    if (!*region || strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(region) ||
        (place->region && strcmp(place->region, region) == 0))
        return false;
    char *copy = strdup(region);
    if (copy) {
        free(place->region);
        place->region = copy;
    }
    return copy;
}

static rfm_verdict judge_s3(rfm_place *place, const rfm_http_answer *answer, const char *code)
{
    if (strcmp(code, "ExpiredToken") == 0 || strcmp(code, "TokenRefreshRequired") == 0)
        return RFM_PUT_EXPIRED;
    if (strcmp(code, "RequestTimeTooSkewed") == 0 && set_clock(place, answer->date))
        return RFM_PUT_MOVED;
    if ((answer->status == 301 || answer->status == 307 || answer->status == 400) && set_region(place, answer->region))
        return RFM_PUT_MOVED;
    if (strcmp(code, "RequestTimeout") == 0) /* of S3: the body was not there in time */
        return RFM_PUT_AGAIN;
    return rfm_http_passing(answer->status) ? RFM_PUT_AGAIN : RFM_PUT_REFUSED;
}

static rfm_verdict judge_gcs(const rfm_place *place, const rfm_http_answer *answer)
{
    if (answer->status == (rfm_place_is_for_one(place) ? 400 : 401))
        return RFM_PUT_EXPIRED;
    return rfm_http_passing(answer->status) ? RFM_PUT_AGAIN : RFM_PUT_REFUSED;
}

/* A refusal for a signature that is no longer good is a 403 whose code or reason says so. */
static rfm_verdict judge_azure(const rfm_http_answer *answer, const char *code)
{
    if (answer->status == 403 && (strstr(code, "Authentication") || strstr(code, "Authorization") ||
                                  (answer->body.bytes && strcasestr(answer->body.bytes, "expired"))))
        return RFM_PUT_EXPIRED;
    return rfm_http_passing(answer->status) ? RFM_PUT_AGAIN : RFM_PUT_REFUSED;
}

rfm_verdict rfm_place_judge(rfm_place *place, const rfm_http_answer *answer, char reason[200])
{
    char code[80];
    read_element(answer->body.bytes, "Code", code, sizeof code);
    snprintf(reason, 200, "%s%s%ld", code, *code ? ", " : "", answer->status);
    if (answer->status == 0)
        snprintf(reason, 200, "%.180s", answer->problem);
    if ((answer->status == 200 || answer->status == 201) && !*code)
        return RFM_PUT_DONE;
    if (answer->status == 200) /* an error inside */
        return RFM_PUT_AGAIN;
    return place->kind == RFM_PLACE_S3    ? judge_s3(place, answer, code)
           : place->kind == RFM_PLACE_GCS ? judge_gcs(place, answer)
                                          : judge_azure(answer, code);
}
