/* csv: a field as RFC 4180 writes it. Knows nothing of rows and columns. */
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
