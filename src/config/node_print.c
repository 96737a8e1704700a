/* A tree as canonical flow text: one line that rfm_node_parse reads back as the same tree. Quotes
 * only where they matter, so that trees which mean the same give the same text. */
#include <string.h>
#include <strings.h>

#include "rfmpi/config.h"

/* Text that stands without quotes anywhere in flow style and on a line of a block. */
static bool is_plain(const char *text)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+";
    static const char rest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+-|*";
    if (*text == '\0' || strncmp(text, "...", 3) == 0)
        return false;
    const char *body = text + (*text == '-');
    return *body && strchr(first, *body) && body[strspn(body, rest)] == '\0';
}

/* Text that means something else than itself without quotes. */
static bool is_ambiguous(const char *text)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off"};
    if (*text == '\0' || strchr("0123456789+-.", *text))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

static bool is_unprintable(uint32_t point)
{
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x2028 || point == 0x2029 || point == 0xFEFF ||
           point == 0xFFFE || point == 0xFFFF;
}

static void print_quoted(const char *string, rfm_text *text)
{
    rfm_text_adds(text, "\"");
    while (*string) {
        const uint32_t point = rfm_utf8_next(&string);
        if (point == '"' || point == '\\')
            rfm_text_addf(text, "\\%c", (int)point);
        else if (point == '\n')
            rfm_text_adds(text, "\\n");
        else if (point == '\t')
            rfm_text_adds(text, "\\t");
        else if (is_unprintable(point))
            rfm_text_addf(text, "\\u%04X", (unsigned)point);
        else
            rfm_text_add_character(text, point);
    }
    rfm_text_adds(text, "\"");
}

static void print_word(const char *string, bool quotes, rfm_text *text)
{
    if (quotes || !is_plain(string))
        print_quoted(string, text);
    else
        rfm_text_adds(text, string);
}

static void print_items(const rfm_node *node, rfm_text *text)
{
    for (size_t i = 0; i < node->n_items; i++) {
        if (i > 0)
            rfm_text_adds(text, ", ");
        if (node->kind == RFM_NODE_MAP) {
            print_word(node->items[i].key, false, text);
            rfm_text_adds(text, ": ");
        }
        rfm_node_print(&node->items[i], text);
    }
}

void rfm_node_print(const rfm_node *node, rfm_text *text)
{
    if (node->kind == RFM_NODE_SCALAR) {
        if (!node->quoted && *node->text == '\0')
            rfm_text_adds(text, "null");
        else
            print_word(node->text, node->quoted && is_ambiguous(node->text), text);
        return;
    }
    rfm_text_adds(text, node->kind == RFM_NODE_LIST ? "[" : "{");
    print_items(node, text);
    rfm_text_adds(text, node->kind == RFM_NODE_LIST ? "]" : "}");
}
