/* Names of segments: a table of rules over how the centroids rank by recency, frequency and monetary value. */
#include <stdlib.h>
#include <string.h>

#include "frame.h"

/* A level is a third of the ranks; high is the best: the most recent, the most frequent, the most valuable. */
enum { LOW = 1, MIDDLE = 2, HIGH = 4, ANY = LOW | MIDDLE | HIGH };

enum { RECENCY, FREQUENCY, MONETARY, N_MEASURES };

static const char *const COLUMNS[N_MEASURES] = {"recency_days", "frequency", "monetary"};
static const char *const MEASURES[N_MEASURES] = {"recency", "frequency", "monetary"};

typedef struct name_rule {
    const char *name;
    int levels[N_MEASURES];
} name_rule;

/* The first that holds; the last of them holds for all that is left. */
static const name_rule RULES[] = {
    {"Champions", {HIGH, HIGH, HIGH}},
    {"Loyal", {HIGH | MIDDLE, HIGH, ANY}},
    {"Can't lose", {LOW, HIGH, HIGH}},
    {"At risk", {LOW, HIGH | MIDDLE, ANY}},
    {"Potential loyalist", {HIGH, MIDDLE, ANY}},
    {"Promising", {HIGH | MIDDLE, LOW, HIGH}},
    {"New", {HIGH, LOW, ANY}},
    {"Need attention", {MIDDLE, MIDDLE, MIDDLE | HIGH}},
    {"About to sleep", {MIDDLE, ANY, ANY}},
    {"Hibernating", {LOW, LOW, MIDDLE | HIGH}},
    {"Lost", {ANY, ANY, ANY}},
};

/* One segment has everybody in it: it ranks beside nobody, and is neither high nor low. */
static const char ONLY[] = "All customers";

/* ---- levels of the centroids ------------------------------------------------------------------------------------ */

/* By the middle of the ranks that equal values share, so that equals are of one level. */
static int level_of(int c, int k, int d, int column, bool less_is_better, const double *centroids)
{
    const double value = centroids[(size_t)c * (size_t)d + (size_t)column];
    int64_t below = 0, equal = 0;
    for (int i = 0; i < k; i++) {
        const double other = centroids[(size_t)i * (size_t)d + (size_t)column];
        below += less_is_better ? other > value : other < value;
        equal += !(other < value) && !(other > value);
    }
    return 1 << (int)((2 * below + equal) * 3 / (2 * (int64_t)k));
}

static bool find_columns(int d, const char *const *features, int columns[N_MEASURES])
{
    for (int m = 0; m < N_MEASURES; m++) {
        columns[m] = 0;
        while (columns[m] < d && strcmp(features[columns[m]], COLUMNS[m]) != 0)
            columns[m]++;
        if (columns[m] == d)
            return false;
    }
    return true;
}

static bool holds(const name_rule *rule, const int levels[N_MEASURES])
{
    for (int m = 0; m < N_MEASURES; m++)
        if (!(rule->levels[m] & levels[m]))
            return false;
    return true;
}

static const char *name_by_rules(const name_rule *own, size_t n_own, const int levels[N_MEASURES], int k)
{
    for (size_t i = 0; i < n_own; i++)
        if (holds(&own[i], levels))
            return own[i].name;
    if (k == 1)
        return ONLY;
    int i = 0;
    while (!holds(&RULES[i], levels))
        i++;
    return RULES[i].name;
}

/* ---- rules of the job ------------------------------------------------------------------------------------------- */

static rfm_status parse_level(const rfm_node *node, int *levels, rfm_error *err)
{
    static const char *const words[] = {"low", "middle", "high"};
    for (int i = 0; node->kind == RFM_NODE_SCALAR && i < 3; i++) {
        if (strcmp(node->text, words[i]) == 0) {
            *levels |= 1 << i;
            return RFM_OK;
        }
    }
    return rfm_node_fail(node, err, "cluster.names: a level is low, middle or high, or a list of them");
}

static rfm_status parse_levels(const rfm_node *rule, const char *measure, int *levels, rfm_error *err)
{
    const rfm_node *node = rfm_node_get(rule, measure);
    *levels = node ? 0 : ANY;
    if (!node || node->kind != RFM_NODE_LIST)
        return node ? parse_level(node, levels, err) : RFM_OK;
    for (size_t i = 0; i < node->n_items; i++)
        if (parse_level(&node->items[i], levels, err) != RFM_OK)
            return err->status;
    return RFM_OK;
}

static rfm_status check_name(const rfm_node *node, const rfm_node *place, rfm_error *err)
{
    if (!node || node->kind != RFM_NODE_SCALAR || *node->text == '\0')
        return rfm_node_fail(node ? node : place, err, "cluster.names: a name is a text");
    for (const char *c = node->text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            return rfm_node_fail(node, err, "cluster.names: a name is one line of printable text");
    return RFM_OK;
}

static rfm_status parse_rule(const rfm_node *node, name_rule *rule, rfm_error *err)
{
    static const char *const keys[] = {"name", "recency", "frequency", "monetary", NULL};
    if (rfm_node_only(node, keys, err) != RFM_OK)
        return err->status;
    const rfm_node *name = rfm_node_get(node, "name");
    if (check_name(name, node, err) != RFM_OK)
        return err->status;
    rule->name = name->text;
    for (int m = 0; m < N_MEASURES; m++)
        if (parse_levels(node, MEASURES[m], &rule->levels[m], err) != RFM_OK)
            return err->status;
    return RFM_OK;
}

/* ---- names of all ----------------------------------------------------------------------------------------------- */

static bool is_taken(char *const *names, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* The name, or with " 2", " 3" ... behind it where it is taken. */
static rfm_status set_name(char **names, int c, const char *name, rfm_error *err)
{
    rfm_text text = {0};
    rfm_text_adds(&text, name);
    for (int n = 2; !text.failed && is_taken(names, c, text.bytes); n++) {
        text.length = 0;
        rfm_text_addf(&text, "%s %d", name, n);
    }
    if (rfm_text_check(&text, err) == RFM_OK)
        names[c] = rfm_copy_string(text.bytes, err);
    rfm_text_free(&text);
    return err->status;
}

static rfm_status number_segments(char **names, int k, rfm_error *err)
{
    rfm_text text = {0};
    for (int c = 0; c < k && err->status == RFM_OK; c++) {
        text.length = 0;
        rfm_text_addf(&text, "Segment %d", c + 1);
        if (rfm_text_check(&text, err) == RFM_OK)
            names[c] = rfm_copy_string(text.bytes, err);
    }
    rfm_text_free(&text);
    return err->status;
}

/* There may be fewer clusters than were asked for: names that are too many are left over. */
static rfm_status take_list(const rfm_node *list, char **names, int k, rfm_error *err)
{
    if (list->n_items < (size_t)k)
        return rfm_node_fail(list, err, "cluster.names: %zu names for %d clusters", list->n_items, k);
    for (int c = 0; c < k; c++)
        if (check_name(&list->items[c], list, err) != RFM_OK || set_name(names, c, list->items[c].text, err) != RFM_OK)
            return err->status;
    return RFM_OK;
}

typedef struct centre_table {
    int k, d;
    const char *const *features;
    const double *values;
} centre_table;

static rfm_status apply_rules(const name_rule *own, size_t n_own, const centre_table *centres,
                              const int columns[N_MEASURES], char **names, rfm_error *err)
{
    for (int c = 0; c < centres->k; c++) {
        int levels[N_MEASURES];
        for (int m = 0; m < N_MEASURES; m++)
            levels[m] = level_of(c, centres->k, centres->d, columns[m], m == RECENCY, centres->values);
        if (set_name(names, c, name_by_rules(own, n_own, levels, centres->k), err) != RFM_OK)
            return err->status;
    }
    return RFM_OK;
}

static rfm_status take_rules(const rfm_node *list, const centre_table *centres, char **names, rfm_error *err)
{
    int columns[N_MEASURES];
    const size_t n = list ? list->n_items : 0;
    if (!find_columns(centres->d, centres->features, columns)) {
        if (list)
            return rfm_node_fail(list, err,
                                 "cluster.names: rules need the features recency_days, frequency and monetary");
        return number_segments(names, centres->k, err);
    }
    name_rule *own = rfm_alloc(n, sizeof *own, err);
    for (size_t i = 0; own && i < n && err->status == RFM_OK; i++)
        parse_rule(&list->items[i], &own[i], err);
    if (err->status == RFM_OK)
        apply_rules(own, n, centres, columns, names, err);
    free(own);
    return err->status;
}

rfm_status rfm_segment_names(const rfm_node *names, int k, int d, const char *const *features, const double *centroids,
                             char ***segment_names, rfm_error *err)
{
    const centre_table centres = {.k = k, .d = d, .features = features, .values = centroids};
    *segment_names = NULL;
    if (names && (names->kind != RFM_NODE_LIST || names->n_items == 0))
        return rfm_node_fail(names, err,
                             "cluster.names: must be a list of names, or of rules "
                             "{name: VIP, monetary: high}");
    char **made = rfm_alloc((size_t)k, sizeof *made, err);
    if (!made)
        return err->status;
    if (names && names->items[0].kind == RFM_NODE_SCALAR)
        take_list(names, made, k, err);
    else
        take_rules(names, &centres, made, err);
    if (err->status != RFM_OK)
        rfm_names_free(made, (size_t)k);
    else
        *segment_names = made;
    return err->status;
}
