/* ListArchiveDates and archives of dates in every zone, against counting by hand. */
#include "services/time_zone.h"
#include "support/content.h"
#include "support/random.h"

#include <lectern/v1/archive.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const Lectern__V1__DateGranularity YEAR =
	LECTERN__V1__DATE_GRANULARITY__DATE_GRANULARITY_YEAR;
static const Lectern__V1__DateGranularity MONTH =
	LECTERN__V1__DATE_GRANULARITY__DATE_GRANULARITY_MONTH;
static const Lectern__V1__DateGranularity DAY = LECTERN__V1__DATE_GRANULARITY__DATE_GRANULARITY_DAY;
static const int64_t HOUR_US = INT64_C(3600) * 1000000;

static struct local_server server;
static struct answer answer;
static struct time_zones *kept;

/* What the server holds, the newest first. */
static struct entry {
	uint64_t id;
	int64_t time_us;
	bool tagged, published;
} entries[600];
static size_t entry_count;

static int64_t time_of(const char *rfc3339)
{
	int64_t time_us;
	if (!rfc3339_parse(slice_of_text(rfc3339), &time_us))
		fail_msg("%s is no time", rfc3339);
	return time_us;
}

static void add(int64_t time_us, bool tagged, bool published)
{
	struct sketch sketch = { .title = "P",
		.state = published ? LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED
				   : LECTERN__V1__POST_STATE__POST_STATE_DRAFT,
		.publish_time_us = time_us,
		.tags = { tagged ? "t" : NULL } };
	entries[entry_count++] = (struct entry){ .id = new_post(&server, &sketch, &answer)->id,
		.time_us = time_us,
		.tagged = tagged,
		.published = published };
}

static int newest_first(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;
	if (x->time_us != y->time_us)
		return x->time_us > y->time_us ? -1 : 1;
	return x->id > y->id ? -1 : 1;
}

/* Posts around the beginnings of months and of any days, and where zones are strange. */
static int set_up(void **state)
{
	static const char *const strange[] = { "0001-01-01T02:00:00Z", "0001-01-31T22:00:00Z",
		"1969-12-31T23:30:00Z", "1970-01-01T00:00:00.000001Z", "2011-12-30T09:59:59Z",
		"2011-12-30T10:00:00Z", "2018-11-04T02:59:59.999999Z", "2018-11-04T03:00:00Z",
		"2010-11-07T02:30:30Z", "2010-11-07T03:29:59Z", "2010-11-07T03:30:00Z",
		"2024-02-29T23:59:59.999999Z", "2024-12-31T23:59:59.999999Z" };
	struct random random = random_start();
	kept = time_zones_new();
	local_server_open(&server);
	entry_count = 0;
	for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
		add(time_of(strange[i]), i % 2 == 0, true);
	for (int i = 0; i < 300; i++) {
		struct civil_date date = { .year = 2009 + (int)random_below(&random, 4),
			.month = 1 + (unsigned)random_below(&random, 12),
			.day = 1 };
		int64_t time_us = civil_date_start_us(date);
		if (i % 3 == 0)
			time_us += (int64_t)random_below(&random, 28 * 24) * HOUR_US;
		else
			time_us += (int64_t)random_below(&random, 64) * HOUR_US / 2 - 16 * HOUR_US;
		add(time_us, random_below(&random, 3) == 0, random_below(&random, 6) > 0);
	}
	qsort(entries, entry_count, sizeof *entries, newest_first);
	return 0;
}

static int tear_down(void **state)
{
	uint64_t problems = count_problems(&server);
	answer_done(&answer);
	local_server_close(&server);
	time_zones_free(kept);
	return problems == 0 ? 0 : -1;
}

static const struct {
	const char *filter;
	bool tagged, untagged, published, drafts;
} filters[] = {
	{ "", true, true, true, false },
	{ "tags:t", true, false, true, false },
	{ "NOT tags:\"t\"", false, true, true, false },
	{ "state = DRAFT", true, true, false, true },
	{ "tags:t AND (state = DRAFT OR state = PUBLISHED)", true, false, true, true },
	{ "tags:nobody", false, false, false, false },
};
enum { FILTERS = sizeof filters / sizeof *filters };

static bool passes(const struct entry *entry, size_t filter)
{
	return (entry->tagged ? filters[filter].tagged : filters[filter].untagged) &&
	       (entry->published ? filters[filter].published : filters[filter].drafts);
}

static const char *const zones[] = { "", "+05:30", "-03:00", "+14:00", "-14:00", "Europe/Berlin",
	"Asia/Kathmandu", "America/Sao_Paulo", "America/St_Johns", "Pacific/Apia",
	"Australia/Lord_Howe" };
enum { ZONES = sizeof zones / sizeof *zones };

struct query {
	const char *zone;
	size_t filter;
	uint32_t year, month;
	Lectern__V1__DateGranularity granularity;
};

struct counted {
	struct civil_date date; /* month and day 0 where they do not matter */
	uint64_t count;
};

/* Post by post. */
static size_t count_by_hand(const struct query *query, struct counted *ret)
{
	struct time_zone *zone;
	struct error err;
	size_t count = 0;
	assert_int_equal(time_zone_open(kept, query->zone, &zone, &err), CODE_OK);
	for (size_t i = 0; i < entry_count; i++) {
		struct civil_date date = time_zone_date(zone, entries[i].time_us);
		if (!passes(&entries[i], query->filter) ||
			(query->year != 0 && (uint32_t)date.year != query->year) ||
			(query->month != 0 && date.month != query->month))
			continue;
		if (query->granularity == YEAR)
			date.month = 0;
		if (query->granularity != DAY)
			date.day = 0;
		if (count == 0 || memcmp(&ret[count - 1].date, &date, sizeof date) != 0)
			ret[count++] = (struct counted){ .date = date };
		ret[count - 1].count++;
	}
	time_zone_close(zone);
	return count;
}

static const Lectern__V1__ListArchiveDatesResponse *list(const struct query *query)
{
	Lectern__V1__ListArchiveDatesRequest request =
		LECTERN__V1__LIST_ARCHIVE_DATES_REQUEST__INIT;
	request.year = query->year;
	request.month = query->month;
	request.granularity = query->granularity;
	request.time_zone = text(query->zone);
	request.filter = text(filters[query->filter].filter);
	return call_ok(&server, "ArchiveService/ListArchiveDates", &request.base, &answer);
}

static void compare(const struct query *query)
{
	static struct counted wanted[600];
	size_t count = count_by_hand(query, wanted);
	const Lectern__V1__ListArchiveDatesResponse *dates = list(query);
	for (size_t i = 0; i < dates->n_dates && i < count; i++) {
		const Lectern__V1__ArchiveDateCount *date = dates->dates[i];
		if (date->date->year != (uint32_t)wanted[i].date.year ||
			date->date->month != wanted[i].date.month ||
			date->date->day != wanted[i].date.day ||
			date->post_count != wanted[i].count)
			fail_msg("zone \"%s\", filter \"%s\", %u-%u, granularity %d: %u-%u-%u "
				 "has %llu posts, listed is %u-%u-%u with %llu",
				query->zone, filters[query->filter].filter, query->year,
				query->month, query->granularity, (unsigned)wanted[i].date.year,
				wanted[i].date.month, wanted[i].date.day,
				(unsigned long long)wanted[i].count, date->date->year,
				date->date->month, date->date->day,
				(unsigned long long)date->post_count);
	}
	assert_int_equal(dates->n_dates, count);
}

static void test_dates_in_every_zone(void **state)
{
	for (size_t z = 0; z < ZONES; z++) {
		for (size_t f = 0; f < FILTERS; f++) {
			compare(&(struct query){ zones[z], f, 0, 0, YEAR });
			compare(&(struct query){ zones[z], f, 0, 0, MONTH });
			for (uint32_t year = 2008; year <= 2013; year++) {
				compare(&(struct query){ zones[z], f, year, 0, YEAR });
				compare(&(struct query){ zones[z], f, year, 0, MONTH });
				compare(&(struct query){ zones[z], f, year, 0, DAY });
			}
			for (uint32_t month = 1; month <= 12; month++) {
				compare(&(struct query){ zones[z], f, 2010, month, YEAR });
				compare(&(struct query){ zones[z], f, 2010, month, MONTH });
				compare(&(struct query){ zones[z], f, 2010, month, DAY });
			}
			static const uint32_t years[] = { 1, 1969, 1970, 2018, 2024, 9999 };
			for (size_t y = 0; y < sizeof years / sizeof *years; y++) {
				compare(&(struct query){ zones[z], f, years[y], 0, MONTH });
				compare(&(struct query){ zones[z], f, years[y], 0, DAY });
			}
		}
	}
}

static void test_unspecified_granularity_is_month(void **state)
{
	struct query query = { .zone = "Europe/Berlin" };
	size_t unspecified = list(&query)->n_dates;
	uint32_t month = list(&query)->dates[0]->date->month;
	query.granularity = MONTH;
	assert_int_equal(list(&query)->n_dates, unspecified);
	assert_int_equal(month, list(&query)->dates[0]->date->month);
}

/* The archive of each date that is listed has the posts that were counted. */
static void compare_archive(const char *zone_name, const struct counted *date)
{
	struct time_zone *zone;
	struct error err;
	Lectern__V1__ArchiveDate archive_date = LECTERN__V1__ARCHIVE_DATE__INIT;
	Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	request.kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_DATE;
	request.date = &archive_date;
	request.time_zone = text(zone_name);
	request.page_size = 1000;
	archive_date.year = (uint32_t)date->date.year;
	archive_date.month = date->date.month;
	archive_date.day = date->date.day;
	const Lectern__V1__GetArchiveResponse *page =
		call_ok(&server, "ArchiveService/GetArchive", &request.base, &answer);
	assert_int_equal(page->total_size, date->count);
	assert_int_equal(page->n_posts, date->count);
	assert_int_equal(page->date->year, archive_date.year);
	assert_int_equal(page->date->month, archive_date.month);
	assert_int_equal(page->date->day, archive_date.day);
	assert_int_equal(time_zone_open(kept, zone_name, &zone, &err), CODE_OK);
	size_t next = 0;
	for (size_t i = 0; i < entry_count; i++) {
		struct civil_date local = time_zone_date(zone, entries[i].time_us);
		if (!entries[i].published || local.year != date->date.year ||
			(date->date.month != 0 && local.month != date->date.month) ||
			(date->date.day != 0 && local.day != date->date.day))
			continue;
		assert_in_range(next, 0, page->n_posts - 1);
		assert_int_equal(page->posts[next++]->id, entries[i].id);
	}
	assert_int_equal(next, page->n_posts);
	time_zone_close(zone);
}

static void test_archives_of_the_dates(void **state)
{
	static struct counted dates[600];
	for (size_t z = 0; z < ZONES; z++) {
		struct query query = { .zone = zones[z], .granularity = YEAR };
		size_t count = count_by_hand(&query, dates);
		query.granularity = MONTH;
		count += count_by_hand(&query, dates + count);
		for (size_t i = 0; i < count; i++)
			compare_archive(zones[z], &dates[i]);
		query.granularity = DAY;
		count = count_by_hand(&query, dates);
		for (size_t i = z % 5; i < count; i += 5)
			compare_archive(zones[z], &dates[i]);
	}
	/* The day that Samoa left out, and one without posts. */
	compare_archive("Pacific/Apia", &(struct counted){ { 2011, 12, 30 }, 0 });
	compare_archive("Europe/Berlin", &(struct counted){ { 2020, 0, 0 }, 0 });
	compare_archive("-03:00", &(struct counted){ { 9999, 12, 31 }, 0 });
}

/* Posts that come and go are counted where they are. */
static void test_after_deletes(void **state)
{
	struct random random = random_start();
	for (size_t i = 0; i < entry_count; i++) {
		if (!entries[i].published || random_below(&random, 3) > 0)
			continue;
		assert_int_equal(
			move_post(&server, "Delete", entries[i].id, NULL, &answer), CODE_OK);
		entries[i] = entries[--entry_count];
	}
	qsort(entries, entry_count, sizeof *entries, newest_first);
	for (size_t z = 0; z < ZONES; z++) {
		compare(&(struct query){ zones[z], 0, 0, 0, YEAR });
		compare(&(struct query){ zones[z], 0, 0, 0, MONTH });
		compare(&(struct query){ zones[z], 0, 2010, 0, DAY });
		compare(&(struct query){ zones[z], 1, 2010, 0, DAY });
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *label;
		uint32_t year, month;
		int granularity;
		const char *zone, *filter, *reason, *field, *error;
	} cases[] = {
		{ "year", 10000, 0, 0, "", "", "DATE_INVALID", "year",
			"year: must be 1 to 9999, or 0 for all years" },
		{ "month", 2024, 13, 0, "", "", "DATE_INVALID", "month",
			"month: must be 1 to 12, or 0 for all months" },
		{ "month alone", 0, 1, 0, "", "", "DATE_INVALID", "month", "month: needs a year" },
		{ "granularity", 2024, 0, 4, "", "", "ENUM_INVALID", "granularity",
			"granularity: 4 is no granularity" },
		{ "negative granularity", 2024, 0, -1, "", "", "ENUM_INVALID", "granularity",
			"granularity: -1 is no granularity" },
		{ "days of all years", 0, 0, 3, "", "", "GRANULARITY_NEEDS_YEAR", "granularity",
			"granularity: DAY lists the days of one year; set year" },
		{ "zone", 2024, 0, 0, "Europe/Atlantis", "", "TIME_ZONE_UNKNOWN", "time_zone",
			NULL },
		{ "filter", 2024, 0, 0, "", "tags:", "FILTER_INVALID", "filter", NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Lectern__V1__ListArchiveDatesRequest request =
			LECTERN__V1__LIST_ARCHIVE_DATES_REQUEST__INIT;
		request.year = cases[i].year;
		request.month = cases[i].month;
		request.granularity = (Lectern__V1__DateGranularity)cases[i].granularity;
		request.time_zone = text(cases[i].zone);
		request.filter = text(cases[i].filter);
		print_message("%s\n", cases[i].label);
		assert_int_equal(
			call(&server, "ArchiveService/ListArchiveDates", &request.base, &answer),
			CODE_INVALID_ARGUMENT);
		assert_string_equal(answer.err.reason, cases[i].reason);
		assert_string_equal(answer.err.field, cases[i].field);
		if (cases[i].error != NULL)
			assert_string_equal(answer.err.text, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates_in_every_zone),
		cmocka_unit_test(test_unspecified_granularity_is_month),
		cmocka_unit_test(test_archives_of_the_dates),
		cmocka_unit_test(test_after_deletes),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
