/* tile_other: processors for which there are no tiles of their own. */
#include "tile.h"

rfm_status rfm_tiles_choose(const rfm_tiles **tiles, rfm_error *err)
{
    const rfm_vector_level level = {"portable", true};
    size_t chosen;
    *tiles = &rfm_tiles_portable;
    return rfm_vector_choose(&level, 1, &chosen, err);
}
