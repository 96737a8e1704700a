/* retry: waits that grow and differ. Knows nothing of what is tried. */
#include "retry.h"

#include "crypto.h"

static double draw_unit(void)
{
    uint32_t word = 0;
    rfm_error err = {0};
    rfm_crypto_random(&word, sizeof word, &err); /* where there is no random word, 0 will do */
    return (double)word / 4294967296.0;
}

static double least_of(double a, double b)
{
    return a < b ? a : b;
}

bool rfm_retry_failed(rfm_retry *retry, double asked_s, double *wait_s)
{
    const double now = rfm_clock_s();
    const double least = least_of(1, retry->total_s / 300), most = least_of(16, retry->total_s / 20);
    if (retry->n++ == 0) {
        retry->since_s = now;
        retry->wait_s = least;
    }
    retry->wait_s = least_of(most, least + draw_unit() * (3 * retry->wait_s - least));
    *wait_s = asked_s > retry->wait_s ? asked_s : retry->wait_s;
    return now + *wait_s - retry->since_s <= retry->total_s;
}
