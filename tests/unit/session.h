/* session: what tests on one or many ranks share: cmocka, a communicator, a temporary folder, and a result that all
 * ranks have in common. */
#ifndef RFM_TEST_SESSION_H
#define RFM_TEST_SESSION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rfmpi/comm.h"

extern rfm_comm *comm;   /* of run_session; NULL outside */
extern char folder[512]; /* the same on all ranks of run_session */

/* Opens the ranks, makes the folder, runs the tests, removes and closes; 1 when a test failed on any rank. */
int run_session(int argc, char **argv, const struct CMUnitTest *tests, size_t n);

/* For tests that have no ranks: a new folder (false when there can be none), and its removal with all in it. */
bool make_folder(void);
void remove_folder(void);
int set_up_folder(void **state); /* the same for cmocka */
int tear_down_folder(void **state);

/* A path in the folder. The four last asked for stay valid. */
const char *in_folder(const char *name);

#define assert_fine(err) fail_unless_fine(err, __FILE__, __LINE__)
void fail_unless_fine(const rfm_error *err, const char *file, int line);

/* A failure with this status and these words in its message; err is then as new. */
#define assert_failed(err, status, words) fail_unless_failed(err, status, words, __FILE__, __LINE__)
void fail_unless_failed(rfm_error *err, rfm_status status, const char *words, const char *file, int line);

#endif
