/* The walk over the pages of one tree. */
#include "store/env.h"
#include "store/pages_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Flags of the environment that made the file, which LMDB keeps with those of the free list
 * (mm_flags) and never reads. */
enum { ENVIRONMENT_FLAGS = MDB_FIXEDMAP | MDB_NOSUBDIR };

static bool is_empty(const struct tree_record *record)
{
	return record->depth == 0 && record->branch_pages == 0 && record->leaf_pages == 0 &&
	       record->overflow_pages == 0 && record->entries == 0;
}

enum code tree_record_check(struct verifier *verifier, enum tree_kind kind, const char *name,
	const struct tree_record *record)
{
	bool free_list = kind == TREE_FREE_LIST;
	uint32_t flags = free_list ? record->flags & ~(uint32_t)ENVIRONMENT_FLAGS : record->flags;
	if (flags != (free_list ? MDB_INTEGERKEY : 0u) ||
		record->pad != (free_list ? verifier->page_bytes : 0))
		return fail_damaged(verifier, "%s has flags that no store has", name);
	if (record->root == ROOT_NONE)
		return is_empty(record) ? CODE_OK
					: fail_damaged(verifier, "%s has lost its root", name);
	if (record->root < META_PAGES || record->root > verifier->last_page)
		return fail_damaged(verifier,
			"the root of %s is page %" PRIu64 ", which is not "
			"there",
			name, record->root);
	if (record->depth < 1 || record->depth > TREE_DEPTH_MAX)
		return fail_damaged(verifier, "%s has a depth of %u", name, record->depth);
	return CODE_OK;
}

enum code tree_walk_start(struct tree_walk *walk, struct verifier *verifier, enum tree_kind kind,
	const char *name, const struct tree_record *record)
{
	*walk = (struct tree_walk){ .verifier = verifier, .kind = kind, .record = *record };
	snprintf(walk->name, sizeof walk->name, "%s", name);
	enum code code = tree_record_check(verifier, kind, name, record);
	if (code != CODE_OK || record->depth == 0)
		return code;
	walk->bytes = malloc((size_t)record->depth * verifier->page_bytes);
	return walk->bytes != NULL ? CODE_OK
				   : fail_mdb(verifier->err, NULL, ENOMEM, verifier->path);
}

/* One level down, to page `number`. */
static enum code push(
	struct tree_walk *walk, uint64_t number, struct slice lower, struct slice upper)
{
	struct verifier *verifier = walk->verifier;
	char where[TREE_NAME_BYTES + 64];
	uint8_t *bytes = walk->bytes + (size_t)walk->height * verifier->page_bytes;
	struct tree_level *level = &walk->levels[walk->height];
	if (walk->height == 0)
		snprintf(where, sizeof where, "%s", walk->name);
	else
		snprintf(where, sizeof where, "page %" PRIu64 " (branch of %s)",
			level[-1].page.number, walk->name);
	enum code code = verifier_use(verifier, where, number, 1);
	if (code == CODE_OK)
		code = verifier_read(
			verifier, bytes, verifier->page_bytes, number * verifier->page_bytes);
	if (code != CODE_OK)
		return code;
	*level = (struct tree_level){ .lower = lower, .upper = upper };
	level->page = (struct tree_page){
		.bytes = bytes, .number = number, .leaf = walk->height + 1 == walk->record.depth
	};
	walk->height++;
	if (level->page.leaf)
		walk->found.leaf_pages++;
	else
		walk->found.branch_pages++;
	code = tree_page_check(walk, &level->page, lower, upper);
	if (level->page.leaf)
		walk->found.entries += level->page.count;
	return code;
}

/* The child of a node has the keys from the node's own one on, up to that of the next node. */
static enum code push_child(struct tree_walk *walk, struct tree_level *level)
{
	uint32_t index = level->next++;
	struct tree_node node = tree_node_at(&level->page, index);
	struct slice lower = index == 0 ? level->lower : node.key;
	struct slice upper = level->upper;
	if (level->next < level->page.count)
		upper = tree_node_at(&level->page, level->next).key;
	return push(walk, node.head.low | (uint64_t)node.head.flags << 32, lower, upper);
}

static enum code check_count(
	struct tree_walk *walk, const char *what, uint64_t record, uint64_t found)
{
	return record == found ? CODE_OK
			       : fail_damaged(walk->verifier,
					 "%s has %" PRIu64 " %s, its record says %" PRIu64,
					 walk->name, found, what, record);
}

static enum code finish(struct tree_walk *walk)
{
	const struct tree_record *record = &walk->record;
	const struct tree_record *found = &walk->found;
	enum code code =
		check_count(walk, "branch pages", record->branch_pages, found->branch_pages);
	if (code == CODE_OK)
		code = check_count(walk, "leaf pages", record->leaf_pages, found->leaf_pages);
	if (code == CODE_OK)
		code = check_count(
			walk, "overflow pages", record->overflow_pages, found->overflow_pages);
	if (code == CODE_OK)
		code = check_count(walk, "entries", record->entries, found->entries);
	return code;
}

enum code tree_walk_next(struct tree_walk *walk, struct tree_entry *ret)
{
	static const struct slice no_bound = { .data = NULL };
	enum code code = CODE_OK;
	if (!walk->started && walk->record.root != ROOT_NONE)
		code = push(walk, walk->record.root, no_bound, no_bound);
	walk->started = true;
	while (code == CODE_OK && walk->height > 0) {
		struct tree_level *level = &walk->levels[walk->height - 1];
		if (level->next == level->page.count) {
			walk->height--;
		} else if (level->page.leaf) {
			*ret = (struct tree_entry){ .page = &level->page, .index = level->next++ };
			return CODE_OK;
		} else {
			code = push_child(walk, level);
		}
	}
	ret->page = NULL;
	return code == CODE_OK ? finish(walk) : code;
}

void tree_walk_done(struct tree_walk *walk)
{
	free(walk->bytes);
	walk->bytes = NULL;
}
