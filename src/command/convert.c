/* convert: files to convert, where to, and options of the job that say how they are to be read. */
#include "command.h"

#include <string.h>

typedef struct request_words {
    const char **inputs; /* [n_inputs]; borrowed words */
    size_t n_inputs;
    const char *out;
} request_words;

/* A word that is neither an input nor --out belongs to the job. */
static rfm_status read_words(int argc, char **argv, request_words *request, char **rest, int *n_rest, rfm_error *err)
{
    for (int i = 2; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "--out") == 0 && i + 1 < argc) {
            request->out = argv[++i];
        } else if (strncmp(word, "--out=", 6) == 0) {
            request->out = word + 6;
        } else if (strcmp(word, "--set") == 0 && i + 1 < argc) {
            rest[(*n_rest)++] = argv[i++];
            rest[(*n_rest)++] = argv[i];
        } else if (strncmp(word, "--set=", 6) == 0) {
            rest[(*n_rest)++] = argv[i];
        } else if (word[0] == '-') {
            return fail_flag(argv[1], word, err);
        } else {
            request->inputs[request->n_inputs++] = word;
        }
    }
    if (!request->out || request->out[0] == '\0' || request->n_inputs == 0)
        rfm_fail(err, RFM_USAGE, "convert wants files and a directory: rfmpi convert INPUT... --out DIR");
    return err->status;
}

/* Collective. */
static rfm_status resolve(rfm_comm *comm, int argc, char **argv, request_words *request, rfm_config **config,
                          rfm_error *err)
{
    rfm_words words = {0};
    char **rest = rfm_alloc((size_t)argc, sizeof *rest, err);
    request->inputs = rfm_alloc((size_t)argc, sizeof *request->inputs, err);
    int n_rest = 2;
    if (rest && request->inputs) {
        rest[0] = argv[0];
        rest[1] = argv[1];
        if (read_words(argc, argv, request, rest, &n_rest, err) == RFM_OK &&
            words_read(n_rest, rest, &words, err) == RFM_OK)
            words_assign_list(&words, "input.paths", request->inputs, request->n_inputs, err);
    }
    if (rfm_comm_agree(comm, err) == RFM_OK)
        words_config(comm, &words, NULL, config, err);
    words_free(&words);
    free(rest);
    return err->status;
}

rfm_status command_convert(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    request_words request = {0};
    rfm_config *config = NULL;
    rfm_log_open(RFM_LOG_WARN, rfm_comm_rank(comm) == 0);
    if (resolve(comm, argc, argv, &request, &config, err) == RFM_OK) {
        open_log(comm, config);
        rfm_pipeline_convert(comm, config, request.out, err);
    }
    rfm_config_close(config);
    free(request.inputs);
    return err->status;
}
