#include "store/post_iterator.h"

#include "store/posting.h"

#include <stdlib.h>

enum { KEYS_BETWEEN_CLOCKS = 1024 };

enum kind { EMPTY, LIST, ARRAY, UNION, INTERSECT, BOUNDED };

struct post_iterator {
	const struct post_iterator_context *context;
	enum kind kind;
	enum { BEFORE, AT, OVER } state;
	struct slice position; /* while AT */
	uint64_t cost;
	uint8_t list_kind; /* whose rule for ids holds here */
	/* LIST */
	struct key prefix;
	struct walk walk;
	/* ARRAY */
	const struct slice *positions;
	size_t at; /* in the order of the keys */
	/* UNION, INTERSECT: the posts of `in`; BOUNDED: of in[0] */
	struct post_iterator **in;
	size_t in_count;
	struct post_iterator **out;
	size_t out_count;
	/* BOUNDED */
	struct slice from;
	struct slice until;
};

void post_iterator_count_key(const struct post_iterator_context *context)
{
	if (++context->stats->keys_read % KEYS_BETWEEN_CLOCKS == 0)
		txn_check_deadline(context->txn, context->deadline_ns);
}

static struct post_iterator *make(
	const struct post_iterator_context *context, enum kind kind, uint8_t list_kind)
{
	struct post_iterator *iterator = arena_calloc(context->arena, 1, sizeof *iterator);
	if (iterator == NULL)
		return NULL;
	iterator->context = context;
	iterator->kind = kind;
	iterator->list_kind = list_kind;
	return iterator;
}

/* Below 0 if a comes before b in the iterator's direction. */
static int compare(const struct post_iterator *iterator, struct slice a, struct slice b)
{
	int order = slice_compare(a, b);
	return iterator->context->reverse ? -order : order;
}

static bool end(struct post_iterator *iterator)
{
	iterator->state = OVER;
	return false;
}

static bool stand_at(struct post_iterator *iterator, struct slice position)
{
	iterator->state = AT;
	iterator->position = position;
	return true;
}

/* --- One list --- */

struct post_iterator *post_iterator_list(
	const struct post_iterator_context *context, uint8_t kind, uint64_t number)
{
	struct post_iterator *iterator = make(context, LIST, kind);
	if (iterator == NULL)
		return NULL;
	key_posting_list(&iterator->prefix, kind, number);
	iterator->cost = posting_count(context->txn, kind, number);
	return iterator;
}

static bool list_arrive(struct post_iterator *iterator, bool found)
{
	post_iterator_count_key(iterator->context);
	if (!found || !key_has_prefix(iterator->walk.key, key_slice(&iterator->prefix)))
		return end(iterator);
	return stand_at(iterator, slice_of(iterator->walk.key.data + iterator->prefix.size,
					  iterator->walk.key.size - iterator->prefix.size));
}

static void list_go(struct post_iterator *iterator, struct slice key)
{
	if (iterator->walk.txn == NULL)
		walk_start(&iterator->walk, iterator->context->txn, TABLE_POSTING, key);
	else
		walk_seek(&iterator->walk, key);
}

static bool list_next(struct post_iterator *iterator)
{
	bool reverse = iterator->context->reverse;
	if (iterator->state == BEFORE) {
		struct key from = iterator->prefix;
		for (size_t i = from.size; reverse && i-- > 0 && ++from.bytes[i] == 0;)
			; /* behind the last key of the list */
		list_go(iterator, key_slice(&from));
	}
	return list_arrive(
		iterator, reverse ? walk_previous(&iterator->walk) : walk_next(&iterator->walk));
}

static bool list_seek(struct post_iterator *iterator, struct slice position)
{
	struct key key = iterator->prefix;
	if (position.size > KEY_BYTES_MAX - key.size)
		position.size = KEY_BYTES_MAX - key.size;
	memcpy(key.bytes + key.size, position.data, position.size);
	key.size += position.size;
	list_go(iterator, key_slice(&key));
	/* Upwards the first key that is not below is right; downwards only an equal one. */
	bool stay = !iterator->context->reverse ||
		    (iterator->walk.state == WALK_BEFORE &&
			    slice_equals(iterator->walk.key, key_slice(&key)));
	return list_arrive(
		iterator, stay ? walk_next(&iterator->walk) : walk_previous(&iterator->walk));
}

/* --- Positions that were gathered beforehand --- */

static int compare_slices(const void *a, const void *b)
{
	return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

struct post_iterator *post_iterator_array(const struct post_iterator_context *context, uint8_t kind,
	struct slice *positions, size_t count)
{
	struct post_iterator *iterator = make(context, ARRAY, kind);
	if (iterator == NULL)
		return NULL;
	if (count > 1)
		qsort(positions, count, sizeof *positions, compare_slices);
	iterator->positions = positions;
	iterator->cost = count;
	return iterator;
}

static bool array_next(struct post_iterator *iterator)
{
	if (iterator->state == AT)
		iterator->at++;
	if (iterator->at >= iterator->cost || txn_status(iterator->context->txn, NULL) != CODE_OK)
		return end(iterator);
	size_t at = iterator->context->reverse ? iterator->cost - 1 - iterator->at : iterator->at;
	return stand_at(iterator, iterator->positions[at]);
}

/* --- Sets of sets --- */

static bool any_missing(struct post_iterator **parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (parts[i] == NULL)
			return true;
	return false;
}

struct post_iterator *post_iterator_empty(const struct post_iterator_context *context)
{
	return make(context, EMPTY, POSTING_LIVE);
}

struct post_iterator *post_iterator_union(
	const struct post_iterator_context *context, struct post_iterator **parts, size_t count)
{
	if (count == 0)
		return post_iterator_empty(context);
	if (any_missing(parts, count))
		return NULL;
	if (count == 1)
		return parts[0];
	struct post_iterator *iterator = make(context, UNION, parts[0]->list_kind);
	if (iterator == NULL)
		return NULL;
	iterator->in = parts;
	iterator->in_count = count;
	for (size_t i = 0; i < count; i++)
		iterator->cost += parts[i]->cost;
	return iterator;
}

/* Stands at the first of the parts, which are not BEFORE. */
static bool union_settle(struct post_iterator *iterator)
{
	const struct post_iterator *first = NULL;
	for (size_t i = 0; i < iterator->in_count; i++) {
		const struct post_iterator *part = iterator->in[i];
		if (part->state == AT &&
			(first == NULL || compare(iterator, part->position, first->position) < 0))
			first = part;
	}
	return first == NULL ? end(iterator) : stand_at(iterator, first->position);
}

static bool union_next(struct post_iterator *iterator)
{
	bool begin = iterator->state == BEFORE;
	struct slice last = iterator->position;
	for (size_t i = 0; i < iterator->in_count; i++) {
		struct post_iterator *part = iterator->in[i];
		if (begin || (part->state == AT && slice_equals(part->position, last)))
			(void)post_iterator_next(part);
	}
	return union_settle(iterator);
}

static bool union_seek(struct post_iterator *iterator, struct slice position)
{
	for (size_t i = 0; i < iterator->in_count; i++)
		(void)post_iterator_seek(iterator->in[i], position);
	return union_settle(iterator);
}

static int compare_costs(const void *a, const void *b)
{
	uint64_t x = (*(struct post_iterator *const *)a)->cost;
	uint64_t y = (*(struct post_iterator *const *)b)->cost;
	return (x > y) - (x < y);
}

struct post_iterator *post_iterator_intersect(const struct post_iterator_context *context,
	struct post_iterator **in, size_t in_count, struct post_iterator **out, size_t out_count)
{
	if (in_count == 0 || any_missing(in, in_count) || any_missing(out, out_count))
		return NULL;
	if (in_count == 1 && out_count == 0)
		return in[0];
	struct post_iterator *iterator = make(context, INTERSECT, in[0]->list_kind);
	if (iterator == NULL)
		return NULL;
	qsort(in, in_count, sizeof *in, compare_costs); /* the rarest leads */
	iterator->in = in;
	iterator->in_count = in_count;
	iterator->out = out;
	iterator->out_count = out_count;
	iterator->cost = in[0]->cost;
	return iterator;
}

/* Also when the transaction has failed: then nothing is known of the post. */
static bool excluded(struct post_iterator *iterator, struct slice position)
{
	for (size_t i = 0; i < iterator->out_count; i++)
		if (post_iterator_seek(iterator->out[i], position) &&
			slice_equals(iterator->out[i]->position, position))
			return true;
	return iterator->out_count > 0 && txn_status(iterator->context->txn, NULL) != CODE_OK;
}

/* From where the leader stands to the first post that all have. */
static bool intersect_settle(struct post_iterator *iterator)
{
	struct post_iterator *lead = iterator->in[0];
	while (lead->state == AT) {
		struct post_iterator *ahead = NULL;
		for (size_t i = 1; i < iterator->in_count && ahead == NULL; i++) {
			if (!post_iterator_seek(iterator->in[i], lead->position))
				return end(iterator);
			if (!slice_equals(iterator->in[i]->position, lead->position))
				ahead = iterator->in[i];
		}
		if (ahead != NULL)
			(void)post_iterator_seek(lead, ahead->position);
		else if (excluded(iterator, lead->position))
			(void)post_iterator_next(lead);
		else
			return stand_at(iterator, lead->position);
	}
	return end(iterator);
}

/* --- Bounds --- */

static bool copy(struct arena *arena, struct slice bytes, struct slice *ret)
{
	*ret = slice_of(NULL, 0);
	if (bytes.size == 0)
		return true;
	uint8_t *kept = arena_alloc(arena, bytes.size);
	if (kept == NULL)
		return false;
	memcpy(kept, bytes.data, bytes.size);
	*ret = slice_of(kept, bytes.size);
	return true;
}

struct post_iterator *post_iterator_bounded(const struct post_iterator_context *context,
	struct post_iterator *part, struct slice from, struct slice until)
{
	if (part == NULL || (from.size == 0 && until.size == 0))
		return part;
	struct post_iterator *iterator = make(context, BOUNDED, part->list_kind);
	struct post_iterator **in = arena_calloc(context->arena, 1, sizeof *in);
	if (iterator == NULL || in == NULL || !copy(context->arena, from, &iterator->from) ||
		!copy(context->arena, until, &iterator->until))
		return NULL;
	in[0] = part;
	iterator->in = in;
	iterator->in_count = 1;
	iterator->cost = part->cost;
	return iterator;
}

/* `until` itself is outside, so coming from above it is stepped over. */
static bool bounded_settle(struct post_iterator *iterator)
{
	struct post_iterator *part = iterator->in[0];
	bool reverse = iterator->context->reverse;
	if (reverse && part->state == AT && iterator->until.size > 0 &&
		slice_equals(part->position, iterator->until))
		(void)post_iterator_next(part);
	struct slice last = reverse ? iterator->from : iterator->until;
	if (part->state != AT)
		return end(iterator);
	int order = last.size == 0 ? -1 : compare(iterator, part->position, last);
	return order < 0 || (reverse && order == 0) ? stand_at(iterator, part->position)
						    : end(iterator);
}

static bool bounded_begin(struct post_iterator *iterator)
{
	struct slice first = iterator->context->reverse ? iterator->until : iterator->from;
	if (first.size > 0)
		(void)post_iterator_seek(iterator->in[0], first);
	else
		(void)post_iterator_next(iterator->in[0]);
	return bounded_settle(iterator);
}

static bool bounded_seek(struct post_iterator *iterator, struct slice position)
{
	struct slice first = iterator->context->reverse ? iterator->until : iterator->from;
	if (first.size > 0 && compare(iterator, position, first) < 0)
		position = first;
	(void)post_iterator_seek(iterator->in[0], position);
	return bounded_settle(iterator);
}

/* --- All of them --- */

bool post_iterator_next(struct post_iterator *iterator)
{
	if (iterator->state == OVER)
		return false;
	bool begin = iterator->state == BEFORE;
	switch (iterator->kind) {
	case EMPTY:
		return end(iterator);
	case LIST:
		return list_next(iterator);
	case ARRAY:
		return array_next(iterator);
	case UNION:
		return union_next(iterator);
	case INTERSECT:
		(void)post_iterator_next(iterator->in[0]);
		return intersect_settle(iterator);
	case BOUNDED:
		if (begin)
			return bounded_begin(iterator);
		(void)post_iterator_next(iterator->in[0]);
		return bounded_settle(iterator);
	}
	return false;
}

bool post_iterator_seek(struct post_iterator *iterator, struct slice position)
{
	if (iterator->state == OVER)
		return false;
	if (iterator->state == AT && compare(iterator, iterator->position, position) >= 0)
		return true;
	switch (iterator->kind) {
	case EMPTY:
		return end(iterator);
	case LIST:
		return list_seek(iterator, position);
	case ARRAY:
		while (array_next(iterator) && compare(iterator, iterator->position, position) < 0)
			;
		return iterator->state == AT;
	case UNION:
		return union_seek(iterator, position);
	case INTERSECT:
		(void)post_iterator_seek(iterator->in[0], position);
		return intersect_settle(iterator);
	case BOUNDED:
		return bounded_seek(iterator, position);
	}
	return false;
}

struct slice post_iterator_position(const struct post_iterator *iterator)
{
	return iterator->position;
}

uint64_t post_iterator_id(const struct post_iterator *iterator)
{
	return posting_position_id(iterator->list_kind, iterator->position);
}

uint64_t post_iterator_cost(const struct post_iterator *iterator)
{
	return iterator->cost;
}

void post_iterator_close(struct post_iterator *iterator)
{
	if (iterator == NULL)
		return;
	if (iterator->kind == LIST && iterator->walk.txn != NULL)
		walk_end(&iterator->walk);
	for (size_t i = 0; i < iterator->in_count; i++)
		post_iterator_close(iterator->in[i]);
	for (size_t i = 0; i < iterator->out_count; i++)
		post_iterator_close(iterator->out[i]);
}
