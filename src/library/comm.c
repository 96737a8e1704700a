/* Communicators of the caller's, and who hears what is done with them. */
#include "library.h"

#include <stdlib.h>

/* Errors are told by status, and lines of that level come from main only. */
static void pass_line(void *context, rfm_log_level level, const char *text)
{
    const rfmpi_comm *comm = context;
    comm->log(comm->context, level == RFM_LOG_ERROR ? RFMPI_LOG_WARN : (rfmpi_log_level)level, text);
}

static rfmpi_status attach(const void *mpi_comm, rfmpi_comm **made, rfmpi_error *error)
{
    call self = call_begin(NULL);
    rfmpi_comm *comm = rfm_alloc(1, sizeof *comm, &self.err);
    rfm_comm *ranks = NULL;
    if (rfm_comm_attach(mpi_comm, &ranks, &self.err) == RFM_OK) {
        comm->ranks = ranks;
        comm->sink = (rfm_log_sink){.level = RFM_LOG_ERROR};
        rfm_comm_stage(comm->ranks, "library");
    } else {
        free(comm);
        comm = NULL;
    }
    *made = comm;
    return call_end(&self, error);
}

#ifndef RFMPI_SERIAL
rfmpi_status rfmpi_comm_create(MPI_Comm comm, rfmpi_comm **made, rfmpi_error *error)
{
    return attach(&comm, made, error);
}
#endif

rfmpi_status rfmpi_comm_alone(rfmpi_comm **made, rfmpi_error *error)
{
    return attach(NULL, made, error);
}

void rfmpi_comm_free(rfmpi_comm *comm)
{
    if (!comm)
        return;
    rfm_comm_close(comm->ranks);
    free(comm);
}

void rfmpi_comm_log(rfmpi_comm *comm, rfmpi_log_level level, rfmpi_log log, void *context)
{
    comm->log = log;
    comm->context = context;
    comm->sink = (rfm_log_sink){(rfm_log_level)level, log ? pass_line : NULL, comm};
}
