/* Shapes that the whole page shares: charts with their tables, bars, segments' marks. */
#include "page.h"

#include "svg.h"

#include <math.h>
#include <string.h>

enum { N_COLOURS = 8, N_SHADES = 7 };

void say_in(page *p, const char *tag, word w)
{
    const size_t length = strcspn(tag, " ");
    putf(p, "<%s>", tag);
    say(p, w);
    putf(p, "</%.*s>\n", (int)length, tag);
}

/* ---- charts and tables ------------------------------------------------------------------------------------------- */

void figure_open(page *p, const char *class_name)
{
    putf(p, "<figure class=\"%s\">\n", class_name);
}

void figure_close(page *p)
{
    put(p, "</figure>\n");
}

void table_open(page *p)
{
    put(p, "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>");
}

void table_behind(page *p, word summary)
{
    put(p, "<details><summary>");
    say(p, summary);
    put(p, "</summary>");
    table_open(p);
}

void table_rows(page *p)
{
    put(p, "</tr></thead><tbody>\n");
}

void table_close(page *p, bool behind)
{
    put(p, "</tbody></table></div>");
    put(p, behind ? "</details>\n" : "\n");
}

void put_heading(page *p, word w)
{
    put(p, "<th scope=\"col\">");
    say(p, w);
    put(p, "</th>");
}

void fact_open(page *p, word name)
{
    put(p, "<div><dt>");
    say(p, name);
    put(p, "</dt><dd>");
}

void fact_close(page *p)
{
    put(p, "</dd></div>\n");
}

void put_bar(page *p, double share, size_t segment_index)
{
    const double kept = share > 0 ? fmin(share, 1) : 0;
    if (segment_index == PLAIN)
        put(p, "<span class=\"bar plain-bar\"");
    else
        putf(p, "<span class=\"bar c%zu\"", segment_index % N_COLOURS);
    putf(p, " aria-hidden=\"true\"><i style=\"width:%.1f%%\"></i></span>", 100 * kept);
}

void put_text_heading(page *p, word w)
{
    put(p, "<th scope=\"col\" class=\"text\">");
    say(p, w);
    put(p, "</th>");
}

/* ---- segments ---------------------------------------------------------------------------------------------------- */

void put_mark(page *p, size_t i)
{
    putf(p, "<svg class=\"mark c%zu\" viewBox=\"-6 -6 12 12\" aria-hidden=\"true\"><path d=\"", i % N_COLOURS);
    put_shape(p, i, 0, 0, 4.5);
    put(p, "\"/></svg>");
}

void put_segment_name(page *p, const segment *s, int most)
{
    if (!s->name || *s->name == '\0')
        say(p, W_SEGMENT_ID, a_text(s->id));
    else if (most > 0)
        put_short(p, s->name, most);
    else
        put_text(p, s->name);
}

void put_segment_heading(page *p, size_t i)
{
    const segment *s = &p->facts->segments[i];
    put(p, "<th scope=\"row\">");
    put_mark(p, i);
    put(p, "<span class=\"id\">");
    put_text(p, s->id);
    put(p, "</span> ");
    put_segment_name(p, s, 0);
    put(p, "</th>");
}

size_t choose_largest(const facts *all, size_t most, size_t *chosen)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        size_t larger = 0;
        for (size_t j = 0; j < all->n; j++) {
            const double a = all->segments[i].customers, b = all->segments[j].customers;
            larger += b > a || (j < i && !(a > b));
        }
        if (larger < most && n < most)
            chosen[n++] = i;
    }
    return n;
}

void put_legend(page *p, const size_t *chosen, size_t n)
{
    put(p, "<ul class=\"legend\">\n");
    for (size_t c = 0; c < n; c++) {
        const segment *s = &p->facts->segments[chosen[c]];
        put(p, "<li>");
        put_mark(p, chosen[c]);
        put(p, "<span class=\"id\">");
        put_text(p, s->id);
        put(p, "</span> ");
        put_segment_name(p, s, 40);
        put(p, "</li>\n");
    }
    put(p, "</ul>\n");
}

int shade_of(double share)
{
    if (isnan(share))
        return -1;
    const int shade = (int)(fmax(0, fmin(share, 1)) * N_SHADES);
    return shade < N_SHADES ? shade : N_SHADES - 1;
}
