/* The digest: the same at any number of ranks and in any order of rows; another when anything of the result is. */
#include "sample_model.h"

enum { N = 50 };

typedef struct batch {
    rfm_frame frame;
    rfm_model model;
    int32_t labels[N];
} batch;

/* `reversed` turns the order of rows. */
static batch make_batch(rfm_id_kind kind, bool reversed)
{
    static const char *const names[] = {"a", "b, c"};
    batch b = {.model = sample_model()};
    size_t from, to;
    share_rows(N, &from, &to);
    const size_t n = to - from;
    b.frame = (rfm_frame){.n = n, .n_global = N, .d = SAMPLE_D, .has_ids = true};
    b.frame.ids = (rfm_ids){.kind = kind, .n = n, .hash = calloc(n + 1, sizeof(uint64_t))};
    b.frame.ids.number = kind == RFM_ID_INTEGER ? calloc(n + 1, sizeof(int64_t)) : NULL;
    b.frame.ids.offset = kind == RFM_ID_TEXT ? calloc(n + 1, sizeof(size_t)) : NULL;
    b.frame.ids.bytes = kind == RFM_ID_TEXT ? calloc(n + 1, 16) : NULL;
    b.frame.values = calloc(n * SAMPLE_D + 1, sizeof(double));
    b.frame.names = names_of(names, SAMPLE_D);
    b.frame.units = names_of(names, SAMPLE_D);
    for (size_t i = 0; i < n; i++) {
        const size_t row = reversed ? N - 1 - (from + i) : from + i;
        uint64_t seed = row;
        if (kind == RFM_ID_INTEGER)
            b.frame.ids.number[i] = (int64_t)row;
        else
            b.frame.ids.offset[i + 1] =
                b.frame.ids.offset[i] + (size_t)sprintf(b.frame.ids.bytes + b.frame.ids.offset[i], "id%zu", row);
        for (int j = 0; j < SAMPLE_D; j++)
            b.frame.values[i * SAMPLE_D + (size_t)j] = draw_unit(&seed);
        b.labels[i] = (int32_t)(row % SAMPLE_K);
    }
    return b;
}

static void free_batch(batch *b)
{
    rfm_frame_free(&b->frame);
    rfm_model_free(&b->model);
}

static rfm_digest digest_of(const batch *b)
{
    rfm_digest digest;
    rfm_error err = {0};
    rfm_digest_make(comm, &b->frame, &b->model, b->labels, &digest, &err);
    assert_fine(&err);
    return digest;
}

static bool is_zero(rfm_hash128 hash)
{
    return hash.low == 0 && hash.high == 0;
}

/* Recorded once; no number of ranks, compiler or machine may change them. */
static void the_digest_is_the_same_at_any_number_of_ranks(void **state)
{
    (void)state;
    static const rfm_hash128 recorded[] = {{0x7027be71e269021e, 0x88761af5d463b0c8},
                                           {0xcbb0613fa43a2062, 0x59ea390cdc075413}};
    for (int kind = RFM_ID_TEXT; kind <= RFM_ID_INTEGER; kind++) {
        batch b = make_batch((rfm_id_kind)kind, false);
        const rfm_digest digest = digest_of(&b);
        if (memcmp(&digest.whole, &recorded[kind], sizeof digest.whole) != 0)
            fail_msg("ids %d: {0x%016llx, 0x%016llx}", kind, (unsigned long long)digest.whole.low,
                     (unsigned long long)digest.whole.high);
        free_batch(&b);
    }
}

static void the_order_of_rows_does_not_matter(void **state)
{
    (void)state;
    batch a = make_batch(RFM_ID_TEXT, false), b = make_batch(RFM_ID_TEXT, true);
    const rfm_digest x = digest_of(&a), y = digest_of(&b);
    assert_memory_equal(&x, &y, sizeof x);
    free_batch(&a);
    free_batch(&b);
}

static void change_label(batch *b)
{
    if (b->frame.n > 0)
        b->labels[0] = (b->labels[0] + 1) % SAMPLE_K;
}

static void change_value(batch *b)
{
    if (b->frame.n > 0)
        b->frame.values[1] += 0x1p-50;
}

static void change_feature_name(batch *b)
{
    b->frame.names[0][0] = 'z';
}

static void change_cut(batch *b)
{
    b->model.scaling.columns[0].steps[1].high += 1;
}

static void change_centroid(batch *b)
{
    b->model.centroids[0] += 0x1p-50;
}

static void change_name(batch *b)
{
    b->model.names[0][0] = 'z';
}

static void change_segment_id(batch *b)
{
    b->model.segment_ids[2]++;
}

enum { CUSTOMERS = 1, FEATURES = 2, SCALING = 4, CENTROIDS = 8, NAMES = 16 };

static int difference(const rfm_digest *a, const rfm_digest *b)
{
    const size_t size = sizeof a->whole;
    return (memcmp(&a->customers, &b->customers, size) ? CUSTOMERS : 0) |
           (memcmp(&a->features, &b->features, size) ? FEATURES : 0) |
           (memcmp(&a->scaling, &b->scaling, size) ? SCALING : 0) |
           (memcmp(&a->centroids, &b->centroids, size) ? CENTROIDS : 0) |
           (memcmp(&a->names, &b->names, size) ? NAMES : 0);
}

static void every_part_of_a_result_counts(void **state)
{
    (void)state;
    static const struct {
        void (*change)(batch *b);
        int parts;
    } cases[] = {{change_label, CUSTOMERS},
                 {change_value, FEATURES},
                 {change_feature_name, FEATURES},
                 {change_cut, SCALING},
                 {change_centroid, CENTROIDS},
                 {change_name, NAMES},
                 {change_segment_id, CUSTOMERS | NAMES}};
    batch whole = make_batch(RFM_ID_INTEGER, false);
    const rfm_digest before = digest_of(&whole);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        batch b = make_batch(RFM_ID_INTEGER, false);
        cases[i].change(&b);
        const rfm_digest after = digest_of(&b);
        assert_int_equal(difference(&before, &after), cases[i].parts);
        assert_memory_not_equal(&before.whole, &after.whole, sizeof before.whole);
        free_batch(&b);
    }
    free_batch(&whole);
}

static void where_and_when_do_not_count(void **state)
{
    (void)state;
    batch a = make_batch(RFM_ID_TEXT, false), b = make_batch(RFM_ID_TEXT, false);
    b.model.seed = 5;
    b.model.as_of.us = 7;
    b.model.timezone[0] = 'X';
    b.model.trace[0] = 1;
    const rfm_digest x = digest_of(&a), y = digest_of(&b);
    assert_memory_equal(&x, &y, sizeof x);
    free_batch(&a);
    free_batch(&b);
}

static void without_a_model_only_features_count(void **state)
{
    (void)state;
    batch b = make_batch(RFM_ID_TEXT, false);
    rfm_digest digest;
    rfm_error err = {0};
    const rfm_digest all = digest_of(&b);
    rfm_digest_make(comm, &b.frame, NULL, NULL, &digest, &err);
    assert_fine(&err);
    assert_true(is_zero(digest.customers) && is_zero(digest.scaling) && is_zero(digest.centroids) &&
                is_zero(digest.names) && !is_zero(digest.whole));
    assert_memory_equal(&digest.features, &all.features, sizeof all.features);
    free_batch(&b);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_digest_is_the_same_at_any_number_of_ranks),
        cmocka_unit_test(the_order_of_rows_does_not_matter),
        cmocka_unit_test(every_part_of_a_result_counts),
        cmocka_unit_test(where_and_when_do_not_count),
        cmocka_unit_test(without_a_model_only_features_count),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
