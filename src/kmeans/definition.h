/* The definition of a label: the argmin over centroids of sum_j (position_j - centroid_j)^2, in double, in index order,
 * without contraction, ties to the lowest index. Everything else that labels rows is a filter in front of this. */
#ifndef RFMPI_KMEANS_DEFINITION_H
#define RFMPI_KMEANS_DEFINITION_H

#include "rfmpi/base.h"

/* position_j = index_j * step_j, exact. */
void rfm_definition_position(int d, const double *step, const int32_t *index, double *position);

/* The squared distance of the definition. */
double rfm_definition_distance(int d, const double *position, const double *centroid);

/* Squared distance of an indexed row, without a place for its position. */
double rfm_definition_row_distance(int d, const double *step, const int32_t *index, const double *centroid);

/* [k][d] -> [d][k], so that the distances to all centroids grow side by side, each in index order. */
void rfm_definition_transpose(int k, int d, const double *centroids, double *transposed);

/* distance: [k] squared distances, the same bits as rfm_definition_distance. */
void rfm_definition_distances(int k, int d, const double *position, const double *transposed, double *distance);

/* The lowest index among the least of distance[k]. */
int32_t rfm_definition_least(int k, const double *distance);

#endif
