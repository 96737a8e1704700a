/* sample_model: a model full of awkward numbers, for the tests of its file and of the digest. */
#ifndef RFM_TEST_SAMPLE_MODEL_H
#define RFM_TEST_SAMPLE_MODEL_H

#include "expect.h"

enum { SAMPLE_K = 3, SAMPLE_D = 2, SAMPLE_ITERATIONS = 4 };

static inline void *copy_of(const void *values, size_t bytes)
{
    void *copy = malloc(bytes);
    memcpy(copy, values, bytes);
    return copy;
}

static inline char **names_of(const char *const *names, size_t n)
{
    char **copy = calloc(n, sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = strdup(names[i]);
    return copy;
}

static inline rfm_model sample_model(void)
{
    static const double centroids[] = {0.1, -0.0, 5e-324, 1e300, -1.0 / 3, 7}, other[] = {1, 2, 3, 4, 5, 0.7};
    static const double offset[] = {0.125, -3}, step[] = {0x1p-20, 0x1p-1022}, trace[] = {9.5, 3.25, 3.1, 3.1};
    static const int64_t low[] = {-5, -1073741824}, high[] = {9, 1073741824}, sizes[] = {0, INT64_C(1) << 40, 17};
    static const int32_t ids[] = {2, 0, 7};
    static const char *const names[] = {"Champions", "Größe", "Can't lose"}, *const features[] = {"a", "b, c"};
    rfm_model m = {
        .d = SAMPLE_D, .k = SAMPLE_K, .inertia = 0.1, .iterations = SAMPLE_ITERATIONS, .seed = UINT64_MAX - 3};
    m.features = names_of(features, SAMPLE_D);
    m.names = names_of(names, SAMPLE_K);
    m.definitions = strdup("{decimals: 4}");
    m.as_of_rule = strdup("2019-10-31");
    m.timezone = strdup("Europe/Paris");
    m.as_of = (rfm_as_of){.us = -1, .day = -1, .span_us = INT64_C(1) << 50};
    m.scaling = (rfm_scaling){.d = SAMPLE_D, .kind = RFM_SCALE_ROBUST};
    m.scaling.columns = calloc(SAMPLE_D, sizeof *m.scaling.columns);
    m.scaling.columns[0] =
        (struct rfm_scaling_column){.steps = {{.kind = RFM_TRANSFORM_SQRT}, {RFM_TRANSFORM_CLIP, -0.1, 1e9}},
                                    .n_steps = 2,
                                    .center = 0.3,
                                    .scale = 1e-9};
    m.scaling.columns[1] = (struct rfm_scaling_column){.center = -0.0, .scale = 1};
    m.grid = (rfm_grid){.d = SAMPLE_D,
                        .offset = copy_of(offset, sizeof offset),
                        .step = copy_of(step, sizeof step),
                        .low = copy_of(low, sizeof low),
                        .high = copy_of(high, sizeof high)};
    m.centroids = copy_of(centroids, sizeof centroids);
    m.centroids_scaled = copy_of(other, sizeof other);
    m.centroids_original = copy_of(other, sizeof other);
    m.sizes = copy_of(sizes, sizeof sizes);
    m.segment_ids = copy_of(ids, sizeof ids);
    m.trace = copy_of(trace, sizeof trace);
    m.profile_cuts = calloc((size_t)SAMPLE_D * RFM_PROFILE_CUTS, sizeof(double));
    m.profile_shares = calloc((size_t)SAMPLE_D * RFM_PROFILE_BINS, sizeof(double));
    for (int j = 0; j < SAMPLE_D * RFM_PROFILE_BINS; j++)
        m.profile_shares[j] = 0.1 + j;
    for (int j = 0; j < SAMPLE_D * RFM_PROFILE_CUTS; j++)
        m.profile_cuts[j] = j / 3.0;
    return m;
}

#endif
