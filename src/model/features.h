/* features: a compiled feature list, and the steps that make one. Private to model.
 *
 *   - features_ready.c: a ready list's entries
 *   - features_parse.c: one entry after the other
 *   - features_where.c: which events
 *   - features_verb.c: what of them
 *   - features_need.c: what each event must give
 */
#ifndef RFMPI_MODEL_FEATURES_H
#define RFMPI_MODEL_FEATURES_H

#include "rfmpi/model.h"

enum { RFM_MAX_FEATURES = 256, RFM_MAX_FEATURE_NAME = 64 };

typedef enum rfm_verb {
    RFM_VERB_COUNT,
    RFM_VERB_DISTINCT,
    RFM_VERB_SUM,
    RFM_VERB_MEAN,
    RFM_VERB_MIN,
    RFM_VERB_MAX,
    RFM_VERB_SINCE_LAST,
    RFM_VERB_SINCE_FIRST,
    RFM_VERB_SPAN,
    RFM_VERB_MEAN_GAP,
    RFM_VERB_SHARE,
    RFM_VERB_RATIO
} rfm_verb;

typedef enum rfm_gap { RFM_GAP_EVENT, RFM_GAP_DAY, RFM_GAP_WEEK } rfm_gap;

/* What a feature reads, as indices into the aggregates; -1 where its verb does not. */
typedef struct rfm_reads {
    int count;  /* COUNT, COUNT_VALUE: COUNT, SUM with a value of its own for no numbers, MEAN, SHARE, gaps of events */
    int part;   /* COUNT: the events SHARE is about */
    int number; /* TOTAL, LEAST, GREATEST */
    int first, last; /* FIRST, LAST */
    int distinct;    /* DISTINCT */
} rfm_reads;

typedef struct rfm_feature {
    char *name, *unit;
    rfm_verb verb;
    rfm_reads reads;
    int last_days;   /* window; 0: all time */
    int64_t unit_us; /* of differences of time */
    rfm_gap gap;     /* of MEAN_GAP */
    int64_t power;   /* numbers are scaled by this power of ten */
    int operands[2]; /* of RATIO */
    bool never_given, never_span;
    double never;
    rfm_transform transforms[RFM_MAX_TRANSFORMS];
    int n_transforms;
} rfm_feature;

/* What must be taken from each event, and kept of each customer: every thing once. */
typedef struct rfm_needs {
    rfm_number_source numbers[RFM_MAX_NUMBERS]; /* columns are owned */
    const char *hashes[RFM_MAX_HASHES];         /* owned */
    rfm_predicate predicates[RFM_MAX_PREDICATES];
    char *predicate_texts[RFM_MAX_PREDICATES];
    size_t n_numbers, n_hashes, n_predicates;
    rfm_aggregate *aggregates;
    size_t n_aggregates, capacity;
} rfm_needs;

struct rfm_features {
    rfm_feature *list;
    int n;
    int population;  /* aggregate that must not be 0; -1: every customer belongs */
    rfm_roles roles; /* columns are owned */
    rfm_needs needs;
    rfm_node list_node, population_node; /* as they are printed: ready lists as entries */
};

/* Which events an entry is about. */
typedef struct rfm_where {
    rfm_predicate predicate; /* owned arrays and strings */
    int last_days;           /* 0: all time */
} rfm_where;

/* ---- features_ready.c ------------------------------------------------------------------------------------------- */

/* Entries of a ready list and its population, less those whose columns are not mapped. */
rfm_status rfm_ready_expand(const rfm_node *name, const rfm_roles *roles, rfm_node *list, rfm_node *population,
                            rfm_error *err);

/* ---- features_where.c ------------------------------------------------------------------------------------------- */

/* node NULL: every event. */
rfm_status rfm_where_parse(const rfm_node *node, const rfm_roles *roles, rfm_where *where, rfm_error *err);
void rfm_predicate_free(rfm_predicate *predicate);

/* ---- features_verb.c -------------------------------------------------------------------------------------------- */

/* An entry on its way to a feature. */
typedef struct rfm_entry {
    rfm_features *features;
    const rfm_node *node;     /* the entry */
    const rfm_node *argument; /* of its verb */
    rfm_feature *feature;
    rfm_where where; /* its predicate is moved into the needs */
    int predicate;
} rfm_entry;

/* Find the one verb of entry->node and compile it. RATIO is left to the end of the list. */
rfm_status rfm_verb_compile(rfm_entry *entry, rfm_error *err);
const char *const *rfm_verb_words(size_t *n); /* NULL terminated */

/* ---- features_need.c: index of a thing, added where it is new; -1 with err set ---------------------------------- */

int rfm_need_number(rfm_features *features, const char *const *columns, int n_columns, rfm_error *err);
int rfm_need_hash(rfm_features *features, const char *column, rfm_error *err);
int rfm_need_predicate(rfm_features *features, rfm_predicate *predicate, rfm_error *err); /* takes what it holds */
int rfm_need_aggregate(rfm_features *features, rfm_aggregate_kind kind, int source, int predicate, bool daily,
                       rfm_error *err);
void rfm_need_values(rfm_features *features, int aggregate); /* of a DISTINCT: not only how many there are */
void rfm_needs_free(rfm_needs *needs);

/* A word as rfm_node_print writes it. */
void rfm_word_print(const char *word, rfm_text *text);

#endif
