/* days: a memory of one day in front of the zone's own functions, which it always agrees with.
 * Days on which the clock is changed are not remembered: only for the others is the day a plain
 * interval of 24 hours.
 */
#include "days.h"

static const int64_t hour_us = RFM_DAY_US / 24;

static bool is_plain(const rfm_zone *zone, int64_t begin_us, int64_t end_us)
{
    return end_us - begin_us == RFM_DAY_US &&
           rfm_zone_offset_us(zone, begin_us) == rfm_zone_offset_us(zone, end_us - 1);
}

static bool is_remembered(const rfm_days *days, int64_t utc_us)
{
    return utc_us >= days->begin_us && utc_us < days->end_us;
}

int32_t rfm_days_day(rfm_days *days, int64_t utc_us)
{
    if (is_remembered(days, utc_us))
        return days->day;
    const int32_t day = rfm_time_day(days->zone, utc_us);
    const int64_t begin_us = rfm_day_start_us(days->zone, day);
    const int64_t end_us = rfm_day_start_us(days->zone, day + 1);
    if (utc_us >= begin_us && utc_us < end_us && is_plain(days->zone, begin_us, end_us)) {
        days->begin_us = begin_us;
        days->end_us = end_us;
        days->day = day;
    }
    return day;
}

void rfm_days_of(rfm_days *days, const int64_t *utc_us, size_t n, int32_t *found)
{
    for (size_t i = 0; i < n; i++)
        found[i] = is_remembered(days, utc_us[i]) ? days->day : rfm_days_day(days, utc_us[i]);
}

int rfm_days_hour(rfm_days *days, int64_t utc_us)
{
    if (is_remembered(days, utc_us))
        return (int)((utc_us - days->begin_us) / hour_us);
    return rfm_time_hour(days->zone, utc_us);
}
