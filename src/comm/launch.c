/* launch: what the environment says of how this process was started. Knows nothing of MPI itself.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ranks.h"

/* Addresses that Open MPI 4.1 reserves until its ranks have met, as VmPeak of 2, 4 and 16 ranks tells: most are stacks
 * and heaps of its threads. */
enum { MPI_MIB = 208, MPI_MIB_A_RANK = 4 };

enum { LATER_S = 4 }; /* a launcher takes two seconds to end the others */

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

static int number_of(const char *name, int otherwise)
{
    const char *value = getenv(name);
    if (value == NULL || value[0] < '0' || value[0] > '9')
        return otherwise;
    long number = strtol(value, NULL, 10);
    return number > INT32_MAX ? otherwise : (int)number;
}

/* A batch script of Slurm has a task number too, but is no step: what it starts plainly is alone on
 * purpose. */
static bool in_slurm_step(void)
{
    const char *environment = getenv("ENVIRONMENT");
    bool batch = environment != NULL && strcmp(environment, "BATCH") == 0;
    return is_set("SLURM_STEP_ID") || is_set("SLURM_STEPID") || (is_set("SLURM_PROCID") && !batch);
}

bool rfm_launch_managed(void)
{
    return is_set("OMPI_COMM_WORLD_SIZE") || is_set("PMIX_RANK") || is_set("PMIX_NAMESPACE") || is_set("PMI_FD");
}

/* Open MPI gives all that start so the same session directory, and the first to end removes it under the others, whose
 * MPI_Init or MPI_File_open then fails. A single rank shares nothing and needs none, nor the file pointers in it. */
void rfm_launch_stand_alone(void)
{
    setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
    setenv("OMPI_MCA_orte_create_session_dirs", "0", 0);
    setenv("OMPI_MCA_sharedfp", "^sm", 0);
    unsetenv("SLURM_STEPID");
    unsetenv("SLURM_STEP_ID");
    unsetenv("SLURM_PROCID");
}

bool rfm_launch_on_one_node(void)
{
    if (!rfm_launch_managed())
        return true;
    if (is_set("OMPI_COMM_WORLD_LOCAL_SIZE"))
        return number_of("OMPI_COMM_WORLD_LOCAL_SIZE", 0) == number_of("OMPI_COMM_WORLD_SIZE", -1);
    return number_of("SLURM_STEP_NUM_NODES", 0) == 1;
}

/* Open MPI looks for every network it knows before it finds that memory will do: 0.2 s of a start. What the user or
 * mpirun --mca has said already holds. */
void rfm_launch_without_network(void)
{
    setenv("OMPI_MCA_pml", "ob1", 0);
    setenv("OMPI_MCA_btl", "self,vader,tcp", 0);
}

rfm_status rfm_launch_check_room(rfm_error *err)
{
    int n_tasks, task;
    const size_t n_mib = MPI_MIB + MPI_MIB_A_RANK * (size_t)number_of("OMPI_COMM_WORLD_LOCAL_SIZE", 1);
    struct rlimit most;
    if (!rfm_launch_managed() || getrlimit(RLIMIT_AS, &most) != 0 || most.rlim_cur == RLIM_INFINITY)
        return RFM_OK;
    void *room = mmap(NULL, n_mib << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room != MAP_FAILED) {
        munmap(room, n_mib << 20);
        return RFM_OK;
    }
    rfm_launch_announced(&n_tasks, &task);
    if (task > 0)
        sleep(LATER_S); /* of many with that limit one message is enough */
    return rfm_fail(err, RFM_NO_MEMORY,
                    "rank %d: the limit of addresses (ulimit -v) leaves less than the %zu MiB that MPI takes to start: "
                    "raise it",
                    task, n_mib);
}

void rfm_launch_announced(int *n_tasks, int *task)
{
    *n_tasks = 1;
    *task = 0;
    if (is_set("OMPI_COMM_WORLD_SIZE")) {
        *n_tasks = number_of("OMPI_COMM_WORLD_SIZE", 1);
        *task = number_of("OMPI_COMM_WORLD_RANK", 0);
    } else if (in_slurm_step()) {
        /* SLURM_NTASKS speaks of the job, SLURM_STEP_NUM_TASKS of the step; srun sets both to what
         * it starts. */
        *n_tasks = number_of("SLURM_STEP_NUM_TASKS", number_of("SLURM_NTASKS", 1));
        *task = number_of("SLURM_PROCID", 0);
    } else if (is_set("PMI_SIZE")) {
        *n_tasks = number_of("PMI_SIZE", 1); /* the mpirun of another MPI library */
        *task = number_of("PMI_RANK", 0);
    }
}
