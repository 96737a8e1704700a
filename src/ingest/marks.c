/* marks: which of the ways to find them is taken. Knows none of them. */
#include "marks.h"

#include "rfmpi/ingest.h"

static rfm_status choose(rfm_marks_level *level, rfm_error *err)
{
    rfm_marks_level levels[RFM_MARKS_MAX_LEVELS];
    rfm_vector_level names[RFM_MARKS_MAX_LEVELS];
    size_t chosen, n = rfm_marks_levels(levels);
    for (size_t i = 0; i < n; i++)
        names[i] = levels[i].level;
    if (rfm_vector_choose(names, n, &chosen, err) == RFM_OK)
        *level = levels[chosen];
    return err->status;
}

rfm_status rfm_marks_choose(rfm_marks_finder *find, rfm_error *err)
{
    rfm_marks_level level = {0};
    if (choose(&level, err) == RFM_OK)
        *find = level.find;
    return err->status;
}

const char *rfm_scan_vectors(void)
{
    rfm_error none = {0};
    rfm_marks_level level = {0};
    return choose(&level, &none) == RFM_OK ? level.level.name : "none";
}
