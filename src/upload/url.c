/* url: which addresses may be talked to, and how texts stand in one. */
#include "http.h"

#include <string.h>
#include <strings.h>

static bool is_here(const char *host, size_t length)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && strncasecmp(host, names[i], length) == 0)
            return true;
    static const char below[] = ".localhost"; /* RFC 6761, section 6.3 */
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return length > sizeof below - 1 && strspn(host, letters) >= length &&
           strncasecmp(host + length - (sizeof below - 1), below, sizeof below - 1) == 0;
}

/* Of plain http: a host of this machine and a port, and nothing else before the path. */
bool rfm_http_allowed(const char *url)
{
    if (strncasecmp(url, "https://", 8) == 0)
        return true;
    if (strncasecmp(url, "http://", 7) != 0)
        return false;
    const char *host = url + 7;
    const size_t length = strcspn(host, "/?#");
    size_t end = length;
    while (end > 0 && host[end - 1] >= '0' && host[end - 1] <= '9')
        end--;
    return is_here(host, end > 0 && host[end - 1] == ':' ? end - 1 : length);
}

void rfm_url_add(rfm_text *url, const char *text, size_t length, bool keep_slash)
{
    static const char kept[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    for (size_t i = 0; i < length; i++)
        if ((text[i] != '\0' && strchr(kept, text[i])) || (keep_slash && text[i] == '/'))
            rfm_text_add(url, &text[i], 1);
        else
            rfm_text_addf(url, "%%%02X", (unsigned char)text[i]);
}
