/* Requests to stop: a signal, the file `stop` in the run directory, a limit of time. Knows nothing of what is then
 * kept.
 */
#include "batch.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const double LOOK_S = 0.2; /* between two looks for the file */
static const double MOST_S = 1e9;

/* What a handler may touch, and nothing else here does. */
static volatile sig_atomic_t caught;

static void catch (int number)
{
    caught = number;
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

/* "5400", "90m", "1.5h" as seconds; 0 for what is none. */
static double parse_time(const char *text)
{
    static const struct {
        char unit;
        double seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char *end;
    double value = strtod(text, &end);
    for (size_t i = 0; i < sizeof units / sizeof *units && *end != '\0'; i++)
        if (*end == units[i].unit && end[1] == '\0') {
            value *= units[i].seconds;
            end++;
        }
    return end == text || *end != '\0' || !(value > 0 && value < MOST_S) ? 0 : value;
}

rfm_status stop_open(rfm_batch *batch, rfm_error *err)
{
    const char *limit = rfm_config_string(batch->config, "output.time_limit");
    rfm_text path = {0};
    const double seconds = limit ? parse_time(limit) : 0;
    if (limit && seconds == 0)
        return rfm_config_fail(batch->config, "output.time_limit", err,
                               "'%s' is no time: a number of seconds, or with s, m, h or d (90m)", limit);
    batch->stop.at_s = limit ? rfm_comm_started_s(batch->comm) + seconds : 0;
    if (batch->run)
        rfm_text_addf(&path, "%s/stop", rfm_run_dir(batch->run));
    if (rfm_text_check(&path, err) != RFM_OK)
        return err->status;
    batch->stop.file = path.bytes;
    if (path.bytes && rfm_comm_rank(batch->comm) == 0 && unlink(path.bytes) != 0 && errno != ENOENT)
        return rfm_fail_errno(err, errno, "%s: cannot remove", path.bytes);
    caught = 0;
    handle(SIGUSR1, catch);
    handle(SIGTERM, catch);
    return trial_read(getenv("RFMPI_TRIAL"), rfm_comm_rank(batch->comm), &batch->stop.trial, err);
}

void stop_close(rfm_batch *batch)
{
    handle(SIGUSR1, SIG_IGN); /* as before open */
    handle(SIGTERM, SIG_DFL);
    free(batch->stop.file);
    batch->stop.file = NULL;
}

static bool find_file(rfm_batch *batch)
{
    rfm_stop *stop = &batch->stop;
    const double now = rfm_clock_s();
    if (stop->file && rfm_comm_rank(batch->comm) == 0 && !stop->found && now - stop->seen_s > LOOK_S) {
        stop->seen_s = now;
        stop->found = access(stop->file, F_OK) == 0;
    }
    return stop->found;
}

const char *stop_reason(rfm_batch *batch)
{
    if (caught == SIGUSR1)
        return "SIGUSR1";
    if (caught == SIGTERM)
        return "SIGTERM";
    if (batch->stop.at_s > 0 && rfm_clock_s() > batch->stop.at_s)
        return "output.time_limit";
    return find_file(batch) ? batch->stop.file : NULL;
}

static const char *reason_at_agreement(void *context)
{
    rfm_batch *batch = context;
    return trial_look(&batch->stop.trial) == TRIAL_STOP ? "RFMPI_TRIAL" : stop_reason(batch);
}

void stop_heed(rfm_batch *batch, bool heed)
{
    rfm_comm_stop_when(batch->comm, heed ? reason_at_agreement : NULL, batch);
}
