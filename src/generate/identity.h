/* identity: customers numbered type by type in order of arrival <-> user ids that show nothing of
 * it. */
#ifndef RFM_GENERATE_IDENTITY_H
#define RFM_GENERATE_IDENTITY_H

#include "rfmpi/base.h"

/* A permutation of 0..n-1 that can be undone: a Feistel network, walked until it falls below n
 * (Black and Rogaway, CT-RSA 2002). */
typedef struct rfm_identity {
    uint64_t n;
    int half_bits;
    uint64_t keys[4];
} rfm_identity;

#define RFM_FIRST_USER_ID INT64_C(500000000)

rfm_identity rfm_identity_make(uint64_t seed, int64_t n);
int64_t rfm_identity_user(const rfm_identity *identity, int64_t customer);
int64_t rfm_identity_customer(const rfm_identity *identity, int64_t user);

#endif
