/*
 * The verifier accepts sound data files, with the right numbers, and names what is wrong with
 * others: one damage of each kind on a copy of a store that has pages of every kind.
 */
#include "support/store_fill.h"
#include "support/store_image.h"

#include "base/limits.h"
#include "store/pages.h"
#include "store/txn.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct store_fixture fixture; /* closed while it is looked at */
static char path[128];
static struct store_image image;

static int make_store(void **state)
{
	struct random random = { .state = 1 };
	store_fixture_open(&fixture, 0);
	snprintf(path, sizeof path, "%s/data.mdb", fixture.directory);
	store_fill(&fixture, &random);
	store_close(fixture.store);
	fixture.store = NULL;
	store_image_load(&image, path);
	store_image_assert_all_kinds(&image);
	return 0;
}

static int remove_store(void **state)
{
	store_image_done(&image);
	store_fixture_close(&fixture);
	return 0;
}

/* Puts the sound file back. */
static void restore(void)
{
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(image.bytes, 1, image.size, file), image.size);
	assert_int_equal(fclose(file), 0);
}

static int restore_first(void **state)
{
	restore();
	return 0;
}

static void overwrite(size_t offset, const void *bytes, size_t size)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(file >= 0);
	assert_int_equal(pwrite(file, bytes, size, (off_t)offset), size);
	close(file);
}

static enum code verify(struct pages_report *report, struct error *err)
{
	*err = (struct error){ .code = CODE_OK };
	return pages_verify(path, true, report, err);
}

static void assert_accepted(const char *label)
{
	struct pages_report report;
	struct error err;
	if (verify(&report, &err) != CODE_OK)
		fail_msg("%s: %s", label, err.text);
}

static void assert_refused(const char *label, enum code code, const char *reason, const char *text)
{
	struct pages_report report;
	struct error err;
	if (verify(&report, &err) == CODE_OK)
		fail_msg("%s: accepted", label);
	if (err.code != code || strcmp(err.reason, reason) != 0 || strstr(err.text, text) == NULL)
		fail_msg("%s: %s", label, err.text);
	if (code == CODE_DATA_LOSS && strstr(err.text, "restore a backup") == NULL)
		fail_msg("%s: no word of a backup: %s", label, err.text);
}

static void sound_stores_are_accepted(void **state)
{
	struct pages_report report;
	struct error err;
	assert_int_equal(verify(&report, &err), CODE_OK);
	assert_int_equal(report.file_bytes, image.size);
	assert_int_equal(report.pages, image.newer->last_page + 1);
	assert_true(report.walked);
	assert_int_equal(report.lost_pages, 0);
	assert_int_equal(report.used_pages + report.free_pages, report.pages);
	size_t used = 0;
	for (size_t page = 0; page < image.page_count; page++)
		used += image.kinds[page] != KIND_NONE;
	assert_int_equal(report.used_pages, used);
}

static void a_file_without_pages_is_a_new_store(void **state)
{
	struct pages_report report;
	struct error err;
	assert_int_equal(truncate(path, 0), 0);
	for (int absent = 0; absent < 2; absent++) {
		memset(&report, 0xFF, sizeof report);
		assert_int_equal(verify(&report, &err), CODE_OK);
		assert_int_equal(report.file_bytes, 0);
		assert_int_equal(report.pages, 0);
		unlink(path);
	}
	store_fixture_reopen(&fixture);
	assert_int_equal(verify(&report, &err), CODE_OK);
	assert_true(report.pages > 2);
	store_close(fixture.store);
	fixture.store = NULL;
	restore();
}

static void what_is_no_file_is_refused(void **state)
{
	struct pages_report report;
	struct error err;
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(verify(&report, &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "is no regular file"));
	rmdir(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(verify(&report, &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "is no regular file"));
	unlink(path);
	assert_int_equal(symlink("data.mdb", path), 0);
	assert_int_equal(verify(&report, &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, strerror(ELOOP)));
	unlink(path);
	restore();
}

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
		return store_image_table(&image, "post");
	default:
		return (uint32_t)damage->node;
	}
}

/* The first page of the kind that has the node. */
static uint8_t *page_of(const struct damage *damage)
{
	for (size_t nth = 0; nth < store_image_count(&image, damage->kind); nth++) {
		uint8_t *page =
			store_image_page(&image, store_image_find(&image, damage->kind, nth));
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
		number = store_image_find(&image, (enum page_kind)damage->value, 0);
		break;
	}
	overwrite((size_t)(place - image.bytes), &number, damage->width);
}

static void each_damage_is_named(void **state)
{
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		apply(&damages[i]);
		assert_refused(damages[i].label, CODE_DATA_LOSS, "STORE_DAMAGED", damages[i].text);
		restore();
	}
	assert_accepted("the store as it was");
}

/* Two entries change places in the list of offsets: all is in its place but the order. */
static void swap_offsets(uint64_t number, uint32_t a, uint32_t b)
{
	uint8_t *offsets = store_image_page(&image, number) + sizeof(struct page_header);
	size_t at = (size_t)(offsets - image.bytes);
	overwrite(at + a * 2, offsets + b * 2, 2);
	overwrite(at + b * 2, offsets + a * 2, 2);
}

static void entries_in_wrong_places_are_found(void **state)
{
	uint64_t leaf = store_image_find(&image, KIND_TABLE_LEAF, 0);
	uint64_t branch = store_image_find(&image, KIND_TABLE_BRANCH, 0);
	uint8_t *page = store_image_page(&image, branch);
	swap_offsets(leaf, 0, 1);
	assert_refused("swapped entries", CODE_DATA_LOSS, "STORE_DAMAGED",
		"is not in the order of the keys");
	restore();

	/* The children of a branch change places, the keys do not. */
	uint8_t *first = store_image_node(page, 0);
	uint8_t *second = store_image_node(page, 1);
	overwrite((size_t)(first - image.bytes), second, 6);
	overwrite((size_t)(second - image.bytes), first, 6);
	assert_refused("swapped children", CODE_DATA_LOSS, "STORE_DAMAGED",
		"is above what the branch above says");
	restore();

	/* One entry's bytes belong to two offsets, another's to none. */
	uint8_t *offsets = page + sizeof(struct page_header);
	overwrite((size_t)(offsets + 2 - image.bytes), offsets + 4, 2);
	assert_refused("an offset twice", CODE_DATA_LOSS, "STORE_DAMAGED",
		"entry 2 is at the offset of another one");
	restore();

	/* Key and value are as long as before, but the key is shorter. */
	static const enum page_kind leaves[] = { KIND_TABLE_LEAF, KIND_FREE_LEAF };
	for (size_t i = 0; i < 2; i++) {
		uint64_t number = store_image_find(&image, leaves[i], 0);
		uint8_t *node = store_image_node(store_image_page(&image, number), 0);
		struct node_header header;
		memcpy(&header, node, sizeof header);
		uint16_t less = i == 0 ? header.key_size : 2;
		header.low += less;
		header.key_size = (uint16_t)(header.key_size - less);
		overwrite((size_t)(node - image.bytes), &header, sizeof header);
		assert_refused("a short key", CODE_DATA_LOSS, "STORE_DAMAGED",
			"entry 0 has a key of an impossible size");
		restore();
	}

	/* The entry at the end of a page is longer than that. */
	page = store_image_page(&image, leaf);
	uint8_t *last = page;
	for (uint32_t i = 0; i < store_image_nodes(page); i++)
		if (store_image_node(page, i) > last)
			last = store_image_node(page, i);
	uint32_t size;
	memcpy(&size, last, sizeof size);
	overwrite((size_t)(last - image.bytes), &(uint32_t){ size + 2 }, sizeof size);
	assert_refused(
		"a long entry", CODE_DATA_LOSS, "STORE_DAMAGED", "goes beyond the end of the page");
	restore();

	/* A page of the free list itself is free. */
	uint64_t list = store_image_find(&image, KIND_FREE_LEAF, 0);
	const uint64_t pages[] = { 1, list };
	uint8_t *value = store_image_value(store_image_page(&image, list), 0);
	overwrite((size_t)(value - image.bytes), pages, sizeof pages);
	assert_refused("a free page that is in use", CODE_DATA_LOSS, "STORE_DAMAGED",
		"stands in the free list twice, or is in use");
	restore();

	/* A whole page in the place of another. */
	uint64_t other = store_image_find(&image, KIND_TABLE_LEAF, 1);
	overwrite(
		(size_t)leaf * image.page_bytes, store_image_page(&image, other), image.page_bytes);
	assert_refused("a page twice", CODE_DATA_LOSS, "STORE_DAMAGED",
		"its header has the number of another page");
	restore();
}

/* LMDB does not read these, and so nobody is kept from the store. */
static void what_nobody_follows_is_no_damage(void **state)
{
	uint8_t bytes[sizeof(struct tree_record)];
	memset(bytes, 0xA5, sizeof bytes);
	size_t older = (size_t)((uint8_t *)image.older - image.bytes);
	overwrite(older + offsetof(struct meta_record, tables), bytes, sizeof bytes);
	overwrite(older + offsetof(struct meta_record, last_page), bytes, 8);
	overwrite(older + offsetof(struct meta_record, map_bytes), bytes, 8);
	assert_accepted("the older meta page");
	overwrite((size_t)((uint8_t *)image.newer - image.bytes) +
			  offsetof(struct meta_record, address),
		bytes, 16);
	assert_accepted("address and size of the map");
	overwrite((size_t)store_image_find(&image, KIND_NONE, 0) * image.page_bytes, bytes,
		sizeof bytes);
	assert_accepted("a free page");
	uint64_t leaf = store_image_find(&image, KIND_TABLE_LEAF, 0);
	uint8_t *page = store_image_page(&image, leaf);
	overwrite((size_t)leaf * image.page_bytes + store_image_header(page)->lower, bytes, 1);
	overwrite((size_t)leaf * image.page_bytes + offsetof(struct page_header, pad), bytes, 2);
	assert_accepted("free space of a page");
	assert_int_equal(truncate(path, (off_t)image.size + 5000), 0);
	assert_accepted("a longer file");
	restore();
}

/* A shorter list of free pages loses them; nothing else is wrong with the store. */
static void lost_pages_are_counted(void **state)
{
	struct pages_report report;
	struct error err;
	uint8_t *page = store_image_page(&image, store_image_find(&image, KIND_FREE_LEAF, 0));
	uint8_t *list = store_image_value(page, 0);
	uint64_t count;
	memcpy(&count, list, sizeof count);
	assert_true(count > 2);
	overwrite((size_t)(list - image.bytes), &(uint64_t){ count - 2 }, sizeof count);
	assert_int_equal(verify(&report, &err), CODE_OK);
	assert_int_equal(report.lost_pages, 2);
	assert_int_equal(report.used_pages + report.free_pages + 2, report.pages);
	restore();
}

static void other_files_are_no_store(void **state)
{
	static const char zeros[64];
	for (int which = 0; which < 2; which++) {
		size_t page = (size_t)which * image.page_bytes;
		size_t meta = page + sizeof(struct page_header);
		overwrite(meta, zeros, 4);
		assert_refused("magic", CODE_DATA_LOSS, "STORE_DAMAGED", "MDB_INVALID");
		restore();
		overwrite(page + offsetof(struct page_header, flags), zeros, 2);
		assert_refused("meta flag", CODE_DATA_LOSS, "STORE_DAMAGED", "MDB_INVALID");
		restore();
		overwrite(meta + 4, &(uint32_t){ 2 }, 4);
		assert_refused("version", CODE_FAILED_PRECONDITION, "STORE_FORMAT",
			"made by another version of LMDB");
		restore();
	}
}

/* Whether LMDB would miss something in a file of `size` bytes. */
static bool is_missed(size_t size)
{
	for (size_t page = size / image.page_bytes; page < image.page_count; page++)
		if (image.kinds[page] != KIND_NONE)
			return true;
	return false;
}

static void a_file_that_was_cut_is_refused(void **state)
{
	struct random random = { .state = 1 };
	struct pages_report report;
	struct error err;
	size_t refused = 0;
	/* Shorter and shorter, at every page and at two sizes between. */
	for (size_t page = image.page_count; page-- > 0;) {
		size_t at = page * image.page_bytes;
		size_t sizes[] = { at + image.page_bytes - 1, at + 1 + random_below(&random, 4000),
			at };
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes && sizes[i] > 0; i++) {
			assert_int_equal(truncate(path, (off_t)sizes[i]), 0);
			enum code code = verify(&report, &err);
			refused += code != CODE_OK;
			if (code != (is_missed(sizes[i]) ? CODE_DATA_LOSS : CODE_OK))
				fail_msg("%zu of %zu bytes: %s", sizes[i], image.size, err.text);
		}
	}
	assert_true(refused > image.page_count);
	restore();
	assert_int_equal(truncate(path, (off_t)image.page_bytes + 100), 0);
	assert_refused("a cut meta page", CODE_DATA_LOSS, "STORE_DAMAGED", "MDB_INVALID");
	assert_int_equal(truncate(path, 100), 0);
	assert_refused("a cut meta page", CODE_DATA_LOSS, "STORE_DAMAGED", "MDB_INVALID");
	restore();
}

/* What pread() does in this program: see tests/unit/CMakeLists.txt. */
static int fail_after = -1; /* so many calls; negative: never */
static ssize_t failure;	    /* what it returns then */
static bool stutter;	    /* a signal before each call, one byte from it */
ssize_t __real_pread(int file, void *out, size_t size, off_t offset);
ssize_t __wrap_pread(int file, void *out, size_t size, off_t offset);

ssize_t __wrap_pread(int file, void *out, size_t size, off_t offset)
{
	static bool interrupted;
	if (fail_after == 0) {
		errno = EIO;
		return failure;
	}
	fail_after -= fail_after > 0;
	interrupted = stutter && !interrupted;
	if (interrupted) {
		errno = EINTR;
		return -1;
	}
	return __real_pread(file, out, stutter && size > 1 ? size / 2 : size, offset);
}

static void a_read_error_is_an_error(void **state)
{
	size_t failures = 0;
	failure = -1;
	for (int calls = 0;; calls += 1 + calls / 8) {
		struct pages_report report;
		struct error err;
		fail_after = calls;
		enum code code = verify(&report, &err);
		bool all = fail_after > 0;
		fail_after = -1;
		if (all) {
			assert_int_equal(code, CODE_OK);
			break;
		}
		assert_int_not_equal(code, CODE_OK);
		assert_int_not_equal(code, CODE_DATA_LOSS); /* nothing is known of the file */
		assert_non_null(strstr(err.text, "Input/output error"));
		assert_non_null(strstr(err.text, path));
		failures++;
	}
	assert_true(failures > 10);
	failure = 0;
	fail_after = 5;
	assert_refused("the end of the file", CODE_DATA_LOSS, "STORE_DAMAGED",
		"it became shorter while it was read");
	fail_after = -1;
	stutter = true;
	assert_accepted("short reads and signals");
	stutter = false;
}

static enum code open_store(struct error *err)
{
	struct store_options options = { .directory = fixture.directory };
	struct store *store = NULL;
	*err = (struct error){ .code = CODE_OK };
	enum code code = store_open(&options, &store, err);
	store_close(store);
	return code;
}

static void the_store_is_not_opened(void **state)
{
	struct error err;
	assert_int_equal(open_store(&err), CODE_OK);
	assert_int_equal(truncate(path, (off_t)(image.size / 2)), 0);
	assert_int_equal(open_store(&err), CODE_DATA_LOSS);
	assert_string_equal(err.reason, "STORE_DAMAGED");
	assert_non_null(strstr(err.text, "open store in /tmp/lectern-store-"));
	assert_non_null(strstr(err.text, " is missing: the file ends after "));
}

static void rename_table(const char *name)
{
	uint8_t *list = store_image_page(&image, image.newer->tables.root);
	uint8_t *key = store_image_key(list, store_image_table(&image, name));
	overwrite((size_t)(key + strlen(name) - 1 - image.bytes), "A", 1);
}

/* Older formats had fewer tables. */
static void set_format(uint8_t format)
{
	struct tree_record meta;
	uint8_t *list = store_image_page(&image, image.newer->tables.root);
	memcpy(&meta, store_image_value(list, store_image_table(&image, "meta")), sizeof meta);
	uint8_t *leaf = store_image_page(&image, meta.root);
	for (uint32_t i = 0; i < store_image_nodes(leaf); i++)
		if (store_image_node_header(leaf, i).key_size == strlen(META_FORMAT) &&
			memcmp(store_image_key(leaf, i), META_FORMAT, strlen(META_FORMAT)) == 0)
			overwrite(
				(size_t)(store_image_value(leaf, i) + 7 - image.bytes), &format, 1);
}

/* A table by another name is a sound tree, but none that a store has. */
static void a_table_without_its_name_is_missed(void **state)
{
	static const struct {
		const char *table;
		uint8_t format;
	} cases[] = { { "meta", STORE_FORMAT }, { "post", STORE_FORMAT },
		{ "suggest", STORE_FORMAT }, { "post", 2 }, { "due", 1 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err;
		char text[64];
		rename_table(cases[i].table);
		set_format(cases[i].format);
		assert_accepted(cases[i].table);
		assert_int_equal(open_store(&err), CODE_DATA_LOSS);
		snprintf(text, sizeof text, "the store has no table %s; restore", cases[i].table);
		if (strcmp(err.reason, "STORE_DAMAGED") != 0 || strstr(err.text, text) == NULL)
			fail_msg("%s: %s", cases[i].table, err.text);
		restore();
	}
	/* The newer server's words count. */
	rename_table("post");
	set_format(STORE_FORMAT + 1);
	struct error err;
	assert_int_equal(open_store(&err), CODE_FAILED_PRECONDITION);
	assert_string_equal(err.reason, "STORE_FORMAT");
}

/* Damages a branch of the posts in a file that is too long for the walk. */
static void damage_long_file(void)
{
	uint64_t branch = store_image_find(&image, KIND_TABLE_BRANCH, 0);
	assert_int_equal(truncate(path, (off_t)OPEN_VERIFY_BYTES + 1), 0);
	overwrite((size_t)branch * image.page_bytes + offsetof(struct page_header, lower),
		&(uint16_t){ sizeof(struct page_header) + 2 }, 2);
}

static void a_long_file_is_walked_when_asked(void **state)
{
	struct pages_report report;
	struct error err;
	damage_long_file();
	if (pages_verify(path, false, &report, &err) != CODE_OK)
		fail_msg("%s", err.text);
	assert_false(report.walked);
	assert_int_equal(report.pages, image.newer->last_page + 1);
	assert_int_equal(report.used_pages, 0);
	assert_refused("a long file", CODE_DATA_LOSS, "STORE_DAMAGED", "it has too few entries");
	assert_int_equal(truncate(path, (off_t)OPEN_VERIFY_BYTES), 0);
	assert_int_equal(pages_verify(path, false, &report, &err), CODE_DATA_LOSS);

	/* The length is looked at in any case, as far as it can be known: a file that lacks pages
	 * is walked, since they may be free. */
	restore();
	uint64_t last_page = OPEN_VERIFY_BYTES / image.page_bytes + 10;
	assert_int_equal(truncate(path, (off_t)OPEN_VERIFY_BYTES + 1), 0);
	overwrite((size_t)((uint8_t *)image.newer - image.bytes) +
			  offsetof(struct meta_record, last_page),
		&last_page, sizeof last_page);
	assert_int_equal(pages_verify(path, false, &report, &err), CODE_DATA_LOSS);
	assert_non_null(strstr(err.text, " is missing: the file ends after "));
}

static int told;

static void tell(const char *text)
{
	if (write(told, text, strlen(text)) < 0)
		_exit(2);
}

/* In a process of its own: looks into every table, as one of them is damaged. */
static void meet_assertion(void)
{
	struct store_options options = { .directory = fixture.directory, .on_assertion = tell };
	struct store *store;
	struct txn *snapshot;
	struct key key;
	close(STDERR_FILENO); /* where LMDB writes, too */
	if (store_open(&options, &store, NULL) != CODE_OK ||
		store_snapshot(store, &snapshot, NULL) != CODE_OK)
		_exit(3);
	key_post(&key, 1, POST_SUMMARY);
	for (int table = 0; table < TABLE_COUNT; table++) {
		struct slice value;
		(void)txn_get(snapshot, (enum table)table, &key, &value);
	}
	_exit(4);
}

/* Where the file was not walked, LMDB may still find that it cannot go on. */
static void an_assertion_of_lmdb_is_told(void **state)
{
	int ends[2];
	int status;
	char text[400] = "";
	damage_long_file();
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		told = ends[1];
		meet_assertion();
	}
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	ssize_t size = read(ends[0], text, sizeof text - 1);
	close(ends[0]);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_true(size > 0);
	if (strstr(text, "NUMKEYS(mp) > 1") == NULL)
		fail_msg("%s", text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sound_stores_are_accepted, restore_first),
		cmocka_unit_test_setup(a_file_without_pages_is_a_new_store, restore_first),
		cmocka_unit_test_setup(what_is_no_file_is_refused, restore_first),
		cmocka_unit_test_setup(each_damage_is_named, restore_first),
		cmocka_unit_test_setup(entries_in_wrong_places_are_found, restore_first),
		cmocka_unit_test_setup(what_nobody_follows_is_no_damage, restore_first),
		cmocka_unit_test_setup(lost_pages_are_counted, restore_first),
		cmocka_unit_test_setup(other_files_are_no_store, restore_first),
		cmocka_unit_test_setup(a_file_that_was_cut_is_refused, restore_first),
		cmocka_unit_test_setup(a_read_error_is_an_error, restore_first),
		cmocka_unit_test_setup(the_store_is_not_opened, restore_first),
		cmocka_unit_test_setup(a_table_without_its_name_is_missed, restore_first),
		cmocka_unit_test_setup(a_long_file_is_walked_when_asked, restore_first),
		cmocka_unit_test_setup(an_assertion_of_lmdb_is_told, restore_first),
	};
	return cmocka_run_group_tests(tests, make_store, remove_store);
}
