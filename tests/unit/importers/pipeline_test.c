#include "importers/pipeline.h"

#include "codec/message.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { ITEMS_MAX = 4000, NAMES = 40 };

/* What the test knows of each item, by its line. */
struct fact {
	enum import_kind kind;
	char origin[16];
	bool has_origin; /* of a post: Post.origin is set */
	char slug[8];
	int64_t publish_s; /* 0: none */
	bool started, done;
};

static struct fact facts[ITEMS_MAX + 1];
static uint64_t fact_count;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int running, most_running;
static const char *broken; /* what was done in the wrong order */
static uint64_t fails_at, refuses_at;
static int writes;

static bool is_of_post(enum import_kind kind)
{
	return kind == IMPORT_POST || kind == IMPORT_REVISION;
}

/* Whether b may be sent only after a, which stands before it: said in another way than the
 * pipeline's. */
static bool must_follow(uint64_t a, uint64_t b)
{
	const struct fact *left = &facts[a];
	const struct fact *right = &facts[b];
	if (strcmp(left->origin, right->origin) == 0)
		return true;
	if (right->kind == IMPORT_CATEGORY)
		return true;
	if (left->kind != right->kind && !(is_of_post(left->kind) && is_of_post(right->kind)))
		return true;
	if (left->kind != IMPORT_POST || right->kind != IMPORT_POST)
		return false;
	if (!left->has_origin && !right->has_origin)
		return true;
	return strcmp(left->slug, right->slug) == 0 ||
	       (left->publish_s != 0 && left->publish_s == right->publish_s);
}

/* Instead of the real one: there is no server. */
enum code target_write(struct target *target, struct import_item *item, struct arena *arena,
	enum target_result *ret, struct error *err)
{
	struct fact *fact = &facts[item->line];
	pthread_mutex_lock(&mutex);
	writes++;
	fact->started = true;
	if (++running > most_running)
		most_running = running;
	for (uint64_t n = 1; n < item->line; n++)
		if (!facts[n].done && must_follow(n, item->line))
			broken = item->origin;
	pthread_mutex_unlock(&mutex);
	struct timespec pause = { .tv_nsec = (long)(item->line * 7919 % 5) * 20000 };
	nanosleep(&pause, NULL);
	pthread_mutex_lock(&mutex);
	running--;
	fact->done = true;
	pthread_mutex_unlock(&mutex);
	*ret = item->line == refuses_at ? TARGET_REFUSED : TARGET_CREATED;
	if (item->line == fails_at)
		return CODE_UNAVAILABLE;
	return CODE_OK;
}

static void make_post(const struct fact *fact, struct arena *arena, struct import_item *item)
{
	Lectern__V1__Post *post =
		(Lectern__V1__Post *)message_new(&lectern__v1__post__descriptor, arena);
	Google__Protobuf__Timestamp *time = arena_alloc(arena, sizeof *time);
	assert_true(post != NULL && time != NULL);
	google__protobuf__timestamp__init(time);
	time->seconds = fact->publish_s;
	post->slug = (char *)(uintptr_t)fact->slug;
	if (fact->has_origin)
		post->origin = (char *)(uintptr_t)fact->origin;
	if (fact->publish_s != 0)
		post->publish_time = time;
	item->message = &post->base;
}

static void put(struct pipeline *pipeline, uint64_t line, enum item_state state, size_t size)
{
	struct arena *arena;
	struct import_item *item = pipeline_next(pipeline, &arena);
	item->state = state;
	item->kind = facts[line].kind;
	item->line = line;
	item->origin = facts[line].origin;
	assert_non_null(arena_alloc(arena, size));
	if (item->kind == IMPORT_POST)
		make_post(&facts[line], arena, item);
	pipeline_put(pipeline, line * 10);
}

static struct pipeline *start(bool single)
{
	static struct target target;
	struct pipeline *pipeline;
	assert_int_equal(pipeline_new(&target, single, &pipeline, NULL), CODE_OK);
	memset(facts, 0, sizeof facts);
	running = most_running = writes = 0;
	fails_at = refuses_at = 0;
	broken = NULL;
	return pipeline;
}

/* Results come in the order of the input. */
static uint64_t take_all(struct pipeline *pipeline, uint64_t next)
{
	const struct pipeline_result *result;
	while ((result = pipeline_take(pipeline)) != NULL) {
		assert_int_equal(result->item->line, next);
		assert_int_equal(result->bytes_done, next * 10);
		next++;
	}
	return next;
}

static void fill(const enum import_kind *kinds, size_t kind_count, struct random *random)
{
	size_t kind = 0;
	for (uint64_t n = 1; n <= fact_count; n++) {
		struct fact *fact = &facts[n];
		if (random_below(random, 50) == 0)
			kind = random_below(random, kind_count);
		fact->kind = kinds[kind];
		if (fact->kind == IMPORT_POST && random_below(random, 3) == 0)
			fact->kind = IMPORT_REVISION;
		snprintf(fact->origin, sizeof fact->origin, "%d-%u", (int)is_of_post(fact->kind),
			(unsigned)random_below(random, NAMES));
		fact->has_origin = random_below(random, 8) != 0;
		snprintf(fact->slug, sizeof fact->slug, "s%u",
			(unsigned)random_below(random, NAMES));
		if (random_below(random, 2) == 0)
			fact->publish_s = 1 + (int64_t)random_below(random, 20);
	}
}

/* Whatever depends on something else is sent behind it; other items are sent beside each other. */
static void keeps_what_depends_in_order(void **state)
{
	static const enum import_kind kinds[] = { IMPORT_CATEGORY, IMPORT_TAG, IMPORT_AUTHOR,
		IMPORT_POST, IMPORT_POST, IMPORT_POST };
	struct random random = random_start();
	struct pipeline *pipeline = start(false);
	fact_count = ITEMS_MAX;
	fill(kinds, sizeof kinds / sizeof *kinds, &random);
	uint64_t taken = 1;
	for (uint64_t n = 1; n <= fact_count; n++) {
		while (!pipeline_has_room(pipeline)) {
			const struct pipeline_result *result = pipeline_take(pipeline);
			assert_int_equal(result->item->line, taken++);
		}
		put(pipeline, n, ITEM_READY, 16);
	}
	assert_int_equal(take_all(pipeline, taken), fact_count + 1);
	if (broken != NULL)
		fail_msg("%s was sent too early", broken);
	assert_true(most_running > 4);
	assert_int_equal(writes, fact_count);
	pipeline_free(pipeline);
}

static void one_by_one(void **state)
{
	struct pipeline *pipeline = start(true);
	for (uint64_t n = 1; n <= 50; n++) {
		facts[n].kind = IMPORT_TAG;
		snprintf(facts[n].origin, sizeof facts[n].origin, "%u", (unsigned)n);
		assert_true(pipeline_has_room(pipeline));
		put(pipeline, n, ITEM_READY, 16);
		assert_false(pipeline_has_room(pipeline));
		assert_int_equal(pipeline_take(pipeline)->item->line, n);
	}
	assert_null(pipeline_take(pipeline));
	assert_int_equal(most_running, 1);
	pipeline_free(pipeline);
}

/* Large items are not read without bound while the server is slow. */
static void memory_is_bounded(void **state)
{
	struct pipeline *pipeline = start(false);
	uint64_t n = 0;
	while (pipeline_has_room(pipeline)) {
		n++;
		facts[n].kind = IMPORT_TAG;
		snprintf(facts[n].origin, sizeof facts[n].origin, "%u", (unsigned)n);
		put(pipeline, n, ITEM_READY, 4 * 1024 * 1024);
	}
	assert_in_range(n, 2, 5);
	assert_int_equal(take_all(pipeline, 1), n + 1);
	pipeline_free(pipeline);
}

/* After a failure nothing more is sent, but what was sent counts. */
static void a_failure_ends_it(void **state)
{
	struct pipeline *pipeline = start(false);
	const struct pipeline_result *result;
	int failed = 0, written = 0, abandoned = 0;
	fails_at = 3;
	for (uint64_t n = 1; n <= 60; n++) { /* each waits for the one before */
		facts[n].kind = IMPORT_CATEGORY;
		snprintf(facts[n].origin, sizeof facts[n].origin, "%u", (unsigned)n);
		put(pipeline, n, ITEM_READY, 16);
	}
	while ((result = pipeline_take(pipeline)) != NULL) {
		abandoned += result->abandoned;
		failed += result->code == CODE_UNAVAILABLE;
		written += result->code == CODE_OK && !result->abandoned;
	}
	assert_int_equal(failed, 1);
	assert_int_equal(written, 2);
	assert_int_equal(abandoned, 57);
	assert_int_equal(writes, 3);
	pipeline_free(pipeline);
}

/* Items that are not written keep their place among the others. */
static void refused_items_keep_their_place(void **state)
{
	struct pipeline *pipeline = start(false);
	refuses_at = 4;
	for (uint64_t n = 1; n <= 6; n++) {
		facts[n].kind = IMPORT_TAG;
		snprintf(facts[n].origin, sizeof facts[n].origin, "%u", (unsigned)n);
		put(pipeline, n, n == 2 ? ITEM_REFUSED : n == 5 ? ITEM_SKIPPED : ITEM_READY, 16);
	}
	for (uint64_t n = 1; n <= 6; n++) {
		const struct pipeline_result *result = pipeline_take(pipeline);
		assert_int_equal(result->item->line, n);
		assert_int_equal(result->result == TARGET_REFUSED, n == 4);
	}
	assert_int_equal(writes, 4);
	pipeline_free(pipeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_depends_in_order),
		cmocka_unit_test(one_by_one),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(a_failure_ends_it),
		cmocka_unit_test(refused_items_keep_their_place),
	};
	return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
