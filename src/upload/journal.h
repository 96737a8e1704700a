/* journal: how far an upload, or an unload, has come, line by line in DIR/store.jsonl or DIR/unload.jsonl. A line is
 * safe on the disk before what it announces is begun; one that is torn was never written. Knows no server. Local. */
#ifndef RFM_UPLOAD_JOURNAL_H
#define RFM_UPLOAD_JOURNAL_H

#include "rfmpi/base.h"

#include <jansson.h>

typedef struct rfm_journal rfm_journal;

/* What makes an upload this one and no other. */
typedef struct rfm_journal_head {
    const char *to, *target, *mode;
    rfm_hash128 content; /* of the manifest */
} rfm_journal_head;

/* Go on with the last upload of this head, or begin another (anew: in any case). */
rfm_status rfm_journal_open(const char *dir, const rfm_journal_head *head, bool anew, rfm_journal **journal,
                            rfm_error *err);
void rfm_journal_close(rfm_journal *journal); /* NULL is fine */

/* Of this upload: a short name of letters and digits that no other has. */
const char *rfm_journal_id(const rfm_journal *journal);

/* Whether it had been begun before this start. */
bool rfm_journal_goes_on(const rfm_journal *journal);

/* The last line of that step; NULL: none. Borrowed. */
const json_t *rfm_journal_find(const rfm_journal *journal, const char *step);

/* All lines of this upload, in order. Borrowed. */
const json_t *rfm_journal_lines(const rfm_journal *journal);

/* Add a line; details (an object or NULL) is taken over. */
rfm_status rfm_journal_note(rfm_journal *journal, const char *step, json_t *details, rfm_error *err);

#endif
