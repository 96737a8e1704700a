/* Parquet files from pyarrow are read as the texts their values stand for; what cannot be read is said. */
#include "harness.h"
#include "parquet_files.h"
#include "parquet_values.h"
#include "typed_check.h"

static int write_files(void **state)
{
    (void)state;
    return write_parquet_files("all");
}

static int remove_files(void **state)
{
    return harness_close(state);
}

/* ---- what is expected ------------------------------------------------------------------------------------------- */

enum { SEPARATOR = 0x1f };

/* The peer's NAME.txt: names, and where each row begins. */
typedef struct expected {
    char *bytes;
    size_t size;
    char *names[MAX_COLUMNS];
    size_t n_names;
    size_t *rows; /* [n_rows + 1] */
    size_t n_rows;
} expected;

static expected read_expected(const char *name)
{
    char path[200];
    expected e = {0};
    snprintf(path, sizeof path, "%s.txt", name);
    e.bytes = read_bytes(in_folder(path), &e.size);
    e.rows = calloc(e.size + 1, sizeof *e.rows);
    size_t begin = 0;
    for (size_t i = 0; i < e.size && e.n_rows == 0; i++) {
        if (e.bytes[i] != SEPARATOR && e.bytes[i] != '\n')
            continue;
        e.n_rows += e.bytes[i] == '\n';
        e.bytes[i] = '\0';
        e.names[e.n_names++] = e.bytes + begin;
        begin = i + 1;
    }
    e.rows[0] = begin;
    e.n_rows = 0;
    for (size_t i = begin; i < e.size; i++)
        if (e.bytes[i] == '\n')
            e.rows[++e.n_rows] = i + 1;
    return e;
}

static void free_expected(expected *e)
{
    free(e->bytes);
    free(e->rows);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static void add_rows(rfm_columnar *c, rfm_text *text)
{
    assert_true(typed_agrees(c, harness_zone("Europe/Paris")));
    for (size_t row = 0; row < c->n; row++)
        for (size_t i = 0; i < c->n_slots; i++) {
            const rfm_field cell = rfm_columnar_texts(c, i)[row];
            assert_false(cell.doubled);
            rfm_text_add(text, cell.bytes, cell.length);
            rfm_text_adds(text, i + 1 < c->n_slots ? "\x1f" : "\n");
        }
}

static void assert_rows(const expected *e, size_t first, size_t n, const rfm_text *text, const char *name)
{
    rfm_error err = {0};
    assert_int_equal(rfm_text_check(text, &err), RFM_OK);
    const char *want_bytes = e->bytes + e->rows[first];
    const size_t want_size = e->rows[first + n] - e->rows[first];
    if (want_size == text->length && memcmp(want_bytes, text->bytes ? text->bytes : "", want_size) == 0)
        return;
    for (size_t row = first, at = 0; row < first + n; row++) {
        const size_t length = e->rows[row + 1] - e->rows[row];
        if (at + length > text->length || memcmp(e->bytes + e->rows[row], text->bytes + at, length) != 0)
            fail_msg("%s: row %zu is\n%.*s\nand should be\n%.*s", name, row, (int)strcspn(text->bytes + at, "\n"),
                     text->bytes + at, (int)length, e->bytes + e->rows[row]);
        at += length;
    }
    fail_msg("%s: too many rows", name);
}

static void assert_all_rows(opened *o, const expected *e, int64_t max_rows, const char *name)
{
    rfm_error err = {0};
    rfm_text text = {0};
    rfm_parquet.begin(&o->columnar, 0, &err);
    assert_fine(&err);
    size_t n_rows = 0;
    do {
        rfm_parquet.next(&o->columnar, max_rows, &err);
        assert_fine(&err);
        assert_in_range(o->columnar.n, 0, max_rows);
        add_rows(&o->columnar, &text);
        n_rows += o->columnar.n;
    } while (o->columnar.n > 0);
    assert_int_equal(n_rows, e->n_rows);
    assert_rows(e, 0, e->n_rows, &text, name);
    rfm_text_free(&text);
}

static void assert_rows_at_cuts(opened *o, const expected *e, const char *name)
{
    rfm_error err = {0};
    rfm_columnar *c = &o->columnar;
    assert_int_equal(c->cuts[0], 0);
    for (size_t i = 0; i < c->n_cuts && e->n_rows > 0; i++) {
        rfm_text text = {0};
        assert_true(c->cuts[i] < c->n_rows && (i == 0 || c->cuts[i] > c->cuts[i - 1]));
        rfm_parquet.begin(&o->columnar, c->cuts[i], &err);
        rfm_parquet.next(&o->columnar, 5, &err);
        assert_fine(&err);
        add_rows(c, &text);
        assert_rows(e, (size_t)c->cuts[i], c->n, &text, name);
        rfm_text_free(&text);
    }
}

static void check_file(const char *name)
{
    rfm_error err = {0};
    expected e = read_expected(name);
    opened o;
    open_parquet(&o, name, &err);
    assert_fine(&err);
    assert_int_equal(o.columnar.n_rows, e.n_rows);
    for (size_t i = 0; i < e.n_names; i++)
        want(&o, e.names[i]);
    assert_all_rows(&o, &e, RFM_COLUMNAR_ROWS, name);
    assert_all_rows(&o, &e, 333, name);
    assert_rows_at_cuts(&o, &e, name);
    rfm_parquet.close(&o.columnar);
    free_expected(&e);
}

static void values_of_every_type_codec_and_encoding_become_texts(void **state)
{
    (void)state;
    need_files();
    size_t size;
    char *names = read_bytes(in_folder("names"), &size), *rest = names;
    size_t n = 0;
    for (char *name; (name = strsep(&rest, "\n")) && *name; n++)
        check_file(name);
    assert_true(n > 40);
    free(names);
}

static void row_groups_with_rows_are_cuts(void **state)
{
    (void)state;
    need_files();
    rfm_error err = {0};
    opened o;
    open_parquet(&o, "empty_groups", &err);
    assert_fine(&err);
    assert_int_equal(o.columnar.n_cuts, 2);
    assert_int_equal(o.columnar.cuts[1], 20);
    rfm_parquet.close(&o.columnar);
    open_parquet(&o, "many_groups", &err);
    assert_fine(&err);
    assert_int_equal(o.columnar.n_cuts, 429);
    rfm_parquet.close(&o.columnar);
    open_parquet(&o, "no_rows", &err);
    assert_fine(&err);
    assert_int_equal(o.columnar.n_rows, 0);
    assert_int_equal(o.columnar.n_cuts, 1);
    rfm_parquet.close(&o.columnar);
}

static void a_column_may_fill_several_slots(void **state)
{
    (void)state;
    need_files();
    rfm_error err = {0};
    opened o;
    open_parquet(&o, "types_none_1", &err);
    assert_fine(&err);
    want(&o, "word");
    want(&o, "i64");
    want(&o, "word");
    rfm_parquet.begin(&o.columnar, 0, &err);
    rfm_parquet.next(&o.columnar, 100, &err);
    assert_fine(&err);
    assert_int_equal(o.columnar.n, 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(rfm_columnar_texts(&o.columnar, 0)[i].length, rfm_columnar_texts(&o.columnar, 2)[i].length);
    rfm_parquet.close(&o.columnar);
}

static void columns_of_times_say_how_they_are_read(void **state)
{
    (void)state;
    need_files();
    static const struct {
        const char *name;
        bool has;
        rfm_time_format format;
    } cases[] = {
        {"utc_ms", true, RFM_TIME_MICROSECONDS},
        {"utc_us", true, RFM_TIME_MICROSECONDS},
        {"paris_ns", true, RFM_TIME_MICROSECONDS},
        {"local_ms", true, RFM_TIME_ISO},
        {"local_us", true, RFM_TIME_ISO},
        {"local_ns", true, RFM_TIME_ISO},
        {"day", true, RFM_TIME_DATE},
        {"i64", false, RFM_TIME_AUTO},
        {"word", false, RFM_TIME_AUTO},
    };
    rfm_error err = {0};
    opened o;
    open_parquet(&o, "types_none_1", &err);
    assert_fine(&err);
    want(&o, "f64");
    o.columnar.n_slots = 2;
    o.columnar.time_slot = 1;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        o.columnar.n_slots = 1;
        want(&o, cases[i].name);
        rfm_parquet.begin(&o.columnar, 0, &err);
        assert_fine(&err);
        assert_int_equal(o.columnar.has_time_format, cases[i].has);
        if (cases[i].has)
            assert_int_equal(o.columnar.time_format, cases[i].format);
    }
    rfm_parquet.close(&o.columnar);
}

/* ---- what is refused -------------------------------------------------------------------------------------------- */

static void columns_that_cannot_be_read_are_refused_where_wanted(void **state)
{
    (void)state;
    need_files();
    static const char *const cases[][2] = {
        {"list", "column 'list' cannot be read: it is nested or repeated"},
        {"struct", "column 'struct' cannot be read: it is nested or repeated"},
        {"map", "column 'map' cannot be read: it is nested or repeated"},
        {"clock32", "column 'clock32' cannot be read: times of day"},
        {"clock64", "column 'clock64' cannot be read: times of day"},
        {"half", "column 'half' cannot be read: half floats"},
    };
    rfm_error err = {0};
    opened o;
    open_parquet(&o, "mixed", &err);
    assert_fine(&err);
    assert_int_equal(o.columnar.n_fields, 8);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        o.columnar.n_slots = 0;
        want(&o, "before");
        want(&o, cases[i][0]);
        rfm_parquet.begin(&o.columnar, 0, &err);
        assert_failed(&err, RFM_DATA, cases[i][1]);
    }
    rfm_parquet.close(&o.columnar);
}

static void an_unknown_codec_names_the_column(void **state)
{
    (void)state;
    need_files();
    rfm_error err = {0};
    opened o;
    open_parquet(&o, "brotli", &err);
    assert_fine(&err);
    want(&o, "before");
    rfm_parquet.begin(&o.columnar, 0, &err);
    assert_fine(&err);
    rfm_parquet.next(&o.columnar, 10, &err);
    assert_failed(&err, RFM_DATA, "brotli.parquet: row group 0, column 'before': ");
    rfm_parquet.close(&o.columnar);
}

static void what_is_no_parquet_file_is_refused(void **state)
{
    (void)state;
    if (!rfm_parquet_library())
        skip();
    static const char *const contents[] = {"", "PAR1", "PAR1PAR1", "PAR1\377\377\377\377PAR1",
                                           "customer,time\n1,2020-01-01\n2,2020-01-01\n"};
    rfm_error err = {0};
    opened o;
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        write_bytes("none.parquet", contents[i], strlen(contents[i]));
        open_parquet(&o, "none", &err);
        assert_failed(&err, RFM_DATA, "none.parquet: cannot be read as Parquet: ");
        rfm_parquet.close(&o.columnar);
    }
    open_parquet(&o, "nowhere", &err);
    assert_failed(&err, RFM_DATA, "nowhere.parquet: is no longer there");
    rfm_parquet.close(&o.columnar);
}

static void a_build_without_parquet_says_so(void **state)
{
    (void)state;
    if (rfm_parquet_library())
        skip();
    rfm_error err = {0};
    opened o;
    open_parquet(&o, "any", &err);
    assert_failed(&err, RFM_USAGE, "any.parquet: this rfmpi was built without Parquet");
    rfm_parquet.close(&o.columnar);
}

/* ---- values pyarrow cannot write -------------------------------------------------------------------------------- */

static void decimals_of_variable_length_are_read(void **state)
{
    (void)state;
    const rfm_parquet_type type = {RFM_PARQUET_DECIMAL_TEXT, sizeof(rfm_parquet_bytes), 2};
    const rfm_parquet_bytes values[] = {
        {"\x04\xe2", 2}, {"\xff", 1}, {"", 0}, {"\x00\x00\x00\x00\x00\x00\x00\x01\x00", 9}};
    const char *const texts[] = {"12.50", "-0.01", "0.00", "2.56"};
    rfm_field fields[4];
    char text[4 * 48];
    assert_true(rfm_parquet_fields(&type, values, 4, text, fields));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(fields[i].length, strlen(texts[i]));
        assert_memory_equal(fields[i].bytes, texts[i], fields[i].length);
    }
    const rfm_parquet_bytes too_long = {"12345678901234567", 17}, negative = {"", -1};
    assert_false(rfm_parquet_fields(&type, &too_long, 1, text, fields));
    assert_false(rfm_parquet_fields(&type, &negative, 1, text, fields));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_type_codec_and_encoding_become_texts),
        cmocka_unit_test(row_groups_with_rows_are_cuts),
        cmocka_unit_test(a_column_may_fill_several_slots),
        cmocka_unit_test(columns_of_times_say_how_they_are_read),
        cmocka_unit_test(columns_that_cannot_be_read_are_refused_where_wanted),
        cmocka_unit_test(an_unknown_codec_names_the_column),
        cmocka_unit_test(what_is_no_parquet_file_is_refused),
        cmocka_unit_test(a_build_without_parquet_says_so),
        cmocka_unit_test(decimals_of_variable_length_are_read),
    };
    return cmocka_run_group_tests(tests, write_files, remove_files);
}
