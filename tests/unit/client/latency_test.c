/* Quantiles against a sorted array. */
#include "client/latency.h"

#include "support/random.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT_MAX = 4000 };

static const double shares[] = { 0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1 };

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

static uint64_t width_at(uint64_t time)
{
	uint64_t width = 1;
	while (width * 2 * LATENCY_STEPS <= time)
		width *= 2;
	return width;
}

/* Never below the time itself and less than a bucket's width above it. */
static void check(const struct latency *latency, uint64_t *times, size_t count)
{
	qsort(times, count, sizeof *times, compare);
	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
		size_t rank = (size_t)ceil(shares[i] * (double)count);
		uint64_t time = times[rank == 0 ? 0 : rank - 1];
		uint64_t got = latency_at(latency, shares[i]);
		if (got < time || got >= time + width_at(time))
			fail_msg("share %g of %zu: %" PRIu64 " instead of %" PRIu64, shares[i],
				count, got, time);
	}
	assert_int_equal(latency_at(latency, 1), times[count - 1]);
}

static void test_random_times(void **state)
{
	enum { ROUNDS = 200, BITS_MAX = 39 };
	struct random random = random_start();
	struct latency *latency = malloc(sizeof *latency);
	static uint64_t times[COUNT_MAX];
	for (int round = 0; round < ROUNDS; round++) {
		size_t count = 1 + random_below(&random, COUNT_MAX);
		uint64_t bits = 1 + random_below(&random, BITS_MAX);
		memset(latency, 0, sizeof *latency);
		for (size_t i = 0; i < count; i++) {
			uint64_t own = 1 + random_below(&random, bits);
			times[i] = random_below(&random, UINT64_C(1) << own);
			latency_add(latency, times[i]);
		}
		check(latency, times, count);
	}
	free(latency);
}

/* Where buckets begin and end. */
static void test_edges(void **state)
{
	struct latency *latency = malloc(sizeof *latency);
	for (unsigned power = 0; power < 39; power++)
		for (int step = -1; step <= 1; step++) {
			uint64_t time = (UINT64_C(1) << power) + (uint64_t)(int64_t)step;
			uint64_t times[] = { time, UINT64_C(1) << 39 };
			memset(latency, 0, sizeof *latency);
			latency_add(latency, times[0]);
			latency_add(latency, times[1]);
			check(latency, times, 2);
		}
	free(latency);
}

static void test_none_and_too_long(void **state)
{
	struct latency *latency = calloc(1, sizeof *latency);
	assert_int_equal(latency_at(latency, 0.5), 0);
	latency_add(latency, 5);
	latency_add(latency, UINT64_MAX);
	assert_int_equal(latency_at(latency, 0.5), 5);
	assert_int_equal(latency_at(latency, 1), UINT64_MAX);
	free(latency);
}

static void *add_many(void *argument)
{
	for (uint64_t i = 1; i <= COUNT_MAX; i++)
		latency_add(argument, i);
	return NULL;
}

static void test_threads(void **state)
{
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	struct latency *latency = calloc(1, sizeof *latency);
	static uint64_t times[COUNT_MAX];
	for (size_t i = 0; i < COUNT_MAX; i++)
		times[i] = i + 1;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, latency), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&latency->count), THREADS * COUNT_MAX);
	check(latency, times, COUNT_MAX);
	free(latency);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_times),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_none_and_too_long),
		cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
