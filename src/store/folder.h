/* folder: directories and files as such. Knows which names are ours, and nothing of products. Local. */
#ifndef RFM_STORE_FOLDER_H
#define RFM_STORE_FOLDER_H

#include "rfmpi/store.h"

/* RFM_USAGE when dir holds what no run has put there, and no run.json says that it is ours. */
rfm_status rfm_folder_check(const char *dir, rfm_error *err);

/* Undo or finish what earlier attempts left: remove their temporaries, put back a directory that was moved aside and
 * not replaced. attempt >= 0: only temporaries of that attempt. */
rfm_status rfm_folder_sweep(const char *dir, int64_t attempt, rfm_error *err);

/* Make a file, or a directory of files, private to its owner and safe on the disk. */
rfm_status rfm_folder_sync(const char *path, rfm_error *err);

#endif
