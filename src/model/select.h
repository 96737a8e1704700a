/* select: a model as one SELECT over a table of the warehouse. Private to model.
 *
 *   - select_word.c: numbers, and the columns of the table
 *   - select_event.c: a table of events -> a row an event: whose, when, and what the features read of it
 *   - select_feature.c: events -> a row a customer, by the verbs
 *   - select_score.c: features -> scores -> the classic grid
 *   - select_segment.c: features -> transforms -> scaled values -> grid -> the nearest centroid
 *   - select.c: the whole
 *
 * Each step is a common table expression that adds columns to the one before. Names in them are ours and in lower case;
 * those of the table are only met in the first, those of features only in the last.
 */
#ifndef RFMPI_MODEL_SELECT_H
#define RFMPI_MODEL_SELECT_H

#include "features.h"

#include "rfmpi/sql.h"

enum { RFM_STEP_BYTES = 32 };

typedef struct rfm_select {
    const rfm_model *model;
    const rfm_select_request *request;
    rfm_text *sql;
    bool *renamed;             /* [request->n_renames]: that column was met */
    char step[RFM_STEP_BYTES]; /* the one under way, or the last */
    char from[RFM_STEP_BYTES]; /* the one before it; "": none */
    rfm_error *err;
} rfm_select;

/* A step: begin, what is selected, end. The end selects it from the step before; end_here leaves that to who has said
 * from what. */
void rfm_select_begin(rfm_select *select, const char *step);
void rfm_select_end(rfm_select *select);
void rfm_select_end_here(rfm_select *select);

/* "rfmpi_events", a row an event: "id", "us", "day", "hour", "weekday", and by the indices of the features' needs, from
 * 1, "number_1", "value_1", "where_1", ...; and "rfmpi_as_of", one row: "as_of_us", "as_of_day". */
void rfm_select_events(rfm_select *select);

/* Whether there is a "where_" for a predicate: one that looks at columns. */
bool rfm_select_has_condition(const rfm_features *features, const rfm_predicate *predicate);

/* A row a customer: "id", and the features as "f1", "f2", ...; from the events, or from a table that has them. */
void rfm_select_features(rfm_select *select);
void rfm_select_values(rfm_select *select);

/* "r_score", "f_score", "m_score", "rfm_segment" beside the features, where the model has scores. */
void rfm_select_scores(rfm_select *select);

/* "rfmpi_nearest" with "least", the squared distance to the nearest centroid, among "d1", "d2", ... to all. */
void rfm_select_segments(rfm_select *select);

/* ---- select_word.c ---------------------------------------------------------------------------------------------- */

void rfm_select_number(rfm_text *sql, double number); /* a DOUBLE, with all its bits */

/* A column of the table, for a column as the model or the job calls it. */
void rfm_select_column(rfm_select *select, const char *name);

#endif
