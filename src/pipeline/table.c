/* table: the segments for people, at the end of a run, in 80 columns: as many segments as can be taken in, of the
 * features those that tell them apart best. On a terminal it is as wide as that, with a bar for each share.
 */
#include "batch.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST_SEGMENTS = 20,
    MOST_FEATURES = 8,
    MOST_COLUMNS = 120,
    LEAST_NAME = 12,
    MOST_NAME = 30,
    MOST_HEADING = 12,
    SPLIT_HEADING = 9, /* one that is longer stands in two lines */
    LEAST_BAR = 3,     /* in eighths of a column; twice that where there are none */
    MOST_BAR = 20,
    CELL_BYTES = 32,
    HEADING_BYTES = 128
};

typedef struct layout {
    const rfm_batch *batch;
    const double *revenue; /* [k] shares; NULL: there is none */
    rfm_terminal terminal;
    int n_rows;
    int id, name, customers, bar; /* widths in columns; bar 0: none */
    int n_features;
    struct {
        int feature, width;
    } features[MOST_FEATURES]; /* in the order of the model */
} layout;

/* ---- cells ------------------------------------------------------------------------------------------------------- */

/* Two decimals; what would be too wide, in millions and more. No "-0.00" for what is nothing. */
static void format_value(double value, char cell[CELL_BYTES])
{
    static const char units[] = " MGTP";
    int unit = 0;
    if (fabs(value) < 0.005)
        value = 0;
    if (fabs(value) >= 1e6) {
        for (value /= 1e6, unit = 1; fabs(value) >= 999.995 && units[unit + 1]; unit++)
            value /= 1000;
        snprintf(cell, CELL_BYTES, fabs(value) < 1e5 ? "%.2f%c" : "%.2e%c", value, units[unit]);
    } else {
        snprintf(cell, CELL_BYTES, "%.2f", value);
    }
}

static double value_of(const layout *l, int row, int feature)
{
    return l->batch->model.centroids_original[(size_t)row * (size_t)l->batch->model.d + (size_t)feature];
}

static double share_of(const layout *l, int row)
{
    return (double)l->batch->sizes[row] / (double)l->batch->frame.n_global;
}

/* The part of a heading that stands in this line, of two: a long name is parted at its last underscore. */
static void cut_heading(const char *name, int line, char cell[HEADING_BYTES])
{
    const char *underscore = strrchr(name, '_');
    const bool parted = underscore && rfm_text_columns(name, strlen(name)) > SPLIT_HEADING;
    if (line == 0)
        snprintf(cell, HEADING_BYTES, "%.*s", parted ? (int)(underscore + 1 - name) : 0, name);
    else
        snprintf(cell, HEADING_BYTES, "%s", parted ? underscore + 1 : name);
}

static void add_right(rfm_text *table, const char *text, int width)
{
    const int columns = rfm_text_columns(text, strlen(text));
    rfm_text_addf(table, "%*s", width > columns ? width - columns : 0, "");
    rfm_text_fit(table, text, columns < width ? columns : width);
}

/* ---- widths ------------------------------------------------------------------------------------------------------ */

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int digits_of(int64_t value)
{
    char cell[CELL_BYTES];
    return snprintf(cell, sizeof cell, "%lld", (long long)value);
}

static int width_of_feature(const layout *l, int feature)
{
    char cell[CELL_BYTES], heading[HEADING_BYTES];
    int width = 0;
    for (int line = 0; line < 2; line++) {
        cut_heading(l->batch->model.features[feature], line, heading);
        width = larger(width, rfm_text_columns(heading, strlen(heading)));
    }
    width = width < MOST_HEADING ? width : MOST_HEADING;
    for (int row = 0; row < l->n_rows; row++) {
        format_value(value_of(l, row, feature), cell);
        width = larger(width, (int)strlen(cell));
    }
    return width;
}

/* How far apart the segments lie in a feature: the variance between them, in scaled units. */
static double telling(const rfm_batch *batch, int feature)
{
    const rfm_model *model = &batch->model;
    double sum = 0, mean = 0, n = (double)batch->frame.n_global;
    for (int c = 0; c < model->k; c++)
        mean += (double)batch->sizes[c] / n * model->centroids_scaled[(size_t)c * (size_t)model->d + (size_t)feature];
    for (int c = 0; c < model->k; c++) {
        const double apart = model->centroids_scaled[(size_t)c * (size_t)model->d + (size_t)feature] - mean;
        sum += (double)batch->sizes[c] / n * apart * apart;
    }
    return sum;
}

static bool is_chosen(const layout *l, int feature)
{
    for (int i = 0; i < l->n_features; i++)
        if (l->features[i].feature == feature)
            return true;
    return false;
}

static int most_telling(const layout *l)
{
    int best = -1;
    double most = 0;
    for (int j = 0; j < l->batch->model.d; j++) {
        const double here = is_chosen(l, j) ? 0 : telling(l->batch, j);
        if (!is_chosen(l, j) && (best < 0 || here > most)) {
            best = j;
            most = here;
        }
    }
    return best;
}

static int room_left(const layout *l, int columns)
{
    int used = l->id + 1 + l->name + 1 + l->customers + 7 + (l->revenue ? 8 : 0) + (l->bar > 0 ? l->bar + 1 : 0);
    for (int i = 0; i < l->n_features; i++)
        used += 1 + l->features[i].width;
    return columns - used;
}

/* The most telling ones first, while they have room; in the model's order. A long name gives way to the first. */
static void choose_features(layout *l, int columns)
{
    while (l->n_features < MOST_FEATURES && l->n_features < l->batch->model.d) {
        const int feature = most_telling(l), width = width_of_feature(l, feature);
        const int missing = 1 + width - room_left(l, columns);
        if (missing > 0 && (l->n_features > 2 || l->name - missing < LEAST_NAME))
            return;
        l->name -= missing > 0 ? missing : 0;
        int at = l->n_features++;
        for (; at > 0 && l->features[at - 1].feature > feature; at--)
            l->features[at] = l->features[at - 1];
        l->features[at].feature = feature;
        l->features[at].width = width;
    }
}

static void lay_out(layout *l)
{
    const rfm_model *model = &l->batch->model;
    const int columns = l->terminal.columns < MOST_COLUMNS ? l->terminal.columns : MOST_COLUMNS;
    l->n_rows = model->k < MOST_SEGMENTS ? model->k : MOST_SEGMENTS;
    l->id = 2;
    l->name = (int)strlen("segment");
    l->customers = (int)strlen("customers");
    for (int row = 0; row < l->n_rows; row++) {
        l->id = larger(l->id, digits_of(model->segment_ids[row]));
        l->name = larger(l->name, rfm_text_columns(model->names[row], strlen(model->names[row])));
        l->customers = larger(l->customers, digits_of(l->batch->sizes[row]));
    }
    l->name = l->name < MOST_NAME ? l->name : MOST_NAME;
    choose_features(l, columns);
    const int room = room_left(l, columns) - 1;
    if (l->terminal.is_there && room >= (l->terminal.utf8 ? LEAST_BAR : 2 * LEAST_BAR))
        l->bar = room < MOST_BAR ? room : MOST_BAR;
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static void style(const layout *l, const char *code, rfm_text *table)
{
    if (l->terminal.styled)
        rfm_text_addf(table, "\033[%sm", code);
}

static double largest_share(const layout *l)
{
    double largest = 0;
    for (int row = 0; row < l->n_rows; row++)
        largest = fmax(largest, share_of(l, row));
    return largest > 0 ? largest : 1;
}

/* The largest share fills it. Eighths of a column, where there are letters for them. */
static void add_bar(const layout *l, double part, rfm_text *table)
{
    static const char *const eighths[] = {"", "\u258F", "\u258E", "\u258D", "\u258C", "\u258B", "\u258A", "\u2589"};
    const int parts = (int)lround(part * 8 * l->bar);
    int columns = l->terminal.utf8 ? parts / 8 : (parts + 4) / 8;
    style(l, "36", table);
    for (int i = 0; i < columns; i++)
        rfm_text_adds(table, l->terminal.utf8 ? "\u2588" : "#");
    if (l->terminal.utf8 && parts % 8 > 0) {
        rfm_text_adds(table, eighths[parts % 8]);
        columns++;
    }
    style(l, "0", table);
    rfm_text_addf(table, "%*s", l->bar - columns, "");
}

/* Without the blanks that would stand at its end. */
static void end_line(const layout *l, rfm_text *table)
{
    while (!table->failed && table->length > 0 && table->bytes[table->length - 1] == ' ')
        table->length--;
    style(l, "0", table);
    rfm_text_adds(table, "\n");
}

/* Both lines of headings; the upper one only where a heading needs it. */
static void add_headings(const layout *l, int line, rfm_text *table)
{
    char cell[HEADING_BYTES];
    bool any = line == 1;
    for (int i = 0; i < l->n_features && !any; i++) {
        cut_heading(l->batch->model.features[l->features[i].feature], 0, cell);
        any = cell[0] != '\0';
    }
    if (!any)
        return;
    style(l, "1", table);
    rfm_text_addf(table, "%*s %-*s %*s %6s", l->id, line ? "id" : "", l->name, line ? "segment" : "", l->customers,
                  line ? "customers" : "", line ? "share" : "");
    if (l->bar > 0)
        rfm_text_addf(table, " %*s", l->bar, "");
    if (l->revenue)
        rfm_text_addf(table, " %7s", line ? "revenue" : "");
    for (int i = 0; i < l->n_features; i++) {
        cut_heading(l->batch->model.features[l->features[i].feature], line, cell);
        rfm_text_adds(table, " ");
        add_right(table, cell, l->features[i].width);
    }
    end_line(l, table);
}

static void add_row(const layout *l, int row, rfm_text *table)
{
    const rfm_model *model = &l->batch->model;
    char cell[CELL_BYTES];
    rfm_text_addf(table, "%*d ", l->id, (int)model->segment_ids[row]);
    rfm_text_fit(table, model->names[row], l->name);
    rfm_text_addf(table, " %*lld %5.1f%%", l->customers, (long long)l->batch->sizes[row], 100 * share_of(l, row));
    if (l->bar > 0) {
        rfm_text_adds(table, " ");
        add_bar(l, share_of(l, row) / largest_share(l), table);
    }
    if (l->revenue)
        rfm_text_addf(table, " %6.1f%%", 100 * l->revenue[row]);
    for (int i = 0; i < l->n_features; i++) {
        format_value(value_of(l, row, l->features[i].feature), cell);
        rfm_text_adds(table, " ");
        add_right(table, cell, l->features[i].width);
    }
    rfm_text_adds(table, "\n");
}

static void add_rest(const layout *l, rfm_text *table)
{
    const rfm_model *model = &l->batch->model;
    const int segments = model->k - l->n_rows, features = model->d - l->n_features;
    if (segments + features == 0)
        return;
    rfm_text_addf(table, "%*s and ", l->id, "");
    if (segments > 0)
        rfm_text_addf(table, "%d more segment%s%s", segments, segments == 1 ? "" : "s", features > 0 ? ", " : "");
    if (features > 0)
        rfm_text_addf(table, "%d more feature%s", features, features == 1 ? "" : "s");
    rfm_text_adds(table, " in segments.csv\n");
}

/* ---- what comes next --------------------------------------------------------------------------------------------- */

static void add_next(const layout *l, rfm_text *table)
{
    rfm_run *run = l->batch->run;
    const char *dir = rfm_run_dir(run);
    struct stat at;
    const long long n = (long long)l->batch->frame.n_global;
    rfm_text_addf(table, "%lld customer%s in %d segment%s: ", n, n == 1 ? "" : "s", l->batch->model.k,
                  l->batch->model.k == 1 ? "" : "s");
    style(l, "1", table);
    rfm_text_adds(table, dir);
    style(l, "0", table);
    rfm_text_adds(table, "\n");
    if (stat(rfm_run_path(run, "report.html"), &at) == 0)
        rfm_text_addf(table, "report      %s/report.html\n", dir);
    rfm_text_addf(table, "details     rfmpi info %s\n", dir);
    if (l->batch->job.task != RFM_TASK_PREDICT)
        rfm_text_addf(table,
                      "new events  rfmpi predict JOB.yml --model %s/model.h5\n"
                      "            (in JOB.yml: the new files, another output.dir)\n",
                      dir);
}

rfm_status print_segments(const rfm_batch *batch, rfm_text *table, rfm_error *err)
{
    rfm_revenue revenue;
    if (revenue_measure(batch, &revenue, err) == RFM_OK && rfm_comm_rank(batch->comm) == 0) {
        const bool shared = revenue.shares && !isnan(revenue.shares[0]);
        layout l = {
            .batch = batch, .revenue = shared ? revenue.shares : NULL, .terminal = rfm_terminal_of(STDOUT_FILENO)};
        lay_out(&l);
        rfm_text_adds(table, l.terminal.is_there ? "\n" : "");
        add_headings(&l, 0, table);
        add_headings(&l, 1, table);
        for (int row = 0; row < l.n_rows; row++)
            add_row(&l, row, table);
        add_rest(&l, table);
        add_next(&l, table);
    }
    revenue_free(&revenue);
    return err->status;
}
