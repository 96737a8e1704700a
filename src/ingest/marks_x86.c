/* marks_x86: what this program brings for x86-64, and what the machine has of it. */
#include "marks.h"

size_t rfm_marks_levels(rfm_marks_level levels[RFM_MARKS_MAX_LEVELS])
{
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512vbmi2");
    levels[0] = (rfm_marks_level){{"portable", true}, rfm_marks_find_portable};
    levels[1] = (rfm_marks_level){{"avx2", avx2}, rfm_marks_find_avx2};
    levels[2] = (rfm_marks_level){{"avx512", avx512}, rfm_marks_find_avx512};
    return 3;
}
