/* ranks: what the two twins (mpi*.c and serial.c) must offer, and what comm.c and bytes.c build on
 * it.
 *
 * Private to src/comm and its tests. Knows no mpi.h: the handles of MPI are behind a pointer only
 * mpi*.c can open.
 */
#ifndef RFM_COMM_RANKS_H
#define RFM_COMM_RANKS_H

#include "rfmpi/comm.h"

enum { RFM_FAULT_STAGE_BYTES = 64 };

/* The most that one reduction and one transfer are given (limits.c). */
extern const size_t rfm_ranks_most_elements, rfm_ranks_most_bytes;

/* The most ranks that send to each other directly (limits.c). */
extern const int rfm_ranks_most_direct;

/* RFMPI_FAULT made ready; n == 0: no failure is to be injected. */
typedef struct rfm_fault {
    char stage[RFM_FAULT_STAGE_BYTES];
    int rank;
    int64_t n;
} rfm_fault;

struct rfm_comm {
    int rank, size;
    const char *stage;
    rfm_fault fault;
    int64_t n_agreed;    /* agreements of the fault's stage so far */
    size_t max_elements; /* of one reduction; tests lower it */
    size_t max_bytes;    /* of one transfer; tests lower it */
    double started_s;    /* when rfm_ranks_start had the ranks */
    rfm_traffic traffic;
    bool rung; /* the bell, as far as this rank has heard */
    const char *(*stop_reason)(void *context);
    void *stop_context;
    struct rfm_mpi *mpi; /* NULL in the serial twin */
};

/* ---- the twins, besides the functions of rfmpi/comm.h that need no common part ---------------------------------- */

/* Fill rank, size, started_s and mpi. On failure nothing is left running. */
rfm_status rfm_ranks_start(int *argc, char ***argv, rfm_comm *comm, rfm_error *err);

/* The same inside a program that has started MPI itself: see rfm_comm_attach. Collective, and comes to nothing on all
 * ranks where err of any holds a failure; comm may be NULL there. */
rfm_status rfm_ranks_attach(const void *mpi_comm, rfm_comm *comm, rfm_error *err);
void rfm_ranks_stop(rfm_comm *comm);

/* What rank r has of `all`, which lies between its offset and the next one's, comes to all ranks. All of it is at most
 * max_bytes. room: [2 * size()]. */
void rfm_ranks_gather(rfm_comm *comm, void *all, const size_t *offsets, int *room);

/* counts[r] of this rank to rank r; theirs[r] is what rank r has for this rank. size() entries
 * each. */
void rfm_ranks_swap_counts(rfm_comm *comm, const size_t *counts, size_t *theirs);

/* The same along a route, by steps. */
void rfm_ranks_swap_along(rfm_comm *comm, const rfm_route *route, const size_t *counts, size_t *theirs);

/* One step of a pairwise exchange: every rank calls it with partners that fit. RFM_NO_RANK: nothing
 * goes that way. */
typedef struct rfm_transfer {
    int rank;
    char *bytes;
    size_t n_bytes;
} rfm_transfer;
void rfm_ranks_send_receive(rfm_comm *comm, const rfm_transfer *send, const rfm_transfer *receive);

/* ---- the environment (Local) ------------------------------------------------------------------------------------ */

/* "<stage>:<rank>" or "<stage>:<rank>:<n>"; NULL and "" mean no fault. */
rfm_status rfm_fault_parse(const char *text, rfm_fault *fault, rfm_error *err);

/* True when something is there to wire this process up with others: mpirun, or srun with PMIx or PMI. A step of Slurm
 * without either has nothing of the kind. */
bool rfm_launch_managed(void);

/* RFM_NO_MEMORY where a limit of addresses leaves too few for MPI: some of it would get up in a way that other ranks
 * cannot follow, and all wait. There are no ranks yet to agree: each speaks for itself, rank 0 first, and the launcher
 * ends the others. A process that is alone keeps nobody waiting. */
rfm_status rfm_launch_check_room(rfm_error *err);

/* Make this process one that Open MPI starts alone: without a daemon beside it, and without the step of Slurm by which
 * it would look for a way to the others and give up. */
void rfm_launch_stand_alone(void);

/* True when the launcher says that all it started is on this node, and for a process that is alone. */
bool rfm_launch_on_one_node(void);

/* Let Open MPI use memory, and no network, between ranks. */
void rfm_launch_without_network(void);

/* The tasks a launcher says it started, and which of them this process is; 1 and 0 without a launcher. To be asked
 * before rfm_launch_stand_alone. */
void rfm_launch_announced(int *n_tasks, int *task);

#endif
