/* A list of entries -> features, one entry after the other. Checks names and what goes with what; verbs are
 * features_verb.c's. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "features.h"

enum { MAX_KEYS = 24 };

/* ---- parts of an entry ------------------------------------------------------------------------------------------ */

static const char *const OTHER_KEYS[] = {"name", "where", "never", "transform"};

static rfm_status check_keys(const rfm_node *node, rfm_error *err)
{
    const char *known[MAX_KEYS] = {NULL};
    size_t n_verbs, n = 0;
    const char *const *verbs = rfm_verb_words(&n_verbs);
    for (size_t i = 0; i < sizeof OTHER_KEYS / sizeof *OTHER_KEYS; i++)
        known[n++] = OTHER_KEYS[i];
    for (size_t i = 0; i < n_verbs; i++)
        known[n++] = verbs[i];
    return rfm_node_only(node, known, err);
}

static rfm_status find_verb(rfm_entry *entry, rfm_error *err)
{
    size_t n;
    const char *const *verbs = rfm_verb_words(&n);
    for (size_t i = 0; i < n; i++) {
        const rfm_node *argument = rfm_node_get(entry->node, verbs[i]);
        if (!argument)
            continue;
        if (entry->argument)
            return rfm_node_fail(argument, err, "feature '%s': '%s' and '%s': an entry has one verb",
                                 entry->feature->name, entry->argument->key, argument->key);
        entry->argument = argument;
        entry->feature->verb = (rfm_verb)i;
    }
    if (!entry->argument)
        return rfm_node_fail(entry->node, err,
                             "feature '%s': a verb is missing: count, distinct, sum, mean, min, max, since_last, "
                             "since_first, span, mean_gap, share or ratio",
                             entry->feature->name);
    return RFM_OK;
}

/* The columns that stand beside the features in customers/ and segments.csv; a warehouse does not tell case apart. */
static bool is_column_of_results(const char *name)
{
    static const char *const columns[] = {"id",      "segment",     "segment_name", "distance", "r_score", "f_score",
                                          "m_score", "rfm_segment", "name",         "size",     "share"};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (strcasecmp(name, columns[i]) == 0)
            return true;
    return false;
}

static rfm_status parse_name(const rfm_entry *entry, rfm_error *err)
{
    const rfm_features *features = entry->features;
    const rfm_node *name = rfm_node_get(entry->node, "name");
    if (!name || name->kind != RFM_NODE_SCALAR || *name->text == '\0')
        return rfm_node_fail(entry->node, err, "a feature needs a name: {name: views, count: \"*\", ...}");
    bool good = strlen(name->text) <= RFM_MAX_FEATURE_NAME;
    for (const char *c = name->text; *c; c++)
        good &= (unsigned char)*c >= 0x20 && *c != 0x7F;
    if (!good)
        return rfm_node_fail(name, err, "a feature's name has 1 to %d printable bytes", (int)RFM_MAX_FEATURE_NAME);
    if (is_column_of_results(name->text))
        return rfm_node_fail(
            name, err, "a feature named '%s' would stand beside the column of that name in the results", name->text);
    for (int i = 0; i < features->n; i++)
        if (strcmp(features->list[i].name, name->text) == 0)
            return rfm_node_fail(name, err, "two features are named '%s'", name->text);
    entry->feature->name = rfm_copy_string(name->text, err);
    return err->status;
}

static bool may_never_span(rfm_verb verb)
{
    return verb == RFM_VERB_SINCE_LAST || verb == RFM_VERB_SINCE_FIRST || verb == RFM_VERB_MEAN_GAP ||
           verb == RFM_VERB_SPAN;
}

static rfm_status parse_never(const rfm_entry *entry, rfm_error *err)
{
    rfm_feature *feature = entry->feature;
    const rfm_node *never = rfm_node_get(entry->node, "never");
    feature->never_span = may_never_span(feature->verb) && feature->verb != RFM_VERB_SPAN;
    if (!never)
        return RFM_OK;
    feature->never_given = true;
    feature->never_span = never->kind == RFM_NODE_SCALAR && strcmp(never->text, "span") == 0;
    if (!feature->never_span)
        return rfm_node_number(never, "never", &feature->never, err);
    if (!may_never_span(feature->verb))
        return rfm_node_fail(never, err, "feature '%s': 'never: span' is for times; give a number", feature->name);
    return RFM_OK;
}

/* ---- transforms ------------------------------------------------------------------------------------------------- */

static rfm_status parse_clip(const rfm_node *node, rfm_transform *transform, rfm_error *err)
{
    static const char *const keys[] = {"clip", NULL};
    if (rfm_node_only(node, keys, err) != RFM_OK)
        return err->status;
    const rfm_node *clip = rfm_node_get(node, "clip");
    if (!clip || clip->kind != RFM_NODE_LIST || clip->n_items != 2)
        return rfm_node_fail(node, err, "clip: must be two quantiles: {clip: [0.01, 0.99]}");
    *transform = (rfm_transform){.kind = RFM_TRANSFORM_CLIP};
    for (int i = 0; i < 2; i++)
        if (rfm_node_number(&clip->items[i], "clip", &transform->quantiles[i], err) != RFM_OK)
            return err->status;
    if (!(transform->quantiles[0] >= 0 && transform->quantiles[0] < transform->quantiles[1] &&
          transform->quantiles[1] <= 1))
        return rfm_node_fail(clip, err, "clip: must be two quantiles from 0 to 1, the lower first");
    return RFM_OK;
}

static rfm_status parse_transform(const rfm_node *node, rfm_transform *transform, rfm_error *err)
{
    if (node->kind == RFM_NODE_MAP)
        return parse_clip(node, transform, err);
    const char *word = node->kind == RFM_NODE_SCALAR ? node->text : "";
    if (strcmp(word, "log1p") != 0 && strcmp(word, "sqrt") != 0)
        return rfm_node_fail(node, err, "a transform is log1p, sqrt or {clip: [0.01, 0.99]}");
    transform->kind = strcmp(word, "sqrt") == 0 ? RFM_TRANSFORM_SQRT : RFM_TRANSFORM_LOG1P;
    return RFM_OK;
}

static rfm_status parse_transforms(const rfm_entry *entry, rfm_error *err)
{
    rfm_feature *feature = entry->feature;
    const rfm_node *node = rfm_node_get(entry->node, "transform");
    if (!node || (node->kind == RFM_NODE_SCALAR && *node->text == '\0'))
        return RFM_OK;
    const bool one = node->kind != RFM_NODE_LIST;
    const size_t n = one ? 1 : node->n_items;
    if (n > RFM_MAX_TRANSFORMS)
        return rfm_node_fail(node, err, "feature '%s': more than %d transforms", feature->name,
                             (int)RFM_MAX_TRANSFORMS);
    for (size_t i = 0; i < n; i++)
        if (parse_transform(one ? node : &node->items[i], &feature->transforms[i], err) != RFM_OK)
            return err->status;
    feature->n_transforms = (int)n;
    return RFM_OK;
}

/* ---- entries ---------------------------------------------------------------------------------------------------- */

static rfm_status parse_entry(rfm_features *features, const rfm_node *node, rfm_error *err)
{
    rfm_entry entry = {.features = features, .node = node, .feature = &features->list[features->n]};
    entry.feature->reads = (rfm_reads){-1, -1, -1, -1, -1, -1};
    entry.feature->power = 1;
    if (node->kind != RFM_NODE_MAP)
        return rfm_node_fail(node, err, "an entry of features.list is a map: {name: views, count: \"*\"}");
    if (check_keys(node, err) != RFM_OK || parse_name(&entry, err) != RFM_OK)
        return err->status;
    features->n++;
    if (find_verb(&entry, err) != RFM_OK || parse_never(&entry, err) != RFM_OK ||
        parse_transforms(&entry, err) != RFM_OK)
        return err->status;
    if (entry.feature->verb == RFM_VERB_RATIO)
        return rfm_verb_compile(&entry, err);
    if (rfm_where_parse(rfm_node_get(node, "where"), &features->roles, &entry.where, err) != RFM_OK)
        return err->status;
    entry.feature->last_days = entry.where.last_days;
    entry.predicate = rfm_need_predicate(features, &entry.where.predicate, err);
    return entry.predicate < 0 ? err->status : rfm_verb_compile(&entry, err);
}

static int find_feature(const rfm_features *features, const char *name)
{
    for (int i = 0; i < features->n; i++)
        if (strcmp(features->list[i].name, name) == 0)
            return i;
    return -1;
}

static rfm_status resolve_ratio(const rfm_features *features, rfm_feature *ratio, const rfm_node *argument,
                                rfm_error *err)
{
    if (argument->kind != RFM_NODE_LIST || argument->n_items != 2)
        return rfm_node_fail(argument, err, "feature '%s': ratio: must be two features: [monetary, frequency]",
                             ratio->name);
    for (int i = 0; i < 2; i++) {
        const rfm_node *item = &argument->items[i];
        const int operand = item->kind == RFM_NODE_SCALAR ? find_feature(features, item->text) : -1;
        if (operand < 0 || features->list[operand].verb == RFM_VERB_RATIO)
            return rfm_node_fail(item, err, "feature '%s': ratio: '%s' is no feature of this list%s", ratio->name,
                                 item->text ? item->text : "", operand < 0 ? "" : " that is not a ratio itself");
        ratio->operands[i] = operand;
    }
    rfm_text unit = {0};
    rfm_text_addf(&unit, "%s/%s", features->list[ratio->operands[0]].unit, features->list[ratio->operands[1]].unit);
    if (rfm_text_check(&unit, err) == RFM_OK)
        ratio->unit = rfm_copy_string(unit.bytes, err);
    rfm_text_free(&unit);
    return err->status;
}

static rfm_status parse_list(rfm_features *features, rfm_error *err)
{
    const rfm_node *list = &features->list_node;
    if (list->kind != RFM_NODE_LIST || list->n_items == 0)
        return rfm_node_fail(list, err, "features.list: must be rfm, rfm-behaviour, or a list of entries");
    if (list->n_items > RFM_MAX_FEATURES)
        return rfm_node_fail(list, err, "features.list: more than %d features", (int)RFM_MAX_FEATURES);
    features->list = rfm_alloc(list->n_items, sizeof *features->list, err);
    for (size_t i = 0; i < list->n_items && err->status == RFM_OK; i++)
        parse_entry(features, &list->items[i], err);
    for (int i = 0; i < features->n && err->status == RFM_OK; i++)
        if (features->list[i].verb == RFM_VERB_RATIO)
            resolve_ratio(features, &features->list[i], rfm_node_get(&list->items[i], "ratio"), err);
    return err->status;
}

/* ---- population ------------------------------------------------------------------------------------------------- */

static rfm_status parse_population(rfm_features *features, rfm_error *err)
{
    const rfm_node *node = &features->population_node;
    rfm_where where;
    features->population = -1;
    if (node->kind == RFM_NODE_SCALAR && strcmp(node->text, "all") == 0)
        return RFM_OK;
    if (node->kind != RFM_NODE_MAP || node->n_items == 0)
        return rfm_node_fail(node, err, "features.population: must be all, or a condition like {event: purchase}");
    const rfm_node *last = rfm_node_get(node, "last");
    if (last)
        return rfm_node_fail(last, err, "features.population: knows no window (last:)");
    if (rfm_where_parse(node, &features->roles, &where, err) != RFM_OK)
        return err->status;
    const int predicate = rfm_need_predicate(features, &where.predicate, err);
    if (predicate >= 0)
        features->population = rfm_need_aggregate(features, RFM_COUNT, 0, predicate, false, err);
    return err->status;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static const char *copy_column(const char *column, rfm_error *err)
{
    return column ? rfm_copy_string(column, err) : NULL;
}

static rfm_status copy_roles(const rfm_roles *from, rfm_roles *to, rfm_error *err)
{
    to->event = copy_column(from->event, err);
    to->session = copy_column(from->session, err);
    to->order = copy_column(from->order, err);
    to->product = copy_column(from->product, err);
    to->category = copy_column(from->category, err);
    for (int i = 0; i < from->n_amount; i++)
        to->amount[i] = copy_column(from->amount[i], err);
    to->n_amount = from->n_amount;
    to->decimals = from->decimals;
    return err->status;
}

static rfm_status copy_nodes(rfm_features *features, const rfm_node *list, const rfm_node *population, rfm_error *err)
{
    const bool ready = list->kind == RFM_NODE_SCALAR;
    if (ready)
        rfm_ready_expand(list, &features->roles, &features->list_node, &features->population_node, err);
    else
        rfm_node_copy(list, &features->list_node, err);
    if (err->status != RFM_OK || (ready && !population))
        return err->status;
    rfm_node_free(&features->population_node);
    if (population)
        return rfm_node_copy(population, &features->population_node, err);
    return rfm_node_parse("all", strlen("all"), "default", &features->population_node, err);
}

rfm_status rfm_features_parse(const rfm_node *list, const rfm_node *population, const rfm_roles *roles,
                              rfm_features **features, rfm_error *err)
{
    rfm_features *made = *features = rfm_alloc(1, sizeof *made, err);
    if (!made)
        return err->status;
    if (copy_roles(roles, &made->roles, err) != RFM_OK || copy_nodes(made, list, population, err) != RFM_OK ||
        parse_list(made, err) != RFM_OK || parse_population(made, err) != RFM_OK) {
        rfm_features_close(made);
        *features = NULL;
    }
    return err->status;
}

static void free_roles(rfm_roles *roles)
{
    const char *columns[] = {roles->event,    roles->session,   roles->order,    roles->product,
                             roles->category, roles->amount[0], roles->amount[1]};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        free((void *)columns[i]);
}

void rfm_features_close(rfm_features *features)
{
    if (!features)
        return;
    for (int i = 0; i < features->n; i++) {
        free(features->list[i].name);
        free(features->list[i].unit);
    }
    free(features->list);
    free_roles(&features->roles);
    rfm_needs_free(&features->needs);
    rfm_node_free(&features->list_node);
    rfm_node_free(&features->population_node);
    free(features);
}
