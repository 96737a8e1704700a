/* limits: how much one transfer of HDF5 is given. A test links a smaller one instead. */
#include "file.h"

const int64_t rfm_h5_most_bytes = RFM_H5_TRANSFER_BYTES;
