/* Making and changing a post: the fields that a caller may set. */
#include "base/text.h"
#include "store/apply.h"
#include "store/post.h"

#include <inttypes.h>

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
	FIELD_BODY_FORMAT = 32,
	FIELD_BODY = 33,
};

static bool is_by_origin(const Lectern__Store__V1__Key *key)
{
	return key->slug[0] == '\0' && key->origin[0] != '\0';
}

static uint64_t find_post(struct apply *apply, const Lectern__Store__V1__Key *key)
{
	bool former;
	if (key == NULL)
		return 0;
	if (key->id != 0)
		return key->id;
	if (is_by_origin(key))
		return post_find_origin(apply->txn, slice_of_text(key->origin));
	return post_find_slug(apply->txn, slice_of_text(key->slug), &former);
}

enum code apply_load_post(struct apply *apply, const Lectern__Store__V1__Key *key,
	bool allow_missing, Lectern__V1__Post **ret, struct error *err)
{
	uint64_t id = find_post(apply, key);
	*ret = id == 0 ? NULL : post_unpack_summary(apply->txn, apply->arena, id);
	enum code code = txn_status(apply->txn, err);
	if (code != CODE_OK || *ret != NULL || allow_missing)
		return code;
	return post_fail_missing(key->id, is_by_origin(key) ? key->origin : NULL, key->slug, err);
}

void apply_take_fields(Lectern__V1__Post *post, const Lectern__V1__Post *from, uint64_t mask)
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

enum code apply_check_not_trashed(const Lectern__V1__Post *post, struct error *err)
{
	if (post->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED)
		return fail_reason(err, CODE_FAILED_PRECONDITION, "POST_TRASHED",
			"the post is in the trash; bring it back with UndeletePost first");
	return CODE_OK;
}

enum code apply_check_title(const Lectern__V1__Post *post, struct error *err)
{
	char folded[8];
	if (text_fold(slice_of_text(post->title), folded, sizeof folded) > 0)
		return CODE_OK;
	return fail_field(
		err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "post.title", "must not be empty");
}

static enum code check_put(
	const Lectern__Store__V1__PutPost *op, const Lectern__V1__Post *old, struct error *err)
{
	if (old == NULL)
		return apply_check_title(op->post, err);
	enum code code = apply_check_etag(op->post->etag, old->etag, "post", err);
	if (code != CODE_OK)
		return code;
	return apply_check_not_trashed(old, err);
}

/* A body without its format was rendered as one of the format that the post had then. */
static enum code check_format(struct apply *apply, const Lectern__Store__V1__PutPost *op,
	const Lectern__V1__Post *old, struct error *err)
{
	Lectern__V1__BodyFormat format;
	if (old == NULL || !mask_has(op->field_mask, FIELD_BODY) ||
		mask_has(op->field_mask, FIELD_BODY_FORMAT) ||
		!post_body_format(apply->txn, old->id, &format) || format == op->post->body_format)
		return txn_status(apply->txn, err);
	return fail_reason(err, CODE_ABORTED, "BODY_FORMAT_CHANGED",
		"another write has changed body_format meanwhile; read the post again and repeat, "
		"or "
		"send body_format with body");
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
		code = apply_load_post(apply, op->key, op->allow_missing, &old, err);
	if (code == CODE_OK)
		code = check_put(op, old, err);
	if (code == CODE_OK)
		code = check_format(apply, op, old, err);
	if (code != CODE_OK)
		return code;

	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	if (old != NULL)
		post = *old;
	uint64_t mask = old == NULL ? UINT64_MAX : op->field_mask;
	bool content = mask_has(mask, FIELD_BODY);
	apply_take_fields(&post, op->post, mask);
	code = apply_settle_state(apply, &post, err);
	if (code == CODE_OK)
		code = check_expired(op, mask, old, &post, err);
	if (code == CODE_OK)
		code = apply_check_refs(apply, op->post, mask, op->create_missing_terms, err);
	if (code == CODE_OK)
		code = choose_slug(apply, op, old, &post.slug, err);
	if (code != CODE_OK)
		return code;

	apply_take_refs(apply, &post, op->post, mask);
	if (txn_status(apply->txn, err) != CODE_OK)
		return txn_status(apply->txn, err);
	if (old != NULL && apply_post_is_unchanged(apply, old, &post, content)) {
		apply_answer_post(apply, old);
		return txn_status(apply->txn, err);
	}
	if (old == NULL) {
		post.id = apply_next_id(apply, META_NEXT_POST_ID);
		post.create_time = apply_timestamp(apply->arena, apply->now_us);
	}
	post.update_time = apply_timestamp(apply->arena, apply->now_us);
	struct post_change change = { .old = old,
		.post = &post,
		.content = content,
		.kind = old == NULL ? LECTERN__V1__CHANGE_KIND__CHANGE_KIND_CREATED
				    : LECTERN__V1__CHANGE_KIND__CHANGE_KIND_UPDATED };
	apply_take_note(&change, op->note);
	apply_store_post(apply, apply->arena, &change);
	apply_answer_post(apply, &post);
	return txn_status(apply->txn, err);
}
