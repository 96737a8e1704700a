/* The tables as man pages. */
#include <string.h>

#include "pages.h"

/* Text as it is meant: nothing in it is an order to troff. */
static void put(FILE *to, const char *text)
{
    static const struct {
        char byte;
        const char *said;
    } odd[] = {{'\\', "\\e"},  {'-', "\\-"},   {'\'', "\\(aq"}, {'`', "\\(ga"},
               {'^', "\\(ha"}, {'~', "\\(ti"}, {'"', "\\(dq"}};
    if (*text == '.')
        fputs("\\&", to);
    for (; *text; text++) {
        size_t i = 0;
        while (i < sizeof odd / sizeof *odd && odd[i].byte != *text)
            i++;
        if (i < sizeof odd / sizeof *odd)
            fputs(odd[i].said, to);
        else
            fputc(*text, to);
    }
}

static void put_bold(FILE *to, const char *text)
{
    fputs("\\fB", to);
    put(to, text);
    fputs("\\fR", to);
}

/* A line of the text is a paragraph. */
static void put_paragraphs(FILE *to, const char *text)
{
    while (*text) {
        char paragraph[1024];
        const size_t length = strcspn(text, "\n");
        snprintf(paragraph, sizeof paragraph, "%.*s", (int)length, text);
        put(to, paragraph);
        text += length + (text[length] != '\0');
        fputs(*text ? "\n.PP\n" : "\n", to);
    }
}

/* "a|b|c" as "a, b, c". */
static void put_choices(FILE *to, const char *choices)
{
    for (const char *at = choices; *at;) {
        char word[64];
        const size_t length = strcspn(at, "|");
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        put_bold(to, word);
        at += length;
        if (*at == '|') {
            fputs(", ", to);
            at++;
        }
    }
}

static void begin_page(FILE *to, const char *name, int section, const char *summary, const char *version,
                       const char *date)
{
    fprintf(to, ".TH %s %d \"%s\" \"rfmpi %s\" \"%s\"\n.SH NAME\n", name, section, date, version,
            section == 1 ? "User Commands" : "File Formats");
    put(to, name);
    fputs(" \\- ", to);
    put(to, summary);
    fputs("\n", to);
}

/* What a list of definitions begins an entry with. */
static void begin_entry(FILE *to, const char *term, const char *value)
{
    fputs(".TP\n", to);
    put_bold(to, term);
    if (value) {
        fputs(" \\fI", to);
        put(to, value);
        fputs("\\fR", to);
    }
    fputs("\n", to);
}

static void put_flag(FILE *to, const rfm_flag *flag)
{
    begin_entry(to, flag->name, flag->value);
    put(to, flag->help);
    fputs(".\n", to);
    if (flag->choices) {
        fputs("One of ", to);
        put_choices(to, flag->choices);
        fputs(".\n", to);
    }
}

static void put_option_flags(FILE *to)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    for (size_t i = 0; i < n; i++) {
        if (!options[i].flag)
            continue;
        begin_entry(to, options[i].flag, options[i].type == RFM_OPTION_BOOLEAN ? NULL : "VALUE");
        put(to, options[i].help);
        fputs(" (", to);
        put_bold(to, options[i].key);
        fputs(").\n", to);
    }
}

static const rfm_flag SET = {"--set", "KEY=VALUE", NULL,
                             "an option of the job, before its file and the environment; any number of times"};
static const rfm_flag HELP = {"--help", NULL, NULL, "say what there is to say, and do nothing"};
static const rfm_flag VERSION = {"--version", NULL, NULL, "say what the program is and what it was built with"};

static void put_see_also(FILE *to, const char *without)
{
    fputs(".SH SEE ALSO\n", to);
    const char *before = "";
    if (strcmp(without, "rfmpi") != 0) {
        fputs(".BR rfmpi (1)", to);
        before = ",\n";
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(COMMANDS[i].name, without) != 0) {
            fprintf(to, "%s.BR rfmpi\\-%s (1)", before, COMMANDS[i].name);
            before = ",\n";
        }
    static const char *const others[] = {"job", "files"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(without, others[i]) != 0) {
            fprintf(to, "%s.BR rfmpi\\-%s (5)", before, others[i]);
            before = ",\n";
        }
    fputs("\n", to);
}

static void put_description(FILE *to, const rfm_command *command, const rfm_guide *guide)
{
    fputs(".SH DESCRIPTION\n", to);
    if (guide) {
        put_paragraphs(to, guide->text);
    } else {
        put(to, command->summary);
        fputs(".\n", to);
    }
    if (command->takes != TAKES_NO_OPTIONS)
        fputs(".PP\nWhat it does is said by the options of the job, which\n.BR rfmpi\\-job (5)\nlists.\n", to);
}

/* Lines as they are typed. */
static void put_examples(FILE *to, const char *examples)
{
    fputs(".SH EXAMPLES\n.nf\n", to);
    while (*examples) {
        char line[512];
        const size_t length = strcspn(examples, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, examples);
        put(to, line);
        fputs("\n", to);
        examples += length + 1;
    }
    fputs(".fi\n", to);
}

void write_command_page(FILE *to, const rfm_command *command, const char *version, const char *date)
{
    const rfm_guide *guide = guide_of(command->name);
    char name[64];
    snprintf(name, sizeof name, "rfmpi-%s", command->name);
    begin_page(to, name, 1, command->summary, version, date);
    fprintf(to, ".SH SYNOPSIS\n\\fBrfmpi %s\\fR ", command->name);
    put(to, command->operands);
    fputs(command->takes != TAKES_NO_OPTIONS ? " [\\fB\\-\\-set\\fR \\fIKEY=VALUE\\fR]...\n" : "\n", to);
    put_description(to, command, guide);
    fputs(".SH OPTIONS\n", to);
    for (const rfm_flag *flag = command->flags; flag && flag->name; flag++)
        put_flag(to, flag);
    if (command->takes != TAKES_NO_OPTIONS)
        put_flag(to, &SET);
    if (command->takes == TAKES_OPTIONS)
        put_option_flags(to);
    put_flag(to, &HELP);
    fputs(".SH EXIT STATUS\nAs in\n.BR rfmpi (1).\n", to);
    if (guide)
        put_examples(to, guide->examples);
    put_see_also(to, command->name);
}

static void put_type(FILE *to, const rfm_option *option)
{
    static const char *const types[] = {
        [RFM_OPTION_STRING] = "Text",
        [RFM_OPTION_INTEGER] = "A whole number",
        [RFM_OPTION_NUMBER] = "A number",
        [RFM_OPTION_BOOLEAN] = "\\fBtrue\\fR or \\fBfalse\\fR",
        [RFM_OPTION_CHOICE] = "One of ",
        [RFM_OPTION_STRINGS] = "A text, or a list of texts",
        [RFM_OPTION_COUNTS] = "A whole number, a list of them, a range, or \\fBauto\\fR",
        [RFM_OPTION_TREE] = "A text, a list or a map",
    };
    fputs(types[option->type], to);
    if (option->type == RFM_OPTION_CHOICE)
        put_choices(to, option->choices);
    else
        write_range(to, option);
    fputs(".\n", to);
}

static void put_key(FILE *to, const rfm_option *option)
{
    begin_entry(to, option->key, NULL);
    put(to, option->help);
    fputs(".\n", to);
    put_type(to, option);
    if (option->fallback) {
        fputs("Default: ", to);
        put_bold(to, option->fallback);
        fputs(".\n", to);
    }
    if (option->flag) {
        fputs("Flag: ", to);
        put_bold(to, option->flag);
        fputs(".\n", to);
    }
}

static void put_section(FILE *to, const char *key, size_t length)
{
    const char *summary = section_summary(key, length);
    fprintf(to, ".SH %.*s\n", (int)length, key);
    if (summary) {
        put(to, summary);
        fputs("\n", to);
    }
}

void write_job_page(FILE *to, const char *version, const char *date)
{
    size_t n, section = 0;
    const rfm_option *options = rfm_options(&n);
    begin_page(to, "rfmpi-job", 5, "job files of rfmpi, and every option", version, date);
    fputs(".SH DESCRIPTION\n"
          "A job file is YAML: a map of the sections below, each a map of its keys.\n"
          "Every key may stand in the file, in the environment as \\fBRFMPI_\\fISECTION\\fB_\\fIKEY\\fR (in capitals), "
          "and on the\n"
          "command line as \\fB\\-\\-set \\fIsection.key=value\\fR; the later of these wins.\n"
          "A value is YAML there too; an empty one stands for the default.\n"
          "An unknown key is refused, with the nearest one there is.\n"
          "\\fBrfmpi config\\fR prints all of them with where each value comes from.\n"
          ".PP\nPasswords and tokens are refused in job files and in \\fB\\-\\-set\\fR.\n",
          to);
    for (size_t i = 0; i < n; i++) {
        const size_t length = strcspn(options[i].key, ".");
        if (i == 0 || strncmp(options[i].key, options[section].key, length + 1) != 0)
            put_section(to, options[i].key, length);
        section = i;
        put_key(to, &options[i]);
    }
    put_see_also(to, "job");
}

static const char DESCRIPTION[] =
    "rfmpi turns exported event files (who did what, when, for how much) into named customer segments, in parallel.\n"
    "The same input gives the same bits at any number of ranks and threads.\n"
    ".PP\nTo begin with, \\fBrfmpi init\\fR \\fIFILE\\fR looks at your events and writes a job file, and "
    "\\fBrfmpi run\\fR \\fIJOB.yml\\fR does the rest.\n"
    ".PP\nStart it plainly, by \\fBmpirun \\-n\\fR \\fIRANKS\\fR, or under Slurm by \\fBsrun \\-\\-mpi=pmix\\fR.\n"
    "The threads of each rank are \\fBOMP_NUM_THREADS\\fR.\n";

/* Names in front of what they mean. */
static void put_terms(FILE *to, const rfm_term *terms)
{
    for (; terms->name; terms++) {
        begin_entry(to, terms->name, NULL);
        put(to, terms->meaning);
        fputs("\n", to);
    }
}

static const char EXAMPLES[] = "rfmpi init shop.csv\n"
                               "rfmpi run shop.yml\n"
                               "mpirun -n 4 rfmpi run shop.yml\n"
                               "rfmpi info runs/shop\n"
                               "rfmpi predict january.yml --model runs/shop/model.h5\n";

void write_overview_page(FILE *to, const char *version, const char *date)
{
    begin_page(to, "rfmpi", 1, "event files to customer segments, in parallel", version, date);
    fputs(".SH SYNOPSIS\n\\fBrfmpi\\fR \\fICOMMAND\\fR [\\fIJOB.yml\\fR | \\fIRUN_DIR\\fR | \\fIFILE\\fR] "
          "[\\fB\\-\\-set\\fR \\fIKEY=VALUE\\fR]... [\\fIFLAG\\fR]...\n.SH DESCRIPTION\n",
          to);
    fputs(DESCRIPTION, to);
    fputs(".SH COMMANDS\n", to);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        begin_entry(to, COMMANDS[i].name, COMMANDS[i].operands);
        put(to, COMMANDS[i].summary);
        fputs(".\n", to);
    }
    fputs(".SH OPTIONS\n", to);
    put_flag(to, &SET);
    put_flag(to, &HELP);
    put_flag(to, &VERSION);
    fputs(".SH SIGNALS\n", to);
    put_terms(to, SIGNALS);
    fputs(".SH EXIT STATUS\n", to);
    for (const rfm_exit_code *exit = EXIT_CODES; exit->meaning; exit++) {
        char code[8];
        snprintf(code, sizeof code, "%d", (int)exit->code);
        begin_entry(to, code, NULL);
        put(to, exit->meaning);
        fputs(".\n", to);
    }
    fputs(".SH ENVIRONMENT\n", to);
    put_terms(to, ENVIRONMENT);
    put_examples(to, EXAMPLES);
    put_see_also(to, "rfmpi");
}

void write_files_page(FILE *to, const char *version, const char *date)
{
    begin_page(to, "rfmpi-files", 5, "the files rfmpi writes, their columns and keys", version, date);
    fputs(".SH DESCRIPTION\n"
          "Words in capitals stand for any name; [_min|_max] for nothing, or one of these; [] for each of a list.\n",
          to);
    for (const rfm_document *document = DOCUMENTS; document->name; document++) {
        fputs(".SH \"", to);
        put(to, document->name);
        fputs("\"\n", to);
        put(to, document->summary);
        fputs("\n", to);
        put_terms(to, document->terms);
    }
    put_see_also(to, "files");
}
