/* ids: see ids.h. */
#include "ids.h"

#include <stdlib.h>
#include <string.h>

int rfm_id_compare_text(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t common = a_length < b_length ? a_length : b_length;
    int order = common > 0 ? memcmp(a, b, common) : 0;
    if (order != 0)
        return order;
    return (a_length > b_length) - (a_length < b_length);
}

int rfm_ids_compare(const rfm_ids *a, size_t i, const rfm_ids *b, size_t j)
{
    if (a->hash[i] != b->hash[j])
        return a->hash[i] < b->hash[j] ? -1 : 1;
    if (a->kind == RFM_ID_INTEGER)
        return (a->number[i] > b->number[j]) - (a->number[i] < b->number[j]);
    return rfm_id_compare_text(a->bytes + a->offset[i], a->offset[i + 1] - a->offset[i], b->bytes + b->offset[j],
                               b->offset[j + 1] - b->offset[j]);
}

void rfm_ids_free(rfm_ids *ids)
{
    free(ids->hash);
    free(ids->number);
    free(ids->offset);
    free(ids->bytes);
    memset(ids, 0, sizeof *ids);
}
