/* seen: a sink that copies single values. */
#include "seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static rfm_status see(void *context, const rfm_events *events, rfm_error *err)
{
    seen *s = context;
    for (size_t i = 0; i < events->n; i++, s->n++) {
        assert_true(s->n < 64);
        s->events[s->n].id = events->id_number ? events->id_number[i] : 0;
        s->events[s->n].id_hash = events->id_hash[i];
        s->events[s->n].time_us = events->time_us[i];
        s->events[s->n].day = events->day[i];
        s->events[s->n].where = events->where[i];
        s->events[s->n].has_number = events->has_number[i];
        s->events[s->n].has_hash = events->has_hash[i];
        for (size_t k = 0; k < 4; k++) {
            s->events[s->n].numbers[k] = events->has_number[i] >> k & 1 ? events->numbers[k][i] : 0;
            s->events[s->n].hashes[k] = events->has_hash[i] >> k & 1 ? events->hashes[k][i] : 0;
        }
        if (events->key) {
            s->events[s->n].key = events->key[i];
            s->events[s->n].row = events->row[i];
        }
    }
    return err->status;
}

seen read_seen(const rfm_input *input, const char *text, rfm_tally *tally, int64_t *rejected)
{
    seen s = {0};
    rfm_error err = {0};
    rfm_tally counted = {0};
    rfm_rejects rejects = {.cap = 1};
    rfm_shard_result result;
    const char *path = harness_write("seen.csv", text, strlen(text));
    rfm_file file = {.path = (char *)path, .size_bytes = (int64_t)strlen(text)};
    const rfm_files files = {&file, 1};
    const rfm_shard shard = {.end = file.size_bytes};
    const rfm_reading wanted = {.input = input,
                                .files = &files,
                                .shard = &shard,
                                .sink = see,
                                .context = &s,
                                .tally = &counted,
                                .rejects = &rejects,
                                .result = &result};
    rfm_shard_read(&wanted, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(counted.n_events, s.n);
    if (tally)
        *tally = counted;
    for (int i = 0; rejected && i < RFM_N_REASONS; i++)
        rejected[i] = rejects.count[i];
    assert_true(rejects.n_kept <= RFM_N_REASONS);
    rfm_rejects_free(&rejects);
    return s;
}
