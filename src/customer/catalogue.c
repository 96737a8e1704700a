/* catalogue: the aggregates a file has by their names, and which of its words a layout takes. */
#include "state_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct catalogue {
    char **names;
    size_t n;
    int32_t *kind, *list, *word;
};

rfm_status rfm_state_damaged(const rfm_state_file *file, rfm_error *err, const char *format, ...)
{
    char what[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return rfm_fail(err, RFM_DATA, "%s: not a state file of this program, or a damaged one: %s; prepare it again",
                    file->path, what);
}

rfm_status rfm_state_shape(const rfm_state_file *file, const char *name, rfm_h5_type type, rfm_h5_shape *shape,
                           rfm_error *err)
{
    bool found = false;
    if (rfm_h5_shape_of(file->h5, name, shape, &found, err))
        return err->status;
    int64_t element = type == RFM_H5_BYTES ? 1 : type == RFM_H5_I32 ? 4 : 8;
    if (!found)
        return rfm_state_damaged(file, err, "%s is missing", name);
    if (shape->type != type || shape->columns < 1)
        return rfm_state_damaged(file, err, "%s has another type", name);
    if (shape->rows > file->bytes / element / shape->columns)
        return rfm_state_damaged(file, err, "%s claims more than the file holds", name);
    return RFM_OK;
}

/* ---- the catalogue ---------------------------------------------------------------------------------------------- */

static rfm_status read_column(const rfm_state_file *file, const char *name, size_t n, int32_t **column, rfm_error *err)
{
    rfm_h5_shape shape;
    if (rfm_state_shape(file, name, RFM_H5_I32, &shape, err))
        return err->status;
    if (shape.rows != (int64_t)n || shape.columns != 1)
        return rfm_state_damaged(file, err, "%s has another length than " RFM_STATE_NAMES, name);
    *column = rfm_alloc(n, sizeof **column, err);
    if (rfm_comm_agree(file->comm, err))
        return err->status;
    return rfm_h5_read(file->h5, name, RFM_H5_I32, 0, n, *column, err);
}

static rfm_status read_catalogue(const rfm_state_file *file, struct catalogue *catalogue, rfm_error *err)
{
    if (rfm_h5_read_names(file->h5, RFM_STATE_NAMES, &catalogue->names, &catalogue->n, err) ||
        read_column(file, RFM_STATE_KINDS, catalogue->n, &catalogue->kind, err) ||
        read_column(file, RFM_STATE_LISTS, catalogue->n, &catalogue->list, err))
        return err->status;
    return read_column(file, RFM_STATE_PLACES, catalogue->n, &catalogue->word, err);
}

static void free_catalogue(struct catalogue *catalogue)
{
    for (size_t i = 0; catalogue->names && i < catalogue->n; i++)
        free(catalogue->names[i]);
    free(catalogue->names);
    free(catalogue->kind);
    free(catalogue->list);
    free(catalogue->word);
}

static rfm_status find_name(const rfm_state_file *file, const struct catalogue *catalogue, const char *name, size_t *at,
                            rfm_error *err)
{
    for (*at = 0; *at < catalogue->n; (*at)++)
        if (strcmp(catalogue->names[*at], name) == 0)
            return RFM_OK;
    return rfm_fail(err, RFM_USAGE,
                    "%s lacks the aggregate '%s' that the feature list needs: prepare it again, from the event files, "
                    "with this list",
                    file->path, name);
}

/* ---- the choice ------------------------------------------------------------------------------------------------- */

static rfm_status init_choice(rfm_choice *choice, const rfm_record *record, rfm_error *err)
{
    choice->list = -1;
    choice->columns = rfm_alloc((size_t)record->n_words, sizeof *choice->columns, err);
    return err->status;
}

static rfm_status init_choices(rfm_choices *choices, const rfm_layout *layout, rfm_error *err)
{
    choices->lists = rfm_alloc((size_t)layout->n_lists, sizeof *choices->lists, err);
    if (!choices->lists || init_choice(&choices->words, &layout->words, err))
        return err->status;
    choices->n_lists = layout->n_lists;
    for (int l = 0; l < layout->n_lists; l++)
        init_choice(&choices->lists[l], &layout->payloads[l], err);
    return err->status;
}

void rfm_choices_free(rfm_choices *choices)
{
    for (int l = 0; l < choices->n_lists; l++)
        free(choices->lists[l].columns);
    free(choices->lists);
    free(choices->words.columns);
    memset(choices, 0, sizeof *choices);
}

/* A distinct set that is not kept by day has no word. */
static int n_words_of(const rfm_aggregate *aggregate)
{
    if (aggregate->kind == RFM_DISTINCT)
        return aggregate->daily;
    return aggregate->kind == RFM_TOTAL ? 2 : 1;
}

/* Words and lists that do not exist are found where they are read: here only what would not fit an int. */
static rfm_status choose(const rfm_state_file *file, const rfm_layout *layout, const struct catalogue *catalogue, int i,
                         rfm_choices *choices, rfm_error *err)
{
    const rfm_aggregate *aggregate = &layout->aggregates[i];
    const rfm_place *place = &layout->places[i];
    size_t at;
    if (find_name(file, catalogue, aggregate->name, &at, err))
        return err->status;
    int32_t list = catalogue->list[at], word = catalogue->word[at];
    rfm_choice *choice = place->list < 0 ? &choices->words : &choices->lists[place->list];
    bool first = choice->list < 0;
    if (catalogue->kind[at] != (int32_t)aggregate->kind || word < 0 || word > INT32_MAX - 2 ||
        (list < 0) != (place->list < 0) || (!first && list != choice->list))
        return rfm_state_damaged(file, err, "'%s' is not kept where it can be", aggregate->name);
    choice->list = list < 0 ? -1 : list;
    for (int w = 0; w < n_words_of(aggregate); w++)
        choice->columns[place->word + w] = word + w;
    return RFM_OK;
}

rfm_status rfm_choices_make(const rfm_state_file *file, const rfm_layout *layout, rfm_choices *choices, rfm_error *err)
{
    struct catalogue catalogue = {0};
    memset(choices, 0, sizeof *choices);
    if (read_catalogue(file, &catalogue, err))
        goto done;
    init_choices(choices, layout, err);
    for (int i = 0; !err->status && i < layout->n_aggregates; i++)
        choose(file, layout, &catalogue, i, choices, err);
    rfm_comm_agree(file->comm, err);
done:
    free_catalogue(&catalogue);
    if (err->status)
        rfm_choices_free(choices);
    return err->status;
}
