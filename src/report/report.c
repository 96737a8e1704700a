/* The page as a whole: its head, its sections in their order, its file. */
#include "rfmpi/report.h"

#include "sections.h"

#include <stdlib.h>
#include <string.h>

extern const char rfm_report_style[]; /* page.css */

typedef struct section {
    const char *id;
    word heading, in_navigation;
    bool (*is_there)(const facts *all);
    void (*put)(page *p);
} section;

static const section SECTIONS[] = {
    {"segments", W_H_SEGMENTS, W_NAV_SEGMENTS, NULL, put_cards},
    {"scores", W_H_SCORES, W_NAV_SCORES, has_scores, put_scores},
    {"profiles", W_H_PROFILES, W_NAV_PROFILES, NULL, put_profiles},
    {"distributions", W_H_DISTRIBUTIONS, W_NAV_DISTRIBUTIONS, NULL, put_distributions},
    {"map", W_H_MAP, W_NAV_MAP, has_projection, put_projection},
    {"choice", W_H_CHOICE, W_NAV_CHOICE, has_sweep, put_sweep},
    {"silhouette", W_H_SILHOUETTE, W_NAV_SILHOUETTE, has_silhouettes, put_silhouettes},
    {"convergence", W_H_CONVERGENCE, W_NAV_CONVERGENCE, has_trace, put_trace},
    {"change", W_H_CHANGE, W_NAV_CHANGE, has_change, put_change},
    {"rows", W_H_ROWS, W_NAV_ROWS, has_rows, put_rows},
    {"run", W_H_RUN, W_NAV_RUN, NULL, put_run},
    {"glossary", W_H_GLOSSARY, W_NAV_GLOSSARY, NULL, put_glossary},
    {"exactness", W_H_EXACTNESS, W_NAV_EXACTNESS, NULL, put_exactness},
};
enum { N_SECTIONS = sizeof SECTIONS / sizeof *SECTIONS };

static bool is_there(const page *p, const section *s)
{
    return !s->is_there || s->is_there(p->facts);
}

/* ---- head -------------------------------------------------------------------------------------------------------- */

static void put_title(page *p, const char *title)
{
    title ? put_text(p, title) : say(p, W_TITLE);
}

static void put_head(page *p, const char *title)
{
    putf(p, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
         p->language == FRENCH ? "fr" : "en");
    put(p, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" content=\"rfmpi\">\n"
           "<link rel=\"icon\" href=\"data:,\">\n<title>");
    put_title(p, title);
    put(p, "</title>\n<style>\n");
    put(p, rfm_report_style);
    put(p, "</style>\n</head>\n");
}

static void put_navigation(page *p)
{
    put(p, "<nav aria-label=\"");
    say(p, W_CONTENTS);
    put(p, "\"><ul>\n");
    for (int i = 0; i < N_SECTIONS; i++) {
        if (!is_there(p, &SECTIONS[i]))
            continue;
        putf(p, "<li><a href=\"#%s\">", SECTIONS[i].id);
        say(p, SECTIONS[i].in_navigation);
        put(p, "</a></li>\n");
    }
    put(p, "</ul></nav>\n");
}

static void put_section(page *p, const section *s)
{
    putf(p, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">", s->id, s->id, s->id);
    say(p, s->heading);
    put(p, "</h2>\n");
    s->put(p);
    put(p, "</section>\n");
}

static void put_body(page *p, const char *title)
{
    put(p, "<body>\n<a class=\"skip\" href=\"#main\">");
    say(p, W_SKIP);
    put(p, "</a>\n<header>\n<h1>");
    put_title(p, title);
    put(p, "</h1>\n");
    put_overview(p);
    put(p, "</header>\n");
    put_navigation(p);
    put(p, "<main id=\"main\">\n");
    for (int i = 0; i < N_SECTIONS; i++)
        if (is_there(p, &SECTIONS[i]))
            put_section(p, &SECTIONS[i]);
    put(p, "</main>\n</body>\n</html>\n");
}

/* ---- page and file ----------------------------------------------------------------------------------------------- */

rfm_status rfm_page_make(const char *dir, const rfm_page_options *options, rfm_text *html, rfm_error *err)
{
    facts *all = rfm_alloc(1, sizeof *all, err);
    if (all && facts_read(dir, all, err) == RFM_OK) {
        page p = {.html = *html, .facts = all, .language = strcmp(options->language, "fr") == 0 ? FRENCH : ENGLISH};
        put_head(&p, options->title);
        put_body(&p, options->title);
        *html = p.html;
        rfm_text_check(html, err);
    }
    if (all)
        facts_free(all);
    free(all);
    return err->status;
}

rfm_status rfm_page_write(const char *dir, const rfm_page_options *options, const char *out, rfm_error *err)
{
    rfm_text html = {0};
    char *path = out ? rfm_copy_string(out, err) : rfm_folder_path(dir, RFM_REPORT, err);
    if (path && rfm_page_make(dir, options, &html, err) == RFM_OK)
        rfm_file_replace(path, &html, err);
    rfm_text_free(&html);
    free(path);
    return err->status;
}
