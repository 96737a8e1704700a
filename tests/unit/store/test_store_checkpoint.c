/* Checkpoints: the newest whole one of the same origin comes back, on all ranks; a damaged or half-written one gives
 * way to the one before it. */
#include "products.h"

#include "ranks.h"

static void write_checkpoint(rfm_run *run, const char *k, const char *content)
{
    rfm_error err = {0};
    rfm_origin origin = origin_of(k, "a.csv");
    rfm_text text = {0};
    rfm_text_adds(&text, content);
    rfm_checkpoint_write(run, &origin, &text, &err);
    assert_fine(&err);
    rfm_text_free(&text);
    rfm_origin_free(&origin);
}

/* In a start of its own, as it is meant. content NULL: none is found. */
static void expect(const char *k, const char *content)
{
    rfm_error err = {0};
    rfm_run *run = open_run("run");
    rfm_origin origin = origin_of(k, "a.csv");
    void *bytes = NULL;
    size_t n_bytes = 0;
    rfm_checkpoint_read(run, &origin, &bytes, &n_bytes, &err);
    assert_fine(&err);
    assert_int_equal(bytes != NULL, content != NULL);
    if (content) {
        assert_int_equal(n_bytes, strlen(content));
        assert_memory_equal(bytes, content, n_bytes);
    }
    free(bytes);
    rfm_origin_free(&origin);
    rfm_run_close(run);
}

static void drop(void)
{
    rfm_error err = {0};
    rfm_run *run = open_run("run");
    rfm_checkpoint_drop(run, &err);
    assert_fine(&err);
    rfm_run_close(run);
    assert_false(is_there(in_folder("run/checkpoint-0")));
    assert_false(is_there(in_folder("run/checkpoint-1")));
}

static void write_some(int n)
{
    rfm_error err = {0};
    rfm_run *run = open_run("run");
    rfm_origin origin = origin_of("8", "a.csv");
    void *bytes;
    size_t n_bytes;
    char content[32];
    rfm_checkpoint_read(run, &origin, &bytes, &n_bytes, &err);
    free(bytes);
    for (int i = 0; i < n; i++) {
        snprintf(content, sizeof content, "number %d", i);
        write_checkpoint(run, "8", content);
    }
    rfm_origin_free(&origin);
    rfm_run_close(run);
}

static void the_newest_of_the_same_origin_comes_back(void **state)
{
    (void)state;
    drop();
    expect("8", NULL);
    for (int n = 1; n < 5; n++) {
        char content[32];
        snprintf(content, sizeof content, "number %d", n - 1);
        write_some(n);
        expect("8", content);
        expect("9", NULL);
    }
    drop();
    expect("8", NULL);
}

/* 3 went into checkpoint-1: numbers begin with 1. */
static void damage(const char *name, size_t at, bool cut)
{
    if (is_first()) {
        size_t length;
        char *bytes = read_text(in_folder(name), &length);
        FILE *file = fopen(in_folder(name), "w");
        assert_non_null(file);
        bytes[at % length] = (char)(bytes[at % length] ^ 16);
        assert_int_equal(fwrite(bytes, 1, cut ? at % length : length, file), cut ? at % length : length);
        assert_int_equal(fclose(file), 0);
        free(bytes);
    }
    rfm_comm_barrier(comm);
}

static void a_damaged_one_gives_way_to_the_one_before(void **state)
{
    (void)state;
    for (size_t at = 0; at < 64; at += 9)
        for (int cut = 0; cut < 2; cut++) {
            drop();
            write_some(3);
            expect("8", "number 2");
            damage("run/checkpoint-1", at, cut);
            expect("8", "number 1");
            damage("run/checkpoint-0", at, cut);
            expect("8", NULL);
        }
}

static void what_cannot_be_written_is_an_error_on_all_ranks(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_text text = {0};
    drop();
    if (is_first())
        assert_int_equal(mkdir(in_folder("run/checkpoint-1"), 0700), 0);
    rfm_run *run = open_run("run");
    rfm_origin origin = origin_of("8", "a.csv");
    rfm_text_adds(&text, "content");
    rfm_checkpoint_write(run, &origin, &text, &err);
    assert_failed(&err, RFM_IO, "checkpoint-1");
    rfm_text_free(&text);
    rfm_origin_free(&origin);
    rfm_run_close(run);
    if (is_first())
        assert_int_equal(rmdir(in_folder("run/checkpoint-1")), 0);
    rfm_comm_barrier(comm);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_of_the_same_origin_comes_back),
        cmocka_unit_test(a_damaged_one_gives_way_to_the_one_before),
        cmocka_unit_test(what_cannot_be_written_is_an_error_on_all_ranks),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
