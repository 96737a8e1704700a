/* info: what one file of ours holds, or how two of them differ. */
#include "command.h"
#include "rfmpi/describe.h"

#include <string.h>
#include <unistd.h>

typedef struct info_words {
    const char *paths[2];
    int n_paths;
    bool json;
} info_words;

static rfm_status read_words(int argc, char **argv, info_words *words, rfm_error *err)
{
    for (int i = 2; i < argc && err->status == RFM_OK; i++) {
        if (strcmp(argv[i], "--json") == 0)
            words->json = true;
        else if (argv[i][0] == '-')
            fail_flag(argv[1], argv[i], err);
        else if (words->n_paths == 2)
            rfm_fail(err, RFM_USAGE, "info describes one file, or compares two, not more: '%s'", argv[i]);
        else
            words->paths[words->n_paths++] = argv[i];
    }
    if (err->status == RFM_OK && words->n_paths == 0)
        rfm_fail(err, RFM_USAGE, "info wants a run directory or a file of rfmpi's: rfmpi info PATH [PATH]");
    return err->status;
}

static void print(const info_words *words, rfm_description *const described[2], rfm_text *text)
{
    const int columns = rfm_terminal_of(STDOUT_FILENO).columns;
    if (words->n_paths == 2 && words->json)
        rfm_descriptions_compare_json(described[0], described[1], text);
    else if (words->n_paths == 2)
        rfm_descriptions_compare(described[0], described[1], columns, text);
    else if (words->json)
        rfm_description_print_json(described[0], text);
    else
        rfm_description_print(described[0], columns, text);
}

rfm_status command_info(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    info_words words = {0};
    rfm_description *described[2] = {NULL, NULL};
    rfm_text text = {0};
    rfm_log_open(RFM_LOG_WARN, rfm_comm_rank(comm) == 0);
    read_words(argc, argv, &words, err);
    rfm_comm_agree(comm, err);
    for (int i = 0; i < words.n_paths && err->status == RFM_OK; i++)
        rfm_describe(comm, words.paths[i], &described[i], err);
    if (err->status == RFM_OK && rfm_comm_rank(comm) == 0) {
        print(&words, described, &text);
        say(&text, err);
    }
    rfm_text_free(&text);
    rfm_description_close(described[0]);
    rfm_description_close(described[1]);
    return rfm_comm_agree(comm, err);
}
