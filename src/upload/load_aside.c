/* load_aside: the table that rows are loaded into before they are published. Each filling makes another, under a name
 * of its own: what an earlier start had asked for, and the warehouse comes to only later, finds no table to do harm to.
 * A second SWAP would bring the old rows back, a second CREATE leave an empty table to be swapped in.
 */
#include "load.h"

/* The journal's id keeps it from being anybody's table; 255 bytes are the limit of a name. */
static rfm_status make_name(const rfm_load *load, int64_t number, rfm_sql_name *name, rfm_error *err)
{
    rfm_text last = {0};
    rfm_text_addf(&last, "%.200s__RFMPI_%s_%lld", load->table.parts[2], rfm_journal_id(load->journal),
                  (long long)number);
    *name = (rfm_sql_name){
        .parts = {rfm_copy_string(load->table.parts[0], err), rfm_copy_string(load->table.parts[1], err), last.bytes}};
    if (err->status == RFM_OK && rfm_text_check(&last, err) == RFM_OK)
        rfm_sql_name_join(name, err);
    return err->status;
}

rfm_status rfm_load_find_aside(rfm_load *load, rfm_error *err)
{
    const json_t *number = json_object_get(rfm_journal_find(load->journal, "aside"), "number");
    load->n_asides = json_is_integer(number) ? json_integer_value(number) : 0;
    return load->n_asides > 0 ? make_name(load, load->n_asides, &load->aside, err) : RFM_OK;
}

static rfm_status note_another(rfm_load *load, rfm_error *err)
{
    rfm_sql_name_free(&load->aside);
    if (make_name(load, load->n_asides + 1, &load->aside, err) != RFM_OK)
        return err->status;
    load->n_asides++;
    return rfm_journal_note(load->journal, "aside", json_pack("{s:I}", "number", (json_int_t)load->n_asides), err);
}

/* One that is to be swapped is like the target in everything, and has its grants: SWAP exchanges those, too. Any other
 * has just the parts' columns. */
rfm_status rfm_load_fill_aside(rfm_load *load, bool to_swap, rfm_error *err)
{
    rfm_text sql = {0};
    if (rfm_load_drop_aside(load, err) != RFM_OK || note_another(load, err) != RFM_OK)
        return err->status;
    if (to_swap) {
        rfm_text_addf(&sql, "CREATE OR REPLACE %sTABLE %s LIKE %s COPY GRANTS", load->is_transient ? "TRANSIENT " : "",
                      load->aside.sql, load->table.sql);
    } else {
        rfm_text_addf(&sql, "CREATE OR REPLACE TRANSIENT TABLE %s ", load->aside.sql);
        rfm_load_add_definitions(load, false, &sql);
    }
    if (rfm_text_check(&sql, err) == RFM_OK && rfm_session_do(load->session, sql.bytes, err) == RFM_OK)
        rfm_load_copy(load, to_swap && !load->is_same, err);
    rfm_text_free(&sql);
    return err->status;
}

/* Earlier ones are gone already, unless they came late. */
rfm_status rfm_load_drop_aside(rfm_load *load, rfm_error *err)
{
    for (int64_t number = 1; number <= load->n_asides && err->status == RFM_OK; number++) {
        rfm_text sql = {0};
        rfm_sql_name name = {0};
        if (make_name(load, number, &name, err) == RFM_OK)
            rfm_text_addf(&sql, "DROP TABLE IF EXISTS %s", name.sql);
        if (err->status == RFM_OK && rfm_text_check(&sql, err) == RFM_OK)
            rfm_session_do(load->session, sql.bytes, err);
        rfm_text_free(&sql);
        rfm_sql_name_free(&name);
    }
    return err->status;
}
