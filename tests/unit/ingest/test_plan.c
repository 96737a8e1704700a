/* Files to shards: everything is read once, cut only where it may be, and shared out evenly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rfmpi/ingest.h"

static int64_t total_of(const rfm_file *file)
{
    return file->cuts ? file->n_rows : file->size_bytes;
}

static void assert_may_be_cut_at(const rfm_file *file, int64_t at)
{
    size_t c = 0;
    if (file->whole || file->format != RFM_FORMAT_TEXT)
        assert_true(at == 0 || at == total_of(file));
    while (file->cuts && c < file->n_cuts && file->cuts[c] != at)
        c++;
    assert_true(!file->cuts || c < file->n_cuts || at == file->n_rows);
}

/* Every byte once, in order, and files cut only where they may be. */
static void check_cover(const rfm_files *files, const rfm_plan *plan, int n_ranks)
{
    size_t file = 0;
    int64_t at = 0;
    for (size_t i = 0; i < plan->n; i++) {
        const rfm_shard *shard = &plan->shards[i];
        while (at == total_of(&files->files[file])) {
            file++;
            at = 0;
        }
        assert_int_equal(shard->file, file);
        assert_int_equal(shard->begin, at);
        assert_true(shard->end > at);
        assert_in_range(shard->rank, 0, n_ranks - 1);
        at = shard->end;
        assert_may_be_cut_at(&files->files[file], at);
    }
    while (file < files->n && at == total_of(&files->files[file])) {
        file++;
        at = 0;
    }
    assert_int_equal(file, files->n);
}

static void check_plan(const rfm_files *files, int n_ranks)
{
    rfm_error err = {0};
    rfm_plan plan;
    int64_t all = 0, largest = 0, load[16] = {0};
    assert_int_equal(rfm_plan_make(files, n_ranks, &plan, &err), RFM_OK);
    check_cover(files, &plan, n_ranks);
    for (size_t i = 0; i < plan.n; i++) {
        const rfm_shard *shard = &plan.shards[i];
        const rfm_file *file = &files->files[shard->file];
        const int64_t cost = rfm_shard_cost(files, shard);
        assert_true(!shard->relayed || (file->format != RFM_FORMAT_TEXT && !file->whole));
        if (shard->relayed)
            continue;
        all += cost;
        load[shard->rank] += cost;
        if ((file->whole || file->format != RFM_FORMAT_TEXT) && cost > largest)
            largest = cost;
    }
    for (int r = 0; r < n_ranks; r++) /* what any list scheduling promises */
        assert_true(load[r] <= all / n_ranks + 1 + largest);
    rfm_plan_free(&plan);
}

static void a_plan_shares_everything_out_once_and_evenly(void **unused)
{
    (void)unused;
    uint64_t state = 42;
    for (int i = 0; i < 3000; i++) {
        rfm_file some[6];
        rfm_files files = {some, (size_t)i % 7};
        for (size_t f = 0; f < files.n; f++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            some[f] = (rfm_file){.path = "x",
                                 .size_bytes = (int64_t)(state >> 40) % (i % 3 ? 1000 : 5),
                                 .whole = state >> 37 & 1,
                                 .format = state >> 34 & 3 ? RFM_FORMAT_TEXT : RFM_FORMAT_GZIP};
        }
        for (int n_ranks = 1; n_ranks <= 9; n_ranks++)
            check_plan(&files, n_ranks);
    }
}

static void an_even_plan_needs_no_more_than_a_shard_a_rank_and_file(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    rfm_plan plan;
    rfm_file some[] = {{.path = "a", .size_bytes = INT64_C(4000000000000000000)},
                       {.path = "b", .size_bytes = 100, .whole = true}};
    const rfm_files files = {some, 2};
    assert_int_equal(rfm_plan_make(&files, 4, &plan, &err), RFM_OK);
    assert_int_equal(plan.n, 5);
    assert_int_equal(plan.shards[0].end, INT64_C(999999999999999925)); /* this rank also has b */
    assert_int_equal(plan.shards[1].end, INT64_C(1999999999999999950));
    for (int i = 0; i < 4; i++)
        assert_int_equal(plan.shards[i].rank, i);
    assert_int_equal(plan.shards[4].rank, 0);
    rfm_plan_free(&plan);
}

static void what_is_compressed_is_relayed_only_where_it_would_keep_one_rank_busy_alone(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    rfm_plan plan;
    rfm_file some[] = {{.path = "big", .size_bytes = 1000, .format = RFM_FORMAT_GZIP},
                       {.path = "one", .size_bytes = 400, .format = RFM_FORMAT_GZIP},
                       {.path = "two", .size_bytes = 400, .format = RFM_FORMAT_ZSTD}};
    const rfm_files files = {some, 3};
    assert_int_equal(rfm_plan_make(&files, 2, &plan, &err), RFM_OK);
    assert_int_equal(plan.n, 3);
    assert_true(plan.shards[0].relayed);
    assert_false(plan.shards[1].relayed);
    assert_false(plan.shards[2].relayed);
    assert_int_not_equal(plan.shards[1].rank, plan.shards[2].rank);
    rfm_plan_free(&plan);
    some[0].whole = true; /* quoted line ends: nobody else may parse it */
    assert_int_equal(rfm_plan_make(&files, 2, &plan, &err), RFM_OK);
    assert_false(plan.shards[0].relayed);
    rfm_plan_free(&plan);
    assert_int_equal(rfm_plan_make(&files, 1, &plan, &err), RFM_OK);
    assert_false(plan.shards[0].relayed);
    rfm_plan_free(&plan);
}

/* All of a node parse what one of its ranks decodes: files on neighbours would leave other nodes idle. */
static void relayed_files_lie_apart(void **unused)
{
    (void)unused;
    enum { FILES = 8, RANKS = 1024 };
    rfm_error err = {0};
    rfm_plan plan;
    rfm_file some[FILES];
    for (int i = 0; i < FILES; i++)
        some[i] = (rfm_file){.path = "big", .size_bytes = 1000000 + i, .format = RFM_FORMAT_GZIP};
    const rfm_files files = {some, FILES};
    assert_int_equal(rfm_plan_make(&files, RANKS, &plan, &err), RFM_OK);
    bool taken[FILES] = {false};
    for (size_t i = 0; i < plan.n; i++) {
        assert_true(plan.shards[i].relayed);
        assert_int_equal(plan.shards[i].rank % (RANKS / FILES), 0);
        assert_false(taken[plan.shards[i].rank / (RANKS / FILES)]);
        taken[plan.shards[i].rank / (RANKS / FILES)] = true;
    }
    rfm_plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_shares_everything_out_once_and_evenly),
        cmocka_unit_test(an_even_plan_needs_no_more_than_a_shard_a_rank_and_file),
        cmocka_unit_test(what_is_compressed_is_relayed_only_where_it_would_keep_one_rank_busy_alone),
        cmocka_unit_test(relayed_files_lie_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
