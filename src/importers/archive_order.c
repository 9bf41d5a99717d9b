#include "importers/archive_order.h"

#include <stdlib.h>

/* A binary heap of posts, the lowest rank on top. */
struct heap {
	struct heap_entry {
		uint64_t rank;
		uint32_t post;
	} * entries;
	size_t count;
};

struct merge {
	const struct order_input *input;
	/* Where each post stands in the chains: places[starts[post]] up to starts[post + 1]. */
	uint32_t *starts;
	struct place {
		uint32_t chain;
		uint32_t index;
	} * places;
	uint32_t *waits_for; /* chains in which something stands before the post */
	bool *done;
	uint32_t *by_key; /* posts with a key, in the order of the server */
	uint32_t *key_rank;
	uint32_t key_count;
	uint32_t key_next;	 /* all of by_key before it are done */
	struct heap ready_known; /* posts that wait for nothing, by key */
	struct heap ready_new;	 /* and those without a key, by number */
	struct heap blocked;	 /* all others, by what they wait for; outdated entries too */
};

static void heap_push(struct heap *heap, uint64_t rank, uint32_t post)
{
	size_t i = heap->count++;
	while (i > 0 && heap->entries[(i - 1) / 2].rank > rank) {
		heap->entries[i] = heap->entries[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap->entries[i] = (struct heap_entry){ .rank = rank, .post = post };
}

static struct heap_entry heap_pop(struct heap *heap)
{
	struct heap_entry top = heap->entries[0];
	struct heap_entry last = heap->entries[--heap->count];
	size_t i = 0;
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= heap->count)
			break;
		if (child + 1 < heap->count &&
			heap->entries[child + 1].rank < heap->entries[child].rank)
			child++;
		if (heap->entries[child].rank >= last.rank)
			break;
		heap->entries[i] = heap->entries[child];
		i = child;
	}
	heap->entries[i] = last;
	return top;
}

static int compare_keys(const void *a, const void *b, void *arg)
{
	const struct order_key *keys = arg;
	const struct order_key *left = &keys[*(const uint32_t *)a];
	const struct order_key *right = &keys[*(const uint32_t *)b];
	return order_key_before(left, right) ? -1 : order_key_before(right, left) ? 1 : 0;
}

static void sort_keys(struct merge *merge)
{
	const struct order_input *input = merge->input;
	for (uint32_t post = 0; post < input->post_count; post++)
		if (input->keys[post].set)
			merge->by_key[merge->key_count++] = post;
	qsort_r(merge->by_key, merge->key_count, sizeof *merge->by_key, compare_keys,
		(void *)input->keys);
	for (uint32_t i = 0; i < merge->key_count; i++)
		merge->key_rank[merge->by_key[i]] = i;
}

static void index_places(struct merge *merge)
{
	const struct order_input *input = merge->input;
	for (size_t c = 0; c < input->chain_count; c++)
		for (size_t i = 0; i < input->chains[c].count; i++)
			merge->starts[input->chains[c].posts[i] + 1]++;
	for (uint32_t post = 0; post < input->post_count; post++)
		merge->starts[post + 1] += merge->starts[post];
	/* Filling moves each start to the next one's place; shifted back below. */
	for (size_t c = 0; c < input->chain_count; c++)
		for (size_t i = 0; i < input->chains[c].count; i++) {
			uint32_t post = input->chains[c].posts[i];
			merge->places[merge->starts[post]++] =
				(struct place){ .chain = (uint32_t)c, .index = (uint32_t)i };
			merge->waits_for[post] += i > 0;
		}
	for (uint32_t post = input->post_count; post > 0; post--)
		merge->starts[post] = merge->starts[post - 1];
	merge->starts[0] = 0;
}

static void queue_post(struct merge *merge, uint32_t post)
{
	if (merge->waits_for[post] > 0)
		heap_push(&merge->blocked, (uint64_t)merge->waits_for[post] << 32 | post, post);
	else if (merge->input->keys[post].set)
		heap_push(&merge->ready_known, merge->key_rank[post], post);
	else
		heap_push(&merge->ready_new, post, post);
}

/* The first post of the server's order that is still to come; false if there is none. */
static bool next_known(struct merge *merge, uint32_t *ret)
{
	while (merge->key_next < merge->key_count && merge->done[merge->by_key[merge->key_next]])
		merge->key_next++;
	if (merge->key_next == merge->key_count)
		return false;
	*ret = merge->by_key[merge->key_next];
	return true;
}

/* Takes a post out of a contradiction. */
static uint32_t break_conflict(struct merge *merge)
{
	for (;;) {
		struct heap_entry entry = heap_pop(&merge->blocked);
		if (!merge->done[entry.post] && entry.rank >> 32 == merge->waits_for[entry.post])
			return entry.post;
	}
}

static uint32_t choose(struct merge *merge, bool *ret_conflict)
{
	uint32_t known;
	*ret_conflict = false;
	if (merge->ready_known.count > 0 && next_known(merge, &known) &&
		merge->ready_known.entries[0].post == known &&
		(merge->ready_new.count == 0 || merge->ready_new.entries[0].post > known))
		return heap_pop(&merge->ready_known).post;
	if (merge->ready_new.count > 0)
		return heap_pop(&merge->ready_new).post;
	if (merge->ready_known.count > 0)
		return heap_pop(&merge->ready_known).post;
	*ret_conflict = true;
	return break_conflict(merge);
}

/* Lets those go that come right behind the post. */
static void finish(struct merge *merge, uint32_t post)
{
	merge->done[post] = true;
	for (uint32_t i = merge->starts[post]; i < merge->starts[post + 1]; i++) {
		struct place place = merge->places[i];
		const struct order_chain *chain = &merge->input->chains[place.chain];
		if (place.index + 1 == chain->count)
			continue;
		uint32_t next = chain->posts[place.index + 1];
		if (merge->done[next])
			continue;
		merge->waits_for[next]--;
		queue_post(merge, next);
	}
}

static void merge_done(struct merge *merge)
{
	free(merge->starts);
	free(merge->places);
	free(merge->waits_for);
	free(merge->done);
	free(merge->by_key);
	free(merge->key_rank);
	free(merge->ready_known.entries);
	free(merge->ready_new.entries);
	free(merge->blocked.entries);
}

static bool merge_init(struct merge *merge, const struct order_input *input)
{
	size_t posts = input->post_count;
	size_t places = 0;
	for (size_t c = 0; c < input->chain_count; c++)
		places += input->chains[c].count;
	*merge = (struct merge){ .input = input };
	merge->starts = calloc(posts + 2, sizeof *merge->starts);
	merge->places = calloc(places + 1, sizeof *merge->places);
	merge->waits_for = calloc(posts + 1, sizeof *merge->waits_for);
	merge->done = calloc(posts + 1, sizeof *merge->done);
	merge->by_key = calloc(posts + 1, sizeof *merge->by_key);
	merge->key_rank = calloc(posts + 1, sizeof *merge->key_rank);
	merge->ready_known.entries = calloc(posts + 1, sizeof(struct heap_entry));
	merge->ready_new.entries = calloc(posts + 1, sizeof(struct heap_entry));
	merge->blocked.entries = calloc(posts + places + 1, sizeof(struct heap_entry));
	return merge->starts != NULL && merge->places != NULL && merge->waits_for != NULL &&
	       merge->done != NULL && merge->by_key != NULL && merge->key_rank != NULL &&
	       merge->ready_known.entries != NULL && merge->ready_new.entries != NULL &&
	       merge->blocked.entries != NULL;
}

enum code order_merge(const struct order_input *input, uint32_t *ret_sequence,
	void (*conflict)(void *arg, uint32_t post), void *arg, struct error *err)
{
	AUTO(merge_done) struct merge merge;
	if (!merge_init(&merge, input))
		return fail(err, CODE_RESOURCE_EXHAUSTED, "order the posts: out of memory");
	sort_keys(&merge);
	index_places(&merge);
	for (uint32_t post = 0; post < input->post_count; post++)
		queue_post(&merge, post);
	for (uint32_t i = 0; i < input->post_count; i++) {
		bool broken;
		ret_sequence[i] = choose(&merge, &broken);
		if (broken)
			conflict(arg, ret_sequence[i]);
		finish(&merge, ret_sequence[i]);
	}
	return CODE_OK;
}
