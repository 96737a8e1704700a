/* --help and --version: what the program can do and what it is made of. */
#include "command.h"
#include "rfmpi/hdf5.h"
#include "rfmpi/ingest.h"
#include "rfmpi/kmeans.h"
#include "rfmpi/store.h"

#include <string.h>

const rfm_exit_code EXIT_CODES[] = {
    {RFM_OK, "done"},
    {RFM_USAGE, "the command line or the job is not as it must be"},
    {RFM_DATA, "the input: missing, damaged, or more rejected rows than allowed"},
    {RFM_UNAVAILABLE, "the warehouse refuses"},
    {RFM_INTERNAL, "a fault of rfmpi itself, or of MPI, as where ranks cannot reach each other"},
    {RFM_NO_MEMORY, "out of memory"},
    {RFM_IO, "the file system: a full disk, for one"},
    {RFM_STOPPED, "stopped on request, or the network is away: run the same command again"},
    {RFM_DENIED, "no permission, or bad credentials"},
    {RFM_OK, NULL},
};

void print_help(FILE *to)
{
    fputs("rfmpi: event files to customer segments, in parallel\n\n"
          "usage: rfmpi COMMAND [JOB.yml | RUN_DIR | FILE] [--set KEY=VALUE]... [FLAG]...\n"
          "       mpirun -n 4 rfmpi run JOB.yml\n\n",
          to);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(to, "  %-9s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    fputs("\n\"rfmpi COMMAND --help\" lists its options; \"rfmpi --version\" says what it was built with.\n"
          "exit codes:\n",
          to);
    for (const rfm_exit_code *exit = EXIT_CODES; exit->meaning; exit++)
        fprintf(to, "  %-9d %s\n", (int)exit->code, exit->meaning);
}

static void print_flag(FILE *to, const rfm_flag *flag)
{
    char words[64];
    snprintf(words, sizeof words, "%s %s", flag->name, flag->value ? flag->value : "");
    fprintf(to, "  %-26s %s", words, flag->help);
    if (flag->choices)
        fprintf(to, " (%s)", flag->choices);
    fputs("\n", to);
}

/* Whether the command heeds an option of that key. */
static bool heeds(const rfm_command *command, const char *key)
{
    const size_t length = strcspn(key, ".");
    for (const char *at = command->sections; at && *at; at += strspn(at, " ")) {
        const size_t n = strcspn(at, " ");
        if (n == length && strncmp(at, key, n) == 0)
            return true;
        at += n;
    }
    return !command->sections;
}

void print_command_help(FILE *to, const rfm_command *command)
{
    fprintf(to, "rfmpi %s %s\n%s\n\n", command->name, command->operands, command->summary);
    for (const rfm_flag *flag = command->flags; flag && flag->name; flag++)
        print_flag(to, flag);
    if (command->takes == TAKES_NO_OPTIONS)
        return;
    size_t n;
    const rfm_option *options = rfm_options(&n);
    fprintf(to, "%soptions: in the job file, as --set KEY=VALUE, or as RFMPI_KEY (dots as underscores)\n",
            command->flags ? "\n" : "");
    for (size_t i = 0; i < n; i++) {
        if (!heeds(command, options[i].key))
            continue;
        fprintf(to, "  %-26s %s", options[i].key, options[i].help);
        if (options[i].choices)
            fprintf(to, " (%s)", options[i].choices);
        if (options[i].fallback)
            fprintf(to, " [%s]", options[i].fallback);
        if (options[i].flag && command->takes == TAKES_OPTIONS)
            fprintf(to, "; flag %s", options[i].flag);
        fputs("\n", to);
    }
}

const char *rfm_command_build(void)
{
    return RFMPI_VERSION " (" RFMPI_GIT ")";
}

void print_version(FILE *to)
{
    char text[256];
    fprintf(to, "rfmpi %s\n", rfm_command_build());
    fprintf(to, "compiler  %s\n", RFMPI_COMPILER);
    rfm_comm_library(text, sizeof text);
    text[strcspn(text, "\n")] = '\0';
    fprintf(to, "mpi       %s\n", text);
    rfm_blas_library(text, sizeof text);
    fprintf(to, "blas      %s\n", text);
    rfm_h5_library(text, sizeof text);
    fprintf(to, "hdf5      %s\n", text);
    const char *carquet = rfm_parquet_library(), *xlsxwriter = rfm_workbook_library();
    if (carquet)
        fprintf(to, "optional  Parquet (carquet %s)\n", carquet);
    if (xlsxwriter)
        fprintf(to, "optional  spreadsheets (libxlsxwriter %s)\n", xlsxwriter);
    if (!carquet && !xlsxwriter)
        fputs("optional  none\n", to);
}
