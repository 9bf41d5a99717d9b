/* Iterators over posting lists against sets of bits: random trees, both directions, leaps. */
#include "store/post_iterator.h"

#include "base/clock.h"
#include "store/posting.h"
#include "store/store_private.h"
#include "support/random.h"
#include "support/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { POSTS = 64, LISTS = 6, TREES = 20000, KIND = POSTING_SERIES_TIME };

static struct store_fixture fixture;
static struct random rng;
static uint64_t lists[LISTS + 1]; /* bit n: the list has post n, counted in the order of the keys */

static struct posting posting_at(int place)
{
	/* Several posts of each time. */
	return (struct posting){ .kind = KIND,
		.sort = UINT64_MAX - 20 + (uint64_t)place / 4,
		.id = (uint64_t)(1000 - place) };
}

static int place_of(uint64_t id)
{
	return 1000 - (int)id;
}

static int fill(void **state)
{
	struct txn txn;
	struct error err;
	rng = random_start();
	store_fixture_open(&fixture, 0);
	assert_int_equal(txn_begin_write(&fixture.store->env, &txn, &err), CODE_OK);
	for (int list = 1; list <= LISTS; list++) {
		int share = 1 + (int)random_below(&rng, 6); /* dense and sparse ones */
		for (int place = 0; place < POSTS; place++) {
			struct posting posting = posting_at(place);
			struct key key;
			if (random_below(&rng, 6) >= (uint64_t)share)
				continue;
			posting.number = list == LISTS ? UINT64_MAX : (uint64_t)list;
			key_posting(&key, &posting);
			txn_put(&txn, TABLE_POSTING, &key, slice_of(NULL, 0));
			counter_add(&txn, KIND, posting.number, 1);
			lists[list] |= UINT64_C(1) << place;
		}
	}
	assert_int_equal(txn_commit(&txn, &err), CODE_OK);
	return 0;
}

static int empty(void **state)
{
	store_fixture_close(&fixture);
	return 0;
}

static struct post_iterator *random_tree(
	const struct post_iterator_context *context, int depth, uint64_t *bits);

static struct post_iterator *random_array(
	const struct post_iterator_context *context, uint64_t *bits)
{
	struct slice *positions = arena_calloc(context->arena, POSTS, sizeof *positions);
	size_t count = 0;
	*bits = random_next(&rng) & random_next(&rng) & random_next(&rng);
	for (int place = POSTS - 1; place >= 0; place--) {
		if ((*bits >> place & 1) == 0)
			continue;
		struct posting posting = posting_at(place);
		struct key *key = arena_alloc(context->arena, sizeof *key);
		key_posting_position(key, &posting);
		positions[count++] = key_slice(key);
	}
	return post_iterator_array(context, KIND, positions, count);
}

static struct post_iterator *random_bounds(
	const struct post_iterator_context *context, int depth, uint64_t *bits)
{
	struct post_iterator *part = random_tree(context, depth - 1, bits);
	struct key keys[2] = { { .size = 0 }, { .size = 0 } };
	for (int i = 0; i < 2; i++) {
		if (random_below(&rng, 3) == 0)
			continue;
		int place = (int)random_below(&rng, POSTS);
		struct posting posting = posting_at(place);
		bool whole = random_below(&rng, 2) == 0;
		key_posting_position(&keys[i], &posting);
		if (!whole) {
			keys[i].size = 8; /* the time alone: before all posts of it */
			place -= place % 4;
		}
		uint64_t below = (UINT64_C(1) << place) - 1;
		*bits &= i == 0 ? ~below : below;
	}
	return post_iterator_bounded(context, part, key_slice(&keys[0]), key_slice(&keys[1]));
}

static struct post_iterator *random_tree(
	const struct post_iterator_context *context, int depth, uint64_t *bits)
{
	enum { PARTS = 4 };
	struct post_iterator **parts = arena_calloc(context->arena, PARTS, sizeof *parts);
	size_t count = 1 + random_below(&rng, PARTS);
	switch (depth == 0 ? random_below(&rng, 4) : random_below(&rng, 10)) {
	case 0:
		*bits = 0;
		return post_iterator_empty(context);
	case 1:
		return random_array(context, bits);
	case 2:
	case 3: {
		size_t list = 1 + random_below(&rng, LISTS);
		*bits = lists[list];
		return post_iterator_list(context, KIND, list == LISTS ? UINT64_MAX : list);
	}
	case 4:
	case 5:
	case 6:
		*bits = 0;
		for (size_t i = 0; i < count; i++) {
			uint64_t of;
			parts[i] = random_tree(context, depth - 1, &of);
			*bits |= of;
		}
		return post_iterator_union(context, parts, count);
	case 7:
		return random_bounds(context, depth, bits);
	default: {
		size_t in = 1 + random_below(&rng, count);
		*bits = UINT64_MAX;
		for (size_t i = 0; i < count; i++) {
			uint64_t of;
			parts[i] = random_tree(context, depth - 1, &of);
			*bits &= i < in ? of : ~of;
		}
		return post_iterator_intersect(context, parts, in, parts + in, count - in);
	}
	}
}

/* The next place in `bits` from `place` on; -1 if none. */
static int next_place(uint64_t bits, int place, bool reverse)
{
	for (; place >= 0 && place < POSTS; place += reverse ? -1 : 1)
		if ((bits >> place & 1) != 0)
			return place;
	return -1;
}

static void run_tree(struct txn *txn, struct arena *arena)
{
	struct post_iterator_stats stats = { .keys_read = 0 };
	struct post_iterator_context context = {
		.txn = txn, .arena = arena, .reverse = random_below(&rng, 2) == 0, .stats = &stats
	};
	uint64_t bits;
	struct post_iterator *tree = random_tree(&context, 3, &bits);
	assert_non_null(tree);
	int step = context.reverse ? -1 : 1;
	int from = context.reverse ? POSTS - 1 : 0;
	int want;
	do {
		bool found;
		if (random_below(&rng, 3) == 0) {
			int place = from + step * (int)random_below(&rng, 8);
			place = place < 0 ? 0 : place >= POSTS ? POSTS - 1 : place;
			struct posting posting = posting_at(place);
			struct key key;
			key_posting_position(&key, &posting);
			want = next_place(
				bits, (place - from) * step < 0 ? from : place, context.reverse);
			found = post_iterator_seek(tree, key_slice(&key));
			/* Seeking to where it stands, or behind, stays. */
			if (found && place_of(post_iterator_id(tree)) == from - step &&
				(place - (from - step)) * step <= 0)
				want = from - step;
		} else {
			want = next_place(bits, from, context.reverse);
			found = post_iterator_next(tree);
		}
		assert_int_equal(found ? place_of(post_iterator_id(tree)) : -1, want);
		from = want + step;
	} while (want >= 0);
	assert_false(post_iterator_next(tree));
	post_iterator_close(tree);
}

static void random_trees_give_what_sets_of_bits_give(void **state)
{
	struct txn *txn;
	struct error err;
	struct arena arena;
	arena_init(&arena, 16 * 1024 * 1024);
	assert_int_equal(store_snapshot(fixture.store, &txn, &err), CODE_OK);
	for (int i = 0; i < TREES; i++) {
		run_tree(txn, &arena);
		arena_reset(&arena);
	}
	assert_int_equal(txn_status(txn, &err), CODE_OK);
	store_release(fixture.store, txn);
	arena_done(&arena);
}

/* A list without itself: no step of it ever comes back with a post. */
static void steps_end_with_the_callers_time(void **state)
{
	enum { TIMES = 1000 };
	struct txn *txn;
	struct error err;
	struct arena arena;
	struct post_iterator_stats stats = { .keys_read = 0 };
	arena_init(&arena, 16 * 1024 * 1024);
	for (int late = 0; late <= 1; late++) {
		assert_int_equal(store_snapshot(fixture.store, &txn, &err), CODE_OK);
		struct post_iterator_context context = {
			.txn = txn,
			.arena = &arena,
			.deadline_ns = late ? clock_monotonic_ns() : UINT64_MAX,
			.stats = &stats,
		};
		for (int i = 0; i < TIMES; i++) {
			struct post_iterator *parts[] = { post_iterator_list(&context, KIND, 1),
				post_iterator_list(&context, KIND, 1) };
			struct post_iterator *none =
				post_iterator_intersect(&context, parts, 1, parts + 1, 1);
			assert_non_null(none);
			assert_false(post_iterator_next(none));
			post_iterator_close(none);
		}
		assert_int_equal(txn_status(txn, &err), late ? CODE_DEADLINE_EXCEEDED : CODE_OK);
		store_release(fixture.store, txn);
	}
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_trees_give_what_sets_of_bits_give),
		cmocka_unit_test(steps_end_with_the_callers_time),
	};
	return cmocka_run_group_tests(tests, fill, empty);
}
