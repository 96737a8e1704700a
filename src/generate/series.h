/* series: bytes from all ranks, in order, into one file or a row of numbered ones that appear whole
 * at the end.
 *
 * Ranks append in rounds: what rank 0 gives comes before what rank 1 gives, and so on; the next
 * round goes behind. Knows nothing of what the bytes are.
 */
#ifndef RFM_GENERATE_SERIES_H
#define RFM_GENERATE_SERIES_H

#include "rfmpi/comm.h"

enum { RFM_SERIES_PATH_BYTES = 4096 };

typedef struct rfm_series {
    rfm_comm *comm;
    const char *dir, *stem, *suffix; /* borrowed; dir/stem-00000suffix, or dir/stemsuffix */
    bool numbered;
    int64_t n_files;
    int64_t file, offset; /* where the next bytes go */
    int64_t open_file;    /* the one behind fd; -1: none */
    int fd;
    int64_t *told_files, *told_bytes; /* of each rank's last piece in a round; file -1: it has none */
} rfm_series;

/* Bytes for one file, in a round of one rank. Pieces of a round are for files that follow each
 * other. */
typedef struct rfm_piece {
    int64_t file;
    const char *bytes;
    size_t n_bytes;
} rfm_piece;

/* Collective. Set the members up to n_files first. */
rfm_status rfm_series_open(rfm_series *series, rfm_error *err);
/* Collective. A failure that err already has on some rank is agreed on first. */
rfm_status rfm_series_append(rfm_series *series, const rfm_piece *pieces, size_t n, rfm_error *err);
/* Collective. Everything safely on disk, then under its own name. */
rfm_status rfm_series_publish(rfm_series *series, rfm_error *err);
/* Local. Frees; rank 0 also removes what was not published. */
void rfm_series_close(rfm_series *series);

#endif
