/* How good the clustering is: the choice of k, the silhouettes, and how the fit came to its end. */
#include "sections.h"

#include "svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- choice of k ------------------------------------------------------------------------------------------------- */

static const struct measure {
    const char *key, *option; /* in run.json's sweep; as cluster.choose has it */
    word name, direction;
} MEASURES[] = {
    {"silhouette", "silhouette", W_SILHOUETTE, W_HIGHER_BETTER},
    {"davies_bouldin", "davies-bouldin", W_DAVIES_BOULDIN, W_LOWER_BETTER},
    {"calinski_harabasz", "calinski-harabasz", W_CALINSKI_HARABASZ, W_HIGHER_BETTER},
    {"stability", "stability", W_STABILITY, W_HIGHER_BETTER},
    {"inertia", "inertia", W_INERTIA, W_ELBOW},
};
enum { N_MEASURES = sizeof MEASURES / sizeof *MEASURES };

bool has_sweep(const facts *all)
{
    return rfm_json_count(run_value(all, "sweep.k")) > 1 && rfm_json_is_list(run_value(all, "sweep.k"));
}

/* n numbers of a list; NULL, and the page is failed, when there is no memory. Caller frees. */
static double *copy_list(page *p, const rfm_json *list, size_t n)
{
    rfm_error err = {0};
    double *numbers = rfm_alloc(n, sizeof *numbers, &err);
    p->html.failed |= !numbers;
    for (size_t i = 0; numbers && i < n; i++)
        numbers[i] = number_at(list, i);
    return numbers;
}

static const rfm_json *sweep_list(const facts *all, const char *key)
{
    char path[64];
    snprintf(path, sizeof path, "sweep.%s", key);
    return run_value(all, path);
}

static void put_measure_chart(page *p, const struct measure *m, line_chart *chart, const char *choice)
{
    double *y = copy_list(p, sweep_list(p->facts, m->key), chart->n);
    double low, high;
    chart->y = y;
    if (y && find_range(y, chart->n, &low, &high)) {
        const bool chose = choice && strcmp(choice, m->option) == 0;
        figure_open(p, chose ? "chart chose" : "chart");
        put(p, "<figcaption><b>");
        say(p, m->name);
        put(p, "</b> ");
        say(p, m->direction);
        put(p, chose ? " \u2014 " : "");
        if (chose)
            say(p, W_CHOSE);
        put(p, "</figcaption>\n");
        svg_line_chart(p, chart, m->name, W_NUMBER_OF_SEGMENTS);
        figure_close(p);
    }
    free(y);
}

static void put_sweep_table(page *p, const line_chart *chart)
{
    table_behind(p, W_AS_TABLE);
    put(p, "<th scope=\"col\">k</th>");
    for (int m = 0; m < N_MEASURES; m++)
        put_heading(p, MEASURES[m].name);
    table_rows(p);
    for (size_t i = 0; i < chart->n; i++) {
        put(p, i == chart->marked ? "<tr class=\"total\"><th scope=\"row\">" : "<tr><th scope=\"row\">");
        put_count(p, chart->x[i]);
        put(p, "</th>");
        for (int m = 0; m < N_MEASURES; m++) {
            put(p, "<td>");
            put_number(p, number_at(sweep_list(p->facts, MEASURES[m].key), i));
            put(p, "</td>");
        }
        put(p, "</tr>\n");
    }
    table_close(p, true);
}

void put_sweep(page *p)
{
    const rfm_json *ks = run_value(p->facts, "sweep.k");
    const double k = run_number(p->facts, "cluster.k");
    line_chart chart = {.n = rfm_json_count(ks)};
    double *x = copy_list(p, ks, chart.n);
    chart.x = x;
    chart.marked = chart.n;
    for (size_t i = 0; x && i < chart.n; i++)
        chart.marked = fabs(x[i] - k) < 0.5 ? i : chart.marked;
    put(p, "<p class=\"lead\">");
    say(p, W_SWEEP_LEAD, a_count(k));
    put(p, "</p>\n<div class=\"charts\">\n");
    for (int m = 0; x && m < N_MEASURES; m++)
        put_measure_chart(p, &MEASURES[m], &chart, run_text(p->facts, "options.cluster.choose"));
    put(p, "</div>\n");
    if (x)
        put_sweep_table(p, &chart);
    free(x);
}

/* ---- silhouettes ------------------------------------------------------------------------------------------------- */

enum { WIDTH = 360, LEFT = 140, RIGHT = 42, TOP = 8, ROW = 22, BOTTOM = 24 };

bool has_silhouettes(const facts *all)
{
    return rfm_json_is_list(run_value(all, "quality.silhouettes")) && all->n_segments > 1;
}

static double silhouette_of(const facts *all, size_t i)
{
    return number_at(run_value(all, "quality.silhouettes"), all->segments[i].label);
}

static void draw_silhouette(page *p, const scale *x, size_t i)
{
    const double s = silhouette_of(p->facts, i), top = TOP + (double)i * ROW;
    const double zero = place_on(x, 0), at = place_on(x, s);
    svg_text_open(p, "name", 18, top + 15);
    put_segment_name(p, &p->facts->segments[i], 18);
    put(p, "</text>");
    putf(p, "<path class=\"shape c%zu\" d=\"", i % 8);
    put_shape(p, i, 8, top + 11, 4.5);
    put(p, "\"/>");
    if (isnan(s))
        return;
    putf(p, "<path class=\"fill c%zu\" d=\"M", i % 8);
    put_at(p, zero);
    putf(p, " %.0fH", top + 4);
    put_at(p, at);
    put(p, "v14H");
    put_at(p, zero);
    put(p, "z\"/>");
    svg_text_open(p, "tick end", WIDTH - 4, top + 15);
    put_number(p, s);
    put(p, "</text>");
}

static void draw_overall(page *p, const scale *x, double overall, double bottom)
{
    double ticks[TICKS_MOST];
    const size_t n = choose_ticks(x, 40, ticks);
    for (size_t t = 0; t < n; t++) {
        svg_line(p, "grid", place_on(x, ticks[t]), TOP, place_on(x, ticks[t]), bottom);
        svg_text_open(p, "tick middle", place_on(x, ticks[t]), bottom + 15);
        put_tick(p, ticks, n, t);
        put(p, "</text>");
    }
    if (!isnan(overall))
        svg_line(p, "mean", place_on(x, overall), TOP, place_on(x, overall), bottom);
}

static void put_silhouette_lead(page *p, double overall)
{
    const double rows = run_number(p->facts, "quality.silhouette_rows");
    put(p, "<p class=\"lead\">");
    say(p, W_SILHOUETTE_LEAD, a_number(overall));
    put(p, " ");
    if (!isnan(overall))
        say(p, overall >= 0.5 ? W_SEPARATED_WELL : overall >= 0.25 ? W_SEPARATED_SOME : W_SEPARATED_LITTLE);
    if (rows < p->facts->n_customers) {
        put(p, " ");
        say(p, W_FROM_SAMPLE, a_count(rows));
    }
    put(p, "</p>\n");
}

static void put_silhouette_table(page *p)
{
    table_behind(p, W_AS_TABLE);
    put_heading(p, W_SEGMENT);
    put_heading(p, W_SILHOUETTE);
    table_rows(p);
    for (size_t i = 0; i < p->facts->n; i++) {
        put(p, "<tr>");
        put_segment_heading(p, i);
        put(p, "<td>");
        put_number(p, silhouette_of(p->facts, i));
        put(p, "</td></tr>\n");
    }
    table_close(p, true);
}

void put_silhouettes(page *p)
{
    const double overall = run_number(p->facts, "quality.silhouette");
    const double bottom = TOP + (double)p->facts->n * ROW;
    scale x = {0, 1, LEFT, WIDTH - RIGHT, false};
    for (size_t i = 0; i < p->facts->n; i++)
        x.low = fmin(x.low, fmax(-1, silhouette_of(p->facts, i)));
    put_silhouette_lead(p, overall);
    figure_open(p, "chart narrow");
    say_in(p, "figcaption", W_SILHOUETTE_CAPTION);
    svg_open(p, WIDTH, bottom + BOTTOM);
    say(p, W_SILHOUETTE_TITLE);
    svg_titled(p);
    draw_overall(p, &x, overall, bottom);
    for (size_t i = 0; i < p->facts->n; i++)
        draw_silhouette(p, &x, i);
    svg_close(p);
    put_silhouette_table(p);
    figure_close(p);
}

/* ---- convergence ------------------------------------------------------------------------------------------------- */

bool has_trace(const facts *all)
{
    const rfm_json *trace = run_value(all, "cluster.trace");
    return rfm_json_is_list(trace) && rfm_json_count(trace) > 0;
}

static void put_trace_table(page *p, const rfm_json *trace)
{
    enum { MOST = 1000 };
    table_behind(p, W_AS_TABLE);
    put_heading(p, W_ITERATION);
    put_heading(p, W_INERTIA);
    table_rows(p);
    for (size_t i = 0; i < rfm_json_count(trace) && i < MOST; i++) {
        putf(p, "<tr><th scope=\"row\">%zu</th><td>", i + 1);
        put_number(p, number_at(trace, i));
        put(p, "</td></tr>\n");
    }
    table_close(p, true);
}

static void put_fit(page *p)
{
    const rfm_json *converged = run_value(p->facts, "cluster.converged");
    put(p, "<p class=\"lead\">");
    say(p, W_TRACE_LEAD, a_count(run_number(p->facts, "cluster.iterations")),
        a_number(run_number(p->facts, "cluster.inertia")));
    if (converged) {
        put(p, " ");
        say(p, rfm_json_is_true(converged) ? W_CONVERGED : W_NOT_CONVERGED);
    }
    put(p, "</p>\n");
}

void put_trace(page *p)
{
    const rfm_json *trace = run_value(p->facts, "cluster.trace");
    line_chart chart = {.n = rfm_json_count(trace)};
    double *x = copy_list(p, trace, chart.n), *y = copy_list(p, trace, chart.n);
    for (size_t i = 0; x && i < chart.n; i++)
        x[i] = (double)(i + 1);
    chart.x = x;
    chart.y = y;
    chart.marked = chart.n;
    put_fit(p);
    figure_open(p, "chart narrow");
    say_in(p, "figcaption", W_TRACE_CAPTION);
    if (x && y && chart.n > 1)
        svg_line_chart(p, &chart, W_TRACE_TITLE, W_ITERATION);
    put_trace_table(p, trace);
    figure_close(p);
    free(x);
    free(y);
}
