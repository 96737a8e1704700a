/* csv: a field as RFC 4180 writes it, to write and to read. Knows nothing of rows and columns. */
#include "rfmpi/store.h"

void rfm_csv_add(rfm_text *csv, const char *bytes, size_t n)
{
    bool quote = false;
    for (size_t i = 0; i < n && !quote; i++)
        quote = bytes[i] == ',' || bytes[i] == '"' || bytes[i] == '\n' || bytes[i] == '\r';
    if (!quote) {
        rfm_text_add(csv, bytes, n);
        return;
    }
    rfm_text_add(csv, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '"')
            rfm_text_add(csv, "\"", 1);
        rfm_text_add(csv, &bytes[i], 1);
    }
    rfm_text_add(csv, "\"", 1);
}

void rfm_csv_take(const char **at, rfm_text *field)
{
    const char *c = *at;
    const bool quoted = *c == '"';
    field->length = 0;
    rfm_text_adds(field, "");
    for (c += quoted; *c && (quoted ? *c != '"' || c[1] == '"' : *c != ',' && *c != '\n'); c++) {
        c += quoted && *c == '"';
        rfm_text_add(field, c, 1);
    }
    *at = c + (quoted && *c == '"');
}
