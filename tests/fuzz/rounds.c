/* A file of rounds, and ledgers: whatever lies there, what comes back is within its bounds or is refused, and says the
 * same when it is packed again.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "rfmpi/ingest.h"
#include "rfmpi/store.h"

static rfm_file list[2] = {{.path = "a.csv", .size_bytes = 1000},
                           {.path = "b.gz", .size_bytes = 50, .format = RFM_FORMAT_GZIP}};
static const rfm_files FILES = {list, 2};

static void check_ledger(const char *bytes, size_t n)
{
    rfm_error err = {0};
    rfm_ledger ledger = {0};
    rfm_text packed = {0};
    rfm_ledger_unpack(bytes, n, &FILES, &ledger, &err);
    must(err.status == RFM_OK || err.status == RFM_DATA);
    if (err.status == RFM_OK) {
        must(rfm_ledger_pack(&ledger, &packed, &err) == RFM_OK && packed.length == n);
        for (size_t i = 0; i < ledger.portions.n; i++)
            must(ledger.portions.list[i].file < 2 && ledger.portions.list[i].begin <= ledger.portions.list[i].end);
        rfm_files copy = {calloc(2, sizeof(rfm_file)), 2};
        must(copy.files != NULL);
        for (size_t i = 0; i < 2; i++) {
            copy.files[i] = list[i];
            copy.files[i].path = strdup(list[i].path);
        }
        rfm_files_mark(&copy, &ledger.portions, &err);
        must(err.status == RFM_OK || err.status == RFM_DATA);
        rfm_files_free(&copy);
    }
    rfm_text_free(&packed);
    rfm_ledger_free(&ledger);
}

static void check_file(const uint8_t *bytes, size_t n)
{
    rfm_error err = {0};
    rfm_rounds rounds;
    rfm_text meta = {0};
    bool found = true;
    int64_t end = 0;
    const rfm_origin none = {0};
    const rfm_rounds_place place = {.path = strdup(fuzz_file(bytes, n)), .n_regions = 1};
    must(place.path != NULL);
    must(rfm_rounds_open(&place, &none, &rounds, &err) == RFM_OK);
    while (rfm_rounds_next(&rounds, &meta, &found, &err) == RFM_OK && found) {
        must(rounds.end > end && rounds.end <= (int64_t)n);
        end = rounds.end;
        check_ledger(meta.bytes, meta.length);
    }
    must(err.status == RFM_OK || err.status == RFM_DATA);
    rfm_text_free(&meta);
    rfm_rounds_close(&rounds);
    free(place.path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    check_file(bytes, n);
    check_ledger((const char *)bytes, n);
    return 0;
}
