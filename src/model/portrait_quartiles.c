/* Quartiles of each segment, from all of its customers or a sample of them. The values of the samples come together,
 * some features at a time; each rank looks at the segments that are its own. */
#include "portrait.h"

#include <math.h>
#include <stdlib.h>

typedef struct weighed {
    double value;
    int64_t weight;
} weighed;

/* Those drawn: this rank's rows, and of all ranks, in rank order, where each goes when they are put together by slot.
 */
typedef struct drawn {
    size_t n_own, n;
    size_t *rows;      /* [n_own] */
    size_t *places;    /* [n] */
    size_t *begins;    /* [k + 1] of each slot */
    weighed *sorted;   /* [n] of one feature, by slot */
    double *quartiles; /* the portrait's */
} drawn;

/* ---- quartiles -------------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const weighed *x = a, *y = b;
    const int by_value = (x->value > y->value) - (x->value < y->value);
    return by_value ? by_value : (x->weight > y->weight) - (x->weight < y->weight);
}

static double middle_of(double a, double b, double c)
{
    const double low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* The parts of a stretch: below a value, equal to it, above it. */
typedef struct parts {
    size_t equal, above;
} parts;

static parts part_by(weighed *values, size_t from, size_t to, double pivot)
{
    size_t below = from, at = from;
    while (at < to) {
        const weighed one = values[at];
        if (one.value < pivot) {
            values[at++] = values[below];
            values[below++] = one;
        } else if (one.value > pivot) {
            values[at] = values[--to];
            values[to] = one;
        } else {
            at++;
        }
    }
    return (parts){below, to};
}

/* The value of that rank; the others change their places (Hoare 1961). */
static double select_value(weighed *values, size_t n, size_t rank)
{
    size_t from = 0, to = n;
    while (to - from > 1) {
        const double pivot = middle_of(values[from].value, values[from + (to - from) / 2].value, values[to - 1].value);
        const parts p = part_by(values, from, to, pivot);
        if (rank >= p.equal && rank < p.above)
            return pivot;
        from = rank < p.equal ? from : p.above;
        to = rank < p.equal ? p.equal : to;
    }
    return values[from].value;
}

/* Type 7 (Hyndman and Fan 1996). */
static double quantile(weighed *values, size_t n, double probability)
{
    const double at = (double)(n - 1) * probability;
    const size_t low = (size_t)at, high = low + 1 < n ? low + 1 : low;
    const double a = select_value(values, n, low), b = select_value(values, n, high);
    return a + (b - a) * (at - (double)low);
}

/* As rfm_quantiles has it: the mean over a window of one mean weight. */
static double quantile_by_weight(weighed *sorted, size_t n, double probability)
{
    double total = 0, passed = 0, sum = 0;
    qsort(sorted, n, sizeof *sorted, compare);
    for (size_t i = 0; i < n; i++)
        total += (double)sorted[i].weight;
    const double width = total / (double)n, from = (total - width) * probability, to = from + width;
    for (size_t i = 0; i < n && passed < to; i++) {
        const double end = passed + (double)sorted[i].weight;
        const double inside = (end < to ? end : to) - (passed > from ? passed : from);
        sum += inside > 0 ? inside / width * sorted[i].value : 0;
        passed = end;
    }
    return sum;
}

/* ---- who is drawn ----------------------------------------------------------------------------------------------- */

static rfm_status draw(const rfm_sitter *of, drawn *to, rfm_error *err)
{
    rfm_draw *draws = rfm_alloc((size_t)of->k, sizeof *draws, err);
    for (int c = 0; draws && c < of->model->k; c++)
        if (of->slot_of[c] < of->k)
            draws[of->slot_of[c]] = rfm_draw_of(RFM_DRAW_QUARTILES, RFM_PORTRAIT_QUARTILES, of->rows[c]);
    if (draws)
        rfm_draw_rows(of, draws, &to->rows, &to->n_own, err);
    free(draws);
    return rfm_comm_agree(of->comm, err);
}

/* Collective. One number of 8 bytes for each row drawn, of all ranks in rank order; the caller frees *all. */
static rfm_status gather(const rfm_sitter *of, const rfm_text *own, void **all, size_t *n, rfm_error *err)
{
    size_t *offsets = NULL;
    rfm_text_check(own, err);
    if (rfm_comm_agree(of->comm, err) == RFM_OK &&
        rfm_comm_allgather_bytes(of->comm, own->bytes, own->length, all, &offsets, err) == RFM_OK) {
        *n = offsets[rfm_comm_size(of->comm)] / sizeof(double);
    }
    free(offsets);
    return err->status;
}

/* A slot and a weight, of at most 24 bits, as one number. */
enum { WEIGHT_BITS = 32 };

/* Local. Each slot's rows end to end, in the order they have. */
static rfm_status arrange(const rfm_sitter *of, const int64_t *notes, drawn *to, rfm_error *err)
{
    const size_t k = (size_t)of->k;
    rfm_assert(notes != NULL);
    to->places = rfm_alloc(to->n, sizeof *to->places, err);
    to->begins = rfm_alloc(k + 1, sizeof *to->begins, err);
    to->sorted = rfm_alloc(to->n, sizeof *to->sorted, err);
    if (err->status != RFM_OK)
        return err->status;
    for (size_t i = 0; i < to->n; i++)
        to->begins[(notes[i] >> WEIGHT_BITS) + 1]++;
    for (size_t s = 0; s < k; s++)
        to->begins[s + 1] += to->begins[s];
    for (size_t i = 0; i < to->n; i++)
        to->places[i] = to->begins[notes[i] >> WEIGHT_BITS]++;
    for (size_t s = k; s > 0; s--)
        to->begins[s] = to->begins[s - 1];
    to->begins[0] = 0;
    return RFM_OK;
}

static void add_notes(const rfm_sitter *of, const drawn *own, rfm_text *notes)
{
    for (size_t i = 0; i < own->n_own; i++) {
        const size_t row = own->rows[i];
        const int64_t note = (int64_t)of->slot_of[of->labels[row]] << WEIGHT_BITS | rfm_sitter_weight(of, row);
        rfm_text_add(notes, &note, sizeof note);
    }
}

/* ---- group by group ----------------------------------------------------------------------------------------- */

/* Local. The quartiles of this rank's segments; the rest becomes infinite. */
static void find_own(const rfm_sitter *of, const drawn *all, size_t j)
{
    const size_t d = (size_t)of->d, ranks = (size_t)rfm_comm_size(of->comm), rank = (size_t)rfm_comm_rank(of->comm);
#pragma omp parallel for num_threads(of->threads) schedule(dynamic)
    for (size_t s = 0; s < (size_t)of->k; s++) {
        weighed *own = all->sorted + all->begins[s];
        const size_t n = all->begins[s + 1] - all->begins[s];
        for (int q = 0; q < 3; q++) {
            double *to = &all->quartiles[(s * d + j) * 3 + (size_t)q];
            *to = HUGE_VAL;
            if (s % ranks == rank && n > 0)
                *to = (of->frame->weights.units ? quantile_by_weight : quantile)(own, n, 0.25 * (q + 1));
        }
    }
}

/* Features whose values are on their way together: so many, or fewer with fewer values than so many. Every rank of a
 * node has them. */
enum { GROUP = 8, VALUES_MOST = 1 << 21 };

static size_t choose_group(size_t n)
{
    const size_t group = n > VALUES_MOST / GROUP ? VALUES_MOST / n : GROUP;
    return group > 0 ? group : 1;
}

/* Collective. Features j to j + n - 1; notes: what came of add_notes, of all ranks. */
static rfm_status find_group(const rfm_sitter *of, const drawn *all, const int64_t *notes, size_t first, size_t n,
                             rfm_error *err)
{
    rfm_text own = {0};
    void *values = NULL;
    size_t n_values = 0;
    for (size_t i = 0; i < all->n_own; i++)
        rfm_text_add(&own, of->frame->values + all->rows[i] * (size_t)of->frame->d + first, n * sizeof(double));
    if (gather(of, &own, &values, &n_values, err) == RFM_OK) {
        rfm_assert(values != NULL && notes != NULL && n_values == n * all->n);
        for (size_t j = 0; j < n; j++) {
            for (size_t i = 0; i < all->n; i++)
                all->sorted[all->places[i]] =
                    (weighed){((const double *)values)[i * n + j], notes[i] & ((INT64_C(1) << WEIGHT_BITS) - 1)};
            find_own(of, all, first + j);
        }
    }
    rfm_text_free(&own);
    free(values);
    return err->status;
}

/* Collective. What each row drawn is of, and in which order they are put together. */
static rfm_status bring_together(const rfm_sitter *of, drawn *all, void **notes, rfm_error *err)
{
    rfm_text own = {0};
    add_notes(of, all, &own);
    if (gather(of, &own, notes, &all->n, err) == RFM_OK)
        arrange(of, *notes, all, err);
    rfm_text_free(&own);
    return rfm_comm_agree(of->comm, err);
}

rfm_status rfm_portrait_quartiles(const rfm_sitter *of, rfm_portrait *portrait, rfm_error *err)
{
    const size_t d = (size_t)of->d, n = (size_t)of->k * d * 3;
    double *quartiles = portrait->quartiles;
    drawn all = {.quartiles = quartiles};
    void *notes = NULL;
    if (draw(of, &all, err) == RFM_OK && bring_together(of, &all, &notes, err) == RFM_OK) {
        rfm_assert(all.places != NULL && all.begins != NULL && all.sorted != NULL);
        const size_t group = choose_group(all.n);
        for (size_t j = 0; err->status == RFM_OK && j < d; j += group)
            find_group(of, &all, notes, j, d - j < group ? d - j : group, err);
    }
    if (err->status == RFM_OK)
        rfm_comm_reduce_f64(of->comm, RFM_MIN, quartiles, n);
    for (size_t i = 0; err->status == RFM_OK && i < n; i++)
        quartiles[i] = isfinite(quartiles[i]) ? quartiles[i] : NAN;
    free(notes);
    free(all.rows);
    free(all.places);
    free(all.begins);
    free(all.sorted);
    return err->status;
}
