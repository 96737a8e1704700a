/* values: the fields of a row -> one event of a batch, or the reason why not. */
#ifndef RFMPI_INGEST_VALUES_H
#define RFMPI_INGEST_VALUES_H

#include "batch.h"
#include "columnar.h"
#include "columns.h"
#include "days.h"
#include "plain.h"
#include "refuse.h"
#include "rules.h"
#include "times.h"

#include <string.h>

typedef enum rfm_verdict {
    RFM_VERDICT_EVENT, /* event number batch->n - 1 was added */
    RFM_VERDICT_FILTERED,
    RFM_VERDICT_AFTER_AS_OF,
    RFM_VERDICT_REFUSED,
    RFM_VERDICT_FAILED /* memory: see err */
} rfm_verdict;

/* A column read as a number, times 10^decimals. */
typedef struct rfm_decimal {
    int slot;
    bool present;
    int64_t value;
} rfm_decimal;

typedef struct rfm_number {
    int decimals[2]; /* indices of rfm_values.decimals; the second -1: no product */
} rfm_number;

/* How a mapped column goes into the hash of the row. */
typedef struct rfm_row_part {
    enum { RFM_ROW_PART_TEXT, RFM_ROW_PART_CUSTOMER, RFM_ROW_PART_TIME, RFM_ROW_PART_DECIMAL } kind;
    int index; /* of a slot, or of a decimal */
} rfm_row_part;

/* What an input asks of each row, by slots; and the row at hand. */
typedef struct rfm_values {
    const rfm_input *input; /* borrowed */
    rfm_columns columns;
    rfm_rules rules;
    rfm_days days;
    rfm_times times;                /* of the input's format, unless a file of columns knows better */
    rfm_notation *notations;        /* [columns.n]: of a slot's numbers, the input's, unless such a file knows better */
    int customer, time, event, key; /* slots; -1: none */
    rfm_decimal *decimals;
    size_t n_decimals;
    rfm_number *numbers;          /* [input->n_numbers] */
    int *hashes;                  /* [input->n_hashes]: slots */
    rfm_known_hash *known_hashes; /* [input->n_hashes][RFM_KNOWN_HASHES] */
    rfm_row_part *parts;          /* [input->n_mapped], with dedupe */

    rfm_field *texts; /* [columns.n]: the fields by slot, decoded */
    char *decoded;
    size_t decoded_capacity;
    rfm_field null;         /* the text that means nothing */
    bool null_may_be_value; /* it may be the text of a value */
    rfm_text row;           /* what is hashed */
    int64_t id_number;
    rfm_timestamp timestamp;
    bool has_customer, has_time;
    size_t stretch;   /* rows that are taken next; short where rows were not as they should be */
    size_t n_careful; /* rows that are taken one by one first */
    int n_in_vain;    /* stretches in a row of which nothing came */
} rfm_values;

rfm_status rfm_values_open(rfm_values *values, const rfm_input *input, rfm_error *err);
void rfm_values_close(rfm_values *values);

/* The batch has room for one more. */
rfm_verdict rfm_values_take(rfm_values *values, const rfm_field *fields, rfm_event_batch *batch, rfm_refusal *refusal,
                            rfm_error *err);

/* A field as its text, which is empty where it says NULL. */
static inline rfm_field rfm_values_text(const rfm_values *values, rfm_field field)
{
    const rfm_field null = values->null;
    if (field.length == null.length && memcmp(field.bytes, null.bytes, null.length) == 0)
        field.length = 0;
    return field;
}

/* The event's name where no column has it. */
rfm_field rfm_values_no_event(void);

/* Which of the predicates in `where` take the hour and the weekday of a time, too. */
uint64_t rfm_values_narrow(rfm_values *values, int64_t us, int32_t day, uint64_t where);

/* ---- values_stretch.c: the same for many rows, column by column ---------------------------------------------------- */

enum { RFM_STRETCH = 128 }; /* rows; their texts stay in the first-level cache */

/* How many rows may be taken at once; 0: take the next one by itself, and ask again. */
size_t rfm_values_stretch(rfm_values *values, const rfm_event_batch *batch);

/* Take the rows of a rows, at most that many, up to the first about which there is something to say: rfm_values_take
 * says it. Counts those that are taken, and returns how many they are. */
size_t rfm_values_take_plain(rfm_values *values, const rfm_plain *rows, rfm_event_batch *batch, rfm_tally *tally);

/* The same of the rows that a file of columns has at hand, from number `first` on; slot i is field i. */
size_t rfm_values_take_columns(rfm_values *values, rfm_columnar *columnar, size_t first, rfm_event_batch *batch,
                               rfm_tally *tally);

#endif
