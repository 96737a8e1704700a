/* page: the page as it grows, and all that is written on it: markup, text, numbers and words in its language. Knows
 * nothing of what is told. Failures to allocate stay in the text. Local.
 *
 * put_* append; say_* append words of the table. Markup given to put and putf is ours; whatever comes from outside goes
 * through put_text or a value of say.
 */
#ifndef RFM_REPORT_PAGE_H
#define RFM_REPORT_PAGE_H

#include "facts.h"
#include "words.h"

#include <stdio.h>

typedef enum language { ENGLISH, FRENCH, N_LANGUAGES } language;

typedef struct page {
    rfm_text html;
    language language;
    const facts *facts;
    int n_titles; /* of charts, which carry numbered ids */
} page;

/* ---- markup ------------------------------------------------------------------------------------------------------ */

void put(page *p, const char *markup);
void putf(page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text with everything escaped that means something in markup, inside of quotes too; what is no UTF-8, or would change
 * the direction of what stands around it, shows as U+FFFD, control characters as their pictures. */
void put_text(page *p, const char *text);
void put_breakable(page *p, const char *text);       /* a line may end behind _ and /, and in a long word */
void put_short(page *p, const char *text, int most); /* no wider than so many letters: "Potential lo…" */

/* ---- numbers for people; NAN is a dash ---------------------------------------------------------------------------- */

void put_count(page *p, double n);   /* 1,234,567 */
void put_number(page *p, double x);  /* three digits that matter, all of whole parts: 0.00123, 12.3, 12,345 */
double shown_number(double x);       /* as put_number rounds it */
void put_compact(page *p, double x); /* 12.3k, 1.2M: where there is little room */
void put_step(page *p, double x, double step, double largest); /* one of several, so that all differ: 12.02k, 12.04k */
void put_decimals(page *p, double x, int decimals);
void put_share(page *p, double x);   /* 0.123: 12.3% */
void put_seconds(page *p, double s); /* 0.18 s, 3 min 20 s */
void put_bytes(page *p, double n);   /* 1.19 MiB */
void put_moment(page *p, int64_t utc_us, const rfm_zone *zone, const char *zone_name);
void put_measure(page *p, double x, const char *unit); /* 12 orders, 3 days, 12.3% */
void put_unit(page *p, const char *unit);              /* orders, days, amount/order */

/* ---- words -------------------------------------------------------------------------------------------------------- */

/* What stands in a slot of words: see words.h. */
typedef struct slot {
    enum { NO_VALUE, TEXT, COUNT, NUMBER, SHARE, SECONDS, BYTES, MEASURE, WORD } kind;
    double number;
    const char *text; /* of TEXT; the unit of a MEASURE */
} slot;

static inline slot a_text(const char *text)
{
    return (slot){TEXT, 0, text};
}

static inline slot a_count(double n)
{
    return (slot){COUNT, n, NULL};
}

static inline slot a_number(double x)
{
    return (slot){NUMBER, x, NULL};
}

static inline slot a_share(double x)
{
    return (slot){SHARE, x, NULL};
}

static inline slot a_measure(double x, const char *unit)
{
    return (slot){MEASURE, x, unit};
}

static inline slot a_word(word w)
{
    return (slot){WORD, (double)w, NULL};
}

/* values end with NO_VALUE; NULL: none. */
void say_values(page *p, word w, const slot *values);
#define say(p, ...) SAY_(p, __VA_ARGS__, {NO_VALUE, 0, NULL})
#define SAY_(p, w, ...) say_values(p, w, (const slot[]){__VA_ARGS__})

/* The word inside of an element: "<p class=lead>". */
void say_in(page *p, const char *tag, word w);

/* ---- shapes of the page ------------------------------------------------------------------------------------------- */

/* A chart: figure_open, its caption, svg_open ... svg_close, table_behind ... table_close, figure_close. */
void figure_open(page *p, const char *class_name);
void figure_close(page *p);

/* The table behind a chart, or one by itself: headings come behind either, and rows, each whole, behind table_rows. */
void table_behind(page *p, word summary);
void table_open(page *p);
void table_rows(page *p);
void table_close(page *p, bool behind);
void put_heading(page *p, word w); /* <th scope=col>, over numbers; over text: */
void put_text_heading(page *p, word w);

/* A name and what is said of it, of a list. */
void fact_open(page *p, word name);
void fact_close(page *p);

/* A length from 0 to 1, beside its number, which says the same; in a segment's colour, or in the page's (PLAIN). */
void put_bar(page *p, double share, size_t segment_index);
#define PLAIN SIZE_MAX

/* Which colour and shape a segment has; its mark; mark, id and name as the first cell of a row. */
void put_mark(page *p, size_t i);
void put_segment_name(page *p, const segment *s, int most); /* most 0: all of it */
void put_segment_heading(page *p, size_t i);                /* <th scope=row> */

/* At most so many segments, the largest, in the order of the page; returns how many. */
size_t choose_largest(const facts *all, size_t most, size_t *chosen);

/* Marks and names of the chosen ones. */
void put_legend(page *p, const size_t *chosen, size_t n);

/* One of seven shades for a share from 0 to 1: 0 to 6; -1 for NAN. */
int shade_of(double share);

#endif
