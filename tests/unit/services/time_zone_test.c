/* Time zones: names, and days against the C library's own reading of the same database. */
#include "services/time_zone.h"

#include "base/limits.h"
#include "support/random.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const int64_t SECOND_US = 1000000;
static const int64_t HOUR_US = INT64_C(3600) * 1000000;
static const int64_t START_OF_2024_US = INT64_C(1704067200) * 1000000;
static const int64_t DAY_US = INT64_C(86400) * 1000000;

static struct time_zones *kept;

static int set_up(void **state)
{
	kept = time_zones_new();
	return kept == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	time_zones_free(kept);
	time_zones_free(NULL);
	return 0;
}

static struct time_zone *zone_of(const char *name)
{
	struct time_zone *zone = NULL;
	struct error err;
	if (time_zone_open(kept, name, &zone, &err) != CODE_OK)
		fail_msg("%s: %s", name, err.text);
	return zone;
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		bool known;
	} cases[] = {
		{ "", true },
		{ "UTC", true },
		{ "Europe/Berlin", true },
		{ "America/Argentina/Buenos_Aires", true },
		{ "Etc/GMT+5", true },
		{ "America/Port-au-Prince", true },
		{ "+00:00", true },
		{ "-00:00", true },
		{ "+05:30", true },
		{ "+14:00", true },
		{ "-14:00", true },
		{ "+14:01", false },
		{ "-15:00", false },
		{ "+05:60", false },
		{ "+5:30", false },
		{ "+0530", false },
		{ "+05:3", false },
		{ "+05:300", false },
		{ "+:05:30", false },
		{ "+05-30", false },
		{ "+ 5:30", false },
		{ "05:30", false },
		{ "+", false },
		{ "Z", false },
		{ "Europe", false },
		{ "Europe/", false },
		{ "Europe/Atlantis", false },
		{ "europe/berlin", false },
		{ "/usr/share/zoneinfo/Europe/Berlin", false },
		{ "Europe/../Europe/Berlin", false },
		{ "../../../etc/passwd", false },
		{ "./Europe/Berlin", false },
		{ "ABC5DEF", false },
		{ "right/Europe/Berlin", false },
		{ "leapseconds", false },
		{ "zone.tab", false },
		{ "tzdata.zi", false },
		{ "Europe/Berlin ", false },
		{ " Europe/Berlin", false },
		{ "Europe/Berl\xC3\xADn", false },
		{ "%s%n", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct time_zone *zone = NULL;
		struct error err = { .code = CODE_OK };
		print_message("\"%s\"\n", cases[i].name);
		enum code code = time_zone_open(kept, cases[i].name, &zone, &err);
		assert_int_equal(code, cases[i].known ? CODE_OK : CODE_INVALID_ARGUMENT);
		assert_int_equal(zone != NULL, cases[i].known);
		time_zone_close(zone);
		if (cases[i].known)
			continue;
		assert_string_equal(err.reason, "TIME_ZONE_UNKNOWN");
		assert_string_equal(err.field, "time_zone");
		assert_non_null(strstr(err.text, "tz database"));
	}
	char longer[LIMIT_TIME_ZONE_BYTES + 2];
	struct time_zone *zone;
	struct error err;
	memset(longer, 'A', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(time_zone_open(kept, longer, &zone, &err), CODE_INVALID_ARGUMENT);
	time_zone_close(NULL);
}

static int64_t time_of(const char *rfc3339)
{
	int64_t time_us;
	if (!rfc3339_parse(slice_of_text(rfc3339), &time_us))
		fail_msg("%s is no time", rfc3339);
	return time_us;
}

static void test_beginnings_of_days(void **state)
{
	static const struct {
		const char *label, *zone;
		struct civil_date date;
		const char *start;
	} cases[] = {
		{ "utc", "", { 2024, 2, 29 }, "2024-02-29T00:00:00Z" },
		{ "the day behind the month's last", "", { 2024, 2, 30 }, "2024-03-01T00:00:00Z" },
		{ "the month behind the last", "", { 2024, 13, 1 }, "2025-01-01T00:00:00Z" },
		{ "offset east", "+05:30", { 2024, 3, 1 }, "2024-02-29T18:30:00Z" },
		{ "offset west", "-03:00", { 2024, 3, 1 }, "2024-03-01T03:00:00Z" },
		{ "winter", "Europe/Berlin", { 2024, 3, 31 }, "2024-03-30T23:00:00Z" },
		{ "a day of 23 hours", "Europe/Berlin", { 2024, 4, 1 }, "2024-03-31T22:00:00Z" },
		{ "summer", "Europe/Berlin", { 2024, 10, 27 }, "2024-10-26T22:00:00Z" },
		{ "a day of 25 hours", "Europe/Berlin", { 2024, 10, 28 }, "2024-10-27T23:00:00Z" },
		{ "half an hour", "Asia/Kolkata", { 2024, 3, 1 }, "2024-02-29T18:30:00Z" },
		{ "a quarter", "Asia/Kathmandu", { 2024, 3, 1 }, "2024-02-29T18:15:00Z" },
		{ "half an hour of summer time", "Australia/Lord_Howe", { 2024, 10, 7 },
			"2024-10-06T13:00:00Z" },
		{ "no midnight", "America/Sao_Paulo", { 2018, 11, 4 }, "2018-11-04T03:00:00Z" },
		{ "behind it", "America/Sao_Paulo", { 2018, 11, 5 }, "2018-11-05T02:00:00Z" },
		{ "the hour before midnight twice", "America/Sao_Paulo", { 2018, 2, 18 },
			"2018-02-18T03:00:00Z" },
		{ "midnight twice", "America/Havana", { 2024, 11, 3 }, "2024-11-03T04:00:00Z" },
		{ "a minute after midnight back into the day before", "America/St_Johns",
			{ 2010, 11, 7 }, "2010-11-07T03:30:00Z" },
		{ "over the date line, the day that was left out", "Pacific/Apia", { 2011, 12, 30 },
			"2011-12-30T10:00:00Z" },
		{ "the day behind it", "Pacific/Apia", { 2011, 12, 31 }, "2011-12-30T10:00:00Z" },
		{ "the farthest east", "Pacific/Kiritimati", { 2024, 1, 1 },
			"2023-12-31T10:00:00Z" },
		{ "local mean time", "Europe/Berlin", { 1800, 1, 1 }, "1799-12-31T23:06:32Z" },
		{ "the first day", "-03:00", { 1, 1, 1 }, "0001-01-01T00:00:00Z" },
		{ "the first day, east", "+03:00", { 1, 1, 1 }, "0001-01-01T00:00:00Z" },
		{ "the last day", "-03:00", { 9999, 12, 31 }, "9999-12-31T03:00:00Z" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[RFC3339_BYTES];
		struct time_zone *zone = zone_of(cases[i].zone);
		rfc3339_format(time_zone_day_start_us(zone, cases[i].date), text);
		print_message("%s\n", cases[i].label);
		assert_string_equal(text, cases[i].start);
		time_zone_close(zone);
	}
	struct time_zone *west = zone_of("-03:00");
	assert_int_equal(
		time_zone_day_start_us(west, (struct civil_date){ 10000, 1, 1 }), TIME_US_MAX + 1);
	time_zone_close(west);
}

static void test_days_of_times(void **state)
{
	static const struct {
		const char *label, *zone, *time;
		struct civil_date date;
	} cases[] = {
		{ "utc", "", "2024-02-29T23:59:59.999999Z", { 2024, 2, 29 } },
		{ "east", "+05:30", "2024-02-29T18:30:00Z", { 2024, 3, 1 } },
		{ "just before", "+05:30", "2024-02-29T18:29:59.999999Z", { 2024, 2, 29 } },
		{ "before 1970", "-03:00", "1969-12-31T02:59:59.999999Z", { 1969, 12, 30 } },
		{ "no midnight", "America/Sao_Paulo", "2018-11-04T03:00:00Z", { 2018, 11, 4 } },
		{ "before it", "America/Sao_Paulo", "2018-11-04T02:59:59.999999Z",
			{ 2018, 11, 3 } },
		{ "the minute that came too early", "America/St_Johns", "2010-11-07T02:30:30Z",
			{ 2010, 11, 6 } },
		{ "date line", "Pacific/Apia", "2011-12-30T09:59:59Z", { 2011, 12, 29 } },
		{ "date line, behind", "Pacific/Apia", "2011-12-30T10:00:00Z", { 2011, 12, 31 } },
		{ "before the year 1", "-03:00", "0001-01-01T00:00:00Z", { 1, 1, 1 } },
		{ "after 9999", "+03:00", "9999-12-31T23:59:59.999999Z", { 9999, 12, 31 } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct time_zone *zone = zone_of(cases[i].zone);
		struct civil_date date = time_zone_date(zone, time_of(cases[i].time));
		print_message("%s\n", cases[i].label);
		assert_int_equal(date.year, cases[i].date.year);
		assert_int_equal(date.month, cases[i].date.month);
		assert_int_equal(date.day, cases[i].date.day);
		time_zone_close(zone);
	}
}

/* --- Against localtime_r() --- */

static const char *const zones[] = { "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata",
	"Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo", "America/St_Johns",
	"America/Havana", "Pacific/Apia", "Pacific/Kwajalein", "Pacific/Kiritimati",
	"Africa/Casablanca", "Africa/Monrovia", "Asia/Manila", "America/Juneau", "Asia/Tehran",
	"Antarctica/Troll", "Europe/Dublin" };
enum { ZONES = sizeof zones / sizeof *zones };

static void use_zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

/* What the clocks show, as seconds from 1970 on them. */
static int64_t clocks_at(int64_t seconds)
{
	struct tm local;
	time_t time = seconds;
	assert_non_null(localtime_r(&time, &local));
	return seconds + local.tm_gmtoff;
}

/* The end of all times at which the clocks show a day before this one, looked for backwards minute
 * by minute. */
static int64_t slow_day_start(int64_t local_seconds)
{
	int64_t seconds = local_seconds + 27 * 3600;
	while (clocks_at(seconds) >= local_seconds)
		seconds -= 60;
	while (clocks_at(seconds) < local_seconds)
		seconds++;
	return seconds;
}

/* Beginnings of days around the changes of the clocks, which are looked for in the years when most
 * of them happened, and of any other days. */
static void test_against_the_c_library(void **state)
{
	enum { ROUNDS = 150 };
	struct random random = random_start();
	for (size_t z = 0; z < ZONES; z++) {
		struct time_zone *zone = zone_of(zones[z]);
		int changes = 0;
		use_zone(zones[z]);
		for (int i = 0; i < ROUNDS; i++) {
			int64_t from_us = time_of(
				i % 3 == 0 ? "1840-01-01T00:00:00Z" : "1965-01-01T00:00:00Z");
			/* Up to 2037, where the tables of changes end and GLib's rules begin. */
			uint64_t days = i % 3 == 0 ? 196 * 365 : 72 * 365;
			int64_t day_us = from_us + (int64_t)random_below(&random, days) * DAY_US;
			/* On to the next change, for half a year. */
			int64_t offset_us = clocks_at(day_us / SECOND_US) - day_us / SECOND_US;
			for (int d = 0; d < 190 && i % 2 == 0; d++) {
				int64_t now_us = day_us + DAY_US;
				if (clocks_at(now_us / SECOND_US) - now_us / SECOND_US !=
					offset_us) {
					changes++;
					break;
				}
				day_us = now_us;
			}
			for (int d = -1; d <= 2; d++) {
				struct civil_date date = civil_date_of(day_us + d * DAY_US);
				int64_t start_us = time_zone_day_start_us(zone, date);
				int64_t want_us =
					slow_day_start(civil_date_start_us(date) / SECOND_US) *
					SECOND_US;
				if (start_us != want_us)
					fail_msg("%s: %04d-%02u-%02u begins at %lld, not at %lld",
						zones[z], date.year, date.month, date.day,
						(long long)want_us, (long long)start_us);
			}
		}
		print_message("%s: %d changes of the clocks\n", zones[z], changes);
		time_zone_close(zone);
	}
	use_zone("UTC");
}

static bool is_before(struct civil_date a, struct civil_date b)
{
	return civil_date_start_us(a) < civil_date_start_us(b);
}

/* Each time lies in its day's span. */
static void test_times_lie_in_their_days(void **state)
{
	enum { ROUNDS = 20000 };
	struct random random = random_start();
	for (int i = 0; i < ROUNDS; i++) {
		struct time_zone *zone = zone_of(zones[random_below(&random, ZONES)]);
		int64_t time_us = time_of("1840-01-01T00:00:00Z") +
				  (int64_t)random_below(&random, (uint64_t)DAY_US * 365 * 200);
		if (i % 2 == 0) /* just beside the beginning of a day */
			time_us = time_zone_day_start_us(zone, civil_date_of(time_us)) +
				  (int64_t)random_below(&random, 3) - 1;
		struct civil_date date = time_zone_date(zone, time_us);
		struct civil_date next = date;
		next.day++;
		assert_true(time_zone_day_start_us(zone, date) <= time_us);
		assert_true(time_us < time_zone_day_start_us(zone, next));
		assert_false(is_before(time_zone_date(zone, time_us + 1), date));
		time_zone_close(zone);
	}
}

/* --- From several threads --- */

static void *open_many(void *first)
{
	uintptr_t wrong = 0;
	for (uintptr_t i = (uintptr_t)first; i < 2000; i++) {
		struct time_zone *zone;
		struct error err;
		const char *name = i % 50 == 0 ? "Europe/Atlantis" : zones[i * 7 % ZONES];
		if (time_zone_open(kept, name, &zone, &err) != CODE_OK) {
			wrong += i % 50 != 0;
			continue;
		}
		struct civil_date date = time_zone_date(zone, START_OF_2024_US);
		wrong += date.year < 2023 || date.year > 2024;
		time_zone_close(zone);
	}
	return (void *)wrong;
}

static void test_from_several_threads(void **state)
{
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, open_many, (void *)i), 0);
	for (int i = 0; i < THREADS; i++) {
		void *wrong;
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
}

/* More zones than are kept, and each still what it is. */
static void test_all_zones_in_turn(void **state)
{
	static const char *const names[] = { "Etc/GMT+1", "Etc/GMT+2", "Etc/GMT+3", "Etc/GMT+4",
		"Etc/GMT+5", "Etc/GMT+6", "Etc/GMT+7", "Etc/GMT+8", "Etc/GMT+9", "Etc/GMT+10",
		"Etc/GMT+11", "Etc/GMT+12", "Etc/GMT-1", "Etc/GMT-2", "Etc/GMT-3", "Etc/GMT-4",
		"Etc/GMT-5", "Etc/GMT-6", "Etc/GMT-7", "Etc/GMT-8", "Etc/GMT-9", "Etc/GMT-10",
		"Etc/GMT-11", "Etc/GMT-12", "Etc/GMT-13", "Etc/GMT-14", "Africa/Lagos",
		"Asia/Tokyo", "Asia/Dubai", "America/Bogota", "America/Lima", "Asia/Seoul",
		"Asia/Karachi", "Asia/Dhaka", "Asia/Bangkok", "Asia/Manila" };
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			struct time_zone *zone = zone_of(names[i]);
			int64_t start_us = time_zone_day_start_us(
				zone, (struct civil_date){ .year = 2024, .month = 1, .day = 1 });
			time_zone_close(zone);
			if (i >= 26)
				continue;
			/* "+" is west there. */
			int hours = i < 12 ? (int)i + 1 : 11 - (int)i;
			assert_int_equal(start_us, START_OF_2024_US + hours * HOUR_US);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_beginnings_of_days),
		cmocka_unit_test(test_days_of_times),
		cmocka_unit_test(test_against_the_c_library),
		cmocka_unit_test(test_times_lie_in_their_days),
		cmocka_unit_test(test_from_several_threads),
		cmocka_unit_test(test_all_zones_in_turn),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
