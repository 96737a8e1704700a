/* The table of commands, and the way into it. */
#include "command.h"

#include <string.h>

static const rfm_flag GENERATE_FLAGS[] = {
    {"--customers", "N", NULL, "distinct customers (as many as the shape has)"},
    {"--events", "M", NULL, "events (1000000)"},
    {"--days", "D", NULL, "days from 2019-10-01 on (31)"},
    {"--seed", "S", NULL, "the same seed makes the same bytes at any number of ranks (1)"},
    {"--parts", "P", NULL, "files (1)"},
    {"--shape", "SHAPE", "log|wide", "log: like a shop's log; wide: many customers with few events each (log)"},
    {"--gzip", NULL, NULL, "compress"},
    {"--out", "DIR", NULL, "a new or empty directory"},
    {0},
};

static const rfm_flag CONVERT_FLAGS[] = {
    {"--out", "DIR", NULL, "where the tables go; made when absent"},
    {0},
};

static const rfm_flag INIT_FLAGS[] = {
    {"--out", "JOB.yml", NULL, "the job file; - for standard output (NAME.yml here, as the events are called)"},
    {"--force", NULL, NULL, "overwrite it"},
    {0},
};

static const rfm_flag INFO_FLAGS[] = {
    {"--json", NULL, NULL, "as JSON"},
    {0},
};

static const rfm_flag STORE_FLAGS[] = {
    {"--job", "JOB.yml", NULL, "the job that says where to; none: the run's own"},
    {"--check", NULL, NULL, "log in and look, write nothing"},
    {0},
};

static const rfm_flag EXPORT_FLAGS[] = {
    {"--to", "FORM", "sql|pmml", "what the model is made into: a statement of Snowflake, or a PMML 4.4 document"},
    {"--events", "TABLE", NULL, "sql: a table of events: [DATABASE.][SCHEMA.]TABLE"},
    {"--features", "TABLE", NULL, "or one that has the model's features, a row a customer"},
    {"--column", "NAME=COLUMN", NULL,
     "what the table calls a role (customer, time, event, ...) or a column of the model; any number of times"},
    {"--times", "KIND", "clock|instant|date",
     "clock: TIMESTAMP_NTZ in the model's zone; instant: TIMESTAMP_TZ or _LTZ; date: DATE"},
    {"--as-of", "MOMENT", NULL, "latest, a date, or a timestamp; none: as the model was trained"},
    {"--view", "NAME", NULL, "make it a view"},
    {"--out", "FILE", NULL, "write it there, not to standard output"},
    {"--job", "JOB.yml", NULL, "take roles, keep rules and as_of from a job, as predict does"},
    {0},
};

static const rfm_flag REPORT_FLAGS[] = {
    {"--out", "FILE", NULL, "write it there, not to RUN_DIR/report.html"},
    {0},
};

const rfm_command COMMANDS[] = {
    {"init", "FILE... [--out JOB.yml]",
     "look at the first rows of event files and write a job file, saying how sure it is", INIT_FLAGS, TAKES_NO_OPTIONS,
     NULL, command_init},
    {"run", "[JOB.yml]", "the whole batch: prepare, train, and the results", NULL, TAKES_OPTIONS, NULL, command_run},
    {"prepare", "[JOB.yml]", "event files -> state.h5 and features.h5 (--onto RUN_DIR folds onto an earlier state)",
     NULL, TAKES_OPTIONS, NULL, command_prepare},
    {"train", "[JOB.yml]", "features -> model.h5, segments.csv and customers/", NULL, TAKES_OPTIONS, NULL,
     command_train},
    {"predict", "[JOB.yml | RUN_DIR | MATRIX.h5]",
     "new events, a run's customers or a matrix -> segments, by --model MODEL.h5", NULL, TAKES_OPTIONS, NULL,
     command_predict},
    {"store", "RUN_DIR [--job JOB.yml] | --check",
     "a finished run's customers -> a table of Snowflake, or a copy elsewhere", STORE_FLAGS, TAKES_OPTIONS, NULL,
     command_store},
    {"unload", "[JOB.yml]", "rows of a table or a query of Snowflake -> files, all of them or what is new", NULL,
     TAKES_OPTIONS, NULL, command_unload},
    {"generate", "--out DIR", "make event files like a real shop's, for trials and benchmarks", GENERATE_FLAGS,
     TAKES_NO_OPTIONS, NULL, command_generate},
    {"convert", "INPUT... --out DIR", "event files -> event tables in HDF5 with all their columns, DIR/NAME.h5",
     CONVERT_FLAGS, TAKES_SET, "input log", command_convert},
    {"export", "MODEL.h5 --to sql --events TABLE | --features TABLE, or --to pmml",
     "a model -> a statement that scores customers inside Snowflake, or PMML for other engines", EXPORT_FLAGS,
     TAKES_OPTIONS, NULL, command_export},
    {"report", "RUN_DIR", "a finished run -> report.html, a page for people: who the segments are, and how good",
     REPORT_FLAGS, TAKES_SET, "report log", command_report},
    {"info", "PATH [PATH]", "say what a run directory, or any other file of rfmpi's, holds; compare two of them",
     INFO_FLAGS, TAKES_NO_OPTIONS, NULL, command_info},
    {"config", "[JOB.yml]", "print the resolved job: every option, its value and where it came from", NULL,
     TAKES_OPTIONS, NULL, command_config},
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

/* known[]: of all the flags of a command; room for as many as there are. */
static void list_flags(const rfm_command *command, const char **known)
{
    size_t n, n_known = 0;
    const rfm_option *options = rfm_options(&n);
    for (const rfm_flag *flag = command->flags; flag && flag->name; flag++)
        known[n_known++] = flag->name;
    for (size_t i = 0; i < n && command->takes == TAKES_OPTIONS; i++)
        if (options[i].flag)
            known[n_known++] = options[i].flag;
    if (command->takes != TAKES_NO_OPTIONS)
        known[n_known++] = "--set";
    known[n_known++] = "--help";
    known[n_known] = NULL;
}

rfm_status fail_flag(const char *command, const char *word, rfm_error *err)
{
    enum { MOST_OWN = 32, FLAG_BYTES = 64 };
    size_t n;
    char flag[FLAG_BYTES];
    rfm_options(&n);
    const char **known = rfm_alloc(n + MOST_OWN, sizeof *known, err);
    if (!known)
        return err->status;
    snprintf(flag, sizeof flag, "%.*s", (int)strcspn(word, "="), word);
    list_flags(find_command(command), known);
    const char *nearest = rfm_nearest(flag, known);
    if (strcmp(nearest, flag) == 0)
        rfm_fail(err, RFM_USAGE, "%s: %s; see \"rfmpi %s --help\"", flag,
                 strchr(word, '=') ? "takes no value" : "there is no value behind it", command);
    else
        rfm_fail(err, RFM_USAGE, "unknown flag %s; the nearest is %s; \"rfmpi %s --help\" lists them", flag, nearest,
                 command);
    free(known);
    return err->status;
}

static rfm_status fail_command(const char *word, rfm_error *err)
{
    const char *known[sizeof COMMANDS / sizeof COMMANDS[0] + 1] = {NULL};
    for (size_t i = 0; i < N_COMMANDS; i++)
        known[i] = COMMANDS[i].name;
    return rfm_fail(err, RFM_USAGE, "unknown command '%s'; the nearest is '%s'; \"rfmpi --help\" lists them", word,
                    rfm_nearest(word, known));
}

/* "rfmpi help COMMAND" is "rfmpi COMMAND --help". */
static bool help(const char *name)
{
    const rfm_command *command = name ? find_command(name) : NULL;
    if (command)
        print_command_help(stdout, command);
    else
        print_help(stdout);
    return true;
}

/* The help that was asked for and could not be written has not been given. */
static rfm_status end_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return RFM_OK;
    fputs("rfmpi: error: cannot write to standard output\n", stderr);
    return RFM_IO;
}

/* Whether it was a question about the program, which is answered then. */
static bool answer(int argc, char **argv)
{
    if (is_help(argv[1]) || strcmp(argv[1], "help") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    if (strcmp(argv[1], "--version") == 0) {
        print_version(stdout);
        return true;
    }
    for (int i = 2; find_command(argv[1]) && i < argc; i++)
        if (is_help(argv[i]))
            return help(argv[1]);
    return false;
}

bool rfm_command_about(int argc, char **argv, rfm_status *status)
{
    *status = RFM_OK;
    if (argc < 2) {
        print_help(stderr);
        *status = RFM_USAGE;
        return true;
    }
    const bool answered = answer(argc, argv);
    if (answered)
        *status = end_output();
    return answered;
}

rfm_status rfm_command_run(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    const rfm_command *command = find_command(argv[1]);
    if (!command)
        return fail_command(argv[1], err);
    return command->run(comm, argc, argv, err);
}
