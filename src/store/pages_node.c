/* What is on one page of a tree. */
#include "store/pages_private.h"

#include <inttypes.h>
#include <stdio.h>

static uint32_t even(uint32_t size)
{
	return (size + 1) & ~UINT32_C(1);
}

static uint16_t offset_at(const struct tree_page *page, uint32_t index)
{
	uint16_t offset;
	memcpy(&offset, page->bytes + sizeof(struct page_header) + index * sizeof offset,
		sizeof offset);
	return offset;
}

static struct tree_node node_at_offset(const struct tree_page *page, uint32_t offset)
{
	struct tree_node node;
	const uint8_t *at = page->bytes + offset;
	memcpy(&node.head, at, sizeof node.head);
	node.key = slice_of(at + sizeof node.head, node.head.key_size);
	node.value = at + sizeof node.head + node.head.key_size;
	return node;
}

struct tree_node tree_node_at(const struct tree_page *page, uint32_t index)
{
	return node_at_offset(page, offset_at(page, index));
}

/* INDXSIZE, LEAFSIZE: what a node takes on its page, but for the byte that makes it even. */
static uint64_t node_bytes(const struct tree_page *page, const struct node_header *head)
{
	uint64_t size = sizeof *head + head->key_size;
	if (!page->leaf)
		return size;
	return size + ((head->flags & NODE_OVERFLOW) != 0 ? sizeof(uint64_t) : head->low);
}

/* me_nodemax: a value that makes its node larger goes to overflow pages. */
static uint32_t node_bytes_max(const struct verifier *verifier)
{
	uint32_t half = (verifier->page_bytes - (uint32_t)sizeof(struct page_header)) / 2;
	return (half & ~UINT32_C(1)) - (uint32_t)sizeof(uint16_t);
}

static enum code fail_page(
	const struct tree_walk *walk, const struct tree_page *page, const char *what)
{
	return fail_damaged(walk->verifier, "page %" PRIu64 " (%s of %s): %s", page->number,
		page->leaf ? "leaf" : "branch", walk->name, what);
}

static enum code fail_node(const struct tree_walk *walk, const struct tree_page *page,
	uint32_t index, const char *what)
{
	return fail_damaged(walk->verifier, "page %" PRIu64 " (%s of %s): entry %" PRIu32 " %s",
		page->number, page->leaf ? "leaf" : "branch", walk->name, index, what);
}

static enum code check_header(
	const struct tree_walk *walk, struct tree_page *page, struct page_header *ret)
{
	memcpy(ret, page->bytes, sizeof *ret);
	if (ret->number != page->number)
		return fail_page(walk, page, "its header has the number of another page");
	if (ret->flags != (page->leaf ? PAGE_LEAF : PAGE_BRANCH))
		return fail_page(walk, page, "its header has the flags of another kind of page");
	if (ret->lower < sizeof *ret || ret->lower % 2 != 0 || ret->lower > ret->upper ||
		ret->upper > walk->verifier->page_bytes)
		return fail_page(walk, page, "the bounds of its free space are impossible");
	page->count = (ret->lower - (uint32_t)sizeof *ret) / (uint32_t)sizeof(uint16_t);
	if (page->count < (page->leaf ? 1u : 2u)) /* as mdb_rebalance() leaves no page */
		return fail_page(walk, page, "it has too few entries");
	return CODE_OK;
}

static enum code check_size(const struct tree_walk *walk, const struct tree_page *page,
	uint32_t index, const struct node_header *head)
{
	uint32_t size_max = node_bytes_max(walk->verifier);
	if (head->key_size > KEY_SIZE_MAX)
		return fail_node(walk, page, index, "has a key that is too long");
	if (page->leaf && (head->flags & NODE_OVERFLOW) == 0 && node_bytes(page, head) > size_max)
		return fail_node(walk, page, index, "has a value that is too long");
	return CODE_OK;
}

enum { START_BITS = 64 };

/*
 * Every offset points to a node of its own, and the nodes fill the page from `upper` to its end
 * with nothing between them: mdb_node_add() puts them there, and mdb_node_del() moves them together
 * again. So bytes are moved by the right sizes when LMDB changes the page.
 */
static enum code check_layout(
	const struct tree_walk *walk, const struct tree_page *page, uint32_t upper)
{
	uint64_t starts[PAGE_BYTES_MAX / 2 / START_BITS];
	uint32_t page_bytes = walk->verifier->page_bytes;
	memset(starts, 0, page_bytes / 2 / 8);
	for (uint32_t i = 0; i < page->count; i++) {
		uint32_t offset = offset_at(page, i);
		if (offset < upper || offset % 2 != 0 ||
			offset + sizeof(struct node_header) > page_bytes)
			return fail_node(walk, page, i, "is at an impossible offset");
		struct tree_node node = node_at_offset(page, offset);
		enum code code = check_size(walk, page, i, &node.head);
		if (code != CODE_OK)
			return code;
		if (offset + node_bytes(page, &node.head) > page_bytes)
			return fail_node(walk, page, i, "goes beyond the end of the page");
		uint64_t *bits = &starts[offset / 2 / START_BITS];
		uint64_t bit = UINT64_C(1) << (offset / 2 % START_BITS);
		if ((*bits & bit) != 0)
			return fail_node(walk, page, i, "is at the offset of another one");
		*bits |= bit;
	}
	uint32_t met = 0;
	for (uint32_t offset = upper; offset < page_bytes; met++) {
		if ((starts[offset / 2 / START_BITS] >> (offset / 2 % START_BITS) & 1) == 0)
			return fail_page(walk, page, "there is a gap between its entries");
		struct tree_node node = node_at_offset(page, offset);
		offset += even((uint32_t)node_bytes(page, &node.head));
	}
	return met == page->count ? CODE_OK : fail_page(walk, page, "its entries overlap");
}

/* mdb_cmp_memn(), in the free list mdb_cmp_long(). */
static int compare(const struct tree_walk *walk, struct slice a, struct slice b)
{
	uint64_t left;
	uint64_t right;
	if (walk->kind != TREE_FREE_LIST)
		return slice_compare(a, b);
	memcpy(&left, a.data, sizeof left);
	memcpy(&right, b.data, sizeof right);
	return (left > right) - (left < right);
}

/* The key of a branch's first node is never looked at and usually empty. */
static enum code check_keys(const struct tree_walk *walk, const struct tree_page *page,
	struct slice lower, struct slice upper)
{
	uint32_t first = page->leaf ? 0 : 1;
	struct slice before = { .data = NULL };
	for (uint32_t i = first; i < page->count; i++) {
		struct slice key = tree_node_at(page, i).key;
		if (key.size == 0 || (walk->kind == TREE_FREE_LIST && key.size != sizeof(uint64_t)))
			return fail_node(walk, page, i, "has a key of an impossible size");
		if (i > first && compare(walk, before, key) >= 0)
			return fail_node(walk, page, i, "is not in the order of the keys");
		/* What is left of a branch's first key lies between it and the bound. */
		if (i == first && lower.data != NULL &&
			compare(walk, lower, key) > (page->leaf ? 0 : -1))
			return fail_node(walk, page, i, "is below what the branch above says");
		before = key;
	}
	if (upper.data != NULL && compare(walk, before, upper) >= 0)
		return fail_node(
			walk, page, page->count - 1, "is above what the branch above says");
	return CODE_OK;
}

enum code tree_page_check(
	struct tree_walk *walk, struct tree_page *page, struct slice lower, struct slice upper)
{
	struct page_header header;
	enum code code = check_header(walk, page, &header);
	if (code == CODE_OK)
		code = check_layout(walk, page, header.upper);
	if (code == CODE_OK)
		code = check_keys(walk, page, lower, upper);
	return code;
}

/* OVPAGES */
static uint64_t overflow_pages_of(const struct verifier *verifier, uint64_t size)
{
	return (sizeof(struct page_header) - 1 + size) / verifier->page_bytes + 1;
}

/* A run may have more pages than the value needs: a value that gets shorter keeps them. */
static enum code check_overflow(
	struct tree_walk *walk, const char *where, uint64_t size, uint64_t first)
{
	struct verifier *verifier = walk->verifier;
	struct page_header header;
	enum code code = verifier_use(verifier, where, first, 1);
	if (code == CODE_OK)
		code = verifier_read(
			verifier, &header, sizeof header, first * verifier->page_bytes);
	if (code != CODE_OK)
		return code;
	if (header.number != first || header.flags != PAGE_OVERFLOW)
		return fail_damaged(
			verifier, "page %" PRIu64 " of %s is no overflow page", first, where);
	if (header.overflow_pages < overflow_pages_of(verifier, size))
		return fail_damaged(verifier,
			"%s: page %" PRIu64 " begins a run of %" PRIu32
			" pages, too few for %" PRIu64 " bytes",
			where, first, header.overflow_pages, size);
	walk->found.overflow_pages += header.overflow_pages;
	return verifier_use(verifier, where, first + 1, header.overflow_pages - 1);
}

enum code tree_value_check(
	struct tree_walk *walk, const struct tree_entry *entry, struct tree_value *ret)
{
	const struct tree_page *page = entry->page;
	struct tree_node node = tree_node_at(page, entry->index);
	uint16_t flags = node.head.flags;
	*ret = (struct tree_value){ .size = node.head.low, .bytes = node.value };
	if (walk->kind == TREE_TABLES) {
		if (flags != NODE_TREE || ret->size != sizeof(struct tree_record))
			return fail_node(walk, page, entry->index, "is no table");
		return CODE_OK;
	}
	if (flags == 0)
		return CODE_OK;
	if (flags != NODE_OVERFLOW)
		return fail_node(
			walk, page, entry->index, "has flags that no entry of a store has");
	uint64_t first;
	char where[TREE_NAME_BYTES + 64];
	memcpy(&first, node.value, sizeof first);
	snprintf(where, sizeof where, "entry %" PRIu32 " of page %" PRIu64 " (leaf of %s)",
		entry->index, page->number, walk->name);
	enum code code = check_overflow(walk, where, ret->size, first);
	ret->bytes = NULL;
	if (code == CODE_OK)
		ret->offset = first * walk->verifier->page_bytes + sizeof(struct page_header);
	return code;
}
