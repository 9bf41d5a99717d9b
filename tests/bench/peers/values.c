#include "values.h"

#include "base/wire.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	HEAD_BYTES = 12,
	VALUE_BYTES_MAX = 64 * 1024 * 1024,
	BODY_FIELDS_FROM = 32, /* of Post: see PostView */
};

void values_init(struct values *values, FILE *file)
{
	*values = (struct values){ .file = file };
}

void values_done(struct values *values)
{
	free(values->bytes);
	values->bytes = NULL;
}

static uint64_t read_number(const uint8_t *bytes, size_t size)
{
	uint64_t number = 0;
	for (size_t i = 0; i < size; i++)
		number = number << 8 | bytes[i];
	return number;
}

static enum code make_room(struct values *values, size_t size, struct error *err)
{
	if (size <= values->capacity_bytes)
		return CODE_OK;
	uint8_t *bytes = realloc(values->bytes, size);
	if (bytes == NULL)
		return fail_out_of_memory(err);
	values->bytes = bytes;
	values->capacity_bytes = size;
	return CODE_OK;
}

enum code values_next(struct values *values, bool *ret, struct error *err)
{
	uint8_t head[HEAD_BYTES];
	size_t got = fread(head, 1, sizeof head, values->file);
	*ret = false;
	if (got == 0 && feof(values->file) != 0)
		return CODE_OK;
	if (got < sizeof head)
		return fail(err, CODE_INVALID_ARGUMENT,
			"the stream of values ends within the head of value %" PRIu64,
			values->count + 1);
	values->id = read_number(head, 8);
	values->size_bytes = read_number(head + 8, 4);
	if (values->size_bytes > VALUE_BYTES_MAX)
		return fail(err, CODE_INVALID_ARGUMENT,
			"value %" PRIu64 " would have %zu bytes; is this the output of "
			"bench.values?",
			values->count + 1, values->size_bytes);
	enum code code = make_room(values, values->size_bytes, err);
	if (code != CODE_OK)
		return code;
	if (fread(values->bytes, 1, values->size_bytes, values->file) < values->size_bytes)
		return fail(err, CODE_INVALID_ARGUMENT,
			"the stream of values ends within value %" PRIu64, values->count + 1);
	values->count++;
	*ret = true;
	return CODE_OK;
}

enum code values_unpack(const struct values *values, struct arena *arena, Lectern__V1__Post **ret,
	struct error *err)
{
	*ret = lectern__v1__post__unpack(&arena->allocator, values->size_bytes, values->bytes);
	if (*ret == NULL)
		return fail(err, CODE_INVALID_ARGUMENT, "value %" PRIu64 " is no lectern.v1.Post",
			values->count);
	return CODE_OK;
}

struct slice values_basic(const struct values *values, struct arena *arena)
{
	struct slice rest = slice_of(values->bytes, values->size_bytes);
	uint8_t *basic = arena_alloc(arena, values->size_bytes);
	size_t size = 0;
	struct wire_field field;
	for (const uint8_t *start = rest.data; basic != NULL && wire_next(&rest, &field);
		start = rest.data) {
		if (field.number >= BODY_FIELDS_FROM)
			continue;
		memcpy(basic + size, start, (size_t)(rest.data - start));
		size += (size_t)(rest.data - start);
	}
	return slice_of(basic, size);
}
