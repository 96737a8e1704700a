/* The table of options: every key a job may have. The one place to add an option. */
#include <string.h>
#include <strings.h>

#include "values.h"

#define STATE RFM_DECIDES_STATE
#define FEATURES RFM_DECIDES_FEATURES
#define MODEL RFM_DECIDES_MODEL
#define RESULT RFM_DECIDES_RESULT
#define NOTHING RFM_DECIDES_NOTHING
#define STRING RFM_OPTION_STRING
#define INTEGER RFM_OPTION_INTEGER
#define NUMBER RFM_OPTION_NUMBER
#define BOOLEAN RFM_OPTION_BOOLEAN
#define CHOICE RFM_OPTION_CHOICE
#define STRINGS RFM_OPTION_STRINGS
#define COUNTS RFM_OPTION_COUNTS
#define TREE RFM_OPTION_TREE

static const double UNLIMITED = 1e300; /* "at least low" */

/* clang-format off */
static const rfm_option options[] = {
    /* Where the input lies decides nothing: what lies there does, and is compared by content. */
    {"input.paths", NULL, STRINGS, NULL, 0, 0, NULL, NOTHING,
     "event files: names, globs (events/**/*.csv), directories, or @LIST, a file with one of these a line"},
    {"input.features", NULL, STRING, NULL, 0, 0, NULL, NOTHING,
     "an HDF5 file with /features/values instead of events"},
    {"input.run", NULL, STRING, NULL, 0, 0, NULL, NOTHING,
     "a run directory whose customer state is read instead of events"},
    {"input.header", NULL, BOOLEAN, "true", 0, 0, NULL, STATE,
     "the first line names the columns; false: columns are given by number, from 1"},
    {"input.delimiter", NULL, STRING, "\",\"", 0, 0, NULL, STATE,
     "one character, \"tab\", or \"blanks\" (runs of spaces)"},
    {"input.quote", NULL, STRING, "'\"'", 0, 0, NULL, STATE,
     "the character that encloses fields which have delimiters or line ends inside, or none"},
    {"input.escape", NULL, STRING, "none", 0, 0, NULL, STATE,
     "the character that makes the next one part of a field, such as \"\\\\\", or none"},
    {"input.null", NULL, STRING, "\\N", 0, 0, NULL, STATE, "a field that is this is empty"},
    {"input.columns.customer", NULL, STRING, NULL, 0, 0, NULL, STATE, "column of the customer's id"},
    {"input.columns.time", NULL, STRING, NULL, 0, 0, NULL, STATE, "column of the event's time"},
    {"input.columns.event", NULL, STRING, NULL, 0, 0, NULL, STATE,
     "column of the event's type; none: every row is a purchase"},
    {"input.columns.amount", NULL, TREE, NULL, 0, 0, NULL, STATE,
     "column of the amount, or two whose product it is: [Quantity, UnitPrice]"},
    {"input.columns.session", NULL, STRING, NULL, 0, 0, NULL, STATE, "column of the session"},
    {"input.columns.order", NULL, STRING, NULL, 0, 0, NULL, STATE, "column of the order"},
    {"input.columns.product", NULL, STRING, NULL, 0, 0, NULL, STATE, "column of the product"},
    {"input.columns.category", NULL, STRING, NULL, 0, 0, NULL, STATE, "column of the category"},
    {"input.id", NULL, CHOICE, "text", 0, 0, "text|integer", STATE,
     "what customer ids are; integer: leading zeros, sign and \".0\" do not matter"},
    {"input.time_format", NULL, CHOICE, "auto", 0, 0,
     "auto|date|seconds|milliseconds|microseconds|iso|day-first|month-first", STATE,
     "how times are written; auto: by their shape, but for day-first (31.12.2024 14:05) and month-first (12/31/2024)"},
    {"input.timezone", NULL, STRING, "UTC", 0, 0, NULL, STATE,
     "zone of times that name none, and of days, hours and weekdays"},
    {"input.decimals", NULL, INTEGER, "4", 0, 9, NULL, STATE, "decimals of amounts; a text with more is rejected"},
    {"input.decimal_mark", NULL, CHOICE, "point", 0, 0, "point|comma", STATE,
     "what stands before the decimals of numbers in texts; rules of the job are written with a point in any case"},
    {"input.thousands", NULL, CHOICE, "none", 0, 0, "none|point|comma|blank|apostrophe", STATE,
     "what may stand between groups of three digits before the decimals"},
    {"input.rows", NULL, TREE, NULL, 0, 0, NULL, STATE,
     "keep rules: [{column: price, above: 0}]; equal, not, prefix, not_prefix, above, below, present"},
    {"input.dedupe", NULL, STRING, "none", 0, 0, NULL, STATE,
     "none, row (all mapped fields equal), or the column that identifies an event"},
    {"input.max_rejected", NULL, NUMBER, "0.001", 0, 1, NULL, NOTHING,
     "the largest share of rows that may be rejected"},
    {"input.memory", "--memory", STRING, NULL, 0, 0, NULL, NOTHING,
     "memory a rank may fill with customers (2G, 512M) before it uses output.scratch; none: all there is"},
    {"input.onto", "--onto", STRING, NULL, 0, 0, NULL, STATE,
     "a run directory: fold the events onto its customer state"},
    {"features.as_of", NULL, STRING, "latest", 0, 0, NULL, STATE | FEATURES,
     "latest (the newest event), a date, or a timestamp; later events are dropped"},
    {"features.population", NULL, TREE, NULL, 0, 0, NULL, STATE | FEATURES,
     "which customers: all, or {event: purchase}; none: the list's own"},
    {"features.list", NULL, TREE, "rfm", 0, 0, NULL, STATE | FEATURES, "rfm, rfm-behaviour, or a list of features"},
    {"cluster.k", NULL, COUNTS, "8", 1, 65536, NULL, MODEL,
     "number of clusters; of several, [2, 3, 8], 2-12 or auto (2-12), cluster.choose picks one"},
    {"cluster.choose", NULL, CHOICE, "silhouette", 0, 0, "silhouette|davies-bouldin|calinski-harabasz|stability", MODEL,
     "which of several numbers of clusters is taken: the best by this, of equals the smaller"},
    {"cluster.trials", NULL, INTEGER, "2", 0, 1000, NULL, MODEL,
     "other starts of each of several numbers of clusters, to see whether the labels are the same"},
    {"cluster.init", NULL, STRING, "k-means||", 0, 0, NULL, MODEL,
     "starting centroids: k-means||, k-means++, random, previous, or file:PATH (HDF5, /centroids)"},
    {"cluster.seed", NULL, INTEGER, "1", 0, UNLIMITED, NULL, MODEL, "seed of the random choices"},
    {"cluster.restarts", NULL, INTEGER, "1", 1, 1000000, NULL, MODEL, "starts, of which the best is kept"},
    {"cluster.scale", NULL, CHOICE, "standard", 0, 0, "standard|robust|minmax|none", MODEL, "how columns are scaled"},
    {"cluster.missing", NULL, CHOICE, "error", 0, 0, "error|zero|mean|median", MODEL,
     "what a missing value (NaN) of a matrix counts as: 0, or its column's mean or median; the model keeps it"},
    {"cluster.algorithm", NULL, CHOICE, "auto", 0, 0, "auto|fused|gemm|bounds|definition", NOTHING,
     "how the nearest centroid is found; the labels are the same"},
    {"cluster.search", NULL, CHOICE, "auto", 0, 0, "auto|split-merge|none", MODEL,
     "after the best start: clusters are split and merged while that helps; auto: unless centroids are given"},
    {"cluster.max_iterations", NULL, INTEGER, "300", 1, 1000000000, NULL, MODEL, "iterations a start, at most"},
    {"cluster.tolerance", NULL, NUMBER, "0.0001", 0, UNLIMITED, NULL, MODEL,
     "stop when the centroids' squared shift is at most this times the mean variance; 0: when no label changes"},
    {"cluster.rounds", NULL, INTEGER, "5", 1, 1000, NULL, MODEL, "rounds of k-means||"},
    {"cluster.oversampling", NULL, NUMBER, "2", 0.01, 1000, NULL, MODEL, "candidates a round of k-means||, in units of k"},
    {"cluster.previous", "--previous", STRING, NULL, 0, 0, NULL, NOTHING,
     "a run directory, or its model.h5, whose segment ids and names the new segments keep"},
    {"cluster.names", NULL, TREE, NULL, 0, 0, NULL, MODEL, "names of segments: a list of k, or rules; none: built in"},
    {"scores.bins", NULL, INTEGER, "5", 0, 100, NULL, MODEL,
     "scores of recency, frequency and monetary value run from 1 to this, the best; 0: there are none"},
    {"scores.recency", NULL, STRING, "recency_days", 0, 0, NULL, MODEL, "the feature of which less is better"},
    {"scores.frequency", NULL, STRING, "frequency", 0, 0, NULL, MODEL, "the feature that says how often"},
    {"scores.monetary", NULL, STRING, "monetary", 0, 0, NULL, MODEL, "the feature that says how much: revenue"},
    {"scores.cuts.recency", NULL, TREE, NULL, 0, 0, NULL, MODEL,
     "cut points between the bins, ascending, one fewer than bins; a value on one lies below it; none: learnt, equal shares"},
    {"scores.cuts.frequency", NULL, TREE, NULL, 0, 0, NULL, MODEL, "the same of scores.frequency"},
    {"scores.cuts.monetary", NULL, TREE, NULL, 0, 0, NULL, MODEL, "the same of scores.monetary"},
    {"predict.model", "--model", STRING, NULL, 0, 0, NULL, NOTHING, "the model.h5 that predict applies"},
    {"output.dir", NULL, STRING, NULL, 0, 0, NULL, NOTHING, "the run directory"},
    {"output.state", NULL, BOOLEAN, "true", 0, 0, NULL, NOTHING, "keep state.h5, onto which later events are folded"},
    {"output.part_rows", NULL, INTEGER, "1000000", 1, 1000000000, NULL, RESULT, "rows of a part of customers/"},
    {"output.parquet", NULL, BOOLEAN, "false", 0, 0, NULL, RESULT, "customers/ as Parquet too: part-00000.parquet and so on"},
    {"output.spreadsheet", NULL, BOOLEAN, "false", 0, 0, NULL, NOTHING,
     "segments and customers as spreadsheet.xlsx, too: what programs for spreadsheets make of CSV depends on the country"},
    {"output.mask", NULL, BOOLEAN, "false", 0, 0, NULL, NOTHING, "hide the content of rows in rejects/"},
    {"output.scratch", NULL, STRING, NULL, 0, 0, NULL, NOTHING,
     "directory for what passes input.memory; none: the run directory, with more than 1,024 ranks $TMPDIR"},
    {"output.stripe", NULL, STRING, NULL, 0, 0, NULL, NOTHING,
     "bytes of a stripe of the file system (16M): large tables of state.h5 and features.h5 begin with one; none: anywhere"},
    {"output.checkpoint", NULL, NUMBER, "60", 0, 1e6, NULL, NOTHING,
     "seconds between two checkpoints, at least; 0: only a request to stop makes one"},
    {"output.time_limit", "--time-limit", STRING, NULL, 0, 0, NULL, NOTHING,
     "stop after this time (5400, 90m, 2h) with a checkpoint and exit code 75; none: no limit"},
    {"output.force", "--force", BOOLEAN, "false", 0, 0, NULL, NOTHING,
     "make anew what was made from other inputs or options"},
    {"output.dry_run", "--dry-run", BOOLEAN, "false", 0, 0, NULL, NOTHING,
     "only say which rank would read what; writes nothing"},
    {"report.write", NULL, BOOLEAN, "true", 0, 0, NULL, NOTHING, "leave report.html in the run directory, for people"},
    {"report.language", NULL, CHOICE, "en", 0, 0, "en|fr", NOTHING, "the language of report.html"},
    {"report.title", NULL, STRING, NULL, 0, 0, NULL, NOTHING, "the title of report.html; none: \"Customer segments\""},
    {"log.level", NULL, CHOICE, "info", 0, 0, "error|warn|info|debug", NOTHING, "what is said on stderr"},
    {"log.progress", NULL, CHOICE, "auto", 0, 0, "auto|terminal|lines|none", NOTHING,
     "how far long work is: on one line that is rewritten, or line by line; auto: as stderr is a terminal or not"},
    {"log.quiet", "--quiet", BOOLEAN, "false", 0, 0, NULL, NOTHING,
     "only warnings and errors: log.level warn, and no table at the end"},
    {"log.json", "--json", BOOLEAN, "false", 0, 0, NULL, NOTHING,
     "at the end run.json, or what info and config say, as JSON on standard output instead of text for people"},
    {"log.every", NULL, NUMBER, "60", 0, 86400, NULL, NOTHING, "seconds between two lines of progress"},
    {"store.to", NULL, CHOICE, "files", 0, 0, "files|snowflake", NOTHING, "where finished results go"},
    {"store.dir", NULL, STRING, NULL, 0, 0, NULL, NOTHING,
     "files: a directory that gets a copy of the results; none: they stay in output.dir"},
    {"store.table", NULL, STRING, NULL, 0, 0, NULL, NOTHING, "snowflake: [DATABASE.][SCHEMA.]TABLE that gets the rows of customers/"},
    {"store.mode", NULL, CHOICE, "replace", 0, 0, "replace|overwrite|append|merge|history", NOTHING,
     "replace: a new table takes the old one's place; overwrite: new rows do; append: rows are added; merge: by id, with first and "
     "last segments; history: with run and as_of, and a view of the latest"},
    {"store.model_table", NULL, STRING, NULL, 0, 0, NULL, NOTHING,
     "snowflake: a second table, made where it is not there, that gets a row a run: parameters, quality, segments"},
    {"store.create", NULL, BOOLEAN, "false", 0, 0, NULL, NOTHING, "make the table where it is not there"},
    {"store.stage", NULL, STRING, NULL, 0, 0, NULL, NOTHING,
     "a stage that is there; none: RFMPI_STAGE beside the table, made where it is not"},
    {"store.copy", NULL, CHOICE, "files", 0, 0, "files|prefix", NOTHING, "how COPY names what it loads: each file, or their folder"},
    {"store.parallel", NULL, INTEGER, "8", 1, 99, NULL, NOTHING, "files that are uploaded at once"},
    {"store.uploaders", NULL, CHOICE, "one", 0, 0, "one|all", NOTHING,
     "all: every rank uploads parts of its own, with the stage's credentials from rank 0"},
    {"store.retry", NULL, NUMBER, "300", 0, 86400, NULL, NOTHING,
     "seconds that the network, or the server, may be away before it is exit code 75"},
    {"store.connection", NULL, STRING, NULL, 0, 0, NULL, NOTHING, "a connection of connections.toml or config.toml; none: the default one"},
    {"store.credentials", NULL, STRING, NULL, 0, 0, NULL, NOTHING,
     "a YAML file of credentials; none: conf/local/credentials.yml, where there is one"},
    {"store.ca_file", NULL, STRING, NULL, 0, 0, NULL, NOTHING, "certificate authorities to trust (PEM); none: the system's"},
    {"store.crl_file", NULL, STRING, NULL, 0, 0, NULL, NOTHING, "certificates that were revoked (PEM); none: not looked at"},
    {"store.proxy", NULL, STRING, NULL, 0, 0, NULL, NOTHING, "proxy for the server and the stage; none: what HTTPS_PROXY and NO_PROXY say"},
    {"store.local_stage", NULL, BOOLEAN, "false", 0, 0, NULL, NOTHING, "a stage may be a folder of this machine, as test servers have it"},
    {"unload.table", NULL, STRING, NULL, 0, 0, NULL, NOTHING, "[DATABASE.][SCHEMA.]TABLE whose rows are unloaded"},
    {"unload.query", NULL, STRING, NULL, 0, 0, NULL, NOTHING, "or a SELECT whose rows are"},
    {"unload.dir", NULL, STRING, NULL, 0, 0, NULL, NOTHING, "the directory that gets the files; input.paths may be DIR/part*"},
    {"unload.format", NULL, CHOICE, "csv", 0, 0, "csv|parquet", NOTHING, "csv: csv.gz with a header"},
    {"unload.time_column", NULL, STRING, NULL, 0, 0, NULL, NOTHING, "rows up to the newest of this column, which unload.json keeps"},
    {"unload.after", NULL, STRING, NULL, 0, 0, NULL, NOTHING, "an earlier unload's directory: only rows that are newer than its newest"},
    {"unload.file_bytes", NULL, INTEGER, "134217728", 16, 5368709120.0, NULL, NOTHING, "size of a file, about"},
};
/* clang-format on */

const rfm_option *rfm_options(size_t *n)
{
    *n = sizeof options / sizeof *options;
    return options;
}

int rfm_option_find(const char *key)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strcmp(options[i].key, key) == 0)
            return (int)i;
    return -1;
}

bool rfm_option_is_section(const char *path)
{
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strncmp(options[i].key, path, length) == 0 && options[i].key[length] == '.')
            return true;
    return false;
}

bool rfm_option_is_secret(const char *key)
{
    static const char *const words[] = {"password", "token", "secret", "passphrase", "private_key"};
    const char *point = strrchr(key, '.');
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(point ? point + 1 : key, words[i]))
            return true;
    return false;
}
