/* folder: a directory of its own for each test, the same on all ranks, and what is found in it. */
#ifndef RFM_TEST_GENERATE_FOLDER_H
#define RFM_TEST_GENERATE_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rfmpi/generate.h"

static rfm_comm *comm;
static char root[64], folder[128];

static inline void path_in(const char *name, char path[512])
{
    snprintf(path, 512, "%s/%s", folder, name);
}

/* Names in the folder, without . and ..; -1 when there is no folder. Local: rank 0 may still be tidying up. */
static inline int count_files(void)
{
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return -1;
    int n = 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return n;
}

static inline void remove_folder(void)
{
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[512];
        path_in(entry->d_name, path);
        unlink(path);
    }
    closedir(dir);
    rmdir(folder);
}

/* Collective: the next folder to write, not there yet. */
static inline void next_folder(void)
{
    static int number;
    snprintf(folder, sizeof folder, "%s/out-%d", root, number++);
    rfm_comm_barrier(comm);
}

/* Collective: the files of this test are no longer needed. */
static inline void drop_folder(void)
{
    rfm_comm_barrier(comm);
    if (rfm_comm_rank(comm) == 0)
        remove_folder();
}

static inline char *read_file(const char *name, size_t *length)
{
    char path[512];
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

static inline int run_in_folders(int argc, char **argv, const struct CMUnitTest *tests, size_t n)
{
    rfm_error err = {0};
    if (rfm_comm_open(&argc, &argv, &comm, &err) != RFM_OK)
        return 1;
    snprintf(root, sizeof root, "generate-XXXXXX");
    if (rfm_comm_rank(comm) == 0 && mkdtemp(root) == NULL)
        root[0] = '\0';
    rfm_comm_bcast(comm, 0, root, sizeof root);
    int64_t failed = root[0] == '\0' ? 1 : _cmocka_run_group_tests("generate", tests, n, NULL, NULL);
    rfm_comm_reduce_i64(comm, RFM_MAX, &failed, 1);
    if (rfm_comm_rank(comm) == 0)
        rmdir(root);
    rfm_comm_close(comm);
    return failed != 0;
}

#endif
