/* revenue: what the customers of each segment brought in, in all; exact sums, whatever the ranks. */
#include "batch.h"

#include <math.h>
#include <string.h>

/* Of other units than amounts of money there is no revenue to sum: an amount for each order, say. */
static bool is_amount(const rfm_frame *frame, int column)
{
    const char *unit = frame->units ? frame->units[column] : NULL;
    return !unit || *unit == '\0' || strcmp(unit, "amount") == 0;
}

/* The one that is scored; without scores, the one that would be. */
int revenue_column(const rfm_batch *batch)
{
    const rfm_frame *frame = &batch->frame;
    const char *name = rfm_config_string(batch->config, "scores.monetary");
    int column = batch->model.scores.bins > 0 ? batch->model.scores.columns[RFM_MONETARY] : 0;
    while (batch->model.scores.bins == 0 && column < frame->d && strcmp(frame->names[column], name) != 0)
        column++;
    return column < frame->d && is_amount(frame, column) ? column : -1;
}

int column_exponent(const rfm_batch *batch, int column)
{
    const rfm_frame *frame = &batch->frame;
    double largest = 0;
    for (size_t i = 0; i < frame->n; i++)
        largest = fmax(largest, fabs(frame->values[i * (size_t)frame->d + (size_t)column]));
    rfm_comm_reduce_f64(batch->comm, RFM_MAX, &largest, 1);
    return rfm_quantum_exponent(largest);
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

static void tell(const rfm_batch *batch, const rfm_i128 *sums, int exponent, rfm_revenue *revenue)
{
    const double unit = batch->frame.weights.unit > 0 ? batch->frame.weights.unit : 1;
    rfm_i128 all = 0;
    for (int c = 0; c < batch->model.k; c++)
        all += sums[c];
    for (int c = 0; c < batch->model.k; c++) {
        revenue->sums[c] = rfm_quantum_value(sums[c], exponent) * unit;
        revenue->shares[c] = all > 0 ? rfm_i128_to_double(sums[c]) / rfm_i128_to_double(all) : NAN;
    }
}

void revenue_free(rfm_revenue *revenue)
{
    free(revenue->sums);
    free(revenue->shares);
    *revenue = (rfm_revenue){.column = -1};
}

rfm_status revenue_measure(const rfm_batch *batch, rfm_revenue *revenue, rfm_error *err)
{
    const size_t k = (size_t)batch->model.k;
    *revenue = (rfm_revenue){.column = revenue_column(batch)};
    if (revenue->column < 0)
        return RFM_OK;
    rfm_i128 *sums = rfm_alloc(k, sizeof *sums, err);
    revenue->sums = rfm_alloc(k, sizeof *revenue->sums, err);
    revenue->shares = rfm_alloc(k, sizeof *revenue->shares, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK) {
        const int exponent = column_exponent(batch, revenue->column);
        sum_up(batch, revenue->column, exponent, sums);
        rfm_comm_sum_i128(batch->comm, sums, k);
        tell(batch, sums, exponent, revenue);
    }
    free(sums);
    return err->status;
}
