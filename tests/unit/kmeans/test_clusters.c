/* Published benchmark sets with known classes (RFMPI_DATA/clusters, as described where the tests are run): how often
 * restarts reach the inertia of the true labels. */
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 20, MOST_CLASSES = 64 };

static size_t read_numbers(const char *directory, const char *name, double *numbers, size_t most)
{
    char path[1000], line[256];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/clusters/%s", directory, name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be read", path);
    while (n + 2 <= most && fgets(line, sizeof line, file)) {
        char *at = line, *end;
        for (double value = strtod(at, &end); end != at; value = strtod(at, &end)) {
            numbers[n++] = value;
            at = *end == ',' ? end + 1 : end;
        }
    }
    fclose(file);
    return n;
}

/* Of the true labels about their means. */
static double measure_truth(const double *rows, const double *classes, size_t n)
{
    long double sums[MOST_CLASSES][3] = {{0}}, inertia = 0;
    for (size_t i = 0; i < n; i++) {
        long double *sum = sums[(size_t)classes[i]];
        sum[0] += rows[2 * i];
        sum[1] += rows[2 * i + 1];
        sum[2] += 1;
    }
    for (size_t i = 0; i < n; i++) {
        const long double *sum = sums[(size_t)classes[i]];
        long double x = rows[2 * i] - sum[0] / sum[2], y = rows[2 * i + 1] - sum[1] / sum[2];
        inertia += x * x + y * y;
    }
    return (double)inertia;
}

static int count_reached(const test_sample *sample, double truth, int k, rfm_seeding seeding)
{
    int reached = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        rfm_kmeans_options options = rfm_kmeans_defaults();
        test_trial trial;
        options.k = k;
        options.seed = seed;
        options.seeding = seeding;
        trial_run(sample, 1, &options, &trial);
        reached += trial.clustering.inertia <= 1.0001 * truth;
        trial_free(&trial);
    }
    return reached;
}

static void try_set(const char *name, int k)
{
    static double rows[20000], classes[10000];
    const char *directory = getenv("RFMPI_DATA");
    char file[100];
    if (!directory) {
        print_message("RFMPI_DATA is not set: %s is not tried\n", name);
        skip();
    }
    snprintf(file, sizeof file, "%s.csv", name);
    size_t n = read_numbers(directory, file, rows, 20000) / 2;
    snprintf(file, sizeof file, "%s.labels.txt", name);
    assert_int_equal(read_numbers(directory, file, classes, 10000), n);
    test_sample sample = {n, 2, rows};
    double truth = measure_truth(rows, classes, n);
    for (int seeding = 0; seeding < 2; seeding++) {
        int reached = count_reached(&sample, truth, k, (rfm_seeding)seeding);
        if (rfm_comm_rank(comm) == 0)
            print_message("%s, %s: %d of %d seeds reach the inertia of the true labels\n", name,
                          seeding == 0 ? "k-means||" : "k-means++", reached, SEEDS);
        assert_int_equal(reached, SEEDS);
    }
}

static void s1_is_solved(void **state)
{
    (void)state;
    try_set("s1", 15);
}

static void unbalance_is_solved(void **state)
{
    (void)state;
    try_set("unbalance", 8);
}

/* 35 classes: the loop alone finds them from hardly any start. */
static void a2_is_solved(void **state)
{
    (void)state;
    try_set("a2", 35);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s1_is_solved),
        cmocka_unit_test(unbalance_is_solved),
        cmocka_unit_test(a2_is_solved),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
