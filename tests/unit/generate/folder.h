/* folder: a directory of its own for each test, the same on all ranks, and what is found in it. */
#ifndef RFM_TEST_GENERATE_FOLDER_H
#define RFM_TEST_GENERATE_FOLDER_H

#include "session.h"

#include <dirent.h>

#include "rfmpi/generate.h"

enum { PATH_BYTES = 900 };

static char target[600]; /* of this test */

static inline void path_in(const char *name, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s", target, name);
}

/* Names in it, without . and ..; -1 when it is not there. Local: rank 0 may still be tidying up. */
static inline int count_files(void)
{
    DIR *dir = opendir(target);
    if (dir == NULL)
        return -1;
    int n = 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return n;
}

static inline void empty_folder(void)
{
    DIR *dir = opendir(target);
    if (dir == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[PATH_BYTES];
        path_in(entry->d_name, path);
        unlink(path);
    }
    closedir(dir);
    rmdir(target);
}

/* Collective: the next folder to write, not there yet. */
static inline void next_folder(void)
{
    static int number;
    snprintf(target, sizeof target, "%s/out-%d", folder, number++);
    rfm_comm_barrier(comm);
}

/* Collective: the files of this test are no longer needed. */
static inline void drop_folder(void)
{
    rfm_comm_barrier(comm);
    if (rfm_comm_rank(comm) == 0)
        empty_folder();
}

static inline char *read_file(const char *name, size_t *length)
{
    char path[PATH_BYTES];
    path_in(name, path);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *bytes = calloc(*length + 1, 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *length, file), *length);
    fclose(file);
    return bytes;
}

#endif
