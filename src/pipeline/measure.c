/* What a stage took of time, of messages and of memory, on the ranks. Knows nothing of what a stage does. */
#include "batch.h"

#include <string.h>

enum { SECONDS, WORKING, PROCESSOR, READ, SENT, COLLECTIVE, PEAK, N_MEASURES };

static const struct {
    const char *name;
    bool is_count; /* whole, and with a sum */
} MEASURES[N_MEASURES] = {[SECONDS] = {"seconds", false},
                          [WORKING] = {"working_seconds", false},
                          [PROCESSOR] = {"processor_seconds", false},
                          [READ] = {"bytes_read", true},
                          [SENT] = {"bytes_sent", true},
                          [COLLECTIVE] = {"bytes_collective", true},
                          [PEAK] = {"peak_memory_bytes", true}};

static const double MICRO = 1e6;

/* Of all ranks. */
typedef struct spread {
    double least[N_MEASURES], most[N_MEASURES], sum[N_MEASURES];
} spread;

void measure_begin(rfm_batch *batch)
{
    batch->bytes_read = 0;
    batch->measure = (rfm_measure){rfm_clock_s(), rfm_clock_processor_s(), rfm_comm_traffic(batch->comm)};
}

/* Two reductions. Seconds are summed in microseconds. */
static spread gather(rfm_comm *comm, const double own[N_MEASURES])
{
    spread all;
    double extremes[2 * N_MEASURES];
    int64_t sums[N_MEASURES];
    for (int i = 0; i < N_MEASURES; i++) {
        extremes[i] = own[i];
        extremes[N_MEASURES + i] = -own[i];
        sums[i] = (int64_t)(MEASURES[i].is_count ? own[i] : own[i] * MICRO);
    }
    rfm_comm_reduce_f64(comm, RFM_MAX, extremes, sizeof extremes / sizeof *extremes);
    rfm_comm_reduce_i64(comm, RFM_SUM, sums, N_MEASURES);
    for (int i = 0; i < N_MEASURES; i++) {
        all.most[i] = extremes[i];
        all.least[i] = -extremes[N_MEASURES + i];
        all.sum[i] = MEASURES[i].is_count ? (double)sums[i] : (double)sums[i] / MICRO;
    }
    return all;
}

static void note(rfm_run *run, const char *stage, const char *name, const char *which, double value, bool whole)
{
    char key[96];
    snprintf(key, sizeof key, "stages.%s.%s%s", stage, name, which);
    if (whole)
        rfm_report_integer(run, key, (int64_t)value);
    else
        rfm_report_number(run, key, value);
}

/* The plain "seconds" are those of the slowest rank, the plain bytes those of all. */
static void report(rfm_batch *batch, const char *stage, const spread *all)
{
    const int n_ranks = rfm_comm_size(batch->comm);
    const double mean = all->sum[WORKING] / n_ranks;
    for (int i = 0; i < N_MEASURES; i++) {
        const bool whole = MEASURES[i].is_count;
        note(batch->run, stage, MEASURES[i].name, "", whole ? all->sum[i] : all->most[i], whole);
        note(batch->run, stage, MEASURES[i].name, "_min", all->least[i], whole);
        note(batch->run, stage, MEASURES[i].name, "_mean", all->sum[i] / n_ranks, whole);
        note(batch->run, stage, MEASURES[i].name, "_max", all->most[i], whole);
    }
    note(batch->run, stage, "imbalance", "", mean > 0 ? all->most[WORKING] / mean : 1, false);
}

void measure_end(rfm_batch *batch, const char *stage)
{
    const double seconds = rfm_clock_s() - batch->measure.start_s;
    const rfm_traffic before = batch->measure.traffic, now = rfm_comm_traffic(batch->comm);
    const double talking = now.seconds - before.seconds;
    const double own[N_MEASURES] = {[SECONDS] = seconds,
                                    [WORKING] = talking < seconds ? seconds - talking : 0,
                                    [PROCESSOR] = rfm_clock_processor_s() - batch->measure.processor_s,
                                    [READ] = (double)batch->bytes_read,
                                    [SENT] = (double)(now.message_bytes - before.message_bytes),
                                    [COLLECTIVE] = (double)(now.collective_bytes - before.collective_bytes),
                                    [PEAK] = (double)rfm_peak_memory_bytes()};
    const spread all = gather(batch->comm, own);
    report(batch, stage, &all);
    rfm_log(RFM_LOG_INFO, "%-8s %.2f s", stage, all.most[SECONDS]);
}
