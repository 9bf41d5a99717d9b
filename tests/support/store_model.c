#include "support/store_model.h"

#include <inttypes.h>
#include <lectern/v1/import.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <times.h>

#include <cmocka.h>

enum {
	/* Field numbers of lectern.v1.Post. */
	FIELD_EXCERPT = 4,
	FIELD_BODY = 33,
};

void model_init(struct model *model, struct store_fixture stores[2])
{
	memset(model, 0, sizeof *model);
	model->stores = stores;
	model->now_us = INT64_C(1700000000000000);
	for (int kind = KIND_TAG; kind <= KIND_AUTHOR; kind++)
		for (int i = 0; i < MODEL_TERMS; i++)
			model_put_term(model, kind, i, -1);
}

static void forget(struct model_post *post)
{
	free(post->history);
	memset(post, 0, sizeof *post);
}

void model_done(struct model *model)
{
	for (int i = 0; i < MODEL_POSTS; i++)
		forget(&model->posts[i]);
	free(model->merged_into);
}

/* Applies to both stores; both must answer the same. */
void model_apply(
	struct model *model, Lectern__Store__V1__Command *command, struct write_result *result)
{
	static struct write_result other;
	command->time_us = model->now_us;
	command->revisions_kept = MODEL_REVISIONS_KEPT;
	store_fixture_apply(&model->stores[0], command, result);
	store_fixture_apply(&model->stores[1], command, &other);
	assert_int_equal(result->error.code, other.error.code);
	if (result->error.code != CODE_OK) {
		assert_string_equal(result->error.text, other.error.text);
		return;
	}
	assert_int_equal(result->payload_size, other.payload_size);
	assert_memory_equal(result->payload, other.payload, other.payload_size);
	assert_true(result->revision == other.revision);
	assert_true(result->revision >= model->revision);
	model->revision = result->revision;
}

bool chance(int percent)
{
	return rand() % 100 < percent;
}

int pick(int count)
{
	return rand() % count;
}

/* The post inside a response. */
static Lectern__V1__Post *post_of(const struct write_result *result)
{
	Lectern__V1__CreatePostResponse *response = lectern__v1__create_post_response__unpack(
		NULL, result->payload_size, result->payload);
	assert_non_null(response);
	Lectern__V1__Post *post = response->post;
	assert_non_null(post);
	response->post = NULL;
	lectern__v1__create_post_response__free_unpacked(response, NULL);
	return post;
}

static void note_history(struct model *model, struct model_post *post)
{
	assert_true(post->revision <= MODEL_HISTORY);
	if (post->history == NULL)
		post->history = calloc(MODEL_HISTORY, sizeof *post->history);
	assert_non_null(post->history);
	struct model_revision *revision = &post->history[post->revision - 1];
	for (int kind = KIND_TAG; kind <= KIND_AUTHOR; kind++)
		for (int i = 0; i < MODEL_TERMS; i++)
			revision->terms[kind][i] =
				post->terms[kind][i] ? model->terms[kind][i].id : 0;
}

void model_post_changed(struct model *model, struct model_post *post)
{
	post->revision++;
	note_history(model, post);
}

/* The post is `next` now, at the revision that the store has told. */
static void take(
	struct model *model, struct model_post *post, struct model_post *next, uint64_t revision)
{
	if (post->id == 0)
		next->first_revision = revision;
	else
		assert_true(revision == post->revision || revision == post->revision + 1);
	next->history = post->history;
	next->revision = revision;
	*post = *next;
	note_history(model, post);
}

/* What the store is to make of state and times; the rules of post.proto, written again. */
static void settle(struct model *model, struct model_post *post)
{
	if (post->state == LECTERN__V1__POST_STATE__POST_STATE_DRAFT ||
		post->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED)
		return;
	if (!post->has_publish) {
		post->has_publish = true;
		post->publish_us = model->now_us;
	}
	post->state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	if (post->publish_us > model->now_us)
		post->state = LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED;
	if (post->has_expire && post->expire_us <= model->now_us)
		post->state = LECTERN__V1__POST_STATE__POST_STATE_EXPIRED;
}

struct refs {
	Lectern__V1__TermRef refs[MODEL_TERMS];
	Lectern__V1__TermRef *list[MODEL_TERMS];
	size_t count;
};

static void choose_terms(struct model *model, struct model_post *post, int kind, struct refs *refs)
{
	refs->count = 0;
	for (int i = 0; i < MODEL_TERMS; i++) {
		post->terms[kind][i] = chance(25);
		if (!post->terms[kind][i])
			continue;
		Lectern__V1__TermRef *ref = &refs->refs[refs->count];
		lectern__v1__term_ref__init(ref);
		if (chance(50))
			ref->id = model->terms[kind][i].id;
		else
			ref->name = model->terms[kind][i].name;
		refs->list[refs->count++] = ref;
	}
}

/* A body as the renderer would make it, some of the words in most posts, some in few. */
static void print_html(char *out, size_t out_bytes)
{
	size_t size = (size_t)snprintf(out, out_bytes, "<h2>Heading %d</h2>\n<p>", pick(10));
	for (int i = 0; i < 20; i++)
		size += (size_t)snprintf(out + size, out_bytes - size, "%s%d ",
			i < 10 ? "common" : "word", pick(i < 10 ? 20 : 2000));
	snprintf(out + size, out_bytes - size, "caf\xC3\xA9 &amp; \xE6\xB7\xB1\xE5\xBA\xA6</p>");
}

/* Makes or changes a post; where it was imported, or is new, that may be an import. */
static void put_post(struct model *model, struct model_post *post)
{
	static const char *const languages[] = { "", "en", "de", "en-GB" };
	static struct write_result result;
	static struct refs refs[4];
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutPost op = LECTERN__STORE__V1__PUT_POST__INIT;
	Lectern__Store__V1__ImportPost import_op = LECTERN__STORE__V1__IMPORT_POST__INIT;
	Lectern__Store__V1__Key key = LECTERN__STORE__V1__KEY__INIT;
	Lectern__V1__Post value = LECTERN__V1__POST__INIT;
	Lectern__V1__SeriesRef series = LECTERN__V1__SERIES_REF__INIT;
	Google__Protobuf__Timestamp publish;
	Google__Protobuf__Timestamp expire;
	static char slug_base[] = "post";
	char title[64];
	char excerpt[64];
	char html[1000];
	char language[16];
	char series_name[32];
	char origin[32];
	const bool trashed =
		post->id != 0 && post->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED;
	const bool import = (post->id == 0 || post->imported) && chance(50);
	struct model_post next = *post;
	next.imported = post->imported || import;
	snprintf(title, sizeof title, "Post %u", pick(40));
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	command.put_post = &op;
	op.post = &value;
	op.field_mask = UINT64_MAX;
	op.slug_base = slug_base;
	if (post->id != 0) {
		key.id = post->id;
		op.key = &key;
	}
	value.title = title;
	/* Often the same post again but for a few fields. */
	snprintf(excerpt, sizeof excerpt, "Excerpt %d", pick(3));
	snprintf(language, sizeof language, "%s", languages[pick(4)]);
	print_html(html, sizeof html);
	value.excerpt = excerpt;
	value.language = language;
	value.html = html;
	value.body = html;
	if (post->id != 0 && chance(30))
		op.field_mask &= ~(UINT64_C(1) << FIELD_BODY);
	if (post->id != 0 && chance(30))
		op.field_mask &= ~(UINT64_C(1) << FIELD_EXCERPT);
	next.state = (Lectern__V1__PostState)(1 + pick(3));
	if (import && chance(15))
		next.state = LECTERN__V1__POST_STATE__POST_STATE_TRASHED;
	value.state = next.state;
	next.has_publish =
		chance(80) || next.state == LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED;
	/* A time that an import does not have is left as it is. */
	const bool keeps_publish =
		import && !next.has_publish && post->id != 0 && post->has_publish;
	next.publish_us = (int64_t)(pick(40) - 20) * INT64_C(86400000000) + model->now_us;
	if (keeps_publish) {
		next.has_publish = true;
		next.publish_us = post->publish_us;
	}
	next.has_expire = chance(20);
	next.expire_us = (next.has_publish ? next.publish_us : model->now_us) +
			 (int64_t)(1 + pick(20)) * INT64_C(43200000000);
	timestamp_from_us(&publish, next.publish_us);
	timestamp_from_us(&expire, next.expire_us);
	value.publish_time = next.has_publish && !keeps_publish ? &publish : NULL;
	value.expire_time = next.has_expire ? &expire : NULL;
	for (int kind = KIND_TAG; kind <= KIND_AUTHOR; kind++)
		choose_terms(model, &next, kind, &refs[kind]);
	value.tags = refs[KIND_TAG].list;
	value.n_tags = refs[KIND_TAG].count;
	value.categories = refs[KIND_CATEGORY].list;
	value.n_categories = refs[KIND_CATEGORY].count;
	value.authors = refs[KIND_AUTHOR].list;
	value.n_authors = refs[KIND_AUTHOR].count;
	if (chance(30)) {
		snprintf(series_name, sizeof series_name, "Series %d", pick(5));
		series.name = series_name;
		series.part = (uint32_t)pick(4);
		value.series = &series;
	}
	if (import) {
		command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_IMPORT_POST;
		command.import_post = &import_op;
		import_op.post = &value;
		import_op.field_mask = op.field_mask;
		import_op.slug_base = slug_base;
		snprintf(origin, sizeof origin, "origin %d", (int)(post - model->posts));
		value.origin = origin;
		value.revision = (uint64_t)pick(6);
	}
	model_apply(model, &command, &result);
	if (!import && post->id != 0 &&
		post->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED) {
		assert_int_equal(result.error.code, CODE_FAILED_PRECONDITION);
		return;
	}
	if (result.error.code != CODE_OK)
		fail_msg("put post: %s", result.error.text);
	Lectern__V1__Post *stored = post_of(&result);
	if (post->id == 0)
		next.create_us = model->now_us;
	else
		assert_true(stored->id == post->id);
	if (next.state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED && !trashed)
		next.delete_us = model->now_us;
	next.id = stored->id;
	uint64_t revision = stored->revision;
	lectern__v1__post__free_unpacked(stored, NULL);
	settle(model, &next);
	take(model, post, &next, revision);
}

/* The state before the first one of a post's history. */
static void import_revision(struct model *model, struct model_post *post)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__ImportRevision op = LECTERN__STORE__V1__IMPORT_REVISION__INIT;
	Lectern__Store__V1__Key key = LECTERN__STORE__V1__KEY__INIT;
	Lectern__V1__PostRevision revision = LECTERN__V1__POST_REVISION__INIT;
	Lectern__V1__Post value = LECTERN__V1__POST__INIT;
	Google__Protobuf__Timestamp time;
	static char title[] = "Former";
	char body[16];
	if (post->id == 0 || post->first_revision < 2)
		return;
	key.id = post->id;
	op.key = &key;
	op.revision = &revision;
	revision.revision = post->first_revision - 1;
	revision.create_time = &time;
	revision.post = &value;
	timestamp_from_us(&time, model->now_us - INT64_C(86400000000));
	snprintf(body, sizeof body, "body %d", pick(3));
	value.title = title;
	value.body = body;
	value.html = body;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_IMPORT_REVISION;
	command.import_revision = &op;
	model_apply(model, &command, &result);
	if (result.error.code != CODE_OK)
		fail_msg("import revision: %s", result.error.text);
	bool kept = post->revision - revision.revision <= MODEL_REVISIONS_KEPT;
	assert_int_equal(result.payload_size, 2);
	assert_int_equal(
		result.payload[1], kept ? LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_CREATED
					: LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UNCHANGED);
	if (kept) /* its terms are none, as the model's history has them */
		post->first_revision--;
}

static void move_post(struct model *model, struct model_post *post)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__MovePost op = LECTERN__STORE__V1__MOVE_POST__INIT;
	Lectern__Store__V1__Key key = LECTERN__STORE__V1__KEY__INIT;
	Google__Protobuf__Timestamp publish;
	int64_t publish_us = model->now_us + (int64_t)pick(5) * INT64_C(86400000000);
	if (post->id == 0)
		return;
	key.id = post->id;
	op.key = &key;
	op.action = (Lectern__Store__V1__MovePost__Action)(1 + pick(6));
	timestamp_from_us(&publish, publish_us);
	op.publish_time = &publish;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_MOVE_POST;
	command.move_post = &op;
	model_apply(model, &command, &result);
	bool trashed = post->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED;
	bool wants_trashed = op.action == LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_UNTRASH ||
			     op.action == LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_PURGE;
	if (trashed != wants_trashed) {
		assert_int_equal(result.error.code, CODE_FAILED_PRECONDITION);
		return;
	}
	struct model_post next = *post;
	switch (op.action) {
	case LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_TRASH:
		next.state = LECTERN__V1__POST_STATE__POST_STATE_TRASHED;
		next.delete_us = model->now_us;
		break;
	case LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_UNTRASH:
	case LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_UNPUBLISH:
		next.state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
		break;
	case LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_PUBLISH:
		next.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
		next.has_publish = next.has_publish && next.publish_us <= model->now_us;
		break;
	case LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_SCHEDULE:
		next.state = LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED;
		next.has_publish = true;
		next.publish_us = publish_us;
		break;
	default:
		next.id = 0;
		break;
	}
	settle(model, &next);
	/* An expire_time that is not after the new publish_time is refused. */
	bool goes_public = op.action == LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_PUBLISH ||
			   op.action == LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_SCHEDULE;
	bool clash = goes_public && next.has_expire && next.expire_us <= next.publish_us;
	if (clash) {
		assert_int_equal(result.error.code, CODE_INVALID_ARGUMENT);
		return;
	}
	if (result.error.code != CODE_OK)
		fail_msg("move post by action %d: %s", (int)op.action, result.error.text);
	if (next.id == 0) {
		forget(post);
		return;
	}
	Lectern__V1__Post *stored = post_of(&result);
	uint64_t revision = stored->revision;
	lectern__v1__post__free_unpacked(stored, NULL);
	take(model, post, &next, revision);
}

/* As settle(), for what ApplyDue does: whatever changes gets another revision. */
static void settle_due(struct model *model, struct model_post *post)
{
	Lectern__V1__PostState before = post->state;
	settle(model, post);
	if (post->state != before)
		model_post_changed(model, post);
}

static void apply_due(struct model *model)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__ApplyDue op = LECTERN__STORE__V1__APPLY_DUE__INIT;
	op.max_count = 10000;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_APPLY_DUE;
	command.apply_due = &op;
	model_apply(model, &command, &result);
	assert_int_equal(result.error.code, CODE_OK);
	for (int i = 0; i < MODEL_POSTS; i++) {
		struct model_post *post = &model->posts[i];
		if (post->id != 0 &&
			(post->state == LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED ||
				post->state == LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED))
			settle_due(model, post);
	}
}

static void merge_search(struct model *model)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__MergeSearch op = LECTERN__STORE__V1__MERGE_SEARCH__INIT;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_MERGE_SEARCH;
	command.merge_search = &op;
	model_apply(model, &command, &result);
	assert_int_equal(result.error.code, CODE_OK);
}

static void roll_back(struct model *model, struct model_post *post)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__RollbackPost op = LECTERN__STORE__V1__ROLLBACK_POST__INIT;
	Lectern__Store__V1__Key key = LECTERN__STORE__V1__KEY__INIT;
	if (post->id == 0)
		return;
	key.id = post->id;
	op.key = &key;
	op.revision = 1 + (uint64_t)pick((int)post->revision + 1);
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_ROLLBACK_POST;
	command.rollback_post = &op;
	model_apply(model, &command, &result);
	if (post->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED) {
		assert_int_equal(result.error.code, CODE_FAILED_PRECONDITION);
		return;
	}
	if (op.revision > post->revision || op.revision < post->first_revision ||
		op.revision + MODEL_REVISIONS_KEPT < post->revision) {
		assert_int_equal(result.error.code, CODE_NOT_FOUND);
		return;
	}
	if (result.error.code != CODE_OK)
		fail_msg("roll back: %s", result.error.text);
	struct model_post next = *post;
	memset(next.terms, 0, sizeof next.terms);
	for (int kind = KIND_TAG; kind <= KIND_AUTHOR; kind++)
		for (int i = 0; i < MODEL_TERMS; i++) {
			uint64_t id = post->history[op.revision - 1].terms[kind][i];
			int index = id == 0 ? -1 : model_find_term(model, kind, id);
			if (index >= 0)
				next.terms[kind][index] = true;
		}
	Lectern__V1__Post *stored = post_of(&result);
	uint64_t revision = stored->revision;
	lectern__v1__post__free_unpacked(stored, NULL);
	take(model, post, &next, revision);
}

/* Purges what has been in the trash for some days and cuts the change log. */
static void retain(struct model *model)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__ApplyRetention op = LECTERN__STORE__V1__APPLY_RETENTION__INIT;
	op.max_count = 10000;
	op.trashed_until_us = model->now_us - INT64_C(86400000000) * pick(10);
	op.changes_kept = 400;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_APPLY_RETENTION;
	command.apply_retention = &op;
	model_apply(model, &command, &result);
	assert_int_equal(result.error.code, CODE_OK);
	for (int i = 0; i < MODEL_POSTS; i++) {
		struct model_post *post = &model->posts[i];
		if (post->id != 0 && post->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED &&
			post->delete_us <= op.trashed_until_us)
			forget(post);
	}
}

void model_random_command(struct model *model)
{
	int kind = KIND_TAG + pick(3);
	int dice = pick(100);
	model->now_us += (int64_t)pick(3) * INT64_C(3600000000);
	if (dice < 48)
		put_post(model, &model->posts[pick(MODEL_POSTS)]);
	else if (dice < 72)
		move_post(model, &model->posts[pick(MODEL_POSTS)]);
	else if (dice < 79)
		roll_back(model, &model->posts[pick(MODEL_POSTS)]);
	else if (dice < 81)
		model_import_term(model, kind, pick(MODEL_TERMS));
	else if (dice < 83)
		import_revision(model, &model->posts[pick(MODEL_POSTS)]);
	else if (dice < 90)
		model_put_term(model, kind, pick(MODEL_TERMS),
			kind == KIND_CATEGORY && chance(70) ? pick(MODEL_TERMS) : -1);
	else if (dice < 92)
		model_delete_term(model, kind, pick(MODEL_TERMS));
	else if (dice < 95)
		model_merge_terms(model, kind);
	else if (dice < 97)
		apply_due(model);
	else if (dice < 99)
		retain(model);
	else
		merge_search(model);
}
