/* sections: the parts of the page, in their order. Each has a file, or shares one with its like. Private to src/report.
 */
#ifndef RFM_REPORT_SECTIONS_H
#define RFM_REPORT_SECTIONS_H

#include "page.h"

/* One is left out, and out of the navigation, where `is_there` says no; NULL: it always is. */
bool has_scores(const facts *all);
bool has_projection(const facts *all);
bool has_sweep(const facts *all);
bool has_silhouettes(const facts *all);
bool has_trace(const facts *all);
bool has_change(const facts *all);
bool has_moved_far(const facts *all, const segment *s); /* since the previous model */
bool has_rows(const facts *all);

/* projection.c: whether the sample is of all customers. */
bool draws_all(const facts *all);

void put_overview(page *p);
void put_cards(page *p);
void put_scores(page *p);
void put_profiles(page *p);
void put_distributions(page *p);
void put_projection(page *p);
void put_sweep(page *p);
void put_silhouettes(page *p);
void put_trace(page *p);
void put_change(page *p);
void put_rows(page *p);
void put_run(page *p);
void put_glossary(page *p);
void put_exactness(page *p);

/* traits.c: sentences on what sets a segment apart, the most telling first; each in a <li>. */
void put_traits(page *p, const segment *s);

/* traits.c: what a feature is, in plain words. */
word meaning_of(const char *name);

#endif
