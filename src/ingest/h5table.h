/* h5table: event tables in HDF5, a kind of columnar files. */
#ifndef RFMPI_INGEST_H5TABLE_H
#define RFMPI_INGEST_H5TABLE_H

#include "columnar.h"

extern const rfm_columnar_kind rfm_h5_events;

#endif
