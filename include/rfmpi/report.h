/* report: what a run directory holds, as one page for people.
 *
 * Knows run.json and figures.json, and how to say and draw what they tell, in two languages; knows no rows, no ranks,
 * and none of the other products. The page is one HTML file that needs no network, no script and no font. Every
 * function is Local.
 */
#ifndef RFMPI_REPORT_H
#define RFMPI_REPORT_H

#include "rfmpi/base.h"

#define RFM_REPORT "report.html"

typedef struct rfm_page_options {
    const char *language; /* "en" or "fr" */
    const char *title;    /* NULL: the language's own */
} rfm_page_options;

/* Append the page of a run directory. RFM_USAGE for one without segments, RFM_DATA for damaged files. */
rfm_status rfm_page_make(const char *dir, const rfm_page_options *options, rfm_text *html, rfm_error *err);

/* The same as a file, mode 0600, which takes its name when it is whole. out NULL: report.html in dir. */
rfm_status rfm_page_write(const char *dir, const rfm_page_options *options, const char *out, rfm_error *err);

#endif
