/* folder_sink: the sink that is a folder: a copy of a run's results, which appears whole. Knows which files of a run
 * are results, and nothing of what is in them. */
#include "copy.h"
#include "sink.h"

#include "rfmpi/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is copied, where it is there. */
static const char *const RESULTS[] = {"run.json",     "model.h5",         "features.h5", "segments.csv",
                                      "figures.json", "spreadsheet.xlsx", "customers",   "report.html"};

/* ---- copying ---------------------------------------------------------------------------------------------------- */

/* A file, or a folder of files. */
static rfm_status copy(const char *from, const char *to, int64_t *n_bytes, rfm_error *err)
{
    struct stat status;
    if (stat(from, &status) != 0)
        return errno == ENOENT ? RFM_OK : rfm_fail_errno(err, errno, "%s: cannot read", from);
    if (S_ISREG(status.st_mode))
        return rfm_file_copy(from, to, O_EXCL, n_bytes, err);
    DIR *dir = S_ISDIR(status.st_mode) ? opendir(from) : NULL;
    if (!dir || rfm_folder_make(to, err) != RFM_OK)
        return dir ? (closedir(dir), err->status) : rfm_fail_errno(err, errno, "%s: cannot read", from);
    for (struct dirent *entry; err->status == RFM_OK && (entry = readdir(dir));) {
        if (*entry->d_name == '.')
            continue;
        char *below = rfm_folder_path(from, entry->d_name, err), *copied = rfm_folder_path(to, entry->d_name, err);
        if (below && copied)
            copy(below, copied, n_bytes, err);
        free(below);
        free(copied);
    }
    closedir(dir);
    return err->status == RFM_OK ? rfm_folder_sync_names(to, err) : err->status;
}

static rfm_status copy_results(const char *run_dir, const char *to, int64_t *n_bytes, rfm_error *err)
{
    for (size_t i = 0; i < sizeof RESULTS / sizeof *RESULTS && err->status == RFM_OK; i++) {
        char *from = rfm_folder_path(run_dir, RESULTS[i], err), *copied = rfm_folder_path(to, RESULTS[i], err);
        if (from && copied)
            copy(from, copied, n_bytes, err);
        free(from);
        free(copied);
    }
    return err->status == RFM_OK ? rfm_folder_sync_names(to, err) : err->status;
}

/* ---- publishing ------------------------------------------------------------------------------------------------- */

/* In one step where there was one before: the two change places. */
static rfm_status put_in_place(const char *made, const char *dir, rfm_error *err)
{
    char *names = rfm_copy_string(dir, err);
    if (!names)
        return err->status;
    if (rename(made, dir) != 0 && (errno == EEXIST || errno == ENOTEMPTY)) {
        if (renameat2(AT_FDCWD, made, AT_FDCWD, dir, RENAME_EXCHANGE) != 0)
            rfm_fail_errno(err, errno, "%s: cannot take the place of %s: remove it first", made, dir);
        else
            rfm_folder_remove(made, err);
    } else if (access(dir, F_OK) != 0) {
        rfm_fail_errno(err, errno, "%s: cannot be renamed", made);
    }
    char *slash = strrchr(names, '/');
    if (slash && slash != names)
        *slash = '\0';
    if (err->status == RFM_OK)
        rfm_folder_sync_names(slash ? names : ".", err);
    free(names);
    return err->status;
}

static bool is_empty(const char *path)
{
    int n = 0;
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (dir)
        closedir(dir);
    return n == 0;
}

/* What stands at the target: nothing, the same results (*same), others of ours, or what is not ours to replace. */
static rfm_status look(const char *dir, const rfm_manifest *manifest, bool *same, rfm_error *err)
{
    rfm_manifest there = {0};
    rfm_error other = {0};
    *same = false;
    if (access(dir, F_OK) != 0 || is_empty(dir))
        return RFM_OK;
    char *customers = rfm_folder_path(dir, "customers", err);
    if (customers && rfm_manifest_read(customers, &there, &other) != RFM_OK)
        rfm_fail(err, RFM_USAGE, "%s: store.dir has something else in it than results of a run", dir);
    else
        *same = there.hash.low == manifest->hash.low && there.hash.high == manifest->hash.high;
    rfm_manifest_free(&there);
    free(customers);
    return err->status;
}

static rfm_status store(const rfm_upload_options *options, const char *run_dir, rfm_upload_outcome *outcome,
                        rfm_error *err)
{
    rfm_text made = {0};
    rfm_text_addf(&made, "%s.rfmpi-part", options->dir); /* of an earlier start that did not come to its end */
    if (rfm_text_check(&made, err) == RFM_OK) {
        rfm_error other = {0};
        if (rfm_folder_remove(made.bytes, err) == RFM_OK && rfm_folder_make(made.bytes, err) == RFM_OK &&
            copy_results(run_dir, made.bytes, &outcome->n_bytes, err) == RFM_OK)
            put_in_place(made.bytes, options->dir, err);
        if (err->status != RFM_OK)
            rfm_folder_remove(made.bytes, &other);
    }
    rfm_text_free(&made);
    return err->status;
}

rfm_status rfm_folder_sink_run(const rfm_upload_options *options, const char *run_dir, rfm_upload_outcome *outcome,
                               rfm_error *err)
{
    rfm_manifest manifest = {0};
    char *customers = rfm_folder_path(run_dir, "customers", err);
    bool same = false;
    if (customers && rfm_manifest_read(customers, &manifest, err) == RFM_OK && options->dir &&
        look(options->dir, &manifest, &same, err) == RFM_OK && (!same || options->anew))
        store(options, run_dir, outcome, err);
    outcome->already = !options->dir || (same && !options->anew);
    outcome->n_rows = manifest.n_rows;
    outcome->n_parts = (int64_t)manifest.n_parts;
    snprintf(outcome->where, sizeof outcome->where, "%s", options->dir ? options->dir : run_dir);
    rfm_manifest_free(&manifest);
    free(customers);
    return err->status;
}

rfm_status rfm_folder_sink_check(const rfm_upload_options *options, rfm_text *text, rfm_error *err)
{
    if (!options->dir)
        rfm_text_adds(text, "files: the run directory itself; store.dir names a place for a copy\n");
    else
        rfm_text_addf(text, "files: %s %s\n", options->dir,
                      access(options->dir, F_OK) == 0 ? "is there" : "is not there yet");
    return rfm_text_check(text, err);
}
