/* format: what files may be, told by name and by their first bytes. The one table to add a format to. */
#ifndef RFMPI_INGEST_FORMAT_H
#define RFMPI_INGEST_FORMAT_H

#include "codec.h"
#include "columnar.h"

enum { RFM_MAGIC_MAX_BYTES = 8 };

typedef struct rfm_format_traits {
    const char *name;
    const char *suffixes[3];
    const char *magic; /* the first bytes of a file; "": any */
    size_t magic_bytes;
    const rfm_codec *codec;            /* text behind compression; else NULL */
    const rfm_columnar_kind *columnar; /* columns; else NULL */
    int64_t cost;                      /* of reading a byte of the file, a byte of plain text being 4: measured */
} rfm_format_traits;

const rfm_format_traits *rfm_format_traits_of(rfm_format format);

/* True for a name that ends like those of event files; for the files of a directory. */
bool rfm_format_is_known_name(const char *path);

/* Set file->format and file->tabs from its name and its first bytes: where a name says what a file is, its bytes must
 * agree; where it does not, they decide. RFM_DATA for what no event file can be. */
rfm_status rfm_format_choose(rfm_file *file, const char *bytes, size_t n, rfm_error *err);

/* How a file's text is written: as the input says, but with tabs where its name says .tsv. */
rfm_dialect rfm_format_dialect(const rfm_input *input, const rfm_file *file);

#endif
