#include "base/wire.h"

enum { TAG_BYTES_MAX = 5 };

/* These return where the rest begins, or NULL. Nothing but their result is written to memory: the
 * fields of every request and of most records are read here. */
static inline const uint8_t *read_varint(const uint8_t *at, const uint8_t *end, uint64_t *ret)
{
	uint64_t value = 0;
	for (unsigned shift = 0; at < end && shift < 7 * WIRE_VARINT_BYTES_MAX; shift += 7) {
		uint8_t byte = *at++;
		if (shift == 7 * (WIRE_VARINT_BYTES_MAX - 1) && byte > 1)
			return NULL; /* more than 64 bits */
		value |= (uint64_t)(byte & 0x7F) << shift;
		if (byte < 0x80) {
			*ret = value;
			return at;
		}
	}
	return NULL;
}

static const uint8_t *read_fixed(const uint8_t *at, const uint8_t *end, size_t width, uint64_t *ret)
{
	if ((size_t)(end - at) < width)
		return NULL;
	uint64_t value = 0;
	for (size_t i = 0; i < width; i++)
		value |= (uint64_t)at[i] << (8 * i);
	*ret = value;
	return at + width;
}

static inline const uint8_t *read_value(
	enum wire_type type, const uint8_t *at, const uint8_t *end, uint64_t *ret)
{
	switch (type) {
	case WIRE_VARINT:
	case WIRE_BYTES: /* their length */
		return read_varint(at, end, ret);
	case WIRE_FIXED64:
		return read_fixed(at, end, 8, ret);
	case WIRE_FIXED32:
		return read_fixed(at, end, 4, ret);
	}
	return NULL;
}

/* Moves *rest there. */
static inline bool move_to(struct slice *rest, const uint8_t *at)
{
	if (at == NULL)
		return false;
	*rest = slice_of(at, rest->size - (size_t)(at - rest->data));
	return true;
}

bool wire_take_varint(struct slice *rest, uint64_t *ret)
{
	if (rest->size == 0)
		return false;
	return move_to(rest, read_varint(rest->data, rest->data + rest->size, ret));
}

bool wire_next(struct slice *rest, struct wire_field *ret)
{
	uint64_t tag;
	uint64_t value;
	if (rest->size == 0)
		return false;
	const uint8_t *start = rest->data;
	const uint8_t *end = start + rest->size;
	const uint8_t *at = read_varint(start, end, &tag);
	if (at == NULL || tag > UINT32_MAX || tag >> 3 == 0)
		return false;
	if (at - start > TAG_BYTES_MAX) /* other readers refuse it too */
		return false;
	enum wire_type type = tag & 7;
	*ret = (struct wire_field){ .number = (uint32_t)(tag >> 3), .type = type };
	at = read_value(type, at, end, &value);
	if (at == NULL)
		return false;
	ret->value = value;
	if (type == WIRE_BYTES) {
		if (value > (size_t)(end - at))
			return false;
		ret->bytes = slice_of(at, (size_t)value);
		at += value;
	}
	return move_to(rest, at);
}

size_t wire_put_varint(uint8_t *out, uint64_t value)
{
	size_t size = 0;
	while (value >= 0x80) {
		out[size++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	out[size++] = (uint8_t)value;
	return size;
}

size_t wire_varint_size(uint64_t value)
{
	size_t size = 1;
	while (value >= 0x80) {
		size++;
		value >>= 7;
	}
	return size;
}

size_t wire_put_bytes_head(uint8_t *out, uint32_t number, size_t size_bytes)
{
	size_t size = wire_put_varint(out, (uint64_t)number << 3 | WIRE_BYTES);
	return size + wire_put_varint(out + size, size_bytes);
}

size_t wire_put_uint(uint8_t *out, uint32_t number, uint64_t value)
{
	if (value == 0)
		return 0;
	size_t size = wire_put_varint(out, (uint64_t)number << 3 | WIRE_VARINT);
	return size + wire_put_varint(out + size, value);
}
