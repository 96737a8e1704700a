/* look: the first rows of a file, for who has to say what is in it. Knows no more of a row than a walk does. */
#include <stdlib.h>

#include "format.h"
#include "stream.h"
#include "walk.h"

enum { MOST_BYTES = 32 << 20, MOST_CELL_BYTES = 4096 };

typedef struct taker {
    rfm_look *look;
    size_t most_rows;
    bool full; /* the walk was ended because of it */
} taker;

/* No more of a cell than tells what it is. */
static rfm_status add_cells(rfm_look *look, const rfm_field *cells, size_t n, rfm_error *err)
{
    const size_t first = (1 + look->n_rows) * look->n_columns - n;
    if (rfm_reserve(&look->at, &look->at_capacity, first + n, sizeof *look->at, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < n; i++) {
        look->at[first + i] = look->bytes.length;
        rfm_text_add(&look->bytes, cells[i].bytes,
                     cells[i].length < MOST_CELL_BYTES ? cells[i].length : MOST_CELL_BYTES);
        rfm_text_add(&look->bytes, "", 1);
    }
    return rfm_text_check(&look->bytes, err);
}

static rfm_status take_head(void *context, const rfm_walk_column *columns, size_t n, rfm_error *err)
{
    const taker *t = context;
    rfm_field *names = rfm_alloc(n, sizeof *names, err);
    for (size_t i = 0; names && i < n; i++)
        names[i] = columns[i].name;
    t->look->n_columns = n;
    if (names)
        add_cells(t->look, names, n, err);
    free(names);
    return err->status;
}

/* A walk ends early by a failure, which nobody gets to see. */
static rfm_status take_row(void *context, const rfm_field *cells, size_t n, rfm_error *err)
{
    taker *t = context;
    t->full = t->look->n_rows == t->most_rows || t->look->bytes.length > MOST_BYTES;
    if (t->full)
        return rfm_fail(err, RFM_STOPPED, "enough");
    t->look->n_rows++;
    return add_cells(t->look, cells, n, err);
}

rfm_status rfm_look_at_rows(const rfm_input *input, const rfm_file *file, size_t most_rows, rfm_look *look,
                            rfm_error *err)
{
    taker t = {.look = look, .most_rows = most_rows};
    const rfm_walker walker = {&t, take_head, take_row};
    rfm_error walked = {0};
    *look = (rfm_look){0};
    rfm_file_walk(input, file, &walker, &look->left_out, &walked);
    look->ended = !t.full;
    if (walked.status == RFM_OK || t.full)
        return RFM_OK;
    rfm_look_free(look);
    *err = walked;
    return err->status;
}

void rfm_look_free(rfm_look *look)
{
    rfm_text_free(&look->bytes);
    rfm_text_free(&look->left_out.first);
    free(look->at);
    *look = (rfm_look){0};
}

rfm_status rfm_look_at_text(const rfm_file *file, size_t most_bytes, rfm_text *bytes, rfm_error *err)
{
    rfm_stream stream = {0};
    size_t n = 0;
    if (rfm_format_traits_of(file->format)->columnar)
        return RFM_OK;
    char *room = rfm_text_room(bytes, most_bytes);
    if (!room)
        return rfm_text_check(bytes, err);
    if (rfm_stream_open(&stream, file, 0, NULL, err) == RFM_OK)
        rfm_stream_read(&stream, room, most_bytes, &n, err);
    rfm_stream_close(&stream);
    rfm_text_end(bytes, room + n);
    return err->status;
}
