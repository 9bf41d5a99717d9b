/*
 * What the verifier says of damaged files: one damage of each kind, on a copy of a store that has
 * pages of every kind, and the text that names it.
 */
#include "support/closed_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Where in a page a number is. */
enum spot { IN_PAGE, IN_META, IN_NODE, IN_KEY, IN_VALUE };
enum { OVERFLOW_NODE = -1, LAST_NODE = -2, POST_NODE = -3 };

#define META(member) offsetof(struct meta_record, member), sizeof((struct meta_record *)0)->member
#define PAGE(member) offsetof(struct page_header, member), sizeof((struct page_header *)0)->member
#define NODE(member) offsetof(struct node_header, member), sizeof((struct node_header *)0)->member
#define TREE(member) offsetof(struct tree_record, member), sizeof((struct tree_record *)0)->member
#define OFFSET(index) sizeof(struct page_header) + (index) * sizeof(uint16_t), sizeof(uint16_t)

struct damage {
	const char *label;
	enum page_kind kind;
	enum spot spot;
	int node;
	size_t offset, width;
	enum { SET, ADD, SET_PAGE } how; /* SET_PAGE: to the number of the first page of a kind */
	uint64_t value;
	const char *text;
};

static const struct damage damages[] = {
	{ "newer: last page is too small", KIND_META_NEWER, IN_META, 0, META(last_page), SET, 3,
		"which is not there" },
	{ "newer: no last page", KIND_META_NEWER, IN_META, 0, META(last_page), SET, 0,
		"its pages should go up to number 0" },
	{ "newer: last page is far away", KIND_META_NEWER, IN_META, 0, META(last_page), SET,
		UINT64_MAX, "its pages should go up to number 18446744073709551615" },
	{ "newer: last page is behind the end", KIND_META_NEWER, IN_META, 0, META(last_page), ADD,
		9, "is missing: the file ends after" },
	{ "newer: page size", KIND_META_NEWER, IN_META, 0, META(free_list.pad), SET, 512,
		"(meta): pages of 512 bytes" },
	{ "newer: page size 0", KIND_META_NEWER, IN_META, 0, META(free_list.pad), SET, 0,
		"(meta): pages of 0 bytes" },
	{ "older: page size", KIND_META_OLDER, IN_META, 0, META(free_list.pad), SET, 4098,
		"(meta): pages of 4098 bytes" },
	{ "newer: transaction number", KIND_META_NEWER, IN_META, 0, META(txnid), ADD, 2,
		"the meta pages do not follow each other" },
	{ "older: transaction number", KIND_META_OLDER, IN_META, 0, META(txnid), ADD, 4,
		"the meta pages do not follow each other" },
	{ "both: the same transaction number", KIND_META_OLDER, IN_META, 0, META(txnid), ADD, 1,
		"the meta pages do not follow each other" },
	{ "newer: free list with duplicates", KIND_META_NEWER, IN_META, 0, META(free_list.flags),
		SET, 0x0C, "the free list has flags that no store has" },
	{ "newer: tables with duplicates", KIND_META_NEWER, IN_META, 0, META(tables.flags), SET,
		0x04, "the list of tables has flags that no store has" },
	{ "newer: key size of the tables", KIND_META_NEWER, IN_META, 0, META(tables.pad), SET, 8,
		"the list of tables has flags that no store has" },
	{ "newer: root of the free list", KIND_META_NEWER, IN_META, 0, META(free_list.root), SET, 1,
		"the root of the free list is page 1, which is not there" },
	{ "newer: root of the tables", KIND_META_NEWER, IN_META, 0, META(tables.root), SET,
		UINT64_MAX - 1, "the root of the list of tables is page 18446744073709551614" },
	{ "newer: no root of the tables", KIND_META_NEWER, IN_META, 0, META(tables.root), SET,
		UINT64_MAX, "the list of tables has lost its root" },
	{ "newer: depth 0", KIND_META_NEWER, IN_META, 0, META(tables.depth), SET, 0,
		"the list of tables has a depth of 0" },
	{ "newer: depth 32", KIND_META_NEWER, IN_META, 0, META(tables.depth), SET, 32,
		"the list of tables has a depth of 32" },
	{ "newer: too deep", KIND_META_NEWER, IN_META, 0, META(tables.depth), ADD, 1,
		"the flags of another kind of page" },
	{ "newer: not deep enough", KIND_META_NEWER, IN_META, 0, META(free_list.depth), SET, 1,
		"the flags of another kind of page" },
	{ "newer: branch pages", KIND_META_NEWER, IN_META, 0, META(free_list.branch_pages), ADD, 1,
		"the free list has 1 branch pages, its record says 2" },
	{ "newer: leaf pages", KIND_META_NEWER, IN_META, 0, META(free_list.leaf_pages), SET, 1,
		"leaf pages, its record says 1" },
	{ "newer: overflow pages", KIND_META_NEWER, IN_META, 0, META(free_list.overflow_pages), SET,
		0, "overflow pages, its record says 0" },
	{ "newer: entries", KIND_META_NEWER, IN_META, 0, META(tables.entries), SET, 1,
		"entries, its record says 1" },

	{ "table: is none", KIND_TABLES_LEAF, IN_NODE, 3, NODE(flags), SET, 0, "is no table" },
	{ "table: has duplicates", KIND_TABLES_LEAF, IN_NODE, 3, NODE(flags), SET, 6,
		"is no table" },
	{ "table: cut record", KIND_TABLES_LEAF, IN_NODE, 0, NODE(low), SET, 46,
		"there is a gap between its entries" },
	{ "table: flags", KIND_TABLES_LEAF, IN_VALUE, POST_NODE, TREE(flags), SET, 2,
		"has flags that no store has" },
	{ "table: lost root", KIND_TABLES_LEAF, IN_VALUE, POST_NODE, TREE(root), SET, UINT64_MAX,
		"has lost its root" },
	{ "table: root is a meta page", KIND_TABLES_LEAF, IN_VALUE, POST_NODE, TREE(root), SET, 0,
		"is page 0, which is not there" },
	{ "table: root is that of the tables", KIND_TABLES_LEAF, IN_VALUE, POST_NODE, TREE(root),
		SET_PAGE, KIND_TABLES_LEAF, "is free or has another use, too" },
	{ "table: root is free", KIND_TABLES_LEAF, IN_VALUE, POST_NODE, TREE(root), SET_PAGE,
		KIND_NONE, "is free or has another use, too" },
	{ "table: entries", KIND_TABLES_LEAF, IN_VALUE, POST_NODE, TREE(entries), ADD, 1,
		"entries, its record says" },
	{ "table: order of the names", KIND_TABLES_LEAF, IN_KEY, 1, 0, 1, SET, 0xFF,
		"is not in the order of the keys" },

	{ "branch: number", KIND_TABLE_BRANCH, IN_PAGE, 0, PAGE(number), ADD, 1,
		"its header has the number of another page" },
	{ "branch: flags of a leaf", KIND_TABLE_BRANCH, IN_PAGE, 0, PAGE(flags), SET, PAGE_LEAF,
		"the flags of another kind of page" },
	{ "branch: flags of LEAF2", KIND_TABLE_BRANCH, IN_PAGE, 0, PAGE(flags), SET, 0x21,
		"the flags of another kind of page" },
	{ "branch: odd lower", KIND_TABLE_BRANCH, IN_PAGE, 0, PAGE(lower), ADD, 1,
		"the bounds of its free space are impossible" },
	{ "branch: small lower", KIND_TABLE_BRANCH, IN_PAGE, 0, PAGE(lower), SET, 14,
		"the bounds of its free space are impossible" },
	{ "branch: large lower", KIND_TABLE_BRANCH, IN_PAGE, 0, PAGE(lower), SET, 0xFFFE,
		"the bounds of its free space are impossible" },
	{ "branch: one child", KIND_TABLE_BRANCH, IN_PAGE, 0, PAGE(lower), SET, 18,
		"it has too few entries" },
	{ "branch: one child less", KIND_TABLE_BRANCH, IN_PAGE, 0, PAGE(lower), ADD, -2,
		"there is a gap between its entries" },
	{ "branch: small upper", KIND_TABLE_BRANCH, IN_PAGE, 0, PAGE(upper), ADD, -2,
		"there is a gap between its entries" },
	{ "branch: large upper", KIND_TABLE_BRANCH, IN_PAGE, 0, PAGE(upper), SET, 0xFFFE,
		"the bounds of its free space are impossible" },
	{ "branch: offset in the header", KIND_TABLE_BRANCH, IN_PAGE, 0, OFFSET(1), SET, 2,
		"entry 1 is at an impossible offset" },
	{ "branch: odd offset", KIND_TABLE_BRANCH, IN_PAGE, 0, OFFSET(1), ADD, 1,
		"entry 1 is at an impossible offset" },
	{ "branch: offset at the end", KIND_TABLE_BRANCH, IN_PAGE, 0, OFFSET(1), SET, 4090,
		"entry 1 is at an impossible offset" },
	{ "branch: long key", KIND_TABLE_BRANCH, IN_NODE, 1, NODE(key_size), SET, 512,
		"entry 1 has a key that is too long" },
	{ "branch: no key", KIND_TABLE_BRANCH, IN_NODE, 1, NODE(key_size), SET, 0, "gap" },
	{ "branch: child 0", KIND_TABLE_BRANCH, IN_NODE, 1, 0, 6, SET, 0, "there is no page 0" },
	{ "branch: child behind the end", KIND_TABLE_BRANCH, IN_NODE, 1, 0, 6, SET,
		UINT64_C(0xFFFFFFFFFFFF), "there is no page 281474976710655" },
	{ "branch: child is itself", KIND_TABLE_BRANCH, IN_NODE, 1, 0, 6, SET_PAGE,
		KIND_TABLE_BRANCH, "is free or has another use, too" },
	{ "branch: child is free", KIND_TABLE_BRANCH, IN_NODE, 1, 0, 6, SET_PAGE, KIND_NONE,
		"is free or has another use, too" },
	{ "branch: child is of the free list", KIND_TABLE_BRANCH, IN_NODE, 1, 0, 6, SET_PAGE,
		KIND_FREE_LEAF, "is free or has another use, too" },
	{ "branch: order", KIND_TABLE_BRANCH, IN_KEY, 2, 0, 1, SET, 0, "of the keys" },
	{ "branch: order at the end", KIND_TABLE_BRANCH, IN_KEY, LAST_NODE, 0, 8, SET, 0,
		"is not in the order of the keys" },
	{ "branch: key above its child's", KIND_TABLE_BRANCH, IN_KEY, LAST_NODE, 7, 1, ADD, 1,
		"is below what the branch above says" },
	{ "branch: key below the child's before", KIND_TABLE_BRANCH, IN_KEY, 1, 0, 8, SET, 0,
		"is above what the branch above says" },

	{ "leaf: number", KIND_TABLE_LEAF, IN_PAGE, 0, PAGE(number), ADD, 1,
		"its header has the number of another page" },
	{ "leaf: flags", KIND_TABLE_LEAF, IN_PAGE, 0, PAGE(flags), SET, PAGE_LEAF | PAGE_BRANCH,
		"the flags of another kind of page" },
	{ "leaf: dirty", KIND_TABLE_LEAF, IN_PAGE, 0, PAGE(flags), SET, 0x12,
		"the flags of another kind of page" },
	{ "leaf: empty", KIND_TABLE_LEAF, IN_PAGE, 0, PAGE(lower), SET, 16,
		"it has too few entries" },
	{ "leaf: key is empty", KIND_TABLE_LEAF, IN_NODE, 0, NODE(key_size), SET, 0, "gap" },
	{ "leaf: value is longer than the page", KIND_TABLE_LEAF, IN_NODE, 0, NODE(low), SET,
		UINT32_MAX, "entry 0 has a value that is too long" },
	{ "leaf: value reaches into the next", KIND_TABLE_LEAF, IN_NODE, 1, NODE(low), ADD, 2,
		"entries" },
	{ "leaf: is a tree", KIND_TABLE_LEAF, IN_NODE, 1, NODE(flags), SET, NODE_TREE,
		"has flags that no entry of a store has" },
	{ "leaf: has duplicates", KIND_TABLE_LEAF, IN_NODE, 1, NODE(flags), SET, 4,
		"has flags that no entry of a store has" },
	{ "leaf: order", KIND_TABLE_LEAF, IN_KEY, 0, 0, 1, SET, 0xFF,
		"is not in the order of the keys" },
	{ "leaf: overflow page 1", KIND_TABLE_LEAF, IN_VALUE, OVERFLOW_NODE, 0, 8, SET, 1,
		"there is no page 1," },
	{ "leaf: overflow page is far away", KIND_TABLE_LEAF, IN_VALUE, OVERFLOW_NODE, 0, 8, SET,
		UINT64_MAX, "there is no page 18446744073709551615" },
	{ "leaf: overflow page is a leaf", KIND_TABLE_LEAF, IN_VALUE, OVERFLOW_NODE, 0, 8, SET_PAGE,
		KIND_FREE_LEAF, "is free or has another use, too" },
	{ "leaf: overflow page is not the first", KIND_TABLE_LEAF, IN_VALUE, OVERFLOW_NODE, 0, 8,
		ADD, 1, "(leaf of table post): page" },
	{ "leaf: value is larger than its run", KIND_TABLE_LEAF, IN_NODE, OVERFLOW_NODE, NODE(low),
		SET, UINT32_MAX, "too few for 4294967295 bytes" },

	{ "overflow: number", KIND_TABLE_OVERFLOW, IN_PAGE, 0, PAGE(number), ADD, 1,
		"is no overflow page" },
	{ "overflow: flags", KIND_TABLE_OVERFLOW, IN_PAGE, 0, PAGE(flags), SET, 0,
		"is no overflow page" },
	{ "overflow: no pages", KIND_TABLE_OVERFLOW, IN_PAGE, 0, PAGE(overflow_pages), SET, 0,
		"begins a run of 0 pages, too few" },
	{ "overflow: a page too few", KIND_TABLE_OVERFLOW, IN_PAGE, 0, PAGE(overflow_pages), ADD,
		-1, "too few" },
	{ "overflow: a page too many", KIND_TABLE_OVERFLOW, IN_PAGE, 0, PAGE(overflow_pages), ADD,
		1, "is free or has another use, too" },
	{ "overflow: very many pages", KIND_TABLE_OVERFLOW, IN_PAGE, 0, PAGE(overflow_pages), SET,
		UINT32_MAX, "or not 4294967294 from it on" },

	{ "free list: branch's order", KIND_FREE_BRANCH, IN_KEY, 1, 0, 8, SET, 0,
		"is above what the branch above says" },
	{ "free list: long key", KIND_FREE_LEAF, IN_NODE, LAST_NODE, NODE(key_size), ADD, 8,
		"entr" },
	{ "free list: transaction 0", KIND_FREE_LEAF, IN_KEY, 0, 0, 8, SET, 0,
		"transaction 0 is of none that was committed" },
	{ "free list: transaction to come", KIND_FREE_LEAF, IN_KEY, LAST_NODE, 0, 8, SET, 1 << 30,
		"the branch above says" },
	{ "free list: more pages than room", KIND_FREE_LEAF, IN_VALUE, 0, 0, 8, SET, 1 << 20,
		"more pages than it has room for" },
	{ "free list: odd size", KIND_FREE_LEAF, IN_NODE, 0, NODE(low), ADD, -1,
		"has an impossible size" },
	{ "free list: names a meta page", KIND_FREE_LEAF, IN_VALUE, 0, 8, 8, SET, 1,
		"there is no page 1" },
	{ "free list: names a page behind the last", KIND_FREE_LEAF, IN_VALUE, 0, 8, 8, SET,
		1 << 30, "there is no page 1073741824" },
	{ "free list: not sorted", KIND_FREE_LEAF, IN_VALUE, 0, 16, 8, SET, 1 << 30,
		"is not sorted" },
	{ "free list: names a page in use", KIND_FREE_LEAF, IN_VALUE, 0, 8, 8, SET_PAGE,
		KIND_TABLE_LEAF, "is free or has another use, too" },
	{ "free list: flags", KIND_FREE_LEAF, IN_NODE, 0, NODE(flags), SET, NODE_TREE,
		"has flags that no entry of a store has" },
	{ "free list: long list", KIND_FREE_OVERFLOW, IN_PAGE, 0, 16, 8, SET, 1 << 20,
		"more pages than it has room for" },
	{ "free list: long list is not sorted", KIND_FREE_OVERFLOW, IN_PAGE, 0, 64, 8, SET, 1 << 30,
		"is not sorted" },
};

static uint32_t node_of(const struct damage *damage, uint8_t *page)
{
	switch (damage->node) {
	case OVERFLOW_NODE:
		return store_image_overflow_node(page);
	case LAST_NODE:
		return store_image_nodes(page) - 1;
	case POST_NODE:
		return store_image_table(&closed.image, "post");
	default:
		return (uint32_t)damage->node;
	}
}

/* The first page of the kind that has the node. */
static uint8_t *page_of(const struct damage *damage)
{
	for (size_t nth = 0; nth < store_image_count(&closed.image, damage->kind); nth++) {
		uint8_t *page = store_image_page(
			&closed.image, store_image_find(&closed.image, damage->kind, nth));
		if (damage->spot < IN_NODE || node_of(damage, page) < store_image_nodes(page))
			return page;
	}
	fail_msg("%s: there is no such page", damage->label);
	return NULL;
}

static uint8_t *place_of(const struct damage *damage)
{
	uint8_t *page = page_of(damage);
	switch (damage->spot) {
	case IN_PAGE:
		return page + damage->offset;
	case IN_META:
		return page + sizeof(struct page_header) + damage->offset;
	case IN_NODE:
		return store_image_node(page, node_of(damage, page)) + damage->offset;
	case IN_KEY:
		return store_image_key(page, node_of(damage, page)) + damage->offset;
	case IN_VALUE:
		return store_image_value(page, node_of(damage, page)) + damage->offset;
	}
	return NULL;
}

static void apply(const struct damage *damage)
{
	uint8_t *place = place_of(damage);
	uint64_t number = 0;
	memcpy(&number, place, damage->width);
	switch (damage->how) {
	case SET:
		number = damage->value;
		break;
	case ADD:
		number += damage->value;
		break;
	case SET_PAGE:
		number = store_image_find(&closed.image, (enum page_kind)damage->value, 0);
		break;
	}
	closed_store_overwrite(&closed, place, &number, damage->width);
}

static void each_damage_is_named(void **state)
{
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		apply(&damages[i]);
		closed_store_assert_damaged(&closed, damages[i].label, damages[i].text);
		closed_store_restore(&closed);
	}
	closed_store_assert_accepted(&closed, "the store as it was");
}

/* Two entries change places in the list of offsets: all is in its place but the order. */
static void swap_offsets(uint64_t number, uint32_t a, uint32_t b)
{
	uint8_t *offsets = store_image_page(&closed.image, number) + sizeof(struct page_header);
	closed_store_overwrite(&closed, offsets + a * 2, offsets + b * 2, 2);
	closed_store_overwrite(&closed, offsets + b * 2, offsets + a * 2, 2);
}

static void entries_in_wrong_places_are_found(void **state)
{
	uint64_t leaf = store_image_find(&closed.image, KIND_TABLE_LEAF, 0);
	uint64_t branch = store_image_find(&closed.image, KIND_TABLE_BRANCH, 0);
	uint8_t *page = store_image_page(&closed.image, branch);
	swap_offsets(leaf, 0, 1);
	closed_store_assert_damaged(&closed, "swapped entries", "is not in the order of the keys");
	closed_store_restore(&closed);

	/* The children of a branch change places, the keys do not. */
	uint8_t *first = store_image_node(page, 0);
	uint8_t *second = store_image_node(page, 1);
	closed_store_overwrite(&closed, first, second, 6);
	closed_store_overwrite(&closed, second, first, 6);
	closed_store_assert_damaged(
		&closed, "swapped children", "is above what the branch above says");
	closed_store_restore(&closed);

	/* One entry's bytes belong to two offsets, another's to none. */
	uint8_t *offsets = page + sizeof(struct page_header);
	closed_store_overwrite(&closed, offsets + 2, offsets + 4, 2);
	closed_store_assert_damaged(
		&closed, "an offset twice", "entry 2 is at the offset of another one");
	closed_store_restore(&closed);

	/* Key and value are as long as before, but the key is shorter. */
	static const enum page_kind leaves[] = { KIND_TABLE_LEAF, KIND_FREE_LEAF };
	for (size_t i = 0; i < 2; i++) {
		uint64_t number = store_image_find(&closed.image, leaves[i], 0);
		uint8_t *node = store_image_node(store_image_page(&closed.image, number), 0);
		struct node_header header;
		memcpy(&header, node, sizeof header);
		uint16_t less = i == 0 ? header.key_size : 2;
		header.low += less;
		header.key_size = (uint16_t)(header.key_size - less);
		closed_store_overwrite(&closed, node, &header, sizeof header);
		closed_store_assert_damaged(
			&closed, "a short key", "entry 0 has a key of an impossible size");
		closed_store_restore(&closed);
	}

	/* The entry at the end of a page is longer than that. */
	page = store_image_page(&closed.image, leaf);
	uint8_t *last = page;
	for (uint32_t i = 0; i < store_image_nodes(page); i++)
		if (store_image_node(page, i) > last)
			last = store_image_node(page, i);
	uint32_t size;
	memcpy(&size, last, sizeof size);
	closed_store_overwrite(&closed, last, &(uint32_t){ size + 2 }, sizeof size);
	closed_store_assert_damaged(&closed, "a long entry", "goes beyond the end of the page");
	closed_store_restore(&closed);

	/* A page of the free list itself is free. */
	uint64_t list = store_image_find(&closed.image, KIND_FREE_LEAF, 0);
	const uint64_t pages[] = { 1, list };
	uint8_t *value = store_image_value(store_image_page(&closed.image, list), 0);
	closed_store_overwrite(&closed, value, pages, sizeof pages);
	closed_store_assert_damaged(&closed, "a free page that is in use",
		"stands in the free list twice, or is in use");
	closed_store_restore(&closed);

	/* A whole page in the place of another. */
	uint64_t other = store_image_find(&closed.image, KIND_TABLE_LEAF, 1);
	closed_store_overwrite(&closed, store_image_page(&closed.image, leaf),
		store_image_page(&closed.image, other), closed.image.page_bytes);
	closed_store_assert_damaged(
		&closed, "a page twice", "its header has the number of another page");
	closed_store_restore(&closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_damage_is_named, closed_store_setup),
		cmocka_unit_test_setup(entries_in_wrong_places_are_found, closed_store_setup),
	};
	return cmocka_run_group_tests(tests, closed_store_group_setup, closed_store_group_teardown);
}
