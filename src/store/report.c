/* report: run.json, what a run says of itself to machines, and where it notes from what its products were made. It is
 * kept in memory on rank 0 and replaced whole at every save.
 *
 *     {"format": 1, "attempt": 2, "status": "running", "products": {"model.h5": {"origin": {"cluster.k": "8"}}}, ...}
 */
#include "run.h"

#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FORMAT = 1 };

/* ---- the file --------------------------------------------------------------------------------------------------- */

static rfm_status begin(rfm_run *run, rfm_error *err)
{
    run->report = json_pack("{s:i, s:i, s:s, s:{}}", "format", FORMAT, "attempt", 0, "status", "running", "products");
    return run->report ? RFM_OK : rfm_fail(err, RFM_NO_MEMORY, "no memory for %s", RFM_RUN_REPORT);
}

static rfm_status check(const rfm_run *run, const char *path, rfm_error *err)
{
    const json_t *format = json_object_get(run->report, "format");
    if (json_is_integer(format) && json_integer_value(format) > FORMAT)
        return rfm_fail(err, RFM_USAGE, "%s: was written by a later version of rfmpi: use that, or another output.dir",
                        path);
    if (!json_is_integer(format) || json_integer_value(format) < 1 ||
        !json_is_integer(json_object_get(run->report, "attempt")) ||
        !json_is_object(json_object_get(run->report, "products")))
        return rfm_fail(err, RFM_DATA, "%s: is not what a run writes: put it right, or use another output.dir", path);
    return RFM_OK;
}

rfm_status rfm_report_open(rfm_run *run, rfm_error *err)
{
    char *path = rfm_folder_path(run->dir, RFM_RUN_REPORT, err);
    if (path)
        run->report = rfm_json_load(path, err);
    if (!err->status && (run->report ? check(run, path, err) : begin(run, err)) == RFM_OK) {
        int64_t attempt = json_integer_value(json_object_get(run->report, "attempt")) + 1;
        run->attempt = attempt;
        if (!rfm_json_set(run->report, "attempt", json_integer(attempt)))
            rfm_fail(err, RFM_NO_MEMORY, "no memory for %s", RFM_RUN_REPORT);
    }
    free(path);
    return err->status;
}

static rfm_status replace(const rfm_run *run, const char *temporary, const char *path, const rfm_text *text,
                          rfm_error *err)
{
    if (rfm_file_write(temporary, text, err)) {
        unlink(temporary);
        return err->status;
    }
    rfm_run_step(run);
    if (rename(temporary, path) != 0)
        return rfm_fail_errno(err, errno, "%s: cannot rename to %s", temporary, path);
    rfm_run_step(run);
    return rfm_folder_sync_names(run->dir, err);
}

rfm_status rfm_report_write(rfm_run *run, rfm_error *err)
{
    rfm_text temporary = {0}, text = {0};
    char *path = rfm_folder_path(run->dir, RFM_RUN_REPORT, err);
    rfm_text_addf(&temporary, "%s/.%s.%lld.tmp", run->dir, RFM_RUN_REPORT, (long long)run->attempt);
    if (run->failed.status)
        *err = run->failed;
    if (!err->status && rfm_text_check(&temporary, err) == RFM_OK && rfm_json_print(run->report, &text, err) == RFM_OK)
        replace(run, temporary.bytes, path, &text, err);
    rfm_text_free(&temporary);
    rfm_text_free(&text);
    free(path);
    return err->status;
}

rfm_status rfm_report_save(rfm_run *run, rfm_error *err)
{
    if (run->report)
        rfm_report_write(run, err);
    return rfm_comm_agree(run->comm, err);
}

/* ---- products --------------------------------------------------------------------------------------------------- */

const json_t *rfm_report_origin(const rfm_run *run, const char *product)
{
    const json_t *products = json_object_get(run->report, "products");
    return json_object_get(json_object_get(products, product), "origin");
}

/* A product changes: the run is not done, whatever an earlier start said. */
static void note_running(rfm_run *run)
{
    rfm_report_text(run, "status", "running");
}

rfm_status rfm_report_note(rfm_run *run, const char *product, const rfm_origin *origin, rfm_error *err)
{
    json_t *pairs = json_object(), *note = json_pack("{s:o?}", "origin", pairs);
    bool noted = note;
    for (size_t i = 0; noted && i < origin->n; i++)
        noted = json_object_set_new(pairs, origin->keys[i], json_string(origin->values[i])) == 0;
    note_running(run);
    if (!noted)
        rfm_fail(err, RFM_INTERNAL, "%s: the origin of %s cannot be noted", run->dir, product);
    else if (json_object_set(json_object_get(run->report, "products"), product, note) != 0)
        rfm_fail(err, RFM_NO_MEMORY, "no memory for %s", RFM_RUN_REPORT);
    json_decref(note);
    return err->status;
}

void rfm_report_forget(rfm_run *run, const char *product)
{
    note_running(run);
    json_object_del(json_object_get(run->report, "products"), product);
}

/* ---- setters ---------------------------------------------------------------------------------------------------- */

static bool is_reserved(const char *key)
{
    static const char *const reserved[] = {"format", "attempt", "products"};
    size_t length = strcspn(key, ".");
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strlen(reserved[i]) == length && strncmp(key, reserved[i], length) == 0)
            return true;
    return false;
}

/* Takes value over. */
static void set(rfm_run *run, const char *key, json_t *value)
{
    if (run->report && is_reserved(key)) {
        rfm_fail(&run->failed, RFM_INTERNAL, "%s is not a key of a report", key);
        json_decref(value);
    } else if (!run->report) {
        json_decref(value);
    } else if (!rfm_json_set(run->report, key, value)) {
        rfm_fail(&run->failed, RFM_NO_MEMORY, "no memory for %s of %s", key, RFM_RUN_REPORT);
    }
}

/* JSON has no word for what is not a number. */
static json_t *make_number(double value)
{
    json_t *number = json_real(value);
    return number ? number : json_null();
}

void rfm_report_integer(rfm_run *run, const char *key, int64_t value)
{
    set(run, key, run->report ? json_integer(value) : NULL);
}

void rfm_report_number(rfm_run *run, const char *key, double value)
{
    set(run, key, run->report ? make_number(value) : NULL);
}

void rfm_report_boolean(rfm_run *run, const char *key, bool value)
{
    set(run, key, run->report ? json_boolean(value) : NULL);
}

void rfm_report_text(rfm_run *run, const char *key, const char *value)
{
    set(run, key, run->report ? rfm_json_string(value) : NULL);
}

void rfm_report_numbers(rfm_run *run, const char *key, const double *values, size_t n)
{
    json_t *array = run->report ? json_array() : NULL;
    for (size_t i = 0; array && i < n; i++)
        if (json_array_append_new(array, make_number(values[i])) != 0) {
            json_decref(array);
            array = NULL;
        }
    set(run, key, array);
}

void rfm_report_integers(rfm_run *run, const char *key, const int64_t *values, size_t n)
{
    json_t *array = run->report ? json_array() : NULL;
    for (size_t i = 0; array && i < n; i++)
        if (json_array_append_new(array, json_integer(values[i])) != 0) {
            json_decref(array);
            array = NULL;
        }
    set(run, key, array);
}

void rfm_report_json(rfm_run *run, const char *key, const char *json)
{
    json_error_t reason;
    if (!run->report)
        return;
    json_t *value = json ? json_loads(json, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &reason) : NULL;
    if (value)
        set(run, key, value);
    else if (!json || json_error_code(&reason) == json_error_out_of_memory)
        rfm_fail(&run->failed, RFM_NO_MEMORY, "no memory for %s of %s", key, RFM_RUN_REPORT);
    else
        rfm_fail(&run->failed, RFM_INTERNAL, "%s of %s is not JSON: %s", key, RFM_RUN_REPORT, reason.text);
}

void rfm_report_remove(rfm_run *run, const char *key)
{
    rfm_assert(!is_reserved(key) && !strchr(key, '.'));
    if (run->report)
        json_object_del(run->report, key);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

rfm_status rfm_report_read(const char *dir, const char *key, char **text, rfm_error *err)
{
    *text = NULL;
    char *path = rfm_folder_path(dir, RFM_RUN_REPORT, err);
    json_t *root = path ? rfm_json_load(path, err) : NULL;
    if (!err->status && !root)
        rfm_fail(err, RFM_DATA, "%s: there is no %s: is this the directory of a run?", dir, RFM_RUN_REPORT);
    const json_t *value = root ? rfm_json_find(root, key) : NULL;
    if (json_is_string(value))
        *text = rfm_copy_string(json_string_value(value), err);
    else if (value && !(*text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(17))))
        rfm_fail(err, RFM_NO_MEMORY, "no memory for %s of %s", key, path);
    json_decref(root);
    free(path);
    return err->status;
}

rfm_status rfm_report_text_of(const char *dir, rfm_text *json, rfm_error *err)
{
    char *path = rfm_folder_path(dir, RFM_RUN_REPORT, err);
    json_t *root = path ? rfm_json_load(path, err) : NULL;
    if (!err->status && !root)
        rfm_fail(err, RFM_DATA, "%s: there is no %s: is this the directory of a run?", dir, RFM_RUN_REPORT);
    if (root)
        rfm_json_print(root, json, err);
    json_decref(root);
    free(path);
    return err->status;
}
