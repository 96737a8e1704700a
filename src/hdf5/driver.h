/* driver: which HDF5 file driver the ranks open a file with. One of driver_mpi.c and
 * driver_serial.c is linked.
 */
#ifndef RFM_HDF5_DRIVER_H
#define RFM_HDF5_DRIVER_H

#include "rfmpi/comm.h"

#include <hdf5.h>

/* "parallel" or "serial". Local. */
const char *rfm_h5_driver_name(void);

/* Make a file access property list open files on all ranks of comm. Negative on failure. Local. */
herr_t rfm_h5_driver_access(hid_t access, const rfm_comm *comm);

/* Make a transfer property list move what one rank asks for, alone. Negative on failure. Local. */
herr_t rfm_h5_driver_transfer(hid_t transfer);

#endif
