#include "importers/wxr_memory.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* In front of each block. */
union header {
	size_t size_bytes;
	max_align_t alignment;
};

/* expat gives its allocator no argument to know the parser by; so this is of all parsers of a
 * thread, of which there is one at a time. */
static _Thread_local size_t used_bytes;

static void *resize(void *pointer, size_t size_bytes)
{
	union header *block = pointer == NULL ? NULL : (union header *)pointer - 1;
	size_t before = block == NULL ? 0 : block->size_bytes;
	if (size_bytes > WXR_PARSER_BYTES || used_bytes - before + size_bytes > WXR_PARSER_BYTES)
		return NULL;
	union header *moved = realloc(block, sizeof *moved + size_bytes);
	if (moved == NULL)
		return NULL;
	moved->size_bytes = size_bytes;
	used_bytes += size_bytes - before;
	return moved + 1;
}

static void *allocate(size_t size_bytes)
{
	return resize(NULL, size_bytes);
}

static void release(void *pointer)
{
	if (pointer == NULL)
		return;
	union header *block = (union header *)pointer - 1;
	used_bytes -= block->size_bytes;
	free(block);
}

XML_Parser wxr_parser_new(void)
{
	static const XML_Memory_Handling_Suite suite = { allocate, resize, release };
	return XML_ParserCreate_MM(NULL, &suite, NULL);
}
