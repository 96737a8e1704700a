/* What is said of commands, sections of a job, signals and the environment beyond the tables of the program itself: by
 * man pages and by docs/reference.md alike. Knows neither form. */
#include "pages.h"

#include <string.h>

const rfm_guide GUIDES[] = {
    {"init",
     "Looks at the first rows of event files, guesses how they are written, which column is what, and which rows are "
     "none, and writes a job file that says of each line how sure it is, and why. Read it before you believe the "
     "result.",
     "rfmpi init october/*.csv --out october.yml\n", "examples"},
    {"run",
     "Reads the event files, makes the features, fits the segments, and writes who is in which: what prepare and train "
     "do one after the other. Where the job says where results go (store.to), they are stored there too. At the end it "
     "prints a table of the segments, "
     "and leaves report.html for people.\n"
     "A start with the same job and inputs as the last one in output.dir says that all is done. One that was killed or "
     "stopped is simply repeated, on any number of ranks: it goes on from what is finished, to the same bits. Other "
     "options or inputs are refused with the first key that differs, unless --force is given.",
     "rfmpi run job.yml\n"
     "mpirun -n 2 rfmpi run job.yml --set cluster.k=4 --set output.dir=runs/four\n",
     "examples"},
    {"prepare",
     "The first half of run: event files to state.h5 (what is known of each customer) and features.h5 (a row a "
     "customer). Several fits may then start from one reading. With --onto the events are folded onto the customers of "
     "an earlier run, as if both had been read at once.",
     "rfmpi prepare job.yml --set output.dir=runs/october\n"
     "rfmpi prepare job.yml --set 'input.paths=[november/*.csv]' --onto runs/october --set output.dir=runs/november\n",
     "examples"},
    {"train",
     "The second half of run: takes up what prepare left in output.dir, fits the segments, and writes them. It also "
     "takes any HDF5 file with a matrix /features/values (input.features) instead of events.",
     "rfmpi train job.yml --set output.dir=runs/october\n"
     "rfmpi train --set input.features=runs/october/features.h5 --set cluster.k=3 --set output.dir=runs/matrix\n",
     "examples"},
    {"predict",
     "Gives customers the segments of a model that is there, and fits nothing: new event files (a job), the customers "
     "of a run (its directory), or a matrix (an HDF5 file). Definitions, scaling and names are the model's. The job "
     "may "
     "be the one the model was trained by, with the new files as input.paths; output.dir has to be another, since that "
     "of the training stays as it is.",
     "rfmpi predict job.yml --set 'input.paths=[november/*.csv]' --model runs/october/model.h5 --set "
     "output.dir=runs/newcomers\n"
     "rfmpi predict job.yml --model runs/october/model.h5 --set output.dir=runs/scored\n"
     "rfmpi predict runs/november --model runs/october/model.h5 --set output.dir=runs/rescored\n",
     "examples"},
    {"store",
     "Puts the results of a finished run elsewhere: customers/ into a table of Snowflake, or a copy of everything into "
     "a directory. Either appears whole or not at all, and a start that was cut off is repeated. With --check it logs "
     "in, says what is there and what is missing, and writes nothing.",
     "rfmpi store runs/october --set store.to=files --set store.dir=published\n", "examples"},
    {"unload",
     "Fetches rows of a table or a query of Snowflake as files that run can read: all of them, or, with unload.after, "
     "those that are newer than the newest of an earlier unload.",
     "rfmpi unload job.yml --set unload.dir=events/monday\n"
     "rfmpi unload job.yml --set unload.dir=events/tuesday --set unload.after=events/monday\n",
     "warehouse"},
    {"generate",
     "Makes up event files like a shop's, as many as you like: to try things on, and to measure. The same seed makes "
     "the same bytes at any number of ranks.",
     "rfmpi generate --events 20000 --customers 1000 --days 30 --parts 2 --out made-up\n", "examples"},
    {"convert",
     "Writes event files of any format as event tables in HDF5, one for each, which are read several times as fast. "
     "Every text comes back as it was, so the results are the same bits.",
     "rfmpi convert october --out tables\n", "examples"},
    {"export",
     "Makes a stored model into something that gives the same segments elsewhere: a statement, or a view, of Snowflake "
     "over a table of events or of features.",
     "rfmpi export runs/october/model.h5 --to sql --events SHOP.EVENTS --column customer=user_id --column "
     "time=event_time --out segments.sql\n",
     "examples"},
    {"report",
     "Makes report.html of a finished run: one file for people, which opens offline and prints, and has no ids in it. "
     "Every run leaves one; this makes it again, in another language or with another title.",
     "rfmpi report runs/october --set report.language=fr --out rapport.html\n", "examples"},
    {"info",
     "Says what a run directory holds, or any other file of rfmpi's (a model, features, a state, a manifest, a "
     "checkpoint), for people or, with --json, for programs. Of two it says what differs, and first in what: equal "
     "digests mean equal "
     "segments of equal customers.",
     "rfmpi info runs/october\n"
     "rfmpi info runs/october/model.h5 --json\n"
     "rfmpi info runs/october runs/four\n",
     "examples"},
    {"config",
     "Prints the job as it is resolved from defaults, file, environment and command line: every option, its value and "
     "where that came from. The output is a job file itself.",
     "rfmpi config job.yml --set cluster.k=4\n", "examples"},
};
const size_t N_GUIDES = sizeof GUIDES / sizeof *GUIDES;

const rfm_guide *guide_of(const char *command)
{
    for (size_t i = 0; i < N_GUIDES; i++)
        if (strcmp(GUIDES[i].command, command) == 0)
            return &GUIDES[i];
    return NULL;
}

const rfm_term SECTIONS[] = {
    {"input", "Where the events are, which column is what, and how they are written."},
    {"features", "What is computed of each customer, and as of when."},
    {"cluster", "How many segments, how they are found, and what they are called."},
    {"scores", "Scores of recency, frequency and monetary value."},
    {"predict", "Of the command predict."},
    {"output", "Where results go, what is kept, and when a run stops or begins anew."},
    {"log", "What is said on the way."},
    {"report", "The page that people read."},
    {"store", "Where finished results go: a copy, or a table of Snowflake."},
    {"unload", "Which rows come out of Snowflake, and where to."},
    {NULL, NULL},
};

const char *section_summary(const char *name, size_t length)
{
    for (const rfm_term *at = SECTIONS; at->name; at++)
        if (strlen(at->name) == length && strncmp(at->name, name, length) == 0)
            return at->meaning;
    return NULL;
}

const rfm_term SIGNALS[] = {
    {"SIGUSR1, SIGTERM",
     "Stop with a checkpoint and exit code 75; the same command goes on. To any rank. mpirun passes "
     "SIGUSR1 on, and answers SIGTERM by killing all ranks."},
    {NULL, NULL},
};

const rfm_term ENVIRONMENT[] = {
    {"RFMPI_SECTION_KEY",
     "An option of the job: RFMPI_CLUSTER_K is cluster.k. It wins over the job file, and --set over it."},
    {"OMP_NUM_THREADS", "The threads of each rank."},
    {"NO_COLOR", "No colours and nothing bold on a terminal, where it is set to anything but nothing."},
    {"RFMPI_VECTOR", "The instructions text is scanned with: portable, avx2 or avx512; the best there are where it is "
                     "not set. The result is the same."},
    {"SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER, SNOWFLAKE_PASSWORD, SNOWFLAKE_ROLE, SNOWFLAKE_WAREHOUSE, SNOWFLAKE_DATABASE, "
     "SNOWFLAKE_SCHEMA, SNOWFLAKE_AUTHENTICATOR, SNOWFLAKE_PRIVATE_KEY_FILE, PRIVATE_KEY_PASSPHRASE, SNOWFLAKE_TOKEN, "
     "SNOWFLAKE_TOKEN_FILE_PATH, SNOWFLAKE_HOST, SNOWFLAKE_PORT, SNOWFLAKE_PROTOCOL",
     "Who logs in to the warehouse, and where it is."},
    {"SNOWFLAKE_HOME, SNOWFLAKE_DEFAULT_CONNECTION_NAME",
     "Where connections.toml and config.toml lie, and which of their connections is taken."},
    {"HTTPS_PROXY, NO_PROXY", "A proxy for the warehouse and its stage."},
    {"TMPDIR", "Where ranks spill to when there are more than 1,024 of them and output.scratch is not set."},
    {NULL, NULL},
};

void write_range(FILE *to, const rfm_option *option)
{
    static const double MOST_SAID = 1e15; /* a limit beyond it is none */
    if (option->high > MOST_SAID)
        fprintf(to, ", at least %.10g", option->low);
    else if (option->low < option->high)
        fprintf(to, ", %.10g to %.10g", option->low, option->high);
}
