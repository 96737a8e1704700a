/* crypto: hashes, codes, ciphers and signatures, through OpenSSL; crypto.c and key.c are the files that know it. Knows
 * nothing of the protocols that use them. Local. */
#ifndef RFM_UPLOAD_CRYPTO_H
#define RFM_UPLOAD_CRYPTO_H

#include "secret.h"

enum { RFM_SHA256_BYTES = 32, RFM_MD5_BYTES = 16 };

/* Before all else in this process that uses OpenSSL: what it frees is then wiped. */
void rfm_crypto_open(void);

rfm_status rfm_crypto_sha256(const void *bytes, size_t length, unsigned char hash[RFM_SHA256_BYTES], rfm_error *err);
rfm_status rfm_crypto_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
                           unsigned char code[RFM_SHA256_BYTES], rfm_error *err);
rfm_status rfm_crypto_random(void *bytes, size_t length, rfm_error *err);

/* The hash of what is fed to it. */
typedef enum rfm_digest_kind { RFM_SHA256, RFM_MD5 } rfm_digest_kind;
typedef struct rfm_digester rfm_digester;
rfm_status rfm_digester_open(rfm_digest_kind kind, rfm_digester **digester, rfm_error *err);
rfm_status rfm_digester_feed(rfm_digester *digester, const void *bytes, size_t length, rfm_error *err);

/* hash: as many bytes as the kind has. Also frees; NULL is fine. */
rfm_status rfm_digester_close(rfm_digester *digester, unsigned char *hash, rfm_error *err);

/* Append to a text: base64 (RFC 4648, section 4, or 5 without padding), lower-case hex. */
void rfm_base64_add(rfm_text *text, const void *bytes, size_t length);
void rfm_base64url_add(rfm_text *text, const void *bytes, size_t length);
void rfm_hex_add(rfm_text *text, const void *bytes, size_t length);

/* The bytes of a base64 text (padded, nothing else in it): how many; -1 for what is none, or more than room. */
int rfm_base64_read(const char *text, unsigned char *bytes, size_t room);

/* AES with PKCS#7 padding; key_bytes is 16 or 32, and chooses AES-128 or AES-256. */
enum { RFM_AES_BLOCK = 16, RFM_AES_KEY_MOST = 32 };
typedef struct rfm_cipher rfm_cipher; /* CBC */
rfm_status rfm_cipher_open(const unsigned char *key, size_t key_bytes, const unsigned char iv[RFM_AES_BLOCK],
                           rfm_cipher **cipher, rfm_error *err);
rfm_status rfm_decipher_open(const unsigned char *key, size_t key_bytes, const unsigned char iv[RFM_AES_BLOCK],
                             rfm_cipher **cipher, rfm_error *err);
void rfm_cipher_close(rfm_cipher *cipher); /* NULL is fine */

/* Encrypt (or decrypt) n more bytes, or (is_last, n may be 0) the last and the padding. out has n + 2 blocks' room;
 * returns how many bytes it got, -1 when OpenSSL fails. */
int rfm_cipher_feed(rfm_cipher *cipher, const unsigned char *bytes, int n, bool is_last, unsigned char *out);

/* One small text by ECB. out has n + 16 bytes' room. */
rfm_status rfm_aes_wrap(const unsigned char *key, size_t key_bytes, const unsigned char *bytes, size_t n,
                        unsigned char *out, size_t *n_out, rfm_error *err);

/* And back: -1 where it is none of this key's. out has n bytes' room. */
int rfm_aes_unwrap(const unsigned char *key, size_t key_bytes, const unsigned char *bytes, size_t n,
                   unsigned char *out);

/* A random UUID, version 4, as text. */
enum { RFM_UUID_BYTES = 37 };
rfm_status rfm_uuid_make(char uuid[RFM_UUID_BYTES], rfm_error *err);

/* A private key in PEM (PKCS#8, encrypted or not, or PKCS#1). */
typedef struct rfm_key rfm_key;

/* name is what messages call it. Never asks anybody for a passphrase. */
rfm_status rfm_key_open(const char *pem, const rfm_secret *passphrase, const char *name, rfm_key **key, rfm_error *err);
void rfm_key_close(rfm_key *key); /* NULL is fine */

/* "SHA256:base64 of the hash of its public half", as servers show it. The caller frees; NULL with err set. */
char *rfm_key_fingerprint(const rfm_key *key, rfm_error *err);

/* "RS256", or "ES256", "ES384", "ES512" by the curve (RFC 7518, section 3.1). */
const char *rfm_key_algorithm(const rfm_key *key);

/* A signature by that algorithm, in base64url, appended. */
rfm_status rfm_key_sign(const rfm_key *key, const void *bytes, size_t length, rfm_text *signature, rfm_error *err);

/* For the two files: a failure with what OpenSSL says of it. */
rfm_status rfm_crypto_fail(rfm_error *err, rfm_status status, const char *what);

#endif
