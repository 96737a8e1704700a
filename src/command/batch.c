/* run, prepare, train, predict: a slice of the batch each. And config, which prints what they would
 * do. */
#include "command.h"
#include "rfmpi/store.h"

#include <string.h>
#include <sys/stat.h>

void open_log(const rfm_comm *comm, const rfm_config *config)
{
    static const char *const styles[] = {[RFM_METER_AUTO] = "auto",
                                         [RFM_METER_TERMINAL] = "terminal",
                                         [RFM_METER_LINES] = "lines",
                                         [RFM_METER_NONE] = "none"};
    const bool quiet = rfm_config_boolean(config, "log.quiet");
    for (int i = 0; i < 4; i++)
        if (strcmp(rfm_config_string(config, "log.level"), rfm_log_level_name((rfm_log_level)i)) == 0)
            rfm_log_open(quiet && i > RFM_LOG_WARN ? RFM_LOG_WARN : (rfm_log_level)i, rfm_comm_rank(comm) == 0);
    for (int i = 0; i < 4; i++)
        if (strcmp(rfm_config_string(config, "log.progress"), styles[i]) == 0)
            rfm_meter_setup((rfm_meter_style)i, rfm_config_number(config, "log.every"));
}

void say(const rfm_text *text, rfm_error *err)
{
    if (err->status == RFM_OK && rfm_text_check(text, err) == RFM_OK && text->length > 0)
        fwrite(text->bytes, 1, text->length, stdout);
}

void say_result(const rfm_comm *comm, const rfm_config *config, const char *run_dir, const rfm_text *text,
                rfm_error *err)
{
    rfm_text report = {0};
    const bool json = rfm_config_boolean(config, "log.json");
    if (err->status != RFM_OK || rfm_comm_rank(comm) != 0)
        return;
    if (json && rfm_report_text_of(run_dir, &report, err) == RFM_OK)
        say(&report, err);
    if (!json && !rfm_config_boolean(config, "log.quiet"))
        say(text, err);
    rfm_text_free(&report);
}

/* Event files are not jobs, and few of them say so by a fault that helps: "mapping values are not allowed here". */
static rfm_status refuse_events(const char *word, rfm_error *err)
{
    static const char *const endings[] = {".csv", ".tsv", ".gz", ".zst", ".parquet"};
    const size_t length = strlen(word);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t n = strlen(endings[i]);
        if (length > n && strcmp(word + length - n, endings[i]) == 0)
            return rfm_fail(err, RFM_USAGE,
                            "%s is no job file but events: \"rfmpi init %s\" writes a job for them; one that is there "
                            "reads them by --set input.paths=%s",
                            word, word, word);
    }
    return RFM_OK;
}

/* What the operand is: a directory is a run, *.h5 a matrix, all else a job file. */
static rfm_status place_operand(rfm_words *words, const char **job, rfm_error *err)
{
    *job = words->operand;
    if (!words->operand)
        return RFM_OK;
    const size_t length = strlen(words->operand);
    struct stat at;
    const char *key = NULL;
    if (stat(words->operand, &at) == 0 && S_ISDIR(at.st_mode))
        key = "input.run";
    else if (length > 3 && strcmp(words->operand + length - 3, ".h5") == 0)
        key = "input.features";
    if (!key)
        return refuse_events(words->operand, err);
    *job = NULL;
    return words_assign(words, key, words->operand, err);
}

/* Collective: the words and the job they make. Rank 0 looks at the operand. */
static rfm_status resolve(rfm_comm *comm, int argc, char **argv, rfm_config **config, rfm_error *err)
{
    rfm_words words = {0};
    const char *job = NULL;
    rfm_log_open(RFM_LOG_WARN, rfm_comm_rank(comm) == 0);
    words_read(argc, argv, &words, err);
    if (err->status == RFM_OK && rfm_comm_rank(comm) == 0)
        place_operand(&words, &job, err);
    if (rfm_comm_agree(comm, err) == RFM_OK)
        words_config(comm, &words, job, config, err);
    words_free(&words);
    return err->status;
}

static rfm_status run_task(rfm_comm *comm, rfm_task task, int argc, char **argv, rfm_error *err)
{
    rfm_config *config = NULL;
    rfm_text table = {0};
    if (resolve(comm, argc, argv, &config, err) == RFM_OK) {
        open_log(comm, config);
        if (rfm_pipeline_run(comm, config, task, &table, err) == RFM_OK &&
            !rfm_config_boolean(config, "output.dry_run"))
            say_result(comm, config, rfm_config_string(config, "output.dir"), &table, err);
        else
            say(&table, err);
    }
    rfm_text_free(&table);
    rfm_config_close(config);
    return err->status;
}

rfm_status command_run(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    return run_task(comm, RFM_TASK_RUN, argc, argv, err);
}

rfm_status command_prepare(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    return run_task(comm, RFM_TASK_PREPARE, argc, argv, err);
}

rfm_status command_train(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    return run_task(comm, RFM_TASK_TRAIN, argc, argv, err);
}

rfm_status command_predict(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    return run_task(comm, RFM_TASK_PREDICT, argc, argv, err);
}

rfm_status command_config(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    rfm_config *config = NULL;
    rfm_text text = {0};
    if (resolve(comm, argc, argv, &config, err) == RFM_OK && rfm_comm_rank(comm) == 0) {
        if (rfm_config_boolean(config, "log.json"))
            config_print_json(config, &text);
        else
            rfm_config_print(config, true, &text);
        say(&text, err);
    }
    rfm_text_free(&text);
    rfm_config_close(config);
    return rfm_comm_agree(comm, err);
}
