/* marks_other: processors for which there is no search of their own. */
#include "marks.h"

size_t rfm_marks_levels(rfm_marks_level levels[RFM_MARKS_MAX_LEVELS])
{
    levels[0] = (rfm_marks_level){{"portable", true}, rfm_marks_find_portable};
    return 1;
}
