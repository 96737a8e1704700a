/* trail: log.jsonl, what every start in a run directory said, a JSON object a line. Rank 0 alone writes: what fails
 * elsewhere comes to it by agreement, and a file that several nodes append to would lose lines on file systems like
 * NFS.
 *
 *     {"time":"2026-01-31T12:00:00.000000Z","level":"info","stage":"ingest","rank":0,"attempt":1,"pid":7,"message":"..."}
 *
 * Lines are not synced: a log must cost nothing. One that was torn by the end of the machine, or by a full disk, is cut
 * off by the next start. Nothing that goes wrong here is more than a warning, and that comes once.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TAIL_BYTES = 65536 }; /* longer than any line of ours */

/* ---- the file --------------------------------------------------------------------------------------------------- */

static void warn_once(rfm_run *run, int number)
{
    char text[256];
    if (!run->trail.warned)
        rfm_log(RFM_LOG_WARN, "%s/%s: cannot write: %s; the run goes on without it", run->dir, RFM_RUN_TRAIL,
                strerror_r(number, text, sizeof text));
    run->trail.warned = true;
}

/* Where the last whole line ends. What has no line end at all for so long is not of ours, and stays. */
static off_t find_end(int fd, off_t size)
{
    char tail[TAIL_BYTES];
    const off_t from = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
    const ssize_t n = pread(fd, tail, sizeof tail, from);
    const char *line_end = n > 0 ? memrchr(tail, '\n', (size_t)n) : NULL;
    return line_end ? from + (line_end + 1 - tail) : n >= 0 && from == 0 ? 0 : size;
}

static int open_file(const rfm_run *run, off_t *end)
{
    struct stat status;
    rfm_error ignored = {0};
    char *path = rfm_folder_path(run->dir, RFM_RUN_TRAIL, &ignored);
    const int fd = path ? open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : (errno = ENOMEM, -1);
    free(path);
    if (fd < 0)
        return -1;
    errno = EINVAL;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return -1;
    }
    *end = find_end(fd, status.st_size);
    if (*end < status.st_size && ftruncate(fd, *end) != 0)
        *end = status.st_size;
    return fd;
}

/* All of it or nothing: whatever is written next begins a line of its own. */
static void put(rfm_run *run, const rfm_text *line)
{
    struct rfm_trail *trail = &run->trail;
    errno = ENOSPC;
    if (line->failed)
        return;
    const ssize_t n = write(trail->fd, line->bytes, line->length);
    if (n == (ssize_t)line->length) {
        trail->end += n;
        return;
    }
    warn_once(run, errno);
    if (n > 0 && ftruncate(trail->fd, trail->end) != 0)
        trail->end += n;
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static void add_time(rfm_text *line, int64_t us)
{
    char text[RFM_NUMBER_BYTES];
    size_t length = rfm_time_format_utc(us, text);
    rfm_text_addf(line, "\"%.*s%s", (int)length - 1, text, us % 1000000 == 0 ? ".000000Z\"" : "Z\"");
}

static void add_text(rfm_text *line, const char *key, const char *text)
{
    rfm_text_addf(line, ",\"%s\":", key);
    rfm_json_add_string(line, text);
}

/* What all lines have; the brace is left open. */
static void begin_line(const rfm_run *run, const rfm_log_line *from, int rank, rfm_text *line)
{
    rfm_text_adds(line, "{\"time\":");
    add_time(line, from->at_us);
    add_text(line, "level", rfm_log_level_name(from->level));
    add_text(line, "stage", rfm_comm_stage_name(run->comm));
    rfm_text_addf(line, ",\"rank\":%d,\"attempt\":%lld,\"pid\":%lld", rank, (long long)run->attempt,
                  (long long)getpid());
    add_text(line, "message", from->text);
}

static void end_line(rfm_run *run, rfm_text *line)
{
    rfm_text_adds(line, "}\n");
    put(run, line);
    rfm_text_free(line);
}

static void take(void *context, const rfm_log_line *from)
{
    rfm_run *run = context;
    rfm_text line = {0};
    begin_line(run, from, 0, &line);
    end_line(run, &line);
}

void rfm_trail_begin(rfm_run *run, const char *command, const char *about)
{
    rfm_text line = {0};
    if (rfm_comm_rank(run->comm) != 0 || run->trail.open)
        return;
    run->trail.fd = open_file(run, &run->trail.end);
    if (run->trail.fd < 0) {
        warn_once(run, errno);
        return;
    }
    run->trail.open = true;
    begin_line(run, &(rfm_log_line){rfm_clock_wall_us(), RFM_LOG_INFO, "start"}, 0, &line);
    add_text(&line, "event", "start");
    add_text(&line, "command", command);
    rfm_text_addf(&line, ",%s", about);
    end_line(run, &line);
    rfm_log_tee(take, run);
}

void rfm_trail_drop(rfm_run *run)
{
    if (!run->trail.open)
        return;
    rfm_log_tee(NULL, NULL);
    close(run->trail.fd);
    run->trail.open = false;
}

void rfm_trail_end(rfm_run *run, const rfm_error *err)
{
    rfm_text line = {0};
    if (!run || !run->trail.open)
        return;
    const bool failed = err->status != RFM_OK;
    const rfm_log_line last = {rfm_clock_wall_us(), failed ? RFM_LOG_ERROR : RFM_LOG_INFO,
                               failed ? err->message : "done"};
    begin_line(run, &last, failed ? err->rank : 0, &line);
    add_text(&line, "event", "end");
    rfm_text_addf(&line, ",\"exit\":%d", (int)err->status);
    if (err->n_failed > 0)
        rfm_text_addf(&line, ",\"ranks_failed\":%d", err->n_failed);
    end_line(run, &line);
    rfm_trail_drop(run);
}
