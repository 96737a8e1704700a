/* Who the segments are: how the customers and the revenue divide, a card for each, and the same as a table. */
#include "sections.h"

#include <math.h>

/* ---- strips ------------------------------------------------------------------------------------------------------ */

/* Parts of one whole beside each other; those with room for it say their id. */
static void put_strip(page *p, word name, bool of_revenue)
{
    const facts *all = p->facts;
    put(p, "<div class=\"strip-row\"><span class=\"strip-name\">");
    say(p, name);
    put(p, "</span><span class=\"strip\">");
    for (size_t i = 0; i < all->n; i++) {
        const double share = of_revenue ? all->segments[i].revenue_share : all->segments[i].share;
        if (!(share > 0))
            continue;
        putf(p, "<i class=\"c%zu\" style=\"width:%.2f%%\">", i % 8, 100 * fmin(share, 1));
        if (share >= 0.05)
            put_text(p, all->segments[i].id);
        put(p, "</i>");
    }
    put(p, "</span></div>\n");
}

static bool knows_revenue(const facts *all)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->segments[i].revenue_share > 0)
            return true;
    return false;
}

static void put_strips(page *p)
{
    const bool weighted = is_weighted(p->facts), both = knows_revenue(p->facts);
    figure_open(p, "strips");
    put(p, "<figcaption>");
    if (weighted)
        say(p, both ? W_STRIPS_BY_WEIGHT : W_STRIP_BY_WEIGHT);
    else
        say(p, both ? W_STRIPS_CAPTION : W_STRIP_CAPTION);
    put(p, "</figcaption>\n<div aria-hidden=\"true\">\n");
    put_strip(p, weighted ? W_WEIGHT : W_CUSTOMERS, false);
    if (both)
        put_strip(p, W_REVENUE, true);
    put(p, "</div>\n");
    figure_close(p);
}

/* ---- cards ------------------------------------------------------------------------------------------------------- */

static void put_share_row(page *p, word name, double share, size_t i)
{
    put(p, "<div><dt>");
    say(p, name);
    put(p, "</dt><dd>");
    put_bar(p, share, i);
    put(p, "<b>");
    put_share(p, share);
    put(p, "</b></dd></div>\n");
}

/* Revenue counts customers as often as they weigh. */
static double revenue_each(const segment *s)
{
    return s->revenue / (isnan(s->weight) ? s->customers : s->weight);
}

static void put_card(page *p, size_t i)
{
    const segment *s = &p->facts->segments[i];
    putf(p, "<article class=\"card c%zu\">\n<h3>", i % 8);
    put_mark(p, i);
    put(p, "<span class=\"id\">");
    put_text(p, s->id);
    put(p, "</span> ");
    put_segment_name(p, s, 0);
    put(p, "</h3>\n<p class=\"size\">");
    say(p, W_N_CUSTOMERS, a_count(s->customers));
    put(p, "</p>\n");
    if (has_moved_far(p->facts, s)) {
        put(p, "<p class=\"note\">");
        say(p, W_NAME_OF_BEFORE);
        put(p, "</p>\n");
    }
    put(p, "<dl class=\"shares\">\n");
    put_share_row(p, is_weighted(p->facts) ? W_SHARE_OF_WEIGHT : W_SHARE_OF_CUSTOMERS, s->share, i);
    if (!isnan(s->revenue_share))
        put_share_row(p, W_SHARE_OF_REVENUE, s->revenue_share, i);
    put(p, "</dl>\n");
    put_traits(p, s);
    if (s->customers > 0 && !isnan(s->revenue)) {
        put(p, "<p class=\"per\">");
        say(p, W_REVENUE_EACH, a_number(revenue_each(s)));
        put(p, "</p>\n");
    }
    put(p, "</article>\n");
}

/* ---- table ------------------------------------------------------------------------------------------------------- */

static void put_cell(page *p, void (*put_number_as)(page *, double), double x)
{
    put(p, "<td>");
    put_number_as(p, x);
    put(p, "</td>");
}

static void put_row(page *p, size_t i, bool weighted, bool with_revenue)
{
    const segment *s = &p->facts->segments[i];
    put(p, "<tr>");
    put_segment_heading(p, i);
    put_cell(p, put_count, s->customers);
    if (weighted)
        put_cell(p, put_number, s->weight);
    put_cell(p, put_share, s->share);
    if (with_revenue) {
        put_cell(p, put_number, s->revenue);
        put_cell(p, put_share, s->revenue_share);
        put_cell(p, put_number, revenue_each(s));
    }
    put(p, "</tr>\n");
}

static void put_table(page *p)
{
    const facts *all = p->facts;
    const bool weighted = is_weighted(all), with_revenue = all->has_revenue;
    table_behind(p, W_AS_TABLE);
    put_heading(p, W_SEGMENT);
    put_heading(p, W_CUSTOMERS);
    if (weighted)
        put_heading(p, W_WEIGHT);
    put_heading(p, W_SHARE);
    if (with_revenue) {
        put_heading(p, W_REVENUE);
        put_heading(p, W_SHARE);
        put_heading(p, W_REVENUE_PER_CUSTOMER);
    }
    table_rows(p);
    for (size_t i = 0; i < all->n; i++)
        put_row(p, i, weighted, with_revenue);
    table_close(p, true);
}

void put_cards(page *p)
{
    const facts *all = p->facts;
    if (all->n_segments > (double)all->n) {
        put(p, "<p class=\"note\">");
        say(p, W_ONLY_LARGEST, a_count((double)all->n), a_count(all->n_segments));
        put(p, "</p>\n");
    }
    put_strips(p);
    put(p, "<div class=\"cards\">\n");
    for (size_t i = 0; i < all->n; i++)
        put_card(p, i);
    put(p, "</div>\n");
    put_table(p);
}
