/* select_segment: features -> the nearest centroid, by the definition: each operation of scaling.c, grid.c and
 * definition.c in its order, so that only the warehouse's LN can differ. */
#include "select.h"

#include <float.h>
#include <stdio.h>

static const double SATURATION = 0x1p52; /* of an index of the grid */

static void add_between(rfm_select *select, const char *before, double number, const char *after)
{
    rfm_text_adds(select->sql, before);
    rfm_select_number(select->sql, number);
    rfm_text_adds(select->sql, after);
}

/* ---- a table of feature values ---------------------------------------------------------------------------------- */

/* NaN is no value, as NULL. */
static void add_value(rfm_select *select, int j)
{
    const double *fills = select->model->fills;
    rfm_text_adds(select->sql, fills ? "COALESCE(NULLIF(CAST(" : "CAST(");
    rfm_select_column(select, select->model->features[j]);
    rfm_text_adds(select->sql, " AS DOUBLE)");
    if (fills)
        add_between(select, ", 'NaN'::DOUBLE), ", fills[j], ")");
    rfm_text_addf(select->sql, " AS \"v%d\"", j + 1);
}

/* What is not finite is NULL from here on, and so is all that comes of it. */
static void add_finite(rfm_select *select)
{
    rfm_select_begin(select, "rfmpi_features");
    rfm_text_adds(select->sql, "SELECT\n    \"id\"");
    for (int j = 1; j <= select->model->d; j++) {
        rfm_text_addf(select->sql, ",\n    CASE WHEN ABS(\"v%d\") <= ", j);
        rfm_select_number(select->sql, DBL_MAX);
        rfm_text_addf(select->sql, " THEN \"v%d\" END AS \"f%d\"", j, j);
    }
    rfm_select_end(select);
}

void rfm_select_values(rfm_select *select)
{
    rfm_select_begin(select, "rfmpi_values");
    rfm_text_adds(select->sql, "SELECT\n    ");
    rfm_select_column(select, select->request->customer);
    rfm_text_adds(select->sql, " AS \"id\"");
    for (int j = 0; j < select->model->d; j++) {
        rfm_text_adds(select->sql, ",\n    ");
        add_value(select, j);
    }
    rfm_text_adds(select->sql, "\n  FROM ");
    rfm_sql_add_path(select->sql, select->request->table, "--features", select->err);
    rfm_text_adds(select->sql, " AS \"t\"");
    rfm_select_end_here(select);
    add_finite(select);
}

/* ---- transforms and scaling ------------------------------------------------------------------------------------- */

enum { NAME_BYTES = 32 };

/* A feature behind so many of its transforms. */
static const char *name_step(const rfm_select *select, int j, int n_steps, char name[NAME_BYTES])
{
    const int own = select->model->scaling.columns[j].n_steps, n = n_steps < own ? n_steps : own;
    if (n == 0)
        snprintf(name, NAME_BYTES, "\"f%d\"", j + 1);
    else
        snprintf(name, NAME_BYTES, "\"x%d_%d\"", j + 1, n);
    return name;
}

/* LN(1 + x), corrected for what rounding 1 + x lost. */
static void add_log1p(rfm_select *select, const char *x)
{
    rfm_text_addf(select->sql,
                  "SIGN(%s) * CASE WHEN 1 + ABS(%s) = 1 THEN ABS(%s)"
                  " ELSE LN(1 + ABS(%s)) * (ABS(%s) / ((1 + ABS(%s)) - 1)) END",
                  x, x, x, x, x, x);
}

static void add_transform(rfm_select *select, const rfm_scaling_step *step, const char *x)
{
    switch (step->kind) {
    case RFM_TRANSFORM_LOG1P:
        add_log1p(select, x);
        break;
    case RFM_TRANSFORM_SQRT:
        rfm_text_addf(select->sql, "SIGN(%s) * SQRT(ABS(%s))", x, x);
        break;
    case RFM_TRANSFORM_CLIP:
        rfm_text_addf(select->sql, "LEAST(GREATEST(%s, ", x);
        add_between(select, "", step->low, "), ");
        add_between(select, "", step->high, ")");
        break;
    }
}

/* The transforms that stand at one place in the chains of their features. */
static void add_transforms(rfm_select *select, int at)
{
    const rfm_scaling *scaling = &select->model->scaling;
    char step[NAME_BYTES], before[NAME_BYTES], after[NAME_BYTES];
    snprintf(step, sizeof step, "rfmpi_transform_%d", at + 1);
    rfm_select_begin(select, step);
    rfm_text_adds(select->sql, "SELECT *");
    for (int j = 0; j < scaling->d; j++) {
        if (at >= scaling->columns[j].n_steps)
            continue;
        rfm_text_adds(select->sql, ",\n    ");
        add_transform(select, &scaling->columns[j].steps[at], name_step(select, j, at, before));
        rfm_text_addf(select->sql, " AS %s", name_step(select, j, at + 1, after));
    }
    rfm_select_end(select);
}

static int count_transforms(const rfm_scaling *scaling)
{
    int most = 0;
    for (int j = 0; j < scaling->d; j++)
        most = scaling->columns[j].n_steps > most ? scaling->columns[j].n_steps : most;
    return most;
}

/* ---- grid ------------------------------------------------------------------------------------------------------- */

/* Where a value lies between the points of the grid, no farther out than the grid goes. */
static void add_places(rfm_select *select)
{
    const rfm_model *model = select->model;
    char name[NAME_BYTES];
    rfm_select_begin(select, "rfmpi_places");
    rfm_text_adds(select->sql, "SELECT *");
    for (int j = 0; j < model->d; j++) {
        const struct rfm_scaling_column *column = &model->scaling.columns[j];
        rfm_text_addf(select->sql, ",\n    LEAST(GREATEST(((%s - ", name_step(select, j, RFM_MAX_TRANSFORMS, name));
        add_between(select, "", column->center, ") / ");
        add_between(select, "", column->scale, " - ");
        add_between(select, "", model->grid.offset[j], ") / ");
        add_between(select, "", model->grid.step[j], ", ");
        add_between(select, "", -SATURATION, "), ");
        add_between(select, "", SATURATION, ")");
        rfm_text_addf(select->sql, " AS \"g%d\"", j + 1);
    }
    rfm_select_end(select);
}

/* The nearest point, of two the even one: ROUND goes away from zero, and to even only for decimals. */
static void add_positions(rfm_select *select)
{
    rfm_select_begin(select, "rfmpi_positions");
    rfm_text_adds(select->sql, "SELECT *");
    for (int j = 1; j <= select->model->d; j++) {
        rfm_text_addf(select->sql,
                      ",\n    CASE WHEN \"g%d\" - FLOOR(\"g%d\") = 0.5 THEN 2 * FLOOR((\"g%d\" + 0.5) / 2)"
                      " WHEN \"g%d\" - FLOOR(\"g%d\") > 0.5 THEN CEIL(\"g%d\") ELSE FLOOR(\"g%d\") END * ",
                      j, j, j, j, j, j, j);
        rfm_select_number(select->sql, select->model->grid.step[j - 1]);
        rfm_text_addf(select->sql, " AS \"p%d\"", j);
    }
    rfm_select_end(select);
}

/* ---- centroids -------------------------------------------------------------------------------------------------- */

/* (p1 - c1) * (p1 - c1) + (p2 - c2) * (p2 - c2) + ..., which is added from the left. */
static void add_distance(rfm_select *select, int label)
{
    const double *centroid = select->model->centroids + (size_t)label * (size_t)select->model->d;
    for (int j = 0; j < select->model->d; j++) {
        rfm_text_addf(select->sql, "%s(\"p%d\" - ", j > 0 ? "\n      + " : "", j + 1);
        rfm_select_number(select->sql, centroid[j]);
        rfm_text_addf(select->sql, ") * (\"p%d\" - ", j + 1);
        rfm_select_number(select->sql, centroid[j]);
        rfm_text_adds(select->sql, ")");
    }
}

static void add_distances(rfm_select *select)
{
    rfm_select_begin(select, "rfmpi_distances");
    rfm_text_adds(select->sql, "SELECT *");
    for (int c = 0; c < select->model->k; c++) {
        rfm_text_adds(select->sql, ",\n    ");
        add_distance(select, c);
        rfm_text_addf(select->sql, " AS \"d%d\"", c + 1);
    }
    rfm_select_end(select);
}

static void add_nearest(rfm_select *select)
{
    rfm_select_begin(select, "rfmpi_nearest");
    rfm_text_adds(select->sql, "SELECT *, LEAST(");
    for (int c = 1; c <= select->model->k; c++)
        rfm_text_addf(select->sql, "%s\"d%d\"", c > 1 ? ", " : "", c);
    rfm_text_adds(select->sql, ") AS \"least\"");
    rfm_select_end(select);
}

void rfm_select_segments(rfm_select *select)
{
    const int n_transforms = count_transforms(&select->model->scaling);
    for (int at = 0; at < n_transforms; at++)
        add_transforms(select, at);
    add_places(select);
    add_positions(select);
    add_distances(select);
    add_nearest(select);
}
