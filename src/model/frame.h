/* frame: customers x features in memory, and in features.h5. Private to model. */
#ifndef RFMPI_MODEL_FRAME_H
#define RFMPI_MODEL_FRAME_H

#include "rfmpi/model.h"

/* Collective. Set n_global and first from n. */
void rfm_frame_place(rfm_comm *comm, rfm_frame *frame);

/* Local. Id of a row for messages: "customer 'abc'" or "row 17" (global, from 0). */
void rfm_frame_describe(const rfm_frame *frame, size_t row, char *text, size_t size);

void rfm_names_free(char **names, size_t n);

#endif
