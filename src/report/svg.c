/* Drawing. */
#include "svg.h"

#include <math.h>
#include <string.h>

/* ---- the drawing ------------------------------------------------------------------------------------------------- */

void svg_open(page *p, double width, double height)
{
    p->n_titles++;
    putf(
        p,
        "<div class=\"scroll\"><svg viewBox=\"0 0 %.0f %.0f\" style=\"--w:%.0f\" role=\"img\" aria-labelledby=\"t%d\">",
        width, height, width, p->n_titles);
    putf(p, "<title id=\"t%d\">", p->n_titles);
}

void svg_titled(page *p)
{
    put(p, "</title>");
}

void svg_close(page *p)
{
    put(p, "</svg></div>\n");
}

void put_at(page *p, double x)
{
    const double most = 99999, kept = isnan(x) ? 0 : fmax(-most, fmin(most, x));
    const long tenths = lround(kept * 10), size = tenths < 0 ? -tenths : tenths;
    if (size % 10 == 0)
        putf(p, "%s%ld", tenths < 0 ? "-" : "", size / 10);
    else
        putf(p, "%s%ld.%ld", tenths < 0 ? "-" : "", size / 10, size % 10);
}

static void put_attribute(page *p, const char *name, double x)
{
    putf(p, " %s=\"", name);
    put_at(p, x);
    put(p, "\"");
}

void svg_line(page *p, const char *class_name, double x1, double y1, double x2, double y2)
{
    putf(p, "<line class=\"%s\"", class_name);
    put_attribute(p, "x1", x1);
    put_attribute(p, "y1", y1);
    put_attribute(p, "x2", x2);
    put_attribute(p, "y2", y2);
    put(p, "/>");
}

void svg_text_open(page *p, const char *class_name, double x, double y)
{
    putf(p, "<text class=\"%s\"", class_name);
    put_attribute(p, "x", x);
    put_attribute(p, "y", y);
    put(p, ">");
}

/* ---- shapes of segments ------------------------------------------------------------------------------------------ */

enum { N_SHAPES = 8, POINTS_MOST = 12 };

/* Corners around the middle, in units of the size; the circle has none. */
static const struct {
    int n;
    double at[POINTS_MOST][2];
} SHAPES[N_SHAPES] = {
    {0, {{0, 0}}},
    {4, {{-.85, -.85}, {.85, -.85}, {.85, .85}, {-.85, .85}}},
    {3, {{0, -1.1}, {1.05, .8}, {-1.05, .8}}},
    {4, {{0, -1.2}, {1.2, 0}, {0, 1.2}, {-1.2, 0}}},
    {3, {{0, 1.1}, {-1.05, -.8}, {1.05, -.8}}},
    {12,
     {{-.4, -1.1},
      {.4, -1.1},
      {.4, -.4},
      {1.1, -.4},
      {1.1, .4},
      {.4, .4},
      {.4, 1.1},
      {-.4, 1.1},
      {-.4, .4},
      {-1.1, .4},
      {-1.1, -.4},
      {-.4, -.4}}},
    {6, {{-1.1, 0}, {-.55, -.95}, {.55, -.95}, {1.1, 0}, {.55, .95}, {-.55, .95}}},
    {4, {{-1.1, -.8}, {1.1, .8}, {1.1, -.8}, {-1.1, .8}}},
};

/* Colours repeat after eight segments, shapes with another colour each time: 64 segments all differ. */
static size_t shape_of(size_t i)
{
    return (i + i / N_SHAPES) % N_SHAPES;
}

static void put_point(page *p, const char *letter, double x, double y)
{
    put(p, letter);
    put_at(p, x);
    put(p, " ");
    put_at(p, y);
}

void put_shape(page *p, size_t i, double x, double y, double size)
{
    const size_t shape = shape_of(i);
    if (SHAPES[shape].n == 0) {
        put_point(p, "M", x - size, y);
        for (int half = 0; half < 2; half++) {
            put_point(p, "a", size, size);
            put_point(p, " 0 1 0 ", half == 0 ? 2 * size : -2 * size, 0);
        }
        return;
    }
    for (int c = 0; c < SHAPES[shape].n; c++)
        put_point(p, c == 0 ? "M" : "L", x + SHAPES[shape].at[c][0] * size, y + SHAPES[shape].at[c][1] * size);
    put(p, "z");
}

/* ---- scales ------------------------------------------------------------------------------------------------------ */

static double bend(const scale *s, double x)
{
    return s->is_log ? rfm_log1p(fmax(x, -0.999999)) : x;
}

double place_on(const scale *s, double x)
{
    const double low = bend(s, s->low), high = bend(s, s->high);
    const double share = (bend(s, x) - low) / (high - low);
    return s->from + (s->to - s->from) * (share > 0 ? fmin(share, 1) : 0);
}

/* Keep x when it lies in the range and far enough from those that were kept before. */
static size_t keep_tick(const scale *s, double gap, double x, double *ticks, size_t n)
{
    if (n == TICKS_MOST || !(x >= s->low && x <= s->high))
        return n;
    for (size_t i = 0; i < n; i++)
        if (fabs(place_on(s, x) - place_on(s, ticks[i])) < gap)
            return n;
    size_t at = n;
    for (; at > 0 && ticks[at - 1] > x; at--)
        ticks[at] = ticks[at - 1];
    ticks[at] = x;
    return n + 1;
}

/* 1, 2 or 5 times a power of ten, of which at most so many fit. */
static double choose_step(double range, double most)
{
    const double power = pow(10, floor(log10(range / most)));
    for (int i = 0; i < 3; i++)
        if (range / (power * (double[]){1, 2, 5}[i]) <= most)
            return power * (double[]){1, 2, 5}[i];
    return 10 * power;
}

static size_t choose_linear(const scale *s, double gap, double *ticks)
{
    const double room = fabs(s->to - s->from) / gap, step = choose_step(s->high - s->low, fmax(1, fmin(room, 6)));
    size_t n = 0;
    const double first = ceil(s->low / step);
    while (n < TICKS_MOST && (first + (double)n) * step <= s->high) {
        ticks[n] = (first + (double)n) * step;
        n++;
    }
    return n;
}

size_t choose_ticks(const scale *s, double gap, double ticks[TICKS_MOST])
{
    size_t n = 0;
    if (!(s->high > s->low) || !isfinite(s->high - s->low))
        return 0;
    if (!s->is_log)
        return choose_linear(s, gap, ticks);
    n = keep_tick(s, gap, 0, ticks, n);
    for (int e = -3; e < 16; e++)
        n = keep_tick(s, gap, pow(10, e), ticks, n);
    for (int e = -3; e < 16; e++)
        n = keep_tick(s, gap, 3 * pow(10, e), ticks, n);
    return n >= 2 ? n : choose_linear(s, gap, ticks);
}

void put_tick(page *p, const double *ticks, size_t n, size_t i)
{
    const double step = n > 1 ? ticks[n - 1] - ticks[n - 2] : 1, first = n > 1 ? ticks[1] - ticks[0] : 1;
    const bool even = fabs(step - first) < 1e-6 * step;
    if (even && fabs(ticks[i]) > 0)
        put_step(p, ticks[i], step, fmax(fabs(ticks[0]), fabs(ticks[n - 1])));
    else
        put_compact(p, ticks[i]);
}

bool find_range(const double *values, size_t n, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i]))
            continue;
        *low = fmin(*low, values[i]);
        *high = fmax(*high, values[i]);
    }
    if (!(*low <= *high))
        return false;
    const double spread = fmax(fabs(*low), fabs(*high)) * 1e-3;
    if (*high - *low <= spread * 1e-6) {
        *low -= spread > 0 ? spread : 1;
        *high += spread > 0 ? spread : 1;
    }
    return true;
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

enum { WIDTH = 340, HEIGHT = 190, LEFT = 56, RIGHT = 14, TOP = 12, BOTTOM = 34 };

static void draw_axes(page *p, const scale *x, const scale *y, word x_name)
{
    double ticks[TICKS_MOST];
    size_t n = choose_ticks(y, 28, ticks);
    for (size_t i = 0; i < n; i++) {
        const double at = place_on(y, ticks[i]);
        svg_line(p, "grid", x->from, at, x->to, at);
        svg_text_open(p, "tick end", x->from - 9, at + 4); /* beside a mark that stands on the axis */
        put_tick(p, ticks, n, i);
        put(p, "</text>");
    }
    n = choose_ticks(x, 34, ticks);
    for (size_t i = 0; i < n; i++) {
        if (ticks[i] > floor(ticks[i]))
            continue;
        svg_text_open(p, "tick middle", place_on(x, ticks[i]), y->from + 15);
        put_compact(p, ticks[i]);
        put(p, "</text>");
    }
    svg_line(p, "axis", x->from, y->from, x->to, y->from);
    svg_text_open(p, "name middle", (x->from + x->to) / 2, HEIGHT - 4);
    say(p, x_name);
    put(p, "</text>");
}

static void draw_path(page *p, const line_chart *chart, const scale *x, const scale *y)
{
    bool begun = false;
    put(p, "<path class=\"line\" d=\"");
    for (size_t i = 0; i < chart->n; i++) {
        if (!isnan(chart->y[i]))
            put_point(p, begun ? "L" : "M", place_on(x, chart->x[i]), place_on(y, chart->y[i]));
        begun |= !isnan(chart->y[i]);
    }
    put(p, "\"/>");
    for (size_t i = 0; i < chart->n; i++) {
        if (isnan(chart->y[i]) || (chart->n > 40 && i != chart->marked))
            continue;
        putf(p, "<circle class=\"%s\"", i == chart->marked ? "dot marked" : "dot");
        put_attribute(p, "cx", place_on(x, chart->x[i]));
        put_attribute(p, "cy", place_on(y, chart->y[i]));
        put(p, i == chart->marked ? " r=\"5\"/>" : " r=\"2.5\"/>");
    }
}

void svg_line_chart(page *p, const line_chart *chart, word title, word x_name)
{
    scale x = {.from = LEFT, .to = WIDTH - RIGHT}, y = {.from = HEIGHT - BOTTOM, .to = TOP};
    const bool drawn =
        find_range(chart->x, chart->n, &x.low, &x.high) && find_range(chart->y, chart->n, &y.low, &y.high);
    y.low = chart->from_zero ? fmin(y.low, 0) : y.low;
    svg_open(p, WIDTH, HEIGHT);
    say(p, title);
    svg_titled(p);
    if (drawn) {
        draw_axes(p, &x, &y, x_name);
        draw_path(p, chart, &x, &y);
    }
    svg_close(p);
}
