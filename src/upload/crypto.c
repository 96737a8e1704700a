/* crypto: the door to OpenSSL. */
#include "crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

struct rfm_key {
    EVP_PKEY *pkey;
};

struct rfm_digester {
    EVP_MD_CTX *context;
};

/* ---- memory ----------------------------------------------------------------------------------------------------- */

static void *take(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return malloc(size);
}

static void *retake(void *memory, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    if (size > 0)
        return rfm_wiping_realloc(memory, size);
    rfm_wiping_free(memory);
    return NULL;
}

static void give(void *memory, const char *file, int line)
{
    (void)file, (void)line;
    rfm_wiping_free(memory);
}

void rfm_crypto_open(void)
{
    CRYPTO_set_mem_functions(take, retake, give); /* refused once it has memory: then it wipes keys only */
}

/* What OpenSSL says of its last failure; a reason without content where it says nothing. */
static rfm_status fail(rfm_error *err, rfm_status status, const char *what)
{
    char reason[256] = "no reason given";
    const unsigned long code = ERR_peek_last_error();
    if (code != 0)
        ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    return rfm_fail(err, status, "%s (%s)", what, reason);
}

/* ---- hashes ----------------------------------------------------------------------------------------------------- */

rfm_status rfm_crypto_sha256(const void *bytes, size_t length, unsigned char hash[RFM_SHA256_BYTES], rfm_error *err)
{
    if (EVP_Digest(bytes, length, hash, NULL, EVP_sha256(), NULL) != 1)
        return fail(err, RFM_INTERNAL, "no SHA-256");
    return RFM_OK;
}

rfm_status rfm_crypto_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
                           unsigned char code[RFM_SHA256_BYTES], rfm_error *err)
{
    unsigned n;
    if (!HMAC(EVP_sha256(), key, (int)key_length, bytes, length, code, &n))
        return fail(err, RFM_INTERNAL, "no HMAC of SHA-256");
    return RFM_OK;
}

rfm_status rfm_crypto_random(void *bytes, size_t length, rfm_error *err)
{
    if (RAND_bytes(bytes, (int)length) != 1)
        return fail(err, RFM_INTERNAL, "no random bytes");
    return RFM_OK;
}

rfm_status rfm_digester_open(rfm_digest_kind kind, rfm_digester **digester, rfm_error *err)
{
    rfm_digester *made = rfm_alloc(1, sizeof *made, err);
    *digester = made;
    if (!made)
        return err->status;
    made->context = EVP_MD_CTX_new();
    if (!made->context || EVP_DigestInit_ex(made->context, kind == RFM_MD5 ? EVP_md5() : EVP_sha256(), NULL) != 1)
        return fail(err, RFM_INTERNAL, "no SHA-256 or MD5");
    return RFM_OK;
}

rfm_status rfm_digester_feed(rfm_digester *digester, const void *bytes, size_t length, rfm_error *err)
{
    if (EVP_DigestUpdate(digester->context, bytes, length) != 1)
        return fail(err, RFM_INTERNAL, "no SHA-256 or MD5");
    return RFM_OK;
}

rfm_status rfm_digester_close(rfm_digester *digester, unsigned char *hash, rfm_error *err)
{
    if (!digester)
        return err->status;
    if (err->status == RFM_OK && EVP_DigestFinal_ex(digester->context, hash, NULL) != 1)
        fail(err, RFM_INTERNAL, "no SHA-256 or MD5");
    EVP_MD_CTX_free(digester->context);
    free(digester);
    return err->status;
}

/* ---- codes ------------------------------------------------------------------------------------------------------ */

static void add_code(rfm_text *text, const unsigned char *bytes, size_t length, const char *digits, bool padded)
{
    for (size_t i = 0; i < length; i += 3) {
        const size_t n = length - i < 3 ? length - i : 3;
        const unsigned word =
            (unsigned)bytes[i] << 16 | (n > 1 ? (unsigned)bytes[i + 1] << 8 : 0) | (n > 2 ? bytes[i + 2] : 0);
        char group[4];
        for (unsigned j = 0; j < 4; j++)
            group[j] = j <= n ? digits[word >> (18 - 6 * j) & 63] : '=';
        rfm_text_add(text, group, padded ? 4 : n + 1);
    }
}

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

void rfm_base64_add(rfm_text *text, const void *bytes, size_t length)
{
    char digits[65];
    snprintf(digits, sizeof digits, "%s+/", LETTERS);
    add_code(text, bytes, length, digits, true);
}

void rfm_base64url_add(rfm_text *text, const void *bytes, size_t length)
{
    char digits[65];
    snprintf(digits, sizeof digits, "%s-_", LETTERS);
    add_code(text, bytes, length, digits, false);
}

void rfm_hex_add(rfm_text *text, const void *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < length; i++) {
        const char pair[2] = {digits[byte[i] >> 4], digits[byte[i] & 15]};
        rfm_text_add(text, pair, 2);
    }
}

rfm_status rfm_uuid_make(char uuid[RFM_UUID_BYTES], rfm_error *err)
{
    unsigned char b[16];
    if (rfm_crypto_random(b, sizeof b, err) != RFM_OK)
        return err->status;
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* RFC 4122, section 4.4 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(uuid, RFM_UUID_BYTES, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return RFM_OK;
}

int rfm_base64_read(const char *text, unsigned char *bytes, size_t room)
{
    const size_t length = strlen(text);
    if (length == 0 || length % 4 != 0 || length / 4 * 3 > room)
        return -1;
    const int n = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length);
    return n < 0 ? -1 : n - (text[length - 1] == '=') - (text[length - 2] == '=');
}

/* ---- AES -------------------------------------------------------------------------------------------------------- */

struct rfm_cipher {
    EVP_CIPHER_CTX *context;
};

rfm_status rfm_cipher_open(const unsigned char *key, size_t key_bytes, const unsigned char iv[RFM_AES_BLOCK],
                           rfm_cipher **cipher, rfm_error *err)
{
    rfm_cipher *made = rfm_alloc(1, sizeof *made, err);
    *cipher = made;
    if (!made)
        return err->status;
    made->context = EVP_CIPHER_CTX_new();
    if (!made->context ||
        EVP_EncryptInit_ex(made->context, key_bytes == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc(), NULL, key, iv) != 1)
        return fail(err, RFM_INTERNAL, "no AES");
    return RFM_OK;
}

void rfm_cipher_close(rfm_cipher *cipher)
{
    if (cipher)
        EVP_CIPHER_CTX_free(cipher->context);
    free(cipher);
}

int rfm_cipher_feed(rfm_cipher *cipher, const unsigned char *bytes, int n, bool is_last, unsigned char *out)
{
    int done = 0, more = 0;
    if (n > 0 && EVP_EncryptUpdate(cipher->context, out, &done, bytes, n) != 1)
        return -1;
    if (is_last && EVP_EncryptFinal_ex(cipher->context, out + done, &more) != 1)
        return -1;
    return done + more;
}

rfm_status rfm_aes_wrap(const unsigned char *key, size_t key_bytes, const unsigned char *bytes, size_t n,
                        unsigned char *out, size_t *n_out, rfm_error *err)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int done = 0, more = 0;
    if (!context ||
        EVP_EncryptInit_ex(context, key_bytes == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb(), NULL, key, NULL) != 1 ||
        EVP_EncryptUpdate(context, out, &done, bytes, (int)n) != 1 ||
        EVP_EncryptFinal_ex(context, out + done, &more) != 1)
        fail(err, RFM_INTERNAL, "no AES");
    *n_out = (size_t)(done + more);
    EVP_CIPHER_CTX_free(context);
    return err->status;
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

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
        fail(err, RFM_DENIED,
             "the passphrase does not open it, or it is encrypted in an old way that OpenSSL 3 leaves "
             "out: openssl pkcs8 -topk8 -v2 aes256 writes it anew");
    else
        fail(err, RFM_DENIED, "not a private key that can be read");
    return rfm_error_context(err, "%s", name);
}

rfm_status rfm_key_open(const char *pem, const rfm_secret *passphrase, const char *name, rfm_key **key, rfm_error *err)
{
    rfm_key *made = rfm_alloc(1, sizeof *made, err);
    BIO *bio = made ? BIO_new_mem_buf(pem, -1) : NULL;
    *key = made;
    if (made && !bio)
        return fail(err, RFM_NO_MEMORY, "no memory for a key");
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
        fail(err, RFM_INTERNAL, "the public half of a key cannot be written");
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
    if (EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_RSA)
        return "RS256";
    const int bits = EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_EC ? EVP_PKEY_get_bits(key->pkey) : 0;
    return bits == 256 ? "ES256" : bits == 384 ? "ES384" : bits == 521 ? "ES512" : NULL;
}

static const EVP_MD *hash_of(const rfm_key *key)
{
    const char *algorithm = rfm_key_algorithm(key);
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
        fail(err, RFM_INTERNAL, "a signature that cannot be read");
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
        fail(err, RFM_INTERNAL, "nothing can be signed with the key");
    if (err->status == RFM_OK && (*rfm_key_algorithm(key) == 'R' || flatten(key, code, &n, err) == RFM_OK))
        rfm_base64url_add(signature, code, n);
    EVP_MD_CTX_free(context);
    free(code);
    return err->status == RFM_OK ? rfm_text_check(signature, err) : err->status;
}
