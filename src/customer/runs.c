/* runs: see runs.h. Arrays of views move while they grow, so that pointers into them are set at the end. */
#include "runs.h"

#include <stdlib.h>
#include <string.h>

rfm_status rfm_runs_add(rfm_runs *runs, const rfm_builder *builder, const uint64_t *begin, const uint64_t *end,
                        rfm_error *err)
{
    const rfm_layout *layout = builder->state.layout;
    size_t n_lists = (size_t)layout->n_lists;
    for (const uint64_t *at = begin; at < end; runs->n++) {
        size_t need = runs->n + 1;
        if (rfm_reserve(&runs->runs, &runs->runs_capacity, need, sizeof *runs->runs, err) ||
            rfm_reserve(&runs->views, &runs->views_capacity, need, sizeof *runs->views, err) ||
            rfm_reserve(&runs->lists, &runs->lists_capacity, need * n_lists + 1, sizeof *runs->lists, err))
            return err->status;
        at =
            rfm_block_view(at, layout, builder->state.ids.kind, &runs->views[runs->n], runs->lists + runs->n * n_lists);
    }
    return RFM_OK;
}

rfm_status rfm_runs_merge(rfm_runs *runs, rfm_builder *builder, rfm_error *err)
{
    size_t n = runs->n;
    for (size_t i = 0; i < n; i++) {
        runs->views[i].lists = runs->lists + i * (size_t)builder->state.layout->n_lists;
        runs->runs[i] = (rfm_stretch){&runs->views[i], 0, runs->views[i].ids.n};
    }
    runs->n = 0;
    return rfm_builder_merge(builder, runs->runs, n, err);
}

void rfm_runs_free(rfm_runs *runs)
{
    free(runs->runs);
    free(runs->views);
    free(runs->lists);
    memset(runs, 0, sizeof *runs);
}
