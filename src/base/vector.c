/* vector: which of the vector instruction sets that a module was built for serves. */
#include "rfmpi/base.h"

#include <stdlib.h>
#include <string.h>

static rfm_status fail_level(const char *wanted, const rfm_vector_level *level, rfm_error *err)
{
    if (level)
        return rfm_fail(err, RFM_USAGE, "RFMPI_VECTOR='%s': this machine has no such instructions; unset it", wanted);
    return rfm_fail(err, RFM_USAGE, "RFMPI_VECTOR='%s' is none of portable, avx2 and avx512 that this program has",
                    wanted);
}

rfm_status rfm_vector_choose(const rfm_vector_level *levels, size_t n, size_t *chosen, rfm_error *err)
{
    const rfm_vector_level *best = NULL, *named = NULL;
    const char *wanted = getenv("RFMPI_VECTOR");
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
    *chosen = (size_t)(best - levels);
    return RFM_OK;
}
