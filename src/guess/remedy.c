/* remedy: what rfmpi does not read as it is written: times of other shapes, amounts with currencies, names in another
 * encoding. The remedy is a few lines for a shell with Python, which write the file anew.
 */
#include <string.h>

#include "guess.h"

enum { MOST_REWRITTEN = 1000 }; /* files on a command line */

typedef struct trouble {
    const rfm_guess_column *time;       /* NULL: none */
    const rfm_guess_column *numbers[2]; /* [n_numbers] */
    size_t n_numbers;
    bool encoding;
} trouble;

static trouble find_trouble(const rfm_guess *guess)
{
    trouble t = {0};
    const rfm_guess_column *time = column_of(guess, TIME), *numbers[2];
    if (time && guess->time_format == RFM_TIME_AUTO && !is_mostly(time, count_times(time)))
        t.time = time;
    const size_t n = guess->notation < 0 ? number_columns(guess, numbers) : 0;
    for (size_t i = 0; i < n; i++)
        if (!is_read_as(numbers[i], 0))
            t.numbers[t.n_numbers++] = numbers[i];
    for (int r = 0; r < N_ROLES; r++) {
        const rfm_guess_column *c = column_of(guess, (rfm_role)r);
        t.encoding |= c && !rfm_utf8_is(c->name, strlen(c->name));
    }
    return t;
}

/* ---- how it is written ------------------------------------------------------------------------------------------- */

static bool is_day_first(const rfm_guess *guess, const rfm_guess_column *c)
{
    if (c->most_first > 12 || c->most_second > 12)
        return c->most_first > 12;
    return !c->foreign.half_days && (c->foreign.separator != '/' || guess->dialect.delimiter != ',');
}

static bool is_order_known(const rfm_guess_column *c)
{
    return c->foreign.kind != FOREIGN_PARTS || c->foreign.year_first || c->most_first > 12 || c->most_second > 12;
}

/* For Python's strptime. */
static void add_pattern(const rfm_guess *guess, const rfm_guess_column *c, rfm_text *pattern)
{
    const foreign_time *time = &c->foreign;
    const char *year = time->year_digits == 2 ? "%y" : "%Y";
    const char s = time->separator;
    const char *clock = time->half_days      ? (time->n_clock == 3 ? " %I:%M:%S %p" : " %I:%M %p")
                        : time->n_clock == 3 ? " %H:%M:%S"
                        : time->n_clock == 2 ? " %H:%M"
                                             : "";
    if (time->kind == FOREIGN_DIGITS)
        rfm_text_adds(pattern, "%Y%m%d%H%M%S");
    else if (time->kind == FOREIGN_MONTH && time->month_first)
        rfm_text_addf(pattern, "%%b%c%%d, %s%s", s, year, clock);
    else if (time->kind == FOREIGN_MONTH)
        rfm_text_addf(pattern, "%%d%c%%b%c%s%s", s, s, year, clock);
    else if (time->year_first)
        rfm_text_addf(pattern, "%%Y%c%%m%c%%d%s", s, s, clock);
    else
        rfm_text_addf(pattern, is_day_first(guess, c) ? "%%d%c%%m%c%s%s" : "%%m%c%%d%c%s%s", s, s, year, clock);
}

/* Which of point and comma stands before the fraction. */
static char decimal_mark(const rfm_guess_column *c)
{
    return c->n_comma > 0 && c->n_comma_threes < c->n_comma ? ',' : '.';
}

/* ---- the lines --------------------------------------------------------------------------------------------------- */

static const char HEAD[] = "import csv, datetime, gzip, sys\n";
/* All files of the job become one, with the first one's header. What is torn or no time stays as it is: the run rejects
 * it, and says so. Bytes that are none of the encoding stay, too. */
static const char BODY[] =
    "def fields(name):\n"
    "    source = gzip.open if name.endswith(\".gz\") else open\n"
    "    with source(name, \"rt\", encoding=ENCODING, errors=\"surrogateescape\", newline=\"\") as rows:\n"
    "        yield from enumerate(csv.reader(rows, delimiter=DELIMITER))\n"
    "def time(text, form):\n"
    "    try:\n"
    "        time = datetime.datetime.strptime(text.strip(), form)\n"
    "    except ValueError:\n"
    "        return text\n"
    "    return time.isoformat(\" \") if \"%H\" in form or \"%I\" in form else time.date().isoformat()\n"
    "def number(text, mark):\n"
    "    digits = \"\".join(c for c in text if c.isdigit() or c in \"-\" + mark)\n"
    "    return (\"-\" if \"(\" in text else \"\") + digits.replace(\",\", \".\")\n"
    "with open(sys.argv[1], \"w\", encoding=\"utf-8\", errors=\"surrogateescape\", newline=\"\") as out:\n"
    "    write = csv.writer(out, lineterminator=\"\\n\").writerow\n"
    "    for file, name in enumerate(sys.argv[2:]):\n"
    "        for n, row in fields(name):\n"
    "            for i in range(len(row) if n >= HEADER else 0):\n"
    "                row[i] = time(row[i], TIMES[i]) if i in TIMES else number(row[i], NUMBERS[i]) if i in NUMBERS "
    "else "
    "row[i]\n"
    "            if row and (file == 0 or n >= HEADER):\n"
    "                write(row)\n";

static void add_maps(const rfm_guess *guess, const trouble *t, rfm_text *script)
{
    rfm_text_adds(script, "TIMES = {");
    if (t->time) {
        rfm_text_addf(script, "%td: \"", t->time - guess->columns);
        add_pattern(guess, t->time, script);
        rfm_text_adds(script, "\"");
    }
    rfm_text_adds(script, "}  # column, from 0: how its times are written\nNUMBERS = {");
    for (size_t i = 0; i < t->n_numbers; i++)
        rfm_text_addf(script, "%s%td: \"%c\"", i > 0 ? ", " : "", t->numbers[i] - guess->columns,
                      decimal_mark(t->numbers[i]));
    rfm_text_adds(script, "}  # column, from 0: what stands before its decimals\n");
}

static void add_new_name(const rfm_guess *guess, rfm_text *name)
{
    rfm_text plain = {0};
    rfm_text_addf(&plain, "%s-plain.csv", guess->name);
    if (!plain.failed)
        rfm_text_add_word(name, plain.bytes);
    rfm_text_free(&plain);
}

static void add_script(const rfm_guess *guess, const trouble *t, const char *name, rfm_text *script)
{
    const char delimiter[2] = {guess->dialect.delimiter, '\0'};
    rfm_text_addf(script, "python3 - %s", name);
    for (size_t i = 0; i < guess->files.n; i++) {
        rfm_text_adds(script, " ");
        rfm_text_add_word(script, guess->files.files[i].path);
    }
    rfm_text_addf(script, " <<'END'\n%s", HEAD);
    add_maps(guess, t, script);
    rfm_text_addf(script, "DELIMITER, HEADER, ENCODING = \"%s\", %d, \"%s\"\n",
                  delimiter[0] == '\t' ? "\\t" : delimiter, guess->header, t->encoding ? "cp1252" : "utf-8-sig");
    rfm_text_adds(script, BODY);
    rfm_text_addf(script, "END\nrfmpi init %s\n", name);
}

/* Texts that a script can read: rows of fields, not compressed with zstd. */
static bool can_rewrite(const rfm_guess *guess)
{
    bool texts = true;
    for (size_t i = 0; i < guess->files.n; i++)
        texts &= guess->files.files[i].format == RFM_FORMAT_TEXT || guess->files.files[i].format == RFM_FORMAT_GZIP;
    return texts && guess->files.n <= MOST_REWRITTEN && guess->dialect.delimiter != ' ' && guess->dialect.quote == '"';
}

static void add_trouble(const rfm_guess *guess, const trouble *t, rfm_text *what)
{
    if (t->time) {
        rfm_text_adds(what, "column ");
        add_shown(what, t->time->name);
        rfm_text_adds(what, " has times like '");
        add_shown(what, example_of(guess, t->time));
        rfm_text_adds(what, is_order_known(t->time)        ? "'"
                            : is_day_first(guess, t->time) ? "' (the day first, it seems)"
                                                           : "' (the month first, it seems)");
    }
    for (size_t i = 0; i < t->n_numbers; i++) {
        rfm_text_adds(what, what->length > 0 ? "; column " : "column ");
        add_shown(what, t->numbers[i]->name);
        rfm_text_adds(what, " has numbers like '");
        add_shown(what, example_of(guess, t->numbers[i]));
        rfm_text_adds(what, "'");
    }
    if (t->encoding)
        rfm_text_adds(what,
                      what->length > 0 ? "; names of columns are not in UTF-8" : "names of columns are not in UTF-8");
}

rfm_status check_readable(const rfm_guess *guess, rfm_text *remedy, rfm_error *err)
{
    const trouble t = find_trouble(guess);
    const char *path = guess->files.files[guess->file].path;
    rfm_text what = {0}, name = {0};
    if (!t.time && t.n_numbers == 0 && !t.encoding)
        return RFM_OK;
    add_trouble(guess, &t, &what);
    add_new_name(guess, &name);
    if (rfm_text_check(&what, err) == RFM_OK && rfm_text_check(&name, err) == RFM_OK) {
        if (can_rewrite(guess)) {
            add_script(guess, &t, name.bytes, remedy);
            rfm_fail(err, RFM_DATA, "%s: %s, which rfmpi does not read: the lines above write %s%s, which it does",
                     path, what.bytes, guess->files.n > 1 ? "all files into " : "", name.bytes);
        } else {
            rfm_fail(err, RFM_DATA,
                     "%s: %s, which rfmpi does not read: export it anew, with times like 2019-12-31 23:59:59 and "
                     "numbers like "
                     "-1234.56",
                     path, what.bytes);
        }
    }
    rfm_text_free(&what);
    rfm_text_free(&name);
    return err->status;
}
