/* The feature language: what is understood, what is refused and how that is said, and what a list needs of the events.
 */
#include "expect.h"

static const rfm_roles ALL = {.event = "event_type",
                              .session = "user_session",
                              .order = "user_session",
                              .product = "product_id",
                              .category = "category_id",
                              .amount = {"price"},
                              .n_amount = 1,
                              .decimals = 4};

static rfm_features *parse(const char *list, const char *population, const rfm_roles *roles, rfm_error *err)
{
    rfm_node l = parse_node(list), p = {0};
    rfm_features *features = NULL;
    *err = (rfm_error){0};
    if (population)
        p = parse_node(population);
    rfm_features_parse(&l, population ? &p : NULL, roles, &features, err);
    rfm_node_free(&l);
    rfm_node_free(&p);
    return features;
}

static rfm_features *must_parse(const char *list, const char *population, const rfm_roles *roles)
{
    rfm_error err;
    rfm_features *features = parse(list, population, roles, &err);
    assert_fine(&err);
    return features;
}

static void expect_refused(const char *list, const char *words)
{
    rfm_error err;
    assert_null(parse(list, NULL, &ALL, &err));
    assert_failed(&err, RFM_USAGE, words);
}

static void expect_names(const rfm_features *features, const char *names)
{
    rfm_text text = {0};
    for (int i = 0; i < rfm_features_n(features); i++)
        rfm_text_addf(&text, "%s%s", i ? " " : "", rfm_features_name(features, i));
    assert_string_equal(text.bytes, names);
    rfm_text_free(&text);
}

static void expect_aggregates(const rfm_features *features, const char *const *names, int n)
{
    int got;
    const rfm_aggregate *aggregates = rfm_features_aggregates(features, &got);
    assert_int_equal(got, n);
    for (int i = 0; i < n; i++)
        assert_string_equal(aggregates[i].name, names[i]);
}

static void rfm_needs_four_aggregates_of_one_condition(void **state)
{
    (void)state;
    rfm_features *features = must_parse("rfm", NULL, &ALL);
    expect_names(features, "recency_days frequency monetary");
    const char *const names[] = {
        "last where events(event_type): [purchase]", "distinct(user_session) where events(event_type): [purchase]",
        "sum(price) decimals 4 where events(event_type): [purchase]", "count where events(event_type): [purchase]"};
    expect_aggregates(features, names, 4);
    assert_string_equal(rfm_features_unit(features, 0), "days");
    assert_string_equal(rfm_features_unit(features, 1), "orders");
    assert_string_equal(rfm_features_unit(features, 2), "amount");
    const rfm_transform *transforms;
    assert_int_equal(rfm_features_transforms(features, 2, &transforms), 2);
    assert_int_equal(transforms[1].kind, RFM_TRANSFORM_CLIP);
    assert_true(transforms[1].quantiles[0] == 0.01 && transforms[1].quantiles[1] == 0.99);
    rfm_input input = {0};
    rfm_features_input(features, &input);
    assert_int_equal(input.n_predicates, 1);
    assert_int_equal(input.n_numbers, 1);
    assert_int_equal(input.n_hashes, 1);
    assert_string_equal(input.predicates[0].events[0], "purchase");
    rfm_features_close(features);
}

static void ready_lists_leave_out_what_no_column_is_mapped_to(void **state)
{
    (void)state;
    rfm_features *features = must_parse("rfm-behaviour", NULL, &ALL);
    expect_names(features,
                 "recency_days frequency monetary views carts removes sessions active_days products categories "
                 "tenure_days idle_days mean_gap_days conversion average_order");
    assert_string_equal(rfm_features_unit(features, 13), "orders/sessions");
    assert_string_equal(rfm_features_unit(features, 14), "amount/orders");
    rfm_features_close(features);

    const rfm_roles none = {.decimals = 2};
    features = must_parse("rfm-behaviour", NULL, &none);
    expect_names(features, "recency_days frequency active_days tenure_days idle_days mean_gap_days conversion");
    assert_string_equal(rfm_features_unit(features, 1), "events");
    assert_string_equal(rfm_features_unit(features, 6), "events/days");
    rfm_features_close(features);
}

static void equal_things_are_asked_for_once(void **state)
{
    (void)state;
    rfm_features *features = must_parse(
        "[{name: a, mean: amount, where: {event: [view, cart], rows: [{column: x, above: 0}]}},"
        " {name: b, sum: price, where: {event: [cart, view, cart], column: x, above: 0}},"
        " {name: c, count: price, where: {rows: [{column: x, above: 0}], event: [view, cart]}},"
        " {name: d, span: day}, {name: e, since_first: hour}, {name: f, distinct: session}, {name: g, distinct: order},"
        " {name: h, distinct: user_session}]",
        NULL, &ALL);
    const char *const names[] = {"sum(price) decimals 4 where events(event_type): [cart, view]; x above \"0\"",
                                 "count(price) decimals 4 where events(event_type): [cart, view]; x above \"0\"",
                                 "first", "last", "distinct(user_session)"};
    expect_aggregates(features, names, 5);
    rfm_features_close(features);
}

static void windows_are_kept_by_day(void **state)
{
    (void)state;
    rfm_features *features =
        must_parse("[{name: a, count: \"*\", where: {last: 30d}}, {name: b, distinct: product, where: {last: 7d}},"
                   " {name: c, distinct: day, where: {last: 7d}}, {name: d, count: \"*\", where: {last: 7d}},"
                   " {name: e, share: {weekdays: [sat, sun], hours: [0, \"22-1\"]}}]",
                   NULL, &ALL);
    const char *const names[] = {"count by day", "distinct(product_id) by day", "distinct days", "count",
                                 "count where hours c00003; weekdays 60"};
    expect_aggregates(features, names, 5);
    rfm_input input = {0};
    rfm_features_input(features, &input);
    assert_int_equal(input.predicates[1].hours, 1U << 22 | 1U << 23 | 1U | 1U << 1);
    assert_int_equal(input.predicates[1].weekdays, 0x60);
    rfm_features_close(features);
}

static void products_of_two_columns_carry_their_decimals(void **state)
{
    (void)state;
    const rfm_roles roles = {.amount = {"Quantity", "Unit Price"}, .n_amount = 2, .decimals = 3};
    rfm_features *features = must_parse("[{name: m, sum: amount}]", "all", &roles);
    const char *const names[] = {"sum(Quantity * \"Unit Price\") decimals 6"};
    expect_aggregates(features, names, 1);
    rfm_features_close(features);
}

static void mistakes_are_refused_with_place_and_remedy(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"rfm-behavior", "job.yml:1:1: features.list: 'rfm-behavior' is no ready list; the nearest is 'rfm-behaviour'"},
        {"[]", "job.yml:1:1: features.list: must be"},
        {"{name: a, count: x}", "features.list: must be"},
        {"[x]", "job.yml:1:2: an entry of features.list is a map"},
        {"[{count: \"*\"}]", "job.yml:1:2: a feature needs a name"},
        {"[{name: a, count: \"*\"}, {name: a, count: \"*\"}]", "two features are named 'a'"},
        {"[{name: \"a\\nb\", count: \"*\"}]", "printable"},
        {"[{name: segment, count: \"*\"}]", "named 'segment' would stand beside the column of that name"},
        {"[{name: Share, count: \"*\"}]", "named 'Share' would stand beside the column of that name"},
        {"[{name: a}]", "feature 'a': a verb is missing"},
        {"[{name: a, count: \"*\", sum: amount}]", "'count' and 'sum': an entry has one verb"},
        {"[{name: a, cuont: \"*\"}]", "job.yml:1:12: unknown key 'cuont'; the nearest is 'count'"},
        {"[{name: a, count: [x]}]", "feature 'a': count: must be one word"},
        {"[{name: a, since_last: month}]", "the unit must be one of second, hour, day, week"},
        {"[{name: a, since_last: day, where: {last: 30d}}]", "since_last: knows no window"},
        {"[{name: a, span: day, where: {last: 30d}}]", "span: knows no window"},
        {"[{name: a, mean_gap: day, where: {last: 30d}}]", "mean_gap: knows no window"},
        {"[{name: a, mean_gap: month}]", "mean_gap: must be one of event, day, week"},
        {"[{name: a, count: \"*\", where: {last: 4w}}]", "last: must be whole calendar days, like 30d; other units"},
        {"[{name: a, count: \"*\", where: {last: 0d}}]", "last: must be from 1d"},
        {"[{name: a, count: \"*\", where: {last: 30}}]", "last: must be whole calendar days"},
        {"[{name: a, count: \"*\", where: {evnt: x}}]", "unknown key 'evnt'; the nearest is 'event'"},
        {"[{name: a, count: \"*\", where: {above: 3}}]", "a rule names its column"},
        {"[{name: a, count: \"*\", where: {column: x}}]", "a rule on column 'x' says one of equal"},
        {"[{name: a, count: \"*\", where: {column: x, above: y}}]", "above: must be a number, not 'y'"},
        {"[{name: a, count: \"*\", where: {event: []}}]", "event: must be a name"},
        {"[{name: a, sum: amount, never: span}]", "'never: span' is for times"},
        {"[{name: a, sum: amount, never: x}]", "never: must be a number"},
        {"[{name: a, sum: amount, transform: [sqr]}]", "a transform is log1p, sqrt"},
        {"[{name: a, sum: amount, transform: [{clip: [0.9, 0.1]}]}]", "the lower first"},
        {"[{name: a, sum: amount, transform: [{clip: 3}]}]", "clip: must be two quantiles"},
        {"[{name: a, share: {hours: [24]}}]", "hours are 0 to 23"},
        {"[{name: a, share: {weekdays: [saturday]}}]", "weekdays are mon"},
        {"[{name: a, share: {}}]", "a share names"},
        {"[{name: a, ratio: [b, c]}]", "ratio: 'b' is no feature of this list"},
        {"[{name: b, count: \"*\"}, {name: a, ratio: [b, a]}]", "that is not a ratio itself"},
        {"[{name: a, ratio: b}]", "ratio: must be two features"},
        {"[{name: b, count: \"*\"}, {name: a, ratio: [b, b], where: {event: x}}]", "ratio: takes no where"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_refused(cases[i][0], cases[i][1]);
}

static void a_column_that_is_not_mapped_is_named(void **state)
{
    (void)state;
    const rfm_roles none = {.decimals = 2};
    static const char *const cases[][2] = {
        {"[{name: a, sum: amount}]", "set input.columns.amount"},
        {"[{name: a, distinct: order}]", "set input.columns.order"},
        {"[{name: a, count: \"*\", where: {event: view}}]", "map input.columns.event"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rfm_error err;
        assert_null(parse(cases[i][0], NULL, &none, &err));
        assert_failed(&err, RFM_USAGE, cases[i][1]);
    }
    rfm_features_close(must_parse("[{name: a, count: \"*\", where: {event: purchase}}]", NULL, &none));
}

static void populations_are_conditions(void **state)
{
    (void)state;
    rfm_error err;
    rfm_features *features = must_parse("[{name: a, span: day}]", "{event: [x, y], column: c, not: 0}", &ALL);
    const char *const names[] = {"first", "last", "count where events(event_type): [x, y]; c not \"0\""};
    expect_aggregates(features, names, 3);
    rfm_features_close(features);
    assert_null(parse("rfm", "{last: 3d}", &ALL, &err));
    assert_failed(&err, RFM_USAGE, "job.yml:1:2: features.population: knows no window");
    assert_null(parse("rfm", "everybody", &ALL, &err));
    assert_failed(&err, RFM_USAGE, "features.population: must be all");
}

static void limits_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *entry, *words;
        int n;
    } cases[] = {{"{name: f%d, count: \"*\", where: {event: e%d}}", "more than 64 different conditions", 65},
                 {"{name: f%d, sum: c%d}", "more than 32 different numbers", 33},
                 {"{name: f%d, distinct: c%d}", "more than 32 columns", 33},
                 {"{name: f%d, sum: amount, never: %d}", "more than 256 features", 257}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rfm_text text = {0};
        for (int j = 0; j < cases[i].n; j++) {
            rfm_text_adds(&text, j == 0 ? "[" : ", ");
            char entry[128];
            char *at = entry;
            for (const char *c = cases[i].entry; *c; c++) {
                if (c[0] == '%')
                    at += sprintf(at, "%d", j), c++;
                else
                    *at++ = *c;
            }
            *at = '\0';
            rfm_text_adds(&text, entry);
        }
        rfm_text_adds(&text, "]");
        expect_refused(text.bytes, cases[i].words);
        rfm_text_free(&text);
    }
}

static void expect_same_features(const rfm_features *a, const rfm_features *b)
{
    int n, m;
    const rfm_aggregate *x = rfm_features_aggregates(a, &n), *y = rfm_features_aggregates(b, &m);
    assert_int_equal(n, m);
    for (int i = 0; i < n; i++)
        assert_string_equal(x[i].name, y[i].name);
    assert_int_equal(rfm_features_n(a), rfm_features_n(b));
    for (int i = 0; i < rfm_features_n(a); i++) {
        assert_string_equal(rfm_features_name(a, i), rfm_features_name(b, i));
        assert_string_equal(rfm_features_unit(a, i), rfm_features_unit(b, i));
    }
}

static void definitions_read_back(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "rfm", "rfm-behaviour",
        "[{name: 'a: b', share: {hours: [\"18-23\"]}, where: {column: \"Größe, m\", equal: \"8\"}, never: 0.5}]"};
    for (size_t i = 0; i < 3; i++) {
        rfm_features *features = must_parse(lists[i], NULL, &ALL), *restored = NULL;
        rfm_text text = {0}, again = {0};
        rfm_error err = {0};
        rfm_features_print(features, &text, &err);
        rfm_features_restore(text.bytes, NULL, &restored, &err);
        assert_fine(&err);
        expect_same_features(features, restored);
        rfm_features_print(restored, &again, &err);
        assert_string_equal(text.bytes, again.bytes);
        rfm_features_close(features);
        rfm_features_close(restored);
        rfm_text_free(&text);
        rfm_text_free(&again);
    }
}

static void restored_roles_may_be_other_columns(void **state)
{
    (void)state;
    rfm_features *features = must_parse("rfm", NULL, &ALL), *restored = NULL;
    rfm_text text = {0};
    rfm_error err = {0};
    rfm_features_print(features, &text, &err);
    const rfm_roles other = {.event = "kind", .order = "order_no", .amount = {"sum"}, .n_amount = 1, .decimals = 2};
    rfm_features_restore(text.bytes, &other, &restored, &err);
    assert_fine(&err);
    const char *const names[] = {
        "last where events(kind): [purchase]", "distinct(order_no) where events(kind): [purchase]",
        "sum(sum) decimals 2 where events(kind): [purchase]", "count where events(kind): [purchase]"};
    expect_aggregates(restored, names, 4);
    rfm_features_close(restored);
    const rfm_roles fewer = {.event = "kind", .amount = {"sum"}, .n_amount = 1, .decimals = 2};
    rfm_features_restore(text.bytes, &fewer, &restored, &err);
    assert_failed(&err, RFM_USAGE, "set input.columns.order");
    rfm_features_close(features);
    rfm_text_free(&text);
}

/* A model file may hold anything. */
static void damaged_definitions_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "[]",
        "{",
        "{decimals: 4}",
        "{decimals: 10, population: all, list: []}",
        "{decimals: 4, population: all, list: rfm}",
        "{decimals: 4, population: all, list: [{name: a, span: day}], event: [x]}",
        "{decimals: 4, population: all, list: [{name: a, span: day}], amount: [a, b, c]}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        rfm_features *features = NULL;
        rfm_error err = {0};
        rfm_features_restore(texts[i], NULL, &features, &err);
        assert_null(features);
        assert_failed(&err, RFM_DATA, "definitions of features are damaged");
    }
    rfm_features *features = must_parse("rfm-behaviour", NULL, &ALL);
    rfm_text text = {0};
    rfm_error err = {0};
    rfm_features_print(features, &text, &err);
    rfm_features_close(features);
    uint64_t seed = 5;
    for (int trial = 0; trial < 3000; trial++) {
        char *copy = strdup(text.bytes);
        copy[draw(&seed) % text.length] = (char)(draw(&seed) % 126 + 1);
        err = (rfm_error){0};
        if (rfm_features_restore(copy, NULL, &features, &err) != RFM_OK)
            assert_null(features);
        rfm_features_close(features);
        free(copy);
    }
    rfm_text_free(&text);
}

static void rules_are_read(void **state)
{
    (void)state;
    rfm_node node =
        parse_node("[{column: price, above: 0, below: 1e3}, {column: 8, equal: \"8\"}, {column: u, present: yes},"
                   " {column: v, present: no}, {column: w, not_prefix: C}]");
    rfm_rule *rules;
    size_t n;
    rfm_error err = {0};
    rfm_rules_parse(&node, &rules, &n, &err);
    assert_fine(&err);
    const rfm_rule expected[] = {{RFM_RULE_ABOVE, "price", "0"}, {RFM_RULE_BELOW, "price", "1e3"},
                                 {RFM_RULE_EQUAL, "8", "8"},     {RFM_RULE_PRESENT, "u", ""},
                                 {RFM_RULE_EQUAL, "v", ""},      {RFM_RULE_NOT_PREFIX, "w", "C"}};
    assert_int_equal(n, 6);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(rules[i].kind, expected[i].kind);
        assert_string_equal(rules[i].column, expected[i].column);
        assert_string_equal(rules[i].text, expected[i].text);
    }
    rfm_rules_free(rules, n);
    rfm_node_free(&node);
    node = parse_node("price");
    rfm_rules_parse(&node, &rules, &n, &err);
    assert_failed(&err, RFM_USAGE, "rules are a list");
    rfm_node_free(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfm_needs_four_aggregates_of_one_condition),
        cmocka_unit_test(ready_lists_leave_out_what_no_column_is_mapped_to),
        cmocka_unit_test(equal_things_are_asked_for_once),
        cmocka_unit_test(windows_are_kept_by_day),
        cmocka_unit_test(products_of_two_columns_carry_their_decimals),
        cmocka_unit_test(mistakes_are_refused_with_place_and_remedy),
        cmocka_unit_test(a_column_that_is_not_mapped_is_named),
        cmocka_unit_test(populations_are_conditions),
        cmocka_unit_test(limits_are_named),
        cmocka_unit_test(definitions_read_back),
        cmocka_unit_test(restored_roles_may_be_other_columns),
        cmocka_unit_test(damaged_definitions_are_refused),
        cmocka_unit_test(rules_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
