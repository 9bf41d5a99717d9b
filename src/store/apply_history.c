/*
 * The history of posts. The current revision of a post is its own records; of a former one the
 * history has the summary record and, where the body changed behind it, the source and the html. So
 * a body stands once for all revisions that share it, and a post that is never changed costs a
 * line.
 */
#include "base/limits.h"
#include "store/apply.h"
#include "store/history.h"
#include "store/post.h"

#include <times.h>

void apply_history_put(struct apply *apply, struct arena *arena, uint64_t id, uint64_t number,
	const Lectern__Store__V1__Revision *revision)
{
	struct key key;
	struct slice record = arena_pack(arena, &revision->base);
	key_revision(&key, id, number);
	if (record.data == NULL)
		txn_fail_memory(apply->txn);
	else
		txn_put(apply->txn, TABLE_REVISION, &key, record);
}

/* The summary record of the post becomes that of a former revision. */
static void keep_summary(struct apply *apply, struct arena *arena, const Lectern__V1__Post *old)
{
	struct key key;
	struct slice summary;
	Lectern__Store__V1__Revision *revision =
		history_read(apply->txn, arena, old->id, old->revision);
	key_post(&key, old->id, POST_SUMMARY);
	if (revision == NULL || !txn_get(apply->txn, TABLE_POST, &key, &summary)) {
		txn_fail_corrupt(apply->txn, "history of post", old->id);
		return;
	}
	revision->post.data = (uint8_t *)(uintptr_t)summary.data;
	revision->post.len = summary.size;
	apply_history_put(apply, arena, old->id, old->revision, revision);
}

/* The same of source and html, which are about to be overwritten. */
static void keep_content(struct apply *apply, struct arena *arena, const Lectern__V1__Post *old)
{
	for (int part = POST_SOURCE; part <= POST_HTML; part++) {
		struct key key;
		struct slice record;
		key_post(&key, old->id, (enum post_part)part);
		if (!txn_get(apply->txn, TABLE_POST, &key, &record)) {
			txn_fail_corrupt(apply->txn, "content of post", old->id);
			return;
		}
		/* A write transaction may move the page that the record lies in. */
		uint8_t *copy = arena_alloc(arena, record.size + 1);
		if (copy == NULL) {
			txn_fail_memory(apply->txn);
			return;
		}
		memcpy(copy, record.data, record.size);
		key_content(&key, old->id, old->revision, (enum post_part)part);
		txn_put(apply->txn, TABLE_CONTENT, &key, slice_of(copy, record.size));
	}
}

/* Removes the entries of a table of the post whose revision is below `from`. */
static void remove_before(struct apply *apply, enum table table, uint64_t id, uint64_t from)
{
	for (;;) {
		struct key key;
		struct key found = { .size = 0 };
		struct walk walk;
		uint64_t post_id;
		uint64_t revision = 0;
		key_revision(&key, id, 0);
		walk_start(&walk, apply->txn, table, key_slice(&key));
		bool older = walk_next(&walk) && key_read_revision(walk.key, &post_id, &revision) &&
			     post_id == id && revision < from;
		if (older) {
			found.size = walk.key.size;
			memcpy(found.bytes, walk.key.data, walk.key.size);
		}
		walk_end(&walk);
		if (!older)
			return;
		txn_delete(apply->txn, table, &found);
	}
}

void apply_history_add(struct apply *apply, struct arena *arena, const struct post_change *change)
{
	const Lectern__V1__Post *old = change->old;
	const Lectern__V1__Post *post = change->post;
	char summary[LIMIT_NOTE_SUMMARY_BYTES + 1];
	Lectern__Store__V1__Revision revision = LECTERN__STORE__V1__REVISION__INIT;
	bool body = old != NULL && change->content && !apply_post_has_content(apply, post);
	uint64_t kept = apply->revisions_kept;
	if (old != NULL && kept > 0) {
		keep_summary(apply, arena, old);
		if (body)
			keep_content(apply, arena, old);
	}
	revision.time_us = change->time == NULL ? apply->now_us : timestamp_to_us(change->time);
	revision.author = (char *)(uintptr_t)change->author;
	revision.summary = (char *)(uintptr_t)change->summary;
	if (revision.summary == NULL || revision.summary[0] == '\0') {
		history_describe(old, post, body, summary);
		revision.summary = summary;
	}
	if (revision.author == NULL)
		revision.author = (char *)(uintptr_t)protobuf_c_empty_string;
	apply_history_put(apply, arena, post->id, post->revision, &revision);
	if (old == NULL || post->revision <= kept + 1)
		return; /* all are kept */
	uint64_t oldest = post->revision - kept;
	remove_before(apply, TABLE_REVISION, post->id, oldest);
	remove_before(apply, TABLE_CONTENT, post->id, oldest);
}

void apply_history_remove(struct apply *apply, uint64_t id)
{
	remove_before(apply, TABLE_REVISION, id, UINT64_MAX);
	remove_before(apply, TABLE_CONTENT, id, UINT64_MAX);
}
