/* paths: what the user names, expanded to paths. */
#ifndef RFMPI_INGEST_PATHS_H
#define RFMPI_INGEST_PATHS_H

#include "rfmpi/base.h"

typedef struct rfm_paths {
    char **paths;
    size_t n, capacity;
} rfm_paths;

/* Add what a name, a glob (with ** folders), a directory or @list stands for. Nothing is sorted, and a path may come
 * more than once. A pattern or directory that stands for nothing is RFM_DATA; a plain name is taken as it is. */
rfm_status rfm_paths_expand(rfm_paths *paths, const char *pattern, rfm_error *err);
void rfm_paths_free(rfm_paths *paths);

#endif
