/* staging: files that get their names together, in a folder that others use too. Local.
 *
 *     OUT/.converting-HASH.lock   held by who is at work with the two below
 *     OUT/.converting-HASH/NAME   while they are made; whatever lies there at the next start goes
 *     OUT/.converted-HASH/NAME    all are whole: one rename says so, and from then on they only have to be named
 *     OUT/NAME                    one after the other; a name that is taken stays whose it is
 *
 * HASH is of what is made, and how: the same command finds what its earlier start has left, and no other does. Knows
 * nothing of what is in the files. */
#ifndef RFMPI_PIPELINE_STAGING_H
#define RFMPI_PIPELINE_STAGING_H

#include "rfmpi/base.h"

typedef struct staging {
    const char *out; /* borrowed */
    char *making, *made, *lock;
    int lock_file;  /* -1: not held */
    bool published; /* nothing is left to do of what was committed */
} staging;

rfm_status staging_init(staging *s, const char *out, rfm_hash128 hash, rfm_error *err);
void staging_free(staging *s); /* the paths only; zero-initialised is fine */

/* Before anything below, by one process for all. Makes OUT. RFM_USAGE while another start of the same is under way:
 * each would take the other's half-made files for its own. Leaving is fine without having entered. */
rfm_status staging_enter(staging *s, rfm_error *err);
void staging_leave(staging *s);

/* The folder to make the files in, which is empty. */
rfm_status staging_begin(const staging *s, rfm_error *err);
void staging_drop(const staging *s); /* what was begun goes */

/* All files are whole and on the disk, and closed. */
rfm_status staging_commit(const staging *s, rfm_error *err);
bool staging_is_committed(const staging *s);

/* They get their names; the folder they were in goes on leaving. RFM_USAGE for one that is taken: those that are left
 * wait for the next start. */
rfm_status staging_publish(staging *s, rfm_error *err);

#endif
