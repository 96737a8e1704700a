/* plain: how far plain rows go on. Knows nothing of what is in them. */
#include "plain.h"

rfm_plain rfm_plain_find(rfm_scanner *s, size_t most, size_t stop)
{
    rfm_plain rows = {.bytes = s->bytes, .marks = s->marks + s->mark, .begin = s->at, .n_fields = s->capacity};
    if (most == 0 || s->skipping || s->lead > 0 || s->dialect.delimiter == ' ' || s->capacity < 2)
        return rows;
    rfm_scanner_catch_up(s);
    const uint32_t *line_ends = s->line_ends + s->line;
    const size_t n_left = s->n_line_ends - s->line, limit = n_left < most ? n_left : most;
    size_t begin = s->at, mark = s->mark + s->capacity - 1;
    for (; rows.n < limit && line_ends[rows.n] == mark && mark < s->odd; rows.n++, mark += s->capacity) {
        const size_t end = s->marks[mark];
        if (begin >= stop || end - begin > s->limit || end + RFM_PLAIN_ROOM > s->n)
            break;
        begin = end + 1;
    }
    return rows;
}

size_t rfm_plain_end(const rfm_plain *rows, size_t n)
{
    return rows->marks[n * rows->n_fields - 1];
}

void rfm_plain_pass(const rfm_plain *rows, size_t n, rfm_scanner *s)
{
    if (n == 0)
        return;
    s->at = rfm_plain_end(rows, n) + 1;
    s->mark += n * rows->n_fields;
    s->line += n;
}
