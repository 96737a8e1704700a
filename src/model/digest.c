/* What a run came to, in 128 bits: equal for equal results, whatever the order of rows and the number of ranks. A row's
 * hash is summed with the others' modulo 2^128; what is the same on all ranks is hashed as it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_file.h"

/* ---- bytes, the same on every machine --------------------------------------------------------------------------- */

static void add_u64(rfm_text *bytes, uint64_t value)
{
    unsigned char little[8];
    for (int i = 0; i < 8; i++)
        little[i] = (unsigned char)(value >> (8 * i));
    rfm_text_add(bytes, little, sizeof little);
}

static void add_double(rfm_text *bytes, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    add_u64(bytes, bits);
}

static void add_doubles(rfm_text *bytes, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_double(bytes, values[i]);
}

static void add_string(rfm_text *bytes, const char *string, size_t length)
{
    add_u64(bytes, length);
    rfm_text_add(bytes, string, length);
}

static void add_strings(rfm_text *bytes, char *const *strings, int n)
{
    for (int i = 0; i < n; i++)
        add_string(bytes, strings[i], strlen(strings[i]));
}

static void add_id(rfm_text *bytes, const rfm_ids *ids, size_t row)
{
    if (ids->kind == RFM_ID_INTEGER)
        add_u64(bytes, (uint64_t)ids->number[row]);
    else
        add_string(bytes, ids->bytes + ids->offset[row], ids->offset[row + 1] - ids->offset[row]);
}

static rfm_u128 joined(rfm_hash128 hash)
{
    return (rfm_u128)hash.high << 64 | hash.low;
}

static rfm_hash128 split(rfm_u128 value)
{
    return (rfm_hash128){.low = (uint64_t)value, .high = (uint64_t)(value >> 64)};
}

static rfm_u128 hash_of(const rfm_text *bytes)
{
    return joined(rfm_hash128_of(bytes->bytes ? bytes->bytes : "", bytes->length));
}

/* ---- rows: Local sums ------------------------------------------------------------------------------------------- */

static void sum_rows(const rfm_frame *frame, const rfm_model *model, const int32_t *labels, rfm_u128 sums[2],
                     rfm_text *bytes)
{
    const size_t d = (size_t)frame->d;
    for (size_t i = 0; i < frame->n && !bytes->failed; i++) {
        bytes->length = 0;
        add_id(bytes, &frame->ids, i);
        const size_t id_length = bytes->length;
        add_doubles(bytes, frame->values + i * d, d);
        sums[1] += hash_of(bytes);
        if (!model || !labels)
            continue;
        bytes->length = id_length;
        add_u64(bytes, (uint64_t)model->segment_ids[labels[i]]);
        sums[0] += hash_of(bytes);
    }
}

/* ---- what all ranks know ---------------------------------------------------------------------------------------- */

static rfm_u128 hash_names(const rfm_frame *frame, rfm_text *bytes)
{
    bytes->length = 0;
    add_strings(bytes, frame->names, frame->d);
    return hash_of(bytes);
}

static rfm_u128 hash_scaling(const rfm_model *model, rfm_text *bytes)
{
    const rfm_scaling *scaling = &model->scaling;
    bytes->length = 0;
    add_u64(bytes, (uint64_t)scaling->kind);
    for (int j = 0; j < scaling->d; j++) {
        const struct rfm_scaling_column *column = &scaling->columns[j];
        add_u64(bytes, (uint64_t)column->n_steps);
        for (int s = 0; s < column->n_steps; s++) {
            add_u64(bytes, (uint64_t)column->steps[s].kind);
            add_double(bytes, column->steps[s].low);
            add_double(bytes, column->steps[s].high);
        }
        add_double(bytes, column->center);
        add_double(bytes, column->scale);
    }
    if (model->fills)
        add_doubles(bytes, model->fills, (size_t)model->d);
    return hash_of(bytes);
}

static rfm_u128 hash_centroids(const rfm_model *model, rfm_text *bytes)
{
    bytes->length = 0;
    add_u64(bytes, (uint64_t)model->k);
    add_u64(bytes, (uint64_t)model->d);
    add_doubles(bytes, model->grid.offset, (size_t)model->d);
    add_doubles(bytes, model->grid.step, (size_t)model->d);
    add_doubles(bytes, model->centroids, (size_t)model->k * (size_t)model->d);
    return hash_of(bytes);
}

static rfm_u128 hash_segments(const rfm_model *model, rfm_text *bytes)
{
    bytes->length = 0;
    for (int c = 0; c < model->k; c++)
        add_u64(bytes, (uint64_t)model->segment_ids[c]);
    add_strings(bytes, model->names, model->k);
    return hash_of(bytes);
}

static rfm_hash128 hash_whole(const rfm_digest *digest, rfm_text *bytes)
{
    const rfm_hash128 parts[] = {digest->customers, digest->features, digest->scaling, digest->centroids,
                                 digest->names};
    bytes->length = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        add_u64(bytes, parts[i].low);
        add_u64(bytes, parts[i].high);
    }
    return split(hash_of(bytes));
}

/* What a model holds besides, none of which the digest of a run is about. */
static rfm_u128 hash_circumstances(const rfm_model *model, rfm_text *bytes)
{
    const size_t d = (size_t)model->d;
    const char *texts[] = {model->definitions, model->as_of_rule, model->timezone};
    bytes->length = 0;
    add_strings(bytes, model->features, model->d);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        add_string(bytes, texts[i] ? texts[i] : "", texts[i] ? strlen(texts[i]) : 0);
    add_u64(bytes, (uint64_t)model->as_of.us);
    add_u64(bytes, (uint64_t)model->as_of.day);
    add_u64(bytes, (uint64_t)model->as_of.span_us);
    add_u64(bytes, model->seed);
    add_double(bytes, model->inertia);
    add_doubles(bytes, model->trace, (size_t)model->iterations);
    for (size_t j = 0; j < d; j++) {
        add_u64(bytes, (uint64_t)model->grid.low[j]);
        add_u64(bytes, (uint64_t)model->grid.high[j]);
    }
    for (int c = 0; c < model->k; c++)
        add_u64(bytes, (uint64_t)model->sizes[c]);
    if (model->weights)
        add_doubles(bytes, model->weights, (size_t)model->k);
    add_doubles(bytes, model->centroids_scaled, (size_t)model->k * d);
    add_doubles(bytes, model->centroids_original, (size_t)model->k * d);
    add_doubles(bytes, model->profile_cuts, d * RFM_PROFILE_CUTS);
    add_doubles(bytes, model->profile_shares, d * RFM_PROFILE_BINS);
    for (int m = 0; model->scores.bins > 0 && m < RFM_N_MEASURES; m++) {
        add_u64(bytes, (uint64_t)model->scores.columns[m]);
        add_u64(bytes, model->scores.learnt[m]);
        add_u64(bytes, (uint64_t)model->scores.bins);
        add_doubles(bytes, model->scores.cuts[m], (size_t)model->scores.bins - 1);
    }
    return hash_of(bytes);
}

rfm_status rfm_model_hash(const rfm_model *model, char hex[RFM_MODEL_HASH_BYTES], rfm_error *err)
{
    rfm_text bytes = {0};
    const rfm_digest parts = {.features = split(hash_circumstances(model, &bytes)),
                              .scaling = split(hash_scaling(model, &bytes)),
                              .centroids = split(hash_centroids(model, &bytes)),
                              .names = split(hash_segments(model, &bytes))};
    const rfm_hash128 whole = hash_whole(&parts, &bytes);
    snprintf(hex, RFM_MODEL_HASH_BYTES, "%016llx%016llx", (unsigned long long)whole.high,
             (unsigned long long)whole.low);
    rfm_text_check(&bytes, err);
    rfm_text_free(&bytes);
    return err->status;
}

/* Local, after the rows' sums are global. */
static rfm_status fill(const rfm_frame *frame, const rfm_model *model, rfm_u128 customers, rfm_u128 features,
                       rfm_digest *digest, rfm_error *err)
{
    rfm_text bytes = {0};
    digest->customers = split(customers);
    digest->features = split(features + hash_names(frame, &bytes));
    if (model) {
        digest->scaling = split(hash_scaling(model, &bytes));
        digest->centroids = split(hash_centroids(model, &bytes));
        digest->names = split(hash_segments(model, &bytes));
    }
    digest->whole = hash_whole(digest, &bytes);
    rfm_text_check(&bytes, err);
    rfm_text_free(&bytes);
    return err->status;
}

rfm_status rfm_digest_make(rfm_comm *comm, const rfm_frame *frame, const rfm_model *model, const int32_t *labels,
                           rfm_digest *digest, rfm_error *err)
{
    rfm_u128 sums[2] = {0, 0};
    rfm_text bytes = {0};
    *digest = (rfm_digest){0};
    sum_rows(frame, model, labels, sums, &bytes);
    rfm_text_check(&bytes, err);
    rfm_text_free(&bytes);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        return err->status;
    rfm_i128 global[2] = {(rfm_i128)sums[0], (rfm_i128)sums[1]};
    rfm_comm_sum_i128(comm, global, 2);
    fill(frame, model, (rfm_u128)global[0], (rfm_u128)global[1], digest, err);
    return rfm_comm_agree(comm, err);
}
