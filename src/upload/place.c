/* place: stageInfo, and what answers mean. */
#include "place.h"

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
    const bool proven = place->kind == RFM_PLACE_S3
                            ? rfm_secret_given(&place->key_id) && rfm_secret_given(&place->key)
                            : rfm_secret_given(&place->token) || rfm_secret_given(&place->presigned);
    if (err->status == RFM_OK && !proven)
        return rfm_fail(err, RFM_UNAVAILABLE, "the answer to PUT has no credentials for its place");
    return err->status;
}

/* In small letters, as host names have it. */
static char *take_region(const json_t *info, rfm_error *err)
{
    char *region = take_text(info, "region", err);
    for (char *c = region; c && *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    return region;
}

/* Without a slash behind. */
static char *take_endpoint(const json_t *info, rfm_error *err)
{
    char *endpoint = take_text(info, "endPoint", err), *slash = endpoint ? strrchr(endpoint, '/') : NULL;
    if (slash && slash[1] == '\0')
        *slash = '\0';
    return endpoint;
}

static rfm_status read_cloud(const json_t *info, rfm_place *place, rfm_error *err)
{
    const char *location = text_of(info, "location");
    place->expires_us = take_expiry(info);
    place->told_us = rfm_clock_wall_us();
    place->region = take_region(info, err);
    place->endpoint = take_endpoint(info, err);
    place->is_regional = json_is_true(json_object_get(info, "useS3RegionalUrl")) ||
                         json_is_true(json_object_get(info, "useRegionalUrl"));
    place->is_virtual = json_is_true(json_object_get(info, "useVirtualUrl"));
    if (take_credentials(info, place, err) != RFM_OK)
        return err->status;
    if (!location || *location == '/')
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
    for (size_t i = 0; json_is_array(material) && i < json_array_size(material); i++) /* GET: one a file, all alike */
        if (json_is_object(json_array_get(material, i)))
            material = json_array_get(material, i);
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

bool rfm_place_is_fresh(const rfm_place *place)
{
    static const int64_t margin_us = INT64_C(300000000);
    const int64_t now = rfm_clock_wall_us();
    return place->expires_us == 0 || place->expires_us - now > margin_us || now - place->told_us < margin_us / 10;
}

bool rfm_place_is_for_one(const rfm_place *place)
{
    return place->kind == RFM_PLACE_GCS && !rfm_secret_given(&place->token);
}

/* ---- what comes with a fetched file ----------------------------------------------------------------------------- */

/* S3 keeps the parts of a seal as headers of their own, the others as one of JSON. */
static void read_seal(const rfm_place *place, const rfm_http_answer *head, char wrapped[256], char vector[64])
{
    char text[4096];
    json_error_t reason;
    if (place->kind == RFM_PLACE_S3) {
        rfm_http_answer_header(head, "x-amz-meta-x-amz-key", wrapped, 256);
        rfm_http_answer_header(head, "x-amz-meta-x-amz-iv", vector, 64);
        return;
    }
    const bool azure = place->kind == RFM_PLACE_AZURE;
    rfm_http_answer_header(head, azure ? "x-ms-meta-encryptiondata" : "x-goog-meta-encryptiondata", text, sizeof text);
    json_t *data = json_loads(text, 0, &reason);
    const char *key = text_of(json_object_get(data, "WrappedContentKey"), "EncryptedKey");
    const char *iv = text_of(data, "ContentEncryptionIV");
    snprintf(wrapped, 256, "%s", key ? key : "");
    snprintf(vector, 64, "%s", iv ? iv : "");
    json_decref(data);
}

rfm_status rfm_place_open(const rfm_place *place, const rfm_http_answer *head, char digest[64], rfm_seal *seal,
                          rfm_error *err)
{
    static const char *const names[] = {[RFM_PLACE_S3] = "x-amz-meta-sfc-digest",
                                        [RFM_PLACE_GCS] = "x-goog-meta-sfc-digest",
                                        [RFM_PLACE_AZURE] = "x-ms-meta-sfcdigest"};
    char wrapped[256] = "", vector[64] = "";
    *seal = (rfm_seal){0};
    rfm_assert(place->kind != RFM_PLACE_LOCAL);
    rfm_http_answer_header(head, names[place->kind], digest, 64);
    if (!rfm_material_given(&place->material))
        return RFM_OK;
    read_seal(place, head, wrapped, vector);
    return rfm_seal_open(&place->material, wrapped, vector, seal, err);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

bool rfm_place_element(const char *body, const char *name, char *value, size_t room)
{
    char open[32];
    const int n = snprintf(open, sizeof open, "<%s>", name);
    const char *at = body ? strstr(body, open) : NULL;
    const int length = at ? (int)strcspn(at + n, "<") : 0;
    return snprintf(value, room, "%.*s", length, at ? at + n : "") < (int)room && length > 0;
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
    rfm_place_element(answer->body.bytes, "Code", code, sizeof code);
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

rfm_status rfm_place_refuse(const rfm_http_answer *answer, const char *name, const char *what, const char *reason,
                            rfm_error *err)
{
    return rfm_fail(err, answer->status == 403 ? RFM_DENIED : RFM_UNAVAILABLE, "%s: the stage refuses %s (%s)", name,
                    what, reason);
}
