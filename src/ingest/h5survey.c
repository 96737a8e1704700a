/* h5survey: texts -> what they have in common. Knows no file. */
#include "h5survey.h"

void rfm_survey_init(rfm_survey *survey, size_t n_columns, rfm_writing writing)
{
    const size_t shares = n_columns > RFM_FULL_DICTIONARIES ? n_columns : RFM_FULL_DICTIONARIES;
    *survey = (rfm_survey){.writing = writing};
    survey->lexicon.most_texts = (size_t)RFM_DICTIONARY_TEXTS * RFM_FULL_DICTIONARIES / shares;
    survey->lexicon.most_bytes = (size_t)RFM_DICTIONARY_BYTES * RFM_FULL_DICTIONARIES / shares;
}

void rfm_survey_free(rfm_survey *survey)
{
    rfm_lexicon_free(&survey->lexicon);
}

/* The first text says what the others have to be. */
static void look_for_value(rfm_survey *survey, const char *text, size_t length)
{
    int64_t value;
    if (!survey->any)
        survey->exact = rfm_exact_of(survey->writing, text, length);
    if (survey->exact.kind == RFM_EXACT_TEXT)
        return;
    if (!rfm_exact_read(&survey->exact, text, length, &value)) {
        survey->exact.kind = RFM_EXACT_TEXT;
        return;
    }
    if (!survey->any || value < survey->low)
        survey->low = value;
    if (!survey->any || value > survey->high)
        survey->high = value;
}

rfm_status rfm_survey_add(rfm_survey *survey, const char *text, size_t length, rfm_error *err)
{
    survey->n++;
    if (length == 0) {
        survey->n_empty++;
    } else {
        look_for_value(survey, text, length);
        survey->any = true;
        survey->longest = length > survey->longest ? length : survey->longest;
    }
    return rfm_lexicon_add(&survey->lexicon, text, length, err);
}

/* The narrowest integer that holds all values and, where there are empty texts, one more: its lowest. */
static bool store_integers(const rfm_survey *survey, rfm_storage *storage)
{
    static const struct {
        rfm_h5_cell cell;
        size_t width_bytes;
        int64_t low, high;
    } types[] = {{RFM_H5_CELL_I8, 1, INT8_MIN, INT8_MAX},    {RFM_H5_CELL_U8, 1, 0, UINT8_MAX},
                 {RFM_H5_CELL_I16, 2, INT16_MIN, INT16_MAX}, {RFM_H5_CELL_U16, 2, 0, UINT16_MAX},
                 {RFM_H5_CELL_I32, 4, INT32_MIN, INT32_MAX}, {RFM_H5_CELL_U32, 4, 0, UINT32_MAX},
                 {RFM_H5_CELL_I64, 8, INT64_MIN, INT64_MAX}};
    const bool has_null = survey->n_empty > 0;
    if (!survey->any || survey->exact.kind == RFM_EXACT_TEXT)
        return false;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const bool fits = survey->low >= types[i].low && survey->high <= types[i].high;
        if (!fits || (has_null && (types[i].low == 0 || survey->low == types[i].low)))
            continue;
        *storage = (rfm_storage){.kind = RFM_STORED_INTEGERS,
                                 .cell = types[i].cell,
                                 .width_bytes = types[i].width_bytes,
                                 .has_null = has_null,
                                 .null = types[i].low};
        return true;
    }
    return false;
}

static bool store_texts(const rfm_survey *survey, rfm_storage *storage)
{
    const size_t width = survey->longest > 0 ? survey->longest : 1;
    *storage = (rfm_storage){.kind = RFM_STORED_TEXTS, .cell = RFM_H5_CELL_BYTES, .width_bytes = width};
    return width <= RFM_TEXT_MAX_BYTES;
}

static bool store_indices(const rfm_survey *survey, rfm_storage *storage)
{
    const size_t n = survey->lexicon.n;
    *storage = (rfm_storage){.kind = RFM_STORED_INDICES};
    storage->width_bytes = n <= UINT8_MAX + 1 ? 1 : n <= UINT16_MAX + 1 ? 2 : 4;
    storage->cell = n <= UINT8_MAX + 1 ? RFM_H5_CELL_U8 : n <= UINT16_MAX + 1 ? RFM_H5_CELL_U16 : RFM_H5_CELL_U32;
    return n > 0 && survey->lexicon.longest <= RFM_H5_TEXT_BYTES;
}

/* Numbers that few bytes hold are worth more as numbers. */
static bool is_smaller(const rfm_survey *survey, const rfm_storage *indices, const rfm_storage *plain)
{
    const double n = (double)survey->n, width = (double)plain->width_bytes;
    const double texts = (double)survey->lexicon.n * (double)survey->lexicon.longest;
    if (plain->kind == RFM_STORED_INTEGERS &&
        (survey->exact.kind == RFM_EXACT_TIME || 4 * indices->width_bytes > plain->width_bytes))
        return false;
    return n * (double)indices->width_bytes + texts < n * width;
}

bool rfm_survey_storage(const rfm_survey *survey, rfm_storage *storage)
{
    rfm_storage plain, indices;
    const bool has_plain = store_integers(survey, &plain) || store_texts(survey, &plain);
    const bool has_indices = store_indices(survey, &indices);
    *storage = has_indices && (!has_plain || is_smaller(survey, &indices, &plain)) ? indices : plain;
    return has_plain || has_indices;
}
