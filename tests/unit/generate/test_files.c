/* The files: the same bytes at any number of ranks, exact counts, order, proportions, types, compression. */
#include "folder.h"

#include <libdeflate.h>

enum { MOST_ROWS = 200000, N_COLUMNS = 9 };

static const char header[] =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n";

static rfm_generate_options small_options(void)
{
    rfm_generate_options options = rfm_generate_defaults();
    options.customers = 1400;
    options.events = 20000;
    options.days = 9;
    options.parts = 3;
    options.out = target;
    return options;
}

static void generate(const rfm_generate_options *options)
{
    rfm_error err = {0};
    rfm_status status = rfm_generate(comm, options, &err);
    if (status != RFM_OK)
        print_error("%s\n", err.message);
    assert_int_equal(status, RFM_OK);
    rfm_comm_barrier(comm);
}

static uint64_t hash_of_parts(int n_parts)
{
    uint64_t hash = 0;
    for (int p = 0; p < n_parts; p++) {
        char name[32];
        size_t length;
        snprintf(name, sizeof name, "part-%05d.csv", p);
        char *bytes = read_file(name, &length);
        hash = hash * 31 + rfm_hash64(bytes, length);
        free(bytes);
    }
    return hash;
}

/* Made once at one rank: any number of ranks, compiler and machine must give these. */
static const uint64_t expected_parts = UINT64_C(0x8996a84810ceec82), expected_customers = UINT64_C(0x878b8054ddb944a1);

static void the_bytes_are_the_same_at_any_number_of_ranks(void **state)
{
    (void)state;
    next_folder();
    rfm_generate_options options = small_options();
    generate(&options);
    if (rfm_comm_rank(comm) == 0) {
        size_t length;
        char *bytes = read_file("customers.csv", &length);
        uint64_t customers = rfm_hash64(bytes, length), parts = hash_of_parts(3);
        free(bytes);
        if (parts != expected_parts || customers != expected_customers)
            print_error("got 0x%llx 0x%llx\n", (unsigned long long)parts, (unsigned long long)customers);
        assert_true(parts == expected_parts && customers == expected_customers);
        assert_int_equal(count_files(), 4);
    }
    drop_folder();
}

static void another_seed_gives_another_log(void **state)
{
    (void)state;
    next_folder();
    rfm_generate_options options = small_options();
    options.seed = 2;
    generate(&options);
    if (rfm_comm_rank(comm) == 0)
        assert_true(hash_of_parts(3) != expected_parts);
    drop_folder();
}

/* ---- what is in a log ---------------------------------------------------------------------------- */

typedef struct row {
    uint64_t user, session, pair;
    char kind;
    bool coded, branded, free;
    char time[24];
} row;

static row *rows;
static size_t n_rows;

static void parse_row(const char *line, size_t length)
{
    const char *begin[N_COLUMNS + 1] = {line};
    int n = 1;
    for (size_t i = 0; i < length; i++)
        if (line[i] == ',') {
            assert_true(n < N_COLUMNS);
            begin[n++] = line + i + 1;
        }
    assert_int_equal(n, N_COLUMNS);
    begin[n] = line + length + 1;
    assert_true(n_rows < MOST_ROWS);
    row *to = &rows[n_rows++];
    assert_int_equal(begin[1] - begin[0], 24);
    memcpy(to->time, line, 23);
    to->time[23] = '\0';
    to->kind = begin[1][0];
    assert_int_equal(begin[9] - begin[8], 37);
    to->user = rfm_hash64(begin[7], (size_t)(begin[8] - begin[7]));
    to->session = rfm_hash64(begin[8], 36);
    to->pair = to->user * 31 + rfm_hash64(begin[2], (size_t)(begin[3] - begin[2]));
    to->coded = begin[5] - begin[4] > 1;
    to->branded = begin[6] - begin[5] > 1;
    to->free = memcmp(begin[6], "0.00,", 5) == 0;
}

/* Part i must hold the events from i * events / parts on, behind a header. */
static void parse_parts(const rfm_generate_options *options)
{
    rows = calloc(MOST_ROWS, sizeof *rows);
    n_rows = 0;
    for (int p = 0; p < options->parts; p++) {
        char name[32];
        size_t length;
        snprintf(name, sizeof name, "part-%05d.csv", p);
        char *bytes = read_file(name, &length), *at = bytes + sizeof header - 1;
        assert_memory_equal(bytes, header, sizeof header - 1);
        assert_int_equal(n_rows, p * options->events / options->parts);
        while (at < bytes + length) {
            char *end = memchr(at, '\n', (size_t)(bytes + length - at));
            assert_non_null(end);
            parse_row(at, (size_t)(end - at));
            at = end + 1;
        }
        free(bytes);
    }
    assert_int_equal(n_rows, options->events);
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static size_t count_distinct(size_t member)
{
    uint64_t *values = calloc(n_rows, sizeof *values);
    size_t n = 0;
    for (size_t i = 0; i < n_rows; i++)
        memcpy(&values[i], (const char *)&rows[i] + member, sizeof *values);
    qsort(values, n_rows, sizeof *values, compare_u64);
    for (size_t i = 0; i < n_rows; i++)
        n += i == 0 || values[i] != values[i - 1];
    free(values);
    return n;
}

static void check_between(const char *what, double value, double low, double high)
{
    if (value < low || value > high)
        print_error("%s: %f is not within %f .. %f\n", what, value, low, high);
    assert_true(value >= low && value <= high);
}

static double share_where(bool (*holds)(const row *))
{
    size_t n = 0;
    for (size_t i = 0; i < n_rows; i++)
        n += holds(&rows[i]);
    return (double)n / (double)n_rows;
}

static bool is_view(const row *r)
{
    return r->kind == 'v';
}
static bool is_purchase(const row *r)
{
    return r->kind == 'p';
}
static bool is_cart(const row *r)
{
    return r->kind == 'c';
}
static bool is_uncoded(const row *r)
{
    return !r->coded;
}
static bool is_unbranded(const row *r)
{
    return !r->branded;
}
static bool is_free(const row *r)
{
    return r->free;
}

static void check_rows(double sessions, double pairs)
{
    double n = (double)n_rows;
    for (size_t i = 1; i < n_rows; i++)
        assert_true(strcmp(rows[i - 1].time, rows[i].time) <= 0);
    assert_memory_equal(rows[0].time, "2019-10-01 ", 11);
    assert_memory_equal(rows[n_rows - 1].time, "2019-10-31 23:", 14);
    check_between("sessions", (double)count_distinct(offsetof(row, session)) / n, sessions - 0.0005, sessions + 0.0005);
    check_between("pairs", (double)count_distinct(offsetof(row, pair)) / n, pairs - 0.02, pairs + 0.02);
    check_between("uncoded", share_where(is_uncoded), 0.32, 0.347);
    check_between("unbranded", share_where(is_unbranded), 0.13, 0.15);
    check_between("free", share_where(is_free), 0.0002, 0.003);
    check_between("all kinds", share_where(is_view) + share_where(is_cart) + share_where(is_purchase), 1 - 1e-9,
                  1 + 1e-9);
}

static void the_wide_shape_has_much_distinct_state(void **state)
{
    (void)state;
    next_folder();
    rfm_generate_options options = rfm_generate_defaults();
    options.events = MOST_ROWS;
    options.shape = RFM_SHAPE_WIDE;
    options.out = target;
    generate(&options);
    if (rfm_comm_rank(comm) == 0) {
        parse_parts(&options);
        assert_int_equal(count_distinct(offsetof(row, user)), 30000);
        check_rows(0.8, 0.985);
        free(rows);
    }
    drop_folder();
}

static void extreme_numbers_are_met_exactly(void **state)
{
    (void)state;
    const struct {
        int64_t customers, events;
        int days, parts;
    } cases[] = {{1, 1, 1, 1}, {5, 5, 1, 5}, {1000, 1000, 2, 7}, {1, 3000, 1, 2}, {3, 4000, 40, 400}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        next_folder();
        rfm_generate_options options = rfm_generate_defaults();
        options.customers = cases[i].customers;
        options.events = cases[i].events;
        options.days = cases[i].days;
        options.parts = cases[i].parts;
        options.out = target;
        generate(&options);
        if (rfm_comm_rank(comm) == 0) {
            parse_parts(&options);
            assert_int_equal(count_distinct(offsetof(row, user)), cases[i].customers);
            assert_int_equal(count_files(), cases[i].parts + 1);
            free(rows);
        }
        drop_folder();
    }
}

/* ---- types ---------------------------------------------------------------------------------------- */

static const char *const types[] = {"champion", "loyal", "big spender", "window shopper", "new", "lapsed"};
enum { N_TYPES = 6 };

typedef struct habits {
    size_t n;
    double purchases, events, last_day;
} habits;

typedef struct user {
    uint64_t hash;
    int type;
    size_t purchases, events;
    int last_day;
} user;

static int compare_users(const void *a, const void *b)
{
    return compare_u64(&((const user *)a)->hash, &((const user *)b)->hash);
}

static user *read_users(size_t *n)
{
    size_t length;
    char *bytes = read_file("customers.csv", &length), *at = strchr(bytes, '\n') + 1;
    user *users = calloc(20000, sizeof *users);
    long long before = 0;
    assert_memory_equal(bytes, "user_id,type\n", 13);
    for (*n = 0; at < bytes + length; at = strchr(at, '\n') + 1, (*n)++) {
        char *comma = strchr(at, ','), *end = strchr(at, '\n');
        assert_true(strtoll(at, NULL, 10) > before);
        before = strtoll(at, NULL, 10);
        users[*n] = (user){.hash = rfm_hash64(at, (size_t)(comma + 1 - at)), .type = -1};
        for (int t = 0; t < N_TYPES; t++)
            if (strlen(types[t]) == (size_t)(end - comma - 1) && memcmp(comma + 1, types[t], strlen(types[t])) == 0)
                users[*n].type = t;
        assert_true(users[*n].type >= 0);
    }
    free(bytes);
    qsort(users, *n, sizeof *users, compare_users);
    return users;
}

static void gather_habits(habits means[N_TYPES])
{
    size_t n;
    user *users = read_users(&n);
    assert_int_equal(n, 13600);
    for (size_t i = 0; i < n_rows; i++) {
        user key = {.hash = rows[i].user};
        user *who = bsearch(&key, users, n, sizeof *users, compare_users);
        assert_non_null(who);
        who->events++;
        who->purchases += rows[i].kind == 'p';
        who->last_day = atoi(rows[i].time + 8);
    }
    for (size_t i = 0; i < n; i++) {
        habits *of = &means[users[i].type];
        assert_true(users[i].events > 0);
        of->n++;
        of->purchases += (double)users[i].purchases;
        of->events += (double)users[i].events;
        of->last_day += users[i].last_day;
    }
    for (int t = 0; t < N_TYPES; t++) {
        double count = (double)means[t].n;
        means[t] = (habits){means[t].n, means[t].purchases / count, means[t].events / count, means[t].last_day / count};
    }
    free(users);
}

static void check_types(void)
{
    habits of[N_TYPES] = {0};
    gather_habits(of);
    check_between("purchases of champions", of[0].purchases, 5, 10);
    check_between("purchases of loyal customers", of[1].purchases, 1.5, 3);
    check_between("purchases of window shoppers", of[3].purchases, 0, 0.05);
    check_between("events of window shoppers", of[3].events, 20, 50);
    check_between("events of new customers", of[4].events, 2, 8);
    check_between("last day of champions", of[0].last_day, 28, 31);
    check_between("last day of new customers", of[4].last_day, 25, 31);
    check_between("last day of lapsed customers", of[5].last_day, 1, 13);
}

static void the_log_has_the_proportions_of_october_2019_and_types_that_differ(void **state)
{
    (void)state;
    next_folder();
    rfm_generate_options options = rfm_generate_defaults();
    options.customers = 13600;
    options.events = MOST_ROWS;
    options.parts = 7;
    options.out = target;
    generate(&options);
    if (rfm_comm_rank(comm) == 0) {
        parse_parts(&options);
        assert_int_equal(count_distinct(offsetof(row, user)), 13600);
        check_rows(0.22, 0.48);
        check_between("views", share_where(is_view), 0.955, 0.965);
        check_between("purchases", share_where(is_purchase), 0.016, 0.020);
        check_between("carts", share_where(is_cart), 0.018, 0.026);
        check_types();
        free(rows);
    }
    drop_folder();
}

/* ---- gzip ----------------------------------------------------------------------------------------- */

/* Member by member; their sizes decide the packed bytes, so they must be the same at any number of ranks too. */
static char *unpack(const char *bytes, size_t length, size_t *n, uint64_t *cuts)
{
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    size_t capacity = length * 30, at = 0;
    char *text = malloc(capacity);
    assert_true(decompressor != NULL && text != NULL);
    *n = 0;
    while (at < length) {
        size_t in, out;
        assert_int_equal(
            libdeflate_gzip_decompress_ex(decompressor, bytes + at, length - at, text + *n, capacity - *n, &in, &out),
            LIBDEFLATE_SUCCESS);
        assert_in_range(out, 1, 1 << 18);
        at += in;
        *n += out;
        *cuts = *cuts * 31 + out;
    }
    libdeflate_free_decompressor(decompressor);
    return text;
}

static void compressed_parts_hold_the_same_text(void **state)
{
    (void)state;
    next_folder();
    rfm_generate_options options = small_options();
    options.gzip = true;
    options.events = 60000;
    options.days = 1;
    generate(&options);
    char plain_of[3][32];
    char *texts[3] = {NULL};
    size_t lengths[3];
    uint64_t cuts = 0;
    for (int p = 0; p < 3 && rfm_comm_rank(comm) == 0; p++) {
        size_t packed;
        snprintf(plain_of[p], sizeof plain_of[p], "part-%05d.csv", p);
        char name[40];
        snprintf(name, sizeof name, "%s.gz", plain_of[p]);
        char *bytes = read_file(name, &packed);
        texts[p] = unpack(bytes, packed, &lengths[p], &cuts);
        free(bytes);
    }
    drop_folder();
    next_folder();
    options.gzip = false;
    options.out = target;
    generate(&options);
    for (int p = 0; p < 3 && rfm_comm_rank(comm) == 0; p++) {
        size_t length;
        char *bytes = read_file(plain_of[p], &length);
        assert_int_equal(length, lengths[p]);
        assert_memory_equal(bytes, texts[p], length);
        free(bytes);
        free(texts[p]);
    }
    if (rfm_comm_rank(comm) == 0 && cuts != UINT64_C(0xe791c6e64611ab55))
        print_error("got cuts 0x%llx\n", (unsigned long long)cuts);
    if (rfm_comm_rank(comm) == 0)
        assert_true(cuts == UINT64_C(0xe791c6e64611ab55));
    drop_folder();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_the_same_at_any_number_of_ranks),
        cmocka_unit_test(another_seed_gives_another_log),
        cmocka_unit_test(the_log_has_the_proportions_of_october_2019_and_types_that_differ),
        cmocka_unit_test(the_wide_shape_has_much_distinct_state),
        cmocka_unit_test(extreme_numbers_are_met_exactly),
        cmocka_unit_test(compressed_parts_hold_the_same_text),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
