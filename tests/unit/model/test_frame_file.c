/* features.h5 comes back as it was, and matrices of others are read or refused with reason. */
#include "expect.h"

enum { N = 101, D = 3 };

static rfm_features *make_features(void)
{
    const rfm_roles roles = {.event = "e", .amount = {"p"}, .n_amount = 1, .decimals = 4};
    rfm_node node = parse_node("rfm");
    rfm_features *features;
    rfm_error err = {0};
    rfm_features_parse(&node, NULL, &roles, &features, &err);
    assert_fine(&err);
    rfm_node_free(&node);
    return features;
}

static double value_at(size_t row, int column)
{
    uint64_t seed = row * D + (size_t)column;
    return draw_unit(&seed) - 0.5;
}

/* Ids of row i: "c<i>" with as many more letters as i % 9, or the number i * i - 50. */
static size_t text_id(size_t row, char *text)
{
    size_t length = (size_t)sprintf(text, "c%zu", row);
    for (size_t i = 0; i < row % 9; i++)
        text[length++] = 'x';
    return length;
}

static void make_ids(rfm_ids *ids, rfm_id_kind kind, size_t from, size_t to)
{
    rfm_error err = {0};
    *ids = (rfm_ids){.kind = kind, .n = to - from};
    ids->hash = rfm_alloc(ids->n, sizeof *ids->hash, &err);
    ids->number = kind == RFM_ID_INTEGER ? rfm_alloc(ids->n, sizeof *ids->number, &err) : NULL;
    ids->offset = kind == RFM_ID_TEXT ? rfm_alloc(ids->n + 1, sizeof *ids->offset, &err) : NULL;
    ids->bytes = kind == RFM_ID_TEXT ? rfm_alloc(ids->n, 32, &err) : NULL;
    for (size_t i = 0; i < ids->n; i++) {
        if (kind == RFM_ID_INTEGER) {
            ids->number[i] = (int64_t)((from + i) * (from + i)) - 50;
            ids->hash[i] = rfm_hash64_integer(ids->number[i]);
            continue;
        }
        const size_t length = text_id(from + i, ids->bytes + ids->offset[i]);
        ids->offset[i + 1] = ids->offset[i] + length;
        ids->hash[i] = rfm_hash64(ids->bytes + ids->offset[i], length);
    }
    assert_fine(&err);
}

static rfm_frame make_frame(rfm_id_kind kind)
{
    static const char *const names[] = {"recency_days", "frequency", "monetary"};
    rfm_frame frame = {.d = D, .n_global = N, .has_ids = true};
    rfm_error err = {0};
    size_t from, to;
    share_rows(N, &from, &to);
    frame.n = to - from;
    frame.first = (int64_t)from;
    make_ids(&frame.ids, kind, from, to);
    frame.values = rfm_alloc(frame.n, D * sizeof(double), &err);
    frame.names = rfm_alloc(D, sizeof *frame.names, &err);
    frame.units = rfm_alloc(D, sizeof *frame.units, &err);
    for (int j = 0; j < D; j++) {
        frame.names[j] = rfm_copy_string(names[j], &err);
        frame.units[j] = rfm_copy_string(j ? "u" : "", &err);
        for (size_t i = 0; i < frame.n; i++)
            frame.values[i * D + (size_t)j] = value_at(from + i, j);
    }
    assert_fine(&err);
    return frame;
}

static void expect_ids(const rfm_frame *frame, rfm_id_kind kind)
{
    rfm_ids wanted;
    const size_t from = (size_t)frame->first;
    make_ids(&wanted, kind, from, from + frame->n);
    assert_int_equal(frame->ids.kind, kind);
    assert_memory_equal(frame->ids.hash, wanted.hash, frame->n * sizeof *wanted.hash);
    if (kind == RFM_ID_INTEGER)
        assert_memory_equal(frame->ids.number, wanted.number, frame->n * sizeof *wanted.number);
    else
        assert_memory_equal(frame->ids.bytes, wanted.bytes, wanted.offset[frame->n]);
    rfm_ids_free(&wanted);
}

static void a_frame_comes_back_in_even_shares(void **state)
{
    (void)state;
    for (int kind = RFM_ID_TEXT; kind <= RFM_ID_INTEGER; kind++) {
        rfm_features *features = make_features();
        rfm_frame frame = make_frame((rfm_id_kind)kind), back;
        const rfm_as_of as_of = {.us = INT64_C(1572566399999999), .day = -7, .span_us = 12345};
        rfm_as_of as_of_back;
        char *definitions;
        rfm_text printed = {0};
        rfm_error err = {0};
        const char *path = in_folder("features.h5");
        rfm_frame_write(comm, path, 0, &frame, features, &as_of, &err);
        assert_fine(&err);
        rfm_frame_read(comm, path, &back, &as_of_back, &definitions, &err);
        assert_fine(&err);
        assert_int_equal(back.n_global, N);
        assert_int_equal(back.d, D);
        assert_true(back.has_ids && back.n >= (size_t)(N / rfm_comm_size(comm)));
        assert_int_equal(back.first, rfm_comm_before_i64(comm, (int64_t)back.n));
        for (size_t i = 0; i < back.n; i++)
            for (int j = 0; j < D; j++)
                assert_true(back.values[i * D + (size_t)j] == value_at((size_t)back.first + i, j));
        expect_ids(&back, (rfm_id_kind)kind);
        assert_string_equal(back.names[2], "monetary");
        assert_string_equal(back.units[0], "");
        assert_string_equal(back.units[1], "u");
        assert_same_as_of(&as_of, &as_of_back);
        rfm_features_print(features, &printed, &err);
        assert_string_equal(definitions, printed.bytes);
        rfm_frame_free(&frame);
        rfm_frame_free(&back);
        rfm_features_close(features);
        rfm_text_free(&printed);
        free(definitions);
    }
}

/* ---- files of others ---- */

static rfm_h5 *create(const char *path)
{
    rfm_h5 *file;
    rfm_error err = {0};
    rfm_h5_create(comm, path, &file, &err);
    assert_fine(&err);
    return file;
}

/* rows x columns on rank 0. */
static void put(rfm_h5 *file, const char *name, rfm_h5_type type, size_t rows, int64_t columns, const void *values)
{
    rfm_error err = {0};
    const rfm_h5_shape shape = {.type = type, .columns = columns, .matrix = columns > 1};
    rfm_h5_write(file, name, &shape, rfm_comm_rank(comm) == 0 ? rows : 0, values, &err);
    assert_fine(&err);
}

static void bare_matrices_have_row_numbers(void **state)
{
    (void)state;
    const float rows[] = {1, 2, 3, 4, 5, 6.5F};
    rfm_error err = {0};
    const char *path = in_folder("bare.h5");
    rfm_h5 *file = create(path);
    put(file, "/features/values", RFM_H5_F32, 3, 2, rows);
    rfm_h5_close(file, &err);
    rfm_frame frame;
    rfm_as_of as_of;
    char *definitions;
    rfm_frame_read(comm, path, &frame, &as_of, &definitions, &err);
    assert_fine(&err);
    assert_true(!frame.has_ids && frame.n_global == 3 && frame.d == 2 && as_of.us == 0);
    assert_string_equal(definitions, "");
    assert_string_equal(frame.names[1], "x2");
    assert_string_equal(frame.units[1], "");
    for (size_t i = 0; i < frame.n; i++) {
        const int64_t row = frame.first + (int64_t)i;
        assert_int_equal(frame.ids.number[i], row);
        assert_true(frame.ids.hash[i] == rfm_hash64_integer(row));
        assert_true(frame.values[2 * i + 1] == (double)rows[2 * row + 1]);
    }
    free(definitions);
    rfm_frame_free(&frame);
    rfm_frame_read(comm, path, &frame, NULL, NULL, &err);
    assert_fine(&err);
    rfm_frame_free(&frame);
}

typedef struct extra {
    const char *name;
    rfm_h5_type type;
    size_t rows;
    int64_t columns;
    rfm_status status;
    const char *words;
} extra;

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const extra cases[] = {
        {"/features/weights", RFM_H5_F64, 3, 1, RFM_DATA, "other.h5: /features/weights: all weights are 0"},
        {"/features/weights", RFM_H5_F64, 2, 1, RFM_DATA, "/features/weights has 2 rows, /features/values 3"},
        {"/features/weights", RFM_H5_F64, 3, 2, RFM_DATA, "/features/weights must be numbers, one for each row"},
        {"/features/weights", RFM_H5_BYTES, 3, 1, RFM_DATA, "/features/weights must be numbers, one for each row"},
        {"/customers/id", RFM_H5_I64, 2, 1, RFM_DATA, "/customers/id has 2 rows, /features/values 3"},
        {"/customers/id", RFM_H5_F64, 3, 1, RFM_DATA, "/customers/id must be integers"},
        {"/customers/id", RFM_H5_BYTES, 3, 256, RFM_DATA, "/customers/id must be integers"},
        {"/features/names", RFM_H5_BYTES, 3, 4, RFM_DATA, "/features/names has 3 entries, /features/values 2 columns"},
        {"/features/values2", RFM_H5_F64, 3, 1, RFM_DATA, "no dataset /features/values"},
        {"/features/values", RFM_H5_BYTES, 3, 4, RFM_DATA, "/features/values must be numbers"},
        {"/features/values", RFM_H5_F64, 0, 2, RFM_DATA, "/features/values must be numbers, n x d with n from 1"},
    };
    static const double zeros[1024];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rfm_error err = {0};
        const char *path = in_folder("other.h5");
        rfm_h5 *file = create(path);
        if (strncmp(cases[i].name, "/features/values", 16) != 0)
            put(file, "/features/values", RFM_H5_F64, 3, 2, zeros);
        put(file, cases[i].name, cases[i].type, cases[i].rows, cases[i].columns, zeros);
        rfm_h5_close(file, &err);
        rfm_frame frame;
        rfm_frame_read(comm, path, &frame, NULL, NULL, &err);
        assert_null(frame.values);
        assert_failed(&err, cases[i].status, cases[i].words);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_comes_back_in_even_shares),
        cmocka_unit_test(bare_matrices_have_row_numbers),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
