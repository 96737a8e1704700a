/* The classic grid: segments that marketers know by name, as rectangles over recency on the one side and frequency and
 * monetary value together on the other. The names and their order are those in common use; of their borders there are
 * many versions, most of which overlap. Here each cell of the grid is in one segment.
 *
 *     R  |  F + M:  2  3          4        5  6         7  8        9  10
 *     5  |          New          Potential loyalist   Champions
 *     4  |          Promising    Potential loyalist   Loyal
 *     3  |          About to sleep        Need att.   Loyal
 *     2  |          Hibernating           At risk                 Can't lose
 *     1  |          Lost                  At risk                 Can't lose
 *
 * Knows scores, no cut points.
 */
#include "rfmpi/model.h"

/* Both ends belong to a range. F + M is twice the mean of the two scores, so that it is whole. */
static const struct segment {
    const char *name;
    int r_least, r_most, fm_least, fm_most;
} SEGMENTS[RFM_CLASSIC_SEGMENTS] = {
    {"Champions", 5, 5, 7, 10},
    {"Loyal", 3, 4, 7, 10},
    {"Potential loyalist", 4, 5, 4, 6},
    {"New", 5, 5, 2, 3},
    {"Promising", 4, 4, 2, 3},
    {"Need attention", 3, 3, 5, 6},
    {"About to sleep", 3, 3, 2, 4},
    {"At risk", 1, 2, 5, 8},
    {"Can't lose", 1, 2, 9, 10},
    {"Hibernating", 2, 2, 2, 4},
    {"Lost", 1, 1, 2, 4},
};

const char *rfm_classic_name(int segment)
{
    return SEGMENTS[segment].name;
}

bool rfm_classic_has(int segment, int r, int f_and_m)
{
    const struct segment *s = &SEGMENTS[segment];
    return r >= s->r_least && r <= s->r_most && f_and_m >= s->fm_least && f_and_m <= s->fm_most;
}

int rfm_classic_score(int bins, int score)
{
    return RFM_CLASSIC_BINS * (2 * score - 1) / (2 * bins) + 1;
}

int rfm_classic_segment(int bins, const int scores[RFM_N_MEASURES])
{
    const int r = rfm_classic_score(bins, scores[RFM_RECENCY]);
    const int f_and_m = rfm_classic_score(bins, scores[RFM_FREQUENCY]) + rfm_classic_score(bins, scores[RFM_MONETARY]);
    int segment = 0;
    while (!rfm_classic_has(segment, r, f_and_m))
        segment++;
    return segment;
}
