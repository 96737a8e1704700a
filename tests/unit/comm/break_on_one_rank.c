/* A broken invariant on one rank while the others wait for it: the test looks at how mpirun ends. */
#include "rfmpi/comm.h"

int main(int argc, char **argv)
{
    rfm_error err = {0};
    rfm_comm *comm = NULL;
    if (rfm_comm_open(&argc, &argv, &comm, &err) != RFM_OK)
        return 1;
    rfm_assert(rfm_comm_rank(comm) != rfm_comm_size(comm) - 1);
    rfm_comm_barrier(comm);
    rfm_comm_close(comm);
    return 0;
}
