/* revenue: how much of what all customers brought in each segment did; an exact sum, whatever the ranks. */
#include "batch.h"

#include <math.h>
#include <string.h>

/* The feature that says what a customer brought in; -1: none does. */
static int find_monetary(const rfm_frame *frame)
{
    for (int j = 0; j < frame->d; j++)
        if (strcmp(frame->names[j], "monetary") == 0)
            return j;
    return -1;
}

static double largest_of(rfm_comm *comm, const rfm_frame *frame, int column)
{
    double largest = 0;
    for (size_t i = 0; i < frame->n; i++)
        largest = fmax(largest, fabs(frame->values[i * (size_t)frame->d + (size_t)column]));
    rfm_comm_reduce_f64(comm, RFM_MAX, &largest, 1);
    return largest;
}

/* Weighted rows count as often as they weigh. */
static void sum_up(const rfm_batch *batch, int column, int exponent, rfm_i128 *sums)
{
    const rfm_frame *frame = &batch->frame;
    for (size_t i = 0; i < frame->n; i++) {
        const double value = frame->values[i * (size_t)frame->d + (size_t)column];
        const int64_t weight = frame->weights.units ? frame->weights.units[i] : 1;
        sums[batch->labels[i]] += weight * rfm_quantum_round(value, exponent);
    }
}

static bool divide(const rfm_i128 *sums, int k, double *shares)
{
    rfm_i128 all = 0;
    for (int c = 0; c < k; c++)
        all += sums[c];
    for (int c = 0; c < k; c++)
        shares[c] = all > 0 ? rfm_i128_to_double(sums[c]) / rfm_i128_to_double(all) : 0;
    return all > 0;
}

rfm_status measure_revenue(const rfm_batch *batch, double **shares, rfm_error *err)
{
    const int column = find_monetary(&batch->frame), k = batch->model.k;
    *shares = NULL;
    if (column < 0)
        return RFM_OK;
    rfm_i128 *sums = rfm_alloc((size_t)k, sizeof *sums, err);
    double *made = rfm_alloc((size_t)k, sizeof *made, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK) {
        sum_up(batch, column, rfm_quantum_exponent(largest_of(batch->comm, &batch->frame, column)), sums);
        rfm_comm_sum_i128(batch->comm, sums, (size_t)k);
        if (divide(sums, k, made)) {
            *shares = made;
            made = NULL;
        }
    }
    free(sums);
    free(made);
    return err->status;
}
