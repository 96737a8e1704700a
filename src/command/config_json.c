/* The resolved job as JSON, for programs: of each option its value, and where that came from. */
#include "command.h"
#include "rfmpi/store.h"

#include <math.h>

/* Numbers and truth as JSON has them; all else is text. */
static void add_scalar(const rfm_node *node, rfm_option_type type, rfm_text *json)
{
    rfm_error none = {0};
    double number;
    bool truth;
    char text[RFM_NUMBER_BYTES];
    const bool counts = type == RFM_OPTION_INTEGER || type == RFM_OPTION_NUMBER || type == RFM_OPTION_COUNTS;
    if (type == RFM_OPTION_BOOLEAN && rfm_node_boolean(node, "", &truth, &none) == RFM_OK)
        rfm_text_adds(json, truth ? "true" : "false");
    else if (counts && rfm_node_number(node, "", &number, &none) == RFM_OK && isfinite(number))
        rfm_text_add(json, text, rfm_number_format(number, text));
    else
        rfm_json_add_string(json, node->text);
}

static void add_node(const rfm_node *node, rfm_option_type type, rfm_text *json)
{
    if (node->kind == RFM_NODE_SCALAR) {
        add_scalar(node, type, json);
        return;
    }
    const bool map = node->kind == RFM_NODE_MAP;
    rfm_text_adds(json, map ? "{" : "[");
    for (size_t i = 0; i < node->n_items; i++) {
        rfm_text_adds(json, i > 0 ? ", " : "");
        if (map) {
            rfm_json_add_string(json, node->items[i].key);
            rfm_text_adds(json, ": ");
        }
        add_node(&node->items[i], type, json);
    }
    rfm_text_adds(json, map ? "}" : "]");
}

void config_print_json(const rfm_config *config, rfm_text *json)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    rfm_text_adds(json, "{\n");
    for (size_t i = 0; i < n; i++) {
        const rfm_node *node = rfm_config_tree(config, options[i].key);
        rfm_text_addf(json, "  \"%s\": {\"value\": ", options[i].key);
        if (node)
            add_node(node, options[i].type, json);
        else
            rfm_text_adds(json, "null");
        rfm_text_adds(json, ", \"from\": ");
        if (node)
            rfm_json_add_string(json, node->source);
        else
            rfm_text_adds(json, "null");
        if (node && node->line > 0)
            rfm_text_addf(json, ", \"line\": %d", node->line);
        rfm_text_adds(json, i + 1 < n ? "},\n" : "}\n");
    }
    rfm_text_adds(json, "}\n");
}
