/* The grammar of filters: the tree that comes of a text, and where a wrong one goes wrong. */
#include "base/limits.h"
#include "services/filter.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static int set_up(void **state)
{
	arena_init(&arena, LIMIT_ARENA_BYTES);
	return 0;
}

static int tear_down(void **state)
{
	arena_done(&arena);
	return 0;
}

/* tags:"a", (and x y), (or x y), (not x); a '*' that was not escaped is printed as <*>. */
static void print(const struct filter_node *node, struct buffer *out)
{
	static const char *const names[] = { "(and", "(or", "(not" };
	if (node->kind == FILTER_RESTRICTION) {
		buffer_append_text(out, node->field_name);
		if (node->value == NULL)
			return;
		buffer_printf(out, "%s\"", filter_operator_text(node->op));
		for (const char *c = node->value; *c != '\0'; c++)
			if (c == node->star)
				buffer_append_text(out, "<*>");
			else
				buffer_append_char(out, *c);
		buffer_append_char(out, '"');
		return;
	}
	buffer_append_text(out, names[node->kind]);
	for (const struct filter_node *child = node->first; child != NULL; child = child->next) {
		assert_true(node->kind == FILTER_NOT || child->kind != node->kind);
		buffer_append_char(out, ' ');
		print(child, out);
	}
	buffer_append_char(out, ')');
}

static void test_trees(void **state)
{
	static const struct {
		const char *text, *tree;
	} cases[] = {
		{ "", "" },
		{ " \t\r\n ", "" },
		{ "tags:python", "tags:\"python\"" },
		{ "tags : 'python'", "tags:\"python\"" },
		{ " tags\n:\tpython ", "tags:\"python\"" },
		{ "featured", "featured" },
		{ "(featured)", "featured" },
		{ "(((featured)))", "featured" },
		/* Operators. */
		{ "a=1", "a=\"1\"" },
		{ "a!=1", "a!=\"1\"" },
		{ "a<1", "a<\"1\"" },
		{ "a<=1", "a<=\"1\"" },
		{ "a>1", "a>\"1\"" },
		{ "a>=1", "a>=\"1\"" },
		{ "a:1", "a:\"1\"" },
		/* OR binds tighter than AND. */
		{ "a:1 AND b:2", "(and a:\"1\" b:\"2\")" },
		{ "a:1 OR b:2", "(or a:\"1\" b:\"2\")" },
		{ "a:1 AND b:2 OR c:3", "(and a:\"1\" (or b:\"2\" c:\"3\"))" },
		{ "a:1 OR b:2 AND c:3", "(and (or a:\"1\" b:\"2\") c:\"3\")" },
		{ "a:1 OR (b:2 AND c:3)", "(or a:\"1\" (and b:\"2\" c:\"3\"))" },
		{ "a AND b OR c AND d", "(and a (or b c) d)" },
		{ "a OR b AND c OR d", "(and (or a b) (or c d))" },
		/* Lists in lists of their kind are one list. */
		{ "a AND (b AND c) AND d", "(and a b c d)" },
		{ "(a OR b) OR (c OR (d OR e))", "(or a b c d e)" },
		{ "((a AND b) OR c) AND (d AND (e AND f))", "(and (or (and a b) c) d e f)" },
		/* NOT. */
		{ "NOT a:1", "(not a:\"1\")" },
		{ "-a:1", "(not a:\"1\")" },
		{ "- a:1", "(not a:\"1\")" },
		{ "NOT(a)", "(not a)" },
		{ "-(a OR b)", "(not (or a b))" },
		{ "NOT a AND b", "(and (not a) b)" },
		{ "NOT a OR -b", "(or (not a) (not b))" },
		{ "NOT (NOT a)", "a" },
		{ "-(-(-a))", "(not a)" },
		{ "-(-(a AND b)) AND c", "(and a b c)" },
		{ "NOT (a != 1)", "(not a!=\"1\")" },
		/* Values. */
		{ "a:x-y_z.1", "a:\"x-y_z.1\"" },
		{ "a:-1", "a:\"-1\"" },
		{ "a:\xE4\xB8\xAD\xE6\x96\x87", "a:\"\xE4\xB8\xAD\xE6\x96\x87\"" },
		{ "a:\"AND\"", "a:\"AND\"" },
		{ "a:and", "a:\"and\"" },
		{ "a:\"\"", "a:\"\"" },
		{ "a:\"say \\\"hi\\\"\"", "a:\"say \"hi\"\"" },
		{ "a:'it\\'s'", "a:\"it's\"" },
		{ "a:\"it's\"", "a:\"it's\"" },
		{ "a:'\\\\'", "a:\"\\\"" },
		{ "a:'\\x\\\xC3\xA9'", "a:\"x\xC3\xA9\"" },
		{ "a:\"(b) AND c\"", "a:\"(b) AND c\"" },
		{ "a:\"b\"AND(c)", "(and a:\"b\" c)" },
		{ "a:*", "a:\"<*>\"" },
		{ "a=b*", "a=\"b<*>\"" },
		{ "a=\"b*\"", "a=\"b<*>\"" },
		{ "a=\"b\\*\"", "a=\"b*\"" },
		{ "a=\"\\*b*\"", "a=\"*b<*>\"" },
		{ "a=b*c*", "a=\"b<*>c*\"" },
		/* Times. */
		{ "a>2024-01-31", "a>\"2024-01-31\"" },
		{ "a>2024-01-31T01:02:03.5Z", "a>\"2024-01-31T01:02:03.5Z\"" },
		{ "(a>2024-01-31T01:02:03+02:00)", "a>\"2024-01-31T01:02:03+02:00\"" },
		{ "a>2024-01-31T01:02:03-02:00 AND b", "(and a>\"2024-01-31T01:02:03-02:00\" b)" },
		{ "a:1:b:2", "a:\"1:b:2\"" },
	};
	struct buffer out;
	buffer_init(&out, 65536);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct filter_node *root = NULL;
		struct error err = { .text = "" };
		buffer_clear(&out);
		enum code code = filter_parse(&arena, cases[i].text, &root, &err);
		if (code != CODE_OK)
			print_error("%s: %s\n", cases[i].text, err.text);
		assert_int_equal(code, CODE_OK);
		if (root != NULL)
			print(root, &out);
		assert_string_equal(buffer_text(&out), cases[i].tree);
	}
	buffer_done(&out);
}

static void test_positions(void **state)
{
	struct filter_node *root = NULL;
	assert_int_equal(filter_parse(&arena, "a AND  bc <=\t'x'", &root, NULL), CODE_OK);
	const struct filter_node *second = root->first->next;
	assert_int_equal(root->first->field_position, 1);
	assert_int_equal(second->field_position, 8);
	assert_int_equal(second->op_position, 11);
	assert_int_equal(second->value_position, 14);
	assert_true(second->value_quoted);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "tags:", "at byte 6: expected a value behind ':', for example \"python\"" },
		{ "tags::x", "at byte 6: expected a value behind ':', for example \"python\"" },
		{ "a == b", "at byte 4: expected a value behind '=', for example \"python\"" },
		{ "a = AND b", "at byte 5: expected a value behind '=', for example \"python\"" },
		{ "a >= OR b", "at byte 6: expected a value behind '>=', for example \"python\"" },
		{ "a:NOT", "at byte 3: expected a value behind ':', for example \"python\"" },
		{ "(a:)", "at byte 4: expected a value behind ':', for example \"python\"" },
		{ "tags:(a OR b)",
			"at byte 6: expected one value; write (tags:a OR tags:b) instead of "
			"tags:(a OR b)" },
		/* Restrictions that are missing. */
		{ ":python", "at byte 1: expected a restriction, for example tags:\"python\"" },
		{ "\"tags\":x", "at byte 1: expected a restriction, for example tags:\"python\"" },
		{ "AND", "at byte 1: expected a restriction, for example tags:\"python\"" },
		{ "AND a", "at byte 1: expected a restriction, for example tags:\"python\"" },
		{ "a AND", "at byte 6: expected a restriction, for example tags:\"python\"" },
		{ "a OR ", "at byte 6: expected a restriction, for example tags:\"python\"" },
		{ "a AND OR b", "at byte 7: expected a restriction, for example tags:\"python\"" },
		{ "NOT", "at byte 4: expected a restriction, for example tags:\"python\"" },
		{ "-", "at byte 2: expected a restriction, for example tags:\"python\"" },
		{ "NOT NOT a", "at byte 5: expected a restriction, for example tags:\"python\"" },
		{ "--a", "at byte 2: expected a restriction, for example tags:\"python\"" },
		{ "()", "at byte 2: expected a restriction, for example tags:\"python\"" },
		/* Restrictions that are too close. */
		{ "a b", "at byte 3: expected AND, OR, ')' or the end" },
		{ "tags:a tags:b", "at byte 8: expected AND, OR, ')' or the end" },
		{ "a (b)", "at byte 3: expected AND, OR, ')' or the end" },
		{ "(a)(b)", "at byte 4: expected AND, OR, ')' or the end" },
		{ "a NOT b", "at byte 3: expected AND, OR, ')' or the end" },
		{ "a -b", "at byte 3: expected AND, OR, ')' or the end" },
		{ "a:\"x\"y", "at byte 6: expected AND, OR, ')' or the end" },
		{ "a:b:c", "at byte 4: expected AND, OR, ')' or the end" },
		{ "a < b < c", "at byte 7: expected AND, OR, ')' or the end" },
		{ "a and b",
			"at byte 3: expected AND, OR, ')' or the end; AND, OR and NOT are written "
			"in upper case" },
		{ "(a:1 Or b)",
			"at byte 6: expected AND, OR, ')' or the end; AND, OR and NOT are written "
			"in upper case" },
		{ "not a",
			"at byte 1: expected a restriction; AND, OR and NOT are written in upper "
			"case" },
		{ "a AND not (b)",
			"at byte 7: expected a restriction; AND, OR and NOT are written in upper "
			"case" },
		/* Parentheses. */
		{ "(", "at byte 2: expected a restriction, for example tags:\"python\"" },
		{ ")", "at byte 1: expected a restriction, for example tags:\"python\"" },
		{ "(a", "at byte 3: expected ')' for the '(' at byte 1" },
		{ "((a) AND (b)", "at byte 13: expected ')' for the '(' at byte 1" },
		{ "a)", "at byte 2: no '(' was opened for this ')'" },
		{ "(a))", "at byte 4: no '(' was opened for this ')'" },
		{ "(a AND)", "at byte 7: expected a restriction, for example tags:\"python\"" },
		/* Strings. */
		{ "a:\"b", "at byte 3: the string that begins here has no \" at its end" },
		{ "a:'b\"", "at byte 3: the string that begins here has no ' at its end" },
		{ "a:\"b\\\"", "at byte 3: the string that begins here has no \" at its end" },
		{ "a:\"b\\", "at byte 3: the string that begins here has no \" at its end" },
		{ "a:\"", "at byte 3: the string that begins here has no \" at its end" },
		{ "\"", "at byte 1: the string that begins here has no \" at its end" },
		{ "a:\"b\nc\"", "at byte 5: control character 0x0a" },
		{ "a:\"b\\\x01\"", "at byte 6: control character 0x01" },
		{ "a:\xE2\x80\x9C"
		  "b\xE2\x80\x9D",
			"at byte 3: use straight quotation marks, \" or '" },
		{ "\xE2\x80\x98"
		  "a",
			"at byte 1: use straight quotation marks, \" or '" },
		/* Characters. */
		{ "a\x01", "at byte 2: control character 0x01" },
		{ "a:b\x7F", "at byte 4: control character 0x7f" },
		{ "a\vb", "at byte 2: control character 0x0b" },
		{ "a:b\xC2\xA0"
		  "AND c:d",
			"at byte 4: this white space is no blank; write a blank, or quote a value "
			"that has it" },
		{ "a:b AND \xE3\x80\x80"
		  "c:d",
			"at byte 9: this white space is no blank; write a blank, or quote a value "
			"that has it" },
		{ "a:\xE2\x80\x8A"
		  "b",
			"at byte 3: this white space is no blank; write a blank, or quote a value "
			"that has it" },
		{ "a && b", "at byte 3: write AND and OR instead of '&'" },
		{ "a || b", "at byte 3: write AND and OR instead of '|'" },
		{ "tags:c++", "at byte 7: '+' is not expected here; quote a value that has other "
			      "characters than letters, digits, '-', '_' and '.'" },
		{ "a:b,c", "at byte 4: ',' is not expected here; quote a value that has other "
			   "characters than letters, digits, '-', '_' and '.'" },
		{ "a ! b", "at byte 3: '!' is not expected here; quote a value that has other "
			   "characters than letters, digits, '-', '_' and '.'" },
		{ "*", "at byte 1: '*' is not expected here; quote a value that has other "
		       "characters than letters, digits, '-', '_' and '.'" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct filter_node *root = NULL;
		struct error err = { .text = "" };
		assert_int_equal(
			filter_parse(&arena, cases[i].text, &root, &err), CODE_INVALID_ARGUMENT);
		if (strncmp(err.text, "filter: ", 8) != 0 ||
			strcmp(err.text + 8, cases[i].error) != 0)
			print_error("%s: %s\n", cases[i].text, err.text);
		assert_string_equal(err.text + 8, cases[i].error);
		assert_string_equal(err.reason, "FILTER_INVALID");
		assert_string_equal(err.field, "filter");
		assert_null(root);
		/* Nobody has to take the error. */
		assert_int_equal(
			filter_parse(&arena, cases[i].text, &root, NULL), CODE_INVALID_ARGUMENT);
	}
}

static void repeat(struct buffer *out, const char *text, size_t count)
{
	while (count-- > 0)
		buffer_append_text(out, text);
}

static void expect_too_complex(const char *text, const char *error)
{
	struct filter_node *root = NULL;
	struct error err = { .text = "" };
	assert_int_equal(filter_parse(&arena, text, &root, &err), CODE_INVALID_ARGUMENT);
	assert_string_equal(err.text, error);
	assert_string_equal(err.reason, "FILTER_TOO_COMPLEX");
	assert_string_equal(err.field, "filter");
}

static void test_terms(void **state)
{
	struct buffer out;
	struct filter_node *root = NULL;
	buffer_init(&out, 1024 * 1024);
	repeat(&out, "a:b OR ", LIMIT_FILTER_RESTRICTIONS - 1);
	buffer_append_text(&out, "a:b");
	assert_int_equal(filter_parse(&arena, buffer_text(&out), &root, NULL), CODE_OK);
	buffer_append_text(&out, " AND a");
	expect_too_complex(buffer_text(&out), "filter: at byte 702: more than 100 restrictions");
	buffer_clear(&out);
	repeat(&out, "a:b AND ", 10000);
	expect_too_complex(buffer_text(&out), "filter: at byte 801: more than 100 restrictions");
	buffer_done(&out);
}

static void test_parentheses(void **state)
{
	static const char *const openers[] = { "(", "-(", "NOT (", "(a AND (b OR " };
	struct buffer out;
	struct filter_node *root = NULL;
	buffer_init(&out, 1024 * 1024);
	for (size_t i = 0; i < 3; i++) {
		buffer_clear(&out);
		repeat(&out, openers[i], LIMIT_FILTER_DEPTH);
		buffer_append_text(&out, "a");
		repeat(&out, ")", LIMIT_FILTER_DEPTH);
		assert_int_equal(filter_parse(&arena, buffer_text(&out), &root, NULL), CODE_OK);
		assert_string_equal(root->field_name, "a");
	}
	for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) {
		static const size_t bytes[] = { 33, 66, 165, 16 * 13 + 1 };
		char error[128];
		buffer_clear(&out);
		repeat(&out, openers[i], 10000);
		buffer_append_text(&out, "a");
		repeat(&out, ")", 10000);
		snprintf(error, sizeof error,
			"filter: at byte %zu: more than 32 levels of parentheses", bytes[i]);
		expect_too_complex(buffer_text(&out), error);
	}
	buffer_done(&out);
}

/* One after the other is no nesting. */
static void test_side_by_side(void **state)
{
	struct buffer out;
	struct filter_node *root = NULL;
	buffer_init(&out, 1024 * 1024);
	repeat(&out, "(a) AND ", LIMIT_FILTER_RESTRICTIONS - 1);
	buffer_append_text(&out, "(a)");
	assert_int_equal(filter_parse(&arena, buffer_text(&out), &root, NULL), CODE_OK);
	buffer_done(&out);
}

/* Every beginning of a filter is one, or is refused with a position in it or right behind it. */
static void test_prefixes(void **state)
{
	static const char text[] =
		"tags:\"deep \\\"learning\\\"\" AND (categories:engineering OR -authors:'mara') "
		"AND NOT (publish_time >= 2024-01-31T09:30:00+02:00 AND title = \"\xE4\xB8\xAD*\" "
		"OR slug != a-b*) AND featured";
	for (size_t size = 0; size < sizeof text; size++) {
		struct filter_node *root = NULL;
		struct error err = { .text = "" };
		char *copy = malloc(size + 1); /* of just this size, for the sanitizer */
		assert_non_null(copy);
		memcpy(copy, text, size);
		copy[size] = '\0';
		if (filter_parse(&arena, copy, &root, &err) != CODE_OK) {
			size_t position = 0;
			assert_int_equal(sscanf(err.text, "filter: at byte %zu:", &position), 1);
			assert_in_range(position, 1, size + 1);
		}
		free(copy);
	}
}

/* Texts made of pieces of the language: no crash, and the error tells a position. */
static void test_random_texts(void **state)
{
	static const char *const pieces[] = { " ", "(", ")", "AND", "OR", "NOT", "-", ":", "=",
		"!=", "<", ">=", "a", "tags", "\"", "'", "\\", "*", "2024-01-31", "T01:02:03Z",
		"\t", "\xE4\xB8\xAD", "\xE2\x80\x9C", "+", ",", "\"x\"", " AND ", " OR ", "a:b",
		"(a)" };
	struct random random = random_start();
	struct buffer out;
	size_t right = 0;
	buffer_init(&out, 65536);
	for (size_t i = 0; i < 50000; i++) {
		struct filter_node *root = NULL;
		struct error err = { .text = "" };
		buffer_clear(&out);
		for (uint64_t left = random_below(&random, 20); left > 0; left--)
			buffer_append_text(&out,
				pieces[random_below(&random, sizeof pieces / sizeof *pieces)]);
		if (filter_parse(&arena, buffer_text(&out), &root, &err) != CODE_OK) {
			size_t position = 0;
			assert_int_equal(sscanf(err.text, "filter: at byte %zu:", &position), 1);
			assert_in_range(position, 1, out.size + 1);
		} else if (root != NULL) {
			right++;
			buffer_clear(&out);
			print(root, &out);
		}
		arena_reset(&arena);
	}
	buffer_done(&out);
	assert_true(right > 100);
}

static void test_out_of_memory(void **state)
{
	static const char text[] = "(tags:\"a\" OR NOT b:c) AND featured";
	bool done = false;
	for (size_t budget = 0; !done && budget < 65536; budget += 16) {
		struct arena small;
		struct filter_node *root = NULL;
		struct error err = { .text = "" };
		arena_init(&small, budget);
		enum code code = filter_parse(&small, text, &root, &err);
		done = code == CODE_OK;
		if (!done)
			assert_string_equal(err.reason, "OUT_OF_MEMORY");
		arena_done(&small);
	}
	assert_true(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_parentheses),
		cmocka_unit_test(test_side_by_side),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_random_texts),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
