/* table: a file that one rank has for itself, as table.c and column.c see it. */
#ifndef RFM_HDF5_TABLE_H
#define RFM_HDF5_TABLE_H

#include "file.h"

struct rfm_h5_table {
    rfm_h5 *file; /* without a communicator */
};

/* A property list of a class of access (H5P_DATASET_ACCESS, ...) by which no link leads into another file: what is
 * read must be in the file that was named. The caller closes it. */
hid_t rfm_h5_table_access(hid_t class);

#endif
