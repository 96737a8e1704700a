/* Secrets lie in memory as bytes that mean nothing, and what has shown one is empty when it is given back: free is
 * stood in for (-Wl,--wrap=free), to look at a piece of memory on its way out. */
#include "session.h"

#include "secret.h"

/* Another secret than any in the sources that are tested. */
static const char WORDS[] = "correct horse battery staple, 64 bytes of them: 0123456789abcdef";
enum { N_WORDS = sizeof WORDS - 1 };

/* ---- memory on its way out -------------------------------------------------------------------------------------- */

static struct watch {
    const unsigned char *memory;
    size_t length;
    bool freed, empty;
} watched;

void __real_free(void *memory);
void __wrap_free(void *memory);

void __wrap_free(void *memory)
{
    if (memory && memory == watched.memory) {
        watched.freed = watched.empty = true;
        for (size_t i = 0; i < watched.length; i++)
            watched.empty &= watched.memory[i] == 0;
        watched.memory = NULL;
    }
    __real_free(memory);
}

static void watch(const void *memory, size_t length)
{
    watched = (struct watch){.memory = memory, .length = length};
}

static void assert_freed_empty(void)
{
    assert_true(watched.freed);
    assert_true(watched.empty);
}

/* ---- sealed ----------------------------------------------------------------------------------------------------- */

static void set(rfm_secret *secret, const char *text, size_t length)
{
    rfm_error err = {0};
    rfm_secret_set(secret, text, length, &err);
    assert_fine(&err);
}

static void expect_text(const rfm_secret *secret, const char *text)
{
    rfm_error err = {0};
    char *opened = rfm_secret_open(secret, &err);
    assert_fine(&err);
    assert_non_null(opened);
    assert_string_equal(opened, text);
    rfm_secret_close(opened);
}

static void what_is_set_is_opened(void **state)
{
    (void)state;
    rfm_secret secret = {0};
    set(&secret, WORDS, N_WORDS);
    assert_true(rfm_secret_given(&secret));
    expect_text(&secret, WORDS);
    expect_text(&secret, WORDS);
    set(&secret, WORDS, 7); /* not terminated: and the one before is gone */
    expect_text(&secret, "correct");
    rfm_secret_free(&secret);
    assert_false(rfm_secret_given(&secret));
}

static void an_empty_text_is_none(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_secret secret = {0};
    assert_null(rfm_secret_open(&secret, &err));
    set(&secret, WORDS, N_WORDS);
    set(&secret, "", 0);
    assert_false(rfm_secret_given(&secret));
    assert_null(rfm_secret_open(&secret, &err));
    assert_fine(&err);
    rfm_secret_close(NULL);
    rfm_secret_free(&secret);
}

static bool shows_words(const unsigned char *bytes)
{
    for (size_t i = 0; i + 4 <= N_WORDS; i++)
        if (memmem(bytes, N_WORDS, WORDS + i, 4))
            return true;
    return false;
}

static void sealed_bytes_are_not_the_text(void **state)
{
    (void)state;
    rfm_secret secret = {0}, same = {0};
    set(&secret, WORDS, N_WORDS);
    set(&same, WORDS, N_WORDS);
    assert_int_equal(secret.length, N_WORDS);
    assert_false(shows_words(secret.sealed));
    assert_false(shows_words(secret.pad));
    assert_memory_not_equal(secret.sealed, same.sealed, N_WORDS);
    assert_memory_not_equal(secret.pad, same.pad, N_WORDS);
    rfm_secret_free(&secret);
    rfm_secret_free(&same);
}

/* ---- wiped ------------------------------------------------------------------------------------------------------ */

static void a_closed_text_is_wiped(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_secret secret = {0};
    set(&secret, WORDS, N_WORDS);
    char *text = rfm_secret_open(&secret, &err);
    watch(text, N_WORDS);
    rfm_secret_close(text);
    assert_freed_empty();
    rfm_secret_free(&secret);
}

static void a_closed_text_is_wiped_behind_a_nul(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_secret secret = {0};
    set(&secret, "ab\0cd", 5);
    char *text = rfm_secret_open(&secret, &err);
    assert_memory_equal(text, "ab\0cd", 6);
    watch(text, 5);
    rfm_secret_close(text);
    assert_freed_empty();
    rfm_secret_free(&secret);
}

static void the_pad_is_wiped(void **state)
{
    (void)state;
    rfm_secret secret = {0};
    set(&secret, WORDS, N_WORDS);
    watch(secret.pad, N_WORDS);
    set(&secret, "another", 7);
    assert_freed_empty();
    watch(secret.pad, 7);
    rfm_secret_free(&secret);
    assert_freed_empty();
}

static char *take_words(void)
{
    char *memory = malloc(sizeof WORDS);
    assert_non_null(memory);
    memcpy(memory, WORDS, sizeof WORDS);
    return memory;
}

static void memory_of_libraries_is_wiped(void **state)
{
    (void)state;
    char *memory = take_words();
    watch(memory, sizeof WORDS);
    rfm_wiping_free(memory);
    assert_freed_empty();
    rfm_wiping_free(NULL);
}

static void memory_that_moves_leaves_nothing_behind(void **state)
{
    (void)state;
    char *memory = take_words();
    watch(memory, sizeof WORDS);
    char *larger = rfm_wiping_realloc(memory, 4096);
    assert_freed_empty();
    assert_string_equal(larger, WORDS);
    watch(larger, 4096);
    char *smaller = rfm_wiping_realloc(larger, 8);
    assert_freed_empty();
    assert_memory_equal(smaller, WORDS, 8);
    char *first = rfm_wiping_realloc(NULL, 16);
    assert_non_null(first);
    rfm_wiping_free(smaller);
    rfm_wiping_free(first);
}

/* Nothing in use is touched. */
static void a_scrubbed_heap_keeps_what_is_in_use(void **state)
{
    (void)state;
    char *memory = take_words();
    rfm_heap_scrub();
    assert_string_equal(memory, WORDS);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_set_is_opened),
        cmocka_unit_test(an_empty_text_is_none),
        cmocka_unit_test(sealed_bytes_are_not_the_text),
        cmocka_unit_test(a_closed_text_is_wiped),
        cmocka_unit_test(a_closed_text_is_wiped_behind_a_nul),
        cmocka_unit_test(the_pad_is_wiped),
        cmocka_unit_test(memory_of_libraries_is_wiped),
        cmocka_unit_test(memory_that_moves_leaves_nothing_behind),
        cmocka_unit_test(a_scrubbed_heap_keeps_what_is_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
