/* describe: any file of ours -> facts about it, for people or as JSON; and two of them side by side.
 *
 * Knows what each kind of file says of itself; makes and changes nothing.
 */
#ifndef RFMPI_DESCRIBE_H
#define RFMPI_DESCRIBE_H

#include "rfmpi/comm.h"

typedef struct rfm_description rfm_description;

/* Collective. What lies at `path`: a run directory or its run.json, a model, features, a state, any HDF5 matrix or
 * centroids, an event table, customers/ or its manifest, a checkpoint, figures.json. RFM_DATA for what is none of ours,
 * or damaged. */
rfm_status rfm_describe(rfm_comm *comm, const char *path, rfm_description **description, rfm_error *err);
void rfm_description_close(rfm_description *description); /* Local; NULL is fine */

/* Local, each. Lines of at most so many columns, as far as names allow; or one JSON object with all that is known. */
void rfm_description_print(const rfm_description *description, int columns, rfm_text *text);
void rfm_description_print_json(const rfm_description *description, rfm_text *json);

/* Local. What differs between two, in the order of cause and effect (inputs, options, then what came of them), and what
 * is equal. */
void rfm_descriptions_compare(const rfm_description *a, const rfm_description *b, int columns, rfm_text *text);
void rfm_descriptions_compare_json(const rfm_description *a, const rfm_description *b, rfm_text *json);

#endif
