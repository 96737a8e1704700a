/* driver_serial: files opened by the only rank there is. Knows nothing of MPI. */
#include "driver.h"

const char *rfm_h5_driver_name(void)
{
    return "serial";
}

herr_t rfm_h5_driver_access(hid_t access, const rfm_comm *comm)
{
    (void)comm;
    return H5Pset_fapl_sec2(access);
}

herr_t rfm_h5_driver_transfer(hid_t transfer)
{
    (void)transfer;
    return 0;
}
