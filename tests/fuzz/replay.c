/* replay: a target given every file of the folders and files it is called with, by any compiler. */
#include "fuzz.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>

static void replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    must(file != NULL);
    must(fseek(file, 0, SEEK_END) == 0);
    const long n = ftell(file);
    must(n >= 0);
    rewind(file);
    uint8_t *bytes = malloc((size_t)n + (n == 0)); /* to the byte, so that a sanitizer sees what is read beyond */
    must(bytes != NULL && fread(bytes, 1, (size_t)n, file) == (size_t)n);
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, (size_t)n);
    free(bytes);
}

int main(int argc, char **argv)
{
    (void)argc;
    int n = 0;
    FTS *tree = fts_open(argv + 1, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    must(tree != NULL);
    for (FTSENT *entry; (entry = fts_read(tree)) != NULL;) {
        must(entry->fts_info != FTS_NS && entry->fts_info != FTS_ERR && entry->fts_info != FTS_DNR);
        if (entry->fts_info != FTS_F)
            continue;
        fprintf(stderr, "%s\n", entry->fts_path); /* the last one is the one that failed */
        replay(entry->fts_accpath);
        n++;
    }
    fts_close(tree);
    must(n > 0);
    return 0;
}
