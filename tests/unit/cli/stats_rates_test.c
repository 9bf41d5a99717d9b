#include "cli/stats_rates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SECOND_NS = 1000000000 };

static struct stats_counts counts(uint64_t at_s, uint64_t calls)
{
	return (struct stats_counts){ .at_ns = at_s * SECOND_NS,
		.calls = calls,
		.failed = calls / 10,
		.writes = calls / 2,
		.commits = calls / 4,
		.revision = 3,
		.bucket_count = 3,
		.upper_us = { 50, 1000, 0 },
		.buckets = { calls - calls / 100, calls / 100, 0 } };
}

static void test_rates(void **state)
{
	struct stats_counts before = counts(10, 1000);
	struct stats_counts after = counts(12, 1400);
	struct stats_rates rates;
	assert_true(stats_rates_between(&before, &after, &rates));
	assert_true(rates.calls == 200 && rates.failed == 20);
	assert_true(rates.writes == 100 && rates.commits == 50 && rates.revisions == 0);
	assert_int_equal(rates.p50_us, 50);
	assert_int_equal(rates.p99_us, 50); /* exactly 99 of 100 */
	after.buckets[0] -= 2;
	after.buckets[2] += 2;
	assert_true(stats_rates_between(&before, &after, &rates));
	assert_int_equal(rates.p99_us, 1000);
	after.buckets[0] -= 300;
	after.buckets[2] += 300;
	assert_true(stats_rates_between(&before, &after, &rates));
	assert_true(rates.p50_us == UINT64_MAX);
}

static void test_nothing_in_between(void **state)
{
	struct stats_counts before = counts(10, 1000);
	struct stats_counts after = counts(11, 1000);
	struct stats_rates rates;
	assert_true(stats_rates_between(&before, &after, &rates));
	assert_true(rates.calls == 0 && rates.p50_us == 0 && rates.p99_us == 0);
}

static void test_what_cannot_be_compared(void **state)
{
	struct stats_rates rates;
	struct stats_counts before = counts(10, 1000);
	struct stats_counts restarted = counts(12, 20);
	struct stats_counts same_time = counts(10, 1100);
	struct stats_counts other_bounds = counts(12, 1100);
	other_bounds.bucket_count = 2;
	assert_false(stats_rates_between(&before, &restarted, &rates));
	assert_false(stats_rates_between(&before, &same_time, &rates));
	assert_false(stats_rates_between(&before, &other_bounds, &rates));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_nothing_in_between),
		cmocka_unit_test(test_what_cannot_be_compared),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
