/* Names and texts in statements. Whatever they hold, they stay one token: a small reader of Snowflake's lexical rules
 * ("Identifier requirements", "String constants" of its reference), which knows nothing of how they are written, reads
 * them back. */
#include "session.h"

#include "draw.h"
#include "rfmpi/sql.h"

/* ---- the reader ------------------------------------------------------------------------------------------------- */

/* "..." with "" for a quote: what it means; false unless the whole text is one such token. */
static bool read_name(const char *sql, rfm_text *name)
{
    const char *c = sql;
    if (*c++ != '"')
        return false;
    for (; *c; c++) {
        if (*c == '"' && c[1] != '"')
            return c[1] == '\0';
        c += *c == '"';
        rfm_text_add(name, c, 1);
    }
    return false;
}

/* '...' with '' for a quote and escapes that begin with a backslash; of these, only \\ and \' are met here. */
static bool read_text(const char *sql, rfm_text *text)
{
    const char *c = sql;
    if (*c++ != '\'')
        return false;
    for (; *c; c++) {
        if (*c == '\'' && c[1] != '\'')
            return c[1] == '\0';
        if (*c == '\\' && c[1] != '\\' && c[1] != '\'')
            return false;
        c += *c == '\'' || *c == '\\';
        rfm_text_add(text, c, 1);
    }
    return false;
}

static void check_one_token(void (*add)(rfm_text *, const char *), bool (*read)(const char *, rfm_text *),
                            const char *content)
{
    rfm_text sql = {0}, back = {0};
    add(&sql, content);
    rfm_text_adds(&back, "");
    if (!read(sql.bytes, &back) || strcmp(back.bytes, content) != 0)
        fail_msg("%s is no token that means %s", sql.bytes, content);
    rfm_text_free(&sql);
    rfm_text_free(&back);
}

/* ---- quoting ---------------------------------------------------------------------------------------------------- */

static const char *const ATTEMPTS[] = {
    "",
    "x",
    "'",
    "''",
    "\"",
    "\"\"",
    "\\",
    "\\\\",
    "\\'",
    "'; DROP TABLE t; --",
    "\"; DROP TABLE t; --",
    "\\'; DROP TABLE t; --",
    "x\\",
    "x' OR '1'='1",
    "$$; DROP TABLE t; $$",
    "/* */ -- \n ; \r\n",
    "?",
    ":1",
    "&x %s {{ x }}",
    "part-00000.csv.gz",
    "caf\xC3\xA9 \xE2\x80\x98 \xEF\xBC\x87",
    "\x01\x7F",
};

static void every_attempt_stays_one_token(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ATTEMPTS / sizeof *ATTEMPTS; i++) {
        check_one_token(rfm_sql_add_name, read_name, ATTEMPTS[i]);
        check_one_token(rfm_sql_add_text, read_text, ATTEMPTS[i]);
    }
}

static void random_texts_stay_one_token(void **state)
{
    (void)state;
    static const char letters[] = "'\"\\;-a $\n";
    uint64_t random = 1;
    for (int trial = 0; trial < 20000; trial++) {
        char content[12] = "";
        const size_t n = draw(&random) % sizeof content;
        for (size_t i = 0; i < n; i++)
            content[i] = letters[draw(&random) % (sizeof letters - 1)];
        check_one_token(rfm_sql_add_name, read_name, content);
        check_one_token(rfm_sql_add_text, read_text, content);
    }
}

static void tokens_are_appended(void **state)
{
    (void)state;
    rfm_text sql = {0};
    rfm_text_adds(&sql, "DROP ");
    rfm_sql_add_name(&sql, "a\"b");
    rfm_sql_add_text(&sql, "it's \\");
    assert_string_equal(sql.bytes, "DROP \"a\"\"b\"'it''s \\\\'");
    rfm_text_free(&sql);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static void expect_parts(const char *name, const char *first, const char *second, const char *third)
{
    rfm_error err = {0};
    char *parts[3] = {NULL};
    size_t n = 9;
    const char *const expected[] = {first, second, third};
    rfm_sql_split_name(name, "store.table", parts, &n, &err);
    assert_fine(&err);
    assert_int_equal(n, 1 + (second != NULL) + (third != NULL));
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(parts[i], expected[i]);
        free(parts[i]);
    }
}

static void plain_words_are_folded_to_capitals(void **state)
{
    (void)state;
    expect_parts("customer_segments", "CUSTOMER_SEGMENTS", NULL, NULL);
    expect_parts("Sc.tAble", "SC", "TABLE", NULL);
    expect_parts("db.sc.t", "DB", "SC", "T");
    expect_parts("_x$1.y9z", "_X$1", "Y9Z", NULL);
}

static void names_in_quotes_stay_as_they_are(void **state)
{
    (void)state;
    expect_parts("\"customer segments\"", "customer segments", NULL, NULL);
    expect_parts("\"a.b\".c.\"D\"", "a.b", "C", "D");
    expect_parts("\"say \"\"hi\"\"\"", "say \"hi\"", NULL, NULL);
    expect_parts("db.\"\"\"\".\"; DROP TABLE t --\"", "DB", "\"", "; DROP TABLE t --");
    expect_parts("\"caf\xC3\xA9\".\"it's\"", "caf\xC3\xA9", "it's", NULL);
    expect_parts("\" \"", " ", NULL, NULL);
}

static void what_is_no_name_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",       ".",    "a.",     ".a",         "a.b.c.d", "a.b.c.",   "1a",     "$a",
        "a b",    "a-b",  "a;b",    "a--",        "a'b",     "a\"b\"",   "\"a\"b", "\"a",
        "\"",     "\"\"", "a.\"\"", "\"a\"\"",    "a\n",     " a",       "a .b",   "a. b",
        "@stage", "a/b",  "a,b",    "(select 1)", "a=b",     "\xC3\xA9", "\"a\".", "\"a\"..\"b\""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rfm_error err = {0};
        char untouched, *parts[3] = {&untouched, &untouched, &untouched};
        size_t n = 9;
        if (rfm_sql_split_name(names[i], "store.table", parts, &n, &err) == RFM_OK)
            fail_msg("'%s' is taken", names[i]);
        assert_int_equal(n, 0);
        assert_failed(&err, RFM_USAGE, "store.table: ");
    }
}

/* 255: the warehouse's limit. */
static void names_have_a_longest(void **state)
{
    (void)state;
    rfm_error err = {0};
    char name[259] = "", *parts[3] = {NULL};
    size_t n;
    memset(name, 'A', 255);
    expect_parts(name, name, NULL, NULL);
    name[255] = 'A';
    rfm_sql_split_name(name, "store.table", parts, &n, &err);
    assert_failed(&err, RFM_USAGE, "is no name");
    memset(name, '"', 258); /* in quotes: 128 of one each */
    rfm_sql_split_name(name, "store.table", parts, &n, &err);
    assert_fine(&err);
    assert_int_equal(strlen(parts[0]), 128);
    free(parts[0]);
}

/* A name that is written is the same when it is read. */
static void names_come_back(void **state)
{
    (void)state;
    static const char letters[] = "\".aB 'c;\\";
    uint64_t random = 2;
    for (int trial = 0; trial < 5000; trial++) {
        char content[3][10] = {""};
        rfm_text sql = {0};
        for (int p = 0; p < 3; p++) {
            const size_t n = 1 + draw(&random) % (sizeof content[p] - 1);
            for (size_t i = 0; i < n; i++)
                content[p][i] = letters[draw(&random) % (sizeof letters - 1)];
            rfm_text_adds(&sql, p > 0 ? "." : "");
            rfm_sql_add_name(&sql, content[p]);
        }
        expect_parts(sql.bytes, content[0], content[1], content[2]);
        rfm_text_free(&sql);
    }
}

/* ---- as people write them --------------------------------------------------------------------------------------- */

static void a_written_name_is_folded_or_quoted(void **state)
{
    (void)state;
    static const char *const names[][2] = {{"customer_id", "\"CUSTOMER_ID\""},
                                           {"\"customer id\"", "\"customer id\""},
                                           {"customer id", "\"customer id\""},
                                           {"a.b", "\"a.b\""},
                                           {"caf\xC3\xA9", "\"caf\xC3\xA9\""},
                                           {"1st", "\"1st\""},
                                           {"x\"; DROP TABLE t --", "\"x\"\"; DROP TABLE t --\""},
                                           {"\"", "\"\"\"\""}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rfm_text sql = {0};
        rfm_sql_add_written(&sql, names[i][0]);
        assert_string_equal(sql.bytes, names[i][1]);
        rfm_text_free(&sql);
    }
}

static void a_written_path_is_quoted_in_its_parts(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_text sql = {0};
    rfm_sql_add_path(&sql, "db.\"a.b\".t", "export.table", &err);
    assert_fine(&err);
    assert_string_equal(sql.bytes, "\"DB\".\"a.b\".\"T\"");
    rfm_sql_add_path(&sql, "t; DROP TABLE u", "export.table", &err);
    assert_failed(&err, RFM_USAGE, "export.table: 't; DROP TABLE u' is no name");
    rfm_text_free(&sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_attempt_stays_one_token),
        cmocka_unit_test(random_texts_stay_one_token),
        cmocka_unit_test(tokens_are_appended),
        cmocka_unit_test(plain_words_are_folded_to_capitals),
        cmocka_unit_test(names_in_quotes_stay_as_they_are),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(names_have_a_longest),
        cmocka_unit_test(names_come_back),
        cmocka_unit_test(a_written_name_is_folded_or_quoted),
        cmocka_unit_test(a_written_path_is_quoted_in_its_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
