#include "store/posting.h"

#include "base/limits.h"
#include "base/rfc3339.h"
#include "base/text.h"
#include "store/term.h"

#include <lectern/store/v1/record.pb-c.h>
#include <stdlib.h>
#include <times.h>

/* Lists of a post that are not those of its tags, categories and authors. */
enum { PLAIN_LISTS_MAX = 11 };

static int64_t sort_time_us(const Lectern__V1__Post *post)
{
	if (post->publish_time != NULL)
		return timestamp_to_us(post->publish_time);
	return post->create_time == NULL ? 0 : timestamp_to_us(post->create_time);
}

static uint64_t month_number(int64_t time_us)
{
	struct civil_date date = civil_date_of(time_us);
	return (uint64_t)date.year * 12 + date.month - 1;
}

struct builder {
	struct posting_set *set;
	uint64_t sort;
	uint64_t id;
};

static void add(struct builder *builder, uint8_t kind, uint64_t number)
{
	builder->set->entries[builder->set->count++] = (struct posting){
		.kind = kind, .number = number, .sort = builder->sort, .id = builder->id
	};
}

static void add_refs(
	struct builder *builder, uint8_t kind, Lectern__V1__TermRef *const *refs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(builder, kind, refs[i]->id);
}

static void add_sorted(struct builder *builder, uint8_t kind, uint64_t number, uint64_t sort)
{
	add(builder, kind, number);
	builder->set->entries[builder->set->count - 1].sort = sort;
}

static uint64_t time_sort(const Google__Protobuf__Timestamp *time)
{
	return sort_newest_first(time == NULL ? 0 : timestamp_to_us(time));
}

static bool add_title(struct builder *builder, struct arena *arena, uint8_t kind, const char *title)
{
	char folded[TITLE_SORT_BYTES_MAX + 1];
	size_t size = text_fold(slice_of_text(title), folded, sizeof folded);
	char *kept = arena_text(arena, slice_of(folded, size));
	if (kept == NULL)
		return false;
	add_sorted(builder, kind, 0, 0);
	builder->set->entries[builder->set->count - 1].title = slice_of(kept, size);
	return true;
}

/* The category and everything above it; duplicates are removed after sorting. */
static void add_subtrees(
	struct txn *txn, struct builder *builder, uint8_t kind, uint64_t category_id)
{
	uint64_t id = category_id;
	for (int depth = 0; id != 0 && depth < LIMIT_CATEGORY_DEPTH; depth++) {
		add(builder, kind, id);
		id = term_parent(txn, id);
	}
}

int posting_compare_lists(const struct posting *a, const struct posting *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	return posting_compare_lists(a, b);
}

static void sort_unique(struct posting_set *set)
{
	qsort(set->entries, set->count, sizeof *set->entries, compare_entries);
	size_t kept = 0;
	for (size_t i = 0; i < set->count; i++)
		if (kept == 0 || compare_entries(&set->entries[kept - 1], &set->entries[i]) != 0)
			set->entries[kept++] = set->entries[i];
	set->count = kept;
}

bool postings_of_post(struct txn *txn, struct arena *arena, const Lectern__V1__Post *post,
	struct posting_set *ret)
{
	*ret = (struct posting_set){ .entries = NULL };
	if (post == NULL)
		return true;
	size_t most = PLAIN_LISTS_MAX + post->n_tags + post->n_authors +
		      post->n_categories * (1 + LIMIT_CATEGORY_DEPTH);
	ret->entries = arena_calloc(arena, most, sizeof *ret->entries);
	if (ret->entries == NULL)
		return false;
	int64_t time_us = sort_time_us(post);
	struct builder builder = { .set = ret, .sort = sort_newest_first(time_us), .id = post->id };
	bool live = post->state == LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	uint8_t hidden = live ? 0 : POSTING_HIDDEN;

	add(&builder, POSTING_STATE, (uint64_t)post->state);
	add(&builder, POSTING_LIVE | hidden, 0);
	add_refs(&builder, POSTING_TAG | hidden, post->tags, post->n_tags);
	add_refs(&builder, POSTING_CATEGORY | hidden, post->categories, post->n_categories);
	add_refs(&builder, POSTING_AUTHOR | hidden, post->authors, post->n_authors);
	for (size_t i = 0; i < post->n_categories; i++)
		add_subtrees(txn, &builder, POSTING_SUBTREE | hidden, post->categories[i]->id);
	if (live)
		add(&builder, POSTING_MONTH, month_number(time_us));
	if (post->language[0] != '\0')
		add(&builder, POSTING_LANGUAGE | hidden,
			language_number(slice_of_text(post->language)));
	if (post->featured)
		add(&builder, POSTING_FEATURED | hidden, 0);
	if (post->series != NULL) {
		add(&builder, POSTING_SERIES_TIME | hidden, post->series->id);
		add_sorted(&builder, POSTING_SERIES | hidden, post->series->id, post->series->part);
	}
	if (post->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED)
		add_sorted(&builder, POSTING_TRASHED, 0,
			sort_oldest_first(post->delete_time == NULL
						  ? 0
						  : timestamp_to_us(post->delete_time)));
	add_sorted(&builder, POSTING_CREATED | hidden, 0, time_sort(post->create_time));
	add_sorted(&builder, POSTING_UPDATED | hidden, 0, time_sort(post->update_time));
	if (!add_title(&builder, arena, POSTING_TITLE | hidden, post->title))
		return false;
	sort_unique(ret);
	return true;
}

uint8_t posting_kind_of_term(uint8_t term_kind)
{
	switch (term_kind) {
	case LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG:
		return POSTING_TAG;
	case LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY:
		return POSTING_CATEGORY;
	case LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR:
		return POSTING_AUTHOR;
	default:
		return 0;
	}
}

/* The kind of term that a list ranks, 0 for other lists. */
static uint8_t ranked_term_kind(uint8_t posting_kind)
{
	for (uint8_t kind = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG;
		kind <= LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR; kind++)
		if (posting_kind_of_term(kind) == posting_kind)
			return kind;
	return 0;
}

uint64_t posting_count(struct txn *txn, uint8_t kind, uint64_t number)
{
	struct key key;
	struct slice value;
	uint64_t count;
	key_counter(&key, kind, number);
	if (!txn_get(txn, TABLE_COUNTER, &key, &value))
		return 0;
	if (!value_read_u64(value, &count)) {
		txn_fail_corrupt(txn, "counter", number);
		return 0;
	}
	return count;
}

uint64_t posting_count_all(struct txn *txn, uint8_t kind, uint64_t number)
{
	return posting_count(txn, kind, number) + posting_count(txn, kind | POSTING_HIDDEN, number);
}

static void rank_put(struct txn *txn, uint8_t term_kind, uint64_t count, uint64_t id)
{
	struct key key;
	key_rank(&key, term_kind, count, id);
	txn_put(txn, TABLE_RANK, &key, slice_of(NULL, 0));
}

static void rank_delete(struct txn *txn, uint8_t term_kind, uint64_t count, uint64_t id)
{
	struct key key;
	key_rank(&key, term_kind, count, id);
	txn_delete(txn, TABLE_RANK, &key);
}

void rank_insert(struct txn *txn, uint8_t term_kind, uint64_t id)
{
	if (posting_kind_of_term(term_kind) != 0)
		rank_put(txn, term_kind, 0, id);
}

void rank_remove(struct txn *txn, uint8_t term_kind, uint64_t id)
{
	if (posting_kind_of_term(term_kind) != 0)
		rank_delete(txn, term_kind, 0, id);
}

void counter_add(struct txn *txn, uint8_t kind, uint64_t number, int64_t delta)
{
	uint64_t before = posting_count(txn, kind, number);
	if (delta < 0 && before < (uint64_t)-delta) {
		txn_fail_corrupt(txn, "counter", number);
		return;
	}
	uint64_t after = before + (uint64_t)delta;
	struct key key;
	key_counter(&key, kind, number);
	if (after == 0) {
		txn_delete(txn, TABLE_COUNTER, &key);
	} else {
		uint8_t bytes[VALUE_U64_BYTES];
		value_u64(bytes, after);
		txn_put(txn, TABLE_COUNTER, &key, slice_of(bytes, sizeof bytes));
	}
	uint8_t ranked = ranked_term_kind(kind);
	if (ranked != 0) {
		rank_delete(txn, ranked, before, number);
		rank_put(txn, ranked, after, number);
	}
}

static bool has_entries(uint8_t kind)
{
	return kind != POSTING_MONTH && kind != POSTING_TERMS;
}

static void entry_put(struct txn *txn, const struct posting *posting)
{
	struct key key;
	key_posting(&key, posting);
	if (has_entries(posting->kind))
		txn_put(txn, TABLE_POSTING, &key, slice_of(NULL, 0));
}

static void entry_delete(struct txn *txn, const struct posting *posting)
{
	struct key key;
	key_posting(&key, posting);
	if (has_entries(posting->kind))
		txn_delete(txn, TABLE_POSTING, &key);
}

void postings_replace(
	struct txn *txn, const struct posting_set *before, const struct posting_set *after)
{
	size_t b = 0;
	size_t a = 0;
	while (b < before->count || a < after->count) {
		const struct posting *old = b < before->count ? &before->entries[b] : NULL;
		const struct posting *new = a < after->count ? &after->entries[a] : NULL;
		int order = old == NULL ? 1 : new == NULL ? -1 : compare_entries(old, new);
		if (order == 0) {
			if (old->sort != new->sort || !slice_equals(old->title, new->title)) {
				entry_delete(txn, old);
				entry_put(txn, new);
			}
		} else if (order < 0) {
			entry_delete(txn, old);
			counter_add(txn, old->kind, old->number, -1);
		} else {
			entry_put(txn, new);
			counter_add(txn, new->kind, new->number, 1);
		}
		b += order <= 0;
		a += order >= 0;
	}
}

bool post_due_us(const Lectern__V1__Post *post, int64_t *ret)
{
	const Google__Protobuf__Timestamp *due = NULL;
	if (post->state == LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED)
		due = post->publish_time;
	else if (post->state == LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED)
		due = post->expire_time;
	if (due == NULL)
		return false;
	*ret = timestamp_to_us(due);
	return true;
}
