/* dialect: how the text of a file is written: what separates its fields and what encloses them. Every way is tried on
 * the first rows; the one that gives most fields, the same number in nearly every row, is taken.
 */
#include <string.h>

#include "guess.h"

/* What a way of reading gives of the first rows. */
typedef struct trial {
    rfm_dialect dialect;
    size_t n_columns, n_rows, n_left_out;
    size_t n_wrapped; /* cells in apostrophes, which then enclose */
} trial;

/* Blanks and commas stand inside texts and numbers as well; the others hardly ever. */
static int worth_of(const trial *t)
{
    return t->n_columns < 2 ? 0 : t->dialect.delimiter == ' ' ? 1 : t->dialect.delimiter == ',' ? 2 : 3;
}

static bool is_better(const trial *a, const trial *b)
{
    if (worth_of(a) != worth_of(b))
        return worth_of(a) > worth_of(b);
    return a->n_columns != b->n_columns ? a->n_columns > b->n_columns : a->n_left_out < b->n_left_out;
}

static bool is_wrapped(const char *cell, char quote)
{
    const size_t n = strlen(cell);
    return n >= 2 && cell[0] == quote && cell[n - 1] == quote;
}

static void count_wrapped(const rfm_look *look, trial *t)
{
    for (size_t row = 0; row < look->n_rows; row++)
        for (size_t i = 0; i < look->n_columns; i++)
            t->n_wrapped += is_wrapped(rfm_look_cell(look, row, i), '\'');
}

/* A way whose rows are not alike gives nothing. */
static rfm_status try_dialect(const rfm_guess *guess, trial *t, rfm_error *err)
{
    const rfm_input input = {.header = false, .dialect = t->dialect};
    rfm_look look = {0};
    rfm_error refused = {0};
    if (rfm_look_at_rows(&input, &guess->files.files[guess->file], TRY_ROWS, &look, &refused) != RFM_OK) {
        if (refused.status != RFM_DATA)
            *err = refused;
        return err->status;
    }
    t->n_rows = look.n_rows;
    t->n_left_out = (size_t)look.left_out.n;
    if (20 * t->n_left_out <= t->n_rows + 1 || (t->n_left_out == 1 && t->n_rows > 2))
        t->n_columns = look.n_columns;
    if (t->dialect.quote == '"')
        count_wrapped(&look, t);
    rfm_look_free(&look);
    return RFM_OK;
}

/* Whether any of these bytes stands in the file's first ones. */
static bool is_there(const rfm_text *bytes, char c)
{
    return bytes->length > 0 && memchr(bytes->bytes, c, bytes->length);
}

/* Ways to enclose, the usual one first; others only where it leaves rows out, or where cells are in apostrophes. */
static rfm_status try_quotes(const rfm_guess *guess, const rfm_text *bytes, trial *best, rfm_error *err)
{
    const struct {
        int quote, escape;
        bool due;
    } ways[] = {{'"', '\\', best->n_left_out > 0 && is_there(bytes, '\\')},
                {'\'', -1, is_there(bytes, '\'') && (2 * best->n_wrapped > best->n_rows || best->n_left_out > 0)},
                {-1, -1, best->n_left_out > 0 || best->n_columns == 0}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways && err->status == RFM_OK; i++) {
        trial t = {.dialect = best->dialect};
        t.dialect.quote = ways[i].quote;
        t.dialect.escape = ways[i].escape;
        if (!ways[i].due || t.dialect.delimiter == ' ' || try_dialect(guess, &t, err) != RFM_OK)
            continue;
        if (t.n_columns > 0 && (ways[i].quote == '\'' ? t.n_columns >= best->n_columns : is_better(&t, best)))
            *best = t;
    }
    return err->status;
}

static rfm_status choose(const rfm_guess *guess, const rfm_text *bytes, trial *best, rfm_error *err)
{
    static const char delimiters[] = ",;\t|^~ ";
    for (const char *delimiter = delimiters; *delimiter && err->status == RFM_OK; delimiter++) {
        trial t = {.dialect = {*delimiter, '"', -1, "\\N"}};
        if (!is_there(bytes, *delimiter) || (guess->tabs_by_name && *delimiter != '\t'))
            continue;
        if (try_dialect(guess, &t, err) == RFM_OK && try_quotes(guess, bytes, &t, err) == RFM_OK && is_better(&t, best))
            *best = t;
    }
    return err->status;
}

static void tell(rfm_guess *guess, const trial *best)
{
    const char *name = best->dialect.delimiter == '\t' ? "tab" : best->dialect.delimiter == ' ' ? "blanks" : NULL;
    const char one[2] = {best->dialect.delimiter, '\0'};
    finding *found = add_finding(guess, "delimiter", best->n_columns < 2 ? UNSURE : best->n_rows < 3 ? LIKELY : SURE);
    add_yaml(&found->value, name ? name : one);
    if (best->n_columns < 2)
        rfm_text_adds(&found->why, "there is one column only");
    else
        rfm_text_addf(&found->why, "%zu fields in each of the first %zu rows", best->n_columns, best->n_rows);
    if (best->n_left_out > 0)
        rfm_text_addf(&found->why, ", but %zu", best->n_left_out);
    if (best->dialect.quote != '"' && best->dialect.delimiter != ' ') {
        found = add_finding(guess, "quote", LIKELY);
        rfm_text_adds(&found->value, best->dialect.quote == '\'' ? "\"'\"" : "none");
        rfm_text_adds(&found->why, best->dialect.quote == '\'' ? "fields are in apostrophes"
                                                               : "quotes stand inside fields, not around them");
    }
    if (best->dialect.escape >= 0) {
        found = add_finding(guess, "escape", LIKELY);
        rfm_text_adds(&found->value, "\"\\\\\"");
        rfm_text_adds(&found->why, "backslashes stand before quotes");
    }
}

rfm_status guess_dialect(rfm_guess *guess, rfm_error *err)
{
    rfm_text bytes = {0};
    trial best = {.dialect = {',', '"', -1, "\\N"}, .n_columns = 0, .n_left_out = SIZE_MAX};
    if (rfm_look_at_text(&guess->files.files[guess->file], LOOK_BYTES, &bytes, err) == RFM_OK)
        choose(guess, &bytes, &best, err);
    rfm_text_free(&bytes);
    if (err->status != RFM_OK)
        return err->status;
    if (best.n_columns == 0) {
        best = (trial){.dialect = {',', '"', -1, "\\N"}};
        if (try_dialect(guess, &best, err) != RFM_OK)
            return err->status;
    }
    guess->dialect = best.dialect;
    tell(guess, &best);
    return RFM_OK;
}
