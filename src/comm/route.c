/* route: who sends to whom where data goes from every rank to every other.
 *
 * A message for each pair of ranks is fine for some hundreds of them. Beyond, ranks are taken as groups of neighbours,
 * about as many groups as each has members, and what is for a rank goes to a member of its group first, and from there
 * within the group. So a rank has to do with about twice the root of the number of ranks, and not with all.
 *
 *   - Group h of m has the ranks from floor(h * n / m) on; sizes differ by one at most.
 *   - The i-th of a group sends to the i-th of every other. A group that has no i-th then is one short: its first takes
 *     it, in a step of its own.
 *
 * Knows nothing of what is sent.
 */
#include <stdlib.h>

#include "ranks.h"

size_t rfm_groups(int n_ranks)
{
    const size_t n = (size_t)n_ranks;
    size_t root = n;
    if (n_ranks <= rfm_ranks_most_direct)
        return n;
    for (size_t next = (n + 1) / 2; next < root; next = (root + n / root) / 2) /* Newton, from above */
        root = next;
    return root * root < n ? root + 1 : root;
}

size_t rfm_group_first(int n_ranks, size_t group)
{
    return group * (size_t)n_ranks / rfm_groups(n_ranks);
}

size_t rfm_group_size(int n_ranks, size_t group)
{
    return rfm_group_first(n_ranks, group + 1) - rfm_group_first(n_ranks, group);
}

size_t rfm_group_of(int n_ranks, int rank)
{
    return (((size_t)rank + 1) * rfm_groups(n_ranks) - 1) / (size_t)n_ranks;
}

/* Where a rank stands. */
typedef struct place {
    int n_ranks;
    size_t n_groups, group, size, index; /* of its group, and within it */
} place;

static place place_of(const rfm_comm *comm)
{
    place at = {.n_ranks = comm->size, .n_groups = rfm_groups(comm->size)};
    at.group = rfm_group_of(comm->size, comm->rank);
    at.size = rfm_group_size(comm->size, at.group);
    at.index = (size_t)comm->rank - rfm_group_first(comm->size, at.group);
    return at;
}

static rfm_status open_route(size_t n_steps, rfm_route *route, rfm_error *err)
{
    *route = (rfm_route){.n_steps = n_steps};
    route->steps = rfm_alloc(n_steps, sizeof *route->steps, err);
    return err->status;
}

/* The step in which i-th sends to i-th. */
static rfm_hop step_across(const place *at, size_t to, size_t from)
{
    rfm_hop step = {RFM_NO_RANK, RFM_NO_RANK, to};
    if (at->index < rfm_group_size(at->n_ranks, to))
        step.to = (int)(rfm_group_first(at->n_ranks, to) + at->index);
    if (at->index < rfm_group_size(at->n_ranks, from))
        step.from = (int)(rfm_group_first(at->n_ranks, from) + at->index);
    return step;
}

/* The step in which the last of a group sends to the first of one that is smaller. */
static rfm_hop step_for_last(const place *at, size_t to, size_t from)
{
    rfm_hop step = {RFM_NO_RANK, RFM_NO_RANK, to};
    if (at->index >= rfm_group_size(at->n_ranks, to))
        step.to = (int)rfm_group_first(at->n_ranks, to);
    if (at->index == 0 && rfm_group_size(at->n_ranks, from) > at->size)
        step.from = (int)(rfm_group_first(at->n_ranks, from) + at->size);
    return step;
}

rfm_status rfm_route_to_groups(const rfm_comm *comm, rfm_route *route, rfm_error *err)
{
    const place at = place_of(comm);
    const bool even = (size_t)at.n_ranks % at.n_groups == 0;
    if (open_route(at.n_groups * (even ? 1 : 2), route, err))
        return err->status;
    route->n_targets = at.n_groups;
    for (size_t s = 0, i = 0; s < at.n_groups; s++) {
        const size_t to = (at.group + s) % at.n_groups, from = (at.group + at.n_groups - s) % at.n_groups;
        route->steps[i++] = step_across(&at, to, from);
        if (!even)
            route->steps[i++] = step_for_last(&at, to, from);
    }
    return RFM_OK;
}

rfm_status rfm_route_within_group(const rfm_comm *comm, rfm_route *route, rfm_error *err)
{
    const place at = place_of(comm);
    const size_t first = (size_t)comm->rank - at.index;
    if (open_route(at.size, route, err))
        return err->status;
    route->n_targets = at.size;
    for (size_t s = 0; s < at.size; s++) {
        const size_t to = (at.index + s) % at.size, from = (at.index + at.size - s) % at.size;
        route->steps[s] = (rfm_hop){(int)(first + to), (int)(first + from), to};
    }
    return RFM_OK;
}

void rfm_route_free(rfm_route *route)
{
    free(route->steps);
    *route = (rfm_route){0};
}
