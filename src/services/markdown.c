#include "services/markdown.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/text.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>
#include <ctype.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <utf8proc.h>

enum {
	NESTING_MAX = 100, /* block quotes and list items at the start of one line */
	WORDS_PER_MINUTE = 238,
	HEADING_TEXT_BYTES = 512,
};
static const size_t PARSE_BYTES_MAX = 256u * 1024 * 1024;
/* Of the processor. cmark needs quadratic time for some paragraphs, "![[]()" over and over for one;
 * 4 MiB of anything that people write take less than half a second. */
static const time_t PARSE_SECONDS_MAX = 5;

static const char *const extensions[] = { "table", "strikethrough", "autolink", "tagfilter",
	"tasklist" };

/*
 * cmark cannot report that memory ran out, so its allocator jumps out of it, and does the same when
 * the time is over. Everything cmark has allocated lies in one arena and goes with it.
 */
struct parse_memory {
	struct arena arena;
	unsigned calls;
	time_t end_seconds; /* on the clock of the thread's processor time */
	jmp_buf exhausted;
};
static pthread_mutex_t parse_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct parse_memory *parse_memory; /* guarded by parse_mutex */

/* Keeps the size for realloc, and the alignment. It also takes the reads of up to 8 bytes before a
 * text that autolink of 0.29.0.gfm.6 does for ":@". */
enum { SIZE_HEADER = 16 };

static time_t processor_seconds(void)
{
	struct timespec now = { .tv_sec = 0 };
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec;
}

static bool time_is_over(struct parse_memory *memory)
{
	enum { CALLS_BETWEEN = 64 };
	return ++memory->calls % CALLS_BETWEEN == 0 && processor_seconds() >= memory->end_seconds;
}

static void *memory_calloc(size_t count, size_t size)
{
	uint8_t *block = NULL;
	if (time_is_over(parse_memory))
		longjmp(parse_memory->exhausted, 1);
	if (size == 0 || count <= (PARSE_BYTES_MAX - SIZE_HEADER) / size)
		block = arena_calloc(&parse_memory->arena, 1, count * size + SIZE_HEADER);
	if (block == NULL)
		longjmp(parse_memory->exhausted, 1);
	size_t total = count * size;
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

static bool counts_alone(utf8proc_int32_t c)
{
	return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x4DBF) ||
	       (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
	       (c >= 0x20000 && c <= 0x3FFFF);
}

static bool is_letter_or_digit(utf8proc_int32_t c)
{
	utf8proc_category_t category = utf8proc_category(c);
	return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

static uint32_t count_words(const char *text)
{
	uint32_t words = 0;
	bool inside = false;
	for (const uint8_t *at = (const uint8_t *)text; *at != 0;) {
		utf8proc_int32_t c;
		utf8proc_ssize_t size = utf8proc_iterate(at, -1, &c);
		at += size > 0 ? size : 1;
		if (size <= 0)
			continue;
		if (counts_alone(c)) {
			words++;
			inside = false;
		} else if (is_letter_or_digit(c)) {
			words += !inside;
			inside = true;
		} else if (c != '\'' && c != 0x2019 && c != '-') {
			inside = false;
		}
	}
	return words;
}

/* The slug that a heading's anchor was made of, and its number: 1 for the slug alone. */
struct anchor_base {
	const char *text;
	unsigned number;
};

/* What the walk over the tree collects. */
struct outline {
	struct arena *arena;
	Lectern__V1__Heading **headings;
	struct anchor_base *bases; /* as many */
	size_t count;
	uint32_t words;
	struct buffer text; /* of the heading at hand */
	bool failed;
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

static bool anchor_is_taken(const struct outline *outline, const char *anchor)
{
	for (size_t i = 0; i < outline->count; i++)
		if (strcmp(outline->headings[i]->anchor, anchor) == 0)
			return true;
	return false;
}

/* The slug of the heading's text, numbered behind the headings before it with the same slug. */
static char *make_anchor(struct outline *outline, const char *text)
{
	enum { NUMBER_BYTES = 12 };
	char base[LIMIT_SLUG_BYTES + 1];
	char anchor[LIMIT_SLUG_BYTES + NUMBER_BYTES + 1];
	if (text_slug(slice_of_text(text), base, sizeof base) == 0)
		snprintf(base, sizeof base, "section");
	struct anchor_base *made = &outline->bases[outline->count];
	made->number = 1;
	made->text = arena_text(outline->arena, slice_of_text(base));
	for (size_t i = 0; i < outline->count; i++)
		if (strcmp(outline->bases[i].text, base) == 0)
			made->number = outline->bases[i].number + 1;
	if (made->number == 1)
		snprintf(anchor, sizeof anchor, "%s", base);
	else
		snprintf(anchor, sizeof anchor, "%s-%u", base, made->number);
	while (anchor_is_taken(outline, anchor))
		snprintf(anchor, sizeof anchor, "%s-%u", base, ++made->number);
	return made->text == NULL ? NULL : arena_text(outline->arena, slice_of_text(anchor));
}

static void add_heading(struct outline *outline, unsigned level, const char *text)
{
	struct slice all = slice_of_text(text);
	Lectern__V1__Heading *heading = arena_alloc(outline->arena, sizeof *heading);
	if (heading == NULL) {
		outline->failed = true;
		return;
	}
	lectern__v1__heading__init(heading);
	heading->level = level;
	heading->text =
		arena_text(outline->arena, slice_of(all.data, text_cut(all, HEADING_TEXT_BYTES)));
	heading->anchor = make_anchor(outline, text);
	if (heading->text == NULL || heading->anchor == NULL)
		outline->failed = true;
	else
		outline->headings[outline->count++] = heading;
}

static void collect(struct outline *outline, cmark_node *document)
{
	cmark_node *heading = NULL;
	cmark_iter *iter = cmark_iter_new(document);
	for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
		cmark_node *node = cmark_iter_get_node(iter);
		cmark_node_type type = cmark_node_get_type(node);
		if (event == CMARK_EVENT_ENTER && has_text(type))
			outline->words += count_words(cmark_node_get_literal(node));
		if (event == CMARK_EVENT_ENTER && heading != NULL)
			append_text(&outline->text, node);
		if (type != CMARK_NODE_HEADING || outline->count == LIMIT_OUTLINE)
			continue;
		if (event == CMARK_EVENT_ENTER) {
			heading = node;
			buffer_clear(&outline->text);
		} else {
			const char *all = buffer_text(&outline->text);
			add_heading(outline, (unsigned)cmark_node_get_heading_level(heading),
				all == NULL ? "" : all);
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

/* With parse_mutex held. False when memory or time ran out. */
static bool render_locked(struct arena *arena, Lectern__V1__Post *post, struct outline *outline)
{
	struct parse_memory memory;
	arena_init(&memory.arena, PARSE_BYTES_MAX);
	memory.calls = 0;
	memory.end_seconds = processor_seconds() + PARSE_SECONDS_MAX;
	parse_memory = &memory;
	if (setjmp(memory.exhausted) != 0) {
		arena_done(&memory.arena);
		return false;
	}
	cmark_gfm_core_extensions_ensure_registered();
	cmark_parser *parser = cmark_parser_new_with_mem(CMARK_OPT_DEFAULT, &parse_mem);
	cmark_node *document = parse(post->body, parser);
	collect(outline, document);
	const char *html = cmark_render_html_with_mem(document, CMARK_OPT_DEFAULT,
		cmark_parser_get_syntax_extensions(parser), &parse_mem);
	post->html = outline->failed ? NULL : add_anchors(arena, html, outline);
	arena_done(&memory.arena);
	return post->html != NULL;
}

enum code markdown_render(struct arena *arena, Lectern__V1__Post *post, struct error *err)
{
	if (is_nested_too_deeply(post->body))
		return fail_field(err, CODE_INVALID_ARGUMENT, "BODY_NESTED_TOO_DEEP", "post.body",
			"nests more than %d quotes or lists at the start of a line", NESTING_MAX);
	struct outline outline = { .arena = arena };
	buffer_init(&outline.text, LIMIT_BODY_BYTES);
	outline.headings = arena_calloc(arena, LIMIT_OUTLINE, sizeof *outline.headings);
	outline.bases = arena_calloc(arena, LIMIT_OUTLINE, sizeof *outline.bases);
	bool ok = false;
	if (outline.headings != NULL && outline.bases != NULL) {
		pthread_mutex_lock(&parse_mutex);
		ok = render_locked(arena, post, &outline);
		pthread_mutex_unlock(&parse_mutex);
	}
	buffer_done(&outline.text);
	if (!ok)
		return fail_field(err, CODE_INVALID_ARGUMENT, "BODY_TOO_COMPLEX", "post.body",
			"needs too much memory or time to render; make it simpler or shorter");
	post->outline = outline.headings;
	post->n_outline = outline.count;
	post->word_count = outline.words;
	post->reading_seconds = (uint32_t)(((uint64_t)outline.words * 60 + WORDS_PER_MINUTE - 1) /
					   WORDS_PER_MINUTE);
	return CODE_OK;
}
