/* Recent changes of many posts: what a term has in them, and their terms in order. */
#include "store/search_private.h"

void recent_fail(struct txn *txn, const struct recent *recent)
{
	txn_fail_corrupt(txn, "recent words of post", recent->id);
}

static bool read_recents(struct search_reader *reader, size_t count)
{
	struct walk walk;
	uint64_t id = 0;
	bool sound = true;
	walk_start(&walk, reader->txn, TABLE_RECENT, slice_of(NULL, 0));
	while (sound && reader->recent_count < count && walk_next(&walk)) {
		sound = key_read_recent(walk.key, &id) &&
			recent_read(&reader->recents[reader->recent_count], id, walk.value);
		reader->recent_count++;
	}
	walk_end(&walk);
	if (!sound)
		txn_fail_corrupt(reader->txn, "recent words of post", id);
	return sound;
}

void search_reader_open(struct search_reader *reader, struct txn *txn, struct arena *arena)
{
	*reader = (struct search_reader){ .txn = txn, .arena = arena };
	uint64_t count = txn_entries(txn, TABLE_RECENT);
	if (count == 0)
		return;
	if (count > SEARCH_RECENT_MAX) {
		txn_fail_corrupt(txn, "recent words: the number of posts", count);
		return;
	}
	reader->recents = arena_calloc(arena, count, sizeof *reader->recents);
	reader->changes = arena_calloc(arena, count, sizeof *reader->changes);
	if (reader->recents == NULL || reader->changes == NULL)
		txn_fail_memory(txn);
	else if (!read_recents(reader, count))
		reader->recent_count = 0;
}

/* Notes what the cursor's term is for its post in one half, if anything. */
static size_t note_change(
	const struct recent_cursor *cursor, bool hidden, struct search_change *change)
{
	*change = (struct search_change){ .id = cursor->recent->id,
		.before = recent_before(cursor, hidden),
		.after = recent_after(cursor, hidden) };
	return change->before != 0 || change->after != 0;
}

static bool is_in_half(const struct recent *recent, bool hidden)
{
	return recent->before == recent_half(hidden) || recent->after == recent_half(hidden);
}

size_t search_reader_changes(struct search_reader *reader, bool hidden, struct slice term)
{
	struct recent_cursor cursor;
	uint32_t hash = recent_hash(term);
	size_t count = 0;
	for (size_t i = 0; i < reader->recent_count; i++) {
		const struct recent *recent = &reader->recents[i];
		if (!is_in_half(recent, hidden) || !recent_may_have(recent, hash))
			continue;
		if (recent_seek(&cursor, recent, term) && slice_equals(recent_term(&cursor), term))
			count += note_change(&cursor, hidden, &reader->changes[count]);
		else if (cursor.damaged)
			recent_fail(reader->txn, recent);
	}
	return count;
}

/* --- A walk over the terms of all. --- */

struct recent_place {
	uint64_t head; /* the term's first bytes as a number */
	uint32_t cursor;
};

static uint64_t head_of(const struct recent_cursor *cursor)
{
	uint64_t head = 0;
	for (size_t i = 0; i < sizeof head; i++)
		head = head << 8 | (i < cursor->size ? cursor->term[i] : 0);
	return head;
}

/* By term, then by id. */
static bool is_before(
	const struct recent_walk *walk, const struct recent_place *a, const struct recent_place *b)
{
	if (a->head != b->head)
		return a->head < b->head;
	int order = slice_compare(
		recent_term(&walk->cursors[a->cursor]), recent_term(&walk->cursors[b->cursor]));
	return order != 0 ? order < 0 : a->cursor < b->cursor;
}

static void sift_down(struct recent_walk *walk, size_t at)
{
	struct recent_place moved = walk->heap[at];
	for (size_t child = 2 * at + 1; child < walk->live; child = 2 * at + 1) {
		if (child + 1 < walk->live &&
			is_before(walk, &walk->heap[child + 1], &walk->heap[child]))
			child++;
		if (!is_before(walk, &walk->heap[child], &moved))
			break;
		walk->heap[at] = walk->heap[child];
		at = child;
	}
	walk->heap[at] = moved;
}

bool recent_walk_start(
	struct recent_walk *walk, struct search_reader *reader, bool hidden, struct slice from)
{
	struct arena *arena = reader->arena;
	size_t count = reader->recent_count;
	*walk = (struct recent_walk){
		.reader = reader,
		.hidden = hidden,
		.cursors = arena_calloc(arena, count, sizeof *walk->cursors),
		.heap = arena_calloc(arena, count, sizeof *walk->heap),
		.changes = arena_calloc(arena, count, sizeof *walk->changes),
	};
	if (walk->cursors == NULL || walk->heap == NULL || walk->changes == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct recent_cursor *cursor = &walk->cursors[i];
		if (!is_in_half(&reader->recents[i], hidden))
			continue;
		if (recent_seek(cursor, &reader->recents[i], from))
			walk->heap[walk->live++] =
				(struct recent_place){ .head = head_of(cursor), .cursor = i };
		else if (cursor->damaged)
			recent_fail(reader->txn, &reader->recents[i]);
	}
	for (size_t at = walk->live / 2; at > 0; at--)
		sift_down(walk, at - 1);
	return true;
}

/* Moves the cursor on top of the heap on. */
static void advance_top(struct recent_walk *walk)
{
	struct recent_place *top = &walk->heap[0];
	struct recent_cursor *cursor = &walk->cursors[top->cursor];
	if (recent_next(cursor)) {
		top->head = head_of(cursor);
	} else {
		if (cursor->damaged)
			recent_fail(walk->reader->txn, cursor->recent);
		*top = walk->heap[--walk->live];
	}
	if (walk->live > 0)
		sift_down(walk, 0);
}

/* Gathers the changes of the smallest term. */
static void take_term(struct recent_walk *walk)
{
	const struct recent_cursor *cursor = &walk->cursors[walk->heap[0].cursor];
	memcpy(walk->bytes, cursor->term, cursor->size);
	walk->term = slice_of(walk->bytes, cursor->size);
	walk->change_count = 0;
	do {
		walk->change_count +=
			note_change(cursor, walk->hidden, &walk->changes[walk->change_count]);
		advance_top(walk);
		if (walk->live == 0)
			break;
		cursor = &walk->cursors[walk->heap[0].cursor];
	} while (slice_equals(recent_term(cursor), walk->term));
}

bool recent_walk_next(struct recent_walk *walk)
{
	while (walk->live > 0 && txn_status(walk->reader->txn, NULL) == CODE_OK) {
		take_term(walk);
		/* One that only the other half has is none here. */
		if (walk->change_count > 0)
			return true;
	}
	return false;
}
