/* Neighbours, relatives and batches. */
#include "e2e/oracle/calls.h"
#include "e2e/oracle/failure.h"
#include "e2e/oracle/reads.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- GetAdjacentPosts --- */

static void check_neighbour(const struct oracle_reader *reader, const char *which,
	const struct oracle_post *want, const Lectern__V1__Post *got)
{
	if ((want == NULL) != (got == NULL))
		oracle_fail("%s is %" PRIu64 ", not %" PRIu64, which, got == NULL ? 0 : got->id,
			want == NULL ? 0 : want->id);
	if (want != NULL)
		oracle_check_post(reader->store.content, want, got,
			LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED);
}

static void check_adjacent(struct oracle_reader *reader, const struct oracle_order *order,
	uint64_t id, const Lectern__V1__GetAdjacentPostsResponse *answer)
{
	const struct oracle_post *post = oracle_store_post(&reader->store, id);
	const struct oracle_post *previous = NULL;
	const struct oracle_post *next = NULL;
	struct oracle_order ascending = { .field = order->field };
	size_t count = oracle_list(
		&reader->store, oracle_filter_matches, &reader->filter, &ascending, reader->list);
	if (post == NULL)
		oracle_fail("post %" PRIu64 " is gone, but has neighbours", id);
	for (size_t i = 0; i < count; i++) {
		int place = oracle_compare(&ascending, reader->list[i], post);
		if (place < 0)
			previous = reader->list[i];
		if (place > 0 && next == NULL)
			next = reader->list[i];
	}
	check_neighbour(reader, "previous", previous, answer->previous);
	check_neighbour(reader, "next", next, answer->next);
}

void oracle_ask_adjacent(struct oracle_reader *reader)
{
	Lectern__V1__GetAdjacentPostsRequest request =
		LECTERN__V1__GET_ADJACENT_POSTS_REQUEST__INIT;
	struct oracle_order order;
	char order_by[64];
	char slug[ORACLE_SLUG_BYTES];
	uint64_t revision;
	oracle_filter_make(&reader->filter, &reader->random, &reader->store);
	oracle_pick_order(reader, &order, order_by);
	/* One that is never purged, if others write. */
	const struct oracle_post *post = oracle_store_pick(
		&reader->store, reader->quiet ? random_next(&reader->random)
					      : 1 + random_below(&reader->random, ORACLE_SERIES));
	if (order.field == ORACLE_BY_PART && post->series < 0)
		return;
	strcpy(slug, post->slug);
	uint64_t id = post->id;
	request.key_case = LECTERN__V1__GET_ADJACENT_POSTS_REQUEST__KEY_ID;
	request.id = id;
	if (random_below(&reader->random, 2) == 0) {
		request.key_case = LECTERN__V1__GET_ADJACENT_POSTS_REQUEST__KEY_SLUG;
		request.slug = slug;
	}
	request.filter = reader->filter.text;
	request.order_by = order_by;
	oracle_doing("GetAdjacentPosts of post %" PRIu64 "\nfilter: %s\norder_by: %s", id,
		reader->filter.text, order_by);
	Lectern__V1__GetAdjacentPostsResponse *answer = oracle_call(reader->client,
		"lectern.v1.PostService/GetAdjacentPosts", &request.base,
		&lectern__v1__get_adjacent_posts_response__descriptor, &revision);
	oracle_reach(reader, revision);
	check_adjacent(reader, &order, id, answer);
	oracle_free(answer);
	reader->others++;
}

/* --- ListRelatedPosts --- */

struct score {
	const struct oracle_post *post;
	double score;
};

/* Spärck Jones 1972, as in ListRelatedPostsResponse. */
static double weigh(const struct oracle_store *store, enum oracle_term_kind kind, int term)
{
	uint64_t all = 0;
	uint64_t with = 0;
	for (uint64_t id = 1; id <= store->id_max; id++) {
		const struct oracle_post *post = oracle_store_post(store, id);
		if (post == NULL || post->state != ORACLE_PUBLISHED)
			continue;
		all++;
		with += oracle_has_term(post, kind, term);
	}
	return with == 0 ? 0 : log(1 + (double)all / (double)with);
}

static double score_of(
	const struct oracle_post *post, const struct oracle_post *to, double weights[3][8])
{
	double score = 0;
	for (int kind = 0; kind < 3; kind++)
		for (int i = 0; i < to->terms[kind].count; i++)
			if (oracle_has_term(post, kind, to->terms[kind].items[i]))
				score += weights[kind][i];
	return score;
}

/* Sums of the same numbers in another order may differ in their last digits. */
static bool is_better(const struct score *a, const struct score *b)
{
	static const struct oracle_order newest = { .descending = true };
	if (fabs(a->score - b->score) > 1e-9)
		return a->score > b->score;
	return oracle_compare(&newest, a->post, b->post) < 0;
}

static int compare_scores(const void *a, const void *b)
{
	return is_better(a, b) ? -1 : is_better(b, a);
}

static size_t list_related(
	const struct oracle_store *store, const struct oracle_post *to, struct score *ret)
{
	double weights[3][8];
	size_t count = 0;
	for (int kind = 0; kind < 3; kind++)
		for (int i = 0; i < to->terms[kind].count; i++)
			weights[kind][i] = weigh(store, kind, to->terms[kind].items[i]);
	for (uint64_t id = 1; id <= store->id_max; id++) {
		const struct oracle_post *post = oracle_store_post(store, id);
		if (post == NULL || post == to || post->state != ORACLE_PUBLISHED)
			continue;
		ret[count] = (struct score){ .post = post, .score = score_of(post, to, weights) };
		count += ret[count].score > 0;
	}
	qsort(ret, count, sizeof *ret, compare_scores);
	return count;
}

void oracle_ask_related(struct oracle_reader *reader)
{
	Lectern__V1__ListRelatedPostsRequest request =
		LECTERN__V1__LIST_RELATED_POSTS_REQUEST__INIT;
	uint64_t revision;
	request.key_case = LECTERN__V1__LIST_RELATED_POSTS_REQUEST__KEY_ID;
	request.id = oracle_store_pick(
		&reader->store, reader->quiet ? random_next(&reader->random)
					      : 1 + random_below(&reader->random, ORACLE_SERIES))
			     ->id;
	request.page_size = (int32_t)random_below(&reader->random, 130);
	oracle_doing("ListRelatedPosts of post %" PRIu64 ", page_size %d", request.id,
		request.page_size);
	Lectern__V1__ListRelatedPostsResponse *answer = oracle_call(reader->client,
		"lectern.v1.PostService/ListRelatedPosts", &request.base,
		&lectern__v1__list_related_posts_response__descriptor, &revision);
	oracle_reach(reader, revision);
	struct score *scores = calloc(reader->store.id_max + 1, sizeof *scores);
	size_t count =
		list_related(&reader->store, oracle_store_post(&reader->store, request.id), scores);
	size_t wanted = request.page_size == 0 ? 5 : (size_t)request.page_size;
	wanted = wanted > 100 ? 100 : wanted;
	wanted = wanted < count ? wanted : count;
	for (size_t i = 0; i < wanted; i++)
		reader->list[i] = scores[i].post;
	oracle_check_posts(reader->store.content, reader->list, wanted, answer->posts,
		answer->n_posts, LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED);
	free(scores);
	oracle_free(answer);
	reader->others++;
}

/* --- BatchGetPosts --- */

enum { BATCH_MAX = 40 };

/* A post by id or slug, or a key of none. */
static void pick_key(
	struct oracle_reader *reader, Lectern__V1__PostKey *key, char slug[ORACLE_SLUG_BYTES])
{
	struct random *random = &reader->random;
	uint64_t id = 1 + random_below(random, reader->store.id_max + 3);
	const struct oracle_post *post = oracle_store_post(&reader->store, id);
	lectern__v1__post_key__init(key);
	key->key_case = LECTERN__V1__POST_KEY__KEY_ID;
	key->id = id;
	if (random_below(random, 2) == 0) {
		key->key_case = LECTERN__V1__POST_KEY__KEY_SLUG;
		strcpy(slug, post == NULL ? "no-such-post" : post->slug);
		key->slug = slug;
	}
}

static const struct oracle_post *find_key(
	const struct oracle_store *store, const Lectern__V1__PostKey *key)
{
	if (key->key_case == LECTERN__V1__POST_KEY__KEY_ID)
		return oracle_store_post(store, key->id);
	return oracle_store_find_slug(store, key->slug);
}

static void check_missing(const Lectern__V1__PostKey *want, const Lectern__V1__PostKey *got)
{
	if (want->key_case != got->key_case ||
		(want->key_case == LECTERN__V1__POST_KEY__KEY_ID
				? want->id != got->id
				: strcmp(want->slug, got->slug) != 0))
		oracle_fail("another key is missing");
}

void oracle_ask_batch(struct oracle_reader *reader)
{
	Lectern__V1__BatchGetPostsRequest request = LECTERN__V1__BATCH_GET_POSTS_REQUEST__INIT;
	Lectern__V1__PostKey keys[BATCH_MAX];
	Lectern__V1__PostKey *pointers[BATCH_MAX];
	char slugs[BATCH_MAX][ORACLE_SLUG_BYTES];
	uint64_t revision;
	size_t found = 0;
	size_t missing = 0;
	request.n_keys = 1 + random_below(&reader->random, BATCH_MAX);
	request.keys = pointers;
	request.view = (Lectern__V1__PostView)random_below(&reader->random, 5);
	for (size_t i = 0; i < request.n_keys; i++) {
		pick_key(reader, &keys[i], slugs[i]);
		pointers[i] = &keys[i];
	}
	oracle_doing("BatchGetPosts of %zu posts, view %d", request.n_keys, (int)request.view);
	Lectern__V1__BatchGetPostsResponse *answer =
		oracle_call(reader->client, "lectern.v1.PostService/BatchGetPosts", &request.base,
			&lectern__v1__batch_get_posts_response__descriptor, &revision);
	oracle_reach(reader, revision);
	for (size_t i = 0; i < request.n_keys; i++) {
		const struct oracle_post *post = find_key(&reader->store, &keys[i]);
		if (post != NULL)
			reader->list[found++] = post;
		else if (missing < answer->n_missing)
			check_missing(&keys[i], answer->missing[missing++]);
		else
			oracle_fail("key %zu should be missing", i);
	}
	if (missing != answer->n_missing)
		oracle_fail("%zu keys are missing, not %zu", answer->n_missing, missing);
	oracle_check_posts(reader->store.content, reader->list, found, answer->posts,
		answer->n_posts, request.view);
	oracle_free(answer);
	reader->others++;
}
