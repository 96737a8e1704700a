/* json: JSON values by dotted path, and JSON files. Knows nothing of what they say. Local. */
#ifndef RFM_STORE_JSON_H
#define RFM_STORE_JSON_H

#include "rfmpi/store.h"

#include <jansson.h>

/* The value as a file's text, indented. */
rfm_status rfm_json_print(const json_t *value, rfm_text *text, rfm_error *err);

/* A copy of a text as JSON can hold it: bytes that are not UTF-8 as \\xNN. Caller frees; NULL with err set. */
char *rfm_json_legible(const char *text, rfm_error *err);

/* That copy as a value; NULL when memory is out. */
json_t *rfm_json_string(const char *text);

/* Set the value at a dotted path, making objects on the way (replacing what is none). Takes the value over, also on
 * failure; false when memory is out. */
bool rfm_json_set(json_t *root, const char *path, json_t *value);

#endif
