/* session: see session.h. */
#include "session.h"

#include <errno.h>

rfm_comm *comm;
char folder[512];

bool make_folder(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/rfmpi-test-XXXXXX", base && base[0] ? base : P_tmpdir);
    if (!mkdtemp(folder))
        folder[0] = '\0';
    return folder[0];
}

void remove_folder(void)
{
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (folder[0] && system(command) != 0)
        fprintf(stderr, "%s is left behind\n", folder);
}

const char *in_folder(const char *name)
{
    static char paths[4][700];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, name);
    return paths[turn];
}

int run_session(int argc, char **argv, const struct CMUnitTest *tests, size_t n)
{
    rfm_error err = {0};
    if (rfm_comm_open(&argc, &argv, &comm, &err) != RFM_OK) {
        fprintf(stderr, "%s\n", err.message);
        rfm_comm_close(comm);
        return 1;
    }
    bool first = rfm_comm_rank(comm) == 0;
    if (first)
        make_folder();
    rfm_comm_bcast(comm, 0, folder, sizeof folder);
    int64_t failed = folder[0] ? _cmocka_run_group_tests(program_invocation_short_name, tests, n, NULL, NULL) : 1;
    rfm_comm_reduce_i64(comm, RFM_MAX, &failed, 1);
    if (first)
        remove_folder();
    rfm_comm_close(comm);
    return failed != 0;
}

void fail_unless_fine(const rfm_error *err, const char *file, int line)
{
    if (err->status)
        print_error("%s\n", err->message);
    _assert_true(err->status == RFM_OK, "without an error", file, line);
}

void fail_unless_failed(rfm_error *err, rfm_status status, const char *words, const char *file, int line)
{
    bool as_said = err->status == status && strstr(err->message, words);
    if (!as_said)
        print_error("status %d, not %d, or no \"%s\" in: %s\n", err->status, status, words, err->message);
    _assert_true(as_said, "failed as said", file, line);
    *err = (rfm_error){0};
}

int set_up_folder(void **state)
{
    (void)state;
    return make_folder() ? 0 : -1;
}

int tear_down_folder(void **state)
{
    (void)state;
    remove_folder();
    return 0;
}
