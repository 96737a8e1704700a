/* plan: files -> shards of about equal bytes, a rank's shards side by side. Knows sizes only.
 *
 *   all files end to end   [ file 0 ........ | file 1 (whole) .. | file 2 ......... ]
 *   cut into n_ranks       [ rank 0    |  rank 1    |  rank 2    |  rank 3          ]
 *
 * A cut through a file that must stay whole moves to its nearer end: the file goes to the rank its
 * middle falls into.
 */
#include <stdlib.h>

#include "rfmpi/ingest.h"

typedef struct planner {
    int64_t total_bytes;
    int n_ranks;
    int rank; /* that reads what is added now */
    size_t capacity;
} planner;

/* Where rank r's bytes begin. */
static int64_t cut_before(const planner *p, int rank)
{
    return (int64_t)((rfm_i128)p->total_bytes * rank / p->n_ranks);
}

static void go_on_to(planner *p, rfm_plan *plan, int rank)
{
    while (p->rank < rank)
        plan->first[++p->rank] = plan->n;
}

static rfm_status add_shard(planner *p, rfm_plan *plan, rfm_shard shard, rfm_error *err)
{
    if (rfm_reserve(&plan->shards, &p->capacity, plan->n + 1, sizeof *plan->shards, err) != RFM_OK)
        return err->status;
    plan->shards[plan->n++] = shard;
    return RFM_OK;
}

/* The rank in whose bytes a position lies. */
static int find_rank(const planner *p, int64_t position)
{
    int rank = p->rank;
    while (rank + 1 < p->n_ranks && cut_before(p, rank + 1) <= position)
        rank++;
    return rank;
}

static rfm_status add_whole(planner *p, rfm_plan *plan, size_t file, int64_t from, int64_t size, rfm_error *err)
{
    go_on_to(p, plan, find_rank(p, from + size / 2));
    return add_shard(p, plan, (rfm_shard){file, 0, size}, err);
}

static rfm_status add_pieces(planner *p, rfm_plan *plan, size_t file, int64_t from, int64_t size, rfm_error *err)
{
    for (int64_t begin = 0; begin < size;) {
        go_on_to(p, plan, find_rank(p, from + begin));
        int64_t end = size;
        if (p->rank + 1 < p->n_ranks && cut_before(p, p->rank + 1) < from + size)
            end = cut_before(p, p->rank + 1) - from;
        if (add_shard(p, plan, (rfm_shard){file, begin, end}, err) != RFM_OK)
            return err->status;
        begin = end;
    }
    return RFM_OK;
}

rfm_status rfm_plan_make(const rfm_files *files, int n_ranks, rfm_plan *plan, rfm_error *err)
{
    planner p = {.n_ranks = n_ranks};
    *plan = (rfm_plan){0};
    for (size_t i = 0; i < files->n; i++)
        p.total_bytes += files->files[i].size_bytes;
    plan->first = rfm_alloc((size_t)n_ranks + 1, sizeof *plan->first, err);
    if (!plan->first)
        return err->status;
    int64_t from = 0;
    for (size_t i = 0; i < files->n; i++) {
        const int64_t size = files->files[i].size_bytes;
        if (size > 0 && files->files[i].whole)
            add_whole(&p, plan, i, from, size, err);
        else
            add_pieces(&p, plan, i, from, size, err);
        if (err->status != RFM_OK)
            break;
        from += size;
    }
    go_on_to(&p, plan, n_ranks);
    if (err->status != RFM_OK)
        rfm_plan_free(plan);
    return err->status;
}

void rfm_plan_free(rfm_plan *plan)
{
    free(plan->shards);
    free(plan->first);
    *plan = (rfm_plan){0};
}
