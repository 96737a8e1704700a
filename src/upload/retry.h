/* retry: how long to wait before the next attempt, and when to give up. Local. */
#ifndef RFM_UPLOAD_RETRY_H
#define RFM_UPLOAD_RETRY_H

#include "rfmpi/base.h"

/* One thing that is tried again and again. Begin with zeros and total_s. */
typedef struct rfm_retry {
    double total_s; /* give up after so long */
    double since_s; /* of the first failure */
    double wait_s;  /* the last wait */
    int n;          /* failures so far */
} rfm_retry;

/* It has failed (once more): true and the seconds to wait, or false when it is time to give up. Waits grow from
 * total/300 (at most 1 s) to total/20 (at most 16 s), each drawn between the least and three times the one before
 * ("decorrelated jitter"); asked_s, what a server wants, holds where it is longer. */
bool rfm_retry_failed(rfm_retry *retry, double asked_s, double *wait_s);

#endif
