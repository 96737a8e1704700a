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
    say_in(p, "h3", W_FEATURES);
    put(p, "<dl class=\"glossary\">\n");
    for (size_t j = 0; j < p->facts->d; j++) {
        put(p, "<div><dt>");
        put_text(p, p->facts->features[j].name);
        put(p, "</dt><dd>");
        say(p, meaning_of(p->facts->features[j].name));
        put(p, "</dd></div>\n");
    }
    put(p, "</dl>\n");
}

static double largest_segment(const facts *all)
{
    double largest = 0;
    for (size_t i = 0; i < all->n; i++)
        largest = fmax(largest, all->segments[i].customers);
    return largest;
}

void put_exactness(page *p)
{
    const facts *all = p->facts;
    const double rows = run_number(all, "quality.silhouette_rows");
    put(p, "<ul class=\"plain\">\n");
    say_in(p, "li", W_EXACT_COUNTS);
    if (largest_segment(all) > all->quartiles_of) {
        put(p, "<li>");
        say(p, W_EXACT_QUARTILES, a_count(all->quartiles_of));
        put(p, "</li>\n");
    }
    if (all->looked_at < all->n_customers) {
        put(p, "<li>");
        say(p, W_EXACT_COMPONENTS, a_count(all->looked_at));
        put(p, "</li>\n");
    }
    if (all->has_projection && !draws_all(all)) {
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
