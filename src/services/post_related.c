/*
 * ListRelatedPosts: posts that share terms, weighted by how rare these are, then by recency.
 *
 * The posting lists of the post's terms are read together, newest post first, so of two posts with
 * one score the first that is met is the better one. Once the kept posts all score at least what
 * the commonest lists could add up to by themselves, those lists are no longer walked but only
 * asked about posts that others bring up (MaxScore: Turtle and Flood 1995, "Query evaluation:
 * strategies and optimizations").
 */
#include "services/post_list.h"
#include "services/post_queries.h"
#include "store/posting.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIELD_POSTS = 1,
	DEFAULT_RELATED_PAGE_SIZE = 5,
	TERMS_MAX = LIMIT_POST_TAGS + LIMIT_POST_CATEGORIES + LIMIT_POST_AUTHORS,
};

/* Sums that differ by less are equal: adding rounds, and different terms may weigh the same
 * together. */
static const double ROUNDING = 1e-9;

struct related_term {
	struct post_iterator *posts;
	double weight;
	bool at; /* the iterator stands at a post */
};

struct related_post {
	uint64_t id;
	double score;
};

struct related {
	struct post_iterator_context context;
	struct related_term terms[TERMS_MAX]; /* the rarest first */
	size_t term_count;
	size_t essential;	   /* terms before this one are walked, the others only asked */
	struct related_post *best; /* the best first */
	size_t best_count;
	size_t size;
};

static int rarest_first(const void *a, const void *b)
{
	const struct related_term *x = a;
	const struct related_term *y = b;
	return (x->weight < y->weight) - (x->weight > y->weight);
}

static bool add_terms(struct related *related, uint8_t kind, const uint64_t *ids, size_t count,
	uint64_t post_count)
{
	for (size_t i = 0; i < count; i++) {
		struct related_term *term = &related->terms[related->term_count];
		term->posts = post_iterator_list(&related->context, kind, ids[i]);
		if (term->posts == NULL)
			return false;
		uint64_t carriers = post_iterator_cost(term->posts);
		if (carriers == 0)
			continue;
		term->weight = log(1 + (double)post_count / (double)carriers);
		term->at = post_iterator_next(term->posts);
		related->term_count++;
	}
	return true;
}

/* Lists that together cannot reach the last of a full page are no longer worth a walk. */
static void shrink_essential(struct related *related)
{
	if (related->best_count < related->size)
		return;
	double last = related->best[related->best_count - 1].score;
	double rest = 0;
	size_t essential = related->term_count;
	while (essential > 0 &&
		(rest + related->terms[essential - 1].weight) * (1 + ROUNDING) <= last)
		rest += related->terms[--essential].weight;
	related->essential = essential;
}

static void offer(struct related *related, uint64_t id, double score)
{
	size_t at = related->best_count;
	while (at > 0 && related->best[at - 1].score * (1 + ROUNDING) < score)
		at--;
	if (at == related->size)
		return;
	size_t kept = related->best_count < related->size ? related->best_count : related->size - 1;
	memmove(&related->best[at + 1], &related->best[at], (kept - at) * sizeof *related->best);
	related->best[at] = (struct related_post){ .id = id, .score = score };
	related->best_count = kept + 1;
	shrink_essential(related);
}

/* The first post that an essential list stands at; NULL at the end. */
static const struct related_term *first_of(const struct related *related)
{
	const struct related_term *first = NULL;
	for (size_t i = 0; i < related->essential; i++) {
		const struct related_term *term = &related->terms[i];
		if (term->at &&
			(first == NULL || slice_compare(post_iterator_position(term->posts),
						  post_iterator_position(first->posts)) < 0))
			first = term;
	}
	return first;
}

/* What the post at the place scores; lists that stand at it move on. Weights are added in one order
 * whatever is essential, so that equal sets of terms have equal sums. */
static double score_of(struct related *related, struct slice place)
{
	double score = 0;
	for (size_t i = 0; i < related->term_count; i++) {
		struct related_term *term = &related->terms[i];
		if (i >= related->essential && term->at)
			term->at = post_iterator_seek(term->posts, place);
		if (!term->at || slice_compare(post_iterator_position(term->posts), place) != 0)
			continue;
		score += term->weight;
		if (i < related->essential)
			term->at = post_iterator_next(term->posts);
	}
	return score;
}

static enum code find_related(
	const struct rpc_call *call, struct related *related, uint64_t self, struct error *err)
{
	const struct related_term *first;
	uint64_t steps = 0;
	qsort(related->terms, related->term_count, sizeof *related->terms, rarest_first);
	related->essential = related->term_count;
	while ((first = first_of(related)) != NULL) {
		struct slice place = post_iterator_position(first->posts);
		uint64_t id = post_iterator_id(first->posts);
		double score = score_of(related, place);
		if (id != self)
			offer(related, id, score);
		enum code code = check_deadline(call, ++steps, err);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

static enum code read_terms(
	struct related *related, const struct post_fields *post, struct error *err)
{
	struct txn *txn = related->context.txn;
	uint64_t post_count = posting_count(txn, POSTING_LIVE, 0);
	related->best =
		arena_calloc(related->context.arena, related->size + 1, sizeof *related->best);
	if (related->best == NULL ||
		!add_terms(related, POSTING_TAG, post->tags, post->tag_count, post_count) ||
		!add_terms(related, POSTING_CATEGORY, post->categories, post->category_count,
			post_count) ||
		!add_terms(related, POSTING_AUTHOR, post->authors, post->author_count, post_count))
		txn_fail_memory(txn);
	return txn_status(txn, err);
}

enum code post_list_related(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__ListRelatedPostsRequest *request =
		(const Lectern__V1__ListRelatedPostsRequest *)message;
	struct entity_key key = ID_OR_SLUG(request);
	struct post_fields post;
	struct post_iterator_stats stats = { .keys_read = 0 };
	size_t size;
	enum code code = page_size_of(request->page_size, DEFAULT_RELATED_PAGE_SIZE, &size, err);
	if (code == CODE_OK)
		code = check_view(request->view, err);
	if (code == CODE_OK)
		code = post_resolve(snapshot_of(call), &key, &post, err);
	if (code != CODE_OK)
		return code;
	struct related *related = arena_calloc(call->arena, 1, sizeof *related);
	if (related == NULL) {
		txn_fail_memory(snapshot_of(call));
		return txn_status(snapshot_of(call), err);
	}
	related->size = size < LIMIT_RELATED_PAGE_SIZE ? size : LIMIT_RELATED_PAGE_SIZE;
	related->context = (struct post_iterator_context){ .txn = snapshot_of(call),
		.arena = call->arena,
		.deadline_ns = call->deadline_ns,
		.stats = &stats };
	code = read_terms(related, &post, err);
	if (code == CODE_OK)
		code = find_related(call, related, post.id, err);
	for (size_t i = 0; i < related->term_count; i++)
		post_iterator_close(related->terms[i].posts);
	for (size_t i = 0; i < related->best_count && code == CODE_OK; i++)
		if (!reply_post(call, FIELD_POSTS, related->best[i].id, request->view, i == 0))
			break;
	return code == CODE_OK ? txn_status(snapshot_of(call), err) : code;
}
