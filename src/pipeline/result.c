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

/* The mean scores of its customers, and the segment of the classic grid that most of them are in. */
static void print_segment_scores(const rfm_batch *batch, const rfm_scored *scored, int c, rfm_text *csv)
{
    const int64_t n = batch->sizes[c];
    for (int m = 0; m < RFM_N_MEASURES; m++) {
        rfm_text_adds(csv, ",");
        if (n > 0)
            print_number(csv, (double)scored->sums[c * RFM_N_MEASURES + m] / (double)n);
    }
    rfm_text_adds(csv, ",");
    if (n > 0)
        print_name(csv, rfm_classic_name(scored_most(scored, c)));
}

static void print_segments_csv(const rfm_batch *batch, const rfm_scored *scored, rfm_text *csv)
{
    const rfm_model *model = &batch->model;
    const bool weighted = batch->frame.weights.unit > 0;
    double all = 0;
    rfm_text_adds(csv, weighted ? "segment,name,size,share,weight,weight_share" : "segment,name,size,share");
    for (int j = 0; j < model->d; j++) {
        rfm_text_adds(csv, ",");
        print_name(csv, model->features[j]);
    }
    rfm_text_adds(csv, scored->bins > 0 ? ",r_score,f_score,m_score,rfm_segment\n" : "\n");
    for (int c = 0; c < model->k; c++)
        all += batch->weights[c];
    for (int c = 0; c < model->k; c++) {
        rfm_text_addf(csv, "%d,", (int)model->segment_ids[c]);
        print_name(csv, model->names[c]);
        rfm_text_addf(csv, ",%lld,", (long long)batch->sizes[c]);
        print_number(csv, (double)batch->sizes[c] / (double)batch->frame.n_global);
        if (weighted) {
            rfm_text_adds(csv, ",");
            print_number(csv, batch->weights[c]);
            rfm_text_adds(csv, ",");
            print_number(csv, batch->weights[c] / all);
        }
        for (int j = 0; j < model->d; j++) {
            rfm_text_adds(csv, ",");
            print_number(csv, rfm_model_centroid(model, c, j));
        }
        if (scored->bins > 0)
            print_segment_scores(batch, scored, c, csv);
        rfm_text_adds(csv, "\n");
    }
}

rfm_status score_make(rfm_batch *batch, rfm_error *err)
{
    rfm_text csv = {0};
    rfm_scored scored;
    if (scored_make(batch, &scored, err) == RFM_OK)
        migration_report(batch, err);
    if (err->status != RFM_OK) {
        scored_free(&scored);
        return err->status;
    }
    scored_report(batch, &scored);
    print_segments_csv(batch, &scored, &csv);
    scored_free(&scored);
    if (rfm_text_check(&csv, err) == RFM_OK && rfm_comm_rank(batch->comm) == 0)
        rfm_file_write(rfm_run_temporary(batch->run, "segments.csv"), &csv, err);
    rfm_text_free(&csv);
    return rfm_comm_agree(batch->comm, err);
}

/* ---- write: customers/ ------------------------------------------------------------------------------------------ */

/* What the rows are written from. */
typedef struct listing {
    const rfm_batch *batch;
    rfm_text *segments; /* [k] ",3,Loyal,": what stands between features and distance */
} listing;

static void free_listing(listing *list)
{
    for (int c = 0; list->segments && c < list->batch->model.k; c++)
        rfm_text_free(&list->segments[c]);
    free(list->segments);
}

static rfm_status open_listing(const rfm_batch *batch, listing *list, rfm_error *err)
{
    const rfm_model *model = &batch->model;
    *list = (listing){.batch = batch, .segments = rfm_alloc((size_t)model->k, sizeof *list->segments, err)};
    for (int c = 0; list->segments && c < model->k; c++) {
        rfm_text_addf(&list->segments[c], ",%d,", (int)model->segment_ids[c]);
        print_name(&list->segments[c], model->names[c]);
        rfm_text_adds(&list->segments[c], ",");
        rfm_text_check(&list->segments[c], err);
    }
    return err->status;
}

static void print_id(const rfm_ids *ids, size_t row, rfm_text *line)
{
    if (ids->kind == RFM_ID_INTEGER) {
        char buffer[24], *at = buffer;
        const int64_t id = ids->number[row];
        if (id < 0)
            *at++ = '-';
        at = rfm_put_digits(at, id < 0 ? -(uint64_t)id : (uint64_t)id, 1);
        rfm_text_add(line, buffer, (size_t)(at - buffer));
    } else {
        rfm_csv_add(line, ids->bytes + ids->offset[row], ids->offset[row + 1] - ids->offset[row]);
    }
}

static void print_features(const rfm_frame *frame, size_t row, rfm_text *line)
{
    const size_t d = (size_t)frame->d;
    char *at = rfm_text_room(line, d * (1 + RFM_NUMBER_BYTES));
    if (!at)
        return;
    for (size_t j = 0; j < d; j++) {
        *at++ = ',';
        at += rfm_number_format(frame->values[row * d + j], at);
    }
    rfm_text_end(line, at);
}

static void print_scores(const rfm_scores *scores, const double *values, rfm_text *line)
{
    int own[RFM_N_MEASURES];
    const int segment = rfm_scores_of(scores, values, own);
    char buffer[16], *at = buffer;
    for (int m = 0; m < RFM_N_MEASURES; m++) {
        *at++ = ',';
        at = rfm_put_digits(at, (uint64_t)own[m], 1);
    }
    *at++ = ',';
    rfm_text_add(line, buffer, (size_t)(at - buffer));
    rfm_text_adds(line, rfm_classic_name(segment));
}

static rfm_status print_customer(void *context, size_t row, rfm_text *line, rfm_error *err)
{
    const listing *list = context;
    const rfm_batch *batch = list->batch;
    const rfm_text *segment = &list->segments[batch->labels[row]];
    print_id(&batch->frame.ids, row, line);
    print_features(&batch->frame, row, line);
    rfm_text_add(line, segment->bytes, segment->length);
    print_number(line, sqrt(batch->squared_distances[row]));
    if (batch->model.scores.bins > 0)
        print_scores(&batch->model.scores, batch->frame.values + row * (size_t)batch->frame.d, line);
    rfm_text_add(line, "\n", 1);
    return rfm_text_check(line, err);
}

static void read_scores(const rfm_scores *scores, const double *values, rfm_cell *cells)
{
    int own[RFM_N_MEASURES];
    const char *name = rfm_classic_name(rfm_scores_of(scores, values, own));
    for (int m = 0; m < RFM_N_MEASURES; m++)
        cells[m].integer = own[m];
    cells[RFM_N_MEASURES].text.bytes = name;
    cells[RFM_N_MEASURES].text.length = strlen(name);
}

/* The same as print_customer, as values. */
static void read_customer(void *context, size_t row, rfm_cell *cells)
{
    const rfm_batch *batch = ((const listing *)context)->batch;
    const rfm_frame *frame = &batch->frame;
    const rfm_ids *ids = &frame->ids;
    const size_t d = (size_t)frame->d;
    const int32_t label = batch->labels[row];
    if (ids->kind == RFM_ID_INTEGER) {
        cells[0].integer = ids->number[row];
    } else {
        cells[0].text.bytes = ids->bytes + ids->offset[row];
        cells[0].text.length = ids->offset[row + 1] - ids->offset[row];
    }
    for (size_t j = 0; j < d; j++)
        cells[1 + j].number = frame->values[row * d + j];
    cells[d + 1].integer = batch->model.segment_ids[label];
    cells[d + 2].text.bytes = batch->model.names[label];
    cells[d + 2].text.length = strlen(batch->model.names[label]);
    cells[d + 3].number = sqrt(batch->squared_distances[row]);
    if (batch->model.scores.bins > 0)
        read_scores(&batch->model.scores, frame->values + row * d, cells + d + 4);
}

/* The columns of the rows below, in their order; the caller frees the list. */
rfm_part_column *customers_columns(const rfm_batch *batch, size_t *n, rfm_error *err)
{
    static const rfm_part_column of_scores[] = {
        {"r_score", RFM_COLUMN_INTEGER, "score of recency: the highest is the most recent", true},
        {"f_score", RFM_COLUMN_INTEGER, "score of frequency: the highest is the most frequent", true},
        {"m_score", RFM_COLUMN_INTEGER, "score of monetary value: the highest is the largest", true},
        {"rfm_segment", RFM_COLUMN_TEXT, "segment of the classic grid of scores", true}};
    enum { N_SCORES = sizeof of_scores / sizeof *of_scores };
    const rfm_frame *frame = &batch->frame;
    const size_t d = (size_t)frame->d, n_scores = batch->model.scores.bins > 0 ? N_SCORES : 0;
    rfm_part_column *columns = rfm_alloc(d + 4 + n_scores, sizeof *columns, err);
    *n = columns ? d + 4 + n_scores : 0;
    if (!columns)
        return NULL;
    columns[0] = (rfm_part_column){"id", frame->ids.kind == RFM_ID_INTEGER ? RFM_COLUMN_INTEGER : RFM_COLUMN_TEXT,
                                   "the customer", false};
    for (size_t j = 0; j < d; j++)
        columns[1 + j] = (rfm_part_column){
            .name = frame->names[j], .type = RFM_COLUMN_NUMBER, .comment = frame->units ? frame->units[j] : NULL};
    columns[d + 1] = (rfm_part_column){"segment", RFM_COLUMN_SMALL, "number of the segment", false};
    columns[d + 2] = (rfm_part_column){"segment_name", RFM_COLUMN_TEXT, "name of the segment", false};
    columns[d + 3] =
        (rfm_part_column){"distance", RFM_COLUMN_NUMBER, "from the segment's centroid, in scaled units", false};
    for (size_t s = 0; s < n_scores; s++)
        columns[d + 4 + s] = of_scores[s];
    return columns;
}

static rfm_status print_header(const rfm_part_column *columns, size_t n, rfm_text *header, rfm_error *err)
{
    for (size_t i = 0; i < n; i++) {
        rfm_text_adds(header, i > 0 ? "," : "");
        print_name(header, columns[i].name);
    }
    rfm_text_adds(header, "\n");
    return rfm_text_check(header, err);
}

rfm_status customers_print_head(const rfm_batch *batch, rfm_text *csv, rfm_error *err)
{
    size_t n;
    rfm_part_column *columns = customers_columns(batch, &n, err);
    if (columns)
        print_header(columns, n, csv, err);
    free(columns);
    return err->status;
}

rfm_status customers_print(const rfm_batch *batch, size_t from, size_t to, rfm_text *csv, rfm_error *err)
{
    listing list;
    if (from == to)
        return err->status;
    open_listing(batch, &list, err);
    for (size_t i = from; i < to && err->status == RFM_OK; i++)
        print_customer(&list, i, csv, err);
    free_listing(&list);
    return err->status;
}

rfm_status write_make(rfm_batch *batch, rfm_error *err)
{
    const bool as_parquet = rfm_config_boolean(batch->config, "output.parquet");
    rfm_text header = {0};
    listing list;
    size_t n_columns;
    rfm_part_column *columns = customers_columns(batch, &n_columns, err);
    if (open_listing(batch, &list, err) == RFM_OK)
        print_header(columns, n_columns, &header, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK) {
        const rfm_parts parts = {.header = header.bytes,
                                 .columns = columns,
                                 .n_columns = n_columns,
                                 .part_rows = rfm_config_integer(batch->config, "output.part_rows"),
                                 .level = 1,
                                 .n_local = batch->frame.n,
                                 .write = print_customer,
                                 .read = as_parquet ? read_customer : NULL,
                                 .context = &list};
        rfm_parts_write(batch->comm, rfm_run_temporary(batch->run, "customers"), &parts, err);
    }
    free_listing(&list);
    rfm_text_free(&header);
    free(columns);
    return err->status;
}
