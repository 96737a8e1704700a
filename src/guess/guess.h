/* Private to guess: what is found on the way from bytes to a job.
 *
 *   bytes -> dialect -> rows -> columns (what their cells have in common) -> roles -> findings -> job file, table
 */
#ifndef RFMPI_GUESS_GUESS_H
#define RFMPI_GUESS_GUESS_H

#include "rfmpi/guess.h"

enum { LOOK_ROWS = 20000, TRY_ROWS = 300, LOOK_BYTES = 64 << 10 };

/* ---- a cell ----------------------------------------------------------------------------------------------------- */

/* A number as people write it: "1 234,50 EUR". */
typedef struct written_number {
    bool is_number;
    bool is_integer, is_negative, is_zero;
    bool has_comma, has_point, comma_in_threes; /* in threes: each comma stands before three digits */
    bool ends_in_comma;                         /* the last mark is one */
    int digits;                                 /* behind the last mark */
} written_number;

written_number read_number(const char *text);

/* How times are written that rfmpi does not read. */
typedef enum foreign_kind {
    FOREIGN_NONE,
    FOREIGN_PARTS, /* 31/12/2019, 12-31-19, 2019/12/31 */
    FOREIGN_MONTH, /* 31 Dec 2019, Dec 31, 2019 */
    FOREIGN_DIGITS /* 20191231235959 */
} foreign_kind;

typedef struct foreign_time {
    foreign_kind kind;
    char separator;           /* of PARTS and MONTH */
    bool year_first;          /* of PARTS */
    bool month_first;         /* of MONTH */
    int year_digits, n_clock; /* 2 or 4; 0, or 2 for hh:mm, 3 for hh:mm:ss */
    bool half_days;           /* AM, PM */
    int first, second;        /* of PARTS: the two that are no year */
} foreign_time;

foreign_time read_foreign_time(const char *text);

/* ---- a column --------------------------------------------------------------------------------------------------- */

/* Cells that look like a time as rfmpi reads it, by kind; counts and dates of digits only within years that events
 * are from. */
typedef enum time_kind {
    TIME_ISO,
    TIME_ISO_ZONE,
    TIME_ISO_DATE,
    TIME_DIGITS,
    TIME_S,
    TIME_MS,
    TIME_US,
    N_TIMES
} time_kind;

/* How numbers may be written: the first that reads nearly all of them is it. */
enum { N_NOTATIONS = 8 };
extern const rfm_notation NOTATIONS[N_NOTATIONS];

/* Cells that are times with the day first, or with the month first. */
typedef enum time_order { DAY_FIRST, MONTH_FIRST, N_ORDERS } time_order;

typedef struct rfm_guess_column {
    const char *name; /* borrowed of the look */
    const char *null; /* the word that stands for nothing in some cells, such as NULL; else NULL */
    bool twice;       /* another has that name */
    bool legible;     /* name and cells are UTF-8 */
    size_t n, n_filled, n_null;
    size_t n_distinct, n_runs; /* of filled cells: different texts; cells unlike the one before */
    size_t longest, n_blank;   /* bytes; cells with blanks inside */
    size_t n_purchase;         /* cells that name one */
    size_t n_mail;             /* cells that are an address of e-mail */
    size_t n_number, n_integer, n_id, n_id_comma, n_negative, n_zero, n_leading_zero;
    size_t n_read[N_NOTATIONS];              /* numbers that each notation reads */
    size_t n_point, n_comma, n_comma_threes; /* cells with a point, with a comma, with commas before three digits */
    int digits[2];                           /* most of them behind a point, behind a comma */
    size_t n_times[N_TIMES];
    size_t n_ordered[N_ORDERS], n_ordered_dates,
        n_ordered_clocks; /* of either order: days, and clocks without a zone */
    size_t n_foreign;     /* of the shape of the first of them */
    foreign_time foreign;
    int most_first, most_second;
} rfm_guess_column;

size_t count_times(const rfm_guess_column *c); /* that rfmpi reads */

/* At least nine tenths of the filled cells. */
bool is_mostly(const rfm_guess_column *c, size_t n);

/* The first cell that is not empty; "" where all are. Borrowed. */
const char *example_of(const rfm_guess *guess, const rfm_guess_column *c);

/* Local. From the rows of the look, but the first `skip`. */
rfm_status read_column(const rfm_look *look, size_t skip, size_t index, rfm_guess_column *c, rfm_error *err);

/* ---- roles ------------------------------------------------------------------------------------------------------ */

typedef enum rfm_role {
    CUSTOMER,
    TIME,
    EVENT,
    AMOUNT,
    QUANTITY,
    PRICE,
    SESSION,
    ORDER,
    PRODUCT,
    CATEGORY,
    N_ROLES
} rfm_role;

/* What a column's name says: 0 nothing, 100 this role and no other. */
int name_says(const char *name, rfm_role role);

typedef enum rfm_certainty { UNSURE, LIKELY, SURE } rfm_certainty;

/* Who plays a role, and who nearly did. -1: nobody. */
typedef struct rfm_part {
    int column, rival;
    rfm_certainty certainty;
    int score, by_name;
} rfm_part;

/* ---- findings --------------------------------------------------------------------------------------------------- */

/* One line of the job, or of what is told about it. */
typedef struct finding {
    const char *what; /* "customer", "delimiter", ... */
    rfm_text value;   /* YAML; "" where nothing was found */
    rfm_text why;
    rfm_certainty certainty;
} finding;

/* A keep rule. */
typedef struct keep {
    rfm_text rule; /* "column: Quantity, above: 0" */
    rfm_text why;
    bool holds; /* stands in the job; else only as a suggestion */
} keep;

enum { MOST_FINDINGS = 24, MOST_KEEPS = 8, MOST_CHECKS = 12, MOST_VALUES = 12 };

/* A text and how many cells have it. */
typedef struct value_count {
    const char *text;
    size_t n;
} value_count;

struct rfm_guess {
    char **paths; /* [n_paths] */
    size_t n_paths;
    char *name;
    rfm_files files;
    size_t file; /* that was looked into */
    rfm_dialect dialect;
    bool header, tabs_by_name;
    rfm_look look;
    size_t skip;               /* rows of the look that are names: 1 of a text with a header */
    rfm_guess_column *columns; /* [look.n_columns] */
    rfm_part parts[N_ROLES];
    bool has_product; /* amount is quantity times price */
    int notation;     /* of the job's numbers, of NOTATIONS; -1: none reads them */
    bool notation_is_sure;
    rfm_time_format time_format; /* of the job's times: DAY_FIRST or MONTH_FIRST; else AUTO */
    bool order_is_sure;
    finding findings[MOST_FINDINGS];
    size_t n_findings;
    keep keeps[MOST_KEEPS];
    size_t n_keeps;
    rfm_text checks[MOST_CHECKS]; /* what people should look at */
    size_t n_checks;
    value_count values[MOST_VALUES]; /* of the event column, the most frequent first */
    size_t n_values;
    const char *purchase; /* the event that is a purchase; NULL: every row */
};

/* encoding.c. Local. RFM_DATA for bytes that are no text of rows we read: another encoding, JSON, a spreadsheet, ... */
rfm_status check_encoding(const char *path, const rfm_text *bytes, rfm_text *remedy, rfm_error *err);

/* dialect.c. Local. Separator, quote, escape, and the rows of the file read with them. */
rfm_status guess_dialect(rfm_guess *guess, rfm_error *err);

/* header.c. Local. */
void guess_header(rfm_guess *guess);

/* roles.c. Local. */
void guess_roles(rfm_guess *guess);

/* writing.c. Local: how numbers and times are written. */
void guess_writing(rfm_guess *guess);

/* writing.c. The columns of the job that are read as numbers: how many they are. */
size_t number_columns(const rfm_guess *guess, const rfm_guess_column *columns[2]);

/* writing.c. Does the notation read all numbers of a column, but for a few, which would be rejected rows? */
bool is_read_as(const rfm_guess_column *c, int notation);

/* events.c. Whether an event of this name is a purchase. */
bool is_purchase(const char *text);

/* events.c. Local: the values of the event column, and which of them is a purchase. */
rfm_status guess_events(rfm_guess *guess, rfm_error *err);

/* find.c. Local: the findings, from all that is known by then. */
void find_all(rfm_guess *guess);

/* writing.c. Local: the findings about it. */
void find_time_order(rfm_guess *guess);
void find_notation(rfm_guess *guess);

/* keeps.c. Local: rules, and what is wrong with rows and texts. */
void find_keeps(rfm_guess *guess);
void find_left_out(rfm_guess *guess);
void find_illegible(rfm_guess *guess);

/* remedy.c. Local: what rfmpi would not read; RFM_DATA names the column, *remedy writes the file anew. */
rfm_status check_readable(const rfm_guess *guess, rfm_text *remedy, rfm_error *err);

/* ---- helpers of several ----------------------------------------------------------------------------------------- */

const rfm_guess_column *column_of(const rfm_guess *guess, rfm_role role); /* NULL: nobody */
finding *add_finding(rfm_guess *guess, const char *what, rfm_certainty certainty);
void add_check(rfm_guess *guess, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *certainty_name(rfm_certainty certainty); /* "sure", ... */

/* Any text as a YAML scalar on one line. */
void add_yaml(rfm_text *yaml, const char *text);

/* Any text for people, on one line: controls as blanks, what is not UTF-8 as question marks. */
void add_on_a_line(rfm_text *text, const char *string);

/* The same, and not too long. */
void add_shown(rfm_text *text, const char *cell);

/* 20,000 */
void add_count(rfm_text *text, size_t n);

#endif
