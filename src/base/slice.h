/* Bytes that somebody else owns. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const uint8_t *data;
	size_t size;
};

static inline struct slice slice_of(const void *data, size_t size)
{
	return (struct slice){ .data = data, .size = size };
}

/* Without the terminating NUL; NULL gives the empty slice. */
static inline struct slice slice_of_text(const char *text)
{
	return slice_of(text, text == NULL ? 0 : strlen(text));
}

/* In the order of the bytes, as LMDB orders keys: below 0, 0 or above 0. */
static inline int slice_compare(struct slice a, struct slice b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size == 0 ? 0 : memcmp(a.data, b.data, size);
	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static inline bool slice_equals(struct slice a, struct slice b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool slice_begins_with(struct slice text, struct slice prefix)
{
	return text.size >= prefix.size &&
	       (prefix.size == 0 || memcmp(text.data, prefix.data, prefix.size) == 0);
}

/* How many of the first bytes both have. */
static inline size_t slice_shared_size(struct slice a, struct slice b)
{
	size_t size = 0;
	while (size < a.size && size < b.size && a.data[size] == b.data[size])
		size++;
	return size;
}
