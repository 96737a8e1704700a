/* Folding onto an earlier state: what must hold so that the result equals all events at once. */
#include "batch.h"

#include <string.h>

rfm_status check_as_of(const rfm_as_of_rule *rule, const rfm_extent *extent, const rfm_provenance *provenance,
                       const char *path, rfm_error *err)
{
    if (extent->n_events > 0 && rule->keep_until_us < extent->newest_us)
        return rfm_fail(err, RFM_USAGE,
                        "%s holds events later than features.as_of, which cannot be taken out: "
                        "give a later as_of, or prepare it "
                        "from the event files",
                        path);
    if (extent->n_after_as_of > 0 && rule->keep_until_us > provenance->as_of_us)
        return rfm_fail(err, RFM_USAGE,
                        "%s was made without %lld rows after its as_of, and features.as_of is "
                        "later now: prepare it from the "
                        "event files",
                        path, (long long)extent->n_after_as_of);
    return RFM_OK;
}

/* The first line in which two settings differ. */
static rfm_status check_settings(const char *base, const char *mine, const char *path, rfm_error *err)
{
    while (*base || *mine) {
        const size_t base_length = strcspn(base, "\n"), my_length = strcspn(mine, "\n");
        if (base_length != my_length || memcmp(base, mine, my_length) != 0)
            return rfm_fail(err, RFM_USAGE,
                            "%s was made with \"%.*s\", the job has \"%.*s\": they must be equal "
                            "to fold onto it",
                            path, (int)base_length, base, (int)my_length, mine);
        base += base_length + (base[base_length] == '\n');
        mine += my_length + (mine[my_length] == '\n');
    }
    return RFM_OK;
}

rfm_status check_zone(const char *zone_name, const rfm_provenance *provenance, const char *path, rfm_error *err)
{
    rfm_text line = {0};
    rfm_text_addf(&line, "input.timezone: %s\n", zone_name);
    if (rfm_text_check(&line, err) == RFM_OK && strncmp(provenance->settings, line.bytes, line.length) != 0)
        rfm_fail(err, RFM_USAGE, "%s was made with \"%.*s\", its days cannot be counted in %s", path,
                 (int)strcspn(provenance->settings, "\n"), provenance->settings, zone_name);
    rfm_text_free(&line);
    return err->status;
}

/* Size and hash of a line of inputs; the name behind them does not count. */
static size_t facts_length(const char *line)
{
    const char *name = strchr(line, ' ');
    name = name ? strchr(name + 1, ' ') : NULL;
    return name ? (size_t)(name - line) : strcspn(line, "\n");
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

static rfm_status check_not_folded(const char *base, const char *mine, const char *path, rfm_error *err)
{
    for (; *mine; mine = next_line(mine)) {
        const size_t length = facts_length(mine);
        for (const char *line = base; *line; line = next_line(line))
            if (facts_length(line) == length && memcmp(line, mine, length) == 0)
                return rfm_fail(err, RFM_USAGE,
                                "%.*s is in %s already: folding it again would count it twice "
                                "(--force does it all the same)",
                                (int)strcspn(mine + length + 1, "\n"), mine + length + 1, path);
    }
    return RFM_OK;
}

/* Local. The new state's inputs are the base's and its own. */
static rfm_status join_inputs(const rfm_provenance *base, rfm_provenance *mine, rfm_error *err)
{
    rfm_text all = {0};
    rfm_text_adds(&all, base->inputs);
    rfm_text_adds(&all, mine->inputs);
    if (rfm_text_check(&all, err) == RFM_OK) {
        free(mine->inputs);
        mine->inputs = all.bytes;
        all = (rfm_text){0};
    }
    rfm_text_free(&all);
    return err->status;
}

rfm_status onto_read(rfm_batch *batch, rfm_state *base, rfm_keys *keys, rfm_error *err)
{
    const char *path = batch->base.files[0].path;
    rfm_provenance provenance = {0};
    if (rfm_state_read(batch->comm, path, &batch->layout, base, keys, &provenance, err) == RFM_OK) {
        if (check_settings(provenance.settings, batch->provenance.settings, path, err) == RFM_OK &&
            check_as_of(&batch->job.as_of_rule, &base->extent, &provenance, path, err) == RFM_OK &&
            (batch->force || check_not_folded(provenance.inputs, batch->provenance.inputs, path, err) == RFM_OK))
            join_inputs(&provenance, &batch->provenance, err);
        rfm_comm_agree(batch->comm, err);
    }
    rfm_provenance_free(&provenance);
    return err->status;
}
