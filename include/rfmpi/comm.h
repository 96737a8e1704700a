/* comm: the ranks and how they agree. The only module that knows MPI; a serial twin of it is chosen at link time.
 *
 * Every function that takes an rfm_comm is Collective unless it says Local: all ranks call it, in the same order.
 * Counts are size_t: what passes the int of MPI is split here. A failing MPI call ends all ranks (exit 70): nothing
 * sensible is left to do. Memory that a collective needs for itself is reported by agreement.
 */
#ifndef RFMPI_COMM_H
#define RFMPI_COMM_H

#include "rfmpi/base.h"

typedef struct rfm_comm rfm_comm;

/* Start MPI. A plain start stays alone (no daemon). RFM_USAGE when the environment announces several tasks but the
 * communicator has one rank (srun without --mpi=pmix): N copies would write one directory. Also RFM_USAGE for an
 * RFMPI_FAULT that is malformed or names a rank there is not. After a failure *comm is NULL, or serves only to ask for
 * the rank that speaks (0) and to be closed. */
rfm_status rfm_comm_open(int *argc, char ***argv, rfm_comm **comm, rfm_error *err);
void rfm_comm_close(rfm_comm *comm); /* NULL is fine */

/* Inside a program that has started MPI itself. Collective on the communicator that mpi_comm is the address of (an
 * MPI_Comm; NULL: this rank alone), which is duplicated and otherwise left alone; MPI goes on when it is closed. The
 * environment is not asked: there are no injected failures. There is no bell. RFM_USAGE where MPI is not running, or
 * the communicator is none of ranks among themselves. A failure that err holds already is every rank's. In the serial
 * twin only NULL can be given. */
rfm_status rfm_comm_attach(const void *mpi_comm, rfm_comm **comm, rfm_error *err);

/* Right after open: RFM_USAGE unless all ranks say the same of what they were built from. Up to here ranks of any two
 * versions understand each other; they do as long as neither this nor what open does collectively changes. */
rfm_status rfm_comm_greet(rfm_comm *comm, const char *build, rfm_error *err);

/* "Open MPI v4.1.4 ..." or "none (serial)". Local; never starts MPI. */
size_t rfm_comm_library(char *buffer, size_t size);

int rfm_comm_rank(const rfm_comm *comm); /* Local */
int rfm_comm_size(const rfm_comm *comm); /* Local */

/* rfm_clock_s() as it was when MPI_Init returned. Local. */
double rfm_comm_started_s(const rfm_comm *comm);

/* What this rank has given to others since then: messages from rank to rank, and calls that all ranks make together
 * (how many messages become of one is MPI's affair). What HDF5 sends is not in it. Local. */
typedef struct rfm_traffic {
    int64_t n_messages, message_bytes;
    int64_t n_collectives, collective_bytes;
    double seconds; /* in all of these: most of it waiting for others, where there is much */
} rfm_traffic;
rfm_traffic rfm_comm_traffic(const rfm_comm *comm);

/* ---- agreement -------------------------------------------------------------------------------------------------- */

/* After each local phase that can fail: all ranks return the same status. When any rank failed, err on every rank
 * becomes the error of the lowest failed rank, with rank and n_failed set; one that was only asked to stop
 * (RFM_STOPPED) comes behind all that failed. Also where an injected failure strikes. */
rfm_status rfm_comm_agree(rfm_comm *comm, rfm_error *err);

/* Name what is being done (for RFMPI_FAULT=<stage>:<rank>[:<n>], which makes the n-th agreement of that stage fail on
 * that rank; n counts from 1). Local. `stage` must outlive its use. */
void rfm_comm_stage(rfm_comm *comm, const char *stage);
const char *rfm_comm_stage_name(const rfm_comm *comm); /* Local */

/* Local. From now on a request to stop counts as a failure of the phase before an agreement: where reason(context) has
 * one, all ranks get RFM_STOPPED, and unwind as after any failure. NULL: no longer. */
void rfm_comm_stop_when(rfm_comm *comm, const char *(*reason)(void *context), void *context);

/* ---- the bell: one word, for ranks that work apart -------------------------------------------------------------- */

/* Local, and cheap. Ring where `wants`; true: this rank or another has rung. All hear it that ask often enough. */
bool rfm_comm_bell(rfm_comm *comm, bool wants);

/* All ranks have come; who waits sleeps, listens, and asks wants(context) whether to ring. Whether anybody rang; the
 * bell is silent again. */
bool rfm_comm_meet(rfm_comm *comm, bool (*wants)(void *context), void *context);

/* ---- reductions and the like ------------------------------------------------------------------------------------ */

typedef enum rfm_reduce { RFM_SUM, RFM_MIN, RFM_MAX } rfm_reduce;

void rfm_comm_barrier(rfm_comm *comm);
void rfm_comm_rest(rfm_comm *comm); /* a barrier in which who waits sleeps: for what one rank does for long */
void rfm_comm_reduce_i64(rfm_comm *comm, rfm_reduce op, int64_t *values, size_t n); /* in place, result on all ranks */
void rfm_comm_reduce_f64(rfm_comm *comm, rfm_reduce op, double *values, size_t n); /* RFM_MIN or RFM_MAX only; no NaN */
void rfm_comm_sum_i128(rfm_comm *comm, rfm_i128 *values, size_t n);                /* in place, wraps */
int64_t rfm_comm_before_i64(rfm_comm *comm, int64_t value);                        /* sum of value over lower ranks */
void rfm_comm_bcast(rfm_comm *comm, int root, void *bytes, size_t n_bytes);
void rfm_comm_gather_i64(rfm_comm *comm, int64_t value, int64_t *all); /* all: size() values on all ranks */

/* A byte string from root to all: on root *bytes and *n_bytes are read, elsewhere made (caller frees). */
rfm_status rfm_comm_share(rfm_comm *comm, int root, void **bytes, size_t *n_bytes, rfm_error *err);

/* Every rank's byte string, end to end in rank order, on all ranks (offsets: size()+1 entries). The caller frees *all
 * and *offsets. */
rfm_status rfm_comm_allgather_bytes(rfm_comm *comm, const void *bytes, size_t n_bytes, void **all, size_t **offsets,
                                    rfm_error *err);

/* Every rank's bytes, end to end in rank order, on rank 0; elsewhere *bytes is empty afterwards, but the caller's to
 * free. They come up a tree, and wherever some came together `shorten` (NULL: nothing) may make less of them, so that
 * rank 0 need not have room for what all ranks have. */
typedef rfm_status (*rfm_shorten)(void *context, rfm_text *bytes, rfm_error *err);
rfm_status rfm_comm_collect(rfm_comm *comm, rfm_text *bytes, rfm_shorten shorten, void *context, rfm_error *err);

/* Personalised exchange of fixed-size elements. send holds send_counts[r] elements for each rank r, end to end;
 * *received gets the elements of rank 0, 1, ... end to end, recv_counts[r] (size() entries, caller's array) of each.
 * The caller frees *received. More than 2^31 bytes to one rank are fine. */
rfm_status rfm_comm_exchange(rfm_comm *comm, size_t element_size, const void *send, const size_t *send_counts,
                             void **received, size_t *recv_counts, rfm_error *err);

/* ---- all to all over groups ------------------------------------------------------------------------------------- */

/* Ranks as groups of neighbours (route.c): each rank a group of its own up to 256 of them, about sqrt(n_ranks) groups
 * beyond. Local, all of them. */
size_t rfm_groups(int n_ranks);
size_t rfm_group_first(int n_ranks, size_t group); /* rank */
size_t rfm_group_size(int n_ranks, size_t group);
size_t rfm_group_of(int n_ranks, int rank);

/* What a rank sends in a step is what its partner receives in the same one; RFM_NO_RANK: nobody. */
enum { RFM_NO_RANK = -1 };

typedef struct rfm_hop {
    int to, from;
    size_t target; /* whom it is for: a group, or a member of this rank's; each comes once with a `to` */
} rfm_hop;

typedef struct rfm_route {
    rfm_hop *steps;
    size_t n_steps, n_targets;
} rfm_route;

/* Local. From every rank to a member of every group; from there to every member of the rank's own. The caller frees
 * with rfm_route_free (zero-initialised is fine). */
rfm_status rfm_route_to_groups(const rfm_comm *comm, rfm_route *route, rfm_error *err);
rfm_status rfm_route_within_group(const rfm_comm *comm, rfm_route *route, rfm_error *err);
void rfm_route_free(rfm_route *route);

typedef struct rfm_parcels {
    size_t element_size;
    const void *elements; /* of all steps, end to end */
    const size_t *counts; /* [n_steps] elements; 0 for nobody */
} rfm_parcels;

/* As rfm_comm_exchange, by steps instead of ranks. recv_counts: [n_steps]. */
rfm_status rfm_comm_exchange_along(rfm_comm *comm, const rfm_route *route, const rfm_parcels *send, void **received,
                                   size_t *recv_counts, rfm_error *err);

/* ---- memory of a node ------------------------------------------------------------------------------------------- */

/* Memory that the ranks of one node have together. Whoever uses it agrees by atomics. */
typedef struct rfm_shared {
    void *bytes;    /* zeroed; [size * bytes_per_rank] */
    int rank, size; /* of this node's ranks */
    struct rfm_shared_handle *handle;
} rfm_shared;

rfm_status rfm_comm_shared_open(rfm_comm *comm, size_t bytes_per_rank, rfm_shared *shared, rfm_error *err);
void rfm_comm_shared_close(rfm_comm *comm, rfm_shared *shared); /* zero-initialised is fine: then on all ranks */

#endif
