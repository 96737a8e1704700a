/* Reductions, broadcasts, gathers and exchanges, whole and split into small pieces. */
#include "session.h"

#include "ranks.h"

/* Sizes are asked for on purpose that no machine has: let the sanitizer's allocator say NULL as malloc does. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static rfm_error err;

/* Run every test at the normal limits and at ones that split everything unevenly. */
static int large(void **state)
{
    (void)state;
    memset(&err, 0, sizeof err);
    comm->max_elements = (size_t)1 << 27;
    comm->max_bytes = (size_t)1 << 30;
    return 0;
}

static int small(void **state)
{
    (void)state;
    memset(&err, 0, sizeof err);
    comm->max_elements = 7;
    comm->max_bytes = 13;
    return 0;
}

enum { N_VALUES = 45 };

static void integer_reductions_give_sum_minimum_and_maximum(void **state)
{
    (void)state;
    int64_t sum[N_VALUES], low[N_VALUES], high[N_VALUES], n = comm->size;
    for (int i = 0; i < N_VALUES; i++) {
        sum[i] = (comm->rank + 1) * (int64_t)(i + 1) * 3000000000;
        low[i] = i - comm->rank * 7;
        high[i] = INT64_MIN + i + comm->rank;
    }
    rfm_comm_reduce_i64(comm, RFM_SUM, sum, N_VALUES);
    rfm_comm_reduce_i64(comm, RFM_MIN, low, N_VALUES);
    rfm_comm_reduce_i64(comm, RFM_MAX, high, N_VALUES);
    for (int i = 0; i < N_VALUES; i++) {
        assert_int_equal(sum[i], n * (n + 1) / 2 * (i + 1) * 3000000000);
        assert_int_equal(low[i], i - (n - 1) * 7);
        assert_int_equal(high[i], INT64_MIN + i + n - 1);
    }
    rfm_comm_reduce_i64(comm, RFM_SUM, NULL, 0);
}

static void floating_extremes_do_not_depend_on_the_order_of_ranks(void **state)
{
    (void)state;
    double low[N_VALUES], high[N_VALUES];
    for (int i = 0; i < N_VALUES; i++) {
        low[i] = i + 0.5 * comm->rank;
        high[i] = i % 2 == 0 ? (comm->rank % 2 == 0 ? -0.0 : 0.0) : i + 0.5 * comm->rank;
    }
    rfm_comm_reduce_f64(comm, RFM_MIN, low, N_VALUES);
    rfm_comm_reduce_f64(comm, RFM_MAX, high, N_VALUES);
    for (int i = 0; i < N_VALUES; i++) {
        assert_true(low[i] == i);
        double expected = i % 2 == 0 ? 0.0 : i + 0.5 * (comm->size - 1);
        assert_memory_equal(&high[i], &expected, sizeof expected);
    }
}

static void wide_sums_carry_beyond_64_bits_and_keep_their_sign(void **state)
{
    (void)state;
    rfm_i128 values[N_VALUES];
    rfm_i128 unit = (rfm_i128)1 << 100;
    for (int i = 0; i < N_VALUES; i++)
        values[i] = (i % 2 == 0 ? unit : -unit) * (comm->rank + 1) + i;
    rfm_comm_sum_i128(comm, values, N_VALUES);
    rfm_i128 n = comm->size, ranks = n * (n + 1) / 2;
    for (int i = 0; i < N_VALUES; i++)
        assert_true(values[i] == (i % 2 == 0 ? unit : -unit) * ranks + i * n);
}

static void the_sum_before_a_rank_leaves_it_and_later_ones_out(void **state)
{
    (void)state;
    int64_t r = comm->rank;
    assert_int_equal(rfm_comm_before_i64(comm, (r + 1) * 5000000000), r * (r + 1) / 2 * 5000000000);
}

static void one_value_of_each_rank_is_gathered_in_rank_order(void **state)
{
    (void)state;
    int64_t *all = calloc((size_t)comm->size, sizeof *all);
    rfm_comm_gather_i64(comm, -7 * comm->rank, all);
    for (int r = 0; r < comm->size; r++)
        assert_int_equal(all[r], -7 * r);
    free(all);
    rfm_comm_barrier(comm);
}

static void fill(unsigned char *bytes, size_t n, int rank)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(i * 31 + (size_t)rank * 101 + 7);
}

static void a_broadcast_reaches_every_rank_from_every_root(void **state)
{
    (void)state;
    for (int root = 0; root < comm->size; root++) {
        unsigned char bytes[40], expected[40];
        fill(bytes, sizeof bytes, comm->rank);
        fill(expected, sizeof expected, root);
        rfm_comm_bcast(comm, root, bytes, sizeof bytes);
        assert_memory_equal(bytes, expected, sizeof bytes);
    }
}

static void a_string_of_unknown_length_is_shared_from_every_root(void **state)
{
    (void)state;
    for (int root = 0; root < comm->size; root++) {
        size_t n = comm->rank == root ? (size_t)(root * 17) : 999;
        unsigned char own[64], *bytes = own;
        fill(own, sizeof own, comm->rank);
        void *shared = comm->rank == root ? bytes : NULL;
        assert_int_equal(rfm_comm_share(comm, root, &shared, &n, &err), RFM_OK);
        assert_int_equal(n, root * 17);
        fill(own, sizeof own, root);
        assert_non_null(shared);
        assert_memory_equal(shared, own, n);
        if (comm->rank != root)
            free(shared);
    }
}

/* Rank r has r * 19 bytes, but the last of several has none. */
static size_t length_of(int rank)
{
    return comm->size > 1 && rank == comm->size - 1 ? 0 : (size_t)rank * 19 + 5;
}

static void check_gathered(const unsigned char *all, const size_t *offsets)
{
    size_t at = 0;
    for (int r = 0; r < comm->size; r++) {
        unsigned char expected[128];
        fill(expected, sizeof expected, r);
        assert_int_equal(offsets[r], at);
        assert_memory_equal(all + at, expected, length_of(r));
        at += length_of(r);
    }
    assert_int_equal(offsets[comm->size], at);
}

static void byte_strings_are_gathered_on_all_ranks(void **state)
{
    (void)state;
    unsigned char bytes[128];
    fill(bytes, sizeof bytes, comm->rank);
    size_t n = length_of(comm->rank), *offsets;
    void *all;
    assert_int_equal(rfm_comm_allgather_bytes(comm, n == 0 ? NULL : bytes, n, &all, &offsets, &err), 0);
    check_gathered(all, offsets);
    free(all);
    free(offsets);
}

static void byte_strings_come_together_on_rank_0(void **state)
{
    (void)state;
    unsigned char bytes[128];
    fill(bytes, sizeof bytes, comm->rank);
    size_t n = length_of(comm->rank), offsets[17] = {0};
    rfm_text all = {0};
    rfm_text_add(&all, bytes, n);
    assert_int_equal(rfm_comm_collect(comm, &all, NULL, NULL, &err), RFM_OK);
    for (int r = 0; r < comm->size; r++)
        offsets[r + 1] = offsets[r] + length_of(r);
    assert_int_equal(all.length, comm->rank == 0 ? offsets[comm->size] : 0);
    if (comm->rank == 0)
        check_gathered((unsigned char *)all.bytes, offsets);
    rfm_text_free(&all);
}

/* The two largest bytes of all that came together. */
static rfm_status keep_two(void *context, rfm_text *bytes, rfm_error *error)
{
    (void)error;
    char best[2] = {0};
    for (size_t i = 0; i < bytes->length; i++) {
        char c = bytes->bytes[i];
        best[1] = c > best[0] ? best[0] : c > best[1] ? c : best[1];
        best[0] = c > best[0] ? c : best[0];
    }
    memcpy(bytes->bytes, best, 2);
    *(size_t *)context = bytes->length > *(size_t *)context ? bytes->length : *(size_t *)context;
    bytes->length = 2;
    return RFM_OK;
}

static void what_comes_together_is_shortened_on_the_way(void **state)
{
    (void)state;
    rfm_text all = {0};
    size_t most = 0;
    rfm_text_addf(&all, "%c%c", 'a' + comm->rank, 'A');
    assert_int_equal(rfm_comm_collect(comm, &all, keep_two, &most, &err), RFM_OK);
    assert_true(most <= 4);
    const char expected[] = {(char)('a' + comm->size - 1), comm->size > 1 ? (char)('a' + comm->size - 2) : 'A', '\0'};
    if (comm->rank == 0)
        assert_memory_equal(all.bytes, expected, 2);
    rfm_text_free(&all);
}

static rfm_status refuse(void *context, rfm_text *bytes, rfm_error *error)
{
    (void)context, (void)bytes;
    return rfm_fail(error, RFM_NO_MEMORY, "no room");
}

static void a_failure_on_the_way_is_known_to_all(void **state)
{
    (void)state;
    rfm_text all = {0};
    rfm_text_adds(&all, "x");
    assert_int_equal(rfm_comm_collect(comm, &all, refuse, NULL, &err), comm->size > 1 ? RFM_NO_MEMORY : RFM_OK);
    rfm_text_free(&all);
}

typedef struct triple {
    int32_t from, to, i;
} triple;

/* Uneven on purpose, with pairs that send nothing. */
static size_t count_between(int from, int to)
{
    return (size_t)((from * 5 + to * 3) % 7) * (from != to || from % 2 == 0);
}

static void an_exchange_brings_each_rank_what_is_meant_for_it(void **state)
{
    (void)state;
    size_t send_counts[16], recv_counts[16], n = 0;
    triple send[256];
    for (int to = 0; to < comm->size; to++) {
        send_counts[to] = count_between(comm->rank, to);
        for (size_t i = 0; i < send_counts[to]; i++)
            send[n++] = (triple){comm->rank, to, (int32_t)i};
    }
    void *bytes;
    assert_int_equal(rfm_comm_exchange(comm, sizeof(triple), send, send_counts, &bytes, recv_counts, &err), RFM_OK);
    const triple *received = bytes;
    for (int from = 0; from < comm->size; from++) {
        assert_int_equal(recv_counts[from], count_between(from, comm->rank));
        for (size_t i = 0; i < recv_counts[from]; i++, received++) {
            assert_int_equal(received->from, from);
            assert_int_equal(received->to, comm->rank);
            assert_int_equal(received->i, i);
        }
    }
    free(bytes);
}

static void what_is_sent_to_others_is_counted(void **state)
{
    (void)state;
    enum { MOST = 64, ELEMENTS = 10 };
    int64_t send[MOST * ELEMENTS] = {0};
    size_t counts[MOST], received_counts[MOST];
    size_t n = (size_t)comm->size, bytes = ELEMENTS * sizeof *send;
    assert_in_range(n, 1, MOST);
    for (size_t r = 0; r < n; r++)
        counts[r] = ELEMENTS;
    void *received;
    rfm_traffic before = rfm_comm_traffic(comm);
    assert_int_equal(rfm_comm_exchange(comm, sizeof *send, send, counts, &received, received_counts, &err), RFM_OK);
    free(received);
    rfm_traffic after = rfm_comm_traffic(comm);
    size_t pieces = (bytes + comm->max_bytes - 1) / comm->max_bytes;
    assert_int_equal(after.message_bytes - before.message_bytes, (n - 1) * bytes);
    assert_int_equal(after.n_messages - before.n_messages, (n - 1) * pieces);

    int64_t value = 1;
    before = after;
    rfm_comm_reduce_i64(comm, RFM_SUM, &value, 1);
    after = rfm_comm_traffic(comm);
    bool alone = comm->mpi == NULL; /* the serial twin has nobody to tell */
    assert_int_equal(after.n_messages, before.n_messages);
    assert_int_equal(after.n_collectives - before.n_collectives, alone ? 0 : 1);
    assert_int_equal(after.collective_bytes - before.collective_bytes, alone ? 0 : sizeof value);
}

static void an_exchange_too_large_for_one_rank_fails_on_all(void **state)
{
    (void)state;
    size_t send_counts[16] = {0}, recv_counts[16];
    void *received = &err;
    if (comm->rank == 0)
        send_counts[comm->size - 1] = (size_t)1 << 61;
    assert_int_equal(rfm_comm_exchange(comm, 1, NULL, send_counts, &received, recv_counts, &err), RFM_NO_MEMORY);
    assert_null(received);
    assert_int_equal(err.rank, comm->size - 1);
    assert_int_equal(err.n_failed, 1);
    memset(&err, 0, sizeof err);
    assert_int_equal(rfm_comm_exchange(comm, 16, NULL, send_counts, &received, recv_counts, &err), RFM_NO_MEMORY);
    assert_null(received);
}

static void byte_strings_too_large_for_memory_fail_on_all(void **state)
{
    (void)state;
    size_t n = comm->rank == 0 ? SIZE_MAX / 4 : 3, *offsets = &n;
    void *all = &err;
    assert_int_equal(rfm_comm_allgather_bytes(comm, "abc", n, &all, &offsets, &err), RFM_NO_MEMORY);
    assert_null(all);
    assert_null(offsets);
    if (comm->size == 1)
        return;
    memset(&err, 0, sizeof err);
    void *shared = comm->rank == 0 ? (void *)&n : NULL;
    assert_int_equal(rfm_comm_share(comm, 0, &shared, &n, &err), RFM_NO_MEMORY);
    assert_int_equal(err.rank, 1);
    assert_int_equal(err.n_failed, comm->size - 1);
    assert_true((shared == NULL) == (comm->rank != 0));
}

static void rank_size_and_library_are_told(void **state)
{
    (void)state;
    char name[80] = "";
    size_t length = rfm_comm_library(name, sizeof name);
    assert_true(length > 3 && length < sizeof name && strlen(name) == length);
    assert_true((comm->mpi == NULL) == (strcmp(name, "none (serial)") == 0));
    assert_int_equal(rfm_comm_rank(comm), comm->rank);
    assert_in_range(rfm_comm_rank(comm), 0, rfm_comm_size(comm) - 1);
    int64_t ranks = rfm_comm_rank(comm);
    rfm_comm_reduce_i64(comm, RFM_SUM, &ranks, 1);
    assert_int_equal(ranks, comm->size * (comm->size - 1) / 2);
}

#define BOTH(test) cmocka_unit_test_setup(test, large), cmocka_unit_test_setup(test, small)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        BOTH(integer_reductions_give_sum_minimum_and_maximum),
        BOTH(floating_extremes_do_not_depend_on_the_order_of_ranks),
        BOTH(wide_sums_carry_beyond_64_bits_and_keep_their_sign),
        BOTH(the_sum_before_a_rank_leaves_it_and_later_ones_out),
        BOTH(one_value_of_each_rank_is_gathered_in_rank_order),
        BOTH(a_broadcast_reaches_every_rank_from_every_root),
        BOTH(a_string_of_unknown_length_is_shared_from_every_root),
        BOTH(byte_strings_are_gathered_on_all_ranks),
        BOTH(byte_strings_come_together_on_rank_0),
        BOTH(what_comes_together_is_shortened_on_the_way),
        BOTH(a_failure_on_the_way_is_known_to_all),
        BOTH(an_exchange_brings_each_rank_what_is_meant_for_it),
        BOTH(what_is_sent_to_others_is_counted),
        BOTH(an_exchange_too_large_for_one_rank_fails_on_all),
        BOTH(byte_strings_too_large_for_memory_fail_on_all),
        BOTH(rank_size_and_library_are_told),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
