/* Bringing a former state of a post back, as a new revision. */
#include "base/limits.h"
#include "store/apply.h"
#include "store/history.h"
#include "store/term.h"

#include <inttypes.h>
#include <stdio.h>

#define BIT(field_number) (UINT64_C(1) << (field_number))

/* By field numbers of lectern.v1.Post: title, excerpt; tags, categories, authors, series, language,
 * featured, cover_image_url, canonical_url, attributes. */
static const uint64_t ROLLED_BACK = BIT(3) | BIT(4) | BIT(13) | BIT(14) | BIT(15) | BIT(16) |
				    BIT(17) | BIT(18) | BIT(19) | BIT(20) | BIT(21);

static enum code fail_no_revision(
	struct apply *apply, uint64_t id, uint64_t revision, uint64_t current, struct error *err)
{
	return fail_field(err, CODE_NOT_FOUND, "REVISION_NOT_FOUND", "revision",
		"post %" PRIu64 " has no revision %" PRIu64 "; those from %" PRIu64 " to %" PRIu64
		" are kept",
		id, revision, history_oldest(apply->txn, id), current);
}

/* Leaves those references whose term is still there, by its id, or is now an alias of another one:
 * renamed terms keep their id, merged ones leave their slugs behind. Those of an imported state may
 * be names of terms that were made since. */
static void keep_known(
	struct apply *apply, uint8_t kind, Lectern__V1__TermRef **refs, size_t *count)
{
	size_t kept = 0;
	for (size_t i = 0; i < *count; i++) {
		bool flag;
		struct slice record;
		bool imported = refs[i]->id == 0;
		if (!term_read(apply->txn, kind, refs[i]->id, &record))
			refs[i]->id = term_find_slug(
				apply->txn, kind, slice_of_text(refs[i]->slug), &flag);
		if (refs[i]->id == 0 && imported)
			refs[i]->id = term_find_name(
				apply->txn, kind, slice_of_text(refs[i]->name), &flag);
		if (refs[i]->id != 0)
			refs[kept++] = refs[i];
	}
	*count = kept;
}

static void take_summary(struct apply *apply, Lectern__V1__Post *post, Lectern__V1__Post *then)
{
	apply_take_fields(post, then, ROLLED_BACK);
	post->word_count = then->word_count;
	post->reading_seconds = then->reading_seconds;
	keep_known(apply, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG, then->tags, &then->n_tags);
	keep_known(apply, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY, then->categories,
		&then->n_categories);
	keep_known(apply, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR, then->authors,
		&then->n_authors);
	apply_take_refs(apply, post, then, ROLLED_BACK);
}

/* The former body, if it is not the present one. */
static bool take_content(struct apply *apply, Lectern__V1__Post *post, uint64_t revision)
{
	struct slice source;
	struct slice html;
	bool former;
	if (!history_content(apply->txn, post->id, revision, &source, &html, &former)) {
		txn_fail_corrupt(apply->txn, "content of post", post->id);
		return false;
	}
	if (!former)
		return false;
	struct arena *arena = apply->arena;
	Lectern__V1__Post *written =
		lectern__v1__post__unpack(&arena->allocator, source.size, source.data);
	Lectern__V1__Post *rendered =
		lectern__v1__post__unpack(&arena->allocator, html.size, html.data);
	if (written == NULL || rendered == NULL) {
		txn_fail_memory(apply->txn);
		return false;
	}
	post->body_format = written->body_format;
	post->body = written->body;
	post->html = rendered->html;
	post->outline = rendered->outline;
	post->n_outline = rendered->n_outline;
	return true;
}

/* Checks what can be refused; the former summary in *ret. */
static enum code check(struct apply *apply, const Lectern__Store__V1__RollbackPost *op,
	const Lectern__V1__Post *old, Lectern__V1__Post **ret, struct error *err)
{
	enum code code = apply_check_etag(op->etag, old->etag, "post", err);
	if (code == CODE_OK)
		code = apply_check_not_trashed(old, err);
	if (code != CODE_OK)
		return code;
	*ret = NULL;
	if (op->revision == old->revision)
		return CODE_OK;
	Lectern__Store__V1__Revision *revision =
		op->revision > old->revision
			? NULL
			: history_read(apply->txn, apply->arena, old->id, op->revision);
	if (txn_status(apply->txn, err) != CODE_OK)
		return txn_status(apply->txn, err);
	if (revision == NULL)
		return fail_no_revision(apply, old->id, op->revision, old->revision, err);
	*ret = lectern__v1__post__unpack(
		&apply->arena->allocator, revision->post.len, revision->post.data);
	if (*ret == NULL)
		txn_fail_corrupt(apply->txn, "history of post", old->id);
	return txn_status(apply->txn, err);
}

enum code apply_rollback_post(
	struct apply *apply, const Lectern__Store__V1__RollbackPost *op, struct error *err)
{
	Lectern__V1__Post *old;
	Lectern__V1__Post *then = NULL;
	enum code code = apply_load_post(apply, op->key, false, &old, err);
	if (code == CODE_OK)
		code = check(apply, op, old, &then, err);
	if (code != CODE_OK)
		return code;
	Lectern__V1__Post post = *old;
	bool content = false;
	if (then != NULL) {
		content = take_content(apply, &post, op->revision);
		take_summary(apply, &post, then);
	}
	if (txn_status(apply->txn, err) != CODE_OK)
		return txn_status(apply->txn, err);
	if (apply_post_is_unchanged(apply, old, &post, content)) {
		apply_answer_post(apply, old);
		return txn_status(apply->txn, err);
	}
	char summary[64];
	snprintf(summary, sizeof summary, "rolled back to revision %" PRIu64, op->revision);
	struct post_change change = { .old = old,
		.post = &post,
		.content = content,
		.kind = LECTERN__V1__CHANGE_KIND__CHANGE_KIND_UPDATED };
	apply_take_note(&change, op->note);
	if (change.summary[0] == '\0')
		change.summary = summary;
	post.update_time = apply_timestamp(apply->arena, apply->now_us);
	apply_store_post(apply, apply->arena, &change);
	apply_answer_post(apply, &post);
	return txn_status(apply->txn, err);
}
