/* config: what the user asked for. One table of options gives YAML key, flag, environment name, help line, default,
 * check.
 *
 * Knows YAML (libyaml), TOML and the option table; knows nothing of what an option does. Every function is Local.
 */
#ifndef RFMPI_CONFIG_H
#define RFMPI_CONFIG_H

#include "rfmpi/base.h"

/* ---- node: a tree of values that remember where they were written ----------------------------------------------- */

typedef enum rfm_node_kind { RFM_NODE_SCALAR, RFM_NODE_LIST, RFM_NODE_MAP } rfm_node_kind;

typedef struct rfm_node rfm_node;
struct rfm_node {
    rfm_node_kind kind;
    bool quoted;      /* a scalar in quotes: text even where it looks like a number */
    int line, column; /* from 1, of the key in a map; 0 where there is none (defaults, one value of --set) */
    char *source;     /* "job.yml", "--set cluster.k", "RFMPI_CLUSTER_K", "default" */
    char *key;        /* of an entry of a map, else NULL */
    char *text;       /* of a scalar; "" for null */
    rfm_node *items;  /* of a list or map */
    size_t n_items;
};

/* Parse one YAML document (block or flow; JSON is YAML). Anchors, tags and several documents are refused; a key that
 * stands twice is an error; depth and size are limited. On failure *node is empty. */
rfm_status rfm_node_parse(const char *text, size_t length, const char *source, rfm_node *node, rfm_error *err);
/* The same of TOML 1.0; but arrays of tables are refused, and so are texts with a NUL, a table may be gone on with
 * further down, and dates are not held against the calendar. */
rfm_status rfm_node_parse_toml(const char *text, size_t length, const char *source, rfm_node *node, rfm_error *err);

void rfm_node_free(rfm_node *node); /* what it holds, not the node itself; zeroes it */
rfm_status rfm_node_copy(const rfm_node *from, rfm_node *to, rfm_error *err);
const rfm_node *rfm_node_get(const rfm_node *map, const char *key); /* NULL when absent or not a map */

/* RFM_USAGE with "job.yml:8:3: " before the text. */
rfm_status rfm_node_fail(const rfm_node *node, rfm_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One scalar as a type; what names it in the message ("cluster.k"). */
rfm_status rfm_node_integer(const rfm_node *node, const char *what, int64_t *value, rfm_error *err);
rfm_status rfm_node_number(const rfm_node *node, const char *what, double *value, rfm_error *err);
rfm_status rfm_node_boolean(const rfm_node *node, const char *what, bool *value, rfm_error *err);

/* Every key of a map must be among `known` (NULL terminated); else RFM_USAGE that names the nearest. */
rfm_status rfm_node_only(const rfm_node *map, const char *const *known, rfm_error *err);

/* The one of `known` (NULL terminated, not empty) that is most like the word; borrowed. */
const char *rfm_nearest(const char *word, const char *const *known);

/* Canonical flow text: one line, JSON-like, read back by rfm_node_parse as the same tree; equal trees give equal text.
 */
void rfm_node_print(const rfm_node *node, rfm_text *text);

/* ---- config: every option with its value ------------------------------------------------------------------------ */

typedef enum rfm_option_type {
    RFM_OPTION_STRING,
    RFM_OPTION_INTEGER,
    RFM_OPTION_NUMBER,
    RFM_OPTION_BOOLEAN,
    RFM_OPTION_CHOICE,  /* one of `choices` */
    RFM_OPTION_STRINGS, /* a list of strings; one string is a list of one */
    RFM_OPTION_COUNTS,  /* an integer; or a list of them, "2-12", or auto, which is 2-12: kept as an ascending list */
    RFM_OPTION_TREE     /* checked by who uses it */
} rfm_option_type;

enum { RFM_COUNTS_AUTO_FIRST = 2, RFM_COUNTS_AUTO_LAST = 12, RFM_COUNTS_MOST = 1000 };

/* Which products an option decides: a product is made anew only when one of its options differs. Flags combine. */
enum {
    RFM_DECIDES_NOTHING = 0,  /* speed, places, what is kept: never the content */
    RFM_DECIDES_STATE = 1,    /* state.h5 */
    RFM_DECIDES_FEATURES = 2, /* features.h5 */
    RFM_DECIDES_MODEL = 4,    /* model.h5 */
    RFM_DECIDES_RESULT = 8    /* segments.csv, customers/ */
};

typedef struct rfm_option {
    const char *key;  /* "cluster.k"; the environment name is RFMPI_CLUSTER_K */
    const char *flag; /* "--model" or NULL */
    rfm_option_type type;
    const char *fallback; /* default, as YAML text; NULL: unset */
    double low, high;     /* of numbers; both 0: no check */
    const char *choices;  /* "a|b|c" */
    unsigned decides;
    const char *help;
} rfm_option;

/* The table, in the order of the documentation. */
const rfm_option *rfm_options(size_t *n);

typedef struct rfm_config rfm_config;

/* default < file < environment (RFMPI_*) < assignments, in their order. job_path may be NULL. Each assignment is
 * "key=value" as --set gives it (the value is YAML, but plain text of text options stands as it is; secrets are
 * refused; the key may be a section). Types, ranges and choices are checked; an unknown key is an error that names the
 * nearest one with file, line and column. An empty or null value unsets: the default holds again. */
rfm_status rfm_config_open(const char *job_path, const char *const *assignments, size_t n_assignments,
                           rfm_config **config, rfm_error *err);
void rfm_config_close(rfm_config *config); /* NULL is fine */

/* From the text rfm_config_print made on another rank: nothing else is looked at. */
rfm_status rfm_config_restore(const char *text, size_t length, rfm_config **config, rfm_error *err);

/* The resolved job as YAML that rfm_config_open reads back. With comments: where each value came from, and its help
 * line. */
void rfm_config_print(const rfm_config *config, bool comments, rfm_text *text);

/* Values of one option. The key must stand in the table with that type (rfm_assert); all are borrowed. */
const rfm_node *rfm_config_tree(const rfm_config *config, const char *key); /* any type; NULL when unset */
const char *rfm_config_string(const rfm_config *config, const char *key);   /* STRING, CHOICE; NULL when unset */
/* How many integers there are; at most n of them, ascending, are put into values. */
size_t rfm_config_counts(const rfm_config *config, const char *key, int64_t *values, size_t n);
int64_t rfm_config_integer(const rfm_config *config, const char *key);
double rfm_config_number(const rfm_config *config, const char *key);
bool rfm_config_boolean(const rfm_config *config, const char *key);
bool rfm_config_given(const rfm_config *config, const char *key); /* set by the user, not the default */
rfm_status rfm_config_fail(const rfm_config *config, const char *key, rfm_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5))); /* RFM_USAGE at the place the value came from */

#endif
