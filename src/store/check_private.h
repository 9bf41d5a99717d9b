/* What the parts of the checker share: check.c and check_*.c. */
#pragma once
#include "analysis/analyzer.h"
#include "store/check.h"

#include <lectern/store/v1/record.pb-c.h>
#include <lectern/v1/post.pb-c.h>

struct check {
	struct txn *txn;
	struct arena *arena;  /* of the report */
	struct arena scratch; /* reset for each record */
	struct arena words;   /* reset for each post whose words are counted */
	struct analyzer *analyzer;
	struct check_report *report;
};

/* Notes a contradiction. */
void check_problem(struct check *check, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Goes over one table and hands each entry to `visit`; counts them. */
void check_each(struct check *check, enum table table,
	void (*visit)(struct check *check, struct slice key, struct slice value));

/* Notes a problem unless the key is there. */
void check_expect(struct check *check, enum table table, const struct key *key, const char *fmt,
	...) PRINTF_LIKE(4, 5);

/* Notes a problem unless the slug leads to the id in the given way. */
void check_expect_slug(
	struct check *check, enum slug_space space, const char *slug, uint64_t id, bool former);

void check_posts(struct check *check);
void check_terms(struct check *check);
void check_history(struct check *check);
/* Returns how many counters the search index should have. */
uint64_t check_search(struct check *check);
