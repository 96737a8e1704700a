/* Text and numbers as people read them, in the page's language. */
#include "page.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NARROW "\u202F" /* a narrow space at which no line is broken */
#define MINUS "\u2212"
#define DASH "\u2013"
#define REPLACEMENT 0xFFFD

void put(page *p, const char *markup)
{
    rfm_text_adds(&p->html, markup);
}

void putf(page *p, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put(p, text);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static bool is_harmful(unsigned c)
{
    return (c >= 0x80 && c < 0xA0) || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c < 0xFDF0);
}

/* What stands for a character that cannot stand for itself. */
static unsigned make_harmless(unsigned c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r' ? ' ' : 0x2400 + c;
    return c == 0x7F ? 0x2421 : is_harmful(c) ? REPLACEMENT : c;
}

static void put_escaped(page *p, unsigned c)
{
    static const struct {
        unsigned c;
        const char *entity;
    } entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (entities[i].c == c) {
            put(p, entities[i].entity);
            return;
        }
    rfm_text_add_character(&p->html, c);
}

void put_text(page *p, const char *text)
{
    const char *at = text;
    while (*at)
        put_escaped(p, make_harmless(rfm_utf8_next(&at)));
}

void put_breakable(page *p, const char *text)
{
    enum { MOST = 14 }; /* letters that stay together */
    for (int together = 0; *text;) {
        const unsigned c = make_harmless(rfm_utf8_next(&text));
        put_escaped(p, c);
        together = c == '_' || c == '/' || together == MOST - 1 ? 0 : together + 1;
        put(p, together == 0 && *text ? "<wbr>" : "");
    }
}

/* Letters of East Asia are twice as wide as others. */
static int width_of(unsigned c)
{
    return c >= 0x1100 ? 2 : 1;
}

void put_short(page *p, const char *text, int most)
{
    const char *at = text;
    int width = 0;
    for (const char *seen = at; *seen;)
        width += width_of(make_harmless(rfm_utf8_next(&seen)));
    const bool cut = width > most;
    for (int left = cut ? most - 1 : most; *at;) {
        const unsigned c = make_harmless(rfm_utf8_next(&at));
        left -= width_of(c);
        if (left < 0)
            break;
        put_escaped(p, c);
    }
    put(p, cut ? "\u2026" : "");
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

/* A number as printf wrote it, as people write it: groups of three, the language's marks, a proper minus. */
static void put_printed(page *p, const char *printed)
{
    const bool french = p->language == FRENCH, negative = *printed == '-';
    const char *digits = printed + negative;
    const size_t whole = strcspn(digits, ".");
    put(p, negative && strspn(digits, "0.") < strlen(digits) ? MINUS : "");
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0)
            put(p, french ? NARROW : ",");
        rfm_text_add(&p->html, digits + i, 1);
    }
    if (digits[whole] == '.') {
        put(p, french ? "," : ".");
        put(p, digits + whole + 1);
    }
}

void put_decimals(page *p, double x, int decimals)
{
    char printed[400];
    snprintf(printed, sizeof printed, "%.*f", decimals, x);
    put_printed(p, printed);
}

/* The same without zeros at the end. */
static void put_trimmed(page *p, double x, int decimals)
{
    char printed[400];
    size_t n = (size_t)snprintf(printed, sizeof printed, "%.*f", decimals, x);
    while (decimals > 0 && printed[n - 1] == '0')
        n--;
    n -= printed[n - 1] == '.';
    printed[n] = '\0';
    put_printed(p, printed);
}

static void put_exponent(page *p, int exponent)
{
    static const char *const raised[] = {"\u2070", "\u00B9", "\u00B2", "\u00B3", "\u2074",
                                         "\u2075", "\u2076", "\u2077", "\u2078", "\u2079"};
    char digits[16];
    snprintf(digits, sizeof digits, "%d", exponent < 0 ? -exponent : exponent);
    put(p, NARROW "\u00D7" NARROW "10");
    put(p, exponent < 0 ? "\u207B" : "");
    for (const char *c = digits; *c; c++)
        put(p, raised[*c - '0']);
}

/* 1.23 x 10^-7 */
static void put_scientific(page *p, double x)
{
    char printed[64];
    snprintf(printed, sizeof printed, "%.2e", x);
    char *e = strchr(printed, 'e');
    const int exponent = (int)strtol(e + 1, NULL, 10);
    *e = '\0';
    put_printed(p, printed);
    put_exponent(p, exponent);
}

static bool put_special(page *p, double x)
{
    if (isnan(x))
        put(p, DASH);
    else if (isinf(x))
        put(p, x < 0 ? MINUS "\u221E" : "\u221E");
    return !isfinite(x);
}

void put_count(page *p, double n)
{
    if (!put_special(p, n))
        fabs(n) < 1e15 ? put_decimals(p, n, 0) : put_scientific(p, n);
}

void put_number(page *p, double x)
{
    const double size = fabs(x);
    if (put_special(p, x))
        return;
    if (size >= 1e15 || (size > 0 && size < 1e-4))
        put_scientific(p, x);
    else
        put_trimmed(p, x, size >= 100 || size <= 0 ? 0 : 2 - (int)floor(log10(size)));
}

/* What put_number shows of x. */
double shown_number(double x)
{
    char printed[64];
    if (!isfinite(x) || fabs(x) < 1e-300)
        return x;
    snprintf(printed, sizeof printed, fabs(x) >= 100 ? "%.0f" : "%.2e", x);
    return fabs(x) < 1e15 ? strtod(printed, NULL) : x;
}

typedef struct thousands {
    double size;
    const char *names[N_LANGUAGES];
} thousands;

/* That of numbers as large as x; NULL: none. 999.5k would be shown as 1,000k: it is 1M. */
static const thousands *find_thousands(double x)
{
    static const thousands units[] = {{1e9, {"bn", NARROW "Md"}}, {1e6, {"M", NARROW "M"}}, {1e3, {"k", NARROW "k"}}};
    size_t i = 0;
    if (!(fabs(x) >= 1e4 && fabs(x) < 1e14))
        return NULL;
    while (fabs(x) < units[i].size - units[i].size / 2000)
        i++;
    return &units[i];
}

void put_compact(page *p, double x)
{
    const thousands *unit = find_thousands(x);
    put_number(p, unit ? x / unit->size : x);
    put(p, unit ? unit->names[p->language] : "");
}

void put_step(page *p, double x, double step, double largest)
{
    const thousands *unit = find_thousands(largest);
    const double size = unit ? unit->size : 1, digits = ceil(-log10(step / size) - 1e-9);
    if (!(digits <= 4 && fabs(largest) < 1e14)) {
        put_compact(p, x);
        return;
    }
    put_decimals(p, x / size, digits > 0 ? (int)digits : 0);
    put(p, unit ? unit->names[p->language] : "");
}

void put_share(page *p, double x)
{
    const char *sign = p->language == FRENCH ? NARROW "%" : "%";
    if (put_special(p, x))
        return;
    if (x > 0 && x < 0.001) {
        put(p, "&lt;" NARROW);
        put_decimals(p, 0.1, 1);
    } else if (fabs(x) >= 1e10) {
        put_number(p, 100 * x);
    } else {
        put_decimals(p, 100 * x, x <= 0 || x >= 1 ? 0 : 1);
    }
    put(p, sign);
}

/* ---- units ------------------------------------------------------------------------------------------------------- */

static void put_parts(page *p, double whole, const char *unit, double rest, const char *small)
{
    put_decimals(p, whole, 0);
    putf(p, NARROW "%s ", unit);
    put_decimals(p, rest, 0);
    putf(p, NARROW "%s", small);
}

void put_seconds(page *p, double s)
{
    const double rounded = floor(s + 0.5);
    if (put_special(p, s))
        return;
    if (rounded >= 3600) {
        const double minutes = floor(rounded / 60 + 0.5);
        put_parts(p, floor(minutes / 60), "h", fmod(minutes, 60), "min");
    } else if (rounded >= 60) {
        put_parts(p, floor(rounded / 60), "min", fmod(rounded, 60), "s");
    } else if (s > 0 && s < 0.001) {
        put(p, "&lt;" NARROW "1" NARROW "ms");
    } else {
        s < 0.1 ? put_trimmed(p, s, 3) : put_number(p, s);
        put(p, NARROW "s");
    }
}

void put_bytes(page *p, double n)
{
    static const char *const units[N_LANGUAGES][5] = {{"bytes", "KiB", "MiB", "GiB", "TiB"},
                                                      {"octets", "Kio", "Mio", "Gio", "Tio"}};
    int i = 0;
    for (; i < 4 && n >= 1024; i++)
        n /= 1024;
    put_number(p, n);
    putf(p, NARROW "%s", units[p->language][i]);
}

/* Of `length` bytes; false where the page has no word for it. */
static bool say_unit(page *p, const char *unit, size_t length, double number)
{
    static const struct {
        const char *unit;
        word with;
    } units[] = {
        {"days", W_DAYS},         {"weeks", W_WEEKS},           {"hours", W_HOURS},   {"seconds", W_UNIT_SECONDS},
        {"orders", W_ORDERS},     {"events", W_EVENTS},         {"values", W_VALUES}, {"sessions", W_SESSIONS},
        {"products", W_PRODUCTS}, {"categories", W_CATEGORIES}, {"amount", W_AMOUNT}, {"share", W_UNIT_SHARE}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].unit) == length && memcmp(unit, units[i].unit, length) == 0) {
            say(p, units[i].with, a_number(number));
            return true;
        }
    return false;
}

static void cut_back(page *p, size_t length)
{
    if (p->html.length > length)
        rfm_text_end(&p->html, p->html.bytes + length);
}

void put_unit(page *p, const char *unit)
{
    const size_t first = strcspn(unit, "/");
    const size_t before = p->html.length;
    const bool known = say_unit(p, unit, first, 2);
    if (known && unit[first] == '/') {
        put(p, "/<wbr>");
        if (say_unit(p, unit + first + 1, strlen(unit + first + 1), 1))
            return;
        cut_back(p, before); /* half of it is no help */
    } else if (known) {
        return;
    }
    put_text(p, unit);
}

void put_measure(page *p, double x, const char *unit)
{
    const bool counted = strcmp(unit, "amount") != 0 && strcmp(unit, "share") != 0;
    if (strcmp(unit, "share") == 0) {
        put_share(p, x);
        return;
    }
    put_number(p, x);
    if (!counted || isnan(x))
        return;
    const size_t before = p->html.length;
    put(p, "\u00A0");
    if (!say_unit(p, unit, strlen(unit), x))
        cut_back(p, before);
}

/* ---- dates ------------------------------------------------------------------------------------------------------- */

/* The end of a day is told as that day. */
void put_moment(page *p, int64_t utc_us, const rfm_zone *zone, const char *zone_name)
{
    const int64_t shifted = utc_us + (zone ? rfm_zone_offset_us(zone, utc_us) : 0);
    const int64_t local = shifted < RFM_TIME_FIRST_US || shifted > RFM_TIME_LAST_US ? utc_us : shifted;
    char iso[RFM_NUMBER_BYTES];
    rfm_time_format_utc(local, iso); /* YYYY-MM-DD... */
    const int year = (int)strtol(iso, NULL, 10), month = (int)strtol(iso + 5, NULL, 10);
    const int day = (int)strtol(iso + 8, NULL, 10);
    if (p->language == FRENCH && day == 1)
        put(p, "1er");
    else
        putf(p, "%d", day);
    put(p, " ");
    say(p, (word)(W_JANUARY + month - 1));
    putf(p, " %d", year);
    const int64_t of_day = ((local % RFM_DAY_US) + RFM_DAY_US) % RFM_DAY_US;
    if (of_day == 0 || of_day >= RFM_DAY_US - 1000000)
        return;
    putf(p, p->language == FRENCH ? " \u00E0 %.2s" NARROW "h" NARROW "%.2s " : ", %.2s:%.2s ", iso + 11, iso + 14);
    put_text(p, zone_name);
}
