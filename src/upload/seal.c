/* seal: AES-CBC of the file, AES-ECB of its key: what Snowflake's drivers do, so that its servers can read it. */
#include "seal.h"

#include <stdlib.h>
#include <string.h>

rfm_status rfm_material_read(const json_t *value, rfm_material *material, rfm_error *err)
{
    const char *master = json_string_value(json_object_get(value, "queryStageMasterKey"));
    const char *query_id = json_string_value(json_object_get(value, "queryId"));
    const json_t *smk = json_object_get(value, "smkId"); /* a number, or the text of one that passes 53 bits */
    rfm_text id = {0};
    unsigned char key[RFM_AES_KEY_MOST + 1];
    const int n = master ? rfm_base64_read(master, key, sizeof key) : -1;
    explicit_bzero(key, sizeof key);
    if ((n != 16 && n != 32) || !query_id || !(json_is_integer(smk) || json_is_string(smk)))
        return rfm_fail(err, RFM_UNAVAILABLE, "the stage wants encrypted files, and its answer has no key for them");
    if (json_is_string(smk))
        rfm_text_adds(&id, json_string_value(smk));
    else
        rfm_text_addf(&id, "%lld", (long long)json_integer_value(smk));
    material->smk_id = id.bytes;
    material->query_id = rfm_copy_string(query_id, err);
    rfm_secret_set(&material->master, master, strlen(master), err);
    return rfm_text_check(&id, err);
}

void rfm_material_free(rfm_material *material)
{
    rfm_secret_free(&material->master);
    free(material->query_id);
    free(material->smk_id);
    *material = (rfm_material){0};
}

bool rfm_material_given(const rfm_material *material)
{
    return rfm_secret_given(&material->master);
}

static char *encode(const void *bytes, size_t n, rfm_error *err)
{
    rfm_text text = {0};
    rfm_base64_add(&text, bytes, n);
    if (rfm_text_check(&text, err) != RFM_OK)
        rfm_text_free(&text);
    return text.bytes;
}

static char *print(json_t *value, rfm_error *err)
{
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    if (!text)
        rfm_fail(err, RFM_NO_MEMORY, "no memory for a seal");
    json_decref(value);
    return text;
}

static rfm_status wrap_key(const rfm_material *material, rfm_seal *seal, rfm_error *err)
{
    unsigned char master[RFM_AES_KEY_MOST + 1], wrapped[RFM_AES_KEY_MOST + RFM_AES_BLOCK];
    size_t n_wrapped;
    char *text = rfm_secret_open(&material->master, err);
    const int n = text ? rfm_base64_read(text, master, sizeof master) : 0;
    rfm_secret_close(text);
    if (err->status != RFM_OK)
        return err->status;
    seal->key_bytes = (size_t)n;
    if (rfm_crypto_random(seal->key, seal->key_bytes, err) == RFM_OK &&
        rfm_crypto_random(seal->iv, sizeof seal->iv, err) == RFM_OK &&
        rfm_aes_wrap(master, seal->key_bytes, seal->key, seal->key_bytes, wrapped, &n_wrapped, err) == RFM_OK)
        seal->wrapped = encode(wrapped, n_wrapped, err);
    explicit_bzero(master, sizeof master);
    return err->status;
}

rfm_status rfm_seal_make(const rfm_material *material, rfm_seal *seal, rfm_error *err)
{
    *seal = (rfm_seal){0};
    if (!rfm_material_given(material) || wrap_key(material, seal, err) != RFM_OK)
        return err->status;
    seal->vector = encode(seal->iv, sizeof seal->iv, err);
    seal->description = print(json_pack("{s:s, s:s, s:s}", "queryId", material->query_id, "smkId", material->smk_id,
                                        "keySize", seal->key_bytes == 16 ? "128" : "256"),
                              err);
    return err->status;
}

rfm_status rfm_seal_open(const rfm_material *material, const char *wrapped, const char *vector, rfm_seal *seal,
                         rfm_error *err)
{
    unsigned char master[RFM_AES_KEY_MOST + 1], key[RFM_AES_KEY_MOST + RFM_AES_BLOCK + 3], iv[RFM_AES_BLOCK + 3];
    char *text = rfm_secret_open(&material->master, err);
    *seal = (rfm_seal){0};
    const int n_master = text ? rfm_base64_read(text, master, sizeof master) : -1;
    const int n_key = rfm_base64_read(wrapped, key, sizeof key), n_iv = rfm_base64_read(vector, iv, sizeof iv);
    unsigned char opened[sizeof key];
    const int n = n_master > 0 && n_key > 0 && n_key % RFM_AES_BLOCK == 0
                      ? rfm_aes_unwrap(master, (size_t)n_master, key, (size_t)n_key, opened)
                      : -1;
    if (n == n_master && n > 0 && n_iv == RFM_AES_BLOCK) {
        seal->key_bytes = (size_t)n;
        memcpy(seal->key, opened, (size_t)n);
        memcpy(seal->iv, iv, RFM_AES_BLOCK);
    } else {
        rfm_fail(err, RFM_UNAVAILABLE, "an encrypted file whose key does not open");
    }
    explicit_bzero(master, sizeof master);
    explicit_bzero(opened, sizeof opened);
    rfm_secret_close(text);
    return err->status;
}

void rfm_seal_free(rfm_seal *seal)
{
    free(seal->wrapped);
    free(seal->vector);
    free(seal->description);
    explicit_bzero(seal, sizeof *seal);
}

int64_t rfm_sealed_bytes(int64_t n)
{
    return n + RFM_AES_BLOCK - n % RFM_AES_BLOCK;
}

char *rfm_seal_print(const rfm_seal *seal, const char *algorithm, rfm_error *err)
{
    return print(json_pack("{s:s, s:{s:s, s:s, s:s}, s:{s:s, s:s}, s:s, s:{s:s}}", "EncryptionMode", "FullBlob",
                           "WrappedContentKey", "KeyId", "symmKey1", "EncryptedKey", seal->wrapped, "Algorithm",
                           "AES_CBC_256", "EncryptionAgent", "Protocol", "1.0", "EncryptionAlgorithm", algorithm,
                           "ContentEncryptionIV", seal->vector, "KeyWrappingMetadata", "EncryptionLibrary",
                           "Java 5.3.0"),
                 err);
}
