/* Rounds: what was appended comes back, up to the first that is torn, damaged or of another origin. */
#include "products.h"

#include <fcntl.h>

#include "ranks.h"

enum { N_ROUNDS = 4, MOST_BYTES = 4096 };

static const char *path_of_rounds(void)
{
    static char name[64];
    snprintf(name, sizeof name, "run/rounds/1-%d", comm->rank);
    return in_folder(name);
}

static void append(rfm_rounds *rounds, int i)
{
    rfm_error err = {0};
    char body[64], words[32];
    rfm_text meta = {0};
    const int64_t at = rfm_rounds_body(rounds);
    const int n = snprintf(body, sizeof body, "%*d", 1 + 7 * i, i);
    snprintf(words, sizeof words, "meta of %d", i);
    rfm_text_adds(&meta, words);
    assert_int_equal(rfm_rounds_reserve(rounds, 1 << 20, &err), RFM_OK);
    assert_int_equal(pwrite(rounds->file, body, (size_t)n, at), n);
    rfm_rounds_append(rounds, at + n, &meta, &err);
    assert_fine(&err);
    rfm_text_free(&meta);
}

static void write_rounds(void)
{
    rfm_error err = {0};
    rfm_rounds rounds;
    rfm_run *run = open_run("run");
    rfm_origin origin = origin_of("8", "a.csv");
    rfm_rounds_create(run, &origin, &rounds, &err);
    assert_fine(&err);
    for (int i = 0; i < N_ROUNDS; i++)
        append(&rounds, i);
    rfm_rounds_close(&rounds);
    rfm_origin_free(&origin);
    rfm_comm_barrier(comm);
    rfm_run_close(run);
}

/* How many come back, each as it was. */
static int count_rounds(const char *path, const char *k)
{
    rfm_error err = {0};
    rfm_rounds rounds;
    rfm_text meta = {0};
    rfm_origin origin = origin_of(k, "a.csv");
    bool found = true;
    int n = 0;
    rfm_rounds_open(path, &origin, &rounds, &err);
    assert_fine(&err);
    while (rfm_rounds_next(&rounds, &meta, &found, &err) == RFM_OK && found) {
        char words[32];
        const int length = snprintf(words, sizeof words, "meta of %d", n++);
        assert_int_equal(meta.length, length);
        assert_memory_equal(meta.bytes, words, (size_t)length);
    }
    assert_true(err.status == RFM_OK || err.status == RFM_DATA);
    rfm_text_free(&meta);
    rfm_rounds_close(&rounds);
    rfm_origin_free(&origin);
    return n;
}

static void start_anew(void)
{
    rfm_error err = {0};
    rfm_comm_barrier(comm);
    if (is_first())
        rfm_folder_remove(in_folder("run"), &err);
    assert_fine(&err);
    rfm_comm_barrier(comm);
}

static void rounds_come_back_to_their_origin_only(void **state)
{
    (void)state;
    write_rounds();
    assert_int_equal(count_rounds(path_of_rounds(), "8"), N_ROUNDS);
    assert_int_equal(count_rounds(path_of_rounds(), "9"), 0);
    start_anew();
}

static size_t read_all(const char *path, char *bytes)
{
    const int file = open(path, O_RDONLY);
    const ssize_t n = read(file, bytes, MOST_BYTES);
    assert_in_range(n, 1, MOST_BYTES - 1);
    close(file);
    return (size_t)n;
}

static void write_all(const char *path, const char *bytes, size_t n)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(file, bytes, n), n);
    close(file);
}

static void a_torn_end_costs_the_last_round(void **state)
{
    (void)state;
    char bytes[MOST_BYTES];
    int before = 0;
    write_rounds();
    const size_t n = read_all(path_of_rounds(), bytes);
    for (size_t cut = 0; cut <= n; cut++) {
        write_all(path_of_rounds(), bytes, cut);
        const int whole = count_rounds(path_of_rounds(), "8");
        assert_in_range(whole, before, before + 1);
        before = whole;
    }
    assert_int_equal(before, N_ROUNDS);
    start_anew();
}

/* Bodies are looked after by whoever wrote them. */
static void a_bit_that_is_changed_never_changes_what_comes_back(void **state)
{
    (void)state;
    char bytes[MOST_BYTES];
    int n_lost = 0;
    write_rounds();
    const size_t n = read_all(path_of_rounds(), bytes);
    for (size_t at = 0; at < n; at++) {
        bytes[at] ^= (char)(1 << at % 8);
        write_all(path_of_rounds(), bytes, n);
        n_lost += count_rounds(path_of_rounds(), "8") < N_ROUNDS;
        bytes[at] ^= (char)(1 << at % 8);
    }
    assert_in_range(n_lost, N_ROUNDS * 64, n);
    start_anew();
}

static void every_file_has_one_reader(void **state)
{
    (void)state;
    rfm_error err = {0};
    char **paths;
    size_t n;
    write_rounds();
    rfm_run *run = open_run("run");
    if (is_first())
        write_all(in_folder("run/rounds/no-file-of-rounds"), "x", 1);
    rfm_comm_barrier(comm);
    rfm_rounds_list(run, &paths, &n, &err);
    assert_fine(&err);
    int64_t total = (int64_t)n;
    rfm_comm_reduce_i64(comm, RFM_SUM, &total, 1);
    assert_int_equal(total, comm->size);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(count_rounds(paths[i], "8"), N_ROUNDS);
    rfm_rounds_list_free(&paths, &n);
    rfm_run_close(run);
    start_anew();
}

static void a_checkpoint_of_another_origin_is_refused_or_goes(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_origin mine = origin_of("8", "a.csv"), other = origin_of("9", "a.csv");
    rfm_text content = {0};
    rfm_run *run = open_run("run");
    rfm_text_adds(&content, "something");
    rfm_checkpoint_claim(run, &mine, false, &err);
    rfm_checkpoint_write(run, &mine, &content, &err);
    assert_fine(&err);
    rfm_checkpoint_claim(run, &mine, false, &err);
    assert_fine(&err);
    rfm_checkpoint_claim(run, &other, false, &err);
    assert_failed(&err, RFM_USAGE, "checkpoint: cluster.k was 8, now 9");
    assert_true(is_there(in_folder("run/checkpoint-1")));
    rfm_checkpoint_claim(run, &other, true, &err);
    assert_fine(&err);
    assert_false(is_there(in_folder("run/checkpoint-1")));
    rfm_text_free(&content);
    rfm_origin_free(&mine);
    rfm_origin_free(&other);
    rfm_run_close(run);
    start_anew();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_come_back_to_their_origin_only),
        cmocka_unit_test(a_torn_end_costs_the_last_round),
        cmocka_unit_test(a_bit_that_is_changed_never_changes_what_comes_back),
        cmocka_unit_test(every_file_has_one_reader),
        cmocka_unit_test(a_checkpoint_of_another_origin_is_refused_or_goes),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
