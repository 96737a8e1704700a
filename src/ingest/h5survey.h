/* h5survey: what a column of texts is, seen from all of them, and how an event table holds it. */
#ifndef RFMPI_INGEST_H5SURVEY_H
#define RFMPI_INGEST_H5SURVEY_H

#include "exact.h"
#include "lexicon.h"
#include "rfmpi/hdf5.h"

/* All columns together have 16 times the bytes and texts of one. */
enum { RFM_DICTIONARY_TEXTS = 1 << 18, RFM_DICTIONARY_BYTES = 1 << 24, RFM_FULL_DICTIONARIES = 16 };
enum { RFM_TEXT_MAX_BYTES = 1 << 16 }; /* of a column that holds its texts itself */

typedef struct rfm_survey {
    rfm_writing writing;
    rfm_exact exact; /* of every text so far that is not empty */
    bool any;        /* there was one */
    int64_t low, high;
    int64_t n, n_empty;
    size_t longest;
    rfm_lexicon lexicon;
} rfm_survey;

typedef enum rfm_storage_kind { RFM_STORED_INTEGERS, RFM_STORED_INDICES, RFM_STORED_TEXTS } rfm_storage_kind;

typedef struct rfm_storage {
    rfm_storage_kind kind;
    rfm_h5_cell cell;
    size_t width_bytes;
    bool has_null;
    int64_t null; /* what an empty text is among integers */
} rfm_storage;

/* n_columns: of the file, among which the memory for dictionaries is shared. */
void rfm_survey_init(rfm_survey *survey, size_t n_columns, rfm_writing writing);
void rfm_survey_free(rfm_survey *survey);
rfm_status rfm_survey_add(rfm_survey *survey, const char *text, size_t length, rfm_error *err);

/* Times are integers. Numbers are, unless indices take at most a quarter of their bytes each, and all in all fewer;
 * what takes fewer bytes, of indices and texts, is how all else is held. False: there is no way, the texts are too
 * long. */
bool rfm_survey_storage(const rfm_survey *survey, rfm_storage *storage);

#endif
