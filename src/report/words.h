/* words: everything the page says, in English and French: words.def. Markup stands in them as it is; slots take values:
 *
 *     {1}             the first value
 *     {1|one|many}    one of two words, by how many the first value is
 */
#ifndef RFM_REPORT_WORDS_H
#define RFM_REPORT_WORDS_H

typedef enum word {
#define WORD(name, english, french) W_##name,
#include "words.def"
#undef WORD
    N_WORDS,
    /* The last of them are the glossary: a term, its meaning, the next term. */
    W_GLOSSARY_FIRST = W_TERM_SEGMENT,
    W_GLOSSARY_END = N_WORDS
} word;

/* As it stands in the table. */
const char *word_in(word w, int of);

#endif
