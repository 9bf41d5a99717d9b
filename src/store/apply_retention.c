/* What time does to the store: due posts, old answers, the trash, the tail of the change log. */
#include "base/limits.h"
#include "store/apply.h"
#include "store/post.h"
#include "store/posting.h"

#include <times.h>

bool apply_next_due_us(struct txn *txn, int64_t *ret)
{
	struct walk walk;
	uint64_t id;
	walk_start(&walk, txn, TABLE_DUE, slice_of(NULL, 0));
	bool found = walk_next(&walk) && key_read_due(walk.key, ret, &id);
	walk_end(&walk);
	return found;
}

/* Publishes or expires one post whose time has come. */
static void apply_due_post(struct apply *apply, uint64_t id, int64_t due_us)
{
	arena_reset(apply->scratch);
	int64_t own_us;
	Lectern__V1__Post *old = post_unpack_summary(apply->txn, apply->scratch, id);
	/* An entry that the post knows nothing of would come up again for ever. */
	if (old == NULL || !post_due_us(old, &own_us) || own_us != due_us) {
		txn_fail_corrupt(apply->txn, "due post", id);
		return;
	}
	Lectern__V1__Post post = *old;
	bool expired =
		post.expire_time != NULL && timestamp_to_us(post.expire_time) <= apply->now_us;
	post.state = expired ? LECTERN__V1__POST_STATE__POST_STATE_EXPIRED
			     : LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	post.update_time = apply_timestamp(apply->scratch, apply->now_us);
	struct post_change change = {
		.old = old, .post = &post, .kind = LECTERN__V1__CHANGE_KIND__CHANGE_KIND_UPDATED
	};
	apply_store_post(apply, apply->scratch, &change);
}

enum code apply_due(struct apply *apply, const Lectern__Store__V1__ApplyDue *op, struct error *err)
{
	for (uint32_t i = 0; i < op->max_count; i++) {
		struct walk walk;
		uint64_t id = 0;
		int64_t due_us = INT64_MAX;
		walk_start(&walk, apply->txn, TABLE_DUE, slice_of(NULL, 0));
		bool found = walk_next(&walk) && key_read_due(walk.key, &due_us, &id);
		walk_end(&walk);
		if (!found || due_us > apply->now_us)
			break;
		apply_due_post(apply, id, due_us);
	}
	return txn_status(apply->txn, err);
}

/* Each of these removes one of what is kept for too long; false when there is nothing left. */

static bool forget_answer(struct apply *apply, const Lectern__Store__V1__ApplyRetention *op)
{
	struct walk walk;
	int64_t expire_us;
	struct slice request_id;
	struct key expiry;
	struct key answer;
	walk_start(&walk, apply->txn, TABLE_ANSWER_EXPIRY, slice_of(NULL, 0));
	bool old = walk_next(&walk) && key_read_answer_expiry(walk.key, &expire_us, &request_id) &&
		   expire_us <= op->answers_until_us;
	if (old) {
		key_answer_expiry(&expiry, expire_us, request_id);
		key_answer(&answer, request_id);
	}
	walk_end(&walk);
	if (!old)
		return false;
	txn_delete(apply->txn, TABLE_ANSWER_EXPIRY, &expiry);
	txn_delete(apply->txn, TABLE_ANSWER, &answer);
	return true;
}

static bool purge_trashed(struct apply *apply, const Lectern__Store__V1__ApplyRetention *op)
{
	struct key prefix;
	struct walk walk;
	struct posting posting;
	key_posting_list(&prefix, POSTING_TRASHED, 0);
	walk_start(&walk, apply->txn, TABLE_POSTING, key_slice(&prefix));
	bool old = walk_next(&walk) && key_has_prefix(walk.key, key_slice(&prefix)) &&
		   key_read_posting(walk.key, &posting) &&
		   posting.sort <= sort_oldest_first(op->trashed_until_us);
	walk_end(&walk);
	if (!old)
		return false;
	arena_reset(apply->scratch);
	struct post_change change = {
		.old = post_unpack_summary(apply->txn, apply->scratch, posting.id),
		.kind = LECTERN__V1__CHANGE_KIND__CHANGE_KIND_PURGED,
	};
	if (change.old == NULL)
		txn_fail_corrupt(apply->txn, "trashed post", posting.id);
	else
		apply_store_post(apply, apply->scratch, &change);
	return true;
}

static bool trim_log(struct apply *apply, const Lectern__Store__V1__ApplyRetention *op)
{
	struct walk walk;
	struct key key;
	uint64_t revision;
	arena_reset(apply->scratch);
	walk_start(&walk, apply->txn, TABLE_CHANGE, slice_of(NULL, 0));
	bool old = walk_next(&walk) && key_read_change(walk.key, &revision);
	Lectern__V1__Change *change = NULL;
	if (old)
		change = lectern__v1__change__unpack(
			&apply->scratch->allocator, walk.value.size, walk.value.data);
	walk_end(&walk);
	if (old && (change == NULL || change->time == NULL))
		txn_fail_corrupt(apply->txn, "change", revision);
	if (!old || change == NULL || change->time == NULL)
		return false;
	bool beyond =
		op->changes_kept != 0 && txn_entries(apply->txn, TABLE_CHANGE) > op->changes_kept;
	bool expired =
		op->changes_until_us != 0 && timestamp_to_us(change->time) <= op->changes_until_us;
	if (!beyond && !expired)
		return false;
	key_change(&key, revision);
	txn_delete(apply->txn, TABLE_CHANGE, &key);
	return true;
}

enum code apply_retention(
	struct apply *apply, const Lectern__Store__V1__ApplyRetention *op, struct error *err)
{
	typedef bool remove_one(struct apply *, const Lectern__Store__V1__ApplyRetention *);
	const struct {
		bool wanted;
		remove_one *remove;
	} kinds[] = {
		{ op->answers_until_us != 0, forget_answer },
		{ op->trashed_until_us != 0, purge_trashed },
		{ op->changes_until_us != 0 || op->changes_kept != 0, trim_log },
	};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		for (uint32_t count = 0; kinds[i].wanted && count < op->max_count &&
					 txn_status(apply->txn, NULL) == CODE_OK;
			count++)
			if (!kinds[i].remove(apply, op))
				break;
	return txn_status(apply->txn, err);
}
