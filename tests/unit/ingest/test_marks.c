/* Every way to find marks finds what a loop over the bytes finds, wherever the bytes stand and end; and the one that is
 * asked for is the one that is taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draw.h"
#include "marks.h"

enum { MAX_BYTES = 300 };

static const rfm_mark_set set = {.delimiter = ',', .odd = {'"', '\0', '\\'}};

typedef struct found {
    rfm_mark_count count;
    uint32_t at[MAX_BYTES + RFM_MARKS_ROOM], line_ends[MAX_BYTES + RFM_MARKS_ROOM];
} found;

static found expect(const char *bytes, size_t n)
{
    found f = {.count.first_odd = SIZE_MAX};
    for (size_t i = 0; i < n; i++) {
        const bool odd = bytes[i] == '"' || bytes[i] == '\0' || bytes[i] == '\\';
        if (bytes[i] != ',' && bytes[i] != '\n' && !odd)
            continue;
        if (odd && f.count.first_odd == SIZE_MAX)
            f.count.first_odd = f.count.n;
        if (bytes[i] == '\n')
            f.line_ends[f.count.n_line_ends++] = (uint32_t)f.count.n;
        f.at[f.count.n++] = (uint32_t)i;
    }
    if (f.count.first_odd == SIZE_MAX)
        f.count.first_odd = f.count.n;
    return f;
}

/* The lists and the bytes end where they have to, for the sanitizer and for valgrind. */
static void check(rfm_marks_finder find, const char *bytes, size_t n)
{
    const found wanted = expect(bytes, n);
    uint32_t *at = malloc((n + RFM_MARKS_ROOM) * sizeof *at), *line_ends = malloc((n + RFM_MARKS_ROOM) * sizeof *at);
    const rfm_mark_count count = find(set, bytes, n, at, line_ends);
    assert_int_equal(count.n, wanted.count.n);
    assert_int_equal(count.n_line_ends, wanted.count.n_line_ends);
    assert_int_equal(count.first_odd, wanted.count.first_odd);
    assert_memory_equal(at, wanted.at, count.n * sizeof *at);
    assert_memory_equal(line_ends, wanted.line_ends, count.n_line_ends * sizeof *at);
    free(at);
    free(line_ends);
}

static void check_all_levels(const char *bytes, size_t n)
{
    rfm_marks_level levels[RFM_MARKS_MAX_LEVELS];
    const size_t n_levels = rfm_marks_levels(levels);
    for (size_t i = 0; i < n_levels; i++)
        if (levels[i].level.is_there)
            check(levels[i].find, bytes, n);
}

static void every_level_finds_all_marks_at_any_place_and_length(void **unused)
{
    (void)unused;
    static const uint64_t rarities[] = {1, 2, 8, 64, 1000};
    uint64_t state = 1;
    for (size_t n = 0; n <= MAX_BYTES; n++)
        for (size_t i = 0; i < 64 + sizeof rarities / sizeof *rarities; i++) {
            const size_t shift = i % 64;
            char *place = malloc(shift + n + 1), *bytes = place + shift;
            for (size_t k = 0; k < n; k++)
                bytes[k] = draw_below(&state, rarities[i % 5]) ? (char)draw_below(&state, 256)
                                                               : ",\n\"\0,,,\n"[draw_below(&state, 8)];
            char *exact = realloc(place, shift + n > 0 ? shift + n : 1);
            check_all_levels(exact + shift, n);
            free(exact);
        }
}

static void one_byte_of_any_value_is_a_mark_or_none(void **unused)
{
    (void)unused;
    char bytes[100];
    for (int value = 0; value < 256; value++)
        for (size_t at = 0; at < sizeof bytes; at++) {
            memset(bytes, 'x', sizeof bytes);
            bytes[at] = (char)value;
            check_all_levels(bytes, sizeof bytes);
        }
}

static void the_level_that_is_named_is_taken(void **unused)
{
    (void)unused;
    rfm_marks_level levels[RFM_MARKS_MAX_LEVELS];
    const size_t n = rfm_marks_levels(levels);
    rfm_marks_finder find, best = NULL;
    assert_string_equal(levels[0].level.name, "portable");
    assert_true(levels[0].level.is_there);
    for (size_t i = 0; i < n; i++) {
        rfm_error err = {0};
        setenv("RFMPI_VECTOR", levels[i].level.name, 1);
        assert_int_equal(rfm_marks_choose(&find, &err), levels[i].level.is_there ? RFM_OK : RFM_USAGE);
        if (levels[i].level.is_there) {
            assert_ptr_equal(find, levels[i].find);
            best = find;
        }
    }
    rfm_error err = {0};
    unsetenv("RFMPI_VECTOR");
    assert_int_equal(rfm_marks_choose(&find, &err), RFM_OK);
    assert_ptr_equal(find, best);
    setenv("RFMPI_VECTOR", "avx3", 1);
    assert_int_equal(rfm_marks_choose(&find, &err), RFM_USAGE);
    assert_non_null(strstr(err.message, "avx3"));
    unsetenv("RFMPI_VECTOR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_finds_all_marks_at_any_place_and_length),
        cmocka_unit_test(one_byte_of_any_value_is_a_mark_or_none),
        cmocka_unit_test(the_level_that_is_named_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
