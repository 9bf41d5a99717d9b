#include "services/search_rank.h"

#include <math.h>
#include <stdlib.h>

/* The usual constants; docs/api.md, "Search". */
static const double K1 = 1.2;
static const double B = 0.75;

void search_collection_read(struct search_collection *collection,
	const struct search_match *const *halves, size_t half_count)
{
	*collection = (struct search_collection){ .clause_count = halves[0]->operand_count };
	for (size_t h = 0; h < half_count; h++) {
		struct search_statistics statistics;
		search_statistics(halves[h]->lookup.txn, halves[h]->lookup.hidden, &statistics);
		collection->documents += statistics.documents;
		collection->length += statistics.length;
		for (size_t i = 0; i < collection->clause_count; i++) {
			const struct search_operand *operand = &halves[h]->operands[i];
			if (!operand->clause->excluded)
				collection->clause_documents[i] += operand->documents;
		}
	}
	for (size_t i = 0; i < collection->clause_count; i++)
		if (collection->clause_documents[i] > collection->documents)
			collection->clause_documents[i] = collection->documents;
}

void search_scorer_init(struct search_scorer *scorer, const struct search_query *query,
	const struct search_collection *collection)
{
	double all = (double)collection->documents;
	*scorer = (struct search_scorer){ .clause_count = query->clause_count };
	scorer->average_length = collection->length > 0 ? (double)collection->length / all : 1;
	for (size_t i = 0; i < query->clause_count; i++) {
		double with = (double)collection->clause_documents[i];
		if (!query->clauses[i].excluded)
			scorer->idf[i] = log(1 + (all - with + 0.5) / (with + 0.5));
	}
}

double search_score(const struct search_scorer *scorer, const struct search_presence *presences,
	uint32_t length)
{
	double norm = K1 * (1 - B + B * length / scorer->average_length);
	double score = 0;
	for (size_t i = 0; i < scorer->clause_count; i++) {
		double weight = presences[i].weight;
		double in_text = weight * (K1 + 1) / (weight + norm);
		/* As much as the text can give at most. */
		double in_title = presences[i].in_title ? K1 + 1 : 0;
		if (weight > 0)
			score += scorer->idf[i] * (in_text + in_title);
	}
	return score;
}

/* Negative if a stands before b. */
static int compare(const struct search_place *a, const struct search_place *b)
{
	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return (a->id < b->id) - (a->id > b->id);
}

static int compare_for_qsort(const void *a, const void *b)
{
	return compare(a, b);
}

bool search_ranking_init(struct search_ranking *ranking, struct arena *arena, size_t capacity,
	const struct search_place *after)
{
	*ranking = (struct search_ranking){
		.places = arena_calloc(arena, capacity, sizeof *ranking->places),
		.capacity = capacity,
		.after = after,
	};
	return ranking->places != NULL;
}

static void sift_up(struct search_place *places, size_t at)
{
	while (at > 0) {
		size_t parent = (at - 1) / 2;
		if (compare(&places[parent], &places[at]) >= 0)
			return;
		struct search_place moved = places[at];
		places[at] = places[parent];
		places[parent] = moved;
		at = parent;
	}
}

static void sift_down(struct search_place *places, size_t count)
{
	size_t at = 0;
	while (2 * at + 1 < count) {
		size_t child = 2 * at + 1;
		if (child + 1 < count && compare(&places[child], &places[child + 1]) < 0)
			child++;
		if (compare(&places[at], &places[child]) >= 0)
			return;
		struct search_place moved = places[at];
		places[at] = places[child];
		places[child] = moved;
		at = child;
	}
}

void search_ranking_add(struct search_ranking *ranking, struct search_place place)
{
	ranking->found++;
	if (ranking->after != NULL && compare(&place, ranking->after) <= 0)
		return;
	if (ranking->count < ranking->capacity) {
		ranking->places[ranking->count] = place;
		sift_up(ranking->places, ranking->count++);
	} else if (compare(&place, &ranking->places[0]) < 0) {
		ranking->places[0] = place;
		sift_down(ranking->places, ranking->count);
	}
}

void search_ranking_sort(struct search_ranking *ranking)
{
	if (ranking->count > 1)
		qsort(ranking->places, ranking->count, sizeof *ranking->places, compare_for_qsort);
}
