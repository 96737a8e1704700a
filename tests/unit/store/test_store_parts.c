/* The customers' parts: the same bytes whatever the share of rows, which gzip reads, and a manifest that is true. */
#include "files.h"

#include "gzip.h"
#include "parts.h"
#include "ranks.h"

#define HEADER "id,name\n"

/* ---- rows ------------------------------------------------------------------------------------ */

typedef enum share { EVEN, ALL_ON_LAST, EVERY_OTHER_EMPTY, ONE_EACH_THEN_REST, N_SHARES } share;

static size_t rows_of(share kind, int64_t rows)
{
    int64_t ranks = rfm_comm_size(comm), at = rfm_comm_rank(comm), holders = (ranks + 1) / 2;
    switch (kind) {
    case EVEN:
        return (size_t)(rows / ranks + (at < rows % ranks));
    case ALL_ON_LAST:
        return at == ranks - 1 ? (size_t)rows : 0;
    case EVERY_OTHER_EMPTY:
        return at % 2 ? 0 : (size_t)(rows / holders + (at / 2 < rows % holders));
    case ONE_EACH_THEN_REST:
        return at < ranks - 1 ? at < rows : (size_t)(rows < ranks - 1 ? 0 : rows - (ranks - 1));
    default:
        return 0;
    }
}

static void add_line(int64_t row, rfm_text *line)
{
    rfm_text_addf(line, "%lld,\"customer, %llx\"\n", (long long)row, (unsigned long long)row * 2654435761u);
}

struct rows {
    int64_t first, fails_at; /* global rows */
};

static rfm_status write_row(void *context, size_t row, rfm_text *line, rfm_error *err)
{
    const struct rows *rows = context;
    if (rows->first + (int64_t)row == rows->fails_at)
        return rfm_fail(err, RFM_DATA, "row %lld cannot be told", (long long)rows->fails_at);
    add_line(rows->first + (int64_t)row, line);
    return RFM_OK;
}

static rfm_status write_parts(const char *dir, share kind, int64_t n, int64_t part_rows, int64_t fails_at,
                              rfm_error *err)
{
    rfm_parts parts = {.header = HEADER, .part_rows = part_rows, .level = 1, .write = write_row};
    parts.n_local = rows_of(kind, n);
    struct rows rows = {rfm_comm_before_i64(comm, (int64_t)parts.n_local), fails_at};
    parts.context = &rows;
    return rfm_parts_write_blocks(comm, dir, &parts, 16, err);
}

/* The same row, as values. */
static void read_row(void *context, size_t row, rfm_cell *cells)
{
    static char text[64];
    const struct rows *rows = context;
    const int64_t number = rows->first + (int64_t)row;
    const int length = snprintf(text, sizeof text, "customer, %llx", (unsigned long long)number * 2654435761u);
    cells[0].integer = number;
    cells[1].text.bytes = text;
    cells[1].text.length = (size_t)length;
}

static rfm_status write_parquet(const char *dir, share kind, int64_t n, int64_t part_rows, rfm_error *err)
{
    static const rfm_part_column columns[] = {{.name = "id", .type = RFM_COLUMN_INTEGER},
                                              {.name = "name", .type = RFM_COLUMN_TEXT}};
    rfm_parts parts = {.header = HEADER, .part_rows = part_rows, .level = 1, .write = write_row, .read = read_row};
    parts.columns = columns;
    parts.n_columns = sizeof columns / sizeof *columns;
    parts.n_local = rows_of(kind, n);
    struct rows rows = {rfm_comm_before_i64(comm, (int64_t)parts.n_local), -1};
    parts.context = &rows;
    return rfm_parts_write_blocks(comm, dir, &parts, 16, err);
}

/* ---- what must be there ---------------------------------------------------------------------- */

/* One part's bytes by the definition, with no thought of ranks. */
static rfm_text expected_part(int64_t part, int64_t n, int64_t part_rows)
{
    rfm_error err = {0};
    rfm_gzip *gzip = NULL;
    rfm_text bytes = {0}, text = {0};
    int64_t start = part * part_rows, end = start + part_rows < n ? start + part_rows : n;
    rfm_gzip_open(1, &gzip, &err);
    rfm_text_adds(&text, HEADER);
    for (int64_t row = start; row < end; row++) {
        add_line(row, &text);
        if ((row - start) % 16 == 15 && row + 1 < end) {
            rfm_gzip_member(gzip, text.bytes, text.length, &bytes, &err);
            text.length = 0;
        }
    }
    rfm_gzip_member(gzip, text.bytes, text.length, &bytes, &err);
    assert_fine(&err);
    rfm_gzip_close(gzip);
    rfm_text_free(&text);
    return bytes;
}

static void assert_part(const char *dir, const json_t *told, int64_t part, int64_t n, int64_t part_rows)
{
    char name[64], path[900], hash[64];
    size_t length;
    rfm_part_name(part, ".csv.gz", name);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    char *bytes = read_text(path, &length);
    rfm_text expected = expected_part(part, n, part_rows);
    assert_int_equal(length, expected.length);
    assert_memory_equal(bytes, expected.bytes, length);
    rfm_hash128 sum = rfm_hash128_of(bytes, length);
    snprintf(hash, sizeof hash, "%016llx%016llx", (unsigned long long)sum.high, (unsigned long long)sum.low);
    assert_string_equal(json_string_value(json_object_get(told, "name")), name);
    assert_string_equal(json_string_value(json_object_get(told, "xxh3_128")), hash);
    assert_int_equal(json_integer_value(json_object_get(told, "bytes")), length);
    assert_int_equal(json_integer_value(json_object_get(told, "rows")),
                     n - part * part_rows < part_rows ? n - part * part_rows : part_rows);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    rfm_text_free(&expected);
    free(bytes);
}

static size_t count_entries(const char *dir)
{
    char command[900];
    unsigned n = 0;
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", dir);
    FILE *list = popen(command, "r");
    assert_int_equal(fscanf(list, "%u", &n), 1);
    pclose(list);
    return n;
}

/* Rank 0. */
static void assert_parts(const char *dir, int64_t n, int64_t part_rows)
{
    char path[900];
    json_error_t reason;
    snprintf(path, sizeof path, "%s/manifest.json", dir);
    json_t *manifest = json_load_file(path, 0, &reason);
    assert_non_null(manifest);
    const json_t *parts = json_object_get(manifest, "parts");
    size_t n_parts = n == 0 ? 1 : (size_t)((n + part_rows - 1) / part_rows);
    assert_int_equal(json_array_size(parts), n_parts);
    assert_int_equal(json_integer_value(json_object_get(manifest, "n_rows")), n);
    assert_int_equal(json_integer_value(json_object_get(manifest, "part_rows")), part_rows);
    assert_int_equal(count_entries(dir), n_parts + 1);
    for (size_t i = 0; i < n_parts; i++)
        assert_part(dir, json_array_get(parts, i), (int64_t)i, n, part_rows);
    json_decref(manifest);
}

/* The text of all parts by gzip itself. Rank 0. */
static void assert_gzip_agrees(const char *dir, int64_t n, int64_t part_rows)
{
    char command[900];
    rfm_text expected = {0};
    for (int64_t row = 0; row < n || row == 0; row++) {
        if (row % part_rows == 0)
            rfm_text_adds(&expected, HEADER);
        if (row < n)
            add_line(row, &expected);
    }
    snprintf(command, sizeof command, "gunzip -t '%s'/part-*.csv.gz && zcat '%s'/part-*.csv.gz > '%s'.txt", dir, dir,
             dir);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "%s.txt", dir);
    char *text = read_text(command, NULL);
    assert_string_equal(text, expected.bytes);
    rfm_text_free(&expected);
    free(text);
}

/* Both directories have the same files. Rank 0. */
static void assert_same_files(const char *dir, const char *other)
{
    char command[2000];
    snprintf(command, sizeof command, "diff -r '%s' '%s'", dir, other);
    assert_int_equal(system(command), 0);
}

/* Rank 0. */
static void assert_python_reads(const char *dir, int64_t n, int64_t part_rows)
{
    char command[3000];
    snprintf(
        command, sizeof command,
        "'%s' -c \"import glob, pyarrow.parquet as p; t = [p.read_table(f) for f in "
        "sorted(glob.glob('%s/*.parquet'))]; n, r "
        "= %lld, %lld; assert [len(x) for x in t] == [min(r, n - i) for i in range(0, max(n, 1), r)], t; i = [v for "
        "x in t for v in x['id'].to_pylist()]; assert i == list(range(n)); assert [v for x in t for v in "
        "x['name'].to_pylist()] == ['customer, %%x' %% (v * 2654435761 %% 2**64) for v in i]\"",
        getenv("RFMPI_PYTHON"), dir, (long long)n, (long long)part_rows);
    assert_int_equal(system(command), 0);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void any_share_of_rows_gives_the_same_bytes(void **state)
{
    (void)state;
    /* Rows and rows a part: none, one, less than a block, blocks and parts that do and do not come out even. */
    static const int64_t cases[][2] = {{0, 100},  {1, 100},   {3, 1},     {15, 100},     {16, 100},
                                       {17, 100}, {100, 100}, {101, 100}, {200, 50},     {200, 200},
                                       {400, 48}, {399, 47},  {100, 7},   {1000, 100000}};
    rfm_error err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int kind = EVEN; kind < N_SHARES; kind++) {
            char name[32];
            snprintf(name, sizeof name, "parts-%zu-%d", i, kind);
            write_parts(in_folder(name), (share)kind, cases[i][0], cases[i][1], -1, &err);
            assert_fine(&err);
            if (is_first())
                assert_parts(in_folder(name), cases[i][0], cases[i][1]);
        }
    }
}

static void any_share_of_rows_gives_the_same_parquet(void **state)
{
    (void)state;
    static const int64_t cases[][2] = {{0, 100}, {399, 47}, {1, 100}, {3, 1}, {101, 100}, {200, 50}};
    const char *python = getenv("RFMPI_PYTHON");
    if (!rfm_parts_may_be_parquet())
        skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char first[900] = "";
        for (int kind = EVEN; kind < N_SHARES; kind++) {
            rfm_error err = {0};
            char name[32];
            snprintf(name, sizeof name, "parquet-%zu-%d", i, kind);
            write_parquet(in_folder(name), (share)kind, cases[i][0], cases[i][1], &err);
            assert_fine(&err);
            if (is_first() && kind != EVEN)
                assert_same_files(first, in_folder(name));
            else
                snprintf(first, sizeof first, "%s", in_folder(name));
        }
        if (is_first() && i < 2 && python && access(python, X_OK) == 0)
            assert_python_reads(first, cases[i][0], cases[i][1]);
    }
}

static void parquet_is_refused_where_it_cannot_be_written(void **state)
{
    (void)state;
    rfm_error err = {0};
    if (rfm_parts_may_be_parquet())
        skip();
    write_parquet(in_folder("absent"), EVEN, 10, 5, &err);
    assert_failed(&err, RFM_USAGE, "built without Parquet");
}

static void gzip_reads_the_parts(void **state)
{
    (void)state;
    rfm_error err = {0};
    static const int64_t cases[][2] = {{0, 100}, {999, 47}};
    for (size_t i = 0; i < 2; i++) {
        char name[32];
        snprintf(name, sizeof name, "gzip-%zu", i);
        write_parts(in_folder(name), EVEN, cases[i][0], cases[i][1], -1, &err);
        assert_fine(&err);
        if (is_first())
            assert_gzip_agrees(in_folder(name), cases[i][0], cases[i][1]);
    }
}

static void python_reads_the_parts(void **state)
{
    (void)state;
    rfm_error err = {0};
    const char *python = getenv("RFMPI_PYTHON");
    write_parts(in_folder("python"), EVERY_OTHER_EMPTY, 999, 100, -1, &err);
    assert_fine(&err);
    if (!is_first())
        return;
    if (!python || access(python, X_OK) != 0) {
        print_message("RFMPI_PYTHON names no Python: it does not read the parts\n");
        skip();
    }
    char command[2000];
    snprintf(command, sizeof command,
             "'%s' -c \"import csv, glob, gzip; rows = [r for p in sorted(glob.glob('%s/*.gz')) for r in "
             "list(csv.reader(gzip.open(p, 'rt')))[1:]]; assert [int(r[0]) for r in rows] == list(range(999)), rows; "
             "assert all(r[1].startswith('customer, ') for r in rows)\"",
             python, in_folder("python"));
    assert_int_equal(system(command), 0);
}

static void blocks_of_the_usual_size_make_parts(void **state)
{
    (void)state;
    rfm_error err = {0};
    const int64_t n = 3 * RFM_BLOCK_ROWS + 100;
    rfm_parts parts = {.header = HEADER, .part_rows = 2 * RFM_BLOCK_ROWS + 1, .level = 1, .write = write_row};
    parts.n_local = rows_of(EVEN, n);
    struct rows rows = {rfm_comm_before_i64(comm, (int64_t)parts.n_local), -1};
    parts.context = &rows;
    rfm_parts_write(comm, in_folder("usual"), &parts, &err);
    assert_fine(&err);
    if (is_first())
        assert_gzip_agrees(in_folder("usual"), n, parts.part_rows);
}

static void fields_are_quoted_where_rfc_4180_wants_it_and_read_back(void **state)
{
    (void)state;
    static const char *const fields[][2] = {{"", ""},
                                            {"plain text; 'so'", "plain text; 'so'"},
                                            {"a,b", "\"a,b\""},
                                            {"say \"x\"", "\"say \"\"x\"\"\""},
                                            {"two\nlines", "\"two\nlines\""},
                                            {"\r", "\"\r\""}};
    enum { N = sizeof fields / sizeof *fields };
    rfm_text line = {0}, field = {0};
    for (size_t i = 0; i < N; i++) {
        rfm_text_adds(&line, i > 0 ? "," : "");
        const size_t before = line.length;
        rfm_csv_add(&line, fields[i][0], strlen(fields[i][0]));
        assert_string_equal(line.bytes + before, fields[i][1]);
    }
    rfm_text_adds(&line, "\n");
    const char *at = line.bytes;
    for (size_t i = 0; i < N; i++) {
        rfm_csv_take(&at, &field);
        assert_string_equal(field.bytes, fields[i][0]);
        assert_int_equal(*at++, i + 1 < N ? ',' : '\n');
    }
    rfm_csv_take(&at, &field); /* of nothing there is nothing */
    assert_string_equal(field.bytes, "");
    assert_int_equal(*at, '\0');
    rfm_text_free(&line);
    rfm_text_free(&field);
}

static void a_row_that_fails_fails_on_all_ranks(void **state)
{
    (void)state;
    rfm_error err = {0};
    static const int64_t rows[] = {0, 17, 250, 499};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char words[64];
        snprintf(words, sizeof words, "row %lld cannot be told", (long long)rows[i]);
        write_parts(in_folder("fails"), EVEN, 500, 100, rows[i], &err);
        assert_failed(&err, RFM_DATA, words);
    }
    rfm_parts wrong = {.header = HEADER, .part_rows = 0, .level = 1, .write = write_row};
    rfm_parts_write(comm, in_folder("fails"), &wrong, &err);
    assert_failed(&err, RFM_INTERNAL, "parts of 0 rows");
    wrong.part_rows = 10;
    wrong.level = 13;
    rfm_parts_write(comm, in_folder("fails"), &wrong, &err);
    assert_failed(&err, RFM_INTERNAL, "no level 13");
    rfm_parts_write(comm, in_folder("nowhere/fails"), &wrong, &err);
    assert_failed(&err, RFM_IO, "cannot make the directory");
}

/* Every agreement of a write fails once, on the first and on the last rank: all ranks return it and nothing hangs. */
static void fail_everywhere(bool parquet)
{
    bool whole = false;
    rfm_comm_stage(comm, "write");
    for (int64_t n = 1; !whole; n++) {
        rfm_error err = {0};
        comm->fault = (rfm_fault){.stage = "write", .rank = n % 2 ? rfm_comm_size(comm) - 1 : 0, .n = n};
        comm->n_agreed = 0;
        parquet ? write_parquet(in_folder("fault-parquet"), EVEN, 500, 70, &err)
                : write_parts(in_folder("fault"), EVEN, 500, 70, -1, &err);
        comm->fault.n = 0;
        whole = !err.status;
        assert_true(n > 5 || !whole);
        if (!whole)
            assert_failed(&err, RFM_INTERNAL, "failure injected");
    }
}

static void a_failure_injected_anywhere_reaches_all_ranks(void **state)
{
    (void)state;
    fail_everywhere(false);
    if (is_first())
        assert_parts(in_folder("fault"), 500, 70);
    if (rfm_parts_may_be_parquet())
        fail_everywhere(true);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_share_of_rows_gives_the_same_bytes),
        cmocka_unit_test(any_share_of_rows_gives_the_same_parquet),
        cmocka_unit_test(parquet_is_refused_where_it_cannot_be_written),
        cmocka_unit_test(gzip_reads_the_parts),
        cmocka_unit_test(python_reads_the_parts),
        cmocka_unit_test(blocks_of_the_usual_size_make_parts),
        cmocka_unit_test(fields_are_quoted_where_rfc_4180_wants_it_and_read_back),
        cmocka_unit_test(a_row_that_fails_fails_on_all_ranks),
        cmocka_unit_test(a_failure_injected_anywhere_reaches_all_ranks),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
