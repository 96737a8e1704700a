/* RFM as marketers know it: the heat map of scores, their cuts, the named grid, and how it meets the segments. */
#include "sections.h"

#include "matrix.h"
#include "svg.h"

#include <math.h>
#include <string.h>

enum { BINS_DRAWN = 20, BINS_MOST = 100, CELL = 58, LEFT = 34, TOP = 6, BOTTOM = 40 };

bool has_scores(const facts *all)
{
    return rfm_json_is_list(run_value(all, "scores.heat.customers")) || rfm_json_is_list(run_value(all, "scores.grid"));
}

/* ---- heat map ---------------------------------------------------------------------------------------------------- */

typedef struct heat {
    size_t n; /* bins */
    const rfm_json *customers, *monetary;
    double low, high; /* of the monetary means */
} heat;

static double cell_of(const rfm_json *rows, size_t r, size_t f)
{
    return number_at(rfm_json_item(rows, r), f);
}

static bool read_heat(const facts *all, heat *h)
{
    h->customers = run_value(all, "scores.heat.customers");
    h->monetary = run_value(all, "scores.heat.monetary");
    h->n = rfm_json_is_list(h->customers) ? rfm_json_count(h->customers) : 0;
    h->low = INFINITY;
    h->high = -INFINITY;
    for (size_t r = 0; r < h->n; r++)
        for (size_t f = 0; f < h->n; f++) {
            const double mean = cell_of(h->monetary, r, f);
            if (!isfinite(mean) || !(cell_of(h->customers, r, f) > 0))
                continue;
            h->low = fmin(h->low, mean);
            h->high = fmax(h->high, mean);
        }
    return h->n > 0 && h->n <= BINS_DRAWN;
}

/* By the logarithm where the means span orders: money does. */
static int shade(const heat *h, double mean)
{
    if (!isfinite(mean) || !(h->high > h->low))
        return isfinite(mean) ? 3 : -1;
    const bool wide = h->low > 0 && h->high > 20 * h->low;
    return shade_of(wide ? log(mean / h->low) / log(h->high / h->low) : (mean - h->low) / (h->high - h->low));
}

static void draw_cell(page *p, const heat *h, size_t r, size_t f)
{
    const double customers = cell_of(h->customers, r, f), mean = cell_of(h->monetary, r, f);
    const int of = customers > 0 ? shade(h, mean) : -1;
    const double x = LEFT + (double)f * CELL, y = TOP + (double)(h->n - 1 - r) * (CELL - 14);
    putf(p, "<g class=\"%s%d\"><rect", of < 0 ? "none s" : "h", of < 0 ? 0 : of);
    putf(p, " x=\"%.0f\" y=\"%.0f\" width=\"%d\" height=\"%d\"/>", x + 1, y + 1, CELL - 2, CELL - 16);
    svg_text_open(p, "cell middle", x + CELL / 2.0, y + (isfinite(mean) && customers > 0 ? 20 : 26));
    customers > 0 ? put_compact(p, customers) : put(p, "0");
    put(p, "</text>");
    if (isfinite(mean) && customers > 0) {
        svg_text_open(p, "small middle", x + CELL / 2.0, y + 34);
        put_compact(p, mean);
        put(p, "</text>");
    }
    put(p, "</g>");
}

static void draw_scores(page *p, const heat *h, double bottom)
{
    for (size_t i = 0; i < h->n; i++) {
        svg_text_open(p, "tick end", LEFT - 6, TOP + ((double)(h->n - i) - 0.5) * (CELL - 14) + 4);
        putf(p, "R%zu</text>", i + 1);
        svg_text_open(p, "tick middle", LEFT + ((double)i + 0.5) * CELL, bottom + 15);
        putf(p, "F%zu</text>", i + 1);
    }
    svg_text_open(p, "name middle", LEFT + (double)h->n * CELL / 2, bottom + 33);
    say(p, W_HEAT_AXIS);
    put(p, "</text>");
}

static void put_heat_table(page *p, const heat *h)
{
    table_behind(p, W_AS_TABLE);
    put_heading(p, W_R_SCORE);
    put_heading(p, W_F_SCORE);
    put_heading(p, W_CUSTOMERS);
    put_heading(p, W_MEAN_REVENUE);
    table_rows(p);
    for (size_t r = h->n; r-- > 0;)
        for (size_t f = h->n; f-- > 0;) {
            putf(p, "<tr><th scope=\"row\">%zu</th><td>%zu</td><td>", r + 1, f + 1);
            put_count(p, cell_of(h->customers, r, f));
            put(p, "</td><td>");
            put_number(p, cell_of(h->monetary, r, f));
            put(p, "</td></tr>\n");
        }
    table_close(p, true);
}

static void put_heat(page *p)
{
    heat h;
    if (!read_heat(p->facts, &h)) {
        put(p, "<p class=\"note\">");
        say(p, W_HEAT_NOT_DRAWN, a_count(run_number(p->facts, "scores.bins")));
        put(p, "</p>\n");
        return;
    }
    const double bottom = TOP + (double)h.n * (CELL - 14);
    figure_open(p, "chart");
    say_in(p, "figcaption", W_HEAT_CAPTION);
    svg_open(p, LEFT + (double)h.n * CELL + 6, bottom + BOTTOM);
    say(p, W_HEAT_TITLE);
    svg_titled(p);
    for (size_t r = 0; r < h.n; r++)
        for (size_t f = 0; f < h.n; f++)
            draw_cell(p, &h, r, f);
    draw_scores(p, &h, bottom);
    svg_close(p);
    put_heat_table(p, &h);
    figure_close(p);
}

/* ---- cuts -------------------------------------------------------------------------------------------------------- */

static const char *unit_of(const facts *all, const char *name)
{
    for (size_t j = 0; name && j < all->d; j++)
        if (strcmp(all->features[j].name, name) == 0)
            return all->features[j].unit;
    return "";
}

/* Numbers one behind the other; at most as many as there are scores. */
static void put_list_cell(page *p, const rfm_json *list, void (*put_it)(page *, double))
{
    put(p, "<td class=\"text\">");
    for (size_t i = 0; i < rfm_json_count(list) && i < BINS_MOST; i++) {
        put(p, i > 0 ? " \u00B7 " : "");
        put_it(p, number_at(list, i));
    }
    put(p, "</td>");
}

static const rfm_json *value_of(const facts *all, const char *what, const char *measure)
{
    char path[64];
    snprintf(path, sizeof path, "scores.%s.%s", what, measure);
    return run_value(all, path);
}

static void put_cut_row(page *p, const char *measure, word name)
{
    const rfm_json *cuts = value_of(p->facts, "cuts", measure);
    const char *made_of = rfm_json_text(value_of(p->facts, "features", measure));
    if (!rfm_json_is_list(cuts))
        return;
    put(p, "<tr><th scope=\"row\">");
    say(p, name);
    put(p, "<small>");
    put_text(p, made_of ? made_of : "");
    put(p, "</small></th>");
    put_list_cell(p, cuts, put_number);
    put(p, "<td class=\"text\">");
    put_unit(p, unit_of(p->facts, made_of));
    put(p, "</td>");
    put_list_cell(p, value_of(p->facts, "customers", measure), put_count);
    put(p, "</tr>\n");
}

/* A model brings its cuts along. */
static word origin_of_cuts(const facts *all)
{
    const char *command = run_text(all, "command");
    if (command && strcmp(command, "predict") == 0)
        return W_CUTS_OF_MODEL;
    return rfm_json_is_true(run_value(all, "scores.learnt")) ? W_CUTS_LEARNT : W_CUTS_GIVEN;
}

static void put_cuts(page *p)
{
    if (!run_value(p->facts, "scores.cuts"))
        return;
    put(p, "<div>\n");
    say_in(p, "h3", W_CUTS);
    put(p, "<p>");
    say(p, origin_of_cuts(p->facts));
    put(p, " ");
    say(p, W_RECENCY_TURNED);
    put(p, "</p>\n");
    table_open(p);
    put_heading(p, W_SCORE);
    put_text_heading(p, W_CUT_POINTS);
    put_text_heading(p, W_UNIT);
    put_text_heading(p, W_CUSTOMERS_BY_SCORE);
    table_rows(p);
    put_cut_row(p, "recency", W_RECENCY);
    put_cut_row(p, "frequency", W_FREQUENCY);
    put_cut_row(p, "monetary", W_MONETARY);
    table_close(p, false);
    put(p, "</div>\n");
}

/* ---- grid -------------------------------------------------------------------------------------------------------- */

static void put_bar_cell(page *p, double share)
{
    put(p, "<td>");
    put_share(p, share);
    put_bar(p, share, PLAIN);
    put(p, "</td>");
}

static void put_grid(page *p)
{
    const rfm_json *grid = run_value(p->facts, "scores.grid");
    if (!rfm_json_is_list(grid))
        return;
    say_in(p, "h3", W_GRID);
    say_in(p, "p", W_GRID_LEAD);
    table_open(p);
    put_heading(p, W_GRID_SEGMENT);
    put_heading(p, W_CUSTOMERS);
    put_heading(p, W_SHARE_OF_CUSTOMERS);
    put_heading(p, W_REVENUE);
    put_heading(p, W_SHARE_OF_REVENUE);
    table_rows(p);
    for (size_t i = 0; i < rfm_json_count(grid) && i < SEGMENTS_MOST; i++) {
        const rfm_json *at = rfm_json_item(grid, i);
        const char *name = rfm_json_text(rfm_json_find(at, "name"));
        put(p, "<tr><th scope=\"row\">");
        put_text(p, name ? name : "");
        put(p, "</th><td>");
        put_count(p, rfm_json_number(rfm_json_find(at, "customers")));
        put(p, "</td>");
        put_bar_cell(p, rfm_json_number(rfm_json_find(at, "share")));
        put(p, "<td>");
        put_number(p, rfm_json_number(rfm_json_find(at, "revenue")));
        put(p, "</td>");
        put_bar_cell(p, rfm_json_number(rfm_json_find(at, "revenue_share")));
        put(p, "</tr>\n");
    }
    table_close(p, false);
}

static void put_cross(page *p)
{
    const rfm_json *grid = run_value(p->facts, "scores.grid"), *cross = run_value(p->facts, "scores.cross");
    matrix m;
    if (!rfm_json_is_list(cross))
        return;
    if (matrix_init(p, &m, rfm_json_count(cross), rfm_json_count(rfm_json_item(cross, 0)))) {
        for (size_t r = 0; r < m.n_rows; r++)
            m.rows[r] = rfm_json_item(cross, r);
        matrix_name(m.row_names, m.row_ids, m.n_rows, grid, NULL);
        matrix_name_labels(p->facts, &m);
        say_in(p, "h3", W_CROSS);
        matrix_put(p, &m, W_GRID_SEGMENT, W_SEGMENT);
    }
    matrix_free(&m);
}

void put_scores(page *p)
{
    put(p, "<p class=\"lead\">");
    say(p, W_SCORES_LEAD);
    if (is_weighted(p->facts)) {
        put(p, " ");
        say(p, W_EACH_ONCE);
    }
    put(p, "</p>\n<div class=\"pair\">\n");
    put_heat(p);
    put_cuts(p);
    put(p, "</div>\n");
    put_grid(p);
    put_cross(p);
}
