/* Customers with a number each find their owner from any rank and in any order, and are there once. */
#include "draw.h"
#include "session.h"

#include "rfmpi/customer.h"

#include <stdio.h>

enum { N = 900 };

static const rfm_id_kind KINDS[] = {RFM_ID_TEXT, RFM_ID_INTEGER};

/* Ids of different lengths, of which one is the beginning of another. */
static size_t name_id(size_t i, char text[32])
{
    return (size_t)snprintf(text, 32, i % 3 ? "c%zu" : "customer-%zu", i / 3 * 3 + i % 2);
}

static int64_t number_id(size_t i)
{
    return (int64_t)i * 7919 - 3000000;
}

static int64_t number_of(size_t i)
{
    return (int64_t)((i * 31) % 1000) - 100;
}

/* The ids at first, first + step, ... */
static rfm_labelled make_rows(rfm_id_kind kind, size_t first, size_t step)
{
    rfm_labelled rows = {.ids = {.kind = kind}};
    rows.ids.hash = calloc(N, sizeof *rows.ids.hash);
    rows.numbers = calloc(N, sizeof *rows.numbers);
    if (kind == RFM_ID_INTEGER) {
        rows.ids.number = calloc(N, sizeof *rows.ids.number);
    } else {
        rows.ids.offset = calloc(N + 1, sizeof *rows.ids.offset);
        rows.ids.bytes = calloc(N, 32);
    }
    for (size_t i = first; i < N; i += step) {
        const size_t at = rows.ids.n++;
        rows.numbers[at] = number_of(i);
        if (kind == RFM_ID_INTEGER) {
            rows.ids.number[at] = number_id(i);
            rows.ids.hash[at] = rfm_hash64_integer(number_id(i));
            continue;
        }
        char text[32];
        const size_t length = name_id(i, text);
        memcpy(rows.ids.bytes + rows.ids.offset[at], text, length);
        rows.ids.offset[at + 1] = rows.ids.offset[at] + length;
        rows.ids.hash[at] = rfm_hash64(text, length);
    }
    return rows;
}

/* The least number among those with the id of i; -1000: no such id was made. */
static int64_t least_number(rfm_id_kind kind, size_t i)
{
    char own[32], other[32];
    int64_t least = number_of(i);
    const size_t length = name_id(i, own);
    for (size_t j = 0; kind == RFM_ID_TEXT && j < N; j++)
        if (name_id(j, other) == length && memcmp(own, other, length) == 0 && number_of(j) < least)
            least = number_of(j);
    return least;
}

static bool is_of(const rfm_labelled *rows, size_t at, size_t i)
{
    char text[32];
    if (rows->ids.kind == RFM_ID_INTEGER)
        return rows->ids.number[at] == number_id(i);
    const size_t length = name_id(i, text);
    return rows->ids.offset[at + 1] - rows->ids.offset[at] == length &&
           memcmp(rows->ids.bytes + rows->ids.offset[at], text, length) == 0;
}

static void expect_settled(const rfm_labelled *rows)
{
    int64_t n = (int64_t)rows->ids.n, distinct = 0;
    assert_true(rfm_ids_are_settled(comm, &rows->ids));
    for (size_t at = 0; at < rows->ids.n; at++) {
        size_t i = 0;
        while (i < N && !is_of(rows, at, i))
            i++;
        assert_true(i < N);
        assert_true(rows->numbers[at] == least_number(rows->ids.kind, i));
        assert_int_equal(rfm_owner(rows->ids.hash[at], rfm_comm_size(comm)), rfm_comm_rank(comm));
    }
    for (size_t i = 0; i < N; i++) {
        size_t j = 0;
        char own[32], other[32];
        while (j < i &&
               !(rows->ids.kind == RFM_ID_TEXT && name_id(i, own) == name_id(j, other) && strcmp(own, other) == 0))
            j++;
        distinct += j == i;
    }
    rfm_comm_reduce_i64(comm, RFM_SUM, &n, 1);
    assert_true(n == distinct);
}

static void every_row_finds_its_owner(void **state)
{
    (void)state;
    const size_t rank = (size_t)rfm_comm_rank(comm), size = (size_t)rfm_comm_size(comm);
    for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++) {
        rfm_labelled rows = make_rows(KINDS[k], rank, size);
        rfm_error err = {0};
        assert_false(rfm_ids_are_settled(comm, &rows.ids));
        rfm_labelled_settle(comm, &rows, &err);
        assert_fine(&err);
        expect_settled(&rows);
        rfm_labelled_settle(comm, &rows, &err); /* they stay where they are */
        assert_fine(&err);
        expect_settled(&rows);
        rfm_labelled_free(&rows);
    }
}

static void one_rank_may_have_them_all(void **state)
{
    (void)state;
    const int last = rfm_comm_size(comm) - 1;
    for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++) {
        rfm_labelled rows = make_rows(KINDS[k], rfm_comm_rank(comm) == last ? 0 : N, 1);
        rfm_error err = {0};
        rfm_labelled_settle(comm, &rows, &err);
        assert_fine(&err);
        expect_settled(&rows);
        rfm_labelled_free(&rows);
    }
}

static void no_rows_are_fine(void **state)
{
    (void)state;
    rfm_labelled rows = make_rows(RFM_ID_TEXT, N, 1);
    rfm_error err = {0};
    rfm_labelled_settle(comm, &rows, &err);
    assert_fine(&err);
    assert_int_equal(rows.ids.n, 0);
    rfm_labelled_free(&rows);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_finds_its_owner),
        cmocka_unit_test(one_rank_may_have_them_all),
        cmocka_unit_test(no_rows_are_fine),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
