/* command: what the user types. A table of {name, summary, function}; the one place that reads argv. */
#ifndef RFMPI_COMMAND_H
#define RFMPI_COMMAND_H

#include "rfmpi/comm.h"

/* Local, before MPI: --version, --help, "COMMAND --help" and no argument at all print and are done (true; *status is
 * the exit code). */
bool rfm_command_about(int argc, char **argv, rfm_status *status);

/* Local. What this program was built from: "0.1.0 (4f1c...)". */
const char *rfm_command_build(void);

/* Collective. Run argv[1] with the rest. */
rfm_status rfm_command_run(rfm_comm *comm, int argc, char **argv, rfm_error *err);

#endif
