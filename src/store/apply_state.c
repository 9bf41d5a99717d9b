/* What state a post is in, and the verbs that move it from one to another. */
#include "store/apply.h"

#include <times.h>

static enum code check_times(const Lectern__V1__Post *post, struct error *err)
{
	if (post->publish_time != NULL && post->expire_time != NULL &&
		timestamp_to_us(post->expire_time) <= timestamp_to_us(post->publish_time))
		return fail_field(err, CODE_INVALID_ARGUMENT, "EXPIRE_BEFORE_PUBLISH",
			"post.expire_time", "must be later than publish_time");
	return CODE_OK;
}

enum code apply_settle_state(struct apply *apply, Lectern__V1__Post *post, struct error *err)
{
	switch (post->state) {
	case LECTERN__V1__POST_STATE__POST_STATE_UNSPECIFIED:
		post->state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
		return check_times(post, err);
	case LECTERN__V1__POST_STATE__POST_STATE_DRAFT:
		return check_times(post, err);
	case LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED:
		if (post->publish_time == NULL)
			return fail_field(err, CODE_INVALID_ARGUMENT, "PUBLISH_TIME_REQUIRED",
				"post.publish_time", "is required for the state SCHEDULED");
		break;
	case LECTERN__V1__POST_STATE__POST_STATE_EXPIRED:
	case LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED:
		break;
	case LECTERN__V1__POST_STATE__POST_STATE_TRASHED:
	case _LECTERN__V1__POST_STATE_IS_INT_SIZE:
		return fail_field(err, CODE_INVALID_ARGUMENT, "STATE_NOT_SETTABLE", "post.state",
			"cannot be set to TRASHED; use DeletePost");
	}
	if (post->publish_time == NULL) {
		post->publish_time = apply_timestamp(apply->arena, apply->now_us);
		if (post->publish_time == NULL)
			txn_fail_memory(apply->txn);
	}
	if (txn_status(apply->txn, err) != CODE_OK)
		return CODE_RESOURCE_EXHAUSTED;
	enum code code = check_times(post, err);
	if (code != CODE_OK)
		return code;
	bool future = timestamp_to_us(post->publish_time) > apply->now_us;
	bool expired =
		post->expire_time != NULL && timestamp_to_us(post->expire_time) <= apply->now_us;
	post->state = expired  ? LECTERN__V1__POST_STATE__POST_STATE_EXPIRED
		      : future ? LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED
			       : LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	return CODE_OK;
}

/* The state that an action leads to, in *post; an error if it does not go from here. */
static enum code move(struct apply *apply, const Lectern__Store__V1__MovePost *op,
	Lectern__V1__Post *post, struct error *err)
{
	bool wants_trashed = op->action == LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_UNTRASH ||
			     op->action == LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_PURGE;
	if (wants_trashed && post->state != LECTERN__V1__POST_STATE__POST_STATE_TRASHED)
		return fail_reason(err, CODE_FAILED_PRECONDITION, "POST_NOT_TRASHED",
			"the post is not in the trash; DeletePost puts it there");
	enum code code = wants_trashed ? CODE_OK : apply_check_not_trashed(post, err);
	if (code != CODE_OK)
		return code;
	switch (op->action) {
	case LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_TRASH:
		post->state = LECTERN__V1__POST_STATE__POST_STATE_TRASHED;
		post->delete_time = apply_timestamp(apply->arena, apply->now_us);
		return CODE_OK;
	case LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_UNTRASH:
		post->state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
		post->delete_time = NULL;
		return CODE_OK;
	case LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_PUBLISH:
		post->state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
		if (post->publish_time != NULL &&
			timestamp_to_us(post->publish_time) > apply->now_us)
			post->publish_time = NULL;
		return apply_settle_state(apply, post, err);
	case LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_SCHEDULE:
		post->state = LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED;
		post->publish_time = op->publish_time;
		return apply_settle_state(apply, post, err);
	case LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_UNPUBLISH:
		post->state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
		return CODE_OK;
	case LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_PURGE:
		return CODE_OK;
	case LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_UNSPECIFIED:
	case _LECTERN__STORE__V1__MOVE_POST__ACTION_IS_INT_SIZE:
		break;
	}
	return fail(err, CODE_INTERNAL, "the command has no action");
}

enum code apply_move_post(
	struct apply *apply, const Lectern__Store__V1__MovePost *op, struct error *err)
{
	Lectern__V1__Post *old;
	enum code code = apply_load_post(apply, op->key, op->allow_missing, &old, err);
	if (code != CODE_OK || old == NULL)
		return code;
	code = apply_check_etag(op->etag, old->etag, "post", err);
	Lectern__V1__Post post = *old;
	if (code == CODE_OK)
		code = move(apply, op, &post, err);
	if (code != CODE_OK)
		return code;
	struct post_change change = {
		.old = old, .post = &post, .kind = LECTERN__V1__CHANGE_KIND__CHANGE_KIND_UPDATED
	};
	apply_take_note(&change, op->note);
	if (op->action == LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_PURGE) {
		change.post = NULL;
		change.kind = LECTERN__V1__CHANGE_KIND__CHANGE_KIND_PURGED;
		apply_store_post(apply, apply->arena, &change);
		return txn_status(apply->txn, err);
	}
	if (apply_post_is_unchanged(apply, old, &post, false)) {
		apply_answer_post(apply, old);
		return txn_status(apply->txn, err);
	}
	if (op->action == LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_TRASH)
		change.kind = LECTERN__V1__CHANGE_KIND__CHANGE_KIND_DELETED;
	post.update_time = apply_timestamp(apply->arena, apply->now_us);
	apply_store_post(apply, apply->arena, &change);
	apply_answer_post(apply, &post);
	return txn_status(apply->txn, err);
}
