/* load_keep: the modes that keep what the table has: rows are added, or put beside what is known of the same customer.
 * Each can be done again with nothing more coming of it. */
#include "load.h"
#include "rfmpi/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const rfm_part_column rfm_merge_extras[4] = {
    {"first_seen_at", RFM_COLUMN_TIME, "as_of of the first run that had the customer", false},
    {"first_segment", RFM_COLUMN_INTEGER, "its segment then", false},
    {"changed_at", RFM_COLUMN_TIME, "as_of of the run in which its segment changed last", false},
    {"previous_segment", RFM_COLUMN_INTEGER, "its segment before that", false},
};

const rfm_part_column rfm_history_extras[2] = {
    {"run_id", RFM_COLUMN_TEXT, "digest of the run", false},
    {"as_of", RFM_COLUMN_TIME, "as_of of the run", false},
};

/* ---- append ----------------------------------------------------------------------------------------------------- */

/* Out of the one and into the other: rows that an earlier start has moved are not there any more. One that was killed
 * may still be moving them on the server: then they are read here, and gone when it is their turn to be deleted. */
static rfm_status move(rfm_load *load, bool again, char query_id[64], rfm_error *err)
{
    rfm_text sql = {0};
    rfm_result result = {0};
    int64_t n_rows;
    rfm_text_addf(&sql, "DELETE FROM %s", load->aside.sql);
    if (rfm_load_insert(load, "INSERT INTO", again, &n_rows, query_id, err) == RFM_OK &&
        rfm_load_run(load, &sql, false, &result, err) == RFM_OK) {
        const int64_t n_gone = rfm_load_count(&result, "numRowsDeleted", "number of rows deleted");
        if (n_rows >= 0 && n_gone >= 0 && n_gone != n_rows)
            rfm_fail(err, RFM_STOPPED, "another start moves the same rows: run the same command again");
    }
    rfm_result_free(&result);
    rfm_text_free(&sql);
    return err->status;
}

static rfm_status move_first(rfm_load *load, char query_id[64], rfm_error *err)
{
    return move(load, false, query_id, err);
}

static rfm_status move_again(rfm_load *load, char query_id[64], rfm_error *err)
{
    return move(load, true, query_id, err);
}

rfm_status rfm_load_append(rfm_load *load, char query_id[64], rfm_error *err)
{
    const bool again = rfm_journal_find(load->journal, "moving");
    if (!again && (rfm_load_fill_aside(load, false, err) != RFM_OK ||
                   rfm_journal_note(load->journal, "moving", NULL, err) != RFM_OK))
        return err->status;
    return rfm_load_transact(load, again ? move_again : move_first, query_id, err);
}

/* ---- pieces of SQL ---------------------------------------------------------------------------------------------- */

/* Of a column of the parts or of the mode. */
static const char *own_name(const rfm_load *load, const char *name)
{
    size_t i = 0;
    while (i < load->n_columns && strcmp(load->columns[i].wanted.name, name) != 0)
        i++;
    rfm_assert(i < load->n_columns);
    return load->columns[i].own;
}

static void add_own(const rfm_load *load, const char *before, const char *name, rfm_text *sql)
{
    rfm_text_adds(sql, before);
    rfm_sql_add_name(sql, own_name(load, name));
}

void rfm_load_add_as_of(const rfm_load *load, rfm_text *sql)
{
    char time[40];
    snprintf(time, sizeof time, "%s", load->as_of);
    time[strcspn(time, "Z")] = '\0';
    if (strchr(time, 'T'))
        *strchr(time, 'T') = ' ';
    rfm_sql_add_text(sql, time);
    rfm_text_adds(sql, "::TIMESTAMP_NTZ");
}

static rfm_status run_and_note(rfm_load *load, const rfm_text *sql, char query_id[64], rfm_error *err)
{
    rfm_result result = {0};
    if (rfm_load_run(load, sql, false, &result, err) == RFM_OK)
        snprintf(query_id, 64, "%s", result.query_id);
    rfm_result_free(&result);
    return err->status;
}

/* ---- merge ------------------------------------------------------------------------------------------------------ */

/* "t" is the target, "s" the table aside. Segments that are not the same count as a change, NULL too. */
static void add_update(const rfm_load *load, rfm_text *sql)
{
    rfm_text changed = {0};
    add_own(load, "t.", "segment", &changed);
    add_own(load, " IS DISTINCT FROM s.", "segment", &changed);
    rfm_text_adds(sql, " WHEN MATCHED THEN UPDATE SET ");
    add_own(load, "", "previous_segment", sql);
    rfm_text_addf(sql, " = CASE WHEN %s THEN ", changed.bytes ? changed.bytes : "");
    add_own(load, "t.", "segment", sql);
    add_own(load, " ELSE t.", "previous_segment", sql);
    add_own(load, " END, ", "changed_at", sql);
    rfm_text_addf(sql, " = CASE WHEN %s THEN ", changed.bytes ? changed.bytes : "");
    rfm_load_add_as_of(load, sql);
    add_own(load, " ELSE t.", "changed_at", sql);
    rfm_text_adds(sql, " END");
    for (size_t i = 0; i < load->manifest->n_columns; i++) {
        const char *name = load->columns[i].wanted.name;
        if (strcmp(name, "id") == 0 || !load->columns[i].own)
            continue;
        add_own(load, ", ", name, sql);
        add_own(load, " = s.", name, sql);
    }
    sql->failed |= changed.failed;
    rfm_text_free(&changed);
}

static void add_insert(const rfm_load *load, rfm_text *sql)
{
    rfm_text_adds(sql, " WHEN NOT MATCHED THEN INSERT (");
    rfm_load_add_columns(load, "", sql);
    add_own(load, ", ", "first_seen_at", sql);
    add_own(load, ", ", "first_segment", sql);
    add_own(load, ", ", "changed_at", sql);
    rfm_text_adds(sql, ") VALUES (");
    rfm_load_add_columns(load, "s.", sql);
    rfm_text_adds(sql, ", ");
    rfm_load_add_as_of(load, sql);
    add_own(load, ", s.", "segment", sql);
    rfm_text_adds(sql, ", ");
    rfm_load_add_as_of(load, sql);
    rfm_text_adds(sql, ")");
}

static rfm_status merge_rows(rfm_load *load, char query_id[64], rfm_error *err)
{
    rfm_text sql = {0};
    rfm_text_addf(&sql, "MERGE INTO %s t USING %s s", load->table.sql, load->aside.sql);
    add_own(load, " ON t.", "id", &sql);
    add_own(load, " = s.", "id", &sql);
    add_update(load, &sql);
    add_insert(load, &sql);
    run_and_note(load, &sql, query_id, err);
    rfm_text_free(&sql);
    return err->status;
}

rfm_status rfm_load_merge(rfm_load *load, char query_id[64], rfm_error *err)
{
    if (rfm_load_fill_aside(load, false, err) != RFM_OK)
        return err->status;
    return merge_rows(load, query_id, err); /* one statement is whole by itself */
}

/* ---- history ---------------------------------------------------------------------------------------------------- */

/* The same run's rows of an earlier start go first. */
static rfm_status replace_run(rfm_load *load, char query_id[64], rfm_error *err)
{
    rfm_text remove = {0}, sql = {0};
    rfm_text_addf(&remove, "DELETE FROM %s WHERE ", load->table.sql);
    add_own(load, "", "run_id", &remove);
    rfm_text_adds(&remove, " = ");
    rfm_sql_add_text(&remove, load->run_id);
    rfm_text_addf(&sql, "INSERT INTO %s (", load->table.sql);
    rfm_load_add_columns(load, "", &sql);
    add_own(load, ", ", "run_id", &sql);
    add_own(load, ", ", "as_of", &sql);
    rfm_text_adds(&sql, ") SELECT ");
    rfm_load_add_columns(load, "", &sql);
    rfm_text_adds(&sql, ", ");
    rfm_sql_add_text(&sql, load->run_id);
    rfm_text_adds(&sql, ", ");
    rfm_load_add_as_of(load, &sql);
    rfm_text_addf(&sql, " FROM %s", load->aside.sql);
    if (rfm_text_check(&remove, err) == RFM_OK && rfm_session_do(load->session, remove.bytes, err) == RFM_OK)
        run_and_note(load, &sql, query_id, err);
    rfm_text_free(&remove);
    rfm_text_free(&sql);
    return err->status;
}

/* TABLE_LATEST: of every customer what the latest run that has it says. */
static rfm_status make_view(rfm_load *load, rfm_error *err)
{
    rfm_text sql = {0}, name = {0};
    rfm_text_addf(&name, "%.240s_LATEST", load->table.parts[2]);
    rfm_text_adds(&sql, "CREATE OR REPLACE VIEW ");
    for (int i = 0; i < 2; i++) {
        rfm_sql_add_name(&sql, load->table.parts[i]);
        rfm_text_adds(&sql, ".");
    }
    rfm_sql_add_name(&sql, name.bytes ? name.bytes : "");
    rfm_text_addf(&sql, " AS SELECT * FROM %s QUALIFY ROW_NUMBER() OVER (PARTITION BY ", load->table.sql);
    add_own(load, "", "id", &sql);
    add_own(load, " ORDER BY ", "as_of", &sql);
    add_own(load, " DESC, ", "run_id", &sql);
    rfm_text_adds(&sql, ") = 1");
    if (rfm_text_check(&name, err) == RFM_OK && rfm_text_check(&sql, err) == RFM_OK)
        rfm_session_do(load->session, sql.bytes, err);
    rfm_text_free(&sql);
    rfm_text_free(&name);
    return err->status;
}

rfm_status rfm_load_history(rfm_load *load, char query_id[64], rfm_error *err)
{
    if (rfm_load_fill_aside(load, false, err) != RFM_OK ||
        rfm_load_transact(load, replace_run, query_id, err) != RFM_OK)
        return err->status;
    return make_view(load, err);
}
