/* Names of segments: the built-in table, names and rules of a job, and that names are unique. */
#include "expect.h"

static const char *const RFM[] = {"recency_days", "frequency", "monetary"};

static char **name(const char *rules, int k, int d, const char *const *features, const double *centroids,
                   rfm_error *err)
{
    char **names = NULL;
    rfm_node node = {0};
    *err = (rfm_error){0};
    if (rules)
        node = parse_node(rules);
    rfm_segment_names(rules ? &node : NULL, k, d, features, centroids, &names, err);
    rfm_node_free(&node);
    return names;
}

static void expect_names(const char *rules, int k, int d, const char *const *features, const double *centroids,
                         const char *const *expected)
{
    rfm_error err;
    char **names = name(rules, k, d, features, centroids, &err);
    assert_fine(&err);
    for (int c = 0; c < k; c++) {
        assert_string_equal(names[c], expected[c]);
        free(names[c]);
    }
    free(names);
}

/* recency (days), frequency, monetary */
static const double NINE[] = {
    2,   50, 900, /* high high high */
    100, 60, 100, /* low high middle */
    40,  55, 120, /* middle high middle */
    3,   20, 110, /* high middle middle */
    4,   1,  5,   /* high low low */
    45,  22, 90,  /* middle middle middle */
    50,  25, 6,   /* middle middle low */
    200, 2,  800, /* low low high */
    300, 1,  4,   /* low low low */
};

static void centroids_are_named_by_their_thirds(void **state)
{
    (void)state;
    /* Thirds of monetary: 900 800 120 | 110 100 90 | 6 5 4: label 2 is high, so "Loyal" by frequency all the same. */
    static const char *const expected[] = {"Champions",          "At risk",     "Loyal",
                                           "Potential loyalist", "New",         "Need attention",
                                           "About to sleep",     "Hibernating", "Lost"};
    expect_names(NULL, 9, 3, RFM, NINE, expected);
}

static void one_and_two_clusters_have_names_too(void **state)
{
    (void)state;
    static const char *const one[] = {"All customers"};
    expect_names(NULL, 1, 3, RFM, NINE, one);
    static const char *const own[] = {"Everybody"};
    expect_names("[{name: VIP, monetary: high}, {name: Everybody}]", 1, 3, RFM, NINE, own);
    expect_names("[{name: VIP, monetary: high}]", 1, 3, RFM, NINE, one);
    static const char *const two[] = {"Champions", "Lost"};
    const double centroids[] = {1, 9, 9, 5, 1, 1};
    expect_names(NULL, 2, 3, RFM, centroids, two);
    /* Equal centroids are of one level. */
    static const char *const equal[] = {"Need attention", "Need attention 2", "Need attention 3"};
    const double same[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    expect_names(NULL, 3, 3, RFM, same, equal);
}

static void features_in_another_order_and_other_lists(void **state)
{
    (void)state;
    static const char *const shuffled[] = {"monetary", "x", "recency_days", "frequency"};
    static const char *const two[] = {"Champions", "Lost"};
    const double centroids[] = {9, 0, 1, 9, 1, 0, 5, 1};
    expect_names(NULL, 2, 4, shuffled, centroids, two);
    static const char *const other[] = {"a", "b", "monetary"};
    static const char *const numbered[] = {"Segment 1", "Segment 2"};
    expect_names(NULL, 2, 3, other, centroids, numbered);
}

static void a_job_names_its_segments(void **state)
{
    (void)state;
    static const char *const listed[] = {"Gold", "Gold 2", "Gold 3"};
    expect_names("[Gold, Gold, Gold]", 3, 3, RFM, NINE, listed);
    static const char *const taken[] = {"A 2", "A", "A 3"};
    expect_names("['A 2', A, A, left over]", 3, 3, RFM, NINE, taken);
    static const char *const ruled[] = {"VIP",     "Lapsed",         "Loyal",          "Potential loyalist",
                                        "New",     "Need attention", "About to sleep", "Lapsed 2",
                                        "Lapsed 3"};
    expect_names(
        "[{name: VIP, recency: high, monetary: [high, middle], frequency: high}, {name: Lapsed, recency: low}]", 9, 3,
        RFM, NINE, ruled);
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    static const char *const other[] = {"a", "b", "c"};
    static const char *const cases[][2] = {{"[A]", "job.yml:1:1: cluster.names: 1 names for 2 clusters"},
                                           {"A", "cluster.names: must be a list"},
                                           {"[]", "cluster.names: must be a list"},
                                           {"[A, [B]]", "a name is a text"},
                                           {"[A, \"B\\nC\"]", "one line of printable text"},
                                           {"[{recency: low}]", "a name is a text"},
                                           {"[{name: A, recency: lo}]", "a level is low, middle or high"},
                                           {"[{name: A, recncy: low}]", "the nearest is 'recency'"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rfm_error err;
        assert_null(name(cases[i][0], 2, 3, RFM, NINE, &err));
        assert_failed(&err, RFM_USAGE, cases[i][1]);
    }
    rfm_error err;
    assert_null(name("[{name: A}]", 2, 3, other, NINE, &err));
    assert_failed(&err, RFM_USAGE, "rules need the features recency_days, frequency and monetary");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(centroids_are_named_by_their_thirds),
        cmocka_unit_test(one_and_two_clusters_have_names_too),
        cmocka_unit_test(features_in_another_order_and_other_lists),
        cmocka_unit_test(a_job_names_its_segments),
        cmocka_unit_test(mistakes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
