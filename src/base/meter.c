/* meter: how far a long piece of work is, as a line that is rewritten, or as a line from time to time. Knows only what
 * it is told of the work. */
#include "log.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_BYTES = 512 };

static const int64_t MINUTE = 60, HOUR = 3600;
static const double REWRITE_S = 0.2;

static struct {
    bool under_way;
    bool rewrites;
    rfm_meter_style style;
    double every_s;
    const char *what, *unit;
    double total, at_first; /* done when it began */
    double began_s, said_s, rewritten_s;
} meter = {.every_s = 60};

void rfm_meter_setup(rfm_meter_style style, double every_s)
{
    meter.style = style;
    meter.every_s = every_s;
}

void rfm_meter_open(const char *what, const char *unit, double total, double done)
{
    if (rfm_log_diverted())
        return;
    rfm_meter_close();
    const double now = rfm_clock_s();
    meter.under_way = rfm_log_shows(RFM_LOG_INFO) && meter.style != RFM_METER_NONE;
    meter.rewrites =
        meter.style == RFM_METER_TERMINAL || (meter.style == RFM_METER_AUTO && rfm_terminal_of(STDERR_FILENO).is_there);
    meter.what = what;
    meter.unit = unit;
    meter.total = total;
    meter.at_first = done;
    meter.began_s = meter.said_s = meter.rewritten_s = now;
}

void rfm_meter_close(void)
{
    if (!meter.under_way || rfm_log_diverted())
        return;
    rfm_log_rewrite("");
    meter.under_way = false;
}

/* ---- the line --------------------------------------------------------------------------------------------------- */

static void add_amount(rfm_text *line, double amount)
{
    rfm_text_addf(line, amount < 10 && amount != floor(amount) ? "%.1f" : "%.0f", amount);
}

static void add_time(rfm_text *line, double seconds)
{
    const int64_t s = (int64_t)ceil(fmin(seconds, 1e9));
    if (s < 2 * MINUTE)
        rfm_text_addf(line, "%lld s", (long long)s);
    else if (s < 2 * HOUR)
        rfm_text_addf(line, "%lld min", (long long)(s + MINUTE - 1) / MINUTE);
    else
        rfm_text_addf(line, "%lld h %lld min", (long long)s / HOUR, (long long)(s % HOUR) / MINUTE);
}

/* "ingest   43 %, 512 of 1190 MB, 310 MB/s, 3 s left" */
static void describe(rfm_text *line, double done, double now)
{
    const double rate = now > meter.began_s ? (done - meter.at_first) / (now - meter.began_s) : 0;
    rfm_text_addf(line, "%-8s ", meter.what);
    if (meter.total > 0)
        rfm_text_addf(line, "%.0f %%, ", floor(100 * fmin(done / meter.total, 1)));
    add_amount(line, done);
    if (meter.total > 0) {
        rfm_text_adds(line, " of ");
        add_amount(line, meter.total);
    }
    rfm_text_addf(line, " %s, ", meter.unit);
    add_amount(line, rate);
    rfm_text_addf(line, " %s/s", meter.unit);
    if (meter.total > 0 && rate > 0) {
        rfm_text_adds(line, ", ");
        add_time(line, fmax(meter.total - done, 0) / rate);
        rfm_text_adds(line, " left");
    }
}

/* No more than fits: what a terminal wraps cannot be taken back. */
static void rewrite(char *text)
{
    const size_t columns = (size_t)rfm_terminal_of(STDERR_FILENO).columns;
    const size_t room = columns > strlen("rfmpi: ") + 1 ? columns - strlen("rfmpi: ") - 1 : 1;
    if (strlen(text) > room)
        text[room] = '\0';
    rfm_log_rewrite(text);
}

static void say(char *text, bool due, bool line_due)
{
    if (line_due && !meter.rewrites)
        rfm_log(RFM_LOG_INFO, "%s", text);
    else if (line_due)
        rfm_log_aside(RFM_LOG_INFO, text);
    if (due && meter.rewrites)
        rewrite(text);
}

void rfm_meter_show(double done, const char *format, ...)
{
    if (!meter.under_way || rfm_log_diverted())
        return;
    const double now = rfm_clock_s();
    const bool line_due = now - meter.said_s >= meter.every_s;
    const bool due = line_due || (meter.rewrites && now - meter.rewritten_s >= REWRITE_S);
    if (!due)
        return;
    char note[TEXT_BYTES] = "";
    va_list arguments;
    va_start(arguments, format);
    const int length = format ? vsnprintf(note, sizeof note, format, arguments) : 0;
    va_end(arguments);
    rfm_text line = {0};
    describe(&line, done, now);
    if (length > 0)
        rfm_text_addf(&line, ", %s", note);
    if (!line.failed)
        say(line.bytes, due, line_due);
    rfm_text_free(&line);
    meter.rewritten_s = now;
    if (line_due)
        meter.said_s = now;
}
