/* parquet_files: files that pyarrow writes for a test, and how they are opened. */
#ifndef RFM_TEST_PARQUET_FILES_H
#define RFM_TEST_PARQUET_FILES_H

#include "session.h"

#include "parquet.h"

enum { MAX_COLUMNS = 64 };

/* Runs the peer on a new folder; `part` is "all" or "seeds". For the set-up of a group: 0 when it went well, or where
 * there is no Python, which it says. */
int write_parquet_files(const char *part);

/* Skips the test, saying so, where there are no files or no Parquet. */
void need_files(void);

/* Terminated; the caller frees it. */
char *read_bytes(const char *path, size_t *size);
void write_bytes(const char *name, const char *bytes, size_t size);

typedef struct opened {
    rfm_columnar columnar;
    size_t fields[MAX_COLUMNS];
    char path[800];
} opened;

/* NAME.parquet in the folder, with no slots; the kind's close closes it. */
rfm_status open_parquet(opened *o, const char *name, rfm_error *err);

/* One more slot. */
void want(opened *o, const char *name);

#endif
