/* select_score: features -> scores -> the segment of the classic grid. What is NULL has no score. */
#include "select.h"

static const char *const COLUMNS[RFM_N_MEASURES] = {
    [RFM_RECENCY] = "r_score", [RFM_FREQUENCY] = "f_score", [RFM_MONETARY] = "m_score"};

/* The first cut that is not below the value decides. */
static void add_score(rfm_select *select, int m)
{
    const rfm_scores *scores = &select->model->scores;
    const int feature = scores->columns[m] + 1, bins = scores->bins;
    rfm_text_adds(select->sql, ",\n    CASE");
    for (int c = 0; c < bins - 1; c++) {
        rfm_text_addf(select->sql, " WHEN \"f%d\" <= ", feature);
        rfm_select_number(select->sql, scores->cuts[m][c]);
        rfm_text_addf(select->sql, " THEN %d", m == RFM_RECENCY ? bins - c : c + 1);
    }
    rfm_text_addf(select->sql, " WHEN \"f%d\" IS NOT NULL THEN %d END AS \"%s\"", feature, m == RFM_RECENCY ? 1 : bins,
                  COLUMNS[m]);
}

/* rfm_classic_score; the quotient is never whole. */
static void add_five(rfm_select *select, int m)
{
    rfm_text_addf(select->sql, "FLOOR((%d * \"%s\" - %d) / %d) + 1", 2 * RFM_CLASSIC_BINS, COLUMNS[m], RFM_CLASSIC_BINS,
                  2 * select->model->scores.bins);
}

static void add_classic(rfm_select *select)
{
    rfm_text_adds(select->sql, "SELECT *,\n    CASE \"fives\"");
    for (int r = 1; r <= RFM_CLASSIC_BINS; r++)
        for (int f_and_m = 2; f_and_m <= 2 * RFM_CLASSIC_BINS; f_and_m++) {
            int segment = 0;
            while (!rfm_classic_has(segment, r, f_and_m))
                segment++;
            rfm_text_addf(select->sql, " WHEN %d THEN ", 100 * r + f_and_m);
            rfm_sql_add_text(select->sql, rfm_classic_name(segment));
        }
    rfm_text_adds(select->sql, " END AS \"rfm_segment\"");
}

void rfm_select_scores(rfm_select *select)
{
    if (select->model->scores.bins == 0)
        return;
    rfm_select_begin(select, "rfmpi_scores");
    rfm_text_adds(select->sql, "SELECT *");
    for (int m = 0; m < RFM_N_MEASURES; m++)
        add_score(select, m);
    rfm_select_end(select);
    rfm_select_begin(select, "rfmpi_fives");
    rfm_text_adds(select->sql, "SELECT *,\n    100 * (");
    add_five(select, RFM_RECENCY);
    rfm_text_adds(select->sql, ") + (");
    add_five(select, RFM_FREQUENCY);
    rfm_text_adds(select->sql, ") + (");
    add_five(select, RFM_MONETARY);
    rfm_text_adds(select->sql, ") AS \"fives\"");
    rfm_select_end(select);
    rfm_select_begin(select, "rfmpi_classic");
    add_classic(select);
    rfm_select_end(select);
}
