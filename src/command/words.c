/* The words of a command line: operand, --set, and the flags the option table names. */
#include "command.h"
#include "rfmpi/store.h"

#include <string.h>

/* Any text as one YAML scalar in double quotes. */
static void quote(rfm_text *text, const char *value)
{
    rfm_text_adds(text, "\"");
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        if (*c == '"' || *c == '\\')
            rfm_text_addf(text, "\\%c", *c);
        else if (*c < 0x20)
            rfm_text_addf(text, "\\x%02x", *c);
        else
            rfm_text_add(text, c, 1);
    }
    rfm_text_adds(text, "\"");
}

static rfm_status keep(rfm_words *words, rfm_text *assignment, rfm_error *err)
{
    if (rfm_text_check(assignment, err) != RFM_OK ||
        rfm_reserve(&words->assignments, &words->capacity, words->n_assignments + 1, sizeof(char *), err) != RFM_OK) {
        rfm_text_free(assignment);
        return err->status;
    }
    words->assignments[words->n_assignments++] = assignment->bytes;
    return RFM_OK;
}

rfm_status words_assign(rfm_words *words, const char *key, const char *value, rfm_error *err)
{
    rfm_text assignment = {0};
    rfm_text_addf(&assignment, "%s=", key);
    quote(&assignment, value);
    return keep(words, &assignment, err);
}

rfm_status words_assign_list(rfm_words *words, const char *key, const char *const *values, size_t n, rfm_error *err)
{
    rfm_text assignment = {0};
    rfm_text_addf(&assignment, "%s=[", key);
    for (size_t i = 0; i < n; i++) {
        rfm_text_adds(&assignment, i == 0 ? "" : ", ");
        quote(&assignment, values[i]);
    }
    rfm_text_adds(&assignment, "]");
    return keep(words, &assignment, err);
}

rfm_status words_assign_yaml(rfm_words *words, const char *key, const char *value, rfm_error *err)
{
    rfm_text assignment = {0};
    rfm_text_addf(&assignment, "%s=%s", key, value);
    return keep(words, &assignment, err);
}

static rfm_status assign_plain(rfm_words *words, const char *text, rfm_error *err)
{
    rfm_text assignment = {0};
    rfm_text_adds(&assignment, text);
    return keep(words, &assignment, err);
}

static const rfm_option *find_flag(const char *word, size_t length)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    for (size_t i = 0; i < n; i++)
        if (options[i].flag && strlen(options[i].flag) == length && memcmp(options[i].flag, word, length) == 0)
            return &options[i];
    return NULL;
}

/* --model PATH, --model=PATH, --force. Moves *at past what it took. */
static rfm_status read_flag(int argc, char **argv, int *at, rfm_words *words, rfm_error *err)
{
    const char *word = argv[*at], *equals = strchr(word, '=');
    const rfm_option *option = find_flag(word, equals ? (size_t)(equals - word) : strlen(word));
    if (!option)
        return fail_flag(argv[1], word, err);
    if (equals)
        return words_assign(words, option->key, equals + 1, err);
    if (option->type == RFM_OPTION_BOOLEAN)
        return words_assign_yaml(words, option->key, "true", err);
    if (*at + 1 >= argc)
        return rfm_fail(err, RFM_USAGE, "%s wants a value behind it", word);
    return words_assign(words, option->key, argv[++*at], err);
}

rfm_status words_read(int argc, char **argv, rfm_words *words, rfm_error *err)
{
    for (int i = 2; i < argc && err->status == RFM_OK; i++) {
        if (strcmp(argv[i], "--set") == 0) {
            if (i + 1 >= argc || !strchr(argv[i + 1], '='))
                return rfm_fail(err, RFM_USAGE, "--set wants KEY=VALUE behind it");
            assign_plain(words, argv[++i], err);
        } else if (strncmp(argv[i], "--set=", 6) == 0) {
            assign_plain(words, argv[i] + 6, err);
        } else if (argv[i][0] == '-' && argv[i][1] != '\0') {
            read_flag(argc, argv, &i, words, err);
        } else if (words->operand) {
            rfm_fail(err, RFM_USAGE, "one job file, run directory or file, not two: '%s' and '%s'", words->operand,
                     argv[i]);
        } else {
            words->operand = argv[i];
        }
    }
    return err->status;
}

void words_free(rfm_words *words)
{
    for (size_t i = 0; i < words->n_assignments; i++)
        free(words->assignments[i]);
    free(words->assignments);
    *words = (struct rfm_words){0};
}

rfm_status words_recall(rfm_words *words, const char *run_dir, const char *section, rfm_error *err)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    for (size_t i = 0; i < n && err->status == RFM_OK; i++) {
        char key[128], *value = NULL;
        if (strncmp(options[i].key, section, strlen(section)) != 0)
            continue;
        snprintf(key, sizeof key, "options.%s", options[i].key);
        const bool is_text = options[i].type == RFM_OPTION_STRING || options[i].type == RFM_OPTION_CHOICE;
        if (rfm_report_read(run_dir, key, &value, err) == RFM_OK && value)
            is_text ? words_assign(words, options[i].key, value, err)
                    : words_assign_yaml(words, options[i].key, value, err);
        free(value);
    }
    return err->status;
}

rfm_status words_join(rfm_words *first, const rfm_words *then, rfm_error *err)
{
    for (size_t i = 0; i < then->n_assignments && err->status == RFM_OK; i++)
        assign_plain(first, then->assignments[i], err);
    return err->status;
}

rfm_status words_config(rfm_comm *comm, const rfm_words *words, const char *job, rfm_config **config, rfm_error *err)
{
    rfm_text text = {0};
    void *bytes = NULL;
    size_t n_bytes = 0;
    if (rfm_comm_rank(comm) == 0 &&
        rfm_config_open(job, (const char *const *)words->assignments, words->n_assignments, config, err) == RFM_OK) {
        rfm_config_print(*config, false, &text);
        rfm_text_check(&text, err);
        bytes = text.bytes;
        n_bytes = text.length;
    }
    if (rfm_comm_agree(comm, err) != RFM_OK || rfm_comm_share(comm, 0, &bytes, &n_bytes, err) != RFM_OK)
        goto done;
    if (rfm_comm_rank(comm) != 0) {
        rfm_config_restore(bytes, n_bytes, config, err);
        free(bytes);
    }
    rfm_comm_agree(comm, err);
done:
    rfm_text_free(&text);
    return err->status;
}
