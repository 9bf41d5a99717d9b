/* Blocks of the search index against a plain list of postings. */
#include "store/search_block.h"

#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { POSTINGS_MAX = 2000 };

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

static bool has(const struct model *model, uint64_t id)
{
	size_t at = place_of(model, id);
	return at < model->count && model->postings[at].id == id;
}

static void model_edit(struct model *model, struct search_posting posting)
{
	size_t at = place_of(model, posting.id);
	bool found = has(model, posting.id);
	struct search_posting *place = &model->postings[at];
	if (posting.weight == 0) {
		model->count--;
		memmove(place, place + 1, (model->count - at) * sizeof *place);
		return;
	}
	if (!found) {
		memmove(place + 1, place, (model->count - at) * sizeof *place);
		model->count++;
	}
	*place = posting;
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

static void random_edits_match_a_list(void **state)
{
	struct random random = random_start();
	for (int round = 0; round < 60; round++) {
		static struct model model;
		struct search_block block = { .size = 0 };
		struct search_block next;
		model.count = 0;
		for (;;) {
			struct search_posting posting = { .id = random_id(&random),
				.weight = random_weight(&random) };
			bool was_there = false;
			if (model.count > 0 && random_below(&random, 2) == 0) {
				posting.id = model.postings[random_below(&random, model.count)].id;
				if (random_below(&random, 3) != 0)
					posting.weight = 0;
			}
			was_there = has(&model, posting.id);
			if (posting.weight > 0)
				assert_false(search_block_edit(
					search_block_slice(&block), posting, !was_there, &next));
			assert_true(search_block_edit(
				search_block_slice(&block), posting, was_there, &next));
			bool appended = place_of(&model, posting.id) == model.count;
			assert_int_equal(next.appended, appended && model.count > 0);
			model_edit(&model, posting);
			assert_int_equal(
				compare(&model, 0, search_block_slice(&next)), model.count);
			block = next;
			if (block.size > SEARCH_BLOCK_BYTES_MAX)
				break;
		}
		struct search_block left;
		struct search_block right;
		uint64_t floor = search_block_split(&block, &left, &right);
		size_t middle = compare(&model, 0, search_block_slice(&left));
		assert_true(middle > 0 && middle < model.count);
		assert_true(model.postings[middle].id == floor);
		assert_int_equal(compare(&model, middle, search_block_slice(&right)), model.count);
		assert_true(left.size <= SEARCH_BLOCK_BYTES_MAX);
		assert_true(right.size <= SEARCH_BLOCK_BYTES_MAX);
		if (block.appended)
			assert_int_equal(middle, model.count - 1);
		else
			assert_true(left.size >= block.size / 2 - 1 - SEARCH_POSTING_BYTES_MAX);
	}
}

static void weight_1_costs_nothing(void **state)
{
	struct search_block block;
	struct search_posting posting = { .id = 63, .weight = 1 };
	assert_true(search_block_edit(slice_of(NULL, 0), posting, false, &block));
	assert_int_equal(block.size, 2);
	assert_int_equal(block.bytes[1], 127);
	posting.weight = 2;
	assert_true(search_block_edit(slice_of(NULL, 0), posting, false, &block));
	assert_int_equal(block.size, 3);
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
		struct search_posting posting = { .id = UINT64_MAX >> 1, .weight = 1 };
		struct search_block ret;
		struct search_block_view view;
		if (search_block_read(block, &view))
			fail_msg("%s: read", cases[i].label);
		if (search_block_edit(block, posting, false, &ret))
			fail_msg("%s: edited", cases[i].label);
	}
	/* Behind the first posting: met when it is read. */
	struct slice block = slice_of("\5\3\1", 3);
	struct search_posting posting = { .id = 4, .weight = 1 };
	struct search_block ret;
	size_t count;
	uint64_t last_id;
	assert_false(is_sound(block, &count, &last_id));
	assert_false(search_block_edit(block, posting, false, &ret));
}

/* Any bytes: no crash, and what reads as a whole can be edited. */
static void random_bytes_are_read_or_refused(void **state)
{
	struct random random = random_start();
	size_t sound_count = 0;
	for (int i = 0; i < 200000; i++) {
		uint8_t bytes[40];
		size_t size = random_below(&random, 20);
		struct search_posting posting = { .id = random_id(&random), .weight = 1 };
		struct search_posting removed = { .id = posting.id, .weight = 0 };
		struct search_block ret;
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
		bool added = search_block_edit(block, posting, false, &ret);
		bool changed = size > 0 && search_block_edit(block, posting, true, &ret);
		bool taken = size > 0 && search_block_edit(block, removed, true, &ret);
		sound_count += sound;
		assert_false(added && changed);
		if (sound)
			assert_true(added != changed && changed == taken);
	}
	assert_true(sound_count > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_edits_match_a_list),
		cmocka_unit_test(weight_1_costs_nothing),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(random_bytes_are_read_or_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
