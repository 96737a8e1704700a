/* The assigner that does not look at rows whose label cannot have changed.
 *
 * When a row has been looked at, the nearest centroid is nearer than any other by a gap. Centroids move by known
 * distances; while what its own and the fastest of the others have moved together stays below the gap, the row keeps
 * its label (Hamerly, SDM 2010). Instead of lowering each row's bound in every iteration, the movements are summed up
 * for each label, and a row remembers at which sum it is due (tile.h): a row that is not costs two loads.
 *
 * With many centroids, rows that are due are looked at label by label, against the neighbours of their old centroid a
 * alone: a centroid farther from a than twice the row's distance to a is farther from the row than a (Newling and
 * Fleuret, ICML 2016). How near those that were not looked at can be limits the gap.
 *
 * All of it is in the filter's units; what the filter does not decide, the definition decides, and is looked at again
 * in the next iteration. The first look is at all rows and all centroids. */
#include "dense.h"
#include "neighbours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_PER_LINE = 16, FETCHED_WORDS = 128, AHEAD = 2 * RFM_TILE_ROWS };
enum {
    APART = 8,
    MANY_MOVES = 10,
    WORTH_A_LIST = 4,
    FEW_CENTROIDS = 24,
    ROWS_PER_LABEL = 128,
    LEAST_ROWS = 1 << 13,
    MOST_ROWS = 1 << 17
};

typedef struct bounds {
    rfm_filter filter;
    const rfm_tiles *tiles;
    const rfm_dense *dense;
    void *state; /* of dense */
    rfm_dense_room found;
    rfm_tile_room room;
    rfm_neighbours neighbours;
    int threads;
    size_t n, stride;
    bool knows, dates, counts_on_neighbours;
    size_t *n_moves;    /* [threads] of the last pass, a cache line apart */
    float *due;         /* [n] */
    double *previous;   /* [k * d] centroids of the last pass */
    double *moved;      /* [k] the sums of movements */
    float *before, *at; /* [k] the same, rounded down and up */
    float margin;
    uint32_t *sifted; /* [threads][2][stride]: rows that are due, and the same by label */
    uint32_t *ends;   /* [threads][k + 1] */
} bounds;

static void close_bounds(void *state)
{
    bounds *self = state;
    if (!self)
        return;
    if (self->dense)
        self->dense->close(self->state);
    rfm_filter_close(&self->filter);
    rfm_neighbours_close(&self->neighbours);
    free(self->room.bytes);
    free(self->n_moves);
    free(self->due);
    free(self->previous);
    free(self->moved);
    free(self->before);
    free(self->at);
    rfm_dense_room_close(&self->found);
    free(self->sifted);
    free(self->ends);
    free(self);
}

static rfm_status allocate(bounds *self, const rfm_assignment *assignment, rfm_error *err)
{
    size_t k = (size_t)assignment->k, d = (size_t)assignment->grid->d, threads = (size_t)assignment->threads;
    self->n_moves = rfm_alloc(threads, APART * sizeof *self->n_moves, err);
    self->due = rfm_alloc(assignment->n, sizeof *self->due, err);
    self->previous = rfm_alloc(k, d * sizeof *self->previous, err);
    self->moved = rfm_alloc(k, sizeof *self->moved, err);
    self->before = rfm_alloc(k + RFM_TILE_ROWS, sizeof *self->before, err);
    self->at = rfm_alloc(k + RFM_TILE_ROWS, sizeof *self->at, err);
    self->sifted = rfm_alloc(threads, 2 * self->stride * sizeof *self->sifted, err);
    self->ends = rfm_alloc(threads, (k + 17) * sizeof *self->ends, err);
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
        rfm_neighbours_open(&self->neighbours, assignment->threads, assignment->k, err)) {
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

/* ---- movements -------------------------------------------------------------------------------------------------- */

/* At most, in the filter's units. */
static double measure_move(const bounds *self, const double *centroids, size_t c)
{
    const size_t d = (size_t)self->filter.d;
    double square = 0;
    for (size_t j = 0; j < d; j++) {
        double difference = ldexp(centroids[c * d + j] - self->previous[c * d + j], self->filter.scale);
        square += difference * difference;
    }
    return sqrt(square) * (1 + 1e-9) + 0x1p-500;
}

static void sum_moves(bounds *self, int k, const double *centroids)
{
    double fastest = 0, next = 0;
    int first = -1;
    for (int c = 0; c < k; c++) {
        double move = measure_move(self, centroids, (size_t)c);
        if (move > fastest) {
            next = fastest;
            fastest = move;
            first = c;
        } else if (move > next) {
            next = move;
        }
    }
    for (int c = 0; c < k; c++)
        self->moved[c] += measure_move(self, centroids, (size_t)c) + (c == first ? next : fastest);
}

/* While labels change in numbers, nearly all rows are due in the next pass anyway. */
static bool is_worth_dating(bounds *self, bool fresh)
{
    size_t n = 0;
    for (size_t t = 0; t < (size_t)self->threads; t++) {
        n += self->n_moves[t * APART];
        self->n_moves[t * APART] = 0;
    }
    return !fresh && n < self->n / MANY_MOVES;
}

static void begin_bounds(void *state, int k, const double *centroids, bool fresh)
{
    bounds *self = state;
    const bool same = !fresh && k == self->filter.k && self->filter.serves;
    if (same)
        sum_moves(self, k, centroids);
    rfm_filter_begin(&self->filter, k, centroids);
    self->knows = same && self->dates && self->filter.serves;
    self->dates = is_worth_dating(self, fresh) || self->knows;
    for (int c = 0; c < k; c++) {
        if (!self->knows)
            self->moved[c] = 0;
        self->before[c] = (float)self->moved[c] * (1 - 0x1p-22F);
        self->at[c] = (float)self->moved[c] * (1 + 0x1p-22F);
    }
    memcpy(self->previous, centroids, (size_t)k * (size_t)self->filter.d * sizeof *centroids);
    self->counts_on_neighbours = k > FEW_CENTROIDS;
    if (self->knows && self->counts_on_neighbours)
        rfm_neighbours_find(&self->neighbours, &self->filter, self->threads);
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

static int32_t settle(const bounds *self, const rfm_block *block, size_t i)
{
    return rfm_filter_settle(&self->filter, block->thread, block->index + i * (size_t)self->filter.d);
}

/* Where labels go, and what is said of those that change. */
typedef struct answer {
    int32_t *labels;
    rfm_moves *moves;
} answer;

static void look_at_part(bounds *self, const rfm_block *part, size_t first, const answer *to)
{
    const rfm_found found = rfm_dense_found(&self->found, part->thread);
    const rfm_reach reach = {.before = self->before, .margin = self->margin};
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
    const rfm_reach reach = {.before = self->before, .margin = self->margin};
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
}

/* ---- label by label --------------------------------------------------------------------------------------------- */

/* How many neighbours may be nearer to a row than its centroid, at this distance at most; -1: others may be too. */
static int count_near(const rfm_neighbours *neighbours, int32_t c, float distance)
{
    const float *to = rfm_neighbours_distance(neighbours, c);
    int n = 0;
    while (n < neighbours->n && to[n] <= 2 * distance)
        n++;
    return n == neighbours->n && to[n] <= 2 * distance ? -1 : n;
}

static void look_around(bounds *self, const rfm_block *block, int32_t c, const uint32_t *rows, size_t n,
                        const answer *to)
{
    const rfm_filter *filter = &self->filter;
    const rfm_neighbours *neighbours = &self->neighbours;
    rfm_tile *tile = rfm_tile_of(&self->room, block->thread);
    float *x = rfm_tile_rows(tile);
    const rfm_found found = rfm_tile_found(tile);
    float apart[RFM_TILE_ROWS], most = 0;
    rfm_reach reach = {.before = self->before, .margin = self->margin};
    self->tiles->load(filter, block->index, rows, n, x);
    self->tiles->start(filter, x, tile);
    self->tiles->look(filter, &c, 1, tile);
    self->tiles->measure(filter, &found, RFM_TILE_ROWS, apart);
    for (size_t l = 0; l < RFM_TILE_ROWS; l++)
        most = apart[l] > most ? apart[l] : most;
    int near = count_near(neighbours, c, most + self->margin);
    if (near < 0) {
        self->tiles->start(filter, x, tile);
        self->tiles->look(filter, NULL, filter->k, tile);
    } else {
        self->tiles->look(filter, rfm_neighbours_of(neighbours, c), near, tile);
        reach.beyond = rfm_neighbours_distance(neighbours, c)[near];
        reach.apart = apart;
    }
    keep_tile(self, block, &reach, rows, n, tile, to);
}

/* rows, n of them, ordered by label into `ordered`; ends[c] is where those of label c end. */
static void order_by_label(const uint32_t *rows, size_t n, const int32_t *labels, int k, uint32_t *ends,
                           uint32_t *ordered)
{
    memset(ends, 0, ((size_t)k + 1) * sizeof *ends);
    for (size_t i = 0; i < n; i++)
        ends[labels[rows[i]] + 1]++;
    for (int c = 0; c < k; c++)
        ends[c + 1] += ends[c];
    for (size_t i = 0; i < n; i++)
        ordered[ends[labels[rows[i]]]++] = rows[i];
}

static void look_by_label(bounds *self, const rfm_block *block, const uint32_t *rows, size_t n, const answer *to)
{
    const size_t k = (size_t)self->filter.k;
    uint32_t *ordered = self->sifted + (2 * (size_t)block->thread + 1) * self->stride;
    uint32_t *ends = self->ends + (size_t)block->thread * (k + 17);
    order_by_label(rows, n, to->labels, self->filter.k, ends, ordered);
    for (size_t c = 0, first = 0; c < k; c++) {
        for (size_t some; first < ends[c]; first += some) {
            some = ends[c] - first < RFM_TILE_ROWS ? ends[c] - first : RFM_TILE_ROWS;
            fetch(self, block, ordered, first, n);
            look_around(self, block, (int32_t)c, ordered + first, some, to);
        }
    }
}

static void look_again(bounds *self, const rfm_block *block, const answer *to)
{
    uint32_t *rows = self->sifted + 2 * (size_t)block->thread * self->stride;
    size_t n = self->tiles->sift(self->due + block->first, to->labels, self->at, self->filter.k, block->n, rows);
    if (self->counts_on_neighbours)
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
