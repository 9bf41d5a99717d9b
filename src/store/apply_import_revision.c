/*
 * Taking in the history of a post that came from elsewhere: the newest revision first, so that what
 * the history has never has a gap. The lines are those that changes made here leave behind; see
 * apply_history.c.
 */
#include "base/limits.h"
#include "store/apply.h"
#include "store/history.h"
#include "store/post.h"
#include "store/term.h"

#include <inttypes.h>
#include <lectern/v1/import.pb-c.h>
#include <times.h>

enum { FIELD_RESULT = 1 }; /* of ImportPostRevisionResponse */

static enum code answer(struct apply *apply, int result, struct error *err)
{
	apply_answer_result(apply, FIELD_RESULT, result);
	return txn_status(apply->txn, err);
}

static enum code fail_history(struct apply *apply, uint64_t id, struct error *err)
{
	txn_fail_corrupt(apply->txn, "history of post", id);
	return txn_status(apply->txn, err);
}

/* When the current state was made and by whom; what the source leaves open stays. */
static enum code import_current(struct apply *apply, const Lectern__V1__Post *post,
	const Lectern__V1__PostRevision *from, struct error *err)
{
	Lectern__Store__V1__Revision *line =
		history_read(apply->txn, apply->arena, post->id, post->revision);
	if (line == NULL)
		return fail_history(apply, post->id, err);
	struct slice before = arena_pack(apply->arena, &line->base);
	if (from->create_time != NULL)
		line->time_us = timestamp_to_us(from->create_time);
	if (from->note != NULL) {
		line->author = from->note->author;
		if (from->note->summary[0] != '\0')
			line->summary = from->note->summary;
	}
	struct slice after = arena_pack(apply->arena, &line->base);
	if (before.data == NULL || after.data == NULL) {
		txn_fail_memory(apply->txn);
		return txn_status(apply->txn, err);
	}
	if (slice_equals(before, after))
		return answer(apply, LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UNCHANGED, err);
	apply_history_put(apply, apply->arena, post->id, post->revision, line);
	return answer(apply, LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UPDATED, err);
}

/* The line behind it is missing: the history would have a gap. */
static enum code fail_gap(
	struct apply *apply, const Lectern__V1__Post *post, uint64_t number, struct error *err)
{
	uint64_t oldest = history_oldest(apply->txn, post->id);
	if (txn_status(apply->txn, err) != CODE_OK)
		return txn_status(apply->txn, err);
	if (number > post->revision)
		return fail_field(err, CODE_FAILED_PRECONDITION, "REVISION_GAP",
			"revision.revision",
			"post %" PRIu64 " is at revision %" PRIu64 "; a later state of it comes "
			"with ImportPost",
			post->id, post->revision);
	return fail_field(err, CODE_FAILED_PRECONDITION, "REVISION_GAP", "revision.revision",
		"the history of post %" PRIu64 " goes back to revision %" PRIu64
		", so the next one that it takes is %" PRIu64 ", not %" PRIu64,
		post->id, oldest, oldest - 1, number);
}

/* Whether there is something to do: not for what is there, and what lies too far back. */
static enum code check_former(struct apply *apply, const Lectern__V1__Post *post, uint64_t number,
	bool *ret, struct error *err)
{
	struct key key;
	*ret = false;
	if (number > post->revision)
		return fail_gap(apply, post, number, err);
	key_revision(&key, post->id, number);
	if (post->revision - number > apply->revisions_kept ||
		txn_has(apply->txn, TABLE_REVISION, &key))
		return txn_status(apply->txn, err);
	key_revision(&key, post->id, number + 1);
	*ret = txn_has(apply->txn, TABLE_REVISION, &key);
	return *ret ? CODE_OK : fail_gap(apply, post, number, err);
}

/* What the references mean today; a term that does not exist stays a name. */
static void find_refs(struct apply *apply, uint8_t kind, Lectern__V1__TermRef **refs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		refs[i]->id = apply_find_term(apply, kind, refs[i], "", NULL);
		refs[i]->base.n_unknown_fields = 0;
	}
}

static void find_series(struct apply *apply, Lectern__V1__SeriesRef *series)
{
	const uint8_t kind = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_SERIES;
	bool flag;
	if (series == NULL)
		return;
	series->base.n_unknown_fields = 0;
	series->id = series->slug[0] != '\0'
			     ? term_find_slug(apply->txn, kind, slice_of_text(series->slug), &flag)
			     : term_find_name(apply->txn, kind, slice_of_text(series->name), &flag);
}

/* The state as a summary record has it. The etag stays empty: one of another store could be that of
 * something else here. */
static Lectern__V1__Post former_state(struct apply *apply, const Lectern__V1__Post *current,
	const Lectern__V1__PostRevision *from)
{
	Lectern__V1__Post post = *from->post;
	post.base.n_unknown_fields = 0;
	post.id = current->id;
	post.revision = from->revision;
	post.etag = (char *)(uintptr_t)protobuf_c_empty_string;
	post.origin = current->origin;
	if (post.slug[0] == '\0')
		post.slug = current->slug;
	if (post.state == LECTERN__V1__POST_STATE__POST_STATE_UNSPECIFIED)
		post.state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
	if (post.create_time == NULL)
		post.create_time = current->create_time;
	if (post.update_time == NULL)
		post.update_time = from->create_time;
	if (post.state != LECTERN__V1__POST_STATE__POST_STATE_TRASHED)
		post.delete_time = NULL;
	find_refs(apply, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG, post.tags, post.n_tags);
	find_refs(apply, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY, post.categories,
		post.n_categories);
	find_refs(apply, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR, post.authors,
		post.n_authors);
	find_series(apply, post.series);
	return post;
}

/* Keeps the body unless the state behind this one has it too. */
static void put_content(struct apply *apply, const Lectern__V1__Post *post)
{
	Lectern__V1__Post source = LECTERN__V1__POST__INIT;
	Lectern__V1__Post html = LECTERN__V1__POST__INIT;
	struct slice next_source;
	struct slice next_html;
	struct key key;
	bool former;
	source.body_format = post->body_format;
	source.body = post->body;
	html.html = post->html;
	html.outline = post->outline;
	html.n_outline = post->n_outline;
	struct slice packed = arena_pack(apply->arena, &source.base);
	struct slice rendered = arena_pack(apply->arena, &html.base);
	if (packed.data == NULL || rendered.data == NULL) {
		txn_fail_memory(apply->txn);
		return;
	}
	if (!history_content(
		    apply->txn, post->id, post->revision + 1, &next_source, &next_html, &former)) {
		txn_fail_corrupt(apply->txn, "content of post", post->id);
		return;
	}
	if (slice_equals(packed, next_source))
		return;
	key_content(&key, post->id, post->revision, POST_SOURCE);
	txn_put(apply->txn, TABLE_CONTENT, &key, packed);
	key_content(&key, post->id, post->revision, POST_HTML);
	txn_put(apply->txn, TABLE_CONTENT, &key, rendered);
}

static enum code import_former(struct apply *apply, const Lectern__V1__Post *current,
	const Lectern__V1__PostRevision *from, struct error *err)
{
	Lectern__Store__V1__Revision line = LECTERN__STORE__V1__REVISION__INIT;
	static char imported[] = "imported";
	Lectern__V1__Post post = former_state(apply, current, from);
	struct slice summary = post_pack_summary(apply->arena, &post);
	if (summary.data == NULL) {
		txn_fail_memory(apply->txn);
		return txn_status(apply->txn, err);
	}
	line.time_us = timestamp_to_us(from->create_time);
	if (from->note != NULL) {
		line.author = from->note->author;
		line.summary = from->note->summary;
	}
	if (line.summary[0] == '\0')
		line.summary = imported;
	line.post.data = (uint8_t *)(uintptr_t)summary.data;
	line.post.len = summary.size;
	put_content(apply, &post);
	apply_history_put(apply, apply->arena, post.id, post.revision, &line);
	return answer(apply, LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_CREATED, err);
}

enum code apply_import_revision(
	struct apply *apply, const Lectern__Store__V1__ImportRevision *op, struct error *err)
{
	const Lectern__V1__PostRevision *from = op->revision;
	Lectern__V1__Post *post;
	bool wanted;
	enum code code = apply_load_post(apply, op->key, false, &post, err);
	if (code != CODE_OK)
		return code;
	if (from->revision == post->revision)
		return import_current(apply, post, from, err);
	code = check_former(apply, post, from->revision, &wanted, err);
	if (code != CODE_OK)
		return code;
	if (!wanted)
		return answer(apply, LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UNCHANGED, err);
	if (from->post == NULL)
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "revision.post",
			"revision %" PRIu64 " is a former one, which has a post of its own; only "
			"that of the current one, %" PRIu64 ", may be left out",
			from->revision, post->revision);
	if (from->create_time == NULL)
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED",
			"revision.create_time", "tell when the state was made");
	return import_former(apply, post, from, err);
}
