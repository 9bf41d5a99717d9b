/*
 * Random commands against a plain model in memory (support/store_model.h): after every round each
 * posting list, each counter and each record is what the model says, the checker agrees, a follower
 * that reads only the change log knows every entity as it is, and a second store that got the same
 * commands holds the same bytes.
 */
#include "support/store_follower.h"
#include "support/store_model.h"

#include "base/clock.h"
#include "store/post.h"
#include "store/posting.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum {
	ROUNDS = 12,
	COMMANDS = 150,
};

static struct store_fixture stores[2];

static int64_t frozen_clock(void)
{
	return 0; /* nothing is ever due by the writer's own clock: ApplyDue comes from the test */
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
		for (int i = 0; i < MODEL_TERMS; i++)
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
	const struct model_post *want[MODEL_POSTS];
	size_t count = 0;
	for (int i = 0; i < MODEL_POSTS; i++)
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
		assert_int_equal(posting_count(txn, POSTING_TERMS, (uint64_t)kind), MODEL_TERMS);
		for (int i = 0; i < MODEL_TERMS; i++) {
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

/* How often each post has changed, as its record and as the model have it. */
static void compare_revisions(const struct model *model)
{
	struct txn *txn;
	struct error err;
	struct arena arena;
	arena_init(&arena, 16 << 20);
	assert_int_equal(store_snapshot(stores[0].store, &txn, &err), CODE_OK);
	for (int i = 0; i < MODEL_POSTS; i++) {
		if (model->posts[i].id == 0)
			continue;
		Lectern__V1__Post *post = post_unpack_summary(txn, &arena, model->posts[i].id);
		assert_non_null(post);
		if (post->revision != model->posts[i].revision)
			fail_msg("post %" PRIu64 " is at revision %" PRIu64
				 ", in the model %" PRIu64,
				post->id, post->revision, model->posts[i].revision);
	}
	store_release(stores[0].store, txn);
	arena_done(&arena);
}

static void random_commands_match_the_model(void **state)
{
	(void)state;
	static struct model model;
	static struct follower follower;
	const char *given = getenv("LECTERN_TEST_SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
	print_message("seed %u (set LECTERN_TEST_SEED to repeat)\n", seed);
	srand(seed);
	clock_set_realtime_hook(frozen_clock);
	store_fixture_open(&stores[0], 0);
	store_fixture_open(&stores[1], 0);
	model_init(&model, stores);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < COMMANDS; i++) {
			model_random_command(&model);
			/* In some rounds so late that the log does not reach back any more. */
			if (round % 3 != 1 && chance(30))
				follower_catch_up(&follower, stores[0].store);
		}
		compare_all(&model);
		compare_revisions(&model);
		store_fixture_assert_sound(&stores[0]);
		follower_catch_up(&follower, stores[0].store);
		follower_compare(&follower, stores[0].store);
		if (round % 3 == 2)
			store_fixture_reopen(&stores[0]);
	}
	compare_stores();
	print_message("followed %zu changes, read everything anew %zu times\n", follower.changes,
		follower.restarts);
	follower_done(&follower);
	store_fixture_close(&stores[0]);
	store_fixture_close(&stores[1]);
	model_done(&model);
	clock_set_realtime_hook(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_commands_match_the_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
