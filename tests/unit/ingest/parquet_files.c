/* parquet_files: see parquet_files.h. */
#include "parquet_files.h"

static bool is_written; /* by the peer, into the folder */

int write_parquet_files(const char *part)
{
    const char *python = getenv("RFMPI_PYTHON"), *source = getenv("RFMPI_SOURCE");
    char command[2000];
    if (!make_folder())
        return -1;
    if (!python || !source || access(python, X_OK) != 0) {
        print_message("RFMPI_PYTHON names no Python: pyarrow is not asked\n");
        return 0;
    }
    snprintf(command, sizeof command, "'%s' '%s/tests/unit/ingest/parquet_peer.py' '%s' %s", python, source, folder,
             part);
    is_written = system(command) == 0;
    return is_written ? 0 : -1;
}

void need_files(void)
{
    if (!rfm_parquet_library())
        print_message("this build has no Parquet\n");
    if (!is_written || !rfm_parquet_library())
        skip();
}

char *read_bytes(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    bytes[*size] = '\0';
    fclose(file);
    return bytes;
}

void write_bytes(const char *name, const char *bytes, size_t size)
{
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

rfm_status open_parquet(opened *o, const char *name, rfm_error *err)
{
    char file[200];
    snprintf(file, sizeof file, "%s.parquet", name);
    snprintf(o->path, sizeof o->path, "%s", in_folder(file));
    o->columnar = (rfm_columnar){.kind = &rfm_parquet, .path = o->path, .fields = o->fields};
    return rfm_parquet.open(&o->columnar, err);
}

void want(opened *o, const char *name)
{
    for (size_t i = 0; i < o->columnar.n_fields; i++)
        if (strcmp(o->columnar.names[i], name) == 0) {
            o->fields[o->columnar.n_slots++] = i;
            return;
        }
    fail_msg("no column %s", name);
}
