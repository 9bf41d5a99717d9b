#include "importers/json_walk.h"

#include "importers/json_unquote.h"

#include <string.h>

enum { KEY_TEXT_BYTES_MAX = WALK_KEY_BYTES * 6 + 2 }; /* each character written as \\uXXXX */

static bool stop(struct json_walk *walk, const char *problem)
{
	if (walk->problem == NULL)
		walk->problem = problem;
	return false;
}

/* Makes sure that there is a byte at walk->at; false at the end. */
static bool fill(struct json_walk *walk)
{
	if (walk->at < walk->size)
		return true;
	if (walk->file == NULL || walk->problem != NULL)
		return false;
	walk->offset += walk->size;
	walk->at = 0;
	walk->size = fread(walk->chunk, 1, WALK_CHUNK_BYTES, walk->file);
	if (walk->size == 0 && ferror(walk->file)) {
		walk->is_unreadable = true;
		return stop(walk, "the file cannot be read further");
	}
	return walk->size > 0;
}

static void start(struct json_walk *walk)
{
	walk->at = 0;
	walk->first = true;
	walk->problem = NULL;
	walk->is_unreadable = false;
}

void walk_file(struct json_walk *walk, FILE *file, uint8_t *chunk, uint64_t offset, uint64_t line)
{
	static const uint8_t mark[] = { 0xEF, 0xBB, 0xBF };
	start(walk);
	walk->file = file;
	walk->chunk = chunk;
	walk->data = chunk;
	walk->size = 0;
	walk->offset = offset;
	walk->line = line;
	if (offset == 0 && fill(walk) && walk->size >= sizeof mark &&
		memcmp(walk->data, mark, sizeof mark) == 0)
		walk->at = sizeof mark;
}

void walk_text(struct json_walk *walk, struct slice text)
{
	start(walk);
	walk->file = NULL;
	walk->data = text.data;
	walk->size = text.size;
	walk->offset = 0;
	walk->line = 1;
}

uint8_t walk_peek(struct json_walk *walk)
{
	while (fill(walk)) {
		uint8_t c = walk->data[walk->at];
		if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			return walk->problem == NULL ? c : 0;
		walk->line += c == '\n';
		walk->at++;
	}
	return 0;
}

/* What is wrong where something else should stand. */
static bool stop_at(struct json_walk *walk, const char *problem)
{
	return stop(walk, walk_peek(walk) == 0 && walk->at == walk->size
				  ? "the file ends in the middle of the JSON"
				  : problem);
}

bool walk_open(struct json_walk *walk, char bracket)
{
	if (walk_peek(walk) != (uint8_t)bracket)
		return stop_at(walk, bracket == '{' ? "not JSON: an object ('{') should stand here"
						    : "not JSON: a list ('[') should stand here");
	walk->at++;
	walk->first = true;
	return true;
}

bool walk_entry(struct json_walk *walk, char bracket)
{
	uint8_t c = walk_peek(walk);
	if (c == (bracket == '{' ? '}' : ']')) {
		walk->at++;
		walk->first = false; /* of what lies around it */
		return false;
	}
	if (walk->first) {
		walk->first = false;
		return c != 0 || stop_at(walk, "not JSON: a value should stand here");
	}
	if (c != ',')
		return stop_at(walk, bracket == '{' ? "not JSON: ',' or '}' should stand here"
						    : "not JSON: ',' or ']' should stand here");
	walk->at++;
	return true;
}

/* Bytes up to the next one that a string's end may depend on. */
static size_t plain_bytes(struct json_walk *walk)
{
	size_t size = 0;
	const uint8_t *data = walk->data + walk->at;
	size_t left = walk->size - walk->at;
	while (size < left && data[size] != '"' && data[size] != '\\') {
		walk->line += data[size] == '\n'; /* not JSON, but it is a line all the same */
		size++;
	}
	return size;
}

static void take(struct json_walk *walk, size_t size, struct buffer *out)
{
	if (out != NULL)
		buffer_append(out, walk->data + walk->at, size);
	walk->at += size;
}

/* A string with its quotes. */
static bool pass_string(struct json_walk *walk, struct buffer *out)
{
	bool is_escaped = false;
	take(walk, 1, out);
	while (fill(walk)) {
		if (is_escaped) {
			walk->line += walk->data[walk->at] == '\n';
			take(walk, 1, out);
			is_escaped = false;
			continue;
		}
		take(walk, plain_bytes(walk), out);
		if (walk->at == walk->size)
			continue;
		bool is_end = walk->data[walk->at] == '"';
		is_escaped = !is_end;
		take(walk, 1, out);
		if (is_end)
			return true;
	}
	return stop(walk, "the file ends in the middle of a text");
}

static bool is_literal(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '+' || c == '.';
}

/* A number, true, false or null. */
static bool pass_literal(struct json_walk *walk, struct buffer *out)
{
	if (!is_literal(walk_peek(walk)))
		return stop_at(walk, "not JSON: a value should stand here");
	do {
		take(walk, 1, out);
	} while (fill(walk) && is_literal(walk->data[walk->at]));
	return walk->problem == NULL;
}

/* What may come next between brackets. */
enum expected { VALUE, VALUE_OR_END, KEY, KEY_OR_END, COLON, COMMA_OR_END };

/* The brackets that are open. */
struct nesting {
	uint64_t depth;
	uint8_t is_object[WALK_LEVELS_CHECKED / 8];
};

static bool in_object(const struct nesting *nesting)
{
	uint64_t level = nesting->depth - 1;
	return level < WALK_LEVELS_CHECKED &&
	       (nesting->is_object[level / 8] >> (level % 8) & 1) != 0;
}

static void push(struct nesting *nesting, bool is_object)
{
	uint64_t level = nesting->depth++;
	if (level >= WALK_LEVELS_CHECKED)
		return;
	nesting->is_object[level / 8] &= (uint8_t) ~(1u << (level % 8));
	nesting->is_object[level / 8] |= (uint8_t)((unsigned)is_object << (level % 8));
}

/* One step of a list or an object; *expected is what may come next. Below the levels that are
 * checked, brackets, commas and colons are only passed over. */
static bool pass_part(struct json_walk *walk, struct nesting *nesting, enum expected *expected,
	struct buffer *out)
{
	uint8_t c = walk_peek(walk);
	bool is_loose = nesting->depth > WALK_LEVELS_CHECKED;
	bool wants_value = *expected == VALUE || *expected == VALUE_OR_END;
	bool wants_key = *expected == KEY || *expected == KEY_OR_END;
	bool may_end =
		*expected == VALUE_OR_END || *expected == KEY_OR_END || *expected == COMMA_OR_END;
	if ((c == '{' || c == '[') && (is_loose || wants_value)) {
		push(nesting, c == '{');
		*expected = c == '{' ? KEY_OR_END : VALUE_OR_END;
	} else if ((c == '}' || c == ']') &&
		   (is_loose || (may_end && in_object(nesting) == (c == '}')))) {
		nesting->depth--;
		*expected = COMMA_OR_END;
	} else if (c == ',' && (is_loose || *expected == COMMA_OR_END)) {
		*expected = in_object(nesting) ? KEY : VALUE;
	} else if (c == ':' && (is_loose || *expected == COLON)) {
		*expected = VALUE;
	} else if (c == '"' && (is_loose || wants_value || wants_key)) {
		*expected = wants_key ? COLON : COMMA_OR_END;
		return pass_string(walk, out);
	} else if (is_loose || wants_value) {
		*expected = COMMA_OR_END;
		return pass_literal(walk, out);
	} else {
		return stop_at(walk, wants_key		  ? "not JSON: a key should stand here"
				     : *expected == COLON ? "not JSON: ':' should stand here"
				     : in_object(nesting)
					     ? "not JSON: ',' or '}' should stand here"
					     : "not JSON: ',' or ']' should stand here");
	}
	take(walk, 1, out);
	return true;
}

bool walk_value(struct json_walk *walk, struct buffer *out)
{
	uint8_t c = walk_peek(walk);
	if (c == '"')
		return pass_string(walk, out);
	if (c != '{' && c != '[')
		return pass_literal(walk, out);
	struct nesting nesting = { .depth = 0 };
	enum expected expected = VALUE;
	do {
		if (!pass_part(walk, &nesting, &expected, out))
			return false;
	} while (nesting.depth > 0);
	return true;
}

bool walk_key(struct json_walk *walk, char key[WALK_KEY_BYTES])
{
	if (walk_peek(walk) != '"')
		return stop_at(walk, "not JSON: a key should stand here");
	struct buffer text;
	buffer_init(&text, KEY_TEXT_BYTES_MAX);
	bool read = pass_string(walk, &text);
	size_t size = 0;
	if (read && !text.overflow &&
		(unquote(slice_of(text.data, text.size), text.data, &size) != NULL ||
			size >= WALK_KEY_BYTES))
		size = 0; /* none that anybody looks for */
	if (size > 0)
		memcpy(key, text.data, size);
	key[size] = '\0';
	buffer_done(&text);
	if (!read)
		return false;
	if (walk_peek(walk) != ':')
		return stop_at(walk, "not JSON: ':' should stand here");
	walk->at++;
	return true;
}
