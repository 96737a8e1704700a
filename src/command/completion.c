/* The tables as words that shells complete. */
#include <string.h>

#include "pages.h"

/* One word that may stand at a place: of what kind the place is, of which command, flag or key ("-": of none). */
typedef void put_word(FILE *to, const char *kind, const char *of, const char *word, const char *help);

static void give_choices(FILE *to, put_word *put, const char *of, const char *choices)
{
    for (const char *at = choices; at && *at; at += strspn(at, "|")) {
        char word[64];
        const size_t length = strcspn(at, "|");
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        put(to, "value", of, word, of);
        at += length;
    }
}

static void give_flags(FILE *to, put_word *put, const rfm_command *command)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    put(to, "command", "-", command->name, command->summary);
    for (const rfm_flag *flag = command->flags; flag && flag->name; flag++) {
        put(to, "flag", command->name, flag->name, flag->help);
        give_choices(to, put, flag->name, flag->choices);
    }
    if (command->takes != TAKES_NO_OPTIONS)
        put(to, "flag", command->name, "--set", "KEY=VALUE: an option of the job");
    for (size_t i = 0; i < n && command->takes == TAKES_OPTIONS; i++)
        if (options[i].flag)
            put(to, "flag", command->name, options[i].flag, options[i].help);
    put(to, "flag", command->name, "--help", "its options");
}

static void give_words(FILE *to, put_word *put)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    for (size_t i = 0; i < N_COMMANDS; i++)
        give_flags(to, put, &COMMANDS[i]);
    put(to, "command", "-", "--help", "the commands");
    put(to, "command", "-", "--version", "what it was built with");
    for (size_t i = 0; i < n; i++) {
        put(to, "key", "-", options[i].key, options[i].help);
        give_choices(to, put, options[i].key,
                     options[i].type == RFM_OPTION_BOOLEAN ? "true|false" : options[i].choices);
    }
}

/* A line of the table: four fields with tabs between. */
static void put_line(FILE *to, const char *kind, const char *of, const char *word, const char *help)
{
    fprintf(to, "%s\t%s\t%s\t%s\n", kind, of, word, help);
}

void write_word_table(FILE *to)
{
    fputs("# _rfmpi_words KIND OF: the words of a kind that begin with nothing in particular, a line each: "
          "WORD<tab>HELP.\n"
          "# Made from the program's tables.\n"
          "_rfmpi_words() {\n"
          "    local kind of word help\n"
          "    while IFS=$'\\t' read -r kind of word help; do\n"
          "        if [[ $kind == \"$1\" && $of == \"$2\" ]]; then\n"
          "            printf '%s\\t%s\\n' \"$word\" \"$help\"\n"
          "        fi\n"
          "    done <<'END'\n",
          to);
    give_words(to, put_line);
    fputs("END\n}\n", to);
}

/* Text between single quotes of fish, where only a quote and a backslash mean something. */
static void put_quoted(FILE *to, const char *text)
{
    fputc('\'', to);
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', to);
        fputc(*text, to);
    }
    fputc('\'', to);
}

/* What has to hold for a word of that kind. */
static void put_condition(FILE *to, const char *kind, const char *of)
{
    if (strcmp(kind, "command") == 0)
        fputs("__fish_use_subcommand", to);
    else if (strcmp(kind, "flag") == 0)
        fprintf(to, "__fish_seen_subcommand_from %s", of);
    else
        fprintf(to, "__rfmpi_behind %s", strcmp(kind, "value") == 0 && of[0] == '-' && of[1] != '\0' ? of : "--set");
}

static void put_fish_line(FILE *to, const char *kind, const char *of, const char *word, const char *help)
{
    char text[256];
    const bool of_key = strcmp(kind, "value") == 0 && of[0] != '-';
    /* Only behind a flag's own words may be files. */
    fprintf(to, "complete -c rfmpi %s-n '", strcmp(kind, "flag") == 0 ? "" : "-f ");
    put_condition(to, kind, of);
    fputs("' -a ", to);
    snprintf(text, sizeof text, "%s%s%s%s", of_key ? of : "", of_key ? "=" : "", word,
             strcmp(kind, "key") == 0 ? "=" : "");
    put_quoted(to, text);
    if (strcmp(kind, "value") != 0) {
        fputs(" -d ", to);
        put_quoted(to, help);
    }
    fputc('\n', to);
}

void write_fish(FILE *to)
{
    fputs("# What fish completes of rfmpi; files besides. Made from the program's tables.\n"
          "function __rfmpi_behind\n"
          "    set -l words (commandline -opc)\n"
          "    test \"$words[-1]\" = $argv[1]\n"
          "end\n",
          to);
    give_words(to, put_fish_line);
}
