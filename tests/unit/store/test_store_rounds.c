/* Rounds: what was appended comes back, up to the first that is torn, damaged or of another origin; whether a rank has
 * a file of its own or, with small_limits.c, a region of one. */
#include "products.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "ranks.h"
#include "rounds.h"

enum { N_ROUNDS = 4, MOST_BYTES = 4096, RESERVED_BYTES = 1 << 20 };

static int64_t count_regions(void)
{
    return (comm->size - 1) / rfm_rounds_most_files + 1;
}

static void name_file(char *name, size_t size, int group)
{
    if (count_regions() == 1)
        snprintf(name, size, "run/rounds/1-%d", group);
    else
        snprintf(name, size, "run/rounds/1-%d-%d", group, (int)count_regions());
}

/* Of this rank, in the first start. */
static rfm_rounds_place place_of_rounds(void)
{
    static char name[64], path[700];
    const int n_regions = (int)count_regions(), group = comm->rank / n_regions;
    name_file(name, sizeof name, group);
    snprintf(path, sizeof path, "%s", in_folder(name));
    return (rfm_rounds_place){.path = path, .region = comm->rank % n_regions, .n_regions = n_regions};
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
    assert_int_equal(rfm_rounds_reserve(rounds, RESERVED_BYTES, 0, &err), RFM_OK);
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
static int count_rounds_at(const rfm_rounds_place *place, const char *k)
{
    rfm_error err = {0};
    rfm_rounds rounds;
    rfm_text meta = {0};
    rfm_origin origin = origin_of(k, "a.csv");
    bool found = true;
    int n = 0;
    rfm_rounds_open(place, &origin, &rounds, &err);
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

static int count_rounds(const char *k)
{
    const rfm_rounds_place place = place_of_rounds();
    return count_rounds_at(&place, k);
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
    assert_int_equal(count_rounds("8"), N_ROUNDS);
    assert_int_equal(count_rounds("9"), 0);
    start_anew();
}

/* This rank's rounds as they lie there. */
static size_t read_rounds(char *bytes)
{
    rfm_rounds_place place = place_of_rounds();
    const int file = open(place.path, O_RDONLY);
    ssize_t n = pread(file, bytes, MOST_BYTES, place.region * rfm_rounds_region_bytes);
    while (place.n_regions > 1 && n > 0 && bytes[n - 1] == '\0')
        n--;
    assert_in_range(n, 1, MOST_BYTES - 1);
    close(file);
    return (size_t)n;
}

/* They end behind these: with the file, or in zeros. */
static void write_rounds_back(const char *bytes, size_t n)
{
    static const char zeros[MOST_BYTES];
    const rfm_rounds_place place = place_of_rounds();
    const int64_t at = place.region * rfm_rounds_region_bytes;
    const int file = open(place.path, O_WRONLY);
    assert_int_equal(pwrite(file, bytes, n, at), n);
    if (place.n_regions == 1)
        assert_int_equal(ftruncate(file, (off_t)n), 0);
    else
        assert_int_equal(pwrite(file, zeros, MOST_BYTES - n, at + (int64_t)n), MOST_BYTES - n);
    close(file);
}

static void a_torn_end_costs_the_last_round(void **state)
{
    (void)state;
    char bytes[MOST_BYTES];
    int before = 0;
    write_rounds();
    const size_t n = read_rounds(bytes);
    for (size_t cut = 0; cut <= n; cut++) {
        write_rounds_back(bytes, cut);
        const int whole = count_rounds("8");
        assert_in_range(whole, before, before + 1);
        before = whole;
    }
    assert_int_equal(before, N_ROUNDS);
    start_anew();
}

/* A rank that is killed while it writes a body leaves rounds, and behind them something without a head. */
static void a_round_that_was_not_finished_is_the_end(void **state)
{
    (void)state;
    static const char body[500] = "of a round that has no head";
    rfm_error err = {0};
    rfm_rounds rounds;
    rfm_text meta = {0};
    rfm_origin origin = origin_of("8", "a.csv");
    rfm_run *run = open_run("run");
    bool found;
    rfm_rounds_create(run, &origin, &rounds, &err);
    append(&rounds, 0);
    assert_int_equal(pwrite(rounds.file, body, sizeof body, rfm_rounds_body(&rounds)), sizeof body);
    rfm_rounds_close(&rounds);
    const rfm_rounds_place place = place_of_rounds();
    rfm_rounds_open(&place, &origin, &rounds, &err);
    assert_true(rfm_rounds_next(&rounds, &meta, &found, &err) == RFM_OK && found);
    assert_int_equal(rfm_rounds_next(&rounds, &meta, &found, &err), RFM_OK);
    assert_false(found);
    assert_fine(&err);
    rfm_text_free(&meta);
    rfm_rounds_close(&rounds);
    rfm_origin_free(&origin);
    rfm_comm_barrier(comm);
    rfm_run_close(run);
    start_anew();
}

/* Bodies are looked after by whoever wrote them. */
static void a_bit_that_is_changed_never_changes_what_comes_back(void **state)
{
    (void)state;
    char bytes[MOST_BYTES];
    int n_lost = 0;
    write_rounds();
    const size_t n = read_rounds(bytes);
    for (size_t at = 0; at < n; at++) {
        bytes[at] ^= (char)(1 << at % 8);
        write_rounds_back(bytes, n);
        n_lost += count_rounds("8") < N_ROUNDS;
        bytes[at] ^= (char)(1 << at % 8);
    }
    assert_in_range(n_lost, N_ROUNDS * 64, n);
    start_anew();
}

typedef struct found {
    int64_t n_places, n_empty, n_rounds;
} found;

/* By all ranks together. */
static found read_all(void)
{
    rfm_error err = {0};
    rfm_rounds_place *places;
    size_t n;
    rfm_run *run = open_run("run");
    rfm_rounds_list(run, &places, &n, &err);
    assert_fine(&err);
    int64_t sums[] = {(int64_t)n, 0, 0};
    for (size_t i = 0; i < n; i++) {
        const int n_rounds = count_rounds_at(&places[i], "8");
        sums[1] += n_rounds == 0;
        sums[2] += n_rounds;
    }
    rfm_comm_reduce_i64(comm, RFM_SUM, sums, 3);
    rfm_rounds_list_free(&places, &n);
    rfm_run_close(run);
    return (found){sums[0], sums[1], sums[2]};
}

static void touch(const char *name)
{
    const int file = open(in_folder(name), O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_int_equal(write(file, "x", 1), 1);
    close(file);
}

/* The last group need not be full. */
static int64_t count_places(void)
{
    return ((comm->size - 1) / count_regions() + 1) * count_regions();
}

static void every_region_has_one_reader(void **state)
{
    (void)state;
    write_rounds();
    if (is_first()) {
        touch("run/rounds/no-file-of-rounds");
        touch("run/rounds/1-");
        touch("run/rounds/1-0-2-");
        touch("run/rounds/1-0-2-3");
        touch("run/rounds/1-0-99999999999999999999");
        touch("run/rounds/1-0-0");
    }
    rfm_comm_barrier(comm);
    const found all = read_all();
    assert_int_equal(all.n_places, count_places());
    assert_int_equal(all.n_empty, count_places() - comm->size);
    assert_int_equal(all.n_rounds, comm->size * N_ROUNDS);
    start_anew();
}

static void there_are_no_more_files_than_said(void **state)
{
    (void)state;
    struct stat status;
    char name[64];
    int64_t n_files = 0;
    write_rounds();
    for (int group = 0; group < comm->size; group++) {
        name_file(name, sizeof name, group);
        n_files += stat(in_folder(name), &status) == 0;
    }
    assert_in_range(n_files, 1, rfm_rounds_most_files);
    assert_int_equal(n_files, count_places() / count_regions());
    start_anew();
}

static void what_is_damaged_costs_nothing_of_the_neighbours(void **state)
{
    (void)state;
    char bytes[MOST_BYTES];
    for (int damaged = 0; damaged < comm->size; damaged++) {
        write_rounds();
        if (comm->rank == damaged) {
            const size_t n = read_rounds(bytes);
            bytes[3] ^= 1;
            write_rounds_back(bytes, n);
        }
        rfm_comm_barrier(comm);
        assert_int_equal(read_all().n_rounds, (comm->size - 1) * N_ROUNDS);
        start_anew();
    }
}

static void what_was_reserved_and_is_not_needed_is_given_back(void **state)
{
    (void)state;
    struct stat status;
    write_rounds();
    const rfm_rounds_place place = place_of_rounds();
    assert_int_equal(stat(place.path, &status), 0);
    assert_in_range(status.st_blocks * 512, 1, RESERVED_BYTES / 2);
    start_anew();
}

/* Whoever reserves too much is told so, and can go on. */
static void a_region_is_filled_to_its_end_and_no_further(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_rounds rounds;
    rfm_text meta = {0};
    rfm_origin origin = origin_of("8", "a.csv");
    rfm_run *run = open_run("run");
    rfm_rounds_create(run, &origin, &rounds, &err);
    assert_fine(&err);
    append(&rounds, 0);
    if (count_regions() > 1) {
        rfm_rounds_reserve(&rounds, (size_t)rfm_rounds_region_bytes, 0, &err);
        assert_failed(&err, RFM_IO, "no room for");
        rfm_text_adds(&meta, "meta of 1");
        rfm_rounds_append(&rounds, rounds.limit - (int64_t)meta.length + 1, &meta, &err);
        assert_failed(&err, RFM_IO, "no room for");
        rfm_rounds_append(&rounds, rounds.limit - (int64_t)meta.length, &meta, &err);
        assert_fine(&err);
        assert_int_equal(rounds.end, rounds.limit);
    } else {
        append(&rounds, 1);
    }
    rfm_rounds_close(&rounds);
    rfm_comm_barrier(comm);
    assert_int_equal(count_rounds("8"), 2);
    rfm_text_free(&meta);
    rfm_origin_free(&origin);
    rfm_run_close(run);
    start_anew();
}

/* Whoever is told so beforehand still has all that the round was to hold. */
static void more_meta_than_can_be_read_is_not_written(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_rounds rounds;
    rfm_origin origin = origin_of("8", "a.csv");
    rfm_run *run = open_run("run");
    const rfm_text meta = {.length = ((size_t)1 << 30) + 1}; /* which nobody looks at */
    rfm_rounds_create(run, &origin, &rounds, &err);
    append(&rounds, 0);
    rfm_rounds_reserve(&rounds, 0, meta.length, &err);
    assert_failed(&err, RFM_IO, "a round can have 1073741824");
    rfm_rounds_append(&rounds, rfm_rounds_body(&rounds), &meta, &err);
    assert_failed(&err, RFM_IO, "a round can have 1073741824");
    append(&rounds, 1);
    rfm_rounds_close(&rounds);
    rfm_comm_barrier(comm);
    assert_int_equal(count_rounds("8"), 2);
    rfm_origin_free(&origin);
    rfm_run_close(run);
    start_anew();
}

static void what_is_there_is_not_written_again(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_rounds rounds, again;
    rfm_origin origin = origin_of("8", "a.csv");
    rfm_run *run = open_run("run");
    rfm_rounds_create(run, &origin, &rounds, &err);
    append(&rounds, 0);
    rfm_rounds_create(run, &origin, &again, &err);
    assert_failed(&err, RFM_IO, "File exists");
    rfm_rounds_close(&rounds);
    assert_int_equal(count_rounds("8"), 1);
    rfm_origin_free(&origin);
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
        cmocka_unit_test(a_round_that_was_not_finished_is_the_end),
        cmocka_unit_test(a_bit_that_is_changed_never_changes_what_comes_back),
        cmocka_unit_test(every_region_has_one_reader),
        cmocka_unit_test(there_are_no_more_files_than_said),
        cmocka_unit_test(what_is_damaged_costs_nothing_of_the_neighbours),
        cmocka_unit_test(what_was_reserved_and_is_not_needed_is_given_back),
        cmocka_unit_test(a_region_is_filled_to_its_end_and_no_further),
        cmocka_unit_test(more_meta_than_can_be_read_is_not_written),
        cmocka_unit_test(what_is_there_is_not_written_again),
        cmocka_unit_test(a_checkpoint_of_another_origin_is_refused_or_goes),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
