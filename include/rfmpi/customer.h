/* customer: events -> customers. Aggregates that merge exactly, in any order; each customer ends on one owner rank.
 *
 * Two shapes of the same thing. The table is what a rank folds events into: a hash table that grows. Frozen, it is a
 * state: arrays in the order (hash, id), each customer once. States merge, travel between ranks and live in state.h5. A
 * rank owns a range of the 64-bit hash of the id, so the states of ranks 0, 1, ... end to end are in one global order,
 * the same at any number of ranks.
 */
#ifndef RFMPI_CUSTOMER_H
#define RFMPI_CUSTOMER_H

#include "rfmpi/comm.h"
#include "rfmpi/hdf5.h"
#include "rfmpi/ingest.h"

/* ---- layout: which aggregates a customer carries ---------------------------------------------------------------- */

typedef enum rfm_aggregate_kind {
    RFM_COUNT,       /* events */
    RFM_COUNT_VALUE, /* events whose number is not NULL */
    RFM_TOTAL,       /* sum of a number: 128 bits */
    RFM_LEAST,       /* minimum of a number; INT64_MAX when there is none */
    RFM_GREATEST,    /* maximum of a number; INT64_MIN when there is none */
    RFM_FIRST,       /* earliest time_us; INT64_MAX when there is none */
    RFM_LAST,        /* latest time_us; INT64_MIN when there is none */
    RFM_DISTINCT     /* set of values */
} rfm_aggregate_kind;

enum { RFM_SOURCE_DAY = -1, RFM_SOURCE_WEEK = -2 }; /* of RFM_DISTINCT, besides the hashes 0, 1, ... */

typedef struct rfm_aggregate {
    rfm_aggregate_kind kind;
    int source;    /* index into the input's numbers (COUNT_VALUE, TOTAL, LEAST, GREATEST) or hashes (DISTINCT) */
    int predicate; /* index into the input's predicates */
    bool daily;    /* kept per (customer, day), a distinct value with its latest day, so that a window can move; not for
                      FIRST, LAST, and DISTINCT over days or weeks, whose values are times themselves */
    bool counted;  /* DISTINCT that is not daily: how many values there are is all that anyone asks for */
    char *name;    /* canonical text of all of this by column names, not by index: what state.h5 knows it by */
} rfm_aggregate;

/* How the aggregates lie in memory.
 *
 *   words:  int64_t[n_words] a customer: every scalar aggregate that is not daily, TOTAL as two words (low, high)
 *   list 0: the daily scalars, when there are any: key = day, payload = their words
 *   list l: one a DISTINCT: key = value (hash, or day, or week), payload = its latest day when daily, else none; where
 *           it is counted, a state knows how many there are and no values
 *
 * Days and weeks as keys are (uint64_t)(int64_t)day: keys ascend as unsigned numbers, so those before 1970 come last.
 * An entry whose payload is neutral in every word says nothing and is never kept, so that equal events give equal
 * states.
 */
typedef enum rfm_merge { RFM_MERGE_ADD, RFM_MERGE_ADD_LOW, RFM_MERGE_ADD_HIGH, RFM_MERGE_MIN, RFM_MERGE_MAX } rfm_merge;

typedef struct rfm_place {
    int list; /* -1: among the words, else the list */
    int word; /* first word (of the words, or of the list's payload) */
} rfm_place;

typedef struct rfm_record { /* a run of words with the way each merges */
    int n_words;
    rfm_merge *merge; /* [n_words] */
    int64_t *empty;   /* [n_words]: the neutral value */
} rfm_record;

typedef struct rfm_layout {
    int n_aggregates;
    rfm_aggregate *aggregates; /* owned copies */
    rfm_place *places;         /* [n_aggregates] */
    rfm_record words;
    int n_lists;
    rfm_record *payloads; /* [n_lists]; n_words may be 0 */
    bool *counted;        /* [n_lists] */
} rfm_layout;

rfm_status rfm_layout_init(rfm_layout *layout, const rfm_aggregate *aggregates, int n_aggregates,
                           rfm_error *err); /* Local */
void rfm_layout_free(rfm_layout *layout);

/* Local. No list is only counted any more: for states that are going to be written, or merged with others. */
void rfm_layout_keep_values(rfm_layout *layout);

/* ---- state: customers in the order (hash, id) ------------------------------------------------------------------- */

typedef struct rfm_ids {
    rfm_id_kind kind;
    size_t n;
    uint64_t *hash;  /* [n]; rfm_hash64 of the bytes, rfm_hash64_integer of a number */
    int64_t *number; /* [n] of integer ids, else NULL */
    size_t *offset;  /* [n + 1] of text ids into bytes, else NULL */
    char *bytes;
} rfm_ids;

typedef struct rfm_list {
    size_t *start; /* [n + 1]: the entries of customer i are start[i] .. start[i+1]-1, keys ascending (unsigned), each
                      once */
    uint64_t *key; /* [entries]; NULL in a state whose list is counted */
    int64_t *payload; /* [entries * n_words], or NULL */
} rfm_list;

/* What holds for all events behind a state. Merges too. */
typedef struct rfm_extent {
    int64_t n_events;
    int64_t earliest_us, newest_us; /* meaningless while n_events is 0 */
    int64_t n_with_time_of_day;     /* 0: the data have dates only */
    int64_t n_after_as_of;          /* dropped as later than the as_of then in force */
} rfm_extent;

typedef struct rfm_state {
    const rfm_layout *layout; /* borrowed */
    rfm_ids ids;
    int64_t *words;  /* [n * layout->words.n_words] */
    rfm_list *lists; /* [layout->n_lists] */
    rfm_extent extent;
} rfm_state;

void rfm_ids_free(rfm_ids *ids);

/* Local. By (hash, id): numbers by value, texts as unsigned bytes, a prefix before what it begins. Both of one kind. */
int rfm_ids_compare(const rfm_ids *a, size_t i, const rfm_ids *b, size_t j);

/* Local. The ids at picked[0..n-1], in that order. */
rfm_status rfm_ids_pick(const rfm_ids *ids, const size_t *picked, size_t n, rfm_ids *out, rfm_error *err);
void rfm_state_free(rfm_state *state);
void rfm_extent_merge(rfm_extent *into, const rfm_extent *from); /* Local */

/* Both inputs sorted, nothing in them counted; the result has each customer once. Local. *out is empty on failure; a
 * and b stay the caller's. */
rfm_status rfm_state_merge(const rfm_state *a, const rfm_state *b, rfm_state *out, rfm_error *err);

/* Collective. Each customer's part goes to the owner of its hash and is merged there: *state (freed) becomes the
 * owner's part of the global state, in rounds that hold at most about round_bytes in flight per rank (0: the default).
 * The extent becomes the global one on every rank. Nothing in it may be counted. */
rfm_status rfm_state_exchange(rfm_comm *comm, rfm_state *state, size_t round_bytes, rfm_error *err);

/* Local. Each rank owns a range of hashes, in the order of ranks: as large as the others' up to 256 ranks; beyond, the
 * group's share (rfm_groups) by the group's size. */
int rfm_owner(uint64_t hash, int n_ranks);

/* Local. Whether customers go to their owner by way of a member of the owner's group, which merges them: then no list
 * of the layout may be counted (rfm_layout_keep_values), since counts do not merge. */
bool rfm_customers_regroup(int n_ranks);

/* ---- labelled: customers with a number each, to be met by others with the same ids ------------------------------- */

typedef struct rfm_labelled {
    rfm_ids ids;
    int64_t *numbers; /* [ids.n] */
} rfm_labelled;

void rfm_labelled_free(rfm_labelled *rows);

/* Collective. Whether all ranks have ids of their own only, each once, in the order (hash, id). */
bool rfm_ids_are_settled(rfm_comm *comm, const rfm_ids *ids);

/* Collective. Rows in any order, on any rank: each rank is left with those whose hash it owns, in the order (hash, id).
 * Of equal ids one stays, with the smallest number. On failure *rows may be empty. In flight per rank is about a round
 * of rfm_state_exchange. */
rfm_status rfm_labelled_settle(rfm_comm *comm, rfm_labelled *rows, rfm_error *err);

/* ---- shelf: a file in which tables and dedupers leave what they hold, for later or for a later start; Local ------- */

typedef struct rfm_scratch {
    char *path;       /* for messages; NULL: not open */
    const char *what; /* does not get into it when it cannot be written, and what helps; borrowed */
    int file;         /* -1: closed, and opened whenever it is read */
    int64_t n_bytes;  /* where the next goes */
    int64_t limit;    /* which nothing written may pass; 0: none */
} rfm_scratch;

/* ---- table: what a rank folds events into; Local ---------------------------------------------------------------- */

typedef struct rfm_table rfm_table;

/* n_owners: the ranks that the customers will be shared out among. */
rfm_status rfm_table_open(const rfm_layout *layout, rfm_id_kind kind, int n_owners, rfm_table **table, rfm_error *err);
rfm_status rfm_table_fold(rfm_table *table, const rfm_events *events, rfm_error *err);

/* A budget for what customers and their values take in memory: past it, the table is put into a nameless file in
 * `directory` (borrowed; on a full disk RFM_IO that names it) and begins again. The result is the same. Not counted is
 * what a table needs in any case, about 1 MiB and as much again for each list, and a piece (1/256 of all) while it is
 * frozen; while it settles, at least a piece of each group of owners, a quarter of it where there are 256 of them. What
 * settles at the end, the customers this rank owns, has to fit memory, twice where they go by way of a group. */
void rfm_table_limit(rfm_table *table, size_t memory_bytes, const char *directory);
int64_t rfm_table_spilled_bytes(const rfm_table *table);

/* All that is not on a shelf yet goes to the end of this one, which must stay open until the table is settled or
 * closed; `index` gets, behind what is there, what tells it again. The table is empty then, but settles as if it had it
 * all. */
rfm_status rfm_table_shelve(rfm_table *table, rfm_scratch *shelf, rfm_text *index, rfm_error *err);

/* As if this table, perhaps for another number of owners, had shelved what the index tells. RFM_DATA where it is not
 * all there as it was written. */
rfm_status rfm_table_unshelve(rfm_table *table, const rfm_scratch *shelf, const char *index, size_t n_bytes,
                              rfm_error *err);

/* The most that a shelve would write now; and what the index would get. */
size_t rfm_table_unshelved_bytes(const rfm_table *table, size_t *index_bytes);

rfm_status rfm_table_freeze(rfm_table *table, rfm_state *state,
                            rfm_error *err); /* leaves the table empty; extent is the caller's */

/* Collective. Each customer's part goes to the owner of its hash and is merged there, as rfm_state_exchange does it;
 * the table of each rank, opened for this many owners, shrinks as the state grows, and is empty at the end. The extent
 * is this rank's on entry and the global one afterwards; nothing else of *state is looked at. */
rfm_status rfm_table_settle(rfm_comm *comm, rfm_table *table, size_t round_bytes, rfm_state *state, rfm_error *err);
void rfm_table_close(rfm_table *table); /* NULL is fine */

/* ---- dedupe ----------------------------------------------------------------------------------------------------- */

/* Keeps whole events until all are there (80 bytes each and 8 for each number and hash, and the bytes of text ids),
 * then lets one of each key through. Past the budget of rfm_deduper_limit they wait in a nameless file as customers do;
 * what has to fit memory then is the keys, 16 bytes an event, and while they are settled at most 1/16 of a rank's
 * events on their way out and as many on their way in. */
typedef struct rfm_deduper rfm_deduper;

/* Keys of events seen, sorted, this rank's hash range of key.high. What state.h5 keeps with dedupe on. */
typedef struct rfm_keys {
    size_t n;
    rfm_hash128 *keys;
} rfm_keys;

void rfm_keys_free(rfm_keys *keys);
rfm_status rfm_deduper_open(const rfm_input *input, int n_owners, rfm_deduper **deduper, rfm_error *err); /* Local */
void rfm_deduper_limit(rfm_deduper *deduper, size_t memory_bytes, const char *directory); /* as rfm_table_limit */
int64_t rfm_deduper_spilled_bytes(const rfm_deduper *deduper);
rfm_status rfm_deduper_add(rfm_deduper *deduper, const rfm_events *events, rfm_error *err); /* Local */

/* As of a table. */
rfm_status rfm_deduper_shelve(rfm_deduper *deduper, rfm_scratch *shelf, rfm_text *index, rfm_error *err);
rfm_status rfm_deduper_unshelve(rfm_deduper *deduper, const rfm_scratch *shelf, const char *index, size_t n_bytes,
                                rfm_error *err);
size_t rfm_deduper_unshelved_bytes(const rfm_deduper *deduper, size_t *index_bytes);

/* What a rank is left with. */
typedef struct rfm_survivors {
    rfm_keys keys;        /* base and new together */
    rfm_extent extent;    /* of the survivors on this rank: n_events, earliest, newest */
    int64_t n_duplicates; /* dropped on this rank */
} rfm_survivors;

/* Collective. Events go to the owner of their key; of equal keys the smallest (time, row hash) stays; a key in `base`
 * (may be NULL; already on its owner) drops all. The survivors are given to the sink. On failure *survivors is empty.
 */
rfm_status rfm_deduper_resolve(rfm_comm *comm, rfm_deduper *deduper, const rfm_keys *base, rfm_event_sink sink,
                               void *context, rfm_survivors *survivors, rfm_error *err);
void rfm_deduper_close(rfm_deduper *deduper);

/* ---- ids in HDF5 ------------------------------------------------------------------------------------------------ */

/* Which ids of which dataset: int64, or bytes of fixed length, NUL padded. */
typedef struct rfm_ids_place {
    const char *path, *name; /* of the file, for messages; of the dataset */
    rfm_id_kind kind;
    int64_t width; /* of text ids */
    int64_t first; /* this rank's */
    size_t count;
} rfm_ids_place;

/* Collective. The ids of all ranks end to end; texts are as wide as the longest. The hashes are not written. */
rfm_status rfm_ids_write(rfm_comm *comm, rfm_h5 *file, const char *name, const rfm_ids *ids, rfm_error *err);

/* Collective. *ids, with their hashes, is the caller's to free; empty on failure. The caller has checked that the
 * dataset is of that kind and has these rows. RFM_DATA for a text id with a NUL byte in it. */
rfm_status rfm_ids_read(rfm_comm *comm, rfm_h5 *file, const rfm_ids_place *place, rfm_ids *ids, rfm_error *err);

/* ---- state.h5 --------------------------------------------------------------------------------------------------- */

/* What a state was made from, besides its events. Strings are owned. */
typedef struct rfm_provenance {
    char *settings;   /* canonical text of timezone, decimals, id, columns, rows, dedupe: must be equal for --onto */
    char *inputs;     /* one line a file: size, hash of content, name */
    int64_t as_of_us; /* INT64_MAX: latest */
} rfm_provenance;

void rfm_provenance_free(rfm_provenance *provenance);

/* Collective. Writes the owners' states end to end; keys may be NULL. stripe_bytes: as of rfm_h5_create_striped. */
rfm_status rfm_state_write(rfm_comm *comm, const char *path, int64_t stripe_bytes, const rfm_state *state,
                           const rfm_keys *keys, const rfm_provenance *provenance, rfm_error *err);

/* Collective. Reads what `layout` needs, wherever it was written, and hands each customer to its owner. An aggregate
 * the file lacks: RFM_USAGE that names it. With layout NULL only provenance and extent are read. keys may be NULL. */
rfm_status rfm_state_read(rfm_comm *comm, const char *path, const rfm_layout *layout, rfm_state *state, rfm_keys *keys,
                          rfm_provenance *provenance, rfm_error *err);

#endif
