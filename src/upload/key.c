/* key: private keys, their fingerprints and signatures; the other half of the door to OpenSSL. */
#include "crypto.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

struct rfm_key {
    EVP_PKEY *pkey;
};

/* Gives the passphrase that was given; without one OpenSSL would ask on the terminal, and wait. */
static int answer(char *buffer, int size, int writes, void *context)
{
    (void)writes;
    rfm_error err = {0};
    char *text = rfm_secret_open(context, &err);
    const size_t length = text ? strlen(text) : 0;
    const bool fits = text && length <= (size_t)size;
    if (fits)
        memcpy(buffer, text, length);
    rfm_secret_close(text);
    return fits ? (int)length : -1;
}

static rfm_status fail_key(const char *pem, const rfm_secret *passphrase, const char *name, rfm_error *err)
{
    const bool encrypted = strstr(pem, "ENCRYPTED");
    if (!strstr(pem, "PRIVATE KEY-----"))
        rfm_fail(err, RFM_DENIED, "not a private key in PEM form");
    else if (encrypted && !rfm_secret_given(passphrase))
        rfm_fail(err, RFM_DENIED, "the key is encrypted: give its passphrase as PRIVATE_KEY_PASSPHRASE");
    else if (encrypted)
        rfm_crypto_fail(err, RFM_DENIED,
                        "the passphrase does not open it, or it is encrypted in an old way that OpenSSL 3 leaves "
                        "out: openssl pkcs8 -topk8 -v2 aes256 writes it anew");
    else
        rfm_crypto_fail(err, RFM_DENIED, "not a private key that can be read");
    return rfm_error_context(err, "%s", name);
}

rfm_status rfm_key_open(const char *pem, const rfm_secret *passphrase, const char *name, rfm_key **key, rfm_error *err)
{
    rfm_key *made = rfm_alloc(1, sizeof *made, err);
    BIO *bio = made ? BIO_new_mem_buf(pem, -1) : NULL;
    *key = made;
    if (made && !bio)
        return rfm_crypto_fail(err, RFM_NO_MEMORY, "no memory for a key");
    if (!made)
        return err->status;
    rfm_secret words = *passphrase; /* the callback takes what is not const */
    made->pkey = PEM_read_bio_PrivateKey(bio, NULL, answer, &words);
    BIO_free(bio);
    if (!made->pkey)
        return fail_key(pem, passphrase, name, err);
    ERR_clear_error();
    if (!rfm_key_algorithm(made))
        return rfm_fail(err, RFM_DENIED, "%s: neither an RSA key nor one of the curves P-256, P-384 and P-521", name);
    return RFM_OK;
}

void rfm_key_close(rfm_key *key)
{
    if (key)
        EVP_PKEY_free(key->pkey);
    free(key);
}

char *rfm_key_fingerprint(const rfm_key *key, rfm_error *err)
{
    unsigned char *der = NULL, hash[RFM_SHA256_BYTES];
    rfm_text text = {0};
    const int length = i2d_PUBKEY(key->pkey, &der);
    if (length <= 0)
        rfm_crypto_fail(err, RFM_INTERNAL, "the public half of a key cannot be written");
    else if (rfm_crypto_sha256(der, (size_t)length, hash, err) == RFM_OK) {
        rfm_text_adds(&text, "SHA256:");
        rfm_base64_add(&text, hash, sizeof hash);
    }
    OPENSSL_free(der);
    if (err->status == RFM_OK && rfm_text_check(&text, err) == RFM_OK)
        return text.bytes;
    rfm_text_free(&text);
    return NULL;
}

const char *rfm_key_algorithm(const rfm_key *key)
{
    static const char *const curves[][2] = {{"prime256v1", "ES256"}, {"secp384r1", "ES384"}, {"secp521r1", "ES512"}};
    char curve[32] = "";
    if (EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_RSA)
        return "RS256";
    EVP_PKEY_get_group_name(key->pkey, curve, sizeof curve, NULL); /* of what has none, none */
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (strcmp(curve, curves[i][0]) == 0)
            return curves[i][1];
    return NULL;
}

static const EVP_MD *hash_of(const rfm_key *key)
{
    const char *algorithm = rfm_key_algorithm(key);
    rfm_assert(algorithm);
    return strcmp(algorithm, "ES384") == 0   ? EVP_sha384()
           : strcmp(algorithm, "ES512") == 0 ? EVP_sha512()
                                             : EVP_sha256();
}

/* OpenSSL gives a curve's signature as DER; a token has its two numbers end to end, each as long as the curve's. */
static rfm_status flatten(const rfm_key *key, unsigned char *code, size_t *n, rfm_error *err)
{
    const unsigned char *der = code;
    const int half = (EVP_PKEY_get_bits(key->pkey) + 7) / 8;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)*n);
    unsigned char flat[2 * 66];
    if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature), flat, half) != half ||
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), flat + half, half) != half)
        rfm_crypto_fail(err, RFM_INTERNAL, "a signature that cannot be read");
    else
        memcpy(code, flat, *n = 2 * (size_t)half);
    ECDSA_SIG_free(signature);
    return err->status;
}

rfm_status rfm_key_sign(const rfm_key *key, const void *bytes, size_t length, rfm_text *signature, rfm_error *err)
{
    size_t n = (size_t)EVP_PKEY_get_size(key->pkey);
    unsigned char *code = rfm_alloc(n, 1, err);
    EVP_MD_CTX *context = code ? EVP_MD_CTX_new() : NULL;
    if (code && (!context || EVP_DigestSignInit(context, NULL, hash_of(key), NULL, key->pkey) != 1 ||
                 EVP_DigestSign(context, code, &n, bytes, length) != 1))
        rfm_crypto_fail(err, RFM_INTERNAL, "nothing can be signed with the key");
    if (code && err->status == RFM_OK && (*rfm_key_algorithm(key) == 'R' || flatten(key, code, &n, err) == RFM_OK))
        rfm_base64url_add(signature, code, n);
    EVP_MD_CTX_free(context);
    free(code);
    return err->status == RFM_OK ? rfm_text_check(signature, err) : err->status;
}
