/* table: a file of one rank: open, create, close, what is in it, its attributes. Knows no cells; those are column.c's.
 */
#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_DATASETS = 1 << 16 };

/* ---- open and close --------------------------------------------------------------------------------------------- */

static rfm_status open_table(const char *path, bool writing, rfm_h5_table **table, rfm_error *err)
{
    *table = rfm_alloc(1, sizeof **table, err);
    if (!*table)
        return err->status;
    rfm_h5 *file = (*table)->file = rfm_h5_handle_make(NULL, path, writing, err);
    if (!err->status && writing)
        rfm_h5_handle_create(file, err);
    else if (!err->status)
        rfm_h5_handle_open(file, err);
    if (err->status) {
        rfm_h5_table_close(*table, err);
        *table = NULL;
    }
    return err->status;
}

rfm_status rfm_h5_table_open(const char *path, rfm_h5_table **table, rfm_error *err)
{
    return open_table(path, false, table, err);
}

rfm_status rfm_h5_table_create(const char *path, rfm_h5_table **table, rfm_error *err)
{
    return open_table(path, true, table, err);
}

static void close_written(rfm_h5 *file, rfm_error *err)
{
    const bool there = file->disk.fd >= 0;
    rfm_h5_handle_finish(file, err);
    if (err->status && there)
        unlink(file->path);
}

rfm_status rfm_h5_table_close(rfm_h5_table *table, rfm_error *err)
{
    if (!table)
        return err->status;
    if (table->file && table->file->writing)
        close_written(table->file, err);
    else if (table->file && table->file->id >= 0 && H5Fclose(table->file->id) < 0)
        rfm_h5_fail(table->file, err, RFM_IO, "cannot close");
    rfm_h5_handle_free(table->file);
    free(table);
    return err->status;
}

/* ---- groups ----------------------------------------------------------------------------------------------------- */

static herr_t refuse_link(const char *from, const char *group, const char *to, const char *object, unsigned *flags,
                          hid_t access, void *data)
{
    (void)from, (void)group, (void)to, (void)object, (void)flags, (void)access, (void)data;
    return -1;
}

hid_t rfm_h5_table_access(hid_t class)
{
    hid_t access = H5Pcreate(class);
    H5Pset_elink_cb(access, refuse_link, NULL);
    return access;
}

struct list {
    const rfm_h5 *file;
    hid_t access;
    char **names;
    size_t n, capacity;
    rfm_error *err;
};

/* Links that lead nowhere and groups are passed over. */
static herr_t add_dataset(hid_t group, const char *name, const H5L_info_t *link, void *data)
{
    (void)link;
    struct list *list = data;
    H5O_info_t object;
    if (H5Oget_info_by_name2(group, name, &object, H5O_INFO_BASIC, list->access) < 0 || object.type != H5O_TYPE_DATASET)
        return 0;
    if (list->n == MOST_DATASETS)
        rfm_fail(list->err, RFM_DATA, "%s: more than %d datasets in a group", list->file->path, MOST_DATASETS);
    else if (!rfm_reserve(&list->names, &list->capacity, list->n + 1, sizeof *list->names, list->err) &&
             (list->names[list->n] = rfm_copy_string(name, list->err)))
        list->n++;
    return list->err->status ? -1 : 0;
}

static H5_index_t order_of(hid_t group)
{
    unsigned flags = 0;
    hid_t made = H5Gget_create_plist(group);
    const bool kept = made >= 0 && H5Pget_link_creation_order(made, &flags) >= 0 && (flags & H5P_CRT_ORDER_TRACKED);
    H5Pclose(made);
    return kept ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
}

rfm_status rfm_h5_table_list(rfm_h5_table *table, const char *group, char ***names, size_t *n, rfm_error *err)
{
    const rfm_h5 *file = table->file;
    struct list list = {.file = file, .access = rfm_h5_table_access(H5P_LINK_ACCESS), .err = err};
    hid_t access = rfm_h5_table_access(H5P_GROUP_ACCESS), opened = H5Gopen2(file->id, group, access);
    if (opened < 0)
        rfm_fail(err, RFM_DATA, "%s: there is no group %s", file->path, group);
    else if (H5Literate(opened, order_of(opened), H5_ITER_INC, NULL, add_dataset, &list) < 0 && !err->status)
        rfm_h5_fail(file, err, RFM_DATA, "cannot list group %s", group);
    if (opened >= 0)
        H5Gclose(opened);
    H5Pclose(access);
    H5Pclose(list.access);
    for (size_t i = 0; err->status && i < list.n; i++)
        free(list.names[i]);
    if (err->status)
        free(list.names);
    *names = err->status ? NULL : list.names;
    *n = err->status ? 0 : list.n;
    return err->status;
}

rfm_status rfm_h5_table_group(rfm_h5_table *table, const char *group, rfm_error *err)
{
    rfm_h5 *file = table->file;
    hid_t order = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_obj_track_times(order, 0);
    H5Pset_link_creation_order(order, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    hid_t made = H5Gcreate2(file->id, group, H5P_DEFAULT, order, H5P_DEFAULT);
    if (made < 0 || H5Gclose(made) < 0)
        rfm_h5_fail(file, err, RFM_IO, "cannot create group %s", group);
    H5Pclose(order);
    return err->status;
}

/* ---- attributes ------------------------------------------------------------------------------------------------- */

rfm_status rfm_h5_table_text(rfm_h5_table *table, const char *object, const char *name, char **text, rfm_error *err)
{
    *text = NULL;
    if (rfm_h5_attribute_has(table->file, object, name, err))
        *text = rfm_h5_attribute_text(table->file, object, name, err);
    return err->status;
}

rfm_status rfm_h5_table_integer(rfm_h5_table *table, const char *object, const char *name, int64_t *value, bool *found,
                                rfm_error *err)
{
    *found = rfm_h5_attribute_has(table->file, object, name, err);
    if (*found)
        rfm_h5_attribute_number(table->file, object, name, RFM_H5_I64, value, err);
    return err->status;
}

static rfm_status put(rfm_h5 *file, const char *object, const char *name, hid_t type, const void *value, rfm_error *err)
{
    rfm_h5_attribute_write(file, object, name, type, value, err);
    H5Tclose(type);
    return rfm_h5_disk_check(&file->disk, err);
}

rfm_status rfm_h5_table_put_text(rfm_h5_table *table, const char *object, const char *name, const char *text,
                                 rfm_error *err)
{
    return put(table->file, object, name, rfm_h5_file_type(RFM_H5_BYTES, (int64_t)strlen(text)), text, err);
}

rfm_status rfm_h5_table_put_integer(rfm_h5_table *table, const char *object, const char *name, int64_t value,
                                    rfm_error *err)
{
    return put(table->file, object, name, rfm_h5_file_type(RFM_H5_I64, 1), &value, err);
}
