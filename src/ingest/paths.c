/* paths: globs, directories and lists of names. Knows of files only their names. */
#include "paths.h"

#include "format.h"

#include <errno.h>
#include <fts.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void rfm_paths_free(rfm_paths *paths)
{
    for (size_t i = 0; i < paths->n; i++)
        free(paths->paths[i]);
    free(paths->paths);
    *paths = (rfm_paths){0};
}

static rfm_status add_path(rfm_paths *paths, const char *path, rfm_error *err)
{
    if (rfm_reserve(&paths->paths, &paths->capacity, paths->n + 1, sizeof *paths->paths, err) != RFM_OK)
        return err->status;
    char *copy = rfm_copy_string(path, err);
    if (copy)
        paths->paths[paths->n++] = copy;
    return err->status;
}

/* ---- directories ------------------------------------------------------------------------------------------------ */

typedef rfm_status (*visitor)(void *context, const FTSENT *entry, rfm_error *err);

/* Hidden things, and what other programs leave beside their files: _SUCCESS, _temporary. */
static bool is_passed_over(const FTSENT *entry)
{
    return entry->fts_level > 0 && (entry->fts_name[0] == '.' || entry->fts_name[0] == '_');
}

static rfm_status visit(FTS *tree, FTSENT *entry, visitor visits, void *context, rfm_error *err)
{
    if (is_passed_over(entry)) {
        fts_set(tree, entry, FTS_SKIP);
        return RFM_OK;
    }
    if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR)
        return rfm_fail_errno(err, entry->fts_errno, "%s: a directory cannot be read", entry->fts_path);
    if (entry->fts_info == FTS_NS)
        return rfm_fail_errno(err, entry->fts_errno, "%s: cannot be looked at", entry->fts_path);
    return visits(context, entry, err);
}

/* Every folder and file of a tree; links are followed, but never in circles. */
static rfm_status walk(const char *top, visitor visits, void *context, rfm_error *err)
{
    char *const roots[] = {(char *)(uintptr_t)top, NULL};
    FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    if (!tree)
        return rfm_fail_errno(err, errno, "%s: cannot be read", top);
    FTSENT *entry;
    errno = 0;
    while (err->status == RFM_OK && (entry = fts_read(tree)) != NULL)
        visit(tree, entry, visits, context, err);
    if (err->status == RFM_OK && errno != 0)
        rfm_fail_errno(err, errno, "%s: cannot be read to the end", top);
    fts_close(tree);
    return err->status;
}

/* A link to what is not there counts: it is then missed, not passed over. */
static rfm_status add_event_file(void *context, const FTSENT *entry, rfm_error *err)
{
    if ((entry->fts_info != FTS_F && entry->fts_info != FTS_SLNONE) || !rfm_format_is_known_name(entry->fts_name))
        return RFM_OK;
    return add_path(context, entry->fts_path, err);
}

static rfm_status add_directory(rfm_paths *paths, const char *directory, rfm_error *err)
{
    const size_t before = paths->n;
    if (walk(directory, add_event_file, paths, err) == RFM_OK && paths->n == before)
        rfm_fail(err, RFM_DATA, "%s: is a directory without a file that is named like an event file", directory);
    return err->status;
}

/* ---- globs ------------------------------------------------------------------------------------------------------ */

/* glob goes on behind what is not there, and stops at what may not be seen. */
static int stop_at_error(const char *path, int number)
{
    (void)path;
    return number == EACCES || number == EPERM || number == EIO;
}

/* Without `**`. Matching nothing is no error here. */
static rfm_status match(const char *pattern, rfm_paths *matched, rfm_error *err)
{
    glob_t matches = {0};
    const int failed = glob(pattern, GLOB_NOSORT, stop_at_error, &matches);
    if (failed == GLOB_NOSPACE)
        rfm_fail(err, RFM_NO_MEMORY, "%s: too many files match this pattern", pattern);
    else if (failed && failed != GLOB_NOMATCH)
        rfm_fail_errno(err, errno ? errno : EIO, "%s: a folder cannot be read", pattern);
    for (size_t i = 0; !failed && i < matches.gl_pathc; i++)
        if (add_path(matched, matches.gl_pathv[i], err) != RFM_OK)
            break;
    globfree(&matches);
    return err->status;
}

/* A folder named ** in the pattern, or NULL. */
static const char *find_any_depth(const char *pattern)
{
    for (const char *at = pattern; (at = strstr(at, "**")) != NULL; at += 2)
        if ((at == pattern || at[-1] == '/') && (at[2] == '/' || at[2] == '\0'))
            return at;
    return NULL;
}

static rfm_status match_any_depth(const char *pattern, rfm_paths *matched, rfm_error *err);

typedef struct descent {
    const char *rest; /* of the pattern, behind the folder named ** */
    rfm_paths *matched;
} descent;

static rfm_status match_in_folder(void *context, const FTSENT *entry, rfm_error *err)
{
    const descent *below = context;
    rfm_text pattern = {0};
    if (entry->fts_info != FTS_D)
        return RFM_OK;
    rfm_text_addf(&pattern, "%s%s%s", entry->fts_path, strcmp(entry->fts_path, "/") == 0 ? "" : "/",
                  *below->rest ? below->rest : "*");
    if (rfm_text_check(&pattern, err) == RFM_OK)
        match_any_depth(pattern.bytes, below->matched, err);
    rfm_text_free(&pattern);
    return err->status;
}

/* The folders before ** by glob, then every folder below each. */
static rfm_status match_any_depth(const char *pattern, rfm_paths *matched, rfm_error *err)
{
    const char *any = find_any_depth(pattern);
    if (!any)
        return match(pattern, matched, err);
    rfm_text top = {0};
    rfm_paths tops = {0};
    const descent below = {any[2] == '/' ? any + 3 : any + 2, matched};
    const size_t n = (size_t)(any - pattern); /* with its slash, which is all there is of the root */
    rfm_text_add(&top, pattern, n > 1 ? n - 1 : n);
    rfm_text_adds(&top, n == 0 ? "." : "");
    if (rfm_text_check(&top, err) == RFM_OK)
        match(top.bytes, &tops, err);
    for (size_t i = 0; i < tops.n && err->status == RFM_OK; i++)
        walk(tops.paths[i], match_in_folder, (void *)(uintptr_t)&below, err);
    rfm_paths_free(&tops);
    rfm_text_free(&top);
    return err->status;
}

/* ---- lists ------------------------------------------------------------------------------------------------------ */

/* Without the blanks around it; "" for a line that says nothing. */
static char *trim(char *line)
{
    line += strspn(line, " \t");
    size_t n = strlen(line);
    while (n > 0 && strchr(" \t\r\n", line[n - 1]))
        line[--n] = '\0';
    return *line == '#' ? line + n : line;
}

static rfm_status add_lines(rfm_paths *paths, FILE *list, const char *path, rfm_error *err)
{
    char *line = NULL;
    size_t capacity = 0;
    for (int64_t number = 1; err->status == RFM_OK && getline(&line, &capacity, list) >= 0; number++) {
        const char *pattern = trim(line);
        if (*pattern == '@')
            rfm_fail(err, RFM_DATA, "a list does not name another list");
        else if (*pattern)
            rfm_paths_expand(paths, pattern, err);
        if (err->status != RFM_OK)
            rfm_error_context(err, "%s: line %lld", path, (long long)number);
    }
    if (err->status == RFM_OK && ferror(list))
        rfm_fail_errno(err, errno, "%s: cannot be read", path);
    free(line);
    return err->status;
}

static rfm_status add_list(rfm_paths *paths, const char *path, rfm_error *err)
{
    const size_t before = paths->n;
    FILE *list = fopen(path, "re");
    if (!list && errno == ENOENT)
        return rfm_fail(err, RFM_DATA, "%s: no such list of files", path);
    if (!list)
        return rfm_fail_errno(err, errno, "%s: cannot be opened", path);
    if (add_lines(paths, list, path, err) == RFM_OK && paths->n == before)
        rfm_fail(err, RFM_DATA, "%s: names no file", path);
    fclose(list);
    return err->status;
}

/* ---- what a name may be ----------------------------------------------------------------------------------------- */

static bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static rfm_status add_named(rfm_paths *paths, const char *path, rfm_error *err)
{
    return is_directory(path) ? add_directory(paths, path, err) : add_path(paths, path, err);
}

static rfm_status add_matches(rfm_paths *paths, const char *pattern, rfm_error *err)
{
    rfm_paths matched = {0};
    if (match_any_depth(pattern, &matched, err) == RFM_OK && matched.n == 0)
        rfm_fail(err, RFM_DATA, "%s: no file matches this pattern", pattern);
    /* ** has looked into the folders already. */
    const bool deep = find_any_depth(pattern) != NULL;
    for (size_t i = 0; i < matched.n && err->status == RFM_OK; i++)
        if (!deep || !is_directory(matched.paths[i]))
            add_named(paths, matched.paths[i], err);
    rfm_paths_free(&matched);
    return err->status;
}

/* A name that is there is meant literally, whatever signs it has. */
rfm_status rfm_paths_expand(rfm_paths *paths, const char *pattern, rfm_error *err)
{
    struct stat info;
    if (lstat(pattern, &info) == 0)
        return add_named(paths, pattern, err);
    if (*pattern == '@')
        return add_list(paths, pattern + 1, err);
    return strpbrk(pattern, "*?[") ? add_matches(paths, pattern, err) : add_path(paths, pattern, err);
}
