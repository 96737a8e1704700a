/* crypto: the door to OpenSSL, but for keys (key.c). */
#include "crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

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

rfm_status rfm_crypto_fail(rfm_error *err, rfm_status status, const char *what)
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
        return rfm_crypto_fail(err, RFM_INTERNAL, "no SHA-256");
    return RFM_OK;
}

rfm_status rfm_crypto_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
                           unsigned char code[RFM_SHA256_BYTES], rfm_error *err)
{
    unsigned n;
    if (!HMAC(EVP_sha256(), key, (int)key_length, bytes, length, code, &n))
        return rfm_crypto_fail(err, RFM_INTERNAL, "no HMAC of SHA-256");
    return RFM_OK;
}

rfm_status rfm_crypto_random(void *bytes, size_t length, rfm_error *err)
{
    if (RAND_bytes(bytes, (int)length) != 1)
        return rfm_crypto_fail(err, RFM_INTERNAL, "no random bytes");
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
        return rfm_crypto_fail(err, RFM_INTERNAL, "no SHA-256 or MD5");
    return RFM_OK;
}

rfm_status rfm_digester_feed(rfm_digester *digester, const void *bytes, size_t length, rfm_error *err)
{
    if (EVP_DigestUpdate(digester->context, bytes, length) != 1)
        return rfm_crypto_fail(err, RFM_INTERNAL, "no SHA-256 or MD5");
    return RFM_OK;
}

rfm_status rfm_digester_close(rfm_digester *digester, unsigned char *hash, rfm_error *err)
{
    if (!digester)
        return err->status;
    if (err->status == RFM_OK && EVP_DigestFinal_ex(digester->context, hash, NULL) != 1)
        rfm_crypto_fail(err, RFM_INTERNAL, "no SHA-256 or MD5");
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

/* OpenSSL passes over blanks at the ends, and padding in the middle. */
int rfm_base64_read(const char *text, unsigned char *bytes, size_t room)
{
    char digits[65];
    snprintf(digits, sizeof digits, "%s+/", LETTERS);
    const size_t length = strlen(text), n_digits = strspn(text, digits), n_padding = length - n_digits;
    if (length == 0 || length % 4 != 0 || length / 4 * 3 > room || n_padding > 2 ||
        strspn(text + n_digits, "=") != n_padding)
        return -1;
    const int n = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length);
    return n < 0 ? -1 : n - (int)n_padding;
}

/* ---- AES -------------------------------------------------------------------------------------------------------- */

struct rfm_cipher {
    EVP_CIPHER_CTX *context;
};

static rfm_status open_cipher(const unsigned char *key, size_t key_bytes, const unsigned char iv[RFM_AES_BLOCK],
                              int encrypts, rfm_cipher **cipher, rfm_error *err)
{
    rfm_cipher *made = rfm_alloc(1, sizeof *made, err);
    *cipher = made;
    if (!made)
        return err->status;
    made->context = EVP_CIPHER_CTX_new();
    if (!made->context || EVP_CipherInit_ex(made->context, key_bytes == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc(),
                                            NULL, key, iv, encrypts) != 1)
        return rfm_crypto_fail(err, RFM_INTERNAL, "no AES");
    return RFM_OK;
}

rfm_status rfm_cipher_open(const unsigned char *key, size_t key_bytes, const unsigned char iv[RFM_AES_BLOCK],
                           rfm_cipher **cipher, rfm_error *err)
{
    return open_cipher(key, key_bytes, iv, 1, cipher, err);
}

rfm_status rfm_decipher_open(const unsigned char *key, size_t key_bytes, const unsigned char iv[RFM_AES_BLOCK],
                             rfm_cipher **cipher, rfm_error *err)
{
    return open_cipher(key, key_bytes, iv, 0, cipher, err);
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
    if (n > 0 && EVP_CipherUpdate(cipher->context, out, &done, bytes, n) != 1)
        return -1;
    if (is_last && EVP_CipherFinal_ex(cipher->context, out + done, &more) != 1)
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
        rfm_crypto_fail(err, RFM_INTERNAL, "no AES");
    *n_out = (size_t)done + (size_t)more;
    EVP_CIPHER_CTX_free(context);
    return err->status;
}

int rfm_aes_unwrap(const unsigned char *key, size_t key_bytes, const unsigned char *bytes, size_t n, unsigned char *out)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int done = 0, more = 0;
    const bool fine =
        context &&
        EVP_DecryptInit_ex(context, key_bytes == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb(), NULL, key, NULL) == 1 &&
        EVP_DecryptUpdate(context, out, &done, bytes, (int)n) == 1 &&
        EVP_DecryptFinal_ex(context, out + done, &more) == 1;
    EVP_CIPHER_CTX_free(context);
    ERR_clear_error();
    return fine ? done + more : -1;
}
