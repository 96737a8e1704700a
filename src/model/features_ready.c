/* The ready lists: tables of entries in the language of features.list. The one place that says what they hold. */
#include <string.h>

#include "features.h"

enum { RFM = 1, BEHAVIOUR = 2, BOTH = RFM | BEHAVIOUR };

enum { NONE = 0, EVENT = 1, SESSION = 2, ORDER = 4, PRODUCT = 8, CATEGORY = 16, AMOUNT = 32 };

static const char *const ROLES[] = {"event", "session", "order", "product", "category", "amount"};

typedef struct ready_entry {
    int lists;
    const char *name;
    int needs; /* columns that must be mapped; of entries of one name the first whose are is taken */
    const char *rest;
} ready_entry;

static const ready_entry ENTRIES[] = {
    {BOTH, "recency_days", NONE, "since_last: day, where: {event: purchase}, never: span, transform: [log1p]"},
    {BOTH, "frequency", ORDER, "distinct: order, where: {event: purchase}, transform: [log1p]"},
    {BOTH, "frequency", NONE, "count: \"*\", where: {event: purchase}, transform: [log1p]"},
    {BOTH, "monetary", AMOUNT, "sum: amount, where: {event: purchase}, transform: [log1p, {clip: [0.01, 0.99]}]"},
    {BEHAVIOUR, "views", EVENT, "count: \"*\", where: {event: view}, transform: [log1p]"},
    {BEHAVIOUR, "carts", EVENT, "count: \"*\", where: {event: cart}, transform: [log1p]"},
    {BEHAVIOUR, "removes", EVENT, "count: \"*\", where: {event: remove_from_cart}, transform: [log1p]"},
    {BEHAVIOUR, "sessions", SESSION, "distinct: session, transform: [log1p]"},
    {BEHAVIOUR, "active_days", NONE, "distinct: day, transform: [log1p]"},
    {BEHAVIOUR, "products", PRODUCT, "distinct: product, transform: [log1p]"},
    {BEHAVIOUR, "categories", CATEGORY, "distinct: category, transform: [log1p]"},
    {BEHAVIOUR, "tenure_days", NONE, "since_first: day, transform: [log1p]"},
    {BEHAVIOUR, "idle_days", NONE, "since_last: day, transform: [log1p]"},
    {BEHAVIOUR, "mean_gap_days", NONE, "mean_gap: day, transform: [log1p]"},
    {BEHAVIOUR, "conversion", SESSION, "ratio: [frequency, sessions]"},
    {BEHAVIOUR, "conversion", NONE, "ratio: [frequency, active_days]"},
    {BEHAVIOUR, "average_order", AMOUNT, "ratio: [monetary, frequency], transform: [log1p]"},
};

enum { N_ENTRIES = sizeof ENTRIES / sizeof *ENTRIES };

static int mapped(const rfm_roles *roles)
{
    return (roles->event ? EVENT : 0) | (roles->session ? SESSION : 0) | (roles->order ? ORDER : 0) |
           (roles->product ? PRODUCT : 0) | (roles->category ? CATEGORY : 0) | (roles->n_amount > 0 ? AMOUNT : 0);
}

/* Of the entries of one name from `first` on: the one to take, or -1. *end: the first of another name. */
static int choose(int first, int list, int columns, int *end)
{
    int chosen = -1;
    int i = first;
    for (; i < N_ENTRIES && strcmp(ENTRIES[i].name, ENTRIES[first].name) == 0; i++)
        if (chosen < 0 && (ENTRIES[i].lists & list) && (ENTRIES[i].needs & ~columns) == 0)
            chosen = i;
    *end = i;
    return chosen;
}

static void note_absent(rfm_text *absent, const ready_entry *entry, int columns)
{
    int role = 0;
    while (!(entry->needs & ~columns & (1 << role)))
        role++;
    rfm_text_addf(absent, "%s%s (input.columns.%s)", absent->length > 0 ? ", " : "", entry->name, ROLES[role]);
}

static rfm_status write_entries(int list, const rfm_roles *roles, rfm_text *text, rfm_error *err)
{
    const int columns = mapped(roles);
    rfm_text absent = {0};
    rfm_text_adds(text, "[");
    for (int i = 0, end; i < N_ENTRIES; i = end) {
        const int chosen = choose(i, list, columns, &end);
        if (chosen >= 0)
            rfm_text_addf(text, "%s{name: %s, %s}", text->length > 1 ? ", " : "", ENTRIES[chosen].name,
                          ENTRIES[chosen].rest);
        else if (ENTRIES[i].lists & list)
            note_absent(&absent, &ENTRIES[i], columns);
    }
    rfm_text_adds(text, "]");
    if (absent.length > 0 && !absent.failed)
        rfm_log(RFM_LOG_INFO, "left out, as their columns are not mapped: %s", absent.bytes);
    rfm_text_free(&absent);
    return rfm_text_check(text, err);
}

rfm_status rfm_ready_expand(const rfm_node *name, const rfm_roles *roles, rfm_node *list, rfm_node *population,
                            rfm_error *err)
{
    static const char *const names[] = {"rfm", "rfm-behaviour", NULL};
    static const char *const populations[] = {"{event: purchase}", "all"};
    int which = 0;
    while (names[which] && strcmp(names[which], name->text) != 0)
        which++;
    if (!names[which])
        return rfm_node_fail(name, err,
                             "features.list: '%s' is no ready list; the nearest is '%s' (or give a list of entries)",
                             name->text, rfm_nearest(name->text, names));
    rfm_text text = {0};
    if (write_entries(which == 0 ? RFM : BEHAVIOUR, roles, &text, err) == RFM_OK &&
        rfm_node_parse(text.bytes, text.length, names[which], list, err) == RFM_OK)
        rfm_node_parse(populations[which], strlen(populations[which]), names[which], population, err);
    rfm_text_free(&text);
    return err->status;
}
