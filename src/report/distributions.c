/* How each feature is distributed within the segments: a row of hills a segment, all on one axis. */
#include "sections.h"

#include "svg.h"

#include <math.h>

enum { WIDTH = 340, LEFT = 128, RIGHT = 10, TOP = 10, BOTTOM = 22, CHARTED_MOST = 24 };

typedef struct chart {
    const feature *feature;
    scale x;
    size_t chosen[CHARTED_MOST], n;
    double row; /* its height */
} chart;

/* Heights by the row's own fullest bin: shapes are compared, sizes stand elsewhere. */
static void draw_hill(page *p, const chart *c, size_t i, double base)
{
    const double *counts = c->feature->counts + i * N_BINS, height = c->row - 5;
    const double width = (c->x.to - c->x.from) / (double)c->feature->n_bins;
    double most = 0;
    for (size_t b = 0; b < c->feature->n_bins; b++)
        most = isfinite(counts[b]) ? fmax(most, counts[b]) : most;
    if (!(most > 0))
        return;
    putf(p, "<path class=\"hill c%zu\" d=\"M", i % 8);
    put_at(p, c->x.from);
    put(p, " ");
    put_at(p, base);
    for (size_t b = 0; b < c->feature->n_bins; b++) {
        const double count = isfinite(counts[b]) ? fmax(counts[b], 0) : 0;
        put(p, "V");
        put_at(p, base - height * count / most);
        put(p, "H");
        put_at(p, c->x.from + (double)(b + 1) * width);
    }
    put(p, "V");
    put_at(p, base);
    put(p, "z\"/>");
}

/* The middle half, and the median in it. */
static void draw_quartiles(page *p, const chart *c, size_t i, double base)
{
    const double *q = c->feature->quartiles + i * 3;
    if (isnan(q[0]) || isnan(q[1]) || isnan(q[2]))
        return;
    svg_line(p, "half", place_on(&c->x, q[0]), base + 2, place_on(&c->x, q[2]), base + 2);
    svg_line(p, "median", place_on(&c->x, q[1]), base - c->row + 7, place_on(&c->x, q[1]), base + 4);
}

static void draw_row(page *p, const chart *c, size_t at)
{
    const size_t i = c->chosen[at];
    const double base = TOP + (double)(at + 1) * c->row - 4;
    putf(p, "<path class=\"shape c%zu\" d=\"", i % 8);
    put_shape(p, i, 8, base - 4, 4.5);
    put(p, "\"/>");
    svg_text_open(p, "name", 18, base);
    put_segment_name(p, &p->facts->segments[i], 18);
    put(p, "</text>");
    svg_line(p, "base", c->x.from, base, c->x.to, base);
    draw_hill(p, c, i, base);
    draw_quartiles(p, c, i, base);
}

static void draw_axis(page *p, const chart *c, double bottom)
{
    double ticks[TICKS_MOST];
    const size_t n = choose_ticks(&c->x, 42, ticks);
    for (size_t i = 0; i < n; i++) {
        const double at = place_on(&c->x, ticks[i]);
        svg_line(p, "grid", at, TOP, at, bottom);
        svg_text_open(p,
                      at > c->x.to - 16     ? "tick end"
                      : at < c->x.from + 12 ? "tick"
                                            : "tick middle",
                      at > c->x.to - 16     ? c->x.to + RIGHT - 1
                      : at < c->x.from + 12 ? at - 3
                                            : at,
                      bottom + 15);
        put_tick(p, ticks, n, i);
        put(p, "</text>");
    }
}

static void put_quartile_table(page *p, const feature *f)
{
    table_behind(p, W_AS_TABLE);
    put_heading(p, W_SEGMENT);
    put_heading(p, W_QUARTER);
    put_heading(p, W_HALF);
    put_heading(p, W_THREE_QUARTERS);
    table_rows(p);
    for (size_t i = 0; i < p->facts->n; i++) {
        put(p, "<tr>");
        put_segment_heading(p, i);
        for (size_t q = 0; q < 3; q++) {
            put(p, "<td>");
            put_number(p, f->quartiles[i * 3 + q]);
            put(p, "</td>");
        }
        put(p, "</tr>\n");
    }
    table_close(p, true);
}

static void put_feature(page *p, chart *c)
{
    const feature *f = c->feature;
    const double bottom = TOP + (double)c->n * c->row;
    figure_open(p, "chart");
    put(p, "<figcaption><b>");
    put_text(p, f->name);
    put(p, "</b> ");
    say(p, W_MEDIAN_OF_ALL, a_measure(f->median, f->unit));
    put(p, "</figcaption>\n");
    if (f->n_bins > 0) {
        c->x = (scale){f->edges[0], f->edges[f->n_bins], LEFT, WIDTH - RIGHT, f->is_log};
        svg_open(p, WIDTH, bottom + BOTTOM);
        say(p, W_DISTRIBUTION_TITLE, a_text(f->name));
        svg_titled(p);
        draw_axis(p, c, bottom);
        for (size_t at = 0; at < c->n; at++)
            draw_row(p, c, at);
        svg_close(p);
    }
    put_quartile_table(p, f);
    figure_close(p);
}

void put_distributions(page *p)
{
    chart c = {0};
    c.n = choose_largest(p->facts, CHARTED_MOST, c.chosen);
    c.row = c.n <= 10 ? 28 : 20;
    put(p, "<p class=\"lead\">");
    say(p, W_DISTRIBUTIONS_LEAD);
    if (c.n < p->facts->n) {
        put(p, " ");
        say(p, W_LARGEST_DRAWN, a_count((double)c.n));
    }
    put(p, "</p>\n<div class=\"charts\">\n");
    for (size_t j = 0; j < p->facts->d; j++) {
        c.feature = &p->facts->features[j];
        put_feature(p, &c);
    }
    put(p, "</div>\n");
}
