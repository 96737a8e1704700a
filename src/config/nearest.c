/* Damerau-Levenshtein distance between words (optimal string alignment: insert, delete, replace,
 * swap neighbours), and the nearest of several. Knows nothing of options. */
#include "nearest.h"

#include <stdint.h>
#include <string.h>

#include "rfmpi/config.h"

enum { LONGEST = 255 }; /* bytes of a word that are looked at */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, const char *b)
{
    const size_t m = least(strlen(a), LONGEST), n = least(strlen(b), LONGEST);
    size_t rows[3][LONGEST + 1];
    for (size_t j = 0; j <= n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], second[j - 2] + 1);
        }
    }
    return rows[m % 3][n];
}

bool rfm_nearness_try(rfm_nearness *nearness, const char *candidate)
{
    const size_t d = distance(nearness->word, candidate);
    const bool nearer = d < nearness->distance;
    if (nearer)
        nearness->distance = d;
    return nearer;
}

const char *rfm_nearest(const char *word, const char *const *known)
{
    const char *best = NULL;
    rfm_nearness nearness = {.word = word, .distance = SIZE_MAX};
    for (; *known; known++)
        if (rfm_nearness_try(&nearness, *known))
            best = *known;
    return best;
}
