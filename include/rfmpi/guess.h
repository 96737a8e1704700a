/* guess: event files nobody has described -> a job file that says what they are, how sure that is, and why.
 *
 * Looks at the first rows only, and at nothing else. Knows names of columns in English and French, and shapes of
 * values; knows nothing of ranks, customers or clusters. Every function is Local.
 */
#ifndef RFMPI_GUESS_H
#define RFMPI_GUESS_H

#include "rfmpi/ingest.h"

typedef struct rfm_guess rfm_guess;

/* Look into the largest of these files (input.paths: names, globs, directories), and whether the others are like it.
 * Where rfmpi could not read what is there as it is, RFM_DATA says why; *remedy then gets, where one can be given, a
 * shell command that writes a file which it can read. */
rfm_status rfm_guess_make(const char *const *paths, size_t n_paths, rfm_guess **guess, rfm_text *remedy,
                          rfm_error *err);
void rfm_guess_close(rfm_guess *guess); /* NULL is fine */

/* "shop" of data/shop.csv.gz: what job and run directory are called unless somebody says otherwise; borrowed. */
const char *rfm_guess_name(const rfm_guess *guess);

/* Whether the job can run as it is: customer and time were found. */
bool rfm_guess_is_complete(const rfm_guess *guess);

/* The job file, with a comment for each guess. */
void rfm_guess_print_job(const rfm_guess *guess, rfm_text *yaml);

/* The same as a table for people, of at most so many columns (60 and more), and what they should look at. */
void rfm_guess_print_table(const rfm_guess *guess, int columns, rfm_text *table);

#endif
