/* file: an open HDF5 file, as the files of this module see it.
 */
#ifndef RFM_HDF5_FILE_H
#define RFM_HDF5_FILE_H

#include "disk.h"
#include "rfmpi/hdf5.h"

#include <hdf5.h>

/* pwrite() on Linux moves at most 2^31 - 4096 bytes, and Open MPI does not go on with the rest. */
#define RFM_H5_TRANSFER_BYTES (INT64_C(1) << 30)

/* The most that one transfer is given, but a row at least (limits.c). */
extern const int64_t rfm_h5_most_bytes;

struct rfm_h5 {
    rfm_comm *comm; /* NULL: one rank's own file, a table */
    char *path;
    hid_t id;       /* the file; -1: none, as on all ranks but the first of one that is written */
    hid_t transfer; /* property list of raw data */
    bool writing;
    bool broken;            /* something could not be written: the file is to be given up */
    int64_t stripe_bytes;   /* where large datasets of one that is written begin; 0: anywhere */
    int64_t transfer_bytes; /* of one transfer, at most; rfm_h5_most_bytes unless a test says otherwise */
    rfm_h5_disk disk;       /* of one that is written */
};

/* Record a failure of HDF5: "PATH: text: the reason HDF5 gives". HDF5's own classes of error decide
 * the status where they say more than `otherwise`. To be called before the next call into HDF5.
 * Local. */
rfm_status rfm_h5_fail(const rfm_h5 *file, rfm_error *err, rfm_status otherwise, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Whether HDF5 says that it is there. What it cannot look at is not; err is set where the disk or memory failed, for
 * then nobody knows. To be called before the next call into HDF5. Local. */
bool rfm_h5_is_there(const rfm_h5 *file, htri_t answer, const char *what, rfm_error *err);

/* The handle of a file before anything is opened, and the end of one. Local. */
rfm_h5 *rfm_h5_handle_make(rfm_comm *comm, const char *path, bool writing, rfm_error *err);
void rfm_h5_handle_free(rfm_h5 *file);

/* Open the file of a handle to read. Local. */
rfm_status rfm_h5_handle_open(rfm_h5 *file, rfm_error *err);

/* Make the file of a handle; let go of it when all is on the disk. Local, of one rank; finish also of the others. */
rfm_status rfm_h5_handle_create(rfm_h5 *file, rfm_error *err);
rfm_status rfm_h5_handle_finish(rfm_h5 *file, rfm_error *err);

/* The file is open to write. Local. */
rfm_status rfm_h5_check_writing(const rfm_h5 *file, rfm_error *err);

/* Collective. Agree on a step that changed the file; after a failure it is given up at close. */
rfm_status rfm_h5_agree_written(rfm_h5 *file, rfm_error *err);

/* HDF5's type of a dataset's elements in memory or in the file; columns is the length of a string.
 * Caller closes. Local. */
hid_t rfm_h5_memory_type(rfm_h5_type type, int64_t columns);
hid_t rfm_h5_file_type(rfm_h5_type type, int64_t columns);

/* Bytes of one row in memory, -1 when they pass what can be moved at once. Local. */
int64_t rfm_h5_row_bytes(const rfm_h5_shape *shape);

/* Open a dataset and tell its shape; *id < 0 and RFM_OK when there is none. The caller closes *id.
 * Local: the same on all ranks, which all call it. */
rfm_status rfm_h5_dataset_open(rfm_h5 *file, const char *name, hid_t *id, rfm_h5_shape *shape, rfm_error *err);

/* ---- attributes, without agreement: Local ----------------------------------------------------------------------- */

/* Whether the object (which may be missing too) has such an attribute; false with err set where that cannot be read. */
bool rfm_h5_attribute_has(const rfm_h5 *file, const char *object, const char *name, rfm_error *err);

/* type: of the value, a text's as long as the text. */
rfm_status rfm_h5_attribute_write(rfm_h5 *file, const char *object, const char *name, hid_t type, const void *value,
                                  rfm_error *err);

/* The caller frees; NULL with err set. */
char *rfm_h5_attribute_text(const rfm_h5 *file, const char *object, const char *name, rfm_error *err);

/* type: RFM_H5_I64 or RFM_H5_F64. */
rfm_status rfm_h5_attribute_number(const rfm_h5 *file, const char *object, const char *name, rfm_h5_type type,
                                   void *value, rfm_error *err);

#endif
