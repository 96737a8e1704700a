/* Signatures of requests to AWS: its own signing test suite (header-signed requests of version 4), the four examples of
 * "Authenticating Requests: Using the Authorization Header" in the S3 API reference, and object keys with everything
 * that has to be encoded, whose signatures are botocore's (S3SigV4Auth of 1.44.8). */
#include "session.h"

#include <time.h>

#include "http.h"
#include "sigv4.h"

enum { MAX_HEADERS = 6 };

static const char EMPTY_HASH[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

typedef struct vector {
    const char *name, *method, *path, *query;
    rfm_signed_header headers[MAX_HEADERS]; /* name NULL: the end */
    const char *payload_hash;
    const char *signed_headers, *signature;
} vector;

/* What all requests of a suite have in common. */
typedef struct suite {
    const char *key_id, *secret, *service, *time;
} suite;

static void check(const suite *common, const vector *v)
{
    rfm_error err = {0};
    rfm_text authorization = {0}, expected = {0};
    rfm_sigv4 request = {.method = v->method,
                         .path = v->path,
                         .query = v->query,
                         .headers = v->headers,
                         .payload_hash = v->payload_hash ? v->payload_hash : EMPTY_HASH,
                         .region = "us-east-1",
                         .service = common->service,
                         .key_id = common->key_id,
                         .secret = common->secret};
    while (request.n_headers < MAX_HEADERS && v->headers[request.n_headers].name)
        request.n_headers++;
    memcpy(request.time, common->time, sizeof request.time);
    rfm_text_addf(&expected,
                  "AWS4-HMAC-SHA256 Credential=%s/%.8s/us-east-1/%s/aws4_request, SignedHeaders=%s, Signature=%s",
                  common->key_id, common->time, common->service, v->signed_headers, v->signature);
    rfm_sigv4_sign(&request, &authorization, &err);
    assert_fine(&err);
    if (strcmp(authorization.bytes, expected.bytes) != 0)
        fail_msg("%s: %s", v->name, authorization.bytes);
    rfm_text_free(&authorization);
    rfm_text_free(&expected);
}

/* ---- the signing test suite ------------------------------------------------------------------------------------- */

#define SUITE_DATE                                                                                                     \
    {                                                                                                                  \
        "x-amz-date", "20150830T123600Z"                                                                               \
    }
#define SUITE_HEADERS                                                                                                  \
    {                                                                                                                  \
        {"host", "example.amazonaws.com"}, SUITE_DATE                                                                  \
    }

static const suite SUITE = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "service", "20150830T123600Z"};

static const vector SUITE_VECTORS[] = {
    {"get-vanilla", "GET", "/", "", SUITE_HEADERS, NULL, "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"post-vanilla", "POST", "/", "", SUITE_HEADERS, NULL, "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"get-vanilla-empty-query-key", "GET", "/", "Param1=value1", SUITE_HEADERS, NULL, "host;x-amz-date",
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"get-vanilla-query-order-key-case", "GET", "/", "Param1=value1&Param2=value2", SUITE_HEADERS, NULL,
     "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-utf8-query", "GET", "/", "%E1%88%B4=bar", SUITE_HEADERS, NULL, "host;x-amz-date",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"get-utf8", "GET", "/%E1%88%B4", "", SUITE_HEADERS, NULL, "host;x-amz-date",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-space-unnormalized", "GET", "/example%20space/", "", SUITE_HEADERS, NULL, "host;x-amz-date",
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"get-unreserved", "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "", SUITE_HEADERS,
     NULL, "host;x-amz-date", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-header-value-trim",
     "GET",
     "/",
     "",
     {{"host", "example.amazonaws.com"}, {"my-header1", " value1"}, {"my-header2", " \"a   b   c\""}, SUITE_DATE},
     NULL,
     "host;my-header1;my-header2;x-amz-date",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"get-vanilla-with-session-token",
     "GET",
     "/",
     "",
     {{"host", "example.amazonaws.com"},
      SUITE_DATE,
      {"x-amz-security-token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"}},
     NULL,
     "host;x-amz-date;x-amz-security-token",
     "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
};

static void the_signing_test_suite_is_met(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SUITE_VECTORS / sizeof *SUITE_VECTORS; i++)
        check(&SUITE, &SUITE_VECTORS[i]);
}

/* Blanks around a value and runs of them inside are nothing to the signature. */
static void blanks_behind_a_value_do_not_count(void **state)
{
    (void)state;
    vector v = SUITE_VECTORS[8];
    assert_string_equal(v.name, "get-header-value-trim");
    v.headers[1].value = "value1   ";
    v.headers[2].value = "   \"a b     c\" ";
    check(&SUITE, &v);
}

/* ---- examples of the S3 documentation --------------------------------------------------------------------------- */

#define S3_HOST                                                                                                        \
    {                                                                                                                  \
        "host", "examplebucket.s3.amazonaws.com"                                                                       \
    }
#define S3_DATE                                                                                                        \
    {                                                                                                                  \
        "x-amz-date", "20130524T000000Z"                                                                               \
    }

static const suite S3 = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "s3", "20130524T000000Z"};

static const char WELCOME_HASH[] = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";

static void the_examples_of_s3_are_met(void **state)
{
    (void)state;
    const vector vectors[] = {
        {"GET Object",
         "GET",
         "/test.txt",
         "",
         {S3_HOST, {"range", "bytes=0-9"}, {"x-amz-content-sha256", EMPTY_HASH}, S3_DATE},
         EMPTY_HASH,
         "host;range;x-amz-content-sha256;x-amz-date",
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
        {"PUT Object",
         "PUT",
         "/test%24file.text",
         "",
         {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
          S3_HOST,
          {"x-amz-content-sha256", WELCOME_HASH},
          S3_DATE,
          {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
         WELCOME_HASH,
         "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
        {"GET Bucket Lifecycle",
         "GET",
         "/",
         "lifecycle=",
         {S3_HOST, {"x-amz-content-sha256", EMPTY_HASH}, S3_DATE},
         EMPTY_HASH,
         "host;x-amz-content-sha256;x-amz-date",
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
        {"Get Bucket (List Objects)",
         "GET",
         "/",
         "max-keys=2&prefix=J",
         {S3_HOST, {"x-amz-content-sha256", EMPTY_HASH}, S3_DATE},
         EMPTY_HASH,
         "host;x-amz-content-sha256;x-amz-date",
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        check(&S3, &vectors[i]);
}

/* ---- object keys ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *key, *path, *signature;
} KEYS[] = {
    {"stages/a=b/part-00000.csv.gz", "/stages/a%3Db/part-00000.csv.gz",
     "73ffde6ad78e833d30d5d691b3c9c46648801b82c86f0199d78983496a2d4a70"},
    {"a+b", "/a%2Bb", "abe6317615f1684f730d7768dda57df8be473dd046aa455abf48946b4e65e0a6"},
    {"a b", "/a%20b", "a5954cd619a05fb6118a29a2d751877894804c8a8152d5ed7415bbd44d185831"},
    {"100%", "/100%25", "4cbf9dc8a1164020f34d3615efb88f49a0a6f51260c48ca533cae22bd1bcf684"},
    {"%2F", "/%252F", "69b65cfd5fb6fa46bde6eef0c70c0d00582859545cf40149e37e009cd6777e22"},
    {"caf\xC3\xA9/\xE1\x88\xB4", "/caf%C3%A9/%E1%88%B4",
     "af0924d5a53e9e99d7c7ca1b7cb422ebe60e91235739b087e43c9172db8a8f79"},
    {"~-._", "/~-._", "113b16851e69530c2ae10510515ae405a88a9389effc72b8923e0c6fed72e8b4"},
    {"!*'();:@&=$,?#[]", "/%21%2A%27%28%29%3B%3A%40%26%3D%24%2C%3F%23%5B%5D",
     "89603bcd79b8b298c2f4110d2405fb54dacfdc5b2596fb45c930d629caf9bb5b"},
    {"double//slash", "/double//slash", "3afcce4fdb9d75e7507ad2bb2c0036cde590b78e928a9f2b671f6ba12cdc4fd2"},
};

static void keys_of_objects_are_encoded_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        rfm_text path = {0};
        rfm_text_adds(&path, "/");
        rfm_url_add(&path, KEYS[i].key, strlen(KEYS[i].key), true);
        assert_string_equal(path.bytes, KEYS[i].path);
        const vector v = {KEYS[i].key,
                          "PUT",
                          path.bytes,
                          "",
                          {{"host", "examplebucket.s3.us-east-1.amazonaws.com"},
                           {"x-amz-content-sha256", "UNSIGNED-PAYLOAD"},
                           S3_DATE,
                           {"x-amz-meta-sfc-digest", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
                           {"x-amz-security-token", "FwoGZXIvYXdzEXAMPLE//token+with=signs=="}},
                          "UNSIGNED-PAYLOAD",
                          "host;x-amz-content-sha256;x-amz-date;x-amz-meta-sfc-digest;x-amz-security-token",
                          KEYS[i].signature};
        check(&S3, &v);
        rfm_text_free(&path);
    }
}

static void a_slash_of_a_name_is_encoded_where_it_is_no_separator(void **state)
{
    (void)state;
    rfm_text url = {0};
    rfm_url_add(&url, "a/b\0c", 5, false);
    assert_string_equal(url.bytes, "a%2Fb%00c");
    rfm_text_free(&url);
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

static void times_are_in_utc(void **state)
{
    (void)state;
    static const struct {
        int64_t utc_s;
        const char *time;
    } times[] = {{1440938160, "20150830T123600Z"},
                 {1369353600, "20130524T000000Z"},
                 {0, "19700101T000000Z"},
                 {951782400, "20000229T000000Z"},
                 {4102444799, "20991231T235959Z"}};
    setenv("TZ", "Asia/Kolkata", 1);
    tzset();
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char time[RFM_SIGV4_TIME_BYTES];
        rfm_sigv4_time(times[i].utc_s, time);
        assert_string_equal(time, times[i].time);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signing_test_suite_is_met),
        cmocka_unit_test(blanks_behind_a_value_do_not_count),
        cmocka_unit_test(the_examples_of_s3_are_met),
        cmocka_unit_test(keys_of_objects_are_encoded_once),
        cmocka_unit_test(a_slash_of_a_name_is_encoded_where_it_is_no_separator),
        cmocka_unit_test(times_are_in_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
