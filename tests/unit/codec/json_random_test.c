/* Random messages of every public type go to JSON and back and are the same bytes again. */
#include "base/limits.h"
#include "codec/json.h"
#include "codec/json_field.h"
#include "codec/json_forms.h"
#include "codec/schema.h"

#include <google/protobuf/any.pb-c.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <setjmp.h>
/* After the headers that it wants. */
#include <cmocka.h>

enum { ROUNDS = 60 };

struct source {
	struct arena *arena;
	uint64_t state;
};

/* xorshift64*, https://vigna.di.unimi.it/ftp/papers/xorshift.pdf */
static uint64_t next(struct source *source)
{
	source->state ^= source->state >> 12;
	source->state ^= source->state << 25;
	source->state ^= source->state >> 27;
	return source->state * UINT64_C(0x2545F4914F6CDD1D);
}

static uint64_t below(struct source *source, uint64_t bound)
{
	return next(source) % bound;
}

static char *random_text(struct source *source)
{
	static const char *const pieces[] = { "", "a", "Z", "\"", "\\", "\n", "\t", "\x01", "\x7F",
		"/", "</script>", "\xC3\xA9", "\xC2\x9B", "\xE2\x80\xA8", "\xE2\x82\xAC",
		"\xF0\x9F\x98\x80", "\xEF\xBF\xBF", " ", "%s", "{}" };
	char *text = arena_calloc(source->arena, 1, 160);
	for (size_t count = below(source, 12); count > 0; count--)
		strcat(text, pieces[below(source, sizeof pieces / sizeof *pieces)]);
	return text;
}

static ProtobufCMessage *random_message(
	struct source *source, const ProtobufCMessageDescriptor *descriptor, unsigned levels);

static void random_value(
	struct source *source, const ProtobufCFieldDescriptor *field, void *at, unsigned levels)
{
	/* Small and extreme numbers are as likely as others. */
	uint64_t number = next(source) >> below(source, 64);
	if (below(source, 4) == 0)
		number = ~UINT64_C(0) >> below(source, 2);
	const ProtobufCEnumDescriptor *values = field->descriptor;
	ProtobufCBinaryData *bytes = at;
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		*(char **)at = random_text(source);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		bytes->data = (uint8_t *)random_text(source);
		bytes->len = strlen((char *)bytes->data);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		*(int *)at = values->values[below(source, values->n_values)].value;
		break;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)at = number & 1;
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		*(ProtobufCMessage **)at = random_message(source, field->descriptor, levels);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		*(float *)at = (float)(int64_t)number / 3;
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		*(double *)at = (double)(int64_t)number / 3;
		break;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		memcpy(at, &number, json_value_size(field));
		break;
	}
}

static void random_list(struct source *source, const ProtobufCFieldDescriptor *field,
	ProtobufCMessage *message, unsigned levels)
{
	size_t count = below(source, 4);
	char *array = arena_calloc(source->arena, count, json_value_size(field));
	for (size_t i = 0; i < count; i++)
		random_value(source, field, array + i * json_value_size(field), levels);
	/* A map has each key once, and JSON sorts by it: one entry says all that can be said. */
	if (json_field_is_map(field) && count > 1)
		count = 1;
	*(size_t *)json_field_at(message, field->quantifier_offset) = count;
	*(char **)json_field_at(message, field->offset) = array;
}

static bool random_form(struct source *source, ProtobufCMessage *message)
{
	Google__Protobuf__Timestamp *time = (Google__Protobuf__Timestamp *)message;
	Google__Protobuf__Duration *duration = (Google__Protobuf__Duration *)message;
	Google__Protobuf__FieldMask *mask = (Google__Protobuf__FieldMask *)message;
	Google__Protobuf__Any *any = (Google__Protobuf__Any *)message;
	static const char *const paths[] = { "a", "b_c", "d_e.f_g", "*", "h" };
	switch (json_form_of(message->descriptor)) {
	case JSON_FORM_TIMESTAMP:
		time->seconds = (int64_t)below(source, UINT64_C(315537897600)) - 62135596800;
		time->nanos = (int32_t)(below(source, 2) * below(source, 1000000000));
		return true;
	case JSON_FORM_DURATION:
		duration->seconds = (int64_t)below(source, 1000) * (below(source, 2) ? 1 : -1);
		duration->nanos = (int32_t)below(source, 1000000000);
		if (duration->seconds < 0)
			duration->nanos = -duration->nanos;
		return true;
	case JSON_FORM_FIELD_MASK:
		mask->paths = (char **)paths + below(source, 2);
		mask->n_paths = below(source, 4);
		return true;
	case JSON_FORM_ANY:
		any->type_url = (char *)"type.example/some.Type";
		any->value.data = (uint8_t *)random_text(source);
		any->value.len = strlen((char *)any->value.data);
		return true;
	case JSON_FORM_OBJECT:
		break;
	}
	return false;
}

static ProtobufCMessage *random_message(
	struct source *source, const ProtobufCMessageDescriptor *descriptor, unsigned levels)
{
	ProtobufCMessage *message = arena_alloc(source->arena, descriptor->sizeof_message);
	protobuf_c_message_init(descriptor, message);
	if (random_form(source, message))
		return message;
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		if (below(source, 3) == 0 ||
			(levels == 0 && field->type == PROTOBUF_C_TYPE_MESSAGE))
			continue;
		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			random_list(source, field, message, levels - 1);
			continue;
		}
		if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
			uint32_t *chosen = json_field_at(message, field->quantifier_offset);
			if (*chosen != 0)
				continue;
			*chosen = field->id;
		}
		random_value(source, field, json_field_at(message, field->offset), levels - 1);
	}
	return message;
}

static bool round_trip(void *context, const ProtobufCMessageDescriptor *descriptor)
{
	struct source *source = context;
	for (int i = 0; i < ROUNDS; i++) {
		arena_reset(source->arena);
		ProtobufCMessage *message = random_message(source, descriptor, 6);
		struct slice bytes = arena_pack(source->arena, message);
		struct buffer out;
		struct error err;
		buffer_init(&out, 1 << 24);
		unsigned flags = (unsigned)below(source, 4);
		if (json_print(message, flags, &out, &err) != CODE_OK)
			fail_msg("%s: %s", descriptor->name, err.text);
		ProtobufCMessage *back;
		if (json_parse(descriptor, slice_of(out.data, out.size), source->arena, &back,
			    &err) != CODE_OK)
			fail_msg("%s: %s: %s", descriptor->name, err.text, buffer_text(&out));
		struct slice again = arena_pack(source->arena, back);
		if (!slice_equals(bytes, again))
			fail_msg("%s: changed by %s", descriptor->name, buffer_text(&out));
		buffer_done(&out);
	}
	return true;
}

static void test_round_trip(void **state)
{
	const char *given = getenv("LECTERN_TEST_SEED");
	uint64_t seed = given == NULL ? (uint64_t)time(NULL) : strtoull(given, NULL, 10);
	print_message("LECTERN_TEST_SEED=%" PRIu64 "\n", seed);
	struct arena arena;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	struct source source = { .arena = &arena, .state = seed * 2 + 1 };
	schema_each_message(round_trip, &source);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_round_trip) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
