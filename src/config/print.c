/* The resolved job as YAML, for people and for the other ranks, and back. */
#include <string.h>

#include "values.h"

/* Without comments the first line keeps which values were given, so that a restored configuration
 * answers alike. */
static const char GIVEN[] = "# given:";

/* Open the sections of `key` that are not those of the option before it; returns the depth. */
static int open_sections(const char *key, const char *before, rfm_text *text)
{
    int depth = 0;
    const char *part = key;
    for (const char *point = strchr(key, '.'); point; point = strchr(part, '.')) {
        const size_t length = (size_t)(point - key) + 1;
        if (strncmp(key, before, length) != 0)
            rfm_text_addf(text, "%*s%.*s:\n", 2 * depth, "", (int)(point - part), part);
        part = point + 1;
        depth++;
    }
    return depth;
}

static const char *last_part(const char *key)
{
    const char *point = strrchr(key, '.');
    return point ? point + 1 : key;
}

/* A job's path may hold anything; a comment is one line of printable text. */
static void print_place(const rfm_node *node, rfm_text *text)
{
    rfm_text_adds(text, "  # ");
    for (const char *c = node->source; *c; c++)
        rfm_text_addf(text, "%c", *c >= 0x20 && *c < 0x7F ? *c : '?');
    if (node->line > 0)
        rfm_text_addf(text, ":%d:%d", node->line, node->column);
}

static void print_option(const rfm_option *option, const rfm_value *value, int depth, bool comments, rfm_text *text)
{
    const char *name = last_part(option->key);
    if (comments)
        rfm_text_addf(text, "%*s# %s%s%s%s\n", 2 * depth, "", option->help, option->flag ? " (" : "",
                      option->flag ? option->flag : "", option->flag ? ")" : "");
    if (!value->set) {
        rfm_text_addf(text, "%*s# %s:\n", 2 * depth, "", name);
        return;
    }
    rfm_text_addf(text, "%*s%s: ", 2 * depth, "", name);
    rfm_node_print(&value->node, text);
    if (comments)
        print_place(&value->node, text);
    rfm_text_adds(text, "\n");
}

void rfm_config_print(const rfm_config *config, bool comments, rfm_text *text)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    if (!comments) {
        rfm_text_adds(text, GIVEN);
        for (size_t i = 0; i < n; i++)
            if (config->values[i].given)
                rfm_text_addf(text, " %s", options[i].key);
        rfm_text_adds(text, "\n");
    }
    const char *before = "";
    for (size_t i = 0; i < n; i++) {
        if (!comments && !config->values[i].set)
            continue;
        const int depth = open_sections(options[i].key, before, text);
        print_option(&options[i], &config->values[i], depth, comments, text);
        before = options[i].key;
    }
}

/* Whether the first line of a printed configuration lists the key. */
static bool is_listed(const char *line, size_t length, const char *key)
{
    const size_t n = strlen(key);
    for (const char *at = line; (at = memmem(at, length - (size_t)(at - line), key, n)); at++) {
        const char *end = at + n;
        if (at > line && at[-1] == ' ' && (end == line + length || *end == ' '))
            return true;
    }
    return false;
}

static void restore_given(rfm_config *config, const char *text, size_t length)
{
    if (length < strlen(GIVEN) || memcmp(text, GIVEN, strlen(GIVEN)) != 0)
        return;
    const char *end = memchr(text, '\n', length);
    const size_t line_length = end ? (size_t)(end - text) : length;
    size_t n;
    const rfm_option *options = rfm_options(&n);
    for (size_t i = 0; i < n; i++)
        config->values[i].given = is_listed(text, line_length, options[i].key);
}

rfm_status rfm_config_restore(const char *text, size_t length, rfm_config **config, rfm_error *err)
{
    rfm_node root = {0};
    rfm_config_defaults(config, err);
    if (err->status == RFM_OK && rfm_node_parse(text, length, "job", &root, err) == RFM_OK &&
        rfm_config_apply(*config, "", &root, false, err) == RFM_OK)
        restore_given(*config, text, length);
    rfm_node_free(&root);
    if (err->status != RFM_OK) {
        rfm_config_close(*config);
        *config = NULL;
    }
    return err->status;
}
