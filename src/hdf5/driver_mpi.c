/* driver_mpi: files opened by all ranks through MPI-IO. The only file outside comm that knows MPI.
 *
 * Two settings are left as HDF5 has them, on purpose:
 *
 * Transfers are independent. A rank's rows are one contiguous slab, so that collective buffering
 * has nothing to gather and no speed to give; but on a full disk Open MPI's collective write
 * (fcoll/vulcan, 4.1.4) reports success on every rank and loses the data, where the independent
 * write fails on the rank that it strikes.
 *
 * Metadata are written independently too, for the same reason: with H5Pset_coll_metadata_write a
 * full disk leaves ranks waiting for each other for ever. Either way HDF5 does not survive a write
 * of metadata that fails; disk.c sees to it that there is room before HDF5 writes anything.
 */
#include "driver.h"

#include <mpi.h>

const char *rfm_h5_driver_name(void)
{
    return "parallel";
}

herr_t rfm_h5_driver_access(hid_t access, const rfm_comm *comm)
{
    const MPI_Comm *handle = rfm_comm_handle(comm);
    return H5Pset_fapl_mpio(access, *handle, MPI_INFO_NULL);
}

herr_t rfm_h5_driver_transfer(hid_t transfer)
{
    return H5Pset_dxpl_mpio(transfer, H5FD_MPIO_INDEPENDENT);
}
