/* trial: RFMPI_TRIAL=<stage>:<rank>:<n>:<stop|kill>[:<every>], by which tests choose the moment of a stop. */
#include "batch.h"

#include <signal.h>
#include <string.h>

rfm_status trial_read(const char *text, int rank, rfm_trial *trial, rfm_error *err)
{
    long long n = 0, every = 0;
    int of = 0;
    char what[8] = "";
    if (!text || !*text)
        return RFM_OK;
    if (sscanf(text, "%15[a-z]:%d:%lld:%4[a-z]:%lld", trial->stage, &of, &n, what, &every) < 4 || n < 0 || every < 0 ||
        (strcmp(what, "stop") != 0 && strcmp(what, "kill") != 0))
        return rfm_fail(err, RFM_USAGE, "RFMPI_TRIAL='%s' is not <stage>:<rank>:<n>:<stop|kill>[:<every>]", text);
    trial->n = of == rank ? n : 0;
    trial->every = every;
    trial->kills = strcmp(what, "kill") == 0;
    return RFM_OK;
}

void trial_enter(rfm_trial *trial, const char *stage)
{
    trial->on = strcmp(trial->stage, stage) == 0;
}

rfm_trial_wish trial_look(rfm_trial *trial)
{
    if (!trial->on)
        return TRIAL_NOTHING;
    trial->n_looks++;
    if (trial->n_looks == trial->n && trial->kills)
        raise(SIGKILL);
    if (trial->n_looks == trial->n)
        return TRIAL_STOP;
    return trial->every > 0 && trial->n_looks % trial->every == 0 ? TRIAL_KEEP : TRIAL_NOTHING;
}
