/* Which addresses may be talked to: https anywhere, plain http to this machine alone, however the address is dressed
 * up. What libcurl itself takes the host for is the oracle: an address that is allowed without TLS leads to this
 * machine. */
#include "session.h"

#include <curl/curl.h>
#include <strings.h>

#include "http.h"

static void https_is_allowed_anywhere(void **state)
{
    (void)state;
    assert_true(rfm_http_allowed("https://myorg-acct.snowflakecomputing.com"));
    assert_true(rfm_http_allowed("HTTPS://bucket.s3.eu-west-1.amazonaws.com/a/b?c=d"));
    assert_true(rfm_http_allowed("https://127.0.0.1:8443"));
}

static const char *const HERE[] = {
    "http://localhost",         "http://localhost/",         "HTTP://LOCALHOST:8080/a?b#c",
    "http://127.0.0.1",         "http://127.0.0.1:1/",       "http://127.0.0.1?x=@evil",
    "http://127.0.0.1#@evil",   "http://127.0.0.1/@evil",    "http://[::1]",
    "http://[::1]:8080/path",   "http://bucket.localhost:1", "http://a.b.localhost",
    "http://localhost:00080/x",
};

static void http_is_allowed_to_this_machine(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof HERE / sizeof *HERE; i++)
        if (!rfm_http_allowed(HERE[i]))
            fail_msg("%s is refused", HERE[i]);
}

static const char *const ELSEWHERE[] = {
    "http://evil.com",
    "http://myorg-acct.snowflakecomputing.com",
    /* in the place of a user */
    "http://127.0.0.1@evil.com",
    "http://127.0.0.1:80@evil.com",
    "http://localhost:x@evil.com/",
    "http://user:word@localhost",
    "http://[::1]@evil.com",
    "http://localhost%40evil.com",
    /* names that only begin or end like this machine's */
    "http://localhost.evil.com",
    "http://localhostevil.com",
    "http://evillocalhost",
    "http://.localhost.evil.com",
    "http://127.0.0.1.evil.com",
    "http://127.0.0.1evil",
    "http://127.0.0.10",
    "http://1127.0.0.1",
    "http://[::1].evil.com",
    "http://[::1]evil.com:80",
    "http://[::1]:80.evil.com",
    "http://[::1",
    "http://[::11]",
    "http://[::2]",
    "http://[::ffff:10.0.0.1]",
    /* ports that are none */
    "http://localhost:80.evil.com",
    "http://localhost:evil.com",
    "http://127.0.0.1:80:80",
    /* what else could stand between */
    "http://localhost\\.evil.com",
    "http://evil.com\\.localhost",
    "http://evil.com\\@localhost",
    "http://evil.com .localhost",
    "http://evil.com\t.localhost",
    "http://evil.com%2f.localhost",
    "http://evil.com%00.localhost",
    "http://.localhost",
    /* addresses of this machine that nobody needs */
    "http://0.0.0.0",
    "http://127.1",
    "http://2130706433",
    "http://localhost.",
    /* no address, or another scheme */
    "http://",
    "http:///path",
    "http:/localhost",
    "http:localhost",
    "localhost",
    "",
    "file:///etc/passwd",
    "ftp://localhost",
    " http://localhost",
    "httpx://localhost",
    "https:/localhost",
    "https:",
};

static void http_is_refused_elsewhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ELSEWHERE / sizeof *ELSEWHERE; i++)
        if (rfm_http_allowed(ELSEWHERE[i]))
            fail_msg("%s is allowed", ELSEWHERE[i]);
}

/* Where libcurl would go: a host of this machine, or nowhere. */
static bool leads_here(const char *address)
{
    CURLU *url = curl_url();
    char *host = NULL;
    assert_non_null(url);
    bool here = curl_url_set(url, CURLUPART_URL, address, 0) != CURLUE_OK ||
                curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK;
    const size_t length = host ? strlen(host) : 0;
    here |= host && (strcasecmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
                     strcmp(host, "[::1]") == 0 || (length > 10 && strcasecmp(host + length - 10, ".localhost") == 0));
    curl_free(host);
    curl_url_cleanup(url);
    return here;
}

/* Every text of a few pieces that have to do with hosts: whatever is allowed leads here. */
static void what_is_allowed_leads_here(void **state)
{
    (void)state;
    static const char *const pieces[] = {"localhost", "127.0.0.1", "[::1]", ".", ":",          "@", "/", "\\", "80",
                                         "evil.com",  "%40",       "#",     "?", ".localhost", "[", "]", "::1"};
    enum { N = sizeof pieces / sizeof *pieces };
    size_t n_allowed = 0;
    for (size_t code = 0; code < (size_t)N * N * N * N; code++) {
        char address[100];
        snprintf(address, sizeof address, "http://%s%s%s%s", pieces[code % N], pieces[code / N % N],
                 pieces[code / N / N % N], pieces[code / N / N / N]);
        const bool allowed = rfm_http_allowed(address);
        n_allowed += allowed;
        if (allowed && !leads_here(address))
            fail_msg("%s is allowed, and leads elsewhere", address);
    }
    assert_true(n_allowed > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(https_is_allowed_anywhere),
        cmocka_unit_test(http_is_allowed_to_this_machine),
        cmocka_unit_test(http_is_refused_elsewhere),
        cmocka_unit_test(what_is_allowed_leads_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
