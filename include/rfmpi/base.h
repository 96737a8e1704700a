/* base: errors, log, memory, clock, text, hash, random numbers, mathematics, decimals, time.
 *
 * What every other module stands on. Knows nothing of MPI, files of ours, customers or clusters. Every function is
 * Local.
 */
#ifndef RFMPI_BASE_H
#define RFMPI_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef __int128 rfm_i128;
__extension__ typedef unsigned __int128 rfm_u128;

/* ---- error: a failure is a value until main --------------------------------------------------------------------- */

/* The exit codes of the program (sysexits.h has the numbers). */
typedef enum rfm_status {
    RFM_OK = 0,
    RFM_USAGE = 64,       /* usage or configuration */
    RFM_DATA = 65,        /* input, and more rejected rows than allowed */
    RFM_UNAVAILABLE = 69, /* the warehouse refused */
    RFM_INTERNAL = 70,    /* a broken invariant: ours to mend */
    RFM_NO_MEMORY = 71,
    RFM_IO = 74,      /* file system; a full disk too */
    RFM_STOPPED = 75, /* stopped on request with a checkpoint, or the network is away: run it again */
    RFM_DENIED = 77   /* no permission or bad credentials */
} rfm_status;

/* Zero-initialised means: no failure. The first failure wins; later ones are ignored. */
typedef struct rfm_error {
    rfm_status status;
    int rank;     /* where it happened; set by rfm_comm_agree */
    int n_failed; /* how many ranks failed; set by rfm_comm_agree */
    char message[1000];
} rfm_error;

/* Record a failure; returns the status err then holds (the first one). The text says what to do, without a full stop.
 */
rfm_status rfm_fail(rfm_error *err, rfm_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with ": strerror(number)" behind it; the status follows the number (ENOMEM 71, EACCES and EPERM 77, ENOENT
 * of an input 65 is the caller's to say, else RFM_IO). */
rfm_status rfm_fail_errno(rfm_error *err, int number, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Prepend "context: " to a recorded failure; does nothing when there is none. Returns err->status. */
rfm_status rfm_error_context(rfm_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A broken invariant: one line on stderr, then the end of this process and, where comm has said how, of all ranks; exit
 * code RFM_INTERNAL. */
#define rfm_assert(condition) ((condition) ? (void)0 : rfm_broken(#condition, __FILE__, __LINE__))
_Noreturn void rfm_broken(const char *condition, const char *file, int line);

/* How all ranks are ended (for comm; NULL: this process only). It need not return. */
void rfm_broken_ends(void (*end_all)(void));

/* ---- log: what is said, to people on stderr and to whoever reads along -------------------------------------------- */

/* What a line is worth. docs/operators.md says the same to those who read them. */
typedef enum rfm_log_level {
    RFM_LOG_ERROR, /* it ends here, and this is why: one line, of main's */
    RFM_LOG_WARN,  /* it goes on, and the result holds, but something is not as it should be, or not as was asked for:
                      somebody should look */
    RFM_LOG_INFO,  /* what is done and what was found: a few lines a stage, and how far it is */
    RFM_LOG_DEBUG  /* how it is done: for who looks for a cause; as many lines as iterations and requests */
} rfm_log_level;

const char *rfm_log_level_name(rfm_log_level level); /* "error", "warn", "info", "debug" */

/* Until this is called only errors are printed. speaks: true on rank 0 only. With the meter below, the one process-wide
 * state of the program. */
void rfm_log_open(rfm_log_level level, bool speaks);
void rfm_log(rfm_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

typedef struct rfm_log_line {
    int64_t at_us; /* UTC since 1970 */
    rfm_log_level level;
    const char *text; /* without a line end */
} rfm_log_line;

/* Somebody else takes the lines too: those up to INFO, whatever is shown, and DEBUG where that is shown; first what was
 * said before, which is kept (16 KiB of it) until somebody came. take may log: such lines are shown only. NULL: nobody
 * does any more. */
void rfm_log_tee(void (*take)(void *context, const rfm_log_line *line), void *context);

/* Inside somebody else's program: what is logged by the calling thread goes to the sink and nowhere else, and there is
 * no meter. Borrowed until another is given; NULL: none. Returns the one that was there before. */
typedef struct rfm_log_sink {
    rfm_log_level level;                                                /* up to which lines are of interest */
    void (*take)(void *context, rfm_log_level level, const char *text); /* NULL: nobody wants them */
    void *context;
} rfm_log_sink;
const rfm_log_sink *rfm_log_divert(const rfm_log_sink *sink);

/* ---- meter: how far a long piece of work is ---------------------------------------------------------------------- */

typedef enum rfm_meter_style {
    RFM_METER_AUTO,     /* TERMINAL where stderr is one, else LINES */
    RFM_METER_TERMINAL, /* one line that is rewritten; whatever is logged takes its place */
    RFM_METER_LINES,    /* a line of level INFO from time to time */
    RFM_METER_NONE
} rfm_meter_style;

/* every_s: from one line to the next; with TERMINAL, of those that only a reader of the log gets. AUTO and 60 unless it
 * is called. Nothing is shown where INFO is not, and on ranks that do not speak. */
void rfm_meter_setup(rfm_meter_style style, double every_s);

/* A piece of work begins; the one before it is over. what, unit: outlive it. total, in units: 0 where nobody knows, and
 * then no share and no time left are told. done: what of it was there already. */
void rfm_meter_open(const char *what, const char *unit, double total, double done);

/* So much is done. For every block of work: costs no more than a look at the clock. format: what else there is to say;
 * NULL: nothing. */
void rfm_meter_show(double done, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rfm_meter_close(void); /* without one under way: nothing */

/* ---- alloc ------------------------------------------------------------------------------------------------------ */

/* n * size zeroed bytes, at least one; NULL and RFM_NO_MEMORY in err when they are not to be had or the product
 * overflows. */
void *rfm_alloc(size_t n, size_t size, rfm_error *err);

/* Grow *array so that it holds at least `need` elements (at least doubling; *capacity is updated). On failure the array
 * stays as it was. array is the address of a pointer: rfm_reserve(&list, &capacity, ...). New elements are not zeroed.
 */
rfm_status rfm_reserve(void *array, size_t *capacity, size_t need, size_t element_size, rfm_error *err);

/* A copy the caller frees; NULL with RFM_NO_MEMORY. */
char *rfm_copy_string(const char *text, rfm_error *err);

/* ---- vector instruction sets ------------------------------------------------------------------------------------ */

/* One that a module was built for. */
typedef struct rfm_vector_level {
    const char *name; /* portable, avx2, avx512 */
    bool is_there;    /* this machine has it */
} rfm_vector_level;

/* Which of n, the slowest first, serves: the last that is there, or the one that RFMPI_VECTOR names. RFM_USAGE when it
 * names none of them, or one that is not there. */
rfm_status rfm_vector_choose(const rfm_vector_level *levels, size_t n, size_t *chosen, rfm_error *err);

/* ---- together --------------------------------------------------------------------------------------------------- */

/* As open(2), with mode 0600, for a file in which other nodes write as well. The client of NFS writes a page whole of
 * which a part has changed, and so puts what it takes for the rest over what another node has written there; it does
 * not where each write waits for the server (O_DSYNC). */
int rfm_open_together(const char *path, int flags);

/* ---- clock ------------------------------------------------------------------------------------------------------ */

double rfm_clock_s(void);           /* monotonic seconds */
int64_t rfm_clock_wall_us(void);    /* UTC microseconds since 1970 */
double rfm_clock_processor_s(void); /* what all threads of this process have used, system calls included */
size_t rfm_peak_memory_bytes(void); /* largest resident size of this process so far */

/* ---- text: a growing string ------------------------------------------------------------------------------------- */

/* Zero-initialised is empty. Memory failures are kept in `failed` and shown by rfm_text_check, so that appends chain.
 */
typedef struct rfm_text {
    char *bytes; /* always NUL terminated once anything was added; owned */
    size_t length, capacity;
    bool failed;
} rfm_text;

void rfm_text_add(rfm_text *text, const void *bytes, size_t length);
void rfm_text_adds(rfm_text *text, const char *string);
void rfm_text_add_word(rfm_text *text, const char *word); /* as a shell reads it: in quotes where it must be */
void rfm_text_addf(rfm_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For what writes itself: where up to `length` bytes may stand, NULL when there is no memory; then where they end. */
char *rfm_text_room(rfm_text *text, size_t length);
void rfm_text_end(rfm_text *text, char *end);

rfm_status rfm_text_check(const rfm_text *text, rfm_error *err);
void rfm_text_free(rfm_text *text);

/* Bytes of the character that begins at `at`, of `left` that are there, one at least; 0 for what is no UTF-8 (RFC 3629,
 * section 4). */
size_t rfm_utf8_bytes(const char *at, size_t left);
bool rfm_utf8_is(const char *text, size_t length);

/* The character at *at in a string, which is not at its end; moves behind it. U+FFFD for a byte that begins none. */
uint32_t rfm_utf8_next(const char **at);
void rfm_text_add_character(rfm_text *text, uint32_t character);

/* ---- terminal: what people see ------------------------------------------------------------------------------------ */

/* Columns that a text in UTF-8 takes on a terminal. */
int rfm_text_columns(const char *text, size_t length);

/* Append a text in exactly so many columns: with blanks behind it, or cut, with a ~ for what is missing. Controls, and
 * bytes that are no UTF-8, are question marks. */
void rfm_text_fit(rfm_text *text, const char *string, int columns);

/* Append words in lines of at most so many columns; all but the first line begin with `indent` blanks, where the first
 * one stands already. Ends the last line. */
void rfm_text_wrap(rfm_text *text, const char *string, int indent, int columns);

/* What stands behind a file of ours (1: standard output, 2: standard error); under mpirun, behind its own. */
typedef struct rfm_terminal {
    bool is_there; /* somebody may be looking, and what is written can be written over: no pipe, and TERM is not dumb */
    bool styled;   /* and likes it bold and coloured: NO_COLOR is not set */
    bool utf8;     /* and has more letters than ASCII */
    int columns;   /* 80 where nobody says */
} rfm_terminal;

rfm_terminal rfm_terminal_of(int fd);

/* ---- cpus: the processors of this machine ------------------------------------------------------------------------- */

enum { RFM_CPUS_MOST = 4096 };

typedef struct rfm_cpus {
    uint64_t bits[RFM_CPUS_MOST / 64];
} rfm_cpus;

/* Those that the calling thread may run on; none where the system does not say, or has more than RFM_CPUS_MOST. */
void rfm_cpus_allowed(rfm_cpus *cpus);
int rfm_cpus_online(void); /* of the machine */
int rfm_cpus_count(const rfm_cpus *cpus);
void rfm_cpus_join(rfm_cpus *cpus, const rfm_cpus *others);
void rfm_cpus_list(const rfm_cpus *cpus, rfm_text *list); /* "0-3,8" */

/* What the first of them calls itself; "" where the system does not say. Returns the length. */
size_t rfm_cpus_model(char *buffer, size_t size);

/* ---- hash ------------------------------------------------------------------------------------------------------- */

typedef struct rfm_hash128 {
    uint64_t low, high;
} rfm_hash128;

/* XXH3, the same on every machine. The hash of an integer id is that of its eight little-endian bytes. */
uint64_t rfm_hash64(const void *bytes, size_t length);
rfm_hash128 rfm_hash128_of(const void *bytes, size_t length);
uint64_t rfm_hash64_integer(int64_t value);

/* The same of bytes that come in pieces. */
typedef struct rfm_hasher rfm_hasher;
rfm_status rfm_hasher_open(rfm_hasher **hasher, rfm_error *err);
void rfm_hasher_feed(rfm_hasher *hasher, const void *bytes, size_t length);
rfm_hash128 rfm_hasher_close(rfm_hasher *hasher);                            /* also frees; NULL gives zeros */
void rfm_hash64_integers(const int64_t *values, size_t n, uint64_t *hashes); /* of each */

/* ---- random: counter based, keyed by what is decided, never by row or rank -------------------------------------- */

typedef enum rfm_random_use {
    RFM_RANDOM_FIRST = 1,  /* first centre of a seeding */
    RFM_RANDOM_NEXT,       /* next centre of k-means++ */
    RFM_RANDOM_OVERSAMPLE, /* k-means|| rounds */
    RFM_RANDOM_CANDIDATE,  /* k-means++ over the candidates of k-means|| */
    RFM_RANDOM_ROWS,       /* plain random rows */
    RFM_RANDOM_GENERATE,   /* rfmpi generate */
    RFM_RANDOM_SPLIT,      /* local search: the sample, and the rows that clusters are split at */
    RFM_RANDOM_PROFILE,    /* the sample that tenths are taken from */
    RFM_RANDOM_SILHOUETTE, /* the sample that the silhouette is taken from */
    RFM_RANDOM_PORTRAIT    /* the samples that the report draws */
} rfm_random_use;

typedef struct rfm_purpose {
    rfm_random_use use;
    uint32_t k, restart, round, trial;
} rfm_purpose;

/* 64 random bits; a pure function of its arguments (Philox4x32-10: Salmon et al., SC 2011). `stream` is a purpose made
 * ready by rfm_random_stream, `key` the 64-bit hash of a customer id (or a row number, for a matrix without ids). */
uint64_t rfm_random_stream(uint64_t seed, rfm_purpose purpose);
uint64_t rfm_random_bits(uint64_t stream, uint64_t key);
double rfm_random_unit(uint64_t stream, uint64_t key); /* in (0, 1): never 0, never 1 */

/* ---- maths: what libm may not decide ---------------------------------------------------------------------------- */

/* Plain double arithmetic, the same bits on every machine; error below 1 ulp (tested against MPFR). Special values as
 * C99's. */
double rfm_ln(double x);
double rfm_log1p(double x);
double rfm_exp(double x);

/* Sums of doubles that do not depend on their order: each is rounded to a multiple of 2^exponent and summed in 128
 * bits. exponent is chosen from the global largest magnitude so that n terms of it cannot overflow and as many bits as
 * fit stay. */
int rfm_quantum_exponent(double largest);             /* largest >= 0, finite: 2^e so that |x| / 2^e < 2^62 */
rfm_i128 rfm_quantum_round(double x, int exponent);   /* nearest, ties to even */
double rfm_quantum_value(rfm_i128 sum, int exponent); /* correctly rounded */
double rfm_i128_to_double(rfm_i128 value);            /* correctly rounded, the same on every compiler */

/* ---- decimal: numbers in text, exactly -------------------------------------------------------------------------- */

typedef enum rfm_parse { RFM_PARSE_OK, RFM_PARSE_EMPTY, RFM_PARSE_BAD, RFM_PARSE_RANGE } rfm_parse;

/* How a number is written; zero-initialised as "1234.50". */
typedef enum rfm_thousands {
    RFM_THOUSANDS_NONE,
    RFM_THOUSANDS_POINT,
    RFM_THOUSANDS_COMMA,
    RFM_THOUSANDS_BLANK,     /* also no-break ones, narrow or not (U+00A0, U+202F, U+2009), and the byte A0 */
    RFM_THOUSANDS_APOSTROPHE /* ' or U+2019 */
} rfm_thousands;

typedef struct rfm_notation {
    bool comma; /* stands before the fraction, in the place of the point */
    rfm_thousands
        thousands; /* what may stand before each three digits of the whole; not what stands before the fraction */
} rfm_notation;

/* "[+-]digits[.digits][e[+-]digits]" times 10^decimals as an integer; ".5" and "5." are numbers too. More non-zero
 * digits than decimals, or a value beyond 64 bits: RANGE. Surrounding blanks are allowed; nothing else is. Does not
 * read beyond length. *value is set only where the answer is OK. */
rfm_parse rfm_decimal_parse(const char *text, size_t length, int decimals, int64_t *value);

/* The same of a number in another notation. With thousands "1 234 567" is a number, and so is "1234567"; "1 23", "0
 * 123" and "1 234567" are none. */
rfm_parse rfm_decimal_parse_as(rfm_notation notation, const char *text, size_t length, int decimals, int64_t *value);

/* An integer id: leading zeros, sign and ".0" (any number of zeros) normalised; other fractions and exponents BAD. */
rfm_parse rfm_integer_parse(const char *text, size_t length, int64_t *value);

/* The same where ",0" stands in the place of ".0"; ids have no thousands. */
rfm_parse rfm_integer_parse_as(rfm_notation notation, const char *text, size_t length, int64_t *value);

enum { RFM_NUMBER_BYTES = 32 };

/* The shortest decimal that reads back as x, of several the closest: "3", "0.1", "-12.5", "-0"; with an exponent
 * ("9.5e-07", "1e+17") below 1e-5 and from 1e17 on; "nan", "inf", "-inf". Returns the length; buffer holds
 * RFM_NUMBER_BYTES, NUL terminated. */
size_t rfm_number_format(double x, char buffer[RFM_NUMBER_BYTES]);

/* The same of a float: the shortest decimal that reads back as the float x, which the double x may need more digits
 * for ("0.1", not "0.10000000149011612"). */
size_t rfm_number_format_single(float x, char buffer[RFM_NUMBER_BYTES]);

/* Write the digits of value, at least `width`, with zeros in front; returns where they end. No NUL. */
char *rfm_put_digits(char *at, uint64_t value, int width);

/* ---- time: integer UTC microseconds since 1970-01-01 ------------------------------------------------------------ */

#define RFM_DAY_US INT64_C(86400000000)
#define RFM_TIME_FIRST_US INT64_C(-62135596800000000) /* 0001-01-01T00:00:00Z */
#define RFM_TIME_LAST_US INT64_C(253402300799999999)  /* 9999-12-31T23:59:59.999999Z */

typedef struct rfm_zone rfm_zone; /* a time zone: opaque, immutable, shared by threads */

/* An IANA name ("UTC", "Europe/Paris"); RFM_USAGE for an unknown one. Changes of the clock are known from 1900 to 2200;
 * the nearest offset holds before and after. Sets the variable TZ for a moment: call it while there is one thread.
 * Close accepts NULL. */
rfm_status rfm_zone_open(const char *name, rfm_zone **zone, rfm_error *err);
void rfm_zone_close(rfm_zone *zone);
int64_t rfm_zone_offset_us(const rfm_zone *zone, int64_t utc_us); /* local = utc + offset */
int64_t rfm_zone_to_utc_us(const rfm_zone *zone,
                           int64_t local_us); /* twice-told hours: the earlier; skipped: the offset before */

typedef enum rfm_time_format {
    RFM_TIME_AUTO, /* by shape: 8 digits date, 9-10 seconds, 12-13 milliseconds, 15-16 microseconds, ISO 8601, "... UTC"
                    */
    RFM_TIME_DATE,
    RFM_TIME_SECONDS,
    RFM_TIME_MILLISECONDS,
    RFM_TIME_MICROSECONDS,
    RFM_TIME_ISO,
    RFM_TIME_DAY_FIRST,  /* 31.12.2024 */
    RFM_TIME_MONTH_FIRST /* 12/31/2024 */
} rfm_time_format;

/* "auto", "date", "seconds", ...; false for a name that is none. */
const char *rfm_time_format_name(rfm_time_format format);
bool rfm_time_format_parse(const char *name, rfm_time_format *format);

typedef struct rfm_timestamp {
    int64_t us;     /* UTC */
    bool date_only; /* the text named a day and no time: us is that day's start in the zone */
} rfm_timestamp;

/* ISO: "YYYY-MM-DD", or that with 'T' or one blank and HH:MM[:SS[.fraction]], then nothing (the zone's time), or with
 * at most one blank before it "Z", "UTC", "+hh", "+hhmm" or "+hh:mm". A fraction has up to 9 digits; those behind the
 * microseconds are dropped. DATE: "YYYYMMDD" or "YYYY-MM-DD". The counts are decimals ("1571443200.25"); by shape
 * (AUTO) they have no sign. DAY_FIRST: day, month and year of four digits with '.', '/' or '-' between, the same twice,
 * and then as ISO; MONTH_FIRST: the month before the day; in both, day, month and hour may have one digit ("1/2/2024
 * 8:26"). Surrounding blanks are allowed. BAD for what is no time (month 13, 30 February, second 60), RANGE outside the
 * years 1 to 9999. *time is set only where the answer is OK. */
rfm_parse rfm_time_parse(const char *text, size_t length, rfm_time_format format, const rfm_zone *zone,
                         rfm_timestamp *time);

int32_t rfm_time_day(const rfm_zone *zone, int64_t utc_us);  /* local days since 1970-01-01, floor */
int64_t rfm_day_start_us(const rfm_zone *zone, int32_t day); /* UTC of that local midnight, or of its being skipped */
int rfm_day_weekday(int32_t day);                            /* 0 Monday .. 6 Sunday */
int32_t rfm_day_week(int32_t day);                           /* weeks from Monday; differences count weeks */
int rfm_time_hour(const rfm_zone *zone, int64_t utc_us);     /* local hour, 0..23 */

/* "2019-10-31T23:59:59.999999Z"; without the fraction where it is zero. Returns the length. */
size_t rfm_time_format_utc(int64_t utc_us, char buffer[RFM_NUMBER_BYTES]);

#endif
