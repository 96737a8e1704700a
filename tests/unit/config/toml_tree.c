/* Documents in TOML from standard input, each behind its length on a line of its own; of each a line of JSON on
 * standard output: its tree, or why it is refused. For toml_peer.py.
 *
 *     ["m", {"key": ...}]  ["l", [...]]  ["s", "text in quotes"]  ["w", "word"]  ["e", "message"]
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "rfmpi/config.h"

static json_t *tell(const rfm_node *node)
{
    if (node->kind == RFM_NODE_SCALAR)
        return json_pack("[s, s]", node->quoted ? "s" : "w", node->text);
    json_t *items = node->kind == RFM_NODE_LIST ? json_array() : json_object();
    for (size_t i = 0; i < node->n_items; i++) {
        json_t *item = tell(&node->items[i]);
        if (node->kind == RFM_NODE_LIST)
            json_array_append_new(items, item);
        else
            json_object_set_new(items, node->items[i].key, item);
    }
    return json_pack("[s, o]", node->kind == RFM_NODE_LIST ? "l" : "m", items);
}

static void answer(const char *text, size_t n)
{
    rfm_error err = {0};
    rfm_node node;
    rfm_node_parse_toml(text, n, "x.toml", &node, &err);
    json_t *told = err.status == RFM_OK ? tell(&node) : json_pack("[s, s]", "e", err.message);
    char *line = told ? json_dumps(told, JSON_COMPACT) : NULL;
    puts(line ? line : "null");
    free(line);
    json_decref(told);
    rfm_node_free(&node);
}

int main(void)
{
    size_t n;
    while (scanf("%zu", &n) == 1 && getchar() == '\n') {
        char *text = malloc(n + (n == 0)); /* to the byte, so that a sanitizer sees what is read beyond */
        if (!text || fread(text, 1, n, stdin) != n)
            return 1;
        answer(text, n);
        free(text);
    }
    return 0;
}
