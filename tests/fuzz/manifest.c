/* A manifest: whatever lies there, it is refused, or its parts have names and no paths, ascend, sum up, and are found.
 */
#include "fuzz.h"

#include <string.h>

#include "rfmpi/store.h"

static void check_parts(const rfm_manifest *manifest)
{
    int64_t n_rows = 0;
    must(manifest->n_parts > 0);
    for (size_t i = 0; i < manifest->n_parts; i++) {
        const struct rfm_manifest_part *part = &manifest->parts[i];
        must(part->rows >= 0 && part->rows <= manifest->n_rows - n_rows && part->bytes >= 0);
        must(*part->name && *part->name != '.' && !strchr(part->name, '/') && strlen(part->name) < 200);
        must(rfm_manifest_find(manifest, part->name) == i);
        n_rows += part->rows;
    }
    must(n_rows == manifest->n_rows);
    must(rfm_manifest_find(manifest, "/") == manifest->n_parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    rfm_error err = {0};
    rfm_manifest manifest;
    const char *folder = fuzz_folder("manifest.json", bytes, n);
    rfm_manifest_read(folder, &manifest, &err);
    must(err.status == RFM_OK || (err.status == RFM_DATA && err.message[0] != '\0'));
    if (err.status == RFM_OK) {
        const rfm_hash128 hash = rfm_hash128_of(bytes, n);
        must(manifest.hash.low == hash.low && manifest.hash.high == hash.high);
        check_parts(&manifest);
        must(manifest.n_columns > 0);
        for (size_t i = 0; i < manifest.n_columns; i++)
            must(*manifest.columns[i].name && manifest.columns[i].type <= RFM_COLUMN_TIME);
    }
    rfm_manifest_free(&manifest);
    return 0;
}
