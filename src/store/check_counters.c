/* The counters against the lists that they count. */
#include "base/rfc3339.h"
#include "store/check_private.h"
#include "store/posting.h"

#include <inttypes.h>

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

/* Counters that have no lists: of the search index. */
static uint64_t check_statistic(
	struct check *check, uint8_t kind, uint64_t number, uint64_t wanted, const char *what)
{
	uint64_t found = posting_count(check->txn, kind, number);
	if (found != wanted)
		check_problem(check,
			"counter (%u, %" PRIu64 "), %s of the search index, is %" PRIu64
			", it should be %" PRIu64,
			kind, number, what, found, wanted);
	return wanted > 0;
}

static uint64_t check_statistics(struct check *check, bool hidden)
{
	const struct check_half *half = &check->halves[hidden];
	uint64_t counters =
		check_statistic(check, SEARCH_DOCUMENTS, hidden, half->documents, "documents") +
		check_statistic(check, SEARCH_LENGTH, hidden, half->length, "length");
	for (unsigned language = 0; language < ANALYZER_LANGUAGES_MAX; language++)
		counters += check_statistic(check, SEARCH_LANGUAGE, hidden * 256U + language,
			half->languages[language], "posts of a language");
	return counters;
}

void check_counters(struct check *check)
{
	struct recount lists = { .check = check };
	struct recount months = { .check = check };
	struct recount terms = { .check = check };
	struct walk walk;
	struct posting posting;
	uint8_t kind;
	uint64_t id;
	walk_start(&walk, check->txn, TABLE_POSTING, slice_of(NULL, 0));
	while (check_next(check, &walk)) {
		if (!key_read_posting(walk.key, &posting))
			continue; /* reported by check_stray_posting() */
		recount_add(&lists, posting.kind, posting.number);
		if (posting.kind == POSTING_LIVE)
			recount_add(&months, POSTING_MONTH, month_of(&posting));
	}
	check_done(check, &walk);
	walk_start(&walk, check->txn, TABLE_TERM, slice_of(NULL, 0));
	while (check_next(check, &walk))
		if (key_read_term(walk.key, &kind, &id))
			recount_add(&terms, POSTING_TERMS, kind);
	check_done(check, &walk);
	recount_end(&lists);
	recount_end(&months);
	recount_end(&terms);
	uint64_t wanted = lists.counters + months.counters + terms.counters +
			  check_statistics(check, false) + check_statistics(check, true);
	uint64_t found = txn_entries(check->txn, TABLE_COUNTER);
	check->report->entries += found;
	if (found != wanted)
		check_problem(check, "there are %" PRIu64 " counters, there should be %" PRIu64,
			found, wanted);
}
