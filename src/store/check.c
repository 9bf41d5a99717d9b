#include "store/check.h"

#include "base/limits.h"
#include "base/rfc3339.h"
#include "store/check_private.h"
#include "store/posting.h"
#include "store/search_index.h"

#include <inttypes.h>
#include <lectern/v1/change.pb-c.h>
#include <stdarg.h>
#include <stdio.h>

void check_problem(struct check *check, const char *fmt, ...)
{
	char text[400];
	struct check_report *report = check->report;
	report->problem_count++;
	if (report->kept_count == CHECK_PROBLEMS_KEPT)
		return;
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	/* A damaged store may hold anything; the report is text. */
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7E)
			*c = '?';
	char *copy = arena_text(check->arena, slice_of_text(text));
	if (copy != NULL)
		report->problems[report->kept_count++] = copy;
}

void check_each(struct check *check, enum table table,
	void (*visit)(struct check *check, struct slice key, struct slice value))
{
	struct walk walk;
	walk_start(&walk, check->txn, table, slice_of(NULL, 0));
	while (walk_next(&walk)) {
		check->report->entries++;
		arena_reset(&check->scratch);
		visit(check, walk.key, walk.value);
	}
	walk_end(&walk);
}

void check_expect(
	struct check *check, enum table table, const struct key *key, const char *fmt, ...)
{
	char text[300];
	if (txn_has(check->txn, table, key))
		return;
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	check_problem(check, "%s: no entry in table %s", text, table_name(table));
}

void check_expect_slug(
	struct check *check, enum slug_space space, const char *slug, uint64_t id, bool former)
{
	struct key key;
	struct slice value;
	uint64_t holder = 0;
	bool holder_former = false;
	key_slug(&key, space, slice_of_text(slug));
	if (!txn_get(check->txn, TABLE_SLUG, &key, &value) ||
		!value_read_slug(value, &holder, &holder_former) || holder != id ||
		holder_former != former)
		check_problem(check, "slug \"%s\" (space %d) should lead to %" PRIu64 "%s", slug,
			(int)space, id, former ? " as a former slug" : "");
}

/* Counting the lists again: the entries of a list stand side by side. */
struct recount {
	struct check *check;
	uint8_t kind;
	uint64_t number;
	uint64_t count;
	uint64_t counters; /* how many counters there should be */
};

static void recount_end(struct recount *recount)
{
	if (recount->count == 0)
		return;
	uint64_t counter = posting_count(recount->check->txn, recount->kind, recount->number);
	recount->counters++;
	if (counter != recount->count)
		check_problem(recount->check,
			"counter (%u, %" PRIu64 ") is %" PRIu64 ", the list has %" PRIu64
			" entries",
			recount->kind, recount->number, counter, recount->count);
	recount->count = 0;
}

static void recount_add(struct recount *recount, uint8_t kind, uint64_t number)
{
	if (recount->count > 0 && (recount->kind != kind || recount->number != number))
		recount_end(recount);
	recount->kind = kind;
	recount->number = number;
	recount->count++;
}

static uint64_t month_of(const struct posting *posting)
{
	struct civil_date date = civil_date_of(time_of_newest_first(posting->sort));
	return (uint64_t)date.year * 12 + date.month - 1;
}

/* `others` are counters that have no lists. */
static void check_counters(struct check *check, uint64_t others)
{
	struct recount lists = { .check = check };
	struct recount months = { .check = check };
	struct recount terms = { .check = check };
	struct walk walk;
	struct posting posting;
	uint8_t kind;
	uint64_t id;
	walk_start(&walk, check->txn, TABLE_POSTING, slice_of(NULL, 0));
	while (walk_next(&walk)) {
		if (!key_read_posting(walk.key, &posting))
			continue; /* reported by check_posts() */
		recount_add(&lists, posting.kind, posting.number);
		if (posting.kind == POSTING_LIVE)
			recount_add(&months, POSTING_MONTH, month_of(&posting));
	}
	walk_end(&walk);
	walk_start(&walk, check->txn, TABLE_TERM, slice_of(NULL, 0));
	while (walk_next(&walk))
		if (key_read_term(walk.key, &kind, &id))
			recount_add(&terms, POSTING_TERMS, kind);
	walk_end(&walk);
	recount_end(&lists);
	recount_end(&months);
	recount_end(&terms);
	uint64_t wanted = lists.counters + months.counters + terms.counters + others;
	uint64_t found = txn_entries(check->txn, TABLE_COUNTER);
	check->report->entries += found;
	if (found != wanted)
		check_problem(check, "there are %" PRIu64 " counters, there should be %" PRIu64,
			found, wanted);
}

/* The log has an entry for each revision from its oldest one on. */
static void check_changes(struct check *check)
{
	struct walk walk;
	uint64_t revision = txn_revision(check->txn);
	uint64_t expected = 0;
	walk_start(&walk, check->txn, TABLE_CHANGE, slice_of(NULL, 0));
	while (walk_next(&walk)) {
		uint64_t at;
		check->report->entries++;
		arena_reset(&check->scratch);
		Lectern__V1__Change *change = lectern__v1__change__unpack(
			&check->scratch.allocator, walk.value.size, walk.value.data);
		if (!key_read_change(walk.key, &at) || change == NULL || change->revision != at ||
			change->time == NULL) {
			check_problem(check, "an entry of the change log cannot be read");
			continue;
		}
		if (expected != 0 && at != expected)
			check_problem(check,
				"the change log goes from revision %" PRIu64 " to %" PRIu64,
				expected - 1, at);
		expected = at + 1;
	}
	walk_end(&walk);
	if (expected != 0 && expected != revision + 1)
		check_problem(check,
			"the change log ends with revision %" PRIu64 ", the store is at %" PRIu64,
			expected - 1, revision);
}

/* Ids are never used twice: the next one is above all that are there. */
static void check_next_id(
	struct check *check, const char *meta_name, enum table table, const struct key *behind)
{
	struct walk walk;
	uint64_t id = 0;
	uint8_t kind;
	enum post_part part;
	walk_start(&walk, check->txn, table, key_slice(behind));
	bool found =
		walk_previous(&walk) && (table == TABLE_POST ? key_read_post(walk.key, &id, &part)
							     : key_read_term(walk.key, &kind, &id));
	walk_end(&walk);
	uint64_t last = txn_meta(check->txn, meta_name);
	if (found && id > last)
		check_problem(check,
			"the last id given is %" PRIu64 " by %s, but table %s has %" PRIu64, last,
			meta_name, table_name(table), id);
}

static void check_next_ids(struct check *check)
{
	struct key behind;
	key_post(&behind, UINT64_MAX, POST_HTML);
	check_next_id(check, META_NEXT_POST_ID, TABLE_POST, &behind);
	for (uint8_t kind = SLUG_TAG; kind <= SLUG_SERIES; kind++) {
		key_term(&behind, kind, UINT64_MAX);
		check_next_id(check, META_NEXT_TERM_ID, TABLE_TERM, &behind);
	}
}

static void visit_answer(struct check *check, struct slice key, struct slice value)
{
	Lectern__Store__V1__Answer *answer = lectern__store__v1__answer__unpack(
		&check->scratch.allocator, value.size, value.data);
	struct key expiry;
	if (answer == NULL || key.size > LIMIT_REQUEST_ID_BYTES) {
		check_problem(check, "a kept answer cannot be read");
		return;
	}
	key_answer_expiry(&expiry, answer->expire_time_us, key);
	check_expect(check, TABLE_ANSWER_EXPIRY, &expiry, "a kept answer");
}

static void visit_answer_expiry(struct check *check, struct slice key, struct slice value)
{
	(void)value;
	int64_t time_us;
	struct slice request_id;
	struct key answer;
	if (!key_read_answer_expiry(key, &time_us, &request_id)) {
		check_problem(check, "an expiry of a kept answer cannot be read");
		return;
	}
	key_answer(&answer, request_id);
	check_expect(check, TABLE_ANSWER, &answer, "an expiry of a kept answer");
}

enum code check_run(
	struct txn *txn, struct arena *arena, struct check_report *ret, struct error *err)
{
	*ret = (struct check_report){ .entries = 0 };
	struct check check = {
		.txn = txn, .arena = arena, .report = ret, .analyzer = analyzer_new()
	};
	if (check.analyzer == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "check: out of memory");
	arena_init(&check.scratch, LIMIT_ARENA_BYTES);
	arena_init(&check.words, SEARCH_ARENA_BYTES);
	check_posts(&check);
	check_terms(&check);
	check_history(&check);
	check_counters(&check, check_search(&check));
	check_changes(&check);
	check_next_ids(&check);
	check_each(&check, TABLE_ANSWER, visit_answer);
	check_each(&check, TABLE_ANSWER_EXPIRY, visit_answer_expiry);
	arena_done(&check.scratch);
	arena_done(&check.words);
	analyzer_free(check.analyzer);
	struct error why;
	enum code code = txn_status(txn, &why);
	if (code == CODE_DATA_LOSS) { /* damage that stops a reader is a finding of a check */
		check_problem(&check, "%s", why.text);
		return CODE_OK;
	}
	if (code != CODE_OK && err != NULL)
		*err = why;
	return code;
}
