/* writer: the driver by which HDF5 writes a file. Knows bytes and HDF5's table of functions, not datasets. Local.
 *
 * HDF5 1.10 does not survive a write that fails: the file cannot be closed, ranks wait for each other for ever, and the
 * library crashes when the program ends. So it is not told: the disk keeps the failure, and who closes the file asks
 * for it. One rank has HDF5 make the structure of a file; the rows of all ranks go to the disk beside it, to where HDF5
 * has put their dataset.
 */
#ifndef RFM_HDF5_WRITER_H
#define RFM_HDF5_WRITER_H

#include "disk.h"

#include <hdf5.h>

/* Make a file access property list create its file on this disk, which must outlast it. Negative on failure. */
herr_t rfm_h5_writer_access(hid_t access, rfm_h5_disk *disk);

#endif
