/* svg: charts as drawings inside of the page. Positions are in the units of the drawing, whose size on the page follows
 * its width. Local.
 *
 * Texts are 11 units high: a drawing of 360 units can be read at the width of a telephone.
 */
#ifndef RFM_REPORT_SVG_H
#define RFM_REPORT_SVG_H

#include "page.h"

/* The drawing's title is its alternative for who does not see it: say it between svg_open and svg_titled. */
void svg_open(page *p, double width, double height);
void svg_titled(page *p);
void svg_close(page *p);

void put_at(page *p, double x); /* a coordinate, of one decimal; what is none is 0 */
void svg_line(page *p, const char *class_name, double x1, double y1, double x2, double y2);
void svg_text_open(page *p, const char *class_name, double x, double y); /* closed by put(p, "</text>") */

/* The shape of segment i around a point, `size` from its middle to its edge, as part of a path. */
void put_shape(page *p, size_t i, double x, double y, double size);

/* A range of values laid out between two positions. */
typedef struct scale {
    double low, high; /* values */
    double from, to;  /* positions */
    bool is_log;      /* of 1 + value */
} scale;

/* Within from and to; NAN is at from. */
double place_on(const scale *s, double x);

/* Values worth a mark, at least `gap` apart, ascending; at most 12. */
enum { TICKS_MOST = 12 };
size_t choose_ticks(const scale *s, double gap, double ticks[TICKS_MOST]);

/* The i-th of n, with as many decimals as the others. */
void put_tick(page *p, const double *ticks, size_t n, size_t i);

/* Lowest and highest of n, without what is no number; false when there is none. Equal ones are spread apart. */
bool find_range(const double *values, size_t n, double *low, double *high);

/* A line through points, with axes; one point stands out (n: none does). */
typedef struct line_chart {
    const double *x, *y; /* [n], x ascending */
    size_t n, marked;
    bool from_zero;
} line_chart;
void svg_line_chart(page *p, const line_chart *chart, word title, word x_name);

#endif
