/* The words in slots: {1} is the first value, {1|one|many} one of two words by how many the first value is. */
#include "page.h"

#include <math.h>
#include <string.h>

static const char *const WORDS[N_WORDS][N_LANGUAGES] = {
#define WORD(name, english, french) {english, french},
#include "words.def"
#undef WORD
};

const char *word_in(word w, int of)
{
    return WORDS[w][of];
}

static void put_value(page *p, const slot *v)
{
    switch (v->kind) {
    case TEXT:
        put_text(p, v->text);
        break;
    case COUNT:
        put_count(p, v->number);
        break;
    case NUMBER:
        put_number(p, v->number);
        break;
    case SHARE:
        put_share(p, v->number);
        break;
    case SECONDS:
        put_seconds(p, v->number);
        break;
    case BYTES:
        put_bytes(p, v->number);
        break;
    case MEASURE:
        put_measure(p, v->number, v->text);
        break;
    case WORD:
        say_values(p, (word)v->number, NULL);
        break;
    case NO_VALUE:
        break;
    }
}

/* English has one for 1 alone, French for all below 2; of the number as it is shown. */
static bool is_one(const page *p, const slot *v)
{
    const double size = fabs(shown_number(v->number));
    return p->language == FRENCH ? size < 2 : size >= 1 && size <= 1;
}

/* "{1|order|orders}" from behind the digit to behind the brace; returns where it ends. */
static const char *put_choice(page *p, const char *at, const slot *v)
{
    const char *one = at + 1, *bar = strchr(one, '|'), *end = strchr(one, '}');
    const char *from = is_one(p, v) ? one : bar + 1, *to = is_one(p, v) ? bar : end;
    rfm_text_add(&p->html, from, (size_t)(to - from));
    return end + 1;
}

void say_values(page *p, word w, const slot *values)
{
    size_t n = 0;
    while (values && values[n].kind != NO_VALUE)
        n++;
    for (const char *at = WORDS[w][p->language]; *at;) {
        const size_t plain = strcspn(at, "{");
        rfm_text_add(&p->html, at, plain);
        at += plain;
        if (*at == '\0')
            break;
        const size_t number = (size_t)(at[1] - '1');
        rfm_assert(number < n);
        if (at[2] == '|') {
            at = put_choice(p, at + 2, &values[number]);
        } else {
            put_value(p, &values[number]);
            at += 3;
        }
    }
}
