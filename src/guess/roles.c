/* roles: which column is what: by its name, as far as its cells do not speak against it; by its cells alone where no
 * name says anything. Each column plays one role, the one that it fits best.
 */

#include "guess.h"

enum { IMPOSSIBLE = -1000, ENOUGH = 50, CLOSE = 12 };

static double ratio_distinct(const rfm_guess_column *c)
{
    return c->n_filled > 0 ? (double)c->n_distinct / (double)c->n_filled : 0;
}

static bool is_time(const rfm_guess_column *c)
{
    return is_mostly(c, c->n_times[TIME_ISO] + c->n_times[TIME_ISO_ZONE] + c->n_times[TIME_ISO_DATE]) ||
           is_mostly(c, c->n_ordered[DAY_FIRST]) || is_mostly(c, c->n_ordered[MONTH_FIRST]) ||
           (is_mostly(c, c->n_foreign) && c->foreign.kind != FOREIGN_DIGITS);
}

/* Numbers with something behind the point that is not nought. */
static bool is_fractional(const rfm_guess_column *c)
{
    return is_mostly(c, c->n_number) && (c->digits[0] > 0 || c->digits[1] > 0);
}

/* ---- how well the cells of a column fit a role ------------------------------------------------------------------- */

/* An id comes again, but not always, and is neither a time nor a fraction. */
static int fit_customer(const rfm_guess_column *c)
{
    const double distinct = ratio_distinct(c);
    if (is_time(c) || is_fractional(c) || c->longest > RFM_ID_MAX_BYTES)
        return IMPOSSIBLE;
    int fit = c->n_distinct == 1 && c->n > 20 ? -40 : 0;
    fit += c->n > 100 && distinct > 0.995 ? -15 : 0;
    fit += c->n_blank > c->n_filled / 2 ? -10 : 0;
    return fit + (distinct > 0.01 && distinct < 0.95 && c->n_distinct >= 3 ? 15 : 0);
}

static int fit_time(const rfm_guess_column *c)
{
    const size_t digits = c->n_times[TIME_DIGITS] + c->n_times[TIME_S] + c->n_times[TIME_MS] + c->n_times[TIME_US];
    if (is_time(c))
        return 60;
    if (is_mostly(c, digits) || is_mostly(c, c->n_foreign))
        return 35;
    return IMPOSSIBLE;
}

static int fit_event(const rfm_guess_column *c)
{
    enum { MOST_KINDS = 60 };
    if (c->n_distinct > MOST_KINDS || is_time(c) || is_mostly(c, c->n_number))
        return IMPOSSIBLE;
    return c->n > 20 && c->n_distinct <= 20 ? 15 : 0;
}

static int fit_number(const rfm_guess_column *c)
{
    if (!is_mostly(c, c->n_number) || is_time(c))
        return IMPOSSIBLE;
    return is_fractional(c) ? 20 : 0;
}

static int fit_quantity(const rfm_guess_column *c)
{
    return !is_mostly(c, c->n_number) || is_time(c) ? IMPOSSIBLE : is_fractional(c) ? -10 : 10;
}

static int fit_order(const rfm_guess_column *c)
{
    return is_time(c) || is_fractional(c) ? IMPOSSIBLE : c->n > 100 && ratio_distinct(c) < 0.005 ? -40 : 5;
}

static int fit_thing(const rfm_guess_column *c)
{
    return is_time(c) || is_fractional(c) ? IMPOSSIBLE : 0;
}

/* What cells alone are worth, where no name says anything. */
static int worth_alone(const rfm_guess_column *c, rfm_role role)
{
    const double distinct = ratio_distinct(c);
    if (role == TIME)
        return fit_time(c) > 0 ? 20 : 0;
    if (role == AMOUNT)
        return is_fractional(c) ? 32 : 0;
    if (role == EVENT)
        return c->n_purchase > 0 && c->n_distinct > 1 ? 60 : 0;
    if (role != CUSTOMER || c->n_distinct < (c->n > 20 ? 5 : 2) || (c->n > 20 && (distinct < 0.002 || distinct > 0.98)))
        return 0;
    return 36 + (c->n_distinct >= 10 ? 4 : 0) + (c->n_leading_zero > 0 ? 6 : 0) +
           (is_mostly(c, c->n_integer) || c->n_blank == 0 ? 4 : 0) + (is_mostly(c, c->n_mail) ? 20 : 0) -
           (is_mostly(c, c->n_id) && c->longest < 3 ? 8 : 0);
}

static int score(const rfm_guess_column *c, rfm_role role)
{
    static int (*const fits[N_ROLES])(const rfm_guess_column *c) = {
        [CUSTOMER] = fit_customer, [TIME] = fit_time,     [EVENT] = fit_event,   [AMOUNT] = fit_number,
        [QUANTITY] = fit_quantity, [PRICE] = fit_number,  [SESSION] = fit_order, [ORDER] = fit_order,
        [PRODUCT] = fit_thing,     [CATEGORY] = fit_thing};
    const int by_name = name_says(c->name, role), fit = c->n_filled > 0 ? fits[role](c) : IMPOSSIBLE;
    if (fit == IMPOSSIBLE || c->twice)
        return IMPOSSIBLE;
    return (by_name > 0 ? by_name : worth_alone(c, role)) + fit;
}

/* ---- who plays what ---------------------------------------------------------------------------------------------- */

static bool has_part(const rfm_guess *guess, size_t index)
{
    for (int r = 0; r < N_ROLES; r++)
        if (guess->parts[r].column == (int)index)
            return true;
    return false;
}

/* Of two that fit alike, the shorter one, then the first. */
static bool is_ahead(const rfm_guess *guess, size_t index, int score_here, const rfm_part *best)
{
    if (best->column < 0 || score_here != best->score)
        return best->column < 0 || score_here > best->score;
    return guess->columns[index].longest < guess->columns[best->column].longest;
}

static rfm_part find_best(const rfm_guess *guess, rfm_role role)
{
    rfm_part best = {.column = -1, .rival = -1, .score = ENOUGH - 1};
    for (size_t i = 0; i < guess->look.n_columns; i++) {
        const int here = score(&guess->columns[i], role);
        if (here < ENOUGH || has_part(guess, i))
            continue;
        if (is_ahead(guess, i, here, &best))
            best = (rfm_part){
                .column = (int)i, .rival = -1, .score = here, .by_name = name_says(guess->columns[i].name, role)};
    }
    return best;
}

static void find_rival(const rfm_guess *guess, rfm_role role, rfm_part *part)
{
    int most = part->score - CLOSE;
    for (size_t i = 0; i < guess->look.n_columns; i++) {
        const int here = score(&guess->columns[i], role);
        if ((int)i != part->column && here >= ENOUGH && here > most && !has_part(guess, i)) {
            most = here;
            part->rival = (int)i;
        }
    }
}

/* The role of which one is surest first; a total stands before quantity and price. */
static void cast_parts(rfm_guess *guess)
{
    for (int turn = 0; turn < N_ROLES; turn++) {
        rfm_part best = {.column = -1, .score = ENOUGH - 1};
        int of = -1;
        for (int r = 0; r < N_ROLES; r++) {
            if (guess->parts[r].column >= 0)
                continue;
            const rfm_part here = find_best(guess, (rfm_role)r);
            if (here.column >= 0 && here.score > best.score) {
                best = here;
                of = r;
            }
        }
        if (of < 0)
            return;
        guess->parts[of] = best;
    }
}

static void rate(rfm_guess *guess, rfm_role role)
{
    rfm_part *part = &guess->parts[role];
    if (part->column < 0)
        return;
    const rfm_guess_column *c = &guess->columns[part->column];
    find_rival(guess, role, part);
    part->certainty = part->by_name >= 85 ? SURE : part->by_name >= 60 ? LIKELY : UNSURE;
    if (part->rival < 0 && part->certainty == UNSURE && (role == TIME || (role == AMOUNT && is_fractional(c))))
        part->certainty = LIKELY;
    if (part->rival < 0 && role == TIME && is_time(c))
        part->certainty = SURE;
    if (role == CUSTOMER && part->certainty == SURE &&
        (c->n_distinct == 1 || (c->n > 100 && ratio_distinct(c) > 0.995)))
        part->certainty = c->n > 20 && c->n_distinct == 1 ? UNSURE : LIKELY;
    if (part->rival >= 0 && part->certainty == SURE)
        part->certainty = LIKELY;
}

/* An amount that was guessed of its cells alone gives way to quantity and price; where there is a price and nothing
 * else, that is the amount. */
static void settle_amount(rfm_guess *guess)
{
    rfm_part *amount = &guess->parts[AMOUNT], *price = &guess->parts[PRICE];
    const bool both = price->column >= 0 && guess->parts[QUANTITY].column >= 0;
    const bool named = amount->column >= 0 && amount->by_name >= 60;
    guess->has_product = both && !named;
    if (guess->has_product)
        amount->column = -1;
    else if (!named && price->column >= 0) {
        *amount = *price;
        amount->rival = -1;
    }
}

void guess_roles(rfm_guess *guess)
{
    for (int r = 0; r < N_ROLES; r++)
        guess->parts[r] = (rfm_part){.column = -1, .rival = -1};
    cast_parts(guess);
    settle_amount(guess);
    for (int r = 0; r < N_ROLES; r++)
        rate(guess, (rfm_role)r);
}

const rfm_guess_column *column_of(const rfm_guess *guess, rfm_role role)
{
    return guess->parts[role].column < 0 ? NULL : &guess->columns[guess->parts[role].column];
}
