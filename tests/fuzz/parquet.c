/* Parquet event files: any bytes are the same rows every time, or RFM_DATA. */
#include "parquet.h"
#include "columns.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    fuzz_input input = {(const char *)bytes, n};
    const fuzz_manner how = fuzz_choose_manner(&input);
    fuzz_columns(&rfm_parquet, fuzz_file(input.bytes, input.n), how);
    return 0;
}
