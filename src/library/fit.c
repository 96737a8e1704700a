/* A fit: options of the caller's -> those of k-means, and its result -> labels and a model. */
#include "library.h"

#include <stdlib.h>
#include <string.h>

_Static_assert((int)RFMPI_INIT_PARALLEL == RFM_SEEDING_PARALLEL && (int)RFMPI_INIT_PLUSPLUS == RFM_SEEDING_PLUSPLUS &&
                   (int)RFMPI_INIT_RANDOM == RFM_SEEDING_RANDOM && (int)RFMPI_INIT_GIVEN == RFM_SEEDING_GIVEN &&
                   (int)RFMPI_ALGORITHM_AUTO == RFM_ALGORITHM_AUTO &&
                   (int)RFMPI_ALGORITHM_FUSED == RFM_ALGORITHM_FUSED &&
                   (int)RFMPI_ALGORITHM_GEMM == RFM_ALGORITHM_GEMM &&
                   (int)RFMPI_ALGORITHM_BOUNDS == RFM_ALGORITHM_BOUNDS &&
                   (int)RFMPI_ALGORITHM_DEFINITION == RFM_ALGORITHM_DEFINITION &&
                   (int)RFMPI_SEARCH_AUTO == RFM_SEARCH_AUTO &&
                   (int)RFMPI_SEARCH_SPLIT_MERGE == RFM_SEARCH_SPLIT_MERGE &&
                   (int)RFMPI_SEARCH_NONE == RFM_SEARCH_NONE && (int)RFMPI_WISH_NOTHING == RFM_WISH_NOTHING &&
                   (int)RFMPI_WISH_KEEP == RFM_WISH_KEEP && (int)RFMPI_WISH_STOP == RFM_WISH_STOP,
               "as in rfmpi/kmeans.h");

enum { MOST_CLUSTERS = 65536 };

void rfmpi_fit_options_init(rfmpi_fit_options *options, size_t size)
{
    const rfm_kmeans_options known = rfm_kmeans_defaults();
    rfmpi_fit_options own;
    memset(&own, 0, sizeof own);
    own.k = known.k;
    own.seed = known.seed;
    own.restarts = known.restarts;
    own.init = (int)known.seeding;
    own.max_iterations = known.max_iterations;
    own.tolerance = known.tolerance;
    own.oversampling = known.oversampling;
    own.rounds = known.rounds;
    own.algorithm = (int)known.algorithm;
    own.search = (int)known.search;
    own.order_column = known.order_column;
    struct_give(&own, sizeof own, options, size);
}

/* ---- options ---------------------------------------------------------------------------------------------------- */

static rfm_status check_choice(const char *what, int value, int most, rfm_error *err)
{
    if (value >= 0 && value <= most)
        return RFM_OK;
    return rfm_fail(err, RFM_USAGE, "options.%s: %d is none of the values it has", what, value);
}

/* Local. All numbers are checked where they are used, but for those that have to be made sense of before. */
static rfm_status options_take(const rfmpi_fit_options *theirs, rfmpi_fit_options *own, rfm_error *err)
{
    if (struct_take(own, sizeof *own, theirs, "rfmpi_fit_options", err) != RFM_OK)
        return err->status;
    check_choice("init", own->init, RFMPI_INIT_GIVEN, err);
    check_choice("algorithm", own->algorithm, RFMPI_ALGORITHM_DEFINITION, err);
    check_choice("search", own->search, RFMPI_SEARCH_NONE, err);
    if (own->k < 1 || own->k > MOST_CLUSTERS)
        rfm_fail(err, RFM_USAGE, "options.k is %d; it must be from 1 to %d", own->k, (int)MOST_CLUSTERS);
    if (own->init == RFMPI_INIT_GIVEN && !own->given)
        rfm_fail(err, RFM_USAGE, "options.given is NULL, but options.init asks for it");
    if (own->n_kept > 0 && !own->kept)
        rfm_fail(err, RFM_USAGE, "options.kept is NULL, but has %zu bytes", own->n_kept);
    return err->status;
}

/* Collective. */
static rfm_status compare(rfm_comm *comm, const rfmpi_fit_options *o, int d, rfm_error *err)
{
    const bool given = o->init == RFMPI_INIT_GIVEN;
    const uint64_t hash = given ? rfm_hash64(o->given, (size_t)o->k * (size_t)d * sizeof *o->given) : 0;
    const int64_t words[] = {o->k,
                             (int64_t)o->seed,
                             o->restarts,
                             o->init,
                             (int64_t)hash,
                             o->max_iterations,
                             word_of(o->tolerance),
                             word_of(o->oversampling),
                             o->rounds,
                             o->algorithm,
                             o->search,
                             o->order_column,
                             o->wish != NULL,
                             o->keep != NULL,
                             (int64_t)o->n_kept};
    return same_everywhere(comm, words, sizeof words / sizeof *words, "the options of a fit", err);
}

/* ---- what the caller wishes ------------------------------------------------------------------------------------- */

typedef struct keeping {
    rfm_comm *comm;
    const rfmpi_fit_options *options;
} keeping;

static rfm_wish ask(void *context)
{
    const keeping *self = context;
    return self->options->wish ? (rfm_wish)self->options->wish(self->options->context) : RFM_WISH_NOTHING;
}

/* Collective. */
static rfm_status hand_over(void *context, const rfm_text *bytes, bool stops, rfm_error *err)
{
    const keeping *self = context;
    (void)stops;
    if (self->options->keep && self->options->keep(self->options->context, bytes->bytes, bytes->length) != 0)
        rfm_fail(err, RFM_IO, "the progress of the fit could not be kept by the function that was given for it");
    return rfm_comm_agree(self->comm, err);
}

/* Local. None where the caller has none of all three. */
static rfm_status open_progress(const keeping *kept, const rfm_matrix *rows, rfm_progress **progress, rfm_error *err)
{
    const rfmpi_fit_options *options = kept->options;
    const rfm_keeper keeper = {(void *)kept, ask, hand_over};
    const void *bytes = options->n_kept > 0 ? options->kept : NULL;
    *progress = NULL;
    if (!options->wish && !options->keep && !bytes)
        return RFM_OK;
    return rfm_progress_open(&keeper, rows, bytes, options->n_kept, progress, err);
}

/* ---- the fit ---------------------------------------------------------------------------------------------------- */

/* Local. Starting centroids in scaled units; *scaled: the caller frees. */
static rfm_status scale_given(const rfmpi_matrix *matrix, const rfmpi_fit_options *options, double **scaled,
                              rfm_error *err)
{
    const size_t k = (size_t)options->k;
    *scaled = NULL;
    if (options->init != RFMPI_INIT_GIVEN)
        return RFM_OK;
    *scaled = rfm_alloc(k, (size_t)matrix->rows.d * sizeof **scaled, err);
    if (*scaled)
        rfm_scaling_apply(&matrix->scaling, k, options->given, *scaled);
    return err->status;
}

static rfm_kmeans_options translate(const rfmpi_fit_options *options, const double *given, rfm_progress *progress)
{
    return (rfm_kmeans_options){.k = options->k,
                                .seed = options->seed,
                                .restarts = options->restarts,
                                .seeding = (rfm_seeding)options->init,
                                .given = given,
                                .max_iterations = options->max_iterations,
                                .tolerance = options->tolerance,
                                .oversampling = options->oversampling,
                                .rounds = options->rounds,
                                .algorithm = (rfm_algorithm)options->algorithm,
                                .search = (rfm_search)options->search,
                                .order_column = options->order_column,
                                .progress = progress};
}

/* Collective. */
static rfm_status run(const rfmpi_matrix *matrix, const rfmpi_fit_options *options, rfm_clustering *fit, rfm_error *err)
{
    rfm_comm *comm = matrix->comm->ranks;
    const keeping kept = {comm, options};
    double *given = NULL;
    rfm_progress *progress = NULL;
    if (scale_given(matrix, options, &given, err) == RFM_OK)
        open_progress(&kept, &matrix->rows, &progress, err);
    const rfm_kmeans_options translated = translate(options, given, progress);
    if (rfm_comm_agree(comm, err) == RFM_OK)
        rfm_kmeans_fit(comm, &matrix->rows, &translated, fit, err);
    rfm_progress_close(progress);
    free(given);
    return err->status;
}

static void give_rows(const rfmpi_matrix *matrix, const rfm_clustering *fit, int32_t *labels, double *squared_distances)
{
    rfm_assert(fit->labels);
    if (labels && matrix->rows.n > 0)
        memcpy(labels, fit->labels, matrix->rows.n * sizeof *labels);
    if (squared_distances)
        rfm_kmeans_distances(&matrix->rows, fit, squared_distances);
}

rfmpi_status rfmpi_fit(rfmpi_matrix *matrix, const rfmpi_fit_options *options, int32_t *labels,
                       double *squared_distances, rfmpi_model **model, rfmpi_error *error)
{
    call self = call_begin(matrix->comm);
    rfm_comm *comm = matrix->comm->ranks;
    rfm_error *err = &self.err;
    rfmpi_fit_options own = {0};
    rfm_clustering fit = {0};
    *model = NULL;
    options_take(options, &own, err);
    if (rfm_comm_agree(comm, err) == RFM_OK && compare(comm, &own, matrix->rows.d, err) == RFM_OK &&
        run(matrix, &own, &fit, err) == RFM_OK) {
        model_of_fit(matrix, &fit, own.seed, model, err);
        if (rfm_comm_agree(comm, err) == RFM_OK)
            give_rows(matrix, &fit, labels, squared_distances);
    }
    if (err->status != RFM_OK) {
        rfmpi_model_free(*model);
        *model = NULL;
    }
    rfm_clustering_free(&fit);
    return call_end(&self, error);
}
