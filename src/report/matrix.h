/* matrix: a table of counts with shades, rows by columns. Private to src/report; Local. */
#ifndef RFM_REPORT_MATRIX_H
#define RFM_REPORT_MATRIX_H

#include "page.h"

/* Where the lists and names of a matrix come from; zero-initialised is empty. */
typedef struct matrix {
    size_t n_rows, n_columns;
    const rfm_json **rows;                  /* lists of counts */
    const char **row_names, **column_names; /* NULL: "segment ID" by what follows */
    char (*row_ids)[24], (*column_ids)[24];
} matrix;

/* Room for so many; false, and the page is failed, when there is none. */
bool matrix_init(page *p, matrix *m, size_t n_rows, size_t n_columns);
void matrix_free(matrix *m);

/* Names from a list of texts, or of objects with a "name"; and ids from a list of numbers, where there is one. */
void matrix_name(const char **names, char (*ids)[24], size_t n, const rfm_json *name_list, const rfm_json *id_list);

/* The columns are the labels of this run's segments, which are not always their ids. */
void matrix_name_labels(const facts *all, matrix *m);

/* At most 24 rows and columns, those with the highest sums; says so where there are more. Shades are shares of the row.
 */
void matrix_put(page *p, const matrix *m, word rows, word columns);

#endif
