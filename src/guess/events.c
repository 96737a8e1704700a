/* events: which values the column of events has, and which of them is a purchase. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "guess.h"

/* What purchases are called, the clearest first. */
static const char *const PURCHASES[] = {"purchase",
                                        "purchased",
                                        "buy",
                                        "transaction",
                                        "order",
                                        "achat",
                                        "commande",
                                        "vente",
                                        "sale",
                                        "checkout",
                                        "paiement",
                                        "payment",
                                        "paid",
                                        "ordered",
                                        "acheter",
                                        "bought",
                                        "conversion",
                                        "ecommerceOrder",
                                        "Placed Order",
                                        "payé",
                                        "payée",
                                        "acheté",
                                        "order_completed",
                                        "Order Completed",
                                        "purchase_completed",
                                        "order_placed",
                                        "invoice",
                                        "facture",
                                        "kauf",
                                        "gekauft",
                                        "bestellung"};

bool is_purchase(const char *text)
{
    for (size_t i = 0; i < sizeof PURCHASES / sizeof *PURCHASES; i++)
        if (strcasecmp(text, PURCHASES[i]) == 0)
            return true;
    return false;
}

static int by_count(const void *left, const void *right)
{
    const value_count *a = left, *b = right;
    if (a->n != b->n)
        return a->n > b->n ? -1 : 1;
    return strcmp(a->text, b->text);
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Sorted texts into values with their counts. */
static size_t count_values(const char **texts, size_t n, value_count *values)
{
    size_t n_values = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(texts[i], texts[i - 1]) != 0)
            values[n_values++] = (value_count){texts[i], 0};
        values[n_values - 1].n++;
    }
    return n_values;
}

static rfm_status list_values(rfm_guess *guess, size_t skip, rfm_error *err)
{
    const size_t column = (size_t)guess->parts[EVENT].column;
    const char **texts = rfm_alloc(guess->look.n_rows, sizeof *texts, err);
    value_count *values = rfm_alloc(guess->look.n_rows, sizeof *values, err);
    size_t n = 0;
    for (size_t row = skip; texts && values && row < guess->look.n_rows; row++) {
        const char *text = rfm_look_cell(&guess->look, row, column);
        if (*text)
            texts[n++] = text;
    }
    if (texts && values && n > 0) {
        qsort(texts, n, sizeof *texts, by_text);
        const size_t n_values = count_values(texts, n, values);
        qsort(values, n_values, sizeof *values, by_count);
        guess->n_values = n_values < MOST_VALUES ? n_values : MOST_VALUES;
        memcpy(guess->values, values, guess->n_values * sizeof *values);
    }
    free(texts);
    free(values);
    return err->status;
}

static const char *find_purchase(const rfm_guess *guess)
{
    for (size_t i = 0; i < sizeof PURCHASES / sizeof *PURCHASES; i++)
        for (size_t v = 0; v < guess->n_values; v++)
            if (strcasecmp(guess->values[v].text, PURCHASES[i]) == 0)
                return guess->values[v].text;
    return NULL;
}

/* A column that knows no purchase is none of events, whatever it is called. */
rfm_status guess_events(rfm_guess *guess, rfm_error *err)
{
    rfm_part *event = &guess->parts[EVENT];
    if (event->column < 0 || list_values(guess, guess->skip, err) != RFM_OK)
        return err->status;
    guess->purchase = find_purchase(guess);
    if (guess->purchase)
        return RFM_OK;
    rfm_text values = {0};
    for (size_t v = 0; v < guess->n_values && v < 5; v++) {
        rfm_text_adds(&values, v > 0 ? ", " : "");
        add_shown(&values, guess->values[v].text);
    }
    add_check(guess,
              "event: column %s was passed over, since none of its values is a purchase (%s): every row counts as one. "
              "If rows of one kind only do, keep those by a rule under rows",
              guess->columns[event->column].name,
              values.failed  ? ""
              : values.bytes ? values.bytes
                             : "");
    rfm_text_free(&values);
    event->column = -1;
    return RFM_OK;
}
