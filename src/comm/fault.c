/* fault: the meaning of RFMPI_FAULT. Knows nothing of when it strikes (comm.c does). */
#include <stdlib.h>
#include <string.h>

#include "ranks.h"

/* A whole number without sign or blanks, at most INT32_MAX; -1 for anything else. */
static int64_t parse_number(const char *text, size_t length)
{
    int64_t value = 0;
    if (length == 0 || length > 10)
        return -1;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value <= INT32_MAX ? value : -1;
}

rfm_status rfm_fault_parse(const char *text, rfm_fault *fault, rfm_error *err)
{
    memset(fault, 0, sizeof *fault);
    if (text == NULL || text[0] == '\0')
        return RFM_OK;
    size_t stage = strcspn(text, ":");
    const char *rank = text[stage] == ':' ? text + stage + 1 : "";
    size_t rank_length = strcspn(rank, ":");
    const char *n = rank[rank_length] == ':' ? rank + rank_length + 1 : "1";
    int64_t rank_value = parse_number(rank, rank_length);
    int64_t n_value = parse_number(n, strlen(n));
    if (stage == 0 || stage >= sizeof fault->stage || rank_value < 0 || n_value < 1)
        return rfm_fail(err, RFM_USAGE,
                        "RFMPI_FAULT='%s' is not <stage>:<rank> or <stage>:<rank>:<n>; "
                        "write for example ingest:1:2, or unset it",
                        text);
    memcpy(fault->stage, text, stage);
    fault->rank = (int)rank_value;
    fault->n = n_value;
    return RFM_OK;
}
