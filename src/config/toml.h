/* toml: the characters of a document in TOML: where the reader stands, blanks, strings, words. Private to config. */
#ifndef RFMPI_CONFIG_TOML_H
#define RFMPI_CONFIG_TOML_H

#include "rfmpi/config.h"

typedef struct rfm_toml {
    const char *at, *end, *line_start;
    const char *source;
    int line;
    size_t n_items;
} rfm_toml;

/* The text is borrowed. Refuses bytes that stand nowhere in TOML, so that nobody below need ask for them: NUL, other
 * control characters, a carriage return alone, what is not UTF-8. */
rfm_status rfm_toml_open(rfm_toml *reader, const char *text, size_t length, const char *source, rfm_error *err);

/* RFM_USAGE at the place where the reader stands. */
rfm_status rfm_toml_fail(const rfm_toml *reader, rfm_error *err, const char *what);

bool rfm_toml_is_next(const rfm_toml *reader, const char *word);
void rfm_toml_skip_blanks(rfm_toml *reader);
void rfm_toml_skip_lines(rfm_toml *reader); /* blanks, comments and line ends */

/* The quotes that begin here, one or three of " or '; NULL: none. */
const char *rfm_toml_quotes(const rfm_toml *reader);

/* What stands here, as text: a string in these quotes, a key without any, a number, boolean or time. */
rfm_status rfm_toml_string(rfm_toml *reader, const char *quotes, rfm_text *text, rfm_error *err);
rfm_status rfm_toml_bare_key(rfm_toml *reader, rfm_text *text, rfm_error *err);
rfm_status rfm_toml_word(rfm_toml *reader, rfm_text *text, rfm_error *err);

#endif
