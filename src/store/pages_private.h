/*
 * LMDB 0.9's data file as mdb.c of 0.9.24 and 0.9.31 writes it, and what the files of the verifier
 * share. Only for pages.c, pages_tree.c and pages_node.c.
 *
 * The file is pages of one size. Pages 0 and 1 are meta pages: transaction n writes page n % 2, and
 * the one with the larger transaction number counts. It has the roots of two B+trees: the free list
 * (transaction number -> numbers of pages that it has freed) and the tables (name -> root of the
 * tree of that table). Every further page is a branch or leaf of one tree, or one of a run of
 * overflow pages that hold one large value, or free: each just one of these.
 *
 * Numbers are in the byte order and have the word size of the machine that wrote them.
 */
#pragma once
#include "base/error.h"
#include "base/slice.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

_Static_assert(sizeof(size_t) == 8, "pgno_t of LMDB is a size_t; the structs below have 64 bits");

enum {
	PAGE_BYTES_MIN = 4096,	/* the smallest page of any machine's memory, which LMDB takes */
	PAGE_BYTES_MAX = 32768, /* MAX_PAGESIZE */
	KEY_SIZE_MAX = 511,	/* MDB_MAXKEYSIZE */
	TREE_DEPTH_MAX = 31,	/* CURSOR_STACK, less the level that a split of the root adds */
	META_PAGES = 2,		/* NUM_METAS */
};

/* MDB_page, without what follows the header: 2-byte offsets of the nodes (mp_ptrs). */
struct page_header {
	uint64_t number;
	uint16_t pad;
	uint16_t flags; /* enum page_flag, just one of them */
	union {
		struct {
			uint16_t lower; /* where the offsets end */
			uint16_t upper; /* where the nodes begin; they fill the rest of the page */
		};
		uint32_t overflow_pages; /* of an overflow page: how many the run has */
	};
};
_Static_assert(sizeof(struct page_header) == 16, "PAGEHDRSZ");

enum page_flag {
	PAGE_BRANCH = 0x01,   /* P_BRANCH */
	PAGE_LEAF = 0x02,     /* P_LEAF */
	PAGE_OVERFLOW = 0x04, /* P_OVERFLOW */
	PAGE_META = 0x08,     /* P_META */
};

/* MDB_node: the key follows and then, in a leaf, the value. A node begins at an even offset. */
struct node_header {
	uint32_t low;	/* mn_lo and mn_hi: a leaf's value size, the low bits of a branch's child */
	uint16_t flags; /* enum node_flag; in a branch the high bits of the child */
	uint16_t key_size;
};
_Static_assert(sizeof(struct node_header) == 8, "NODESIZE");

enum node_flag {
	NODE_OVERFLOW = 0x01, /* F_BIGDATA: the value is a page number, its bytes stand there */
	NODE_TREE = 0x02,     /* F_SUBDATA: the value is a tree_record */
};

/* MDB_db */
struct tree_record {
	uint32_t pad; /* of the free list: the size of a page */
	uint16_t flags;
	uint16_t depth;
	uint64_t branch_pages;
	uint64_t leaf_pages;
	uint64_t overflow_pages;
	uint64_t entries;
	uint64_t root;
};
_Static_assert(sizeof(struct tree_record) == 48, "sizeof(MDB_db)");
#define ROOT_NONE UINT64_MAX /* P_INVALID */

/* MDB_meta */
struct meta_record {
	uint32_t magic;
	uint32_t version;
	uint64_t address;
	uint64_t map_bytes;
	struct tree_record free_list;
	struct tree_record tables;
	uint64_t last_page;
	uint64_t txnid;
};
_Static_assert(sizeof(struct meta_record) == 136, "sizeof(MDB_meta)");

enum tree_kind { TREE_FREE_LIST, TREE_TABLES, TREE_TABLE };

struct verifier {
	int file;
	const char *path;
	uint64_t file_bytes;
	uint32_t page_bytes;
	uint64_t last_page;
	uint64_t txnid;
	uint8_t *seen; /* a bit for each page: it is used or free */
	uint64_t used_pages;
	uint64_t free_pages;
	struct progress *progress; /* NULL: nobody's */
	uint64_t reads;
	struct error *err;
};

/* STORE_DAMAGED. */
enum code fail_damaged(struct verifier *verifier, const char *fmt, ...) PRINTF_LIKE(2, 3);
enum code verifier_read(struct verifier *verifier, void *out, size_t size, uint64_t offset)
	NODISCARD;
/* Pages of a run get their user, or become free. `where` is for the text: who names them. */
enum code verifier_use(struct verifier *verifier, const char *where, uint64_t first, uint64_t count)
	NODISCARD;
enum code verifier_free(struct verifier *verifier, const char *where, uint64_t page) NODISCARD;

enum { TREE_NAME_BYTES = 64 };

/* A page of a tree that tree_page_check() has found sound. */
struct tree_page {
	const uint8_t *bytes;
	uint64_t number;
	uint32_t count; /* of nodes */
	bool leaf;
};

struct tree_node {
	struct node_header head;
	struct slice key;
	const uint8_t *value;
};

/* An entry of a leaf. */
struct tree_entry {
	const struct tree_page *page;
	uint32_t index;
};

/* A walk over the entries of one tree, in the order of the keys. */
struct tree_walk {
	struct verifier *verifier;
	enum tree_kind kind;
	char name[TREE_NAME_BYTES]; /* for texts */
	struct tree_record record;
	struct tree_record found; /* the counts of what was met so far */
	bool started;
	uint8_t *bytes; /* a page for each level */
	uint32_t height;
	struct tree_level {
		struct tree_page page;
		uint32_t next; /* child or entry */
		/* Keys of the level are not below, and below, these; data is NULL for no bound. */
		struct slice lower;
		struct slice upper;
	} levels[TREE_DEPTH_MAX];
};

/* Whether a tree's record can be one, as far as it shows without its pages. */
enum code tree_record_check(struct verifier *verifier, enum tree_kind kind, const char *name,
	const struct tree_record *record) NODISCARD;

/* `walk` is to be given to tree_walk_done() in any case. */
enum code tree_walk_start(struct tree_walk *walk, struct verifier *verifier, enum tree_kind kind,
	const char *name, const struct tree_record *record) NODISCARD;
/* The next entry, valid until the next call; ret->page is NULL at the end, where the counts of the
 * record were found right. */
enum code tree_walk_next(struct tree_walk *walk, struct tree_entry *ret) NODISCARD;
void tree_walk_done(struct tree_walk *walk);

/* Checks the page whose bytes are in page->bytes: header, offsets, nodes, keys and their order. */
enum code tree_page_check(struct tree_walk *walk, struct tree_page *page, struct slice lower,
	struct slice upper) NODISCARD;
struct tree_node tree_node_at(const struct tree_page *page, uint32_t index);

/* Where the bytes of a value are. */
struct tree_value {
	uint64_t size;
	const uint8_t *bytes; /* NULL: in overflow pages */
	uint64_t offset;      /* then in the file */
};

/* Finds an entry's value and, where it has overflow pages, checks and uses them. */
enum code tree_value_check(
	struct tree_walk *walk, const struct tree_entry *entry, struct tree_value *ret) NODISCARD;
