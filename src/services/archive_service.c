#include "base/rfc3339.h"
#include "services/page.h"
#include "store/posting.h"
#include "store/term.h"

#include <lectern/v1/archive.pb-c.h>

enum {
	/* Field numbers of GetArchiveResponse; those of the terms are the numbers of TermKind. */
	FIELD_DATE = 5,
	FIELD_POSTS = 6,
	FIELD_NEXT_PAGE_TOKEN = 7,
	FIELD_TOTAL_SIZE = 8,
	FIELD_MONTHS = 1,
};

static struct entity_key key_of(const Lectern__V1__TermKey *term)
{
	if (term == NULL)
		return (struct entity_key){ .id = 0 };
	return ID_SLUG_OR_NAME(term);
}

static uint8_t list_of(const Lectern__V1__GetArchiveRequest *request, uint8_t term_kind)
{
	if (term_kind == LECTERN__STORE__V1__TERM_KIND__TERM_KIND_SERIES)
		return POSTING_SERIES;
	if (term_kind == LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY && !request->direct_only)
		return POSTING_SUBTREE;
	return posting_kind_of_term(term_kind);
}

static enum code date_bounds(
	const Lectern__V1__ArchiveDate *date, struct page_query *query, struct error *err)
{
	if (date == NULL || date->year < 1 || date->year > 9999)
		return fail_field(err, CODE_INVALID_ARGUMENT, "DATE_INVALID", "date.year",
			"must be 1 to 9999");
	if (date->month > 12 || (date->month == 0 && date->day != 0))
		return fail_field(err, CODE_INVALID_ARGUMENT, "DATE_INVALID", "date.month",
			"must be 1 to 12, or 0 for the whole year");
	if (date->day > 31 ||
		(date->day != 0 && date->day > civil_days_in_month((int)date->year, date->month)))
		return fail_field(err, CODE_INVALID_ARGUMENT, "DATE_INVALID", "date.day",
			"is no day of that month");
	struct civil_date from = { .year = (int)date->year, .month = 1, .day = 1 };
	struct civil_date until = { .year = (int)date->year + 1, .month = 1, .day = 1 };
	if (date->month != 0) {
		from.month = date->month;
		until = (struct civil_date){ .year = from.year, .month = from.month + 1, .day = 1 };
	}
	query->bounded = true;
	query->from_us = civil_date_start_us(from);
	query->until_us = civil_date_start_us(until);
	if (date->day != 0) {
		const int64_t day_us = INT64_C(86400000000);
		query->from_us += (int64_t)(date->day - 1) * day_us;
		query->until_us = query->from_us + day_us;
	}
	return CODE_OK;
}

static uint64_t date_count(
	struct txn *txn, const Lectern__V1__ArchiveDate *date, const struct page_query *query)
{
	if (date->day != 0)
		return page_count(txn, query);
	uint64_t first = (uint64_t)date->year * 12;
	if (date->month != 0)
		return posting_count(txn, POSTING_MONTH, first + date->month - 1);
	uint64_t count = 0;
	for (unsigned month = 0; month < 12; month++)
		count += posting_count(txn, POSTING_MONTH, first + month);
	return count;
}

static enum code get_date_archive(struct rpc_call *call,
	const Lectern__V1__GetArchiveRequest *request, struct page_query *query, struct error *err)
{
	enum code code = date_bounds(request->date, query, err);
	if (code != CODE_OK)
		return code;
	query->kind = POSTING_LIVE;
	reply_pack(&call->reply, FIELD_DATE, &request->date->base);
	code = reply_page(call, query, err);
	reply_uint(&call->reply, FIELD_TOTAL_SIZE,
		date_count(snapshot_of(call), request->date, query));
	return code;
}

static enum code get_term_archive(struct rpc_call *call,
	const Lectern__V1__GetArchiveRequest *request, struct page_query *query, struct error *err)
{
	/* TAG, CATEGORY, AUTHOR and SERIES have the same numbers in both enums. */
	uint8_t kind = (uint8_t)request->kind;
	struct entity_key key = key_of(request->term);
	enum code code = entity_key_check(&key, "term", err);
	if (code == CODE_OK)
		code = term_resolve(snapshot_of(call), kind, &key, "term", &query->number, err);
	if (code == CODE_OK)
		code = reply_term(call, kind, kind, query->number, err);
	if (code != CODE_OK)
		return code;
	query->kind = list_of(request, kind);
	code = reply_page(call, query, err);
	reply_uint(&call->reply, FIELD_TOTAL_SIZE,
		posting_count(snapshot_of(call), query->kind, query->number));
	return code;
}

static enum code get_archive(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__GetArchiveRequest *request =
		(const Lectern__V1__GetArchiveRequest *)message;
	struct page_query query = { .view = request->view,
		.page_token = request->page_token,
		.posts_field = FIELD_POSTS,
		.token_field = FIELD_NEXT_PAGE_TOKEN };
	enum code code =
		page_size_of(request->page_size, DEFAULT_ARCHIVE_PAGE_SIZE, &query.page_size, err);
	if (code == CODE_OK)
		code = check_view(request->view, err);
	if (code != CODE_OK)
		return code;
	switch (request->kind) {
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG:
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY:
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_AUTHOR:
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_SERIES:
		return get_term_archive(call, request, &query, err);
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_DATE:
		return get_date_archive(call, request, &query, err);
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_UNSPECIFIED:
	case _LECTERN__V1__ARCHIVE_KIND_IS_INT_SIZE:
		break;
	}
	return fail_field(err, CODE_INVALID_ARGUMENT, "KIND_REQUIRED", "kind",
		"must be TAG, CATEGORY, AUTHOR, SERIES or DATE");
}

static enum code list_archive_dates(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__ListArchiveDatesRequest *request =
		(const Lectern__V1__ListArchiveDatesRequest *)message;
	if (request->year > 9999)
		return fail_field(err, CODE_INVALID_ARGUMENT, "DATE_INVALID", "year",
			"must be 1 to 9999, or 0 for all years");
	struct txn *txn = snapshot_of(call);
	struct key first;
	struct key below;
	struct walk walk;
	key_counter(&first, POSTING_MONTH, (uint64_t)request->year * 12);
	key_counter(&below, POSTING_MONTH,
		request->year == 0 ? UINT64_MAX : ((uint64_t)request->year + 1) * 12);
	walk_start(&walk, txn, TABLE_COUNTER, key_slice(&below));
	while (walk_previous(&walk) && memcmp(walk.key.data, first.bytes, first.size) >= 0) {
		uint8_t kind;
		uint64_t number;
		Lectern__V1__ArchiveDateCount month = LECTERN__V1__ARCHIVE_DATE_COUNT__INIT;
		Lectern__V1__ArchiveDate date = LECTERN__V1__ARCHIVE_DATE__INIT;
		month.date = &date;
		if (!key_read_counter(walk.key, &kind, &number) ||
			!value_read_u64(walk.value, &month.post_count)) {
			txn_fail_corrupt(txn, "counter of month", 0);
			break;
		}
		date.year = (uint32_t)(number / 12);
		date.month = (uint32_t)(number % 12 + 1);
		reply_pack(&call->reply, FIELD_MONTHS, &month.base);
	}
	walk_end(&walk);
	return txn_status(txn, err);
}

static const struct rpc_method methods[] = {
	{ .name = "GetArchive", .access = RPC_READ, .handle = get_archive },
	{ .name = "ListArchiveDates", .access = RPC_READ, .handle = list_archive_dates },
};

const struct rpc_service archive_service = {
	.descriptor = &lectern__v1__archive_service__descriptor,
	.methods = methods,
	.method_count = sizeof methods / sizeof *methods,
};
