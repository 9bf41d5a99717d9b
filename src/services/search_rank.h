/*
 * The order of what a search finds: BM25 (Robertson and Zaragoza, "The Probabilistic Relevance
 * Framework: BM25 and Beyond", 2009) and the best of all posts behind a place.
 */
#pragma once
#include "base/limits.h"
#include "services/search_match.h"

/* What the scores depend on beside the post itself, as it was when the first page was made. */
struct search_collection {
	uint64_t documents;
	uint64_t length;				/* sum over the documents */
	uint64_t clause_documents[LIMIT_QUERY_CLAUSES]; /* 0 for excluded ones */
	size_t clause_count;
};

/* Of the halves that are searched. */
void search_collection_read(struct search_collection *collection,
	const struct search_match *const *halves, size_t half_count);

struct search_scorer {
	double idf[LIMIT_QUERY_CLAUSES]; /* inverse document frequency; 0 for excluded ones */
	size_t clause_count;
	double average_length;
};
void search_scorer_init(struct search_scorer *scorer, const struct search_query *query,
	const struct search_collection *collection);

/* `presences` are those of the clauses in the post, `length` is search_length() of it. */
double search_score(const struct search_scorer *scorer, const struct search_presence *presences,
	uint32_t length);

/* A post's place in the order: the higher score first, of equal ones the larger id. */
struct search_place {
	double score;
	uint64_t id;
};

/* The first `capacity` posts of the order behind a place. */
struct search_ranking {
	struct search_place *places; /* a heap with the last one on top until it is sorted */
	size_t capacity;	     /* at least 1 */
	size_t count;
	const struct search_place *after; /* NULL: from the first on */
	uint64_t found;			  /* all that were added, those before the place included */
};

/* False when out of memory. */
bool search_ranking_init(struct search_ranking *ranking, struct arena *arena, size_t capacity,
	const struct search_place *after) NODISCARD;
void search_ranking_add(struct search_ranking *ranking, struct search_place place);
/* Puts the places in order, the first one first. */
void search_ranking_sort(struct search_ranking *ranking);
