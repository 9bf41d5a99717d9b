#include "base/text.h"
#include "store/apply.h"
#include "store/post.h"
#include "store/posting.h"
#include "store/term.h"

#include <inttypes.h>
#include <times.h>

enum {
	/* Field numbers of lectern.v1.Post as bits of PutPost.field_mask. */
	FIELD_SLUG = 2,
	FIELD_TITLE = 3,
	FIELD_EXCERPT = 4,
	FIELD_STATE = 5,
	FIELD_PUBLISH_TIME = 6,
	FIELD_EXPIRE_TIME = 7,
	FIELD_LANGUAGE = 17,
	FIELD_FEATURED = 18,
	FIELD_COVER_IMAGE_URL = 19,
	FIELD_CANONICAL_URL = 20,
	FIELD_ATTRIBUTES = 21,
	FIELD_BODY = 33,
};

static uint64_t find_post(struct apply *apply, const Lectern__Store__V1__Key *key)
{
	bool former;
	if (key == NULL)
		return 0;
	if (key->id != 0)
		return key->id;
	return post_find_slug(apply->txn, slice_of_text(key->slug), &former);
}

static enum code fail_no_post(const Lectern__Store__V1__Key *key, struct error *err)
{
	if (key->id != 0)
		return fail_reason(err, CODE_NOT_FOUND, "POST_NOT_FOUND",
			"there is no post with id %" PRIu64, key->id);
	return fail_reason(err, CODE_NOT_FOUND, "POST_NOT_FOUND",
		"there is no post with slug \"%s\"", key->slug);
}

/* The post that the key names. With allow_missing a missing one is CODE_OK and NULL. */
static enum code load_post(struct apply *apply, const Lectern__Store__V1__Key *key,
	bool allow_missing, Lectern__V1__Post **ret, struct error *err)
{
	uint64_t id = find_post(apply, key);
	*ret = id == 0 ? NULL : post_unpack_summary(apply->txn, apply->arena, id);
	enum code code = txn_status(apply->txn, err);
	if (code != CODE_OK || *ret != NULL || allow_missing)
		return code;
	return fail_no_post(key, err);
}

/* Takes the masked fields, all but slug, terms and body, which need work of their own. */
static void take_plain_fields(Lectern__V1__Post *post, const Lectern__V1__Post *from, uint64_t mask)
{
	if (mask_has(mask, FIELD_TITLE))
		post->title = from->title;
	if (mask_has(mask, FIELD_EXCERPT))
		post->excerpt = from->excerpt;
	if (mask_has(mask, FIELD_STATE) &&
		from->state != LECTERN__V1__POST_STATE__POST_STATE_UNSPECIFIED)
		post->state = from->state;
	if (mask_has(mask, FIELD_PUBLISH_TIME))
		post->publish_time = from->publish_time;
	if (mask_has(mask, FIELD_EXPIRE_TIME))
		post->expire_time = from->expire_time;
	if (mask_has(mask, FIELD_LANGUAGE))
		post->language = from->language;
	if (mask_has(mask, FIELD_FEATURED))
		post->featured = from->featured;
	if (mask_has(mask, FIELD_COVER_IMAGE_URL))
		post->cover_image_url = from->cover_image_url;
	if (mask_has(mask, FIELD_CANONICAL_URL))
		post->canonical_url = from->canonical_url;
	if (mask_has(mask, FIELD_ATTRIBUTES)) {
		post->attributes = from->attributes;
		post->n_attributes = from->n_attributes;
	}
	if (mask_has(mask, FIELD_BODY)) {
		post->body_format = from->body_format;
		post->body = from->body;
		post->html = from->html;
		post->outline = from->outline;
		post->n_outline = from->n_outline;
		post->word_count = from->word_count;
		post->reading_seconds = from->reading_seconds;
	}
}

static enum code check_times(const Lectern__V1__Post *post, struct error *err)
{
	if (post->publish_time != NULL && post->expire_time != NULL &&
		timestamp_to_us(post->expire_time) <= timestamp_to_us(post->publish_time))
		return fail_field(err, CODE_INVALID_ARGUMENT, "EXPIRE_BEFORE_PUBLISH",
			"post.expire_time", "must be later than publish_time");
	return CODE_OK;
}

/* Makes state and times agree with each other and with the time of the write. */
static enum code settle_state(struct apply *apply, Lectern__V1__Post *post, struct error *err)
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

/* The slug that the post will have, or an error if it belongs to another post. */
static enum code choose_slug(struct apply *apply, const Lectern__Store__V1__PutPost *op,
	const Lectern__V1__Post *old, char **ret, struct error *err)
{
	const char *wanted = mask_has(op->field_mask, FIELD_SLUG) ? op->post->slug : "";
	if (wanted[0] == '\0' && old == NULL && op->key != NULL)
		wanted = op->key->slug; /* an update with allow_missing */
	if (wanted[0] == '\0') {
		*ret = old != NULL ? old->slug : apply_free_slug(apply, SLUG_POST, op->slug_base);
		return txn_status(apply->txn, err);
	}
	bool former;
	uint64_t holder = post_find_slug(apply->txn, slice_of_text(wanted), &former);
	if (holder != 0 && (old == NULL || holder != old->id))
		return fail_field(err, CODE_ALREADY_EXISTS, "SLUG_TAKEN", "post.slug",
			"\"%s\" %s post %" PRIu64 "; choose another one or leave it empty", wanted,
			former ? "is a former slug of" : "belongs to", holder);
	*ret = arena_text(apply->arena, slice_of_text(wanted));
	if (*ret == NULL)
		txn_fail_memory(apply->txn);
	return txn_status(apply->txn, err);
}

static void replace_due(
	struct apply *apply, const Lectern__V1__Post *old, const Lectern__V1__Post *post)
{
	int64_t before_us;
	int64_t after_us;
	bool before = old != NULL && post_due_us(old, &before_us);
	bool after = post != NULL && post_due_us(post, &after_us);
	struct key key;
	if (before && after && before_us == after_us)
		return;
	if (before) {
		key_due(&key, before_us, old->id);
		txn_delete(apply->txn, TABLE_DUE, &key);
	}
	if (after) {
		key_due(&key, after_us, post->id);
		txn_put(apply->txn, TABLE_DUE, &key, slice_of(NULL, 0));
	}
}

static void replace_postings(struct apply *apply, struct arena *arena, const Lectern__V1__Post *old,
	const Lectern__V1__Post *post)
{
	struct posting_set before;
	struct posting_set after;
	if (!postings_of_post(apply->txn, arena, old, &before) ||
		!postings_of_post(apply->txn, arena, post, &after)) {
		txn_fail_memory(apply->txn);
		return;
	}
	postings_replace(apply->txn, &before, &after);
	if (old != NULL && old->series != NULL)
		apply_drop_unused_series(apply, old->series->id);
}

void apply_store_post(struct apply *apply, struct arena *arena, const Lectern__V1__Post *old,
	Lectern__V1__Post *post, bool content)
{
	post->revision = old == NULL ? 1 : old->revision + 1;
	post->etag = apply_etag(apply, arena);
	if (post->etag == NULL)
		return;
	apply_slug_change(apply, SLUG_POST, post->id, old == NULL ? NULL : old->slug, post->slug,
		&post->aliases, &post->n_aliases);
	replace_postings(apply, arena, old, post);
	replace_due(apply, old, post);
	apply_index_post(apply, old, post, content);
	post_put_summary(apply->txn, post->id, post_pack_summary(arena, post));
	if (content)
		post_put_content(apply->txn, arena, post);
}

static void log_post(struct apply *apply, const Lectern__V1__Post *old,
	const Lectern__V1__Post *post, Lectern__Store__V1__Change__Kind kind)
{
	Lectern__Store__V1__Change change = LECTERN__STORE__V1__CHANGE__INIT;
	change.entity = LECTERN__STORE__V1__ENTITY__ENTITY_POST;
	change.kind = kind;
	change.id = post->id;
	change.slug = post->slug;
	if (old != NULL && strcmp(old->slug, post->slug) != 0)
		change.former_slug = old->slug;
	if (kind != LECTERN__STORE__V1__CHANGE__KIND__KIND_PURGED)
		change.etag = post->etag;
	apply_log_change(apply, &change);
}

static void answer_post(struct apply *apply, const Lectern__V1__Post *post)
{
	struct slice summary = post_pack_summary(apply->arena, post);
	if (summary.data == NULL)
		txn_fail_memory(apply->txn);
	else
		apply_answer(apply, summary, slice_of(NULL, 0));
}

/* Whether the stored heavy part is what the post would be written with. */
static bool same_content(struct apply *apply, const Lectern__V1__Post *post)
{
	Lectern__V1__Post source = LECTERN__V1__POST__INIT;
	source.body_format = post->body_format;
	source.body = post->body;
	struct slice packed = arena_pack(apply->arena, &source.base);
	struct key key;
	struct slice stored;
	key_post(&key, post->id, POST_SOURCE);
	/* html and outline follow from the body; a new renderer alone is no change. */
	return packed.data != NULL && txn_get(apply->txn, TABLE_POST, &key, &stored) &&
	       slice_equals(packed, stored);
}

/* Whether a write would change nothing that anybody can see. */
static bool is_unchanged(struct apply *apply, const Lectern__V1__Post *old,
	const Lectern__V1__Post *post, bool content)
{
	struct slice before = post_pack_summary(apply->arena, old);
	struct slice after = post_pack_summary(apply->arena, post);
	return before.data != NULL && slice_equals(before, after) &&
	       (!content || same_content(apply, post));
}

static enum code check_put(
	const Lectern__Store__V1__PutPost *op, const Lectern__V1__Post *old, struct error *err)
{
	char folded[8];
	if (old == NULL && text_fold(slice_of_text(op->post->title), folded, sizeof folded) == 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "post.title",
			"must not be empty");
	if (old == NULL)
		return CODE_OK;
	enum code code = apply_check_etag(op->post->etag, old->etag, "post", err);
	if (code != CODE_OK)
		return code;
	if (old->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED)
		return fail_reason(err, CODE_FAILED_PRECONDITION, "POST_TRASHED",
			"the post is in the trash; bring it back with UndeletePost first");
	return CODE_OK;
}

/* EXPIRED follows from expire_time; sent for a post that is not, it would publish it. */
static enum code check_expired(const Lectern__Store__V1__PutPost *op, uint64_t mask,
	const Lectern__V1__Post *old, const Lectern__V1__Post *post, struct error *err)
{
	const Lectern__V1__PostState expired = LECTERN__V1__POST_STATE__POST_STATE_EXPIRED;
	if (!mask_has(mask, FIELD_STATE) || op->post->state != expired || post->state == expired ||
		(old != NULL && old->state == expired))
		return CODE_OK;
	return fail_field(err, CODE_INVALID_ARGUMENT, "STATE_NOT_SETTABLE", "post.state",
		"cannot be set to EXPIRED; set expire_time, which makes it so");
}

enum code apply_put_post(
	struct apply *apply, const Lectern__Store__V1__PutPost *op, struct error *err)
{
	Lectern__V1__Post *old = NULL;
	enum code code = CODE_OK;
	if (op->key != NULL)
		code = load_post(apply, op->key, op->allow_missing, &old, err);
	if (code == CODE_OK)
		code = check_put(op, old, err);
	if (code != CODE_OK)
		return code;

	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	if (old != NULL)
		post = *old;
	uint64_t mask = old == NULL ? UINT64_MAX : op->field_mask;
	bool content = mask_has(mask, FIELD_BODY);
	take_plain_fields(&post, op->post, mask);
	code = settle_state(apply, &post, err);
	if (code == CODE_OK)
		code = check_expired(op, mask, old, &post, err);
	if (code == CODE_OK)
		code = apply_check_refs(apply, op, mask, err);
	if (code == CODE_OK)
		code = choose_slug(apply, op, old, &post.slug, err);
	if (code != CODE_OK)
		return code;

	apply_take_refs(apply, &post, op->post, mask);
	if (txn_status(apply->txn, err) != CODE_OK)
		return txn_status(apply->txn, err);
	if (old != NULL && is_unchanged(apply, old, &post, content)) {
		answer_post(apply, old);
		return txn_status(apply->txn, err);
	}
	if (old == NULL) {
		post.id = apply_next_id(apply, META_NEXT_POST_ID);
		post.create_time = apply_timestamp(apply->arena, apply->now_us);
	}
	post.update_time = apply_timestamp(apply->arena, apply->now_us);
	apply_store_post(apply, apply->arena, old, &post, content);
	log_post(apply, old, &post,
		old == NULL ? LECTERN__STORE__V1__CHANGE__KIND__KIND_CREATED
			    : LECTERN__STORE__V1__CHANGE__KIND__KIND_UPDATED);
	answer_post(apply, &post);
	return txn_status(apply->txn, err);
}

/* The state that an action leads to, in *post; an error if it does not go from here. */
static enum code move(struct apply *apply, const Lectern__Store__V1__MovePost *op,
	Lectern__V1__Post *post, struct error *err)
{
	bool trashed = post->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED;
	bool wants_trashed = op->action == LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_UNTRASH ||
			     op->action == LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_PURGE;
	if (wants_trashed && !trashed)
		return fail_reason(err, CODE_FAILED_PRECONDITION, "POST_NOT_TRASHED",
			"the post is not in the trash; DeletePost puts it there");
	if (!wants_trashed && trashed)
		return fail_reason(err, CODE_FAILED_PRECONDITION, "POST_TRASHED",
			"the post is in the trash; bring it back with UndeletePost first");
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
		return settle_state(apply, post, err);
	case LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_SCHEDULE:
		post->state = LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED;
		post->publish_time = op->publish_time;
		return settle_state(apply, post, err);
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

static void purge_post(struct apply *apply, const Lectern__V1__Post *post)
{
	apply_slug_remove(apply, SLUG_POST, post->slug, post->aliases, post->n_aliases);
	replace_postings(apply, apply->arena, post, NULL);
	replace_due(apply, post, NULL);
	apply_index_post(apply, post, NULL, false);
	post_delete_records(apply->txn, post->id);
	log_post(apply, NULL, post, LECTERN__STORE__V1__CHANGE__KIND__KIND_PURGED);
}

enum code apply_move_post(
	struct apply *apply, const Lectern__Store__V1__MovePost *op, struct error *err)
{
	Lectern__V1__Post *old;
	enum code code = load_post(apply, op->key, op->allow_missing, &old, err);
	if (code != CODE_OK || old == NULL)
		return code;
	code = apply_check_etag(op->etag, old->etag, "post", err);
	Lectern__V1__Post post = *old;
	if (code == CODE_OK)
		code = move(apply, op, &post, err);
	if (code != CODE_OK)
		return code;
	if (op->action == LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_PURGE) {
		purge_post(apply, old);
		return txn_status(apply->txn, err);
	}
	if (is_unchanged(apply, old, &post, false)) {
		answer_post(apply, old);
		return txn_status(apply->txn, err);
	}
	post.update_time = apply_timestamp(apply->arena, apply->now_us);
	apply_store_post(apply, apply->arena, old, &post, false);
	log_post(apply, old, &post,
		op->action == LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_TRASH
			? LECTERN__STORE__V1__CHANGE__KIND__KIND_DELETED
			: LECTERN__STORE__V1__CHANGE__KIND__KIND_UPDATED);
	answer_post(apply, &post);
	return txn_status(apply->txn, err);
}
