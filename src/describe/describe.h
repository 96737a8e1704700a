/* Private to describe. The facts about a file are a JSON object, in the order in which they are told:
 *
 *     {"kind": "model", "k": 4, "scaling": {"kind": "standard", ...}, "segments": [{"id": 0, "name": "Loyal"}, ...]}
 *
 * A list of objects is a table; members of objects are told by their dotted path.
 */
#ifndef RFMPI_DESCRIBE_DESCRIBE_H
#define RFMPI_DESCRIBE_DESCRIBE_H

#include "rfmpi/describe.h"

#include <jansson.h>

struct rfm_description {
    char *path;
    json_t *facts;
};

/* Local. Adds a member, taking the value over; NULL, which memory was out for, is left out. */
void fact_put(json_t *facts, const char *key, json_t *value);
void fact_text(json_t *facts, const char *key, const char *text); /* any bytes */
void fact_integer(json_t *facts, const char *key, int64_t value);
void fact_number(json_t *facts, const char *key, double value); /* null where it is none */
void fact_time(json_t *facts, const char *key, int64_t us);
json_t *text_of(const char *text);
json_t *number_of(double value);

/* json_file.c. Local: files of JSON, by what stands in them. */
rfm_status describe_json(const char *path, json_t *facts, rfm_error *err);
rfm_status describe_run(const char *dir, json_t *facts, rfm_error *err);
rfm_status describe_customers(const char *dir, json_t *facts, rfm_error *err);

/* hdf5_file.c. Collective. */
rfm_status describe_hdf5(rfm_comm *comm, const char *path, json_t *facts, rfm_error *err);

/* model_file.c. Collective. */
rfm_status describe_model(rfm_comm *comm, const char *path, json_t *facts, rfm_error *err);

/* A leaf of the facts with its dotted path: what is no object, and no table. */
typedef struct fact {
    char *key;
    const json_t *value;
} fact;

typedef struct fact_list {
    fact *items;
    size_t n, capacity;
} fact_list;

/* flat.c. Local. Tables are taken apart where `tables`. */
rfm_status list_facts(const json_t *facts, bool tables, fact_list *list, rfm_error *err);
void free_facts(fact_list *list);
void print_value(const json_t *value, rfm_text *text); /* as people read it */

#endif
