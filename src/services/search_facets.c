#include "services/search_facets.h"

#include "base/rfc3339.h"
#include "base/wire.h"
#include "store/term.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	KIND_SHIFT = 56,
	FIRST_SLOTS = 256,
	/* Field numbers of lectern.store.v1.Term. */
	FIELD_SLUG = 2,
	FIELD_NAME = 3,
};

#define NUMBER_MASK ((UINT64_C(1) << KIND_SHIFT) - 1)

/* FACET_KIND_TAG, CATEGORY and AUTHOR are also the numbers of store.v1.TermKind. */
static bool is_kind(Lectern__V1__FacetKind kind)
{
	return kind > LECTERN__V1__FACET_KIND__FACET_KIND_UNSPECIFIED &&
	       kind <= LECTERN__V1__FACET_KIND__FACET_KIND_MONTH;
}

enum code search_facets_check(
	const Lectern__V1__FacetKind *kinds, size_t kind_count, struct error *err)
{
	uint32_t seen = 0;
	for (size_t i = 0; i < kind_count; i++) {
		char path[32];
		snprintf(path, sizeof path, "facets[%zu]", i);
		if (!is_kind(kinds[i]))
			return fail_field(err, CODE_INVALID_ARGUMENT, "ENUM_INVALID", path,
				"%d is no kind of facet; it must be TAG, CATEGORY, AUTHOR or MONTH",
				(int)kinds[i]);
		if ((seen >> kinds[i] & 1) != 0)
			return fail_field(err, CODE_INVALID_ARGUMENT, "FACET_REPEATED", path,
				"is there twice; ask for each kind once");
		seen |= UINT32_C(1) << kinds[i];
	}
	return CODE_OK;
}

void search_facets_init(struct search_facets *facets, struct arena *arena,
	const Lectern__V1__FacetKind *kinds, size_t kind_count, size_t values_max)
{
	*facets = (struct search_facets){
		.arena = arena,
		.kinds = kinds,
		.kind_count = kind_count,
		.values_max = values_max,
	};
}

/* --- Counting --- */

static struct facet_count *slot_of(struct facet_count *slots, size_t capacity, uint64_t value)
{
	/* Multiplication by 2^64 / golden ratio: Knuth, TAOCP 3, 6.4. The upper bits are mixed. */
	size_t at = (size_t)((value * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (capacity - 1);
	while (slots[at].value != 0 && slots[at].value != value)
		at = (at + 1) & (capacity - 1);
	return &slots[at];
}

static bool grow(struct search_facets *facets)
{
	size_t capacity = facets->capacity == 0 ? FIRST_SLOTS : 2 * facets->capacity;
	struct facet_count *slots = arena_calloc(facets->arena, capacity, sizeof *slots);
	if (slots == NULL)
		return false;
	for (size_t i = 0; i < facets->capacity; i++)
		if (facets->slots[i].value != 0)
			*slot_of(slots, capacity, facets->slots[i].value) = facets->slots[i];
	facets->slots = slots;
	facets->capacity = capacity;
	return true;
}

static bool count(struct search_facets *facets, Lectern__V1__FacetKind kind, uint64_t number)
{
	/* At most three quarters full. */
	if (4 * facets->used >= 3 * facets->capacity && !grow(facets))
		return false;
	uint64_t value = (uint64_t)kind << KIND_SHIFT | (number & NUMBER_MASK);
	struct facet_count *slot = slot_of(facets->slots, facets->capacity, value);
	if (slot->value == 0) {
		slot->value = value;
		facets->used++;
	}
	slot->posts++;
	return true;
}

static bool count_all(struct search_facets *facets, Lectern__V1__FacetKind kind,
	const uint64_t *numbers, size_t number_count)
{
	for (size_t i = 0; i < number_count; i++)
		if (!count(facets, kind, numbers[i]))
			return false;
	return true;
}

static bool count_kind(
	struct search_facets *facets, Lectern__V1__FacetKind kind, const struct post_fields *post)
{
	switch (kind) {
	case LECTERN__V1__FACET_KIND__FACET_KIND_TAG:
		return count_all(facets, kind, post->tags, post->tag_count);
	case LECTERN__V1__FACET_KIND__FACET_KIND_CATEGORY:
		return count_all(facets, kind, post->categories, post->category_count);
	case LECTERN__V1__FACET_KIND__FACET_KIND_AUTHOR:
		return count_all(facets, kind, post->authors, post->author_count);
	case LECTERN__V1__FACET_KIND__FACET_KIND_MONTH:
		if (post->has_publish_time) {
			struct civil_date date = civil_date_of(post->publish_us);
			return count(facets, kind, (uint64_t)date.year * 12 + date.month - 1);
		}
		return true;
	case LECTERN__V1__FACET_KIND__FACET_KIND_UNSPECIFIED:
	case _LECTERN__V1__FACET_KIND_IS_INT_SIZE:
		break;
	}
	return true;
}

bool search_facets_add(struct search_facets *facets, const struct post_fields *post)
{
	for (size_t i = 0; i < facets->kind_count; i++)
		if (!count_kind(facets, facets->kinds[i], post))
			return false;
	return true;
}

/* --- Answering --- */

/* A value of a facet of terms, and what it is called. */
struct facet_term {
	uint64_t posts;
	uint64_t id;
	struct slice slug; /* in the store */
	struct slice name;
};

static int by_posts(const void *a, const void *b)
{
	const struct facet_count *x = a;
	const struct facet_count *y = b;
	return (x->posts < y->posts) - (x->posts > y->posts);
}

static int newest_first(const void *a, const void *b)
{
	const struct facet_count *x = a;
	const struct facet_count *y = b;
	return (x->value < y->value) - (x->value > y->value);
}

/* The most frequent first, equal ones by slug. */
static int by_posts_and_slug(const void *a, const void *b)
{
	const struct facet_term *x = a;
	const struct facet_term *y = b;
	if (x->posts != y->posts)
		return x->posts > y->posts ? -1 : 1;
	size_t size = x->slug.size < y->slug.size ? x->slug.size : y->slug.size;
	int order = size == 0 ? 0 : memcmp(x->slug.data, y->slug.data, size);
	return order != 0 ? order : (x->slug.size > y->slug.size) - (x->slug.size < y->slug.size);
}

/* The counts of one kind, in any order. NULL when out of memory. */
static struct facet_count *gather(
	struct search_facets *facets, Lectern__V1__FacetKind kind, size_t *ret_count)
{
	struct facet_count *counts = arena_calloc(facets->arena, facets->used, sizeof *counts);
	size_t found = 0;
	for (size_t i = 0; counts != NULL && i < facets->capacity; i++)
		if (facets->slots[i].value >> KIND_SHIFT == (uint64_t)kind)
			counts[found++] = facets->slots[i];
	*ret_count = found;
	return counts;
}

static bool read_term(struct txn *txn, uint8_t kind, struct facet_term *term)
{
	struct slice record;
	struct wire_field field;
	if (!term_read(txn, kind, term->id, &record)) {
		txn_fail_corrupt(txn, term_kind_name(kind), term->id);
		return false;
	}
	while (wire_next(&record, &field)) {
		if (field.number == FIELD_SLUG)
			term->slug = field.bytes;
		else if (field.number == FIELD_NAME)
			term->name = field.bytes;
	}
	return true;
}

/* The terms that may be among the first: all those that are as frequent as the last one of them.
 * NULL when the transaction has failed. */
static struct facet_term *first_terms(struct search_facets *facets, struct txn *txn, uint8_t kind,
	struct facet_count *counts, size_t *value_count)
{
	size_t all = *value_count;
	size_t near = all < facets->values_max ? all : facets->values_max;
	if (all > 1)
		qsort(counts, all, sizeof *counts, by_posts);
	while (near > 0 && near < all && counts[near].posts == counts[near - 1].posts)
		near++;
	struct facet_term *terms = arena_calloc(facets->arena, near, sizeof *terms);
	if (terms == NULL)
		txn_fail_memory(txn);
	for (size_t i = 0; terms != NULL && i < near; i++) {
		terms[i].posts = counts[i].posts;
		terms[i].id = counts[i].value & NUMBER_MASK;
		if (!read_term(txn, kind, &terms[i]))
			return NULL;
	}
	if (terms != NULL && near > 1)
		qsort(terms, near, sizeof *terms, by_posts_and_slug);
	*value_count = near < facets->values_max ? near : facets->values_max;
	return terms;
}

/* One value with what it points to. */
struct value_message {
	Lectern__V1__FacetValue value;
	Lectern__V1__TermRef term;
	Lectern__V1__ArchiveDate date;
};

static bool fill_term(struct arena *arena, const struct facet_term *term, struct value_message *ret)
{
	lectern__v1__facet_value__init(&ret->value);
	lectern__v1__term_ref__init(&ret->term);
	ret->value.value_case = LECTERN__V1__FACET_VALUE__VALUE_TERM;
	ret->value.term = &ret->term;
	ret->value.post_count = term->posts;
	ret->term.id = term->id;
	ret->term.slug = arena_text(arena, term->slug);
	ret->term.name = arena_text(arena, term->name);
	return ret->term.slug != NULL && ret->term.name != NULL;
}

static void fill_month(const struct facet_count *month, struct value_message *ret)
{
	uint64_t number = month->value & NUMBER_MASK;
	lectern__v1__facet_value__init(&ret->value);
	lectern__v1__archive_date__init(&ret->date);
	ret->value.value_case = LECTERN__V1__FACET_VALUE__VALUE_DATE;
	ret->value.date = &ret->date;
	ret->value.post_count = month->posts;
	ret->date.year = (uint32_t)(number / 12);
	ret->date.month = (uint32_t)(number % 12 + 1);
}

/* Fills at most values_max messages and returns their number. */
static size_t fill_values(struct search_facets *facets, struct txn *txn,
	Lectern__V1__FacetKind kind, struct value_message *messages)
{
	size_t found;
	struct facet_count *counts = gather(facets, kind, &found);
	if (counts == NULL) {
		txn_fail_memory(txn);
		return 0;
	}
	if (kind == LECTERN__V1__FACET_KIND__FACET_KIND_MONTH) {
		if (found > 1)
			qsort(counts, found, sizeof *counts, newest_first);
		found = found < facets->values_max ? found : facets->values_max;
		for (size_t i = 0; i < found; i++)
			fill_month(&counts[i], &messages[i]);
		return found;
	}
	const struct facet_term *terms = first_terms(facets, txn, (uint8_t)kind, counts, &found);
	for (size_t i = 0; terms != NULL && i < found; i++)
		if (!fill_term(facets->arena, &terms[i], &messages[i]))
			txn_fail_memory(txn);
	return terms == NULL ? 0 : found;
}

void search_facets_reply(struct search_facets *facets, struct rpc_call *call, uint32_t number)
{
	struct txn *txn = snapshot_of(call);
	struct value_message messages[LIMIT_FACET_SIZE];
	Lectern__V1__FacetValue *values[LIMIT_FACET_SIZE];
	for (size_t i = 0; i < facets->kind_count && txn_status(txn, NULL) == CODE_OK; i++) {
		Lectern__V1__Facet facet = LECTERN__V1__FACET__INIT;
		facet.kind = facets->kinds[i];
		facet.n_values = fill_values(facets, txn, facet.kind, messages);
		facet.values = values;
		for (size_t v = 0; v < facet.n_values; v++)
			values[v] = &messages[v].value;
		if (txn_status(txn, NULL) == CODE_OK)
			reply_pack(&call->reply, number, &facet.base);
	}
}
