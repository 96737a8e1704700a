/* origin: what a product was made from, as keys and values in an order. Knows nothing of what the keys mean. */
#include "json.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

rfm_status rfm_origin_add(rfm_origin *origin, const char *key, const char *value, rfm_error *err)
{
    size_t capacity = origin->capacity;
    if (rfm_reserve(&origin->keys, &capacity, origin->n + 1, sizeof *origin->keys, err))
        return err->status;
    /* Both arrays grow alike; a failure between them leaves the keys roomier than is noted. */
    if (rfm_reserve(&origin->values, &origin->capacity, origin->n + 1, sizeof *origin->values, err))
        return err->status;
    /* Values are compared with what run.json gives back. */
    char *own_key = rfm_copy_string(key, err), *own_value = rfm_json_legible(value, err);
    if (!own_key || !own_value) {
        free(own_key);
        free(own_value);
        return err->status;
    }
    origin->keys[origin->n] = own_key;
    origin->values[origin->n++] = own_value;
    return RFM_OK;
}

void rfm_origin_free(rfm_origin *origin)
{
    for (size_t i = 0; i < origin->n; i++) {
        free(origin->keys[i]);
        free(origin->values[i]);
    }
    free(origin->keys);
    free(origin->values);
    *origin = (rfm_origin){0};
}

rfm_status rfm_origin_hash(const rfm_origin *origin, rfm_hash128 *hash, rfm_error *err)
{
    rfm_text text = {0};
    for (size_t i = 0; i < origin->n; i++) {
        rfm_text_add(&text, origin->keys[i], strlen(origin->keys[i]) + 1);
        rfm_text_add(&text, origin->values[i], strlen(origin->values[i]) + 1);
    }
    *hash = rfm_hash128_of(text.bytes, text.length);
    rfm_text_check(&text, err);
    rfm_text_free(&text);
    return err->status;
}

static const char *value_of(const rfm_origin *origin, const char *key)
{
    for (size_t i = 0; i < origin->n; i++)
        if (strcmp(origin->keys[i], key) == 0)
            return origin->values[i];
    return NULL;
}

bool rfm_origin_differs(const json_t *noted, const rfm_origin *origin, const char **key, const char **was,
                        const char **now)
{
    for (size_t i = 0; i < origin->n; i++) {
        *key = origin->keys[i];
        *now = origin->values[i];
        *was = json_string_value(json_object_get(noted, *key));
        if (!*was || strcmp(*was, *now) != 0)
            return true;
    }
    json_t *value;
    json_object_foreach((json_t *)noted, *key, value)
    {
        *was = json_string_value(value);
        *now = value_of(origin, *key);
        if (!*now)
            return true;
    }
    return false;
}
