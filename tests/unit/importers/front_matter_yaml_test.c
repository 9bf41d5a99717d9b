#include "base/limits.h"
#include "importers/front_matter_json.h"
#include "importers/front_matter_yaml.h"
#include "value_dump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NO_YAML "the front matter is no YAML: "

static const struct {
	const char *label, *yaml;
	const char *want; /* a dump; of an error, how its text begins */
	uint64_t line;	  /* of the error, in a file whose second line is the first of these */
	const char *duplicate;
	bool tabs;
} cases[] = {
	{ "nothing", "", "{}", 0, "", false },
	{ "comments alone", "# one\n", "{}", 0, "", false },
	{ "~", "~", "{}", 0, "", false },
	{ "texts", "a: b c\nd: 'e''s'\nf: \"g\\n\\u00e9\"\n", "{a:'b c',d:'e's',f:'g\n\xC3\xA9'}",
		0, "", false },
	{ "blocks", "a: |\n  b\n  c\nd: >\n  e\n  f\n\n  g\nh: |-\n  i\n",
		"{a:'b\nc\n',d:'e f\ng\n',h:'i'}", 0, "", false },
	{ "nulls", "a:\nb: ~\nc: null\nd: ''\n", "{a:~,b:~,c:~,d:''}", 0, "", false },
	{ "bools", "a: yes\nb: Off\nc: TRUE\nd: n\ne: 'no'\n",
		"{a:true,b:false,c:true,d:'n',e:'no'}", 0, "", false },
	{ "numbers as written", "a: 007\nb: 1_000\nc: 1.50\nd: -3\ne: 0x1F\nf: 1.2.3\n",
		"{a:#007,b:#1_000,c:#1.50,d:#-3,e:#0x1F,f:#1.2.3}", 0, "", false },
	{ "times", "a: 2019-07-02\nb: 2019-07-02 13:05:00 -4\nc: '2019-07-02'\n",
		"{a:@2019-07-02,b:@2019-07-02 13:05:00 -4,c:'2019-07-02'}", 0, "", false },
	{ "lists", "a:\n- b\n-\n- [c, d]\n- e: f\ng: []\n", "{a:['b',~,['c','d'],{e:'f'}],g:[]}", 0,
		"", false },
	{ "a flow map", "{a: b, c: {d: e}}", "{a:'b',c:{d:'e'}}", 0, "", false },
	{ "keys of all kinds", "1: a\nyes: b\n2019-07-02: c\n", "{1:'a',yes:'b',2019-07-02:'c'}", 0,
		"", false },
	{ "CRLF", "a: b\r\nc:\r\n- d\r\n", "{a:'b',c:['d']}", 0, "", false },
	{ "a key twice", "a: 1\nb: 2\na: 3\n", "{b:#2,a:#3}", 0, "a", false },
	{ "aliases", "a: &x [1, 2]\nb: *x\nc: &y z\nd: *y\n", "{a:[#1,#2],b:[#1,#2],c:'z',d:'z'}",
		0, "", false },
	{ "merges", "a: &x\n  b: c\nd:\n  <<: *x\n", "{a:{b:'c'},d:{<<:{b:'c'}}}", 0, "", false },
	{ "tags", "a: !!str 5\nb: !ruby/object:DateTime 2019-01-01\nc: !!binary |\n  w6ljb2xl\n",
		"{a:'5',b:'2019-01-01',c:'\xC3\xA9"
		"cole'}",
		0, "", false },
	{ "old Ruby", "a: !binary |-\n  w6ljb2xl\n",
		"{a:'\xC3\xA9"
		"cole'}",
		0, "", false },
	{ "tabs behind values", "a: b\t\nc:\t'd'\t\n", "{a:'b',c:'d'}", 0, "", false },
	{ "tabs before a list", "a:\n\t- b\n\t- c\nd: e\n", "{a:['b','c'],d:'e'}", 0, "", true },
	{ "tabs behind dashes", "a:\n-\tb\n-\tc\n", "{a:['b','c']}", 0, "", true },
	{ "tabs beside blanks", "a:\n  - b\n\t- c\n", "{a:['b','c']}", 0, "", true },
	{ "tabs beside wider blanks", "a:\n    b: 1\n\tc: 2\n", "{a:{b:#1,c:#2}}", 0, "", true },
	{ "tabs in a map", "a:\n\tb: c\n\td: e\tf\n", "{a:{b:'c',d:'e\tf'}}", 0, "", true },
	{ "a line of tabs", "a: b\n\t\nc: d\n", "{a:'b',c:'d'}", 0, "", true },

	{ "a colon", "a: b\ntitle: c: d\n",
		NO_YAML "mapping values are not allowed in this context; a text with ': ' in it "
			"needs quotes",
		3, "", false },
	{ "a bare @", "a: @b\n",
		NO_YAML "found character that cannot start any token; a text that begins so needs "
			"quotes",
		2, "", false },
	{ "a bare *", "a: *b*\n", NO_YAML, 2, "", false },
	{ "an unknown alias", "a: *b\n",
		"the front matter has no '&b' that '*b' could stand for; a text that begins with "
		"'*' needs quotes",
		2, "", false },
	{ "an alias of what is around it", "a: &x\n- *x\n",
		"'*x' stands inside of the value that it stands for", 3, "", false },
	{ "a list", "- a\n- b\n", "the front matter is not a list of fields, 'name: value'", 2, "",
		false },
	{ "a text", "hello\n", "the front matter is not a list of fields, 'name: value'", 2, "",
		false },
	{ "a template", "a: {{ b }}\n",
		"the name of a field must be a text; '{{ ... }}' and '[...]: ' need quotes", 2, "",
		false },
	{ "a quote without an end", "a: b\nc: \"d\n", NO_YAML, 0, "", false },
	{ "no base64", "a: !!binary =\n",
		"the front matter has a !binary value that is no text in base64", 2, "", false },
	{ "bytes in base64", "a: !!binary /w==\n",
		"the front matter has a !binary value that is no text in base64", 2, "", false },
	{ "NUL", "a: \"b\\0c\"\n", "a value holds the character NUL", 2, "", false },
};

static enum code read_text(const char *yaml, size_t size, struct arena *arena,
	struct value_tree *tree, struct value **ret, bool *tabs, struct error *err)
{
	*tree = (struct value_tree){ .arena = arena, .line = 2 };
	return yaml_read(slice_of(yaml, size), tree, ret, tabs, err);
}

static void test_cases(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct arena arena;
		struct value_tree tree;
		struct value *value = NULL;
		struct buffer out;
		bool tabs;
		struct error err = { .code = CODE_OK };
		arena_init(&arena, LIMIT_ARENA_BYTES);
		buffer_init(&out, 1 << 20);
		bool good = read_text(cases[i].yaml, strlen(cases[i].yaml), &arena, &tree, &value,
				    &tabs, &err) == CODE_OK;
		if (good)
			dump_value(value, &out);
		else
			buffer_append_text(&out, err.text);
		const char *got = buffer_text(&out);
		size_t compared = good ? strlen(got) + 1 : strlen(cases[i].want);
		if (strncmp(got, cases[i].want, compared) != 0 ||
			good != (cases[i].want[0] == '{') ||
			(!good && cases[i].line != 0 && tree.line != cases[i].line) ||
			strcmp(tree.duplicate, cases[i].duplicate) != 0 || tabs != cases[i].tabs)
			fail_msg("%s: line %ju, tabs %d, twice '%s': %s", cases[i].label,
				(uintmax_t)tree.line, tabs, tree.duplicate, got);
		buffer_done(&out);
		arena_done(&arena);
	}
}

/* What is deep, long or multiplies itself is refused, and soon. */
static void test_bounds(void **state)
{
	static const struct {
		const char *begin, *piece;
		size_t count;
	} inputs[] = {
		{ "a: ", "[", 500000 },
		{ "a: ", "{a: ", 200000 },
		{ "", "- ", 500000 },
		{ "", "? ", 500000 },
		{ "a: [", "b,", 500000 },
		{ "a: ", "&x ", 300000 },
		{ "a: ", "!x ", 300000 },
		{ "a: \"", "\\", 999999 },
		{ "a: ", "%", 999999 },
		{ "", "a: b\t:\n", 100000 },
	};
	for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
		struct arena arena;
		struct value_tree tree;
		struct value *value;
		struct buffer text;
		struct error err;
		bool tabs;
		arena_init(&arena, LIMIT_ARENA_BYTES);
		buffer_init(&text, VALUE_TEXT_BYTES_MAX);
		buffer_append_text(&text, inputs[i].begin);
		for (size_t j = 0; j < inputs[i].count; j++)
			buffer_append_text(&text, inputs[i].piece);
		assert_false(text.overflow);
		if (read_text((const char *)text.data, text.size, &arena, &tree, &value, &tabs,
			    &err) != CODE_INVALID_ARGUMENT)
			fail_msg("%s%s... was read", inputs[i].begin, inputs[i].piece);
		buffer_done(&text);
		arena_done(&arena);
	}
}

/* A billion texts by aliases take the room of a few. */
static void test_alias_bomb(void **state)
{
	struct arena arena;
	struct value_tree tree;
	struct value *value = NULL;
	struct buffer text;
	bool tabs;
	arena_init(&arena, 1024 * 1024);
	buffer_init(&text, VALUE_TEXT_BYTES_MAX);
	buffer_append_text(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 40; i++)
		buffer_printf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1,
			i - 1, i - 1);
	assert_int_equal(
		read_text((const char *)text.data, text.size, &arena, &tree, &value, &tabs, NULL),
		CODE_OK);
	assert_non_null(value_find(value, "a39"));
	assert_true(tree.count < 300);
	buffer_done(&text);
	arena_done(&arena);
}

/* What people mean by a name. */
static void test_find(void **state)
{
	static const char yaml[] = "base: &b {lang: en, Title: x}\nmore: &m [{a: 1}, {c: 2}]\n"
				   "Last-Modified_At: y\n<<: *b\ntitle: z\ntitle2: ''\n";
	struct arena arena;
	struct value_tree tree;
	struct value *value = NULL;
	bool tabs;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	assert_int_equal(
		read_text(yaml, sizeof yaml - 1, &arena, &tree, &value, &tabs, NULL), CODE_OK);
	assert_memory_equal(value_find(value, "lastmodifiedat")->text.data, "y", 2);
	assert_memory_equal(value_find(value, "title")->text.data, "z", 2);
	assert_memory_equal(value_find(value, "lang")->text.data, "en", 3);
	assert_null(value_find(value, "none"));
	assert_null(value_find(NULL, "title"));
	assert_null(value_find(value_find(value, "title"), "title"));
	arena_done(&arena);
}

static const struct {
	const char *label, *json;
	const char *want; /* a dump; of an error, how its text begins */
	size_t size;	  /* of the object */
	const char *duplicate;
} json_cases[] = {
	{ "an object", "{\"a\": \"b\", \"c\": [1, 2.5, true, false, null], \"d\": {}}\nText",
		"{a:'b',c:[#1,#2.5,true,false,~],d:{}}", 53, "" },
	{ "nothing behind it", "{}", "{}", 2, "" },
	{ "a key twice", "{\"a\": 1, \"a\": 2}", "{a:#2}", 16, "a" },
	{ "no end", "{\n\"a\": 1", "the front matter is no JSON: ", 0, "" },
	{ "a template", "{ a }", "the front matter is no JSON: ", 0, "" },
	{ "NUL", "{\"a\": \"\\u0000\"}", "the front matter is no JSON: ", 0, "" },
};

static void test_json(void **state)
{
	for (size_t i = 0; i < sizeof json_cases / sizeof json_cases[0]; i++) {
		struct arena arena;
		struct value *value = NULL;
		struct buffer out;
		size_t size = 0;
		struct error err = { .code = CODE_OK };
		arena_init(&arena, LIMIT_ARENA_BYTES);
		struct value_tree tree = { .arena = &arena, .line = 1 };
		buffer_init(&out, 1 << 20);
		bool good = json_front_read(slice_of_text(json_cases[i].json), &tree, &value, &size,
				    &err) == CODE_OK;
		if (good)
			dump_value(value, &out);
		else
			buffer_append_text(&out, err.text);
		const char *got = buffer_text(&out);
		if (strncmp(got, json_cases[i].want,
			    good ? strlen(got) + 1 : strlen(json_cases[i].want)) != 0 ||
			size != json_cases[i].size ||
			strstr(tree.duplicate, json_cases[i].duplicate) == NULL)
			fail_msg("%s: %zu '%s' %s", json_cases[i].label, size, tree.duplicate, got);
		buffer_done(&out);
		arena_done(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_alias_bomb),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
