/* Stages score and write: what the segments are, and which customer is in which. */
#include "batch.h"

#include <math.h>
#include <string.h>

static void print_name(rfm_text *csv, const char *name)
{
    rfm_csv_add(csv, name, strlen(name));
}

static void print_number(rfm_text *csv, double value)
{
    char buffer[RFM_NUMBER_BYTES];
    rfm_text_add(csv, buffer, rfm_number_format(value, buffer));
}

/* ---- score: segments.csv ---------------------------------------------------------------------------------------- */

static void print_segments_csv(const rfm_batch *batch, rfm_text *csv)
{
    const rfm_model *model = &batch->model;
    rfm_text_adds(csv, "segment,name,size,share");
    for (int j = 0; j < model->d; j++) {
        rfm_text_adds(csv, ",");
        print_name(csv, model->features[j]);
    }
    rfm_text_adds(csv, "\n");
    for (int c = 0; c < model->k; c++) {
        rfm_text_addf(csv, "%d,", (int)model->segment_ids[c]);
        print_name(csv, model->names[c]);
        rfm_text_addf(csv, ",%lld,", (long long)batch->sizes[c]);
        print_number(csv, (double)batch->sizes[c] / (double)batch->frame.n_global);
        for (int j = 0; j < model->d; j++) {
            rfm_text_adds(csv, ",");
            print_number(csv, model->centroids_original[(size_t)c * (size_t)model->d + (size_t)j]);
        }
        rfm_text_adds(csv, "\n");
    }
}

rfm_status score_make(rfm_batch *batch, rfm_error *err)
{
    rfm_text csv = {0};
    print_segments_csv(batch, &csv);
    if (rfm_text_check(&csv, err) == RFM_OK && rfm_comm_rank(batch->comm) == 0)
        rfm_file_write(rfm_run_temporary(batch->run, "segments.csv"), &csv, err);
    rfm_text_free(&csv);
    return rfm_comm_agree(batch->comm, err);
}

/* ---- write: customers/ ------------------------------------------------------------------------------------------ */

static void print_id(const rfm_ids *ids, size_t row, rfm_text *line)
{
    if (ids->kind == RFM_ID_INTEGER) {
        char buffer[24];
        rfm_text_add(line, buffer, (size_t)snprintf(buffer, sizeof buffer, "%lld", (long long)ids->number[row]));
    } else {
        rfm_csv_add(line, ids->bytes + ids->offset[row], ids->offset[row + 1] - ids->offset[row]);
    }
}

static rfm_status print_customer(void *context, size_t row, rfm_text *line, rfm_error *err)
{
    const rfm_batch *batch = context;
    const rfm_frame *frame = &batch->frame;
    const int32_t label = batch->labels[row];
    print_id(&frame->ids, row, line);
    for (int j = 0; j < frame->d; j++) {
        rfm_text_add(line, ",", 1);
        print_number(line, frame->values[row * (size_t)frame->d + (size_t)j]);
    }
    char segment[16];
    rfm_text_add(line, segment,
                 (size_t)snprintf(segment, sizeof segment, ",%d,", (int)batch->model.segment_ids[label]));
    print_name(line, batch->model.names[label]);
    rfm_text_add(line, ",", 1);
    print_number(line, sqrt(batch->squared_distances[row]));
    rfm_text_add(line, "\n", 1);
    return rfm_text_check(line, err);
}

rfm_status write_make(rfm_batch *batch, rfm_error *err)
{
    rfm_text header = {0};
    rfm_text_adds(&header, "id");
    for (int j = 0; j < batch->frame.d; j++) {
        rfm_text_adds(&header, ",");
        print_name(&header, batch->frame.names[j]);
    }
    rfm_text_adds(&header, ",segment,segment_name,distance\n");
    rfm_text_check(&header, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK) {
        const rfm_parts parts = {.header = header.bytes,
                                 .part_rows = rfm_config_integer(batch->config, "output.part_rows"),
                                 .level = 1,
                                 .n_local = batch->frame.n,
                                 .write = print_customer,
                                 .context = batch};
        rfm_parts_write(batch->comm, rfm_run_temporary(batch->run, "customers"), &parts, err);
    }
    rfm_text_free(&header);
    return err->status;
}
