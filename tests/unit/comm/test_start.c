/* What the environment means at the start: RFMPI_FAULT, plain starts, and Slurm without pmix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ranks.h"

static const char *const launcher_variables[] = {"OMPI_COMM_WORLD_SIZE",
                                                 "OMPI_COMM_WORLD_RANK",
                                                 "OMPI_COMM_WORLD_LOCAL_SIZE",
                                                 "SLURM_STEP_NUM_NODES",
                                                 "OMPI_MCA_pml",
                                                 "OMPI_MCA_btl",
                                                 "PMIX_RANK",
                                                 "PMIX_NAMESPACE",
                                                 "SLURM_STEP_ID",
                                                 "SLURM_STEPID",
                                                 "SLURM_PROCID",
                                                 "SLURM_NTASKS",
                                                 "SLURM_STEP_NUM_TASKS",
                                                 "ENVIRONMENT",
                                                 "RFMPI_FAULT",
                                                 "PMI_SIZE",
                                                 "PMI_RANK"};

static int forget_launcher(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof launcher_variables / sizeof *launcher_variables; i++)
        unsetenv(launcher_variables[i]);
    return 0;
}

static void faults_are_read_in_both_forms(void **state)
{
    (void)state;
    rfm_fault fault;
    rfm_error err = {0};
    assert_int_equal(rfm_fault_parse("ingest:3", &fault, &err), RFM_OK);
    assert_string_equal(fault.stage, "ingest");
    assert_int_equal(fault.rank, 3);
    assert_int_equal(fault.n, 1);
    assert_int_equal(rfm_fault_parse("k-means:0:12", &fault, &err), RFM_OK);
    assert_string_equal(fault.stage, "k-means");
    assert_int_equal(fault.rank, 0);
    assert_int_equal(fault.n, 12);
    assert_int_equal(rfm_fault_parse(NULL, &fault, &err), RFM_OK);
    assert_int_equal(fault.n, 0);
    assert_int_equal(rfm_fault_parse("", &fault, &err), RFM_OK);
    assert_int_equal(fault.n, 0);
}

static void malformed_faults_are_refused(void **state)
{
    (void)state;
    const char *bad[] = {
        "ingest",  ":",         ":1",        "ingest:",     "ingest:x",           "ingest:-1",         "ingest:1:0",
        "a:1:2:3", "ingest:1:", "ingest: 1", "ingest:1:-2", "ingest:99999999999", "ingest:3000000000", "ingest:1:x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rfm_fault fault;
        rfm_error err = {0};
        assert_int_equal(rfm_fault_parse(bad[i], &fault, &err), RFM_USAGE);
        assert_non_null(strstr(err.message, bad[i]));
        assert_int_equal(fault.n, 0);
    }
}

static void a_step_of_slurm_manages_a_start_only_with_pmix(void **state)
{
    (void)state;
    assert_false(rfm_launch_managed());
    setenv("SLURM_NTASKS", "8", 1);
    setenv("SLURM_PROCID", "0", 1);
    setenv("ENVIRONMENT", "BATCH", 1);
    assert_false(rfm_launch_managed());
    setenv("SLURM_STEP_ID", "0", 1);
    assert_false(rfm_launch_managed());
    setenv("PMIX_RANK", "0", 1);
    assert_true(rfm_launch_managed());
}

static void tasks_are_announced_by_a_step_but_not_by_a_batch_script(void **state)
{
    (void)state;
    int n_tasks, task;
    setenv("SLURM_NTASKS", "4", 1);
    setenv("SLURM_PROCID", "2", 1);
    rfm_launch_announced(&n_tasks, &task);
    assert_int_equal(n_tasks, 4);
    assert_int_equal(task, 2);
    setenv("ENVIRONMENT", "BATCH", 1);
    rfm_launch_announced(&n_tasks, &task);
    assert_int_equal(n_tasks, 1);
    assert_int_equal(task, 0);
    setenv("SLURM_STEP_ID", "7", 1);
    setenv("SLURM_STEP_NUM_TASKS", "1", 1);
    rfm_launch_announced(&n_tasks, &task);
    assert_int_equal(n_tasks, 1);
    setenv("SLURM_STEP_NUM_TASKS", "3", 1);
    rfm_launch_announced(&n_tasks, &task);
    assert_int_equal(n_tasks, 3);
    setenv("OMPI_COMM_WORLD_SIZE", "1", 1);
    rfm_launch_announced(&n_tasks, &task);
    assert_int_equal(n_tasks, 1);
}

/* MPI starts once in a process, so each start has its own. Its exit code: what open returned, or 1
 * + what was wrong. */
static int start_in_child(int rank_expected)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        rfm_comm *comm = NULL;
        rfm_error err = {0};
        rfm_status status = rfm_comm_open(NULL, NULL, &comm, &err);
        bool right = comm != NULL && rfm_comm_rank(comm) == rank_expected && status == err.status;
        rfm_comm_close(comm);
        _exit(right ? (int)status : 1);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    return WEXITSTATUS(result);
}

static void a_plain_start_is_one_rank(void **state)
{
    (void)state;
    assert_int_equal(start_in_child(0), RFM_OK);
}

static void a_fault_that_cannot_strike_is_refused_at_the_start(void **state)
{
    (void)state;
    setenv("RFMPI_FAULT", "ingest:one", 1);
    assert_int_equal(start_in_child(0), RFM_USAGE);
    setenv("RFMPI_FAULT", "ingest:1", 1);
    assert_int_equal(start_in_child(0), RFM_USAGE);
    setenv("RFMPI_FAULT", "open:0", 1);
    assert_int_equal(start_in_child(0), RFM_INTERNAL);
    setenv("RFMPI_FAULT", "ingest:0", 1);
    assert_int_equal(start_in_child(0), RFM_OK);
}

static void ranks_of_one_node_need_no_network(void **state)
{
    (void)state;
    assert_true(rfm_launch_on_one_node());
    setenv("OMPI_COMM_WORLD_SIZE", "4", 1);
    assert_false(rfm_launch_on_one_node());
    setenv("OMPI_COMM_WORLD_LOCAL_SIZE", "2", 1);
    assert_false(rfm_launch_on_one_node());
    setenv("OMPI_COMM_WORLD_LOCAL_SIZE", "4", 1);
    assert_true(rfm_launch_on_one_node());
    forget_launcher(NULL);
    setenv("PMIX_RANK", "0", 1);
    setenv("SLURM_STEP_NUM_NODES", "2", 1);
    assert_false(rfm_launch_on_one_node());
    setenv("SLURM_STEP_NUM_NODES", "1", 1);
    assert_true(rfm_launch_on_one_node());
}

static void what_the_user_says_of_the_network_holds(void **state)
{
    (void)state;
    setenv("OMPI_MCA_pml", "ucx", 1);
    rfm_launch_without_network();
    assert_string_equal(getenv("OMPI_MCA_pml"), "ucx");
    unsetenv("OMPI_MCA_pml");
    rfm_launch_without_network();
    assert_string_equal(getenv("OMPI_MCA_pml"), "ob1");
}

static void several_tasks_that_are_each_alone_are_refused(void **state)
{
    (void)state;
    setenv("SLURM_NTASKS", "2", 1);
    setenv("SLURM_PROCID", "1", 1);
    setenv("SLURM_STEP_ID", "0", 1);
    assert_int_equal(start_in_child(1), RFM_USAGE);
    setenv("SLURM_NTASKS", "1", 1);
    setenv("SLURM_PROCID", "0", 1);
    assert_int_equal(start_in_child(0), RFM_OK);
    forget_launcher(NULL);
    setenv("PMI_SIZE", "2", 1);
    setenv("PMI_RANK", "0", 1);
    assert_int_equal(start_in_child(0), RFM_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(faults_are_read_in_both_forms, forget_launcher),
        cmocka_unit_test_setup(malformed_faults_are_refused, forget_launcher),
        cmocka_unit_test_setup(a_step_of_slurm_manages_a_start_only_with_pmix, forget_launcher),
        cmocka_unit_test_setup(tasks_are_announced_by_a_step_but_not_by_a_batch_script, forget_launcher),
        cmocka_unit_test_setup(a_plain_start_is_one_rank, forget_launcher),
        cmocka_unit_test_setup(a_fault_that_cannot_strike_is_refused_at_the_start, forget_launcher),
        cmocka_unit_test_setup(ranks_of_one_node_need_no_network, forget_launcher),
        cmocka_unit_test_setup(what_the_user_says_of_the_network_holds, forget_launcher),
        cmocka_unit_test_setup(several_tasks_that_are_each_alone_are_refused, forget_launcher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
