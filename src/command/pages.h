/* Private to the program that writes the man pages and the completion of shells, when rfmpi is built. */
#ifndef RFMPI_COMMAND_PAGES_H
#define RFMPI_COMMAND_PAGES_H

#include "command.h"

/* Local, each; errors stay in the stream. The version and the date are those at the foot of every page. */
void write_overview_page(FILE *to, const char *version, const char *date);
void write_command_page(FILE *to, const rfm_command *command, const char *version, const char *date);
void write_job_page(FILE *to, const char *version, const char *date);

/* Local. The words of the tables, as a function of bash and zsh that prints those of a kind; and as fish wants them. */
void write_word_table(FILE *to);
void write_fish(FILE *to);

#endif
