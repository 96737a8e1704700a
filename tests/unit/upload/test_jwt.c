/* Keys and the token they log in with. The signature is that of RFC 7515, the token the one that PyJWT 2.15 makes of
 * the same key and claims, and the fingerprint openssl's; what keys on a curve sign, openssl verifies. A key is opened
 * in each form that users have it in, never by asking for a passphrase, and what is none is refused by the name of its
 * file. */
#include "session.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>

#include <openssl/ec.h>
#include <openssl/pem.h>

#include "jwt.h"
#include "keys.h"

static rfm_status open_key(const char *pem, const char *passphrase, rfm_key **key, rfm_error *err)
{
    rfm_secret secret = {0};
    if (passphrase)
        rfm_secret_set(&secret, passphrase, strlen(passphrase), err);
    rfm_key_open(pem, &secret, "loader.p8", key, err);
    rfm_secret_free(&secret);
    return err->status;
}

static rfm_key *must_open(const char *pem, const char *passphrase)
{
    rfm_error err = {0};
    rfm_key *key = NULL;
    open_key(pem, passphrase, &key, &err);
    assert_fine(&err);
    return key;
}

/* ---- signatures ------------------------------------------------------------------------------------------------- */

static void a_signature_is_that_of_rfc_7515(void **state)
{
    (void)state;
    static const char input[] = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
                                "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    static const char expected[] =
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU"
        "Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d"
        "O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig"
        "cN_IoypGlUPQGe77Rw";
    rfm_error err = {0};
    rfm_text signature = {0};
    rfm_key *key = must_open(KEY_RFC_7515, NULL);
    rfm_key_sign(key, input, strlen(input), &signature, &err);
    assert_fine(&err);
    assert_string_equal(signature.bytes, expected);
    rfm_text_free(&signature);
    rfm_key_close(key);
}

/* jwt.encode({"iss": "MYORG-ACCT.LOADER@EXAMPLE.COM.SHA256:...", "sub": "MYORG-ACCT.LOADER@EXAMPLE.COM",
 *             "iat": 1790000000, "exp": 1790000060}, key, algorithm="RS256", sort_headers=True) */
static const char TOKEN[] =
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJNWU9SRy1BQ0NULkxPQURFUkBFWEFNUExFLkNPTS5TSEEyNTY6dDY1MlN"
    "xUjA4OWxTcTliOGM4cWhKTm12d21henJFRUMzMjEzZ2V4dEgzOD0iLCJzdWIiOiJNWU9SRy1BQ0NULkxPQURFUkBFWEFNUExFLkNPTSI"
    "sImlhdCI6MTc5MDAwMDAwMCwiZXhwIjoxNzkwMDAwMDYwfQ.a47LDtslp3i2wv3ANn0WfdFsC-ayA0J4afRJYCu4BCUnhlqPWxOjmzbx"
    "08aguk0AfSnhRRcqoV4bhQYnoDGA7-UhIdsikMD8goqS4DPxHBS8gnPTnX8qcRNv0LzUhaIpOi5UqyRkoTuNQH6Qw1eoI9ounEGySjUp"
    "QG8tcZuwfXYXWHyxZdUPMvcaH5eZEFe1-czQ6KiREnEuxzbH21357s80OQxd5-eoLRGYT-s6kSqqOq1KPLdwUT4gSGaLcWWD7hlrlVc1"
    "XdrdWNIW_eEZlYEfa4aznabEcqyAMjVQHPXwydBr74yEw2TamVdL8TgV-86FLJzVQgGBh-Brl8f7hQ";

static void a_token_is_that_of_pyjwt(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_key *key = must_open(KEY_PKCS8, NULL);
    char *token = rfm_jwt_make(key, "MYORG-ACCT", "LOADER@EXAMPLE.COM", 1790000000, &err);
    assert_fine(&err);
    assert_string_equal(token, TOKEN);
    rfm_secret_close(token);
    rfm_key_close(key);
}

static void a_name_that_is_not_utf8_makes_no_token(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_key *key = must_open(KEY_PKCS8, NULL);
    assert_null(rfm_jwt_make(key, "MYORG", "\xFFLOADER", 1790000000, &err));
    assert_int_not_equal(err.status, RFM_OK);
    rfm_key_close(key);
}

/* ---- keys on a curve -------------------------------------------------------------------------------------------- */

/* The two numbers of a signature (RFC 7518, section 3.4), as openssl wants them. */
static unsigned char *make_der(const unsigned char *flat, size_t n, size_t *n_der)
{
    unsigned char *der = NULL;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    assert_int_equal(
        ECDSA_SIG_set0(signature, BN_bin2bn(flat, (int)n / 2, NULL), BN_bin2bn(flat + n / 2, (int)n / 2, NULL)), 1);
    *n_der = (size_t)i2d_ECDSA_SIG(signature, &der);
    ECDSA_SIG_free(signature);
    return der;
}

static bool is_signed(const char *pem, const EVP_MD *hash, const char *input, size_t n, const unsigned char *flat,
                      size_t n_flat)
{
    size_t n_der;
    unsigned char *der = make_der(flat, n_flat, &n_der);
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(context, NULL, hash, NULL, key), 1);
    const bool fine = EVP_DigestVerify(context, der, n_der, (const unsigned char *)input, n) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    BIO_free(bio);
    OPENSSL_free(der);
    return fine;
}

/* base64url to bytes, by openssl's base64. */
static size_t decode(const char *text, unsigned char *bytes)
{
    char padded[400] = "";
    const size_t n = strlen(text);
    assert_true(n < sizeof padded - 4);
    for (size_t i = 0; i < (n + 3) / 4 * 4; i++)
        padded[i] = (char)(i >= n ? '=' : text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
    assert_true(EVP_DecodeBlock(bytes, (const unsigned char *)padded, (int)strlen(padded)) > 0);
    return n * 3 / 4;
}

static void a_token_is_signed_by_the_algorithm_of_its_curve(void **state)
{
    (void)state;
    const struct {
        const char *pem, *header;
        const EVP_MD *hash;
        size_t n;
    } keys[] = {{KEY_EC, "{\"alg\":\"ES256\",\"typ\":\"JWT\"}", EVP_sha256(), 64},
                {KEY_EC_SEC1, "{\"alg\":\"ES256\",\"typ\":\"JWT\"}", EVP_sha256(), 64},
                {KEY_P384, "{\"alg\":\"ES384\",\"typ\":\"JWT\"}", EVP_sha384(), 96},
                {KEY_P521, "{\"alg\":\"ES512\",\"typ\":\"JWT\"}", EVP_sha512(), 132}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        for (int trial = 0; trial < 20; trial++) { /* numbers that begin with zeros are padded */
            rfm_error err = {0};
            rfm_text header = {0};
            unsigned char flat[300];
            rfm_key *key = must_open(keys[i].pem, NULL);
            char *token = rfm_jwt_make(key, "MYORG-ACCT", "LOADER", 1790000000, &err);
            assert_fine(&err);
            rfm_base64url_add(&header, keys[i].header, strlen(keys[i].header));
            assert_memory_equal(token, header.bytes, header.length);
            char *dot = strrchr(token, '.');
            assert_int_equal(decode(dot + 1, flat), keys[i].n);
            assert_true(is_signed(keys[i].pem, keys[i].hash, token, (size_t)(dot - token), flat, keys[i].n));
            rfm_text_free(&header);
            rfm_secret_close(token);
            rfm_key_close(key);
        }
}

/* ---- forms of keys ---------------------------------------------------------------------------------------------- */

static void a_key_is_the_same_in_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *pem, *passphrase;
    } forms[] = {{KEY_PKCS8, NULL},
                 {KEY_PKCS8, KEY_PASSPHRASE}, /* that is not asked for */
                 {KEY_PKCS8_ENCRYPTED, KEY_PASSPHRASE},
                 {KEY_PKCS1, NULL},
                 {KEY_PKCS1_ENCRYPTED, KEY_PASSPHRASE}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        rfm_error err = {0};
        rfm_key *key = must_open(forms[i].pem, forms[i].passphrase);
        char *fingerprint = rfm_key_fingerprint(key, &err);
        assert_fine(&err);
        assert_string_equal(fingerprint, KEY_FINGERPRINT);
        free(fingerprint);
        rfm_key_close(key);
    }
    rfm_key_close(NULL);
}

static void expect_refused(const char *pem, const char *passphrase, const char *words)
{
    rfm_error err = {0};
    rfm_key *key = NULL;
    open_key(pem, passphrase, &key, &err);
    assert_true(strncmp(err.message, "loader.p8: ", 11) == 0);
    if (passphrase && *passphrase)
        assert_null(strstr(err.message, passphrase));
    assert_failed(&err, RFM_DENIED, words);
    rfm_key_close(key);
}

static void a_wrong_passphrase_is_told(void **state)
{
    (void)state;
    char long_one[2000] = "";
    memset(long_one, 'x', sizeof long_one - 1);
    expect_refused(KEY_PKCS8_ENCRYPTED, "Strasse 7", "the passphrase does not open it");
    expect_refused(KEY_PKCS1_ENCRYPTED, "Strasse 7", "the passphrase does not open it");
    expect_refused(KEY_PKCS8_ENCRYPTED, long_one, "the passphrase does not open it");
    expect_refused(KEY_PKCS8_DES, KEY_PASSPHRASE, "openssl pkcs8 -topk8 -v2 aes256 writes it anew");
}

static void a_missing_passphrase_is_told(void **state)
{
    (void)state;
    expect_refused(KEY_PKCS8_ENCRYPTED, NULL, "PRIVATE_KEY_PASSPHRASE");
    expect_refused(KEY_PKCS1_ENCRYPTED, NULL, "PRIVATE_KEY_PASSPHRASE");
    expect_refused(KEY_PKCS8_ENCRYPTED, "", "PRIVATE_KEY_PASSPHRASE");
}

static void other_kinds_of_keys_are_refused(void **state)
{
    (void)state;
    expect_refused(KEY_ED25519, NULL, "neither an RSA key nor one of the curves");
    expect_refused(KEY_K256, NULL, "neither an RSA key nor one of the curves");
    expect_refused(KEY_PUBLIC, NULL, "not a private key in PEM form");
}

static void garbage_is_refused(void **state)
{
    (void)state;
    expect_refused("", NULL, "not a private key in PEM form");
    expect_refused("secret words that no message may repeat", NULL, "not a private key in PEM form");
    expect_refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", NULL,
                   "not a private key that can be read");
    char torn[sizeof KEY_PKCS8];
    memcpy(torn, KEY_PKCS8, sizeof torn);
    for (size_t n = sizeof torn - 1; n > 0; n -= n < 97 ? n : 97) {
        rfm_error err = {0};
        rfm_key *key = NULL;
        torn[n - 1] = '\0';
        open_key(torn, NULL, &key, &err);
        assert_failed(&err, n > sizeof KEY_PKCS8 - 2 ? RFM_OK : RFM_DENIED,
                      n > sizeof KEY_PKCS8 - 2 ? "" : "loader.p8");
        rfm_key_close(key);
    }
}

/* ---- no prompt -------------------------------------------------------------------------------------------------- */

/* All that comes from a terminal until it is hung up; false when that takes too long. */
static bool listen_to(int terminal, rfm_text *heard)
{
    enum { LIMIT_MS = 30000 };
    struct pollfd poller = {.fd = terminal, .events = POLLIN};
    char block[256];
    for (;;) {
        if (poll(&poller, 1, LIMIT_MS) <= 0)
            return false;
        const ssize_t n = read(terminal, block, sizeof block);
        if (n <= 0) /* EIO: nobody has it open any more */
            return true;
        rfm_text_add(heard, block, (size_t)n);
    }
}

/* In a process whose terminal is ours: OpenSSL's own way is to ask there, and wait. */
static void nobody_is_asked_for_a_passphrase(void **state)
{
    (void)state;
    static const char *const pems[] = {KEY_PKCS8_ENCRYPTED, KEY_PKCS1_ENCRYPTED};
    for (size_t i = 0; i < sizeof pems / sizeof *pems; i++) {
        int terminal = -1, status = -1;
        rfm_text heard = {0};
        const pid_t child = forkpty(&terminal, NULL, NULL, NULL);
        assert_true(child >= 0);
        if (child == 0) {
            rfm_error err = {0};
            rfm_key *key = NULL;
            _exit(open_key(pems[i], NULL, &key, &err) == RFM_DENIED ? 0 : 1);
        }
        if (!listen_to(terminal, &heard) || heard.length > 0)
            kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        close(terminal);
        assert_string_equal(heard.bytes ? heard.bytes : "", "");
        assert_int_equal(status, 0);
        rfm_text_free(&heard);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_that_of_rfc_7515),
        cmocka_unit_test(a_token_is_that_of_pyjwt),
        cmocka_unit_test(a_name_that_is_not_utf8_makes_no_token),
        cmocka_unit_test(a_token_is_signed_by_the_algorithm_of_its_curve),
        cmocka_unit_test(a_key_is_the_same_in_every_form),
        cmocka_unit_test(a_wrong_passphrase_is_told),
        cmocka_unit_test(a_missing_passphrase_is_told),
        cmocka_unit_test(other_kinds_of_keys_are_refused),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(nobody_is_asked_for_a_passphrase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
