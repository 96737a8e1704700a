/* publish: make a product appear whole, or go. The order of steps is what survives a kill between any two of them:
 *
 *     1. the temporary is synced
 *     2. a note of another origin is dropped: the old content is then as absent
 *     3. a directory in the way is moved aside; the temporary takes the name; the run directory is synced
 *     4. run.json notes the origin
 *     5. what was moved aside goes
 *
 * A kill between the two renames of step 3 leaves no product under the name; the next open puts the old one back.
 */
#include "run.h"

#include "folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

void rfm_run_step(const rfm_run *run)
{
    if (run->step)
        run->step(run->step_context);
}

static bool is_directory(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* A name beside the product that the next open knows what to do with. Caller frees. */
static char *name_beside(const rfm_run *run, const char *product, const char *why, const char *ending, rfm_error *err)
{
    rfm_text name = {0};
    rfm_text_addf(&name, "%s/.%s%s.%lld.%s", run->dir, product, why, (long long)run->attempt, ending);
    if (rfm_text_check(&name, err))
        rfm_text_free(&name);
    return name.bytes;
}

static rfm_status move(const char *from, const char *to, rfm_error *err)
{
    if (rename(from, to) != 0)
        return rfm_fail_errno(err, errno, "%s: cannot rename to %s", from, to);
    return RFM_OK;
}

/* A note of this very origin stays true of old and new alike. */
static rfm_status drop_note(rfm_run *run, const char *product, const rfm_origin *origin, rfm_error *err)
{
    const char *key, *was, *now;
    const json_t *noted = rfm_report_origin(run, product);
    if (!noted || (origin && !rfm_origin_differs(noted, origin, &key, &was, &now)))
        return RFM_OK;
    rfm_report_forget(run, product);
    rfm_report_write(run, err);
    rfm_run_step(run);
    return err->status;
}

static rfm_status take_name(rfm_run *run, const char *product, const char *aside, rfm_error *err)
{
    const char *path = rfm_run_path(run, product);
    /* rename() replaces a file by a file at once, but no directory that holds something. */
    if (is_directory(path) && move(path, aside, err))
        return err->status;
    rfm_run_step(run);
    if (move(rfm_run_temporary(run, product), path, err)) {
        rename(aside, path);
        return err->status;
    }
    rfm_run_step(run);
    return rfm_folder_sync_names(run->dir, err);
}

/* Rank 0. */
static rfm_status publish(rfm_run *run, const char *product, const rfm_origin *origin, rfm_error *err)
{
    char *aside = name_beside(run, product, "", "old", err);
    if (err->status || rfm_folder_sync(rfm_run_temporary(run, product), err))
        goto done;
    rfm_run_step(run);
    if (drop_note(run, product, origin, err) || take_name(run, product, aside, err))
        goto done;
    rfm_run_step(run);
    if (rfm_report_note(run, product, origin, err) || rfm_report_write(run, err))
        goto done;
    rfm_run_step(run);
    rfm_folder_remove(aside, err);
    rfm_run_step(run);
done:
    free(aside);
    return err->status;
}

rfm_status rfm_run_publish(rfm_run *run, const char *product, const rfm_origin *origin, rfm_error *err)
{
    if (rfm_comm_rank(run->comm) == 0)
        publish(run, product, origin, err);
    return rfm_comm_agree(run->comm, err);
}

rfm_status rfm_run_note(rfm_run *run, const char *product, const rfm_origin *origin, rfm_error *err)
{
    if (rfm_comm_rank(run->comm) == 0 && rfm_report_note(run, product, origin, err) == RFM_OK)
        rfm_report_write(run, err);
    return rfm_comm_agree(run->comm, err);
}

rfm_status rfm_run_put(rfm_run *run, const char *product, const rfm_origin *origin, const rfm_text *bytes,
                       rfm_error *err)
{
    if (rfm_comm_rank(run->comm) == 0 && rfm_text_check(bytes, err) == RFM_OK &&
        rfm_file_write(rfm_run_temporary(run, product), bytes, err) == RFM_OK) {
        rfm_run_step(run);
        publish(run, product, origin, err);
    }
    return rfm_comm_agree(run->comm, err);
}

/* Rank 0. Out of sight first: a directory is not removed in one step. */
static rfm_status drop(rfm_run *run, const char *product, rfm_error *err)
{
    const char *path = rfm_run_path(run, product);
    char *aside = name_beside(run, product, ".dropped", "tmp", err);
    if (!err->status && drop_note(run, product, NULL, err) == RFM_OK) {
        const bool moved = rename(path, aside) == 0;
        if (!moved && errno != ENOENT)
            rfm_fail_errno(err, errno, "%s: cannot remove", path);
        rfm_run_step(run);
        if (moved && rfm_folder_remove(aside, err) == RFM_OK)
            rfm_folder_sync_names(run->dir, err);
        rfm_run_step(run);
    }
    free(aside);
    return err->status;
}

rfm_status rfm_run_drop(rfm_run *run, const char *product, rfm_error *err)
{
    if (rfm_comm_rank(run->comm) == 0)
        drop(run, product, err);
    return rfm_comm_agree(run->comm, err);
}
