/* Bytes of a model.h5 changed at random: an error or the model that was written, never another and never a crash. A
 * program of its own, since HDF5 loses memory over broken object headers and the leak checker cannot tell its losses
 * from ours. */
#include "sample_model.h"

const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static char sound[1 << 20], spoiled[sizeof sound];

static size_t read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(sound, 1, sizeof sound, file);
    fclose(file);
    assert_true(size > 1000 && size < sizeof sound);
    return size;
}

static void spoil_file(const char *path, size_t size, int trial, uint64_t *seed)
{
    memcpy(spoiled, sound, size);
    for (int i = 0; i < 1 + trial % 8; i++)
        spoiled[draw(seed) % size] = (char)draw(seed);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fwrite(spoiled, 1, trial % 10 == 9 ? draw(seed) % size : size, file);
    fclose(file);
}

static void expect_the_model_written(const rfm_model *model, const rfm_model *back)
{
    const size_t values = SAMPLE_K * SAMPLE_D * sizeof(double);
    assert_memory_equal(model->centroids, back->centroids, values);
    assert_memory_equal(model->centroids_original, back->centroids_original, values);
    assert_memory_equal(model->sizes, back->sizes, SAMPLE_K * sizeof *model->sizes);
    assert_string_equal(model->definitions, back->definitions);
    assert_true(model->as_of.us == back->as_of.us && model->as_of.span_us == back->as_of.span_us);
    for (int c = 0; c < SAMPLE_K; c++)
        assert_string_equal(model->names[c], back->names[c]);
}

static void spoiled_bytes_do_no_harm(void **state)
{
    (void)state;
    rfm_model model = sample_model();
    rfm_error err = {0};
    const char *path = in_folder("model.h5");
    rfm_model_write(comm, path, &model, &err);
    assert_fine(&err);
    const size_t size = read_file(path);
    const int trials = rfm_comm_size(comm) == 1 ? 300 : 20;
    uint64_t seed = 3;
    for (int trial = 0; trial < trials; trial++) {
        rfm_model back;
        err = (rfm_error){0};
        rfm_comm_barrier(comm);
        if (rfm_comm_rank(comm) == 0)
            spoil_file(path, size, trial, &seed);
        rfm_comm_barrier(comm);
        if (rfm_model_read(comm, path, &back, &err) == RFM_OK)
            expect_the_model_written(&model, &back);
        else
            assert_int_equal(back.k, 0);
        rfm_model_free(&back);
    }
    rfm_model_free(&model);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(spoiled_bytes_do_no_harm)};
    return run_session(argc, argv, tests, 1);
}
