/* Optimal assignment (the Hungarian method with potentials, after Kuhn 1955 and Jonker and Volgenant 1987): each row of
 * a matrix of costs gets a column of its own so that the sum is least. Knows nothing of what is matched. */
#include "rfmpi/model.h"

#include <math.h>
#include <stdlib.h>

/* Rows and columns count from 1 here; 0 is none. */
typedef struct matching {
    int n, m; /* n <= m */
    const double *cost;
    double *row_price, *column_price; /* [n + 1], [m + 1] */
    double *slack;                    /* [m + 1] */
    int *row_of;                      /* [m + 1] which row a column has */
    int *before;                      /* [m + 1] the column before it on the path */
    bool *done;                       /* [m + 1] */
} matching;

static double reduced_cost(const matching *a, int row, int column)
{
    return a->cost[(size_t)(row - 1) * (size_t)a->m + (size_t)(column - 1)] - a->row_price[row] -
           a->column_price[column];
}

/* The column that is nearest to those done; prices move so that it costs nothing. */
static int find_next(matching *a, int column)
{
    const int row = a->row_of[column];
    double least = HUGE_VAL;
    int next = 0;
    for (int j = 1; j <= a->m; j++) {
        if (a->done[j])
            continue;
        double cost = reduced_cost(a, row, j);
        if (cost < a->slack[j]) {
            a->slack[j] = cost;
            a->before[j] = column;
        }
        if (a->slack[j] < least) {
            least = a->slack[j];
            next = j;
        }
    }
    for (int j = 0; j <= a->m; j++) {
        if (a->done[j]) {
            a->row_price[a->row_of[j]] += least;
            a->column_price[j] -= least;
        } else {
            a->slack[j] -= least;
        }
    }
    return next;
}

static void add_row(matching *a, int row)
{
    int column = 0;
    a->row_of[0] = row;
    for (int j = 0; j <= a->m; j++) {
        a->slack[j] = HUGE_VAL;
        a->done[j] = false;
    }
    do {
        a->done[column] = true;
        column = find_next(a, column);
    } while (a->row_of[column] != 0);
    for (int before; column != 0; column = before) {
        before = a->before[column];
        a->row_of[column] = a->row_of[before];
    }
}

rfm_status rfm_match(int n, int m, const double *cost, int *column_of, rfm_error *err)
{
    matching a = {.n = n, .m = m, .cost = cost};
    rfm_assert(n <= m);
    a.row_price = rfm_alloc((size_t)n + 1, sizeof *a.row_price, err);
    a.column_price = rfm_alloc((size_t)m + 1, sizeof *a.column_price, err);
    a.slack = rfm_alloc((size_t)m + 1, sizeof *a.slack, err);
    a.row_of = rfm_alloc((size_t)m + 1, sizeof *a.row_of, err);
    a.before = rfm_alloc((size_t)m + 1, sizeof *a.before, err);
    a.done = rfm_alloc((size_t)m + 1, sizeof *a.done, err);
    for (int row = 1; !err->status && row <= n; row++)
        add_row(&a, row);
    for (int j = 1; !err->status && j <= m; j++)
        if (a.row_of[j] > 0)
            column_of[a.row_of[j] - 1] = j - 1;
    free(a.row_price);
    free(a.column_price);
    free(a.slack);
    free(a.row_of);
    free(a.before);
    free(a.done);
    return err->status;
}
