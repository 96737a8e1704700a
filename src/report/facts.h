/* facts: figures.json as plain structs. Whatever the file lacks, or has of another kind, is NAN, NULL or 0 here: who
 * draws looks at values only. Local. */
#ifndef RFM_REPORT_FACTS_H
#define RFM_REPORT_FACTS_H

#include "rfmpi/store.h"

enum { SEGMENTS_MOST = 64, FEATURES_MOST = 64, SAMPLE_MOST = 2000, N_BINS = 30 };

/* Texts are borrowed from the files, rows of numbers from the facts. */
typedef struct segment {
    char id[24];
    size_t label;     /* its place in the lists of run.json; SIZE_MAX: not told */
    const char *name; /* NULL: none */
    double customers, share, weight, revenue, revenue_share;
    const double *centroid, *median, *mean, *standing; /* [d] */
} segment;

typedef struct feature {
    const char *name, *unit;
    bool is_log; /* its axis */
    double mean, median;
    size_t n_bins;           /* 0: nothing to draw */
    const double *edges;     /* [n_bins + 1] ascending */
    const double *counts;    /* [n][N_BINS], of which the first n_bins count */
    const double *quartiles; /* [n][3] */
} feature;

typedef struct facts {
    rfm_json *run, *figures;
    double n_customers, n_segments; /* all there are */
    size_t n, d;                    /* those that are in the figures */
    segment segments[SEGMENTS_MOST];
    feature features[FEATURES_MOST];
    double quartiles_of; /* customers that a quartile of a segment is taken from at most */
    double looked_at;    /* customers that standings and components are taken from */
    bool has_revenue;    /* one of the features is: not always one of those in the figures */
    bool has_projection;
    double explained[2];
    const double *loadings;  /* [2][d] */
    const double *centroids; /* [n][2] */
    const double *sample;    /* [n_sample][3]: x, y, segment */
    size_t n_sample;
    double *numbers; /* all of these rows */
} facts;

/* RFM_USAGE for a directory without segments, RFM_DATA for damaged files. Free what was filled, also on failure. */
rfm_status facts_read(const char *dir, facts *all, rfm_error *err);
void facts_free(facts *all);

/* Whether customers have weights. */
bool is_weighted(const facts *all);

/* Of run.json, by dotted path: NAN, NULL where there is none. */
double run_number(const facts *all, const char *path);
const char *run_text(const facts *all, const char *path);
const rfm_json *run_value(const facts *all, const char *path);

/* The name that run.json has for a segment id; NULL: none. */
const char *run_segment_name(const facts *all, const char *id);

/* The i-th of a list of numbers; NAN behind its end. */
double number_at(const rfm_json *list, size_t i);

/* The segment of a label; NULL where it is not among those in the figures. */
const segment *segment_of_label(const facts *all, size_t label);

#endif
