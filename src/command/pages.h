/* Private to the program that writes the man pages, the reference and the completion of shells, when rfmpi is built. */
#ifndef RFMPI_COMMAND_PAGES_H
#define RFMPI_COMMAND_PAGES_H

#include "command.h"

/* ---- what is said besides the tables of the program: guide.c ----------------------------------------------------- */

/* A word and what it means; a list of them ends with one without a name. */
typedef struct rfm_term {
    const char *name, *meaning;
} rfm_term;

typedef struct rfm_guide {
    const char *command;
    const char *text;     /* paragraphs, a line each */
    const char *examples; /* a line each, ended by its newline */
    const char *place;    /* the directory in which tests run them: tests/e2e/places.py makes it */
} rfm_guide;

const rfm_guide *guide_of(const char *command); /* NULL: there is none */

extern const rfm_term SIGNALS[], ENVIRONMENT[];

/* One sentence on a section of job files; NULL for one that is not known. */
const char *section_summary(const char *name, size_t length);

/* ", 1 to 100" where the option has limits, else nothing. */
void write_range(FILE *to, const rfm_option *option);

/* ---- what rfmpi writes: files.c ---------------------------------------------------------------------------------- */

/* One kind of file (or table) and what is in it. A word in capitals within a name stands for any; [_min|_max] for
 * nothing or one of these; [] for each of a list. */
typedef struct rfm_document {
    const char *name;
    const char *summary;
    const char *kind; /* of its terms: "column", "key", "dataset" */
    const rfm_term *terms;
} rfm_document;

extern const rfm_document DOCUMENTS[]; /* ended by one without a name */

extern const rfm_term RUN_JSON[]; /* files_run.c */

/* ---- forms -------------------------------------------------------------------------------------------------------- */

/* Local, each; errors stay in the stream. The version and the date are those at the foot of every page. */
void write_overview_page(FILE *to, const char *version, const char *date);
void write_command_page(FILE *to, const rfm_command *command, const char *version, const char *date);
void write_job_page(FILE *to, const char *version, const char *date);
void write_files_page(FILE *to, const char *version, const char *date);

/* Local. The same, all in one, as Markdown: docs/reference.md. */
void write_reference(FILE *to);

/* Local. The words of the tables, as a function of bash and zsh that prints those of a kind; and as fish wants them. */
void write_word_table(FILE *to);
void write_fish(FILE *to);

#endif
