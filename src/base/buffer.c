#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BYTES = 256 };

void buffer_init(struct buffer *buffer, size_t max_bytes)
{
	*buffer = (struct buffer){ .max_bytes = max_bytes };
}

void buffer_done(struct buffer *buffer)
{
	free(buffer->data);
	buffer_init(buffer, buffer->max_bytes);
}

void buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
	buffer->overflow = false;
}

/* Room for `more` bytes and a NUL. */
static bool reserve(struct buffer *buffer, size_t more)
{
	if (buffer->overflow)
		return false;
	if (more > buffer->max_bytes - buffer->size) {
		buffer->overflow = true;
		return false;
	}
	size_t need = buffer->size + more + 1;
	if (need <= buffer->capacity)
		return true;
	size_t capacity = buffer->capacity == 0 ? FIRST_BYTES : buffer->capacity * 2;
	if (capacity < need)
		capacity = need;
	uint8_t *data = realloc(buffer->data, capacity);
	if (data == NULL) {
		buffer->overflow = true;
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

void buffer_append(struct buffer *buffer, const void *data, size_t size_bytes)
{
	if (!reserve(buffer, size_bytes) || size_bytes == 0)
		return;
	memcpy(buffer->data + buffer->size, data, size_bytes);
	buffer->size += size_bytes;
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_append_char(struct buffer *buffer, char c)
{
	buffer_append(buffer, &c, 1);
}

void buffer_printf(struct buffer *buffer, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	va_list again;
	va_copy(again, args);
	int size = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (size < 0)
		buffer->overflow = true;
	else if (reserve(buffer, (size_t)size)) {
		vsnprintf((char *)buffer->data + buffer->size, (size_t)size + 1, fmt, again);
		buffer->size += (size_t)size;
	}
	va_end(again);
}

char *buffer_text(struct buffer *buffer)
{
	if (!reserve(buffer, 0))
		return NULL;
	buffer->data[buffer->size] = '\0';
	return (char *)buffer->data;
}

char *buffer_take(struct buffer *buffer, size_t *size_bytes)
{
	char *text = buffer_text(buffer);
	if (text == NULL)
		return NULL;
	if (size_bytes != NULL)
		*size_bytes = buffer->size;
	buffer_init(buffer, buffer->max_bytes);
	return text;
}
