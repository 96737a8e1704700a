/* The table of commands, and the way into it. */
#include "command.h"

#include <string.h>

const rfm_command COMMANDS[] = {
    {"run", "[JOB.yml]", "the whole batch: prepare, train, and the results", command_run},
    {"prepare", "[JOB.yml]", "event files -> state.h5 and features.h5 (--onto RUN_DIR folds onto an earlier state)",
     command_prepare},
    {"train", "[JOB.yml]", "features -> model.h5, segments.csv and customers/", command_train},
    {"predict", "[JOB.yml | RUN_DIR | MATRIX.h5]",
     "new events, a run's customers or a matrix -> segments, by --model MODEL.h5", command_predict},
    {"store", "RUN_DIR [--job JOB.yml] | --check",
     "a finished run's customers -> a table of Snowflake, or a copy elsewhere", command_store},
    {"unload", "[JOB.yml]", "rows of a table or a query of Snowflake -> files, all of them or what is new",
     command_unload},
    {"generate", "", "make event files like a real shop's, for trials and benchmarks", command_generate},
    {"convert", "INPUT... --out DIR", "event files -> event tables in HDF5 with all their columns, DIR/NAME.h5",
     command_convert},
    {"export", "MODEL.h5 --to sql --events TABLE | --features TABLE",
     "a model -> a statement that scores customers inside Snowflake", command_export},
    {"info", "RUN_DIR", "say what a run directory holds, and its digest", command_info},
    {"config", "[JOB.yml]", "print the resolved job: every option, its value and where it came from", command_config},
};
const size_t N_COMMANDS = sizeof COMMANDS / sizeof COMMANDS[0];

static const rfm_command *find_command(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(COMMANDS[i].name, name) == 0)
            return &COMMANDS[i];
    return NULL;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

bool rfm_command_about(int argc, char **argv, rfm_status *status)
{
    *status = RFM_OK;
    if (argc < 2) {
        print_help(stderr);
        *status = RFM_USAGE;
        return true;
    }
    if (is_help(argv[1]) || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return true;
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_version(stdout);
        return true;
    }
    const rfm_command *command = find_command(argv[1]);
    for (int i = 2; command && i < argc; i++)
        if (is_help(argv[i])) {
            print_command_help(stdout, command);
            return true;
        }
    return false;
}

rfm_status rfm_command_run(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    const rfm_command *command = find_command(argv[1]);
    if (!command)
        return rfm_fail(err, RFM_USAGE, "unknown command '%s'; \"rfmpi --help\" lists them", argv[1]);
    return command->run(comm, argc, argv, err);
}
