/* store: a finished run's results go where the job says. unload: rows of the warehouse come from there. */
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

static rfm_status check_operand(const store_words *split, const rfm_words *words, rfm_error *err)
{
    if (!words->operand && !split->check)
        rfm_fail(err, RFM_USAGE, "store wants a run directory: rfmpi store RUN_DIR [--job JOB.yml]");
    return err->status;
}

/* Collective. Without a job file, the run's own options of the section hold, before what the command line says. */
static rfm_status resolve(rfm_comm *comm, const store_words *split, rfm_words *words, rfm_config **config,
                          rfm_error *err)
{
    rfm_words all = {0};
    if (check_operand(split, words, err) == RFM_OK && rfm_comm_rank(comm) == 0 &&
        (split->job || !words->operand || words_recall(&all, words->operand, "store.", err) == RFM_OK))
        words_join(&all, words, err);
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
