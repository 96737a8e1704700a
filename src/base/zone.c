/* zone: time zones as tables of periods of one offset. Knows no format of zone files: the C library
 * is asked, once, for every day from 1900 to 2200, and never again; the table is then constant.
 * Before and after these years the nearest offset holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rfmpi/base.h"

#define PROBE_FROM_S INT64_C(-2208988800) /* 1900-01-01 */
#define PROBE_TO_S INT64_C(7258118400)    /* 2200-01-01 */
#define PROBE_STEP_S INT64_C(86400)

/* From start_us to the start of the next period, local = utc + offset_us; its own clock shows
 * local_end_us when it ends. */
typedef struct period {
    int64_t start_us, offset_us, local_end_us;
} period;

struct rfm_zone {
    period *periods; /* by time; the first begins at INT64_MIN, the last ends at INT64_MAX */
    size_t n, capacity;
};

static int64_t probe_offset_s(int64_t utc_s)
{
    struct tm local;
    time_t time = (time_t)utc_s;
    return localtime_r(&time, &local) == NULL ? 0 : (int64_t)local.tm_gmtoff;
}

static rfm_status add_period(rfm_zone *zone, int64_t start_us, int64_t offset_s, rfm_error *err)
{
    if (rfm_reserve(&zone->periods, &zone->capacity, zone->n + 1, sizeof(period), err) != RFM_OK)
        return err->status;
    if (zone->n > 0)
        zone->periods[zone->n - 1].local_end_us = start_us + zone->periods[zone->n - 1].offset_us;
    zone->periods[zone->n++] = (period){start_us, offset_s * 1000000, INT64_MAX};
    return RFM_OK;
}

/* The first second of (low, high] that no longer has this offset; high has not. */
static int64_t find_change(int64_t low, int64_t high, int64_t offset_s)
{
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (probe_offset_s(middle) == offset_s)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* Ask the C library, whose zone TZ names, for every change of the offset. */
static rfm_status probe_periods(rfm_zone *zone, rfm_error *err)
{
    int64_t offset = probe_offset_s(PROBE_FROM_S);
    add_period(zone, INT64_MIN, offset, err);
    for (int64_t at = PROBE_FROM_S; at < PROBE_TO_S && err->status == RFM_OK;) {
        int64_t next = at + PROBE_STEP_S;
        if (probe_offset_s(next) != offset) {
            next = find_change(at, next, offset);
            offset = probe_offset_s(next);
            add_period(zone, next * 1000000, offset, err);
        }
        at = next;
    }
    return err->status;
}

/* For an unknown name the C library silently takes UTC, so look whether there is such a file. */
static bool is_zone_file(const char *name)
{
    const char *folder = getenv("TZDIR");
    char path[PATH_MAX], magic[4] = "";
    if (name[0] == '\0' || name[0] == '/' || strstr(name, "..") != NULL)
        return false;
    if (folder == NULL || folder[0] == '\0')
        folder = "/usr/share/zoneinfo";
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    int file = length < 0 || (size_t)length >= sizeof path ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t got = read(file, magic, sizeof magic);
    close(file);
    return got == (ssize_t)sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0;
}

static rfm_status set_variable(const char *value, rfm_error *err)
{
    int result = value == NULL ? unsetenv("TZ") : setenv("TZ", value, 1);
    if (result != 0)
        rfm_fail_errno(err, errno, "cannot set the environment variable TZ");
    tzset();
    return err->status;
}

static rfm_status probe_zone(const char *name, rfm_zone *zone, rfm_error *err)
{
    char *before = getenv("TZ"), *named = NULL;
    size_t bytes = strlen(name) + 2; /* ':' and NUL */
    if (before != NULL && (before = rfm_copy_string(before, err)) == NULL)
        return err->status;
    named = rfm_alloc(bytes, 1, err);
    if (named == NULL)
        goto done;
    snprintf(named, bytes, ":%s", name);
    if (set_variable(named, err) == RFM_OK)
        probe_periods(zone, err);
    set_variable(before, err);
done:
    free(named);
    free(before);
    return err->status;
}

rfm_status rfm_zone_open(const char *name, rfm_zone **zone, rfm_error *err)
{
    *zone = NULL;
    rfm_zone *opened = rfm_alloc(1, sizeof *opened, err);
    if (opened == NULL)
        return err->status;
    if (strcmp(name, "UTC") == 0 || strcmp(name, "Etc/UTC") == 0)
        add_period(opened, INT64_MIN, 0, err);
    else if (!is_zone_file(name))
        rfm_fail(err, RFM_USAGE,
                 "unknown time zone '%s': use an IANA name such as UTC or Europe/Paris; where the name "
                 "is right, install the package tzdata",
                 name);
    else
        probe_zone(name, opened, err);
    if (err->status == RFM_OK) {
        *zone = opened;
        return RFM_OK;
    }
    rfm_zone_close(opened);
    return err->status;
}

void rfm_zone_close(rfm_zone *zone)
{
    if (zone == NULL)
        return;
    free(zone->periods);
    free(zone);
}

/* The last period that has begun. */
int64_t rfm_zone_offset_us(const rfm_zone *zone, int64_t utc_us)
{
    size_t at = 0;
    for (size_t n = zone->n; n > 1;) {
        size_t half = n / 2;
        at = zone->periods[at + half].start_us <= utc_us ? at + half : at;
        n -= half;
    }
    return zone->periods[at].offset_us;
}

/* The first period that has not ended by its own clock holds the time, or begins behind it: then
 * the clock jumped over the time, and the offset before the jump is meant. */
int64_t rfm_zone_to_utc_us(const rfm_zone *zone, int64_t local_us)
{
    size_t at = 0, end = zone->n - 1;
    while (at < end) {
        size_t middle = at + (end - at) / 2;
        if (local_us < zone->periods[middle].local_end_us)
            end = middle;
        else
            at = middle + 1;
    }
    const period *found = &zone->periods[at];
    bool skipped = at > 0 && local_us < found->start_us + found->offset_us;
    return local_us - (skipped ? found - 1 : found)->offset_us;
}
