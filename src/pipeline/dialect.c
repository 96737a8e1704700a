/* How the options under input: say that texts are written: their dialect, numbers and times. */
#include "batch.h"

#include <string.h>

/* One printable character, or none. */
static rfm_status read_character(const rfm_config *config, const char *key, int *character, rfm_error *err)
{
    const char *text = rfm_config_string(config, key);
    *character = -1;
    if (strcmp(text, "none") == 0)
        return RFM_OK;
    if (strlen(text) != 1 || text[0] <= ' ' || text[0] > '~')
        return rfm_config_fail(config, key, err, "%s is one printable ASCII character or \"none\", not '%s'", key,
                               text);
    *character = (unsigned char)text[0];
    return RFM_OK;
}

static rfm_status read_delimiter(const rfm_config *config, char *delimiter, rfm_error *err)
{
    const char *text = rfm_config_string(config, "input.delimiter");
    if (strcmp(text, "tab") == 0)
        *delimiter = '\t';
    else if (strcmp(text, "blanks") == 0)
        *delimiter = ' ';
    else if (strlen(text) == 1 && !strchr("\r\n ", text[0]))
        *delimiter = text[0];
    else
        return rfm_config_fail(config, "input.delimiter", err,
                               "input.delimiter is one character, \"tab\" or \"blanks\", not '%s'", text);
    return RFM_OK;
}

static rfm_status read_notation(const rfm_config *config, rfm_notation *notation, rfm_error *err)
{
    static const char *const words[] = {[RFM_THOUSANDS_NONE] = "none",
                                        [RFM_THOUSANDS_POINT] = "point",
                                        [RFM_THOUSANDS_COMMA] = "comma",
                                        [RFM_THOUSANDS_BLANK] = "blank",
                                        [RFM_THOUSANDS_APOSTROPHE] = "apostrophe"};
    const char *mark = rfm_config_string(config, "input.decimal_mark");
    const char *thousands = rfm_config_string(config, "input.thousands");
    notation->comma = strcmp(mark, "comma") == 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(thousands, words[i]) == 0)
            notation->thousands = (rfm_thousands)i;
    if (strcmp(thousands, mark) == 0)
        return rfm_config_fail(config, "input.thousands", err, "input.thousands is input.decimal_mark too");
    return RFM_OK;
}

rfm_status job_read_dialect(const rfm_config *config, rfm_input *input, rfm_error *err)
{
    rfm_dialect *dialect = &input->dialect;
    input->header = rfm_config_boolean(config, "input.header");
    rfm_assert(rfm_time_format_parse(rfm_config_string(config, "input.time_format"), &input->time_format));
    dialect->null = rfm_config_string(config, "input.null");
    if (read_delimiter(config, &dialect->delimiter, err) != RFM_OK ||
        read_character(config, "input.quote", &dialect->quote, err) != RFM_OK ||
        read_character(config, "input.escape", &dialect->escape, err) != RFM_OK)
        return err->status;
    if (dialect->quote == dialect->delimiter)
        return rfm_config_fail(config, "input.quote", err, "input.quote is input.delimiter too");
    if (dialect->escape >= 0 && (dialect->escape == dialect->delimiter || dialect->escape == dialect->quote))
        return rfm_config_fail(config, "input.escape", err, "input.escape is input.delimiter or input.quote too");
    return read_notation(config, &input->notation, err);
}
