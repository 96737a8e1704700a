/* compare: two descriptions, fact by fact, in the order of cause and effect. */
#include "describe.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_KEY = 34, MOST_LINES = 200 };

/* A fact of either side; the other's value may be missing. */
typedef struct pair {
    const char *key; /* borrowed of a list */
    const json_t *a, *b;
    bool differs;
} pair;

typedef struct comparison {
    fact_list a, b;
    pair *pairs;
    size_t n;
} comparison;

/* Time and place: they differ between any two starts, and decide nothing. */
static bool is_incidental(const char *key)
{
    static const char *const begins[] = {
        "finished",        "ranks",           "threads",           "seconds",       "stage_seconds.",
        "options.output.", "options.log.",    "peak_memory_bytes", "spilled_bytes", "options.store.",
        "options.unload.", "cluster.seconds", "quality.seconds",   "store.",        "options.input.memory",
        "version"};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(key, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

/* What is told side by side even where it is equal. */
static bool is_telling(const char *key)
{
    static const char *const begins[] = {"digest",
                                         "n_rows",
                                         "n_events",
                                         "n_customers",
                                         "n_features",
                                         "cluster.k",
                                         "cluster.inertia",
                                         "quality.silhouette",
                                         "quality.davies_bouldin",
                                         "quality.calinski_harabasz",
                                         "rows",
                                         "k",
                                         "d",
                                         "inertia"};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strcmp(key, begins[i]) == 0 || (i == 0 && strncmp(key, begins[i], strlen(begins[i])) == 0))
            return true;
    return false;
}

/* Facts in the order of their keys; those of one key in that of the list. */
typedef struct fact_index {
    const fact **items;
    size_t n;
} fact_index;

static int compare_facts(const void *a, const void *b)
{
    const fact *one = *(const fact *const *)a, *other = *(const fact *const *)b;
    const int order = strcmp(one->key, other->key);
    return order != 0 ? order : (one > other) - (one < other);
}

static rfm_status index_facts(const fact_list *list, fact_index *index, rfm_error *err)
{
    *index = (fact_index){rfm_alloc(list->n, sizeof *index->items, err), list->n};
    for (size_t i = 0; index->items && i < list->n; i++)
        index->items[i] = &list->items[i];
    if (index->items)
        qsort(index->items, list->n, sizeof *index->items, compare_facts);
    return err->status;
}

static const json_t *find(const fact_index *index, const char *key)
{
    size_t low = 0, high = index->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(index->items[middle]->key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < index->n && strcmp(index->items[low]->key, key) == 0 ? index->items[low]->value : NULL;
}

static void add_pair(comparison *c, const char *key, const json_t *a, const json_t *b)
{
    c->pairs[c->n++] = (pair){key, a, b, !a || !b || !json_equal((json_t *)(uintptr_t)a, (json_t *)(uintptr_t)b)};
}

/* Those of a, with the other's value; then what only b has. */
static rfm_status open_comparison(const rfm_description *a, const rfm_description *b, comparison *c, rfm_error *err)
{
    fact_index of_a = {0}, of_b = {0};
    *c = (comparison){0};
    if (list_facts(a->facts, true, &c->a, err) == RFM_OK && list_facts(b->facts, true, &c->b, err) == RFM_OK &&
        index_facts(&c->a, &of_a, err) == RFM_OK && index_facts(&c->b, &of_b, err) == RFM_OK)
        c->pairs = rfm_alloc(c->a.n + c->b.n, sizeof *c->pairs, err);
    for (size_t i = 0; c->pairs && i < c->a.n; i++)
        add_pair(c, c->a.items[i].key, c->a.items[i].value, find(&of_b, c->a.items[i].key));
    for (size_t i = 0; c->pairs && i < c->b.n; i++)
        if (!find(&of_a, c->b.items[i].key))
            add_pair(c, c->b.items[i].key, NULL, c->b.items[i].value);
    free(of_a.items);
    free(of_b.items);
    return err->status;
}

static void close_comparison(comparison *c)
{
    free_facts(&c->a);
    free_facts(&c->b);
    free(c->pairs);
}

static const pair *find_first(const comparison *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->pairs[i].differs && !is_incidental(c->pairs[i].key))
            return &c->pairs[i];
    return NULL;
}

static size_t count_differing(const comparison *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        n += c->pairs[i].differs;
    return n;
}

/* ---- for people -------------------------------------------------------------------------------------------------- */

/* All digits of a number only where it takes them to tell it from the other. */
static bool is_short_enough(const pair *p)
{
    char a[RFM_NUMBER_BYTES], b[RFM_NUMBER_BYTES];
    snprintf(a, sizeof a, "%.8g", json_real_value(p->a));
    snprintf(b, sizeof b, "%.8g", json_real_value(p->b));
    return !p->differs || !json_is_real(p->a) || !json_is_real(p->b) || strcmp(a, b) != 0;
}

static void add_cell(const pair *p, const json_t *value, int width, rfm_text *text)
{
    rfm_text cell = {0};
    if (json_is_real(value) && is_short_enough(p))
        rfm_text_addf(&cell, "%.8g", json_real_value(value));
    else if (value)
        print_value(value, &cell);
    rfm_text_fit(text, !value ? "-" : cell.length > 0 && !cell.failed ? cell.bytes : "", width);
    rfm_text_free(&cell);
}

static void add_pair_line(const pair *p, int key_columns, int columns, rfm_text *text)
{
    const int width = (columns - key_columns - 2) / 2;
    rfm_text_fit(text, p->key, key_columns);
    rfm_text_adds(text, " ");
    add_cell(p, p->a, width, text);
    rfm_text_adds(text, " ");
    if (p->differs)
        add_cell(p, p->b, width, text);
    else
        rfm_text_adds(text, "=");
    while (!text->failed && text->length > 0 && text->bytes[text->length - 1] == ' ')
        text->length--;
    rfm_text_adds(text, "\n");
}

static bool is_shown(const pair *p, bool incidental)
{
    return is_incidental(p->key) == incidental && (p->differs || (!incidental && is_telling(p->key)));
}

static void add_pairs(const comparison *c, bool incidental, int columns, rfm_text *text)
{
    int key_columns = 0, n_shown = 0;
    for (size_t i = 0; i < c->n; i++) {
        const int here =
            is_shown(&c->pairs[i], incidental) ? rfm_text_columns(c->pairs[i].key, strlen(c->pairs[i].key)) : 0;
        key_columns = here > key_columns ? here : key_columns;
    }
    key_columns = key_columns < MOST_KEY ? key_columns : MOST_KEY;
    for (size_t i = 0; i < c->n; i++) {
        if (!is_shown(&c->pairs[i], incidental))
            continue;
        if (n_shown++ == 0)
            rfm_text_adds(text, incidental ? "\ntime and place\n" : "\n");
        if (n_shown <= MOST_LINES)
            add_pair_line(&c->pairs[i], key_columns, columns, text);
    }
    if (n_shown > MOST_LINES)
        rfm_text_addf(text, "and %d more; --json has them all\n", n_shown - MOST_LINES);
}

static const char *kind_of(const rfm_description *of)
{
    return json_string_value(json_object_get(of->facts, "kind"));
}

void rfm_descriptions_compare(const rfm_description *a, const rfm_description *b, int columns, rfm_text *text)
{
    comparison c;
    rfm_error err = {0};
    rfm_text_addf(text, "A  %s (%s)\nB  %s (%s)\n", a->path, kind_of(a), b->path, kind_of(b));
    if (strcmp(kind_of(a), kind_of(b)) != 0) {
        rfm_text_adds(text, "These are files of two kinds: there is nothing to compare.\n");
        return;
    }
    if (open_comparison(a, b, &c, &err) == RFM_OK) {
        const pair *first = find_first(&c);
        const size_t n = count_differing(&c);
        if (first)
            rfm_text_addf(text, "They differ, first in %s.\n", first->key);
        else
            rfm_text_adds(text, n > 0 ? "They are equal, but for time and place.\n" : "They are equal.\n");
        add_pairs(&c, false, columns, text);
        add_pairs(&c, true, columns, text);
        rfm_text_addf(text, "\n%zu of %zu facts are equal\n", c.n - n, c.n);
    }
    close_comparison(&c);
    text->failed |= err.status != RFM_OK;
}

/* ---- for machines ------------------------------------------------------------------------------------------------ */

static json_t *tell_different(const comparison *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->n; i++) {
        if (!c->pairs[i].differs)
            continue;
        json_t *row = json_object();
        fact_text(row, "key", c->pairs[i].key);
        fact_put(row, "a", c->pairs[i].a ? json_incref((json_t *)(uintptr_t)c->pairs[i].a) : NULL);
        fact_put(row, "b", c->pairs[i].b ? json_incref((json_t *)(uintptr_t)c->pairs[i].b) : NULL);
        fact_put(row, "incidental", json_boolean(is_incidental(c->pairs[i].key)));
        json_array_append_new(list, row);
    }
    return list;
}

void rfm_descriptions_compare_json(const rfm_description *a, const rfm_description *b, rfm_text *json)
{
    comparison c;
    rfm_error err = {0};
    json_t *object = json_object();
    if (open_comparison(a, b, &c, &err) == RFM_OK) {
        const pair *first = find_first(&c);
        fact_text(object, "a", a->path);
        fact_text(object, "b", b->path);
        fact_text(object, "kind_a", kind_of(a));
        fact_text(object, "kind_b", kind_of(b));
        fact_put(object, "equal", json_boolean(!first));
        fact_put(object, "first", first ? text_of(first->key) : NULL);
        fact_integer(object, "n_equal", (json_int_t)(c.n - count_differing(&c)));
        fact_put(object, "different", tell_different(&c));
    }
    char *bytes = json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    if (bytes)
        rfm_text_addf(json, "%s\n", bytes);
    json->failed |= !bytes || err.status != RFM_OK;
    free(bytes);
    json_decref(object);
    close_comparison(&c);
}
