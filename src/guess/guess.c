/* guess: the order of work, from names of files to findings. */
#include <stdlib.h>
#include <string.h>

#include "guess.h"

static rfm_status copy_paths(rfm_guess *guess, const char *const *paths, size_t n, rfm_error *err)
{
    guess->paths = rfm_alloc(n, sizeof *guess->paths, err);
    for (size_t i = 0; guess->paths && i < n && err->status == RFM_OK; i++) {
        guess->paths[i] = rfm_copy_string(paths[i], err);
        guess->n_paths += guess->paths[i] != NULL;
    }
    return err->status;
}

/* Of the first path: the last part of its name without what says its format, and without wildcards. */
static rfm_status choose_name(rfm_guess *guess, rfm_error *err)
{
    rfm_text name = {0};
    const char *path = guess->paths[0] + (guess->paths[0][0] == '@');
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    size_t begin = length;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    rfm_text last = {0};
    rfm_text_add(&last, path + begin, length - begin);
    const size_t stem = last.failed ? 0 : rfm_format_stem(last.bytes);
    for (size_t i = 0; i < stem; i++)
        if (!strchr("*?[]{}", last.bytes[i]))
            rfm_text_add(&name, &last.bytes[i], 1);
    while (name.length > 0 && strchr(".-_", name.bytes[name.length - 1]))
        name.bytes[--name.length] = '\0';
    if (name.length == 0 || strcmp(name.bytes, ".") == 0)
        rfm_text_adds(&name, "events");
    rfm_text_free(&last);
    guess->name = name.bytes;
    return rfm_text_check(&name, err);
}

/* What people have besides, told by its name before its bytes say "a zip archive". */
static rfm_status check_name(const char *path, rfm_error *err)
{
    static const char *const sheets[] = {".xlsx", ".xls", ".ods", ".numbers"};
    const char *point = strrchr(path, '.');
    for (size_t i = 0; point && i < sizeof sheets / sizeof *sheets; i++)
        if (strcasecmp(point, sheets[i]) == 0)
            return rfm_fail(err, RFM_DATA, "%s: is a spreadsheet: save the sheet as CSV (UTF-8), and name that", path);
    return RFM_OK;
}

/* The largest file, and what it is: lists and notes that lie beside event files are smaller. */
static rfm_status choose_file(rfm_guess *guess, rfm_error *err)
{
    const rfm_input input = {.header = false, .dialect = {',', '"', -1, NULL}};
    if (rfm_files_list(&input, (const char *const *)guess->paths, guess->n_paths, &guess->files, err) != RFM_OK)
        return err->status;
    for (size_t i = 1; i < guess->files.n; i++)
        if (guess->files.files[i].size_bytes > guess->files.files[guess->file].size_bytes)
            guess->file = i;
    rfm_file *file = &guess->files.files[guess->file];
    if (check_name(file->path, err) != RFM_OK ||
        rfm_files_look_into(&input, &guess->files, guess->file, guess->file + 1, err) != RFM_OK)
        return err->status;
    guess->tabs_by_name = file->tabs;
    return RFM_OK;
}

static bool is_text(const rfm_guess *guess)
{
    const rfm_format format = guess->files.files[guess->file].format;
    return format == RFM_FORMAT_TEXT || format == RFM_FORMAT_GZIP || format == RFM_FORMAT_ZSTD;
}

static rfm_status look_at_text(rfm_guess *guess, rfm_text *remedy, rfm_error *err)
{
    rfm_text bytes = {0};
    const rfm_file *file = &guess->files.files[guess->file];
    if (rfm_look_at_text(file, LOOK_BYTES, &bytes, err) == RFM_OK)
        check_encoding(file->path, &bytes, remedy, err);
    rfm_text_free(&bytes);
    if (err->status != RFM_OK || guess_dialect(guess, err) != RFM_OK)
        return err->status;
    const rfm_input input = {.header = false, .dialect = guess->dialect};
    if (rfm_look_at_rows(&input, file, LOOK_ROWS + 1, &guess->look, err) == RFM_OK) {
        guess_header(guess);
        guess->skip = guess->header && guess->look.n_rows > 0;
    }
    return err->status;
}

static rfm_status look_at_columns(rfm_guess *guess, rfm_error *err)
{
    const rfm_input input = {.header = true};
    guess->header = true;
    return rfm_look_at_rows(&input, &guess->files.files[guess->file], LOOK_ROWS, &guess->look, err);
}

static void find_twins(rfm_guess *guess)
{
    for (size_t i = 0; i < guess->look.n_columns; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(guess->columns[i].name, guess->columns[j].name) == 0)
                guess->columns[i].twice = guess->columns[j].twice = true;
}

static rfm_status read_columns(rfm_guess *guess, rfm_error *err)
{
    const rfm_look *look = &guess->look;
    guess->columns = rfm_alloc(look->n_columns, sizeof *guess->columns, err);
    for (size_t i = 0; guess->columns && i < look->n_columns && err->status == RFM_OK; i++) {
        guess->columns[i].name = guess->skip ? rfm_look_cell(look, 0, i) : rfm_look_name(look, i);
        read_column(look, guess->skip, i, &guess->columns[i], err);
    }
    if (guess->columns && err->status == RFM_OK)
        find_twins(guess);
    return err->status;
}

static rfm_status check_rows(const rfm_guess *guess, rfm_error *err)
{
    const char *path = guess->files.files[guess->file].path;
    if (guess->look.n_rows > guess->skip && guess->look.n_columns > 0)
        return RFM_OK;
    if (guess->look.left_out.n > 0)
        return rfm_fail(err, RFM_DATA,
                        "%s: no row can be read as one: is this a file of events, a line for each? The first: %s", path,
                        guess->look.left_out.first.bytes);
    return rfm_fail(err, RFM_DATA, "%s: there are no rows in it%s: name a file with events", path,
                    guess->skip ? ", only a header" : "");
}

/* A role's column that a file does not have, by its name or, without names, its number; NULL: it has them all. */
static const char *find_missing(const rfm_guess *guess, const rfm_look *look)
{
    for (int r = 0; r < N_ROLES; r++) {
        bool found = !column_of(guess, (rfm_role)r);
        for (size_t i = 0; i < look->n_columns && !found; i++)
            found = strcmp(rfm_look_name(look, i), column_of(guess, (rfm_role)r)->name) == 0;
        if (!found)
            return column_of(guess, (rfm_role)r)->name;
    }
    return NULL;
}

/* The first of the other files that is not like the one that was looked into is told of. */
static void compare_files(rfm_guess *guess)
{
    enum { MOST_FILES = 200 };
    const rfm_input input = {.header = guess->header, .dialect = guess->dialect};
    for (size_t i = 0; i < guess->files.n && i < MOST_FILES; i++) {
        rfm_error err = {0};
        rfm_look look = {0};
        const rfm_file *file = &guess->files.files[i];
        if (i == guess->file || file->size_bytes == 0)
            continue;
        if (rfm_files_look_into(&input, &guess->files, i, i + 1, &err) == RFM_OK)
            rfm_look_at_rows(&input, file, 1, &look, &err);
        const char *missing = err.status == RFM_OK ? find_missing(guess, &look) : NULL;
        if (err.status != RFM_OK)
            add_check(guess, "files: %s; name only files of events under paths", err.message);
        else if (missing)
            add_check(guess, "files: %s has no column %s: name only files of events under paths", file->path, missing);
        rfm_look_free(&look);
        if (err.status != RFM_OK || missing)
            return;
    }
}

static rfm_status check_texts(const rfm_guess *guess, rfm_error *err)
{
    for (size_t i = 0; i < guess->n_findings; i++)
        if (rfm_text_check(&guess->findings[i].value, err) != RFM_OK ||
            rfm_text_check(&guess->findings[i].why, err) != RFM_OK)
            return err->status;
    for (size_t i = 0; i < guess->n_keeps; i++)
        if (rfm_text_check(&guess->keeps[i].rule, err) != RFM_OK || rfm_text_check(&guess->keeps[i].why, err) != RFM_OK)
            return err->status;
    for (size_t i = 0; i < guess->n_checks; i++)
        rfm_text_check(&guess->checks[i], err);
    return err->status;
}

static rfm_status make(rfm_guess *guess, rfm_text *remedy, rfm_error *err)
{
    if (choose_file(guess, err) != RFM_OK)
        return err->status;
    is_text(guess) ? look_at_text(guess, remedy, err) : look_at_columns(guess, err);
    if (err->status != RFM_OK || check_rows(guess, err) != RFM_OK || read_columns(guess, err) != RFM_OK)
        return err->status;
    guess_roles(guess);
    guess_writing(guess);
    if (guess_events(guess, err) != RFM_OK || check_readable(guess, remedy, err) != RFM_OK)
        return err->status;
    find_all(guess);
    compare_files(guess);
    return check_texts(guess, err);
}

rfm_status rfm_guess_make(const char *const *paths, size_t n_paths, rfm_guess **guess, rfm_text *remedy, rfm_error *err)
{
    rfm_guess *made = rfm_alloc(1, sizeof *made, err);
    *guess = NULL;
    if (made && copy_paths(made, paths, n_paths, err) == RFM_OK && choose_name(made, err) == RFM_OK)
        make(made, remedy, err);
    if (err->status == RFM_OK)
        *guess = made;
    else
        rfm_guess_close(made);
    return err->status;
}

const char *rfm_guess_name(const rfm_guess *guess)
{
    return guess->name;
}

bool rfm_guess_is_complete(const rfm_guess *guess)
{
    return column_of(guess, CUSTOMER) && column_of(guess, TIME);
}

void rfm_guess_close(rfm_guess *guess)
{
    if (!guess)
        return;
    for (size_t i = 0; i < guess->n_paths; i++)
        free(guess->paths[i]);
    for (size_t i = 0; i < guess->n_findings; i++) {
        rfm_text_free(&guess->findings[i].value);
        rfm_text_free(&guess->findings[i].why);
    }
    for (size_t i = 0; i < guess->n_keeps; i++) {
        rfm_text_free(&guess->keeps[i].rule);
        rfm_text_free(&guess->keeps[i].why);
    }
    for (size_t i = 0; i < guess->n_checks; i++)
        rfm_text_free(&guess->checks[i]);
    rfm_files_free(&guess->files);
    rfm_look_free(&guess->look);
    free(guess->columns);
    free(guess->paths);
    free(guess->name);
    free(guess);
}
