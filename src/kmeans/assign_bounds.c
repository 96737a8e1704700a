/* The assigner that does not look at rows whose label cannot have changed.
 *
 * When a row has been looked at, the nearest centroid is nearer than any other by a gap. Centroids move by known
 * distances; while what its own and the fastest of the others have moved together stays below the gap, the row keeps
 * its label (Hamerly, SDM 2010). Instead of lowering each row's bound in every iteration, the movements are summed up
 * for each label, and a row remembers at which sum it is due (tile.h): a row that is not costs two loads.
 *
 * With many centroids there is always a fast one. A row then remembers as well how far all centroids but its own are at
 * least, and rows that are due are looked at label by label, against the rivals of their centroid alone (rivals.h). How
 * near those that were not looked at can be limits the gap.
 *
 * All of it is in the filter's units; what the filter does not decide, the definition decides, and is looked at again
 * in the next iteration. The first look is at all rows and all centroids. */
#include "dense.h"
#include "drift.h"
#include "rivals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_PER_LINE = 16, FETCHED_WORDS = 128, AHEAD = 2 * RFM_TILE_ROWS };
enum {
    APART = 8,
    MANY_MOVES = 10,
    FEWER_MOVES = 4,
    GUESSED = 256,
    WORTH_A_LIST = 4,
    FEW_CENTROIDS = 256,
    ROWS_PER_LABEL = 256,
    LEAST_ROWS = 1 << 13,
    MOST_ROWS = 1 << 18
};

typedef struct bounds {
    rfm_filter filter;
    const rfm_tiles *tiles;
    const rfm_dense *dense;
    void *state; /* of dense */
    rfm_dense_room found;
    rfm_tile_room room;
    rfm_rivals rivals; /* with many centroids */
    rfm_drift drift;
    int threads;
    size_t n, stride, tables, ends_stride;
    bool knows, dates, by_label;
    size_t moves_most; /* bounds are kept when no more rows move */
    size_t *n_moves;   /* [threads] of the last pass, a cache line apart */
    size_t *looked;    /* [threads] pairs of a row and a centroid, likewise */
    float *due;        /* [n] */
    float *far;        /* [n] with many centroids, see rfm_reach */
    float margin;
    uint32_t *sifted; /* [threads][tables][stride]: rows that are due; with many centroids by label too, and keys */
    uint32_t *ends;   /* [threads][ends_stride] */
} bounds;

static void close_bounds(void *state)
{
    bounds *self = state;
    if (!self)
        return;
    if (self->dense)
        self->dense->close(self->state);
    rfm_filter_close(&self->filter);
    rfm_rivals_close(&self->rivals);
    rfm_drift_close(&self->drift);
    free(self->room.bytes);
    free(self->n_moves);
    free(self->looked);
    free(self->due);
    free(self->far);
    rfm_dense_room_close(&self->found);
    free(self->sifted);
    free(self->ends);
    free(self);
}

/* With many centroids rows are looked at label by label. */
static rfm_status allocate(bounds *self, const rfm_assignment *assignment, rfm_error *err)
{
    const size_t k = (size_t)assignment->k, threads = (size_t)assignment->threads;
    const bool many = k > FEW_CENTROIDS;
    self->n_moves = rfm_alloc(threads, APART * sizeof *self->n_moves, err);
    self->looked = rfm_alloc(threads, APART * sizeof *self->looked, err);
    self->due = rfm_alloc(assignment->n, sizeof *self->due, err);
    self->far = rfm_alloc(many ? assignment->n : 0, sizeof *self->far, err);
    self->tables = many ? 3 : 1;
    self->sifted = rfm_alloc(threads, self->tables * self->stride * sizeof *self->sifted, err);
    self->ends_stride = many ? k * RFM_RIVAL_GRADES + 17 : 0;
    self->ends = rfm_alloc(threads, self->ends_stride * sizeof *self->ends, err);
    if (many)
        rfm_rivals_open(&self->rivals, assignment, err);
    return err->status ? err->status : rfm_tile_room_open(&self->room, assignment->threads, assignment->grid->d, err);
}

static rfm_status open_bounds(const rfm_assignment *assignment, void **state, rfm_error *err)
{
    bounds *self = rfm_alloc(1, sizeof *self, err);
    *state = NULL;
    if (!self)
        return err->status;
    const int d = assignment->grid->d;
    rfm_assignment part = *assignment;
    self->n = assignment->n;
    self->stride = assignment->rows + RFM_TILE_ROWS;
    self->threads = assignment->threads;
    part.rows = rfm_dense_rows(d, assignment->k);
    self->dense = rfm_dense_choose(d, assignment->k);
    if (allocate(self, assignment, err) || rfm_filter_open(&self->filter, assignment, err) ||
        rfm_dense_room_open(&self->found, &part, err) ||
        self->dense->open(&self->filter, self->found.tiles, &part, &self->state, err) ||
        rfm_drift_open(&self->drift, d, assignment->k, self->filter.scale, err)) {
        close_bounds(self);
        return err->status;
    }
    /* The definition's rounding, of distances below 8 sqrt d; and its underflow: when one distance is farther than the
     * other by g, the squares are so by g^2 at least. */
    self->margin = (float)((d + 8) * 0x1p-50 * 8 * sqrt(d) + 2 * sqrt(self->filter.underflow));
    self->tiles = self->found.tiles;
    *state = self;
    return RFM_OK;
}

/* ---- whether bounds pay ----------------------------------------------------------------------------------------- */

static size_t take_count(const bounds *self, size_t *counts)
{
    size_t n = 0;
    for (size_t t = 0; t < (size_t)self->threads; t++) {
        n += counts[t * APART];
        counts[t * APART] = 0;
    }
    return n;
}

/* It is counted, not timed. With few centroids nearly all rows are due again while labels change in numbers, and bounds
 * that are kept from then on cost little. With many the last pass tells: when as much was looked at as there is, bounds
 * rest until fewer rows move. */
static bool is_worth_dating(bounds *self, int k, bool fresh)
{
    const size_t moves = take_count(self, self->n_moves), looked = take_count(self, self->looked);
    if (fresh)
        self->moves_most = self->by_label ? self->n : self->n / MANY_MOVES;
    const double all = (double)self->n * k;
    if (self->by_label && self->knows && !fresh && (double)looked >= all && all > 0) {
        self->moves_most = moves - moves / FEWER_MOVES;
        rfm_log(RFM_LOG_DEBUG, "k-means: bounds: looked at %.0f %% of rows x centroids, rest until %zu rows move",
                100 * (double)looked / all, self->moves_most);
    }
    return fresh ? self->by_label : moves <= self->moves_most;
}

static void begin_bounds(void *state, int k, const double *centroids, bool fresh)
{
    bounds *self = state;
    const bool same = !fresh && k == self->filter.k && self->filter.serves;
    if (same)
        rfm_drift_add(&self->drift, k, centroids);
    rfm_filter_begin(&self->filter, k, centroids);
    self->by_label = k > FEW_CENTROIDS;
    const bool dates = is_worth_dating(self, k, fresh);
    self->knows = same && self->dates && dates && self->filter.serves;
    self->dates = dates;
    rfm_drift_begin(&self->drift, k, centroids, self->knows);
    if (self->knows && self->by_label)
        rfm_rivals_begin(&self->rivals, &self->filter, self->drift.move);
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

static int32_t settle(const bounds *self, const rfm_block *block, size_t i)
{
    return rfm_filter_settle(&self->filter, block->thread, block->index + i * (size_t)self->filter.d);
}

static rfm_reach reach_of(const bounds *self, float *far)
{
    return (rfm_reach){
        .before = self->drift.gap_down, .margin = self->margin, .others = self->drift.other_down, .far = far};
}

static size_t *looked_of(const bounds *self, int thread)
{
    return self->looked + (size_t)thread * APART;
}

/* Where labels go, and what is said of those that change. */
typedef struct answer {
    int32_t *labels;
    rfm_moves *moves;
} answer;

static void look_at_part(bounds *self, const rfm_block *part, size_t first, const answer *to)
{
    const rfm_found found = rfm_dense_found(&self->found, part->thread);
    const rfm_reach reach = reach_of(self, self->by_label ? self->far + part->first : NULL);
    float *due = self->due + part->first;
    self->dense->find(self->state, part, &found);
    if (self->dates)
        self->tiles->date(&self->filter, &reach, &found, part->n, due);
    if (self->tiles->count_open(&self->filter, &found, part->n) > 0)
        for (size_t i = 0; i < part->n; i++)
            if (!rfm_filter_decides(&self->filter, &found, i))
                found.label[i] = settle(self, part, i);
    rfm_moves_find(self->tiles, to->labels + first, found.label, first, part->n, to->moves);
}

static void look_at_all(bounds *self, const rfm_block *block, const answer *to)
{
    *looked_of(self, block->thread) += block->n * (size_t)self->filter.k;
    for (size_t first = 0, n; first < block->n; first += n) {
        n = block->n - first < self->found.rows ? block->n - first : self->found.rows;
        const rfm_block part = {block->thread, block->first + first, n, block->index + first * (size_t)self->filter.d};
        look_at_part(self, &part, first, to);
    }
}

/* What a tile has found of the rows of these numbers. */
static void keep_tile(bounds *self, const rfm_block *block, const rfm_reach *reach, const uint32_t *rows, size_t n,
                      rfm_tile *tile, const answer *to)
{
    const rfm_found found = rfm_tile_found(tile);
    float *due = self->due + block->first;
    self->tiles->date(&self->filter, reach, &found, RFM_TILE_ROWS, tile->due);
    for (size_t l = 0; l < n; l++) {
        int32_t *label = &to->labels[rows[l]], before = *label;
        due[rows[l]] = tile->due[l];
        if (reach->far)
            self->far[block->first + rows[l]] = reach->far[l];
        *label = tile->due[l] < 0 ? settle(self, block, rows[l]) : tile->label[l];
        rfm_moves_keep(to->moves, rows[l], before, *label);
    }
}

/* The rows of the tile that comes a few tiles after this one; before the first, of all until then. They are anywhere in
 * memory, and the processor cannot guess where. */
static void fetch(const bounds *self, const rfm_block *block, const uint32_t *rows, size_t first, size_t n)
{
    const size_t d = (size_t)self->filter.d, words = d < FETCHED_WORDS ? d : FETCHED_WORDS;
    size_t end = first + AHEAD + RFM_TILE_ROWS < n ? first + AHEAD + RFM_TILE_ROWS : n;
    for (size_t l = first == 0 ? 0 : first + AHEAD; l < end; l++)
        for (size_t j = 0; j < words; j += WORDS_PER_LINE)
            __builtin_prefetch(block->index + rows[l] * d + j);
}

static void look_at_rows(bounds *self, const rfm_block *block, const uint32_t *rows, size_t n, const answer *to)
{
    const rfm_reach reach = reach_of(self, NULL);
    rfm_tile *tile = rfm_tile_of(&self->room, block->thread);
    float *x = rfm_tile_rows(tile);
    for (size_t first = 0; first < n; first += RFM_TILE_ROWS) {
        size_t some = n - first < RFM_TILE_ROWS ? n - first : RFM_TILE_ROWS;
        fetch(self, block, rows, first, n);
        self->tiles->load(&self->filter, block->index, rows + first, some, x);
        self->tiles->start(&self->filter, x, tile);
        self->tiles->look(&self->filter, NULL, self->filter.k, tile);
        keep_tile(self, block, &reach, rows + first, some, tile, to);
    }
    *looked_of(self, block->thread) += n * (size_t)self->filter.k;
}

/* ---- label by label --------------------------------------------------------------------------------------------- */

/* The tile's rows are of label c; nothing has been looked at. */
static void measure_company(bounds *self, const rfm_block *block, int32_t c, const uint32_t *rows, size_t n,
                            rfm_tile *tile, rfm_company *of)
{
    const rfm_found found = rfm_tile_found(tile);
    const float *far = self->far + block->first;
    of->step = self->drift.gap_up[c] - self->drift.gap_then[c];
    self->tiles->look(&self->filter, &c, 1, tile);
    self->tiles->measure(&self->filter, &found, RFM_TILE_ROWS, of->own);
    for (size_t l = 0; l < RFM_TILE_ROWS; l++)
        of->others[l] = far[rows[l < n ? l : n - 1]] - self->drift.other_then[c];
}

static void look_around(bounds *self, const rfm_block *block, rfm_around *around, const uint32_t *rows, size_t n,
                        const answer *to)
{
    const rfm_filter *filter = &self->filter;
    rfm_tile *tile = rfm_tile_of(&self->room, block->thread);
    float *x = rfm_tile_rows(tile), beyond[RFM_TILE_ROWS], far[RFM_TILE_ROWS];
    rfm_company of;
    rfm_reach reach = reach_of(self, far);
    const int measured = around->measured;
    self->tiles->load(filter, block->index, rows, n, x);
    self->tiles->start(filter, x, tile);
    measure_company(self, block, around->c, rows, n, tile, &of);
    const int near = rfm_rivals_list(&self->rivals, self->tiles, &of, self->margin, around);
    self->tiles->look(filter, around->list, near, tile);
    for (size_t l = 0; l < RFM_TILE_ROWS; l++) {
        const float still = of.others[l] - around->still, apart = around->radius - of.own[l];
        beyond[l] = ((around->still < 0 || apart < still ? apart : still) - self->margin) * (1 - 0x1p-21F);
    }
    reach.beyond = beyond;
    keep_tile(self, block, &reach, rows, n, tile, to);
    *looked_of(self, block->thread) += RFM_TILE_ROWS * ((size_t)near + 1) + (size_t)(around->measured - measured);
}

/* How far rows are from their centroids, from some of them: it only serves to sort. */
static float guess_usual(const bounds *self, const rfm_block *block, const uint32_t *rows, size_t n,
                         const int32_t *labels)
{
    const float *due = self->due + block->first, *far = self->far + block->first;
    float sum = 0, some = 0;
    for (size_t i = 0; i < n; i += 1 + n / GUESSED) {
        const int32_t c = labels[rows[i]];
        const float own = far[rows[i]] - self->drift.other_then[c] - (due[rows[i]] - self->drift.gap_then[c]);
        sum += own > 0 ? own : 0;
        some += own > 0;
    }
    return sum > 0 ? sum / some : 1;
}

static uint32_t *ends_of(const bounds *self, int thread)
{
    return self->ends + (size_t)thread * self->ends_stride;
}

/* rows, n of them, ordered by label and grade, behind them; ends: where those of each end. */
static const uint32_t *order_by_label(bounds *self, const rfm_block *block, uint32_t *rows, size_t n,
                                      const int32_t *labels)
{
    const size_t grades = (size_t)self->filter.k * RFM_RIVAL_GRADES;
    const float *due = self->due + block->first, *far = self->far + block->first;
    const float usual = guess_usual(self, block, rows, n, labels);
    uint32_t *ordered = rows + self->stride, *key = ordered + self->stride, *ends = ends_of(self, block->thread);
    memset(ends, 0, (grades + 1) * sizeof *ends);
    for (size_t i = 0; i < n; i++) {
        const int32_t c = labels[rows[i]];
        const float gap = due[rows[i]] - self->drift.gap_then[c], own = far[rows[i]] - self->drift.other_then[c] - gap;
        key[i] = (uint32_t)c * RFM_RIVAL_GRADES + rfm_rivals_grade(&self->rivals, own, gap, usual);
        ends[key[i] + 1]++;
    }
    for (size_t g = 0; g < grades; g++)
        ends[g + 1] += ends[g];
    for (size_t i = 0; i < n; i++)
        ordered[ends[key[i]]++] = rows[i];
    return ordered;
}

static void look_by_label(bounds *self, const rfm_block *block, uint32_t *rows, size_t n, const answer *to)
{
    const uint32_t *ordered = order_by_label(self, block, rows, n, to->labels), *ends = ends_of(self, block->thread);
    for (size_t c = 0, first = 0; c < (size_t)self->filter.k; c++) {
        const size_t end = ends[(c + 1) * RFM_RIVAL_GRADES - 1];
        rfm_around around = rfm_rivals_around(&self->rivals, &self->filter, block->thread, (int32_t)c);
        for (size_t some; first < end; first += some) {
            some = end - first < RFM_TILE_ROWS ? end - first : RFM_TILE_ROWS;
            fetch(self, block, ordered, first, n);
            look_around(self, block, &around, ordered + first, some, to);
        }
    }
}

static void look_again(bounds *self, const rfm_block *block, const answer *to)
{
    uint32_t *rows = self->sifted + self->tables * (size_t)block->thread * self->stride;
    size_t n =
        self->tiles->sift(self->due + block->first, to->labels, self->drift.gap_up, self->filter.k, block->n, rows);
    if (self->by_label)
        look_by_label(self, block, rows, n, to);
    else if (n > block->n / WORTH_A_LIST)
        look_at_all(self, block, to);
    else
        look_at_rows(self, block, rows, n, to);
}

static void assign_bounds(void *state, const rfm_block *block, int32_t *labels, rfm_moves *moves)
{
    bounds *self = state;
    const answer to = {labels, moves};
    moves->n = 0;
    for (size_t i = 0; !self->filter.serves && i < block->n; i++) {
        const int32_t before = labels[i];
        labels[i] = settle(self, block, i);
        rfm_moves_keep(moves, i, before, labels[i]);
    }
    if (self->filter.serves && self->knows)
        look_again(self, block, &to);
    else if (self->filter.serves)
        look_at_all(self, block, &to);
    self->n_moves[(size_t)block->thread * APART] += moves->n;
}

/* So many that what is due of a block is worth fetching ahead; with many centroids, enough of each label to fill tiles.
 */
static size_t choose_rows(int d, int k)
{
    size_t rows = rfm_dense_rows(d, k), wanted = k > FEW_CENTROIDS ? (size_t)k * ROWS_PER_LABEL : LEAST_ROWS;
    return wanted < rows ? rows : wanted < MOST_ROWS ? wanted : MOST_ROWS;
}

const rfm_assigner rfm_assigner_bounds = {"bounds",     choose_rows,   open_bounds,
                                          begin_bounds, assign_bounds, close_bounds};
