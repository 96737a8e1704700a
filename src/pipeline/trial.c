/* trial: RFMPI_TRIAL=<stage>:<rank>:<n>:<stop|kill>[:<every>], by which tests choose the moment of a stop. */
#include "batch.h"

#include <signal.h>
#include <string.h>

/* A number at *at, and behind it `end`, or the end of the text; moves behind. */
static bool take_number(const char **at, char end, int64_t *value)
{
    char *behind;
    *value = strtoll(*at, &behind, 10);
    const bool sound = behind != *at && *value >= 0 && *behind == end;
    *at = *behind ? behind + 1 : behind;
    return sound;
}

static bool take_word(const char **at, char *word, size_t size)
{
    const size_t n = strcspn(*at, ":");
    if (n == 0 || n >= size)
        return false;
    memcpy(word, *at, n);
    word[n] = '\0';
    *at += n + ((*at)[n] == ':');
    return true;
}

rfm_status trial_read(const char *text, int rank, rfm_trial *trial, rfm_error *err)
{
    int64_t of, n;
    char what[8] = "";
    const char *at = text;
    if (!text || !*text)
        return RFM_OK;
    if (!take_word(&at, trial->stage, sizeof trial->stage) || !take_number(&at, ':', &of) ||
        !take_number(&at, ':', &n) || !take_word(&at, what, sizeof what) ||
        (*at && !take_number(&at, '\0', &trial->every)) || (strcmp(what, "stop") != 0 && strcmp(what, "kill") != 0))
        return rfm_fail(err, RFM_USAGE, "RFMPI_TRIAL='%s' is not <stage>:<rank>:<n>:<stop|kill>[:<every>]", text);
    trial->n = of == rank ? n : 0;
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
