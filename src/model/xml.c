/* xml: what may stand in XML, and how. Knows no element. */
#include "xml.h"

#include <string.h>

/* The control characters that XML 1.0 has (section 2.2), and U+FFFE and U+FFFF, which it has not. */
static bool is_character(const char *at, size_t n)
{
    if (n == 1)
        return (unsigned char)*at >= 0x20 || *at == '\t' || *at == '\n' || *at == '\r';
    return n != 3 || (memcmp(at, "\xef\xbf\xbe", 3) != 0 && memcmp(at, "\xef\xbf\xbf", 3) != 0);
}

bool rfm_xml_can_hold(const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        const size_t n = rfm_utf8_bytes(text, left);
        if (n == 0 || !is_character(text, n))
            return false;
        text += n;
        left -= n;
    }
    return true;
}

/* Line ends and tabs as numbers: plain ones in an attribute are read as blanks. */
static const char *escape(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\t':
        return "&#9;";
    case '\n':
        return "&#10;";
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

void rfm_xml_add(rfm_text *xml, const char *text)
{
    for (; *text; text++) {
        const char *escaped = escape(*text);
        if (escaped)
            rfm_text_adds(xml, escaped);
        else
            rfm_text_add(xml, text, 1);
    }
}

void rfm_xml_add_attribute(rfm_text *xml, const char *name, const char *value)
{
    rfm_text_addf(xml, " %s=\"", name);
    rfm_xml_add(xml, value);
    rfm_text_adds(xml, "\"");
}

void rfm_xml_add_number(rfm_text *xml, double number)
{
    char buffer[RFM_NUMBER_BYTES];
    rfm_text_add(xml, buffer, rfm_number_format(number, buffer));
}
