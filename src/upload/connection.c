/* connection: opened in order, closed in the other. */
#include "connection.h"

#include <stdlib.h>
#include <sys/resource.h>

void rfm_connection_guard(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    rfm_crypto_open();
    json_set_alloc_funcs(malloc, rfm_wiping_free);
}

static const char *or_none(const char *name)
{
    return name ? name : "none";
}

rfm_status rfm_connection_http(const rfm_upload_options *options, rfm_http **http, rfm_error *err)
{
    const rfm_http_options wanted = {.ca_file = options->ca_file,
                                     .crl_file = options->crl_file,
                                     .proxy = options->proxy,
                                     .retry_s = options->retry_s,
                                     .stopped = options->stopped,
                                     .context = options->context};
    return rfm_http_open(&wanted, http, err);
}

rfm_status rfm_connection_open(const rfm_upload_options *options, const char *tag, rfm_connection *connection,
                               rfm_error *err)
{
    const rfm_account_options sources = {.connection = options->connection, .credentials = options->credentials};
    rfm_connection *c = connection;
    rfm_connection_guard();
    if (rfm_account_open(&sources, &c->account, err) == RFM_OK &&
        rfm_connection_http(options, &c->http, err) == RFM_OK &&
        rfm_session_open(c->http, &c->account, tag, &c->session, err) == RFM_OK)
        rfm_log(RFM_LOG_INFO, "logged in at %s as %s, role %s, warehouse %s", c->account.base,
                or_none(rfm_account_text(&c->account, RFM_USER)), or_none(rfm_session_role(c->session)),
                or_none(rfm_session_warehouse(c->session)));
    return err->status;
}

void rfm_connection_close(rfm_connection *connection)
{
    rfm_session_close(connection->session);
    rfm_http_close(connection->http);
    rfm_account_free(&connection->account);
}
