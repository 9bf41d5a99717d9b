#include "base/rfc3339.h"

#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const int64_t DAY_US = INT64_C(86400000000);

static bool parse(const char *text, int64_t *ret)
{
	return rfc3339_parse(slice_of_text(text), ret);
}

static int64_t random_time_us(struct random *random)
{
	uint64_t span = (uint64_t)TIME_US_MAX - (uint64_t)TIME_US_MIN + 1;
	return TIME_US_MIN + (int64_t)(random_next(random) % span);
}

/* The C library's calendar, which shares no code with ours. */
static void test_every_day_against_gmtime(void **state)
{
	for (int64_t day = TIME_US_MIN / DAY_US; day <= TIME_US_MAX / DAY_US; day += 7) {
		time_t seconds = (time_t)(day * 86400);
		struct tm tm;
		gmtime_r(&seconds, &tm);
		struct civil_date date = civil_date_of(day * DAY_US);
		assert_int_equal(date.year, tm.tm_year + 1900);
		assert_int_equal(date.month, tm.tm_mon + 1);
		assert_int_equal(date.day, tm.tm_mday);
		assert_int_equal(civil_date_start_us(date), day * DAY_US);
		assert_in_range(date.day, 1, civil_days_in_month(date.year, date.month));
		/* The ends of the day. */
		if (day * DAY_US > TIME_US_MIN)
			assert_int_not_equal(civil_date_of(day * DAY_US - 1).day, date.day);
		assert_int_equal(civil_date_of(day * DAY_US + DAY_US - 1).day, date.day);
	}
}

static void test_month_thirteen(void **state)
{
	for (int year = 1; year <= 9999; year++) {
		struct tm tm = { .tm_year = year + 1 - 1900, .tm_mon = 0, .tm_mday = 1 };
		struct civil_date date = { .year = year, .month = 13, .day = 1 };
		assert_int_equal(civil_date_start_us(date), (int64_t)timegm(&tm) * 1000000);
	}
}

static void test_random_times_round_trip(void **state)
{
	struct random random = random_start();
	for (int i = 0; i < 200000; i++) {
		static const int64_t grain[] = { 1, 1000, 1000000, INT64_C(60000000) };
		int64_t time_us = random_time_us(&random);
		int64_t back_us = 0;
		char text[RFC3339_BYTES];
		char expected[RFC3339_BYTES];
		time_us -= time_us % grain[i % 4];
		rfc3339_format(time_us, text);
		assert_true(parse(text, &back_us));
		assert_int_equal(back_us, time_us);
		time_t seconds = (time_t)(time_us / 1000000 - (time_us % 1000000 < 0));
		struct tm tm;
		gmtime_r(&seconds, &tm);
		size_t size =
			(size_t)snprintf(expected, sizeof expected, "%04d", tm.tm_year + 1900);
		strftime(expected + size, sizeof expected - size, "-%m-%dT%H:%M:%S", &tm);
		assert_memory_equal(text, expected, strlen(expected));
	}
}

static const struct {
	const char *text;
	int64_t time_us;
} good[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01t00:00:00z", 0 },
	{ "1970-01-01 00:00:00Z", 0 },
	{ "1970-01-01T01:00:00+01:00", 0 },
	{ "1969-12-31T19:00:00-05:00", 0 },
	{ "1970-01-01T00:00:00-00:00", 0 },
	{ "1970-01-01T23:59:00+23:59", 0 },
	{ "1970-01-01T00:00:00.1Z", 100000 },
	{ "1970-01-01T00:00:00.000001Z", 1 },
	{ "1970-01-01T00:00:00.000001999Z", 1 },
	{ "1969-12-31T23:59:59.999999Z", -1 },
	{ "2000-02-29T00:00:00Z", INT64_C(951782400000000) },
	{ "2024-02-29T12:30:45.123456+05:30", INT64_C(1709190045123456) },
	{ "0001-01-01T00:00:00Z", TIME_US_MIN },
	{ "9999-12-31T23:59:59.999999Z", TIME_US_MAX },
	{ "9999-12-31T23:59:59.999999999Z", TIME_US_MAX },
	{ "9999-12-31T23:00:00-00:59", TIME_US_MAX - 59999999 },
};

static void test_good_texts(void **state)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		int64_t time_us = 42;
		print_message("%s\n", good[i].text);
		assert_true(parse(good[i].text, &time_us));
		assert_int_equal(time_us, good[i].time_us);
	}
}

static void test_formats(void **state)
{
	static const struct {
		int64_t time_us;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00Z" },
		{ 1, "1970-01-01T00:00:00.000001Z" },
		{ 1000, "1970-01-01T00:00:00.001Z" },
		{ 999000, "1970-01-01T00:00:00.999Z" },
		{ 100001, "1970-01-01T00:00:00.100001Z" },
		{ -1, "1969-12-31T23:59:59.999999Z" },
		{ TIME_US_MIN, "0001-01-01T00:00:00Z" },
		{ TIME_US_MAX, "9999-12-31T23:59:59.999999Z" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[RFC3339_BYTES];
		rfc3339_format(cases[i].time_us, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void test_bad_texts(void **state)
{
	static const char *const bad[] = { "", "Z", "2024", "2024-01-01", "2024-01-01T00:00Z",
		"2024-01-01T00:00:00", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00.1234567890Z",
		"2024-01-01T00:00:00+1:00", "2024-01-01T00:00:00+0100", "2024-01-01T00:00:00+01",
		"2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+01:60", "2024-01-01T00:00:00 Z",
		"2024-01-01T00:00:00Zz", "2024-01-01T00:00:00Z\n", " 2024-01-01T00:00:00Z",
		"2024-00-01T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-00T00:00:00Z",
		"2024-01-32T00:00:00Z", "2024-04-31T00:00:00Z", "2023-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2024-02-30T00:00:00Z",
		"2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T23:59:60Z",
		"0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
		"9999-99-99T99:99:99Z", "10000-01-01T00:00:00Z", "-001-01-01T00:00:00Z",
		"+024-01-01T00:00:00Z", "2024-1-01T00:00:00Z", "2024-01-1T00:00:00Z",
		"2024/01/01T00:00:00Z", "2024-01-01X00:00:00Z", "2024-01-01T0:00:00Z",
		"2024-01-01T00:00:00,5Z", "2024-01-01T00:00:0aZ", "2024-01-01T00:00:00+aa:00",
		"2024-01-01T00:00:00\xE2\x88\x92"
		"01:00",
		"\xEF\xBC\x92"
		"024-01-01T00:00:00Z" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int64_t time_us = 42;
		print_message("'%s'\n", bad[i]);
		assert_false(parse(bad[i], &time_us));
		assert_int_equal(time_us, 42);
	}
}

/* The text is a slice: nothing behind it is read, and a NUL in it is no end. */
static void test_only_the_slice_is_read(void **state)
{
	static const char text[] = "2024-02-29T12:30:45.123456+05:30";
	int64_t time_us;
	for (size_t size = 0; size < sizeof text - 1; size++) {
		uint8_t *copy = malloc(size + 1);
		memcpy(copy + 1, text, size);
		assert_false(rfc3339_parse(slice_of(copy + 1, size), &time_us));
		for (size_t at = 0; at < size; at++) {
			uint8_t was = copy[1 + at];
			copy[1 + at] = 0;
			assert_false(rfc3339_parse(slice_of(copy + 1, size), &time_us));
			copy[1 + at] = was;
		}
		free(copy);
	}
	assert_false(rfc3339_parse(slice_of("1970-01-01T00:00:00Z", 21), &time_us));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_day_against_gmtime),
		cmocka_unit_test(test_month_thirteen),
		cmocka_unit_test(test_random_times_round_trip),
		cmocka_unit_test(test_good_texts),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_bad_texts),
		cmocka_unit_test(test_only_the_slice_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
