/* plan: files -> shards and their ranks. Knows sizes, formats and costs; reads nothing.
 *
 *   1. lumps, which cannot be cut (compressed files, texts read whole, row groups), largest first, each to the rank
 *      that has the least
 *   2. the rest is poured on top, so that all ranks come to the same level
 *
 *      level ------------------------
 *             text | text | text |      <- cut anywhere, in the order of files, ranks in turn
 *             lump | lump |      |
 *             lump |      | lump |
 */
#include <stdlib.h>

#include "format.h"

typedef struct lump {
    rfm_shard shard;
    int64_t cost;
} lump;

typedef struct planner {
    const rfm_files *files;
    int n_ranks;
    int64_t *load;    /* [n_ranks] */
    int *heap;        /* [n_ranks] ranks, the least loaded first; of as loaded ones the first */
    int64_t total;    /* of all files */
    int64_t pourable; /* of those that may be cut anywhere */
    lump *lumps;
    size_t n_lumps, lumps_capacity;
    rfm_plan *plan;
    size_t capacity;
} planner;

/* ---- costs ------------------------------------------------------------------------------------------------------ */

enum { COST_OF_TEXT = 4 };

/* What shards of a file count: rows of columns, else bytes. */
static int64_t extent_of(const rfm_file *file)
{
    return rfm_format_traits_of(file->format)->columnar ? file->n_rows : file->size_bytes;
}

int64_t rfm_shard_cost(const rfm_files *files, const rfm_shard *shard)
{
    const rfm_file *file = &files->files[shard->file];
    const int64_t extent = extent_of(file);
    const rfm_i128 all = (rfm_i128)file->size_bytes * rfm_format_traits_of(file->format)->cost / COST_OF_TEXT;
    return extent > 0 ? (int64_t)(all * (shard->end - shard->begin) / extent) : 0;
}

static bool can_be_cut_anywhere(const rfm_file *file)
{
    const rfm_format_traits *traits = rfm_format_traits_of(file->format);
    return traits->columnar ? !file->cuts : !traits->codec && !file->whole;
}

/* ---- lumps ------------------------------------------------------------------------------------------------------ */

static rfm_status add_lump(planner *p, size_t file, int64_t begin, int64_t end, rfm_error *err)
{
    if (rfm_reserve(&p->lumps, &p->lumps_capacity, p->n_lumps + 1, sizeof *p->lumps, err) != RFM_OK)
        return err->status;
    lump *added = &p->lumps[p->n_lumps++];
    *added = (lump){.shard = {.file = file, .begin = begin, .end = end}};
    added->cost = rfm_shard_cost(p->files, &added->shard);
    return RFM_OK;
}

/* What is left to read between begin and end. */
static rfm_status add_gaps(planner *p, size_t file, rfm_interval range, rfm_error *err)
{
    rfm_interval gap;
    for (int64_t from = range.begin; rfm_file_gap(&p->files->files[file], from, &gap) && gap.begin < range.end;) {
        from = gap.end < range.end ? gap.end : range.end;
        if (add_lump(p, file, gap.begin, from, err) != RFM_OK)
            break;
    }
    return err->status;
}

static rfm_status add_lumps_of(planner *p, size_t index, rfm_error *err)
{
    const rfm_file *file = &p->files->files[index];
    const int64_t extent = extent_of(file);
    if (extent == 0)
        return RFM_OK;
    if (rfm_format_traits_of(file->format)->codec) /* whatever is left of it, all of it has to be decoded */
        return rfm_file_gap(file, 0, &(rfm_interval){0}) ? add_lump(p, index, 0, extent, err) : RFM_OK;
    if (!file->cuts)
        return add_gaps(p, index, (rfm_interval){0, extent}, err);
    for (size_t c = 0; c < file->n_cuts && err->status == RFM_OK; c++) {
        const int64_t end = c + 1 < file->n_cuts ? file->cuts[c + 1] : extent;
        add_gaps(p, index, (rfm_interval){file->cuts[c], end}, err);
    }
    return err->status;
}

static int64_t cost_of_gaps(const planner *p, size_t file)
{
    rfm_interval gap;
    int64_t cost = 0;
    for (int64_t from = 0; rfm_file_gap(&p->files->files[file], from, &gap); from = gap.end)
        cost += rfm_shard_cost(p->files, &(rfm_shard){.file = file, .begin = gap.begin, .end = gap.end});
    return cost;
}

static rfm_status measure(planner *p, rfm_error *err)
{
    for (size_t i = 0; i < p->files->n && err->status == RFM_OK; i++) {
        const rfm_file *file = &p->files->files[i];
        if (!can_be_cut_anywhere(file))
            add_lumps_of(p, i, err);
        else
            p->pourable += cost_of_gaps(p, i);
    }
    p->total += p->pourable;
    for (size_t i = 0; i < p->n_lumps; i++)
        p->total += p->lumps[i].cost;
    return err->status;
}

static int by_place(const void *a, const void *b)
{
    const rfm_shard *x = a, *y = b;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static int largest_first(const void *a, const void *b)
{
    const lump *x = a, *y = b;
    if (x->cost != y->cost)
        return x->cost > y->cost ? -1 : 1;
    return by_place(&x->shard, &y->shard);
}

static rfm_status add_shard(planner *p, rfm_shard shard, rfm_error *err)
{
    if (rfm_reserve(&p->plan->shards, &p->capacity, p->plan->n + 1, sizeof *p->plan->shards, err) == RFM_OK)
        p->plan->shards[p->plan->n++] = shard;
    return err->status;
}

static bool is_before(const planner *p, int a, int b)
{
    return p->load[a] != p->load[b] ? p->load[a] < p->load[b] : a < b;
}

/* The first rank of the heap has more to do than before. */
static void sink_first(const planner *p)
{
    const int n = p->n_ranks, first = p->heap[0];
    int at = 0;
    for (int child = 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && is_before(p, p->heap[child + 1], p->heap[child]))
            child++;
        if (!is_before(p, p->heap[child], first))
            break;
        p->heap[at] = p->heap[child];
        at = child;
    }
    p->heap[at] = first;
}

/* Alone it would keep its rank busy after all others are done. */
static bool is_to_be_relayed(const planner *p, const lump *big)
{
    const rfm_file *file = &p->files->files[big->shard.file];
    return p->n_ranks > 1 && rfm_format_traits_of(file->format)->codec && !file->whole &&
           big->cost > p->total / p->n_ranks;
}

static size_t count_relayed(const planner *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_lumps; i++)
        n += is_to_be_relayed(p, &p->lumps[i]);
    return n;
}

/* As all of a node help with those that are relayed, they load nobody, and their ranks lie as far apart as can be, so
 * that every node has its share of them. */
static rfm_status place_lumps(planner *p, rfm_error *err)
{
    if (p->n_lumps > 0)
        qsort(p->lumps, p->n_lumps, sizeof *p->lumps, largest_first);
    const size_t n_relayed = count_relayed(p);
    size_t next = 0;
    for (size_t i = 0; i < p->n_lumps && err->status == RFM_OK; i++) {
        rfm_shard shard = p->lumps[i].shard;
        shard.relayed = n_relayed > 0 && is_to_be_relayed(p, &p->lumps[i]);
        shard.rank = shard.relayed ? (int)(next++ * (size_t)p->n_ranks / n_relayed) : p->heap[0];
        if (!shard.relayed) {
            p->load[shard.rank] += p->lumps[i].cost;
            sink_first(p);
        }
        add_shard(p, shard, err);
    }
    return err->status;
}

/* ---- pouring ---------------------------------------------------------------------------------------------------- */

static int64_t room_below(const planner *p, int64_t level)
{
    rfm_i128 room = 0;
    for (int r = 0; r < p->n_ranks; r++)
        room += p->load[r] < level ? level - p->load[r] : 0;
    return room < INT64_MAX ? (int64_t)room : INT64_MAX;
}

/* The lowest level below which there is room for all that can be poured. */
static int64_t find_level(const planner *p)
{
    int64_t low = 0, high = INT64_MAX;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (room_below(p, middle) >= p->pourable)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* What a rank takes of what is left up to `end`, given its room, in the file's own units; at least one. */
static int64_t take(const planner *p, const rfm_shard *rest, int64_t room)
{
    const int64_t left = rest->end - rest->begin, cost = rfm_shard_cost(p->files, rest);
    rfm_assert(room > 0);
    if (cost <= room)
        return left;
    const int64_t part = (int64_t)((rfm_i128)left * room / cost);
    return part > 0 ? part : 1;
}

/* rest: what is left between two parts that are done. *rank: who is next. */
static rfm_status pour_gap(planner *p, rfm_shard rest, int64_t level, int *rank, rfm_error *err)
{
    while (rest.begin < rest.end) {
        while (*rank + 1 < p->n_ranks && p->load[*rank] >= level)
            ++*rank;
        const bool last = *rank + 1 == p->n_ranks;
        const int64_t n = take(p, &rest, last ? INT64_MAX : level - p->load[*rank]);
        rfm_shard shard = {.file = rest.file, .begin = rest.begin, .end = rest.begin + n, .rank = *rank};
        p->load[*rank] = shard.end < rest.end ? level : p->load[*rank] + rfm_shard_cost(p->files, &shard);
        if (add_shard(p, shard, err) != RFM_OK)
            return err->status;
        rest.begin += n;
    }
    return RFM_OK;
}

static rfm_status pour(planner *p, rfm_error *err)
{
    const int64_t level = find_level(p);
    int rank = 0;
    rfm_interval gap;
    for (size_t i = 0; i < p->files->n; i++) {
        const rfm_file *file = &p->files->files[i];
        for (int64_t from = 0; can_be_cut_anywhere(file) && rfm_file_gap(file, from, &gap); from = gap.end) {
            const rfm_shard rest = {.file = i, .begin = gap.begin, .end = gap.end};
            if (pour_gap(p, rest, level, &rank, err) != RFM_OK)
                return err->status;
        }
    }
    return RFM_OK;
}

rfm_status rfm_plan_make(const rfm_files *files, int n_ranks, rfm_plan *plan, rfm_error *err)
{
    *plan = (rfm_plan){0};
    planner p = {.files = files, .n_ranks = n_ranks, .plan = plan};
    p.load = rfm_alloc((size_t)n_ranks, sizeof *p.load, err);
    p.heap = rfm_alloc((size_t)n_ranks, sizeof *p.heap, err);
    for (int r = 0; p.heap && r < n_ranks; r++)
        p.heap[r] = r;
    if (p.load && p.heap && measure(&p, err) == RFM_OK && place_lumps(&p, err) == RFM_OK && pour(&p, err) == RFM_OK &&
        plan->n > 0)
        qsort(plan->shards, plan->n, sizeof *plan->shards, by_place);
    free(p.load);
    free(p.heap);
    free(p.lumps);
    if (err->status != RFM_OK)
        rfm_plan_free(plan);
    return err->status;
}

void rfm_plan_free(rfm_plan *plan)
{
    free(plan->shards);
    *plan = (rfm_plan){0};
}
