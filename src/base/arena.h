/*
 * A bump allocator with a hard budget. Everything in it is freed at once.
 *
 * Not for use from two threads at once. Blocks come from malloc(); the first one is kept over
 * arena_reset(), so that a small request costs no allocation at all.
 */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *first;
	struct arena_block *last;
	size_t used_bytes;	      /* of all blocks, the unused rests of full blocks included */
	size_t budget_bytes;	      /* used_bytes never passes it */
	ProtobufCAllocator allocator; /* for *_unpack(); free is a no-op */
};

/* Nothing is allocated yet. The struct must not be moved afterwards. */
void arena_init(struct arena *arena, size_t budget_bytes);

/* Frees everything; the arena can be used again. */
void arena_done(struct arena *arena);

/* Forgets everything and keeps the first block. */
void arena_reset(struct arena *arena);

/* A place to go back to: what was allocated behind it is forgotten, all else stays. For work that
 * is repeated within one call. */
struct arena_mark {
	struct arena_block *block;
	size_t used_bytes; /* of the block */
};
struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* Memory aligned to 16 bytes, or NULL when the budget or the machine is out of memory. */
void *arena_alloc(struct arena *arena, size_t size_bytes) NODISCARD;

/* The same, zeroed, for an array; NULL also where the product overflows. */
void *arena_calloc(struct arena *arena, size_t count, size_t size_bytes) NODISCARD;

/* A NUL-terminated copy; NULL when out of memory. */
char *arena_text(struct arena *arena, struct slice text) NODISCARD;

/* printf into the arena; NULL when out of memory. */
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3) NODISCARD;

/* A message in its encoded form; data is NULL when out of memory. */
struct slice arena_pack(struct arena *arena, const ProtobufCMessage *message) NODISCARD;
