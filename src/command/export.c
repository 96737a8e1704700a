/* export: a model as a statement or as PMML; which table, what its columns are, and where the text goes. */
#include "command.h"
#include "rfmpi/store.h"

#include <string.h>

typedef struct export_words {
    const char *to, *out, *job, *as_of;
    rfm_export wanted;
    char **columns; /* [n_columns] "NAME=COLUMN" of --column */
    int n_columns;
    char **rest; /* argv without these */
    int n_rest;
    rfm_rename *renames;
    char **names; /* [wanted.n_renames] owned */
} export_words;

/* Where the value of a flag goes; NULL for a word that is none of ours. */
static const char **find_flag(export_words *words, const char *flag, size_t length)
{
    const struct {
        const char *flag;
        const char **value;
    } known[] = {{"--to", &words->to},
                 {"--out", &words->out},
                 {"--job", &words->job},
                 {"--as-of", &words->as_of},
                 {"--events", &words->wanted.events},
                 {"--features", &words->wanted.features},
                 {"--view", &words->wanted.view},
                 {"--times", &words->wanted.times}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].flag) == length && memcmp(known[i].flag, flag, length) == 0)
            return known[i].value;
    return NULL;
}

/* --flag VALUE or --flag=VALUE; what is not ours is left to the job. */
static rfm_status split_words(int argc, char **argv, export_words *words, rfm_error *err)
{
    for (int i = 0; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        const size_t length = equals ? (size_t)(equals - argv[i]) : strlen(argv[i]);
        const bool column = length == strlen("--column") && memcmp(argv[i], "--column", length) == 0;
        const char **value = column ? NULL : find_flag(words, argv[i], length);
        if (!column && !value) {
            words->rest[words->n_rest++] = argv[i];
            continue;
        }
        if (!equals && ++i == argc)
            return rfm_fail(err, RFM_USAGE, "%s wants a value behind it", argv[argc - 1]);
        char *given = equals ? argv[i] + length + 1 : argv[i];
        if (column)
            words->columns[words->n_columns++] = given;
        else
            *value = given;
    }
    return err->status;
}

static bool is_role(const char *name, size_t length)
{
    static const char *const roles[] = {"customer", "time",  "event",   "amount",
                                        "session",  "order", "product", "category"};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strlen(roles[i]) == length && memcmp(roles[i], name, length) == 0)
            return true;
    return false;
}

/* A role is an option of the job; amount may be a list of two columns. */
static rfm_status take_column(export_words *words, const char *given, rfm_words *job, rfm_error *err)
{
    char key[64];
    const char *equals = strchr(given, '=');
    if (!equals || equals == given || equals[1] == '\0')
        return rfm_fail(err, RFM_USAGE, "--column wants NAME=COLUMN, not '%s'", given);
    if (!is_role(given, (size_t)(equals - given))) {
        char *name = rfm_copy_string(given, err);
        if (!name)
            return err->status;
        name[equals - given] = '\0';
        words->names[words->wanted.n_renames] = name;
        words->renames[words->wanted.n_renames++] = (rfm_rename){name, equals + 1};
        return RFM_OK;
    }
    snprintf(key, sizeof key, "input.columns.%.*s", (int)(equals - given), given);
    if (*given == 'a' && equals[1] == '[')
        return words_assign_yaml(job, key, equals + 1, err);
    return words_assign(job, key, equals + 1, err);
}

static rfm_status read_form(export_words *words, rfm_error *err)
{
    static const char *const forms[] = {[RFM_EXPORT_SQL] = "sql", [RFM_EXPORT_PMML] = "pmml"};
    for (int i = 0; words->to && i < 2; i++) {
        if (strcmp(words->to, forms[i]) != 0)
            continue;
        words->wanted.form = (rfm_export_form)i;
        return RFM_OK;
    }
    return rfm_fail(err, RFM_USAGE, "export knows two forms: --to sql, or --to pmml");
}

/* A PMML document is of the model alone, and is given feature values. */
static rfm_status check_pmml(const export_words *words, rfm_error *err)
{
    const rfm_export *wanted = &words->wanted;
    const struct {
        const char *flag;
        bool given;
    } others[] = {{"--events", wanted->events},      {"--features", wanted->features}, {"--view", wanted->view},
                  {"--times", wanted->times},        {"--as-of", words->as_of},        {"--job", words->job},
                  {"--column", words->n_columns > 0}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].given)
            return rfm_fail(err, RFM_USAGE,
                            "%s is for --to sql: a PMML document reads no table, it is given rows with the model's "
                            "features",
                            others[i].flag);
    return RFM_OK;
}

static rfm_status check_words(export_words *words, const rfm_words *job, rfm_error *err)
{
    const rfm_export *wanted = &words->wanted;
    if (read_form(words, err) != RFM_OK)
        return err->status;
    if (!job->operand)
        return rfm_fail(err, RFM_USAGE,
                        "export wants a model: rfmpi export RUN_DIR/model.h5 --to sql --events TABLE, or --to pmml");
    if (wanted->form == RFM_EXPORT_PMML)
        return check_pmml(words, err);
    if (!wanted->events == !wanted->features)
        return rfm_fail(err, RFM_USAGE,
                        "one table is read: --events TABLE, or --features TABLE that has the model's features");
    return RFM_OK;
}

/* Local. */
static rfm_status read_words(int argc, char **argv, export_words *words, rfm_words *job, rfm_error *err)
{
    const size_t n = (size_t)argc;
    words->columns = rfm_alloc(n, sizeof *words->columns, err);
    words->rest = rfm_alloc(n, sizeof *words->rest, err);
    words->renames = rfm_alloc(n, sizeof *words->renames, err);
    words->names = rfm_alloc(n, sizeof *words->names, err);
    if (err->status != RFM_OK || split_words(argc, argv, words, err) != RFM_OK ||
        words_read(words->n_rest, words->rest, job, err) != RFM_OK || check_words(words, job, err) != RFM_OK)
        return err->status;
    for (int i = 0; i < words->n_columns && err->status == RFM_OK; i++)
        take_column(words, words->columns[i], job, err);
    if (words->as_of && err->status == RFM_OK)
        words_assign(job, "features.as_of", words->as_of, err);
    words->wanted.model = job->operand;
    words->wanted.renames = words->renames;
    return err->status;
}

static void free_words(export_words *words)
{
    for (size_t i = 0; words->names && i < words->wanted.n_renames; i++)
        free(words->names[i]);
    free(words->names);
    free(words->renames);
    free(words->columns);
    free(words->rest);
}

/* Collective. */
static rfm_status put(rfm_comm *comm, const char *out, const rfm_text *text, rfm_error *err)
{
    if (rfm_comm_rank(comm) == 0 && out)
        rfm_file_write(out, text, err);
    else if (rfm_comm_rank(comm) == 0)
        say(text, err);
    return rfm_comm_agree(comm, err);
}

rfm_status command_export(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    export_words words = {0};
    rfm_words job = {0};
    rfm_config *config = NULL;
    rfm_text text = {0};
    rfm_log_open(RFM_LOG_WARN, rfm_comm_rank(comm) == 0);
    read_words(argc, argv, &words, &job, err);
    if (rfm_comm_agree(comm, err) == RFM_OK && words_config(comm, &job, words.job, &config, err) == RFM_OK) {
        open_log(comm, config);
        if (rfm_pipeline_export(comm, config, &words.wanted, &text, err) == RFM_OK)
            put(comm, words.out, &text, err);
    }
    rfm_text_free(&text);
    rfm_config_close(config);
    words_free(&job);
    free_words(&words);
    return err->status;
}
