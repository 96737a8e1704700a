/* hash: XXH3 of bytes. The only file that knows the library; no state, no seed. */
#define XXH_INLINE_ALL /* ids are short: a call costs as much as the hash */
#include <xxhash.h>

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
