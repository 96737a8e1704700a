/* What the page is about: as of when, how many customers, how much revenue, from which files. */
#include "sections.h"

#include <math.h>
#include <string.h>

static void put_as_of(page *p)
{
    const char *as_of = run_text(p->facts, "as_of"), *name = run_text(p->facts, "options.input.timezone");
    rfm_timestamp at;
    rfm_zone *utc = NULL, *zone = NULL;
    rfm_error unknown = {0};
    if (!as_of || rfm_zone_open("UTC", &utc, &unknown) != RFM_OK)
        return;
    /* A zone that this machine does not know: the moment is told in UTC. */
    if (!name || rfm_zone_open(name, &zone, &unknown) != RFM_OK)
        name = "UTC";
    if (rfm_time_parse(as_of, strlen(as_of), RFM_TIME_ISO, utc, &at) == RFM_PARSE_OK) {
        put(p, "<p class=\"as-of\">");
        say(p, W_AS_OF);
        put(p, " ");
        put_moment(p, at.us, zone, name);
        put(p, "</p>\n");
    }
    rfm_zone_close(utc);
    rfm_zone_close(zone);
}

/* Of one segment and its share, where not all segments are here; NAN where there is none. */
static double total_revenue(const facts *all)
{
    double sum = 0, of_largest = NAN, largest = 0;
    bool whole = (double)all->n >= all->n_segments;
    for (size_t i = 0; i < all->n; i++) {
        const segment *s = &all->segments[i];
        sum += s->customers > 0 ? s->revenue : 0;
        if (s->revenue_share > largest) {
            largest = s->revenue_share;
            of_largest = s->revenue / s->revenue_share;
        }
    }
    return !all->has_revenue ? NAN : whole ? sum : of_largest;
}

static void put_count_fact(page *p, word name, double count)
{
    if (isnan(count))
        return;
    fact_open(p, name);
    put_count(p, count);
    fact_close(p);
}

static void put_revenue_fact(page *p)
{
    const double revenue = total_revenue(p->facts);
    if (isnan(revenue))
        return;
    fact_open(p, W_REVENUE);
    fabs(revenue) >= 1e7 ? put_compact(p, revenue) : put_number(p, revenue);
    fact_close(p);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] != '\0' ? slash + 1 : path;
}

/* The first files by name, the others as their number. */
static void put_source(page *p)
{
    enum { MOST = 2 };
    const rfm_json *files = run_value(p->facts, "input.files");
    const size_t n = rfm_json_count(files);
    if (n == 0)
        return;
    put(p, "<p class=\"source\">");
    say(p, W_SOURCE);
    for (size_t i = 0; i < n && i < MOST; i++) {
        const char *path = rfm_json_text(rfm_json_find(rfm_json_item(files, i), "path"));
        put(p, i > 0 ? ", " : " ");
        put_short(p, path ? last_part(path) : "?", 60);
    }
    const double total = fmax(run_number(p->facts, "input.n_files"), (double)n);
    if (total > MOST) {
        put(p, " ");
        say(p, W_AND_MORE, a_count(total - MOST));
    }
    put(p, "</p>\n");
}

void put_overview(page *p)
{
    put_as_of(p);
    put(p, "<dl class=\"key\">\n");
    put_count_fact(p, W_CUSTOMERS, p->facts->n_customers);
    put_revenue_fact(p);
    put_count_fact(p, W_SEGMENTS, p->facts->n_segments);
    put_count_fact(p, W_EVENTS_READ, run_number(p->facts, "n_events"));
    put(p, "</dl>\n");
    put_source(p);
}
