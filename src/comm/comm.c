/* comm: opening and closing, stages, and the agreement. Knows the ranks only through ranks.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ranks.h"

static rfm_status check_announced(rfm_comm *comm, int n_tasks, int task, rfm_error *err)
{
    if (comm->size > 1 || n_tasks <= 1)
        return RFM_OK;
    rfm_fail(err, RFM_USAGE,
             "the launcher announces %d tasks but each is alone: start with srun --mpi=pmix, or with "
             "the mpirun of the MPI this was built with",
             n_tasks);
    /* Nothing but rank() and close() is left to be called: let one of the copies speak for all. */
    comm->rank = task;
    return err->status;
}

static rfm_status read_fault(rfm_comm *comm, rfm_error *err)
{
    if (rfm_fault_parse(getenv("RFMPI_FAULT"), &comm->fault, err) != RFM_OK)
        return err->status;
    if (comm->fault.n > 0 && comm->fault.rank >= comm->size) {
        int rank = comm->fault.rank;
        comm->fault.n = 0;
        return rfm_fail(err, RFM_USAGE, "RFMPI_FAULT names rank %d, but there are %d (from 0)", rank, comm->size);
    }
    return RFM_OK;
}

static rfm_comm *make_comm(rfm_error *err)
{
    rfm_comm *made = rfm_alloc(1, sizeof *made, err);
    if (made == NULL)
        return NULL;
    made->stage = "open";
    made->max_elements = rfm_ranks_most_elements;
    made->max_bytes = rfm_ranks_most_bytes;
    return made;
}

rfm_status rfm_comm_attach(const void *mpi_comm, rfm_comm **comm, rfm_error *err)
{
    *comm = make_comm(err);
    if (rfm_ranks_attach(mpi_comm, *comm, err) != RFM_OK) {
        free(*comm);
        *comm = NULL;
    }
    return err->status;
}

rfm_status rfm_comm_open(int *argc, char ***argv, rfm_comm **comm, rfm_error *err)
{
    *comm = NULL;
    rfm_comm *opened = make_comm(err);
    if (opened == NULL)
        return err->status;
    int n_tasks, task;
    rfm_launch_announced(&n_tasks, &task);
    if (rfm_ranks_start(argc, argv, opened, err) != RFM_OK) {
        free(opened);
        return err->status;
    }
    *comm = opened;
    if (check_announced(opened, n_tasks, task, err) != RFM_OK)
        return err->status;
    read_fault(opened, err);
    return rfm_comm_agree(opened, err);
}

rfm_status rfm_comm_greet(rfm_comm *comm, const char *build, rfm_error *err)
{
    enum { BUILD_BYTES = 128 };
    char first[BUILD_BYTES], other[BUILD_BYTES];
    snprintf(other, sizeof other, "%s", build);
    memcpy(first, other, sizeof first);
    rfm_comm_bcast(comm, 0, first, sizeof first);
    int64_t lowest = strcmp(first, other) != 0 ? comm->rank : comm->size;
    rfm_comm_reduce_i64(comm, RFM_MIN, &lowest, 1);
    if (lowest == comm->size)
        return RFM_OK;
    rfm_comm_bcast(comm, (int)lowest, other, sizeof other);
    return rfm_fail(err, RFM_USAGE, "rank %d is rfmpi %s, but rank 0 is rfmpi %s: start one version on all ranks",
                    (int)lowest, other, first);
}

void rfm_comm_close(rfm_comm *comm)
{
    if (comm == NULL)
        return;
    rfm_ranks_stop(comm);
    free(comm);
}

int rfm_comm_rank(const rfm_comm *comm)
{
    return comm->rank;
}

int rfm_comm_size(const rfm_comm *comm)
{
    return comm->size;
}

double rfm_comm_started_s(const rfm_comm *comm)
{
    return comm->started_s;
}

rfm_traffic rfm_comm_traffic(const rfm_comm *comm)
{
    return comm->traffic;
}

void rfm_comm_stage(rfm_comm *comm, const char *stage)
{
    comm->stage = stage;
}

const char *rfm_comm_stage_name(const rfm_comm *comm)
{
    return comm->stage;
}

/* All ranks count the agreements, so that a rank's number means the same to a reader on every rank.
 */
static void inject_failure(rfm_comm *comm, rfm_error *err)
{
    const rfm_fault *fault = &comm->fault;
    if (fault->n == 0 || strcmp(comm->stage, fault->stage) != 0)
        return;
    comm->n_agreed++;
    if (comm->n_agreed == fault->n && comm->rank == fault->rank)
        rfm_fail(err, RFM_INTERNAL, "failure injected by RFMPI_FAULT=%s:%d:%lld", fault->stage, fault->rank,
                 (long long)fault->n);
}

void rfm_comm_stop_when(rfm_comm *comm, const char *(*reason)(void *context), void *context)
{
    comm->stop_reason = reason;
    comm->stop_context = context;
}

static void heed_stop(const rfm_comm *comm, rfm_error *err)
{
    const char *reason = comm->stop_reason && err->status == RFM_OK ? comm->stop_reason(comm->stop_context) : NULL;
    if (reason)
        rfm_fail(err, RFM_STOPPED, "stopped on request (%s) in stage %s: run it again to go on", reason, comm->stage);
}

/* Who speaks first: failures before requests to stop, which would be tried again in vain; of the same kind the lowest
 * rank. */
static int64_t place_of(const rfm_comm *comm, rfm_status status)
{
    return status == RFM_OK ? 2 * (int64_t)comm->size : status == RFM_STOPPED ? comm->size + comm->rank : comm->rank;
}

rfm_status rfm_comm_agree(rfm_comm *comm, rfm_error *err)
{
    inject_failure(comm, err);
    heed_stop(comm, err);
    int64_t first = place_of(comm, err->status);
    rfm_comm_reduce_i64(comm, RFM_MIN, &first, 1);
    if (first == place_of(comm, RFM_OK))
        return RFM_OK;
    const int speaker = (int)(first % comm->size);
    int64_t n_failed = err->status != RFM_OK;
    rfm_comm_reduce_i64(comm, RFM_SUM, &n_failed, 1);
    rfm_comm_bcast(comm, speaker, err, sizeof *err);
    /* An error that was agreed on before keeps the rank and the number it had then. */
    if (err->n_failed == 0) {
        err->rank = speaker;
        err->n_failed = (int)n_failed;
    }
    return err->status;
}
