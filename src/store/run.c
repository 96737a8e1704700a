/* run: open and close a run directory, name its products, tell which are there. Knows the order of lock, sweep and
 * report. */
#include "run.h"

#include "folder.h"
#include "lock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- open ------------------------------------------------------------------------------------------------------- */

static rfm_run *make_run(rfm_comm *comm, const char *dir, rfm_error *err)
{
    rfm_run *run = rfm_alloc(1, sizeof *run, err);
    if (!run)
        return NULL;
    run->comm = comm;
    run->lock = -1;
    run->dir = rfm_copy_string(dir, err);
    size_t length = run->dir ? strlen(run->dir) : 0;
    while (length > 1 && run->dir[length - 1] == '/')
        run->dir[--length] = '\0';
    return run;
}

/* Rank 0, alone in the directory: nothing is read or cleaned before the lock is ours. */
static rfm_status take_directory(rfm_run *run, const char *lock, double wait_s, rfm_error *err)
{
    if (rfm_folder_make(run->dir, err) || rfm_folder_check(run->dir, err) ||
        rfm_lock_alone(lock, wait_s, &run->lock, err))
        return err->status;
    if (rfm_report_open(run, err) || rfm_folder_sweep(run->dir, -1, err) || rfm_report_write(run, err))
        return err->status;
    return rfm_lock_downgrade(run->lock, lock, err);
}

bool rfm_run_holds_lock(int rank, int n_ranks)
{
    return rank % ((n_ranks - 1) / RFM_RUN_LOCKS_MOST + 1) == 0;
}

rfm_status rfm_run_open_within(rfm_comm *comm, const char *dir, double wait_s, rfm_run **run, rfm_error *err)
{
    const bool first = rfm_comm_rank(comm) == 0;
    *run = NULL;
    rfm_run *opened = make_run(comm, dir, err);
    char *lock = err->status ? NULL : rfm_folder_path(opened->dir, RFM_RUN_LOCK, err);
    if (!err->status && first)
        take_directory(opened, lock, wait_s, err);
    if (rfm_comm_agree(comm, err))
        goto done;
    rfm_comm_bcast(comm, 0, &opened->attempt, sizeof opened->attempt);
    if (!first && rfm_run_holds_lock(rfm_comm_rank(comm), rfm_comm_size(comm)))
        rfm_lock_shared(lock, wait_s, &opened->lock, err);
    if (rfm_comm_agree(comm, err))
        goto done;
    *run = opened;
    opened = NULL;
done:
    free(lock);
    rfm_run_close(opened);
    return err->status;
}

rfm_status rfm_run_open(rfm_comm *comm, const char *dir, rfm_run **run, rfm_error *err)
{
    return rfm_run_open_within(comm, dir, RFM_RUN_LOCK_WAIT_S, run, err);
}

static void free_names(struct rfm_run_name *name)
{
    while (name) {
        struct rfm_run_name *next = name->next;
        free(name->product);
        free(name->path);
        free(name->temporary);
        free(name);
        name = next;
    }
}

void rfm_run_close(rfm_run *run)
{
    rfm_error ignored = {0};
    if (!run)
        return;
    rfm_trail_drop(run);
    /* What this attempt began and did not publish is of no use to the next. */
    if (run->report && run->lock >= 0 && run->attempt > 0)
        rfm_folder_sweep(run->dir, run->attempt, &ignored);
    json_decref(run->report);
    if (run->lock >= 0)
        close(run->lock);
    free_names(run->names);
    free(run->dir);
    free(run);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

const char *rfm_run_dir(const rfm_run *run)
{
    return run->dir;
}

static struct rfm_run_name *make_name(const rfm_run *run, const char *product)
{
    rfm_error err = {0};
    rfm_text temporary = {0};
    struct rfm_run_name *name = rfm_alloc(1, sizeof *name, &err);
    if (!name)
        return NULL;
    name->product = rfm_copy_string(product, &err);
    name->path = rfm_folder_path(run->dir, product, &err);
    rfm_text_addf(&temporary, "%s/.%s.%lld.tmp", run->dir, product, (long long)run->attempt);
    name->temporary = temporary.bytes;
    if (err.status || temporary.failed) {
        free_names(name);
        return NULL;
    }
    return name;
}

static const struct rfm_run_name *find_name(rfm_run *run, const char *product)
{
    /* Where memory is out: no file has this name, so that what opens it fails. */
    static const struct rfm_run_name none = {.path = "", .temporary = ""};
    struct rfm_run_name *name = run->names;
    while (name && strcmp(name->product, product) != 0)
        name = name->next;
    if (name)
        return name;
    name = make_name(run, product);
    if (!name)
        return &none;
    name->next = run->names;
    run->names = name;
    return name;
}

const char *rfm_run_path(rfm_run *run, const char *product)
{
    return find_name(run, product)->path;
}

const char *rfm_run_temporary(rfm_run *run, const char *product)
{
    return find_name(run, product)->temporary;
}

/* ---- what is there ---------------------------------------------------------------------------------------------- */

static bool is_there(rfm_run *run, const char *product)
{
    struct stat status;
    return lstat(rfm_run_path(run, product), &status) == 0;
}

rfm_status rfm_run_look(rfm_run *run, const char *product, const rfm_origin *origin, bool force, bool *same,
                        rfm_error *err)
{
    const char *key = "", *was = NULL, *now = NULL;
    const json_t *noted = rfm_report_origin(run, product);
    if (noted && !rfm_origin_differs(noted, origin, &key, &was, &now))
        *same = true;
    else if (noted && !force)
        rfm_fail(err, RFM_USAGE,
                 "%s: %s %s%.200s, now %s%.200s: use another output.dir or --force, which makes it anew",
                 rfm_run_path(run, product), key, was ? "was " : "was not set", was ? was : "", now ? "" : "not set",
                 now ? now : "");
    return err->status;
}

rfm_status rfm_run_find(rfm_run *run, const char *product, const rfm_origin *origin, bool force, bool *present,
                        rfm_error *err)
{
    *present = false;
    if (rfm_comm_rank(run->comm) == 0 && is_there(run, product))
        rfm_run_look(run, product, origin, force, present, err);
    rfm_comm_bcast(run->comm, 0, present, sizeof *present);
    return rfm_comm_agree(run->comm, err);
}
