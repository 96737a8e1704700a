/* hash: XXH3 of bytes. The only file that knows the library; no state, no seed. */
#define XXH_INLINE_ALL /* ids are short: a call costs as much as the hash */
#include <xxhash.h>

#include <stdlib.h>

#include "rfmpi/base.h"

uint64_t rfm_hash64(const void *bytes, size_t length)
{
    return XXH3_64bits(bytes, length);
}

rfm_hash128 rfm_hash128_of(const void *bytes, size_t length)
{
    XXH128_hash_t hash = XXH3_128bits(bytes, length);
    return (rfm_hash128){hash.low64, hash.high64};
}

static inline uint64_t hash_integer(int64_t value)
{
    unsigned char bytes[8];
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)value >> 8 * i);
    return XXH3_64bits(bytes, sizeof bytes);
}

uint64_t rfm_hash64_integer(int64_t value)
{
    return hash_integer(value);
}

void rfm_hash64_integers(const int64_t *values, size_t n, uint64_t *hashes)
{
    for (size_t i = 0; i < n; i++)
        hashes[i] = hash_integer(values[i]);
}

struct rfm_hasher {
    XXH3_state_t *state;
};

rfm_status rfm_hasher_open(rfm_hasher **hasher, rfm_error *err)
{
    *hasher = rfm_alloc(1, sizeof **hasher, err);
    if (!*hasher)
        return err->status;
    (*hasher)->state = XXH3_createState();
    if (!(*hasher)->state || XXH3_128bits_reset((*hasher)->state) != XXH_OK) {
        rfm_hasher_close(*hasher);
        *hasher = NULL;
        return rfm_fail(err, RFM_NO_MEMORY, "no memory for a hash");
    }
    return RFM_OK;
}

void rfm_hasher_feed(rfm_hasher *hasher, const void *bytes, size_t length)
{
    XXH3_128bits_update(hasher->state, bytes, length);
}

rfm_hash128 rfm_hasher_close(rfm_hasher *hasher)
{
    rfm_hash128 hash = {0, 0};
    if (hasher && hasher->state) {
        const XXH128_hash_t whole = XXH3_128bits_digest(hasher->state);
        hash = (rfm_hash128){whole.low64, whole.high64};
    }
    if (hasher)
        XXH3_freeState(hasher->state);
    free(hasher);
    return hash;
}
