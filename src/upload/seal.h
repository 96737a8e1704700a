/* seal: how a file is encrypted for a stage whose files clients encrypt. A key and a vector of its own for each file;
 * the key goes with the file, wrapped by the stage's master key. Local. */
#ifndef RFM_UPLOAD_SEAL_H
#define RFM_UPLOAD_SEAL_H

#include "crypto.h"

#include <jansson.h>

/* The stage's, as the answer to PUT tells it. */
typedef struct rfm_material {
    rfm_secret master; /* base64 of 16 or 32 bytes */
    char *query_id, *smk_id;
} rfm_material;

/* encryptionMaterial of that answer; RFM_UNAVAILABLE for what is none. */
rfm_status rfm_material_read(const json_t *value, rfm_material *material, rfm_error *err);
void rfm_material_free(rfm_material *material);
bool rfm_material_given(const rfm_material *material);

typedef struct rfm_seal {
    unsigned char key[RFM_AES_KEY_MOST], iv[RFM_AES_BLOCK];
    size_t key_bytes;       /* 0: the file goes as it is */
    char *wrapped, *vector; /* base64 of the wrapped key, and of iv */
    char *description;      /* JSON: which master key */
} rfm_seal;

/* A new one. No material: a seal that seals nothing. */
rfm_status rfm_seal_make(const rfm_material *material, rfm_seal *seal, rfm_error *err);

/* The seal of a file that is fetched: wrapped and vector as they came with it. RFM_UNAVAILABLE for what is none. */
rfm_status rfm_seal_open(const rfm_material *material, const char *wrapped, const char *vector, rfm_seal *seal,
                         rfm_error *err);
void rfm_seal_free(rfm_seal *seal);

/* What n bytes become. */
int64_t rfm_sealed_bytes(int64_t n);

/* JSON of the whole seal, as Azure and Google Cloud Storage keep it with a file. The caller frees. */
char *rfm_seal_print(const rfm_seal *seal, const char *algorithm, rfm_error *err);

#endif
