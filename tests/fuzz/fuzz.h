/* fuzz: what the fuzz targets share. A target is a file with LLVMFuzzerTestOneInput: bytes of no meaning come in, and
 * what must hold for all of them is checked with `must`. libFuzzer drives it, or replay.c.
 *
 * The first bytes of an input choose how the others are read; what is missing is 0.
 */
#ifndef RFMPI_TEST_FUZZ_H
#define RFMPI_TEST_FUZZ_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define must(condition) ((condition) ? (void)0 : fuzz_failed(#condition, __FILE__, __LINE__))
_Noreturn void fuzz_failed(const char *condition, const char *file, int line);

/* What is left of an input. */
typedef struct fuzz_input {
    const char *bytes;
    size_t n;
} fuzz_input;

size_t fuzz_below(fuzz_input *input, size_t limit); /* of the next byte; limit at most 256 */

/* Does the whole text match an extended regular expression? parts[0] is all of it. */
bool fuzz_match(const char *pattern, const char *text, size_t n, regmatch_t *parts, size_t n_parts);

/* The path of a file with these bytes, the same one every time; in TMPDIR, removed at the end. */
const char *fuzz_file(const void *bytes, size_t n);

/* The path of a folder that has such a file of this name, and nothing else. */
const char *fuzz_folder(const char *name, const void *bytes, size_t n);

#endif
