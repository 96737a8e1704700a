/* What the answer of an object store means: done, again, with new credentials, elsewhere, or never. Bodies are in the
 * form of the S3 API reference ("Error Responses"). */
#include "session.h"

#include <time.h>

#include "stages.h"

static const char ERROR_XML[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>the token is "
    "SECRET</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>";

static rfm_verdict judge(rfm_place *place, long status, const char *code, const char *region, const char *date)
{
    char reason[200] = "";
    rfm_http_answer answer = {.status = status};
    if (code)
        rfm_text_addf(&answer.body, ERROR_XML, code);
    snprintf(answer.region, sizeof answer.region, "%s", region ? region : "");
    snprintf(answer.date, sizeof answer.date, "%s", date ? date : "");
    const rfm_verdict verdict = rfm_place_judge(place, &answer, reason);
    assert_null(strstr(reason, "SECRET"));
    assert_int_not_equal(reason[0], '\0');
    if (code)
        assert_non_null(strstr(reason, code));
    rfm_http_answer_free(&answer);
    return verdict;
}

static const struct {
    long status;
    const char *code;
    rfm_verdict verdict;
} S3_ANSWERS[] = {
    {200, NULL, RFM_PUT_DONE},
    {201, NULL, RFM_PUT_DONE},
    {200, "InternalError", RFM_PUT_AGAIN}, /* an error inside */
    {400, "ExpiredToken", RFM_PUT_EXPIRED},
    {403, "ExpiredToken", RFM_PUT_EXPIRED},
    {400, "TokenRefreshRequired", RFM_PUT_EXPIRED},
    {400, "RequestTimeout", RFM_PUT_AGAIN},
    {408, NULL, RFM_PUT_AGAIN},
    {429, NULL, RFM_PUT_AGAIN},
    {500, "InternalError", RFM_PUT_AGAIN},
    {502, NULL, RFM_PUT_AGAIN},
    {503, "SlowDown", RFM_PUT_AGAIN},
    {504, NULL, RFM_PUT_AGAIN},
    {307, "TemporaryRedirect", RFM_PUT_AGAIN}, /* that does not say whereto */
    {301, "PermanentRedirect", RFM_PUT_REFUSED},
    {400, NULL, RFM_PUT_REFUSED},
    {400, "BadDigest", RFM_PUT_REFUSED},
    {400, "InvalidToken", RFM_PUT_REFUSED},
    {403, NULL, RFM_PUT_REFUSED},
    {403, "AccessDenied", RFM_PUT_REFUSED},
    {403, "SignatureDoesNotMatch", RFM_PUT_REFUSED},
    {403, "InvalidAccessKeyId", RFM_PUT_REFUSED},
    {403, "RequestTimeTooSkewed", RFM_PUT_REFUSED}, /* and no clock to be put right by */
    {404, "NoSuchBucket", RFM_PUT_REFUSED},
    {405, "MethodNotAllowed", RFM_PUT_REFUSED},
    {411, "MissingContentLength", RFM_PUT_REFUSED},
    {204, NULL, RFM_PUT_REFUSED}, /* nothing that PUT answers */
};

static void answers_of_s3_mean_what_its_reference_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof S3_ANSWERS / sizeof *S3_ANSWERS; i++) {
        rfm_place place;
        must_read(S3_ANSWER, NULL, &place);
        const rfm_verdict verdict = judge(&place, S3_ANSWERS[i].status, S3_ANSWERS[i].code, NULL, NULL);
        if (verdict != S3_ANSWERS[i].verdict)
            fail_msg("%ld %s: %d", S3_ANSWERS[i].status, S3_ANSWERS[i].code, (int)verdict);
        rfm_place_free(&place);
    }
}

static void no_answer_is_tried_again(void **state)
{
    (void)state;
    static const char *const answers[] = {S3_ANSWER, GCS_ANSWER, PRESIGNED_ANSWER, AZURE_ANSWER};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        char reason[200];
        rfm_place place;
        const rfm_http_answer answer = {.problem = "Recv failure: Connection reset by peer"};
        must_read(answers[i], NULL, &place);
        assert_int_equal(rfm_place_judge(&place, &answer, reason), RFM_PUT_AGAIN);
        assert_string_equal(reason, "Recv failure: Connection reset by peer");
        rfm_place_free(&place);
    }
}

/* ---- elsewhere -------------------------------------------------------------------------------------------------- */

static void another_region_is_taken_once(void **state)
{
    (void)state;
    static const struct {
        long status;
        const char *code;
    } answers[] = {{301, "PermanentRedirect"}, {307, "TemporaryRedirect"}, {400, "AuthorizationHeaderMalformed"}};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        rfm_place place;
        must_read(S3_ANSWER, NULL, &place);
        assert_int_equal(judge(&place, answers[i].status, answers[i].code, "eu-central-1", NULL), RFM_PUT_MOVED);
        assert_string_equal(place.region, "eu-central-1");
        /* Sent from there to there: once more is not better. */
        assert_int_not_equal(judge(&place, answers[i].status, answers[i].code, "eu-central-1", NULL), RFM_PUT_MOVED);
        rfm_place_free(&place);
    }
}

static void a_region_that_is_none_is_not_taken(void **state)
{
    (void)state;
    static const char *const regions[] = {"", "example.com/", "a b", "x\ny", "EU", "eu-west-1.evil", "@"};
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        rfm_place place;
        must_read(S3_ANSWER, NULL, &place);
        assert_int_equal(judge(&place, 301, "PermanentRedirect", regions[i], NULL), RFM_PUT_REFUSED);
        assert_string_equal(place.region, "us-east-1");
        rfm_place_free(&place);
    }
}

/* ---- the clock -------------------------------------------------------------------------------------------------- */

static void date_of(int64_t utc_s, char date[64])
{
    const time_t seconds = (time_t)utc_s;
    struct tm parts;
    gmtime_r(&seconds, &parts);
    strftime(date, 64, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

static void a_wrong_clock_is_put_right_once(void **state)
{
    (void)state;
    static const int64_t ahead_s[] = {7200, -86400};
    for (size_t i = 0; i < 2; i++) {
        char date[64];
        rfm_place place;
        must_read(S3_ANSWER, NULL, &place);
        date_of(rfm_clock_wall_us() / 1000000 + ahead_s[i], date);
        assert_int_equal(judge(&place, 403, "RequestTimeTooSkewed", NULL, date), RFM_PUT_MOVED);
        assert_in_range(place.clock_us - ahead_s[i] * 1000000 + 60000000, 0, 120000000);
        assert_int_equal(judge(&place, 403, "RequestTimeTooSkewed", NULL, date), RFM_PUT_REFUSED);
        rfm_place_free(&place);
    }
}

static void a_date_that_is_none_puts_nothing_right(void **state)
{
    (void)state;
    static const char *const dates[] = {"", "yesterday", "Thu, 32 Nov 2026 12:00:00 GMT", "2026-11-26T12:00:00Z"};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        rfm_place place;
        must_read(S3_ANSWER, NULL, &place);
        assert_int_equal(judge(&place, 403, "RequestTimeTooSkewed", NULL, dates[i]), RFM_PUT_REFUSED);
        assert_int_equal(place.clock_us, 0);
        rfm_place_free(&place);
    }
}

/* ---- others ----------------------------------------------------------------------------------------------------- */

static const struct {
    long status;
    rfm_verdict with_token, presigned;
} GCS_ANSWERS[] = {
    {200, RFM_PUT_DONE, RFM_PUT_DONE},       {400, RFM_PUT_REFUSED, RFM_PUT_EXPIRED},
    {401, RFM_PUT_EXPIRED, RFM_PUT_REFUSED}, {403, RFM_PUT_REFUSED, RFM_PUT_REFUSED},
    {404, RFM_PUT_REFUSED, RFM_PUT_REFUSED}, {408, RFM_PUT_AGAIN, RFM_PUT_AGAIN},
    {429, RFM_PUT_AGAIN, RFM_PUT_AGAIN},     {500, RFM_PUT_AGAIN, RFM_PUT_AGAIN},
    {503, RFM_PUT_AGAIN, RFM_PUT_AGAIN},     {412, RFM_PUT_REFUSED, RFM_PUT_REFUSED},
};

static void answers_of_gcs_mean_what_the_kind_of_permission_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof GCS_ANSWERS / sizeof *GCS_ANSWERS; i++) {
        rfm_place place;
        must_read(GCS_ANSWER, NULL, &place);
        assert_int_equal(judge(&place, GCS_ANSWERS[i].status, NULL, NULL, NULL), GCS_ANSWERS[i].with_token);
        rfm_place_free(&place);
        must_read(PRESIGNED_ANSWER, NULL, &place);
        assert_int_equal(judge(&place, GCS_ANSWERS[i].status, NULL, NULL, NULL), GCS_ANSWERS[i].presigned);
        rfm_place_free(&place);
    }
}

static const struct {
    long status;
    const char *code;
    rfm_verdict verdict;
} AZURE_ANSWERS[] = {
    {201, NULL, RFM_PUT_DONE},
    {403, "AuthenticationFailed", RFM_PUT_EXPIRED},
    {403, "AuthorizationFailure", RFM_PUT_EXPIRED},
    {403, "AccountIsDisabled", RFM_PUT_REFUSED},
    {403, NULL, RFM_PUT_REFUSED},
    {400, "InvalidHeaderValue", RFM_PUT_REFUSED},
    {404, "ContainerNotFound", RFM_PUT_REFUSED},
    {409, "BlobImmutableDueToPolicy", RFM_PUT_REFUSED},
    {429, NULL, RFM_PUT_AGAIN},
    {500, "InternalError", RFM_PUT_AGAIN},
    {503, "ServerBusy", RFM_PUT_AGAIN},
};

static void answers_of_azure_mean_what_its_reference_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof AZURE_ANSWERS / sizeof *AZURE_ANSWERS; i++) {
        rfm_place place;
        must_read(AZURE_ANSWER, NULL, &place);
        const rfm_verdict verdict = judge(&place, AZURE_ANSWERS[i].status, AZURE_ANSWERS[i].code, NULL, NULL);
        if (verdict != AZURE_ANSWERS[i].verdict)
            fail_msg("%ld %s: %d", AZURE_ANSWERS[i].status, AZURE_ANSWERS[i].code, (int)verdict);
        rfm_place_free(&place);
    }
}

static void bodies_that_are_no_xml_are_read_as_none(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", "<", "<Code>", "<Code", "not found", "<html><body>502</body></html>"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        char reason[200];
        rfm_place place;
        rfm_http_answer answer = {.status = 403};
        rfm_text_adds(&answer.body, bodies[i]);
        must_read(S3_ANSWER, NULL, &place);
        assert_int_equal(rfm_place_judge(&place, &answer, reason), RFM_PUT_REFUSED);
        assert_string_equal(reason, "403");
        rfm_http_answer_free(&answer);
        rfm_place_free(&place);
    }
}

static void a_long_code_is_cut(void **state)
{
    (void)state;
    char reason[200], code[5000] = "";
    rfm_place place;
    rfm_http_answer answer = {.status = 403};
    memset(code, 'x', sizeof code - 1);
    rfm_text_addf(&answer.body, "<Error><Code>%s</Code></Error>", code);
    must_read(S3_ANSWER, NULL, &place);
    assert_int_equal(rfm_place_judge(&place, &answer, reason), RFM_PUT_REFUSED);
    assert_in_range(strlen(reason), 10, 199);
    rfm_http_answer_free(&answer);
    rfm_place_free(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_s3_mean_what_its_reference_says),
        cmocka_unit_test(no_answer_is_tried_again),
        cmocka_unit_test(another_region_is_taken_once),
        cmocka_unit_test(a_region_that_is_none_is_not_taken),
        cmocka_unit_test(a_wrong_clock_is_put_right_once),
        cmocka_unit_test(a_date_that_is_none_puts_nothing_right),
        cmocka_unit_test(answers_of_gcs_mean_what_the_kind_of_permission_says),
        cmocka_unit_test(answers_of_azure_mean_what_its_reference_says),
        cmocka_unit_test(bodies_that_are_no_xml_are_read_as_none),
        cmocka_unit_test(a_long_code_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
