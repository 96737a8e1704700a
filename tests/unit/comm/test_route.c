/* Routes of any number of ranks: whoever sends meets who receives, in the same step, and nobody is left out. */
#include "session.h"

#include "ranks.h"

typedef rfm_status (*route_maker)(const rfm_comm *comm, rfm_route *route, rfm_error *err);

static rfm_route *make_routes(route_maker make, int n)
{
    rfm_error failed = {0};
    rfm_route *routes = calloc((size_t)n, sizeof *routes);
    assert_non_null(routes);
    for (int r = 0; r < n; r++) {
        const rfm_comm at = {.rank = r, .size = n};
        assert_int_equal(make(&at, &routes[r], &failed), RFM_OK);
    }
    return routes;
}

static void free_routes(rfm_route *routes, int n)
{
    for (int r = 0; r < n; r++)
        rfm_route_free(&routes[r]);
    free(routes);
}

/* Partners name each other, and themselves only both ways. */
static void check_partners(const rfm_route *routes, int n, int rank)
{
    for (size_t s = 0; s < routes[rank].n_steps; s++) {
        const rfm_hop *hop = &routes[rank].steps[s];
        assert_true((hop->to == rank) == (hop->from == rank));
        if (hop->to != RFM_NO_RANK) {
            assert_in_range(hop->to, 0, n - 1);
            assert_true(s < routes[hop->to].n_steps);
            assert_int_equal(routes[hop->to].steps[s].from, rank);
        }
        if (hop->from != RFM_NO_RANK)
            assert_int_equal(routes[hop->from].steps[s].to, rank);
    }
}

static void check_targets(const rfm_route *route)
{
    bool *met = calloc(route->n_targets, sizeof *met);
    size_t n_met = 0;
    assert_non_null(met);
    for (size_t s = 0; s < route->n_steps; s++) {
        if (route->steps[s].to == RFM_NO_RANK)
            continue;
        assert_in_range(route->steps[s].target, 0, route->n_targets - 1);
        assert_false(met[route->steps[s].target]);
        met[route->steps[s].target] = true;
        n_met++;
    }
    assert_int_equal(n_met, route->n_targets);
    free(met);
}

static void check_to_groups(int n)
{
    rfm_route *routes = make_routes(rfm_route_to_groups, n);
    const size_t n_groups = rfm_groups(n);
    for (int r = 0; r < n; r++) {
        assert_int_equal(routes[r].n_targets, n_groups);
        assert_true(routes[r].n_steps <= 2 * n_groups);
        check_partners(routes, n, r);
        check_targets(&routes[r]);
        for (size_t s = 0; s < routes[r].n_steps; s++)
            if (routes[r].steps[s].to != RFM_NO_RANK)
                assert_int_equal(rfm_group_of(n, routes[r].steps[s].to), routes[r].steps[s].target);
    }
    free_routes(routes, n);
}

static void check_within(int n)
{
    rfm_route *routes = make_routes(rfm_route_within_group, n);
    for (int r = 0; r < n; r++) {
        const size_t group = rfm_group_of(n, r);
        assert_int_equal(routes[r].n_targets, rfm_group_size(n, group));
        check_partners(routes, n, r);
        check_targets(&routes[r]);
        for (size_t s = 0; s < routes[r].n_steps; s++)
            assert_int_equal(routes[r].steps[s].to, (int)(rfm_group_first(n, group) + routes[r].steps[s].target));
    }
    free_routes(routes, n);
}

static const int sizes[] = {1, 2, 3, 4, 5, 7, 12, 64, 255, 256, 257, 258, 272, 289, 290, 509, 1000, 1024, 2047};

static void every_rank_reaches_a_member_of_every_group(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_to_groups(sizes[i]);
}

static void every_rank_reaches_every_member_of_its_group(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_within(sizes[i]);
}

static void groups_are_as_many_as_they_are_large(void **state)
{
    (void)state;
    assert_int_equal(rfm_groups(rfm_ranks_most_direct), rfm_ranks_most_direct);
    for (int n = rfm_ranks_most_direct + 1; n < 200000; n += 1 + n / 50) {
        const size_t groups = rfm_groups(n);
        assert_true(groups * groups >= (size_t)n && (groups - 1) * (groups - 1) < (size_t)n);
        assert_int_equal(rfm_group_first(n, groups), n);
        for (size_t g = 0; g < groups; g++) {
            assert_true(rfm_group_size(n, g) == (size_t)n / groups || rfm_group_size(n, g) == (size_t)n / groups + 1);
            assert_int_equal(rfm_group_of(n, (int)rfm_group_first(n, g)), g);
            assert_int_equal(rfm_group_of(n, (int)rfm_group_first(n, g + 1) - 1), g);
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rank_reaches_a_member_of_every_group),
        cmocka_unit_test(every_rank_reaches_every_member_of_its_group),
        cmocka_unit_test(groups_are_as_many_as_they_are_large),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
