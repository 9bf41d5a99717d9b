/* Pages of archives, forwards and backwards, and the dates that have posts. */
#include "e2e/oracle/calls.h"
#include "e2e/oracle/failure.h"
#include "e2e/oracle/reads.h"

#include <inttypes.h>
#include <lectern/v1/archive.pb-c.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
	const char *name;
	int minutes;
} zones[] = { { "", 0 }, { "UTC", 0 }, { "+00:00", 0 }, { "+05:30", 330 }, { "-09:00", -540 } };
enum { ZONES = sizeof zones / sizeof *zones };

/* Year, month and day where a time falls on. */
static struct tm civil(int64_t time_us, int zone)
{
	int64_t shifted_us = time_us + zones[zone].minutes * INT64_C(60000000);
	time_t seconds = (time_t)(shifted_us / 1000000 - (shifted_us % 1000000 < 0));
	struct tm parts;
	gmtime_r(&seconds, &parts);
	return parts;
}

/* --- GetArchive --- */

struct archive {
	Lectern__V1__ArchiveKind kind;
	int term;
	bool direct_only;
	int zone;
	Lectern__V1__ArchiveDate date;
};

static bool falls_on(const Lectern__V1__ArchiveDate *date, int64_t time_us, int zone)
{
	struct tm day = civil(time_us, zone);
	return day.tm_year + 1900 == (int)date->year &&
	       (date->month == 0 || day.tm_mon + 1 == (int)date->month) &&
	       (date->day == 0 || day.tm_mday == (int)date->day);
}

static bool is_in_archive(
	const void *closure, const struct oracle_store *store, const struct oracle_post *post)
{
	const struct archive *archive = closure;
	if (post->state != ORACLE_PUBLISHED)
		return false;
	switch (archive->kind) {
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG:
		return oracle_has_term(post, ORACLE_TAG, archive->term);
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY:
		return archive->direct_only
			       ? oracle_has_term(post, ORACLE_CATEGORY, archive->term)
			       : oracle_in_subtree(store->content, post, archive->term);
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_AUTHOR:
		return oracle_has_term(post, ORACLE_AUTHOR, archive->term);
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_SERIES:
		return post->series == archive->term;
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_DATE:
		return falls_on(&archive->date, post->publish_us, archive->zone);
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_UNSPECIFIED:
	case _LECTERN__V1__ARCHIVE_KIND_IS_INT_SIZE:
		break;
	}
	oracle_fail("no such kind");
}

static void pick_archive(struct oracle_reader *reader, struct archive *archive)
{
	struct random *random = &reader->random;
	*archive = (struct archive){ .kind = 1 + (Lectern__V1__ArchiveKind)random_below(random, 5),
		.direct_only = random_below(random, 2) == 0,
		.zone = (int)random_below(random, ZONES) };
	if (archive->kind != LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_DATE) {
		archive->term =
			(int)random_below(random, (uint64_t)oracle_term_counts[archive->kind - 1]);
		return;
	}
	const struct oracle_post *post = oracle_store_pick(&reader->store, random_next(random));
	struct tm day = civil(oracle_sort_us(post), archive->zone);
	uint64_t precision = random_below(random, 3);
	lectern__v1__archive_date__init(&archive->date);
	archive->date.year = (uint32_t)day.tm_year + 1900;
	archive->date.month = precision > 0 ? (uint32_t)day.tm_mon + 1 : 0;
	archive->date.day = precision > 1 ? (uint32_t)day.tm_mday : 0;
}

/* The categories above and just below, with their counts. */
static void check_relatives(const struct oracle_reader *reader, const struct archive *archive,
	const Lectern__V1__GetArchiveResponse *page)
{
	const struct oracle_term *categories = reader->store.content->terms[ORACLE_CATEGORY];
	if (archive->kind != LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY) {
		if (page->n_parents + page->n_children != 0)
			oracle_fail("parents or children of what is no category");
		return;
	}
	int parents[ORACLE_CATEGORIES];
	size_t count = 0;
	size_t children = 0;
	for (int at = categories[archive->term].parent; at >= 0; at = categories[at].parent)
		parents[count++] = at;
	if (page->n_parents != count)
		oracle_fail("%zu parents, not %zu", page->n_parents, count);
	for (size_t i = 0; i < count; i++)
		if (page->parents[i]->id != categories[parents[count - 1 - i]].id)
			oracle_fail("parent %zu is %s", i, page->parents[i]->slug);
	for (int i = 0; i < ORACLE_CATEGORIES; i++)
		children += categories[i].parent == archive->term;
	if (page->n_children != children)
		oracle_fail("%zu children, not %zu", page->n_children, children);
	for (size_t i = 1; i < children; i++)
		if (strcmp(page->children[i - 1]->name, page->children[i]->name) >= 0)
			oracle_fail("children are not by name");
	for (size_t i = 0; i < children; i++)
		for (int term = 0; term < ORACLE_CATEGORIES; term++) {
			struct archive child = { .kind = archive->kind, .term = term };
			uint64_t size = 0;
			if (categories[term].id != page->children[i]->id)
				continue;
			if (categories[term].parent != archive->term)
				oracle_fail("%s is no child", categories[term].slug);
			for (uint64_t id = 1; id <= reader->store.id_max; id++) {
				const struct oracle_post *post =
					oracle_store_post(&reader->store, id);
				size += post != NULL && is_in_archive(&child, &reader->store, post);
			}
			if (size != page->children[i]->subtree_post_count)
				oracle_fail("%s has %" PRIu64 " posts, not %" PRIu64,
					categories[term].slug,
					page->children[i]->subtree_post_count, size);
		}
}

static void check_beside(const struct oracle_reader *reader, const char *which,
	const struct oracle_post *want, const Lectern__V1__Post *got)
{
	uint64_t want_id = want == NULL ? 0 : want->id;
	uint64_t got_id = got == NULL ? 0 : got->id;
	if (want_id != got_id)
		oracle_fail("%s is %" PRIu64 ", not %" PRIu64, which, got_id, want_id);
	if (want != NULL)
		oracle_check_post(
			reader->store.content, want, got, LECTERN__V1__POST_VIEW__POST_VIEW_BASIC);
}

/* Where an archive was left, and in which direction. */
struct turn {
	bool begun, backwards;
	struct oracle_post first, last; /* of the page before */
};

/* Checks one page; false where it was empty. */
static bool check_archive_page(struct oracle_reader *reader, const struct archive *archive,
	struct turn *turn, size_t page_size, const Lectern__V1__GetArchiveResponse *page)
{
	struct oracle_order order = { .descending = true };
	if (archive->kind == LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_SERIES)
		order = (struct oracle_order){ .field = ORACLE_BY_PART };
	size_t all = oracle_list(&reader->store, is_in_archive, archive, &order, reader->list);
	size_t start = 0;
	size_t end = all;
	if (turn->begun && turn->backwards) {
		for (end = 0;
			end < all && oracle_compare(&order, reader->list[end], &turn->first) < 0;)
			end++;
		start = end > page_size ? end - page_size : 0;
	} else {
		while (turn->begun && start < all &&
			oracle_compare(&order, reader->list[start], &turn->last) <= 0)
			start++;
		end = start + page_size < all ? start + page_size : all;
	}
	oracle_check_posts(reader->store.content, reader->list + start, end - start, page->posts,
		page->n_posts, LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED);
	if (page->total_size != all)
		oracle_fail("total_size is %" PRIu64 ", not %zu", page->total_size, all);
	check_relatives(reader, archive, page);
	if (start == end)
		return false;
	if ((end == all) != (page->next_page_token[0] == '\0'))
		oracle_fail("%zu posts behind, next_page_token is \"%s\"", all - end,
			page->next_page_token);
	if ((start == 0) != (page->previous_page_token[0] == '\0'))
		oracle_fail("%zu posts before, previous_page_token is \"%s\"", start,
			page->previous_page_token);
	check_beside(reader, "post_before", start == 0 ? NULL : reader->list[start - 1],
		page->post_before);
	check_beside(reader, "post_after", end == all ? NULL : reader->list[end], page->post_after);
	turn->begun = true;
	turn->first = *reader->list[start];
	turn->last = *reader->list[end - 1];
	return true;
}

void oracle_page_archive(struct oracle_reader *reader)
{
	Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	Lectern__V1__TermKey key = LECTERN__V1__TERM_KEY__INIT;
	char slug[ORACLE_SLUG_BYTES];
	char token[1025] = "";
	struct archive archive;
	struct turn turn = { .begun = false };
	pick_archive(reader, &archive);
	request.kind = archive.kind;
	if (archive.kind == LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_DATE) {
		request.date = &archive.date;
		request.time_zone = (char *)zones[archive.zone].name;
	} else {
		strcpy(slug, reader->store.content->terms[archive.kind - 1][archive.term].slug);
		key.key_case = LECTERN__V1__TERM_KEY__KEY_SLUG;
		key.slug = slug;
		request.term = &key;
		request.direct_only = archive.direct_only;
	}
	request.page_token = token;
	for (int pages = 0; pages < 12; pages++) {
		uint64_t revision;
		request.page_size = 1 + (int32_t)random_below(&reader->random, 40);
		oracle_doing("GetArchive of kind %d, %s %04u-%02u-%02u %s, direct_only %d, "
			     "page_size %d\npage_token: %s",
			(int)archive.kind, key.slug == NULL ? "" : slug, archive.date.year,
			archive.date.month, archive.date.day, request.time_zone,
			request.direct_only, request.page_size, token);
		Lectern__V1__GetArchiveResponse *page = oracle_call(reader->client,
			"lectern.v1.ArchiveService/GetArchive", &request.base,
			&lectern__v1__get_archive_response__descriptor, &revision);
		oracle_reach(reader, revision);
		bool filled = check_archive_page(
			reader, &archive, &turn, (size_t)request.page_size, page);
		/* To the end or so, and back again. */
		if (page->next_page_token[0] == '\0' || random_below(&reader->random, 5) == 0)
			turn.backwards = true;
		strcpy(token, turn.backwards ? page->previous_page_token : page->next_page_token);
		oracle_free(page);
		reader->others++;
		if (!filled || token[0] == '\0')
			return;
	}
}

/* --- ListArchiveDates --- */

struct span {
	struct oracle_filter *filter;
	int zone;
	uint32_t year, month; /* 0: all */
};

static bool is_in_span(
	const void *closure, const struct oracle_store *store, const struct oracle_post *post)
{
	const struct span *span = closure;
	struct tm day = civil(oracle_sort_us(post), span->zone);
	return oracle_filter_matches(span->filter, store, post) &&
	       (span->year == 0 || day.tm_year + 1900 == (int)span->year) &&
	       (span->month == 0 || day.tm_mon + 1 == (int)span->month);
}

static void check_dates(struct oracle_reader *reader, const struct span *span, int granularity,
	const Lectern__V1__ListArchiveDatesResponse *answer)
{
	struct oracle_order newest = { .descending = true };
	size_t count = oracle_list(&reader->store, is_in_span, span, &newest, reader->list);
	size_t at = 0;
	for (size_t i = 0; i < answer->n_dates; i++) {
		const Lectern__V1__ArchiveDate *date = answer->dates[i]->date;
		uint64_t size = 0;
		for (; at < count && falls_on(date, oracle_sort_us(reader->list[at]), span->zone);
			at++)
			size++;
		if (size == 0 || size != answer->dates[i]->post_count ||
			(date->month != 0) != (granularity > 1) ||
			(date->day != 0) != (granularity > 2))
			oracle_fail("%04u-%02u-%02u has %" PRIu64 " posts, not %" PRIu64,
				date->year, date->month, date->day, answer->dates[i]->post_count,
				size);
	}
	if (at != count) {
		struct tm day = civil(oracle_sort_us(reader->list[at]), span->zone);
		oracle_fail("%zu posts are in no date, the first of %04d-%02d-%02d", count - at,
			day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
	}
}

void oracle_ask_dates(struct oracle_reader *reader)
{
	Lectern__V1__ListArchiveDatesRequest request =
		LECTERN__V1__LIST_ARCHIVE_DATES_REQUEST__INIT;
	struct random *random = &reader->random;
	struct span span = { .filter = &reader->filter, .zone = (int)random_below(random, ZONES) };
	uint64_t revision;
	struct tm day = civil(
		oracle_sort_us(oracle_store_pick(&reader->store, random_next(random))), span.zone);
	uint64_t granularity = random_below(random, 4);
	oracle_filter_make(&reader->filter, random, &reader->store);
	if (granularity == 3 || random_below(random, 2) == 0)
		span.year = (uint32_t)day.tm_year + 1900;
	if (span.year != 0 && random_below(random, 3) == 0)
		span.month = (uint32_t)day.tm_mon + 1;
	request.year = span.year;
	request.month = span.month;
	request.granularity = (Lectern__V1__DateGranularity)granularity;
	request.time_zone = (char *)zones[span.zone].name;
	request.filter = reader->filter.text;
	oracle_doing("ListArchiveDates of %04u-%02u by %d in zone \"%s\"\nfilter: %s", span.year,
		span.month, (int)granularity, request.time_zone, request.filter);
	Lectern__V1__ListArchiveDatesResponse *answer = oracle_call(reader->client,
		"lectern.v1.ArchiveService/ListArchiveDates", &request.base,
		&lectern__v1__list_archive_dates_response__descriptor, &revision);
	oracle_reach(reader, revision);
	check_dates(reader, &span, granularity == 0 ? 2 : (int)granularity, answer);
	oracle_free(answer);
	reader->others++;
}
