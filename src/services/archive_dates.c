#include "services/archive_dates.h"

#include "services/filter.h"
#include "services/post_list.h"
#include "store/posting.h"

enum {
	FIELD_DATES = 1, /* of ListArchiveDatesResponse */
	MONTHS = 12,
};

/* --- Spans --- */

/* The first day of a span, and of the one behind it. */
static struct civil_date first_day(const Lectern__V1__ArchiveDate *date)
{
	return (struct civil_date){ .year = (int)date->year,
		.month = date->month == 0 ? 1 : date->month,
		.day = date->day == 0 ? 1 : date->day };
}

static struct civil_date day_behind(const Lectern__V1__ArchiveDate *date)
{
	struct civil_date day = first_day(date);
	if (date->day != 0)
		day.day++;
	else if (date->month != 0)
		day.month++;
	else
		day.year++;
	return day;
}

struct date_span date_span_of(const struct time_zone *zone, const Lectern__V1__ArchiveDate *date)
{
	return (struct date_span){ .from_us = time_zone_day_start_us(zone, first_day(date)),
		.until_us = time_zone_day_start_us(zone, day_behind(date)) };
}

/* --- Counting --- */

/* Walks that end with the call's time. */
struct count {
	struct rpc_call *call;
	const struct time_zone *zone;
	uint64_t steps;
	enum code code;
	struct error *err;
};

static bool in_time(struct count *count)
{
	if (count->code == CODE_OK)
		count->code = check_deadline(count->call, ++count->steps, count->err);
	return count->code == CODE_OK;
}

static enum code count_status(const struct count *count)
{
	if (count->code != CODE_OK)
		return count->code;
	return txn_status(snapshot_of(count->call), count->err);
}

/* Published posts by walking their list. */
static uint64_t posts_between(struct count *count, int64_t from_us, int64_t until_us)
{
	struct posting first = { .kind = POSTING_LIVE, .id = UINT64_MAX };
	struct posting last = { .kind = POSTING_LIVE };
	struct key from;
	struct key until;
	struct walk walk;
	uint64_t posts = 0;
	if (from_us >= until_us)
		return 0;
	first.sort = sort_newest_first(until_us - 1);
	last.sort = sort_newest_first(from_us);
	key_posting(&from, &first);
	key_posting(&until, &last);
	walk_start(&walk, snapshot_of(count->call), TABLE_POSTING, key_slice(&from));
	while (in_time(count) && walk_next(&walk) && walk.key.size == until.size &&
		memcmp(walk.key.data, until.bytes, until.size) <= 0)
		posts++;
	walk_end(&walk);
	return posts;
}

/* Counters of months have this number: those of UTC. */
static struct civil_date first_day_of_month(uint64_t month)
{
	return (struct civil_date){
		.year = (int)(month / MONTHS), .month = (unsigned)(month % MONTHS) + 1, .day = 1
	};
}

/* How many posts the beginning of the month in the zone brings from the month before (in UTC) into
 * this one; negative for the other way. */
static int64_t posts_moved(struct count *count, uint64_t month)
{
	struct civil_date date = first_day_of_month(month);
	int64_t utc_us = civil_date_start_us(date);
	int64_t local_us = time_zone_day_start_us(count->zone, date);
	return (int64_t)posts_between(count, local_us, utc_us) -
	       (int64_t)posts_between(count, utc_us, local_us);
}

/* Of the months from first up to but not including end. */
static uint64_t posts_of_months(struct count *count, uint64_t first, uint64_t end)
{
	uint64_t posts = 0;
	for (uint64_t month = first; month < end; month++)
		posts += posting_count(snapshot_of(count->call), POSTING_MONTH, month);
	return posts + (uint64_t)posts_moved(count, first) - (uint64_t)posts_moved(count, end);
}

/* The numbers of the counters of a year or a month: from *first up to but not including *end. */
static void months_of(const Lectern__V1__ArchiveDate *date, uint64_t *first, uint64_t *end)
{
	*first = (uint64_t)date->year * MONTHS + (date->month == 0 ? 0 : date->month - 1);
	*end = *first + (date->month == 0 ? MONTHS : 1);
}

enum code date_count(struct rpc_call *call, const struct time_zone *zone,
	const Lectern__V1__ArchiveDate *date, uint64_t *ret, struct error *err)
{
	struct count count = { .call = call, .zone = zone, .err = err };
	if (date->day != 0) {
		struct date_span span = date_span_of(zone, date);
		*ret = posts_between(&count, span.from_us, span.until_us);
	} else {
		uint64_t first;
		uint64_t end;
		months_of(date, &first, &end);
		*ret = posts_of_months(&count, first, end);
	}
	return count_status(&count);
}

/* --- ListArchiveDates --- */

/* The spans that are listed, the newest first. */
struct dates {
	struct count count;
	Lectern__V1__DateGranularity granularity;
	/* The current one, which is added to the reply when the next begins. */
	Lectern__V1__ArchiveDate date;
	int64_t from_us;
	uint64_t posts; /* 0: there is none yet */
};

static void finish_date(struct dates *dates)
{
	Lectern__V1__ArchiveDateCount count = LECTERN__V1__ARCHIVE_DATE_COUNT__INIT;
	count.date = &dates->date;
	count.post_count = dates->posts;
	if (dates->posts > 0)
		reply_pack(&dates->count.call->reply, FIELD_DATES, &count.base);
	dates->posts = 0;
}

static void begin_date(struct dates *dates, struct civil_date day)
{
	finish_date(dates);
	lectern__v1__archive_date__init(&dates->date);
	dates->date.year = (uint32_t)day.year;
	if (dates->granularity != LECTERN__V1__DATE_GRANULARITY__DATE_GRANULARITY_YEAR)
		dates->date.month = day.month;
	if (dates->granularity == LECTERN__V1__DATE_GRANULARITY__DATE_GRANULARITY_DAY)
		dates->date.day = day.day;
	dates->from_us = time_zone_day_start_us(dates->count.zone, first_day(&dates->date));
}

/* Times come the newest first. */
static void count_time(struct dates *dates, int64_t time_us)
{
	if (dates->posts == 0 || time_us < dates->from_us)
		begin_date(dates, time_zone_date(dates->count.zone, time_us));
	dates->posts++;
}

static void count_month(struct dates *dates, uint64_t month)
{
	uint64_t posts = posts_of_months(&dates->count, month, month + 1);
	struct civil_date day = first_day_of_month(month);
	if (posts == 0)
		return;
	if (dates->posts == 0 || time_zone_day_start_us(dates->count.zone, day) < dates->from_us)
		begin_date(dates, day);
	dates->posts += posts;
}

/* Months with posts in the zone are those with posts in UTC and the ones beside them. */
static void count_months(struct dates *dates, uint64_t first, uint64_t end)
{
	struct txn *txn = snapshot_of(dates->count.call);
	uint64_t next = end; /* all months from here on are done */
	struct key from;
	struct key until;
	struct walk walk;
	key_counter(&from, POSTING_MONTH, first - 1);
	key_counter(&until, POSTING_MONTH, end + 1);
	walk_start(&walk, txn, TABLE_COUNTER, key_slice(&until));
	while (in_time(&dates->count) && walk_previous(&walk) &&
		memcmp(walk.key.data, from.bytes, from.size) >= 0) {
		uint8_t kind;
		uint64_t month;
		if (!key_read_counter(walk.key, &kind, &month)) {
			txn_fail_corrupt(txn, "counter of month", 0);
			break;
		}
		if (next > month + 2)
			next = month + 2;
		while (next > first && next >= month)
			count_month(dates, --next);
	}
	walk_end(&walk);
}

/* Where the posts of a span lie in an iterator by time, in the order of the keys. */
static struct slice position_of(uint8_t bytes[VALUE_U64_BYTES], int64_t time_us)
{
	value_u64(bytes, sort_newest_first(time_us));
	return slice_of(bytes, VALUE_U64_BYTES);
}

static int64_t time_of_position(struct slice position)
{
	uint64_t sort;
	bool read = value_read_u64(slice_of(position.data, VALUE_U64_BYTES), &sort);
	return read ? time_of_newest_first(sort) : 0;
}

static bool passes(struct txn *txn, const struct filter *filter, uint64_t id)
{
	struct post_fields fields;
	return post_fields_get(txn, id, &fields) && filter_matches(filter, txn, &fields);
}

/* Counts post by post. */
static enum code count_posts(struct dates *dates, const char *filter_text,
	const struct date_span *span, struct error *err)
{
	struct rpc_call *call = dates->count.call;
	struct txn *txn = snapshot_of(call);
	struct filter filter;
	enum code code = filter_compile(txn, call->arena, filter_text, &filter, err);
	if (code != CODE_OK)
		return code;
	struct post_iterator_stats stats = { .keys_read = 0 };
	struct post_iterator_context context = {
		.txn = txn, .arena = call->arena, .deadline_ns = call->deadline_ns, .stats = &stats
	};
	uint8_t newest[VALUE_U64_BYTES];
	uint8_t behind_oldest[VALUE_U64_BYTES];
	bool exact;
	struct post_iterator *posts =
		post_iterator_bounded(&context, filter_iterator(&filter, &context, &exact, NULL),
			position_of(newest, span->until_us - 1),
			position_of(behind_oldest, span->from_us - 1));
	if (posts == NULL)
		txn_fail_memory(txn);
	while (posts != NULL && in_time(&dates->count) && post_iterator_next(posts))
		if (exact || passes(txn, &filter, post_iterator_id(posts)))
			count_time(dates, time_of_position(post_iterator_position(posts)));
	post_iterator_close(posts);
	return CODE_OK;
}

static enum code check_request(
	const Lectern__V1__ListArchiveDatesRequest *request, struct error *err)
{
	if (request->year > 9999)
		return fail_field(err, CODE_INVALID_ARGUMENT, "DATE_INVALID", "year",
			"must be 1 to 9999, or 0 for all years");
	if (request->month > MONTHS)
		return fail_field(err, CODE_INVALID_ARGUMENT, "DATE_INVALID", "month",
			"must be 1 to 12, or 0 for all months");
	if (request->month != 0 && request->year == 0)
		return fail_field(
			err, CODE_INVALID_ARGUMENT, "DATE_INVALID", "month", "needs a year");
	switch (request->granularity) {
	case LECTERN__V1__DATE_GRANULARITY__DATE_GRANULARITY_UNSPECIFIED:
	case LECTERN__V1__DATE_GRANULARITY__DATE_GRANULARITY_YEAR:
	case LECTERN__V1__DATE_GRANULARITY__DATE_GRANULARITY_MONTH:
		return CODE_OK;
	case LECTERN__V1__DATE_GRANULARITY__DATE_GRANULARITY_DAY:
		if (request->year != 0)
			return CODE_OK;
		return fail_field(err, CODE_INVALID_ARGUMENT, "GRANULARITY_NEEDS_YEAR",
			"granularity", "DAY lists the days of one year; set year");
	case _LECTERN__V1__DATE_GRANULARITY_IS_INT_SIZE:
		break;
	}
	return fail_field(err, CODE_INVALID_ARGUMENT, "ENUM_INVALID", "granularity",
		"%d is no granularity", (int)request->granularity);
}

enum code list_archive_dates(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__ListArchiveDatesRequest *request =
		(const Lectern__V1__ListArchiveDatesRequest *)message;
	AUTO(time_zone_closep) struct time_zone *zone = NULL;
	enum code code = check_request(request, err);
	if (code == CODE_OK)
		code = time_zone_open(
			services_of(call)->time_zones, request->time_zone, &zone, err);
	if (code != CODE_OK)
		return code;
	struct dates dates = { .count = { .call = call, .zone = zone, .err = err },
		.granularity = request->granularity };
	Lectern__V1__ArchiveDate date = LECTERN__V1__ARCHIVE_DATE__INIT;
	date.year = request->year;
	date.month = request->month;
	uint64_t first = MONTHS;
	uint64_t end = (uint64_t)10000 * MONTHS;
	struct date_span span = { .from_us = TIME_US_MIN, .until_us = TIME_US_MAX + 1 };
	if (date.year != 0) {
		months_of(&date, &first, &end);
		span = date_span_of(zone, &date);
	}
	if (request->filter[0] == '\0' &&
		request->granularity != LECTERN__V1__DATE_GRANULARITY__DATE_GRANULARITY_DAY)
		count_months(&dates, first, end);
	else
		code = count_posts(&dates, request->filter, &span, err);
	finish_date(&dates);
	return code == CODE_OK ? count_status(&dates.count) : code;
}
