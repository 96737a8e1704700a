/* Open the communicator, run the command, print the one error, close, exit code. */
#include "rfmpi/comm.h"
#include "rfmpi/command.h"

#include <signal.h>
#include <stdio.h>

/* One line for the whole job; it names the rank where not all of them failed. To be stopped is no failure. */
static void print_error(const rfm_comm *comm, const rfm_error *err)
{
    if (comm && rfm_comm_rank(comm) != 0)
        return;
    if (comm && err->status != RFM_STOPPED && err->n_failed > 0 && err->n_failed < rfm_comm_size(comm))
        rfm_log(RFM_LOG_ERROR, "%s (rank %d; %d of %d ranks failed)", err->message, err->rank, err->n_failed,
                rfm_comm_size(comm));
    else
        rfm_log(RFM_LOG_ERROR, "%s", err->message);
}

int main(int argc, char **argv)
{
    rfm_status about;
    if (rfm_command_about(argc, argv, &about))
        return (int)about;
    rfm_error err = {0};
    rfm_comm *comm = NULL;
    /* A file that passes the limit of its size (ulimit -f) is a write that fails, like any other. */
    signal(SIGXFSZ, SIG_IGN);
    /* A request to stop that comes while nobody listens, as in MPI_Init, must not end one rank alone: who asks, asks
     * again. */
    signal(SIGUSR1, SIG_IGN);
    if (rfm_comm_open(&argc, &argv, &comm, &err) == RFM_OK && rfm_comm_greet(comm, rfm_command_build(), &err) == RFM_OK)
        rfm_command_run(comm, argc, argv, &err);
    if (fflush(stdout) != 0 || ferror(stdout))
        rfm_fail(&err, RFM_IO, "cannot write to standard output");
    if (err.status != RFM_OK)
        print_error(comm, &err);
    rfm_comm_close(comm);
    return (int)err.status;
}
