#include "support/store_image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const kind_names[KIND_COUNT] = {
	[KIND_NONE] = "free page",
	[KIND_META_OLDER] = "older meta page",
	[KIND_META_NEWER] = "newer meta page",
	[KIND_TABLES_LEAF] = "list of tables",
	[KIND_TABLE_BRANCH] = "branch of a table",
	[KIND_TABLE_LEAF] = "leaf of a table",
	[KIND_TABLE_OVERFLOW] = "overflow page of a table",
	[KIND_FREE_BRANCH] = "branch of the free list",
	[KIND_FREE_LEAF] = "leaf of the free list",
	[KIND_FREE_OVERFLOW] = "overflow page of the free list",
	[KIND_OVERFLOW_REST] = "further page of a run",
};

const char *page_kind_name(enum page_kind kind)
{
	return kind_names[kind];
}

struct page_header *store_image_header(uint8_t *page)
{
	return (struct page_header *)page;
}

uint32_t store_image_nodes(uint8_t *page)
{
	return (store_image_header(page)->lower - (uint32_t)sizeof(struct page_header)) / 2;
}

uint8_t *store_image_node(uint8_t *page, uint32_t index)
{
	uint16_t offset;
	memcpy(&offset, page + sizeof(struct page_header) + index * sizeof offset, sizeof offset);
	return page + offset;
}

struct node_header store_image_node_header(uint8_t *page, uint32_t index)
{
	struct node_header node;
	memcpy(&node, store_image_node(page, index), sizeof node);
	return node;
}

uint8_t *store_image_key(uint8_t *page, uint32_t index)
{
	return store_image_node(page, index) + sizeof(struct node_header);
}

uint8_t *store_image_value(uint8_t *page, uint32_t index)
{
	return store_image_key(page, index) + store_image_node_header(page, index).key_size;
}

uint32_t store_image_overflow_node(uint8_t *page)
{
	uint32_t index = 0;
	while (index < store_image_nodes(page) &&
		store_image_node_header(page, index).flags != NODE_OVERFLOW)
		index++;
	return index;
}

uint32_t store_image_table(const struct store_image *image, const char *name)
{
	uint8_t *page = store_image_page(image, image->newer->tables.root);
	for (uint32_t i = 0; i < store_image_nodes(page); i++)
		if (store_image_node_header(page, i).key_size == strlen(name) &&
			memcmp(store_image_key(page, i), name, strlen(name)) == 0)
			return i;
	fail_msg("there is no table %s", name);
	return 0;
}

/* What the pages of one tree are. */
struct family {
	enum page_kind branch, leaf, overflow;
};
static const struct family free_list = { KIND_FREE_BRANCH, KIND_FREE_LEAF, KIND_FREE_OVERFLOW };
static const struct family tables = { KIND_NONE, KIND_TABLES_LEAF, KIND_NONE };
static const struct family table = { KIND_TABLE_BRANCH, KIND_TABLE_LEAF, KIND_TABLE_OVERFLOW };

struct work {
	uint64_t page;
	const struct family *family;
};

static void add_overflow(struct store_image *image, uint64_t first, enum page_kind kind)
{
	uint32_t count = store_image_header(store_image_page(image, first))->overflow_pages;
	memset(image->kinds + first, KIND_OVERFLOW_REST, count);
	image->kinds[first] = (uint8_t)kind;
}

static size_t look_at(struct store_image *image, struct work now, struct work *todo, size_t count)
{
	uint8_t *page = store_image_page(image, now.page);
	bool leaf = store_image_header(page)->flags == PAGE_LEAF;
	image->kinds[now.page] = (uint8_t)(leaf ? now.family->leaf : now.family->branch);
	for (uint32_t i = 0; i < store_image_nodes(page); i++) {
		struct node_header node = store_image_node_header(page, i);
		struct work next = { .page = node.low | (uint64_t)node.flags << 32,
			.family = now.family };
		if (leaf && node.flags == NODE_OVERFLOW) {
			uint64_t first;
			memcpy(&first, store_image_value(page, i), sizeof first);
			add_overflow(image, first, now.family->overflow);
		}
		if (leaf && node.flags == NODE_TREE) {
			struct tree_record record;
			memcpy(&record, store_image_value(page, i), sizeof record);
			next = (struct work){ .page = record.root, .family = &table };
		}
		if ((!leaf || node.flags == NODE_TREE) && next.page != ROOT_NONE)
			todo[count++] = next;
	}
	return count;
}

static void find_kinds(struct store_image *image)
{
	struct work *todo = calloc(image->page_count, sizeof *todo);
	assert_non_null(todo);
	size_t count = 0;
	todo[count++] = (struct work){ .page = image->newer->tables.root, .family = &tables };
	if (image->newer->free_list.root != ROOT_NONE)
		todo[count++] =
			(struct work){ .page = image->newer->free_list.root, .family = &free_list };
	while (count > 0) {
		struct work now = todo[--count];
		count = look_at(image, now, todo, count);
	}
	free(todo);
}

static void read_file(struct store_image *image, const char *path)
{
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	image->size = (size_t)ftell(file);
	rewind(file);
	image->bytes = malloc(image->size);
	assert_non_null(image->bytes);
	assert_int_equal(fread(image->bytes, 1, image->size, file), image->size);
	fclose(file);
}

void store_image_load(struct store_image *image, const char *path)
{
	read_file(image, path);
	struct meta_record *first =
		(struct meta_record *)(image->bytes + sizeof(struct page_header));
	image->page_bytes = first->free_list.pad;
	struct meta_record *second = (struct meta_record *)((uint8_t *)first + image->page_bytes);
	image->newer = first->txnid < second->txnid ? second : first;
	image->older = first->txnid < second->txnid ? first : second;
	image->page_count = image->size / image->page_bytes;
	image->kinds = calloc(image->page_count, 1);
	assert_non_null(image->kinds);
	image->kinds[image->newer == second] = KIND_META_NEWER;
	image->kinds[image->newer == first] = KIND_META_OLDER;
	find_kinds(image);
}

void store_image_assert_all_kinds(const struct store_image *image)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (store_image_count(image, (enum page_kind)kind) == 0)
			fail_msg("the file has no %s", kind_names[kind]);
}

void store_image_done(struct store_image *image)
{
	free(image->bytes);
	free(image->kinds);
}

size_t store_image_count(const struct store_image *image, enum page_kind kind)
{
	size_t count = 0;
	for (size_t page = 0; page < image->page_count; page++)
		count += image->kinds[page] == kind;
	return count;
}

uint64_t store_image_find(const struct store_image *image, enum page_kind kind, size_t nth)
{
	for (size_t page = 0; page < image->page_count; page++)
		if (image->kinds[page] == kind && nth-- == 0)
			return page;
	return 0;
}
