/* sql: names and texts as they stand in a statement. Local. */
#ifndef RFM_UPLOAD_SQL_H
#define RFM_UPLOAD_SQL_H

#include "rfmpi/base.h"

/* Append an identifier in its quotes, or a text in its quotes: whatever it holds, it stays one token. */
void rfm_sql_add_name(rfm_text *sql, const char *name);
void rfm_sql_add_text(rfm_text *sql, const char *text);

/* "a", "a.b" or "a.b.c", where parts that are plain words are in capitals, as the warehouse takes them, and parts in
 * double quotes stay as they are. At most three parts, of which there are *n; the caller frees them. what names the
 * option in messages. */
rfm_status rfm_sql_split_name(const char *name, const char *what, char *parts[3], size_t *n, rfm_error *err);

#endif
