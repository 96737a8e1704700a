/* files: what the user names -> the list of files, in an order of its own. Knows no columns and no
 * rows, only whether a quoted line end shows.
 */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "heading.h"
#include "reader.h"

enum { LOOK_BYTES = 64 << 10 };

/* A file while the list is made; the same file may come by several names. */
typedef struct found {
    rfm_file file;
    dev_t device;
    ino_t inode;
} found;

typedef struct finds {
    found *items;
    size_t n, capacity;
} finds;

static rfm_status fail_folder(const char *path, rfm_error *err)
{
    const size_t n = strlen(path);
    return rfm_fail(err, RFM_DATA, "%s: is a directory; name its files by a pattern, such as %s%s*.csv", path, path,
                    n > 0 && path[n - 1] == '/' ? "" : "/");
}

static rfm_status add_file(finds *all, const char *path, rfm_error *err)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return rfm_fail(err, RFM_DATA, "%s: no such file", path);
        return rfm_fail_errno(err, errno, "%s: cannot be looked at", path);
    }
    if (S_ISDIR(info.st_mode))
        return fail_folder(path, err);
    if (!S_ISREG(info.st_mode))
        return rfm_fail(err, RFM_DATA, "%s: is no regular file; copy it into one first", path);
    if (rfm_reserve(&all->items, &all->capacity, all->n + 1, sizeof *all->items, err) != RFM_OK)
        return err->status;
    char *copy = rfm_copy_string(path, err);
    if (!copy)
        return err->status;
    const struct timespec modified = info.st_mtim;
    all->items[all->n++] =
        (found){.file = {.path = copy,
                         .size_bytes = info.st_size,
                         .modified_us = (int64_t)modified.tv_sec * 1000000 + modified.tv_nsec / 1000},
                .device = info.st_dev,
                .inode = info.st_ino};
    return RFM_OK;
}

/* glob goes on behind what is not there, and stops at what may not be seen. */
static int stop_at_error(const char *path, int number)
{
    (void)path;
    return number == EACCES || number == EPERM || number == EIO;
}

static rfm_status add_matches(finds *all, const char *pattern, rfm_error *err)
{
    glob_t matches = {0};
    const int failed = glob(pattern, GLOB_NOSORT, stop_at_error, &matches);
    if (failed == GLOB_NOMATCH)
        rfm_fail(err, RFM_DATA, "%s: no file matches this pattern", pattern);
    else if (failed == GLOB_NOSPACE)
        rfm_fail(err, RFM_NO_MEMORY, "%s: too many files match this pattern", pattern);
    else if (failed)
        rfm_fail_errno(err, errno ? errno : EIO, "%s: a folder cannot be read", pattern);
    for (size_t i = 0; !failed && i < matches.gl_pathc; i++)
        if (add_file(all, matches.gl_pathv[i], err) != RFM_OK)
            break;
    globfree(&matches);
    return err->status;
}

/* A name that is there is meant literally, whatever signs it has. */
static rfm_status add_pattern(finds *all, const char *pattern, rfm_error *err)
{
    struct stat info;
    const bool literal = strpbrk(pattern, "*?[") == NULL || lstat(pattern, &info) == 0;
    return literal ? add_file(all, pattern, err) : add_matches(all, pattern, err);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const found *)a)->file.path, ((const found *)b)->file.path);
}

static int by_identity(const void *a, const void *b)
{
    const found *x = a, *y = b;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->inode != y->inode)
        return x->inode < y->inode ? -1 : 1;
    return by_path(a, b);
}

static bool is_same(const found *a, const found *b)
{
    return a->device == b->device && a->inode == b->inode;
}

/* Of several names of one file the first in order stays. */
static void keep_each_once(finds *all)
{
    size_t n = 0;
    if (all->n == 0)
        return;
    qsort(all->items, all->n, sizeof *all->items, by_identity);
    for (size_t i = 0; i < all->n; i++) {
        if (n > 0 && is_same(&all->items[n - 1], &all->items[i]))
            free(all->items[i].file.path);
        else
            all->items[n++] = all->items[i];
    }
    all->n = n;
    qsort(all->items, all->n, sizeof *all->items, by_path);
}

static rfm_status look_for_quoted_line_ends(const rfm_input *input, rfm_reader *reader, rfm_file *file, rfm_error *err)
{
    rfm_row row;
    rfm_row_kind kind;
    rfm_scanner scanner;
    rfm_scanner_open(&scanner, input->delimiter, false, RFM_ROW_LIMIT_BYTES);
    if (rfm_scanner_window(&scanner, reader->bytes, reader->n, rfm_reader_at_end(reader), err) == RFM_OK) {
        scanner.lead = rfm_head_mark_bytes(reader->bytes, reader->n);
        do
            kind = scanner.at < scanner.n ? rfm_scanner_next(&scanner, &row) : RFM_ROW_MORE;
        while (kind != RFM_ROW_MORE && kind != RFM_ROW_QUOTED_LINE_END);
        file->whole = kind == RFM_ROW_QUOTED_LINE_END;
    }
    rfm_scanner_close(&scanner);
    return err->status;
}

/* By its first bytes, a file that is no text is told apart before its bytes are taken for a header. */
static rfm_status check_is_text(const rfm_reader *reader, const rfm_file *file, rfm_error *err)
{
    static const struct {
        const char *magic, *kind, *remedy;
    } kinds[] = {{"\x1f\x8b", "gzip", "gunzip it first"}, {"\x28\xb5\x2f\xfd", "zstd", "unzstd it first"},
                 {"BZh", "bzip2", "bunzip2 it first"},    {"PK\x03\x04", "a zip archive", "unpack it first"},
                 {"PAR1", "Parquet", "export it as CSV"}, {"\x89HDF", "HDF5", "an HDF5 matrix is input.features"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t n = strlen(kinds[i].magic);
        if (reader->n >= n && memcmp(reader->bytes, kinds[i].magic, n) == 0)
            return rfm_fail(err, RFM_DATA, "%s is %s, and event files are plain text: %s", file->path, kinds[i].kind,
                            kinds[i].remedy);
    }
    return RFM_OK;
}

/* Read a file's first bytes: it must be readable. */
static rfm_status look_into(const rfm_input *input, rfm_file *file, rfm_error *err)
{
    rfm_reader reader = {0};
    if (rfm_reader_open(&reader, file, 0, LOOK_BYTES, input->fault_file, err) == RFM_OK &&
        rfm_reader_fill(&reader, 0, err) == RFM_OK && check_is_text(&reader, file, err) == RFM_OK)
        look_for_quoted_line_ends(input, &reader, file, err);
    rfm_reader_close(&reader);
    if (file->size_bytes == 0 && input->header)
        rfm_log(RFM_LOG_WARN, "%s: is empty, without even a header", file->path);
    return err->status;
}

static rfm_status move_finds(finds *all, rfm_files *files, rfm_error *err)
{
    files->files = rfm_alloc(all->n, sizeof *files->files, err);
    if (!files->files)
        return err->status;
    for (size_t i = 0; i < all->n; i++)
        files->files[i] = all->items[i].file;
    files->n = all->n;
    all->n = 0;
    return RFM_OK;
}

rfm_status rfm_files_find(const rfm_input *input, const char *const *patterns, size_t n_patterns, rfm_files *files,
                          rfm_error *err)
{
    finds all = {0};
    *files = (rfm_files){0};
    for (size_t i = 0; i < n_patterns && err->status == RFM_OK; i++)
        add_pattern(&all, patterns[i], err);
    keep_each_once(&all);
    for (size_t i = 0; i < all.n && err->status == RFM_OK; i++)
        look_into(input, &all.items[i].file, err);
    if (err->status == RFM_OK)
        move_finds(&all, files, err);
    for (size_t i = 0; i < all.n; i++)
        free(all.items[i].file.path);
    free(all.items);
    return err->status;
}

void rfm_files_free(rfm_files *files)
{
    for (size_t i = 0; i < files->n; i++)
        free(files->files[i].path);
    free(files->files);
    *files = (rfm_files){0};
}
