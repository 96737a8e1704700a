/* generate: checks the options, prepares the directory, and lets the ranks take turns at the slices
 * of time.
 *
 * Slice number round * size() + rank is this rank's in a round: it is drawn, formatted and packed
 * without any other rank; then all append. So memory is that of one slice, and the files do not
 * show how many ranks made them.
 */
#include "rfmpi/generate.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format.h"

#define MOST_EVENTS INT64_C(100000000000)
enum { MOST_DAYS = 3660, MOST_PARTS = 100000, MOST_DIR_BYTES = 3500 };
enum { USERS_IN_CHUNK = 1 << 16, USER_ROW_BYTES = 48, DAYS_IN_10000_YEARS = 3652059 };

/* ---- options ---------------------------------------------------------------------------------------------------- */

static rfm_status check_options(const rfm_generate_options *options, rfm_error *err)
{
    int64_t events = options->events;
    if (events < 1 || events > MOST_EVENTS)
        return rfm_fail(err, RFM_USAGE, "events: %lld is not within 1 .. %lld", (long long)events,
                        (long long)MOST_EVENTS);
    if (options->customers < 0 || options->customers > events)
        return rfm_fail(err, RFM_USAGE, "customers: %lld is not within 0 .. %lld: each needs an event of its own",
                        (long long)options->customers, (long long)events);
    if (options->days < 1 || options->days > MOST_DAYS)
        return rfm_fail(err, RFM_USAGE, "days: %d is not within 1 .. %d", options->days, MOST_DAYS);
    if (options->parts < 1 || options->parts > MOST_PARTS || options->parts > events)
        return rfm_fail(err, RFM_USAGE, "parts: %d is not within 1 .. %lld: each needs an event", options->parts,
                        (long long)(events < MOST_PARTS ? events : MOST_PARTS));
    if (options->start_day < -719162 || options->start_day > DAYS_IN_10000_YEARS - 719162 - MOST_DAYS)
        return rfm_fail(err, RFM_USAGE, "start: day %d is not within the years 1 .. 9989", options->start_day);
    if (options->out == NULL || options->out[0] == '\0' || strlen(options->out) > MOST_DIR_BYTES)
        return rfm_fail(err, RFM_USAGE, "out: name the directory to write, in at most %d bytes", MOST_DIR_BYTES);
    return RFM_OK;
}

static int64_t usual_customers(const rfm_generate_options *options)
{
    if (options->events < 1 || options->events > MOST_EVENTS)
        return 0;
    int64_t customers = options->events * rfm_proportions_of(options->shape)->customers / 1000;
    return customers > 0 ? customers : 1;
}

/* ---- directory -------------------------------------------------------------------------------------------------- */

static rfm_status make_directories(const char *dir, rfm_error *err)
{
    char path[MOST_DIR_BYTES + 1];
    size_t length = strlen(dir);
    memcpy(path, dir, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        char end = path[i];
        path[i] = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return rfm_fail_errno(err, errno, "cannot make the directory %s", path);
        path[i] = end;
    }
    return RFM_OK;
}

static rfm_status check_empty(const char *dir, rfm_error *err)
{
    DIR *entries = opendir(dir);
    if (entries == NULL)
        return rfm_fail_errno(err, errno, "cannot read the directory %s", dir);
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            break;
    if (entry != NULL)
        rfm_fail(err, RFM_USAGE, "%s is not empty (it has %s): remove it, or name another directory", dir,
                 entry->d_name);
    closedir(entries);
    return err->status;
}

static rfm_status prepare_directory(rfm_comm *comm, const char *dir, rfm_error *err)
{
    if (rfm_comm_rank(comm) == 0 && make_directories(dir, err) == RFM_OK)
        check_empty(dir, err);
    return rfm_comm_agree(comm, err);
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

static rfm_status write_events(const rfm_world *world, rfm_series *parts, rfm_error *err)
{
    int64_t size = rfm_comm_size(parts->comm), rank = rfm_comm_rank(parts->comm);
    rfm_slice slice = {0};
    rfm_sheet sheet = {0};
    const double each = (double)world->options->events / (double)world->schedule.n_slices;
    rfm_meter_open("generate", "events", (double)world->options->events, 0);
    for (int64_t first = 0; first < world->schedule.n_slices && err->status == RFM_OK; first += size) {
        int64_t number = first + rank;
        sheet.n_pieces = 0;
        if (number < world->schedule.n_slices && rfm_slice_fill(world, number, &slice, err) == RFM_OK)
            rfm_sheet_fill(world, number, &slice, &sheet, err);
        rfm_series_append(parts, sheet.pieces, sheet.n_pieces, err);
        rfm_meter_show(each * (double)(first + size), NULL);
    }
    rfm_meter_close();
    rfm_slice_free(&slice);
    rfm_sheet_free(&sheet);
    return err->status;
}

/* ---- customers -------------------------------------------------------------------------------------------------- */

static void add_customers(const rfm_world *world, int64_t chunk, rfm_text *text)
{
    int64_t begin = chunk * USERS_IN_CHUNK, end = begin + USERS_IN_CHUNK;
    if (end > world->options->customers)
        end = world->options->customers;
    if (chunk == 0)
        rfm_text_adds(text, "user_id,type\n");
    for (int64_t i = begin; i < end; i++) {
        int64_t user = RFM_FIRST_USER_ID + i;
        int64_t customer = rfm_identity_customer(&world->identity, user);
        rfm_text_addf(text, "%lld,%s\n", (long long)user,
                      rfm_types[rfm_schedule_type_of(&world->schedule, customer)].name);
    }
}

static rfm_status write_customers(const rfm_world *world, rfm_series *file, rfm_error *err)
{
    int64_t size = rfm_comm_size(file->comm), rank = rfm_comm_rank(file->comm);
    int64_t n_chunks = (world->options->customers + USERS_IN_CHUNK - 1) / USERS_IN_CHUNK;
    rfm_text text = {0};
    for (int64_t first = 0; first < n_chunks && err->status == RFM_OK; first += size) {
        text.length = 0;
        if (first + rank < n_chunks)
            add_customers(world, first + rank, &text);
        rfm_text_check(&text, err);
        rfm_piece piece = {.file = 0, .bytes = text.bytes, .n_bytes = text.length};
        rfm_series_append(file, &piece, first + rank < n_chunks, err);
    }
    rfm_text_free(&text);
    return err->status;
}

static rfm_status write_files(rfm_comm *comm, const rfm_world *world, rfm_error *err)
{
    const rfm_generate_options *options = world->options;
    rfm_series parts = {.comm = comm, .dir = options->out, .stem = "part", .numbered = true};
    rfm_series customers = {.comm = comm, .dir = options->out, .stem = "customers", .suffix = ".csv"};
    parts.suffix = options->gzip ? ".csv.gz" : ".csv";
    parts.n_files = options->parts;
    customers.n_files = 1;
    if (rfm_series_open(&parts, err) == RFM_OK && rfm_series_open(&customers, err) == RFM_OK &&
        write_events(world, &parts, err) == RFM_OK && write_customers(world, &customers, err) == RFM_OK &&
        rfm_series_publish(&customers, err) == RFM_OK)
        rfm_series_publish(&parts, err);
    rfm_series_close(&parts);
    rfm_series_close(&customers);
    return err->status;
}

rfm_status rfm_generate(rfm_comm *comm, const rfm_generate_options *options, rfm_error *err)
{
    rfm_comm_stage(comm, "generate");
    rfm_generate_options chosen = *options;
    if (chosen.customers == 0)
        chosen.customers = usual_customers(options);
    check_options(&chosen, err);
    if (rfm_comm_agree(comm, err) != RFM_OK || prepare_directory(comm, chosen.out, err) != RFM_OK)
        return err->status;
    rfm_world world = {0};
    rfm_world_init(&world, &chosen, err);
    if (rfm_comm_agree(comm, err) == RFM_OK)
        write_files(comm, &world, err);
    rfm_world_free(&world);
    return err->status;
}
