/* state_file: what lies where in state.h5, shared by its writer and its reader.
 *
 *   - /customers/id: n int64, or bytes as long as the longest id; in the order (hash, id), the hash not stored
 *   - /aggregates/names: one text an aggregate, and beside it /aggregates/kind, /aggregates/list (-1: words),
 *     /aggregates/word
 *   - /aggregates/words: n x n_words
 *   - /lists/<l>/count: n, the entries of each customer
 *   - /lists/<l>/key: all entries; keys ascending within a customer
 *   - /lists/<l>/payload: entries x words, where the list has any
 *   - /dedupe/keys: m x 2, high and low half, ascending; with dedupe only
 *   - /provenance/settings, /provenance/inputs: one text each; too long for attributes
 *   - attributes of /: format, version, as_of_us, and the extent
 */
#ifndef RFMPI_CUSTOMER_STATE_FILE_H
#define RFMPI_CUSTOMER_STATE_FILE_H

#include "rfmpi/customer.h"

enum { RFM_STATE_VERSION = 1, RFM_STATE_NAME_BYTES = 32 };

#define RFM_STATE_FORMAT "rfmpi customer state"
#define RFM_STATE_IDS "/customers/id"
#define RFM_STATE_NAMES "/aggregates/names"
#define RFM_STATE_KINDS "/aggregates/kind"
#define RFM_STATE_LISTS "/aggregates/list"
#define RFM_STATE_PLACES "/aggregates/word"
#define RFM_STATE_WORDS "/aggregates/words"
#define RFM_STATE_KEYS "/dedupe/keys"
#define RFM_STATE_SETTINGS "/provenance/settings"
#define RFM_STATE_INPUTS "/provenance/inputs"

/* "/lists/<l>/<part>" */
void rfm_state_list_name(int list, const char *part, char name[RFM_STATE_NAME_BYTES]);

/* A file being read: what it holds, and this rank's even share of it. */
typedef struct rfm_state_file {
    rfm_comm *comm;
    const char *path;
    rfm_h5 *h5;
    int64_t bytes;       /* of the file: no dataset can hold more */
    int64_t n_customers; /* global */
    int64_t id_columns;  /* of text ids */
    rfm_id_kind id_kind;
    int64_t first; /* this rank's customers */
    size_t count;
} rfm_state_file;

/* RFM_DATA: what is wrong with the file, and what to do. */
rfm_status rfm_state_damaged(const rfm_state_file *file, rfm_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A dataset that must be there, of this type, with no more in it than the file has bytes. Collective. */
rfm_status rfm_state_shape(const rfm_state_file *file, const char *name, rfm_h5_type type, rfm_h5_shape *shape,
                           rfm_error *err);

/* ---- which of the file's words a layout takes ------------------------------------------------------------------- */

typedef struct rfm_choice {
    int list;     /* the file's list; -1: the words */
    int *columns; /* for each word of the layout's record, the file's */
} rfm_choice;

typedef struct rfm_choices {
    rfm_choice words;
    rfm_choice *lists; /* [layout->n_lists] */
    int n_lists;
} rfm_choices;

/* Find each aggregate by its name. Collective. */
rfm_status rfm_choices_make(const rfm_state_file *file, const rfm_layout *layout, rfm_choices *choices, rfm_error *err);
void rfm_choices_free(rfm_choices *choices);

/* ---- this rank's share, checked. All Collective; the state is the caller's to free also on failure -------------- */

rfm_status rfm_state_read_ids(const rfm_state_file *file, rfm_ids *ids, rfm_error *err);
rfm_status rfm_state_read_words(const rfm_state_file *file, const rfm_choices *choices, rfm_state *state,
                                rfm_error *err);
rfm_status rfm_state_read_list(const rfm_state_file *file, const rfm_choices *choices, int list, rfm_state *state,
                               rfm_error *err);
rfm_status rfm_state_read_keys(const rfm_state_file *file, rfm_keys *keys, rfm_error *err);

rfm_status rfm_provenance_read(const rfm_state_file *file, rfm_provenance *provenance, rfm_error *err);
rfm_status rfm_provenance_write(rfm_comm *comm, rfm_h5 *h5, const rfm_provenance *provenance, rfm_error *err);

#endif
