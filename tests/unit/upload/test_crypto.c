/* Hashes and codes against the vectors of their standards: FIPS 180-4, RFC 1321, 4231, 4648 and 7515,
 * NIST SP 800-38A. */
#include "session.h"

#include "crypto.h"

enum { MILLION = 1000000 };

static void assert_text(rfm_text *text, const char *expected)
{
    rfm_error err = {0};
    rfm_text_check(text, &err);
    assert_fine(&err);
    assert_string_equal(text->bytes ? text->bytes : "", expected);
    rfm_text_free(text);
}

static void assert_hex(const unsigned char *bytes, size_t length, const char *expected)
{
    rfm_text text = {0};
    rfm_hex_add(&text, bytes, length);
    assert_text(&text, expected);
}

/* ---- hashes ----------------------------------------------------------------------------------------------------- */

static void assert_sha256(const char *bytes, size_t length, const char *expected)
{
    rfm_error err = {0};
    unsigned char hash[RFM_SHA256_BYTES];
    rfm_crypto_sha256(bytes, length, hash, &err);
    assert_fine(&err);
    assert_hex(hash, sizeof hash, expected);
}

static char *make_million(void)
{
    char *bytes = malloc(MILLION);
    assert_non_null(bytes);
    memset(bytes, 'a', MILLION);
    return bytes;
}

static const char HASH_OF_MILLION[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

static void sha256_is_that_of_fips_180(void **state)
{
    (void)state;
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    char *million = make_million();
    assert_sha256("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_sha256("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_sha256(two_blocks, strlen(two_blocks), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_sha256(million, MILLION, HASH_OF_MILLION);
    free(million);
}

static void assert_md5(const char *text, const char *expected)
{
    rfm_error err = {0};
    rfm_digester *digester = NULL;
    unsigned char hash[RFM_MD5_BYTES];
    rfm_digester_open(RFM_MD5, &digester, &err);
    rfm_digester_feed(digester, text, strlen(text), &err);
    rfm_digester_close(digester, hash, &err);
    assert_fine(&err);
    assert_hex(hash, sizeof hash, expected);
}

static void md5_is_that_of_rfc_1321(void **state)
{
    (void)state;
    assert_md5("", "d41d8cd98f00b204e9800998ecf8427e");
    assert_md5("a", "0cc175b9c0f1b6a831c399e269772661");
    assert_md5("abc", "900150983cd24fb0d6963f7d28e17f72");
    assert_md5("message digest", "f96b697d7cb7938d525a2f31aaf161d0");
    assert_md5("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b");
    assert_md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890",
               "57edf4a22be3c955ac49da2e2107b67a");
}

static void a_digest_in_pieces_is_that_of_the_whole(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 63, 64, 65, 4096, 65537, MILLION};
    char *million = make_million();
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        rfm_error err = {0};
        rfm_digester *digester = NULL;
        unsigned char hash[RFM_SHA256_BYTES];
        rfm_digester_open(RFM_SHA256, &digester, &err);
        for (size_t at = 0; at < MILLION; at += pieces[i])
            rfm_digester_feed(digester, million + at, MILLION - at < pieces[i] ? MILLION - at : pieces[i], &err);
        rfm_digester_close(digester, hash, &err);
        assert_fine(&err);
        assert_hex(hash, sizeof hash, HASH_OF_MILLION);
    }
    free(million);
}

static void a_digest_is_freed_after_a_failure_and_may_be_none(void **state)
{
    (void)state;
    rfm_error err = {0}, failed = {0};
    rfm_digester *digester = NULL;
    unsigned char hash[RFM_SHA256_BYTES];
    rfm_digester_open(RFM_SHA256, &digester, &err);
    assert_fine(&err);
    rfm_fail(&failed, RFM_IO, "a file that cannot be read");
    assert_int_equal(rfm_digester_close(digester, hash, &failed), RFM_IO);
    assert_int_equal(rfm_digester_close(NULL, hash, &err), RFM_OK);
}

/* ---- HMAC ------------------------------------------------------------------------------------------------------- */

static void assert_hmac(const char *key, size_t key_length, const char *text, const char *expected)
{
    rfm_error err = {0};
    unsigned char code[RFM_SHA256_BYTES];
    rfm_crypto_hmac(key, key_length, text, strlen(text), code, &err);
    assert_fine(&err);
    assert_hex(code, sizeof code, expected);
}

static void hmac_is_that_of_rfc_4231(void **state)
{
    (void)state;
    char key[131], text[51] = "";
    memset(key, 0x0b, 20);
    assert_hmac(key, 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_hmac("Jefe", 4, "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(text, 0xdd, 50);
    assert_hmac(key, 20, text, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    assert_hmac(key, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    assert_hmac(key, 131,
                "This is a test using a larger than block-size key and a larger than block-size data. The key needs to "
                "be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

/* ---- codes ------------------------------------------------------------------------------------------------------ */

static void assert_codes(const void *bytes, size_t length, const char *base64, const char *base64url)
{
    rfm_text text = {0}, url_text = {0};
    rfm_base64_add(&text, bytes, length);
    assert_text(&text, base64);
    rfm_base64url_add(&url_text, bytes, length);
    assert_text(&url_text, base64url);
}

static void base64_is_that_of_rfc_4648(void **state)
{
    (void)state;
    assert_codes("", 0, "", "");
    assert_codes("f", 1, "Zg==", "Zg");
    assert_codes("fo", 2, "Zm8=", "Zm8");
    assert_codes("foo", 3, "Zm9v", "Zm9v");
    assert_codes("foob", 4, "Zm9vYg==", "Zm9vYg");
    assert_codes("fooba", 5, "Zm9vYmE=", "Zm9vYmE");
    assert_codes("foobar", 6, "Zm9vYmFy", "Zm9vYmFy");
    assert_codes("\x14\xfb\x9c\x03\xd9\x7e", 6, "FPucA9l+", "FPucA9l-");
    assert_codes("\x03\xec\xff\xe0\xc1", 5, "A+z/4ME=", "A-z_4ME"); /* RFC 7515, appendix C */
}

/* 48 bytes whose groups of six bits are 0 to 63: the alphabet, in order. */
static void base64_has_all_digits(void **state)
{
    (void)state;
    unsigned char bytes[48];
    for (unsigned i = 0; i < 16; i++) {
        const unsigned word = (4 * i) << 18 | (4 * i + 1) << 12 | (4 * i + 2) << 6 | (4 * i + 3);
        bytes[3 * i] = (unsigned char)(word >> 16);
        bytes[3 * i + 1] = (unsigned char)(word >> 8);
        bytes[3 * i + 2] = (unsigned char)word;
    }
    assert_codes(bytes, sizeof bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
                 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

static void expect_read(const char *text, const char *bytes, int n)
{
    unsigned char read[16] = "";
    assert_int_equal(rfm_base64_read(text, read, sizeof read), n);
    if (n > 0)
        assert_memory_equal(read, bytes, (size_t)n);
}

static void base64_is_read(void **state)
{
    (void)state;
    unsigned char room[4];
    expect_read("Zg==", "f", 1);
    expect_read("Zm8=", "fo", 2);
    expect_read("Zm9v", "foo", 3);
    expect_read("Zm9vYg==", "foob", 4);
    expect_read("Zm9vYmE=", "fooba", 5);
    expect_read("Zm9vYmFy", "foobar", 6);
    expect_read("A+z/4ME=", "\x03\xec\xff\xe0\xc1", 5);
    assert_int_equal(rfm_base64_read("Zm9v", room, 3), 3);
    assert_int_equal(rfm_base64_read("Zm9v", room, 2), -1);
}

static void what_is_no_base64_is_told(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",     "Z",    "Zg",           "Zg=",      "Zg===",           "====", "A===",      "Z===",    "=AAA",
        "A=AA", "AA=A", "Zg==Zg==",     "Zm9v====", "Zm9\n",           " Zm9", "Zm9vYmF\n", "   Zm9v", "Zm9v \n\r ",
        "Zm-v", "Zm_v", "Zm9v\n\n\n\n", "Zm9v,,,,", "\xC3\xA9\xC3\xA9"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        unsigned char bytes[32];
        if (rfm_base64_read(texts[i], bytes, sizeof bytes) != -1)
            fail_msg("'%s' is read", texts[i]);
    }
}

static void codes_are_appended(void **state)
{
    (void)state;
    rfm_text text = {0};
    rfm_text_adds(&text, "SHA256:");
    rfm_base64_add(&text, "foo", 3);
    rfm_hex_add(&text, "\x00\x9f\xff", 3);
    assert_text(&text, "SHA256:Zm9v009fff");
}

/* ---- AES -------------------------------------------------------------------------------------------------------- */

/* The four blocks of NIST SP 800-38A, appendix F; its ciphertexts are followed here by what PKCS#7 adds: a block of
 * sixteens, or fourteens behind the 50th byte. */
static const unsigned char BLOCKS[] =
    "\x6b\xc1\xbe\xe2\x2e\x40\x9f\x96\xe9\x3d\x7e\x11\x73\x93\x17\x2a\xae\x2d\x8a\x57\x1e\x03\xac\x9c\x9e\xb7"
    "\x6f\xac\x45\xaf\x8e\x51\x30\xc8\x1c\x46\xa3\x5c\xe4\x11\xe5\xfb\xc1\x19\x1a\x0a\x52\xef\xf6\x9f\x24\x45"
    "\xdf\x4f\x9b\x17\xad\x2b\x41\x7b\xe6\x6c\x37\x10";

static const struct aes {
    size_t key_bytes;
    unsigned char key[32];
    const char *cbc_64, *cbc_50, *cbc_0, *ecb_32;
} AES[] = {
    {16, "\x2b\x7e\x15\x16\x28\xae\xd2\xa6\xab\xf7\x15\x88\x09\xcf\x4f\x3c",
     "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac091"
     "2"
     "0eca307586e1a78cb82807230e1321d3fae00d18cc2012",
     "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e22229516882715cddae2fcb5c"
     "c"
     "57ea836d7beea4",
     "c84af0b613435d5d9182801a9bd9320b",
     "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaafa254be88e037ddd9d79fb6411c3f9df8"},
    {32,
     "\x60\x3d\xeb\x10\x15\xca\x71\xbe\x2b\x73\xae\xf0\x85\x7d\x77\x81\x1f\x35\x2c\x07\x3b\x61\x08\xd7\x2d\x98"
     "\x10\xa3\x09\x14\xdf\xf4",
     "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcd"
     "a"
     "6c19078c6a9d1b3f461796d6b0d6b2e0c2a72b4d80e644",
     "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e2630423146145249fc3dbc75c13f"
     "5"
     "28fd0264073e23",
     "7e9248e5d829ca7593f0c549db2f5b8c",
     "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a313628704c45dfb3b3b484ec35b0512dc8c1c4d6"},
};

/* In pieces of so many bytes. */
static void expect_cbc(const struct aes *aes, int n, int piece, const char *expected)
{
    static const unsigned char iv[] = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f";
    rfm_error err = {0};
    rfm_cipher *cipher = NULL;
    unsigned char out[64 + 3 * RFM_AES_BLOCK];
    int n_out = 0, done = 0;
    rfm_cipher_open(aes->key, aes->key_bytes, iv, &cipher, &err);
    assert_fine(&err);
    do {
        const int now = n - done < piece ? n - done : piece;
        const int got = rfm_cipher_feed(cipher, BLOCKS + done, now, done + now == n, out + n_out);
        assert_true(got >= 0);
        n_out += got;
        done += now;
    } while (done < n);
    rfm_cipher_close(cipher);
    assert_hex(out, (size_t)n_out, expected);
}

static void aes_is_that_of_sp_800_38a(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof AES / sizeof *AES; i++) {
        rfm_error err = {0};
        unsigned char out[48];
        size_t n_out;
        for (int piece = 1; piece <= 64; piece++) {
            expect_cbc(&AES[i], 64, piece, AES[i].cbc_64);
            expect_cbc(&AES[i], 50, piece, AES[i].cbc_50);
        }
        expect_cbc(&AES[i], 0, 1, AES[i].cbc_0);
        rfm_aes_wrap(AES[i].key, AES[i].key_bytes, BLOCKS, 32, out, &n_out, &err);
        assert_fine(&err);
        assert_hex(out, n_out, AES[i].ecb_32);
        unsigned char back[48];
        assert_int_equal(rfm_aes_unwrap(AES[i].key, AES[i].key_bytes, out, n_out, back), 32);
        assert_memory_equal(back, BLOCKS, 32);
        assert_int_equal(rfm_aes_unwrap(AES[1 - i].key, AES[1 - i].key_bytes, out, n_out, back), -1);
        assert_int_equal(rfm_aes_unwrap(AES[i].key, AES[i].key_bytes, out, n_out - 1, back), -1);
    }
    rfm_cipher_close(NULL);
}

static void what_was_encrypted_is_decrypted(void **state)
{
    (void)state;
    static const unsigned char iv[RFM_AES_BLOCK] = {7};
    for (size_t i = 0; i < sizeof AES / sizeof *AES; i++)
        for (int n = 0; n <= 64; n++) {
            rfm_error err = {0};
            rfm_cipher *there = NULL, *back = NULL;
            unsigned char sealed[64 + 3 * RFM_AES_BLOCK], plain[64 + 5 * RFM_AES_BLOCK];
            rfm_cipher_open(AES[i].key, AES[i].key_bytes, iv, &there, &err);
            rfm_decipher_open(AES[i].key, AES[i].key_bytes, iv, &back, &err);
            assert_fine(&err);
            const int n_sealed = rfm_cipher_feed(there, BLOCKS, n, true, sealed);
            assert_int_equal(n_sealed, n + 16 - n % 16);
            const int half = n_sealed / 3, begun = rfm_cipher_feed(back, sealed, half, false, plain);
            assert_true(begun >= 0);
            const int rest = rfm_cipher_feed(back, sealed + half, n_sealed - half, true, plain + begun);
            assert_int_equal(begun + rest, n);
            assert_memory_equal(plain, BLOCKS, (size_t)n);
            rfm_cipher_close(there);
            rfm_cipher_close(back);
        }
}

/* ---- random ----------------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void a_uuid_is_of_version_4_and_no_two_are_alike(void **state)
{
    (void)state;
    enum { N = 1000 };
    static char uuids[N][RFM_UUID_BYTES];
    for (int i = 0; i < N; i++) {
        rfm_error err = {0};
        rfm_uuid_make(uuids[i], &err);
        assert_fine(&err);
        assert_int_equal(strlen(uuids[i]), 36);
        assert_int_equal(strspn(uuids[i], "0123456789abcdef-"), 36);
        for (int j = 0; j < 36; j++)
            assert_int_equal(uuids[i][j] == '-', j == 8 || j == 13 || j == 18 || j == 23);
        assert_int_equal(uuids[i][14], '4');
        assert_non_null(strchr("89ab", uuids[i][19]));
    }
    qsort(uuids, N, RFM_UUID_BYTES, compare);
    for (int i = 1; i < N; i++)
        assert_string_not_equal(uuids[i - 1], uuids[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_is_that_of_fips_180),
        cmocka_unit_test(md5_is_that_of_rfc_1321),
        cmocka_unit_test(a_digest_in_pieces_is_that_of_the_whole),
        cmocka_unit_test(a_digest_is_freed_after_a_failure_and_may_be_none),
        cmocka_unit_test(hmac_is_that_of_rfc_4231),
        cmocka_unit_test(base64_is_that_of_rfc_4648),
        cmocka_unit_test(base64_has_all_digits),
        cmocka_unit_test(base64_is_read),
        cmocka_unit_test(what_is_no_base64_is_told),
        cmocka_unit_test(codes_are_appended),
        cmocka_unit_test(aes_is_that_of_sp_800_38a),
        cmocka_unit_test(what_was_encrypted_is_decrypted),
        cmocka_unit_test(a_uuid_is_of_version_4_and_no_two_are_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
