/* A configuration: one value an option, checked when it is set, and the getters. Where values come
 * from is sources.c. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "values.h"

enum { PATH_BYTES = 512 };

/* ---- setting ---------------------------------------------------------------------------------------------------- */

static bool is_unset(const rfm_option *option, const rfm_node *node)
{
    if (node->kind == RFM_NODE_SCALAR)
        return *node->text == '\0';
    return node->n_items == 0 && option->type == RFM_OPTION_STRINGS;
}

static rfm_status set_default(rfm_value *value, const rfm_option *option, rfm_error *err)
{
    rfm_node_free(&value->node);
    *value = (rfm_value){0};
    if (!option->fallback)
        return RFM_OK;
    rfm_node *node = &value->node;
    if (rfm_node_parse(option->fallback, strlen(option->fallback), "default", node, err) != RFM_OK ||
        rfm_option_check(option, node, err) != RFM_OK)
        return err->status;
    node->line = node->column = 0;
    value->set = true;
    return RFM_OK;
}

static rfm_status set_value(rfm_value *value, const rfm_option *option, const rfm_node *node, rfm_error *err)
{
    if (is_unset(option, node))
        return set_default(value, option, err);
    rfm_node copy;
    if (rfm_node_copy(node, &copy, err) != RFM_OK)
        return err->status;
    free(copy.key);
    copy.key = NULL;
    if (rfm_option_check(option, &copy, err) != RFM_OK) {
        rfm_node_free(&copy);
        return err->status;
    }
    rfm_node_free(&value->node);
    *value = (rfm_value){.set = true, .given = true, .node = copy};
    return RFM_OK;
}

/* What an unknown key may have meant: an option, a section, or an option's last word written outside its section. */
static void try_option(const char *key, rfm_nearness *nearness, char nearest[PATH_BYTES])
{
    const bool bare = !strchr(nearness->word, '.');
    for (const char *point = strchr(key, '.'); point; point = strchr(point + 1, '.')) {
        char section[PATH_BYTES];
        snprintf(section, sizeof section, "%.*s", (int)(point - key), key);
        if (rfm_nearness_try(nearness, section))
            snprintf(nearest, PATH_BYTES, "%s", section);
    }
    if (rfm_nearness_try(nearness, bare ? strrchr(key, '.') + 1 : key))
        snprintf(nearest, PATH_BYTES, "%s", key);
}

static rfm_status fail_unknown(const char *path, const rfm_node *node, rfm_error *err)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    rfm_nearness nearness = {.word = path, .distance = SIZE_MAX};
    char nearest[PATH_BYTES] = "";
    for (size_t i = 0; i < n; i++)
        try_option(options[i].key, &nearness, nearest);
    return rfm_node_fail(node, err, "unknown key '%.200s'; the nearest is '%s'", path, nearest);
}

static rfm_status refuse_secret(const char *path, const rfm_node *node, rfm_error *err)
{
    rfm_text name = {0};
    rfm_text_adds(&name, "RFMPI_");
    for (const char *c = path; *c; c++)
        rfm_text_addf(&name, "%c", *c == '.' ? '_' : *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    if (rfm_text_check(&name, err) == RFM_OK)
        rfm_node_fail(node, err, "%.200s: every user can read the command line; set %.200s in the environment instead",
                      path, name.bytes);
    rfm_text_free(&name);
    return err->status;
}

rfm_status rfm_config_apply(rfm_config *config, const char *path, const rfm_node *node, bool in_argv, rfm_error *err)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    if (in_argv && rfm_option_is_secret(path))
        return refuse_secret(path, node, err);
    const int index = rfm_option_find(path);
    if (index >= 0)
        return set_value(&config->values[index], &options[index], node, err);
    if (*path && !rfm_option_is_section(path))
        return fail_unknown(path, node, err);
    if (node->kind == RFM_NODE_SCALAR && *node->text == '\0')
        return RFM_OK;
    if (node->kind != RFM_NODE_MAP)
        return rfm_node_fail(node, err, "%s takes a map, {key: value}%s", *path ? path : "a job",
                             *path ? "" : "; \"rfmpi init FILE\" writes a job for event files");
    for (size_t i = 0; i < node->n_items; i++) {
        char child[PATH_BYTES];
        snprintf(child, sizeof child, "%s%s%s", path, *path ? "." : "", node->items[i].key);
        if (rfm_config_apply(config, child, &node->items[i], in_argv, err) != RFM_OK)
            return err->status;
    }
    return RFM_OK;
}

rfm_status rfm_config_defaults(rfm_config **config, rfm_error *err)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    *config = rfm_alloc(1, sizeof **config, err);
    if (!*config)
        return err->status;
    (*config)->values = rfm_alloc(n, sizeof *(*config)->values, err);
    for (size_t i = 0; i < n && err->status == RFM_OK; i++)
        set_default(&(*config)->values[i], &options[i], err);
    return err->status;
}

rfm_status rfm_config_open(const char *job_path, const char *const *assignments, size_t n_assignments,
                           rfm_config **config, rfm_error *err)
{
    rfm_config_defaults(config, err);
    if (err->status == RFM_OK && job_path)
        rfm_config_from_file(*config, job_path, err);
    if (err->status == RFM_OK)
        rfm_config_from_environment(*config, err);
    for (size_t i = 0; i < n_assignments && err->status == RFM_OK; i++)
        rfm_config_from_assignment(*config, assignments[i], err);
    if (err->status != RFM_OK) {
        rfm_config_close(*config);
        *config = NULL;
    }
    return err->status;
}

void rfm_config_close(rfm_config *config)
{
    if (!config)
        return;
    size_t n;
    rfm_options(&n);
    for (size_t i = 0; config->values && i < n; i++)
        rfm_node_free(&config->values[i].node);
    free(config->values);
    free(config);
}

/* ---- getters ---------------------------------------------------------------------------------------------------- */

static const rfm_value *find_value(const rfm_config *config, const char *key)
{
    const int index = rfm_option_find(key);
    rfm_assert(index >= 0);
    return &config->values[index];
}

static const rfm_value *find_typed(const rfm_config *config, const char *key, rfm_option_type type)
{
    size_t n;
    const int index = rfm_option_find(key);
    rfm_assert(index >= 0 && rfm_options(&n)[index].type == type);
    return &config->values[index];
}

const rfm_node *rfm_config_tree(const rfm_config *config, const char *key)
{
    const rfm_value *value = find_value(config, key);
    return value->set ? &value->node : NULL;
}

const char *rfm_config_string(const rfm_config *config, const char *key)
{
    size_t n;
    const int index = rfm_option_find(key);
    rfm_assert(index >= 0);
    const rfm_option_type type = rfm_options(&n)[index].type;
    rfm_assert(type == RFM_OPTION_STRING || type == RFM_OPTION_CHOICE);
    return config->values[index].set ? config->values[index].node.text : NULL;
}

size_t rfm_config_counts(const rfm_config *config, const char *key, int64_t *values, size_t n)
{
    const rfm_node *node = &find_typed(config, key, RFM_OPTION_COUNTS)->node;
    const bool one = node->kind == RFM_NODE_SCALAR;
    const rfm_node *items = one ? node : node->items;
    const size_t n_items = one ? 1 : node->n_items;
    rfm_error err = {0};
    for (size_t i = 0; i < n_items && i < n; i++)
        rfm_node_integer(&items[i], key, &values[i], &err);
    rfm_assert(err.status == RFM_OK);
    return n_items;
}

int64_t rfm_config_integer(const rfm_config *config, const char *key)
{
    rfm_error err = {0};
    int64_t result = 0;
    rfm_node_integer(&find_typed(config, key, RFM_OPTION_INTEGER)->node, key, &result, &err);
    rfm_assert(err.status == RFM_OK);
    return result;
}

double rfm_config_number(const rfm_config *config, const char *key)
{
    rfm_error err = {0};
    double result = 0;
    rfm_node_number(&find_typed(config, key, RFM_OPTION_NUMBER)->node, key, &result, &err);
    rfm_assert(err.status == RFM_OK);
    return result;
}

bool rfm_config_boolean(const rfm_config *config, const char *key)
{
    return strcmp(find_typed(config, key, RFM_OPTION_BOOLEAN)->node.text, "true") == 0;
}

bool rfm_config_given(const rfm_config *config, const char *key)
{
    return find_value(config, key)->given;
}

rfm_status rfm_config_fail(const rfm_config *config, const char *key, rfm_error *err, const char *format, ...)
{
    char message[sizeof err->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    const rfm_value *value = find_value(config, key);
    return rfm_node_fail(value->given ? &value->node : NULL, err, "%s", message);
}
