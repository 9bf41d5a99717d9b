/*
 * A growable byte buffer with a maximum. A failed append marks the buffer as overflowed and every
 * later one does nothing, so that callers check once, at the end.
 */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct buffer {
	uint8_t *data; /* owned; may be NULL while size is 0 */
	size_t size;
	size_t capacity;
	size_t max_bytes;
	bool overflow; /* an append would have passed max_bytes, or memory ran out */
};

void buffer_init(struct buffer *buffer, size_t max_bytes);

/* Frees the bytes; the buffer can be used again. */
void buffer_done(struct buffer *buffer);

/* Empties the buffer and clears the mark; the memory is kept. */
void buffer_clear(struct buffer *buffer);

void buffer_append(struct buffer *buffer, const void *data, size_t size_bytes);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_char(struct buffer *buffer, char c);
void buffer_printf(struct buffer *buffer, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The text with a NUL after it, owned by the buffer; NULL after an overflow. */
char *buffer_text(struct buffer *buffer);

/* Hands the bytes to the caller, who frees them with free(), and empties the buffer. NULL after an
 * overflow. The bytes are followed by a NUL that *size_bytes does not count; it may be NULL. */
char *buffer_take(struct buffer *buffer, size_t *size_bytes) NODISCARD;
