/* alloc: memory whose size is checked before it is asked for. Knows nothing of what it holds. */
#include <stdlib.h>
#include <string.h>

#include "rfmpi/base.h"

/* n * size, or SIZE_MAX where that passes what an object may have. */
static size_t bytes_of(size_t n, size_t size)
{
    size_t largest = (size_t)PTRDIFF_MAX;
    return size != 0 && n > largest / size ? SIZE_MAX : n * size;
}

static void fail_memory(size_t n, size_t size, rfm_error *err)
{
    rfm_fail(err, RFM_NO_MEMORY, "out of memory for %zu elements of %zu bytes; use more ranks or nodes, or less input",
             n, size);
}

void *rfm_alloc(size_t n, size_t size, rfm_error *err)
{
    size_t bytes = bytes_of(n, size);
    void *memory = bytes == SIZE_MAX ? NULL : calloc(bytes == 0 ? 1 : bytes, 1);
    if (memory == NULL)
        fail_memory(n, size, err);
    return memory;
}

rfm_status rfm_reserve(void *array, size_t *capacity, size_t need, size_t element_size, rfm_error *err)
{
    if (need <= *capacity)
        return RFM_OK;
    size_t wanted = *capacity > SIZE_MAX / 2 || need > 2 * *capacity ? need : 2 * *capacity;
    size_t bytes = bytes_of(wanted, element_size);
    void *old, *grown;
    memcpy(&old, array, sizeof old);
    grown = bytes == SIZE_MAX ? NULL : realloc(old, bytes == 0 ? 1 : bytes);
    if (grown == NULL) {
        fail_memory(wanted, element_size, err);
        return RFM_NO_MEMORY;
    }
    memcpy(array, &grown, sizeof grown);
    *capacity = wanted;
    return RFM_OK;
}

char *rfm_copy_string(const char *text, rfm_error *err)
{
    size_t bytes = strlen(text) + 1;
    char *copy = rfm_alloc(bytes, 1, err);
    if (copy != NULL)
        memcpy(copy, text, bytes);
    return copy;
}
