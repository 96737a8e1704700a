/* tile_x86: what this program brings for x86-64, and what the machine has of it. */
#include "tile.h"

enum { LEVELS = 3 };

rfm_status rfm_tiles_choose(const rfm_tiles **tiles, rfm_error *err)
{
    const rfm_tiles *all[LEVELS] = {&rfm_tiles_portable, &rfm_tiles_avx2, &rfm_tiles_avx512};
    rfm_vector_level levels[LEVELS] = {{"portable", true}};
    size_t chosen;
    levels[1] = (rfm_vector_level){"avx2", __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")};
    levels[2] = (rfm_vector_level){
        "avx512", levels[1].is_there && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")};
    if (rfm_vector_choose(levels, LEVELS, &chosen, err))
        return err->status;
    *tiles = all[chosen];
    return RFM_OK;
}
