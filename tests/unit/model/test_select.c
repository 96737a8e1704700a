/* Words of a statement: whatever they hold, each stays one token that means the same; what cannot be said is refused.
 */
#include "sample_model.h"

/* The statement over a table of the model's features. */
static rfm_status print(const rfm_model *model, const char *table, const char *customer, rfm_text *sql, rfm_error *err)
{
    const rfm_select_request request = {.table = table, .customer = customer};
    *sql = (rfm_text){0};
    *err = (rfm_error){0};
    return rfm_select_print(model, &request, sql, err);
}

static void expect_in(const rfm_model *model, const char *table, const char *customer, const char *expected)
{
    rfm_text sql;
    rfm_error err;
    print(model, table, customer, &sql, &err);
    assert_fine(&err);
    if (!strstr(sql.bytes, expected))
        fail_msg("%s is not in\n%s", expected, sql.bytes);
    rfm_text_free(&sql);
}

static void texts_stay_one_token(void **state)
{
    (void)state;
    static const char *const texts[][2] = {{"", "(1, 0, '')"},
                                           {"Can't lose", "(1, 0, 'Can''t lose')"},
                                           {"'; DROP TABLE T; --", "(1, 0, '''; DROP TABLE T; --')"},
                                           {"back\\slash\\", "(1, 0, 'back\\\\slash\\\\')"},
                                           {"Gr\xC3\xB6\xC3\x9F\x65", "(1, 0, 'Gr\xC3\xB6\xC3\x9F\x65')"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        rfm_model model = sample_model();
        free(model.names[1]);
        model.names[1] = strdup(texts[i][0]);
        expect_in(&model, "t", "c", texts[i][1]);
        rfm_model_free(&model);
    }
}

static void names_as_people_write_them(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"user_id", "\"USER_ID\""},
                                           {"_a$9", "\"_A$9\""},
                                           {"9a", "\"9a\""},
                                           {"Unit Price", "\"Unit Price\""},
                                           {"\"user_id\"", "\"user_id\""},
                                           {"\"a\"\"b\"", "\"a\"\"b\""},
                                           {"a\"b", "\"a\"\"b\""},
                                           {"\"a\"b\"", "\"\"\"a\"\"b\"\"\""},
                                           {"\"\"", "\"\"\"\"\"\""},
                                           {"\"open", "\"\"\"open\""}};
    rfm_model model = sample_model();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "    \"t\".%s AS \"id\",", cases[i][1]);
        expect_in(&model, "t", cases[i][0], expected);
    }
    expect_in(&model, "t", "c", "\"n\".\"f1\" AS \"A\",\n  \"n\".\"f2\" AS \"b, c\",\n");
    rfm_model_free(&model);
}

static void tables_have_up_to_three_names(void **state)
{
    (void)state;
    static const char *const good[][2] = {{"events", "FROM \"EVENTS\" AS"},
                                          {"raw.\"Events of 2019\"", "FROM \"RAW\".\"Events of 2019\" AS"},
                                          {"\"a.b\".public.\"c\"\"d\"", "FROM \"a.b\".\"PUBLIC\".\"c\"\"d\" AS"}};
    static const char *const bad[] = {"",       "a b", "a.b.c.d", "a..b",     "a.",      ".a",   "\"\"",
                                      "\"open", "a;b", "9a",      "a.\"",     "a.b c",   "a--b", "(a)",
                                      "\"a\"b", "a'b", "a.b.",    "\"a\".\"", "\xC3\xA9"};
    rfm_model model = sample_model();
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        expect_in(&model, good[i][0], "c", good[i][1]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rfm_text sql;
        rfm_error err;
        print(&model, bad[i], "c", &sql, &err);
        assert_failed(&err, RFM_USAGE, "--features: ");
        rfm_text_free(&sql);
    }
    rfm_model_free(&model);
}

/* The first centroid's second number, as it stands in the statement. */
static double read_back(const rfm_model *model)
{
    static const char before[] = "(\"p2\" - '", behind[] = "'::DOUBLE)";
    rfm_text sql;
    rfm_error err;
    char *end;
    print(model, "t", "c", &sql, &err);
    assert_fine(&err);
    const char *at = strstr(sql.bytes, before);
    assert_non_null(at);
    const double number = strtod(at + strlen(before), &end);
    assert_memory_equal(end, behind, strlen(behind));
    rfm_text_free(&sql);
    return number;
}

static void numbers_have_all_their_bits(void **state)
{
    (void)state;
    uint64_t draw = 7;
    rfm_model model = sample_model();
    for (int i = 0; i < 2000; i++) {
        draw = draw * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        memcpy(&model.centroids[1], &draw, sizeof draw);
        if (!(model.centroids[1] - model.centroids[1] == 0)) /* not finite */
            continue;
        const double back = read_back(&model);
        assert_memory_equal(&back, &model.centroids[1], sizeof back);
    }
    rfm_model_free(&model);
}

/* What the sample model's definitions are in the place of. */
static void print_with(const char *definitions, const rfm_rule *rule, rfm_text *sql, rfm_error *err)
{
    rfm_model model = sample_model();
    rfm_zone *zone = NULL;
    rfm_features *features = NULL;
    rfm_zone_open(model.timezone, &zone, err);
    rfm_features_restore(definitions, NULL, &features, err);
    assert_fine(err);
    const rfm_select_request request = {.table = "events",
                                        .customer = "c",
                                        .time = "t",
                                        .features = features,
                                        .zone = zone,
                                        .as_of = {.latest = true},
                                        .rules = rule,
                                        .n_rules = rule ? 1 : 0};
    rfm_select_print(&model, &request, sql, err);
    rfm_features_close(features);
    rfm_zone_close(zone);
    rfm_model_free(&model);
}

#define LIST "{decimals: 2, population: all, list: [{name: a, count: \"*\"}, {name: b, span: day%s}]}"

static void expect_rule(const char *number, const char *expected)
{
    const rfm_rule rule = {.kind = RFM_RULE_ABOVE, .column = "price", .text = number};
    char wanted[128], definitions[256];
    rfm_text sql = {0};
    rfm_error err = {0};
    snprintf(definitions, sizeof definitions, LIST, "");
    print_with(definitions, &rule, &sql, &err);
    assert_fine(&err);
    snprintf(wanted, sizeof wanted, "AND COALESCE(\"t\".\"PRICE\" > %s, FALSE)\n", expected);
    assert_non_null(strstr(sql.bytes, wanted));
    rfm_text_free(&sql);
}

static void rules_compare_with_exact_decimals(void **state)
{
    (void)state;
    expect_rule("100", "100");
    expect_rule("-0.50", "-0.5");
    expect_rule("1e3", "1000");
    expect_rule("12.000000001", "12.000000001");
    expect_rule("1e-9", "0.000000001");
    expect_rule("0", "0");
    expect_rule("123456789012345678", "123456789012345678");
    expect_rule("12345678901234567.8", "12345678901234567.8");
}

static void what_no_decimal_holds_is_refused_with_its_feature(void **state)
{
    (void)state;
    char definitions[256];
    rfm_text sql = {0};
    rfm_error err = {0};
    const rfm_rule rule = {.kind = RFM_RULE_BELOW, .column = "price", .text = "1e30"};
    snprintf(definitions, sizeof definitions, LIST, "");
    print_with(definitions, &rule, &sql, &err);
    assert_failed(&err, RFM_USAGE, "a rule on column 'price' compares with '1e30'");
    snprintf(definitions, sizeof definitions, LIST, ", where: {column: price, above: 1.2345678901}");
    print_with(definitions, NULL, &sql, &err);
    assert_failed(&err, RFM_USAGE, "feature 'b': a rule on column 'price' compares with '1.2345678901'");
    rfm_text_free(&sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_stay_one_token),
        cmocka_unit_test(names_as_people_write_them),
        cmocka_unit_test(tables_have_up_to_three_names),
        cmocka_unit_test(numbers_have_all_their_bits),
        cmocka_unit_test(rules_compare_with_exact_decimals),
        cmocka_unit_test(what_no_decimal_holds_is_refused_with_its_feature),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
