/* What rfmpi writes: each kind of file, and its columns, keys or datasets. A test holds them against what runs write.
 */
#include "pages.h"

static const rfm_term RUN_DIRECTORY[] = {
    {"segments.csv", "a line a segment: id, name, size, share, centroid in the features' units"},
    {"customers/", "who is in which segment: part-NNNNN.csv.gz, and manifest.json"},
    {"report.html", "the report, for people: one file that opens offline (report.write: false leaves it out)"},
    {"spreadsheet.xlsx", "segments and customers as sheets, where output.spreadsheet asks for it"},
    {"figures.json", "what the report draws: sums and a drawn sample, no ids"},
    {"run.json", "everything about the run for machines: counts, options, times, digest"},
    {"model.h5", "all that predict needs: definitions, scaling, grid, centroids, names"},
    {"features.h5", "the features of every customer, before transforms and scaling"},
    {"state.h5", "the customers' aggregates, onto which later events are folded (output.state: false leaves it out)"},
    {"rejects/", "rejects.csv: rows that could not be read"},
    {"log.jsonl", "what every start in the directory said, line by line"},
    {"store.jsonl", "what has been stored where, step by step"},
    {"lock", "held by the start that is at work"},
    {"stop", "made by you: a request to stop; the next start removes it"},
    {"rounds/, checkpoint-0, checkpoint-1", "how far a start that is not done has come; gone when it is"},
    {NULL, NULL},
};

static const rfm_term SEGMENTS[] = {
    {"segment", "number of the segment"},
    {"name", "its name"},
    {"size", "its customers"},
    {"share", "their share of all, 0 to 1"},
    {"weight", "the sum of their weights; only of rows with weights"},
    {"weight_share", "the share of that; only of rows with weights"},
    {"FEATURE", "a column a feature: the centroid, in the feature's unit, with the digits that the grid bears out "
                "(model.h5 has all)"},
    {"r_score, f_score, m_score", "mean scores of its customers; where there are scores"},
    {"rfm_segment", "the segment of the classic grid that most of them are in; where there are scores"},
    {NULL, NULL},
};

static const rfm_term CUSTOMERS[] = {
    {"id", "the customer"},
    {"FEATURE", "a column a feature: the value, before transforms and scaling"},
    {"segment", "number of the segment"},
    {"segment_name", "name of the segment"},
    {"distance", "from the segment's centroid, in scaled units"},
    {"r_score, f_score, m_score",
     "scores of recency, frequency and monetary value: the highest is the best; where there are scores"},
    {"rfm_segment", "segment of the classic grid of scores; where there are scores"},
    {NULL, NULL},
};

static const rfm_term MANIFEST[] = {
    {"format", "the version of this file's form: 2"},
    {"part_rows", "rows of a part, but of the last"},
    {"n_rows", "rows of all parts"},
    {"columns[].name", "of each column the name"},
    {"columns[].type", "text, integer or number"},
    {"columns[].comment", "what it is, or its unit"},
    {"columns[].optional", "true: a table that has no such column is loaded without it"},
    {"parts[].name", "of each part the file"},
    {"parts[].rows", "its rows"},
    {"parts[].bytes", "its bytes"},
    {"parquet[].name, parquet[].rows, parquet[].bytes, parquet[].xxh3_128",
     "the same of Parquet parts; with output.parquet"},
    {"parts[].xxh3_128", "XXH3 (128 bits) of the file, as xxhsum -H2 prints it"},
    {NULL, NULL},
};

static const rfm_term FIGURES[] = {
    {"format", "rfmpi figures 1"},
    {"n_customers, n_segments, n_features",
     "how many there are; at most 64 segments and 64 features are in the lists below"},
    {"money", "the feature that is revenue; null: none is"},
    {"quartiles_of",
     "medians and quartiles of a segment with more customers than this are of a sample of about so many"},
    {"standings_of", "customers that standings and components are taken from: all, or a sample"},
    {"segments[].id, segments[].name, segments[].label, segments[].customers, segments[].share",
     "the largest segments"},
    {"segments[].weight", "the sum of weights; null without"},
    {"segments[].revenue, segments[].revenue_share",
     "the sum of money, and its share of all; null where there is none"},
    {"segments[].centroid, segments[].median, segments[].mean",
     "by feature, in its unit; centroids as in segments.csv"},
    {"segments[].standing",
     "by feature: how far its mean is from that of all, in standard deviations of the scaled values"},
    {"features[].name, features[].unit, features[].axis", "the features; the axis of the histogram is linear or log1p"},
    {"features[].min, features[].max, features[].mean, features[].median", "of all customers"},
    {"features[].p05, features[].p25, features[].p75, features[].p95", "quantiles of all customers"},
    {"features[].edges", "of the bins of the histogram; what lies beyond is in the end bins"},
    {"features[].counts", "by segment, how many customers are in each bin"},
    {"features[].quartiles", "by segment"},
    {"projection.explained, projection.loadings",
     "two principal components of the scaled features: shares of the variance, and unit vectors"},
    {"projection.centroids", "of the segments, on these"},
    {"projection.sample", "at most 2,000 customers: where they are, and their segment"},
    {"projection.customers", "how many customers the components are taken from"},
    {NULL, NULL},
};

static const rfm_term REJECTS[] = {
    {"file", "where the row stands"},
    {"line", "its line, from 1; of Parquet and HDF5 the row"},
    {"reason", "fields, quote, customer, time, number or bytes"},
    {"detail", "what exactly is wrong; empty with output.mask"},
    {"row", "the row as it stands, shortened where it is long; empty with output.mask"},
    {NULL, NULL},
};

static const rfm_term LOG[] = {
    {"time", "UTC, RFC 3339, in microseconds"},
    {"level", "error, warn, info or debug"},
    {"stage", "the stage that was at work"},
    {"rank", "0; of an error, the first rank that failed"},
    {"attempt", "which start in this directory"},
    {"pid", "rank 0's process"},
    {"message", "the line without rfmpi:"},
    {"event", "start or end, in the first and last line of a start; one without its end was killed"},
    {"command", "of a start: run, prepare, train, predict or store"},
    {"SITE", "of a start: what site in run.json has"},
    {"exit", "of an end: the exit code"},
    {"ranks_failed", "of an end: how many ranks failed, where some did"},
    {NULL, NULL},
};

static const rfm_term JOURNAL[] = {
    {"step", "begin, aside, part, copy, moving, published, done; of an unload until, copied, file, done"},
    {"id", "of the attempt to store (or unload) this content, over all its starts"},
    {"at", "when, UTC"},
    {"to", "of begin: files, snowflake or unload"},
    {"target", "of begin: the table or directory"},
    {"mode", "of begin: store.mode"},
    {"content", "of begin: the hash of what is stored"},
    {"DETAIL",
     "what else belongs to the step: the name and bytes of a part, the number of a table aside, request and query ids"},
    {NULL, NULL},
};

static const rfm_term MODEL[] = {
    {"/centroids", "k x d, scaled units; what cluster.init: file: reads"},
    {"/model/positions", "k x d, centroids less the grid's offset: these decide labels"},
    {"/model/centroids_original", "k x d, in the features' units"},
    {"/model/offset, /model/step, /model/low, /model/high", "d each: the grid"},
    {"/model/scaling/center, /model/scaling/scale, /model/scaling/n_steps",
     "d each: (value - center) / scale, behind n_steps transforms"},
    {"/model/scaling/kind, /model/scaling/low, /model/scaling/high",
     "the transforms of each column, and the cuts of clips"},
    {"/model/sizes, /model/segment_ids, /model/names", "k each: customers, ids and names of the segments"},
    {"/model/weights", "k: the sizes by weight; only of rows with weights"},
    {"/model/fills", "d: what stands in for missing values; only where something does"},
    {"/model/profile_cuts, /model/profile_shares", "d x 9 and d x 10: tenths of the training customers, by feature"},
    {"/model/scores/recency, /model/scores/frequency, /model/scores/monetary",
     "cut points; only where there are scores"},
    {"/model/scores/features, /model/scores/learnt",
     "what is scored, and whether the cuts were learnt; only where there are scores"},
    {"/model/features", "d names"},
    {"/model/definitions", "the features as one text, YAML"},
    {"/model/trace", "inertia of each iteration"},
    {"@format, @version", "rfmpi model; 4 (2 and 3 are read too)"},
    {"@k, @d", "segments, features"},
    {"@scale, @seed, @iterations, @inertia", "of the fit"},
    {"@as_of, @as_of_us, @as_of_day, @as_of_rule, @timezone, @span_us",
     "when the features are of, and how that was said"},
    {"@hash", "of all the others, so that a flipped bit is no other model"},
    {NULL, NULL},
};

static const rfm_term FEATURES[] = {
    {"/customers/id", "n integers or texts, in the order of their hash; none for a bare matrix"},
    {"/features/values", "n x d doubles, before transforms and scaling"},
    {"/features/names, /features/units", "d each"},
    {"/features/definitions", "the list of features as one text, YAML"},
    {"/features/weights", "n numbers: read, where you put them there; not written"},
    {"@format, @version", "rfmpi features; 1"},
    {"@as_of, @as_of_us, @as_of_day, @span_us", "the moment they are of; what span means"},
    {NULL, NULL},
};

static const rfm_term STATE[] = {
    {"/customers/id", "n integers or texts, in the order of their hash"},
    {"/aggregates/names, /aggregates/kind, /aggregates/list, /aggregates/word",
     "what is kept of each customer, and where"},
    {"/aggregates/words", "n x words: counts, sums, first and last times"},
    {"/lists/LIST/count, /lists/LIST/key, /lists/LIST/payload", "distinct values and days, customer by customer"},
    {"/dedupe/keys", "hashes of events that were counted; with input.dedupe only"},
    {"/provenance/settings, /provenance/inputs", "how and from what files it was made"},
    {"@format, @version", "rfmpi customer state; 1"},
    {"@n_events, @n_after_as_of, @n_with_time_of_day",
     "how many events it is of, were later than as_of, have a time of day"},
    {"@earliest_us, @newest_us, @as_of_us", "their first and last time, and as_of, in microseconds since 1970"},
    {NULL, NULL},
};

static const rfm_term UNLOAD[] = {
    {"format", "the version of this file's form: 1"},
    {"from", "the table or query"},
    {"time_column", "unload.time_column"},
    {"after.type, after.value", "rows are newer than this; null: all"},
    {"until.type, until.value", "the newest that is in it, which the next unload begins behind"},
    {"n_rows", "rows"},
    {"files", "names of the files"},
    {NULL, NULL},
};

static const rfm_term SWEEP[] = {
    {"k", "clusters"},
    {"silhouette, davies_bouldin, calinski_harabasz, stability",
     "quality; stability is empty where it was not measured"},
    {"inertia, iterations, seconds", "of the fit"},
    {"digest", "of the result"},
    {"run", "its directory"},
    {NULL, NULL},
};

static const rfm_term KEPT[] = {
    {"first_seen_at", "merge: as_of of the first run that had the customer"},
    {"first_segment", "merge: its segment then"},
    {"changed_at", "merge: as_of of the run in which its segment changed last"},
    {"previous_segment", "merge: its segment before that"},
    {"run_id", "history: digest of the run"},
    {"as_of", "history: the moment the features are of"},
    {NULL, NULL},
};

static const rfm_term MODELS[] = {
    {"RUN_ID", "digest of the run"},
    {"AS_OF", "the moment the features are of"},
    {"N_CUSTOMERS, K", "customers, segments"},
    {"INERTIA, SILHOUETTE", "of the fit"},
    {"PARAMETERS, QUALITY, SEGMENTS", "JSON: options, quality, segments.csv"},
    {NULL, NULL},
};

static const rfm_term EVENTS[] = {
    {"/events@format", "rfmpi events 1"},
    {"/events@rows", "the number of rows"},
    {"/events/COLUMN", "a column, one-dimensional; its attributes, all optional, are those below"},
    {"/events/COLUMN@meaning", "integer, decimal, date, time, dictionary or text; without it, what the type says"},
    {"/events/COLUMN@scale",
     "of a decimal: the value is the integer / 10^scale, written with that many digits (0 to 18)"},
    {"/events/COLUMN@decimal_mark",
     "of a decimal whose texts had a comma: comma, as input.decimal_mark; without it they have a point"},
    {"/events/COLUMN@unit",
     "of a time: the integer is seconds (s), milliseconds (ms) or microseconds (us) since 1970, UTC"},
    {"/events/COLUMN@pattern", "how a date (days since 1970) or time is written: YYYY-MM-DD (or DD.MM.YYYY, "
                               "MM/DD/YYYY, with a point, slash or dash), then a blank or T, hh:mm "
                               "or hh:mm:ss, a fraction (.fff, "
                               ",ffffff, 1 to 6 letters), and Z, UTC or +hh:mm, after a blank or not. A time without a "
                               "zone is its clock, as if that "
                               "were UTC's. Without a pattern: ISO 8601"},
    {"/events/COLUMN@null", "the integer that stands for no value; without it there is none"},
    {"/events/COLUMN@dictionary", "the path of the dataset of strings into which the integers are indices from 0"},
    {"/events/COLUMN@time_format",
     "how the column is read as a time where it is the job's, in the place of input.time_format"},
    {"/events/COLUMN@name", "the column's name, where HDF5 cannot have it (empty, with a slash, twice)"},
    {"/dictionaries/COLUMN", "the strings of a dictionary"},
    {NULL, NULL},
};

const rfm_document DOCUMENTS[] = {
    {"RUN_DIR", "What output.dir holds. Each appears whole or not at all, and belongs to the file's owner only.",
     "file", RUN_DIRECTORY},
    {"segments.csv", "The segments, in the order of their numbers.", "column", SEGMENTS},
    {"customers/part-NNNNN.csv.gz", "The customers, output.part_rows a file. The same bytes at any number of ranks.",
     "column", CUSTOMERS},
    {"customers/part-NNNNN.parquet",
     "With output.parquet: the same rows and columns as values (id INT64 or a string, "
     "segment INT32, names strings, scores INT64, all else DOUBLE).",
     "column", CUSTOMERS},
    {"customers/manifest.json", "The parts of customers/, for who loads them elsewhere.", "key", MANIFEST},
    {"figures.json", "What the report draws, for programs that draw their own.", "key", FIGURES},
    {"rejects/rejects.csv", "Rows that could not be read, at most 1,000 for each reason.", "column", REJECTS},
    {"run.json", "The run, for machines. Dots stand for objects within objects.", "key", RUN_JSON},
    {"log.jsonl", "A JSON object a line. Lines are only added.", "key", LOG},
    {"store.jsonl, unload.jsonl",
     "A JSON object a line: how far storing, or an unload, has come. Lines are only added.", "key", JOURNAL},
    {"model.h5", "HDF5; k segments of d features. An @ stands before attributes of the file.", "dataset", MODEL},
    {"features.h5", "HDF5; n customers, d features.", "dataset", FEATURES},
    {"state.h5", "HDF5; n customers.", "dataset", STATE},
    {"NAME.h5 of convert", "An event table. An @ stands before attributes.", "dataset", EVENTS},
    {"unload.json", "In unload.dir, beside the files: what was unloaded.", "key", UNLOAD},
    {"sweep.csv", "Of jobs/sweep.sh: a line for each number of clusters.", "column", SWEEP},
    {"store.table", "Columns of the table in Snowflake besides those of customers/, by store.mode.", "column", KEPT},
    {"store.model_table", "A row a run.", "column", MODELS},
    {NULL, NULL, NULL, NULL},
};
