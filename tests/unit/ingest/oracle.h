/* oracle: the same reading, done slowly, one byte at a time, from text in memory: what the reader must agree with. */
#ifndef RFMPI_TEST_INGEST_ORACLE_H
#define RFMPI_TEST_INGEST_ORACLE_H

#include "harness.h"

/* limit: bytes a row may have. A header that cannot be read, or lacks a column, gives err. */
reading oracle_read(const rfm_input *input, const char *text, size_t n_bytes, size_t limit);

#endif
