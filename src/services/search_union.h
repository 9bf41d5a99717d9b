/*
 * The posts in which any of several terms occurs, in ascending order of id: what one word of a
 * query stands for. A heap of the terms' postings, so that a thousand terms take no more memory
 * than their cursors do.
 */
#pragma once
#include "base/arena.h"
#include "store/search_index.h"

struct search_union {
	uint64_t id;	    /* of the current post; 0 at first, UINT64_MAX behind the last */
	uint64_t documents; /* of all terms together: a post with two of them counts twice */
	struct search_postings *lists;
	bool *proven;	/* of each list: its posts need no proof */
	uint32_t *heap; /* numbers of the lists that are not at their end, the smallest id on top */
	uint32_t *path; /* scratch of search_union_presences() */
	size_t live;	/* entries of heap */
	size_t count;	/* of lists */
};

/* Room for as many terms. False when out of memory. */
bool search_union_init(struct search_union *set, struct arena *arena, size_t capacity) NODISCARD;
/* Adds a term; one that is not in the index takes nothing. All are added before the first seek. */
void search_union_add(struct search_union *set, struct search_reader *reader, bool hidden,
	struct slice term, bool proven);
/* Gives the cursors back and returns how many blocks were read. */
uint64_t search_union_end(struct search_union *set);

/* Moves to the first post whose id is at least `id`, which is not 0; never back. False behind the
 * last and when the transaction has failed. */
bool search_union_seek(struct search_union *set, uint64_t id);

/* How terms stand in a post. */
struct search_presence {
	uint32_t weight; /* 0: none of them does */
	bool in_title;
};
struct search_presences {
	struct search_presence proven;
	struct search_presence doubtful; /* of terms that were added as not proven */
};
/* Of the current post. */
struct search_presences search_union_presences(const struct search_union *set);
