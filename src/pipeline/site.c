/* Where a start runs: hosts, processors, libraries. Tells run.json and log.jsonl, and warns of what does not go
 * together. Knows nothing of what is computed.
 *
 * The ranks of a node put what they have into memory of the node; one of each tells rank 0. So rank 0 holds a record a
 * node, and names the first HOSTS_TOLD of them. */
#include "batch.h"

#include "rfmpi/hdf5.h"

#include <string.h>
#include <unistd.h>

enum { HOST_BYTES = 256, HOSTS_TOLD = 64 };

/* What a rank has. */
typedef struct own {
    rfm_cpus cpus;
    int threads;
    bool is_placed; /* by OpenMP, thread by thread: cpus are those of one thread */
} own;

/* What the ranks of a node have. */
typedef struct node {
    char host[HOST_BYTES];
    rfm_cpus cpus; /* of all its ranks */
    int n_ranks, n_online, least, most, threads;
    bool is_placed;
} node;

/* ---- looking ---------------------------------------------------------------------------------------------------- */

static own look(void)
{
    own self = {.threads = rfm_kmeans_threads()};
    rfm_cpus_allowed(&self.cpus);
    self.is_placed = rfm_kmeans_processors() > rfm_cpus_count(&self.cpus);
    return self;
}

static node sum_up(const own *ranks, int n)
{
    node all = {.n_ranks = n, .n_online = rfm_cpus_online(), .least = RFM_CPUS_MOST};
    if (gethostname(all.host, sizeof all.host - 1) != 0)
        all.host[0] = '\0';
    for (int r = 0; r < n; r++) {
        const int count = rfm_cpus_count(&ranks[r].cpus);
        rfm_cpus_join(&all.cpus, &ranks[r].cpus);
        all.least = count < all.least ? count : all.least;
        all.most = count > all.most ? count : all.most;
        all.threads = ranks[r].threads > all.threads ? ranks[r].threads : all.threads;
        all.is_placed |= ranks[r].is_placed;
    }
    return all;
}

/* Collective. *here, where one rank of each node speaks for it. */
static rfm_status look_around(rfm_comm *comm, node *here, bool *speaks, rfm_error *err)
{
    rfm_shared shared = {0};
    *speaks = true;
    if (rfm_comm_size(comm) == 1) {
        const own alone = look();
        *here = sum_up(&alone, 1);
        return RFM_OK;
    }
    if (rfm_comm_shared_open(comm, sizeof(own), &shared, err) != RFM_OK)
        return err->status;
    own *ranks = shared.bytes;
    ranks[shared.rank] = look();
    rfm_comm_barrier(comm);
    *speaks = shared.rank == 0;
    if (*speaks)
        *here = sum_up(ranks, shared.size);
    rfm_comm_shared_close(comm, &shared);
    return RFM_OK;
}

/* Collective. *nodes, on rank 0 alone: one each, in the order of their first ranks; the caller frees. */
static rfm_status gather(rfm_comm *comm, node **nodes, size_t *n_nodes, rfm_error *err)
{
    node here = {0};
    bool speaks;
    rfm_text all = {0};
    *nodes = NULL;
    *n_nodes = 0;
    if (look_around(comm, &here, &speaks, err) != RFM_OK)
        return err->status;
    if (speaks)
        rfm_text_add(&all, &here, sizeof here);
    rfm_text_check(&all, err);
    if (rfm_comm_collect(comm, &all, NULL, NULL, err) == RFM_OK && rfm_comm_rank(comm) == 0) {
        *nodes = (void *)all.bytes;
        *n_nodes = all.length / sizeof here;
        return RFM_OK;
    }
    rfm_text_free(&all);
    return err->status;
}

/* ---- what does not go together ---------------------------------------------------------------------------------- */

/* Text of a warning; false: all is well. What is worst comes first. */
static bool find_fault(const node *n, rfm_text *text)
{
    const int cpus = rfm_cpus_count(&n->cpus), wanted = n->n_ranks * n->threads;
    if (n->is_placed || cpus == 0)
        return false;
    if (cpus < n->n_ranks && cpus < n->n_online) {
        rfm_text_addf(
            text,
            "%d ranks share %d of the %d processors of %s: let the launcher not bind them (--bind-to none), ask "
            "for a processor a rank (srun --cpus-per-task=%d), or start %d",
            n->n_ranks, cpus, n->n_online, n->host, n->threads, cpus);
    } else if (n->least < n->threads && n->n_ranks > 1) {
        rfm_text_addf(text,
                      "a rank on %s may use %d processor%s, but has %d threads: start with --map-by slot:PE=%d, or "
                      "--bind-to none (srun --cpus-per-task=%d), or set OMP_NUM_THREADS=%d",
                      n->host, n->least, n->least == 1 ? "" : "s", n->threads, n->threads, n->threads, n->least);
    } else if (wanted > cpus) {
        rfm_text_addf(text, "%d rank%s with %d thread%s each share %d processor%s on %s: ", n->n_ranks,
                      n->n_ranks == 1 ? "" : "s", n->threads, n->threads == 1 ? "" : "s", cpus, cpus == 1 ? "" : "s",
                      n->host);
        if (n->n_ranks > cpus)
            rfm_text_addf(text, "start %d at most", cpus);
        else
            rfm_text_addf(text, "set OMP_NUM_THREADS=%d", cpus / n->n_ranks);
    }
    return text->length > 0;
}

static void warn_of_processors(const node *nodes, size_t n)
{
    size_t n_faulty = 0;
    rfm_text first = {0};
    for (size_t i = 0; i < n; i++) {
        rfm_text text = {0};
        if (find_fault(&nodes[i], &text) && n_faulty++ == 0)
            first = text;
        else
            rfm_text_free(&text);
    }
    if (n_faulty > 1)
        rfm_log(RFM_LOG_WARN, "%s (and so on %zu of %zu hosts)", first.bytes, n_faulty, n);
    else if (n_faulty == 1 && !first.failed)
        rfm_log(RFM_LOG_WARN, "%s", first.bytes);
    rfm_text_free(&first);
}

/* A fit calls BLAS from threads of its own and holds it to one thread each; but it starts those that it was told to
 * have with every rank, before anybody can say otherwise. */
static void warn_of_blas(const node *nodes, size_t n)
{
    static const char *const names[] = {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS"};
    for (size_t v = 0; v < sizeof names / sizeof *names; v++) {
        const char *value = getenv(names[v]);
        for (size_t i = 0; value && strtol(value, NULL, 10) > 1 && i < n; i++)
            if (nodes[i].n_ranks > 1) {
                rfm_log(RFM_LOG_WARN,
                        "%s=%s: BLAS starts that many threads in each of %d ranks on %s, which get in each other's way "
                        "and are not used: set it to 1",
                        names[v], value, nodes[i].n_ranks, nodes[i].host);
                return;
            }
    }
}

/* ---- what is told ----------------------------------------------------------------------------------------------- */

static void add_text(rfm_text *json, const char *key, const char *text)
{
    rfm_text_addf(json, "\"%s\":", key);
    rfm_json_add_string(json, text);
}

static void add_library(rfm_text *json, const char *key, size_t (*name)(char *buffer, size_t size))
{
    char text[256] = "";
    name(text, sizeof text);
    rfm_text_adds(json, ",");
    add_text(json, key, text);
}

static void add_environment(rfm_text *json)
{
    static const char *const names[] = {
        "OMP_NUM_THREADS",      "OMP_PROC_BIND",    "OMP_PLACES",          "GOMP_CPU_AFFINITY",
        "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OPENBLAS_CORETYPE",   "RFMPI_VECTOR",
        "OMPI_MCA_pml",         "OMPI_MCA_btl",     "SLURM_JOB_ID",        "SLURM_STEP_ID",
        "SLURM_NTASKS",         "SLURM_NNODES",     "SLURM_CPUS_PER_TASK", "SLURM_RESTART_COUNT"};
    const char *comma = "";
    rfm_text_adds(json, ",\"environment\":{");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (!value)
            continue;
        rfm_text_adds(json, comma);
        add_text(json, names[i], value);
        comma = ",";
    }
    rfm_text_adds(json, "}");
}

static void add_hosts(rfm_text *json, const node *nodes, size_t n)
{
    rfm_text_addf(json, "\"n_hosts\":%zu,\"hosts\":[", n);
    for (size_t i = 0; i < n && i < HOSTS_TOLD; i++) {
        rfm_text list = {0};
        rfm_cpus_list(&nodes[i].cpus, &list);
        rfm_text_adds(json, i > 0 ? ",{" : "{");
        add_text(json, "host", nodes[i].host);
        rfm_text_addf(json, ",\"ranks\":%d,\"threads\":%d,", nodes[i].n_ranks, nodes[i].threads);
        add_text(json, "processors", list.bytes ? list.bytes : "");
        rfm_text_addf(json, ",\"processors_online\":%d,\"processors_per_rank_min\":%d,\"processors_per_rank_max\":%d}",
                      nodes[i].n_online, nodes[i].least, nodes[i].most);
        rfm_text_free(&list);
    }
    rfm_text_adds(json, "]");
}

static void describe(const rfm_batch *batch, const node *nodes, size_t n, rfm_text *json)
{
    add_text(json, "version", RFMPI_VERSION);
    rfm_text_addf(json, ",\"ranks\":%d,\"threads\":%d,", rfm_comm_size(batch->comm), rfm_kmeans_threads());
    add_hosts(json, nodes, n);
    add_library(json, "processor", rfm_cpus_model);
    rfm_text_adds(json, ",");
    add_text(json, "vectors", rfm_scan_vectors());
    add_library(json, "mpi", rfm_comm_library);
    add_library(json, "blas", rfm_blas_library);
    rfm_text_addf(json, ",\"blas_threads\":%d", rfm_blas_threads());
    add_library(json, "hdf5", rfm_h5_library);
    rfm_text_adds(json, ",");
    add_text(json, "compiler", RFMPI_COMPILER);
    add_environment(json);
}

/* Where memory was out: next to nothing. */
static const char *members_of(const rfm_text *site)
{
    return site->failed || !site->bytes ? "\"version\":\"" RFMPI_VERSION "\"" : site->bytes;
}

void site_report(rfm_batch *batch)
{
    rfm_text json = {0};
    rfm_text_addf(&json, "{%s}", members_of(&batch->site));
    rfm_report_json(batch->run, "site", json.failed ? "{}" : json.bytes);
    rfm_text_free(&json);
}

void site_begin(rfm_batch *batch, const char *command)
{
    node *nodes = NULL;
    size_t n = 0;
    rfm_error unknown = {0};
    /* A stage of its own: what fails here is no failure of the start. */
    const char *stage = rfm_comm_stage_name(batch->comm);
    rfm_comm_stage(batch->comm, "site");
    gather(batch->comm, &nodes, &n, &unknown);
    rfm_comm_stage(batch->comm, stage);
    if (rfm_comm_rank(batch->comm) == 0) {
        describe(batch, nodes, n, &batch->site);
        rfm_trail_begin(batch->run, command, members_of(&batch->site));
        if (unknown.status)
            rfm_log(RFM_LOG_WARN, "where the ranks run is not known: %s", unknown.message);
        warn_of_processors(nodes, n);
        warn_of_blas(nodes, n);
    }
    free(nodes);
}
