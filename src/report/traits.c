/* What sets a segment apart, in sentences: the features in which it lies farthest from all customers, in deviations. */
#include "sections.h"

#include <math.h>
#include <string.h>

enum { TRAITS_MOST = 4 };

static const double SOME = 0.3, CLEAR = 0.6, FAR = 1.2; /* standard deviations from which words are used */

/* Of features that rfmpi itself defines; {1} how far, {2} the segment, {3} all customers, {4} median or mean. */
static const struct {
    const char *feature;
    word high, low, meaning;
} SENTENCES[] = {
    {"recency_days", W_RECENCY_HIGH, W_RECENCY_LOW, W_IS_RECENCY},
    {"frequency", W_FREQUENCY_HIGH, W_FREQUENCY_LOW, W_IS_FREQUENCY},
    {"monetary", W_MONETARY_HIGH, W_MONETARY_LOW, W_IS_MONETARY},
    {"views", W_VIEWS_HIGH, W_VIEWS_LOW, W_IS_VIEWS},
    {"carts", W_CARTS_HIGH, W_CARTS_LOW, W_IS_CARTS},
    {"removes", W_REMOVES_HIGH, W_REMOVES_LOW, W_IS_REMOVES},
    {"sessions", W_SESSIONS_HIGH, W_SESSIONS_LOW, W_IS_SESSIONS},
    {"active_days", W_ACTIVE_HIGH, W_ACTIVE_LOW, W_IS_ACTIVE},
    {"products", W_PRODUCTS_HIGH, W_PRODUCTS_LOW, W_IS_PRODUCTS},
    {"categories", W_CATEGORIES_HIGH, W_CATEGORIES_LOW, W_IS_CATEGORIES},
    {"tenure_days", W_TENURE_HIGH, W_TENURE_LOW, W_IS_TENURE},
    {"idle_days", W_IDLE_HIGH, W_IDLE_LOW, W_IS_IDLE},
    {"mean_gap_days", W_GAP_HIGH, W_GAP_LOW, W_IS_GAP},
    {"conversion", W_CONVERSION_HIGH, W_CONVERSION_LOW, W_IS_CONVERSION},
    {"average_order", W_BASKET_HIGH, W_BASKET_LOW, W_IS_BASKET},
};

enum { N_SENTENCES = sizeof SENTENCES / sizeof *SENTENCES };

/* Of that feature; N_SENTENCES: it is the job's own. */
static size_t find_sentence(const char *name)
{
    size_t i = 0;
    while (i < N_SENTENCES && strcmp(SENTENCES[i].feature, name) != 0)
        i++;
    return i;
}

word meaning_of(const char *name)
{
    const size_t i = find_sentence(name);
    return i < N_SENTENCES ? SENTENCES[i].meaning : W_IS_OWN;
}

static word adverb_of(double standing)
{
    const double size = fabs(standing);
    return size >= FAR ? W_ADVERB_FAR : size >= CLEAR ? W_ADVERB_CLEAR : W_ADVERB_SOME;
}

/* Whether two numbers bear out that the segment is on that side of all customers. */
static bool bears_out(double of_segment, double of_all, bool high)
{
    const double away = high ? of_segment - of_all : of_all - of_segment;
    return away > 0.005 * fmax(fabs(of_segment), fabs(of_all));
}

static bool medians_say_so(const segment *s, const feature *f, size_t j)
{
    return bears_out(s->median[j], f->median, s->standing[j] > 0);
}

/* By a scaled mean a segment can be on one side and by its plain numbers on the other: then there is nothing to say. */
static bool is_borne_out(const segment *s, const feature *f, size_t j)
{
    return medians_say_so(s, f, j) || bears_out(s->mean[j], f->mean, s->standing[j] > 0);
}

static void put_trait(page *p, const segment *s, size_t j)
{
    const feature *f = &p->facts->features[j];
    const bool high = s->standing[j] > 0, by_median = medians_say_so(s, f, j);
    const slot of_segment = a_measure(by_median ? s->median[j] : s->mean[j], f->unit);
    const slot of_all = a_measure(by_median ? f->median : f->mean, f->unit);
    const slot adverb = a_word(adverb_of(s->standing[j])), which = a_word(by_median ? W_MEDIAN : W_MEAN);
    const size_t known = find_sentence(f->name);
    put(p, "<li>");
    if (known < N_SENTENCES)
        say(p, high ? SENTENCES[known].high : SENTENCES[known].low, adverb, of_segment, of_all, which);
    else
        say(p, high ? W_FEATURE_HIGH : W_FEATURE_LOW, adverb, of_segment, of_all, which, a_text(f->name));
    put(p, "</li>\n");
}

/* The feature farthest from all customers among those that can be told and were not yet; d: none is worth it. */
static size_t farthest(const facts *all, const segment *s, const bool *told)
{
    size_t best = all->d;
    double far = SOME;
    for (size_t j = 0; j < all->d; j++)
        if (!told[j] && fabs(s->standing[j]) >= far && is_borne_out(s, &all->features[j], j)) {
            far = fabs(s->standing[j]) + 1e-9;
            best = j;
        }
    return best;
}

void put_traits(page *p, const segment *s)
{
    bool told[FEATURES_MOST] = {false};
    int n = 0;
    put(p, "<ul class=\"traits\">\n");
    for (size_t j; n < TRAITS_MOST && (j = farthest(p->facts, s, told)) < p->facts->d; n++) {
        told[j] = true;
        put_trait(p, s, j);
    }
    if (n == 0)
        say_in(p, "li", p->facts->n_segments <= 1 ? W_ONLY_SEGMENT : s->customers > 0 ? W_LIKE_ALL : W_EMPTY_SEGMENT);
    put(p, "</ul>\n");
}
