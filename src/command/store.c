/* store: a finished run's results go where the job says. unload: rows of the warehouse come from there. */
#include "rfmpi/store.h"
#include "command.h"

#include <string.h>

typedef struct store_words {
    const char *job;
    bool check;
    char **rest; /* argv without these */
    int n_rest;
} store_words;

static rfm_status split_words(int argc, char **argv, store_words *words, rfm_error *err)
{
    words->rest = rfm_alloc((size_t)argc, sizeof *words->rest, err);
    for (int i = 0; i < argc && err->status == RFM_OK; i++) {
        if (strcmp(argv[i], "--check") == 0)
            words->check = true;
        else if (strncmp(argv[i], "--job=", 6) == 0)
            words->job = argv[i] + 6;
        else if (strcmp(argv[i], "--job") != 0)
            words->rest[words->n_rest++] = argv[i];
        else if (i + 1 < argc)
            words->job = argv[++i];
        else
            rfm_fail(err, RFM_USAGE, "--job wants a job file behind it");
    }
    return err->status;
}

/* Without a job file, the run's own options of the section hold, before what the command line says. */
static rfm_status recall_options(const char *run_dir, rfm_words *recalled, rfm_error *err)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    for (size_t i = 0; i < n && err->status == RFM_OK; i++) {
        char key[128], *value = NULL;
        if (strncmp(options[i].key, "store.", 6) != 0)
            continue;
        snprintf(key, sizeof key, "options.%s", options[i].key);
        const bool is_text = options[i].type == RFM_OPTION_STRING || options[i].type == RFM_OPTION_CHOICE;
        if (rfm_report_read(run_dir, key, &value, err) == RFM_OK && value)
            is_text ? words_assign(recalled, options[i].key, value, err)
                    : words_assign_yaml(recalled, options[i].key, value, err);
        free(value);
    }
    return err->status;
}

static rfm_status join_words(rfm_words *first, const rfm_words *then, rfm_error *err)
{
    for (size_t i = 0; i < then->n_assignments && err->status == RFM_OK; i++) {
        char *copy = rfm_copy_string(then->assignments[i], err);
        if (!copy || rfm_reserve(&first->assignments, &first->capacity, first->n_assignments + 1, sizeof copy, err)) {
            free(copy);
            break;
        }
        first->assignments[first->n_assignments++] = copy;
    }
    return err->status;
}

static rfm_status check_operand(const store_words *split, const rfm_words *words, rfm_error *err)
{
    if (!words->operand && !split->check)
        rfm_fail(err, RFM_USAGE, "store wants a run directory: rfmpi store RUN_DIR [--job JOB.yml]");
    return err->status;
}

/* Collective. */
static rfm_status resolve(rfm_comm *comm, const store_words *split, rfm_words *words, rfm_config **config,
                          rfm_error *err)
{
    rfm_words all = {0};
    if (check_operand(split, words, err) == RFM_OK && rfm_comm_rank(comm) == 0 &&
        (split->job || !words->operand || recall_options(words->operand, &all, err) == RFM_OK))
        join_words(&all, words, err);
    if (rfm_comm_agree(comm, err) == RFM_OK)
        words_config(comm, &all, split->job, config, err);
    words_free(&all);
    return err->status;
}

rfm_status command_store(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    store_words split = {0};
    rfm_words words = {0};
    rfm_config *config = NULL;
    rfm_text text = {0};
    rfm_log_open(RFM_LOG_WARN, rfm_comm_rank(comm) == 0);
    if (split_words(argc, argv, &split, err) == RFM_OK)
        words_read(split.n_rest, split.rest, &words, err);
    if (rfm_comm_agree(comm, err) == RFM_OK && resolve(comm, &split, &words, &config, err) == RFM_OK) {
        open_log(comm, config);
        if (split.check && rfm_pipeline_store_check(comm, config, &text, err) == RFM_OK)
            say(&text, err);
        else if (!split.check && rfm_pipeline_store(comm, config, words.operand, &text, err) == RFM_OK)
            say_result(comm, config, words.operand, &text, err);
    }
    rfm_text_free(&text);
    rfm_config_close(config);
    words_free(&words);
    free(split.rest);
    return err->status;
}

rfm_status command_unload(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    rfm_words words = {0};
    rfm_config *config = NULL;
    rfm_text text = {0};
    rfm_log_open(RFM_LOG_WARN, rfm_comm_rank(comm) == 0);
    words_read(argc, argv, &words, err);
    if (rfm_comm_agree(comm, err) == RFM_OK && words_config(comm, &words, words.operand, &config, err) == RFM_OK) {
        open_log(comm, config);
        if (rfm_pipeline_unload(comm, config, &text, err) == RFM_OK && !rfm_config_boolean(config, "log.quiet"))
            say(&text, err);
    }
    rfm_text_free(&text);
    rfm_config_close(config);
    words_free(&words);
    return err->status;
}
