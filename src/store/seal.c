#include "store/seal.h"

#include "base/limits.h"
#include "store/post.h"

#include <lectern/store/v1/record.pb-c.h>
#include <times.h>

/* How much one transaction does. */
enum {
	BATCH_ENTRIES = 1000,
	BATCH_BYTES = 16 * 1024 * 1024,
	SEALED_FORMAT = 3,
};

/* The tables that are not made anew. Their place here is the first byte under META_SEAL; the key of
 * the last entry that is done follows. */
static const enum table tables[] = { TABLE_POST, TABLE_TERM, TABLE_SLUG, TABLE_NAME, TABLE_CHILD,
	TABLE_DUE, TABLE_ANSWER, TABLE_ANSWER_EXPIRY };
enum { STEP_COUNT = sizeof tables / sizeof *tables };

struct seal {
	struct txn txn;
	struct arena scratch; /* reset for each entry */
	uint8_t step;
	struct key done; /* of the last entry that is done; empty at the start of a step */
};

bool seal_is_needed(struct txn *txn)
{
	struct key key;
	key_meta(&key, META_SEAL);
	return txn_meta(txn, META_FORMAT) < SEALED_FORMAT || txn_has(txn, TABLE_META, &key);
}

static void read_cursor(struct seal *seal)
{
	struct key key;
	struct slice cursor;
	key_meta(&key, META_SEAL);
	seal->step = 0;
	seal->done.size = 0;
	if (!txn_get(&seal->txn, TABLE_META, &key, &cursor)) {
		/* From the first transaction on older servers must not touch the store. */
		txn_put_meta(&seal->txn, META_FORMAT, SEALED_FORMAT);
		return;
	}
	if (cursor.size < 1 || cursor.size > 1 + KEY_BYTES_MAX || cursor.data[0] >= STEP_COUNT) {
		txn_fail_corrupt(&seal->txn, "meta", 0);
		return;
	}
	seal->step = cursor.data[0];
	seal->done.size = cursor.size - 1;
	memcpy(seal->done.bytes, cursor.data + 1, seal->done.size);
}

static void keep_cursor(struct seal *seal)
{
	uint8_t value[1 + KEY_BYTES_MAX];
	struct key key;
	value[0] = seal->step;
	memcpy(value + 1, seal->done.bytes, seal->done.size);
	key_meta(&key, META_SEAL);
	txn_put(&seal->txn, TABLE_META, &key, slice_of(value, 1 + seal->done.size));
}

/* The next entry of the step's table, its value copied; false at its end. */
static bool next_entry(struct seal *seal, struct slice *ret)
{
	struct walk walk;
	uint8_t *copy = NULL;
	walk_start(&walk, &seal->txn, tables[seal->step], key_slice(&seal->done));
	bool found = walk_next(&walk);
	if (found && slice_equals(walk.key, key_slice(&seal->done)))
		found = walk_next(&walk);
	if (found) {
		seal->done.size = walk.key.size;
		memcpy(seal->done.bytes, walk.key.data, walk.key.size);
		copy = arena_alloc(&seal->scratch, walk.value.size + 1);
		if (copy == NULL)
			txn_fail_memory(&seal->txn);
		else if (walk.value.size > 0)
			memcpy(copy, walk.value.data, walk.value.size);
		*ret = slice_of(copy, walk.value.size);
	}
	walk_end(&walk);
	return found && copy != NULL;
}

/* The first line of a post's history: what it is now. */
static void begin_history(struct seal *seal, struct slice record)
{
	uint64_t id;
	enum post_part part;
	struct key key;
	Lectern__Store__V1__Revision revision = LECTERN__STORE__V1__REVISION__INIT;
	if (!key_read_post(key_slice(&seal->done), &id, &part)) {
		txn_fail_corrupt(&seal->txn, "key of a post", 0);
		return;
	}
	if (part != POST_SUMMARY)
		return;
	Lectern__V1__Post *post =
		lectern__v1__post__unpack(&seal->scratch.allocator, record.size, record.data);
	if (post == NULL || post->update_time == NULL) {
		txn_fail_corrupt(&seal->txn, "post", id);
		return;
	}
	revision.time_us = timestamp_to_us(post->update_time);
	key_revision(&key, id, post->revision);
	struct slice line = arena_pack(&seal->scratch, &revision.base);
	if (line.data == NULL)
		txn_fail_memory(&seal->txn);
	else
		txn_put(&seal->txn, TABLE_REVISION, &key, line);
}

/* One transaction's worth; false when all is done. */
static bool seal_entries(struct seal *seal)
{
	size_t bytes = 0;
	for (int count = 0; count < BATCH_ENTRIES && bytes < BATCH_BYTES; count++) {
		struct slice value;
		arena_reset(&seal->scratch);
		if (next_entry(seal, &value)) {
			bytes += value.size;
			txn_put(&seal->txn, tables[seal->step], &seal->done, value);
			if (tables[seal->step] == TABLE_POST)
				begin_history(seal, value);
			continue;
		}
		if (txn_status(&seal->txn, NULL) != CODE_OK)
			return true;
		seal->step++;
		seal->done.size = 0;
		if (seal->step == STEP_COUNT)
			return false;
	}
	return true;
}

/* The last step: nothing is left of what was written without checksums. */
static void finish(struct seal *seal)
{
	struct key key;
	static const uint8_t nothing_yet[] = { 0 };
	key_meta(&key, META_SEAL);
	if (txn_has(&seal->txn, TABLE_META, &key))
		txn_delete(&seal->txn, TABLE_META, &key);
	txn_clear(&seal->txn, TABLE_CHANGE);
	env_new_epoch(&seal->txn);
	/* As rebuild.c leaves it; with another analyzer, so that it begins with empty tables. */
	txn_put_meta(&seal->txn, META_SEARCH_ANALYZER, 0);
	key_meta(&key, META_REBUILD);
	txn_put(&seal->txn, TABLE_META, &key, slice_of(nothing_yet, sizeof nothing_yet));
}

enum code seal_store(struct env *env, struct error *err)
{
	struct seal seal = { .step = 0 };
	bool more = true;
	enum code code = CODE_OK;
	arena_init(&seal.scratch, LIMIT_ARENA_BYTES);
	while (more && code == CODE_OK) {
		code = txn_begin_write(env, &seal.txn, err);
		if (code != CODE_OK)
			break;
		seal.txn.unsealed = true;
		if (!seal_is_needed(&seal.txn)) {
			code = txn_status(&seal.txn, err);
			txn_abort(&seal.txn);
			break;
		}
		read_cursor(&seal);
		more = seal_entries(&seal);
		if (more)
			keep_cursor(&seal);
		else
			finish(&seal);
		code = txn_commit(&seal.txn, err);
	}
	arena_done(&seal.scratch);
	return code == CODE_OK ? code
			       : wrap(err, code, "bring the store to format %d", SEALED_FORMAT);
}
