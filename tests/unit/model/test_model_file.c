/* model.h5 keeps every bit, and nothing in a file that is not sound is believed. */
#include "sample_model.h"

#include <math.h>

static void expect_equal(const rfm_model *a, const rfm_model *b)
{
    const size_t values = SAMPLE_K * SAMPLE_D * sizeof(double);
    assert_int_equal(b->k, SAMPLE_K);
    assert_int_equal(b->d, SAMPLE_D);
    assert_memory_equal(a->centroids, b->centroids, values);
    assert_memory_equal(a->centroids_scaled, b->centroids_scaled, values);
    assert_memory_equal(a->centroids_original, b->centroids_original, values);
    assert_memory_equal(a->sizes, b->sizes, SAMPLE_K * sizeof *a->sizes);
    assert_memory_equal(a->profile_cuts, b->profile_cuts, SAMPLE_D * RFM_PROFILE_CUTS * sizeof(double));
    assert_memory_equal(a->profile_shares, b->profile_shares, SAMPLE_D * RFM_PROFILE_BINS * sizeof(double));
    assert_memory_equal(a->segment_ids, b->segment_ids, SAMPLE_K * sizeof *a->segment_ids);
    assert_memory_equal(a->grid.offset, b->grid.offset, SAMPLE_D * sizeof(double));
    assert_memory_equal(a->grid.step, b->grid.step, SAMPLE_D * sizeof(double));
    assert_memory_equal(a->grid.low, b->grid.low, SAMPLE_D * sizeof(int64_t));
    assert_memory_equal(a->grid.high, b->grid.high, SAMPLE_D * sizeof(int64_t));
    assert_int_equal(b->grid.d, SAMPLE_D);
    for (int c = 0; c < SAMPLE_K; c++)
        assert_string_equal(a->names[c], b->names[c]);
    for (int j = 0; j < SAMPLE_D; j++)
        assert_string_equal(a->features[j], b->features[j]);
    assert_int_equal(a->iterations, b->iterations);
    if (a->iterations)
        assert_memory_equal(a->trace, b->trace, (size_t)a->iterations * sizeof(double));
    assert_string_equal(a->definitions, b->definitions);
    assert_string_equal(a->as_of_rule, b->as_of_rule);
    assert_string_equal(a->timezone, b->timezone);
    assert_same_as_of(&a->as_of, &b->as_of);
    assert_memory_equal(&a->inertia, &b->inertia, sizeof a->inertia);
    assert_true(a->seed == b->seed);
}

static void expect_equal_scaling(const rfm_scaling *a, const rfm_scaling *b)
{
    assert_int_equal(a->d, b->d);
    assert_int_equal(a->kind, b->kind);
    for (int j = 0; j < a->d; j++) {
        assert_memory_equal(&a->columns[j].center, &b->columns[j].center, sizeof(double));
        assert_memory_equal(&a->columns[j].scale, &b->columns[j].scale, sizeof(double));
        assert_int_equal(a->columns[j].n_steps, b->columns[j].n_steps);
        for (int s = 0; s < a->columns[j].n_steps; s++) {
            assert_int_equal(a->columns[j].steps[s].kind, b->columns[j].steps[s].kind);
            assert_memory_equal(&a->columns[j].steps[s].low, &b->columns[j].steps[s].low, sizeof(double));
            assert_memory_equal(&a->columns[j].steps[s].high, &b->columns[j].steps[s].high, sizeof(double));
        }
    }
}

static const char *write_model(const rfm_model *model)
{
    rfm_error err = {0};
    const char *path = in_folder("model.h5");
    rfm_model_write(comm, path, model, &err);
    assert_fine(&err);
    return path;
}

static void score(rfm_model *m)
{
    static const double cuts[] = {1, 2};
    m->scores = (rfm_scores){.bins = 3, .columns = {0, 1, 1}};
    for (int i = 0; i < RFM_N_MEASURES; i++)
        m->scores.cuts[i] = copy_of(cuts, sizeof cuts);
}

static void every_bit_comes_back(void **state)
{
    (void)state;
    rfm_model model = sample_model(), back;
    rfm_error err = {0};
    rfm_model_read(comm, write_model(&model), &back, &err);
    assert_fine(&err);
    expect_equal(&model, &back);
    expect_equal_scaling(&model.scaling, &back.scaling);
    rfm_model_free(&model);
    rfm_model_free(&back);
}

static void weights_and_fills_come_back_too(void **state)
{
    (void)state;
    static const double weights[SAMPLE_K] = {0, 0.1, 1e300}, fills[SAMPLE_D] = {-0.0, 1.0 / 3};
    rfm_model model = sample_model(), back;
    rfm_error err = {0};
    model.weights = copy_of(weights, sizeof weights);
    model.fills = copy_of(fills, sizeof fills);
    rfm_model_read(comm, write_model(&model), &back, &err);
    assert_fine(&err);
    expect_equal(&model, &back);
    assert_memory_equal(back.weights, weights, sizeof weights);
    assert_memory_equal(back.fills, fills, sizeof fills);
    rfm_model_free(&model);
    rfm_model_free(&back);
}

static void scores_come_back_too(void **state)
{
    (void)state;
    static const double cuts[] = {-0.1, 1.0 / 3, 1.0 / 3, 1e300};
    for (int bins = 1; bins <= 5; bins += 4) {
        rfm_model model = sample_model(), back;
        rfm_error err = {0};
        const size_t bytes = (size_t)(bins - 1) * sizeof *cuts;
        model.scores = (rfm_scores){.bins = bins, .columns = {1, 0, 1}, .learnt = {true, false, true}};
        for (int m = 0; m < RFM_N_MEASURES; m++)
            model.scores.cuts[m] = copy_of(cuts, bytes);
        rfm_model_read(comm, write_model(&model), &back, &err);
        assert_fine(&err);
        expect_equal(&model, &back);
        assert_int_equal(back.scores.bins, bins);
        assert_memory_equal(back.scores.columns, model.scores.columns, sizeof model.scores.columns);
        assert_memory_equal(back.scores.learnt, model.scores.learnt, sizeof model.scores.learnt);
        for (int m = 0; m < RFM_N_MEASURES && bytes > 0; m++)
            assert_memory_equal(back.scores.cuts[m], cuts, bytes);
        rfm_model_free(&model);
        rfm_model_free(&back);
    }
}

static void only_rank_0_needs_to_have_the_model(void **state)
{
    (void)state;
    rfm_model model = sample_model(), none = {0}, back;
    rfm_error err = {0};
    score(&model);
    rfm_model_read(comm, write_model(rfm_comm_rank(comm) == 0 ? &model : &none), &back, &err);
    assert_fine(&err);
    expect_equal(&model, &back);
    rfm_model_free(&model);
    rfm_model_free(&back);
}

static void a_model_of_a_bare_matrix_has_empty_texts_and_no_trace(void **state)
{
    (void)state;
    rfm_model model = sample_model(), back;
    rfm_error err = {0};
    model.definitions[0] = model.as_of_rule[0] = '\0';
    model.iterations = 0;
    rfm_model_read(comm, write_model(&model), &back, &err);
    assert_fine(&err);
    expect_equal(&model, &back);
    rfm_model_free(&model);
    rfm_model_free(&back);
}

static void spoil_step(rfm_model *m)
{
    m->grid.step[1] = 3;
}

static void spoil_scale(rfm_model *m)
{
    m->scaling.columns[0].scale = 0;
}

static void spoil_cuts(rfm_model *m)
{
    m->scaling.columns[0].steps[1].low = 2e9;
}

static void spoil_kind(rfm_model *m)
{
    m->scaling.columns[0].steps[0].kind = (rfm_transform_kind)9;
}

static void spoil_ids(rfm_model *m)
{
    m->segment_ids[0] = -1;
}

static void spoil_weights(rfm_model *m)
{
    static const double weights[SAMPLE_K] = {1, -1e-300, 3};
    m->weights = copy_of(weights, sizeof weights);
}

static void spoil_fills(rfm_model *m)
{
    static const double fills[SAMPLE_D] = {1, NAN};
    m->fills = copy_of(fills, sizeof fills);
}

static void spoil_centroid(rfm_model *m)
{
    m->centroids[5] = 1e308 * 10;
}

static void spoil_range(rfm_model *m)
{
    m->grid.low[0] = 10;
}

static void spoil_order(rfm_model *m)
{
    score(m);
    m->scores.cuts[RFM_MONETARY][1] = 0.5;
}

static void spoil_cut(rfm_model *m)
{
    score(m);
    m->scores.cuts[RFM_FREQUENCY][0] = NAN;
}

static void unsound_numbers_are_refused(void **state)
{
    (void)state;
    static const struct {
        void (*spoil)(rfm_model *model);
        const char *words;
    } cases[] = {{spoil_step, "its grid"},
                 {spoil_scale, "its scaling"},
                 {spoil_cuts, "its scaling"},
                 {spoil_kind, "its scaling"},
                 {spoil_ids, "/model/sizes, /model/weights or /model/segment_ids"},
                 {spoil_weights, "/model/sizes, /model/weights or /model/segment_ids"},
                 {spoil_fills, "/model/fills"},
                 {spoil_centroid, "/model/positions"},
                 {spoil_range, "its grid"},
                 {spoil_order, "its scores"},
                 {spoil_cut, "/model/scores/frequency"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rfm_model model = sample_model(), back;
        rfm_error err = {0};
        cases[i].spoil(&model);
        rfm_model_read(comm, write_model(&model), &back, &err);
        assert_failed(&err, RFM_DATA, cases[i].words);
        assert_null(back.centroids);
        rfm_model_free(&model);
    }
}

static void other_files_and_newer_models_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        int64_t version;
        const char *words;
    } cases[] = {{NULL, 1, "it was not written by rfmpi"}, {"rfmpi features", 1, "it is another kind of file"},
                 {"rfmpi model", 5, "use a newer rfmpi"},  {"rfmpi model", 0, "version"},
                 {"rfmpi model", 1, "fit it again"},       {"rfmpi model", 2, "no attribute k"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rfm_model back;
        rfm_h5 *file;
        rfm_error err = {0};
        const char *path = in_folder("model.h5");
        rfm_h5_create(comm, path, &file, &err);
        if (cases[i].format)
            rfm_h5_put_text(file, "/", "format", cases[i].format, &err);
        rfm_h5_put_integer(file, "/", "version", cases[i].version, &err);
        rfm_h5_close(file, &err);
        assert_fine(&err);
        rfm_model_read(comm, path, &back, &err);
        assert_failed(&err, RFM_DATA, cases[i].words);
    }
    rfm_model back;
    rfm_error err = {0};
    rfm_model_read(comm, in_folder("absent.h5"), &back, &err);
    assert_int_not_equal(err.status, RFM_OK);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_comes_back),
        cmocka_unit_test(weights_and_fills_come_back_too),
        cmocka_unit_test(scores_come_back_too),
        cmocka_unit_test(only_rank_0_needs_to_have_the_model),
        cmocka_unit_test(a_model_of_a_bare_matrix_has_empty_texts_and_no_trace),
        cmocka_unit_test(unsound_numbers_are_refused),
        cmocka_unit_test(other_files_and_newer_models_are_refused),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
