#include "importers/ghost_body.h"

#include "base/limits.h"
#include "importers/json_unquote.h"

#include <stdlib.h>

/* Stands for the address of the site since Ghost 4. */
static const char site[] = "__GHOST_URL__";

enum {
	SITE_BYTES = sizeof site - 1,
	SECTION_BYTES_MAX = 512, /* of one that can be empty */
	NAME_BYTES_MAX = 64,	 /* of a card */
};

static bool refuse(struct ghost_record *record, const char *problem)
{
	snprintf(record->problem, sizeof record->problem, "%s", problem);
	return false;
}

/* Without the mark for the site, so that its addresses are relative to it. Returns the size. */
static size_t drop_site(struct slice text, char *out)
{
	size_t size = 0;
	while (text.size > 0) {
		const uint8_t *mark = memmem(text.data, text.size, site, SITE_BYTES);
		size_t before = mark == NULL ? text.size : (size_t)(mark - text.data);
		memcpy(out + size, text.data, before);
		size += before;
		size_t passed = before + (mark == NULL ? 0 : SITE_BYTES);
		text = slice_of(text.data + passed, text.size - passed);
	}
	return size;
}

static bool set_body(struct ghost_record *record, struct slice text, Lectern__V1__BodyFormat format,
	struct arena *arena, Lectern__V1__Post *post)
{
	/* A text over the limit may still fit without the marks for the site. */
	char *body =
		text.size > 2 * (size_t)LIMIT_BODY_BYTES ? NULL : arena_alloc(arena, text.size + 1);
	size_t size = body == NULL ? text.size : drop_site(text, body);
	if (size > LIMIT_BODY_BYTES) {
		snprintf(record->problem, sizeof record->problem,
			"body: over the limit of %d bytes", LIMIT_BODY_BYTES);
		return false;
	}
	if (body == NULL)
		return refuse(record, "out of memory");
	body[size] = '\0';
	post->body = body;
	post->body_format = format;
	return true;
}

/* What is in a document of one of Ghost's editors. */
struct document {
	struct buffer markdown; /* of the first card, as JSON */
	size_t cards;
	bool has_markdown;
	bool has_other; /* text outside of cards, or something unknown */
};

/* {"cardName":"card-markdown","markdown":"..."} */
static bool read_payload(struct json_walk *walk, struct document *document)
{
	if (walk_peek(walk) != '{')
		return walk_value(walk, NULL);
	bool going = walk_open(walk, '{');
	while (going && walk_entry(walk, '{')) {
		char key[WALK_KEY_BYTES];
		if (!walk_key(walk, key))
			return false;
		bool is_text = strcmp(key, "markdown") == 0 && walk_peek(walk) == '"' &&
			       !document->has_markdown;
		document->has_markdown = document->has_markdown || is_text;
		going = walk_value(walk, is_text ? &document->markdown : NULL);
	}
	return walk->problem == NULL;
}

/* ["markdown",{...}] */
static bool read_card(struct json_walk *walk, struct document *document)
{
	struct buffer name;
	buffer_init(&name, NAME_BYTES_MAX);
	document->cards++;
	bool going = walk_open(walk, '[');
	for (size_t i = 0; going && walk_entry(walk, '['); i++) {
		const char *text = i == 1 ? buffer_text(&name) : NULL; /* NULL: too long */
		bool is_markdown = text != NULL && strstr(text, "markdown") != NULL;
		if (i == 0)
			going = walk_value(walk, &name);
		else if (i == 1 && is_markdown && document->cards == 1)
			going = read_payload(walk, document);
		else
			going = walk_value(walk, NULL);
	}
	buffer_done(&name);
	return walk->problem == NULL;
}

/* Whether a section of a mobiledoc holds nothing of its own: a card, or an empty paragraph. */
static bool is_empty_section(const char *section)
{
	static const char *const empty[] = { "[10,0]", "[1,\"p\",[]]", "[1,\"p\",[[0,[],0,\"\"]]]",
		NULL };
	for (size_t i = 0; empty[i] != NULL; i++)
		if (strcmp(section, empty[i]) == 0)
			return true;
	return false;
}

/* Whether a node of a Lexical document is an empty paragraph. */
static bool is_empty_node(const char *node)
{
	return strstr(node, "\"type\":\"paragraph\"") != NULL &&
	       strstr(node, "\"children\":[]") != NULL;
}

/* A list whose entries must all be empty. */
static bool read_entries(
	struct json_walk *walk, struct document *document, bool (*is_empty)(const char *entry))
{
	struct buffer entry;
	buffer_init(&entry, SECTION_BYTES_MAX);
	bool going = walk_open(walk, '[');
	while (going && walk_entry(walk, '[')) {
		buffer_clear(&entry);
		going = walk_value(walk, &entry);
		const char *text = going ? buffer_text(&entry) : NULL;
		document->has_other = document->has_other || text == NULL || !is_empty(text);
	}
	buffer_done(&entry);
	return walk->problem == NULL;
}

static bool read_mobiledoc(struct json_walk *walk, struct document *document)
{
	bool going = walk_open(walk, '{');
	while (going && walk_entry(walk, '{')) {
		char key[WALK_KEY_BYTES];
		if (!walk_key(walk, key))
			return false;
		if (strcmp(key, "sections") == 0) {
			going = read_entries(walk, document, is_empty_section);
		} else if (strcmp(key, "cards") == 0) {
			going = walk_open(walk, '[');
			while (going && walk_entry(walk, '['))
				going = read_card(walk, document);
		} else {
			going = walk_value(walk, NULL);
		}
	}
	return walk->problem == NULL;
}

/* {"root":{"children":[...]}} */
static bool read_lexical(struct json_walk *walk, struct document *document)
{
	bool going = walk_open(walk, '{');
	while (going && walk_entry(walk, '{')) {
		char key[WALK_KEY_BYTES];
		if (!walk_key(walk, key))
			return false;
		if (strcmp(key, "root") != 0) {
			going = walk_value(walk, NULL);
			continue;
		}
		going = walk_open(walk, '{');
		while (going && walk_entry(walk, '{')) {
			if (!walk_key(walk, key))
				return false;
			going = strcmp(key, "children") == 0
					? read_entries(walk, document, is_empty_node)
					: walk_value(walk, NULL);
		}
	}
	return walk->problem == NULL;
}

static bool take_document(struct ghost_record *record, const struct document *document,
	struct arena *arena, Lectern__V1__Post *post)
{
	size_t size = 0;
	if (document->has_other || document->cards > 1 ||
		(document->cards == 1 && !document->has_markdown))
		return refuse(record, "html: there is none in the export; open the post in Ghost, "
				      "save it and export again");
	if (document->markdown.overflow)
		return refuse(record, "mobiledoc: too long");
	if (document->has_markdown) {
		const char *problem =
			unquote(slice_of(document->markdown.data, document->markdown.size),
				document->markdown.data, &size);
		if (problem != NULL) {
			snprintf(record->problem, sizeof record->problem,
				"mobiledoc: the Markdown %s", problem);
			return false;
		}
	}
	return set_body(record, slice_of(document->markdown.data, size),
		document->has_markdown ? LECTERN__V1__BODY_FORMAT__BODY_FORMAT_MARKDOWN
				       : LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML,
		arena, post);
}

static bool body_of_document(struct ghost_record *record, enum ghost_field field, struct slice text,
	struct arena *arena, Lectern__V1__Post *post)
{
	struct json_walk walk;
	struct document document = { .cards = 0 };
	buffer_init(&document.markdown, GHOST_RECORD_BYTES_MAX);
	walk_text(&walk, text);
	bool whole = field == GHOST_MOBILEDOC ? read_mobiledoc(&walk, &document)
					      : read_lexical(&walk, &document);
	document.has_other = document.has_other || !whole;
	bool taken = take_document(record, &document, arena, post);
	buffer_done(&document.markdown);
	return taken;
}

bool ghost_body(struct ghost_record *record, struct arena *arena, Lectern__V1__Post *post)
{
	static const enum ghost_field sources[] = { GHOST_HTML, GHOST_MARKDOWN, GHOST_MOBILEDOC,
		GHOST_LEXICAL };
	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
		struct slice text;
		if (!ghost_record_text(record, sources[i], &text))
			return false;
		if (text.size == 0)
			continue;
		if (sources[i] == GHOST_MOBILEDOC || sources[i] == GHOST_LEXICAL)
			return body_of_document(record, sources[i], text, arena, post);
		return set_body(record, text,
			sources[i] == GHOST_HTML ? LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML
						 : LECTERN__V1__BODY_FORMAT__BODY_FORMAT_MARKDOWN,
			arena, post);
	}
	post->body_format = LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML;
	return true;
}
