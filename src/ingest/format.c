/* format: the table of formats, and how a file's is found. Reads nothing itself. */
#include "format.h"

#include <string.h>
#include <strings.h>

#include "h5table.h"
#include "parquet.h"

static const rfm_format_traits formats[RFM_N_FORMATS] = {
    [RFM_FORMAT_TEXT] = {"text", {".csv", ".tsv", ".txt"}, "", 0, NULL, NULL, 4},
    [RFM_FORMAT_GZIP] = {"gzip", {".gz"}, "\x1f\x8b", 2, &rfm_codec_gzip, NULL, 49},
    [RFM_FORMAT_ZSTD] = {"zstd", {".zst", ".zstd"}, "\x28\xb5\x2f\xfd", 4, &rfm_codec_zstd, NULL, 54},
    [RFM_FORMAT_PARQUET] = {"Parquet", {".parquet", ".pq"}, "PAR1", 4, NULL, &rfm_parquet, 22},
    [RFM_FORMAT_HDF5] = {"HDF5", {".h5", ".hdf5"}, "\x89HDF\r\n\x1a\n", 8, NULL, &rfm_h5_events, 7},
};

/* What people have, and we do not read. A header may begin with letters like these (ORCID): then the name decides. */
static const struct {
    const char *magic, *name, *remedy;
    bool letters;
} strangers[] = {{"BZh", "bzip2", "bunzip2 it first", true},
                 {"PK\x03\x04", "a zip archive", "unpack it first", false},
                 {"\xfd"
                  "7zXZ",
                  "xz", "unxz it first", false},
                 {"ORC", "ORC", "export it as Parquet or CSV", true},
                 {"Obj\x01", "Avro", "export it as Parquet or CSV", false}};

const rfm_format_traits *rfm_format_traits_of(rfm_format format)
{
    rfm_assert((unsigned)format < RFM_N_FORMATS);
    return &formats[format];
}

const char *rfm_format_name(rfm_format format)
{
    return rfm_format_traits_of(format)->name;
}

static bool has_suffix(const char *path, size_t length, const char *suffix)
{
    const size_t n = strlen(suffix);
    return length > n && strncasecmp(path + length - n, suffix, n) == 0;
}

/* The length of the format's suffix at the end of a name; 0: the name does not say this. */
static size_t suffix_length(const rfm_format_traits *traits, const char *path, size_t length)
{
    for (size_t i = 0; i < sizeof traits->suffixes / sizeof *traits->suffixes && traits->suffixes[i]; i++)
        if (has_suffix(path, length, traits->suffixes[i]))
            return strlen(traits->suffixes[i]);
    return 0;
}

/* RFM_N_FORMATS: the name does not say. */
static rfm_format format_by_name(const char *path)
{
    for (int f = 0; f < RFM_N_FORMATS; f++)
        if (suffix_length(&formats[f], path, strlen(path)) > 0)
            return (rfm_format)f;
    return RFM_N_FORMATS;
}

size_t rfm_format_stem(const char *name)
{
    size_t length = strlen(name);
    const rfm_format last = format_by_name(name);
    if (last != RFM_N_FORMATS)
        length -= suffix_length(&formats[last], name, length);
    return length - suffix_length(&formats[RFM_FORMAT_TEXT], name, length);
}

bool rfm_format_is_known_name(const char *path)
{
    return format_by_name(path) != RFM_N_FORMATS;
}

static bool begins_with(const char *bytes, size_t n, const char *magic, size_t magic_bytes)
{
    return n >= magic_bytes && memcmp(bytes, magic, magic_bytes) == 0;
}

/* Text where no magic number shows. */
static rfm_format format_by_bytes(const char *bytes, size_t n)
{
    for (int f = 0; f < RFM_N_FORMATS; f++)
        if (formats[f].magic_bytes > 0 && begins_with(bytes, n, formats[f].magic, formats[f].magic_bytes))
            return (rfm_format)f;
    return RFM_FORMAT_TEXT;
}

static rfm_status check_stranger(const char *path, const char *bytes, size_t n, rfm_error *err)
{
    const bool text = format_by_name(path) == RFM_FORMAT_TEXT;
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        if (!(text && strangers[i].letters) && begins_with(bytes, n, strangers[i].magic, strlen(strangers[i].magic)))
            return rfm_fail(err, RFM_DATA, "%s is %s, which is not read: %s", path, strangers[i].name,
                            strangers[i].remedy);
    return RFM_OK;
}

/* Is the text of a.tsv, a.tsv.gz separated by tabs? */
static bool is_tabs_by_name(const char *path, rfm_format format)
{
    size_t length = strlen(path);
    if (format != RFM_FORMAT_TEXT)
        length -= suffix_length(&formats[format], path, length);
    return has_suffix(path, length, ".tsv");
}

rfm_status rfm_format_choose(rfm_file *file, const char *bytes, size_t n, rfm_error *err)
{
    const rfm_format named = format_by_name(file->path), shown = format_by_bytes(bytes, n);
    file->format = shown;
    file->tabs = is_tabs_by_name(file->path, shown);
    if (file->size_bytes == 0 || named == shown || named == RFM_N_FORMATS)
        return shown == RFM_FORMAT_TEXT ? check_stranger(file->path, bytes, n, err) : RFM_OK;
    return rfm_fail(err, RFM_DATA, "%s: its name says %s, its first bytes say %s; rename it, or make it again",
                    file->path, formats[named].name, formats[shown].name);
}

rfm_dialect rfm_format_dialect(const rfm_input *input, const rfm_file *file)
{
    rfm_dialect dialect = input->dialect;
    if (file->tabs)
        dialect.delimiter = '\t';
    return dialect;
}
