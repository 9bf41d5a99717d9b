/*
 * Random commands against a plain model in memory: after every round each posting list, each
 * counter and each record is what the model says, the checker agrees, and a second store that got
 * the same commands holds the same bytes.
 */
#include "support/store_fixture.h"

#include "base/clock.h"
#include "store/post.h"
#include "store/posting.h"

#include <inttypes.h>
#include <lectern/v1/tag.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <times.h>

#include <cmocka.h>

enum {
	TERMS = 8, /* of each kind */
	POSTS = 120,
	ROUNDS = 12,
	COMMANDS = 150,
	KIND_TAG = 1,
	KIND_CATEGORY = 2,
	KIND_AUTHOR = 3,
	/* Field numbers of lectern.v1.Post. */
	FIELD_EXCERPT = 4,
	FIELD_BODY = 33,
};

struct model_post {
	uint64_t id; /* 0: purged or not made */
	Lectern__V1__PostState state;
	bool has_publish;
	int64_t publish_us;
	bool has_expire;
	int64_t expire_us;
	int64_t create_us;
	bool terms[4][TERMS]; /* by kind and index */
};

struct model_term {
	uint64_t id; /* 0: deleted */
	char name[64];
	int parent; /* index of a category, -1 at the top */
};

struct model {
	struct model_post posts[POSTS];
	struct model_term terms[4][TERMS];
	int64_t now_us;
	uint64_t revision;
	unsigned serial;
};

static struct store_fixture stores[2];

static int64_t frozen_clock(void)
{
	return 0; /* nothing is ever due by the writer's own clock: ApplyDue comes from the test */
}

/* Applies to both stores; both must answer the same. */
static void apply(
	struct model *model, Lectern__Store__V1__Command *command, struct write_result *result)
{
	static struct write_result other;
	command->time_us = model->now_us;
	store_fixture_apply(&stores[0], command, result);
	store_fixture_apply(&stores[1], command, &other);
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

static bool chance(int percent)
{
	return rand() % 100 < percent;
}

static int pick(int count)
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

static void put_term(struct model *model, int kind, int index, int parent)
{
	struct model_term *term = &model->terms[kind][index];
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutTerm op = LECTERN__STORE__V1__PUT_TERM__INIT;
	Lectern__Store__V1__Key key = LECTERN__STORE__V1__KEY__INIT;
	Lectern__Store__V1__Term value = LECTERN__STORE__V1__TERM__INIT;
	Lectern__V1__TermRef parent_ref = LECTERN__V1__TERM_REF__INIT;
	char name[64];
	char base[64];
	snprintf(name, sizeof name, "Term %d %d v%u", kind, index, model->serial++);
	snprintf(base, sizeof base, "term-%d-%d-v%u", kind, index, model->serial);
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_TERM;
	command.put_term = &op;
	op.kind = (Lectern__Store__V1__TermKind)kind;
	op.term = &value;
	op.field_mask = UINT64_MAX;
	op.slug_base = base;
	value.name = name;
	if (chance(50))
		value.slug = base;
	if (parent >= 0) {
		parent_ref.id = model->terms[KIND_CATEGORY][parent].id;
		value.parent = &parent_ref;
	}
	if (term->id != 0) {
		key.id = term->id;
		op.key = &key;
	}
	apply(model, &command, &result);
	/* The model knows no cycle check of its own: it walks up. */
	bool cycle = false;
	for (int at = parent; at >= 0; at = model->terms[KIND_CATEGORY][at].parent)
		cycle = cycle || at == index;
	if (kind == KIND_CATEGORY && cycle) {
		assert_int_equal(result.error.code, CODE_FAILED_PRECONDITION);
		return;
	}
	assert_int_equal(result.error.code, CODE_OK);
	Lectern__V1__CreateTagResponse *response =
		lectern__v1__create_tag_response__unpack(NULL, result.payload_size, result.payload);
	assert_non_null(response);
	term->id = response->tag->id;
	snprintf(term->name, sizeof term->name, "%s", name);
	term->parent = parent;
	lectern__v1__create_tag_response__free_unpacked(response, NULL);
}

/* Deletes with force; a category with children is refused. The term is made again at once, so that
 * there is always one of each. */
static void delete_term(struct model *model, int kind, int index)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__DeleteTerm op = LECTERN__STORE__V1__DELETE_TERM__INIT;
	Lectern__Store__V1__Key key = LECTERN__STORE__V1__KEY__INIT;
	bool has_children = false;
	for (int i = 0; i < TERMS; i++)
		has_children = has_children ||
			       (kind == KIND_CATEGORY && model->terms[kind][i].parent == index);
	key.id = model->terms[kind][index].id;
	op.kind = (Lectern__Store__V1__TermKind)kind;
	op.key = &key;
	op.force = true;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_DELETE_TERM;
	command.delete_term = &op;
	apply(model, &command, &result);
	if (has_children) {
		assert_int_equal(result.error.code, CODE_FAILED_PRECONDITION);
		return;
	}
	assert_int_equal(result.error.code, CODE_OK);
	for (int i = 0; i < POSTS; i++)
		model->posts[i].terms[kind][index] = false;
	model->terms[kind][index].id = 0;
	model->terms[kind][index].parent = -1;
	put_term(model, kind, index, -1);
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
	Lectern__V1__TermRef refs[TERMS];
	Lectern__V1__TermRef *list[TERMS];
	size_t count;
};

static void choose_terms(struct model *model, struct model_post *post, int kind, struct refs *refs)
{
	refs->count = 0;
	for (int i = 0; i < TERMS; i++) {
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

static void put_post(struct model *model, struct model_post *post)
{
	static const char *const languages[] = { "", "en", "de", "en-GB" };
	static struct write_result result;
	static struct refs refs[4];
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutPost op = LECTERN__STORE__V1__PUT_POST__INIT;
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
	struct model_post next = *post;
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
	value.state = next.state;
	next.has_publish =
		chance(80) || next.state == LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED;
	next.publish_us = (int64_t)(pick(40) - 20) * INT64_C(86400000000) + model->now_us;
	next.has_expire = chance(20);
	next.expire_us = (next.has_publish ? next.publish_us : model->now_us) +
			 (int64_t)(1 + pick(20)) * INT64_C(43200000000);
	timestamp_from_us(&publish, next.publish_us);
	timestamp_from_us(&expire, next.expire_us);
	value.publish_time = next.has_publish ? &publish : NULL;
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
	apply(model, &command, &result);
	if (post->id != 0 && post->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED) {
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
	next.id = stored->id;
	lectern__v1__post__free_unpacked(stored, NULL);
	settle(model, &next);
	*post = next;
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
	apply(model, &command, &result);
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
	if (next.id == 0)
		memset(&next, 0, sizeof next);
	*post = next;
}

static void apply_due(struct model *model)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__ApplyDue op = LECTERN__STORE__V1__APPLY_DUE__INIT;
	op.max_count = 10000;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_APPLY_DUE;
	command.apply_due = &op;
	apply(model, &command, &result);
	assert_int_equal(result.error.code, CODE_OK);
	for (int i = 0; i < POSTS; i++) {
		struct model_post *post = &model->posts[i];
		if (post->id != 0 &&
			(post->state == LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED ||
				post->state == LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED))
			settle(model, post);
	}
}

static void merge_search(struct model *model)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__MergeSearch op = LECTERN__STORE__V1__MERGE_SEARCH__INIT;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_MERGE_SEARCH;
	command.merge_search = &op;
	apply(model, &command, &result);
	assert_int_equal(result.error.code, CODE_OK);
}

static void random_command(struct model *model)
{
	int kind = KIND_TAG + pick(3);
	int dice = pick(100);
	model->now_us += (int64_t)pick(3) * INT64_C(3600000000);
	if (dice < 55)
		put_post(model, &model->posts[pick(POSTS)]);
	else if (dice < 80)
		move_post(model, &model->posts[pick(POSTS)]);
	else if (dice < 92)
		put_term(model, kind, pick(TERMS),
			kind == KIND_CATEGORY && chance(70) ? pick(TERMS) : -1);
	else if (dice < 95)
		delete_term(model, kind, pick(TERMS));
	else if (dice < 98)
		apply_due(model);
	else
		merge_search(model);
}

/* Whether a post belongs in a list, as a plain rule. */
static bool belongs(
	const struct model *model, const struct model_post *post, uint8_t list, int index)
{
	bool live = post->state == LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	switch (list & ~POSTING_HIDDEN) {
	case POSTING_LIVE:
		return live == ((list & POSTING_HIDDEN) == 0);
	case POSTING_STATE:
		return (int)post->state == index;
	case POSTING_TAG:
	case POSTING_CATEGORY:
	case POSTING_AUTHOR: {
		int kind = (list & ~POSTING_HIDDEN) == POSTING_TAG	  ? KIND_TAG
			   : (list & ~POSTING_HIDDEN) == POSTING_CATEGORY ? KIND_CATEGORY
									  : KIND_AUTHOR;
		return live == ((list & POSTING_HIDDEN) == 0) && post->terms[kind][index];
	}
	default:
		if (live != ((list & POSTING_HIDDEN) == 0))
			return false;
		for (int i = 0; i < TERMS; i++)
			for (int at = i; post->terms[KIND_CATEGORY][i] && at >= 0;
				at = model->terms[KIND_CATEGORY][at].parent)
				if (at == index)
					return true;
		return false;
	}
}

static int64_t sort_time(const struct model_post *post)
{
	return post->has_publish ? post->publish_us : post->create_us;
}

static int newest_first(const void *a, const void *b)
{
	const struct model_post *x = *(const struct model_post *const *)a;
	const struct model_post *y = *(const struct model_post *const *)b;
	if (sort_time(x) != sort_time(y))
		return sort_time(x) > sort_time(y) ? -1 : 1;
	return x->id > y->id ? -1 : 1;
}

static void compare_list(
	const struct model *model, struct txn *txn, uint8_t list, uint64_t number, int index)
{
	const struct model_post *want[POSTS];
	size_t count = 0;
	for (int i = 0; i < POSTS; i++)
		if (model->posts[i].id != 0 && belongs(model, &model->posts[i], list, index))
			want[count++] = &model->posts[i];
	qsort(want, count, sizeof *want, newest_first);
	struct key prefix;
	struct walk walk;
	size_t at = 0;
	key_posting_list(&prefix, list, number);
	walk_start(&walk, txn, TABLE_POSTING, key_slice(&prefix));
	while (walk_next(&walk) && key_has_prefix(walk.key, key_slice(&prefix))) {
		struct posting posting;
		assert_true(key_read_posting(walk.key, &posting));
		if (at >= count || posting.id != want[at]->id)
			fail_msg("list (%u, %" PRIu64 ") has post %" PRIu64 " at place %zu", list,
				number, posting.id, at);
		at++;
	}
	walk_end(&walk);
	if (at != count || posting_count(txn, list, number) != count)
		fail_msg("list (%u, %" PRIu64 ") has %zu entries and counter %" PRIu64
			 ", the model says %zu",
			list, number, at, posting_count(txn, list, number), count);
}

static void compare_all(const struct model *model)
{
	static const uint8_t term_lists[4] = { 0, POSTING_TAG, POSTING_CATEGORY, POSTING_AUTHOR };
	struct txn *txn;
	struct error err;
	assert_int_equal(store_snapshot(stores[0].store, &txn, &err), CODE_OK);
	compare_list(model, txn, POSTING_LIVE, 0, 0);
	compare_list(model, txn, POSTING_LIVE | POSTING_HIDDEN, 0, 0);
	for (int state = 1; state <= 5; state++)
		compare_list(model, txn, POSTING_STATE, (uint64_t)state, state);
	for (int kind = KIND_TAG; kind <= KIND_AUTHOR; kind++) {
		assert_int_equal(posting_count(txn, POSTING_TERMS, (uint64_t)kind), TERMS);
		for (int i = 0; i < TERMS; i++) {
			uint64_t id = model->terms[kind][i].id;
			compare_list(model, txn, term_lists[kind], id, i);
			compare_list(model, txn, term_lists[kind] | POSTING_HIDDEN, id, i);
			if (kind == KIND_CATEGORY)
				for (int hidden = 0; hidden <= POSTING_HIDDEN;
					hidden += POSTING_HIDDEN)
					compare_list(model, txn,
						(uint8_t)(POSTING_SUBTREE | hidden), id, i);
		}
	}
	assert_int_equal(txn_status(txn, NULL), CODE_OK);
	store_release(stores[0].store, txn);
}

/* Every table of both stores, byte for byte; the key for page tokens and the epoch are random by
 * design. */
static void compare_stores(void)
{
	struct txn *a;
	struct txn *b;
	struct error err;
	assert_int_equal(store_snapshot(stores[0].store, &a, &err), CODE_OK);
	assert_int_equal(store_snapshot(stores[1].store, &b, &err), CODE_OK);
	for (int table = TABLE_META; table < TABLE_COUNT; table++) {
		struct walk walk_a;
		struct walk walk_b;
		walk_start(&walk_a, a, (enum table)table, slice_of(NULL, 0));
		walk_start(&walk_b, b, (enum table)table, slice_of(NULL, 0));
		while (walk_next(&walk_a)) {
			assert_true(walk_next(&walk_b));
			assert_true(slice_equals(walk_a.key, walk_b.key));
			if (!slice_equals(walk_a.key, slice_of_text(META_PAGE_TOKEN_KEY)) &&
				!slice_equals(walk_a.key, slice_of_text(META_EPOCH)))
				assert_true(slice_equals(walk_a.value, walk_b.value));
		}
		assert_false(walk_next(&walk_b));
		walk_end(&walk_a);
		walk_end(&walk_b);
	}
	store_release(stores[0].store, a);
	store_release(stores[1].store, b);
}

static void random_commands_match_the_model(void **state)
{
	static struct model model;
	const char *given = getenv("LECTERN_TEST_SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
	print_message("seed %u (set LECTERN_TEST_SEED to repeat)\n", seed);
	srand(seed);
	clock_set_realtime_hook(frozen_clock);
	model.now_us = INT64_C(1700000000000000);
	store_fixture_open(&stores[0], 0);
	store_fixture_open(&stores[1], 0);
	for (int kind = KIND_TAG; kind <= KIND_AUTHOR; kind++)
		for (int i = 0; i < TERMS; i++)
			put_term(&model, kind, i, -1);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < COMMANDS; i++)
			random_command(&model);
		compare_all(&model);
		store_fixture_assert_sound(&stores[0]);
		if (round % 3 == 2)
			store_fixture_reopen(&stores[0]);
	}
	compare_stores();
	store_fixture_close(&stores[0]);
	store_fixture_close(&stores[1]);
	clock_set_realtime_hook(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_commands_match_the_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
