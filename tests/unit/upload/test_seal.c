/* Files sealed for stages whose files clients encrypt: what goes out is undone here the way a driver does on the way
 * back, by OpenSSL alone, and gives the file. Descriptions are those that Snowflake's connector writes. */
#include "session.h"

#include <openssl/evp.h>

#include "draw.h"
#include "source.h"

static const char MASTER_128[] = "AAECAwQFBgcICQoLDA0ODw==",
                  MASTER_256[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/* JSON with ' for ". */
static rfm_status read_material(const char *text, rfm_material *material, rfm_error *err)
{
    char copy[400];
    snprintf(copy, sizeof copy, "%s", text);
    for (char *c = copy; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    json_t *value = json_loads(copy, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    *material = (rfm_material){0};
    rfm_material_read(value, material, err);
    json_decref(value);
    return err->status;
}

static void make_material(const char *master, rfm_material *material)
{
    rfm_error err = {0};
    char text[400];
    snprintf(text, sizeof text, "{'queryStageMasterKey': '%s', 'queryId': '01b2-x', 'smkId': 9223372036854775807}",
             master);
    read_material(text, material, &err);
    assert_fine(&err);
}

/* ---- material --------------------------------------------------------------------------------------------------- */

static void an_id_is_a_number_or_a_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *id;
    } forms[] = {{"{'queryStageMasterKey': 'AAECAwQFBgcICQoLDA0ODw==', 'queryId': 'q', 'smkId': 123}", "123"},
                 {"{'queryStageMasterKey': 'AAECAwQFBgcICQoLDA0ODw==', 'queryId': 'q', 'smkId': '123'}", "123"},
                 {"{'queryStageMasterKey': 'AAECAwQFBgcICQoLDA0ODw==', 'queryId': 'q', 'smkId': 9007199254740993}",
                  "9007199254740993"}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        rfm_error err = {0};
        rfm_material material;
        read_material(forms[i].text, &material, &err);
        assert_fine(&err);
        assert_true(rfm_material_given(&material));
        assert_string_equal(material.smk_id, forms[i].id);
        assert_string_equal(material.query_id, "q");
        rfm_material_free(&material);
        assert_false(rfm_material_given(&material));
    }
}

static void material_without_a_key_of_aes_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "null",
        "'AAECAwQFBgcICQoLDA0ODw=='",
        "{'queryStageMasterKey': 'AAECAwQFBgcICQoLDA0ODw=='}",
        "{'queryStageMasterKey': 'AAECAwQFBgcICQoLDA0ODw==', 'queryId': 'q'}",
        "{'queryStageMasterKey': 'AAECAwQFBgcICQoLDA0ODw==', 'smkId': 1}",
        "{'queryStageMasterKey': 'AAECAwQFBgcICQoLDA0ODw==', 'queryId': 1, 'smkId': 1}",
        "{'queryStageMasterKey': 'AAECAwQFBgcICQoLDA0ODw==', 'queryId': 'q', 'smkId': 1.5}",
        "{'queryStageMasterKey': 'AAECAwQFBgcICQoLDA0ODw==', 'queryId': 'q', 'smkId': null}",
        "{'queryStageMasterKey': 7, 'queryId': 'q', 'smkId': 1}",
        "{'queryStageMasterKey': '', 'queryId': 'q', 'smkId': 1}",
        "{'queryStageMasterKey': 'secret words!', 'queryId': 'q', 'smkId': 1}",
        "{'queryStageMasterKey': 'AAECAwQFBgcICQoLDA0O', 'queryId': 'q', 'smkId': 1}",             /* 15 */
        "{'queryStageMasterKey': 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYX', 'queryId': 'q', 'smkId': 1}", /* 24 */
        "{'queryStageMasterKey': 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g', 'queryId': 'q', 'smkId': 1}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        rfm_error err = {0};
        rfm_material material;
        read_material(texts[i], &material, &err);
        assert_null(strstr(err.message, "secret words"));
        assert_failed(&err, RFM_UNAVAILABLE, "the stage wants encrypted files, and its answer has no key for them");
        rfm_material_free(&material);
    }
}

/* ---- seals ------------------------------------------------------------------------------------------------------ */

static void no_material_seals_nothing(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_seal seal;
    rfm_seal_make(&(rfm_material){0}, &seal, &err);
    assert_fine(&err);
    assert_int_equal(seal.key_bytes, 0);
    assert_null(seal.wrapped);
    rfm_seal_free(&seal);
}

static void make_seal(const char *master, rfm_seal *seal)
{
    rfm_error err = {0};
    rfm_material material;
    make_material(master, &material);
    rfm_seal_make(&material, seal, &err);
    assert_fine(&err);
    rfm_material_free(&material);
}

static void a_seal_is_described_as_the_connector_does(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_seal seal;
    rfm_text expected = {0};
    make_seal(MASTER_128, &seal);
    assert_int_equal(seal.key_bytes, 16);
    assert_string_equal(seal.description,
                        "{\"queryId\":\"01b2-x\",\"smkId\":\"9223372036854775807\",\"keySize\":\"128\"}");
    char *text = rfm_seal_print(&seal, "AES_CBC_128", &err);
    rfm_text_addf(
        &expected,
        "{\"EncryptionMode\":\"FullBlob\",\"WrappedContentKey\":{\"KeyId\":\"symmKey1\",\"EncryptedKey\":\"%s\","
        "\"Algorithm\":\"AES_CBC_256\"},\"EncryptionAgent\":{\"Protocol\":\"1.0\",\"EncryptionAlgorithm\":"
        "\"AES_CBC_128\"},\"ContentEncryptionIV\":\"%s\",\"KeyWrappingMetadata\":{\"EncryptionLibrary\":"
        "\"Java 5.3.0\"}}",
        seal.wrapped, seal.vector);
    assert_string_equal(text, expected.bytes);
    free(text);
    rfm_text_free(&expected);
    rfm_seal_free(&seal);
    make_seal(MASTER_256, &seal);
    assert_int_equal(seal.key_bytes, 32);
    assert_string_equal(seal.description,
                        "{\"queryId\":\"01b2-x\",\"smkId\":\"9223372036854775807\",\"keySize\":\"256\"}");
    rfm_seal_free(&seal);
}

static void each_file_has_a_seal_of_its_own(void **state)
{
    (void)state;
    rfm_seal seals[2];
    make_seal(MASTER_128, &seals[0]);
    make_seal(MASTER_128, &seals[1]);
    assert_memory_not_equal(seals[0].key, seals[1].key, 16);
    assert_memory_not_equal(seals[0].iv, seals[1].iv, 16);
    assert_string_not_equal(seals[0].wrapped, seals[1].wrapped);
    assert_string_not_equal(seals[0].vector, seals[1].vector);
    rfm_seal_free(&seals[0]);
    rfm_seal_free(&seals[1]);
}

static void a_seal_that_comes_with_a_file_is_opened(void **state)
{
    (void)state;
    static const char *const masters[] = {MASTER_128, MASTER_256};
    for (size_t i = 0; i < 2; i++) {
        rfm_error err = {0};
        rfm_material material;
        rfm_seal made, opened;
        make_material(masters[i], &material);
        rfm_seal_make(&material, &made, &err);
        rfm_seal_open(&material, made.wrapped, made.vector, &opened, &err);
        assert_fine(&err);
        assert_int_equal(opened.key_bytes, made.key_bytes);
        assert_memory_equal(opened.key, made.key, made.key_bytes);
        assert_memory_equal(opened.iv, made.iv, sizeof made.iv);
        rfm_seal_free(&opened);
        rfm_seal_free(&made);
        rfm_material_free(&material);
    }
}

static void a_seal_that_is_none_is_refused(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_material material;
    rfm_seal made, opened;
    make_material(MASTER_128, &material);
    rfm_seal_make(&material, &made, &err);
    assert_fine(&err);
    const char *const seals[][2] = {{"", ""},
                                    {"", made.vector},
                                    {made.wrapped, ""},
                                    {made.wrapped, "AAAA"},
                                    {"AAAA", made.vector},
                                    {"not base64", made.vector},
                                    {made.wrapped, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"},
                                    {made.vector, made.vector}};
    for (size_t i = 0; i < sizeof seals / sizeof *seals; i++) {
        rfm_seal_open(&material, seals[i][0], seals[i][1], &opened, &err);
        assert_failed(&err, RFM_UNAVAILABLE, "");
        rfm_seal_free(&opened);
    }
    rfm_seal_free(&made);
    rfm_material_free(&material);
}

/* ---- there and back --------------------------------------------------------------------------------------------- */

static size_t decode(const char *base64, unsigned char *bytes)
{
    const size_t n = strlen(base64);
    const int got = EVP_DecodeBlock(bytes, (const unsigned char *)base64, (int)n);
    assert_true(got > 0);
    return (size_t)got - (base64[n - 1] == '=') - (base64[n - 2] == '=');
}

static size_t decrypt(const EVP_CIPHER *kind, const unsigned char *key, const unsigned char *iv,
                      const unsigned char *bytes, size_t n, unsigned char *out)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int done = 0, more = 0;
    assert_int_equal(EVP_DecryptInit_ex(context, kind, NULL, key, iv), 1);
    assert_int_equal(EVP_DecryptUpdate(context, out, &done, bytes, (int)n), 1);
    assert_int_equal(EVP_DecryptFinal_ex(context, out + done, &more), 1); /* the padding is right */
    EVP_CIPHER_CTX_free(context);
    return (size_t)(done + more);
}

/* From what goes with the file, and the master key alone. */
static size_t unseal(const char *master, const rfm_seal *seal, const unsigned char *bytes, size_t n, unsigned char *out)
{
    unsigned char master_key[48], wrapped[64], key[64], iv[32];
    const size_t n_master = decode(master, master_key), n_wrapped = decode(seal->wrapped, wrapped);
    assert_int_equal(decode(seal->vector, iv), 16);
    const size_t n_key =
        decrypt(n_master == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb(), master_key, NULL, wrapped, n_wrapped, key);
    assert_int_equal(n_key, n_master);
    return decrypt(n_key == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc(), key, iv, bytes, n, out);
}

static unsigned char *write_file(size_t n)
{
    uint64_t random = n;
    unsigned char *bytes = malloc(n + 1);
    FILE *file = fopen(in_folder("file"), "w");
    assert_true(bytes && file);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)draw(&random);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

/* All of a source, in pieces of at most so many bytes. */
static unsigned char *read_all(rfm_source *source, size_t piece, size_t *n)
{
    const size_t room = (size_t)rfm_source_bytes(source) + piece;
    unsigned char *bytes = malloc(room);
    assert_non_null(bytes);
    *n = 0;
    for (int64_t got; (got = rfm_source_read(source, bytes + *n, piece)) != 0; *n += (size_t)got) {
        assert_true(got > 0 && got <= (int64_t)piece);
        assert_true((int64_t)*n + got <= rfm_source_bytes(source));
    }
    assert_int_equal(*n, rfm_source_bytes(source));
    assert_int_equal(*n, rfm_source_sent(source));
    return bytes;
}

static const size_t SIZES[] = {0, 1, 15, 16, 17, 4096, 65535, 65536, 65537, 131072, 200001};
static const size_t PIECES[] = {1000, 16, 65536, 65552, 1 << 20};

static void check_sealed(const char *master, size_t n, size_t piece)
{
    rfm_error err = {0};
    rfm_seal seal;
    rfm_source *source = NULL;
    size_t n_sent, n_again;
    unsigned char *bytes = write_file(n), *back = malloc(n + 32);
    make_seal(master, &seal);
    rfm_source_open(in_folder("file"), (int64_t)n, &seal, &source, &err);
    assert_fine(&err);
    unsigned char *sent = read_all(source, piece, &n_sent);
    assert_int_equal(n_sent, n + 16 - n % 16);
    assert_int_equal(n_sent, rfm_sealed_bytes((int64_t)n));
    assert_int_equal(unseal(master, &seal, sent, n_sent, back), n);
    assert_memory_equal(back, bytes, n);
    assert_true(rfm_source_rewind(source)); /* another attempt sends the same */
    unsigned char *again = read_all(source, piece, &n_again);
    assert_int_equal(n_again, n_sent);
    assert_memory_equal(again, sent, n_sent);
    rfm_source_close(source);
    rfm_seal_free(&seal);
    free(again);
    free(sent);
    free(back);
    free(bytes);
}

static void a_sealed_file_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++)
        for (size_t p = 0; p < sizeof PIECES / sizeof *PIECES; p++) {
            check_sealed(MASTER_128, SIZES[i], PIECES[p]);
            check_sealed(MASTER_256, SIZES[i], PIECES[p]);
        }
}

static void a_file_without_a_seal_goes_as_it_lies(void **state)
{
    (void)state;
    const rfm_seal none = {0};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        rfm_error err = {0};
        rfm_source *source = NULL;
        size_t n_sent;
        unsigned char *bytes = write_file(SIZES[i]);
        rfm_source_open(in_folder("file"), (int64_t)SIZES[i], i % 2 ? &none : NULL, &source, &err);
        assert_fine(&err);
        unsigned char *sent = read_all(source, 1000, &n_sent);
        assert_int_equal(n_sent, SIZES[i]);
        assert_memory_equal(sent, bytes, n_sent);
        rfm_source_close(source);
        free(sent);
        free(bytes);
    }
    rfm_source_close(NULL);
}

/* An attempt that is broken off anywhere begins again. */
static void an_attempt_begins_anew_from_anywhere(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_seal seal;
    rfm_source *source = NULL;
    size_t n_sent;
    unsigned char *bytes = write_file(70000), piece[500], *back = malloc(70032);
    make_seal(MASTER_256, &seal);
    rfm_source_open(in_folder("file"), 70000, &seal, &source, &err);
    assert_fine(&err);
    for (int reads = 0; reads < 150; reads += 7) {
        for (int i = 0; i < reads; i++)
            assert_true(rfm_source_read(source, piece, sizeof piece) >= 0);
        assert_true(rfm_source_rewind(source));
        assert_int_equal(rfm_source_sent(source), 0);
    }
    unsigned char *sent = read_all(source, 500, &n_sent);
    assert_int_equal(unseal(MASTER_256, &seal, sent, n_sent, back), 70000);
    assert_memory_equal(back, bytes, 70000);
    rfm_source_close(source);
    rfm_seal_free(&seal);
    free(sent);
    free(back);
    free(bytes);
}

static void a_file_that_became_shorter_is_told(void **state)
{
    (void)state;
    rfm_seal seal;
    make_seal(MASTER_128, &seal);
    for (int sealed = 0; sealed < 2; sealed++) {
        rfm_error err = {0};
        rfm_source *source = NULL;
        char piece[4096];
        int64_t got;
        free(write_file(100000));
        rfm_source_open(in_folder("file"), 100000, sealed ? &seal : NULL, &source, &err);
        assert_fine(&err);
        assert_int_equal(truncate(in_folder("file"), 90000), 0);
        while ((got = rfm_source_read(source, piece, sizeof piece)) > 0)
            ;
        assert_int_equal(got, -1);
        rfm_source_close(source);
    }
    rfm_seal_free(&seal);
}

#define seal_test(name) cmocka_unit_test_setup_teardown(name, set_up_folder, tear_down_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        seal_test(an_id_is_a_number_or_a_text),
        seal_test(material_without_a_key_of_aes_is_refused),
        seal_test(no_material_seals_nothing),
        seal_test(a_seal_is_described_as_the_connector_does),
        seal_test(each_file_has_a_seal_of_its_own),
        seal_test(a_seal_that_comes_with_a_file_is_opened),
        seal_test(a_seal_that_is_none_is_refused),
        seal_test(a_sealed_file_comes_back),
        seal_test(a_file_without_a_seal_goes_as_it_lies),
        seal_test(an_attempt_begins_anew_from_anywhere),
        seal_test(a_file_that_became_shorter_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
