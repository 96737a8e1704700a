/* A manifest from its file: what it tells is all there, and of what is damaged, or could lead astray, nothing is
 * believed. */
#include "session.h"

#include <jansson.h>

#include "rfmpi/store.h"

static const char MANIFEST[] =
    "{\"format\": 2, \"part_rows\": 3, \"n_rows\": 5,"
    " \"columns\": [{\"name\": \"customer_id\", \"type\": \"text\", \"comment\": \"as in the events\"},"
    "               {\"name\": \"segment\", \"type\": \"integer\", \"optional\": true}, {\"name\": \"r\\u00e9cence\", "
    "\"type\": "
    "\"number\"}],"
    " \"parts\": [{\"name\": \"part-00000.csv.gz\", \"rows\": 3, \"bytes\": 71,"
    "              \"xxh3_128\": \"00112233445566778899aabbccddeeff\"},"
    "             {\"name\": \"part-00001.csv.gz\", \"rows\": 2, \"bytes\": 0,"
    "              \"xxh3_128\": \"ffffffffffffffff0000000000000001\"}]}";

static void write_manifest(const char *bytes, size_t n)
{
    FILE *file = fopen(in_folder("manifest.json"), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static rfm_status read_text(const char *bytes, size_t n, rfm_manifest *manifest, rfm_error *err)
{
    write_manifest(bytes, n);
    return rfm_manifest_read(folder, manifest, err);
}

static void expect_refused(const char *text, const char *words)
{
    rfm_error err = {0};
    rfm_manifest manifest;
    if (read_text(text, strlen(text), &manifest, &err) == RFM_OK)
        fail_msg("taken: %s", text);
    assert_non_null(strstr(err.message, "manifest.json"));
    assert_failed(&err, RFM_DATA, words);
    rfm_manifest_free(&manifest);
}

/* ---- what is told ----------------------------------------------------------------------------------------------- */

static void all_of_a_manifest_is_read(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_manifest manifest;
    read_text(MANIFEST, strlen(MANIFEST), &manifest, &err);
    assert_fine(&err);
    assert_int_equal(manifest.n_rows, 5);
    const rfm_hash128 hash = rfm_hash128_of(MANIFEST, strlen(MANIFEST));
    assert_true(manifest.hash.low == hash.low && manifest.hash.high == hash.high);

    assert_int_equal(manifest.n_columns, 3);
    assert_string_equal(manifest.columns[0].name, "customer_id");
    assert_int_equal(manifest.columns[0].type, RFM_COLUMN_TEXT);
    assert_string_equal(manifest.columns[0].comment, "as in the events");
    assert_int_equal(manifest.columns[1].type, RFM_COLUMN_INTEGER);
    assert_null(manifest.columns[1].comment);
    assert_true(manifest.columns[1].optional && !manifest.columns[0].optional && !manifest.columns[2].optional);
    assert_string_equal(manifest.columns[2].name, "r\xC3\xA9"
                                                  "cence");
    assert_int_equal(manifest.columns[2].type, RFM_COLUMN_NUMBER);

    assert_int_equal(manifest.n_parts, 2);
    assert_string_equal(manifest.parts[0].name, "part-00000.csv.gz");
    assert_int_equal(manifest.parts[0].rows, 3);
    assert_int_equal(manifest.parts[0].bytes, 71);
    assert_true(manifest.parts[0].hash.high == UINT64_C(0x0011223344556677));
    assert_true(manifest.parts[0].hash.low == UINT64_C(0x8899aabbccddeeff));
    assert_string_equal(manifest.parts[1].name, "part-00001.csv.gz");
    assert_true(manifest.parts[1].hash.high == UINT64_MAX && manifest.parts[1].hash.low == 1);
    rfm_manifest_free(&manifest);
    assert_null(manifest.parts);
    rfm_manifest_free(&manifest);
}

static void a_run_without_results_is_told(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_manifest manifest;
    rfm_manifest_read(folder, &manifest, &err);
    assert_failed(&err, RFM_USAGE, "the run has no results yet");
    rfm_manifest_free(&manifest);
}

/* ---- damage ----------------------------------------------------------------------------------------------------- */

static void a_manifest_that_is_cut_off_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < strlen(MANIFEST); n++) {
        rfm_error err = {0};
        rfm_manifest manifest;
        read_text(MANIFEST, n, &manifest, &err);
        assert_failed(&err, RFM_DATA, "manifest.json");
        rfm_manifest_free(&manifest);
    }
}

/* Each byte in turn becomes another: refused, or what is told of rows still sums up. */
static void a_changed_byte_is_refused_or_keeps_sums(void **state)
{
    (void)state;
    static const char others[] = "\0x9-\"}\xFF";
    char text[sizeof MANIFEST];
    for (size_t i = 0; i < sizeof MANIFEST - 1; i++)
        for (size_t o = 0; o < sizeof others - 1; o++) {
            rfm_error err = {0};
            rfm_manifest manifest;
            memcpy(text, MANIFEST, sizeof text);
            text[i] = others[o];
            int64_t n_rows = 0;
            if (read_text(text, sizeof text - 1, &manifest, &err) == RFM_OK) {
                for (size_t p = 0; p < manifest.n_parts; p++)
                    n_rows += manifest.parts[p].rows;
                assert_int_equal(n_rows, manifest.n_rows);
                assert_int_equal(manifest.n_parts, 2);
                assert_int_equal(manifest.n_columns, 3);
            } else {
                assert_int_equal(err.status, RFM_DATA);
            }
            rfm_manifest_free(&manifest);
        }
}

static void what_is_no_manifest_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "null",
                                        "[]",
                                        "5",
                                        "\"manifest\"",
                                        "{}",
                                        "{\"format\": 2}",
                                        "{\"format\": 2, \"format\": 2}",
                                        "part-00000.csv.gz\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect_refused(texts[i], "");
}

/* ---- what could lead astray ------------------------------------------------------------------------------------- */

/* The manifest with one thing in another's place; value is JSON, NULL: taken out. */
static char *change(const char *list, size_t i, const char *key, const char *value)
{
    json_t *root = json_loads(MANIFEST, 0, NULL);
    json_t *object = list ? json_array_get(json_object_get(root, list), i) : root;
    if (value)
        assert_int_equal(json_object_set_new(object, key, json_loads(value, JSON_DECODE_ANY, NULL)), 0);
    else
        assert_int_equal(json_object_del(object, key), 0);
    char *text = json_dumps(root, 0);
    json_decref(root);
    assert_non_null(text);
    return text;
}

static void expect_change_refused(const char *list, size_t i, const char *key, const char *value, const char *words)
{
    char *text = change(list, i, key, value);
    expect_refused(text, words);
    free(text);
}

static void other_formats_are_refused(void **state)
{
    (void)state;
    static const char *const formats[] = {"1", "3", "-2", "\"2\"", "2.0", "null", NULL};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        expect_change_refused(NULL, 0, "format", formats[i], "not of this format");
}

static void names_of_parts_are_names_and_no_paths(void **state)
{
    (void)state;
    static const char *const names[] = {"\"/etc/passwd\"", "\"a/b\"", "\"../part\"", "\"..\"", "\".\"", "\".hidden\"",
                                        "\"a/\"",          "\"\"",    "7",           "null",   "[]",    NULL};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        expect_change_refused("parts", 0, "name", names[i], "a part that is none");
    char name[203] = "\"";
    memset(name + 1, 'a', 200);
    name[201] = '"';
    expect_change_refused("parts", 0, "name", name, "a part that is none");
}

/* Those who look for a part halve the list; and what stands twice would be loaded once. */
static void names_of_parts_ascend(void **state)
{
    (void)state;
    expect_change_refused("parts", 0, "name", "\"part-00001.csv.gz\"", "a part that is none");
    expect_change_refused("parts", 0, "name", "\"part-00002.csv.gz\"", "a part that is none");
    expect_change_refused("parts", 1, "name", "\"part-0000.csv.gz\"", "a part that is none");
}

/* Numbers of more than five digits come behind those of five. */
static void a_part_is_found_by_its_name(void **state)
{
    (void)state;
    enum { FIRST = 99990, N = 25 };
    rfm_error err = {0};
    rfm_manifest manifest;
    char name[64];
    rfm_text text = {0};
    rfm_text_addf(&text, "{\"format\": 2, \"n_rows\": %d, \"columns\": [{\"name\": \"a\", \"type\": \"text\"}], ", N);
    for (int i = 0; i < N; i++)
        rfm_text_addf(&text, "%s{\"name\": \"part-%05d.csv.gz\", \"rows\": 1, \"bytes\": 20, \"xxh3_128\": \"%032d\"}",
                      i > 0 ? ", " : "\"parts\": [", FIRST + i, 0);
    rfm_text_adds(&text, "]}");
    read_text(text.bytes, text.length, &manifest, &err);
    assert_fine(&err);
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof name, "part-%05d.csv.gz", FIRST + i);
        assert_int_equal(rfm_manifest_find(&manifest, name), i);
    }
    assert_int_equal(rfm_manifest_find(&manifest, "part-99989.csv.gz"), N);
    assert_int_equal(rfm_manifest_find(&manifest, "part-100015.csv.gz"), N);
    assert_int_equal(rfm_manifest_find(&manifest, ""), N);
    rfm_manifest_free(&manifest);
    rfm_text_free(&text);
}

static void counts_are_whole_and_not_negative(void **state)
{
    (void)state;
    static const char *const keys[] = {"rows", "bytes"};
    static const char *const values[] = {"-1", "-9223372036854775808", "1.5", "3.0", "\"3\"", "null", "[3]", "true",
                                         NULL};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < sizeof values / sizeof *values; i++)
            for (size_t part = 0; part < 2; part++)
                expect_change_refused("parts", part, keys[k], values[i], "a part that is none");
}

static void sums_are_held_against_the_parts(void **state)
{
    (void)state;
    static const char *const sums[] = {"4", "6", "0", "-5", "\"5\"", "5.0", "null", NULL};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        expect_change_refused(NULL, 0, "n_rows", sums[i], "parts that do not sum up");
    expect_change_refused("parts", 1, "rows", "9223372036854775807", "a part that is none"); /* 3 more do not fit */
    expect_change_refused("parts", 1, "rows", "3", "parts that do not sum up");
    expect_change_refused(NULL, 0, "parts", "[]", "parts that do not sum up");
    expect_change_refused(NULL, 0, "parts", "{\"0\": 1}", "parts that do not sum up");
    expect_change_refused(NULL, 0, "parts", NULL, "parts that do not sum up");
    expect_change_refused(NULL, 0, "parts", "[5]", "a part that is none");
    expect_change_refused(NULL, 0, "parts", "[null]", "a part that is none");
}

static void no_rows_are_a_sum_too(void **state)
{
    (void)state;
    static const char text[] = "{\"format\": 2, \"n_rows\": %s, \"columns\": [{\"name\": \"a\", \"type\": \"text\"}],"
                               " \"parts\": [{\"name\": \"p\", \"rows\": %s, \"bytes\": 20, \"xxh3_128\": \"%032d\"}]}";
    rfm_error err = {0};
    rfm_manifest manifest;
    char printed[400];
    snprintf(printed, sizeof printed, text, "0", "0", 0);
    read_text(printed, strlen(printed), &manifest, &err);
    assert_fine(&err);
    assert_int_equal(manifest.n_parts, 1);
    rfm_manifest_free(&manifest);
    snprintf(printed, sizeof printed, text, "0", "\"0\"", 0);
    expect_refused(printed, "a part that is none");
    snprintf(printed, sizeof printed, text, "null", "0", 0);
    expect_refused(printed, "parts that do not sum up");
}

static void hashes_are_whole(void **state)
{
    (void)state;
    static const char *const hashes[] = {"\"\"",
                                         "\"00112233445566778899aabbccddeef\"",
                                         "\"00112233445566778899aabbccddeeff0\"",
                                         "\"00112233445566778899AABBCCDDEEFF\"",
                                         "\"0x112233445566778899aabbccddeeff\"",
                                         "\"-0112233445566778899aabbccddeeff\"",
                                         "0",
                                         "null",
                                         NULL};
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
        expect_change_refused("parts", 1, "xxh3_128", hashes[i], "a part that is none");
}

static void columns_have_names_and_types(void **state)
{
    (void)state;
    static const char *const names[] = {"\"\"", "5", "null", NULL};
    static const char *const types[] = {"\"\"", "\"Text\"", "\"date\"", "2", "null", NULL};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        expect_change_refused("columns", 2, "name", names[i], "a column that is none");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        expect_change_refused("columns", 2, "type", types[i], "a column that is none");
    expect_change_refused(NULL, 0, "columns", "[]", "no columns");
    expect_change_refused(NULL, 0, "columns", NULL, "no columns");
    expect_change_refused(NULL, 0, "columns", "[1]", "a column that is none");
}

#define manifest_test(name) cmocka_unit_test_setup_teardown(name, set_up_folder, tear_down_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        manifest_test(all_of_a_manifest_is_read),
        manifest_test(a_run_without_results_is_told),
        manifest_test(a_manifest_that_is_cut_off_is_refused),
        manifest_test(a_changed_byte_is_refused_or_keeps_sums),
        manifest_test(what_is_no_manifest_is_refused),
        manifest_test(other_formats_are_refused),
        manifest_test(names_of_parts_are_names_and_no_paths),
        manifest_test(names_of_parts_ascend),
        manifest_test(a_part_is_found_by_its_name),
        manifest_test(counts_are_whole_and_not_negative),
        manifest_test(sums_are_held_against_the_parts),
        manifest_test(no_rows_are_a_sum_too),
        manifest_test(hashes_are_whole),
        manifest_test(columns_have_names_and_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
