/* --help and --version: what the program can do and what it is made of. */
#include "command.h"
#include "rfmpi/hdf5.h"
#include "rfmpi/ingest.h"
#include "rfmpi/kmeans.h"

#include <string.h>

void print_help(FILE *to)
{
    fputs("rfmpi: event files to customer segments, in parallel\n\n"
          "usage: rfmpi COMMAND [JOB.yml | RUN_DIR | FILE] [--set KEY=VALUE]... [FLAG]...\n"
          "       mpirun -n 4 rfmpi run JOB.yml\n\n",
          to);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(to, "  %-9s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    fputs("\n\"rfmpi COMMAND --help\" lists its options; \"rfmpi --version\" says what it was "
          "built with.\n"
          "exit codes: 0 done, 64 usage, 65 input, 69 warehouse refused, 70 internal, 71 memory, "
          "74 file system,\n"
          "            75 stopped: run it again, 77 permission or credentials\n",
          to);
}

static void print_generate_help(FILE *to)
{
    fputs("  --customers N   distinct customers (as many as the shape has)\n"
          "  --events M      events (1000000)\n"
          "  --days D        days from 2019-10-01 on (31)\n"
          "  --seed S        the same seed makes the same bytes at any number of ranks (1)\n"
          "  --parts P       files (1)\n"
          "  --shape SHAPE   log: like a shop's log; wide: many customers with few events each "
          "(log)\n"
          "  --gzip          compress\n"
          "  --out DIR       a new or empty directory\n",
          to);
}

static void print_export_help(FILE *to)
{
    fputs("  --events TABLE             a table of events: [DATABASE.][SCHEMA.]TABLE\n"
          "  --features TABLE           or one that has the model's features, a row a customer\n"
          "  --column NAME=COLUMN       what the table calls a role (customer, time, event, ...) or a column of the "
          "model;\n"
          "                             any number of times\n"
          "  --times clock              TIMESTAMP_NTZ in the model's zone; instant: TIMESTAMP_TZ or _LTZ; date: DATE\n"
          "  --as-of MOMENT             latest, a date, or a timestamp; none: as the model was trained\n"
          "  --view NAME                make it a view\n"
          "  --out FILE                 write it there, not to standard output\n"
          "  --job JOB.yml              take roles, keep rules and as_of from a job, as predict does\n\n",
          to);
}

void print_command_help(FILE *to, const rfm_command *command)
{
    fprintf(to, "rfmpi %s %s\n%s\n\n", command->name, command->operands, command->summary);
    if (command->run == command_generate) {
        print_generate_help(to);
        return;
    }
    if (command->run == command_info)
        return;
    if (command->run == command_convert)
        fputs("  --out DIR                  where the tables go; made when absent\n\n", to);
    if (command->run == command_store)
        fputs("  --job JOB.yml              the job that says where to; none: the run's own\n"
              "  --check                    log in and look, write nothing\n\n",
              to);
    if (command->run == command_export)
        print_export_help(to);
    size_t n;
    const rfm_option *options = rfm_options(&n);
    fputs("options: in the job file, as --set KEY=VALUE, or as RFMPI_KEY (dots as underscores)\n", to);
    for (size_t i = 0; i < n; i++) {
        fprintf(to, "  %-26s %s", options[i].key, options[i].help);
        if (options[i].choices)
            fprintf(to, " (%s)", options[i].choices);
        if (options[i].fallback)
            fprintf(to, " [%s]", options[i].fallback);
        if (options[i].flag)
            fprintf(to, "; flag %s", options[i].flag);
        fputs("\n", to);
    }
}

void print_version(FILE *to)
{
    char text[256];
    fprintf(to, "rfmpi %s (%s)\n", RFMPI_VERSION, RFMPI_GIT);
    fprintf(to, "compiler  %s\n", RFMPI_COMPILER);
    rfm_comm_library(text, sizeof text);
    text[strcspn(text, "\n")] = '\0';
    fprintf(to, "mpi       %s\n", text);
    rfm_blas_library(text, sizeof text);
    fprintf(to, "blas      %s\n", text);
    rfm_h5_library(text, sizeof text);
    fprintf(to, "hdf5      %s\n", text);
    const char *carquet = rfm_parquet_library();
    if (carquet)
        fprintf(to, "optional  Parquet (carquet %s)\n", carquet);
    else
        fputs("optional  none\n", to);
}
