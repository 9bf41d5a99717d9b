/* Blocks of the search index against a plain list of postings. */
#include "store/search_block.h"

#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum {
	POSTINGS_MAX = 2000,
	CHANGES_MAX = 40,
	CHANGED_BYTES_MAX = SEARCH_BLOCK_BYTES_MAX + (CHANGES_MAX + 1) * SEARCH_POSTING_BYTES_MAX,
};

struct model {
	struct search_posting postings[POSTINGS_MAX];
	size_t count;
};

static size_t place_of(const struct model *model, uint64_t id)
{
	size_t at = 0;
	while (at < model->count && model->postings[at].id < id)
		at++;
	return at;
}

static uint32_t weight_of(const struct model *model, uint64_t id)
{
	size_t at = place_of(model, id);
	return at < model->count && model->postings[at].id == id ? model->postings[at].weight : 0;
}

static void model_change(struct model *model, const struct search_change *change)
{
	size_t at = place_of(model, change->id);
	struct search_posting *place = &model->postings[at];
	if (change->before != 0 && change->after == 0) {
		model->count--;
		memmove(place, place + 1, (model->count - at) * sizeof *place);
	} else if (change->before == 0 && change->after != 0) {
		memmove(place + 1, place, (model->count - at) * sizeof *place);
		model->count++;
	}
	if (change->after != 0)
		*place = (struct search_posting){ .id = change->id, .weight = change->after };
}

/* Reads postings from a block and compares them with some of the model; the number behind. */
static size_t compare(const struct model *model, size_t from, struct slice block)
{
	struct search_posting at = { .id = 0 };
	struct search_block_view view;
	if (block.size == 0)
		return from;
	assert_true(search_block_read(block, &view));
	assert_true(view.first_id == model->postings[from].id);
	block = view.postings;
	while (search_block_next(&block, &at)) {
		assert_true(from < model->count);
		assert_true(at.id == model->postings[from].id);
		assert_int_equal(at.weight, model->postings[from].weight);
		from++;
	}
	assert_int_equal(block.size, 0);
	assert_true(view.last_id == at.id);
	return from;
}

static uint64_t random_id(struct random *random)
{
	/* Near and far gaps, up to the largest id. */
	static const int bits[] = { 3, 8, 16, 40, 63 };
	uint64_t id = random_next(random) >> (64 - bits[random_below(random, 5)]);
	return id == 0 ? 1 : id;
}

static uint32_t random_weight(struct random *random)
{
	static const int bits[] = { 1, 1, 2, 7, 32 };
	uint32_t weight = (uint32_t)(random_next(random) >> (64 - bits[random_below(random, 5)]));
	return weight == 0 ? 1 : weight;
}

/* Changes of different posts in ascending order of id; how many. */
static size_t random_changes(
	struct random *random, const struct model *model, struct search_change *changes)
{
	size_t wanted = 1 + random_below(random, random_below(random, 3) == 0 ? CHANGES_MAX : 2);
	size_t count = 0;
	while (count < wanted) {
		uint64_t id = random_id(random);
		if (model->count > 0 && random_below(random, 2) == 0)
			id = model->postings[random_below(random, model->count)].id;
		uint32_t before = weight_of(model, id);
		uint32_t after = random_below(random, 3) == 0 ? 0 : random_weight(random);
		size_t at = count;
		while (at > 0 && changes[at - 1].id > id)
			at--;
		if (at > 0 && changes[at - 1].id == id)
			continue;
		memmove(changes + at + 1, changes + at, (count - at) * sizeof *changes);
		changes[at] = (struct search_change){ .id = id, .before = before, .after = after };
		count++;
	}
	return count;
}

/* Cuts changed postings into blocks; the last one. */
static struct search_block compare_pieces(
	const struct model *model, const struct search_changed *changed, bool at_end)
{
	struct search_pieces pieces;
	struct search_block piece = { .size = 0 };
	size_t from = 0;
	size_t count = 0;
	size_t size = changed->postings.size;
	size_t parts = (size + SEARCH_BLOCK_BYTES_MAX - 1) / SEARCH_BLOCK_BYTES_MAX;
	size_t last_size = SEARCH_BLOCK_BYTES_MAX;
	search_pieces_start(&pieces, changed, at_end);
	while (search_pieces_next(&pieces, &piece)) {
		assert_true(piece.size <= SEARCH_BLOCK_BYTES_MAX);
		assert_true(piece.first_id == model->postings[from].id);
		if (at_end) /* but for the last one all are full */
			assert_true(
				last_size + 2 * SEARCH_POSTING_BYTES_MAX > SEARCH_BLOCK_BYTES_MAX);
		else if (count > 0)
			assert_true(last_size + 2 * SEARCH_POSTING_BYTES_MAX >= size / parts);
		last_size = piece.size;
		from = compare(model, from, search_block_slice(&piece));
		count++;
	}
	assert_int_equal(from, model->count);
	if (size <= SEARCH_BLOCK_BYTES_MAX - SEARCH_POSTING_BYTES_MAX)
		assert_true(count <= 1);
	return piece;
}

static void random_changes_match_a_list(void **state)
{
	struct random random = random_start();
	for (int round = 0; round < 200; round++) {
		static struct model model;
		struct search_block block = { .size = 0 };
		struct search_changed changed = { .first_id = 0 };
		model.count = 0;
		while (changed.postings.size <= SEARCH_BLOCK_BYTES_MAX - SEARCH_POSTING_BYTES_MAX) {
			struct search_change changes[CHANGES_MAX + 1];
			size_t count = random_changes(&random, &model, changes);
			struct slice old = search_block_slice(&block);
			uint8_t out[CHANGED_BYTES_MAX];
			size_t wrong = random_below(&random, count);
			changes[wrong].before++;
			assert_false(search_block_change(old, changes, count, out, &changed));
			changes[wrong].before--;
			assert_true(search_block_change(old, changes, count, out, &changed));
			for (size_t i = 0; i < count; i++)
				model_change(&model, &changes[i]);
			block = compare_pieces(&model, &changed, random_below(&random, 2) == 0);
			if (model.count == 0)
				block.size = 0;
		}
	}
}

static size_t put_one(struct search_posting posting, uint8_t *out)
{
	struct search_change change = { .id = posting.id, .after = posting.weight };
	struct search_changed changed;
	assert_true(search_block_change(slice_of(NULL, 0), &change, 1, out, &changed));
	assert_true(changed.first_id == posting.id && changed.last_id == posting.id);
	return changed.postings.size;
}

static void weight_1_costs_nothing(void **state)
{
	uint8_t bytes[CHANGED_BYTES_MAX];
	struct search_posting posting = { .id = 63, .weight = 1 };
	assert_int_equal(put_one(posting, bytes), 1);
	assert_int_equal(bytes[0], 127);
	posting.weight = 2;
	assert_int_equal(put_one(posting, bytes), 2);
}

/* Reads a whole block; false if it is damaged. */
static bool is_sound(struct slice block, size_t *count, uint64_t *last_id)
{
	struct search_block_view view;
	struct search_posting at = { .id = 0 };
	if (!search_block_read(block, &view))
		return false;
	for (*count = 0; search_block_next(&view.postings, &at);)
		++*count;
	*last_id = view.last_id;
	return view.postings.size == 0 && at.id == view.last_id;
}

static void damage_is_refused(void **state)
{
	static const struct {
		const char *label;
		const char *bytes;
		size_t size;
	} cases[] = {
		{ "head only", "\0", 1 },
		{ "cut head", "\x80", 1 },
		{ "cut gap", "\0\x80", 2 },
		{ "cut weight", "\0\x02", 2 },
		{ "gap 0", "\0\x01", 2 },
		{ "weight 0", "\0\x02\x00", 3 },
		{ "weight of 33 bits", "\0\x02\x80\x80\x80\x80\x10", 7 },
		{ "endless gap", "\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12 },
		{ "last id above 63 bits", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F\3", 10 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice block = slice_of(cases[i].bytes, cases[i].size);
		struct search_change change = { .id = UINT64_MAX >> 1, .after = 1 };
		uint8_t out[CHANGED_BYTES_MAX];
		struct search_changed changed;
		struct search_block_view view;
		if (search_block_read(block, &view))
			fail_msg("%s: read", cases[i].label);
		if (search_block_change(block, &change, 1, out, &changed))
			fail_msg("%s: changed", cases[i].label);
	}
	/* Behind the first posting: met when it is read. */
	struct slice block = slice_of("\5\3\1", 3);
	struct search_change change = { .id = 4, .after = 1 };
	uint8_t out[CHANGED_BYTES_MAX];
	struct search_changed changed;
	size_t count;
	uint64_t last_id;
	assert_false(is_sound(block, &count, &last_id));
	assert_false(search_block_change(block, &change, 1, out, &changed));
}

/* Any bytes: no crash, and what reads as a whole can be changed. */
static void random_bytes_are_read_or_refused(void **state)
{
	struct random random = random_start();
	size_t sound_count = 0;
	for (int i = 0; i < 200000; i++) {
		uint8_t bytes[40];
		size_t size = random_below(&random, 20);
		struct search_change change = { .id = random_id(&random), .after = 1 };
		uint8_t out[CHANGED_BYTES_MAX];
		struct search_changed changed;
		size_t count = 0;
		uint64_t last_id = 0;
		for (size_t at = 0; at < size; at++)
			bytes[at] =
				(uint8_t)(random_next(&random) >> (57 + random_below(&random, 6)));
		if (size > 0) { /* often the right span, so that some are sound */
			uint8_t sum = 0;
			for (size_t at = 2; at < size; at++)
				sum = (uint8_t)(sum + bytes[at] / 2);
			bytes[0] = random_below(&random, 2) == 0 ? bytes[0] : sum & 0x7F;
		}
		struct slice block = slice_of(bytes, size);
		bool sound = is_sound(block, &count, &last_id);
		bool added = search_block_change(block, &change, 1, out, &changed);
		if (added)
			assert_true(changed.postings.size <= size + 2 * SEARCH_POSTING_BYTES_MAX);
		sound_count += sound;
		if (sound && (size == 0 || change.id > last_id))
			assert_true(added);
	}
	assert_true(sound_count > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_changes_match_a_list),
		cmocka_unit_test(weight_1_costs_nothing),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(random_bytes_are_read_or_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
