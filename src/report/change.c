/* What has changed since an earlier model, and since an earlier run: segments that moved, customers that did. */
#include "sections.h"

#include "matrix.h"

#include <math.h>
#include <string.h>

/* In scaled units, from where on a segment is another one under its old name. */
static const double MOVED_FAR = 0.5;

bool has_moved_far(const facts *all, const segment *s)
{
    return number_at(run_value(all, "drift.moved"), s->label) >= MOVED_FAR;
}

bool has_change(const facts *all)
{
    return run_value(all, "drift") || run_value(all, "migration");
}

/* ---- customers by where the previous model puts them -------------------------------------------------------------- */

/* As the previous model has it; runs of before have what the segment of that id is called now. */
static const char *previous_name(const facts *all, const char *id)
{
    char path[64];
    snprintf(path, sizeof path, "drift.names.%s", id);
    const char *name = run_text(all, path);
    return name ? name : run_segment_name(all, id);
}

static void put_flows(page *p)
{
    const rfm_json *flows = run_value(p->facts, "drift.flows"), *row;
    const size_t n = rfm_json_is_list(flows) ? 0 : rfm_json_count(flows);
    void *at = NULL;
    matrix m;
    size_t n_columns = rfm_json_count(run_value(p->facts, "drift.segments"));
    if (n_columns == 0)
        return;
    say_in(p, "h3", W_FLOWS);
    if (n == 0) {
        say_in(p, "p class=\"note\"", W_NO_TABLE);
        return;
    }
    if (matrix_init(p, &m, n, n_columns)) {
        const char *id;
        for (size_t r = 0; r < n && (id = rfm_json_next(flows, &at, &row)); r++) {
            m.rows[r] = row;
            snprintf(m.row_ids[r], sizeof m.row_ids[r], "%.20s", id);
            m.row_names[r] = previous_name(p->facts, m.row_ids[r]);
        }
        matrix_name_labels(p->facts, &m);
        matrix_put(p, &m, W_PREVIOUS_SEGMENT, W_SEGMENT_NOW);
    }
    matrix_free(&m);
}

/* ---- how far segments and features moved -------------------------------------------------------------------------- */

static void put_moved(page *p)
{
    const rfm_json *moved = run_value(p->facts, "drift.moved");
    if (!rfm_json_is_list(moved))
        return;
    say_in(p, "h3", W_MOVED);
    say_in(p, "p", W_MOVED_LEAD);
    table_open(p);
    put_heading(p, W_SEGMENT);
    put_heading(p, W_MOVED_BY);
    put_text_heading(p, W_MEANING);
    table_rows(p);
    for (size_t i = 0; i < p->facts->n; i++) {
        const double by = number_at(moved, p->facts->segments[i].label);
        put(p, "<tr>");
        put_segment_heading(p, i);
        put(p, "<td>");
        put_number(p, by);
        put(p, "</td><td class=\"text\">");
        say(p, isnan(by) ? W_MOVED_NEW : by < 0.1 ? W_MOVED_LITTLE : by < MOVED_FAR ? W_MOVED_SOME : W_MOVED_FAR_AWAY);
        put(p, "</td></tr>\n");
    }
    table_close(p, false);
}

static void put_stability_index(page *p)
{
    const rfm_json *index = run_value(p->facts, "drift.stability_index"), *item;
    void *at = NULL;
    if (rfm_json_count(index) == 0 || rfm_json_is_list(index))
        return;
    say_in(p, "h3", W_SHIFT);
    say_in(p, "p", W_SHIFT_LEAD);
    table_open(p);
    put_heading(p, W_FEATURE);
    put_heading(p, W_STABILITY_INDEX);
    put_text_heading(p, W_MEANING);
    table_rows(p);
    for (const char *name; (name = rfm_json_next(index, &at, &item));) {
        const double shift = rfm_json_number(item);
        put(p, "<tr><th scope=\"row\">");
        put_text(p, name);
        put(p, "</th><td>");
        put_number(p, shift);
        put(p, "</td><td class=\"text\">");
        if (!isnan(shift))
            say(p, shift < 0.1 ? W_SHIFT_NONE : shift < 0.25 ? W_SHIFT_SOME : W_SHIFT_LARGE);
        put(p, "</td></tr>\n");
    }
    table_close(p, false);
}

/* ---- customers that both runs have -------------------------------------------------------------------------------- */

/* What the two sides of a migration are called: lists of names, and of ids where there are such. */
typedef struct side {
    const rfm_json *names, *ids;
} side;

/* False where there is none. */
static bool put_migration_matrix(page *p, const rfm_json *counts, side from, side to)
{
    matrix m;
    if (!rfm_json_is_list(counts))
        return false;
    if (matrix_init(p, &m, rfm_json_count(counts), rfm_json_count(rfm_json_item(counts, 0)))) {
        for (size_t r = 0; r < m.n_rows; r++)
            m.rows[r] = rfm_json_item(counts, r);
        matrix_name(m.row_names, m.row_ids, m.n_rows, from.names, from.ids);
        matrix_name(m.column_names, m.column_ids, m.n_columns, to.names, to.ids);
        matrix_put(p, &m, W_PREVIOUS_SEGMENT, W_SEGMENT_NOW);
    }
    matrix_free(&m);
    return true;
}

static double sum_of(const rfm_json *list)
{
    double sum = 0;
    for (size_t i = 0; i < rfm_json_count(list); i++)
        sum += number_at(list, i) > 0 ? number_at(list, i) : 0;
    return sum;
}

static void put_migration(page *p)
{
    const facts *all = p->facts;
    if (!run_value(all, "migration"))
        return;
    const side from = {run_value(all, "migration.names_from"), run_value(all, "migration.ids_from")};
    const side to = {run_value(all, "migration.names_to"), run_value(all, "migration.ids_to")};
    const side grid = {run_value(all, "scores.grid"), NULL};
    const double both = run_number(all, "migration.n_both"), moved = run_number(all, "migration.n_moved");
    say_in(p, "h3", W_MIGRATION);
    if (!isnan(both)) {
        put(p, "<p>");
        say(p, W_MIGRATION_LEAD, a_count(both), a_count(moved), a_share(both > 0 ? moved / both : 0));
        put(p, "</p>\n");
    }
    if (!put_migration_matrix(p, run_value(all, "migration.customers"), from, to))
        say_in(p, "p class=\"note\"", W_NO_TABLE);
    put(p, "<p>");
    say(p, W_ARRIVED_LEFT, a_count(sum_of(run_value(all, "migration.arrived"))),
        a_count(sum_of(run_value(all, "migration.left"))));
    put(p, "</p>\n");
    if (run_value(all, "migration.scores.customers"))
        say_in(p, "h3", W_GRID_MIGRATION);
    put_migration_matrix(p, run_value(all, "migration.scores.customers"), grid, grid);
}

void put_change(page *p)
{
    const double share = run_number(p->facts, "drift.share_changed");
    if (!isnan(share)) {
        put(p, "<p class=\"lead\">");
        say(p, W_CHANGE_LEAD, a_share(share), a_count(run_number(p->facts, "drift.n_changed")));
        put(p, "</p>\n");
    }
    put_flows(p);
    put_migration(p);
    put_moved(p);
    put_stability_index(p);
}
