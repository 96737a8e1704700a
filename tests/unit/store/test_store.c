/* The run directory: whose it is, what is in it and from what. */
#include "products.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "ranks.h"

static bool find(rfm_run *run, const char *product, const char *k, bool force, rfm_error *err)
{
    bool present = false;
    rfm_origin origin = origin_of(k, "a.csv");
    rfm_run_find(run, product, &origin, force, &present, err);
    rfm_origin_free(&origin);
    return present;
}

static void assert_content(rfm_run *run, const char *product, const char *content)
{
    char *text = read_text(rfm_run_path(run, product), NULL);
    assert_string_equal(text, content);
    free(text);
    rfm_comm_barrier(comm);
}

static void assert_mode(const char *path, unsigned mode)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, mode);
}

/* ---- whose it is ----------------------------------------------------------------------------- */

static void a_new_directory_is_made_with_its_parents_and_private(void **state)
{
    (void)state;
    rfm_run *run = open_run("new/deep/run/");
    assert_string_equal(rfm_run_dir(run), in_folder("new/deep/run"));
    assert_mode(in_folder("new"), 0700);
    assert_mode(in_folder("new/deep/run"), 0700);
    assert_mode(in_folder("new/deep/run/run.json"), 0600);
    put(run, "segments.csv", "a,b\n", "8");
    assert_mode(rfm_run_path(run, "segments.csv"), 0600);
    rfm_run_close(run);
}

static void a_foreign_directory_is_refused_and_left_alone(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_run *run = NULL;
    if (is_first()) {
        mkdir(in_folder("foreign"), 0755);
        write_text(in_folder("foreign/thesis.tex"), "years of work");
    }
    rfm_run_open(comm, in_folder("foreign"), &run, &err);
    assert_null(run);
    assert_failed(&err, RFM_USAGE, "not empty and not of a run");
    assert_false(is_there(in_folder("foreign/lock")));
    assert_true(is_there(in_folder("foreign/thesis.tex")));
    if (is_first())
        write_text(in_folder("file"), "");
    rfm_run_open(comm, in_folder("file"), &run, &err);
    assert_null(run);
    assert_failed(&err, RFM_IO, "/file");
}

static void a_forbidden_directory_is_denied(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_run *run = NULL;
    uid_t user = geteuid();
    if (is_first())
        mkdir(in_folder("closed"), 0500);
    chmod(folder, 0755);
    rfm_comm_barrier(comm);
    /* Root may write anywhere: try as somebody else. */
    if (user == 0)
        assert_int_equal(seteuid(65534), 0);
    rfm_run_open(comm, in_folder("closed/run"), &run, &err);
    if (user == 0)
        assert_int_equal(seteuid(0), 0);
    assert_null(run);
    assert_failed(&err, RFM_DENIED, "cannot make the directory");
}

/* A process that holds the lock of a run, until it is ended. */
static pid_t hold_lock(const char *path, short type)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
        int fd = open(path, O_RDWR | O_CREAT, 0600);
        ssize_t sent = fcntl(fd, F_SETLK, &lock) == 0 ? write(ready[1], "x", 1) : 0;
        close(ready[1]);
        while (sent == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void a_second_start_waits_and_names_the_holder(void **state)
{
    (void)state;
    rfm_error err = {0};
    char process[64] = "";
    pid_t holder = 0;
    rfm_run_close(open_run("held"));
    rfm_comm_barrier(comm);
    /* The ranks of a killed run hold it shared. */
    if (is_first()) {
        holder = hold_lock(in_folder("held/lock"), F_RDLCK);
        snprintf(process, sizeof process, "process %d; started as process ", (int)holder);
    }
    rfm_comm_bcast(comm, 0, process, sizeof process);
    rfm_run *run = NULL;
    double start = rfm_clock_s();
    rfm_run_open_within(comm, in_folder("held"), 0.3, &run, &err);
    assert_null(run);
    assert_true(rfm_clock_s() - start >= 0.29);
    assert_failed(&err, RFM_USAGE, process);
    /* A killed holder blocks nobody. */
    if (is_first()) {
        kill(holder, SIGKILL);
        waitpid(holder, NULL, 0);
    }
    run = open_run("held");
    assert_int_equal(run->attempt, 2);
    rfm_run_close(run);
}

static void every_rank_holds_the_lock_while_it_can_write(void **state)
{
    (void)state;
    rfm_run *run = open_run("shared");
    /* A lock of one's own does not show: a child asks, and each rank lets go in turn. */
    for (int rank = 0; rank < rfm_comm_size(comm); rank++) {
        rfm_comm_barrier(comm);
        if (is_first()) {
            pid_t child = fork();
            if (child == 0) {
                struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
                int fd = open(in_folder("shared/lock"), O_RDWR);
                const bool held = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_RDLCK;
                /* By a signal: a memory checker has the last word in an exit code. */
                kill(getpid(), held ? SIGTERM : SIGKILL);
                _exit(1);
            }
            int result = -1;
            waitpid(child, &result, 0);
            assert_true(WIFSIGNALED(result));
            assert_int_equal(WTERMSIG(result), SIGTERM);
        }
        rfm_comm_barrier(comm);
        if (rank == rfm_comm_rank(comm))
            rfm_run_close(run);
    }
}

/* ---- what is in it --------------------------------------------------------------------------- */

static void a_product_is_found_by_its_origin(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_run *run = open_run("products");
    assert_false(find(run, "model.h5", "8", false, &err));
    put(run, "model.h5", "eight", "8");
    assert_true(find(run, "model.h5", "8", false, &err));
    rfm_run_close(run);
    run = open_run("products");
    assert_true(find(run, "model.h5", "8", false, &err));
    assert_content(run, "model.h5", "eight");
    assert_fine(&err);
    assert_false(find(run, "model.h5", "9", false, &err));
    assert_failed(&err, RFM_USAGE, "/products/model.h5: cluster.k was 8, now 9: use another output.dir or --force");
    assert_false(find(run, "model.h5", "9", true, &err));
    assert_fine(&err);
    put(run, "model.h5", "nine", "9");
    assert_true(find(run, "model.h5", "9", false, &err));
    assert_content(run, "model.h5", "nine");
    rfm_run_close(run);
}

static void the_first_key_that_differs_is_named(void **state)
{
    (void)state;
    rfm_error err = {0};
    bool present = true;
    rfm_run *run = open_run("keys");
    put(run, "x", "x", "8");
    rfm_origin origin = origin_of("9", "b.csv");
    rfm_run_find(run, "x", &origin, false, &present, &err);
    assert_false(present);
    assert_failed(&err, RFM_USAGE, "input.files was a.csv, now b.csv");
    rfm_origin_free(&origin);
    origin = origin_of("8", "a.csv");
    rfm_origin_add(&origin, "cluster.seed", "1", &err);
    rfm_run_find(run, "x", &origin, false, &present, &err);
    assert_failed(&err, RFM_USAGE, "cluster.seed was not set, now 1");
    rfm_origin_free(&origin);
    rfm_origin_add(&origin, "input.files", "a.csv", &err);
    rfm_run_find(run, "x", &origin, false, &present, &err);
    assert_failed(&err, RFM_USAGE, "cluster.k was 8, now not set");
    rfm_origin_free(&origin);
    rfm_run_close(run);
}

static void a_path_that_is_not_utf8_is_an_origin_like_any_other(void **state)
{
    (void)state;
    rfm_error err = {0};
    bool present = false;
    rfm_run *run = open_run("latin");
    rfm_text bytes = {0};
    rfm_text_adds(&bytes, "x");
    rfm_origin origin = origin_of("8", "caf\xe9.csv");
    rfm_run_put(run, "x", &origin, &bytes, &err);
    rfm_run_find(run, "x", &origin, false, &present, &err);
    assert_fine(&err);
    assert_true(present);
    rfm_text_free(&bytes);
    rfm_origin_free(&origin);
    rfm_run_close(run);
}

static void a_noted_product_whose_file_is_gone_is_absent(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_run *run = open_run("gone");
    put(run, "x", "x", "8");
    rfm_comm_barrier(comm);
    if (is_first())
        unlink(rfm_run_path(run, "x"));
    assert_false(find(run, "x", "8", false, &err));
    /* And one that nobody noted. */
    if (is_first())
        write_text(rfm_run_path(run, "y"), "half");
    assert_false(find(run, "y", "8", false, &err));
    assert_fine(&err);
    rfm_run_close(run);
}

static void make_directory(rfm_run *run, const char *product, const char *content)
{
    char path[900];
    if (is_first()) {
        assert_int_equal(mkdir(rfm_run_temporary(run, product), 0755), 0);
        snprintf(path, sizeof path, "%s/part", rfm_run_temporary(run, product));
        write_text(path, content);
    }
}

static void directories_are_replaced_and_dropped_whole(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_run *run = open_run("directories");
    rfm_origin origin = origin_of("8", "a.csv");
    for (int round = 0; round < 3; round++) {
        char content[16];
        snprintf(content, sizeof content, "v%d", round);
        make_directory(run, "customers", content);
        rfm_run_publish(run, "customers", &origin, &err);
        assert_fine(&err);
        assert_content(run, "customers/part", content);
        assert_false(is_there(rfm_run_temporary(run, "customers")));
    }
    assert_mode(rfm_run_path(run, "customers"), 0700);
    assert_mode(rfm_run_path(run, "customers/part"), 0600);
    rfm_comm_barrier(comm); /* all have looked */
    rfm_run_drop(run, "customers", &err);
    assert_fine(&err);
    assert_false(is_there(rfm_run_path(run, "customers")));
    assert_false(find(run, "customers", "8", false, &err));
    rfm_run_drop(run, "customers", &err);
    assert_fine(&err);
    rfm_origin_free(&origin);
    rfm_run_close(run);
}

static void what_earlier_attempts_left_is_swept_and_no_more(void **state)
{
    (void)state;
    static const char *const ours[] = {".model.h5.1.tmp", ".run.json.12.tmp", ".a.dropped.3.tmp",
                                       ".state.h5.2.tmp-1-30624.lock", ".state.h5.2.tmp.locktest.0"};
    static const char *const theirs[] = {".profile",    ".x.tmp",     ".x.y.tmp",        "model.h5.1.tmp", ".1.tmp",
                                         ".bak.2.tmp~", ".x.1.tmp-1", ".x.tmp-1-2.lock", ".locktest.0"};
    rfm_run *run = open_run("sweep");
    put(run, "customers", "new", "8");
    rfm_run_close(run);
    rfm_comm_barrier(comm);
    char path[64];
    for (size_t i = 0; is_first() && i < sizeof ours / sizeof *ours; i++) {
        snprintf(path, sizeof path, "sweep/%s", ours[i]);
        write_text(in_folder(path), "");
    }
    for (size_t i = 0; is_first() && i < sizeof theirs / sizeof *theirs; i++) {
        snprintf(path, sizeof path, "sweep/%s", theirs[i]);
        write_text(in_folder(path), "");
    }
    if (is_first()) {
        mkdir(in_folder("sweep/.rejects.1.tmp"), 0700);
        write_text(in_folder("sweep/.rejects.1.tmp/rejects.csv"), "");
        write_text(in_folder("sweep/.customers.1.old"), "old");
        write_text(in_folder("sweep/.rejects.1.old"), "put back");
    }
    run = open_run("sweep");
    assert_false(is_there(in_folder("sweep/.rejects.1.tmp")));
    assert_false(is_there(in_folder("sweep/.customers.1.old")));
    assert_content(run, "customers", "new");
    assert_content(run, "rejects", "put back");
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        snprintf(path, sizeof path, "sweep/%s", ours[i]);
        assert_false(is_there(in_folder(path)));
    }
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        snprintf(path, sizeof path, "sweep/%s", theirs[i]);
        assert_true(is_there(in_folder(path)));
    }
    rfm_run_close(run);
}

static void what_an_attempt_did_not_publish_goes_at_close(void **state)
{
    (void)state;
    rfm_run *run = open_run("unpublished");
    make_directory(run, "customers", "half");
    assert_true(is_there(in_folder("unpublished/.customers.1.tmp")));
    rfm_run_close(run);
    assert_false(is_there(in_folder("unpublished/.customers.1.tmp")));
}

/* ---- failures -------------------------------------------------------------------------------- */

/* Everything a batch asks of a run. */
static rfm_status use_run(const char *name, rfm_error *err)
{
    bool present = false;
    rfm_run *run = NULL;
    rfm_text bytes = {0};
    rfm_origin origin = origin_of("8", "a.csv");
    rfm_text_adds(&bytes, "x");
    if (rfm_run_open(comm, in_folder(name), &run, err) || rfm_run_find(run, "x", &origin, true, &present, err) ||
        rfm_run_put(run, "x", &origin, &bytes, err))
        goto done;
    make_directory(run, "customers", "rows");
    if (!rfm_run_publish(run, "customers", &origin, err) && !rfm_run_drop(run, "x", err))
        rfm_report_save(run, err);
done:
    rfm_run_close(run);
    rfm_text_free(&bytes);
    rfm_origin_free(&origin);
    return err->status;
}

/* Every agreement fails once, on the first and on the last rank: all ranks return it, nothing hangs, and the next start
 * goes on. */
static void a_failure_injected_anywhere_reaches_all_ranks(void **state)
{
    (void)state;
    bool whole = false;
    rfm_comm_stage(comm, "use");
    for (int64_t n = 1; !whole; n++) {
        rfm_error err = {0};
        comm->fault = (rfm_fault){.stage = "use", .rank = n % 2 ? rfm_comm_size(comm) - 1 : 0, .n = n};
        comm->n_agreed = 0;
        use_run("fault", &err);
        comm->fault.n = 0;
        whole = !err.status;
        assert_true(n > 6 || !whole);
        if (!whole)
            assert_failed(&err, RFM_INTERNAL, "failure injected");
    }
    assert_false(is_there(in_folder("fault/x")));
    assert_true(is_there(in_folder("fault/customers/part")));
}

static void at_most_so_many_ranks_hold_the_lock(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 1024, 1025, 2048, 65521, 131072};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int n_holders = 0;
        for (int rank = 0; rank < sizes[i]; rank++)
            n_holders += rfm_run_holds_lock(rank, sizes[i]);
        assert_true(rfm_run_holds_lock(0, sizes[i]));
        assert_true(sizes[i] > RFM_RUN_LOCKS_MOST || n_holders == sizes[i]);
        assert_in_range(n_holders, sizes[i] < 512 ? sizes[i] : 512, RFM_RUN_LOCKS_MOST);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_directory_is_made_with_its_parents_and_private),
        cmocka_unit_test(a_foreign_directory_is_refused_and_left_alone),
        cmocka_unit_test(a_forbidden_directory_is_denied),
        cmocka_unit_test(a_second_start_waits_and_names_the_holder),
        cmocka_unit_test(every_rank_holds_the_lock_while_it_can_write),
        cmocka_unit_test(a_product_is_found_by_its_origin),
        cmocka_unit_test(the_first_key_that_differs_is_named),
        cmocka_unit_test(a_path_that_is_not_utf8_is_an_origin_like_any_other),
        cmocka_unit_test(a_noted_product_whose_file_is_gone_is_absent),
        cmocka_unit_test(directories_are_replaced_and_dropped_whole),
        cmocka_unit_test(at_most_so_many_ranks_hold_the_lock),
        cmocka_unit_test(what_earlier_attempts_left_is_swept_and_no_more),
        cmocka_unit_test(what_an_attempt_did_not_publish_goes_at_close),
        cmocka_unit_test(a_failure_injected_anywhere_reaches_all_ranks),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
