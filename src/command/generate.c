/* generate: its own words, since it reads no job. */
#include "rfmpi/generate.h"
#include "command.h"

#include <string.h>

static rfm_status read_count(const char *flag, const char *text, int64_t low, int64_t high, int64_t *value,
                             rfm_error *err)
{
    if (rfm_integer_parse(text, strlen(text), value) != RFM_PARSE_OK || *value < low || *value > high)
        return rfm_fail(err, RFM_USAGE, "%s wants a whole number from %lld to %lld, not '%s'", flag, (long long)low,
                        (long long)high, text);
    return RFM_OK;
}

static rfm_status read_value(const char *flag, const char *text, rfm_generate_options *options, rfm_error *err)
{
    int64_t value = 0;
    if (strcmp(flag, "--customers") == 0)
        return read_count(flag, text, 1, INT64_MAX, &options->customers, err);
    if (strcmp(flag, "--events") == 0)
        return read_count(flag, text, 1, INT64_MAX, &options->events, err);
    if (strcmp(flag, "--out") == 0) {
        options->out = text;
        return RFM_OK;
    }
    if (strcmp(flag, "--shape") == 0)
        return rfm_generate_shape_parse(text, &options->shape)
                   ? RFM_OK
                   : rfm_fail(err, RFM_USAGE, "--shape is log or wide, not '%s'", text);
    if (strcmp(flag, "--days") == 0) {
        if (read_count(flag, text, 1, 3660, &value, err) == RFM_OK)
            options->days = (int)value;
    } else if (strcmp(flag, "--parts") == 0) {
        if (read_count(flag, text, 1, 100000, &value, err) == RFM_OK)
            options->parts = (int)value;
    } else if (strcmp(flag, "--seed") == 0) {
        if (read_count(flag, text, 0, INT64_MAX, &value, err) == RFM_OK)
            options->seed = (uint64_t)value;
    } else {
        fail_flag("generate", flag, err);
    }
    return err->status;
}

/* --flag VALUE or --flag=VALUE. */
static rfm_status read_words(int argc, char **argv, rfm_generate_options *options, rfm_error *err)
{
    for (int i = 2; i < argc && err->status == RFM_OK; i++) {
        char *equals = strchr(argv[i], '=');
        char flag[32];
        if (strcmp(argv[i], "--gzip") == 0) {
            options->gzip = true;
            continue;
        }
        snprintf(flag, sizeof flag, "%.*s", equals ? (int)(equals - argv[i]) : (int)strlen(argv[i]), argv[i]);
        if (!equals && i + 1 >= argc)
            return fail_flag(argv[1], flag, err);
        read_value(flag, equals ? equals + 1 : argv[++i], options, err);
    }
    if (err->status == RFM_OK && !options->out)
        rfm_fail(err, RFM_USAGE, "generate wants --out DIR");
    return err->status;
}

rfm_status command_generate(rfm_comm *comm, int argc, char **argv, rfm_error *err)
{
    rfm_generate_options options = rfm_generate_defaults();
    if (read_words(argc, argv, &options, err) != RFM_OK)
        return err->status;
    rfm_log_open(RFM_LOG_INFO, rfm_comm_rank(comm) == 0);
    rfm_comm_stage(comm, "generate");
    return rfm_generate(comm, &options, err);
}
