/* Where values come from: the job file, the environment, the command line. Knows nothing of types.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nearest.h"
#include "values.h"

enum { MAX_JOB_BYTES = 16 << 20, NAME_BYTES = 256 };

static const char PREFIX[] = "RFMPI_";

/* ---- file ------------------------------------------------------------------------------------------------------- */

static rfm_status fail_file(const char *path, int number, rfm_error *err)
{
    if (number == ENOENT || number == EISDIR || number == ENOTDIR)
        return rfm_fail(err, RFM_USAGE,
                        "the job file %s cannot be read: %s; \"rfmpi init FILE\" writes one for event files", path,
                        strerror(number));
    return rfm_fail_errno(err, number, "the job file %s cannot be read", path);
}

static rfm_status read_file(const char *path, rfm_text *text, rfm_error *err)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return fail_file(path, errno, err);
    char block[8192];
    size_t n;
    while (text->length <= MAX_JOB_BYTES && (n = fread(block, 1, sizeof block, file)) > 0)
        rfm_text_add(text, block, n);
    if (ferror(file))
        fail_file(path, errno, err);
    fclose(file);
    return err->status == RFM_OK ? rfm_text_check(text, err) : err->status;
}

rfm_status rfm_config_from_file(rfm_config *config, const char *path, rfm_error *err)
{
    rfm_text text = {0};
    rfm_node root = {0};
    if (read_file(path, &text, err) == RFM_OK &&
        rfm_node_parse(text.length ? text.bytes : "", text.length, path, &root, err) == RFM_OK)
        rfm_config_apply(config, "", &root, false, err);
    rfm_node_free(&root);
    rfm_text_free(&text);
    return err->status;
}

/* ---- one value from a text, for an option or a section ---------------------------------------------------------- */

/* Text options take their text as it stands (a delimiter, a glob, a path need no second layer of
 * quotes) unless it begins with a quote or, for lists, a bracket. */
static bool is_literal(int index, const char *text)
{
    if (index < 0 || *text == '"' || *text == '\'')
        return false;
    size_t n;
    const rfm_option_type type = rfm_options(&n)[index].type;
    return type == RFM_OPTION_STRING || type == RFM_OPTION_CHOICE || (type == RFM_OPTION_STRINGS && *text != '[');
}

static rfm_status literal_node(const char *text, const char *source, rfm_node *node, rfm_error *err)
{
    const bool is_null = strcmp(text, "null") == 0 || strcmp(text, "~") == 0;
    node->kind = RFM_NODE_SCALAR;
    node->source = rfm_copy_string(source, err);
    node->text = rfm_copy_string(is_null ? "" : text, err);
    return err->status;
}

static rfm_status apply_text(rfm_config *config, const char *key, const char *text, const char *source, bool in_argv,
                             rfm_error *err)
{
    rfm_node node = {0};
    if (is_literal(rfm_option_find(key), text))
        literal_node(text, source, &node, err);
    else if (rfm_node_parse(text, strlen(text), source, &node, err) == RFM_OK && node.kind == RFM_NODE_SCALAR)
        node.line = node.column = 0; /* "--set cluster.k" is place enough */
    if (err->status == RFM_OK)
        rfm_config_apply(config, key, &node, in_argv, err);
    rfm_node_free(&node);
    return err->status;
}

/* ---- command line ----------------------------------------------------------------------------------------------- */

rfm_status rfm_config_from_assignment(rfm_config *config, const char *assignment, rfm_error *err)
{
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment)
        return rfm_fail(err, RFM_USAGE, "--set wants key=value, as in --set cluster.k=5");
    char key[NAME_BYTES], source[NAME_BYTES + 8];
    snprintf(key, sizeof key, "%.*s", (int)(equals - assignment), assignment);
    snprintf(source, sizeof source, "--set %s", key);
    rfm_node place = {.source = source};
    /* Unknown keys and secrets are refused before their values are looked at. */
    if (rfm_option_is_secret(key) || (rfm_option_find(key) < 0 && !rfm_option_is_section(key)))
        return rfm_config_apply(config, key, &place, true, err);
    return apply_text(config, key, equals + 1, source, true, err);
}

/* ---- environment ------------------------------------------------------------------------------------------------ */

/* "input.columns" -> "RFMPI_INPUT_COLUMNS" */
static void name_variable(const char *path, size_t length, char name[NAME_BYTES])
{
    size_t n = (size_t)snprintf(name, NAME_BYTES, "%s", PREFIX);
    for (size_t i = 0; i < length && n + 1 < NAME_BYTES; i++) {
        const char c = path[i];
        name[n++] = c == '.' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    name[n] = '\0';
}

static rfm_status apply_variable(rfm_config *config, const char *path, size_t length, rfm_error *err)
{
    char name[NAME_BYTES], key[NAME_BYTES];
    name_variable(path, length, name);
    const char *text = getenv(name);
    if (!text || *text == '\0')
        return RFM_OK;
    snprintf(key, sizeof key, "%.*s", (int)length, path);
    return apply_text(config, key, text, name, false, err);
}

/* Sections of a key that the key before it does not share: each section is met once. */
static rfm_status apply_sections(rfm_config *config, const char *key, const char *before, rfm_error *err)
{
    for (const char *point = strchr(key, '.'); point; point = strchr(point + 1, '.')) {
        const size_t length = (size_t)(point - key);
        if (strncmp(key, before, length + 1) != 0 && apply_variable(config, key, length, err) != RFM_OK)
            return err->status;
    }
    return RFM_OK;
}

static bool is_elsewhere(const char *name)
{
    /* Of the program's starts and of its tests, not of a job. */
    static const char *const others[] = {"RFMPI_FAULT", "RFMPI_TRIAL",  "RFMPI_PYTHON", "RFMPI_DATA",
                                         "RFMPI_BUILD", "RFMPI_SOURCE", "RFMPI_VECTOR"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(name, others[i]) == 0)
            return true;
    return false;
}

/* The nearest option's variable; or that the name is a section's, which is known. */
static bool find_nearest(const char *name, char nearest[NAME_BYTES])
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    char variable[NAME_BYTES];
    rfm_nearness nearness = {.word = name, .distance = SIZE_MAX};
    for (size_t i = 0; i < n; i++) {
        const char *key = options[i].key;
        for (const char *point = strchr(key, '.'); point; point = strchr(point + 1, '.')) {
            name_variable(key, (size_t)(point - key), variable);
            if (strcmp(variable, name) == 0)
                return false;
        }
        name_variable(key, strlen(key), variable);
        if (rfm_nearness_try(&nearness, variable))
            name_variable(key, strlen(key), nearest);
    }
    return strcmp(nearest, name) != 0;
}

static void warn_unknown(const char *name)
{
    char nearest[NAME_BYTES] = "";
    if (find_nearest(name, nearest))
        rfm_log(RFM_LOG_WARN, "the environment variable %s is no option and is ignored; the nearest is %s", name,
                nearest);
}

static void warn_of_unknown_variables(void)
{
    for (char **entry = environ; *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        char name[NAME_BYTES];
        if (strncmp(*entry, PREFIX, strlen(PREFIX)) != 0 || !equals)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(equals - *entry), *entry);
        if (!is_elsewhere(name))
            warn_unknown(name);
    }
}

rfm_status rfm_config_from_environment(rfm_config *config, rfm_error *err)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    for (size_t i = 0; i < n; i++)
        if (apply_sections(config, options[i].key, i > 0 ? options[i - 1].key : "", err) != RFM_OK)
            return err->status;
    for (size_t i = 0; i < n; i++)
        if (apply_variable(config, options[i].key, strlen(options[i].key), err) != RFM_OK)
            return err->status;
    warn_of_unknown_variables();
    return RFM_OK;
}
