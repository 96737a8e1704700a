/* Event tables that h5py made by hand: every text is as it was meant, from whatever row on; and what is wrong with a
 * file is told, and never read. */
#include "session.h"

#include "draw.h"
#include "h5table.h"
#include "harness.h"
#include "typed_check.h"

#include <dirent.h>

static const char field_end = '\x1f', line_end = '\n';

/* What `h5peer.py how` leaves in the folder; false after a message where there is no Python. */
static bool run_peer(const char *how)
{
    const char *python = getenv("RFMPI_PYTHON"), *source = getenv("RFMPI_SOURCE");
    char command[2000];
    if (!python || !source || access(python, X_OK) != 0) {
        print_message("RFMPI_PYTHON names no Python: h5py is not asked\n");
        return false;
    }
    snprintf(command, sizeof command, "mkdir '%s' && '%s' '%s/tests/unit/ingest/h5peer.py' %s '%s'", in_folder(how),
             python, source, how, in_folder(how));
    assert_int_equal(system(command), 0);
    return true;
}

static rfm_text read_whole(const char *path)
{
    rfm_text text = {0};
    char block[65536];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        rfm_text_add(&text, block, n);
    rfm_text_add(&text, "", 0);
    fclose(file);
    return text;
}

/* ---- a table as text -------------------------------------------------------------------------------------------- */

typedef struct opened {
    rfm_columnar columnar;
    size_t *fields;
} opened;

/* All columns are wanted. */
static rfm_status open_table(opened *o, const char *path, rfm_error *err)
{
    *o = (opened){.columnar = {.kind = &rfm_h5_events, .path = path, .time_slot = -1}};
    if (rfm_h5_events.open(&o->columnar, err) != RFM_OK)
        return err->status;
    o->fields = rfm_alloc(o->columnar.n_fields, sizeof *o->fields, err);
    for (size_t i = 0; o->fields && i < o->columnar.n_fields; i++)
        o->fields[i] = i;
    o->columnar.fields = o->fields;
    o->columnar.n_slots = o->columnar.n_fields;
    return err->status;
}

static void close_table(opened *o)
{
    rfm_h5_events.close(&o->columnar);
    free(o->fields);
}

static void add_names(const rfm_columnar *c, rfm_text *text)
{
    for (size_t i = 0; i < c->n_fields; i++) {
        rfm_text_add(text, &field_end, i > 0);
        rfm_text_adds(text, c->names[i]);
    }
    rfm_text_add(text, &line_end, 1);
}

static void add_rows(rfm_columnar *c, rfm_text *text)
{
    assert_true(typed_agrees(c, harness_zone("Europe/Paris")));
    for (size_t row = 0; row < c->n; row++) {
        for (size_t i = 0; i < c->n_slots; i++) {
            rfm_text_add(text, &field_end, i > 0);
            const rfm_field cell = rfm_columnar_texts(c, i)[row];
            rfm_text_add(text, cell.bytes, cell.length);
        }
        rfm_text_add(text, &line_end, 1);
    }
}

/* Rows from `row` on, at most max_rows at a time. */
static rfm_status read_rows(rfm_columnar *c, int64_t row, int64_t max_rows, rfm_text *text, rfm_error *err)
{
    if (c->kind->begin(c, row, err) != RFM_OK)
        return err->status;
    for (;;) {
        if (c->kind->next(c, max_rows, err) != RFM_OK || c->n == 0)
            return err->status;
        assert_true((int64_t)c->n <= max_rows && c->n <= RFM_COLUMNAR_ROWS);
        row += (int64_t)c->n;
        assert_true(row <= c->n_rows);
        add_rows(c, text);
    }
}

/* ---- what is good ----------------------------------------------------------------------------------------------- */

static const char *line_of(const rfm_text *text, int64_t line)
{
    const char *at = text->bytes, *end = at + text->length;
    for (; line > 0; line--)
        at = (const char *)memchr(at, line_end, (size_t)(end - at)) + 1;
    return at;
}

/* Fails with the lines where two texts part. */
static void assert_same(const char *name, const char *wanted, const char *got)
{
    size_t line = 0, at = 0;
    for (; wanted[at] && wanted[at] == got[at]; at++)
        line = wanted[at] == line_end ? at + 1 : line;
    if (wanted[at] != got[at])
        fail_msg("%s: %.*s\nis not %.*s", name, (int)strcspn(got + line, "\n"), got + line,
                 (int)strcspn(wanted + line, "\n"), wanted + line);
}

static void assert_texts(const char *name)
{
    char path[600], texts[600];
    rfm_error err = {0};
    opened o;
    uint64_t state = 1;
    snprintf(path, sizeof path, "%s/good/%s.h5", folder, name);
    snprintf(texts, sizeof texts, "%s/good/%s.txt", folder, name);
    rfm_text expected = read_whole(texts);
    open_table(&o, path, &err);
    assert_fine(&err);
    for (int turn = 0; turn < 6; turn++) {
        rfm_text got = {0};
        const int64_t first =
            turn == 0 || o.columnar.n_rows == 0 ? 0 : (int64_t)draw_below(&state, (size_t)o.columnar.n_rows);
        if (first == 0)
            add_names(&o.columnar, &got);
        read_rows(&o.columnar, first, turn < 2 ? 1 << 20 : (int64_t)(1 + draw_below(&state, 5000)), &got, &err);
        assert_fine(&err);
        const char *wanted = line_of(&expected, first > 0 ? first + 1 : 0);
        assert_same(name, wanted, got.length ? got.bytes : "");
        rfm_text_free(&got);
    }
    close_table(&o);
    rfm_text_free(&expected);
}

static void tables_made_by_hand_are_read_text_for_text(void **state)
{
    (void)state;
    if (!run_peer("good"))
        skip();
    assert_texts("plain");
    assert_texts("meant");
    assert_texts("packed");
    assert_texts("none");
    assert_texts("no_rows");
    assert_texts("links");
}

static void times_say_how_they_are_read(void **state)
{
    (void)state;
    char path[600];
    rfm_error err = {0};
    opened o;
    snprintf(path, sizeof path, "%s/good/meant.h5", folder);
    if (access(path, R_OK) != 0)
        skip();
    open_table(&o, path, &err);
    for (int slot = 0; slot < 16; slot++) {
        o.columnar.time_slot = slot;
        o.columnar.kind->begin(&o.columnar, 0, &err);
        assert_fine(&err);
        /* iso, iso_us and day have no pattern of their own; those of zeit and date say which number is the day */
        const bool turned = slot == 14 || slot == 15;
        assert_int_equal(o.columnar.has_time_format, slot == 1 || slot == 2 || slot == 4 || turned);
        if (o.columnar.has_time_format)
            assert_int_equal(o.columnar.time_format, slot == 14   ? RFM_TIME_DAY_FIRST
                                                     : slot == 15 ? RFM_TIME_MONTH_FIRST
                                                                  : RFM_TIME_ISO);
    }
    close_table(&o);
}

/* ---- what is not ------------------------------------------------------------------------------------------------ */

static rfm_status read_all(const char *path, rfm_error *err)
{
    opened o;
    rfm_text text = {0};
    if (open_table(&o, path, err) == RFM_OK)
        read_rows(&o.columnar, 0, 1 << 20, &text, err);
    close_table(&o);
    rfm_text_free(&text);
    return err->status;
}

static void what_is_wrong_is_told(void **state)
{
    (void)state;
    if (!run_peer("bad"))
        skip();
    DIR *list = opendir(in_folder("bad"));
    size_t n = 0;
    assert_non_null(list);
    for (const struct dirent *entry; (entry = readdir(list));) {
        const size_t length = strlen(entry->d_name);
        char path[900], words[900];
        rfm_error err = {0};
        if (length < 4 || strcmp(entry->d_name + length - 3, ".h5") != 0)
            continue;
        snprintf(path, sizeof path, "%s/bad/%s", folder, entry->d_name);
        snprintf(words, sizeof words, "%.*s.txt", (int)strlen(path) - 3, path);
        rfm_text expected = read_whole(words);
        read_all(path, &err);
        if (err.status != RFM_DATA || !strstr(err.message, expected.bytes) || !strstr(err.message, entry->d_name))
            fail_msg("%s: status %d, and no \"%s\" in: %s", entry->d_name, err.status, expected.bytes, err.message);
        rfm_text_free(&expected);
        n++;
    }
    closedir(list);
    assert_true(n > 40);
}

static void other_files_are_none(void **state)
{
    (void)state;
    rfm_error err = {0};
    const char *path = in_folder("text.h5");
    FILE *file = fopen(path, "wb");
    fputs("a,b\n1,2\n", file);
    fclose(file);
    read_all(path, &err);
    assert_failed(&err, RFM_DATA, "is not an HDF5 file");
    read_all(in_folder("missing.h5"), &err);
    assert_failed(&err, RFM_DATA, "there is no such file");
    read_all(folder, &err);
    assert_failed(&err, RFM_DATA, "is not a file");
}

/* Of a table that was written here: HDF5 has checksums for what it says of the datasets, and none for their rows. */
static void convert_sample(const char *path)
{
    rfm_error err = {0};
    int64_t n_rows = 0;
    rfm_left_out left_out = {0};
    const char *from = in_folder("sample.csv");
    const rfm_input input = {.header = true, .dialect = {.delimiter = ',', .quote = '"', .escape = -1}};
    FILE *file = fopen(from, "wb");
    fputs("time,event,price,day,code,note\n", file);
    for (int i = 0; i < 300; i++)
        fprintf(file, "2019-10-%02d 10:20:30 UTC,%s,%d.50,2019-10-%02d,%d,note %d\n", 1 + i % 30,
                i % 3 ? "view" : "cart", i, 1 + i % 30, i % 5 ? i : 1000000, i);
    fclose(file);
    rfm_file found = {.path = (char *)from, .size_bytes = 0};
    struct stat at;
    stat(from, &at);
    found.size_bytes = at.st_size;
    rfm_file_convert(&input, &found, path, &n_rows, &left_out, &err);
    assert_fine(&err);
    assert_int_equal(n_rows, 300);
}

static void changed_bytes_are_read_or_refused(void **unused)
{
    (void)unused;
    uint64_t state = 3;
    size_t n_read = 0, n_refused = 0;
    convert_sample(in_folder("sample.h5"));
    const rfm_text good = read_whole(in_folder("sample.h5"));
    const char *changed = in_folder("changed.h5");
    for (int i = 0; i < 1000; i++) {
        rfm_error err = {0};
        char *bytes = malloc(good.length);
        memcpy(bytes, good.bytes, good.length);
        for (size_t n = 1 + draw_below(&state, 4); n > 0; n--)
            bytes[draw_below(&state, good.length)] = (char)draw(&state);
        unlink(changed); /* some disks bring a file that was emptied first to safety at once */
        FILE *file = fopen(changed, "wb");
        fwrite(bytes, 1, i % 10 == 9 ? draw_below(&state, good.length) : good.length, file);
        fclose(file);
        free(bytes);
        read_all(changed, &err);
        if (err.status != RFM_OK && err.status != RFM_DATA)
            fail_msg("status %d: %s", err.status, err.message);
        n_read += err.status == RFM_OK;
        n_refused += err.status == RFM_DATA;
    }
    assert_true(n_read > 100 && n_refused > 100);
    free(good.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_made_by_hand_are_read_text_for_text),
        cmocka_unit_test(times_say_how_they_are_read),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(other_files_are_none),
        cmocka_unit_test(changed_bytes_are_read_or_refused),
    };
    return cmocka_run_group_tests(tests, harness_open, harness_close) != 0;
}
