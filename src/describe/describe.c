/* describe: what kind of file it is, told by what is in it and not by its name. */
#include "describe.h"
#include "rfmpi/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef enum file_kind { KIND_NONE, KIND_RUN, KIND_CUSTOMERS, KIND_HDF5, KIND_JSON, KIND_CHECKPOINT } file_kind;

static rfm_status fail_none(const char *path, rfm_error *err)
{
    return rfm_fail(
        err, RFM_DATA,
        "%s: is none of rfmpi's files (a run directory, model.h5, features.h5, state.h5, an event table, "
        "customers/, run.json, figures.json, a checkpoint); event files are looked at by rfmpi init, and tables and "
        "pages of a run open in a spreadsheet and a browser",
        path);
}

static bool has_file(const char *dir, const char *name)
{
    struct stat at;
    rfm_error ignored = {0};
    char *path = rfm_folder_path(dir, name, &ignored);
    const bool found = path && stat(path, &at) == 0;
    free(path);
    return found;
}

static file_kind kind_of_bytes(const char *bytes, size_t n)
{
    const size_t blanks = strspn(bytes, " \t\r\n");
    if (n >= 8 && memcmp(bytes, "\x89HDF\r\n\x1a\n", 8) == 0)
        return KIND_HDF5;
    if (rfm_checkpoint_is(bytes, n))
        return KIND_CHECKPOINT;
    return bytes[blanks] == '{' ? KIND_JSON : KIND_NONE;
}

static rfm_status find_kind(const char *path, file_kind *found, rfm_error *err)
{
    struct stat at;
    char bytes[65] = "";
    *found = KIND_NONE;
    const int number = stat(path, &at) == 0 ? 0 : errno;
    if (number == ENOENT || number == ENOTDIR)
        return rfm_fail(err, RFM_DATA, "%s: there is no such file or directory", path);
    if (number != 0)
        return rfm_fail_errno(err, number, "%s: cannot be looked at", path);
    if (S_ISDIR(at.st_mode)) {
        *found = has_file(path, "run.json") ? KIND_RUN : has_file(path, "manifest.json") ? KIND_CUSTOMERS : KIND_NONE;
    } else if (S_ISREG(at.st_mode)) {
        const int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return rfm_fail_errno(err, errno, "%s: cannot be opened", path);
        const ssize_t n = read(fd, bytes, sizeof bytes - 1);
        close(fd);
        if (n < 0)
            return rfm_fail_errno(err, errno, "%s: cannot be read", path);
        *found = kind_of_bytes(bytes, (size_t)n);
    }
    return *found == KIND_NONE ? fail_none(path, err) : RFM_OK;
}

static rfm_status describe_checkpoint(const char *path, json_t *facts, rfm_error *err)
{
    rfm_checkpoint_note note;
    if (rfm_checkpoint_look(path, &note, err) != RFM_OK)
        return err->status;
    fact_text(facts, "kind", "checkpoint of a fit");
    fact_integer(facts, "number", note.number);
    fact_integer(facts, "bytes", note.n_bytes);
    fact_put(facts, "whole", json_boolean(note.is_whole));
    return RFM_OK;
}

static rfm_status describe_local(const char *path, file_kind kind, json_t *facts, rfm_error *err)
{
    switch (kind) {
    case KIND_RUN:
        return describe_run(path, facts, err);
    case KIND_CUSTOMERS:
        return describe_customers(path, facts, err);
    case KIND_CHECKPOINT:
        return describe_checkpoint(path, facts, err);
    default:
        return describe_json(path, facts, err);
    }
}

/* Every rank looks for itself: files are small, or opened together. */
rfm_status rfm_describe(rfm_comm *comm, const char *path, rfm_description **description, rfm_error *err)
{
    file_kind kind = KIND_NONE;
    rfm_description *made = rfm_alloc(1, sizeof *made, err);
    *description = NULL;
    if (made) {
        made->path = rfm_copy_string(path, err);
        made->facts = json_object();
        if (!made->facts)
            rfm_fail(err, RFM_NO_MEMORY, "no memory for what %s holds", path);
    }
    if (err->status == RFM_OK)
        find_kind(path, &kind, err);
    if (rfm_comm_agree(comm, err) == RFM_OK) {
        rfm_assert(made);
        if (kind == KIND_HDF5)
            describe_hdf5(comm, path, made->facts, err);
        else
            describe_local(path, kind, made->facts, err);
        rfm_comm_agree(comm, err);
    }
    if (err->status == RFM_OK)
        *description = made;
    else
        rfm_description_close(made);
    return err->status;
}

void rfm_description_close(rfm_description *description)
{
    if (!description)
        return;
    json_decref(description->facts);
    free(description->path);
    free(description);
}
