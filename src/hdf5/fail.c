/* fail: what HDF5 says of a failure, as one of our messages. Knows HDF5's error stack, and nothing
 * of datasets. */
#include "file.h"

#include <stdarg.h>
#include <stdio.h>

struct reason {
    hid_t major, minor;
    char text[300];
};

static herr_t keep_innermost(unsigned depth, const H5E_error2_t *entry, void *data)
{
    struct reason *reason = data;
    if (depth == 0) {
        reason->major = entry->maj_num;
        reason->minor = entry->min_num;
        snprintf(reason->text, sizeof reason->text, "%s", entry->desc ? entry->desc : "");
    }
    return 0;
}

static rfm_status status_of(const struct reason *reason, rfm_status otherwise)
{
    if (reason->minor == H5E_CANTALLOC || reason->minor == H5E_NOSPACE)
        return RFM_NO_MEMORY;
    if (reason->major == H5E_FILE && reason->minor == H5E_CANTOPENFILE) /* by the system, not for what is in it */
        return RFM_IO;
    if (reason->major == H5E_IO && (reason->minor == H5E_WRITEERROR || reason->minor == H5E_READERROR))
        return RFM_IO;
    return otherwise;
}

rfm_status rfm_h5_fail(const rfm_h5 *file, rfm_error *err, rfm_status otherwise, const char *format, ...)
{
    struct reason reason = {-1, -1, ""};
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &reason);
    char text[500];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return rfm_fail(err, status_of(&reason, otherwise), "%s: %s%s%s", file->path, text,
                    reason.text[0] ? ": HDF5 says: " : "", reason.text);
}

/* In a file of another kind, or a damaged one, there may be something else on the way: then it is not there either. */
bool rfm_h5_is_there(const rfm_h5 *file, htri_t answer, const char *what, rfm_error *err)
{
    rfm_error failed = {0};
    if (answer < 0 && rfm_h5_fail(file, &failed, RFM_DATA, "cannot look for %s", what) != RFM_DATA)
        *err = failed;
    return answer > 0;
}
