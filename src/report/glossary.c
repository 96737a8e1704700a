/* Words in plain language; and what on this page is exact, and what is a sample. */
#include "sections.h"

#include <math.h>

void put_glossary(page *p)
{
    put(p, "<dl class=\"glossary\">\n");
    for (int term = W_GLOSSARY_FIRST; term < W_GLOSSARY_END; term += 2) {
        put(p, "<div><dt>");
        say(p, (word)term);
        put(p, "</dt><dd>");
        say(p, (word)(term + 1));
        put(p, "</dd></div>\n");
    }
    put(p, "</dl>\n");
}

void put_exactness(page *p)
{
    const facts *all = p->facts;
    const double rows = run_number(all, "quality.silhouette_rows");
    put(p, "<ul class=\"plain\">\n");
    say_in(p, "li", W_EXACT_COUNTS);
    if (all->has_projection) {
        put(p, "<li>");
        say(p, W_EXACT_MAP, a_count((double)all->n_sample), a_count(all->n_customers));
        put(p, "</li>\n");
    }
    if (rows < all->n_customers) {
        put(p, "<li>");
        say(p, W_EXACT_SILHOUETTE, a_count(rows));
        put(p, "</li>\n");
    }
    say_in(p, "li", W_EXACT_BINS);
    if (all->n_segments > (double)all->n) {
        put(p, "<li>");
        say(p, W_ONLY_LARGEST, a_count((double)all->n), a_count(all->n_segments));
        put(p, "</li>\n");
    }
    if (!has_scores(all))
        say_in(p, "li", W_NO_SCORES);
    if (!has_change(all))
        say_in(p, "li", W_NO_CHANGE);
    say_in(p, "li", W_SAME_AGAIN);
    put(p, "</ul>\n<p class=\"note\">");
    say(p, W_MADE_BY);
    put(p, "</p>\n");
}
