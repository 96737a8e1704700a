/* model: customers -> numbers -> meaning. The feature language, what is learnt from features, names of segments,
 * model.h5.
 *
 * Knows states, features and centroids; knows nothing of event files, clusters being fitted, or the run directory.
 */
#ifndef RFMPI_MODEL_H
#define RFMPI_MODEL_H

#include "rfmpi/config.h"
#include "rfmpi/customer.h"
#include "rfmpi/kmeans.h"
#include "rfmpi/scaling.h"

/* ---- feature language: text -> what each event must give -> what each customer gives ---------------------------- */

/* The columns of the job that verbs refer to by role; NULL where not mapped. */
typedef struct rfm_roles {
    const char *event, *session, *order, *product, *category;
    const char *amount[2]; /* amount, or the two factors of it */
    int n_amount;
    int decimals;
} rfm_roles;

typedef struct rfm_features rfm_features; /* a parsed and compiled list; opaque */

/* list: a ready list's name or entries; population NULL: the list's own (rfm: purchase; else all). Checks every name,
 * verb, unit and column role; messages carry the place in the job file. Borrows nothing. Local. */
rfm_status rfm_features_parse(const rfm_node *list, const rfm_node *population, const rfm_roles *roles,
                              rfm_features **features, rfm_error *err);
void rfm_features_close(rfm_features *features); /* NULL is fine */

int rfm_features_n(const rfm_features *features);
const char *rfm_features_name(const rfm_features *features, int feature);
const char *rfm_features_unit(const rfm_features *features, int feature); /* "days", "orders", "amount", ... */
int rfm_features_transforms(const rfm_features *features, int feature, const rfm_transform **transforms);

/* The definitions, population and roles as canonical text; rfm_features_restore reads it back (of a model.h5). Roles
 * name other columns for the same roles (a new export with other headers); NULL keeps the recorded ones. */
rfm_status rfm_features_print(const rfm_features *features, rfm_text *text, rfm_error *err);
rfm_status rfm_features_restore(const char *text, const rfm_roles *roles, rfm_features **features, rfm_error *err);

/* Fills numbers, hashes and predicates of an input (borrowed from features); the rest of it is left alone. */
void rfm_features_input(const rfm_features *features, rfm_input *input);
const rfm_roles *rfm_features_roles(const rfm_features *features); /* borrowed */
const rfm_aggregate *rfm_features_aggregates(const rfm_features *features, int *n);

/* Parse `rows:` rules, of input: or of a where:. Caller frees with rfm_rules_free. Local. */
rfm_status rfm_rules_parse(const rfm_node *node, rfm_rule **rules, size_t *n_rules, rfm_error *err);
void rfm_rules_free(rfm_rule *rules, size_t n_rules);

/* ---- as-of ------------------------------------------------------------------------------------------------------ */

/* What `features.as_of` says, before the data are seen. */
typedef struct rfm_as_of_rule {
    bool latest;
    bool is_date;
    int64_t keep_until_us; /* the last microsecond kept; INT64_MAX for latest */
    int64_t day_start_us;  /* of a date */
} rfm_as_of_rule;

/* The moment differences are taken from, and the window's last day. */
typedef struct rfm_as_of {
    int64_t us;
    int32_t day;
    int64_t span_us; /* us - earliest kept event of the training input: the value of `never: span` */
    bool whole_days; /* dates only, and a date for as_of: differences count days, whatever clocks were put forward */
} rfm_as_of;

rfm_status rfm_as_of_parse(const char *text, const rfm_zone *zone, rfm_as_of_rule *rule, rfm_error *err);

/* latest: the newest kept event. A date: the last microsecond of that day, or its start where the data have dates only.
 */
rfm_as_of rfm_as_of_resolve(const rfm_as_of_rule *rule, const rfm_extent *extent, const rfm_zone *zone);

/* to - from, in microseconds; a multiple of a day where as_of has whole_days. */
int64_t rfm_as_of_difference_us(const rfm_as_of *as_of, int64_t from_us, int64_t to_us);

/* ---- frame: customers x features -------------------------------------------------------------------------------- */

typedef struct rfm_frame {
    size_t n; /* local rows */
    int64_t n_global, first;
    int d;
    rfm_ids ids; /* ids.n == n; a bare matrix without ids has numbers = global row numbers and has_ids false */
    bool has_ids;
    double *values;      /* [n * d] row major: after `never`, before transforms */
    rfm_weights weights; /* of the rows, where the file has some; else all 0 */
    char **names;        /* [d] */
    char **units;        /* [d] */
} rfm_frame;

void rfm_frame_free(rfm_frame *frame);

/* Collective. Customers of the population and their features, from the owners' states. */
rfm_status rfm_features_compute(rfm_comm *comm, const rfm_features *features, const rfm_state *state,
                                const rfm_as_of *as_of, rfm_frame *frame, rfm_error *err);

/* Collective. features.h5: /customers/id, /features/values, /features/names, /features/units, and attributes as_of,
 * zone ... stripe_bytes: as of rfm_h5_create_striped. */
rfm_status rfm_frame_write(rfm_comm *comm, const char *path, int64_t stripe_bytes, const rfm_frame *frame,
                           const rfm_features *features, const rfm_as_of *as_of, rfm_error *err);

/* Collective. Any HDF5 file with /features/values and perhaps /features/weights, rows in even shares. as_of and the
 * features' text (*definitions, "" when absent; caller frees) as written, may be NULL. */
rfm_status rfm_frame_read(rfm_comm *comm, const char *path, rfm_frame *frame, rfm_as_of *as_of, char **definitions,
                          rfm_error *err);

/* ---- missing values --------------------------------------------------------------------------------------------- */

typedef enum rfm_missing {
    RFM_MISSING_ERROR /* they are refused */,
    RFM_MISSING_ZERO,
    RFM_MISSING_MEAN /* of the values that are there, by weight */,
    RFM_MISSING_MEDIAN
} rfm_missing;

/* Collective. What stands in for missing values (NaN), one number a column: (*fills)[d], caller frees; NULL for ERROR.
 * A column without a value: RFM_DATA that names it. */
rfm_status rfm_missing_fit(rfm_comm *comm, const rfm_frame *frame, rfm_missing kind, double **fills, rfm_error *err);

/* Local. Puts them in; counts [d]: how many, of these rows. */
void rfm_missing_fill(const double *fills, rfm_frame *frame, int64_t *counts);

/* ---- scaling ---------------------------------------------------------------------------------------------------- */

/* Collective. Learn from a frame; features NULL (a bare matrix): no transforms. Exact functions of the set of
 * customers and of their weights. *scaled gets n x d values, caller frees. A value that is not finite: RFM_DATA that
 * names column and row or id. */
rfm_status rfm_scaling_fit(rfm_comm *comm, const rfm_frame *frame, const rfm_features *features, rfm_scale kind,
                           rfm_scaling *scaling, double **scaled, rfm_error *err);

/* ---- profile: where values lie ---------------------------------------------------------------------------------- */

enum { RFM_PROFILE_CUTS = 9, RFM_PROFILE_BINS = RFM_PROFILE_CUTS + 1 };

/* Collective. cuts: [d * RFM_PROFILE_CUTS], into tenths of these customers, by weight; beyond 20,000 of them, of a
 * sample. */
rfm_status rfm_profile_cuts(rfm_comm *comm, const rfm_frame *frame, double *cuts, rfm_error *err);

/* Collective. shares: [d * RFM_PROFILE_BINS] of the customers, by weight, between the cuts; a value on a cut lies below
 * it. */
rfm_status rfm_profile_shares(rfm_comm *comm, const rfm_frame *frame, const double *cuts, double *shares,
                              rfm_error *err);

/* Local. The population stability index between the shares of one feature then and now. */
double rfm_profile_shift(const double *from, const double *to);

/* ---- matching --------------------------------------------------------------------------------------------------- */

/* Local. cost: [n * m], n <= m. column_of[i] becomes the column of row i; no two rows have the same, and the sum of the
 * costs is least. n m steps for each row. */
rfm_status rfm_match(int n, int m, const double *cost, int *column_of, rfm_error *err);

/* ---- names of segments ------------------------------------------------------------------------------------------ */

/* names NULL: the built-in rules over the ranks of recency, frequency and monetary among the centroids (by the
 * features' names recency_days, frequency, monetary; other lists get "Segment 1", ...); one segment alone is "All
 * customers". A list of k strings, or of rules {name, recency, frequency, monetary} with low, middle, high or lists of
 * them, overrides. Unique: " 2" and so on is added. centroids: k x d in feature units. Caller frees names[i] and names.
 * Local. */
rfm_status rfm_segment_names(const rfm_node *names, int k, int d, const char *const *features, const double *centroids,
                             char ***segment_names, rfm_error *err);

/* ---- scores: recency, frequency and monetary value as marketers count them --------------------------------------- */

enum { RFM_RECENCY, RFM_FREQUENCY, RFM_MONETARY, RFM_N_MEASURES };
enum { RFM_SCORE_BINS_MOST = 100 };

/* The cut points of each measure. A value that is on a cut lies below it, so equal values have equal scores; where many
 * customers have the same value cuts are equal too, and the bins between them stay empty. */
typedef struct rfm_scores {
    int bins;                     /* 0: there are none */
    int columns[RFM_N_MEASURES];  /* the features that are scored */
    bool learnt[RFM_N_MEASURES];  /* the cuts; else the job gave them */
    double *cuts[RFM_N_MEASURES]; /* [bins - 1] ascending; owned */
} rfm_scores;

void rfm_scores_free(rfm_scores *scores);

const char *rfm_measure_name(int measure); /* "recency"; Local */

/* Collective. The cuts of the measures that are to be learnt, from these customers, by weight: quantiles as
 * rfm_quantiles gives them, at 1 / bins, 2 / bins, ...; of recency none is as large as the largest value, as long as
 * there is another. Bins, columns and given cuts are there. */
rfm_status rfm_scores_learn(rfm_comm *comm, const rfm_frame *frame, rfm_scores *scores, rfm_error *err);

/* Local. From 1 to bins, the best: the smallest recency, the largest frequency and monetary value. */
int rfm_score(const rfm_scores *scores, int measure, double value);

/* Local. All three of a customer with these values [d]; returns its segment of the classic grid. */
int rfm_scores_of(const rfm_scores *scores, const double *values, int own[RFM_N_MEASURES]);

/* ---- the classic grid: segments by name, whatever k-means finds -------------------------------------------------- */

enum { RFM_CLASSIC_SEGMENTS = 11, RFM_CLASSIC_BINS = 5 };

/* All Local. A segment is a number from 0 on, in the order in which the names are told; they are cells of a grid over R
 * and F + M on a scale of five, and each cell is in one of them. */
const char *rfm_classic_name(int segment);
bool rfm_classic_has(int segment, int r, int f_and_m);

/* A score of `bins` on the scale of five: the fifth in which the middle of its bin lies. */
int rfm_classic_score(int bins, int score);
int rfm_classic_segment(int bins, const int scores[RFM_N_MEASURES]);

/* ---- model: all that predict needs ------------------------------------------------------------------------------ */

typedef struct rfm_model {
    int d, k;
    char **features;   /* [d] names */
    char *definitions; /* rfm_features_print; "" for a bare matrix */
    char *as_of_rule;  /* as the job said it: "latest", a date, a timestamp; "" for a matrix */
    char *timezone;
    rfm_as_of as_of; /* of the training run; span_us is what `never: span` means */
    double *fills;   /* [d] what stands in for missing values; NULL: they are refused */
    rfm_scaling scaling;
    rfm_grid grid;
    double *centroids;          /* [k * d] positions; these decide */
    double *centroids_scaled;   /* [k * d] with the grid's offset */
    double *centroids_original; /* [k * d] in feature units */
    int64_t *sizes;             /* [k] at the fit, rows */
    double *weights;            /* [k] the same by weight; NULL: there were no weights */
    int32_t *segment_ids;       /* [k] label -> segment id */
    char **names;               /* [k] by label */
    double *profile_cuts;       /* [d * RFM_PROFILE_CUTS] of the training customers */
    double *profile_shares;     /* [d * RFM_PROFILE_BINS] */
    rfm_scores scores;
    double inertia;
    int iterations;
    double *trace; /* [iterations] */
    uint64_t seed;
} rfm_model;

void rfm_model_free(rfm_model *model);
rfm_status rfm_model_write(rfm_comm *comm, const char *path, const rfm_model *model,
                           rfm_error *err); /* Collective; rank 0's */
rfm_status rfm_model_read(rfm_comm *comm, const char *path, rfm_model *model, rfm_error *err); /* Collective */

/* Local. A centroid in a feature's unit, with the digits that the grid bears out: what is written for people. A row is
 * rounded to the grid, so that customers who all have 1 may come to 1.00000000026 in centroids_original. */
double rfm_model_centroid(const rfm_model *model, int c, int j);

/* ---- portrait: what the segments look like ----------------------------------------------------------------------- */

enum {
    RFM_PORTRAIT_SEGMENTS = 64,    /* shown at most: the largest */
    RFM_PORTRAIT_FEATURES = 64,    /* shown at most: the first */
    RFM_PORTRAIT_BINS = 30,        /* of a histogram at most */
    RFM_PORTRAIT_QUARTILES = 5000, /* customers of a segment that its quartiles are taken from, about: else of all */
    RFM_PORTRAIT_COLUMNS = 256,    /* of a matrix that has components */
    RFM_PORTRAIT_POINTS = 2000     /* customers to draw, at most */
};

/* What a quantile of rfm_portrait_feature is. */
enum { RFM_P01, RFM_P05, RFM_P25, RFM_P50, RFM_P75, RFM_P95, RFM_P99, RFM_PORTRAIT_QUANTILES };

/* One feature of all customers, and the bins of its histograms. A bin holds its lower edge; the first and the last also
 * hold what lies beyond. */
typedef struct rfm_portrait_feature {
    double least, greatest, mean;
    double quantiles[RFM_PORTRAIT_QUANTILES];
    bool logarithmic; /* bins are of equal width in ln(1 + x), not in x */
    int n_bins;
    double edges[RFM_PORTRAIT_BINS + 1]; /* [n_bins + 1] round numbers */
} rfm_portrait_feature;

/* A customer, or a centroid, on the first two principal components. */
typedef struct rfm_portrait_point {
    double x, y;
    int segment; /* among those shown */
} rfm_portrait_point;

/* Numbers of a segment that has no customers are NaN. */
typedef struct rfm_portrait {
    int k, d;          /* segments and features shown */
    int *labels;       /* [k] of the model, ascending */
    double *shares;    /* [k] of all customers, by weight */
    double *means;     /* [k * d] */
    double *quartiles; /* [k * d * 3] */
    double *standings; /* [k * d] the segment's mean scaled value less that of all, in standard deviations of all */
    rfm_portrait_feature *features; /* [d] */
    double *counts;                 /* [k * d * RFM_PORTRAIT_BINS] customers, by weight */

    /* Principal components of the scaled features, of all columns of the frame; has_components false where there are
     * fewer than two or more than RFM_PORTRAIT_COLUMNS, or nothing varies. */
    bool has_components;
    int64_t n_looked_at; /* customers that standings and components are taken from */
    double explained[2]; /* shares of the variance */
    double *loadings;    /* [2 * columns of the frame] unit vectors, the entry of largest magnitude positive */
    rfm_portrait_point *centroids; /* [k] */
    rfm_portrait_point *points;    /* [n_points] drawn by the customers' keys */
    size_t n_points;
} rfm_portrait;

/* Collective. The same bits on all ranks, at any number of them. labels: of this rank's rows; rows: [model->k] of all
 * ranks. Of all customers, but for the quartiles of segments, from about RFM_PORTRAIT_QUARTILES of each, and standings
 * and components, from about 250,000 in all, and fewer of more than 140 columns. Takes memory for one column, not for
 * a second matrix. */
rfm_status rfm_portrait_make(rfm_comm *comm, const rfm_frame *frame, const rfm_model *model, const int32_t *labels,
                             const int64_t *rows, rfm_portrait *portrait, rfm_error *err);
void rfm_portrait_free(rfm_portrait *portrait);

/* ---- the model as a statement ----------------------------------------------------------------------------------- */

/* What the times of a table of events are. */
typedef enum rfm_times {
    RFM_TIMES_CLOCK /* TIMESTAMP_NTZ: clocks of the model's zone */,
    RFM_TIMES_INSTANT /* TIMESTAMP_TZ or TIMESTAMP_LTZ */,
    RFM_TIMES_DATE
} rfm_times;

/* A column that the table calls otherwise than the model or the job. */
typedef struct rfm_rename {
    const char *from, *to;
} rfm_rename;

/* What is to be scored, and what it is called in the warehouse: [DATABASE.][SCHEMA.]NAME, where words that are not in
 * double quotes mean capitals. */
typedef struct rfm_select_request {
    const char *table;
    const char *view; /* NULL: the statement alone */
    const char *customer;
    const rfm_rename *renames;
    size_t n_renames;

    /* Of a table of events; features NULL: the table has a column for each feature of the model. */
    const rfm_features *features;
    const char *time;
    rfm_times times;
    bool comma; /* numbers may be texts with a decimal comma */
    rfm_id_kind id_kind;
    const rfm_zone *zone; /* the model's */
    rfm_as_of_rule as_of;
    const rfm_rule *rules; /* keep rules */
    size_t n_rules;
} rfm_select_request;

/* Local. One statement of Snowflake that gives what predict would: id, features, segment, its name, distance, scores.
 */
rfm_status rfm_select_print(const rfm_model *model, const rfm_select_request *request, rfm_text *sql, rfm_error *err);

/* ---- the model as PMML ------------------------------------------------------------------------------------------ */

/* Local. A PMML 4.4 ClusteringModel that gives, of a row of feature values, what predict would: segment, its name,
 * distance. RFM_USAGE where a name of the model cannot be said in it. */
rfm_status rfm_pmml_print(const rfm_model *model, rfm_text *xml, rfm_error *err);

/* ---- digest ----------------------------------------------------------------------------------------------------- */

/* Order-free over customers; leaves out run id, paths, times and ranks. Parts that do not apply are zero. */
typedef struct rfm_digest {
    rfm_hash128 whole;
    rfm_hash128 customers; /* (id, segment) of all customers */
    rfm_hash128 features;  /* (id, feature values) of all customers, and the features' names */
    rfm_hash128 scaling;
    rfm_hash128 centroids;
    rfm_hash128 names;
} rfm_digest;

/* Collective. model and labels may be NULL (prepare). */
rfm_status rfm_digest_make(rfm_comm *comm, const rfm_frame *frame, const rfm_model *model, const int32_t *labels,
                           rfm_digest *digest, rfm_error *err);

#endif
