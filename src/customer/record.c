/* record: see record.h. */
#include "record.h"

#include <string.h>

void rfm_record_clear(const rfm_record *record, int64_t *words)
{
    if (record->n_words > 0)
        memcpy(words, record->empty, (size_t)record->n_words * sizeof *words);
}

void rfm_record_merge(const rfm_record *record, int64_t *into, const int64_t *from)
{
    for (int w = 0; w < record->n_words; w++) {
        switch (record->merge[w]) {
        case RFM_MERGE_ADD:
            into[w] = (int64_t)((uint64_t)into[w] + (uint64_t)from[w]);
            break;
        case RFM_MERGE_ADD_LOW: /* with the high word behind it */
            rfm_words_add(into + w, from[w], from[w + 1]);
            break;
        case RFM_MERGE_ADD_HIGH:
            break;
        case RFM_MERGE_MIN:
            into[w] = from[w] < into[w] ? from[w] : into[w];
            break;
        case RFM_MERGE_MAX:
            into[w] = from[w] > into[w] ? from[w] : into[w];
            break;
        }
    }
}

bool rfm_record_is_empty(const rfm_record *record, const int64_t *words)
{
    for (int w = 0; w < record->n_words; w++)
        if (words[w] != record->empty[w])
            return false;
    return true;
}
