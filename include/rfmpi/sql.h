/* sql: names and texts as they stand in a statement of the warehouse; whatever they hold, each stays one token. Knows
 * no statement. Every function is Local.
 */
#ifndef RFMPI_SQL_H
#define RFMPI_SQL_H

#include "rfmpi/base.h"

/* Append an identifier in its quotes, or a text in its quotes: whatever it holds, it stays one token. */
void rfm_sql_add_name(rfm_text *sql, const char *name);
void rfm_sql_add_text(rfm_text *sql, const char *text);

/* "a", "a.b" or "a.b.c", where parts that are plain words are in capitals, as the warehouse takes them, and parts in
 * double quotes stay as they are. At most three parts, of which there are *n; the caller frees them. what names the
 * option in messages. */
rfm_status rfm_sql_split_name(const char *name, const char *what, char *parts[3], size_t *n, rfm_error *err);

/* Append a name as people write it: plain words in capitals, what is in double quotes as it stands, anything else in
 * quotes. */
void rfm_sql_add_written(rfm_text *sql, const char *name);

/* Append such a "a.b.c", in full; what names the option in messages. */
rfm_status rfm_sql_add_path(rfm_text *sql, const char *path, const char *what, rfm_error *err);

#endif
