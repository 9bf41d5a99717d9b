/* Random questions, each answered by the server and by the model at the answer's revision. */
#pragma once
#include "e2e/oracle/filter.h"
#include "e2e/oracle/model.h"
#include "support/random.h"

#include <lectern/client.h>

/* One client that reads. Belongs to one thread. */
struct oracle_reader {
	lectern_client *client;
	struct oracle_store store;
	struct random random;
	bool quiet; /* nobody writes: one revision in all answers */
	struct oracle_filter filter;
	const struct oracle_post **list; /* what the model answers */
	size_t list_count;
	uint64_t list_revision; /* that the list is of; 0: none */
	uint8_t *seen;		/* by post: how often it stood in the pages of a query */
	/* What was done. */
	uint64_t queries, empty_queries, pages, posts, others;
};

void oracle_reader_init(struct oracle_reader *reader, const char *url, struct oracle_log *log,
	const struct oracle_content *content, struct random random);
void oracle_reader_done(struct oracle_reader *reader);

/* ListPosts: every page of one query. */
void oracle_query(struct oracle_reader *reader);

/* GetAdjacentPosts, ListRelatedPosts, BatchGetPosts. */
void oracle_ask_adjacent(struct oracle_reader *reader);
void oracle_ask_related(struct oracle_reader *reader);
void oracle_ask_batch(struct oracle_reader *reader);

/* GetArchive: some pages forwards, then backwards; ListArchiveDates. */
void oracle_page_archive(struct oracle_reader *reader);
void oracle_ask_dates(struct oracle_reader *reader);

/* SearchPosts: every page of one query. */
void oracle_page_search(struct oracle_reader *reader);

/* --- what they share --- */

/* Brings the model to the revision of an answer. */
void oracle_reach(struct oracle_reader *reader, uint64_t revision);
/* A random order_by: its text, at most 40 bytes, and what it means. */
void oracle_pick_order(struct oracle_reader *reader, struct oracle_order *order, char text[64]);
/* At the end of a query that asked for every page: a post that nobody touched since its first page
 * stood in exactly one page if it matches the filter and in none if not. Begins to count anew. */
void oracle_check_seen(struct oracle_reader *reader, uint64_t first_revision);
