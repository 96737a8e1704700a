/* log: what the meter needs of it. */
#ifndef RFMPI_BASE_LOG_H
#define RFMPI_BASE_LOG_H

#include "rfmpi/base.h"

bool rfm_log_shows(rfm_log_level level);

/* The calling thread has a sink of its own. */
bool rfm_log_diverted(void);

/* A line for the reader of the log alone. */
void rfm_log_aside(rfm_log_level level, const char *text);

/* A line on a terminal that the next line, of whatever kind, takes the place of; "" takes it away. */
void rfm_log_rewrite(const char *text);

#endif
