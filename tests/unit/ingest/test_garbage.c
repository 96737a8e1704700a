/* Bytes of no meaning: nothing is read beyond its end, nothing hangs, and rows still add up, in any sharding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "levels.h"
#include "oracle.h"

static uint64_t state;

static uint64_t draw(uint64_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (state >> 33) % below;
}

/* Bytes from an alphabet that grows with i: from structure only to anything. */
static rfm_text make_garbage(uint64_t i)
{
    static const char letters[] = "\",\n\r\"\\ \t0129-.:TZeabNn'\0+";
    rfm_text text = {0};
    rfm_text_adds(&text, i % 3 ? "customer,time,event,amount\n" : "");
    for (uint64_t n = draw(600); n > 0; n--) {
        const char c = i % 5 == 4 ? (char)draw(256) : letters[draw(i % 2 ? 7 : sizeof letters - 1)];
        rfm_text_add(&text, &c, 1);
    }
    rfm_text_adds(&text, "");
    return text;
}

static void garbage_is_read_as_the_oracle_reads_it(void **unused)
{
    (void)unused;
    static const size_t blocks[] = {1, 17, 64, 300, 0};
    static const rfm_number_source second = {.columns = {"2"}, .n_columns = 1};
    for (uint64_t i = 0; i < 4000; i++) {
        rfm_input input = harness_input();
        state = i;
        rfm_text text = make_garbage(i);
        if (i % 4 == 1) {
            input.header = false;
            input.customer = "1";
            input.time = "1";
            input.event = NULL;
            input.numbers = &second;
            input.n_numbers = i % 8 == 1;
        }
        if (i % 7 == 3)
            input.dialect.delimiter = ' ';
        if (i % 6 > 3)
            input.dialect.escape = '\\';
        if (i % 6 > 4)
            input.dialect.quote = i % 12 > 5 ? '\'' : -1;
        input.dialect.null = i % 3 == 1 ? "\\N" : NULL;
        const int64_t cut = text.length > 2 ? 1 + (int64_t)draw(text.length - 2) : 0;
        const size_t limit = draw(3) ? 200 : 40;
        const manner how = {.cuts = &cut, .n_cuts = cut > 0, .block_bytes = blocks[draw(5)], .limit = limit};
        const char *path = harness_write("garbage", text.bytes, text.length);
        reading wanted = oracle_read(&input, text.bytes, text.length, limit);
        reading read = read_as_callers_do(&input, path, how);
        assert_int_equal(read.err.status != RFM_OK, wanted.err.status != RFM_OK);
        if (wanted.err.status == RFM_OK) {
            assert_int_equal(read.tally.n_rows, wanted.tally.n_rows);
            assert_int_equal(read.n_lines, wanted.n_lines);
            assert_string_equal(read.events.bytes, wanted.events.bytes);
            if (i % 5 != 4) /* what is shown of other bytes may be cut between characters */
                assert_string_equal(read.rejects.bytes, wanted.rejects.bytes);
        }
        reading_free(&read);
        reading_free(&wanted);
        rfm_text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(garbage_is_read_as_the_oracle_reads_it),
    };
    return run_at_every_level(tests, harness_open, harness_close);
}
