/* A process killed between any two steps of a publish or a drop leaves the old product or the new one, never a half;
 * what run.json says of it is true; and nothing of the attempt stays behind after the next open.
 *
 * The test itself knows no MPI: it starts one process a kill. Each first checks what the one before it left.
 */
#include "files.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

struct scenario {
    const char *product;
    bool directory, drop, same_origin;
};

static const struct scenario *scenario;
static int steps_left;

static void count_down(void *context)
{
    (void)context;
    if (--steps_left == 0)
        kill(getpid(), SIGKILL);
}

#define REQUIRE(condition)                                                                                             \
    do                                                                                                                 \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s, line %d: %s\n", scenario->product, __LINE__, #condition);                             \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    while (0)

static rfm_origin origin_of(const char *version)
{
    rfm_error err = {0};
    rfm_origin origin = {0};
    REQUIRE(rfm_origin_add(&origin, "version", scenario->same_origin ? "any" : version, &err) == RFM_OK);
    return origin;
}

static const char *file_of(const char *path)
{
    static char file[900];
    snprintf(file, sizeof file, scenario->directory ? "%s/part" : "%s", path);
    return file;
}

static void publish(rfm_run *run, const char *version)
{
    rfm_error err = {0};
    rfm_origin origin = origin_of(version);
    const char *temporary = rfm_run_temporary(run, scenario->product);
    REQUIRE(!scenario->directory || mkdir(temporary, 0700) == 0);
    write_text(file_of(temporary), version);
    rfm_run_publish(run, scenario->product, &origin, &err);
    REQUIRE(err.status == RFM_OK);
    rfm_origin_free(&origin);
}

static bool is_present(rfm_run *run, const char *version)
{
    rfm_error err = {0};
    bool present = false;
    rfm_origin origin = origin_of(version);
    REQUIRE(rfm_run_find(run, scenario->product, &origin, true, &present, &err) == RFM_OK);
    rfm_origin_free(&origin);
    return present;
}

static void check_left(rfm_run *run)
{
    char *content = read_text(file_of(rfm_run_path(run, scenario->product)), NULL);
    bool old = strcmp(content, "old") == 0, new = strcmp(content, "new") == 0;
    REQUIRE(old || new || (scenario->drop && content[0] == '\0'));
    REQUIRE(!is_present(run, "old") || old || (scenario->same_origin && new));
    REQUIRE(!is_present(run, "new") || new || (scenario->same_origin && old));
    free(content);
    DIR *list = opendir(rfm_run_dir(run));
    REQUIRE(list);
    for (const struct dirent *entry; (entry = readdir(list));)
        REQUIRE(entry->d_name[0] != '.' || strspn(entry->d_name, ".") == strlen(entry->d_name));
    closedir(list);
}

/* Check what was left, make the old product, then replace or drop it until the step-th step. */
static void live_and_die(int step)
{
    rfm_error err = {0};
    rfm_run *run = NULL;
    int argc = 0;
    char **argv = NULL;
    REQUIRE(rfm_comm_open(&argc, &argv, &comm, &err) == RFM_OK);
    REQUIRE(rfm_run_open_within(comm, in_folder(scenario->product), 5, &run, &err) == RFM_OK);
    if (step > 1)
        check_left(run);
    publish(run, "old");
    REQUIRE(is_present(run, "old"));
    steps_left = step;
    run->step = count_down;
    if (scenario->drop)
        REQUIRE(rfm_run_drop(run, scenario->product, &err) == RFM_OK);
    else
        publish(run, "new");
    run->step = NULL;
    if (scenario->drop)
        REQUIRE(access(rfm_run_path(run, scenario->product), F_OK) != 0);
    else
        check_left(run);
    rfm_run_close(run);
    rfm_comm_close(comm);
    _exit(0);
}

/* 0: lived to the end. */
static int run_process(int step)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        live_and_die(step);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
                (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return WIFSIGNALED(status);
}

static void a_kill_between_any_two_steps_leaves_old_or_new(void **state)
{
    (void)state;
    static const struct scenario scenarios[] = {
        {.product = "file"},
        {.product = "directory", .directory = true},
        {.product = "checkpoint", .same_origin = true},
        {.product = "refreshed", .directory = true, .same_origin = true},
        {.product = "dropped", .directory = true, .drop = true},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        int step = 1;
        scenario = &scenarios[i];
        while (run_process(step))
            step++;
        print_message("%s: %d kills\n", scenario->product, step - 1);
        assert_true(step > 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_kill_between_any_two_steps_leaves_old_or_new)};
    if (!make_folder())
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder();
    return failed != 0;
}
