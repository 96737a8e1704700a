/* The tables as one page of Markdown: docs/reference.md. */
#include <string.h>

#include "pages.h"

/* ---- words ------------------------------------------------------------------------------------------------------- */

/* Text as it is meant, in a cell of a table too; a line of it is a paragraph. Within a word an underscore is one. */
static void put(FILE *to, const char *text)
{
    for (char before = ' '; *text; before = *text++) {
        const bool means = *text == '_' ? before == ' ' : strchr("|*<\\`", *text) != NULL;
        fprintf(to, "%s%c%s", means ? "\\" : "", *text, *text == '\n' ? "\n" : "");
    }
}

/* Between backquotes only the bar of a table needs care. */
static void put_code(FILE *to, const char *text)
{
    fputc('`', to);
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', to);
        fputc(*text, to);
    }
    fputc('`', to);
}

/* "a|b|c", and "a, b", as code each. */
static void put_codes(FILE *to, const char *words, const char *between)
{
    for (const char *at = words; *at;) {
        char word[128];
        const size_t length = strcspn(at, between);
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        put_code(to, word);
        at += length;
        if (*at) {
            fputs(", ", to);
            at += strspn(at, between);
        }
    }
}

/* ---- commands ---------------------------------------------------------------------------------------------------- */

static void put_flag(FILE *to, const rfm_flag *flag)
{
    char words[64];
    snprintf(words, sizeof words, "%s%s%s", flag->name, flag->value ? " " : "", flag->value ? flag->value : "");
    fputs("| ", to);
    put_code(to, words);
    fputs(" | ", to);
    put(to, flag->help);
    if (flag->choices) {
        fputs("; one of ", to);
        put_codes(to, flag->choices, "|");
    }
    fputs(" |\n", to);
}

static void put_flags(FILE *to, const rfm_command *command)
{
    if (!command->flags)
        return;
    fputs("| flag | |\n|---|---|\n", to);
    for (const rfm_flag *flag = command->flags; flag->name; flag++)
        put_flag(to, flag);
    fputs("\n", to);
}

static const char *const TAKEN[] = {
    [TAKES_NO_OPTIONS] = "It takes no options of the job.\n",
    [TAKES_SET] = "It takes [options](#options) by `--set KEY=VALUE`.\n",
    [TAKES_OPTIONS] = "It takes all [options](#options), by `--set KEY=VALUE` or the flags that some of them have.\n",
};

static void put_examples(FILE *to, const rfm_guide *guide)
{
    fprintf(to, "\n<!-- run: %s -->\n\n    ", guide->place);
    for (const char *at = guide->examples; *at; at++) {
        fputc(*at, to);
        if (*at == '\n' && at[1])
            fputs("    ", to);
    }
}

static void put_command(FILE *to, const rfm_command *command)
{
    const rfm_guide *guide = guide_of(command->name);
    char words[512];
    fprintf(to, "### rfmpi %s\n\n", command->name);
    snprintf(words, sizeof words, "rfmpi %s %s", command->name, command->operands);
    put_code(to, words);
    fputs(": ", to);
    put(to, command->summary);
    fputs(".\n\n", to);
    if (guide) {
        put(to, guide->text);
        fputs("\n\n", to);
    }
    put_flags(to, command);
    fputs(TAKEN[command->takes], to);
    if (guide)
        put_examples(to, guide);
    fputs("\n", to);
}

/* ---- options ----------------------------------------------------------------------------------------------------- */

static void put_values(FILE *to, const rfm_option *option)
{
    static const char *const types[] = {
        [RFM_OPTION_STRING] = "text",
        [RFM_OPTION_INTEGER] = "whole number",
        [RFM_OPTION_NUMBER] = "number",
        [RFM_OPTION_BOOLEAN] = "`true`, `false`",
        [RFM_OPTION_CHOICE] = "",
        [RFM_OPTION_STRINGS] = "text, or a list of texts",
        [RFM_OPTION_COUNTS] = "whole numbers",
        [RFM_OPTION_TREE] = "text, list or map",
    };
    fputs(types[option->type], to);
    if (option->type == RFM_OPTION_CHOICE)
        put_codes(to, option->choices, "|");
    else
        write_range(to, option);
}

static void put_decides(FILE *to, unsigned decides)
{
    static const struct {
        unsigned bit;
        const char *product;
    } products[] = {{RFM_DECIDES_STATE, "state"},
                    {RFM_DECIDES_FEATURES, "features"},
                    {RFM_DECIDES_MODEL, "model"},
                    {RFM_DECIDES_RESULT, "results"}};
    const char *before = "";
    for (size_t i = 0; i < sizeof products / sizeof *products; i++)
        if (decides & products[i].bit) {
            fprintf(to, "%s%s", before, products[i].product);
            before = ", ";
        }
}

static void put_option(FILE *to, const rfm_option *option)
{
    fputs("| ", to);
    put_code(to, option->key);
    if (option->flag) {
        fputs(", ", to);
        put_code(to, option->flag);
    }
    fputs(" | ", to);
    put(to, option->help);
    fputs(" | ", to);
    put_values(to, option);
    fputs(" | ", to);
    if (option->fallback)
        put_code(to, option->fallback);
    fputs(" | ", to);
    put_decides(to, option->decides);
    fputs(" |\n", to);
}

static void put_options(FILE *to)
{
    size_t n, section = 0;
    const rfm_option *options = rfm_options(&n);
    fputs("## Options\n\n"
          "In the job file, in the environment as `RFMPI_SECTION_KEY`, or as `--set section.key=value`; the later of "
          "these wins. The\n"
          "values of `--set` are YAML. An empty value stands for the default. Passwords and tokens are refused.\n\n"
          "*decides*: what is made anew when the option changes. One that decides nothing may differ from start to "
          "start.\n",
          to);
    for (size_t i = 0; i < n; i++) {
        const size_t length = strcspn(options[i].key, ".");
        if (i == 0 || strncmp(options[i].key, options[section].key, length + 1) != 0) {
            const char *summary = section_summary(options[i].key, length);
            fprintf(to, "\n### %.*s\n\n%s%s| key | what | values | default | decides |\n|---|---|---|---|---|\n",
                    (int)length, options[i].key, summary ? summary : "", summary ? "\n\n" : "");
        }
        section = i;
        put_option(to, &options[i]);
    }
    fputs("\n", to);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

static void put_terms(FILE *to, const char *kind, const rfm_term *terms)
{
    fprintf(to, "| %s | |\n|---|---|\n", kind);
    for (; terms->name; terms++) {
        fputs("| ", to);
        put_codes(to, terms->name, ", ");
        fputs(" | ", to);
        put(to, terms->meaning);
        fputs(" |\n", to);
    }
    fputs("\n", to);
}

static void put_exit_codes(FILE *to)
{
    fputs("## Exit codes\n\n| code | |\n|---|---|\n", to);
    for (const rfm_exit_code *exit = EXIT_CODES; exit->meaning; exit++) {
        fprintf(to, "| %d | ", (int)exit->code);
        put(to, exit->meaning);
        fputs(" |\n", to);
    }
    fputs("\n", to);
}

static void put_documents(FILE *to)
{
    fputs("## Files\n\n"
          "Words in capitals stand for any name; `[_min|_max]` for nothing, or one of these; `[]` for each of a "
          "list.\n\n",
          to);
    for (const rfm_document *document = DOCUMENTS; document->name; document++) {
        fprintf(to, "### %s\n\n", document->name);
        put(to, document->summary);
        fputs("\n\n", to);
        put_terms(to, document->kind, document->terms);
    }
}

void write_reference(FILE *to)
{
    fputs(
        "# Reference\n\n"
        "<!-- Made from the tables of the program: cmake --build --preset release --target reference -->\n\n"
        "Every command, option, exit code, signal, variable and file. This page is made from the tables in the source "
        "that the program\n"
        "itself goes by; the man pages (`man rfmpi`) say the same.\n\n"
        "- [Commands](#commands)\n- [Options](#options)\n- [Exit codes](#exit-codes)\n- [Signals](#signals)\n"
        "- [Environment](#environment)\n- [Files](#files)\n\n"
        "## Commands\n\n`rfmpi COMMAND [JOB.yml | RUN_DIR | FILE] [--set KEY=VALUE]... [FLAG]...`; every command has "
        "`--help`, and `rfmpi --version`\n"
        "says what the program was built with.\n\n",
        to);
    for (size_t i = 0; i < N_COMMANDS; i++)
        put_command(to, &COMMANDS[i]);
    put_options(to);
    put_exit_codes(to);
    fputs("## Signals\n\n", to);
    put_terms(to, "signal", SIGNALS);
    fputs("## Environment\n\n", to);
    put_terms(to, "variable", ENVIRONMENT);
    put_documents(to);
}
