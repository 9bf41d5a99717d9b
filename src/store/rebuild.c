#include "store/rebuild.h"

#include "base/limits.h"
#include "store/post.h"
#include "store/posting.h"
#include "store/seal.h"
#include "store/search_document.h"
#include "store/store.h"
#include "store/suggest.h"
#include "store/term.h"

/* How much one transaction does. */
enum {
	BATCH_RECORDS = 768, /* a post has three */
	BATCH_BYTES = 16 * 1024 * 1024,
};

/*
 * Terms come first, because the counters of posts need their ranks. The value under META_REBUILD is
 * the table (one byte: its place below) and the key of the last record that is done.
 */
static const enum table steps[] = { TABLE_TERM, TABLE_POST };
enum { STEP_COUNT = sizeof steps / sizeof *steps };

static const enum table derived[] = { TABLE_POSTING, TABLE_COUNTER, TABLE_RANK, TABLE_SEARCH,
	TABLE_RECENT, TABLE_LENGTH, TABLE_SUGGEST, TABLE_POSITIONS };

struct rebuild {
	struct env *env;
	struct analyzer *analyzer;
	struct txn txn;
	struct arena scratch; /* reset for each record */
	struct arena words;
	uint8_t step;
	struct key done; /* of the last record that is done; empty at the start of a step */
};

static bool has_cursor(struct txn *txn, struct slice *ret)
{
	struct key key;
	key_meta(&key, META_REBUILD);
	return txn_get(txn, TABLE_META, &key, ret);
}

bool rebuild_is_needed(struct txn *txn)
{
	struct slice cursor;
	return txn_meta(txn, META_FORMAT) < STORE_FORMAT || seal_is_needed(txn) ||
	       has_cursor(txn, &cursor) ||
	       txn_meta(txn, META_SEARCH_ANALYZER) != analyzer_fingerprint();
}

static void keep_cursor(struct rebuild *rebuild)
{
	uint8_t value[1 + KEY_BYTES_MAX];
	struct key key;
	value[0] = rebuild->step;
	memcpy(value + 1, rebuild->done.bytes, rebuild->done.size);
	key_meta(&key, META_REBUILD);
	txn_put(&rebuild->txn, TABLE_META, &key, slice_of(value, 1 + rebuild->done.size));
}

/* Goes on where another process has stopped, unless that one had another analyzer; else begins with
 * empty tables. */
static void begin(struct rebuild *rebuild)
{
	struct txn *txn = &rebuild->txn;
	struct slice cursor;
	uint64_t fingerprint = analyzer_fingerprint();
	if (has_cursor(txn, &cursor) && txn_meta(txn, META_FORMAT) == STORE_FORMAT &&
		txn_meta(txn, META_SEARCH_ANALYZER) == fingerprint && cursor.size >= 1 &&
		cursor.size <= 1 + KEY_BYTES_MAX && cursor.data[0] < STEP_COUNT) {
		rebuild->step = cursor.data[0];
		rebuild->done.size = cursor.size - 1;
		memcpy(rebuild->done.bytes, cursor.data + 1, rebuild->done.size);
		return;
	}
	for (size_t i = 0; i < sizeof derived / sizeof *derived; i++)
		txn_clear(txn, derived[i]);
	/* From here on older servers must not touch the store. */
	txn_put_meta(txn, META_FORMAT, STORE_FORMAT);
	txn_put_meta(txn, META_SEARCH_ANALYZER, fingerprint);
	rebuild->step = 0;
	rebuild->done.size = 0;
	keep_cursor(rebuild);
}

static void add_term(struct rebuild *rebuild, struct slice record)
{
	uint8_t kind;
	uint64_t id;
	enum suggest_kind suggest_kind;
	Lectern__Store__V1__Term *term = lectern__store__v1__term__unpack(
		&rebuild->scratch.allocator, record.size, record.data);
	if (!key_read_term(key_slice(&rebuild->done), &kind, &id) || term == NULL) {
		txn_fail_corrupt(&rebuild->txn, "term", 0);
		return;
	}
	rank_insert(&rebuild->txn, kind, id);
	counter_add(&rebuild->txn, POSTING_TERMS, kind, 1);
	if (suggest_kind_of_term(kind, &suggest_kind))
		suggest_replace(&rebuild->txn, rebuild->analyzer, suggest_kind, id,
			slice_of(NULL, 0), slice_of_text(term->name));
}

static void add_post(struct rebuild *rebuild, struct slice record)
{
	uint64_t id;
	enum post_part part;
	struct slice html;
	struct search_document document;
	struct posting_set none = { .entries = NULL };
	struct posting_set set;
	if (!key_read_post(key_slice(&rebuild->done), &id, &part)) {
		txn_fail_corrupt(&rebuild->txn, "key of a post", 0);
		return;
	}
	if (part != POST_SUMMARY)
		return;
	Lectern__V1__Post *post =
		lectern__v1__post__unpack(&rebuild->scratch.allocator, record.size, record.data);
	if (post == NULL || !post_html(&rebuild->txn, id, &html)) {
		txn_fail_corrupt(&rebuild->txn, "post", id);
		return;
	}
	search_document_of(post, html, &document);
	arena_reset(&rebuild->words);
	search_index_replace(
		&rebuild->txn, &rebuild->words, rebuild->analyzer, NULL, NULL, &document);
	search_index_settle(&rebuild->txn, &rebuild->words, SEARCH_RECENT_MAX);
	if (!document.hidden)
		suggest_replace(&rebuild->txn, rebuild->analyzer, SUGGEST_POST, id,
			slice_of(NULL, 0), document.title);
	if (postings_of_post(&rebuild->txn, &rebuild->scratch, post, &set))
		postings_replace(&rebuild->txn, &none, &set);
	else
		txn_fail_memory(&rebuild->txn);
}

/* The next record of the step; false at its end. */
static bool next_record(struct rebuild *rebuild, struct slice *ret)
{
	struct walk walk;
	walk_start(&walk, &rebuild->txn, steps[rebuild->step], key_slice(&rebuild->done));
	bool found = walk_next(&walk);
	if (found && slice_equals(walk.key, key_slice(&rebuild->done)))
		found = walk_next(&walk);
	if (found) {
		rebuild->done.size = walk.key.size;
		memcpy(rebuild->done.bytes, walk.key.data, walk.key.size);
		*ret = walk.value;
	}
	walk_end(&walk);
	return found;
}

/* One transaction's worth; false when all is done. */
static bool add_records(struct rebuild *rebuild)
{
	struct slice record;
	size_t bytes = 0;
	for (int count = 0; count < BATCH_RECORDS && bytes < BATCH_BYTES; count++) {
		if (txn_status(&rebuild->txn, NULL) != CODE_OK)
			return true;
		if (!next_record(rebuild, &record)) {
			rebuild->step++;
			rebuild->done.size = 0;
			if (rebuild->step == STEP_COUNT)
				return false;
			continue;
		}
		bytes += record.size;
		arena_reset(&rebuild->scratch);
		if (steps[rebuild->step] == TABLE_TERM)
			add_term(rebuild, record);
		else
			add_post(rebuild, record);
	}
	return true;
}

static void finish(struct rebuild *rebuild)
{
	struct key key;
	arena_reset(&rebuild->words);
	search_index_merge(&rebuild->txn, &rebuild->words);
	key_meta(&key, META_REBUILD);
	txn_delete(&rebuild->txn, TABLE_META, &key);
}

static enum code run(struct rebuild *rebuild, struct error *err)
{
	bool more = true;
	for (bool first = true; more; first = false) {
		enum code code = txn_begin_write(rebuild->env, &rebuild->txn, err);
		if (code != CODE_OK)
			return code;
		if (first)
			begin(rebuild);
		more = add_records(rebuild);
		if (more)
			keep_cursor(rebuild);
		else
			finish(rebuild);
		code = txn_commit(&rebuild->txn, err);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

enum code rebuild_if_needed(
	struct env *env, struct analyzer *analyzer, void (*on_rebuild)(void), struct error *err)
{
	struct rebuild rebuild = { .env = env, .analyzer = analyzer };
	enum code code = txn_begin_look(env, &rebuild.txn, err);
	if (code != CODE_OK)
		return code;
	bool needed = rebuild_is_needed(&rebuild.txn);
	code = txn_status(&rebuild.txn, err);
	txn_abort(&rebuild.txn);
	if (code != CODE_OK || !needed)
		return code;
	if (on_rebuild != NULL)
		on_rebuild();
	arena_init(&rebuild.scratch, LIMIT_ARENA_BYTES);
	arena_init(&rebuild.words, SEARCH_ARENA_BYTES);
	code = seal_store(env, err);
	if (code == CODE_OK)
		code = run(&rebuild, err);
	arena_done(&rebuild.scratch);
	arena_done(&rebuild.words);
	return code == CODE_OK ? code : wrap(err, code, "make the indexes again");
}
