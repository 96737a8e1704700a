/* TOML: whatever it says, it is a tree or RFM_USAGE at a place; and a tree that is written as TOML again is the same
 * when it is read.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "rfmpi/config.h"

enum { DEPTH_MOST = 30 }; /* of what is written in braces: the limit is on these */

static int max_line;

static void check_node(const rfm_node *node)
{
    must(node->line >= 1 && node->line <= max_line && node->column >= 1);
    must((node->kind == RFM_NODE_SCALAR) == (node->text != NULL));
    must(node->kind != RFM_NODE_SCALAR || node->n_items == 0);
    for (size_t i = 0; i < node->n_items; i++) {
        const rfm_node *item = &node->items[i];
        must((node->kind == RFM_NODE_MAP) == (item->key != NULL));
        for (size_t j = 0; item->key && j < i; j++)
            must(strcmp(node->items[j].key, item->key) != 0);
        check_node(item);
    }
}

static int depth_of(const rfm_node *node)
{
    int most = 0;
    for (size_t i = 0; i < node->n_items; i++) {
        const int depth = depth_of(&node->items[i]);
        most = depth > most ? depth : most;
    }
    return most + 1;
}

static void write_string(const char *text, rfm_text *toml)
{
    rfm_text_adds(toml, "\"");
    for (const char *c = text; *c; c++)
        if (*c == '"' || *c == '\\' || (*c >= 0 && *c < ' ') || *c == 0x7f)
            rfm_text_addf(toml, "\\u%04X", (unsigned)*c);
        else
            rfm_text_add(toml, c, 1);
    rfm_text_adds(toml, "\"");
}

static void write_value(const rfm_node *node, rfm_text *toml)
{
    const bool map = node->kind == RFM_NODE_MAP;
    if (node->kind == RFM_NODE_SCALAR) {
        node->quoted ? write_string(node->text, toml) : rfm_text_adds(toml, node->text);
        return;
    }
    rfm_text_adds(toml, map ? "{" : "[");
    for (size_t i = 0; i < node->n_items; i++) {
        rfm_text_adds(toml, i > 0 ? ", " : "");
        if (map) {
            write_string(node->items[i].key, toml);
            rfm_text_adds(toml, " = ");
        }
        write_value(&node->items[i], toml);
    }
    rfm_text_adds(toml, map ? "}" : "]");
}

static bool same(const rfm_node *a, const rfm_node *b)
{
    if (a->kind != b->kind || a->quoted != b->quoted || a->n_items != b->n_items || !a->text != !b->text ||
        (a->text && strcmp(a->text, b->text) != 0))
        return false;
    for (size_t i = 0; i < a->n_items; i++)
        if ((a->items[i].key && strcmp(a->items[i].key, b->items[i].key) != 0) || !same(&a->items[i], &b->items[i]))
            return false;
    return true;
}

static void check_round(const rfm_node *node)
{
    rfm_error err = {0};
    rfm_text toml = {0};
    rfm_node again;
    rfm_text_adds(&toml, "x = ");
    write_value(node, &toml);
    must(rfm_node_parse_toml(toml.bytes, toml.length, "again", &again, &err) == RFM_OK);
    must(same(node, rfm_node_get(&again, "x")));
    rfm_node_free(&again);
    rfm_text_free(&toml);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    rfm_error err = {0};
    rfm_node node;
    max_line = 1;
    for (size_t i = 0; i < n; i++)
        max_line += bytes[i] == '\n';
    rfm_node_parse_toml((const char *)bytes, n, "x.toml", &node, &err);
    must(err.status == RFM_OK || (err.status == RFM_USAGE && strncmp(err.message, "x.toml:", 7) == 0));
    if (err.status == RFM_OK) {
        check_node(&node);
        if (depth_of(&node) <= DEPTH_MOST)
            check_round(&node);
    }
    rfm_node_free(&node);
    return 0;
}
