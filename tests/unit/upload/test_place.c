/* Where a stage lies and what goes there, from answers like the real service's. Addresses are those of Snowflake's own
 * connector (4.8.1; but for S3 always the regional one, which serves every bucket), signatures botocore's. The wall
 * clock is stood in for (-Wl,--wrap=rfm_clock_wall_us): it stands at 2026-09-21 14:13:20 UTC. */
#include "session.h"

#include "stages.h"

int64_t __wrap_rfm_clock_wall_us(void);

int64_t __wrap_rfm_clock_wall_us(void)
{
    return INT64_C(1790000000000000);
}

static const rfm_seal NO_SEAL;
static const char DIGEST[] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

static const char *header_of(const rfm_place_request *request, const char *name)
{
    const size_t n = strlen(name);
    for (int i = 0; request->headers[i]; i++)
        if (strncmp(request->headers[i], name, n) == 0 && strncmp(request->headers[i] + n, ": ", 2) == 0)
            return request->headers[i] + n + 2;
    return NULL;
}

static void put(const rfm_place *place, const char *name, rfm_place_request *request)
{
    rfm_error err = {0};
    const rfm_object object = {.name = name, .digest = DIGEST, .seal = &NO_SEAL};
    rfm_place_put(place, &object, request, &err);
    assert_fine(&err);
}

/* ---- S3 --------------------------------------------------------------------------------------------------------- */

static void expect_signed(const rfm_place *place, const char *url, const char *signature)
{
    rfm_place_request request;
    put(place, "part-00000.csv.gz", &request);
    assert_string_equal(request.url.bytes, url);
    assert_true(rfm_http_allowed(request.url.bytes));
    const char *found = strstr(header_of(&request, "Authorization"), "Signature=");
    assert_string_equal(found + strlen("Signature="), signature);
    rfm_place_request_free(&request);
}

static void a_request_to_s3_is_whole(void **state)
{
    (void)state;
    rfm_place place;
    rfm_place_request request;
    must_read(S3_ANSWER, NULL, &place);
    assert_int_equal(place.kind, RFM_PLACE_S3);
    assert_false(rfm_place_is_for_one(&place));
    assert_int_equal(place.expires_us, INT64_C(1790003600000000));
    put(&place, "part-00000.csv.gz", &request);
    assert_string_equal(request.url.bytes, "https://sfc-xx-customer-stage.s3.us-east-1.amazonaws.com/abcd/stages/"
                                           "1b2c%3D/run42/part-00000.csv.gz");
    assert_string_equal(
        header_of(&request, "Authorization"),
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260921/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-meta-sfc-digest;x-amz-security-token, "
        "Signature=4f621887c4caa029edc97ccf7ed663c835582f75fda3457752115f086337c2f2");
    assert_string_equal(header_of(&request, "x-amz-date"), "20260921T141320Z");
    assert_string_equal(header_of(&request, "x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
    assert_string_equal(header_of(&request, "x-amz-meta-sfc-digest"), DIGEST);
    assert_string_equal(header_of(&request, "x-amz-security-token"), "FwoGZXIvYXdzEXAMPLE//token+with=signs==");
    assert_string_equal(header_of(&request, "Content-Type"), "application/octet-stream");
    rfm_place_request_free(&request);
    assert_null(request.url.bytes);
    rfm_place_free(&place);
}

#define FILE_PATH "abcd/stages/1b2c%3D/run42/part-00000.csv.gz"

static const struct {
    const char *changes, *url, *signature;
} S3_PLACES[] = {
    {"{'location': 'sfc-xx-customer-stage/abcd/stages/1b2c=/run42'}", /* the slash is put there */
     "https://sfc-xx-customer-stage.s3.us-east-1.amazonaws.com/" FILE_PATH,
     "4f621887c4caa029edc97ccf7ed663c835582f75fda3457752115f086337c2f2"},
    {"{'region': null}", /* then it is that one */
     "https://sfc-xx-customer-stage.s3.us-east-1.amazonaws.com/" FILE_PATH,
     "4f621887c4caa029edc97ccf7ed663c835582f75fda3457752115f086337c2f2"},
    {"{'creds': {'AWS_KEY_ID': 'AKIAIOSFODNN7EXAMPLE',"
     " 'AWS_SECRET_KEY': 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'}}", /* a key that is not temporary */
     "https://sfc-xx-customer-stage.s3.us-east-1.amazonaws.com/" FILE_PATH,
     "d5222d60014ed15dd99f2224f51e158fa818ff499672251be5533b0315b7ca2d"},
    {"{'region': 'eu-west-1', 'useS3RegionalUrl': true}",
     "https://sfc-xx-customer-stage.s3.eu-west-1.amazonaws.com/" FILE_PATH,
     "0cfd393bfc32497d97c07ae958827865246553d9bb2b22c35ac86af94a5c43d9"},
    {"{'region': 'eu-west-1', 'useRegionalUrl': true}",
     "https://sfc-xx-customer-stage.s3.eu-west-1.amazonaws.com/" FILE_PATH,
     "0cfd393bfc32497d97c07ae958827865246553d9bb2b22c35ac86af94a5c43d9"},
    {"{'region': 'cn-northwest-1'}", "https://sfc-xx-customer-stage.s3.cn-northwest-1.amazonaws.com.cn/" FILE_PATH,
     "4f2b5f82351d04869b3e388a245ff5c655f6a919208216f765b0429654fa0da1"},
    {"{'region': 'us-gov-west-1', 'endPoint': 's3-fips.us-gov-west-1.amazonaws.com'}",
     "https://sfc-xx-customer-stage.s3-fips.us-gov-west-1.amazonaws.com/" FILE_PATH,
     "dfb80cafb6438b245465d828b72a37fdaeb7c4d04abd043e292ee7cd458bde37"},
    {"{'location': 'my.dotted.bucket/abcd/stages/1b2c=/run42/'}", /* no certificate is for my.dotted.bucket.s3... */
     "https://s3.us-east-1.amazonaws.com/my.dotted.bucket/" FILE_PATH,
     "4315b30d4863b146aeab17491aee95f69fa31de9b1cc7b5744c1ba9fb2a04944"},
    {"{'endPoint': '127.0.0.1:9000'}", "http://127.0.0.1:9000/sfc-xx-customer-stage/" FILE_PATH,
     "ba1d1d3a66af78feb83955d6f50445f3b741e77c0a6b2316a57b29dbd30beae1"},
    {"{'endPoint': 'http://127.0.0.1:9000'}", "http://127.0.0.1:9000/sfc-xx-customer-stage/" FILE_PATH,
     "ba1d1d3a66af78feb83955d6f50445f3b741e77c0a6b2316a57b29dbd30beae1"},
    {"{'endPoint': 'http://127.0.0.1:9000/'}", "http://127.0.0.1:9000/sfc-xx-customer-stage/" FILE_PATH,
     "ba1d1d3a66af78feb83955d6f50445f3b741e77c0a6b2316a57b29dbd30beae1"},
};

static void s3_is_found_as_the_answer_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof S3_PLACES / sizeof *S3_PLACES; i++) {
        rfm_place place;
        must_read(S3_ANSWER, S3_PLACES[i].changes, &place);
        expect_signed(&place, S3_PLACES[i].url, S3_PLACES[i].signature);
        rfm_place_free(&place);
    }
}

static void a_stage_at_the_top_of_a_bucket_has_no_prefix(void **state)
{
    (void)state;
    static const char *const locations[] = {"{'location': 'b'}", "{'location': 'b/'}"};
    for (size_t i = 0; i < sizeof locations / sizeof *locations; i++) {
        rfm_place place;
        rfm_place_request request;
        must_read(S3_ANSWER, locations[i], &place);
        put(&place, "part-00000.csv.gz", &request);
        assert_string_equal(request.url.bytes, "https://b.s3.us-east-1.amazonaws.com/part-00000.csv.gz");
        rfm_place_request_free(&request);
        rfm_place_free(&place);
    }
}

/* The sender refuses the address: no credentials go over an open line. */
static void plain_http_leads_to_no_other_machine(void **state)
{
    (void)state;
    static const char *const changes[] = {"{'endPoint': 'http://example.com'}",
                                          "{'endPoint': 'http://127.0.0.1@example.com'}"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        rfm_place place;
        rfm_place_request request;
        must_read(S3_ANSWER, changes[i], &place);
        put(&place, "part-00000.csv.gz", &request);
        assert_false(rfm_http_allowed(request.url.bytes));
        rfm_place_request_free(&request);
        rfm_place_free(&place);
    }
}

/* ---- Google Cloud Storage --------------------------------------------------------------------------------------- */

#define GCS_PATH "stages/1b2c%3D/run42/part%200%2B%25.csv.gz"

static const struct {
    const char *changes, *url;
} GCS_PLACES[] = {
    {"{}", "https://storage.googleapis.com/gcs-bucket/" GCS_PATH},
    {"{'useRegionalUrl': true, 'region': 'EUROPE-WEST1'}",
     "https://storage.europe-west1.rep.googleapis.com/gcs-bucket/" GCS_PATH},
    {"{'region': 'me-central2'}", "https://storage.me-central2.rep.googleapis.com/gcs-bucket/" GCS_PATH},
    {"{'endPoint': 'storage.me-central2.rep.googleapis.com'}",
     "https://storage.me-central2.rep.googleapis.com/gcs-bucket/" GCS_PATH},
    {"{'endPoint': 'https://storage.me-central2.rep.googleapis.com/'}",
     "https://storage.me-central2.rep.googleapis.com/gcs-bucket/" GCS_PATH},
    {"{'useVirtualUrl': true}", "https://gcs-bucket.storage.googleapis.com/" GCS_PATH},
    {"{'useVirtualUrl': true, 'endPoint': 'https://gcs.example'}", "https://gcs.example/" GCS_PATH},
    {"{'useVirtualUrl': true, 'useRegionalUrl': true, 'region': 'x'}",
     "https://gcs-bucket.storage.googleapis.com/" GCS_PATH},
};

static void gcs_is_found_as_the_answer_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof GCS_PLACES / sizeof *GCS_PLACES; i++) {
        rfm_place place;
        rfm_place_request request;
        must_read(GCS_ANSWER, GCS_PLACES[i].changes, &place);
        assert_false(rfm_place_is_for_one(&place));
        put(&place, "part 0+%.csv.gz", &request);
        assert_string_equal(request.url.bytes, GCS_PLACES[i].url);
        assert_string_equal(header_of(&request, "Authorization"), "Bearer ya29.EXAMPLE");
        assert_string_equal(header_of(&request, "x-goog-meta-sfc-digest"), DIGEST);
        rfm_place_request_free(&request);
        rfm_place_free(&place);
    }
}

static void a_presigned_url_is_taken_as_it_is_and_for_one_file(void **state)
{
    (void)state;
    rfm_place place;
    rfm_place_request request;
    must_read(PRESIGNED_ANSWER, NULL, &place);
    assert_true(rfm_place_is_for_one(&place));
    put(&place, "part-00000.csv.gz", &request);
    assert_string_equal(request.url.bytes, "http://127.0.0.1:8765/bucket/part-00000.csv.gz?X-Goog-Signature=aa%2Fbb");
    assert_null(header_of(&request, "Authorization"));
    assert_string_equal(header_of(&request, "x-goog-meta-sfc-digest"), DIGEST);
    rfm_place_request_free(&request);
    rfm_place_free(&place);
}

/* ---- Azure ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *changes, *url;
} AZURE_PLACES[] = {
    {"{}", "https://acct123.blob.core.windows.net/container/stages/1b2c%3D/run42/"
           "part%200%2B%25.csv.gz?sv=2024&sig=aa%2Fbb%3D"},
    {"{'endPoint': 'core.windows.net'}", "https://acct123.blob.core.windows.net/container/stages/1b2c%3D/run42/"
                                         "part%200%2B%25.csv.gz?sv=2024&sig=aa%2Fbb%3D"},
    {"{'endPoint': null}", "https://acct123.blob.core.windows.net/container/stages/1b2c%3D/run42/"
                           "part%200%2B%25.csv.gz?sv=2024&sig=aa%2Fbb%3D"},
    {"{'endPoint': 'blob.core.chinacloudapi.cn', 'creds': {'AZURE_SAS_TOKEN': 'sig=x'}}",
     "https://acct123.blob.core.chinacloudapi.cn/container/stages/1b2c%3D/run42/part%200%2B%25.csv.gz?sig=x"},
    {"{'endPoint': 'http://127.0.0.1:10000/acct123'}",
     "http://127.0.0.1:10000/acct123/container/stages/1b2c%3D/run42/part%200%2B%25.csv.gz?sv=2024&sig=aa%2Fbb%3D"},
};

static void azure_is_found_as_the_answer_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof AZURE_PLACES / sizeof *AZURE_PLACES; i++) {
        rfm_place place;
        rfm_place_request request;
        must_read(AZURE_ANSWER, AZURE_PLACES[i].changes, &place);
        assert_false(rfm_place_is_for_one(&place));
        put(&place, "part 0+%.csv.gz", &request);
        assert_string_equal(request.url.bytes, AZURE_PLACES[i].url);
        assert_string_equal(header_of(&request, "x-ms-blob-type"), "BlockBlob");
        assert_string_equal(header_of(&request, "x-ms-meta-sfcdigest"), DIGEST);
        assert_null(header_of(&request, "Authorization"));
        rfm_place_request_free(&request);
        rfm_place_free(&place);
    }
}

static void azure_without_an_account_is_told(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_place place;
    rfm_place_request request;
    must_read(AZURE_ANSWER, "{'storageAccount': null}", &place);
    rfm_place_put(&place, &(rfm_object){.name = "p", .digest = DIGEST, .seal = &NO_SEAL}, &request, &err);
    assert_failed(&err, RFM_UNAVAILABLE, "no storage account");
    rfm_place_request_free(&request);
    rfm_place_free(&place);
}

/* ---- a folder --------------------------------------------------------------------------------------------------- */

static void a_folder_is_taken_only_where_that_is_allowed(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_place place;
    json_t *root = read_json(FOLDER_ANSWER);
    rfm_place_read(root, false, &place, &err);
    assert_failed(&err, RFM_UNAVAILABLE, "store.local_stage");
    rfm_place_free(&place);
    rfm_place_read(root, true, &place, &err);
    assert_fine(&err);
    assert_int_equal(place.kind, RFM_PLACE_LOCAL);
    assert_string_equal(place.prefix, "/tmp/stage/run42");
    rfm_place_free(&place);
    json_decref(root);
}

/* ---- refused ---------------------------------------------------------------------------------------------------- */

static void expect_refused(const char *answer, const char *changes, const char *words)
{
    rfm_error err = {0};
    rfm_place place;
    read_place(answer, changes, &place, &err);
    assert_null(strstr(err.message, "wJalr"));
    assert_null(strstr(err.message, "ya29"));
    assert_failed(&err, RFM_UNAVAILABLE, words);
    rfm_place_free(&place);
}

static void other_kinds_of_stages_are_refused_by_name(void **state)
{
    (void)state;
    expect_refused(S3_ANSWER, "{'locationType': 'AZURE_ADLS'}", "'AZURE_ADLS'");
    expect_refused(S3_ANSWER, "{'locationType': 'S3COMPAT'}", "'S3COMPAT'");
    expect_refused(S3_ANSWER, "{'locationType': ''}", "'none'");
    expect_refused(S3_ANSWER, "{'locationType': null}", "'none'");
    expect_refused(S3_ANSWER, "{'locationType': 3}", "'none'");
    expect_refused("{}", NULL, "'none'");
    expect_refused("{'stageInfo': null}", NULL, "'none'");
    expect_refused("{'stageInfo': []}", NULL, "'none'");
    expect_refused("[]", NULL, "'none'");
    rfm_error err = {0};
    rfm_place place;
    rfm_place_read(NULL, false, &place, &err);
    assert_failed(&err, RFM_UNAVAILABLE, "'none'");
}

static void an_answer_without_a_place_is_refused(void **state)
{
    (void)state;
    static const char *const changes[] = {"{'location': null}", "{'location': ''}", "{'location': 7}",
                                          "{'location': '/run42/'}"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        expect_refused(S3_ANSWER, changes[i], "no place");
        expect_refused(GCS_ANSWER, changes[i], "no place");
        expect_refused(AZURE_ANSWER, changes[i], "no place");
    }
}

static void an_answer_without_credentials_is_refused(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "{'creds': null}",
        "{'creds': {}}",
        "{'creds': []}",
        "{'creds': {'AWS_KEY_ID': 'x'}}",
        "{'creds': {'AWS_SECRET_KEY': 'wJalr'}}",
        "{'creds': {'AWS_KEY_ID': 'x', 'AWS_SECRET_KEY': ''}}",
        "{'creds': {'AWS_KEY_ID': 1, 'AWS_SECRET_KEY': 2}}",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        expect_refused(S3_ANSWER, changes[i], "no credentials for its place");
        expect_refused(GCS_ANSWER, changes[i], "no credentials for its place");
        expect_refused(AZURE_ANSWER, changes[i], "no credentials for its place");
    }
    expect_refused(PRESIGNED_ANSWER, "{'presignedUrl': ''}", "no credentials for its place");
}

/* encrypted: NULL for an answer that does not say. */
static void expect_sealed(const char *answer, const char *encrypted, const char *material, bool sealed)
{
    rfm_error err = {0};
    rfm_place place;
    json_t *root = make_answer(answer, NULL), *info = json_object_get(root, "stageInfo");
    json_object_del(info, "isClientSideEncrypted");
    if (encrypted)
        json_object_set_new(info, "isClientSideEncrypted", json_boolean(strcmp(encrypted, "true") == 0));
    json_object_set_new(root, "encryptionMaterial", material ? read_json(material) : json_null());
    rfm_place_read(root, false, &place, &err);
    if (encrypted && strcmp(encrypted, "true") == 0 && !material)
        assert_failed(&err, RFM_UNAVAILABLE, "its answer has no key");
    assert_fine(&err);
    assert_int_equal(rfm_material_given(&place.material), sealed);
    rfm_place_free(&place);
    json_decref(root);
}

static void whether_clients_encrypt_is_what_the_answer_says(void **state)
{
    (void)state;
    static const char *const answers[] = {S3_ANSWER, GCS_ANSWER, AZURE_ANSWER};
    static const char material[] = "{'queryStageMasterKey': 'AAECAwQFBgcICQoLDA0ODw==', 'queryId': '01', 'smkId': 123}";
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        expect_sealed(answers[i], "true", material, true);
        expect_sealed(answers[i], "true", NULL, false);
        expect_sealed(answers[i], NULL, material, true); /* servers that do not say have such stages only */
        expect_sealed(answers[i], "false", material, false);
        expect_sealed(answers[i], "false", NULL, false);
        expect_sealed(answers[i], NULL, NULL, false); /* nothing to encrypt with */
    }
}

static void a_sealed_file_carries_its_seal(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *whole, *description;
    } places[] = {{S3_ANSWER, NULL, "x-amz-meta-x-amz-matdesc"},
                  {GCS_ANSWER, "x-goog-meta-encryptiondata", "x-goog-meta-matdesc"},
                  {AZURE_ANSWER, "x-ms-meta-encryptiondata", "x-ms-meta-matdesc"}};
    const rfm_seal seal = {
        .key_bytes = 16, .wrapped = "d3JhcHBlZA==", .vector = "dmVjdG9y", .description = "{\"a\":1}"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        rfm_error err = {0};
        rfm_place place;
        rfm_place_request request;
        must_read(places[i].answer, NULL, &place);
        rfm_place_put(&place, &(rfm_object){.name = "p", .digest = DIGEST, .seal = &seal}, &request, &err);
        assert_fine(&err);
        assert_string_equal(header_of(&request, places[i].description), "{\"a\":1}");
        if (places[i].whole) {
            assert_non_null(strstr(header_of(&request, places[i].whole), "\"EncryptedKey\":\"d3JhcHBlZA==\""));
            assert_non_null(strstr(header_of(&request, places[i].whole), "\"ContentEncryptionIV\":\"dmVjdG9y\""));
        } else {
            assert_string_equal(header_of(&request, "x-amz-meta-x-amz-key"), "d3JhcHBlZA==");
            assert_string_equal(header_of(&request, "x-amz-meta-x-amz-iv"), "dmVjdG9y");
            const char *signed_names = strstr(header_of(&request, "Authorization"), "SignedHeaders=");
            assert_non_null(strstr(signed_names, "x-amz-meta-x-amz-iv;x-amz-meta-x-amz-key;x-amz-meta-x-amz-matdesc"));
        }
        rfm_place_request_free(&request);
        rfm_place_free(&place);
    }
}

/* ---- odds ------------------------------------------------------------------------------------------------------- */

static void the_end_of_credentials_is_read_in_any_form(void **state)
{
    (void)state;
    static const struct {
        const char *changes;
        int64_t expires_us;
    } forms[] = {{"{'credExpiryTime': '1790003600000'}", INT64_C(1790003600000000)},
                 {"{'credExpiryTime': null}", 0},
                 {"{'credExpiryTime': 'tomorrow'}", 0},
                 {"{'credExpiryTime': -5}", 0},
                 {"{'credExpiryTime': 9223372036854775807}", 0},
                 {"{'credExpiryTime': '99999999999999999999'}", 0},
                 {"{'credExpiryTime': 1.5}", 0},
                 {"{'credExpiryTime': []}", 0}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        rfm_place place;
        must_read(S3_ANSWER, forms[i].changes, &place);
        assert_int_equal(place.expires_us, forms[i].expires_us);
        rfm_place_free(&place);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_to_s3_is_whole),
        cmocka_unit_test(s3_is_found_as_the_answer_says),
        cmocka_unit_test(a_stage_at_the_top_of_a_bucket_has_no_prefix),
        cmocka_unit_test(plain_http_leads_to_no_other_machine),
        cmocka_unit_test(gcs_is_found_as_the_answer_says),
        cmocka_unit_test(a_presigned_url_is_taken_as_it_is_and_for_one_file),
        cmocka_unit_test(azure_is_found_as_the_answer_says),
        cmocka_unit_test(azure_without_an_account_is_told),
        cmocka_unit_test(a_folder_is_taken_only_where_that_is_allowed),
        cmocka_unit_test(other_kinds_of_stages_are_refused_by_name),
        cmocka_unit_test(an_answer_without_a_place_is_refused),
        cmocka_unit_test(an_answer_without_credentials_is_refused),
        cmocka_unit_test(whether_clients_encrypt_is_what_the_answer_says),
        cmocka_unit_test(a_sealed_file_carries_its_seal),
        cmocka_unit_test(the_end_of_credentials_is_read_in_any_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
