#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	ALIGNMENT = 16,
	BLOCK_BYTES = 16 * 1024, /* of a block that is not made for one large allocation */
};

struct arena_block {
	struct arena_block *next;
	size_t size_bytes; /* of data */
	size_t used_bytes;
	_Alignas(ALIGNMENT) unsigned char data[];
};

static void *allocator_alloc(void *arena, size_t size_bytes)
{
	return arena_alloc(arena, size_bytes);
}

static void allocator_free(void *arena, void *pointer)
{
	(void)arena;
	(void)pointer; /* freed with the arena */
}

void arena_init(struct arena *arena, size_t budget_bytes)
{
	*arena = (struct arena){
		.budget_bytes = budget_bytes,
		.allocator = { .alloc = allocator_alloc,
			.free = allocator_free,
			.allocator_data = arena },
	};
}

static void free_blocks(struct arena_block *block)
{
	while (block != NULL) {
		struct arena_block *next = block->next;
		free(block);
		block = next;
	}
}

void arena_done(struct arena *arena)
{
	free_blocks(arena->first);
	arena->first = NULL;
	arena->last = NULL;
	arena->used_bytes = 0;
}

void arena_reset(struct arena *arena)
{
	if (arena->first == NULL)
		return;
	if (arena->first->size_bytes > BLOCK_BYTES) { /* made for a large request */
		arena_done(arena);
		return;
	}
	free_blocks(arena->first->next);
	arena->first->next = NULL;
	arena->first->used_bytes = 0;
	arena->last = arena->first;
	arena->used_bytes = arena->first->size_bytes;
}

struct arena_mark arena_mark(const struct arena *arena)
{
	return (struct arena_mark){ .block = arena->last,
		.used_bytes = arena->last == NULL ? 0 : arena->last->used_bytes };
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
	if (mark.block == NULL) {
		arena_done(arena);
		return;
	}
	for (struct arena_block *block = mark.block->next; block != NULL; block = block->next)
		arena->used_bytes -= block->size_bytes;
	free_blocks(mark.block->next);
	mark.block->next = NULL;
	mark.block->used_bytes = mark.used_bytes;
	arena->last = mark.block;
}

static struct arena_block *add_block(struct arena *arena, size_t need_bytes)
{
	size_t size_bytes = need_bytes > BLOCK_BYTES ? need_bytes : BLOCK_BYTES;
	if (size_bytes > arena->budget_bytes - arena->used_bytes)
		size_bytes = need_bytes;
	if (size_bytes > arena->budget_bytes - arena->used_bytes ||
		size_bytes > SIZE_MAX - sizeof(struct arena_block))
		return NULL;
	struct arena_block *block = malloc(sizeof *block + size_bytes);
	if (block == NULL)
		return NULL;
	block->next = NULL;
	block->size_bytes = size_bytes;
	block->used_bytes = 0;
	if (arena->last == NULL)
		arena->first = block;
	else
		arena->last->next = block;
	arena->last = block;
	arena->used_bytes += size_bytes;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size_bytes)
{
	if (size_bytes > SIZE_MAX - ALIGNMENT)
		return NULL;
	size_t rounded = (size_bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (rounded == 0)
		rounded = ALIGNMENT;
	struct arena_block *block = arena->last;
	if (block == NULL || rounded > block->size_bytes - block->used_bytes)
		block = add_block(arena, rounded);
	if (block == NULL)
		return NULL;
	void *pointer = block->data + block->used_bytes;
	block->used_bytes += rounded;
	return pointer;
}

void *arena_calloc(struct arena *arena, size_t count, size_t size_bytes)
{
	if (size_bytes != 0 && count > SIZE_MAX / size_bytes)
		return NULL;
	void *pointer = arena_alloc(arena, count * size_bytes);
	if (pointer != NULL)
		memset(pointer, 0, count * size_bytes);
	return pointer;
}

char *arena_text(struct arena *arena, struct slice text)
{
	char *copy = text.size == SIZE_MAX ? NULL : arena_alloc(arena, text.size + 1);
	if (copy == NULL)
		return NULL;
	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	return copy;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	va_list again;
	va_copy(again, args);
	int size = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	char *text = size < 0 ? NULL : arena_alloc(arena, (size_t)size + 1);
	if (text != NULL)
		vsnprintf(text, (size_t)size + 1, fmt, again);
	va_end(again);
	return text;
}

struct slice arena_pack(struct arena *arena, const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *data = arena_alloc(arena, size);
	if (data == NULL)
		return slice_of(NULL, 0);
	return slice_of(data, protobuf_c_message_pack(message, data));
}
