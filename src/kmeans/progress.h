/* Progress: what an interrupted start leaves for the next one, and who asks for it. */
#ifndef RFMPI_KMEANS_PROGRESS_H
#define RFMPI_KMEANS_PROGRESS_H

#include "search.h"

typedef enum rfm_phase { RFM_PHASE_RESTARTS, RFM_PHASE_SEARCH, RFM_PHASE_DONE } rfm_phase;

/* A fit under way. Between two iterations this, less the work, is all there is to it: the labels follow from the
 * centroids, everything else is the same on every rank. */
typedef struct rfm_fit {
    rfm_work *work;
    const rfm_kmeans_options *options;
    rfm_phase phase;
    int restart;          /* in hand */
    rfm_course course;    /* of that restart; then those of the search's trials */
    rfm_course best;      /* of the restarts so far; then the search's */
    rfm_searching search; /* where the search is */
    struct rfm_effort {
        int restart; /* the best */
        double seconds_seed, seconds_iterate, seconds_search;
        int64_t iterations, iterations_search; /* of all restarts, and of the search */
    } effort;
} rfm_fit;

/* Collective. The fit becomes the one in hand, from where it was left, if it has been begun before; it must stay where
 * it is until it leaves. progress may be NULL. */
rfm_status rfm_progress_take_up(rfm_progress *progress, rfm_fit *fit, rfm_error *err);

/* Local. The fit has come to its end, and is remembered with it, or it has failed. */
rfm_status rfm_progress_leave(rfm_progress *progress, rfm_fit *fit, rfm_error *err);

/* Local. This rank's word for the next reduction. */
int64_t rfm_progress_wish(const rfm_progress *progress);

/* Collective. Does what the ranks wished at the last pass: keeps the fit in hand, and stops it (RFM_STOPPED). Not
 * after an iteration whose labels do not follow from its centroids: the wishes will come again. */
rfm_status rfm_progress_heed(const rfm_work *work, rfm_error *err);

/* Collective. The same between two steps of a seeding, where no pass counts the wishes. Of the restart in hand nothing
 * is kept yet: it is seeded again. */
rfm_status rfm_progress_heed_seeding(rfm_work *work, rfm_error *err);

#endif
