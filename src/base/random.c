/* random: numbers that are pure functions of what they decide. No state, so no order of calls, no
 * rank and no thread can change them.
 */
#include "philox.h"
#include "rfmpi/base.h"

enum { ROUNDS = 10 };

static rfm_philox_block mix_round(rfm_philox_block in, uint32_t key_low, uint32_t key_high)
{
    uint64_t a = UINT64_C(0xD2511F53) * in.words[0];
    uint64_t b = UINT64_C(0xCD9E8D57) * in.words[2];
    return (rfm_philox_block){{(uint32_t)(b >> 32) ^ in.words[1] ^ key_low, (uint32_t)b,
                               (uint32_t)(a >> 32) ^ in.words[3] ^ key_high, (uint32_t)a}};
}

rfm_philox_block rfm_philox(uint64_t key, rfm_philox_block counter)
{
    uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32);
    for (int i = 0; i < ROUNDS; i++) {
        counter = mix_round(counter, low, high);
        low += UINT32_C(0x9E3779B9);  /* the golden ratio */
        high += UINT32_C(0xBB67AE85); /* sqrt(3) - 1 */
    }
    return counter;
}

static uint64_t first_bits(rfm_philox_block block)
{
    return (uint64_t)block.words[1] << 32 | block.words[0];
}

/* A purpose has five words, a block four: the fifth goes in where the first pass came out. */
uint64_t rfm_random_stream(uint64_t seed, rfm_purpose purpose)
{
    rfm_philox_block block = {{(uint32_t)purpose.use, purpose.k, purpose.restart, purpose.round}};
    block = rfm_philox(seed, block);
    block.words[0] ^= purpose.trial;
    return first_bits(rfm_philox(seed, block));
}

uint64_t rfm_random_bits(uint64_t stream, uint64_t key)
{
    rfm_philox_block counter = {{(uint32_t)key, (uint32_t)(key >> 32), 0, 0}};
    return first_bits(rfm_philox(stream, counter));
}

/* The middles of 2^52 equal parts: exact doubles, none of them 0 or 1. */
double rfm_random_unit(uint64_t stream, uint64_t key)
{
    return ((double)(rfm_random_bits(stream, key) >> 12) + 0.5) * 0x1p-52;
}
