/* marks: which of the ways to find them is taken. Knows none of them. */
#include "marks.h"

rfm_status rfm_marks_choose(rfm_marks_finder *find, rfm_error *err)
{
    rfm_marks_level levels[RFM_MARKS_MAX_LEVELS];
    rfm_vector_level names[RFM_MARKS_MAX_LEVELS];
    size_t chosen, n = rfm_marks_levels(levels);
    for (size_t i = 0; i < n; i++)
        names[i] = levels[i].level;
    if (rfm_vector_choose(names, n, &chosen, err))
        return err->status;
    *find = levels[chosen].find;
    return RFM_OK;
}
