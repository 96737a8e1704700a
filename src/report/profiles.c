/* The segments side by side: their centroids in the features' own units, and how far from all customers they lie. */
#include "sections.h"

#include "svg.h"

#include <math.h>

/* ---- table ------------------------------------------------------------------------------------------------------- */

typedef enum which { CENTROID, MEDIAN, MEAN, STANDING } which;

enum { BESIDE_MOST = 10 }; /* features that have room beside each other on paper; more come below them */

static const double *row_of(const segment *s, which of)
{
    return of == CENTROID ? s->centroid : of == MEDIAN ? s->median : of == MEAN ? s->mean : s->standing;
}

/* From 0 to the largest, or from the smallest where some are below 0. */
static double length_of(const facts *all, which of, size_t i, size_t j)
{
    double low = 0, high = 0;
    for (size_t c = 0; c < all->n; c++) {
        const double x = row_of(&all->segments[c], of)[j];
        low = isfinite(x) ? fmin(low, x) : low;
        high = isfinite(x) ? fmax(high, x) : high;
    }
    return (row_of(&all->segments[i], of)[j] - low) / (high - low);
}

static void put_feature_headings(page *p, size_t from, size_t to)
{
    put_heading(p, W_SEGMENT);
    for (size_t j = from; j < to; j++) {
        const feature *f = &p->facts->features[j];
        put(p, "<th scope=\"col\">");
        put_breakable(p, f->name);
        put(p, "<small>");
        put_unit(p, f->unit);
        put(p, "</small></th>");
    }
    table_rows(p);
}

static void put_all_customers(page *p, which of, size_t from, size_t to)
{
    put(p, "<tr class=\"total\"><th scope=\"row\">");
    say(p, of == MEDIAN ? W_ALL_MEDIAN : W_ALL_MEAN);
    put(p, "</th>");
    for (size_t j = from; j < to; j++) {
        put(p, "<td>");
        put_number(p, of == MEDIAN ? p->facts->features[j].median : p->facts->features[j].mean);
        put(p, "</td>");
    }
    put(p, "</tr>\n");
}

static void put_rows_of(page *p, which of, size_t from, size_t to)
{
    const facts *all = p->facts;
    for (size_t i = 0; i < all->n; i++) {
        put(p, "<tr>");
        put_segment_heading(p, i);
        for (size_t j = from; j < to; j++) {
            put(p, "<td>");
            put_number(p, row_of(&all->segments[i], of)[j]);
            if (of == CENTROID)
                put_bar(p, length_of(all, of, i, j), i);
            put(p, "</td>");
        }
        put(p, "</tr>\n");
    }
    /* Centres are put back from scaled values: beside them the mean of the plain ones would compare unlike things. */
    if (of == MEDIAN || of == MEAN)
        put_all_customers(p, of, from, to);
}

/* In a table that is open, and others below it. */
static void put_features_of(page *p, which of)
{
    const size_t d = p->facts->d, n = (d + BESIDE_MOST - 1) / BESIDE_MOST;
    for (size_t t = 0; t < n; t++) {
        const size_t from = d * t / n, to = d * (t + 1) / n;
        if (t > 0) {
            table_close(p, false);
            table_open(p);
        }
        put_feature_headings(p, from, to);
        put_rows_of(p, of, from, to);
    }
}

static void put_more(page *p, which of, word summary)
{
    table_behind(p, summary);
    put_features_of(p, of);
    table_close(p, true);
}

/* ---- distances from all customers -------------------------------------------------------------------------------- */

enum { WIDTH = 360, LEFT = 112, RIGHT = 14, TOP = 10, ROW = 26, BOTTOM = 36, CHARTED_MOST = 12 };

static double widest_standing(const facts *all, const size_t *chosen, size_t n)
{
    double widest = 0.5;
    for (size_t c = 0; c < n; c++)
        for (size_t j = 0; j < all->d; j++)
            if (isfinite(all->segments[chosen[c]].standing[j]))
                widest = fmax(widest, fabs(all->segments[chosen[c]].standing[j]));
    return widest * 1.06;
}

static void draw_axis(page *p, const scale *x, double bottom)
{
    double ticks[TICKS_MOST];
    const size_t n = choose_ticks(x, 40, ticks);
    for (size_t i = 0; i < n; i++) {
        const double at = place_on(x, ticks[i]);
        svg_line(p, fabs(ticks[i]) > 0 ? "grid" : "axis", at, TOP, at, bottom);
        svg_text_open(p, "tick middle", at, bottom + 15);
        put(p, ticks[i] > 0 ? "+" : "");
        put_number(p, ticks[i]);
        put(p, "</text>");
    }
    svg_text_open(p, "name middle", (x->from + x->to) / 2, bottom + 31);
    say(p, W_STANDING_AXIS);
    put(p, "</text>");
}

static void draw_marks(page *p, const scale *x, const size_t *chosen, size_t n)
{
    for (size_t c = 0; c < n; c++) {
        putf(p, "<path class=\"shape c%zu\" d=\"", chosen[c] % 8);
        for (size_t j = 0; j < p->facts->d; j++) {
            const double standing = p->facts->segments[chosen[c]].standing[j];
            if (!isnan(standing))
                put_shape(p, chosen[c], place_on(x, standing), TOP + ((double)j + 0.5) * ROW, 5);
        }
        put(p, "\"/>");
    }
}

static void put_standings(page *p)
{
    const facts *all = p->facts;
    size_t chosen[CHARTED_MOST];
    const size_t n = choose_largest(all, CHARTED_MOST, chosen);
    const double widest = widest_standing(all, chosen, n), bottom = TOP + (double)all->d * ROW;
    const scale x = {-widest, widest, LEFT, WIDTH - RIGHT, false};
    figure_open(p, "chart split");
    say_in(p, "figcaption", n < all->n ? W_STANDINGS_OF_LARGEST : W_STANDINGS);
    svg_open(p, WIDTH, bottom + BOTTOM);
    say(p, W_STANDINGS_TITLE);
    svg_titled(p);
    draw_axis(p, &x, bottom);
    for (size_t j = 0; j < all->d; j++) {
        svg_text_open(p, "name end", LEFT - 10, TOP + ((double)j + 0.5) * ROW + 4);
        put_short(p, all->features[j].name, 14);
        put(p, "</text>");
    }
    draw_marks(p, &x, chosen, n);
    svg_close(p);
    put_legend(p, chosen, n);
    put_more(p, STANDING, W_AS_TABLE);
    figure_close(p);
}

void put_profiles(page *p)
{
    say_in(p, "p class=\"lead\"", W_PROFILES_LEAD);
    table_open(p);
    put_features_of(p, CENTROID);
    table_close(p, false);
    put_more(p, MEDIAN, W_MEDIANS);
    put_more(p, MEAN, W_MEANS);
    if (p->facts->n_segments > 1)
        put_standings(p);
}
