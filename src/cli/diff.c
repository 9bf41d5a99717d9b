/*
 * The greedy algorithm in linear space of E. Myers, "An O(ND) Difference Algorithm and Its
 * Variations" (1986): walk from both ends of the edit graph, always with as few changes as
 * possible, and where the walks meet cut the problem in two. Parts wait on a stack, not in calls.
 *
 * A point (x, y) of the graph of a box stands before line x of `from` and line y of `to`; diagonal
 * k has the points with x - y = k. Walking backward, x and y count from the box's end.
 */
#include "cli/diff.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

enum {
	NOWHERE = -1,		/* no point of this diagonal is reached */
	ROUNDS_MIN = 64,	/* changes that a walk may take, however long the texts are */
	BOXES_WAITING_MAX = 64, /* the larger half waits, so the logarithm of all lines suffices */
};

/* Lines of both texts that are still to be compared: from `at` up to `end`. */
struct box {
	int32_t from_at, from_end;
	int32_t to_at, to_end;
};

struct point {
	int32_t from, to;
};

/* The lines that both texts have, wherever: all others are changes anyway. */
struct common_lines {
	uint32_t *classes;
	uint32_t *places; /* in the text */
	int32_t count;
};

struct search {
	struct diff *diff;
	struct common_lines from;
	struct common_lines to;
	/* The furthest x that each walk has reached on a diagonal; [0] is the middle of the memory.
	 */
	int32_t *forward;
	int32_t *backward;
	int32_t *reached; /* that memory */
	int32_t rounds_max;
};

static bool split_lines(struct diff_text *text, struct slice whole)
{
	const uint8_t *end = whole.data + whole.size;
	*text = (struct diff_text){ .text = whole };
	if (whole.size > DIFF_TEXT_BYTES_MAX)
		return false;
	size_t count = 0;
	for (const uint8_t *at = whole.data; at != NULL && at < end; count++) {
		const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
		at = newline == NULL ? end : newline + 1;
	}
	text->starts = calloc(count + 1, sizeof *text->starts);
	text->classes = calloc(count + 1, sizeof *text->classes);
	text->changed = calloc(count + 1, sizeof *text->changed);
	if (text->starts == NULL || text->classes == NULL || text->changed == NULL)
		return false;
	text->count = (uint32_t)count;
	for (uint32_t i = 1; i <= count; i++) {
		const uint8_t *at = whole.data + text->starts[i - 1];
		const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
		text->starts[i] = (uint32_t)((newline == NULL ? end : newline + 1) - whole.data);
	}
	return true;
}

struct slice diff_line(const struct diff_text *text, uint32_t index)
{
	uint32_t start = text->starts[index];
	return slice_of(text->text.data + start, text->starts[index + 1] - start);
}

/* A hash table of lines, one for each class. The key makes collisions nobody's to choose. */
struct classes {
	uint8_t key[crypto_shorthash_KEYBYTES];
	struct slice *lines; /* by class */
	uint32_t *slots;     /* class + 1; 0: free */
	size_t mask;
	uint32_t count;
};

static uint32_t class_of(struct classes *classes, struct slice line)
{
	uint8_t hash[crypto_shorthash_BYTES];
	size_t slot;
	crypto_shorthash(hash, line.data, line.size, classes->key);
	memcpy(&slot, hash, sizeof slot);
	for (slot &= classes->mask; classes->slots[slot] != 0; slot = (slot + 1) & classes->mask) {
		uint32_t class = classes->slots[slot] - 1;
		if (slice_equals(classes->lines[class], line))
			return class;
	}
	classes->lines[classes->count] = line;
	classes->slots[slot] = ++classes->count;
	return classes->count - 1;
}

/* Numbers the lines of both texts. *ret_count is how many different ones there are. */
static bool classify(struct diff *diff, uint32_t *ret_count)
{
	size_t total = (size_t)diff->from.count + diff->to.count;
	struct classes classes = { .mask = 1 };
	while (classes.mask < 2 * total)
		classes.mask = classes.mask << 1 | 1;
	classes.lines = calloc(total + 1, sizeof *classes.lines);
	classes.slots = calloc(classes.mask + 1, sizeof *classes.slots);
	bool done = classes.lines != NULL && classes.slots != NULL;
	randombytes_buf(classes.key, sizeof classes.key);
	for (uint32_t i = 0; done && i < diff->from.count; i++)
		diff->from.classes[i] = class_of(&classes, diff_line(&diff->from, i));
	for (uint32_t i = 0; done && i < diff->to.count; i++)
		diff->to.classes[i] = class_of(&classes, diff_line(&diff->to, i));
	*ret_count = classes.count;
	free(classes.lines);
	free(classes.slots);
	return done;
}

/* Takes the lines whose class the other text has, too; the others are changes. */
static bool take_common(struct diff_text *text, const bool *in_other, struct common_lines *ret)
{
	ret->classes = calloc(text->count + 1, sizeof *ret->classes);
	ret->places = calloc(text->count + 1, sizeof *ret->places);
	if (ret->classes == NULL || ret->places == NULL)
		return false;
	for (uint32_t i = 0; i < text->count; i++) {
		text->changed[i] = !in_other[text->classes[i]];
		if (text->changed[i])
			continue;
		ret->classes[ret->count] = text->classes[i];
		ret->places[ret->count++] = i;
	}
	return true;
}

static bool find_common(struct search *search, uint32_t class_count)
{
	struct diff *diff = search->diff;
	bool *in_from = calloc(class_count + 1, sizeof *in_from);
	bool *in_to = calloc(class_count + 1, sizeof *in_to);
	bool done = in_from != NULL && in_to != NULL;
	for (uint32_t i = 0; done && i < diff->from.count; i++)
		in_from[diff->from.classes[i]] = true;
	for (uint32_t i = 0; done && i < diff->to.count; i++)
		in_to[diff->to.classes[i]] = true;
	done = done && take_common(&diff->from, in_to, &search->from) &&
	       take_common(&diff->to, in_from, &search->to);
	free(in_from);
	free(in_to);
	return done;
}

/* Memory for the walks. However they go, they meet after half of all lines at the latest. */
static bool make_walks(struct search *search)
{
	int64_t total = (int64_t)search->from.count + search->to.count;
	int64_t rounds = DIFF_WORK_MAX / (total + 1);
	if (rounds < ROUNDS_MIN)
		rounds = ROUNDS_MIN;
	if (rounds > total / 2 + 1)
		rounds = total / 2 + 1;
	search->rounds_max = (int32_t)rounds;
	size_t width = 2 * ((size_t)rounds + 1) + 1;
	search->reached = calloc(2 * width, sizeof *search->reached);
	if (search->reached == NULL)
		return false;
	search->forward = search->reached + rounds + 1;
	search->backward = search->forward + width;
	return true;
}

static bool same(const struct search *search, int32_t from, int32_t to)
{
	return search->from.classes[from] == search->to.classes[to];
}

/* The first and the last of the diagonals that a walk reaches with so many changes, every second
 * one between them, without those that lie outside the box. */
static int32_t first_diagonal(int32_t changes, int32_t height)
{
	return changes <= height ? -changes : -height + ((changes - height) & 1);
}

static int32_t last_diagonal(int32_t changes, int32_t width)
{
	return changes <= width ? changes : width - ((changes - width) & 1);
}

/* Takes the better of the two ways that lead to diagonal k with one more change. */
static int32_t step(const int32_t *reached, int32_t k, int32_t width, int32_t height)
{
	int32_t by_removal = reached[k - 1];
	int32_t by_addition = reached[k + 1];
	by_removal = by_removal == NOWHERE || by_removal == width ? NOWHERE : by_removal + 1;
	if (by_addition != NOWHERE && by_addition - k > height)
		by_addition = NOWHERE;
	return by_removal > by_addition ? by_removal : by_addition;
}

/* Follows the lines that are equal. */
static int32_t follow(
	const struct search *search, const struct box *box, bool backward, int32_t x, int32_t y)
{
	int32_t width = box->from_end - box->from_at;
	int32_t height = box->to_end - box->to_at;
	for (; x < width && y < height; x++, y++) {
		if (backward ? !same(search, box->from_end - 1 - x, box->to_end - 1 - y)
			     : !same(search, box->from_at + x, box->to_at + y))
			break;
	}
	return x;
}

static struct point point_of(const struct box *box, bool backward, int32_t x, int32_t k)
{
	if (backward)
		return (struct point){ box->from_end - x, box->to_end - (x - k) };
	return (struct point){ box->from_at + x, box->to_at + (x - k) };
}

/* Lets one of the walks go on by one change. True where it meets the other one, at *ret. */
static bool advance(const struct search *search, const struct box *box, int32_t changes,
	bool backward, struct point *ret)
{
	int32_t *own = backward ? search->backward : search->forward;
	const int32_t *other = backward ? search->forward : search->backward;
	int32_t width = box->from_end - box->from_at;
	int32_t height = box->to_end - box->to_at;
	int32_t shift = width - height; /* the other walk counts diagonals from here downwards */
	int32_t other_changes = backward ? changes : changes - 1;
	bool on_same_diagonals = (shift & 1) == (backward ? 0 : 1);
	int32_t last = last_diagonal(changes, width);
	own[changes + 1] = NOWHERE;
	own[-changes - 1] = NOWHERE;
	for (int32_t k = first_diagonal(changes, height); k <= last; k += 2) {
		int32_t x = step(own, k, width, height);
		if (x != NOWHERE)
			x = follow(search, box, backward, x, x - k);
		own[k] = x;
		if (x == NOWHERE || !on_same_diagonals || abs(shift - k) > other_changes)
			continue;
		if (other[shift - k] != NOWHERE && x + other[shift - k] >= width) {
			*ret = point_of(box, backward, x, k);
			return true;
		}
	}
	return false;
}

/* The point of all that the walks have reached that has left the most lines behind. */
static struct point furthest(const struct search *search, const struct box *box)
{
	int32_t width = box->from_end - box->from_at;
	int32_t height = box->to_end - box->to_at;
	int32_t changes = search->rounds_max;
	int32_t best = NOWHERE;
	struct point ret = { box->from_at, box->to_at };
	for (int backward = 0; backward <= 1; backward++) {
		const int32_t *own = backward ? search->backward : search->forward;
		int32_t k = first_diagonal(changes, height);
		for (; k <= last_diagonal(changes, width); k += 2) {
			if (own[k] == NOWHERE || 2 * own[k] - k <= best)
				continue;
			best = 2 * own[k] - k;
			ret = point_of(box, backward, own[k], k);
		}
	}
	return ret;
}

/* Where to cut a box that has lines of both texts, the first and the last of which differ: a point
 * that the fewest changes lead through, unless that takes too many rounds. It is no corner. */
static struct point find_cut(const struct search *search, const struct box *box)
{
	struct point meeting;
	search->forward[0] = 0;
	search->backward[0] = 0;
	for (int32_t changes = 1; changes <= search->rounds_max; changes++) {
		if (advance(search, box, changes, false, &meeting) ||
			advance(search, box, changes, true, &meeting))
			return meeting;
	}
	return furthest(search, box);
}

static void trim(const struct search *search, struct box *box)
{
	while (box->from_at < box->from_end && box->to_at < box->to_end &&
		same(search, box->from_at, box->to_at)) {
		box->from_at++;
		box->to_at++;
	}
	while (box->from_at < box->from_end && box->to_at < box->to_end &&
		same(search, box->from_end - 1, box->to_end - 1)) {
		box->from_end--;
		box->to_end--;
	}
}

static void mark_changed(struct search *search, const struct box *box)
{
	for (int32_t i = box->from_at; i < box->from_end; i++)
		search->diff->from.changed[search->from.places[i]] = true;
	for (int32_t i = box->to_at; i < box->to_end; i++)
		search->diff->to.changed[search->to.places[i]] = true;
}

static int32_t box_lines(const struct box *box)
{
	return box->from_end - box->from_at + box->to_end - box->to_at;
}

static void compare(struct search *search)
{
	struct box waiting[BOXES_WAITING_MAX];
	size_t count = 0;
	waiting[count++] =
		(struct box){ .from_end = search->from.count, .to_end = search->to.count };
	while (count > 0) {
		struct box box = waiting[--count];
		trim(search, &box);
		if (box.from_at == box.from_end || box.to_at == box.to_end) {
			mark_changed(search, &box);
			continue;
		}
		struct point cut = find_cut(search, &box);
		struct box before = { box.from_at, cut.from, box.to_at, cut.to };
		struct box behind = { cut.from, box.from_end, cut.to, box.to_end };
		bool later = box_lines(&before) > box_lines(&behind);
		assert(count + 2 <= BOXES_WAITING_MAX);
		waiting[count++] = later ? before : behind;
		waiting[count++] = later ? behind : before;
	}
}

/* Of several equal lines in a row it may be any that was added or removed. People expect the last
 * ones: a paragraph with the empty line behind it, not before it. Returns by how many lines the
 * run moves down; `other` has none in its place. */
static uint32_t slide(struct diff_text *text, uint32_t at, uint32_t count,
	const struct diff_text *other, uint32_t other_at)
{
	uint32_t first = at;
	for (uint32_t end = at + count; end < text->count && other_at < other->count; end++) {
		if (text->changed[end] || other->changed[other_at] ||
			text->classes[at] != text->classes[end])
			break;
		text->changed[at++] = false;
		text->changed[end] = true;
		other_at++;
	}
	return at - first;
}

static void slide_all(struct diff *diff)
{
	struct diff_change change = { .from_at = 0 };
	while (diff_next(diff, &change)) {
		uint32_t moved = 0;
		if (change.from_count == 0)
			moved = slide(&diff->to, change.to_at, change.to_count, &diff->from,
				change.from_at);
		else if (change.to_count == 0)
			moved = slide(&diff->from, change.from_at, change.from_count, &diff->to,
				change.to_at);
		change.from_at += moved;
		change.to_at += moved;
	}
}

bool diff_init(struct diff *diff, struct slice from, struct slice to)
{
	uint32_t class_count = 0;
	struct search search = { .diff = diff };
	bool done = split_lines(&diff->from, from);
	done = split_lines(&diff->to, to) && done;
	done = done && classify(diff, &class_count) && find_common(&search, class_count) &&
	       make_walks(&search);
	if (done) {
		compare(&search);
		slide_all(diff);
	}
	free(search.from.classes);
	free(search.from.places);
	free(search.to.classes);
	free(search.to.places);
	free(search.reached);
	if (!done)
		diff_done(diff);
	return done;
}

static void text_done(struct diff_text *text)
{
	free(text->starts);
	free(text->classes);
	free(text->changed);
	*text = (struct diff_text){ .count = 0 };
}

void diff_done(struct diff *diff)
{
	text_done(&diff->from);
	text_done(&diff->to);
}

bool diff_next(const struct diff *diff, struct diff_change *change)
{
	const struct diff_text *from = &diff->from;
	const struct diff_text *to = &diff->to;
	uint32_t x = change->from_at + change->from_count;
	uint32_t y = change->to_at + change->to_count;
	while (x < from->count && y < to->count && !from->changed[x] && !to->changed[y]) {
		x++;
		y++;
	}
	*change = (struct diff_change){ .from_at = x, .to_at = y };
	while (x < from->count && from->changed[x])
		x++;
	while (y < to->count && to->changed[y])
		y++;
	change->from_count = x - change->from_at;
	change->to_count = y - change->to_at;
	return change->from_count + change->to_count > 0;
}
