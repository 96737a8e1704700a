/* The definition of a label, as it stands. Knows nothing of blocks, threads or ranks. */
#include "definition.h"

#include "vector.h"

void rfm_definition_position(int d, const double *step, const int32_t *index, double *position)
{
    for (int j = 0; j < d; j++)
        position[j] = (double)index[j] * step[j];
}

double rfm_definition_distance(int d, const double *position, const double *centroid)
{
    double sum = 0;
    for (int j = 0; j < d; j++) {
        double difference = position[j] - centroid[j];
        sum += difference * difference;
    }
    return sum;
}

double rfm_definition_row_distance(int d, const double *step, const int32_t *index, const double *centroid)
{
    double sum = 0;
    for (int j = 0; j < d; j++) {
        double difference = (double)index[j] * step[j] - centroid[j];
        sum += difference * difference;
    }
    return sum;
}

void rfm_definition_transpose(int k, int d, const double *centroids, double *transposed)
{
    for (int c = 0; c < k; c++)
        for (int j = 0; j < d; j++)
            transposed[(size_t)j * (size_t)k + (size_t)c] = centroids[(size_t)c * (size_t)d + (size_t)j];
}

/* Static behind its public name, since clang 14 gives a cloned function no public symbol of that name. */
RFM_VECTOR static void grow(int k, int d, const double *position, const double *transposed, double *distance)
{
    for (int c = 0; c < k; c++)
        distance[c] = 0;
    for (int j = 0; j < d; j++) {
        const double *column = transposed + (size_t)j * (size_t)k;
        double x = position[j];
        for (int c = 0; c < k; c++) {
            double difference = x - column[c];
            distance[c] += difference * difference;
        }
    }
}

void rfm_definition_distances(int k, int d, const double *position, const double *transposed, double *distance)
{
    grow(k, d, position, transposed, distance);
}

int32_t rfm_definition_least(int k, const double *distance)
{
    int32_t label = 0;
    for (int32_t c = 1; c < k; c++)
        label = distance[c] < distance[label] ? c : label;
    return label;
}
