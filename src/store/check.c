#include "store/check.h"

#include "base/limits.h"
#include "store/check_private.h"
#include "store/search_index.h"

#include <inttypes.h>
#include <lectern/v1/change.pb-c.h>
#include <stdarg.h>
#include <stdio.h>

static void note(struct check *check, const char *text)
{
	struct check_report *report = check->report;
	/* What a reader meets first that stops it is worth telling; behind that it reads nothing
	 * at all, so everything would seem to be missing. */
	if (check->stopped)
		return;
	check->stopped = txn_status(check->txn, NULL) != CODE_OK;
	report->problem_count++;
	if (report->kept_count == CHECK_PROBLEMS_KEPT)
		return;
	char *copy = arena_text(check->arena, slice_of_text(text));
	if (copy == NULL)
		return;
	/* A damaged store may hold anything; the report is text. */
	for (char *c = copy; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7E)
			*c = '?';
	report->problems[report->kept_count++] = copy;
}

void check_problem(struct check *check, const char *fmt, ...)
{
	char text[400];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	note(check, text);
}

void check_record_problem(struct check *check, const char *fmt, ...)
{
	char text[400];
	if (check->naming)
		return;
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	note(check, text);
}

/* Whether the entries of a table are exactly those that the records name. */
static bool follows_from_records(enum table table)
{
	switch (table) {
	case TABLE_POST: /* its keys: each summary names three */
	case TABLE_SLUG:
	case TABLE_NAME:
	case TABLE_POSTING:
	case TABLE_RANK:
	case TABLE_CHILD:
	case TABLE_DUE:
	case TABLE_ANSWER_EXPIRY:
	case TABLE_SUGGEST:
		return true;
	case TABLE_META:
	case TABLE_TERM:
	case TABLE_COUNTER:
	case TABLE_CHANGE:
	case TABLE_REVISION:
	case TABLE_CONTENT:
	case TABLE_ANSWER:
	case TABLE_SEARCH:
	case TABLE_RECENT:
	case TABLE_LENGTH:
	case TABLE_POSITIONS:
	case TABLE_COUNT:
		break;
	}
	return false;
}

static uint64_t hash_of(enum table table, struct slice key, struct slice value)
{
	uint64_t hash = check_hash(key, 0);
	return table == TABLE_POST || value.size == 0 ? hash : check_hash(value, hash);
}

bool check_next(struct check *check, struct walk *walk)
{
	if (check->progress->ended || txn_interrupted(check->txn) || !walk_next(walk))
		return false;
	if (!check->was_read[walk->table]) {
		check->report->entries++;
		if (follows_from_records(walk->table))
			check_sum_add(&check->found[walk->table],
				hash_of(walk->table, walk->key, walk->value));
	}
	return progress_add(check->progress, 1);
}

void check_done(struct check *check, struct walk *walk)
{
	check->was_read[walk->table] = true;
	walk_end(walk);
}

void check_each(struct check *check, enum table table, check_visitor *visit)
{
	struct walk walk;
	walk_start(&walk, check->txn, table, slice_of(NULL, 0));
	while (check_next(check, &walk)) {
		arena_reset(&check->scratch);
		if (visit != NULL)
			visit(check, walk.key, walk.value);
	}
	check_done(check, &walk);
}

void check_expect(
	struct check *check, enum table table, const struct key *key, const char *fmt, ...)
{
	char text[300];
	if (!check->naming)
		check_sum_add(
			&check->expected[table], hash_of(table, key_slice(key), slice_of(NULL, 0)));
	if (!check->naming || !check->differs[table] || txn_has(check->txn, table, key))
		return;
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	check_problem(check, "%s: no entry in table %s", text, table_name(table));
}

void check_look_up(
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
	uint8_t bytes[VALUE_SLUG_BYTES];
	key_slug(&key, space, slice_of_text(slug));
	value_slug(bytes, id, former);
	if (!check->naming)
		check_sum_add(&check->expected[TABLE_SLUG],
			hash_of(TABLE_SLUG, key_slice(&key), slice_of(bytes, sizeof bytes)));
	if (!check->naming || !check->differs[TABLE_SLUG])
		return;
	if (!txn_get(check->txn, TABLE_SLUG, &key, &value) ||
		!slice_equals(value, slice_of(bytes, sizeof bytes)))
		check_problem(check, "slug \"%s\" (space %d) should lead to %" PRIu64 "%s", slug,
			(int)space, id, former ? " as a former slug" : "");
}

/* The log has an entry for each revision from its oldest one on. */
static void check_changes(struct check *check)
{
	struct walk walk;
	uint64_t revision = txn_revision(check->txn);
	uint64_t expected = 0;
	walk_start(&walk, check->txn, TABLE_CHANGE, slice_of(NULL, 0));
	while (check_next(check, &walk)) {
		uint64_t at;
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
	check_done(check, &walk);
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

/* A record of answers: also names its expiry. */
static void visit_answer(struct check *check, struct slice key, struct slice value)
{
	Lectern__Store__V1__Answer *answer = lectern__store__v1__answer__unpack(
		&check->scratch.allocator, value.size, value.data);
	struct key expiry;
	if (answer == NULL || key.size > LIMIT_REQUEST_ID_BYTES) {
		check_record_problem(check, "a kept answer cannot be read");
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
	check_look_up(check, TABLE_ANSWER, &answer, "an expiry of a kept answer");
}

static void check_records(struct check *check)
{
	check_each(check, TABLE_POST, check_post_record);
	check_each(check, TABLE_TERM, check_term_record);
	check_each(check, TABLE_ANSWER, visit_answer);
}

/* The tables besides TABLE_POST that follow from the records. */
static const struct {
	enum table table;
	check_visitor *stray;
} derived[] = {
	{ TABLE_POSTING, check_stray_posting },
	{ TABLE_DUE, check_stray_due },
	{ TABLE_NAME, check_stray_name },
	{ TABLE_RANK, check_stray_rank },
	{ TABLE_CHILD, check_stray_child },
	{ TABLE_SLUG, check_stray_slug },
	{ TABLE_ANSWER_EXPIRY, visit_answer_expiry },
	{ TABLE_SUGGEST, check_stray_suggestion },
};
enum { DERIVED_COUNT = sizeof derived / sizeof *derived };

/* Names what is missing in the tables that differ, and what is too much. */
static void name_differences(struct check *check)
{
	check->progress->total += txn_entries(check->txn, TABLE_POST) +
				  txn_entries(check->txn, TABLE_TERM) +
				  txn_entries(check->txn, TABLE_ANSWER);
	check->naming = true;
	check_records(check);
	check->naming = false;
	for (size_t i = 0; i < DERIVED_COUNT; i++) {
		if (!check->differs[derived[i].table])
			continue;
		check->progress->total += txn_entries(check->txn, derived[i].table);
		check_each(check, derived[i].table, derived[i].stray);
	}
}

static void check_derived(struct check *check)
{
	bool differs = false;
	for (size_t i = 0; i < DERIVED_COUNT; i++)
		check_each(check, derived[i].table, NULL);
	for (int table = 0; table < TABLE_COUNT; table++) {
		check->differs[table] =
			follows_from_records((enum table)table) &&
			!check_sum_equals(&check->expected[table], &check->found[table]);
		differs = differs || check->differs[table];
	}
	if (differs && txn_status(check->txn, NULL) == CODE_OK)
		name_differences(check);
	/* Such as an entry with a value that should have none. */
	for (int table = 0; table < TABLE_COUNT; table++)
		if (check->differs[table] && check->report->problem_count == 0 &&
			txn_status(check->txn, NULL) == CODE_OK)
			check_problem(check, "table %s does not hold what follows from the records",
				table_name((enum table)table));
}

uint64_t check_total(struct txn *txn)
{
	/* What is gone over twice; see check_counters() and check_search(). */
	uint64_t total = txn_entries(txn, TABLE_POSTING) + txn_entries(txn, TABLE_TERM) +
			 txn_entries(txn, TABLE_SEARCH) + txn_entries(txn, TABLE_RECENT);
	for (int table = 0; table < TABLE_COUNT; table++)
		if (table != TABLE_META && table != TABLE_COUNTER)
			total += txn_entries(txn, (enum table)table);
	return total;
}

static void check_all(struct check *check)
{
	static void (*const parts[])(struct check *) = { check_records, check_derived,
		check_history, check_search, check_counters, check_changes, check_next_ids };
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (txn_status(check->txn, NULL) == CODE_OK)
			parts[i](check);
}

enum code check_run(struct txn *txn, struct arena *arena, struct progress *progress,
	struct check_report *ret, struct error *err)
{
	struct progress nobody = { .report = NULL };
	*ret = (struct check_report){ .entries = 0 };
	struct check check = { .txn = txn,
		.arena = arena,
		.report = ret,
		.progress = progress != NULL ? progress : &nobody,
		.analyzer = analyzer_new() };
	if (check.analyzer == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "check: out of memory");
	arena_init(&check.scratch, LIMIT_ARENA_BYTES);
	arena_init(&check.words, SEARCH_ARENA_BYTES);
	check_all(&check);
	arena_done(&check.scratch);
	arena_done(&check.words);
	analyzer_free(check.analyzer);
	if (check.progress->ended)
		return fail_stopping(err);
	struct error why;
	enum code code = txn_status(txn, &why);
	if (code == CODE_DATA_LOSS) { /* damage that stops a reader is a finding of a check */
		check.stopped = false;
		check_problem(&check, "%s", why.text);
		return CODE_OK;
	}
	if (code != CODE_OK && err != NULL)
		*err = why;
	return code;
}
