/* select_word: numbers, and the columns of the table that is read. */
#include "select.h"

#include <string.h>

/* As a text that is cast: a literal would be a decimal first, and rounded twice. */
void rfm_select_number(rfm_text *sql, double number)
{
    rfm_text_addf(sql, "'%.17g'::DOUBLE", number);
}

void rfm_select_column(rfm_select *select, const char *name)
{
    const rfm_select_request *request = select->request;
    const char *own = name;
    for (size_t i = 0; i < request->n_renames; i++) {
        if (strcmp(request->renames[i].from, name) != 0)
            continue;
        own = request->renames[i].to;
        select->renamed[i] = true;
    }
    rfm_text_adds(select->sql, "\"t\".");
    rfm_sql_add_written(select->sql, own);
}
