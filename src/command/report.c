/* report: a finished run's page for people, made again; in the language and under the title of the run, or others. */
#include "rfmpi/report.h"
#include "command.h"

#include <string.h>

typedef struct report_words {
    const char *out;
    char **rest; /* argv without it */
    int n_rest;
} report_words;

static rfm_status split_words(int argc, char **argv, report_words *words, rfm_error *err)
{
    words->rest = rfm_alloc((size_t)argc, sizeof *words->rest, err);
    for (int i = 0; i < argc && err->status == RFM_OK; i++) {
        if (strncmp(argv[i], "--out=", 6) == 0)
            words->out = argv[i] + 6;
        else if (strcmp(argv[i], "--out") != 0)
            words->rest[words->n_rest++] = argv[i];
        else if (i + 1 < argc)
            words->out = argv[++i];
        else
            rfm_fail(err, RFM_USAGE, "--out wants a file behind it");
    }
    return err->status;
}

/* Collective. */
static rfm_status resolve(rfm_comm *comm, const rfm_words *words, rfm_config **config, rfm_error *err)
{
    rfm_words all = {0};
    if (!words->operand)
        rfm_fail(err, RFM_USAGE, "report wants a run directory: rfmpi report RUN_DIR");
    else if (rfm_comm_rank(comm) == 0 && words_recall(&all, words->operand, "report.", err) == RFM_OK)
        words_join(&all, words, err);
    if (rfm_comm_agree(comm, err) == RFM_OK)
        words_config(comm, &all, NULL, config, err);
    words_free(&all);
    return err->status;
}

/* Rank 0. */
static void write_page(const rfm_config *config, const char *dir, const char *out, rfm_error *err)
{
    const rfm_page_options options = {rfm_config_string(config, "report.language"),
                                      rfm_config_string(config, "report.title")};
    if (rfm_page_write(dir, &options, out, err) == RFM_OK)
        out ? printf("%s\n", out) : printf("%s/%s\n", dir, RFM_REPORT);
}

rfm_status command_report(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    report_words split = {0};
    rfm_words words = {0};
    rfm_config *config = NULL;
    rfm_log_open(RFM_LOG_WARN, rfm_comm_rank(comm) == 0);
    if (split_words(argc, argv, &split, err) == RFM_OK)
        words_read(split.n_rest, split.rest, &words, err);
    if (rfm_comm_agree(comm, err) == RFM_OK && resolve(comm, &words, &config, err) == RFM_OK) {
        open_log(comm, config);
        if (rfm_comm_rank(comm) == 0)
            write_page(config, words.operand, split.out, err);
        rfm_comm_agree(comm, err);
    }
    rfm_config_close(config);
    words_free(&words);
    free(split.rest);
    return err->status;
}
