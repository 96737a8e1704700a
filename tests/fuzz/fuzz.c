/* fuzz: see fuzz.h. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fuzz_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

size_t fuzz_below(fuzz_input *input, size_t limit)
{
    if (input->n == 0)
        return 0;
    const size_t byte = (unsigned char)*input->bytes;
    input->bytes++;
    input->n--;
    return byte % limit;
}

enum { MAX_PATTERNS = 16 };

/* Patterns are literals: known by their place. */
static const regex_t *compiled(const char *pattern)
{
    static struct {
        const char *pattern;
        regex_t regex;
    } known[MAX_PATTERNS];
    size_t i = 0;
    while (known[i].pattern && known[i].pattern != pattern)
        must(++i < MAX_PATTERNS);
    if (!known[i].pattern)
        must(regcomp(&known[i].regex, pattern, REG_EXTENDED) == 0);
    known[i].pattern = pattern;
    return &known[i].regex;
}

/* The bytes are copied, because address sanitizers take every text for a terminated one. */
bool fuzz_match(const char *pattern, const char *text, size_t n, regmatch_t *parts, size_t n_parts)
{
    char *copy = calloc(n + 1, 1);
    must(copy != NULL);
    memcpy(copy, text, n);
    parts[0] = (regmatch_t){.rm_so = 0, .rm_eo = (regoff_t)n};
    const bool found = regexec(compiled(pattern), copy, n_parts, parts, REG_STARTEND) == 0;
    free(copy);
    return found && parts[0].rm_so == 0 && parts[0].rm_eo == (regoff_t)n;
}

static char path[512];

static void remove_file(void)
{
    unlink(path);
}

const char *fuzz_file(const void *bytes, size_t n)
{
    static int fd = -1;
    if (fd < 0) {
        const char *folder = getenv("TMPDIR");
        snprintf(path, sizeof path, "%s/fuzz-XXXXXX", folder ? folder : "/tmp");
        fd = mkstemp(path);
        atexit(remove_file);
    }
    must(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, bytes, n, 0) == (ssize_t)n);
    return path;
}

static char folder[512], inside[600];

static void remove_folder(void)
{
    unlink(inside);
    rmdir(folder);
}

const char *fuzz_folder(const char *name, const void *bytes, size_t n)
{
    if (!*folder) {
        const char *base = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/fuzz-XXXXXX", base ? base : "/tmp");
        must(mkdtemp(folder) != NULL);
        snprintf(inside, sizeof inside, "%s/%s", folder, name);
        atexit(remove_folder);
    }
    FILE *file = fopen(inside, "w");
    must(file && fwrite(bytes, 1, n, file) == n && fclose(file) == 0);
    return folder;
}
