/*
 * What the parts of the checker share: check.c and check_*.c.
 *
 * Most tables follow from the records of posts, terms and answers. The records are gone over once,
 * and what they say that these tables hold is summed up, as is what the tables do hold. Only where
 * the two sums differ the records are gone over again, and every entry is looked for, both ways, to
 * name what is missing or should not be there.
 */
#pragma once
#include "analysis/analyzer.h"
#include "store/check.h"
#include "store/check_sum.h"

#include <lectern/store/v1/record.pb-c.h>
#include <lectern/v1/post.pb-c.h>

/* What one half of the search index should hold. */
struct check_half {
	uint64_t documents;
	uint64_t length;
	uint64_t postings;
	uint64_t languages[ANALYZER_LANGUAGES_MAX];
};

struct check {
	struct txn *txn;
	struct arena *arena;  /* of the report */
	struct arena scratch; /* reset for each record */
	struct arena words;   /* reset for each post whose words are counted */
	struct analyzer *analyzer;
	struct progress *progress;
	struct check_report *report;
	bool was_read[TABLE_COUNT]; /* to its end; its entries are counted */
	/* The tables that follow from the records; of TABLE_SEARCH the postings, with what
	 * TABLE_RECENT makes of them. */
	struct check_sum expected[TABLE_COUNT];
	struct check_sum found[TABLE_COUNT];
	bool differs[TABLE_COUNT];
	bool naming;  /* the records are gone over again */
	bool stopped; /* the transaction has failed and a problem was noted since */
	struct check_half halves[2];
};

typedef void check_visitor(struct check *check, struct slice key, struct slice value);

/* Notes a contradiction. */
void check_problem(struct check *check, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Notes one that lies in the records alone, once. For what goes over records. */
void check_record_problem(struct check *check, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* walk_next(), which counts and lets the check end early. check_done() follows instead of
 * walk_end(). For walks over whole tables. */
bool check_next(struct check *check, struct walk *walk);
void check_done(struct check *check, struct walk *walk);

/* Goes over one table and hands each entry to `visit`, which may be NULL. */
void check_each(struct check *check, enum table table, check_visitor *visit);

/* A record says that a table that follows from the records has this entry. */
void check_expect(struct check *check, enum table table, const struct key *key, const char *fmt,
	...) PRINTF_LIKE(4, 5);
void check_expect_slug(
	struct check *check, enum slug_space space, const char *slug, uint64_t id, bool former);

/* Notes a problem unless the key is there. */
void check_look_up(struct check *check, enum table table, const struct key *key, const char *fmt,
	...) PRINTF_LIKE(4, 5);

/* Going over the records. */
check_visitor check_post_record, check_term_record;
/* The words of a post in the search index. */
void check_post_words(struct check *check, uint64_t id, const Lectern__V1__Post *post);
/* The words under which suggestions lead to a post or, with its TermKind, to a term. */
void check_suggested_post(struct check *check, uint64_t id, const Lectern__V1__Post *post);
void check_suggested_term(struct check *check, uint8_t kind, const Lectern__Store__V1__Term *term);

/* Entries of tables that differ: each notes what does not follow from a record. */
check_visitor check_stray_posting, check_stray_due, check_stray_name, check_stray_rank,
	check_stray_child, check_stray_slug, check_stray_suggestion;

void check_history(struct check *check);
void check_counters(struct check *check);
void check_search(struct check *check);
