/* Kept replies against a map of what was offered last. */
#include "rpc/reply_cache.h"

#include "support/random.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MEGABYTE = 1024 * 1024, ROWS = 3, REQUESTS = 60, REPLY_BYTES_MAX = 3000 };

static const struct rpc_method rows[ROWS] = { { .name = "A" } };

struct answer {
	uint64_t version; /* 0: never offered */
	uint64_t revision;
	uint8_t fill;
	size_t bytes;
};

static struct reply_cache *open_cache(size_t max_bytes)
{
	struct reply_cache *cache;
	struct error err;
	assert_int_equal(reply_cache_new(max_bytes, &cache, &err), CODE_OK);
	return cache;
}

static struct reply_key key_of(size_t row, size_t number, uint64_t version, char text[32])
{
	/* Of different lengths, the empty one too. */
	int size = number == 0 ? 0 : snprintf(text, 32, "%0*zu", (int)(1 + number % 20), number);
	return (struct reply_key){
		.kind = &rows[row], .request = slice_of(text, (size_t)size), .version = version
	};
}

/* In a few pieces, as handlers make them. */
static void offer(
	struct reply_cache *cache, const struct reply_key *key, const struct answer *answer)
{
	uint8_t bytes[REPLY_BYTES_MAX];
	struct slice parts[3];
	memset(bytes, answer->fill, answer->bytes);
	size_t third = answer->bytes / 3;
	parts[0] = slice_of(bytes, third);
	parts[1] = slice_of(bytes + third, third);
	parts[2] = slice_of(bytes + 2 * third, answer->bytes - 2 * third);
	reply_cache_offer(cache, key, parts, 3, answer->revision);
}

static void check_equal(const struct cached_reply *reply, const struct answer *answer)
{
	assert_int_equal(reply->revision, answer->revision);
	assert_int_equal(reply->payload.size, answer->bytes);
	for (size_t i = 0; i < reply->payload.size; i++)
		assert_int_equal(reply->payload.data[i], answer->fill);
}

static bool has(struct reply_cache *cache, const struct reply_key *key)
{
	const struct cached_reply *reply = reply_cache_find(cache, key);
	if (reply != NULL)
		reply_cache_release(reply);
	return reply != NULL;
}

static void keeps_what_comes_again(void **state)
{
	struct reply_cache *cache = open_cache(MEGABYTE);
	const struct answer answer = { .revision = 7, .fill = 'a', .bytes = 100 };
	const struct answer later = { .revision = 8, .fill = 'b', .bytes = 50 };
	char text[32];
	struct reply_key key = key_of(0, 5, 1, text);
	offer(cache, &key, &answer);
	assert_false(has(cache, &key));
	offer(cache, &key, &answer);
	const struct cached_reply *reply = reply_cache_find(cache, &key);
	assert_non_null(reply);
	check_equal(reply, &answer);

	struct reply_key other = key;
	other.kind = &rows[1];
	assert_false(has(cache, &other));
	other = key;
	other.version = 2;
	assert_false(has(cache, &other));
	offer(cache, &other, &later);
	assert_true(has(cache, &other));
	assert_false(has(cache, &key));
	check_equal(reply, &answer); /* as long as it is in use */
	reply_cache_release(reply);

	struct rpc_cache_stats stats = { 0 };
	reply_cache_read_stats(cache, &stats);
	assert_int_equal(stats.replies, 1);
	assert_int_equal(stats.hits, 2);
	assert_int_equal(stats.misses, 4);
	reply_cache_free(cache);
}

/* Requests that fall together by chance do not keep each other out. */
static void keeps_all_that_come_in_turns(void **state)
{
	enum { COUNT = 2000, LEFT_OUT_MAX = 12 };
	struct reply_cache *cache = open_cache(8 * MEGABYTE);
	const struct answer answer = { .revision = 7, .fill = 'a', .bytes = 100 };
	char text[32];
	size_t left_out = 0;
	for (size_t i = 0; i < 3 * COUNT; i++) {
		struct reply_key key = key_of(0, i % COUNT, 1, text);
		if (!has(cache, &key))
			offer(cache, &key, &answer);
	}
	for (size_t i = 0; i < COUNT; i++) {
		struct reply_key key = key_of(0, i, 1, text);
		left_out += !has(cache, &key);
	}
	assert_in_range(left_out, 0, LEFT_OUT_MAX);
	reply_cache_free(cache);
}

static void leaves_out_what_is_too_large(void **state)
{
	/* 1024 bytes a shard, a quarter of them for one. */
	struct reply_cache *cache = open_cache(16 * 1024);
	struct answer answer = { .fill = 'a', .bytes = 300 };
	char text[32];
	struct reply_key key = key_of(0, 5, 1, text);
	for (int i = 0; i < 3; i++)
		offer(cache, &key, &answer);
	assert_false(has(cache, &key));
	answer.bytes = 20;
	for (int i = 0; i < 3; i++)
		offer(cache, &key, &answer);
	assert_true(has(cache, &key));
	reply_cache_free(cache);
}

static void random_replies(void **state)
{
	enum { ROUNDS = 30, STEPS = 20000 };
	struct random random = random_start();
	for (int round = 0; round < ROUNDS; round++) {
		static struct answer answers[ROWS][REQUESTS];
		size_t max_bytes = (size_t)1 << (16 + random_below(&random, 5));
		struct reply_cache *cache = open_cache(max_bytes);
		struct rpc_cache_stats stats;
		uint64_t version = 1;
		uint64_t hits = 0;
		memset(answers, 0, sizeof answers);
		for (int step = 0; step < STEPS; step++) {
			char text[32];
			size_t row = random_below(&random, ROWS);
			size_t number = random_below(&random, 1 + random_below(&random, REQUESTS));
			struct answer *answer = &answers[row][number];
			struct reply_key key = key_of(row, number, version, text);
			if (random_below(&random, 200) == 0)
				version++;
			const struct cached_reply *reply = reply_cache_find(cache, &key);
			if (reply != NULL) {
				assert_int_equal(answer->version, key.version);
				check_equal(reply, answer);
				reply_cache_release(reply);
				hits++;
				continue;
			}
			*answer = (struct answer){ .version = key.version,
				.revision = random_next(&random),
				.fill = (uint8_t)random_next(&random),
				.bytes = random_below(&random, REPLY_BYTES_MAX) };
			offer(cache, &key, answer);
		}
		stats = (struct rpc_cache_stats){ 0 };
		reply_cache_read_stats(cache, &stats);
		assert_true(stats.bytes <= max_bytes);
		assert_int_equal(stats.hits, hits);
		assert_int_equal(stats.hits + stats.misses, STEPS);
		assert_true(max_bytes < MEGABYTE || hits > STEPS / 4);
		reply_cache_free(cache);
	}
}

/* Replies tell their version, so that each thread sees whether it got one that holds. */
static void *ask(void *argument)
{
	enum { STEPS = 20000 };
	struct reply_cache *cache = argument;
	struct random random = { .state = (uintptr_t)&random };
	static atomic_ullong version = 1;
	for (int step = 0; step < STEPS; step++) {
		char text[32];
		uint64_t now =
			step % 100 == 0 ? atomic_fetch_add(&version, 1) : atomic_load(&version);
		struct reply_key key = key_of(0, random_below(&random, 20), now, text);
		struct answer answer = { .revision = now, .fill = (uint8_t)now, .bytes = 500 };
		const struct cached_reply *reply = reply_cache_find(cache, &key);
		if (reply == NULL) {
			offer(cache, &key, &answer);
			continue;
		}
		check_equal(reply, &answer);
		reply_cache_release(reply);
	}
	return NULL;
}

static void threads_share_it(void **state)
{
	enum { THREADS = 4 };
	struct reply_cache *cache = open_cache(MEGABYTE / 4);
	pthread_t threads[THREADS];
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, cache), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	struct rpc_cache_stats stats = { 0 };
	reply_cache_read_stats(cache, &stats);
	assert_true(stats.hits > 0);
	reply_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_comes_again),
		cmocka_unit_test(keeps_all_that_come_in_turns),
		cmocka_unit_test(leaves_out_what_is_too_large),
		cmocka_unit_test(random_replies),
		cmocka_unit_test(threads_share_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
