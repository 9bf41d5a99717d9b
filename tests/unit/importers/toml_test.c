#include "base/limits.h"
#include "importers/toml.h"
#include "value_dump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NO_TOML "the front matter is no TOML: "

static const struct {
	const char *label, *toml;
	const char *want; /* a dump, or the text of the error */
	uint64_t line;	  /* of the error; 0: there is none */
} cases[] = {
	{ "nothing", "", "{}", 0 },
	{ "comments and blanks", " # one\n\t\n#two", "{}", 0 },
	{ "a text", "a = \"b\"", "{a:'b'}", 0 },
	{ "CRLF", "a = 1\r\nb = 2\r\n", "{a:#1,b:#2}", 0 },
	{ "a comment behind a value", "a = 1 # one\n", "{a:#1}", 0 },
	{ "keys", "a-b_1 = 1\n\"c d\" = 2\n'e' = 3\n1 = 4", "{a-b_1:#1,c d:#2,e:#3,1:#4}", 0 },
	{ "an empty key", "\"\" = 1", "{:#1}", 0 },
	{ "dotted keys", "a.b = 1\na . \"c\" = 2\n", "{a:{b:#1,c:#2}}", 0 },
	{ "escapes", "a = \"\\b\\t\\n\\f\\r\\\"\\\\\\u00e9\\U0001F600\"",
		"{a:'\b\t\n\f\r\"\\\xC3\xA9\xF0\x9F\x98\x80'}", 0 },
	{ "a literal text", "a = 'C:\\x'", "{a:'C:\\x'}", 0 },
	{ "several lines", "a = \"\"\"\none\ntwo\"\"\"", "{a:'one\ntwo'}", 0 },
	{ "lines joined", "a = \"\"\"one \\\n\n   two\"\"\"", "{a:'one two'}", 0 },
	{ "quotes at the end", "a = \"\"\"\"\"b\"\"\"\"\"", "{a:'\"\"b\"\"'}", 0 },
	{ "several literal lines", "a = '''\n\\n'it's'''", "{a:'\\n'it's'}", 0 },
	{ "an empty text", "a = \"\"\nb = ''\nc = \"\"\"\"\"\"", "{a:'',b:'',c:''}", 0 },
	{ "whole numbers", "a = [0, +1, -17, 1_000, 0xDEAD_beef, 0o17, 0b101]",
		"{a:[#0,#+1,#-17,#1_000,#0xDEAD_beef,#0o17,#0b101]}", 0 },
	{ "other numbers", "a = [3.14, -0.01, 5e+22, 1e06, 6.6e-34, inf, -nan, 1_0.0_1]",
		"{a:[#3.14,#-0.01,#5e+22,#1e06,#6.6e-34,#inf,#-nan,#1_0.0_1]}", 0 },
	{ "bools", "a = true\nb = false", "{a:true,b:false}", 0 },
	{ "times",
		"a = 1979-05-27T07:32:00Z\nb = 1979-05-27 07:32:00.5-07:00\nc = "
		"1979-05-27t07:32:00\n"
		"d = 1979-05-27\ne = 07:32:00.999",
		"{a:@1979-05-27T07:32:00Z,b:@1979-05-27 07:32:00.5-07:00,c:@1979-05-27t07:32:00,"
		"d:@1979-05-27,e:@07:32:00.999}",
		0 },
	{ "a date and a comment", "a = 1979-05-27 # day", "{a:@1979-05-27}", 0 },
	{ "lists", "a = [ 1, [ 'b' , \"c\" ] , [] , ]", "{a:[#1,['b','c'],[]]}", 0 },
	{ "a list of many lines", "a = [ # one\n 1 # two\n , # three\n 2,\n # four\n]\nb = 1",
		"{a:[#1,#2],b:#1}", 0 },
	{ "inline tables", "a = { b = 1, c.d = 'e', f = {} }", "{a:{b:#1,c:{d:'e'},f:{}}}", 0 },
	{ "tables in a list", "a = [ {b = 1}, {b = 2} ]", "{a:[{b:#1},{b:#2}]}", 0 },
	{ "tables", "[a]\nb = 1\n[c.d]\ne = 2\n[c]\nf = 3", "{a:{b:#1},c:{d:{e:#2},f:#3}}", 0 },
	{ "blanks in headers", "[ a . 'b' ] # one\nc = 1", "{a:{b:{c:#1}}}", 0 },
	{ "lists of tables", "[[a]]\nb = 1\n[[a]]\n[[a]]\nb = 3\n[a.c]\nd = 4",
		"{a:[{b:#1},{},{b:#3,c:{d:#4}}]}", 0 },
	{ "a list in a list of tables", "[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\nc = 2\n[[a]]\n",
		"{a:[{b:[{c:#1},{c:#2}]},{}]}", 0 },
	{ "a table below a dotted key", "[a]\nb.c = 1\n[a.b.d]\ne = 2", "{a:{b:{c:#1,d:{e:#2}}}}",
		0 },

	{ "a key twice", "a = 1\na = 2", NO_TOML "'a' is there already", 2 },
	{ "a key twice, quoted", "a = 1\n\"a\" = 2", NO_TOML "'a' is there already", 2 },
	{ "a table twice", "[a]\n[b]\n[a]", NO_TOML "'a' is there already", 3 },
	{ "a table that is a value", "a = 1\n[a.b]", NO_TOML "'a' is there already", 2 },
	{ "a table by dots and by header", "[a]\nb.c = 1\n[a.b]", NO_TOML "'b' is there already",
		3 },
	{ "more for an inline table", "a = {b = 1}\na.c = 2", NO_TOML "'a' is there already", 2 },
	{ "more for what dots made in an inline table", "a = {b.c = 1}\n[a.b.d]",
		NO_TOML "'a' is there already", 2 },
	{ "more for a list", "a = [1]\n[[a]]", NO_TOML "'a' is there already", 2 },
	{ "a list of tables that is a table", "[a]\n[[a]]", NO_TOML "'a' is there already", 2 },
	{ "dots into a table with a header", "[a.b]\nc = 1\n[a]\nb.d = 2",
		NO_TOML "'b' is there already", 4 },
	{ "no value", "a =", NO_TOML "a value is missing", 1 },
	{ "no key", "= 1", NO_TOML "a key is expected", 1 },
	{ "no '='", "a\nb = 1", NO_TOML "'=' is missing behind the key", 1 },
	{ "YAML", "title: x", NO_TOML "'=' is missing behind the key", 1 },
	{ "a text without quotes", "a = b c", NO_TOML "a text needs quotes", 1 },
	{ "two values", "a = 1 2", NO_TOML "something stands behind the value in its line", 1 },
	{ "a text without an end", "\na = \"b\nc = 1", NO_TOML "a text does not end in its line",
		2 },
	{ "lines without an end", "a = \"\"\"b\n", NO_TOML "a text has no end", 2 },
	{ "an unknown escape", "a = \"\\x\"",
		NO_TOML "a '\\' that means nothing; texts in '...' need none", 1 },
	{ "a surrogate", "a = \"\\uD800\"",
		NO_TOML "'\\u' and '\\U' need the number of a character", 1 },
	{ "NUL", "a = \"\\u0000\"", NO_TOML "'\\u' and '\\U' need the number of a character", 1 },
	{ "a control character", "a = \"\x01\"", NO_TOML "a text holds a control character", 1 },
	{ "one in a comment", "# \x01", NO_TOML "a comment holds a control character", 1 },
	{ "a key of many lines", "\"\"\"a\"\"\" = 1", NO_TOML "a key has one quote on each side",
		1 },
	{ "a list without an end", "a = [1,\n2", NO_TOML "',' or ']' is missing in a list", 2 },
	{ "a table without an end", "a = {b = 1", NO_TOML "',' or '}' is missing in a table", 1 },
	{ "an inline table of lines", "a = {b = 1,\nc = 2}", NO_TOML "a key is expected", 1 },
	{ "a header without an end", "[a", NO_TOML "']' is missing behind the name of a table", 1 },
	{ "zeros", "a = 007", NO_TOML "a text needs quotes", 1 },
	{ "a trailing _", "a = 1_", NO_TOML "a text needs quotes", 1 },
	{ "no digits", "a = .5", NO_TOML "a text needs quotes", 1 },
	{ "a lone prefix", "a = 0x", NO_TOML "a text needs quotes", 1 },
};

static enum code read_text(const char *toml, size_t size, struct arena *arena,
	struct value_tree *tree, struct value **ret, struct error *err)
{
	*tree = (struct value_tree){ .arena = arena, .line = 1 };
	*ret = NULL;
	return toml_read(slice_of(toml, size), tree, ret, err);
}

static void test_cases(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct arena arena;
		struct value_tree tree;
		struct value *value;
		struct buffer out;
		struct error err = { .code = CODE_OK };
		arena_init(&arena, LIMIT_ARENA_BYTES);
		buffer_init(&out, 1 << 20);
		if (read_text(cases[i].toml, strlen(cases[i].toml), &arena, &tree, &value, &err) ==
			CODE_OK)
			dump_value(value, &out);
		else
			buffer_append_text(&out, err.text);
		uint64_t line = err.code == CODE_OK ? 0 : tree.line;
		if (strcmp(buffer_text(&out), cases[i].want) != 0 || line != cases[i].line)
			fail_msg("%s: line %ju: %s", cases[i].label, (uintmax_t)line,
				buffer_text(&out));
		buffer_done(&out);
		arena_done(&arena);
	}
}

/* Text that repeats a piece. */
static char *repeat(const char *piece, size_t count, size_t *ret_size)
{
	size_t size = strlen(piece);
	char *text = malloc(size * count + 1);
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * size, piece, size);
	*ret_size = size * count;
	return text;
}

/* What is deep or long without bounds is refused, and soon. */
static void test_bounds(void **state)
{
	static const struct {
		const char *begin, *piece;
		size_t count;
	} inputs[] = {
		{ "a = ", "[", 500000 },
		{ "a = ", "{a=", 300000 },
		{ "", "a.", 500000 },
		{ "[", "a.", 500000 },
		{ "a = [", "1,", 500000 },
		{ "", "[[a]]\n", 170000 },
		{ "a = \"", "\\", 1000001 },
		{ "", "\"\"=", 300000 },
	};
	for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
		struct arena arena;
		struct value_tree tree;
		struct value *value;
		struct error err;
		size_t size;
		char *rest = repeat(inputs[i].piece, inputs[i].count, &size);
		char *text = malloc(size + 16);
		size_t begin = strlen(inputs[i].begin);
		memcpy(text, inputs[i].begin, begin);
		memcpy(text + begin, rest, size);
		arena_init(&arena, LIMIT_ARENA_BYTES);
		assert_int_equal(read_text(text, begin + size, &arena, &tree, &value, &err),
			CODE_INVALID_ARGUMENT);
		arena_done(&arena);
		free(rest);
		free(text);
	}
}

/* The most values that may be. */
static void test_many(void **state)
{
	struct arena arena;
	struct value_tree tree;
	struct value *value;
	struct error err;
	struct buffer text;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	buffer_init(&text, VALUE_TEXT_BYTES_MAX);
	for (int i = 0; i < VALUE_COUNT_MAX - 1; i++)
		buffer_printf(&text, "k%d = %d\n", i, i);
	assert_int_equal(read_text((const char *)text.data, text.size, &arena, &tree, &value, &err),
		CODE_OK);
	assert_true(tree.count == VALUE_COUNT_MAX);
	buffer_append_text(&text, "last = 1");
	assert_int_equal(read_text((const char *)text.data, text.size, &arena, &tree, &value, &err),
		CODE_INVALID_ARGUMENT);
	assert_string_equal(err.text, "the front matter has more than 10000 values");
	buffer_done(&text);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
