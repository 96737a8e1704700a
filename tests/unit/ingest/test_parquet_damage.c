/* Damaged Parquet files are refused with their name, or read, and nothing else happens. */
#include "parquet_files.h"

#include "draw.h"

static int write_files(void **state)
{
    (void)state;
    return write_parquet_files("seeds");
}

static int remove_files(void **state)
{
    (void)state;
    remove_folder();
    return 0;
}

static void add_cells(rfm_columnar *c, uint64_t *sum)
{
    for (size_t i = 0; i < c->n_slots; i++) {
        const rfm_field *texts = rfm_columnar_texts(c, i);
        for (size_t row = 0; row < c->n; row++)
            *sum = *sum * 31 + rfm_hash64(texts[row].bytes, texts[row].length);
    }
}

/* All columns and rows; their sum where there was no failure. */
static rfm_status read_damaged(uint64_t *sum, rfm_error *err)
{
    opened o;
    rfm_columnar *c = &o.columnar;
    *sum = 0;
    if (open_parquet(&o, "damaged", err) == RFM_OK && c->n_fields > 0) {
        c->n_slots = c->n_fields < MAX_COLUMNS ? c->n_fields : MAX_COLUMNS;
        for (size_t i = 0; i < c->n_slots; i++)
            o.fields[i] = i;
        rfm_parquet.begin(c, 0, err);
        while (err->status == RFM_OK && rfm_parquet.next(c, RFM_COLUMNAR_ROWS, err) == RFM_OK && c->n > 0)
            add_cells(c, sum);
    }
    rfm_parquet.close(c);
    return err->status;
}

/* Half of the damage falls on the end, where the file says of itself what it is. */
static size_t damage(char *bytes, size_t size, uint64_t *sample)
{
    if (draw_below(sample, 8) == 0)
        return draw_below(sample, size);
    const size_t from = draw_below(sample, 2) == 0 ? 0 : size - size / 4;
    for (size_t n = 1 + draw_below(sample, 4); n > 0; n--) {
        char *at = bytes + from + draw_below(sample, size - from);
        static const unsigned char extremes[] = {0, 1, 0x7f, 0x80, 0xff};
        if (draw_below(sample, 3) == 0)
            *at = (char)extremes[draw_below(sample, sizeof extremes)];
        else
            *at = (char)(*at ^ 1 << draw_below(sample, 8));
    }
    return size;
}

static void damaged_files_are_refused_or_read_and_nothing_else(void **state)
{
    (void)state;
    need_files();
    enum { SEEDS = 7, EACH = 500 };
    uint64_t sample = 1;
    size_t n_refused = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
        char name[40];
        size_t size;
        snprintf(name, sizeof name, "seed%d.parquet", seed);
        char *bytes = read_bytes(in_folder(name), &size), *copy = malloc(size);
        for (size_t i = 0; i < EACH; i++) {
            rfm_error err = {0};
            memcpy(copy, bytes, size);
            write_bytes("damaged.parquet", copy, damage(copy, size, &sample));
            uint64_t sum;
            if (read_damaged(&sum, &err) == RFM_OK)
                continue;
            n_refused++;
            assert_failed(&err, RFM_DATA, "damaged.parquet: ");
        }
        free(bytes);
        free(copy);
    }
    assert_true(n_refused > SEEDS * EACH / 4);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    need_files();
    size_t size;
    char *bytes = read_bytes(in_folder("seed3.parquet"), &size);
    for (size_t left = 0; left < size; left += 1 + left / 200) {
        rfm_error err = {0};
        uint64_t sum;
        write_bytes("damaged.parquet", bytes, left);
        assert_int_equal(read_damaged(&sum, &err), RFM_DATA);
    }
    free(bytes);
}

/* Where pages have checksums, a changed byte before the schema is found, or changes no value: it lies in a header, in
 * what nobody needs. */
static void checksums_find_changed_values(void **state)
{
    (void)state;
    need_files();
    size_t size;
    char *bytes = read_bytes(in_folder("seed3.parquet"), &size);
    uint64_t sample = 2, right, got;
    size_t n_refused = 0;
    rfm_error fine = {0};
    write_bytes("damaged.parquet", bytes, size);
    assert_int_equal(read_damaged(&right, &fine), RFM_OK);
    for (size_t i = 0; i < 500; i++) {
        rfm_error err = {0};
        char *at = bytes + 4 + draw_below(&sample, size / 2), before = *at;
        *at = (char)(before ^ 1 << draw_below(&sample, 8));
        write_bytes("damaged.parquet", bytes, size);
        *at = before;
        if (read_damaged(&got, &err) == RFM_OK)
            assert_int_equal(got, right);
        else
            n_refused++;
    }
    assert_true(n_refused > 250);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_files_are_refused_or_read_and_nothing_else),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(checksums_find_changed_values),
    };
    return cmocka_run_group_tests(tests, write_files, remove_files);
}
