/* Rows of columns that are read as values give the events, counts and rejects that they give as texts. */
#include "session.h"

#include <inttypes.h>
#include <math.h>

#include "cells.h"
#include "draw.h"
#include "harness.h"
#include "intake.h"
#include "typed_check.h"

enum { N_TABLES = 400, MAX_ROWS = 1500, N_SLOTS = 5 }; /* customer, time, event, amount, note */

/* ---- columns that are drawn ------------------------------------------------------------------------------------- */

typedef struct drawn {
    rfm_typed_kind kind;
    int scale;
    int64_t values[MAX_ROWS];
    int16_t present[MAX_ROWS];
    bool has_nulls;
    char text[MAX_ROWS * RFM_CELL_BYTES];
    rfm_field texts[MAX_ROWS];
} drawn;

typedef struct table {
    drawn columns[N_SLOTS];
    rfm_typed cells[N_SLOTS];
    rfm_columnar columnar;
    rfm_time_format format; /* of the times */
    size_t n_asked;         /* slots whose texts were asked for */
} table;

static void write_texts(rfm_columnar *columnar, size_t slot)
{
    table *t = columnar->own;
    assert_null(columnar->cells[slot].texts);
    columnar->cells[slot].texts = t->columns[slot].texts;
    t->n_asked++;
}

static const rfm_columnar_kind drawn_kind = {.name = "drawn", .write = write_texts};

static double get_double(int64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static int64_t bits_of(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static char *write_cell(const drawn *column, size_t row, char *at)
{
    const int64_t value = column->values[row];
    switch (column->kind) {
    case RFM_TYPED_DECIMAL:
        return rfm_cell_decimal(at, value, column->scale);
    case RFM_TYPED_DOUBLE:
        return rfm_cell_double(at, get_double(value));
    case RFM_TYPED_DATE:
        return rfm_cell_date(at, value);
    case RFM_TYPED_LOCAL:
        return rfm_cell_local_time(at, value);
    case RFM_TYPED_UTC:
        at = rfm_cell_local_time(at, value);
        *at = 'Z';
        return at + 1;
    default:
        return at;
    }
}

static void write_column(drawn *column, size_t n)
{
    char *at = column->text;
    for (size_t i = 0; i < n; i++) {
        char *end = column->present[i] ? write_cell(column, i, at) : at;
        column->texts[i] = (rfm_field){.bytes = at, .length = (uint32_t)(end - at)};
        at = end;
    }
}

static int64_t pick(uint64_t *state, const int64_t *values, size_t n)
{
    return values[draw_below(state, n)];
}

static int64_t odd_integer(uint64_t *state)
{
    static const int64_t odd[] = {0,   -1,        INT64_MIN,  INT64_MAX,  INT64_MIN + 1, INT64_C(1) << 53,
                                  100, 999999999, 1000000000, 9999999999, 10000000000,   100000000000000000};
    return draw_below(state, 2) ? pick(state, odd, sizeof odd / sizeof *odd) : (int64_t)draw(state);
}

static double odd_double(uint64_t *state)
{
    static const double odd[] = {0.0,   -0.0, 0.1,         1e-5,       9.5e-7,   1e15,      -1e15,  999999999999999.0,
                                 1e17,  1e19, 0.1 + 0.2,   NAN,        INFINITY, -INFINITY, 5e-324, 1.0 / 3,
                                 0.005, 1e14, 99999999.99, 1234567.125};
    return draw_below(state, 2) ? odd[draw_below(state, sizeof odd / sizeof *odd)] : get_double((int64_t)draw(state));
}

static int64_t odd_time(uint64_t *state)
{
    static const int64_t odd[] = {
        RFM_TIME_FIRST_US - 1, RFM_TIME_FIRST_US, RFM_TIME_LAST_US, RFM_TIME_LAST_US + 1, INT64_MIN, INT64_MAX, 0, -1,
        1711850400000000,      1711850399999999,  1711848600000000,  /* clocks go on */
        1729994400000000,      1729994399999999,  1729992600000000}; /* and back */
    return draw_below(state, 3) ? pick(state, odd, sizeof odd / sizeof *odd) : (int64_t)draw(state);
}

/* Numbers up to `limit` and, one in `rarity`, others. */
static void draw_numbers(drawn *column, uint64_t *state, size_t n, size_t limit, uint64_t rarity)
{
    for (size_t i = 0; i < n; i++) {
        const bool odd = draw_below(state, rarity) == 0;
        const int64_t plain = (int64_t)draw_below(state, limit);
        if (column->kind == RFM_TYPED_DOUBLE)
            column->values[i] = bits_of(odd ? odd_double(state) : limit > 100000 ? (double)plain / 100 : (double)plain);
        else
            column->values[i] = odd ? odd_integer(state) : plain;
    }
    for (int64_t power = column->scale; column->kind == RFM_TYPED_DECIMAL && power > 2; power--)
        for (size_t i = 0; i < n; i++)
            column->values[i] = column->values[i] > INT64_MAX / 10 || column->values[i] < 0 ? column->values[i]
                                                                                            : column->values[i] * 10;
}

static void draw_times(table *t, drawn *column, uint64_t *state, size_t n, uint64_t rarity)
{
    static const int64_t units[] = {1, 1, 1000000, 1000, 1, 1};
    static const int64_t starts_us[] = {1709000000000000, 1711700000000000,
                                        1729800000000000}; /* two in front of changes */
    int64_t us = pick(state, starts_us, 3) + (int64_t)draw_below(state, 2) * RFM_DAY_US;
    for (size_t i = 0; i < n; i++) {
        us += (int64_t)draw_below(state, 600) * 1000000 + (int64_t)(draw_below(state, 9) == 0) * 1234;
        column->values[i] = draw_below(state, rarity) == 0 ? odd_time(state) : us;
        if (column->kind == RFM_TYPED_DATE)
            column->values[i] /= RFM_DAY_US;
        else if (column->kind == RFM_TYPED_DECIMAL)
            column->values[i] /= t->format == RFM_TIME_AUTO ? 1000000 : units[t->format];
        else if (column->kind == RFM_TYPED_DOUBLE)
            column->values[i] = bits_of((double)column->values[i] / (double)units[t->format]);
    }
}

/* Something that stands for a column of words, some of which are numbers and times. */
static void draw_words(drawn *column, uint64_t *state, size_t n, const char *const *words, size_t n_words)
{
    for (size_t i = 0; i < n; i++) {
        const char *word = words[draw_below(state, n_words)];
        column->texts[i] = (rfm_field){.bytes = word, .length = (uint32_t)strlen(word)};
    }
}

static const rfm_typed_kind usual[N_SLOTS] = {RFM_TYPED_DECIMAL, RFM_TYPED_LOCAL, RFM_TYPED_TEXT, RFM_TYPED_DECIMAL,
                                              RFM_TYPED_DECIMAL};

/* Its kind, scale and NULLs are chosen. */
static void fill_column(table *t, size_t slot, uint64_t *state, size_t n, uint64_t rarity)
{
    static const char *const names[] = {"view", "view", "purchase", "cart", "", "purchases", "remove_from_cart"};
    static const char *const words[] = {"1",     "12",        "2024-03-01 10:00:00 UTC", "2024-03-01", "", "x",
                                        "17.50", "1709300000"};
    drawn *column = &t->columns[slot];
    const bool is_number = column->kind == RFM_TYPED_DECIMAL || column->kind == RFM_TYPED_DOUBLE;
    if (column->kind == RFM_TYPED_TEXT) {
        draw_words(column, state, n, slot == 2 ? names : words, slot == 2 ? 7 : 8);
        return;
    }
    if (is_number && slot != 1)
        draw_numbers(column, state, n, slot == 0 ? 1000 : 1000000, rarity);
    else
        draw_times(t, column, state, n, rarity);
    write_column(column, n);
}

static void draw_column(table *t, size_t slot, uint64_t *state, size_t n, uint64_t rarity)
{
    drawn *column = &t->columns[slot];
    column->kind = draw_below(state, 6) ? usual[slot] : (rfm_typed_kind)draw_below(state, RFM_TYPED_UTC + 1);
    if (column->kind == RFM_TYPED_DECIMAL && slot >= 3)
        column->scale = slot == 3 && draw_below(state, 2) ? 2 : (int)draw_below(state, RFM_TYPED_MAX_SCALE + 1);
    column->has_nulls = draw_below(state, 3) == 0;
    for (size_t i = 0; i < n; i++)
        column->present[i] = !column->has_nulls || draw_below(state, rarity) != 0;
    fill_column(t, slot, state, n, rarity);
}

static void show_cells(table *t, bool typed)
{
    for (size_t slot = 0; slot < N_SLOTS; slot++) {
        const drawn *column = &t->columns[slot];
        if (!typed || column->kind == RFM_TYPED_TEXT)
            t->cells[slot] = (rfm_typed){.kind = RFM_TYPED_TEXT, .texts = column->texts};
        else
            t->cells[slot] = (rfm_typed){.kind = column->kind,
                                         .scale = column->scale,
                                         .values = column->values,
                                         .present = column->has_nulls ? column->present : NULL};
    }
}

static table *draw_table(uint64_t seed)
{
    static const uint64_t rarities[] = {2, 50, 1000, 1000, 1000000};
    static const rfm_time_format formats[] = {
        RFM_TIME_AUTO, RFM_TIME_AUTO,    RFM_TIME_AUTO,         RFM_TIME_ISO,          RFM_TIME_AUTO,
        RFM_TIME_ISO,  RFM_TIME_SECONDS, RFM_TIME_MILLISECONDS, RFM_TIME_MICROSECONDS, RFM_TIME_DATE};
    uint64_t state = seed;
    table *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->format = formats[draw_below(&state, sizeof formats / sizeof *formats)];
    t->columnar = (rfm_columnar){
        .kind = &drawn_kind, .path = "drawn", .own = t, .n_slots = N_SLOTS, .n = 1 + draw_below(&state, MAX_ROWS)};
    t->columnar.cells = t->cells;
    for (size_t slot = 0; slot < N_SLOTS; slot++)
        draw_column(t, slot, &state, t->columnar.n, rarities[draw_below(&state, 5)]);
    return t;
}

/* ---- what becomes of them --------------------------------------------------------------------------------------- */

typedef enum manner_of_rows { TYPED, TEXTS, ROW_BY_ROW } manner_of_rows;

typedef struct result {
    rfm_text events, rejects;
    rfm_tally tally;
    size_t n_stretched, n_asked;
} result;

typedef struct printer {
    const rfm_input *input;
    rfm_text *events;
} printer;

static rfm_status print(void *context, const rfm_events *events, rfm_error *err)
{
    const printer *p = context;
    for (size_t i = 0; i < events->n; i++)
        print_event(p->events, p->input, events, i);
    return rfm_text_check(p->events, err);
}

static void take_row(table *t, rfm_intake *intake, size_t i, result *to)
{
    rfm_field row[N_SLOTS];
    rfm_refusal refusal;
    rfm_error err = {0};
    for (size_t slot = 0; slot < N_SLOTS; slot++)
        row[slot] = rfm_columnar_texts(&t->columnar, slot)[i];
    if (rfm_intake_take(intake, row, &refusal, &err))
        return;
    assert_int_equal(err.status, RFM_OK);
    rfm_text_addf(&to->rejects, "%zu %s: %s %s '", i, rfm_reason_name(refusal.reason),
                  refusal.before ? refusal.before : "", refusal.name ? refusal.name : "");
    if (refusal.text)
        rfm_text_add(&to->rejects, refusal.text->bytes, refusal.text->length);
    rfm_text_addf(&to->rejects, "' %s\n", refusal.after ? refusal.after : "");
}

static result take_rows(table *t, const rfm_input *input, manner_of_rows how)
{
    result to = {0};
    rfm_error err = {0};
    rfm_intake intake;
    rfm_rejects rejects = {0};
    printer p = {.input = input, .events = &to.events};
    rfm_file file = {.path = "drawn"};
    const rfm_files files = {.files = &file, .n = 1};
    const rfm_shard shard = {0};
    const rfm_reading rows = {.input = input,
                              .files = &files,
                              .shard = &shard,
                              .sink = print,
                              .context = &p,
                              .tally = &to.tally,
                              .rejects = &rejects};
    show_cells(t, how == TYPED);
    t->n_asked = 0;
    assert_int_equal(rfm_intake_open(&intake, &rows, &err), RFM_OK);
    assert_int_equal(intake.values.columns.n, N_SLOTS);
    for (size_t i = 0; i < N_SLOTS; i++)
        intake.values.columns.fields[i] = i;
    for (size_t i = 0; i < t->columnar.n;) {
        const size_t n = how == ROW_BY_ROW ? 0 : rfm_intake_take_columns(&intake, &t->columnar, i, &err);
        if (n == 0)
            take_row(t, &intake, i, &to);
        to.n_stretched += n;
        i += n > 0 ? n : 1;
    }
    assert_int_equal(rfm_intake_flush(&intake, &err), RFM_OK);
    rfm_intake_close(&intake);
    rfm_text_adds(&to.events, "");
    rfm_text_adds(&to.rejects, "");
    to.n_asked = t->n_asked;
    return to;
}

static void free_result(result *r)
{
    rfm_text_free(&r->events);
    rfm_text_free(&r->rejects);
}

static const rfm_rule keep[] = {{RFM_RULE_NOT, "event", "cart"}, {RFM_RULE_ABOVE, "amount", "10"}};
static const rfm_rule noted[] = {{RFM_RULE_PRESENT, "note", NULL}, {RFM_RULE_BELOW, "amount", "1000"}};
static const char *const bought[] = {"purchase", "remove_from_cart"};
static const rfm_predicate predicates[] = {
    {0},
    {.events = bought, .n_events = 2},
    {.events = bought, .n_events = 1, .rules = noted, .n_rules = 2},
    {.rules = noted, .n_rules = 1, .hours = 0xFF00, .weekdays = 0x1F},
};
static const char *const hashed[] = {"note", "amount", "time", "customer"};
static const rfm_number_source numbers[] = {
    {{"amount"}, 1}, {{"note"}, 1}, {{"amount", "note"}, 2}, {{"customer", "amount"}, 2}};

static rfm_input draw_input(uint64_t seed, const table *t)
{
    static const char *const nulls[] = {NULL, "NULL", "0", "12", "-1"};
    uint64_t state = seed * 977;
    rfm_input input = harness_input();
    input.time_format = t->format;
    input.zone = harness_zone(draw_below(&state, 2) ? "UTC" : "Europe/Paris");
    input.id_kind = draw_below(&state, 4) ? RFM_ID_INTEGER : RFM_ID_TEXT;
    input.decimals = draw_below(&state, 2) ? 2 : (int)draw_below(&state, 10);
    input.numbers = numbers;
    input.n_numbers = 2 + draw_below(&state, 3); /* all columns are asked for */
    input.hashes = hashed;
    input.n_hashes = draw_below(&state, 5);
    input.predicates = predicates;
    input.n_predicates = draw_below(&state, 5);
    input.rules = keep;
    input.n_rules = draw_below(&state, 6) % 3;
    input.dialect.null = nulls[draw_below(&state, 15) % 5 * (draw_below(&state, 3) == 0)];
    if (draw_below(&state, 4) == 0)
        input.as_of_us = INT64_C(1710000000000000);
    return input;
}

static void assert_same(const result *a, const result *wanted, uint64_t seed)
{
    if (strcmp(a->events.bytes, wanted->events.bytes) != 0 || strcmp(a->rejects.bytes, wanted->rejects.bytes) != 0)
        print_error("table %" PRIu64 "\n", seed);
    assert_string_equal(a->events.bytes, wanted->events.bytes);
    assert_string_equal(a->rejects.bytes, wanted->rejects.bytes);
    assert_memory_equal(&a->tally, &wanted->tally, sizeof wanted->tally);
}

static void columns_say_as_values_what_they_say_as_texts(void **unused)
{
    (void)unused;
    size_t n_rows = 0, n_stretched = 0;
    int64_t n_events = 0, n_refused = 0;
    for (uint64_t seed = 0; seed < N_TABLES; seed++) {
        table *t = draw_table(seed);
        const rfm_input input = draw_input(seed, t);
        result wanted = take_rows(t, &input, ROW_BY_ROW), typed = take_rows(t, &input, TYPED),
               texts = take_rows(t, &input, TEXTS);
        assert_same(&typed, &wanted, seed);
        assert_same(&texts, &wanted, seed);
        assert_int_equal(wanted.n_stretched, 0);
        n_rows += t->columnar.n;
        n_stretched += typed.n_stretched;
        n_events += wanted.tally.n_events;
        n_refused += wanted.tally.n_rows - wanted.tally.n_events - wanted.tally.n_filtered - wanted.tally.n_after_as_of;
        free_result(&wanted);
        free_result(&typed);
        free_result(&texts);
        free(t);
    }
    assert_in_range(n_events, N_TABLES * 50, n_rows);
    assert_in_range(n_refused, N_TABLES * 50, n_rows);
    assert_in_range(n_stretched, n_rows / 10, n_rows - N_TABLES);
}

static void values_as_they_should_be_need_no_texts(void **unused)
{
    (void)unused;
    uint64_t state = 1;
    table *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->columnar = (rfm_columnar){.kind = &drawn_kind, .own = t, .cells = t->cells, .n_slots = N_SLOTS, .n = MAX_ROWS};
    for (size_t slot = 0; slot < N_SLOTS; slot++) {
        drawn *column = &t->columns[slot];
        column->kind = usual[slot];
        column->scale = slot == 3 ? 2 : 0;
        memset(column->present, 1, sizeof column->present);
        fill_column(t, slot, &state, MAX_ROWS, UINT64_MAX);
    }
    rfm_input input = draw_input(0, t);
    input.id_kind = RFM_ID_INTEGER;
    input.decimals = 4;
    input.n_hashes = 2;
    input.n_numbers = 2;
    input.n_predicates = 2;
    input.n_rules = 0;
    input.dialect.null = NULL;
    result typed = take_rows(t, &input, TYPED);
    assert_int_equal(typed.n_stretched, MAX_ROWS);
    assert_int_equal(typed.n_asked, 0);
    free_result(&typed);
    free(t);
}

static void every_value_is_read_as_its_text(void **unused)
{
    (void)unused;
    for (uint64_t seed = 0; seed < N_TABLES; seed++) {
        table *t = draw_table(seed);
        show_cells(t, true);
        assert_true(typed_agrees(&t->columnar, harness_zone(seed % 2 ? "UTC" : "Europe/Paris")));
        free(t);
    }
}

/* One column of n values as `kind`. */
static size_t read_numbers(rfm_typed cells, size_t n, int decimals, int64_t *values)
{
    uint32_t present[8];
    return rfm_typed_numbers(&cells, n, decimals, values, present);
}

static void numbers_are_read_up_to_the_first_that_does_not_fit(void **unused)
{
    (void)unused;
    const int64_t whole[] = {1, -2, INT64_MAX / 100, INT64_MAX / 100 + 1, 5}, cents[] = {100, -250, 300};
    const int64_t amounts[] = {bits_of(35.96), bits_of(-0.07), bits_of(1e12), bits_of(0.001)};
    int64_t values[8];
    assert_int_equal(read_numbers((rfm_typed){.kind = RFM_TYPED_DECIMAL, .values = whole}, 5, 2, values), 3);
    assert_int_equal(values[1], -200);
    assert_int_equal(read_numbers((rfm_typed){.kind = RFM_TYPED_DECIMAL, .values = whole}, 5, 0, values), 5);
    assert_int_equal(read_numbers((rfm_typed){.kind = RFM_TYPED_DECIMAL, .scale = 2, .values = cents}, 3, 0, values),
                     1);
    assert_int_equal(read_numbers((rfm_typed){.kind = RFM_TYPED_DECIMAL, .scale = 2, .values = cents}, 3, 1, values),
                     3);
    assert_int_equal(values[1], -25);
    assert_int_equal(read_numbers((rfm_typed){.kind = RFM_TYPED_DOUBLE, .values = amounts}, 4, 2, values), 3);
    assert_int_equal(values[0], 3596);
    assert_int_equal(values[1], -7);
    assert_int_equal(values[2], 100000000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_say_as_values_what_they_say_as_texts),
        cmocka_unit_test(values_as_they_should_be_need_no_texts),
        cmocka_unit_test(every_value_is_read_as_its_text),
        cmocka_unit_test(numbers_are_read_up_to_the_first_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, harness_open, harness_close);
}
