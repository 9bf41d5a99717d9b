/* The bytes of a sound data file and what each of its pages is, for tests that damage it. */
#pragma once
#include "store/pages_private.h"

#include <stddef.h>

enum page_kind {
	KIND_NONE, /* free or not in the tree of the newer meta page */
	KIND_META_OLDER,
	KIND_META_NEWER,
	KIND_TABLES_LEAF, /* the list of tables */
	KIND_TABLE_BRANCH,
	KIND_TABLE_LEAF,
	KIND_TABLE_OVERFLOW, /* the first page of a run */
	KIND_FREE_BRANCH,    /* of the free list */
	KIND_FREE_LEAF,
	KIND_FREE_OVERFLOW,
	KIND_OVERFLOW_REST, /* the further pages of a run */
	KIND_COUNT,
};

struct store_image {
	uint8_t *bytes;
	size_t size;
	uint32_t page_bytes;
	size_t page_count;
	uint8_t *kinds; /* enum page_kind of each page */
	struct meta_record *newer;
	struct meta_record *older;
};

const char *page_kind_name(enum page_kind kind);

void store_image_load(struct store_image *image, const char *path);
/* The test fails where there is no page of some kind. */
void store_image_assert_all_kinds(const struct store_image *image);
void store_image_done(struct store_image *image);

static inline uint8_t *store_image_page(const struct store_image *image, uint64_t number)
{
	return image->bytes + number * image->page_bytes;
}

/* The number of the nth page of a kind, in the order of the file, or 0. */
uint64_t store_image_find(const struct store_image *image, enum page_kind kind, size_t nth);
size_t store_image_count(const struct store_image *image, enum page_kind kind);

/* Into the bytes of a page. Nodes begin at even offsets, so the numbers in them are copied. */
struct page_header *store_image_header(uint8_t *page);
uint32_t store_image_nodes(uint8_t *page); /* how many */
uint8_t *store_image_node(uint8_t *page, uint32_t index);
struct node_header store_image_node_header(uint8_t *page, uint32_t index);
uint8_t *store_image_key(uint8_t *page, uint32_t index);
uint8_t *store_image_value(uint8_t *page, uint32_t index);
/* The index of the first node with a value in overflow pages; the number of nodes if none has. */
uint32_t store_image_overflow_node(uint8_t *page);
/* The index of a table's node on the list of tables. */
uint32_t store_image_table(const struct store_image *image, const char *name);
