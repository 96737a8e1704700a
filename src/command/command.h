/* Private to the commands: the words of one command line, and the table's functions. */
#ifndef RFMPI_COMMAND_COMMAND_H
#define RFMPI_COMMAND_COMMAND_H

#include "rfmpi/command.h"
#include "rfmpi/config.h"
#include "rfmpi/pipeline.h"

#include <stdio.h>
#include <stdlib.h>

/* argv cut in three: what is acted on, values for the option table, and words only this command
 * knows. */
typedef struct rfm_words {
    const char *operand; /* JOB.yml, RUN_DIR or FILE; NULL */
    char **assignments;  /* "key=value", owned; in the order of the command line */
    size_t n_assignments, capacity;
} rfm_words;

/* Local. argv[2] and on: --set key=value, the flags of the option table, one operand. RFM_USAGE
 * otherwise. */
rfm_status words_read(int argc, char **argv, rfm_words *words, rfm_error *err);
rfm_status words_assign(rfm_words *words, const char *key, const char *value,
                        rfm_error *err); /* value is taken as text */
rfm_status words_assign_yaml(rfm_words *words, const char *key, const char *value,
                             rfm_error *err); /* as --set takes it */
rfm_status words_assign_list(rfm_words *words, const char *key, const char *const *values, size_t n, rfm_error *err);
/* The options of a section ("store.") that a finished run had, from its run.json; and the words of another command line
 * behind those that are there. */
rfm_status words_recall(rfm_words *words, const char *run_dir, const char *section, rfm_error *err);
rfm_status words_join(rfm_words *first, const rfm_words *then, rfm_error *err);
void words_free(rfm_words *words);

/* Local: RFM_USAGE, of a word that begins with a dash and that `command` does not take: it lacks its value, or is
 * unknown; then the nearest flag is named. */
rfm_status fail_flag(const char *command, const char *word, rfm_error *err);

/* Collective. Rank 0 resolves the job (its file and its environment), the others take it over. */
rfm_status words_config(rfm_comm *comm, const rfm_words *words, const char *job, rfm_config **config, rfm_error *err);

/* A word that is one command's own. */
typedef struct rfm_flag {
    const char *name;    /* "--out" */
    const char *value;   /* what stands behind it: "DIR"; NULL: nothing */
    const char *choices; /* "a|b|c" where it is one of these, else NULL */
    const char *help;
} rfm_flag;

/* Of the option table: nothing; values by --set; those, and the table's flags. */
typedef enum rfm_takes { TAKES_NO_OPTIONS, TAKES_SET, TAKES_OPTIONS } rfm_takes;

typedef struct rfm_command {
    const char *name;
    const char *operands;
    const char *summary;
    const rfm_flag *flags; /* ended by one without a name; NULL: none */
    rfm_takes takes;
    const char *sections; /* of the option table, the ones that it heeds: "report log"; NULL: all */
    rfm_status (*run)(rfm_comm *comm, int argc, char **argv, rfm_error *err); /* Collective */
} rfm_command;

/* Local: a command's result on stdout, when all went well; where it was made, which is rank 0. */
void say(const rfm_text *text, rfm_error *err);

/* Local, rank 0: how a finished run is told: by its run.json where JSON is asked for, else by this text; not at all
 * where it is to be quiet. */
void say_result(const rfm_comm *comm, const rfm_config *config, const char *run_dir, const rfm_text *text,
                rfm_error *err);

/* Local: {"cluster.k": {"value": [8], "from": "job.yml", "line": 7}, ...}, of every option. */
void config_print_json(const rfm_config *config, rfm_text *json);

/* Local: what log.level and log.quiet say. */
void open_log(const rfm_comm *comm, const rfm_config *config);

extern const rfm_command COMMANDS[];
extern const size_t N_COMMANDS;

/* What the program ends with, and why; ended by one without a meaning. */
typedef struct rfm_exit_code {
    rfm_status code;
    const char *meaning;
} rfm_exit_code;
extern const rfm_exit_code EXIT_CODES[];

void print_help(FILE *to);
void print_command_help(FILE *to, const rfm_command *command);
void print_version(FILE *to);

/* Collective, each. */
rfm_status command_run(rfm_comm *comm, int argc, char **argv, rfm_error *err);
rfm_status command_prepare(rfm_comm *comm, int argc, char **argv, rfm_error *err);
rfm_status command_train(rfm_comm *comm, int argc, char **argv, rfm_error *err);
rfm_status command_predict(rfm_comm *comm, int argc, char **argv, rfm_error *err);
rfm_status command_generate(rfm_comm *comm, int argc, char **argv, rfm_error *err);
rfm_status command_convert(rfm_comm *comm, int argc, char **argv, rfm_error *err);
rfm_status command_store(rfm_comm *comm, int argc, char **argv, rfm_error *err);
rfm_status command_unload(rfm_comm *comm, int argc, char **argv, rfm_error *err);
rfm_status command_export(rfm_comm *comm, int argc, char **argv, rfm_error *err);
rfm_status command_report(rfm_comm *comm, int argc, char **argv, rfm_error *err);
rfm_status command_init(rfm_comm *comm, int argc, char **argv, rfm_error *err);
rfm_status command_info(rfm_comm *comm, int argc, char **argv, rfm_error *err);
rfm_status command_config(rfm_comm *comm, int argc, char **argv, rfm_error *err);

#endif
