/* Every short text there is, in windows of every size: a row is what it is wherever a window ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "levels.h"
#include "scanner.h"

enum { MAX_ROWS = 16, MAX_LENGTH = 6, MAX_SEEN = 4 };

typedef struct rows {
    size_t n;
    int64_t n_lines;
    struct {
        rfm_row_kind kind;
        rfm_reason reason;
        size_t begin, end, n_fields; /* in the text */
        int64_t line;
        size_t lengths[MAX_SEEN];
        bool doubled[MAX_SEEN];
    } rows[MAX_ROWS];
} rows;

typedef struct setting {
    char delimiter;
    bool whole;
    size_t limit, expected, lead;
} setting;

static void note(rows *seen, const rfm_scanner *s, rfm_row_kind kind, const rfm_row *row, size_t offset)
{
    const int64_t line = seen->n_lines + 1;
    seen->n_lines += kind == RFM_ROW_QUOTED_LINE_END ? 0 : row->n_inner_lines + row->has_line_end;
    if (kind == RFM_ROW_NONE)
        return; /* the rest of a refused row may come apart or with it */
    assert_true(seen->n < MAX_ROWS);
    const size_t i = seen->n++;
    seen->rows[i].kind = kind;
    seen->rows[i].line = line;
    if (kind == RFM_ROW_QUOTED_LINE_END)
        return;
    seen->rows[i].reason = kind == RFM_ROW_FAULT ? row->reason : RFM_REASON_FIELDS;
    seen->rows[i].begin = offset + row->begin;
    seen->rows[i].end = offset + row->end;
    if (kind != RFM_ROW_FIELDS)
        return;
    seen->rows[i].n_fields = row->n_fields;
    for (size_t k = 0; k < row->n_fields && k < s->capacity; k++) {
        seen->rows[i].lengths[k] = s->fields[k].length;
        seen->rows[i].doubled[k] = s->fields[k].doubled;
    }
}

/* Scan text in windows that grow by `step` bytes at a time. The buffers are as long as the windows, for the sanitizer.
 */
static rows scan(const char *text, size_t n, size_t step, setting how)
{
    rows seen = {0};
    rfm_error err = {0};
    rfm_scanner s;
    rfm_row row = {0};
    size_t offset = 0, end = 0;
    char *window = NULL;
    rfm_scanner_open(&s, (rfm_dialect){how.delimiter, '"', -1, NULL}, how.whole, how.limit);
    rfm_scanner_expect(&s, how.expected, &err);
    s.lead = how.lead;
    while (offset + s.at < n) {
        rfm_row_kind kind = window ? rfm_scanner_next(&s, &row) : RFM_ROW_MORE;
        if (kind != RFM_ROW_MORE) {
            note(&seen, &s, kind, &row, offset);
            if (kind == RFM_ROW_QUOTED_LINE_END)
                break;
            continue;
        }
        assert_true(end < n); /* there is more to give */
        offset += s.at;
        end = end + step < n ? end + step : n;
        free(window);
        window = malloc(end - offset + 1);
        memcpy(window, text + offset, end - offset);
        assert_int_equal(rfm_scanner_window(&s, window, end - offset, end == n, &err), RFM_OK);
    }
    free(window);
    rfm_scanner_close(&s);
    return seen;
}

static void check_text(const char *text, size_t n, setting how)
{
    const rows wanted = scan(text, n, n, how);
    for (size_t step = 1; step < n; step++) {
        const rows seen = scan(text, n, step, how);
        assert_memory_equal(&seen, &wanted, sizeof seen);
    }
}

/* All texts of up to `longest` letters. */
static void check_all_texts(const char *letters, size_t n_letters, size_t longest, setting how)
{
    char text[MAX_LENGTH];
    for (size_t n = how.lead + 1; n <= longest; n++) {
        size_t digits[MAX_LENGTH] = {0}, at = 0;
        while (at < n) {
            for (size_t i = 0; i < n; i++)
                text[i] = letters[digits[i]];
            check_text(text, n, how);
            for (at = 0; at < n && ++digits[at] == n_letters; at++)
                digits[at] = 0;
        }
    }
}

static void rows_with_delimiters_do_not_depend_on_windows(void **unused)
{
    (void)unused;
    static const size_t limits[] = {2, 3, 100};
    for (size_t i = 0; i < 3; i++)
        for (int whole = 0; whole < 2; whole++)
            check_all_texts("\",\n\ra", 5, 5, (setting){',', whole, limits[i], i, 0});
    check_all_texts("\",\n\0", 4, 5, (setting){',', true, 4, 2, 0});
    check_all_texts("\",\n\r", 4, MAX_LENGTH, (setting){',', true, 3, 1, 1});
}

static void rows_of_words_do_not_depend_on_windows(void **unused)
{
    (void)unused;
    check_all_texts(" \n\ra\0", 5, 5, (setting){' ', true, 100, 2, 0});
    check_all_texts(" \n\ra", 4, MAX_LENGTH, (setting){' ', false, 3, 2, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_with_delimiters_do_not_depend_on_windows),
        cmocka_unit_test(rows_of_words_do_not_depend_on_windows),
    };
    return run_at_every_level(tests, NULL, NULL);
}
