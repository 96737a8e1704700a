/* What the measures of quality share. */
#ifndef RFMPI_KMEANS_QUALITY_H
#define RFMPI_KMEANS_QUALITY_H

#include "work.h"

/* silhouette.c. Collective: the silhouette of plain distances, of all rows or of a sample. Fills what quality has of
 * it. */
rfm_status rfm_silhouette_measure(rfm_comm *comm, const rfm_matrix *matrix, const rfm_clustering *clustering,
                                  uint64_t seed, rfm_quality *quality, rfm_error *err);

#endif
