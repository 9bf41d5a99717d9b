#include "base/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct slice hex(const char *text, uint8_t *out)
{
	size_t size = 0;
	for (; *text != '\0'; text += text[2] == ' ' ? 3 : 2)
		out[size++] = (uint8_t)strtoul((char[]){ text[0], text[1], '\0' }, NULL, 16);
	return slice_of(out, size);
}

static const uint64_t values[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX,
	(uint64_t)UINT32_MAX + 1, (UINT64_C(1) << 63) - 1, UINT64_C(1) << 63, UINT64_MAX };

static void test_varints_round_trip(void **state)
{
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		uint8_t out[1 + WIRE_VARINT_BYTES_MAX] = { 1 << 3 };
		size_t size = wire_put_varint(out + 1, values[i]);
		assert_int_equal(size, wire_varint_size(values[i]));
		assert_in_range(size, 1, WIRE_VARINT_BYTES_MAX);
		struct slice rest = slice_of(out, size + 1);
		struct wire_field field;
		assert_true(wire_next(&rest, &field));
		assert_int_equal(field.value, values[i]);
		assert_int_equal(rest.size, 0);
	}
}

static void test_writing(void **state)
{
	uint8_t out[2 * WIRE_VARINT_BYTES_MAX];
	assert_int_equal(wire_put_uint(out, 1, 0), 0);
	assert_int_equal(wire_put_uint(out, 1, 150), 3);
	assert_memory_equal(out, "\x08\x96\x01", 3); /* the example of the encoding's page */
	assert_int_equal(wire_put_bytes_head(out, 2, 7), 2);
	assert_memory_equal(out, "\x12\x07", 2);
	assert_int_equal(wire_put_uint(out, (1u << 29) - 1, UINT64_MAX), 15);
	assert_int_equal(wire_put_bytes_head(out, (1u << 29) - 1, SIZE_MAX), 15);
}

static const struct {
	const char *label, *bytes;
	bool valid;
	uint32_t number;
	enum wire_type type;
	uint64_t value;
	size_t rest;
} cases[] = {
	{ "varint", "08 96 01", true, 1, WIRE_VARINT, 150, 0 },
	{ "longer varint than needed", "08 80 80 00", true, 1, WIRE_VARINT, 0, 0 },
	{ "largest varint", "08 ff ff ff ff ff ff ff ff ff 01", true, 1, WIRE_VARINT, UINT64_MAX,
		0 },
	{ "65 bits", "08 ff ff ff ff ff ff ff ff ff 02", false, 0, 0, 0, 0 },
	{ "eleven bytes", "08 80 80 80 80 80 80 80 80 80 80 00", false, 0, 0, 0, 0 },
	{ "fixed64", "09 01 02 03 04 05 06 07 08 ff", true, 1, WIRE_FIXED64,
		UINT64_C(0x0807060504030201), 1 },
	{ "fixed32", "0d 01 02 03 04", true, 1, WIRE_FIXED32, 0x04030201, 0 },
	{ "bytes", "12 02 61 62 63", true, 2, WIRE_BYTES, 2, 1 },
	{ "no bytes", "12 00", true, 2, WIRE_BYTES, 0, 0 },
	{ "more bytes than there are", "12 03 61 62", false, 0, 0, 0, 0 },
	{ "2^64 - 1 bytes", "12 ff ff ff ff ff ff ff ff ff 01", false, 0, 0, 0, 0 },
	{ "2^63 bytes", "12 80 80 80 80 80 80 80 80 80 01 61", false, 0, 0, 0, 0 },
	{ "group", "0b 08 01 0c", false, 0, 0, 0, 0 },
	{ "end of a group", "0c", false, 0, 0, 0, 0 },
	{ "wire type 6", "0e 00", false, 0, 0, 0, 0 },
	{ "wire type 7", "0f 00", false, 0, 0, 0, 0 },
	{ "field 0", "00 00", false, 0, 0, 0, 0 },
	{ "largest field", "f8 ff ff ff 0f 07", true, (1u << 29) - 1, WIRE_VARINT, 7, 0 },
	{ "field over 2^29", "80 80 80 80 10 07", false, 0, 0, 0, 0 },
	{ "nothing", "", false, 0, 0, 0, 0 },
};

static void test_reading(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t bytes[32];
		struct slice rest = hex(cases[i].bytes, bytes);
		const uint8_t *end = rest.data + rest.size;
		struct wire_field field;
		print_message("%s\n", cases[i].label);
		assert_int_equal(wire_next(&rest, &field), cases[i].valid);
		if (!cases[i].valid)
			continue;
		assert_int_equal(field.number, cases[i].number);
		assert_int_equal(field.type, cases[i].type);
		assert_int_equal(rest.size, cases[i].rest);
		assert_ptr_equal(rest.data + rest.size, end);
		if (field.type == WIRE_BYTES)
			assert_int_equal(field.bytes.size, cases[i].value);
		else
			assert_int_equal(field.value, cases[i].value);
	}
}

/* In a block of its own, so that the sanitizer sees a byte too many. */
static void test_truncated_at_every_byte(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t bytes[32];
		size_t size = hex(cases[i].bytes, bytes).size - cases[i].rest;
		for (size_t cut = 0; cases[i].valid && cut < size; cut++) {
			uint8_t *copy = malloc(cut + 1);
			struct wire_field field;
			memcpy(copy + 1, bytes, cut);
			struct slice rest = slice_of(copy + 1, cut);
			assert_false(wire_next(&rest, &field));
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_varints_round_trip),
		cmocka_unit_test(test_writing),
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_truncated_at_every_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
