/* as-of: the moment a batch looks back from. */
#include <string.h>

#include "rfmpi/model.h"

rfm_status rfm_as_of_parse(const char *text, const rfm_zone *zone, rfm_as_of_rule *rule, rfm_error *err)
{
    *rule = (rfm_as_of_rule){.keep_until_us = INT64_MAX};
    if (strcmp(text, "latest") == 0) {
        rule->latest = true;
        return RFM_OK;
    }
    rfm_timestamp time;
    if (rfm_time_parse(text, strlen(text), RFM_TIME_AUTO, zone, &time) != RFM_PARSE_OK)
        return rfm_fail(err, RFM_USAGE,
                        "features.as_of: '%.60s' is neither latest, nor a date (2019-10-31), nor a time "
                        "(2019-10-31T12:00:00Z)",
                        text);
    rule->keep_until_us = time.us;
    if (time.date_only) {
        rule->is_date = true;
        rule->day_start_us = time.us;
        rule->keep_until_us = rfm_day_start_us(zone, rfm_time_day(zone, time.us) + 1) - 1;
    }
    return RFM_OK;
}

static int64_t moment(const rfm_as_of_rule *rule, const rfm_extent *extent)
{
    if (rule->latest)
        return extent->n_events > 0 ? extent->newest_us : 0;
    /* Between dates, a date means itself: whole days come out. */
    if (rule->is_date && extent->n_with_time_of_day == 0)
        return rule->day_start_us;
    return rule->keep_until_us;
}

rfm_as_of rfm_as_of_resolve(const rfm_as_of_rule *rule, const rfm_extent *extent, const rfm_zone *zone)
{
    rfm_as_of as_of = {.us = moment(rule, extent)};
    as_of.day = rfm_time_day(zone, as_of.us);
    as_of.whole_days = extent->n_with_time_of_day == 0 && (rule->latest || rule->is_date);
    as_of.span_us = extent->n_events > 0 ? rfm_as_of_difference_us(&as_of, extent->earliest_us, as_of.us) : 0;
    return as_of;
}

/* Two midnights are whole days and at most a few hours apart, as summer time came or went between them. */
int64_t rfm_as_of_difference_us(const rfm_as_of *as_of, int64_t from_us, int64_t to_us)
{
    const int64_t difference = to_us - from_us;
    if (!as_of->whole_days)
        return difference;
    const int64_t half = difference < 0 ? -RFM_DAY_US / 2 : RFM_DAY_US / 2;
    return (difference + half) / RFM_DAY_US * RFM_DAY_US;
}
