/* values: the option values of a configuration and how they are set. Private to config. */
#ifndef RFMPI_CONFIG_VALUES_H
#define RFMPI_CONFIG_VALUES_H

#include "rfmpi/config.h"

typedef struct rfm_value {
    bool set, given;
    rfm_node node; /* checked, in its option's canonical form; without a key */
} rfm_value;

struct rfm_config {
    rfm_value *values; /* one for each row of the table */
};

/* Index into the table, or -1. */
int rfm_option_find(const char *key);

/* Whether options' keys begin with this and a point: "input", "input.columns". */
bool rfm_option_is_section(const char *path);

/* Check a value of an option and bring it into its canonical form. */
rfm_status rfm_option_check(const rfm_option *option, rfm_node *node, rfm_error *err);

/* Every option at its default. */
rfm_status rfm_config_defaults(rfm_config **config, rfm_error *err);

/* Set what a tree says below `path` ("" for the root, or a section, or an option's key). in_argv:
 * secrets are refused. */
rfm_status rfm_config_apply(rfm_config *config, const char *path, const rfm_node *node, bool in_argv, rfm_error *err);

/* sources.c: each overrides what was set before. */
rfm_status rfm_config_from_file(rfm_config *config, const char *path, rfm_error *err);
rfm_status rfm_config_from_environment(rfm_config *config, rfm_error *err);
rfm_status rfm_config_from_assignment(rfm_config *config, const char *assignment, rfm_error *err);

/* A key whose value must not be seen. */
bool rfm_option_is_secret(const char *key);

#endif
