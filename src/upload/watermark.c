/* watermark: the newest time that has been unloaded. */
#include "watermark.h"

#include "rfmpi/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const TYPES[] = {"TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ", "DATE", "FIXED", "TEXT"};

static bool is_known(const char *type)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (strcmp(type, TYPES[i]) == 0)
            return true;
    return false;
}

/* "1571443200.123456789" (and, of TIMESTAMP_TZ, " 1440" behind it, which changes nothing) as a time with nine digits.
 */
static bool print_time(const char *cell, char *value, size_t room)
{
    char *end, day[RFM_NUMBER_BYTES];
    const bool negative = *cell == '-';
    long long seconds = strtoll(cell, &end, 10);
    char nanos[24] = "000000000";
    if (end == cell || (*end != '\0' && *end != '.' && *end != ' '))
        return false;
    for (int i = 0; *end == '.' && i < 9 && end[1 + i] >= '0' && end[1 + i] <= '9'; i++)
        nanos[i] = end[1 + i];
    if (negative && strcmp(nanos, "000000000") != 0) { /* -0.25 is a quarter before, in digits that count on */
        seconds--;
        snprintf(nanos, sizeof nanos, "%09ld", 1000000000L - strtol(nanos, NULL, 10));
    }
    if (seconds < RFM_TIME_FIRST_US / 1000000 || seconds > RFM_TIME_LAST_US / 1000000)
        return false;
    rfm_time_format_utc(seconds * 1000000, day);
    day[10] = ' ';
    day[19] = '\0';
    snprintf(value, room, "%s.%s", day, nanos);
    return true;
}

static bool print_day(const char *cell, char *value, size_t room)
{
    char day[RFM_NUMBER_BYTES], *end;
    const long long days = strtoll(cell, &end, 10);
    if (end == cell || *end != '\0' || days < RFM_TIME_FIRST_US / RFM_DAY_US || days > RFM_TIME_LAST_US / RFM_DAY_US)
        return false;
    rfm_time_format_utc(days * RFM_DAY_US, day);
    snprintf(value, room, "%.10s", day);
    return true;
}

rfm_status rfm_watermark_take(const rfm_result *result, rfm_watermark *mark, rfm_error *err)
{
    const json_t *column = json_array_get(json_object_get(rfm_result_data(result), "rowtype"), 0);
    const char *type = json_string_value(json_object_get(column, "type")), *cell = rfm_result_cell(result, 0, 0);
    *mark = (rfm_watermark){0};
    if (!cell)
        return RFM_OK;
    for (size_t i = 0; type && i < sizeof TYPES / sizeof *TYPES; i++)
        if (strcasecmp(type, TYPES[i]) == 0)
            snprintf(mark->type, sizeof mark->type, "%s", TYPES[i]);
    bool fine = *mark->type && strlen(cell) < sizeof mark->value;
    if (fine && strncmp(mark->type, "TIMESTAMP", 9) == 0)
        fine = print_time(cell, mark->value, sizeof mark->value);
    else if (fine && strcmp(mark->type, "DATE") == 0)
        fine = print_day(cell, mark->value, sizeof mark->value);
    else if (fine)
        snprintf(mark->value, sizeof mark->value, "%s", cell);
    return fine ? RFM_OK
                : rfm_fail(err, RFM_UNAVAILABLE, "unload.time_column: '%.60s' of type %s is no time", cell,
                           type ? type : "unknown");
}

rfm_status rfm_watermark_read(const json_t *value, const char *where, rfm_watermark *mark, rfm_error *err)
{
    const char *type = json_string_value(json_object_get(value, "type"));
    const char *text = json_string_value(json_object_get(value, "value"));
    *mark = (rfm_watermark){0};
    if (!value || json_is_null(value))
        return RFM_OK;
    const bool is_text = type && strcmp(type, "TEXT") == 0;
    if (!type || !text || !is_known(type) || strlen(text) >= sizeof mark->value || !*text ||
        (!is_text && strspn(text, "0123456789-:. ") != strlen(text)))
        return rfm_fail(err, RFM_DATA, "%s: a watermark that is none", where);
    snprintf(mark->type, sizeof mark->type, "%s", type);
    snprintf(mark->value, sizeof mark->value, "%s", text);
    return RFM_OK;
}

json_t *rfm_watermark_print(const rfm_watermark *mark)
{
    return *mark->type ? json_pack("{s:s, s:s}", "type", mark->type, "value", mark->value) : json_null();
}

/* Sessions are in UTC; the zone is named where the type has one. */
void rfm_watermark_add(const rfm_watermark *mark, rfm_text *sql)
{
    char text[80];
    if (strcmp(mark->type, "FIXED") == 0) {
        rfm_text_adds(sql, mark->value);
        return;
    }
    const bool zoned = strcmp(mark->type, "TIMESTAMP_LTZ") == 0 || strcmp(mark->type, "TIMESTAMP_TZ") == 0;
    snprintf(text, sizeof text, "%s%s", mark->value, zoned ? " +00:00" : "");
    rfm_sql_add_text(sql, text);
    if (strcmp(mark->type, "TEXT") != 0)
        rfm_text_addf(sql, "::%s", mark->type);
}
