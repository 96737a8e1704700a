/* The map: a sample of customers and all centroids on the two principal components of the scaled features. */
#include "sections.h"

#include "svg.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 400, HEIGHT = 330, EDGE = 14 };

bool has_projection(const facts *all)
{
    return all->has_projection;
}

bool draws_all(const facts *all)
{
    return (double)all->n_sample >= all->n_customers;
}

/* ---- labels that keep off each other ------------------------------------------------------------------------------ */

typedef struct box {
    double left, top, right, bottom;
} box;

static bool overlap(const box *a, const box *b)
{
    return a->left < b->right && b->left < a->right && a->top < b->bottom && b->top < a->bottom;
}

static bool is_free(const box *wanted, const box *taken, size_t n)
{
    if (wanted->left < 2 || wanted->right > WIDTH - 2 || wanted->top < 2 || wanted->bottom > HEIGHT - 2)
        return false;
    for (size_t i = 0; i < n; i++)
        if (overlap(wanted, &taken[i]))
            return false;
    return true;
}

/* Around a mark, nearer places first; false where all are taken. */
static bool find_place(double x, double y, double width, const box *taken, size_t n, box *place)
{
    static const double directions[8][2] = {{1, 0},    {-1, 0},    {0, -1},  {0, 1},
                                            {.8, -.8}, {-.8, -.8}, {.8, .8}, {-.8, .8}};
    for (int far = 14; far < 60; far += 8)
        for (int i = 0; i < 8; i++) {
            const double cx = x + directions[i][0] * (far + width / 2 - 4), cy = y + directions[i][1] * far;
            *place = (box){cx - width / 2, cy - 7, cx + width / 2, cy + 7};
            if (is_free(place, taken, n))
                return true;
        }
    return false;
}

/* ---- drawing ----------------------------------------------------------------------------------------------------- */

typedef struct axes {
    scale x, y;
} axes;

/* One scale for both directions, so that distances mean the same in each. */
static bool lay_out(const facts *all, axes *a)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < all->n_sample + all->n; i++) {
        const double *at = i < all->n_sample ? all->sample + 3 * i : all->centroids + 2 * (i - all->n_sample);
        for (int c = 0; c < 2; c++)
            if (isfinite(at[c])) {
                low[c] = fmin(low[c], at[c]);
                high[c] = fmax(high[c], at[c]);
            }
    }
    if (!(low[0] <= high[0]) || !(low[1] <= high[1]))
        return false;
    const double width = WIDTH - 2 * EDGE, height = HEIGHT - 2 * EDGE;
    const double unit = fmax(fmax((high[0] - low[0]) / width, (high[1] - low[1]) / height), 1e-12);
    for (int c = 0; c < 2; c++) {
        const double middle = low[c] / 2 + high[c] / 2, half = unit * (c == 0 ? width : height) / 2;
        low[c] = middle - half;
        high[c] = middle + half;
    }
    a->x = (scale){low[0], high[0], EDGE, WIDTH - EDGE, false};
    a->y = (scale){low[1], high[1], HEIGHT - EDGE, EDGE, false};
    return true;
}

static void draw_sample(page *p, const axes *a)
{
    const facts *all = p->facts;
    for (size_t i = 0; i < all->n; i++) {
        putf(p, "<path class=\"points c%zu\" d=\"", i % 8);
        for (size_t s = 0; s < all->n_sample; s++) {
            const double *at = all->sample + 3 * s;
            if (!isfinite(at[0]) || !isfinite(at[1]) || fabs(at[2] - (double)i) > 0.25)
                continue;
            put_shape(p, i, place_on(&a->x, at[0]), place_on(&a->y, at[1]), 1.8);
        }
        put(p, "\"/>");
    }
}

static void draw_centroid(page *p, size_t i, double x, double y)
{
    putf(p, "<path class=\"centroid c%zu\" d=\"", i % 8);
    put_shape(p, i, x, y, 6.5);
    put(p, "\"/>");
}

/* Marks first: a label keeps off all of them. */
static void draw_centroids(page *p, const axes *a)
{
    const facts *all = p->facts;
    box taken[2 * SEGMENTS_MOST];
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        const double x = place_on(&a->x, all->centroids[2 * i]), y = place_on(&a->y, all->centroids[2 * i + 1]);
        draw_centroid(p, i, x, y);
        taken[n++] = (box){x - 6, y - 6, x + 6, y + 6};
    }
    for (size_t i = 0; i < all->n; i++) {
        const double x = place_on(&a->x, all->centroids[2 * i]), y = place_on(&a->y, all->centroids[2 * i + 1]);
        const double width = 8 + 7.5 * (double)strlen(all->segments[i].id);
        if (!find_place(x, y, width, taken, n, &taken[n]))
            continue;
        svg_text_open(p, "label middle", taken[n].left / 2 + taken[n].right / 2, taken[n].bottom - 3);
        put_text(p, all->segments[i].id);
        put(p, "</text>");
        n++;
    }
}

/* ---- what the directions mean ------------------------------------------------------------------------------------ */

/* The features that weigh most in a component, with the side on which they are high. */
static void put_meaning(page *p, size_t component)
{
    const double *loading = p->facts->loadings + component * p->facts->d;
    bool told[FEATURES_MOST] = {false};
    for (int n = 0; n < 4; n++) {
        size_t best = p->facts->d;
        for (size_t j = 0; j < p->facts->d; j++)
            if (!told[j] && fabs(loading[j]) >= (best < p->facts->d ? fabs(loading[best]) : 0.25))
                best = j;
        if (best == p->facts->d)
            return;
        told[best] = true;
        put(p, n > 0 ? ", " : "");
        put_text(p, p->facts->features[best].name);
        put(p, loading[best] > 0 ? "\u00A0\u2191" : "\u00A0\u2193");
    }
}

static void put_components(page *p)
{
    put(p, "<ul class=\"plain\">\n");
    for (size_t a = 0; a < 2; a++) {
        put(p, "<li>");
        say(p, a == 0 ? W_TO_THE_RIGHT : W_UPWARDS, a_share(p->facts->explained[a]));
        put(p, " ");
        put_meaning(p, a);
        put(p, "</li>\n");
    }
    put(p, "</ul>\n");
}

static void put_loadings(page *p)
{
    table_behind(p, W_AS_TABLE);
    put_heading(p, W_FEATURE);
    put_heading(p, W_COMPONENT_1);
    put_heading(p, W_COMPONENT_2);
    table_rows(p);
    for (size_t j = 0; j < p->facts->d; j++) {
        put(p, "<tr><th scope=\"row\">");
        put_text(p, p->facts->features[j].name);
        put(p, "</th>");
        for (size_t a = 0; a < 2; a++) {
            put(p, "<td>");
            put_number(p, p->facts->loadings[a * p->facts->d + j]);
            put(p, "</td>");
        }
        put(p, "</tr>\n");
    }
    table_close(p, true);
}

void put_projection(page *p)
{
    axes a;
    size_t chosen[SEGMENTS_MOST];
    put(p, "<p class=\"lead\">");
    say(p, draws_all(p->facts) ? W_MAP_LEAD_ALL : W_MAP_LEAD, a_count((double)p->facts->n_sample),
        a_share(p->facts->explained[0] + p->facts->explained[1]));
    put(p, "</p>\n");
    figure_open(p, "chart split");
    if (lay_out(p->facts, &a)) {
        svg_open(p, WIDTH, HEIGHT);
        say(p, W_MAP_TITLE);
        svg_titled(p);
        draw_sample(p, &a);
        draw_centroids(p, &a);
        svg_close(p);
    }
    put(p, "<div class=\"beside\">\n");
    put_legend(p, chosen, choose_largest(p->facts, SEGMENTS_MOST, chosen));
    put_components(p);
    put(p, "</div>\n");
    put_loadings(p);
    figure_close(p);
}
