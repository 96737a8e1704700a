/* keeps: rows that had better be left out, and those that cannot be read. */
#include <string.h>

#include "guess.h"

static keep *add_keep(rfm_guess *guess, bool holds, const rfm_guess_column *c, const char *condition)
{
    rfm_assert(guess->n_keeps < MOST_KEEPS);
    keep *kept = &guess->keeps[guess->n_keeps++];
    *kept = (keep){.holds = holds};
    rfm_text_adds(&kept->rule, "column: ");
    add_yaml(&kept->rule, c->name);
    rfm_text_addf(&kept->rule, ", %s", condition);
    return kept;
}

static bool is_cancellation(const char *text)
{
    return (text[0] == 'C' || text[0] == 'c') && text[1] >= '0' && text[1] <= '9';
}

/* Order numbers with a C in front, where most have none: Online Retail's cancelled invoices. */
static void suggest_cancellations(rfm_guess *guess)
{
    const rfm_guess_column *c = column_of(guess, ORDER);
    size_t n = 0;
    for (size_t row = guess->skip; c && row < guess->look.n_rows; row++)
        n += is_cancellation(rfm_look_cell(&guess->look, row, (size_t)(c - guess->columns)));
    if (!c || n == 0 || 4 * n > c->n)
        return;
    keep *kept = add_keep(guess, false, c, "not_prefix: C");
    add_count(&kept->why, n);
    rfm_text_adds(&kept->why, " of ");
    add_count(&kept->why, c->n);
    rfm_text_adds(&kept->why, " rows begin with C, as cancelled invoices do");
}

static void suggest_above(rfm_guess *guess, const rfm_guess_column *c)
{
    const size_t n = c ? c->n_negative + c->n_zero : 0;
    if (n == 0 || 2 * n > c->n_filled)
        return;
    keep *kept = add_keep(guess, false, c, "above: 0");
    add_count(&kept->why, n);
    rfm_text_adds(&kept->why, " of ");
    add_count(&kept->why, c->n);
    rfm_text_adds(&kept->why, " rows have nothing or less there: returns, corrections, gifts?");
}

/* Without a customer or a time a row is none: more than a few would end the run. */
static void demand_present(rfm_guess *guess, rfm_role role, const char *what)
{
    const rfm_guess_column *c = column_of(guess, role);
    if (!c || c->n_filled == c->n)
        return;
    keep *kept = add_keep(guess, true, c, "present: true");
    add_count(&kept->why, c->n - c->n_filled);
    rfm_text_adds(&kept->why, " of ");
    add_count(&kept->why, c->n);
    rfm_text_addf(&kept->why, " rows have no %s", what);
}

void find_keeps(rfm_guess *guess)
{
    demand_present(guess, CUSTOMER, "customer");
    demand_present(guess, TIME, "time");
    suggest_cancellations(guess);
    if (guess->has_product) {
        suggest_above(guess, column_of(guess, QUANTITY));
        suggest_above(guess, column_of(guess, PRICE));
    } else if (!column_of(guess, EVENT)) {
        suggest_above(guess, column_of(guess, AMOUNT));
    }
    size_t n_suggested = 0;
    for (size_t i = 0; i < guess->n_keeps; i++)
        n_suggested += !guess->keeps[i].holds;
    if (n_suggested > 0)
        add_check(guess, "rows: %zu rule%s suggested in the job file: take the # away from what you want", n_suggested,
                  n_suggested == 1 ? " is" : "s are");
}

void find_left_out(rfm_guess *guess)
{
    const rfm_left_out *out = &guess->look.left_out;
    if (1000 * (size_t)out->n <= guess->look.n_rows)
        return;
    add_check(guess,
              "rejected: %lld of the first %zu rows cannot be read, and a run allows 1 in 1,000 "
              "(input.max_rejected); the first is %s",
              (long long)out->n, guess->look.n_rows + (size_t)out->n, out->first.bytes ? out->first.bytes : "");
}

void find_illegible(rfm_guess *guess)
{
    for (int r = 0; r < N_ROLES; r++) {
        const rfm_guess_column *c = column_of(guess, (rfm_role)r);
        if (c && !c->legible) {
            add_check(guess,
                      "%s: column %s is not in UTF-8: its texts are kept byte by byte (iconv -f WINDOWS-1252 -t UTF-8 "
                      "makes it so)",
                      r == CUSTOMER ? "customer" : "encoding", rfm_utf8_is(c->name, strlen(c->name)) ? c->name : "?");
            return;
        }
    }
}
