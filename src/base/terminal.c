/* terminal: whether what is written is looked at by somebody, in how many columns, and how many of them a text takes.
 */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "rfmpi/base.h"

enum { USUAL_COLUMNS = 80, LEAST_COLUMNS = 40 };

/* ---- texts ------------------------------------------------------------------------------------------------------- */

/* One letter at *at, which it moves behind, and its columns; of what is none, a byte and one column, and *legible is
 * false. */
static int next_letter(const char **at, const char *end, bool *legible)
{
    wchar_t letter;
    mbstate_t state = {0};
    const size_t n = mbrtowc(&letter, *at, (size_t)(end - *at), &state);
    const bool whole = n != 0 && n <= (size_t)(end - *at);
    const int columns = whole ? wcwidth(letter) : -1;
    *legible = columns >= 0;
    *at += whole ? n : 1;
    return columns >= 0 ? columns : 1;
}

/* Letters are UTF-8 whatever the environment says: files are the same everywhere. */
static locale_t enter_utf8(locale_t *before)
{
    const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    *before = utf8 ? uselocale(utf8) : (locale_t)0;
    return utf8;
}

static void leave_utf8(locale_t utf8, locale_t before)
{
    if (!utf8)
        return;
    uselocale(before);
    freelocale(utf8);
}

int rfm_text_columns(const char *text, size_t length)
{
    int columns = 0;
    bool legible;
    locale_t before, utf8 = enter_utf8(&before);
    for (const char *at = text; at < text + length;)
        columns += next_letter(&at, text + length, &legible);
    leave_utf8(utf8, before);
    return columns;
}

/* Letters while they fit into `columns`; returns how many columns they took. */
static int add_letters(rfm_text *text, const char *string, int columns, bool *all)
{
    int taken = 0;
    const char *end = string + strlen(string);
    for (const char *at = string; at < end;) {
        const char *begin = at;
        bool legible;
        const int width = next_letter(&at, end, &legible);
        *all = taken + width <= columns;
        if (!*all)
            break;
        rfm_text_add(text, legible ? begin : "?", legible ? (size_t)(at - begin) : 1);
        taken += width;
    }
    return taken;
}

void rfm_text_fit(rfm_text *text, const char *string, int columns)
{
    bool all = true;
    const bool fits = rfm_text_columns(string, strlen(string)) <= columns;
    locale_t before, utf8 = enter_utf8(&before);
    const int taken = add_letters(text, string, fits ? columns : columns - 1, &all);
    leave_utf8(utf8, before);
    if (!fits && columns > 0)
        rfm_text_adds(text, "~");
    rfm_text_addf(text, "%*s", columns - taken - !fits > 0 ? columns - taken - !fits : 0, "");
}

void rfm_text_wrap(rfm_text *text, const char *string, int indent, int columns)
{
    int at = indent;
    for (const char *word = string; *word;) {
        const size_t length = strcspn(word, " ");
        const int width = rfm_text_columns(word, length);
        if (at > indent && at + 1 + width > columns) {
            rfm_text_addf(text, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            rfm_text_adds(text, " ");
            at++;
        }
        rfm_text_add(text, word, length);
        at += width;
        word += length + strspn(word + length, " ");
    }
    rfm_text_adds(text, "\n");
}

/* ---- the terminal ------------------------------------------------------------------------------------------------ */

/* Open MPI's mpirun gives every rank a terminal of its own for standard output, and a pipe for standard error, whatever
 * its own are: what it passes on goes where its own go. Nothing is opened but what may be a terminal. */
static int open_shown(int fd)
{
    char path[64], target[64];
    if (!getenv("OMPI_COMM_WORLD_SIZE"))
        return dup(fd);
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)getppid(), fd);
    const ssize_t n = readlink(path, target, sizeof target);
    if (n < 5 || memcmp(target, "/dev/", 5) != 0)
        return -1;
    return open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

static bool speaks_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
    }
    return false;
}

rfm_terminal rfm_terminal_of(int fd)
{
    struct winsize window = {0};
    rfm_terminal terminal = {.columns = USUAL_COLUMNS};
    const char *kind = getenv("TERM"), *no_color = getenv("NO_COLOR");
    const int shown = open_shown(fd);
    terminal.is_there = shown >= 0 && isatty(shown) && kind && strcmp(kind, "dumb") != 0;
    if (terminal.is_there && ioctl(shown, TIOCGWINSZ, &window) == 0 && window.ws_col >= LEAST_COLUMNS)
        terminal.columns = window.ws_col;
    terminal.styled = terminal.is_there && !(no_color && *no_color);
    terminal.utf8 = terminal.is_there && speaks_utf8();
    if (shown >= 0)
        close(shown);
    return terminal;
}
