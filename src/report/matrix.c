/* Tables of counts with shades. */
#include "matrix.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MOST = 24 };

bool matrix_init(page *p, matrix *m, size_t n_rows, size_t n_columns)
{
    rfm_error err = {0};
    *m = (matrix){.n_rows = n_rows, .n_columns = n_columns};
    m->rows = rfm_alloc(n_rows, sizeof *m->rows, &err);
    m->row_names = rfm_alloc(n_rows, sizeof *m->row_names, &err);
    m->column_names = rfm_alloc(n_columns, sizeof *m->column_names, &err);
    m->row_ids = rfm_alloc(n_rows, sizeof *m->row_ids, &err);
    m->column_ids = rfm_alloc(n_columns, sizeof *m->column_ids, &err);
    p->html.failed |= err.status != RFM_OK;
    return err.status == RFM_OK;
}

void matrix_free(matrix *m)
{
    free(m->rows);
    free(m->row_names);
    free(m->column_names);
    free(m->row_ids);
    free(m->column_ids);
}

void matrix_name(const char **names, char (*ids)[24], size_t n, const rfm_json *name_list, const rfm_json *id_list)
{
    for (size_t i = 0; i < n; i++) {
        const rfm_json *item = rfm_json_item(name_list, i), *name = rfm_json_find(item, "name");
        const double id = number_at(id_list, i);
        names[i] = rfm_json_text(name ? name : item);
        if (id >= 0 && id < 1e15)
            snprintf(ids[i], sizeof ids[i], "%.0f", id);
    }
}

void matrix_name_labels(const facts *all, matrix *m)
{
    for (size_t c = 0; c < m->n_columns; c++) {
        const segment *of = segment_of_label(all, c);
        snprintf(m->column_ids[c], sizeof m->column_ids[c], "%s", of ? of->id : "?");
        m->column_names[c] = of ? of->name : NULL;
    }
}

/* ---- which are shown --------------------------------------------------------------------------------------------- */

static double count_at(const matrix *m, size_t row, size_t column)
{
    const double count = number_at(m->rows[row], column);
    return count > 0 && isfinite(count) ? count : 0;
}

static double row_sum(const matrix *m, size_t row)
{
    double sum = 0;
    for (size_t c = 0; c < m->n_columns; c++)
        sum += count_at(m, row, c);
    return sum;
}

static double column_sum(const matrix *m, size_t column)
{
    double sum = 0;
    for (size_t r = 0; r < m->n_rows; r++)
        sum += count_at(m, r, column);
    return sum;
}

/* The indices with the highest sums, ascending. */
static size_t choose(const matrix *m, size_t n, double (*sum_of)(const matrix *, size_t), size_t shown[SHOWN_MOST])
{
    double sums[SHOWN_MOST];
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        size_t lowest = 0;
        const double sum = sum_of(m, i);
        for (size_t s = 1; s < kept; s++)
            lowest = sums[s] <= sums[lowest] ? s : lowest;
        if (kept == SHOWN_MOST && sum <= sums[lowest])
            continue;
        if (kept == SHOWN_MOST) {
            memmove(shown + lowest, shown + lowest + 1, (kept - lowest - 1) * sizeof *shown);
            memmove(sums + lowest, sums + lowest + 1, (kept - lowest - 1) * sizeof *sums);
            kept--;
        }
        shown[kept] = i;
        sums[kept++] = sum;
    }
    return kept;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static void put_name(page *p, const char *name, const char *id)
{
    if (*id) {
        put(p, "<span class=\"id\">");
        put_text(p, id);
        put(p, "</span> ");
    }
    if (name && *name)
        put_text(p, name);
    else
        say(p, *id ? W_GONE : W_SEGMENT);
}

static void put_count_cell(page *p, double count, double sum)
{
    if (count > 0)
        putf(p, "<td class=\"h%d\">", shade_of(count / sum));
    else
        put(p, "<td class=\"none\">");
    put_count(p, count);
    put(p, "</td>");
}

static void put_head(page *p, const matrix *m, const size_t *columns, size_t n, word rows)
{
    put_heading(p, rows);
    for (size_t c = 0; c < n; c++) {
        put(p, "<th scope=\"col\">");
        put_name(p, m->column_names[columns[c]], m->column_ids[columns[c]]);
        put(p, "</th>");
    }
    put_heading(p, W_TOTAL);
    table_rows(p);
}

void matrix_put(page *p, const matrix *m, word rows, word columns)
{
    size_t shown_rows[SHOWN_MOST], shown_columns[SHOWN_MOST];
    const size_t n_rows = choose(m, m->n_rows, row_sum, shown_rows);
    const size_t n_columns = choose(m, m->n_columns, column_sum, shown_columns);
    put(p, "<p class=\"note\">");
    say(p, W_MATRIX_READING, a_word(rows), a_word(columns));
    if (n_rows < m->n_rows || n_columns < m->n_columns) {
        put(p, " ");
        say(p, W_MATRIX_LARGEST, a_count(SHOWN_MOST));
    }
    put(p, "</p>\n<div class=\"scroll\" tabindex=\"0\"><table class=\"matrix\">\n<thead><tr>");
    put_head(p, m, shown_columns, n_columns, rows);
    for (size_t r = 0; r < n_rows; r++) {
        const double sum = row_sum(m, shown_rows[r]);
        put(p, "<tr><th scope=\"row\">");
        put_name(p, m->row_names[shown_rows[r]], m->row_ids[shown_rows[r]]);
        put(p, "</th>");
        for (size_t c = 0; c < n_columns; c++)
            put_count_cell(p, count_at(m, shown_rows[r], shown_columns[c]), sum);
        put(p, "<td class=\"sum\">");
        put_count(p, sum);
        put(p, "</td></tr>\n");
    }
    table_close(p, false);
}
