/* Hashes and random numbers equal the published ones, and depend on every part of their key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "philox.h"
#include "rfmpi/base.h"

/* Bytes i * step of a length, or a text; from the xxhash module of Python. */
static const struct {
    const char *text;
    unsigned length, step;
    uint64_t hash, low, high;
} hashes[] = {
    {"", 0, 0, 0x2D06800538D394C2, 0x6001C324468D497F, 0x99AA06D3014798D8},
    {"a", 1, 0, 0xE6C632B61E964E1F, 0xE6C632B61E964E1F, 0xA96FAF705AF16834},
    {"541312140", 9, 0, 0x5B648CCE8D690E7D, 0x906B663F28DBDC63, 0x935287F29721DC53},
    {"customer-0001", 13, 0, 0x99AD0B119B3283AA, 0x686CDEE053C9C0EB, 0x8645CA11CE62C994},
    {NULL, 100, 1, 0x004E4F921A64BD1C, 0x29B20BA5F03EC01E, 0xDA95EF16FD9566F3},
    {NULL, 300, 7, 0xE2558AFB5598DA2A, 0xE2558AFB5598DA2A, 0x366A6C90343F6288},
    {NULL, 1000, 13, 0xF249B65610CA6D88, 0xF249B65610CA6D88, 0x0EB59A51ED205CDF},
};

static void hashes_equal_the_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        unsigned char bytes[1000];
        for (unsigned j = 0; j < hashes[i].length; j++)
            bytes[j] = (unsigned char)(hashes[i].text != NULL ? (unsigned char)hashes[i].text[j] : j * hashes[i].step);
        rfm_hash128 wide = rfm_hash128_of(bytes, hashes[i].length);
        assert_true(rfm_hash64(bytes, hashes[i].length) == hashes[i].hash);
        assert_true(wide.low == hashes[i].low && wide.high == hashes[i].high);
    }
}

static void integers_hash_as_little_endian_bytes(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        uint64_t hash;
    } cases[] = {
        {0, 0xC77B3ABB6F87ACD9},         {1, 0x2FBC593564DB792E},         {-1, 0x5111C7E47D784413},
        {541312140, 0x5BF6CC694BEB62D2}, {INT64_MAX, 0xA233CF376558DF46}, {INT64_MIN, 0x828F2476789A0E5F},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(rfm_hash64_integer(cases[i].value) == cases[i].hash);
}

/* The known answers that come with the authors' own code. */
static void philox_equals_the_known_answers(void **state)
{
    (void)state;
    static const struct {
        rfm_philox_block counter;
        uint64_t key;
        rfm_philox_block result;
    } cases[] = {
        {{{0, 0, 0, 0}}, 0, {{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}}},
        {{{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}},
         UINT64_MAX,
         {{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}}},
        {{{0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}},
         0x299F31D0A4093822,
         {{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rfm_philox_block block = rfm_philox(cases[i].key, cases[i].counter);
        assert_memory_equal(&block, &cases[i].result, sizeof block);
    }
    assert_true(rfm_random_bits(0, 0) == 0xE169C58D6627E8D5);
}

static void every_part_of_a_purpose_counts(void **state)
{
    (void)state;
    rfm_purpose purposes[] = {{RFM_RANDOM_FIRST, 8, 0, 0, 0}, {RFM_RANDOM_NEXT, 8, 0, 0, 0},
                              {RFM_RANDOM_FIRST, 9, 0, 0, 0}, {RFM_RANDOM_FIRST, 8, 1, 0, 0},
                              {RFM_RANDOM_FIRST, 8, 0, 1, 0}, {RFM_RANDOM_FIRST, 8, 0, 0, 1},
                              {RFM_RANDOM_FIRST, 8, 1, 1, 1}, {RFM_RANDOM_FIRST, 0, 8, 0, 0}};
    enum { N = sizeof purposes / sizeof *purposes };
    uint64_t streams[2 * N];
    for (size_t i = 0; i < 2 * N; i++)
        streams[i] = rfm_random_stream(1 + i / N, purposes[i % N]);
    for (size_t i = 0; i < 2 * N; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(streams[i] != streams[j]);
    assert_true(rfm_random_stream(1, purposes[0]) == streams[0]);
}

/* 256 cells of 2^20 numbers: chi-square has mean 255 and deviation 22.6. Keys are consecutive, as
 * row numbers are. */
static void units_are_uniform(void **state)
{
    (void)state;
    enum { CELLS = 256, N = 1 << 20 };
    static int cells[CELLS];
    uint64_t stream = rfm_random_stream(7, (rfm_purpose){RFM_RANDOM_OVERSAMPLE, 8, 0, 2, 0});
    double sum = 0.0, products = 0.0, before = 0.5;
    memset(cells, 0, sizeof cells);
    for (uint64_t key = 0; key < N; key++) {
        double unit = rfm_random_unit(stream, key);
        assert_true(unit > 0.0 && unit < 1.0);
        cells[(int)(unit * CELLS)]++;
        sum += unit;
        products += (unit - 0.5) * (before - 0.5);
        before = unit;
    }
    double chi_square = 0.0, expected = (double)N / CELLS;
    for (int i = 0; i < CELLS; i++)
        chi_square += (cells[i] - expected) * (cells[i] - expected) / expected;
    assert_true(chi_square > 255 - 5 * 22.6 && chi_square < 255 + 5 * 22.6);
    assert_true(fabs(sum / N - 0.5) < 5 * 0.2887 / 1024);
    assert_true(fabs(products / N) < 5 * (1.0 / 12) / 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_equal_the_reference),
        cmocka_unit_test(integers_hash_as_little_endian_bytes),
        cmocka_unit_test(philox_equals_the_known_answers),
        cmocka_unit_test(every_part_of_a_purpose_counts),
        cmocka_unit_test(units_are_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
