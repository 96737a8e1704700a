/* toml_text: see toml.h. Knows nothing of keys that belong together, tables and trees. */
#include <string.h>

#include "toml.h"

rfm_status rfm_toml_fail(const rfm_toml *reader, rfm_error *err, const char *what)
{
    return rfm_fail(err, RFM_USAGE, "%s:%d:%d: %s", reader->source, reader->line,
                    (int)(reader->at - reader->line_start) + 1, what);
}

bool rfm_toml_is_next(const rfm_toml *reader, const char *word)
{
    const size_t n = strlen(word);
    return (size_t)(reader->end - reader->at) >= n && memcmp(reader->at, word, n) == 0;
}

void rfm_toml_skip_blanks(rfm_toml *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
        reader->at++;
}

static void pass_line_end(rfm_toml *reader)
{
    reader->at++;
    reader->line++;
    reader->line_start = reader->at;
}

void rfm_toml_skip_lines(rfm_toml *reader)
{
    for (;;) {
        while (reader->at < reader->end && strchr(" \t\r", *reader->at))
            reader->at++;
        if (rfm_toml_is_next(reader, "#"))
            while (reader->at < reader->end && *reader->at != '\n')
                reader->at++;
        if (!rfm_toml_is_next(reader, "\n"))
            return;
        pass_line_end(reader);
    }
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

static rfm_status check_bytes(rfm_toml *reader, rfm_error *err)
{
    while (reader->at < reader->end) {
        const size_t n = rfm_utf8_bytes(reader->at, (size_t)(reader->end - reader->at));
        const char c = *reader->at;
        if (n == 0)
            return rfm_toml_fail(reader, err, "not UTF-8");
        if (c == 0x7f || (n == 1 && c < ' ' && c != '\t' && c != '\n' && !rfm_toml_is_next(reader, "\r\n")))
            return rfm_toml_fail(reader, err, "a control character");
        if (c == '\n')
            pass_line_end(reader);
        else
            reader->at += n;
    }
    return RFM_OK;
}

/* ---- strings ---------------------------------------------------------------------------------------------------- */

static rfm_status read_code_point(rfm_toml *reader, int n_digits, rfm_text *text, rfm_error *err)
{
    unsigned long c = 0;
    for (int i = 0; i < n_digits; i++, reader->at++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = reader->at < reader->end ? strchr(digits, *reader->at | 0x20) : NULL;
        if (!digit)
            return rfm_toml_fail(reader, err, "an escape wants hexadecimal digits");
        c = c * 16 + (unsigned long)(digit - digits);
    }
    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return rfm_toml_fail(reader, err, "an escape that is no character");
    rfm_text_add_character(text, (uint32_t)c);
    return RFM_OK;
}

/* A backslash at the end of a line: the text goes on with the next character that is no blank. */
static bool pass_blank_lines(rfm_toml *reader)
{
    const char *at = reader->at;
    while (at < reader->end && strchr(" \t\r", *at))
        at++;
    if (at == reader->end || *at != '\n')
        return false;
    while (reader->at < reader->end && strchr(" \t\r\n", *reader->at))
        *reader->at == '\n' ? pass_line_end(reader) : (void)reader->at++;
    return true;
}

/* Behind the backslash. */
static rfm_status read_escape(rfm_toml *reader, bool many_lines, rfm_text *text, rfm_error *err)
{
    static const char letters[] = "btnfr\"\\", meant[] = "\b\t\n\f\r\"\\";
    const char c = reader->at < reader->end ? *reader->at : '\0';
    if (many_lines && pass_blank_lines(reader))
        return RFM_OK;
    const char *letter = c != '\0' ? strchr(letters, c) : NULL;
    if (!letter && c != 'u' && c != 'U')
        return rfm_toml_fail(reader, err, "an unknown escape");
    reader->at++;
    if (!letter)
        return read_code_point(reader, c == 'u' ? 4 : 8, text, err);
    rfm_text_add(text, &meant[letter - letters], 1);
    return RFM_OK;
}

/* Of up to five at the end of many lines, the last three close them. */
static void take_last_quotes(rfm_toml *reader, const char *quotes, rfm_text *text)
{
    const size_t n = strlen(quotes), left = (size_t)(reader->end - reader->at);
    size_t more = 0;
    while (n == 3 && more < 2 && n + more < left && reader->at[n + more] == *quotes)
        more++;
    rfm_text_add(text, reader->at, more);
    reader->at += n + more;
}

rfm_status rfm_toml_string(rfm_toml *reader, const char *quotes, rfm_text *text, rfm_error *err)
{
    const bool many_lines = quotes[1] != '\0', escapes = *quotes == '"';
    reader->at += strlen(quotes);
    if (many_lines && rfm_toml_is_next(reader, "\r\n"))
        reader->at++;
    if (many_lines && rfm_toml_is_next(reader, "\n"))
        pass_line_end(reader);
    rfm_text_adds(text, "");
    while (err->status == RFM_OK) {
        if (reader->at == reader->end || (!many_lines && strchr("\r\n", *reader->at)))
            return rfm_toml_fail(reader, err, "a string without its end");
        if (rfm_toml_is_next(reader, quotes)) {
            take_last_quotes(reader, quotes, text);
            return rfm_text_check(text, err);
        }
        if (escapes && *reader->at == '\\') {
            reader->at++;
            read_escape(reader, many_lines, text, err);
            continue;
        }
        if (*reader->at != '\r') /* of a line end, which is '\n' alone in a text */
            rfm_text_add(text, reader->at, 1);
        *reader->at == '\n' ? pass_line_end(reader) : (void)reader->at++;
    }
    return err->status;
}

const char *rfm_toml_quotes(const rfm_toml *reader)
{
    static const char *const kinds[] = {"\"\"\"", "'''", "\"", "'"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (rfm_toml_is_next(reader, kinds[i]))
            return kinds[i];
    return NULL;
}

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

rfm_status rfm_toml_bare_key(rfm_toml *reader, rfm_text *text, rfm_error *err)
{
    const char *from = reader->at;
    while (reader->at < reader->end && is_bare(*reader->at))
        reader->at++;
    if (reader->at == from)
        return rfm_toml_fail(reader, err, "a key is missing");
    rfm_text_add(text, from, (size_t)(reader->at - from));
    return rfm_text_check(text, err);
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

static const char DECIMAL[] = "0123456789";

/* Each of these moves *c behind what it looks for, where that stands there. */
static bool pass_one(const char **c, const char *any)
{
    const bool stands = **c && strchr(any, **c);
    *c += stands;
    return stands;
}

/* Single underscores may stand between digits. */
static bool pass_digits(const char **c, const char *digits)
{
    const char *from = *c;
    while (pass_one(c, digits))
        *c += **c == '_' && (*c)[1] && strchr(digits, (*c)[1]);
    return *c > from;
}

static bool pass_two(const char **c, int low, int high)
{
    if (strspn(*c, DECIMAL) < 2)
        return false;
    const int n = 10 * ((*c)[0] - '0') + (*c)[1] - '0';
    *c += 2;
    return n >= low && n <= high;
}

static bool pass_date(const char **c)
{
    const bool year = strspn(*c, DECIMAL) == 4;
    *c += year ? 4 : 0;
    return year && pass_one(c, "-") && pass_two(c, 1, 12) && pass_one(c, "-") && pass_two(c, 1, 31);
}

static bool pass_clock(const char **c)
{
    if (!pass_two(c, 0, 23) || !pass_one(c, ":") || !pass_two(c, 0, 59) || !pass_one(c, ":") || !pass_two(c, 0, 59))
        return false;
    const bool point = pass_one(c, ".");
    const size_t n = point ? strspn(*c, DECIMAL) : 0;
    *c += n;
    return !point || n > 0;
}

static bool is_number(const char *word)
{
    static const struct {
        const char *prefix, *digits;
    } bases[] = {{"0x", "0123456789abcdefABCDEF"}, {"0o", "01234567"}, {"0b", "01"}};
    const char *c = word + 2;
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
        if (strncmp(word, bases[i].prefix, 2) == 0)
            return pass_digits(&c, bases[i].digits) && !*c;
    c = word;
    pass_one(&c, "+-");
    const char *from = c;
    if (!pass_digits(&c, DECIMAL))
        return strcmp(c, "inf") == 0 || strcmp(c, "nan") == 0;
    if ((*from == '0' && c > from + 1) || (pass_one(&c, ".") && !pass_digits(&c, DECIMAL)))
        return false;
    if (!pass_one(&c, "eE"))
        return !*c;
    pass_one(&c, "+-");
    return pass_digits(&c, DECIMAL) && !*c;
}

static bool is_time(const char *word)
{
    const char *c = word, *alone = word;
    if (pass_clock(&alone))
        return !*alone;
    if (!pass_date(&c) || (*c && (!pass_one(&c, "Tt ") || !pass_clock(&c))))
        return false;
    if (c > word + 10 && pass_one(&c, "+-"))
        return pass_two(&c, 0, 23) && pass_one(&c, ":") && pass_two(&c, 0, 59) && !*c;
    if (c > word + 10)
        pass_one(&c, "Zz");
    return !*c;
}

/* A number, a boolean or a time; of a date and a time that have a blank between them, both. */
rfm_status rfm_toml_word(rfm_toml *reader, rfm_text *text, rfm_error *err)
{
    const rfm_toml before = *reader;
    const char *from = reader->at;
    for (bool blank = false; reader->at < reader->end; reader->at++) {
        const bool date_ends = reader->at - from == 10 && from[4] == '-' && rfm_toml_is_next(reader, " ") && !blank;
        if (date_ends && reader->at + 1 < reader->end && strchr(DECIMAL, reader->at[1]))
            blank = true;
        else if (!is_bare(*reader->at) && !strchr("+.:", *reader->at))
            break;
    }
    rfm_text_add(text, from, (size_t)(reader->at - from));
    if (reader->at == from)
        return rfm_toml_fail(reader, err, "a value is missing");
    if (rfm_text_check(text, err) == RFM_OK && strcmp(text->bytes, "true") != 0 && strcmp(text->bytes, "false") != 0 &&
        !is_number(text->bytes) && !is_time(text->bytes))
        return rfm_toml_fail(&before, err, "neither a number, a boolean nor a time; a text stands in quotes");
    return err->status;
}

/* ---- open ------------------------------------------------------------------------------------------------------- */

rfm_status rfm_toml_open(rfm_toml *reader, const char *text, size_t length, const char *source, rfm_error *err)
{
    const rfm_toml start = {.at = text, .end = text + length, .line_start = text, .source = source, .line = 1};
    *reader = start;
    if (check_bytes(reader, err) == RFM_OK)
        *reader = start;
    return err->status;
}
