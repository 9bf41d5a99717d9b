#include "base/wire.h"

enum { TAG_BYTES_MAX = 5 };

bool wire_take_varint(struct slice *rest, uint64_t *ret)
{
	uint64_t value = 0;
	for (size_t i = 0; i < rest->size && i < WIRE_VARINT_BYTES_MAX; i++) {
		uint8_t byte = rest->data[i];
		if (i == WIRE_VARINT_BYTES_MAX - 1 && byte > 1)
			return false; /* more than 64 bits */
		value |= (uint64_t)(byte & 0x7F) << (7 * i);
		if (byte < 0x80) {
			*ret = value;
			*rest = slice_of(rest->data + i + 1, rest->size - i - 1);
			return true;
		}
	}
	return false;
}

static bool take_fixed(struct slice *rest, size_t width, uint64_t *ret)
{
	if (rest->size < width)
		return false;
	uint64_t value = 0;
	for (size_t i = 0; i < width; i++)
		value |= (uint64_t)rest->data[i] << (8 * i);
	*ret = value;
	*rest = slice_of(rest->data + width, rest->size - width);
	return true;
}

bool wire_next(struct slice *rest, struct wire_field *ret)
{
	uint64_t tag;
	size_t before = rest->size;
	if (!wire_take_varint(rest, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
		return false;
	if (before - rest->size > TAG_BYTES_MAX) /* other readers refuse it too */
		return false;
	*ret = (struct wire_field){ .number = (uint32_t)(tag >> 3), .type = tag & 7 };
	switch (tag & 7) {
	case WIRE_VARINT:
		return wire_take_varint(rest, &ret->value);
	case WIRE_FIXED64:
		return take_fixed(rest, 8, &ret->value);
	case WIRE_FIXED32:
		return take_fixed(rest, 4, &ret->value);
	case WIRE_BYTES:
		if (!wire_take_varint(rest, &ret->value) || ret->value > rest->size)
			return false;
		ret->bytes = slice_of(rest->data, (size_t)ret->value);
		*rest = slice_of(rest->data + ret->value, rest->size - (size_t)ret->value);
		return true;
	default:
		return false;
	}
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
