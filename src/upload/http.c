/* http: one request, and many at once, through one loop over libcurl's multi interface. */
#include "http.h"

#include "secret.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_ANSWER_BYTES = 64 << 20, UPLOAD_BUFFER_BYTES = 512 << 10, TICK_MS = 200, CONNECT_S = 30 };

/* One request on its way. */
typedef struct exchange {
    CURL *easy;
    struct curl_slist *headers;
    CURLM *multi; /* whose it is */
    const char *body;
    size_t at, n_body;  /* sent, of so many bytes */
    rfm_source *source; /* borrowed; or NULL */
    bool (*take)(void *context, const rfm_http_answer *head, const void *bytes, size_t n);
    void *take_context;
    char said[CURL_ERROR_SIZE];
    rfm_http_answer answer;
    bool too_long;
} exchange;

struct rfm_http {
    rfm_http_options options;
    CURLM *single, *many; /* apart: a request may be sent between those of a batch */
    bool winds_up;
};

rfm_status rfm_http_open(const rfm_http_options *options, rfm_http **http, rfm_error *err)
{
    rfm_http *made = rfm_alloc(1, sizeof *made, err);
    *http = made;
    if (!made)
        return err->status;
    made->options = *options;
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, rfm_wiping_free, rfm_wiping_realloc, strdup, calloc) != 0)
        return rfm_fail(err, RFM_INTERNAL, "libcurl does not start");
    made->single = curl_multi_init();
    made->many = curl_multi_init();
    if (!made->single || !made->many)
        return rfm_fail(err, RFM_NO_MEMORY, "no memory for connections");
    return RFM_OK;
}

void rfm_http_close(rfm_http *http)
{
    if (!http)
        return;
    curl_multi_cleanup(http->single);
    curl_multi_cleanup(http->many);
    curl_global_cleanup();
    free(http);
}

double rfm_http_retry_s(const rfm_http *http)
{
    return http->options.retry_s;
}

bool rfm_http_stopped(const rfm_http *http)
{
    return http->options.stopped && http->options.stopped(http->options.context);
}

/* ---- one exchange ----------------------------------------------------------------------------------------------- */

static size_t keep_body(char *bytes, size_t size, size_t n, void *context)
{
    exchange *x = context;
    long status = 0;
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    if (x->take && status == 200)
        return x->take(x->take_context, &x->answer, bytes, size * n) ? size * n : 0;
    x->too_long = x->answer.body.length + size * n > MAX_ANSWER_BYTES;
    if (x->too_long)
        return 0;
    rfm_text_add(&x->answer.body, bytes, size * n);
    return x->answer.body.failed ? 0 : size * n;
}

static size_t keep_header(char *line, size_t size, size_t n, void *context)
{
    exchange *x = context;
    rfm_http_answer_keep(&x->answer, line, size * n);
    return size * n;
}

static size_t give_bytes(char *room, size_t size, size_t n, void *context)
{
    exchange *x = context;
    if (x->source) {
        const int64_t taken = rfm_source_read(x->source, room, size * n);
        return taken < 0 ? CURL_READFUNC_ABORT : (size_t)taken;
    }
    const size_t left = x->n_body - x->at, taken = left < size * n ? left : size * n;
    memcpy(room, x->body + x->at, taken);
    x->at += taken;
    return taken;
}

/* From the start again: nothing else is ever asked for. */
static int go_back(void *context, curl_off_t offset, int origin)
{
    exchange *x = context;
    if (origin != SEEK_SET || offset != 0 || (x->source && !rfm_source_rewind(x->source)))
        return CURL_SEEKFUNC_FAIL;
    x->at = 0;
    return CURL_SEEKFUNC_OK;
}

static void set_transport(const rfm_http *http, CURL *easy, double quiet_s)
{
    const rfm_http_options *options = &http->options;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (options->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
    if (options->crl_file)
        curl_easy_setopt(easy, CURLOPT_CRLFILE, options->crl_file);
    if (options->proxy) {
        curl_easy_setopt(easy, CURLOPT_PROXY, options->proxy);
    }
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)quiet_s);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER_BYTES);
}

static void set_content(exchange *x, const rfm_http_request *request)
{
    CURL *easy = x->easy;
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, x->headers);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->said);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, keep_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
    if (strcmp(request->method, "GET") != 0) {
        const int64_t n = x->source ? rfm_source_bytes(x->source) : (int64_t)x->n_body;
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)n);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_bytes);
        curl_easy_setopt(easy, CURLOPT_READDATA, x);
        curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, go_back);
        curl_easy_setopt(easy, CURLOPT_SEEKDATA, x);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static bool add_header(exchange *x, const char *header)
{
    struct curl_slist *longer = curl_slist_append(x->headers, header);
    x->headers = longer ? longer : x->headers;
    return longer;
}

/* What was held of a request, wiped: its headers carry tokens. */
static void clear(exchange *x)
{
    if (x->easy) {
        curl_multi_remove_handle(x->multi, x->easy);
        curl_easy_cleanup(x->easy);
    }
    for (struct curl_slist *header = x->headers; header; header = header->next)
        explicit_bzero(header->data, strlen(header->data));
    curl_slist_free_all(x->headers);
    rfm_http_answer_free(&x->answer);
    *x = (exchange){0};
}

static rfm_status start(const rfm_http *http, CURLM *multi, exchange *x, const rfm_http_request *request,
                        rfm_error *err)
{
    *x = (exchange){.multi = multi,
                    .body = request->body,
                    .n_body = request->n_body,
                    .source = request->source,
                    .take = request->take,
                    .take_context = request->context};
    if (!rfm_http_allowed(request->url))
        return rfm_fail(err, RFM_UNAVAILABLE, "a URL that is not https (plain http is for this machine only)");
    x->easy = curl_easy_init();
    bool fine = x->easy && add_header(x, "Expect:");
    for (size_t i = 0; fine && request->headers && request->headers[i]; i++)
        fine = add_header(x, request->headers[i]);
    if (!fine)
        return rfm_fail(err, RFM_NO_MEMORY, "no memory for a request");
    set_transport(http, x->easy, request->quiet_s);
    set_content(x, request);
    if (curl_multi_add_handle(multi, x->easy) != CURLM_OK)
        return rfm_fail(err, RFM_NO_MEMORY, "no memory for a request");
    return RFM_OK;
}

static rfm_status fail_for_good(const exchange *x, CURLcode code, rfm_error *err)
{
    const char *said = *x->said != '\0' ? x->said : curl_easy_strerror(code);
    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        return rfm_fail(err, RFM_NO_MEMORY, "no memory for a request");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return rfm_fail(err, RFM_UNAVAILABLE,
                        "the server's certificate does not hold: %s; store.ca_file names the "
                        "authorities to trust",
                        said);
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
        return rfm_fail(err, RFM_USAGE, "store.ca_file or store.crl_file: %s", said);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return rfm_fail(err, RFM_UNAVAILABLE, "a URL that cannot be used: %s", said);
    case CURLE_ABORTED_BY_CALLBACK:
        return rfm_fail(err, RFM_IO, "a file became shorter, or unreadable, while it was sent");
    case CURLE_WRITE_ERROR:
        return x->take ? rfm_fail(err, RFM_IO, "what is fetched cannot be written") : RFM_OK;
    default:
        return RFM_OK;
    }
}

/* It says so of a tunnel that is asked for, or of the request itself. */
static rfm_status check_proxy(const exchange *x, rfm_error *err)
{
    enum { PROXY_WANTS_LOGIN = 407 };
    long tunnel = 0, request = 0;
    curl_easy_getinfo(x->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &request);
    if (tunnel == PROXY_WANTS_LOGIN || request == PROXY_WANTS_LOGIN)
        rfm_fail(err, RFM_DENIED, "the proxy wants a user and a password, or others (407): http://USER:PASSWORD@HOST");
    return err->status;
}

/* The answer of what has ended; RFM_OK with status 0 where another attempt may help. */
static rfm_status finish(exchange *x, CURLcode code, rfm_error *err)
{
    if (x->too_long)
        return rfm_fail(err, RFM_UNAVAILABLE, "an answer of more than %d MiB", MAX_ANSWER_BYTES >> 20);
    if (rfm_text_check(&x->answer.body, err) != RFM_OK || check_proxy(x, err) != RFM_OK)
        return err->status;
    if (code == CURLE_OK) {
        curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->answer.status);
        return RFM_OK;
    }
    x->answer.status = 0;
    snprintf(x->answer.problem, sizeof x->answer.problem, "%s", *x->said != '\0' ? x->said : curl_easy_strerror(code));
    return fail_for_good(x, code, err);
}

void rfm_http_wake(rfm_http *http)
{
    curl_multi_wakeup(http->many);
}

void rfm_http_wind_up(rfm_http *http)
{
    http->winds_up = true;
}

bool rfm_http_winds_up(const rfm_http *http)
{
    return http->winds_up;
}

static rfm_status check_stop(const rfm_http *http, rfm_error *err)
{
    return !http->winds_up && rfm_http_stopped(http)
               ? rfm_fail(err, RFM_STOPPED, "stopped on request: run it again to go on")
               : RFM_OK;
}

/* Let what is under way go on, as far as it does by now. */
static rfm_status advance(CURLM *multi, rfm_error *err)
{
    int n_running;
    if (curl_multi_perform(multi, &n_running) != CURLM_OK)
        return rfm_fail(err, RFM_INTERNAL, "libcurl fails");
    return RFM_OK;
}

/* Until it can go on, or a moment has passed. */
static rfm_status wait_a_moment(const rfm_http *http, CURLM *multi, rfm_error *err)
{
    if (curl_multi_poll(multi, NULL, 0, TICK_MS, NULL) != CURLM_OK)
        return rfm_fail(err, RFM_INTERNAL, "libcurl fails");
    return check_stop(http, err);
}

/* The next that has ended; NULL for none. */
static exchange *take_ended(CURLM *multi, CURLcode *code)
{
    int n_left;
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &n_left));)
        if (message->msg == CURLMSG_DONE) {
            void *x = NULL;
            *code = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&x);
            return x;
        }
    return NULL;
}

rfm_status rfm_http_send(rfm_http *http, const rfm_http_request *request, rfm_http_answer *answer, rfm_error *err)
{
    exchange x;
    CURLcode code = CURLE_OK;
    *answer = (rfm_http_answer){0};
    if (check_stop(http, err) != RFM_OK)
        return err->status;
    start(http, http->single, &x, request, err);
    while (err->status == RFM_OK && advance(http->single, err) == RFM_OK && !take_ended(http->single, &code))
        wait_a_moment(http, http->single, err);
    if (err->status == RFM_OK && finish(&x, code, err) == RFM_OK) {
        *answer = x.answer;
        x.answer = (rfm_http_answer){0};
    }
    clear(&x);
    return err->status;
}

rfm_status rfm_http_pause(rfm_http *http, double seconds, rfm_error *err)
{
    const double until = rfm_clock_s() + seconds;
    const struct timespec moment = {.tv_nsec = 20000000};
    while (rfm_clock_s() < until && check_stop(http, err) == RFM_OK)
        nanosleep(&moment, NULL);
    return err->status;
}

/* ---- many ------------------------------------------------------------------------------------------------------- */

typedef struct item {
    rfm_retry retry;
    double not_before_s;
    bool begun, done;
} item;

typedef struct crowd {
    rfm_http *http;
    const rfm_http_batch *batch;
    item *items;
    exchange *slots;
    size_t *item_of; /* a slot's item */
    size_t first;    /* items before it are done or under way, or wait */
    size_t n_done;
} crowd;

static bool is_enough(const crowd *c)
{
    return c->batch->enough && *c->batch->enough;
}

/* The first item that may be begun now; n where there is none. */
static size_t next_item(const crowd *c)
{
    const rfm_http_batch *batch = c->batch;
    const double now = rfm_clock_s();
    if (is_enough(c))
        return batch->n;
    for (size_t i = c->first; i < batch->n; i++)
        if (!c->items[i].done && !c->items[i].begun && c->items[i].not_before_s <= now)
            return !batch->ready || batch->ready(batch->context, i) ? i : batch->n;
    return batch->n;
}

static rfm_status begin_another(crowd *c, bool *begun, rfm_error *err)
{
    int s = 0;
    while (s < c->batch->parallel && c->slots[s].easy)
        s++;
    const size_t i = s < c->batch->parallel ? next_item(c) : c->batch->n;
    *begun = i < c->batch->n;
    if (!*begun)
        return err->status;
    rfm_http_request request = {.method = "PUT"};
    c->items[i].begun = true;
    c->item_of[s] = i;
    if (c->batch->begin(c->batch->context, i, &request, err) == RFM_OK)
        start(c->http, c->http->many, &c->slots[s], &request, err);
    return err->status;
}

static rfm_status wait_for_item(const crowd *c, size_t i, const rfm_http_answer *answer, rfm_error *err)
{
    item *it = &c->items[i];
    double wait_s;
    if (!rfm_retry_failed(&it->retry, answer->retry_after_s, &wait_s))
        return rfm_fail(err, RFM_STOPPED, "%s, %d times in %.0f s: run the same command again when the network is back",
                        answer->status == 0 ? answer->problem : "no success", it->retry.n,
                        rfm_clock_s() - it->retry.since_s);
    it->not_before_s = rfm_clock_s() + wait_s;
    return RFM_OK;
}

static rfm_status end_item(crowd *c, exchange *x, CURLcode code, rfm_error *err)
{
    const size_t i = c->item_of[x - c->slots];
    bool again = false;
    if (finish(x, code, err) == RFM_OK && c->batch->end(c->batch->context, i, &x->answer, &again, err) == RFM_OK) {
        c->items[i].begun = false;
        c->items[i].done = !again;
        c->n_done += !again;
        while (c->first < c->batch->n && c->items[c->first].done)
            c->first++;
        if (again)
            wait_for_item(c, i, &x->answer, err);
    }
    clear(x);
    return err->status;
}

static int64_t bytes_under_way(const crowd *c)
{
    int64_t sum = 0;
    for (int s = 0; s < c->batch->parallel; s++)
        sum += c->slots[s].easy && c->slots[s].source ? rfm_source_sent(c->slots[s].source) : 0;
    return sum;
}

static bool is_over(const crowd *c)
{
    bool any = false;
    for (int s = 0; s < c->batch->parallel; s++)
        any |= c->slots[s].easy != NULL;
    return c->n_done == c->batch->n || (is_enough(c) && !any);
}

static rfm_status send_items(crowd *c, rfm_error *err)
{
    CURLcode code = CURLE_OK;
    bool any = false;
    while (!is_over(c) && begin_another(c, &any, err) == RFM_OK && advance(c->http->many, err) == RFM_OK) {
        for (exchange *x; err->status == RFM_OK && (x = take_ended(c->http->many, &code)); any = true)
            end_item(c, x, code, err);
        if (err->status == RFM_OK && c->batch->tick(c->batch->context, bytes_under_way(c), err) == RFM_OK && !any)
            wait_a_moment(c->http, c->http->many, err);
    }
    return err->status;
}

rfm_status rfm_http_send_all(rfm_http *http, const rfm_http_batch *batch, rfm_error *err)
{
    const size_t n_slots = (size_t)batch->parallel;
    crowd c = {.http = http, .batch = batch};
    c.items = rfm_alloc(batch->n, sizeof *c.items, err);
    c.slots = rfm_alloc(n_slots, sizeof *c.slots, err);
    c.item_of = rfm_alloc(n_slots, sizeof *c.item_of, err);
    for (size_t i = 0; err->status == RFM_OK && i < batch->n; i++)
        c.items[i].retry.total_s = http->options.retry_s;
    if (err->status == RFM_OK)
        send_items(&c, err);
    for (size_t s = 0; c.slots && s < n_slots; s++)
        clear(&c.slots[s]);
    free(c.items);
    free(c.slots);
    free(c.item_of);
    return err->status;
}
