/* init: from event files to a job file for them. What they are is guess's to say; here is where it is written, and what
 * comes next.
 */
#include "command.h"
#include "rfmpi/guess.h"
#include "rfmpi/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct init_words {
    const char **files; /* [n_files]; borrowed words */
    size_t n_files;
    const char *out; /* NULL: by the name of the files */
    bool force;
} init_words;

static rfm_status read_words(int argc, char **argv, init_words *words, rfm_error *err)
{
    words->files = rfm_alloc((size_t)argc, sizeof *words->files, err);
    for (int i = 2; i < argc && err->status == RFM_OK; i++) {
        if (strcmp(argv[i], "--force") == 0)
            words->force = true;
        else if (strncmp(argv[i], "--out=", 6) == 0)
            words->out = argv[i] + 6;
        else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc)
            words->out = argv[++i];
        else if (argv[i][0] == '-')
            fail_flag(argv[1], argv[i], err);
        else
            words->files[words->n_files++] = argv[i];
    }
    if (err->status == RFM_OK && words->n_files == 0)
        rfm_fail(err, RFM_USAGE, "init wants event files: rfmpi init FILE... [--out JOB.yml]");
    return err->status;
}

/* A job file has no rows of people in it, so it is as readable as other files. Never over one that is there. */
static rfm_status write_job(const char *path, bool force, const rfm_text *yaml, rfm_error *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL), 0666);
    if (fd < 0 && errno == EEXIST)
        return rfm_fail(err, RFM_USAGE, "%s is there already: --force overwrites it, --out names another", path);
    if (fd < 0)
        return rfm_fail_errno(err, errno, "%s: cannot be written", path);
    rfm_folder_put(fd, path, yaml->bytes, yaml->length, 0, err);
    if (close(fd) != 0)
        rfm_fail_errno(err, errno, "%s: cannot be written", path);
    /* Half a job would stand in the way of the next try. */
    if (err->status != RFM_OK && !force)
        unlink(path);
    return err->status;
}

/* Whether rfmpi init would be stopped by what is there, before it looks at anything. */
static bool is_in_the_way(const char *path, bool force)
{
    struct stat at;
    return !force && lstat(path, &at) == 0;
}

/* Open MPI's mpirun refuses root who has not asked for it by this variable. */
static bool is_refused(const char *library)
{
    return strncmp(library, "Open MPI", strlen("Open MPI")) == 0 && geteuid() == 0 && !getenv("OMPI_ALLOW_RUN_AS_ROOT");
}

/* What can be typed next: by a launcher where there is one that would start it, and something to share. */
static void add_command(rfm_text *text, const char *path)
{
    char library[256];
    rfm_cpus cpus;
    rfm_comm_library(library, sizeof library);
    rfm_cpus_allowed(&cpus);
    const bool several =
        strncmp(library, "none", strlen("none")) != 0 && rfm_cpus_count(&cpus) > 1 && !is_refused(library);
    rfm_text_adds(text, several ? "\n  mpirun -n 2 rfmpi run " : "\n  rfmpi run ");
    rfm_text_add_word(text, path);
    rfm_text_adds(text, "\n");
}

static void print_next(const char *path, const rfm_guess *guess, rfm_text *table)
{
    rfm_text_addf(table, "\nWritten to %s. ", path);
    rfm_text_adds(table, rfm_guess_is_complete(guess)
                             ? "Look at it, and next:\n"
                             : "It is not complete: fill in what was not found\n(?), where it says COLUMN. Then:\n");
    add_command(table, path);
    rfm_text_addf(table, "\nResults will be in runs/%s.\n", rfm_guess_name(guess));
}

static rfm_status put(const init_words *words, const rfm_guess *guess, rfm_text *shown, rfm_error *err)
{
    rfm_text yaml = {0}, path = {0};
    rfm_guess_print_job(guess, &yaml);
    rfm_text_adds(&path, words->out ? words->out : rfm_guess_name(guess));
    rfm_text_adds(&path, words->out ? "" : ".yml");
    if (rfm_text_check(&yaml, err) == RFM_OK && rfm_text_check(&path, err) == RFM_OK) {
        if (strcmp(path.bytes, "-") == 0) {
            rfm_text_add(shown, yaml.bytes, yaml.length);
        } else if (write_job(path.bytes, words->force, &yaml, err) == RFM_OK) {
            rfm_guess_print_table(guess, rfm_terminal_of(STDOUT_FILENO).columns, shown);
            print_next(path.bytes, guess, shown);
        }
    }
    rfm_text_free(&yaml);
    rfm_text_free(&path);
    return err->status;
}

/* A remedy stands above the error that speaks of it. */
static rfm_status look_and_write(const init_words *words, rfm_error *err)
{
    rfm_guess *guess = NULL;
    rfm_text shown = {0}, remedy = {0};
    if (words->out && strcmp(words->out, "-") != 0 && is_in_the_way(words->out, words->force))
        return rfm_fail(err, RFM_USAGE, "%s is there already: --force overwrites it, --out names another", words->out);
    if (rfm_guess_make(words->files, words->n_files, &guess, &remedy, err) == RFM_OK)
        put(words, guess, &shown, err);
    if (err->status != RFM_OK && !remedy.failed && remedy.length > 0) {
        printf("%s", remedy.bytes);
        fflush(stdout);
    }
    say(&shown, err);
    rfm_text_free(&shown);
    rfm_text_free(&remedy);
    rfm_guess_close(guess);
    return err->status;
}

rfm_status command_init(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    init_words words = {0};
    rfm_log_open(RFM_LOG_WARN, rfm_comm_rank(comm) == 0);
    if (read_words(argc, argv, &words, err) == RFM_OK && rfm_comm_rank(comm) == 0)
        look_and_write(&words, err);
    free(words.files);
    return rfm_comm_agree(comm, err);
}
