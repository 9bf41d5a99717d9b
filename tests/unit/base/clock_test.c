#include "base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void times_are_split_into_seconds(void **state)
{
	static const struct {
		uint64_t ns;
		int64_t seconds, rest_ns;
	} cases[] = {
		{ 0, 0, 0 },
		{ 999999999, 0, 999999999 },
		{ 1000000000, 1, 0 },
		{ UINT64_MAX, 18446744073, 709551615 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct timespec time = clock_timespec(cases[i].ns);
		assert_int_equal(time.tv_sec, cases[i].seconds);
		assert_int_equal(time.tv_nsec, cases[i].rest_ns);
	}
}

static void a_condition_waits_on_the_monotonic_clock(void **state)
{
	enum { WAIT_NS = 2000000 };
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t cond;
	assert_true(clock_cond_init(&cond));
	uint64_t until_ns = clock_monotonic_ns() + WAIT_NS;
	struct timespec until = clock_timespec(until_ns);
	int rc = 0;
	pthread_mutex_lock(&mutex);
	while (rc == 0)
		rc = pthread_cond_timedwait(&cond, &mutex, &until);
	pthread_mutex_unlock(&mutex);
	assert_int_equal(rc, ETIMEDOUT);
	assert_true(clock_monotonic_ns() >= until_ns);
	pthread_cond_destroy(&cond);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_split_into_seconds),
		cmocka_unit_test(a_condition_waits_on_the_monotonic_clock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
