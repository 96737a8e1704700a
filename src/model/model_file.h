/* model_file: what model.h5 holds. Private to model.
 *
 *   - /centroids                 k x d  scaled units; what cluster.init: file: reads
 *   - /model/positions           k x d  centroids less the grid's offset: these decide
 *   - /model/centroids_original  k x d  in the features' units
 *   - /model/offset step low high       the grid, d each
 *   - /model/scaling/center scale n_steps       d each
 *   - /model/scaling/kind low high       d x RFM_MAX_TRANSFORMS: the transforms of each column, cuts of clips
 *   - /model/sizes segment_ids names     k each
 *   - /model/weights                     k: the sizes by weight; only of rows with weights
 *   - /model/fills                       d: what stands in for missing values; only where something does
 *   - /model/profile_cuts profile_shares d x 9 and d x 10: tenths of the training customers, by feature
 *   - /model/scores/recency frequency monetary   bins - 1 each: cut points; only where there are scores
 *   - /model/scores/features learnt      3 each: what is scored; 1 where the cuts were learnt, 0 where they were given
 *   - /model/features                    d names
 *   - /model/definitions                 one text: rfm_features_print
 *   - /model/trace                       inertia of each iteration
 *   - attributes of the file: format, version, k, d, scale, as_of_rule, timezone, as_of, as_of_us, as_of_day, span_us,
 *     inertia, iterations, seed, hash: of all the others and the arrays, so that a flipped bit is no other model
 */
#ifndef RFMPI_MODEL_MODEL_FILE_H
#define RFMPI_MODEL_MODEL_FILE_H

#include "rfmpi/model.h"

#define RFM_MODEL_FORMAT "rfmpi model"

/* Version 2 had neither weights nor fills, 3 no scores; both are read as they are. */
enum {
    RFM_MODEL_OLDEST = 2,
    RFM_MODEL_VERSION = 4,
    RFM_MODEL_MAX_D = 65536,
    RFM_MODEL_MAX_K = 65536,
    RFM_MODEL_MAX_VALUES = 1 << 28
};

enum { RFM_MODEL_HASH_BYTES = 33 };

/* Of every bit of the model but the spelling of as_of, as hexadecimal text. Local. */
rfm_status rfm_model_hash(const rfm_model *model, char hex[RFM_MODEL_HASH_BYTES], rfm_error *err);

const char *rfm_scale_name(rfm_scale scale);

/* The datasets of the cut points. */
extern const char *const rfm_model_cuts[RFM_N_MEASURES];

/* The transforms of all columns side by side, as they lie in the file. */
typedef struct rfm_steps {
    int32_t *n, *kind; /* [d], [d * RFM_MAX_TRANSFORMS] */
    double *low, *high, *center, *scale;
} rfm_steps;

rfm_status rfm_steps_init(rfm_steps *steps, int d, rfm_error *err);
void rfm_steps_free(rfm_steps *steps);

#endif
