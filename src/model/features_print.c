/* What others may know of features, and their definitions as text and back: what a model carries. */
#include <string.h>

#include "features.h"

int rfm_features_n(const rfm_features *features)
{
    return features->n;
}

const char *rfm_features_name(const rfm_features *features, int feature)
{
    return features->list[feature].name;
}

const char *rfm_features_unit(const rfm_features *features, int feature)
{
    return features->list[feature].unit;
}

int rfm_features_transforms(const rfm_features *features, int feature, const rfm_transform **transforms)
{
    *transforms = features->list[feature].transforms;
    return features->list[feature].n_transforms;
}

void rfm_features_input(const rfm_features *features, rfm_input *input)
{
    input->numbers = features->needs.numbers;
    input->n_numbers = features->needs.n_numbers;
    input->hashes = features->needs.hashes;
    input->n_hashes = features->needs.n_hashes;
    input->predicates = features->needs.predicates;
    input->n_predicates = features->needs.n_predicates;
}

const rfm_roles *rfm_features_roles(const rfm_features *features)
{
    return &features->roles;
}

const rfm_aggregate *rfm_features_aggregates(const rfm_features *features, int *n)
{
    *n = (int)features->needs.n_aggregates;
    return features->needs.aggregates;
}

/* ---- print ------------------------------------------------------------------------------------------------------ */

static void print_role(const char *role, const char *column, rfm_text *text)
{
    if (!column)
        return;
    rfm_text_addf(text, ", %s: ", role);
    rfm_word_print(column, text);
}

static void print_amount(const rfm_roles *roles, rfm_text *text)
{
    if (roles->n_amount == 0)
        return;
    rfm_text_adds(text, ", amount: [");
    for (int i = 0; i < roles->n_amount; i++) {
        rfm_text_adds(text, i > 0 ? ", " : "");
        rfm_word_print(roles->amount[i], text);
    }
    rfm_text_adds(text, "]");
}

rfm_status rfm_features_print(const rfm_features *features, rfm_text *text, rfm_error *err)
{
    const rfm_roles *roles = &features->roles;
    rfm_text_addf(text, "{decimals: %d", roles->decimals);
    print_role("event", roles->event, text);
    print_role("session", roles->session, text);
    print_role("order", roles->order, text);
    print_role("product", roles->product, text);
    print_role("category", roles->category, text);
    print_amount(roles, text);
    rfm_text_adds(text, ", population: ");
    rfm_node_print(&features->population_node, text);
    rfm_text_adds(text, ", list: ");
    rfm_node_print(&features->list_node, text);
    rfm_text_adds(text, "}");
    return rfm_text_check(text, err);
}

/* ---- restore ---------------------------------------------------------------------------------------------------- */

static const char *role_of(const rfm_node *root, const char *key)
{
    const rfm_node *node = rfm_node_get(root, key);
    return node ? node->text : NULL;
}

static bool is_sound(const rfm_node *root, int64_t *decimals)
{
    static const char *const words[] = {"event", "session", "order", "product", "category"};
    static const char *const keys[] = {"decimals", "event",  "session",    "order", "product",
                                       "category", "amount", "population", "list",  NULL};
    rfm_error ignored = {0};
    const rfm_node *list = rfm_node_get(root, "list"), *count = rfm_node_get(root, "decimals"),
                   *amount = rfm_node_get(root, "amount");
    if (rfm_node_only(root, keys, &ignored) != RFM_OK || !list || list->kind != RFM_NODE_LIST || !count ||
        !rfm_node_get(root, "population") || rfm_node_integer(count, "decimals", decimals, &ignored) != RFM_OK ||
        *decimals < 0 || *decimals > 9)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const rfm_node *node = rfm_node_get(root, words[i]);
        if (node && (node->kind != RFM_NODE_SCALAR || *node->text == '\0'))
            return false;
    }
    if (!amount)
        return true;
    bool sound = amount->kind == RFM_NODE_LIST && amount->n_items >= 1 && amount->n_items <= 2;
    for (size_t i = 0; sound && i < amount->n_items; i++)
        sound = amount->items[i].kind == RFM_NODE_SCALAR && *amount->items[i].text;
    return sound;
}

static rfm_roles recorded_roles(const rfm_node *root, int64_t decimals)
{
    rfm_roles roles = {.event = role_of(root, "event"),
                       .session = role_of(root, "session"),
                       .order = role_of(root, "order"),
                       .product = role_of(root, "product"),
                       .category = role_of(root, "category"),
                       .decimals = (int)decimals};
    const rfm_node *amount = rfm_node_get(root, "amount");
    for (size_t i = 0; amount && i < amount->n_items; i++)
        roles.amount[roles.n_amount++] = amount->items[i].text;
    return roles;
}

rfm_status rfm_features_restore(const char *text, const rfm_roles *roles, rfm_features **features, rfm_error *err)
{
    rfm_node root = {0};
    rfm_error damage = {0};
    int64_t decimals = 0;
    *features = NULL;
    if (rfm_node_parse(text, strlen(text), "the model's features", &root, &damage) != RFM_OK ||
        !is_sound(&root, &decimals)) {
        rfm_fail(err, damage.status == RFM_NO_MEMORY ? RFM_NO_MEMORY : RFM_DATA,
                 "the definitions of features are damaged%s%s", damage.status ? ": " : "", damage.message);
    } else {
        const rfm_roles recorded = recorded_roles(&root, decimals);
        rfm_features_parse(rfm_node_get(&root, "list"), rfm_node_get(&root, "population"), roles ? roles : &recorded,
                           features, err);
    }
    rfm_node_free(&root);
    return err->status;
}
