/* hdf5: typed tables <-> HDF5 files, the same calls on one rank or many. The only module that knows HDF5.
 *
 * Datasets are contiguous, unfiltered and allocated early. A dataset's rows lie end to end in rank order. All files
 * open in h5py. Every function is Collective unless it says Local; each returns the same status on all ranks. Transfers
 * are split so that no single one passes 2^30 bytes.
 */
#ifndef RFMPI_HDF5_H
#define RFMPI_HDF5_H

#include "rfmpi/comm.h"

typedef struct rfm_h5 rfm_h5;

typedef enum rfm_h5_type {
    RFM_H5_I32,
    RFM_H5_I64,
    RFM_H5_U64,
    RFM_H5_F32,
    RFM_H5_F64,
    RFM_H5_BYTES /* fixed length, NUL padded; the width is the length */
} rfm_h5_type;

/* Rows x columns; columns 1 makes a one-dimensional dataset unless `matrix`. For BYTES columns is the length of a
 * string. */
typedef struct rfm_h5_shape {
    rfm_h5_type type;
    int64_t rows; /* global */
    int64_t columns;
    bool matrix; /* two-dimensional even with one column */
} rfm_h5_shape;

/* "1.10.8". Local. */
size_t rfm_h5_library(char *buffer, size_t size);

rfm_status rfm_h5_create(rfm_comm *comm, const char *path, rfm_h5 **file,
                         rfm_error *err); /* replaces a file of that name */
rfm_status rfm_h5_open(rfm_comm *comm, const char *path, rfm_h5 **file, rfm_error *err); /* to read */

/* As rfm_h5_create; a dataset of stripe_bytes or more begins at a multiple of them. 0: where the one before it ends. */
rfm_status rfm_h5_create_striped(rfm_comm *comm, const char *path, int64_t stripe_bytes, rfm_h5 **file, rfm_error *err);

/* Flush, close, and check that what was written is there (close may return 0 on a full disk). NULL is fine. After a
 * failure close still frees everything. */
rfm_status rfm_h5_close(rfm_h5 *file, rfm_error *err);

/* ---- datasets: groups in the name are made as needed ------------------------------------------------------------ */

/* n_local rows of this rank, of shape->columns elements each. shape->rows is ignored: it is the sum. */
rfm_status rfm_h5_write(rfm_h5 *file, const char *name, const rfm_h5_shape *shape, size_t n_local, const void *rows,
                        rfm_error *err);

/* found false (and RFM_OK) when there is no such dataset; RFM_DATA for a type that is none of ours. Any float or
 * integer width is converted on reading; type tells what loses nothing. */
rfm_status rfm_h5_shape_of(rfm_h5 *file, const char *name, rfm_h5_shape *shape, bool *found, rfm_error *err);

/* Rows first .. first+count-1 as `type` into rows (count * columns elements). Each rank asks for its own range. */
rfm_status rfm_h5_read(rfm_h5 *file, const char *name, rfm_h5_type type, int64_t first, size_t count, void *rows,
                       rfm_error *err);

/* This rank's even share of n_global rows. Local. */
void rfm_h5_share(const rfm_comm *comm, int64_t n_global, int64_t *first, size_t *count);

/* ---- attributes: of a group or dataset ("/" for the file); all ranks give the same ------------------------------ */

rfm_status rfm_h5_put_text(rfm_h5 *file, const char *object, const char *name, const char *text, rfm_error *err);
rfm_status rfm_h5_put_integer(rfm_h5 *file, const char *object, const char *name, int64_t value, rfm_error *err);
rfm_status rfm_h5_put_number(rfm_h5 *file, const char *object, const char *name, double value, rfm_error *err);
rfm_status rfm_h5_get_text(rfm_h5 *file, const char *object, const char *name, char **text,
                           rfm_error *err); /* caller frees */
rfm_status rfm_h5_get_integer(rfm_h5 *file, const char *object, const char *name, int64_t *value, rfm_error *err);
rfm_status rfm_h5_get_number(rfm_h5 *file, const char *object, const char *name, double *value, rfm_error *err);

/* Whether the object (which may be missing too) has an attribute of that name: for those a file need not have. */
rfm_status rfm_h5_has(rfm_h5 *file, const char *object, const char *name, bool *found, rfm_error *err);

/* A list of strings as a dataset of fixed length bytes, written by rank 0, read by all (also of variable
 * length, as h5py writes them). Other ranks may give NULL and 0 to write. Caller frees names[i] and names. */
rfm_status rfm_h5_write_names(rfm_h5 *file, const char *name, const char *const *names, size_t n, rfm_error *err);
rfm_status rfm_h5_read_names(rfm_h5 *file, const char *name, char ***names, size_t *n, rfm_error *err);

/* ---- tables: files that one rank reads or writes by itself; Local, each ------------------------------------------
 *
 * A table is a group of one-dimensional datasets, its columns. Nothing that is read is trusted: what is not as it says,
 * was never written, or lies in another file is RFM_DATA that names file and dataset. */

typedef struct rfm_h5_table rfm_h5_table;

typedef enum rfm_h5_cell {
    RFM_H5_CELL_I8,
    RFM_H5_CELL_U8,
    RFM_H5_CELL_I16,
    RFM_H5_CELL_U16,
    RFM_H5_CELL_I32,
    RFM_H5_CELL_U32,
    RFM_H5_CELL_I64,
    RFM_H5_CELL_U64,
    RFM_H5_CELL_F32,
    RFM_H5_CELL_F64,
    RFM_H5_CELL_BOOLEAN, /* uint8_t, 1 for true: h5py's bool */
    RFM_H5_CELL_BYTES,   /* width bytes, NUL padded */
    RFM_H5_CELL_TEXT,    /* const char *, of variable length; NULL is empty; only read */
    RFM_H5_CELL_OTHER    /* cannot be read */
} rfm_h5_cell;

enum { RFM_H5_TEXT_BYTES = 1 << 20 }; /* the most that one cell may have */

/* A column that is open. Zero-initialise. */
typedef struct rfm_h5_column {
    rfm_h5_cell cell;
    size_t width_bytes; /* of one cell in memory */
    int64_t rows;
    struct rfm_h5_dataset *dataset;
} rfm_h5_column;

rfm_status rfm_h5_table_open(const char *path, rfm_h5_table **table, rfm_error *err);
rfm_status rfm_h5_table_create(const char *path, rfm_h5_table **table, rfm_error *err); /* replaces that file */

/* Of a table that was created: all of it is there and on the disk; where err holds a failure, or one comes now, the
 * file is removed. NULL is fine. */
rfm_status rfm_h5_table_close(rfm_h5_table *table, rfm_error *err);

/* The names of a group's datasets, in the order they were made where the file keeps it, else sorted. RFM_DATA when
 * there is no such group. The caller frees names[i] and names. */
rfm_status rfm_h5_table_list(rfm_h5_table *table, const char *group, char ***names, size_t *n, rfm_error *err);

/* Attributes of a group or dataset. A text or integer that is not there: *text NULL, *found false. */
rfm_status rfm_h5_table_text(rfm_h5_table *table, const char *object, const char *name, char **text, rfm_error *err);
rfm_status rfm_h5_table_integer(rfm_h5_table *table, const char *object, const char *name, int64_t *value, bool *found,
                                rfm_error *err);
rfm_status rfm_h5_table_put_text(rfm_h5_table *table, const char *object, const char *name, const char *text,
                                 rfm_error *err);
rfm_status rfm_h5_table_put_integer(rfm_h5_table *table, const char *object, const char *name, int64_t value,
                                    rfm_error *err);

/* A group that keeps the order of its datasets. */
rfm_status rfm_h5_table_group(rfm_h5_table *table, const char *group, rfm_error *err);

/* A type that cannot be read is no failure here (RFM_H5_CELL_OTHER), only in a read. */
rfm_status rfm_h5_column_open(rfm_h5_table *table, const char *name, rfm_h5_column *column, rfm_error *err);

/* A new dataset; cell, width_bytes (of BYTES) and rows of the column say of what. */
rfm_status rfm_h5_column_make(rfm_h5_table *table, const char *name, rfm_h5_column *column, rfm_error *err);
void rfm_h5_column_close(rfm_h5_column *column); /* accepts what failed to open */

/* Rows first .. first+count-1, width_bytes each. TEXT cells point to memory that lasts until the next read. */
rfm_status rfm_h5_column_read(rfm_h5_column *column, int64_t first, size_t count, void *cells, rfm_error *err);
rfm_status rfm_h5_column_write(rfm_h5_column *column, int64_t first, size_t count, const void *cells, rfm_error *err);

#endif
