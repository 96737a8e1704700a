/* run: an open run directory, as the files of this module see it. */
#ifndef RFM_STORE_RUN_H
#define RFM_STORE_RUN_H

#include "rfmpi/store.h"

#include <jansson.h>
#include <sys/types.h>

#define RFM_RUN_REPORT "run.json"
#define RFM_RUN_LOCK "lock"
#define RFM_RUN_TRAIL "log.jsonl"
#define RFM_RUN_LOCK_WAIT_S 30.0

/* A file system with one server for locks takes so many on a file at once. */
enum { RFM_RUN_LOCKS_MOST = 1024 };

/* Local. Whether this rank holds the lock while the directory is open: every rank of up to 1,024, else every
 * so-manieth, which is one a node where ranks of a node follow each other. The others write temporary files, whose
 * names carry the attempt, and rounds: one which outlives the holders for a moment does no harm to the next start, and
 * none to any result. But a round that it appends when the next start has listed them tells of rows that are read
 * again: should that start be killed too, the third one finds them read twice, and goes on from no round at all
 * (rfm_files_mark). */
bool rfm_run_holds_lock(int rank, int n_ranks);

/* Paths handed out for a product, kept until close. */
struct rfm_run_name {
    char *product, *path, *temporary;
    struct rfm_run_name *next;
};

/* log.jsonl; rank 0's. */
struct rfm_trail {
    bool open, warned;
    int fd;
    off_t end; /* of the last whole line */
};

struct rfm_run {
    rfm_comm *comm;
    char *dir;
    int lock;           /* -1: none */
    int64_t attempt;    /* counts the starts in this directory */
    int64_t checkpoint; /* number of the newest; rank 0 */
    struct rfm_run_name *names;
    json_t *report; /* rank 0's; NULL elsewhere */
    struct rfm_trail trail;
    rfm_error failed; /* of a setter, until the next save */
    /* A test's: called between any two steps that change the directory. */
    void (*step)(void *context);
    void *step_context;
};

/* Local, rank 0, of a product that is there: *same: it was noted with this origin. With another: RFM_USAGE that names
 * the first key that differs, unless force. */
rfm_status rfm_run_look(rfm_run *run, const char *product, const rfm_origin *origin, bool force, bool *same,
                        rfm_error *err);

/* As rfm_run_open, for a test that cannot wait half a minute. */
rfm_status rfm_run_open_within(rfm_comm *comm, const char *dir, double wait_s, rfm_run **run, rfm_error *err);

/* A step was done. Local. */
void rfm_run_step(const rfm_run *run);

/* The log goes on without log.jsonl, if there is one. Local. */
void rfm_trail_drop(rfm_run *run);

/* ---- run.json: all Local, rank 0 -------------------------------------------------------------------------------- */

/* Read it, or begin it, and count the attempt. */
rfm_status rfm_report_open(rfm_run *run, rfm_error *err);
rfm_status rfm_report_write(rfm_run *run, rfm_error *err);

/* The origin noted of a product; NULL for none. Borrowed. */
const json_t *rfm_report_origin(const rfm_run *run, const char *product);
rfm_status rfm_report_note(rfm_run *run, const char *product, const rfm_origin *origin, rfm_error *err);
void rfm_report_forget(rfm_run *run, const char *product);

/* The first key that differs between what was noted and what is now, with both values (NULL: not there); false when all
 * are the same. */
bool rfm_origin_differs(const json_t *noted, const rfm_origin *origin, const char **key, const char **was,
                        const char **now);

#endif
