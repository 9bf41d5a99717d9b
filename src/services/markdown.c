#include "services/markdown.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "services/outline.h"
#include "services/parse_budget.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>
#include <ctype.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

enum {
	NESTING_MAX = 100, /* block quotes and list items at the start of one line */
};

static const char *const extensions[] = { "table", "strikethrough", "autolink", "tagfilter",
	"tasklist" };

/* cmark's memory has no place for the budget of the parse at hand. */
static pthread_mutex_t parse_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct parse_budget *parse_budget; /* guarded by parse_mutex */

/* Keeps the size for realloc, and the alignment. It also takes the reads of up to 8 bytes before a
 * text that autolink of 0.29.0.gfm.6 does for ":@". */
enum { SIZE_HEADER = 16 };

static void *memory_calloc(size_t count, size_t size)
{
	if (size != 0 && count > (SIZE_MAX - SIZE_HEADER) / size)
		parse_budget_jump(parse_budget, PARSE_EXHAUSTED);
	size_t total = count * size;
	uint8_t *block = parse_budget_alloc(parse_budget, total + SIZE_HEADER);
	memcpy(block, &total, sizeof total);
	return block + SIZE_HEADER;
}

static void *memory_realloc(void *pointer, size_t size)
{
	void *bigger = memory_calloc(1, size);
	if (pointer != NULL) {
		size_t old_size;
		memcpy(&old_size, (uint8_t *)pointer - SIZE_HEADER, sizeof old_size);
		memcpy(bigger, pointer, old_size < size ? old_size : size);
	}
	return bigger;
}

static void memory_free(void *pointer)
{
	(void)pointer; /* goes with the arena */
}

static cmark_mem parse_mem = { memory_calloc, memory_realloc, memory_free };

/* A line of ten thousand '>' would make ten thousand nested blocks. */
static bool is_nested_too_deeply(const char *body)
{
	size_t depth = 0;
	bool in_prefix = true;
	for (const char *c = body; *c != '\0'; c++) {
		if (*c == '\n') {
			depth = 0;
			in_prefix = true;
		} else if (in_prefix && *c == '>') {
			depth++;
		} else if (in_prefix && strchr("-+*.)", *c) != NULL) {
			depth += c[1] == ' ' || c[1] == '\t' || c[1] == '\n';
		} else if (*c != ' ' && *c != '\t' && !isdigit((unsigned char)*c)) {
			in_prefix = false;
		}
		if (depth > NESTING_MAX)
			return true;
	}
	return false;
}

/* What the walk over the tree collects. */
struct collection {
	struct outline outline;
	struct buffer text; /* of the heading at hand */
};

static bool has_text(cmark_node_type type)
{
	return type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE || type == CMARK_NODE_CODE_BLOCK;
}

static void append_text(struct buffer *text, cmark_node *node)
{
	cmark_node_type type = cmark_node_get_type(node);
	if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)
		buffer_append_char(text, ' ');
	else if (has_text(type))
		buffer_append_text(text, cmark_node_get_literal(node));
}

static void collect(struct collection *collection, cmark_node *document)
{
	cmark_node *heading = NULL;
	cmark_iter *iter = cmark_iter_new(document);
	for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
		cmark_node *node = cmark_iter_get_node(iter);
		cmark_node_type type = cmark_node_get_type(node);
		if (event == CMARK_EVENT_ENTER && has_text(type))
			outline_count_words(&collection->outline, cmark_node_get_literal(node));
		if (event == CMARK_EVENT_ENTER && heading != NULL)
			append_text(&collection->text, node);
		if (type != CMARK_NODE_HEADING || outline_is_full(&collection->outline))
			continue;
		if (event == CMARK_EVENT_ENTER) {
			heading = node;
			buffer_clear(&collection->text);
		} else {
			const char *all = buffer_text(&collection->text);
			(void)outline_add(&collection->outline,
				(unsigned)cmark_node_get_heading_level(heading),
				all == NULL ? "" : all, NULL);
			heading = NULL;
		}
	}
}

/*
 * Gives the headings of the rendered HTML their ids. In safe mode "<h1>" to "<h6>" come from
 * headings alone: text is escaped and raw HTML left out.
 */
static char *add_anchors(struct arena *arena, const char *html, const struct outline *outline)
{
	struct buffer out;
	buffer_init(&out, LIMIT_HTML_BYTES);
	size_t next = 0;
	const char *from = html;
	for (const char *at = html; next < outline->count && (at = strstr(at, "<h")) != NULL;
		at++) {
		if (at[2] < '1' || at[2] > '6' || at[3] != '>')
			continue;
		buffer_append(&out, from, (size_t)(at + 3 - from));
		buffer_printf(&out, " id=\"%s\"", outline->headings[next++]->anchor);
		from = at + 3;
	}
	buffer_append_text(&out, from);
	char *text = buffer_text(&out);
	char *copy = text == NULL ? NULL : arena_text(arena, slice_of(text, out.size));
	buffer_done(&out);
	return copy;
}

static cmark_node *parse(const char *body, cmark_parser *parser)
{
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
		cmark_syntax_extension *extension = cmark_find_syntax_extension(extensions[i]);
		if (extension != NULL)
			cmark_parser_attach_syntax_extension(parser, extension);
	}
	cmark_parser_feed(parser, body, strlen(body));
	return cmark_parser_finish(parser);
}

/* With parse_mutex held. */
static enum parse_end render_locked(
	struct arena *arena, Lectern__V1__Post *post, struct collection *collection)
{
	struct parse_budget budget;
	parse_budget_init(&budget);
	parse_budget = &budget;
	switch (setjmp(budget.left)) {
	case PARSE_DONE:
		break;
	case PARSE_FAILED:
		parse_budget_done(&budget);
		return PARSE_FAILED;
	default:
		parse_budget_done(&budget);
		return PARSE_EXHAUSTED;
	}
	cmark_gfm_core_extensions_ensure_registered();
	parse_budget_enter(&budget);
	cmark_parser *parser = cmark_parser_new_with_mem(CMARK_OPT_DEFAULT, &parse_mem);
	cmark_node *document = parse(post->body, parser);
	collect(collection, document);
	const char *html = cmark_render_html_with_mem(document, CMARK_OPT_DEFAULT,
		cmark_parser_get_syntax_extensions(parser), &parse_mem);
	parse_budget_leave();
	post->html =
		collection->outline.failed ? NULL : add_anchors(arena, html, &collection->outline);
	parse_budget_done(&budget);
	return post->html != NULL ? PARSE_DONE : PARSE_EXHAUSTED;
}

enum code markdown_render(struct arena *arena, Lectern__V1__Post *post, struct error *err)
{
	if (is_nested_too_deeply(post->body))
		return fail_field(err, CODE_INVALID_ARGUMENT, "BODY_NESTED_TOO_DEEP", "post.body",
			"nests more than %d quotes or lists at the start of a line", NESTING_MAX);
	struct collection collection;
	buffer_init(&collection.text, LIMIT_BODY_BYTES);
	enum parse_end end = PARSE_EXHAUSTED;
	if (outline_init(&collection.outline, arena)) {
		pthread_mutex_lock(&parse_mutex);
		end = render_locked(arena, post, &collection);
		pthread_mutex_unlock(&parse_mutex);
	}
	buffer_done(&collection.text);
	if (end != PARSE_DONE)
		return parse_budget_fail(end, err);
	outline_finish(&collection.outline, post);
	return CODE_OK;
}
