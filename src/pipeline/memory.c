/* Memory: what a rank may take for customers, and what a batch took at most; and the one size of a job on disk. */
#include "batch.h"

#include <string.h>

enum { LEAST_MIB = 1, LEAST_STRIPE = 1 << 12, MOST_STRIPE = 1 << 30 };

/* As many scratch files at most, one a rank, lie where the products do, which is on a parallel file system. */
enum { SCRATCH_FILES_MOST = 1024 };

/* "512M" as bytes; 0 for what is no size. */
static size_t parse_size(const char *text)
{
    static const char units[] = "KMGT";
    size_t bytes = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(bytes, 10, &bytes) || __builtin_add_overflow(bytes, (size_t)(*at - '0'), &bytes))
            return 0;
    const char *unit = *at != '\0' ? strchr(units, *at) : NULL;
    if (unit && __builtin_mul_overflow(bytes, (size_t)1024 << 10 * (unit - units), &bytes))
        return 0;
    return at == text || at[unit != NULL] != '\0' ? 0 : bytes;
}

rfm_status memory_budget(const rfm_config *config, size_t *bytes, rfm_error *err)
{
    const char *text = rfm_config_string(config, "input.memory");
    *bytes = text ? parse_size(text) : 0;
    if (text && *bytes < (size_t)LEAST_MIB << 20)
        return rfm_config_fail(config, "input.memory", err,
                               "'%s' is no budget for customers: a number with K, M, G or T (2G), at least %dM", text,
                               LEAST_MIB);
    return RFM_OK;
}

rfm_status stripe_size(const rfm_config *config, int64_t *bytes, rfm_error *err)
{
    const char *text = rfm_config_string(config, "output.stripe");
    const size_t size = text ? parse_size(text) : 0;
    if (text && (size < LEAST_STRIPE || size > MOST_STRIPE))
        return rfm_config_fail(config, "output.stripe", err,
                               "'%s' is no size of a stripe: a number with K, M or G (16M), 4K to 1G", text);
    *bytes = (int64_t)size;
    return RFM_OK;
}

const char *scratch_directory(const rfm_batch *batch)
{
    const char *given = rfm_config_string(batch->config, "output.scratch"), *local = getenv("TMPDIR");
    if (given || rfm_comm_size(batch->comm) <= SCRATCH_FILES_MOST)
        return given ? given : rfm_run_dir(batch->run);
    return local && *local ? local : "/tmp";
}

void report_memory(rfm_batch *batch)
{
    int64_t bytes = (int64_t)rfm_peak_memory_bytes(), most = bytes;
    rfm_comm_reduce_i64(batch->comm, RFM_SUM, &bytes, 1);
    rfm_comm_reduce_i64(batch->comm, RFM_MAX, &most, 1);
    rfm_report_integer(batch->run, "peak_memory_bytes", bytes);
    rfm_report_integer(batch->run, "peak_memory_bytes_max", most);
    rfm_log(RFM_LOG_INFO, "memory   %.0f MiB at most, %.0f MiB on one rank", (double)bytes / 1048576,
            (double)most / 1048576);
}
