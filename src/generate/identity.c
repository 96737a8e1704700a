/* identity: the permutation behind user ids. */
#include "identity.h"

#include "random.h"

enum { ROUNDS = 4 };

rfm_identity rfm_identity_make(uint64_t seed, int64_t n)
{
    rfm_identity identity = {.n = (uint64_t)n, .half_bits = 1};
    while (identity.half_bits < 32 && UINT64_C(1) << (2 * identity.half_bits) < identity.n)
        identity.half_bits++;
    uint64_t state = seed;
    for (int i = 0; i < ROUNDS; i++)
        identity.keys[i] = rfm_next(&state);
    return identity;
}

static uint64_t scramble(const rfm_identity *identity, int round, uint64_t half)
{
    return rfm_mix(identity->keys[round] + half) & ((UINT64_C(1) << identity->half_bits) - 1);
}

static uint64_t forwards(const rfm_identity *identity, uint64_t x)
{
    uint64_t left = x >> identity->half_bits, right = x & ((UINT64_C(1) << identity->half_bits) - 1);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t next = left ^ scramble(identity, round, right);
        left = right;
        right = next;
    }
    return left << identity->half_bits | right;
}

static uint64_t backwards(const rfm_identity *identity, uint64_t x)
{
    uint64_t left = x >> identity->half_bits, right = x & ((UINT64_C(1) << identity->half_bits) - 1);
    for (int round = ROUNDS; round-- > 0;) {
        uint64_t previous = right ^ scramble(identity, round, left);
        right = left;
        left = previous;
    }
    return left << identity->half_bits | right;
}

int64_t rfm_identity_user(const rfm_identity *identity, int64_t customer)
{
    uint64_t x = (uint64_t)customer;
    do
        x = forwards(identity, x);
    while (x >= identity->n);
    return RFM_FIRST_USER_ID + (int64_t)x;
}

int64_t rfm_identity_customer(const rfm_identity *identity, int64_t user)
{
    uint64_t x = (uint64_t)(user - RFM_FIRST_USER_ID);
    do
        x = backwards(identity, x);
    while (x >= identity->n);
    return (int64_t)x;
}
