/* info: what a run directory holds, from its run.json. */
#include "command.h"
#include "rfmpi/store.h"

#include <string.h>

/* The keys of run.json in the order they are shown; NULL ends a block. */
static const char *const SHOWN[] = {
    "status",
    "command",
    "version",
    "finished",
    "digest",
    "digest_parts.customers",
    "digest_parts.features",
    "digest_parts.scaling",
    "digest_parts.centroids",
    "digest_parts.names",
    "as_of",
    "n_rows",
    "n_events",
    "n_filtered",
    "n_after_as_of",
    "n_duplicates",
    "n_rejected",
    "n_customers",
    "weight",
    "n_features",
    "cluster.k",
    "cluster.iterations",
    "cluster.inertia",
    "quality.silhouette",
    "quality.davies_bouldin",
    "quality.calinski_harabasz",
    "quality.stability",
    "options.cluster.choose",
    "ranks",
    "threads",
    "seconds",
    "peak_memory_bytes",
};

static rfm_status print_key(const char *dir, const char *key, rfm_error *err)
{
    char *text = NULL;
    if (rfm_report_read(dir, key, &text, err) == RFM_OK && text)
        printf("%-26s %s\n", key, text);
    free(text);
    return err->status;
}

rfm_status command_info(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    rfm_words words = {0};
    words_read(argc, argv, &words, err);
    if (err->status == RFM_OK && !words.operand)
        rfm_fail(err, RFM_USAGE, "info wants a run directory: rfmpi info RUN_DIR");
    if (err->status == RFM_OK && rfm_comm_rank(comm) == 0)
        for (size_t i = 0; i < sizeof SHOWN / sizeof SHOWN[0] && err->status == RFM_OK; i++)
            print_key(words.operand, SHOWN[i], err);
    words_free(&words);
    return rfm_comm_agree(comm, err);
}
