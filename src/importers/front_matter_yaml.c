#include "importers/front_matter_yaml.h"

#include "base/buffer.h"
#include "base/text.h"

#include <sodium.h>
#include <stdlib.h>
#include <strings.h>
#include <yaml.h>

struct anchor {
	struct anchor *next;
	const char *name;
	struct value *value;
};

/* A list or map that is not complete yet. */
struct level {
	struct value *value;
	struct slice key; /* of a map: read, its value comes next */
	bool has_key;
};

struct reader {
	yaml_parser_t parser;
	struct value_tree *tree;
	uint64_t first_line;
	struct anchor *anchors;
	struct level levels[VALUE_DEPTH_MAX];
	unsigned depth;
	struct value *root; /* NULL until it is complete */
	bool ended;
};

enum { MARK_OPEN = 1 }; /* a value that is not complete */

static enum code fail_memory(struct error *err)
{
	return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
}

static enum code fail_parser(struct reader *reader, struct error *err)
{
	const yaml_parser_t *parser = &reader->parser;
	if (parser->error == YAML_MEMORY_ERROR)
		return fail_memory(err);
	reader->tree->line = reader->first_line + parser->problem_mark.line;
	const char *hint = "";
	if (parser->problem != NULL && strstr(parser->problem, "mapping values") != NULL)
		hint = "; a text with ': ' in it needs quotes";
	else if (parser->problem != NULL && strstr(parser->problem, "cannot start") != NULL)
		hint = "; a text that begins so needs quotes";
	return fail(err, CODE_INVALID_ARGUMENT, "the front matter is no YAML: %s%s",
		parser->problem == NULL ? "it cannot be read" : parser->problem, hint);
}

static bool is_one_of(struct slice text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (slice_equals(text, slice_of_text(*words)))
			return true;
	return false;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Digits and what else stands in numbers; the text is kept, so that it need not be exact. */
static bool is_number(struct slice text)
{
	size_t digits = 0;
	for (size_t i = 0; i < text.size; i++) {
		digits += is_digit(text.data[i]);
		if (!is_digit(text.data[i]) && strchr("+-._eExXoabcdfABCDF", text.data[i]) == NULL)
			return false;
	}
	return digits > 0 && (is_digit(text.data[0]) || strchr("+-.", text.data[0]) != NULL);
}

static bool is_time(struct slice text)
{
	for (size_t i = 0; i < 4; i++)
		if (i >= text.size || !is_digit(text.data[i]))
			return false;
	return text.size > 7 && text.data[4] == '-' && is_digit(text.data[5]);
}

/* What a scalar without quotes is. */
static enum value_kind resolve(struct slice text, bool *ret_truth)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const yes[] = { "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On",
		"ON", NULL };
	static const char *const no[] = { "false", "False", "FALSE", "no", "No", "NO", "off", "Off",
		"OFF", NULL };
	*ret_truth = is_one_of(text, yes);
	if (is_one_of(text, nulls))
		return VALUE_NULL;
	if (*ret_truth || is_one_of(text, no))
		return VALUE_BOOL;
	if (is_time(text))
		return VALUE_TIME;
	return is_number(text) ? VALUE_NUMBER : VALUE_TEXT;
}

static void freep(void *pointer)
{
	free(*(void **)pointer);
}

/* Old exporters wrote titles with letters beyond ASCII so. */
static enum code decode_binary(
	struct reader *reader, struct slice text, struct value **ret, struct error *err)
{
	size_t size = 0;
	AUTO(freep) uint8_t *bytes = malloc(text.size + 1);
	if (bytes == NULL)
		return fail_memory(err);
	if (sodium_base642bin(bytes, text.size + 1, (const char *)text.data, text.size, " \t\r\n",
		    &size, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
		text_find_invalid(slice_of(bytes, size)) < size)
		return fail(err, CODE_INVALID_ARGUMENT,
			"the front matter has a !binary value that is no text in base64");
	return value_new_text(reader->tree, VALUE_TEXT, slice_of(bytes, size), ret, err);
}

static enum code make_scalar(
	struct reader *reader, const yaml_event_t *event, struct value **ret, struct error *err)
{
	struct slice text = slice_of(event->data.scalar.value, event->data.scalar.length);
	const char *tag = (const char *)event->data.scalar.tag;
	if (memchr(text.data, 0, text.size) != NULL)
		return fail(err, CODE_INVALID_ARGUMENT, "a value holds the character NUL");
	if (tag != NULL &&
		(strcmp(tag, "!binary") == 0 || strcmp(tag, "tag:yaml.org,2002:binary") == 0))
		return decode_binary(reader, text, ret, err);
	bool truth = false;
	enum value_kind kind = VALUE_TEXT;
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && tag == NULL)
		kind = resolve(text, &truth);
	enum code code = value_new_text(reader->tree, kind, text, ret, err);
	if (code == CODE_OK)
		(*ret)->truth = truth;
	return code;
}

static enum code remember(
	struct reader *reader, const yaml_char_t *name, struct value *value, struct error *err)
{
	if (name == NULL)
		return CODE_OK;
	struct anchor *anchor = arena_alloc(reader->tree->arena, sizeof *anchor);
	const char *copy = arena_text(reader->tree->arena, slice_of_text((const char *)name));
	if (anchor == NULL || copy == NULL)
		return fail_memory(err);
	*anchor = (struct anchor){ .next = reader->anchors, .name = copy, .value = value };
	reader->anchors = anchor;
	return CODE_OK;
}

/* Another value with the children of the one that is named. */
static enum code make_alias(
	struct reader *reader, const yaml_event_t *event, struct value **ret, struct error *err)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct anchor *anchor = reader->anchors;
	while (anchor != NULL && strcmp(anchor->name, name) != 0)
		anchor = anchor->next;
	if (anchor == NULL)
		return fail(err, CODE_INVALID_ARGUMENT,
			"the front matter has no '&%.64s' that '*%.64s' could stand for; a text "
			"that begins with '*' needs quotes",
			name, name);
	if (anchor->value->marks & MARK_OPEN)
		return fail(err, CODE_INVALID_ARGUMENT,
			"'*%.64s' stands inside of the value that it stands for", name);
	enum code code = value_new(reader->tree, anchor->value->kind, ret, err);
	if (code != CODE_OK)
		return code;
	(*ret)->text = anchor->value->text;
	(*ret)->truth = anchor->value->truth;
	(*ret)->first = anchor->value->first;
	(*ret)->last = anchor->value->last;
	return CODE_OK;
}

/* Puts a complete value where it belongs. */
static enum code add(struct reader *reader, struct value *value, struct error *err)
{
	if (reader->depth == 0) {
		reader->root = value;
		return CODE_OK;
	}
	struct level *level = &reader->levels[reader->depth - 1];
	if (level->value->kind == VALUE_LIST) {
		value_append(level->value, value);
		return CODE_OK;
	}
	if (!level->has_key) {
		if (value->kind == VALUE_LIST || value->kind == VALUE_MAP)
			return fail(err, CODE_INVALID_ARGUMENT,
				"the name of a field must be a text; '{{ ... }}' and '[...]: ' "
				"need "
				"quotes");
		level->key = value->text;
		level->has_key = true;
		return CODE_OK;
	}
	level->has_key = false;
	return value_put(reader->tree, level->value, level->key, value, err);
}

static enum code begin(
	struct reader *reader, enum value_kind kind, const yaml_char_t *anchor, struct error *err)
{
	if (reader->depth == VALUE_DEPTH_MAX)
		return fail(err, CODE_INVALID_ARGUMENT,
			"the front matter nests deeper than %d levels", VALUE_DEPTH_MAX);
	struct value *value = NULL;
	enum code code = value_new(reader->tree, kind, &value, err);
	if (code == CODE_OK)
		code = remember(reader, anchor, value, err);
	if (code != CODE_OK)
		return code;
	value->marks = MARK_OPEN;
	reader->levels[reader->depth++] = (struct level){ .value = value };
	return CODE_OK;
}

static enum code end(struct reader *reader, struct error *err)
{
	struct value *value = reader->levels[--reader->depth].value;
	value->marks = 0;
	return add(reader, value, err);
}

static enum code take(struct reader *reader, const yaml_event_t *event, struct error *err)
{
	struct value *value = NULL;
	enum code code = CODE_OK;
	reader->tree->line = reader->first_line + event->start_mark.line;
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		code = make_scalar(reader, event, &value, err);
		if (code == CODE_OK)
			code = remember(reader, event->data.scalar.anchor, value, err);
		return code == CODE_OK ? add(reader, value, err) : code;
	case YAML_ALIAS_EVENT:
		code = make_alias(reader, event, &value, err);
		return code == CODE_OK ? add(reader, value, err) : code;
	case YAML_SEQUENCE_START_EVENT:
		return begin(reader, VALUE_LIST, event->data.sequence_start.anchor, err);
	case YAML_MAPPING_START_EVENT:
		return begin(reader, VALUE_MAP, event->data.mapping_start.anchor, err);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return end(reader, err);
	case YAML_DOCUMENT_END_EVENT:
	case YAML_STREAM_END_EVENT:
		reader->ended = true;
		return CODE_OK;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_START_EVENT:
		return CODE_OK;
	}
	return CODE_OK;
}

static enum code read_events(struct reader *reader, struct error *err)
{
	while (!reader->ended) {
		yaml_event_t event;
		if (!yaml_parser_parse(&reader->parser, &event))
			return fail_parser(reader, err);
		enum code code = take(reader, &event, err);
		yaml_event_delete(&event);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

static enum code read_text(
	struct slice text, struct value_tree *tree, struct value **ret, struct error *err)
{
	struct reader reader = { .tree = tree, .first_line = tree->line };
	if (!yaml_parser_initialize(&reader.parser))
		return fail_memory(err);
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, text.data, text.size);
	enum code code = read_events(&reader, err);
	yaml_parser_delete(&reader.parser);
	if (code != CODE_OK)
		return code;
	if (reader.root == NULL || reader.root->kind == VALUE_NULL)
		return value_new(tree, VALUE_MAP, ret, err);
	if (reader.root->kind != VALUE_MAP) {
		tree->line = reader.first_line;
		return fail(err, CODE_INVALID_ARGUMENT,
			"the front matter is not a list of fields, 'name: value'");
	}
	*ret = reader.root;
	return CODE_OK;
}

/* How many blanks a level is indented by, as far as lines without tabs tell. */
static size_t indentation(struct slice text)
{
	size_t least = 0;
	size_t start = 0;
	for (size_t i = 0; i <= text.size; i++) {
		if (i < text.size && text.data[i] != '\n')
			continue;
		size_t blanks = 0;
		while (start + blanks < i && text.data[start + blanks] == ' ')
			blanks++;
		if (blanks > 0 && start + blanks < i && text.data[start + blanks] != '\t' &&
			(least == 0 || blanks < least))
			least = blanks;
		start = i + 1;
	}
	return least == 0 ? 2 : least;
}

/* Tabs before the text of a line made blanks, those behind "- " included. */
static void mend_tabs(struct slice text, struct buffer *out)
{
	size_t width = indentation(text);
	bool in_text = false;
	bool item = false; /* behind the '-' of a list's item */
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		bool dash = c == '-' && i + 1 < text.size &&
			    (text.data[i + 1] == ' ' || text.data[i + 1] == '\t');
		if (c == '\t' && !in_text) {
			for (size_t j = 0; j < (item ? 1 : width); j++)
				buffer_append_char(out, ' ');
			continue;
		}
		buffer_append_char(out, (char)c);
		in_text = c != '\n' && (in_text || (c != ' ' && !dash));
		item = c != '\n' && (item || (dash && !in_text));
	}
}

enum code yaml_read(struct slice text, struct value_tree *tree, struct value **ret, bool *ret_tabs,
	struct error *err)
{
	uint64_t first_line = tree->line;
	struct value_tree again = *tree;
	*ret_tabs = false;
	enum code code = read_text(text, tree, ret, err);
	if (code != CODE_INVALID_ARGUMENT || memchr(text.data, '\t', text.size) == NULL)
		return code;
	struct buffer mended;
	buffer_init(&mended, 8 * (size_t)VALUE_TEXT_BYTES_MAX);
	mend_tabs(text, &mended);
	again.line = first_line;
	if (!mended.overflow &&
		read_text(slice_of(mended.data, mended.size), &again, ret, NULL) == CODE_OK) {
		*tree = again;
		*ret_tabs = true;
		code = CODE_OK;
	}
	buffer_done(&mended);
	return code;
}
