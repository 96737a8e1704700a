/* load_table: the target as it is, and whether the parts fit it. */
#include "load.h"
#include "rfmpi/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char NO_SUCH_OBJECT[] = "002003";

/* ---- a new table ------------------------------------------------------------------------------------------------ */

/* What a column of the parts is called in a table that is made for them: plain words in capitals, as the warehouse
 * takes names that are not in quotes. The caller frees it. */
static char *name_column(const char *name, rfm_error *err)
{
    char *parts[3] = {NULL};
    size_t n;
    rfm_error other = {0};
    if (rfm_sql_split_name(name, "column", parts, &n, &other) == RFM_OK && n == 1)
        return parts[0];
    for (size_t i = 0; i < n; i++)
        free(parts[i]);
    return rfm_copy_string(name, err);
}

void rfm_load_add_definitions(const rfm_load *load, bool whole, rfm_text *sql)
{
    static const char *const types[] = {[RFM_COLUMN_TEXT] = "VARCHAR",
                                        [RFM_COLUMN_INTEGER] = "NUMBER(38, 0)",
                                        [RFM_COLUMN_NUMBER] = "DOUBLE",
                                        [RFM_COLUMN_TIME] = "TIMESTAMP_NTZ"};
    const size_t n = whole ? load->n_columns : load->manifest->n_columns;
    for (size_t i = 0; i < n; i++) {
        const rfm_part_column *column = &load->columns[i].wanted;
        rfm_text_adds(sql, i > 0 ? ", " : "(");
        rfm_sql_add_name(sql, load->columns[i].own ? load->columns[i].own : column->name);
        rfm_text_addf(sql, " %s", types[column->type]);
        if (whole && column->comment) {
            rfm_text_adds(sql, " COMMENT ");
            rfm_sql_add_text(sql, column->comment);
        }
    }
    rfm_text_adds(sql, ")");
}

static rfm_status name_columns(rfm_load *load, rfm_error *err)
{
    for (size_t i = 0; i < load->n_columns && err->status == RFM_OK; i++)
        load->columns[i].own = name_column(load->columns[i].wanted.name, err);
    return err->status;
}

static rfm_status create_table(rfm_load *load, rfm_error *err)
{
    rfm_text sql = {0};
    rfm_text_addf(&sql, "CREATE TABLE %s ", load->table.sql);
    if (name_columns(load, err) == RFM_OK)
        rfm_load_add_definitions(load, true, &sql);
    rfm_text_adds(&sql, " COMMENT = 'customers and their segments, by rfmpi'");
    if (rfm_text_check(&sql, err) == RFM_OK && rfm_session_do(load->session, sql.bytes, err) == RFM_OK) {
        rfm_log(RFM_LOG_INFO, "created the table %s", load->table.sql);
        load->is_known = load->is_same = true;
    }
    rfm_text_free(&sql);
    return err->status;
}

/* ---- its columns ------------------------------------------------------------------------------------------------ */

static bool begins_with_any(const char *type, const char *const *words)
{
    for (; *words; words++)
        if (strncasecmp(type, *words, strlen(*words)) == 0)
            return true;
    return false;
}

/* Whether values of a part's column are kept as they are in a column of this type. */
static bool fits(rfm_column_type kind, const char *type)
{
    static const char *const texts[] = {"VARCHAR", "TEXT", "STRING", "CHAR", NULL};
    static const char *const floats[] = {"FLOAT", "DOUBLE", "REAL", NULL};
    static const char *const times[] = {"TIMESTAMP", "DATETIME", NULL};
    static const char *const decimals[] = {"NUMBER", "DECIMAL", "NUMERIC", "INT", "BIGINT", "FIXED", NULL};
    if (begins_with_any(type, texts))
        return true;
    if (kind == RFM_COLUMN_TIME)
        return begins_with_any(type, times);
    if (begins_with_any(type, floats))
        return kind == RFM_COLUMN_NUMBER;
    const char *scale = strchr(type, ',');
    return kind == RFM_COLUMN_INTEGER && begins_with_any(type, decimals) &&
           (!scale || scale[1 + strspn(scale + 1, " 0")] == ')');
}

/* The row that describes a column of that name: in the same letters, or else in any. -1: none. */
static int64_t find_row(const rfm_result *table, int names, const char *name)
{
    int64_t like = -1;
    for (size_t row = 0; row < table->n_rows; row++) {
        const char *own = rfm_result_cell(table, row, names);
        if (own && strcmp(own, name) == 0)
            return (int64_t)row;
        if (own && like < 0 && strcasecmp(own, name) == 0)
            like = (int64_t)row;
    }
    return like;
}

static void add_word(rfm_text *list, const char *word, const char *more)
{
    rfm_text_addf(list, "%s%s%s", list->length > 0 ? ", " : "", word, more);
}

/* Lists of columns, of which only the last is fine. */
typedef struct findings {
    rfm_text missing, wrong, unfilled, left_out;
} findings;

static void free_findings(findings *found)
{
    rfm_text_free(&found->missing);
    rfm_text_free(&found->wrong);
    rfm_text_free(&found->unfilled);
    rfm_text_free(&found->left_out);
}

static rfm_status match_column(rfm_load *load, const rfm_result *table, size_t i, findings *found, rfm_error *err)
{
    const rfm_part_column *column = &load->columns[i].wanted;
    const int names = rfm_result_column(table, "name"), types = rfm_result_column(table, "type");
    const int64_t row = find_row(table, names, column->name);
    const char *type = row < 0 ? NULL : rfm_result_cell(table, (size_t)row, types);
    if (row < 0) {
        add_word(column->optional ? &found->left_out : &found->missing, column->name, "");
        return RFM_OK;
    }
    if (type && !fits(column->type, type)) {
        char more[100];
        snprintf(more, sizeof more, " (is %.60s)", type);
        add_word(&found->wrong, column->name, more);
    }
    load->is_same &= row == (int64_t)i;
    load->columns[i].own = rfm_copy_string(rfm_result_cell(table, (size_t)row, names), err);
    return err->status;
}

/* Columns of the table that the parts have nothing for, and that must have something. */
static void find_unfilled(const rfm_load *load, const rfm_result *table, rfm_text *unfilled)
{
    const int names = rfm_result_column(table, "name"), nulls = rfm_result_column(table, "null?");
    const int defaults = rfm_result_column(table, "default");
    for (size_t row = 0; row < table->n_rows; row++) {
        const char *name = rfm_result_cell(table, row, names), *null = rfm_result_cell(table, row, nulls);
        bool filled = !name || !null || strcasecmp(null, "N") != 0 || rfm_result_cell(table, row, defaults);
        for (size_t i = 0; !filled && i < load->n_columns; i++)
            filled = load->columns[i].own && strcmp(load->columns[i].own, name) == 0;
        if (!filled)
            add_word(unfilled, name, "");
    }
}

static void fail_fit(const rfm_load *load, const findings *found, rfm_error *err)
{
    const rfm_text *missing = &found->missing, *wrong = &found->wrong, *unfilled = &found->unfilled;
    rfm_fail(err, RFM_UNAVAILABLE, "the table %s does not fit the results:%s%s%s%s%s%s", load->table.sql,
             missing->length ? " it has no column " : "", missing->length ? missing->bytes : "",
             wrong->length ? "; of another type: " : "", wrong->length ? wrong->bytes : "",
             unfilled->length ? "; NOT NULL, and nothing to put there: " : "", unfilled->length ? unfilled->bytes : "");
}

static rfm_status match_columns(rfm_load *load, const rfm_result *table, rfm_error *err)
{
    findings found = {0};
    load->is_known = true;
    load->is_same = table->n_rows == load->n_columns;
    for (size_t i = 0; i < load->n_columns && err->status == RFM_OK; i++)
        match_column(load, table, i, &found, err);
    if (err->status == RFM_OK)
        find_unfilled(load, table, &found.unfilled);
    if (err->status == RFM_OK && found.missing.length + found.wrong.length + found.unfilled.length > 0)
        fail_fit(load, &found, err);
    load->is_short = found.left_out.length > 0;
    if (err->status == RFM_OK && load->is_short)
        rfm_log(RFM_LOG_INFO, "the table %s has no column %s: left out; ALTER TABLE ... ADD COLUMN makes room for them",
                load->table.sql, found.left_out.bytes);
    free_findings(&found);
    return err->status;
}

/* An answer that cannot be read says that the table is there: then the parts' own names have to do. */
static rfm_status assume_columns(rfm_load *load, rfm_error *err)
{
    rfm_log(RFM_LOG_WARN, "the columns of %s cannot be looked at: taken as they are called here", load->table.sql);
    return name_columns(load, err);
}

void rfm_load_add_columns(const rfm_load *load, const char *before, rfm_text *sql)
{
    for (size_t i = 0; i < load->manifest->n_columns; i++) {
        if (!load->columns[i].own)
            continue;
        rfm_text_addf(sql, "%s%s", i > 0 ? ", " : "", before); /* the first, the id, is never left out */
        rfm_sql_add_name(sql, load->columns[i].own);
    }
}

/* ---- look ------------------------------------------------------------------------------------------------------- */

static rfm_status describe(rfm_load *load, rfm_result *table, rfm_error *err)
{
    rfm_text sql = {0};
    rfm_text_addf(&sql, "DESCRIBE TABLE %s", load->table.sql);
    if (rfm_text_check(&sql, err) == RFM_OK)
        rfm_session_run(load->session, &(rfm_statement){.sql = sql.bytes, .may_fail = true}, table, err);
    rfm_text_free(&sql);
    return err->status;
}

/* Whether it is transient: a table that is to be swapped with it has to be the same. */
static rfm_status look_at_kind(rfm_load *load, rfm_error *err)
{
    rfm_text sql = {0};
    rfm_result found = {0};
    rfm_text_adds(&sql, "SHOW TABLES LIKE ");
    rfm_sql_add_text(&sql, load->table.parts[2]);
    rfm_text_adds(&sql, " IN SCHEMA ");
    rfm_sql_add_name(&sql, load->table.parts[0]);
    rfm_text_adds(&sql, ".");
    rfm_sql_add_name(&sql, load->table.parts[1]);
    if (rfm_text_check(&sql, err) == RFM_OK &&
        rfm_session_run(load->session, &(rfm_statement){.sql = sql.bytes, .may_fail = true}, &found, err) == RFM_OK) {
        const int names = rfm_result_column(&found, "name"), kinds = rfm_result_column(&found, "kind");
        for (size_t row = 0; row < found.n_rows; row++) {
            const char *name = rfm_result_cell(&found, row, names), *kind = rfm_result_cell(&found, row, kinds);
            load->is_transient |=
                name && kind && strcmp(name, load->table.parts[2]) == 0 && strcasecmp(kind, "TRANSIENT") == 0;
        }
    }
    rfm_result_free(&found);
    rfm_text_free(&sql);
    return err->status;
}

static rfm_status list_columns(rfm_load *load, rfm_error *err)
{
    const size_t n = load->manifest->n_columns;
    load->columns = rfm_alloc(n + load->mode->n_extras, sizeof *load->columns, err);
    if (!load->columns)
        return err->status;
    load->n_columns = n + load->mode->n_extras;
    for (size_t i = 0; i < load->n_columns; i++)
        load->columns[i].wanted = i < n ? load->manifest->columns[i] : load->mode->extras[i - n];
    for (size_t i = n; i < load->n_columns; i++)
        for (size_t j = 0; j < n; j++)
            if (strcasecmp(load->columns[i].wanted.name, load->columns[j].wanted.name) == 0)
                return rfm_fail(err, RFM_USAGE,
                                "store.mode: %s has a column '%s' of its own: the feature needs another name",
                                load->mode->name, load->columns[i].wanted.name);
    return RFM_OK;
}

static rfm_status fail_look(const rfm_load *load, const rfm_result *table, rfm_error *err)
{
    const bool missing = strcmp(table->code, NO_SUCH_OBJECT) == 0;
    return rfm_fail(err, strcmp(table->code, "003001") == 0 ? RFM_DENIED : RFM_UNAVAILABLE,
                    "the table %s: %s (code %s, query %s)%s", load->table.sql, table->message, table->code,
                    *table->query_id ? table->query_id : "unknown",
                    missing ? "; store.create makes a table that is not there" : "");
}

rfm_status rfm_load_look(rfm_load *load, rfm_error *err)
{
    rfm_result table = {0};
    if (list_columns(load, err) != RFM_OK || describe(load, &table, err) != RFM_OK)
        return err->status;
    if (strcmp(table.code, NO_SUCH_OBJECT) == 0 && load->options->create)
        create_table(load, err);
    else if (*table.code)
        fail_look(load, &table, err);
    else if (table.is_arrow || rfm_result_column(&table, "name") < 0)
        assume_columns(load, err);
    else if (rfm_result_need_rows(&table, err) == RFM_OK && match_columns(load, &table, err) == RFM_OK)
        look_at_kind(load, err);
    rfm_result_free(&table);
    return err->status;
}
