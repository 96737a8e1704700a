/* Features of customers worked by hand, from event files, at every number of ranks. */
#include "expect.h"

#include "rfmpi/ingest.h"

static const char EVENTS[] = "time,event,user,session,order,product,category,price,brand\n"
                             "2019-10-01T00:00:00Z,view,a,s1,,p1,c1,10,x\n"
                             "2019-10-01T06:00:00Z,purchase,a,s1,o1,p1,c1,10,x\n"
                             "2019-10-05T12:00:00Z,purchase,a,s2,o2,p2,c1,5.5,\n"
                             "2019-10-05T12:30:00Z,purchase,a,s2,o2,p3,c2,4.5,y\n"
                             "2019-10-20T18:00:00Z,view,a,s3,,p1,c1,,x\n" /* a Sunday; no price */
                             "2019-10-30T23:00:00Z,view,b,s9,,p2,c1,2,\n"
                             "2019-10-31T00:00:00Z,purchase,c,s7,o7,p9,c3,-2.25,z\n";

static const rfm_roles ROLES = {.event = "event",
                                .session = "session",
                                .order = "order",
                                .product = "product",
                                .category = "category",
                                .amount = {"price"},
                                .n_amount = 1,
                                .decimals = 4};

typedef struct test_shop {
    rfm_zone *zone;
    rfm_features *features;
    rfm_input input;
    rfm_layout layout;
    rfm_state state;
} test_shop;

static void write_events(const char *path, const char *text)
{
    if (rfm_comm_rank(comm) == 0) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
    }
    rfm_comm_barrier(comm);
}

static rfm_status fold(void *context, const rfm_events *events, rfm_error *err)
{
    return rfm_table_fold(context, events, err);
}

/* This rank's shards of the file into its state. */
static void read_events(test_shop *shop, const char *path)
{
    rfm_error err = {0};
    rfm_files files = {0};
    rfm_plan plan = {0};
    rfm_tally tally = {0};
    rfm_rejects rejects = {.cap = 10};
    rfm_table *table;
    const int rank = rfm_comm_rank(comm);
    rfm_files_find(&shop->input, &path, 1, &files, &err);
    rfm_plan_make(&files, rfm_comm_size(comm), &plan, &err);
    rfm_table_open(&shop->layout, RFM_ID_TEXT, rfm_comm_size(comm), &table, &err);
    assert_fine(&err);
    for (size_t s = 0; s < plan.n; s++) {
        if (plan.shards[s].rank != rank)
            continue;
        rfm_shard_result result = {0};
        const rfm_reading reading = {.input = &shop->input,
                                     .files = &files,
                                     .shard = &plan.shards[s],
                                     .sink = fold,
                                     .context = table,
                                     .tally = &tally,
                                     .rejects = &rejects,
                                     .result = &result};
        rfm_shard_read(&reading, &err);
        assert_fine(&err);
    }
    assert_int_equal(rejects.n_kept, 0);
    shop->state.extent = (rfm_extent){.n_events = tally.n_events,
                                      .earliest_us = tally.earliest_us,
                                      .newest_us = tally.newest_us,
                                      .n_with_time_of_day = tally.n_with_time_of_day};
    rfm_table_settle(comm, table, 0, &shop->state, &err);
    rfm_table_close(table);
    rfm_rejects_free(&rejects);
    rfm_plan_free(&plan);
    rfm_files_free(&files);
    assert_fine(&err);
}

static test_shop open_shop(const char *events, const char *list, const char *population)
{
    test_shop shop = {0};
    rfm_error err = {0};
    rfm_node l = parse_node(list), p = parse_node(population);
    rfm_zone_open("UTC", &shop.zone, &err);
    rfm_features_parse(&l, *population ? &p : NULL, &ROLES, &shop.features, &err);
    assert_fine(&err);
    rfm_node_free(&l);
    rfm_node_free(&p);
    int n;
    const rfm_aggregate *aggregates = rfm_features_aggregates(shop.features, &n);
    rfm_layout_init(&shop.layout, aggregates, n, &err);
    assert_fine(&err);
    shop.input = (rfm_input){.header = true,
                             .dialect = {.delimiter = ',', .quote = '"', .escape = -1},
                             .customer = "user",
                             .time = "time",
                             .event = "event",
                             .zone = shop.zone,
                             .decimals = 4,
                             .as_of_us = INT64_MAX};
    rfm_features_input(shop.features, &shop.input);
    const char *path = in_folder("events.csv");
    rfm_comm_barrier(comm); /* the file before may still be read */
    write_events(path, events);
    read_events(&shop, path);
    return shop;
}

static void close_shop(test_shop *shop)
{
    rfm_state_free(&shop->state);
    rfm_layout_free(&shop->layout);
    rfm_features_close(shop->features);
    rfm_zone_close(shop->zone);
}

static rfm_frame compute(test_shop *shop, const char *as_of_text)
{
    rfm_as_of_rule rule;
    rfm_frame frame;
    rfm_error err = {0};
    shop->state.layout = &shop->layout;
    rfm_as_of_parse(as_of_text, shop->zone, &rule, &err);
    assert_fine(&err);
    const rfm_as_of as_of = rfm_as_of_resolve(&rule, &shop->state.extent, shop->zone);
    rfm_features_compute(comm, shop->features, &shop->state, &as_of, &frame, &err);
    assert_fine(&err);
    return frame;
}

/* One feature of one customer wherever it is; fails when no rank has it. */
static void expect(const rfm_frame *frame, const char *id, const char *name, double value)
{
    int j = 0;
    while (j < frame->d && strcmp(frame->names[j], name) != 0)
        j++;
    assert_true(j < frame->d);
    int64_t found = 0;
    for (size_t i = 0; i < frame->n; i++) {
        const size_t begin = frame->ids.offset[i], length = frame->ids.offset[i + 1] - begin;
        if (length != strlen(id) || memcmp(frame->ids.bytes + begin, id, length) != 0)
            continue;
        found++;
        const double got = frame->values[i * (size_t)frame->d + (size_t)j];
        if (memcmp(&got, &value, sizeof value) != 0)
            fail_msg("%s of %s: %.17g, not %.17g", name, id, got, value);
    }
    rfm_comm_reduce_i64(comm, RFM_SUM, &found, 1);
    assert_int_equal(found, 1);
}

static void behaviour_worked_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double a, b, c;
    } expected[] = {
        {"recency_days", 2201400.0 / 86400, 30, 0},
        {"frequency", 2, 0, 1},
        {"monetary", 20, 0, -2.25},
        {"views", 2, 1, 0},
        {"carts", 0, 0, 0},
        {"removes", 0, 0, 0},
        {"sessions", 3, 1, 1},
        {"active_days", 3, 1, 1},
        {"products", 3, 1, 1},
        {"categories", 2, 1, 1},
        {"tenure_days", 30, 1.0 / 24, 0},
        {"idle_days", 10.25, 1.0 / 24, 0},
        {"mean_gap_days", 9.5, 30, 30},
        {"conversion", 2.0 / 3, 0, 1},
        {"average_order", 10, 0, -2.25},
    };
    test_shop shop = open_shop(EVENTS, "rfm-behaviour", "");
    rfm_frame frame = compute(&shop, "latest");
    assert_int_equal(frame.n_global, 3);
    assert_int_equal(frame.d, 15);
    for (int j = 0; j < frame.d; j++) {
        expect(&frame, "a", expected[j].name, expected[j].a);
        expect(&frame, "b", expected[j].name, expected[j].b);
        expect(&frame, "c", expected[j].name, expected[j].c);
    }
    rfm_frame_free(&frame);
    close_shop(&shop);
}

static void only_the_population_has_rows(void **state)
{
    (void)state;
    test_shop shop = open_shop(EVENTS, "rfm", "");
    rfm_frame frame = compute(&shop, "latest");
    assert_int_equal(frame.n_global, 2);
    assert_int_equal(frame.d, 3);
    expect(&frame, "a", "frequency", 2);
    expect(&frame, "c", "monetary", -2.25);
    for (size_t i = 0; i < frame.n; i++) {
        const size_t begin = frame.ids.offset[i];
        assert_true(frame.ids.hash[i] == rfm_hash64(frame.ids.bytes + begin, frame.ids.offset[i + 1] - begin));
    }
    int64_t rows = (int64_t)frame.n;
    assert_int_equal(frame.first, rfm_comm_before_i64(comm, rows));
    rfm_frame_free(&frame);
    close_shop(&shop);
    shop = open_shop(EVENTS, "[{name: n, count: \"*\"}]", "{event: view, column: brand, present: no}");
    frame = compute(&shop, "latest");
    assert_int_equal(frame.n_global, 1);
    expect(&frame, "b", "n", 1);
    rfm_frame_free(&frame);
    close_shop(&shop);
}

/* The verbs, one an entry; a's events are the first five. */
static const struct {
    const char *entry;
    double a, b, c;
} VERBS[] = {
    {"count: \"*\"", 5, 1, 1},
    {"count: amount", 4, 1, 1},
    {"count: \"*\", where: {column: brand, equal: x}", 3, 0, 0},
    {"count: \"*\", where: {event: [view, purchase], rows: [{column: price, above: 4.5, below: 10.001}]}", 3, 0, 0},
    {"count: \"*\", never: -1, where: {column: product, prefix: p9}", -1, -1, 1},
    {"distinct: brand", 2, 0, 1},
    {"sum: price", 30, 2, -2.25},
    {"sum: price, where: {event: view}, never: 7", 10, 2, 7},
    {"mean: amount", 7.5, 2, -2.25},
    {"mean: amount, where: {event: view}, never: 7", 10, 2, 7},
    {"min: amount", 4.5, 2, -2.25},
    {"max: amount, where: {event: purchase}, never: 99", 10, 99, -2.25},
    {"since_last: hour", 246, 1, 0},
    {"since_first: second, where: {event: purchase}", 2570400, 2592000, 0},
    {"since_last: week, where: {event: cart}, never: 1.5", 1.5, 1.5, 1.5},
    {"span: day", 19.75, 0, 0},
    {"span: hour, where: {event: purchase}", 102.5, 0, 0},
    {"mean_gap: event", 19.75 / 4, 30, 30},
    {"mean_gap: week", 2, 30.0 / 7, 30.0 / 7}, /* in the weeks of 30 September and 14 October */
    {"mean_gap: day, where: {event: purchase}, never: 0", 4, 0, 0},
    {"share: {hours: [12, \"18-23\"]}", 0.6, 1, 0},
    {"share: {weekdays: [sat, sun]}", 0.6, 0, 0},
    {"share: {weekdays: [tue, thu]}, where: {event: purchase}", 1.0 / 3, 0, 1},
    {"share: {hours: 0}, where: {event: cart}, never: 0.25", 0.25, 0.25, 0.25},
};

enum { N_VERBS = sizeof VERBS / sizeof *VERBS };

static void every_verb_worked_by_hand(void **state)
{
    (void)state;
    rfm_text list = {0};
    for (int i = 0; i < N_VERBS; i++)
        rfm_text_addf(&list, "%s{name: f%d, %s}", i ? ", " : "[", i, VERBS[i].entry);
    rfm_text_adds(&list, ", {name: r, ratio: [f6, f5]}, {name: s, ratio: [f6, f5], never: -1}]");
    test_shop shop = open_shop(EVENTS, list.bytes, "");
    rfm_frame frame = compute(&shop, "latest");
    for (int i = 0; i < N_VERBS; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        expect(&frame, "a", name, VERBS[i].a);
        expect(&frame, "b", name, VERBS[i].b);
        expect(&frame, "c", name, VERBS[i].c);
    }
    expect(&frame, "a", "r", 15);
    expect(&frame, "b", "r", 0);
    expect(&frame, "b", "s", -1);
    rfm_frame_free(&frame);
    close_shop(&shop);
    rfm_text_free(&list);
}

static void windows_move_with_as_of(void **state)
{
    (void)state;
    static const char list[] =
        "[{name: n, count: \"*\", where: {last: 12d}}, {name: spent, sum: amount, where: {last: 27d}},"
        " {name: most, max: amount, where: {last: 26d}}, {name: products, distinct: product, where: {last: 12d}},"
        " {name: days, distinct: day, where: {last: 27d}}, {name: mean, mean: amount, where: {last: 27d}},"
        " {name: noon, share: {hours: 12}, where: {last: 27d}}, {name: all, count: \"*\"}]";
    test_shop shop = open_shop(EVENTS, list, "");
    rfm_frame frame = compute(&shop, "latest");
    /* as_of's day is 31 October: 12 days are 20 to 31, 27 are 5 to 31, 26 are 6 to 31. */
    static const struct {
        const char *name;
        double a, b;
    } expected[] = {{"n", 1, 1},    {"spent", 10, 2}, {"most", 0, 2},       {"products", 1, 1},
                    {"days", 2, 1}, {"mean", 5, 2},   {"noon", 2.0 / 3, 0}, {"all", 5, 1}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        expect(&frame, "a", expected[i].name, expected[i].a);
        expect(&frame, "b", expected[i].name, expected[i].b);
    }
    rfm_frame_free(&frame);
    /* A later as_of leaves the same state with less in its windows. */
    frame = compute(&shop, "2019-11-01");
    expect(&frame, "a", "n", 0);
    expect(&frame, "a", "spent", 0);
    expect(&frame, "a", "products", 0);
    expect(&frame, "a", "days", 1);
    expect(&frame, "b", "n", 1);
    rfm_frame_free(&frame);
    close_shop(&shop);
}

static void between_dates_days_are_whole(void **state)
{
    (void)state;
    static const char events[] =
        "time,event,user,session,order,product,category,price,brand\n"
        "1997-01-01,purchase,a,,,,,1.5,\n1997-01-19,purchase,a,,,,,2,\n"
        "1997-02-28,purchase,b,,,,,3,\n1969-12-30,purchase,d,,,,,3,\n1970-01-02,purchase,d,,,,,3,\n";
    test_shop shop = open_shop(events,
                               "[{name: r, since_last: day}, {name: t, since_first: day}, {name: w, since_last: week},"
                               " {name: g, mean_gap: day}]",
                               "");
    rfm_frame frame = compute(&shop, "1997-09-30");
    expect(&frame, "a", "r", 254);
    expect(&frame, "a", "t", 272);
    expect(&frame, "a", "g", 18);
    expect(&frame, "b", "r", 214);
    expect(&frame, "b", "w", 214.0 / 7);
    expect(&frame, "d", "g", 3);
    rfm_frame_free(&frame);
    close_shop(&shop);
}

static void large_sums_of_money_are_rounded_once(void **state)
{
    (void)state;
    rfm_text events = {0};
    rfm_text_adds(&events, "time,event,user,session,order,product,category,price,brand\n");
    for (int i = 0; i < 40; i++)
        rfm_text_addf(&events, "2019-10-01T00:00:%02dZ,purchase,a,,,,,900719925474099.2501,\n", i);
    test_shop shop = open_shop(events.bytes, "[{name: s, sum: amount}, {name: m, mean: amount}]", "");
    rfm_frame frame = compute(&shop, "latest");
    /* 40 times 9007199254740992501 passes 64 bits. */
    expect(&frame, "a", "s", (double)((__extension__(__int128) 9007199254740992501) * 40) / 1e4);
    expect(&frame, "a", "m", (double)((__extension__(__int128) 9007199254740992501) * 40) / 4e5);
    rfm_frame_free(&frame);
    close_shop(&shop);
    rfm_text_free(&events);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behaviour_worked_by_hand),     cmocka_unit_test(only_the_population_has_rows),
        cmocka_unit_test(every_verb_worked_by_hand),    cmocka_unit_test(windows_move_with_as_of),
        cmocka_unit_test(between_dates_days_are_whole), cmocka_unit_test(large_sums_of_money_are_rounded_once),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
