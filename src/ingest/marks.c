/* marks: which of the ways to find them is taken. Knows none of them. */
#include "marks.h"

#include <stdlib.h>
#include <string.h>

static rfm_status fail_level(const char *wanted, const rfm_marks_level *level, rfm_error *err)
{
    if (level)
        return rfm_fail(err, RFM_USAGE, "RFMPI_VECTOR='%s': this machine has no such instructions; unset it", wanted);
    return rfm_fail(err, RFM_USAGE, "RFMPI_VECTOR='%s' is none of portable, avx2 and avx512 that this program has",
                    wanted);
}

rfm_status rfm_marks_choose(rfm_marks_finder *find, rfm_error *err)
{
    rfm_marks_level levels[RFM_MARKS_MAX_LEVELS];
    const rfm_marks_level *best = NULL, *named = NULL;
    const char *wanted = getenv("RFMPI_VECTOR");
    const size_t n = rfm_marks_levels(levels);
    for (size_t i = 0; i < n; i++) {
        if (levels[i].is_there)
            best = &levels[i];
        if (wanted && strcmp(wanted, levels[i].name) == 0)
            named = &levels[i];
    }
    if (wanted && *wanted != '\0') {
        if (!named || !named->is_there)
            return fail_level(wanted, named, err);
        best = named;
    }
    rfm_assert(best);
    *find = best->find;
    return RFM_OK;
}
