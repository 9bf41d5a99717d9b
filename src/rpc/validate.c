#include "rpc/validate.h"

#include "base/buffer.h"
#include "base/text.h"
#include "base/wire.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Field numbers and bounds of google/protobuf/timestamp.proto. */
enum { TIMESTAMP_SECONDS = 1, TIMESTAMP_NANOS = 2, TIMESTAMP_NANOS_MAX = 999999999 };
#define TIMESTAMP_SECONDS_MIN INT64_C(-62135596800)
#define TIMESTAMP_SECONDS_MAX INT64_C(253402300799)

/* One message that is being read. */
struct level {
	const struct plan_message *plan;
	struct slice rest;
	const struct plan_field *field; /* that holds it, in the level above; NULL at the top */
	uint32_t index;			/* its place among the field's entries */
	int64_t seconds;		/* of a Timestamp */
	int32_t nanos;
	uint32_t counts[PLAN_FIELDS_MAX]; /* how often each field occurred */
};

struct walk {
	size_t depth; /* of levels; 0 after the last */
	unsigned unknown_fields;
	bool counted; /* the field that is looked at has been counted: it is an entry of its list */
	struct level levels[LIMIT_MESSAGE_DEPTH];
};

static bool is_list(const struct plan_field *field)
{
	return field->descriptor->label == PROTOBUF_C_LABEL_REPEATED;
}

static void append_name(struct buffer *path, const struct plan_field *field)
{
	if (path->size > 0)
		buffer_append_char(path, '.');
	buffer_append_text(path, field->descriptor->name);
}

static void append_index(struct buffer *path, const struct plan_field *field, uint32_t index)
{
	if (is_list(field))
		buffer_printf(path, "[%" PRIu32 "]", index);
}

/* The path of the field below the deepest level, or of that level itself where field is NULL. */
static void write_path(
	const struct walk *walk, const struct plan_field *field, char *out, size_t out_bytes)
{
	struct buffer path;
	buffer_init(&path, out_bytes - 1);
	for (size_t i = 1; i < walk->depth; i++) {
		append_name(&path, walk->levels[i].field);
		append_index(&path, walk->levels[i].field, walk->levels[i].index);
	}
	if (field != NULL) {
		const struct level *level = &walk->levels[walk->depth - 1];
		append_name(&path, field);
		if (walk->counted)
			append_index(&path, field, level->counts[field - level->plan->fields] - 1);
	}
	const char *text = buffer_text(&path);
	snprintf(out, out_bytes, "%s", text == NULL ? "" : text);
	buffer_done(&path);
}

static enum code refuse(const struct walk *walk, const struct plan_field *field, struct error *err,
	const char *reason, const char *fmt, ...) PRINTF_LIKE(5, 6);

static enum code refuse(const struct walk *walk, const struct plan_field *field, struct error *err,
	const char *reason, const char *fmt, ...)
{
	if (err == NULL)
		return CODE_INVALID_ARGUMENT;
	char text[256];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	char path[sizeof err->field];
	write_path(walk, field, path, sizeof path);
	if (path[0] == '\0')
		return fail_reason(err, CODE_INVALID_ARGUMENT, reason, "%s: %s",
			walk->levels[0].plan->descriptor->name, text);
	return fail_field(err, CODE_INVALID_ARGUMENT, reason, path, "%s", text);
}

static void enter(struct walk *walk, const struct plan_message *plan,
	const struct plan_field *field, uint32_t index, struct slice bytes)
{
	struct level *level = &walk->levels[walk->depth++];
	level->plan = plan;
	level->rest = bytes;
	level->field = field;
	level->index = index;
	level->seconds = 0;
	level->nanos = 0;
	memset(level->counts, 0, plan->descriptor->n_fields * sizeof *level->counts);
}

static enum code leave(struct walk *walk, struct error *err)
{
	const struct level *level = &walk->levels[walk->depth - 1];
	if (level->plan->is_timestamp) {
		bool valid = level->seconds >= TIMESTAMP_SECONDS_MIN &&
			     level->seconds <= TIMESTAMP_SECONDS_MAX && level->nanos >= 0 &&
			     level->nanos <= TIMESTAMP_NANOS_MAX;
		if (!valid)
			return refuse(walk, NULL, err, "TIME_OUT_OF_RANGE",
				"%" PRId64 " s and %" PRId32
				" ns is no time between the years 1 and "
				"9999 with 0 to 999999999 nanos",
				level->seconds, level->nanos);
	}
	walk->depth--;
	return CODE_OK;
}

/* How many values a packed field holds; false if it is malformed. */
static bool count_packed(const struct plan_field *field, struct slice bytes, size_t *ret)
{
	if (field->wire_type != WIRE_VARINT) {
		size_t width = field->wire_type == WIRE_FIXED32 ? 4 : 8;
		*ret = bytes.size / width;
		return bytes.size % width == 0;
	}
	size_t count = 0;
	size_t run = 0; /* bytes of the varint so far */
	for (size_t i = 0; i < bytes.size; i++) {
		if (++run > WIRE_VARINT_BYTES_MAX)
			return false;
		if (bytes.data[i] < 0x80) {
			count++;
			run = 0;
		}
	}
	*ret = count;
	return run == 0;
}

static enum code refuse_count(
	const struct walk *walk, const struct plan_field *field, struct error *err)
{
	if (field->message != NULL && !is_list(field))
		return refuse(walk, field, err, "DUPLICATE_FIELD", "is there twice; send it once");
	return refuse(walk, field, err, "TOO_MANY_ENTRIES",
		"more than %" PRIu32 " entries; send at most %" PRIu32, field->max_count,
		field->max_count);
}

static enum code check_text(const struct walk *walk, const struct plan_field *field,
	struct slice bytes, struct error *err)
{
	if (bytes.size > field->max_bytes)
		return refuse(walk, field, err, "FIELD_TOO_LONG",
			"%zu bytes; at most %" PRIu32 " are allowed", bytes.size, field->max_bytes);
	if (field->descriptor->type != PROTOBUF_C_TYPE_STRING)
		return CODE_OK;
	size_t at = text_find_invalid(bytes);
	if (at == bytes.size)
		return CODE_OK;
	if (bytes.data[at] == 0)
		return refuse(walk, field, err, "EMBEDDED_NUL",
			"a NUL at byte %zu; a string cannot hold one", at);
	return refuse(
		walk, field, err, "INVALID_UTF8", "not UTF-8 at byte %zu; send UTF-8 text", at);
}

/* A field of the deepest level; bytes of a sub-message make one level more. */
static enum code check_field(struct walk *walk, const struct plan_field *field,
	const struct wire_field *wire, struct error *err)
{
	struct level *level = &walk->levels[walk->depth - 1];
	uint32_t *count = &level->counts[field - level->plan->fields];
	size_t more = 1;
	walk->counted = false;
	if (wire->type != field->wire_type) {
		if (!field->packable || wire->type != WIRE_BYTES)
			return refuse(walk, field, err, "WRONG_WIRE_TYPE",
				"has wire type %d instead of %d; encode it with the server's "
				"schema",
				(int)wire->type, field->wire_type);
		if (!count_packed(field, wire->bytes, &more))
			return refuse(walk, field, err, "MALFORMED_MESSAGE",
				"its packed values are malformed or truncated");
	}
	if (more > field->max_count - *count)
		return refuse_count(walk, field, err);
	*count += (uint32_t)more;
	walk->counted = true;

	if (field->message != NULL) {
		if (walk->depth == LIMIT_MESSAGE_DEPTH)
			return refuse(walk, field, err, "NESTED_TOO_DEEP",
				"more than %d messages inside each other", LIMIT_MESSAGE_DEPTH);
		enter(walk, field->message, field, *count - 1, wire->bytes);
		return CODE_OK;
	}
	if (wire->type == WIRE_BYTES && !field->packable)
		return check_text(walk, field, wire->bytes, err);
	if (level->plan->is_timestamp) {
		if (wire->number == TIMESTAMP_SECONDS)
			level->seconds = (int64_t)wire->value;
		else if (wire->number == TIMESTAMP_NANOS)
			level->nanos = (int32_t)(uint32_t)wire->value;
	}
	return CODE_OK;
}

/* Reads one field of the deepest level. */
static enum code step(struct walk *walk, struct error *err)
{
	struct level *level = &walk->levels[walk->depth - 1];
	if (level->rest.size == 0)
		return leave(walk, err);
	struct wire_field wire;
	size_t left = level->rest.size;
	if (!wire_next(&level->rest, &wire))
		return refuse(walk, NULL, err, "MALFORMED_MESSAGE",
			"the message is malformed or truncated in its last %zu bytes", left);
	const struct plan_message *plan = level->plan;
	size_t index = wire.number < plan->number_count ? plan->by_number[wire.number] : 0;
	if (index != 0)
		return check_field(walk, &plan->fields[index - 1], &wire, err);
	if (++walk->unknown_fields > LIMIT_UNKNOWN_FIELDS)
		return refuse(walk, NULL, err, "TOO_MANY_UNKNOWN_FIELDS",
			"more than %d fields that the server does not know", LIMIT_UNKNOWN_FIELDS);
	return CODE_OK;
}

enum code validate_message(const struct plan_message *plan, struct slice payload, struct error *err)
{
	struct walk walk; /* its levels are filled by enter() */
	walk.depth = 0;
	walk.unknown_fields = 0;
	walk.counted = false;
	enter(&walk, plan, NULL, 0, payload);
	enum code code = CODE_OK;
	while (code == CODE_OK && walk.depth > 0)
		code = step(&walk, err);
	return code;
}
