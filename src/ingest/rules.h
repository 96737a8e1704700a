/* rules: the keep rules and the predicates of an input, each distinct rule once, with the predicates it belongs to. */
#ifndef RFMPI_INGEST_RULES_H
#define RFMPI_INGEST_RULES_H

#include "columns.h"

typedef struct rfm_condition {
    rfm_rule_kind kind;
    int slot;
    const char *text; /* borrowed */
    size_t length;
    bool scaled; /* ABOVE, BELOW: `value` is the text times 10^decimals */
    int64_t value;
    bool keeps;          /* one of the keep rules */
    uint64_t predicates; /* bit p: predicate p has it */
} rfm_condition;

typedef struct rfm_event_name {
    const char *name; /* borrowed */
    size_t length;
    uint64_t word;       /* its first bytes, see swar.h */
    uint64_t predicates; /* that name it */
} rfm_event_name;

typedef struct rfm_rules {
    int decimals;
    const rfm_notation *notations; /* by slot; borrowed, set once all slots are known */
    rfm_condition *conditions;
    size_t n_conditions, conditions_capacity;
    rfm_event_name *names;
    size_t n_names, names_capacity;
    uint64_t every_event; /* predicates that name no event */
    uint64_t all;         /* a bit for each predicate */
    uint64_t of_hour[24]; /* predicates that take the hour, the weekday */
    uint64_t of_weekday[7];
    bool needs_hour, needs_weekday;
} rfm_rules;

rfm_status rfm_rules_init(rfm_rules *rules, const rfm_input *input, rfm_columns *columns, rfm_error *err);
void rfm_rules_clear(rfm_rules *rules);

/* A field that is compared with as a number must be one: the slot of the first that is not, or -1. */
int rfm_rules_find_bad_number(const rfm_rules *rules, const rfm_field *texts);

/* Do all keep rules hold? texts are by slot, decoded. */
bool rfm_rules_keep(const rfm_rules *rules, const rfm_field *texts);

/* The predicates that take the event's name. */
uint64_t rfm_rules_event(const rfm_rules *rules, rfm_field event);

/* The same for each of n names, eight bytes of which can be read, however short they are. */
void rfm_rules_events(const rfm_rules *rules, const rfm_field *events, size_t n, uint64_t *where);

/* Those of `where` that take the event's fields too. */
uint64_t rfm_rules_narrow(const rfm_rules *rules, const rfm_field *texts, uint64_t where);

/* -1, 0, 1: two texts of any length, a in its notation and b in the plain one, compared exactly; both are accepted by
 * rfm_decimal_parse_as. Exponents beyond 10^18 count as 10^18. */
int rfm_decimal_compare(rfm_notation notation, const char *a, size_t a_length, const char *b, size_t b_length);

#endif
