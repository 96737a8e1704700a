/* Writes what people read of the tables without starting rfmpi:  rfmpi_pages DIR VERSION DATE
 *
 * Runs once a build. DIR gets man/ with a page for the whole, one a command, one for job files and one for the files
 * that are written; reference.md, which is docs/reference.md; and completion/ with the words of the tables, to which
 * the build adds what each shell does with them.
 */
#include "pages.h"

#include <errno.h>
#include <string.h>

static FILE *create(const char *dir, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(RFM_IO);
    }
    return file;
}

static void finish(FILE *file)
{
    const bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) {
        fputs("rfmpi_pages: cannot write\n", stderr);
        exit(RFM_IO);
    }
}

static void write_pages(const char *dir, const char *version, const char *date)
{
    FILE *file = create(dir, "man/rfmpi.1");
    write_overview_page(file, version, date);
    finish(file);
    file = create(dir, "man/rfmpi-job.5");
    write_job_page(file, version, date);
    finish(file);
    file = create(dir, "man/rfmpi-files.5");
    write_files_page(file, version, date);
    finish(file);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        char name[64];
        snprintf(name, sizeof name, "man/rfmpi-%s.1", COMMANDS[i].name);
        file = create(dir, name);
        write_command_page(file, &COMMANDS[i], version, date);
        finish(file);
    }
}

static void write_markdown(const char *dir)
{
    FILE *file = create(dir, "reference.md");
    write_reference(file);
    finish(file);
}

static void write_completion(const char *dir)
{
    FILE *file = create(dir, "completion/words");
    write_word_table(file);
    finish(file);
    file = create(dir, "completion/rfmpi.fish");
    write_fish(file);
    finish(file);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: rfmpi_pages DIR VERSION DATE\n", stderr);
        return RFM_USAGE;
    }
    write_pages(argv[1], argv[2], argv[3]);
    write_markdown(argv[1]);
    write_completion(argv[1]);
    return RFM_OK;
}
