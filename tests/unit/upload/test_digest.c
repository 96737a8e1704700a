/* Digests made ahead by a thread: each is that of its file, in whatever order they are listed; the first file that is
 * not what the manifest says ends it, and what is before it stays good; whoever leaves early is not held up. */
#include "session.h"

#include "digest.h"

enum { N_PARTS = 20, PART_BYTES = 3000000 };

static struct rfm_manifest_part parts[N_PARTS];
static const rfm_manifest manifest = {.n_parts = N_PARTS, .parts = parts};
static size_t listed[N_PARTS];
static int n_woken;

static void wake(void *context)
{
    ++*(int *)context;
}

static unsigned char *make_bytes(size_t i)
{
    unsigned char *bytes = malloc(PART_BYTES);
    assert_non_null(bytes);
    for (size_t b = 0; b < PART_BYTES; b++)
        bytes[b] = (unsigned char)(b * (i + 1) >> 7);
    return bytes;
}

/* Parts of different sizes; the list goes from the last to the first. */
static int make_parts(void **state)
{
    static char names[N_PARTS][16];
    if (set_up_folder(state) != 0)
        return 1;
    n_woken = 0;
    for (size_t i = 0; i < N_PARTS; i++) {
        const size_t n = PART_BYTES - i * 7;
        unsigned char *bytes = make_bytes(i);
        snprintf(names[i], sizeof names[i], "part-%zu", i);
        FILE *file = fopen(in_folder(names[i]), "w");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, n, file), n);
        assert_int_equal(fclose(file), 0);
        parts[i] = (struct rfm_manifest_part){.name = names[i], .bytes = (int64_t)n, .hash = rfm_hash128_of(bytes, n)};
        listed[i] = N_PARTS - 1 - i;
        free(bytes);
    }
    return 0;
}

static rfm_digests *must_open(size_t ahead)
{
    rfm_error err = {0};
    rfm_digests *digests = NULL;
    const rfm_digests_order order = {.dir = folder,
                                     .manifest = &manifest,
                                     .parts = listed,
                                     .n = N_PARTS,
                                     .ahead = ahead,
                                     .made = wake,
                                     .context = &n_woken};
    rfm_digests_open(&order, &digests, &err);
    assert_fine(&err);
    return digests;
}

static void assert_digest(const char *given, size_t part)
{
    rfm_error err = {0};
    rfm_text text = {0};
    unsigned char hash[RFM_SHA256_BYTES], *bytes = make_bytes(part);
    rfm_crypto_sha256(bytes, (size_t)parts[part].bytes, hash, &err);
    rfm_base64_add(&text, hash, sizeof hash);
    rfm_text_check(&text, &err);
    assert_fine(&err);
    assert_string_equal(given, text.bytes);
    rfm_text_free(&text);
    free(bytes);
}

static void each_is_that_of_its_file(void **state)
{
    (void)state;
    static const size_t aheads[] = {0, 3, 1000};
    for (size_t a = 0; a < sizeof aheads / sizeof *aheads; a++) {
        rfm_error err = {0};
        rfm_digests *digests = must_open(aheads[a]);
        for (size_t i = 0; i < N_PARTS; i++) {
            assert_digest(rfm_digests_get(digests, i, &err), listed[i]);
            assert_true(rfm_digests_ready(digests, i));
        }
        assert_fine(&err);
        assert_digest(rfm_digests_get(digests, 0, &err), listed[0]); /* and stays so */
        rfm_digests_close(digests);
        assert_int_equal(n_woken, (int)(a + 1) * N_PARTS);
    }
}

/* The one asked for, and as many behind it; no more. */
static void it_goes_ahead_as_far_as_it_may(void **state)
{
    (void)state;
    enum { AHEAD = 2 };
    rfm_error err = {0};
    rfm_digests *digests = must_open(AHEAD);
    rfm_digests_get(digests, AHEAD, &err); /* so that 2 * AHEAD are allowed, and not what is behind them */
    assert_fine(&err);
    rfm_digests_close(digests);
    assert_in_range(n_woken, AHEAD + 1, 2 * AHEAD + 1);
}

static void a_file_that_has_changed_ends_it_and_keeps_what_is_before(void **state)
{
    (void)state;
    enum { BAD = 5 };
    rfm_error err = {0};
    const size_t part = listed[BAD];
    assert_int_equal(truncate(in_folder(parts[part].name), 1000), 0);
    rfm_digests *digests = must_open(N_PARTS);
    assert_null(rfm_digests_get(digests, BAD, &err));
    assert_failed(&err, RFM_DATA, "part-14: not the bytes that manifest.json tells of");
    assert_true(rfm_digests_ready(digests, N_PARTS - 1)); /* to be told of the failure */
    assert_null(rfm_digests_get(digests, N_PARTS - 1, &err));
    assert_failed(&err, RFM_DATA, "part-14");
    assert_digest(rfm_digests_get(digests, BAD - 1, &err), listed[BAD - 1]);
    assert_fine(&err);
    rfm_digests_close(digests);
}

static void a_file_that_is_gone_is_told(void **state)
{
    (void)state;
    rfm_error err = {0};
    assert_int_equal(unlink(in_folder(parts[N_PARTS - 1].name)), 0);
    rfm_digests *digests = must_open(1);
    assert_null(rfm_digests_get(digests, 0, &err));
    assert_failed(&err, RFM_IO, "part-19: cannot read");
    rfm_digests_close(digests);
}

static void the_md5_of_a_part_is_told_in_hex(void **state)
{
    (void)state;
    static const char abc[] = "abc";
    rfm_error err = {0};
    char *md5 = NULL;
    FILE *file = fopen(in_folder("abc"), "w");
    assert_non_null(file);
    fputs(abc, file);
    assert_int_equal(fclose(file), 0);
    struct rfm_manifest_part part = {.name = (char *)"abc", .bytes = 3, .hash = rfm_hash128_of(abc, 3)};
    rfm_part_md5(folder, &part, &md5, &err);
    assert_fine(&err);
    assert_string_equal(md5, "900150983cd24fb0d6963f7d28e17f72"); /* RFC 1321 */
    free(md5);
    part.hash.low++;
    rfm_part_md5(folder, &part, &md5, &err);
    assert_failed(&err, RFM_DATA, "abc: not the bytes");
    free(md5);
}

#define digest_test(name) cmocka_unit_test_setup_teardown(name, make_parts, tear_down_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        digest_test(each_is_that_of_its_file),
        digest_test(it_goes_ahead_as_far_as_it_may),
        digest_test(a_file_that_has_changed_ends_it_and_keeps_what_is_before),
        digest_test(a_file_that_is_gone_is_told),
        digest_test(the_md5_of_a_part_is_told_in_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
