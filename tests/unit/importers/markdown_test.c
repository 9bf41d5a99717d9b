/* Text that is written as Markdown shows exactly that text when cmark-gfm renders it. */
#include "importers/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static const char *const extensions[] = { "table", "strikethrough", "autolink", "tagfilter",
	"tasklist" };

/* The one block of the document. */
static cmark_node *parse(cmark_parser *parser, const struct buffer *markdown, cmark_node **document)
{
	for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
		cmark_parser_attach_syntax_extension(
			parser, cmark_find_syntax_extension(extensions[i]));
	cmark_parser_feed(parser, (const char *)markdown->data, markdown->size);
	*document = cmark_parser_finish(parser);
	cmark_node *block = cmark_node_first_child(*document);
	return block != NULL && cmark_node_next(block) == NULL ? block : NULL;
}

/* Only text and the links that GitHub makes of mail addresses, which show the same text and cannot
 * be prevented. */
static bool collect(cmark_node *block, struct buffer *out)
{
	cmark_iter *iter = cmark_iter_new(block);
	bool plain = true;
	cmark_event_type event;
	while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
		cmark_node *node = cmark_iter_get_node(iter);
		cmark_node_type type = cmark_node_get_type(node);
		if (type == CMARK_NODE_TEXT)
			buffer_append_text(out, cmark_node_get_literal(node));
		else if (type == CMARK_NODE_LINK)
			plain = plain && strncmp(cmark_node_get_url(node), "mailto:", 7) == 0;
		else if (node != block)
			plain = false;
	}
	cmark_iter_free(iter);
	return plain;
}

/* NULL if the Markdown shows the text, else what is wrong. */
static const char *check(const char *text, bool heading)
{
	struct buffer markdown, shown;
	buffer_init(&markdown, 1 << 20);
	buffer_init(&shown, 1 << 20);
	if (heading)
		markdown_heading(2, slice_of_text(text), &markdown);
	else
		markdown_paragraph(slice_of_text(text), &markdown);
	/* Autolink of 0.29.0.gfm.6 reads a few bytes before a text that begins with ":@"; in the
	 * arena there is something. */
	cmark_parser *parser = cmark_parser_new_with_mem(
		CMARK_OPT_DEFAULT | CMARK_OPT_FOOTNOTES, cmark_get_arena_mem_allocator());
	cmark_node *document;
	cmark_node *block = parse(parser, &markdown, &document);
	const char *wrong = NULL;
	if (block == NULL)
		wrong = "not one block";
	else if (cmark_node_get_type(block) !=
		 (heading ? CMARK_NODE_HEADING : CMARK_NODE_PARAGRAPH))
		wrong = "another kind of block";
	else if (!collect(block, &shown))
		wrong = "more than text";
	else if (strcmp(buffer_text(&shown), text) != 0)
		wrong = "another text";
	static unsigned checks;
	if (++checks % 100 == 0)
		cmark_arena_reset(); /* documents and parsers */
	buffer_done(&markdown);
	buffer_done(&shown);
	return wrong;
}

static const char *const texts[] = { "plain", "*a* _b_ `c` ~~d~~ **e** __f__", "# a", "#a", "a #",
	"a ##", "1. a", "1) a", "123456789. a", "1.5 a", "- a", "-", "---", "- - -", "+ a", "+",
	"* a", "***", "===", "=", "> a", ">", "    a", "`a", "```", "~~~", "~~~ x", "[a](b)",
	"[a]: b", "[^1]", "[^1]: b", "![a](b)", "[ ] a", "<b>", "<!-- a -->", "<a@b.example>",
	"<http://a.example>", "&amp;", "&#65;", "&", "R&D", "a & b", "\\", "\\\\", "a\\", "C:\\dir",
	"\\*", "| a | b |", "|---|", "a | b", ":-:", "snake_case", "_a", "a_", "__init__", "a__b",
	"a_*b", "_", "2*3*4", "https://a.example/_x_*y*", "www.a.example/a_b_c", "me@a.example",
	"“so” — it’s…", "!", "a!", "a ![", "\xC2\xA0x", "§ 5", "½", "`` ` ``", "$a$",
	":smile:", "@me", ":@", "a\\_b" };

static void test_texts(void **state)
{
	for (size_t i = 0; i < 2 * (sizeof texts / sizeof texts[0]); i++) {
		const char *text = texts[i / 2];
		if (text[0] == ' ')
			text += strspn(text, " "); /* ends are trimmed before */
		const char *wrong = check(text, i % 2 == 0);
		if (wrong != NULL)
			fail_msg("'%s' as a %s: %s", text, i % 2 == 0 ? "heading" : "paragraph",
				wrong);
	}
}

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % bound;
}

static void make_text(char *out, size_t pieces)
{
	static const char *const parts[] = { "a", "B", "7", "1.", "2)", "word", " ", " ", " ", "*",
		"**", "_", "__", "`", "```", "~", "~~", "#", "##", "-", "--", "+", "=", ">", "<",
		"[", "]", "(", ")", "!", "\\", "&", "&amp;", "&#65;", ";", ":", "|", "\"", "'", "’",
		"é", "中", "/", "@", ".", ",", "http://", "www.", "x.example", "<b>", "</b>",
		"<!--", "-->", "\xC2\xA0", "^", "{", "}", "$", "%", "?" };
	out[0] = '\0';
	for (size_t i = 0; i < pieces; i++)
		strcat(out, parts[random_below(sizeof parts / sizeof parts[0])]);
	/* As plain_text() leaves it: single blanks, none at the ends. */
	char *to = out;
	for (const char *from = out; *from != '\0'; from++)
		if (*from != ' ' || (to != out && to[-1] != ' '))
			*to++ = *from;
	while (to != out && to[-1] == ' ')
		to--;
	*to = '\0';
}

static void test_random(void **state)
{
	const char *given = getenv("LECTERN_TEST_SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	random_state = seed;
	for (int i = 0; i < 30000; i++) {
		char text[256];
		make_text(text, 1 + random_below(14));
		const char *wrong = text[0] == '\0' ? NULL : check(text, i % 2 == 0);
		if (wrong != NULL)
			fail_msg("LECTERN_TEST_SEED=%ju: '%s' as a %s: %s", (uintmax_t)seed, text,
				i % 2 == 0 ? "heading" : "paragraph", wrong);
	}
}

/* Nothing is escaped without need: people read the source too. */
static void test_source(void **state)
{
	static const struct {
		const char *text, *want;
	} sources[] = {
		{ "It’s 5 > 4 - or not + #1 = docs-as-code, R&D: 50% (x|y) a_b!",
			"It’s 5 > 4 - or not + #1 = docs-as-code, R\\&D: 50% (x|y) a_b!" },
		{ "1984 was a year.", "1984 was a year." },
		{ "1984. A novel", "1984\\. A novel" },
	};
	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
		struct buffer out;
		buffer_init(&out, 1000);
		markdown_paragraph(slice_of_text(sources[i].text), &out);
		assert_string_equal(buffer_text(&out), sources[i].want);
		buffer_done(&out);
	}
}

int main(void)
{
	cmark_gfm_core_extensions_ensure_registered();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_source),
	};
	return cmocka_run_group_tests_name("markdown", tests, NULL, NULL);
}
