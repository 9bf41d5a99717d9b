#include "base/limits.h"
#include "base/text.h"
#include "codec/json.h"
#include "codec/json_field.h"
#include "codec/json_forms.h"

#include <google/protobuf/any.pb-c.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct printer {
	struct buffer *out;
	unsigned flags;
	unsigned depth; /* of objects and lists that are open, for the indentation */
	struct error *err;
};

static enum code print_message(
	struct printer *printer, const ProtobufCMessage *message, unsigned levels);

static void new_line(struct printer *printer)
{
	if (!(printer->flags & JSON_INDENT))
		return;
	buffer_append_char(printer->out, '\n');
	for (unsigned i = 0; i < printer->depth; i++)
		buffer_append_text(printer->out, "  ");
}

static void open_bracket(struct printer *printer, char bracket)
{
	buffer_append_char(printer->out, bracket);
	printer->depth++;
}

/* Starts an entry of an object or list; *count entries came before it. */
static void next_entry(struct printer *printer, size_t *count)
{
	if ((*count)++ > 0)
		buffer_append_char(printer->out, ',');
	new_line(printer);
}

static void close_bracket(struct printer *printer, char bracket, size_t count)
{
	printer->depth--;
	if (count > 0)
		new_line(printer);
	buffer_append_char(printer->out, bracket);
}

/*
 * Bytes at the start of valid text that do not go out as they are; 0 if the first character does.
 * Control characters of C1 and the line separators are legal JSON, but do harm on a terminal or in
 * a script.
 */
static size_t escaped_size(const uint8_t *at, size_t size)
{
	if (*at < 0x20 || *at == '"' || *at == '\\' || *at == 0x7F)
		return 1;
	if (*at == 0xC2 && size >= 2 && at[1] < 0xA0)
		return 2;
	if (size >= 3 && at[0] == 0xE2 && at[1] == 0x80 && (at[2] == 0xA8 || at[2] == 0xA9))
		return 3;
	return 0;
}

static void print_escape(struct buffer *out, const uint8_t *at, size_t size)
{
	static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";
	for (const char *pair = letters; size == 1 && *pair != '\0'; pair += 2) {
		if (*at == (uint8_t)*pair) {
			buffer_append_char(out, '\\');
			buffer_append_char(out, pair[1]);
			return;
		}
	}
	unsigned character = size == 1 ? at[0] : size == 2 ? at[1] : 0x2000u + at[2] - 0x80;
	buffer_printf(out, "\\u%04x", character);
}

static void print_valid(struct buffer *out, struct slice text)
{
	size_t start = 0;
	size_t at = 0;
	while (at < text.size) {
		size_t size = escaped_size(text.data + at, text.size - at);
		if (size == 0) {
			at++;
			continue;
		}
		buffer_append(out, text.data + start, at - start);
		print_escape(out, text.data + at, size);
		at += size;
		start = at;
	}
	buffer_append(out, text.data + start, at - start);
}

void json_print_text(struct slice text, struct buffer *out)
{
	buffer_append_char(out, '"');
	while (text.size > 0) {
		size_t valid = text_find_invalid(text);
		print_valid(out, slice_of(text.data, valid));
		if (valid == text.size)
			break;
		buffer_append_text(out, "\\ufffd");
		text = slice_of(text.data + valid + 1, text.size - valid - 1);
	}
	buffer_append_char(out, '"');
}

/* The shortest of the texts that read back as the same number. */
static void print_number(struct buffer *out, double number, int digits, int digits_max)
{
	if (isnan(number)) {
		buffer_append_text(out, "\"NaN\"");
		return;
	}
	if (isinf(number)) {
		buffer_append_text(out, number < 0 ? "\"-Infinity\"" : "\"Infinity\"");
		return;
	}
	/* "-0" is the integer 0 to many readers. */
	if (number == 0 && signbit(number)) {
		buffer_append_text(out, "-0.0");
		return;
	}
	char text[40];
	for (; digits <= digits_max; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, number);
		double back = strtod(text, NULL);
		if (digits_max < 17 ? (float)back == (float)number : back == number)
			break;
	}
	buffer_append_text(out, text);
}

static void print_enum(struct buffer *out, const ProtobufCEnumDescriptor *descriptor, int number)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);
	if (value == NULL)
		buffer_printf(out, "%d", number);
	else
		json_print_text(slice_of_text(value->name), out);
}

static void print_bytes(struct buffer *out, struct slice bytes)
{
	buffer_append_char(out, '"');
	base64_print(bytes, out);
	buffer_append_char(out, '"');
}

/* One value of the field; it lies in the struct or in an array. */
static enum code print_value(struct printer *printer, const ProtobufCFieldDescriptor *field,
	const void *at, unsigned levels)
{
	struct buffer *out = printer->out;
	const ProtobufCBinaryData *bytes = at;
	const char *text;
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		buffer_printf(out, "%" PRId32, *(const int32_t *)at);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		buffer_printf(out, "%" PRIu32, *(const uint32_t *)at);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		buffer_printf(out, "\"%" PRId64 "\"", *(const int64_t *)at);
		break;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		buffer_printf(out, "\"%" PRIu64 "\"", *(const uint64_t *)at);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		print_number(out, *(const float *)at, 6, 9);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		print_number(out, *(const double *)at, 15, 17);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		buffer_append_text(out, *(const protobuf_c_boolean *)at ? "true" : "false");
		break;
	case PROTOBUF_C_TYPE_ENUM:
		print_enum(out, field->descriptor, *(const int *)at);
		break;
	case PROTOBUF_C_TYPE_STRING:
		text = *(const char *const *)at;
		json_print_text(slice_of_text(text), out);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		print_bytes(out, slice_of(bytes->data, bytes->len));
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		return print_message(printer, *(const ProtobufCMessage *const *)at, levels);
	}
	return CODE_OK;
}

/* An entry of a map with its place in the list: of entries with the same key the last one counts.
 */
struct map_entry {
	const ProtobufCMessage *message;
	const char *key;
	size_t place;
};

static int compare_entries(const void *a, const void *b)
{
	const struct map_entry *left = a;
	const struct map_entry *right = b;
	int order = strcmp(left->key, right->key);
	return order != 0 ? order : left->place < right->place ? -1 : 1;
}

static void free_entries(struct map_entry **entries)
{
	free(*entries);
}

static enum code print_map(struct printer *printer, const ProtobufCFieldDescriptor *field,
	const ProtobufCMessage *const *messages, size_t count, unsigned levels)
{
	const ProtobufCMessageDescriptor *entry = field->descriptor;
	const ProtobufCFieldDescriptor *value = &entry->fields[1];
	AUTO(free_entries) struct map_entry *entries = calloc(count + 1, sizeof *entries);
	if (entries == NULL)
		return fail(printer->err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	for (size_t i = 0; i < count; i++) {
		const void *key = json_field_in(messages[i], entry->fields[0].offset);
		entries[i] = (struct map_entry){ messages[i], *(const char *const *)key, i };
	}
	qsort(entries, count, sizeof *entries, compare_entries);
	size_t printed = 0;
	open_bracket(printer, '{');
	for (size_t i = 0; i < count; i++) {
		if (i + 1 < count && strcmp(entries[i].key, entries[i + 1].key) == 0)
			continue;
		next_entry(printer, &printed);
		json_print_text(slice_of_text(entries[i].key), printer->out);
		buffer_append_text(printer->out, printer->flags & JSON_INDENT ? ": " : ":");
		enum code code = print_value(
			printer, value, json_field_in(entries[i].message, value->offset), levels);
		if (code != CODE_OK)
			return code;
	}
	close_bracket(printer, '}', printed);
	return CODE_OK;
}

static enum code print_list(struct printer *printer, const ProtobufCFieldDescriptor *field,
	const char *array, size_t count, unsigned levels)
{
	size_t printed = 0;
	open_bracket(printer, '[');
	for (size_t i = 0; i < count; i++) {
		next_entry(printer, &printed);
		enum code code =
			print_value(printer, field, array + i * json_value_size(field), levels);
		if (code != CODE_OK)
			return code;
	}
	close_bracket(printer, ']', printed);
	return CODE_OK;
}

static enum code print_repeated(struct printer *printer, const ProtobufCFieldDescriptor *field,
	const ProtobufCMessage *message, unsigned levels)
{
	size_t count = *(const size_t *)json_field_in(message, field->quantifier_offset);
	const void *array = *(const void *const *)json_field_in(message, field->offset);
	if (json_field_is_map(field))
		return print_map(printer, field, array, count, levels);
	return print_list(printer, field, array, count, levels);
}

static bool is_shown(struct printer *printer, const ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field)
{
	bool defaults = (printer->flags & JSON_EMIT_DEFAULTS) != 0;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return defaults ||
		       *(const size_t *)json_field_in(message, field->quantifier_offset) > 0;
	return json_field_is_set(message, field) || (defaults && !json_field_has_presence(field));
}

/* The members of an object that has *count already. */
static enum code print_fields(
	struct printer *printer, const ProtobufCMessage *message, size_t *count, unsigned levels)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		if (!is_shown(printer, message, field))
			continue;
		char name[JSON_NAME_BYTES];
		json_name_of(field->name, name);
		next_entry(printer, count);
		json_print_text(slice_of_text(name), printer->out);
		buffer_append_text(printer->out, printer->flags & JSON_INDENT ? ": " : ":");
		enum code code = field->label == PROTOBUF_C_LABEL_REPEATED
					 ? print_repeated(printer, field, message, levels)
					 : print_value(printer, field,
						   json_field_in(message, field->offset), levels);
		if (code != CODE_OK)
			return wrap(printer->err, code, "%s", field->name);
	}
	return CODE_OK;
}

/* A type that is not known here, or bytes that are not of that type, go out as base64. */
static enum code print_any(
	struct printer *printer, const Google__Protobuf__Any *any, unsigned levels)
{
	const ProtobufCMessageDescriptor *descriptor = any_type_find(any->type_url);
	struct arena arena;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	ProtobufCMessage *message = NULL;
	if (descriptor != NULL)
		message = protobuf_c_message_unpack(
			descriptor, &arena.allocator, any->value.len, any->value.data);
	size_t count = 0;
	enum code code = CODE_OK;
	open_bracket(printer, '{');
	if (any->type_url[0] != '\0' || any->value.len > 0) {
		next_entry(printer, &count);
		buffer_append_text(
			printer->out, printer->flags & JSON_INDENT ? "\"@type\": " : "\"@type\":");
		json_print_text(slice_of_text(any->type_url), printer->out);
		if (message != NULL) {
			code = print_fields(printer, message, &count, levels);
		} else {
			next_entry(printer, &count);
			buffer_append_text(printer->out,
				printer->flags & JSON_INDENT ? "\"value\": " : "\"value\":");
			print_bytes(printer->out, slice_of(any->value.data, any->value.len));
		}
	}
	close_bracket(printer, '}', count);
	arena_done(&arena);
	return code;
}

static enum code no_form(struct printer *printer)
{
	return fail(printer->err, CODE_INVALID_ARGUMENT,
		"the value is out of range and has no JSON form");
}

static enum code print_quoted(struct printer *printer, bool valid, const char *text)
{
	if (!valid)
		return no_form(printer);
	buffer_printf(printer->out, "\"%s\"", text);
	return CODE_OK;
}

static enum code print_mask(struct printer *printer, const Google__Protobuf__FieldMask *mask)
{
	struct buffer text;
	buffer_init(&text, printer->out->max_bytes);
	bool valid = field_mask_print(mask, &text);
	if (valid)
		json_print_text(slice_of(text.data, text.size), printer->out);
	printer->out->overflow = printer->out->overflow || text.overflow;
	buffer_done(&text);
	return valid ? CODE_OK : no_form(printer);
}

/* Recursion ends with `levels`, which is how many messages may still be opened. */
static enum code print_message(
	struct printer *printer, const ProtobufCMessage *message, unsigned levels)
{
	if (levels == 0)
		return fail(printer->err, CODE_INVALID_ARGUMENT, "more than %d levels of messages",
			LIMIT_MESSAGE_DEPTH);
	char text[FORM_TEXT_BYTES];
	size_t count = 0;
	enum code code;
	switch (json_form_of(message->descriptor)) {
	case JSON_FORM_TIMESTAMP:
		return print_quoted(printer,
			timestamp_print((const Google__Protobuf__Timestamp *)message, text), text);
	case JSON_FORM_DURATION:
		return print_quoted(printer,
			duration_print((const Google__Protobuf__Duration *)message, text), text);
	case JSON_FORM_FIELD_MASK:
		return print_mask(printer, (const Google__Protobuf__FieldMask *)message);
	case JSON_FORM_ANY:
		return print_any(printer, (const Google__Protobuf__Any *)message, levels - 1);
	case JSON_FORM_OBJECT:
		break;
	}
	open_bracket(printer, '{');
	code = print_fields(printer, message, &count, levels - 1);
	close_bracket(printer, '}', count);
	return code;
}

enum code json_print(
	const ProtobufCMessage *message, unsigned flags, struct buffer *out, struct error *err)
{
	struct printer printer = { .out = out, .flags = flags, .err = err };
	enum code code = print_message(&printer, message, LIMIT_MESSAGE_DEPTH);
	if (code != CODE_OK)
		return code;
	if (out->overflow)
		return fail_reason(err, CODE_RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE",
			"the JSON form is larger than %zu bytes", out->max_bytes);
	return CODE_OK;
}
