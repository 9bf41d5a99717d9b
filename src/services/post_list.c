#include "services/post_list.h"

#include "base/text.h"
#include "store/posting.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { POSITION_BYTES_MAX = TITLE_SORT_BYTES_MAX + 1 + 8 }; /* a title, its end, an id */

/* One page at work. */
struct run {
	struct rpc_call *call;
	const struct post_list *list;
	const struct post_page_request *request;
	struct post_page *page;
	struct post_iterator_context by_time; /* for the filter's iterator */
	struct post_iterator_context by_order;
	bool count; /* the total is wanted and no counter has it */
	uint64_t steps;
};

enum code check_deadline(const struct rpc_call *call, uint64_t steps, struct error *err)
{
	enum { STEPS = 1024 };
	if (steps % STEPS == 0)
		txn_check_deadline(snapshot_of(call), call->deadline_ns);
	return txn_status(snapshot_of(call), err);
}

/* --- Opening --- */

/* The series that every post of the filter belongs to. */
static bool find_series(const struct filter_node *node, uint64_t *ret)
{
	if (node == NULL)
		return false;
	if (node->kind == FILTER_RESTRICTION && node->field == FILTER_SERIES && !node->any) {
		*ret = node->number;
		return true;
	}
	if (node->kind != FILTER_AND)
		return false;
	for (node = node->first; node != NULL; node = node->next)
		if (node->kind == FILTER_RESTRICTION && find_series(node, ret))
			return true;
	return false;
}

enum code post_list_open(struct rpc_call *call, const char *filter, const char *order_by,
	struct post_list *ret, struct error *err)
{
	*ret = (struct post_list){ .series_id = 0 };
	enum code code = order_parse(order_by, &ret->order, err);
	if (code == CODE_OK)
		code = filter_compile(snapshot_of(call), call->arena, filter, &ret->filter, err);
	if (code == CODE_OK && ret->order.field == ORDER_SERIES_PART &&
		!find_series(ret->filter.root, &ret->series_id))
		return fail_field(err, CODE_INVALID_ARGUMENT, "ORDER_BY_INVALID", "order_by",
			"series.part needs a filter that asks for one series, for example "
			"series:\"handbook\"");
	return code;
}

/* --- Orders --- */

static uint8_t list_kind(const struct post_list *list)
{
	switch (list->order.field) {
	case ORDER_PUBLISH_TIME:
		return POSTING_LIVE;
	case ORDER_CREATE_TIME:
		return POSTING_CREATED;
	case ORDER_UPDATE_TIME:
		return POSTING_UPDATED;
	case ORDER_TITLE:
		return POSTING_TITLE;
	case ORDER_SERIES_PART:
		return POSTING_SERIES;
	}
	return POSTING_LIVE;
}

/* Whether the order runs against that of the keys, in which times descend. */
static bool is_reverse(const struct post_list *list)
{
	bool keys_descend = !posting_ids_ascend(list_kind(list));
	return keys_descend != list->order.descending;
}

void post_list_position(
	const struct post_list *list, const struct post_fields *post, struct key *ret)
{
	char folded[TITLE_SORT_BYTES_MAX + 1];
	struct posting posting = { .kind = list_kind(list), .id = post->id };
	switch (list->order.field) {
	case ORDER_PUBLISH_TIME:
		posting.sort = sort_newest_first(post_fields_sort_us(post));
		break;
	case ORDER_CREATE_TIME:
		posting.sort = sort_newest_first(post->create_us);
		break;
	case ORDER_UPDATE_TIME:
		posting.sort = sort_newest_first(post->update_us);
		break;
	case ORDER_TITLE:
		posting.title = slice_of(folded, text_fold(post->title, folded, sizeof folded));
		break;
	case ORDER_SERIES_PART:
		posting.sort = post->series_part;
		break;
	}
	key_posting_position(ret, &posting);
}

/* All posts that the filter may be about, in the list's order. */
static struct post_iterator *order_iterator(struct run *run)
{
	const struct post_list *list = run->list;
	uint8_t kind = list_kind(list);
	uint64_t number = list->order.field == ORDER_SERIES_PART ? list->series_id : 0;
	if (!list->filter.all_states)
		return post_iterator_list(&run->by_order, kind, number);
	struct post_iterator **both = arena_calloc(run->call->arena, 2, sizeof *both);
	if (both == NULL)
		return NULL;
	both[0] = post_iterator_list(&run->by_order, kind, number);
	both[1] = post_iterator_list(&run->by_order, kind | POSTING_HIDDEN, number);
	return post_iterator_union(&run->by_order, both, 2);
}

/* --- Steps that both ways share --- */

static bool passes(struct run *run, uint64_t id, struct post_fields *post)
{
	struct txn *txn = run->by_time.txn;
	run->page->stats.records_read++;
	if (!post_fields_get(txn, id, post)) {
		txn_fail_corrupt(txn, "post", id);
		return false;
	}
	return filter_matches(&run->list->filter, txn, post);
}

/* Puts a post where none was, or in the place of another one. */
static bool keep(struct run *run, struct post_entry *entry, uint64_t id, struct slice position)
{
	uint8_t *kept = entry->kept;
	if (kept == NULL)
		kept = arena_alloc(run->call->arena, POSITION_BYTES_MAX);
	if (kept == NULL) {
		txn_fail_memory(run->by_time.txn);
		return false;
	}
	memcpy(kept, position.data, position.size);
	*entry = (struct post_entry){
		.id = id, .position = slice_of(kept, position.size), .kept = kept
	};
	return true;
}

/* --- Walking a list in the order --- */

/* How to walk. */
struct walk_plan {
	bool exact;    /* no post needs a test */
	bool to_end;   /* go on behind the page and count */
	uint64_t most; /* posts to look at before giving up */
};

static bool walk_begin(struct post_iterator *iterator, struct slice after)
{
	if (after.size == 0)
		return post_iterator_next(iterator);
	bool found = post_iterator_seek(iterator, after);
	bool at_last = found && slice_equals(post_iterator_position(iterator), after);
	return at_last ? post_iterator_next(iterator) : found;
}

/* *gave_up where the page was not full after as many posts as the plan allows. */
static enum code walk(struct run *run, struct post_iterator *iterator, const struct walk_plan *plan,
	bool *gave_up, struct error *err)
{
	struct post_page *page = run->page;
	uint64_t seen = 0;
	*gave_up = false;
	page->counted = plan->to_end;
	for (bool found = walk_begin(iterator, run->request->after); found;
		found = post_iterator_next(iterator)) {
		struct post_fields post;
		uint64_t id = post_iterator_id(iterator);
		enum code code = check_deadline(run->call, ++run->steps, err);
		if (code != CODE_OK)
			return code;
		*gave_up = seen++ == plan->most;
		if (*gave_up)
			break;
		if (!plan->exact && !passes(run, id, &post))
			continue;
		page->total++;
		page->more = page->count == run->request->size;
		if (page->more && !plan->to_end)
			break;
		/* Bytes in the store stay where they are as long as the snapshot. */
		if (!page->more)
			page->entries[page->count++] = (struct post_entry){ .id = id,
				.position = post_iterator_position(iterator) };
	}
	return txn_status(run->by_time.txn, err);
}

/* Of a plan that was not walked yet. */
static enum code count(
	struct run *run, struct post_iterator *filtered, bool exact, struct error *err)
{
	struct post_page *page = run->page;
	enum code code = CODE_OK;
	page->counted = true;
	page->total = 0;
	while (code == CODE_OK && post_iterator_next(filtered)) {
		struct post_fields post;
		page->total += exact || passes(run, post_iterator_id(filtered), &post);
		code = check_deadline(run->call, ++run->steps, err);
	}
	return code == CODE_OK ? txn_status(run->by_time.txn, err) : code;
}

/* --- Gathering and keeping the best: a heap with the last one on top --- */

static int compare(const struct run *run, struct slice a, struct slice b)
{
	int order = slice_compare(a, b);
	return run->by_order.reverse ? -order : order;
}

static void sift_down(struct run *run, size_t at, size_t count)
{
	struct post_entry *heap = run->page->entries;
	for (;;) {
		size_t last = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
			if (compare(run, heap[child].position, heap[last].position) > 0)
				last = child;
		if (last == at)
			return;
		struct post_entry moved = heap[at];
		heap[at] = heap[last];
		heap[last] = moved;
		at = last;
	}
}

static void sift_up(struct run *run, size_t at)
{
	struct post_entry *heap = run->page->entries;
	while (at > 0) {
		size_t parent = (at - 1) / 2;
		if (compare(run, heap[at].position, heap[parent].position) <= 0)
			return;
		struct post_entry moved = heap[at];
		heap[at] = heap[parent];
		heap[parent] = moved;
		at = parent;
	}
}

static void offer(struct run *run, uint64_t id, struct slice position)
{
	struct post_page *page = run->page;
	struct slice after = run->request->after;
	if (after.size > 0 && compare(run, position, after) <= 0)
		return;
	if (page->count < run->request->size) {
		if (keep(run, &page->entries[page->count], id, position))
			sift_up(run, page->count++);
		return;
	}
	page->more = true;
	if (page->count > 0 && compare(run, position, page->entries[0].position) < 0 &&
		keep(run, &page->entries[0], id, position))
		sift_down(run, 0, page->count);
}

/* The order needs each record, so each is tested, too. */
static enum code gather(struct run *run, struct post_iterator *iterator, struct error *err)
{
	struct post_page *page = run->page;
	page->counted = true;
	page->total = 0;
	page->more = false;
	while (post_iterator_next(iterator)) {
		struct post_fields post;
		struct key position;
		enum code code = check_deadline(run->call, ++run->steps, err);
		if (code != CODE_OK)
			return code;
		uint64_t id = post_iterator_id(iterator);
		if (!passes(run, id, &post))
			continue;
		page->total++;
		post_list_position(run->list, &post, &position);
		offer(run, id, key_slice(&position));
	}
	for (size_t left = page->count; left > 1; left--) { /* heap sort */
		struct post_entry last = page->entries[0];
		page->entries[0] = page->entries[left - 1];
		page->entries[left - 1] = last;
		sift_down(run, 0, left - 1);
	}
	return txn_status(run->by_time.txn, err);
}

/* --- Choosing --- */

/* With m posts of n passing, walking meets one in n / m steps, gathering looks at all m. */
static bool gathering_is_cheaper(const struct run *run, uint64_t posts, uint64_t found)
{
	double wanted = (double)run->request->size;
	return (double)found * (double)found <= (double)posts * wanted;
}

/* The posts of the filter; NULL when the transaction has failed. */
static struct post_iterator *filter(struct run *run, const struct post_iterator_context *context,
	bool *exact, struct buffer *plan)
{
	struct post_iterator *filtered = filter_iterator(&run->list->filter, context, exact, plan);
	if (filtered == NULL)
		txn_fail_memory(run->by_time.txn);
	return filtered;
}

/* The posts of the filter in the order of publish_time are its own lists. */
static enum code find_by_time(struct run *run, struct buffer *plan, struct error *err)
{
	struct walk_plan how = { .most = UINT64_MAX };
	bool gave_up;
	struct post_iterator *filtered = filter(run, &run->by_order, &how.exact, plan);
	if (filtered == NULL)
		return txn_status(run->by_time.txn, err);
	how.to_end = run->count && run->request->after.size == 0;
	enum code code = walk(run, filtered, &how, &gave_up, err);
	post_iterator_close(filtered);
	if (code != CODE_OK || !run->count || how.to_end)
		return code;
	/* The posts before the page count, too. */
	filtered = filter(run, &run->by_time, &how.exact, NULL);
	if (filtered == NULL)
		return txn_status(run->by_time.txn, err);
	code = count(run, filtered, how.exact, err);
	post_iterator_close(filtered);
	return code;
}

static enum code find_by_order(struct run *run, struct post_iterator *ordered,
	struct post_iterator *filtered, bool exact, struct buffer *plan, struct error *err)
{
	uint64_t posts = post_iterator_cost(ordered);
	uint64_t found = post_iterator_cost(filtered);
	struct walk_plan how = { .exact = run->list->filter.root == NULL, .most = UINT64_MAX };
	bool gather_now = !how.exact && gathering_is_cheaper(run, posts, found);
	if (!gather_now) {
		bool gave_up;
		if (plan != NULL)
			buffer_printf(plan, "; along the order's list [%" PRIu64 "]", posts);
		/* Where the posts that pass stand far behind, gathering costs no more than what
		 * was lost. */
		if (!how.exact)
			how.most = found + run->request->size;
		enum code code = walk(run, ordered, &how, &gave_up, err);
		if (code == CODE_OK && !gave_up && run->count)
			return count(run, filtered, exact, err);
		if (code != CODE_OK || !gave_up)
			return code;
		run->page->count = 0;
	}
	if (plan != NULL)
		buffer_append_text(plan, "; gathered and sorted");
	return gather(run, filtered, err);
}

static enum code find(struct run *run, struct buffer *plan, struct error *err)
{
	bool exact;
	if (run->list->order.field == ORDER_PUBLISH_TIME)
		return find_by_time(run, plan, err);
	struct post_iterator *filtered = filter(run, &run->by_time, &exact, plan);
	struct post_iterator *ordered = order_iterator(run);
	enum code code;
	if (filtered == NULL || ordered == NULL) {
		txn_fail_memory(run->by_time.txn);
		code = txn_status(run->by_time.txn, err);
	} else {
		code = find_by_order(run, ordered, filtered, exact, plan, err);
	}
	post_iterator_close(filtered);
	post_iterator_close(ordered);
	return code;
}

enum code post_list_page(struct rpc_call *call, const struct post_list *list,
	const struct post_page_request *request, struct post_page *ret, struct error *err)
{
	struct txn *txn = snapshot_of(call);
	*ret = (struct post_page){ .count = 0 };
	struct run run = { .call = call, .list = list, .request = request, .page = ret };
	run.by_time = (struct post_iterator_context){ .txn = txn,
		.arena = call->arena,
		.deadline_ns = call->deadline_ns,
		.stats = &ret->stats };
	run.by_order = run.by_time;
	run.by_order.reverse = is_reverse(list);
	ret->entries = arena_calloc(call->arena, request->size + 1, sizeof *ret->entries);
	if (ret->entries == NULL) {
		txn_fail_memory(txn);
		return txn_status(txn, err);
	}
	struct buffer plan;
	buffer_init(&plan, LIMIT_FILTER_BYTES * 2);
	uint64_t counter;
	bool has_counter = filter_counter(&list->filter, txn, &counter);
	run.count = request->count && !has_counter;
	enum code code = find(&run, request->explain ? &plan : NULL, err);
	if (has_counter)
		ret->total = counter;
	ret->counted = has_counter || (ret->counted && request->count);
	if (!ret->counted)
		ret->total = 0;
	if (request->explain)
		ret->plan = arena_text(call->arena, slice_of(plan.data, plan.size));
	buffer_done(&plan);
	return code;
}
