/* scan: how fast one core turns the rows of event files into batches of events, with nobody to take them. Knows the
 * columns of the REES46 shop, which the generated files have too, and two feature lists' wishes of each row.
 *
 *   bench_scan simple|full RUNS FILE
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rfmpi/ingest.h"

static const char *const purchase[] = {"purchase"}, *const view[] = {"view"}, *const cart[] = {"cart"},
                         *const removal[] = {"remove_from_cart"};
static const rfm_predicate predicates[] = {{.events = purchase, .n_events = 1},
                                           {.events = view, .n_events = 1},
                                           {.events = cart, .n_events = 1},
                                           {0},
                                           {.events = removal, .n_events = 1}};
static const char *const hashes[] = {"user_session", "product_id", "category_id"};
static const rfm_number_source price = {.columns = {"price"}, .n_columns = 1};

static rfm_input make_input(const rfm_zone *zone, bool full)
{
    return (rfm_input){.header = true,
                       .dialect = {.delimiter = ',', .quote = '"', .escape = -1},
                       .customer = "user_id",
                       .time = "event_time",
                       .event = "event_type",
                       .id_kind = RFM_ID_INTEGER,
                       .zone = zone,
                       .decimals = 4,
                       .as_of_us = INT64_MAX,
                       .numbers = &price,
                       .n_numbers = 1,
                       .hashes = hashes,
                       .n_hashes = full ? 3 : 0,
                       .predicates = predicates,
                       .n_predicates = full ? 5 : 4};
}

/* A sum of all that was read, so that two versions can be seen to agree. */
static rfm_status add_up(void *context, const rfm_events *events, rfm_error *err)
{
    uint64_t *sum = context;
    *sum += events->id_hash[0] + (uint64_t)events->time_us[events->n - 1] + events->where[events->n / 2];
    return err->status;
}

static void read_once(const rfm_input *input, const rfm_files *files, rfm_error *err)
{
    uint64_t sum = 0;
    rfm_tally tally = {0};
    rfm_rejects rejects = {.cap = 10};
    rfm_shard_result result;
    const rfm_shard shard = {.end = files->files[0].size_bytes};
    const rfm_reading reading = {.input = input,
                                 .files = files,
                                 .shard = &shard,
                                 .sink = add_up,
                                 .context = &sum,
                                 .tally = &tally,
                                 .rejects = &rejects,
                                 .result = &result};
    const clock_t began = clock(); /* of this process, the kernel's share included: others may use the machine too */
    rfm_shard_read(&reading, err);
    const double took_s = (double)(clock() - began) / CLOCKS_PER_SEC;
    printf("%.3f GB/s  %.1f ns a row  %lld events, sum %016llx\n", (double)tally.n_bytes / took_s / 1e9,
           took_s / (double)tally.n_rows * 1e9, (long long)tally.n_events, (unsigned long long)sum);
    rfm_rejects_free(&rejects);
}

int main(int argc, char **argv)
{
    int64_t n_runs = 0;
    if (argc != 4 || rfm_integer_parse(argv[2], strlen(argv[2]), &n_runs) != RFM_PARSE_OK) {
        fputs("usage: bench_scan simple|full RUNS FILE\n", stderr);
        return RFM_USAGE;
    }
    rfm_error err = {0};
    rfm_zone *zone = NULL;
    rfm_files files = {0};
    rfm_zone_open("UTC", &zone, &err);
    const rfm_input input = make_input(zone, strcmp(argv[1], "full") == 0);
    if (err.status == RFM_OK)
        rfm_files_find(&input, (const char *const *)&argv[3], 1, &files, &err);
    for (; n_runs > 0 && err.status == RFM_OK; n_runs--)
        read_once(&input, &files, &err);
    if (err.status != RFM_OK)
        fprintf(stderr, "bench_scan: %s\n", err.message);
    rfm_files_free(&files);
    rfm_zone_close(zone);
    return (int)err.status;
}
