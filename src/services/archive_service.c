#include "base/text.h"
#include "services/archive_dates.h"
#include "services/archive_page.h"
#include "store/posting.h"
#include "store/term.h"

#include <stdlib.h>

enum {
	/* Field numbers of GetArchiveResponse; those of the terms are the numbers of TermKind. */
	FIELD_DATE = 5,
	FIELD_TOTAL_SIZE = 8,
	FIELD_PARENTS = 9,
	FIELD_CHILDREN = 10,
	FIELD_FORMER_SLUG = 14,
	/* Children end before this; posts need the rest of the response. */
	CHILDREN_BYTES_MAX = 8 * 1024 * 1024,
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

static enum code check_date(const Lectern__V1__ArchiveDate *date, struct error *err)
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
	return CODE_OK;
}

static enum code get_date_archive(struct rpc_call *call,
	const Lectern__V1__GetArchiveRequest *request, struct archive_page *page, struct error *err)
{
	AUTO(time_zone_closep) struct time_zone *zone = NULL;
	uint64_t count;
	enum code code = check_date(request->date, err);
	if (code == CODE_OK)
		code = time_zone_open(
			services_of(call)->time_zones, request->time_zone, &zone, err);
	if (code == CODE_OK)
		code = date_count(call, zone, request->date, &count, err);
	if (code != CODE_OK)
		return code;
	struct date_span span = date_span_of(zone, request->date);
	page->kind = POSTING_LIVE;
	page->span = &span;
	reply_pack(&call->reply, FIELD_DATE, &request->date->base);
	reply_uint(&call->reply, FIELD_TOTAL_SIZE, count);
	return reply_archive_page(call, page, err);
}

/* The categories above, the topmost first. */
static void reply_parents(struct rpc_call *call, uint64_t id)
{
	struct slice refs[LIMIT_CATEGORY_DEPTH];
	size_t count = 0;
	while (count < LIMIT_CATEGORY_DEPTH &&
		(id = term_parent_ref(snapshot_of(call), id, &refs[count])) != 0)
		count++;
	while (count > 0)
		reply_message(&call->reply, FIELD_PARENTS, &refs[--count], 1);
}

struct child {
	uint64_t id;
	char *folded; /* its name */
};

static int compare_children(const void *a, const void *b)
{
	const struct child *x = a;
	const struct child *y = b;
	int order = strcmp(x->folded, y->folded);
	return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

static bool read_child(struct rpc_call *call, uint64_t id, struct child *ret)
{
	char folded[KEY_BYTES_MAX];
	struct slice record;
	if (!term_read(snapshot_of(call), LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY, id,
		    &record)) {
		txn_fail_corrupt(snapshot_of(call), "child of category", id);
		return false;
	}
	size_t size = text_fold(term_name(record), folded, sizeof folded);
	ret->id = id;
	ret->folded = arena_text(call->arena, slice_of(folded, size));
	return ret->folded != NULL;
}

/* The categories just below, by name. */
static enum code reply_children(struct rpc_call *call, uint64_t id, struct error *err)
{
	uint64_t *ids = arena_calloc(call->arena, LIMIT_PAGE_SIZE, sizeof *ids);
	struct child *children = arena_calloc(call->arena, LIMIT_PAGE_SIZE, sizeof *children);
	bool read = ids != NULL && children != NULL;
	size_t count = read ? term_children(snapshot_of(call), id, ids, LIMIT_PAGE_SIZE) : 0;
	for (size_t i = 0; i < count && read; i++)
		read = read_child(call, ids[i], &children[i]);
	enum code code = txn_status(snapshot_of(call), err);
	if (code == CODE_OK && !read)
		code = fail_out_of_memory(err);
	if (code != CODE_OK)
		return code;
	if (code == CODE_OK && count > 1)
		qsort(children, count, sizeof *children, compare_children);
	for (size_t i = 0;
		i < count && code == CODE_OK && call->reply.size_bytes < CHILDREN_BYTES_MAX; i++)
		code = reply_term(call, FIELD_CHILDREN,
			LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY, children[i].id, err);
	return code;
}

static enum code get_term_archive(struct rpc_call *call,
	const Lectern__V1__GetArchiveRequest *request, struct archive_page *page, struct error *err)
{
	/* TAG, CATEGORY, AUTHOR and SERIES have the same numbers in both enums. */
	uint8_t kind = (uint8_t)request->kind;
	bool former = false;
	struct entity_key key = key_of(request->term);
	enum code code = entity_key_check(&key, "term", err);
	if (code == CODE_OK)
		code = term_resolve(
			snapshot_of(call), kind, &key, "term", &page->number, &former, err);
	if (code == CODE_OK)
		code = reply_term(call, kind, kind, page->number, err);
	if (code == CODE_OK && kind == LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY) {
		reply_parents(call, page->number);
		code = reply_children(call, page->number, err);
	}
	if (code != CODE_OK)
		return code;
	page->kind = list_of(request, kind);
	reply_uint(&call->reply, FIELD_TOTAL_SIZE,
		posting_count(snapshot_of(call), page->kind, page->number));
	reply_uint(&call->reply, FIELD_FORMER_SLUG, former);
	return reply_archive_page(call, page, err);
}

static enum code get_archive(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__GetArchiveRequest *request =
		(const Lectern__V1__GetArchiveRequest *)message;
	struct archive_page page = { .view = request->view, .page_token = request->page_token };
	enum code code =
		page_size_of(request->page_size, DEFAULT_ARCHIVE_PAGE_SIZE, &page.page_size, err);
	if (code == CODE_OK)
		code = check_view(request->view, err);
	if (code != CODE_OK)
		return code;
	switch (request->kind) {
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG:
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY:
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_AUTHOR:
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_SERIES:
		return get_term_archive(call, request, &page, err);
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_DATE:
		return get_date_archive(call, request, &page, err);
	case LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_UNSPECIFIED:
	case _LECTERN__V1__ARCHIVE_KIND_IS_INT_SIZE:
		break;
	}
	return fail_field(err, CODE_INVALID_ARGUMENT, "KIND_REQUIRED", "kind",
		"must be TAG, CATEGORY, AUTHOR, SERIES or DATE");
}

static const struct rpc_method methods[] = {
	{ .name = "GetArchive", .access = RPC_READ, .handle = get_archive, .cached = true },
	{ .name = "ListArchiveDates",
		.access = RPC_READ,
		.handle = list_archive_dates,
		.cached = true },
};

const struct rpc_service archive_service = {
	.descriptor = &lectern__v1__archive_service__descriptor,
	.methods = methods,
	.method_count = sizeof methods / sizeof *methods,
};
