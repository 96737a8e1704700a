/* The job file: whatever it says, it is a job or RFM_USAGE at a place; and a job is the same when it is printed and
 * read again. The sections that modules read for themselves are read, too.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "rfmpi/model.h"

static bool must_say_why(const rfm_error *err)
{
    must(err->status == RFM_OK || err->status == RFM_USAGE);
    must((err->status == RFM_OK) == (err->message[0] == '\0'));
    return err->status == RFM_OK;
}

static void check_node(const char *text, size_t n)
{
    rfm_error err = {0};
    rfm_node node, again;
    rfm_text printed = {0}, printed_again = {0};
    rfm_node_parse(text, n, "job.yml", &node, &err);
    if (!must_say_why(&err))
        return;
    rfm_node_print(&node, &printed);
    must(rfm_node_parse(printed.bytes, printed.length, "printed", &again, &err) == RFM_OK);
    rfm_node_print(&again, &printed_again);
    must(strcmp(printed.bytes, printed_again.bytes) == 0);
    rfm_node_free(&node);
    rfm_node_free(&again);
    rfm_text_free(&printed);
    rfm_text_free(&printed_again);
}

static void check_print(const rfm_config *config)
{
    rfm_error err = {0};
    rfm_config *again = NULL;
    rfm_text printed = {0}, printed_again = {0};
    rfm_config_print(config, false, &printed);
    must(rfm_config_restore(printed.bytes, printed.length, &again, &err) == RFM_OK);
    rfm_config_print(again, false, &printed_again);
    must(strcmp(printed.bytes, printed_again.bytes) == 0);
    rfm_config_close(again);
    rfm_text_free(&printed);
    rfm_text_free(&printed_again);
}

static void check_features(const rfm_config *config)
{
    static const rfm_roles roles = {.event = "event",
                                    .session = "session",
                                    .order = "order",
                                    .product = "product",
                                    .category = "category",
                                    .amount = {"quantity", "price"},
                                    .n_amount = 2,
                                    .decimals = 4};
    rfm_error err = {0};
    rfm_features *features = NULL, *again = NULL;
    rfm_text printed = {0}, printed_again = {0};
    rfm_features_parse(rfm_config_tree(config, "features.list"), rfm_config_tree(config, "features.population"), &roles,
                       &features, &err);
    if (!must_say_why(&err))
        return;
    must(rfm_features_print(features, &printed, &err) == RFM_OK);
    must(rfm_features_restore(printed.bytes, NULL, &again, &err) == RFM_OK);
    must(rfm_features_print(again, &printed_again, &err) == RFM_OK);
    must(strcmp(printed.bytes, printed_again.bytes) == 0);
    rfm_features_close(features);
    rfm_features_close(again);
    rfm_text_free(&printed);
    rfm_text_free(&printed_again);
}

static void check_rules(const rfm_config *config)
{
    rfm_error err = {0};
    rfm_rule *rules = NULL;
    size_t n_rules = 0;
    const rfm_node *rows = rfm_config_tree(config, "input.rows");
    if (rows)
        rfm_rules_parse(rows, &rules, &n_rules, &err);
    must_say_why(&err);
    rfm_rules_free(rules, n_rules);
}

static void check_names(const rfm_config *config)
{
    enum { K = 3 };
    static const char *const features[] = {"recency_days", "frequency", "monetary"};
    static const double centroids[K * 3] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    rfm_error err = {0};
    char **names = NULL;
    const rfm_node *said = rfm_config_tree(config, "cluster.names");
    if (said)
        rfm_segment_names(said, K, 3, features, centroids, &names, &err);
    must_say_why(&err);
    for (int i = 0; names && i < K; i++)
        free(names[i]);
    free(names);
}

static void check_as_of(const rfm_config *config)
{
    rfm_error err = {0};
    rfm_zone *zone = NULL;
    rfm_as_of_rule rule;
    if (rfm_zone_open(rfm_config_string(config, "input.timezone"), &zone, &err) == RFM_OK)
        rfm_as_of_parse(rfm_config_string(config, "features.as_of"), zone, &rule, &err);
    must_say_why(&err);
    rfm_zone_close(zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    rfm_error err = {0};
    rfm_config *config = NULL;
    check_node((const char *)bytes, n);
    rfm_config_open(fuzz_file(bytes, n), NULL, 0, &config, &err);
    if (!must_say_why(&err))
        return 0;
    check_print(config);
    check_features(config);
    check_rules(config);
    check_names(config);
    check_as_of(config);
    rfm_config_close(config);
    return 0;
}
