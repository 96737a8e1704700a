/* parquet: Parquet files with a flat schema, as columnar files. Each row group is a cut. Linked from parquet.c, or from
 * parquet_absent.c where the library that decodes them was not there at build time.
 *
 * Columns that are nested or repeated, and those of types that are no event's (times of day, intervals), are refused
 * where a slot wants them, and do no harm elsewhere. Row groups are counted from 0 in messages, as other tools do.
 */
#ifndef RFMPI_INGEST_PARQUET_H
#define RFMPI_INGEST_PARQUET_H

#include "columnar.h"

extern const rfm_columnar_kind rfm_parquet;

#endif
