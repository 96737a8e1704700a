/* files: what the user names -> the list of files with what a plan has to know of each, in an order of its own. Knows
 * no columns and no rows, only whether a quoted line end shows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "format.h"
#include "heading.h"
#include "paths.h"
#include "reader.h"
#include "table.h"

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

static void free_file(rfm_file *file)
{
    free(file->path);
    free(file->cuts);
    free(file->done);
}

static rfm_status add_file(finds *all, const char *path, rfm_error *err)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return rfm_fail(err, RFM_DATA, "%s: no such file", path);
        return rfm_fail_errno(err, errno, "%s: cannot be looked at", path);
    }
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
            free_file(&all->items[i].file);
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
    rfm_scanner_open(&scanner, rfm_format_dialect(input, file), false, RFM_ROW_LIMIT_BYTES);
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

/* Of a text, its first block; also of one that has to be decompressed for that. */
static rfm_status look_into_text(const rfm_input *input, rfm_file *file, rfm_error *err)
{
    rfm_reader reader = {0};
    if (rfm_reader_open(&reader, file, 0, LOOK_BYTES, input->fault_file, err) == RFM_OK &&
        rfm_reader_fill(&reader, 0, err) == RFM_OK)
        look_for_quoted_line_ends(input, &reader, file, err);
    rfm_reader_close(&reader);
    return err->status;
}

/* By its first bytes, as they stand. */
static rfm_status choose_format(const rfm_input *input, rfm_file *file, rfm_error *err)
{
    char bytes[RFM_MAGIC_MAX_BYTES];
    size_t n = 0;
    rfm_stream stream = {0};
    if (rfm_stream_open(&stream, file, 0, input->fault_file, err) == RFM_OK &&
        rfm_stream_read(&stream, bytes, sizeof bytes, &n, err) == RFM_OK)
        rfm_format_choose(file, bytes, n, err);
    rfm_stream_close(&stream);
    return err->status;
}

/* A file must be readable, and be what its name says. */
static rfm_status look_into(const rfm_input *input, rfm_file *file, rfm_error *err)
{
    if (choose_format(input, file, err) != RFM_OK)
        return err->status;
    return rfm_format_traits_of(file->format)->columnar ? rfm_table_look_into(file, err)
                                                        : look_into_text(input, file, err);
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

rfm_status rfm_files_look_into(const rfm_input *input, rfm_files *files, size_t first, size_t end, rfm_error *err)
{
    for (size_t i = first; i < end && err->status == RFM_OK; i++)
        look_into(input, &files->files[i], err);
    return err->status;
}

rfm_status rfm_files_list(const rfm_input *input, const char *const *patterns, size_t n_patterns, rfm_files *files,
                          rfm_error *err)
{
    rfm_paths paths = {0};
    finds all = {0};
    *files = (rfm_files){0};
    for (size_t i = 0; i < n_patterns && err->status == RFM_OK; i++)
        rfm_paths_expand(&paths, patterns[i], err);
    for (size_t i = 0; i < paths.n && err->status == RFM_OK; i++)
        add_file(&all, paths.paths[i], err);
    rfm_paths_free(&paths);
    keep_each_once(&all);
    for (size_t i = 0; i < all.n && err->status == RFM_OK; i++)
        if (all.items[i].file.size_bytes == 0 && input->header)
            rfm_log(RFM_LOG_WARN, "%s: is empty, without even a header", all.items[i].file.path);
    if (err->status == RFM_OK)
        move_finds(&all, files, err);
    for (size_t i = 0; i < all.n; i++)
        free_file(&all.items[i].file);
    free(all.items);
    return err->status;
}

rfm_status rfm_files_find(const rfm_input *input, const char *const *patterns, size_t n_patterns, rfm_files *files,
                          rfm_error *err)
{
    if (rfm_files_list(input, patterns, n_patterns, files, err) == RFM_OK &&
        rfm_files_look_into(input, files, 0, files->n, err) != RFM_OK)
        rfm_files_free(files);
    return err->status;
}

void rfm_files_free(rfm_files *files)
{
    for (size_t i = 0; i < files->n; i++)
        free_file(&files->files[i]);
    free(files->files);
    *files = (rfm_files){0};
}
