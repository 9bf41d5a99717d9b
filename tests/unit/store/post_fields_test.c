/* Fields of a summary record read in place, against the unpacked message; and records that are
 * none. */
#include "store/post_fields.h"

#include "base/rfc3339.h"
#include "base/wire.h"
#include "store/post.h"
#include "support/random.h"
#include "support/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <times.h>

#include <cmocka.h>

static struct arena arena;
static struct random random_source;

static int set_up(void **state)
{
	arena_init(&arena, LIMIT_ARENA_BYTES);
	random_source = random_start();
	return 0;
}

static int tear_down(void **state)
{
	arena_done(&arena);
	return 0;
}

static bool chance(unsigned percent)
{
	return random_below(&random_source, 100) < percent;
}

static void *grab(size_t size)
{
	void *memory = arena_calloc(&arena, 1, size);
	assert_non_null(memory);
	return memory;
}

static char *random_text(size_t max)
{
	size_t size = random_below(&random_source, max + 1);
	char *text = grab(size + 1);
	for (size_t i = 0; i < size; i++)
		text[i] = (char)('a' + random_below(&random_source, 26));
	return text;
}

static Google__Protobuf__Timestamp *random_time(unsigned percent)
{
	static const int64_t edges[] = { TIME_US_MIN, TIME_US_MAX, 0, -1, 1 };
	int64_t time_us = chance(30) ? edges[random_below(&random_source, 5)]
				     : (int64_t)random_below(&random_source, UINT64_C(1) << 51);
	if (!chance(percent))
		return NULL;
	Google__Protobuf__Timestamp *time = grab(sizeof *time);
	timestamp_from_us(time, time_us);
	return time;
}

static Lectern__V1__TermRef **random_refs(size_t max, size_t *count)
{
	*count = chance(10) ? max : random_below(&random_source, 4);
	Lectern__V1__TermRef **refs = grab((*count + 1) * sizeof *refs);
	for (size_t i = 0; i < *count; i++) {
		refs[i] = grab(sizeof *refs[i]);
		lectern__v1__term_ref__init(refs[i]);
		refs[i]->id = random_next(&random_source) >> random_below(&random_source, 64);
		refs[i]->slug = random_text(20);
		refs[i]->name = random_text(20);
	}
	return refs;
}

static Lectern__V1__Post *random_post(void)
{
	Lectern__V1__Post *post = grab(sizeof *post);
	lectern__v1__post__init(post);
	post->id = 1 + (random_next(&random_source) >> 1 >> random_below(&random_source, 63));
	post->slug = random_text(200);
	post->title = random_text(1024);
	post->excerpt = random_text(300);
	post->language = random_text(35);
	post->etag = random_text(64);
	post->state = (Lectern__V1__PostState)random_below(&random_source, 6);
	post->featured = chance(50);
	post->publish_time = random_time(70);
	post->expire_time = random_time(30);
	post->create_time = random_time(90);
	post->update_time = random_time(90);
	post->delete_time = random_time(10);
	post->tags = random_refs(LIMIT_POST_TAGS, &post->n_tags);
	post->categories = random_refs(LIMIT_POST_CATEGORIES, &post->n_categories);
	post->authors = random_refs(LIMIT_POST_AUTHORS, &post->n_authors);
	post->word_count = (uint32_t)random_next(&random_source);
	if (chance(50)) {
		post->series = grab(sizeof *post->series);
		lectern__v1__series_ref__init(post->series);
		post->series->id = random_next(&random_source);
		post->series->part = (uint32_t)random_next(&random_source);
	}
	return post;
}

static void check_time(bool has, int64_t time_us, const Google__Protobuf__Timestamp *time)
{
	assert_int_equal(has, time != NULL);
	assert_true(time_us == (time == NULL ? 0 : timestamp_to_us(time)));
}

static void check_refs(
	const uint64_t *ids, uint32_t count, Lectern__V1__TermRef *const *refs, size_t ref_count)
{
	assert_int_equal(count, ref_count);
	for (size_t i = 0; i < ref_count; i++)
		assert_true(ids[i] == refs[i]->id);
}

static void check_text(struct slice text, const char *expected)
{
	assert_true(slice_equals(text, slice_of_text(expected)));
}

static void check(const struct post_fields *fields, const Lectern__V1__Post *post)
{
	assert_true(fields->id == post->id);
	assert_int_equal(fields->state, post->state);
	assert_int_equal(fields->featured, post->featured);
	check_time(fields->has_publish_time, fields->publish_us, post->publish_time);
	check_time(fields->has_expire_time, fields->expire_us, post->expire_time);
	check_time(fields->has_delete_time, fields->delete_us, post->delete_time);
	check_time(post->create_time != NULL, fields->create_us, post->create_time);
	check_time(post->update_time != NULL, fields->update_us, post->update_time);
	assert_true(fields->series_id == (post->series == NULL ? 0 : post->series->id));
	assert_true(fields->series_part == (post->series == NULL ? 0 : post->series->part));
	check_refs(fields->tags, fields->tag_count, post->tags, post->n_tags);
	check_refs(
		fields->categories, fields->category_count, post->categories, post->n_categories);
	check_refs(fields->authors, fields->author_count, post->authors, post->n_authors);
	check_text(fields->slug, post->slug);
	check_text(fields->title, post->title);
	check_text(fields->excerpt, post->excerpt);
	check_text(fields->language, post->language);
	assert_true(post_fields_sort_us(fields) ==
		    (post->publish_time != NULL		? timestamp_to_us(post->publish_time)
			    : post->create_time != NULL ? timestamp_to_us(post->create_time)
							: 0));
}

static void test_random_posts(void **state)
{
	for (int i = 0; i < 2000; i++) {
		const Lectern__V1__Post *post = random_post();
		struct post_fields fields;
		struct slice record = post_pack_summary(&arena, post);
		assert_true(post_fields_read(record, &fields));
		check(&fields, post);
		/* What it says lies in the record. */
		assert_true(
			fields.title.size == 0 ||
			(fields.title.data > record.data && fields.title.data + fields.title.size <=
								    record.data + record.size));
		arena_reset(&arena);
	}
}

/* Two records one after the other are one. A message in both would have to be merged, which
 * versions of protobuf-c do differently; no record has it. */
static void test_merged(void **state)
{
	for (int i = 0; i < 500; i++) {
		struct post_fields fields;
		const Lectern__V1__Post *first = random_post();
		Lectern__V1__Post *second = random_post();
		second->publish_time = first->publish_time ? NULL : second->publish_time;
		second->expire_time = first->expire_time ? NULL : second->expire_time;
		second->create_time = first->create_time ? NULL : second->create_time;
		second->update_time = first->update_time ? NULL : second->update_time;
		second->delete_time = first->delete_time ? NULL : second->delete_time;
		second->series = first->series ? NULL : second->series;
		struct slice a = post_pack_summary(&arena, first);
		struct slice b = post_pack_summary(&arena, second);
		uint8_t *both = grab(a.size + b.size);
		memcpy(both, a.data, a.size);
		memcpy(both + a.size, b.data, b.size);
		Lectern__V1__Post *merged =
			lectern__v1__post__unpack(&arena.allocator, a.size + b.size, both);
		assert_non_null(merged);
		bool fits = merged->n_tags <= LIMIT_POST_TAGS &&
			    merged->n_categories <= LIMIT_POST_CATEGORIES &&
			    merged->n_authors <= LIMIT_POST_AUTHORS;
		assert_int_equal(post_fields_read(slice_of(both, a.size + b.size), &fields), fits);
		if (fits)
			check(&fields, merged);
		arena_reset(&arena);
	}
}

/* Cut or changed at any byte it is refused or read, but never beyond its end (the sanitizer sees
 * that), and what protobuf refuses is refused here. */
static void test_damaged(void **state)
{
	for (int i = 0; i < 20; i++) {
		struct slice record = post_pack_summary(&arena, random_post());
		for (size_t size = 0; size < record.size; size += 1 + size / 200) {
			struct post_fields fields;
			uint8_t *copy = malloc(size + 1);
			assert_non_null(copy);
			memcpy(copy, record.data, size);
			(void)!post_fields_read(slice_of(copy, size), &fields);
			memcpy(copy, record.data, size + 1);
			copy[size] ^= (uint8_t)(1 + random_below(&random_source, 255));
			(void)!post_fields_read(slice_of(copy, size + 1), &fields);
			free(copy);
		}
		arena_reset(&arena);
	}
}

#define BYTES(text) text, sizeof text - 1

static void test_no_records(void **state)
{
	static const struct {
		const char *label, *bytes;
		size_t size;
		bool right;
	} cases[] = {
		{ "nothing", BYTES(""), false },
		{ "an id", BYTES("\x08\x01"), true },
		{ "id 0", BYTES("\x08\x00"), false },
		{ "two ids, the last one counts", BYTES("\x08\x01\x08\x00"), false },
		{ "no id", BYTES("\x12\x01x"), false },
		{ "an unknown field", BYTES("\x08\x01\xF8\x3F\x01"), true },
		{ "a tag without a value", BYTES("\x08"), false },
		{ "an endless varint", BYTES("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
			false },
		{ "a text longer than the record", BYTES("\x08\x01\x12\x02x"), false },
		{ "a group", BYTES("\x08\x01\x13\x14"), false },
		{ "an id as a text", BYTES("\x0A\x01x"), false },
		{ "a slug as a number", BYTES("\x08\x01\x10\x01"), false },
		{ "a state as a fixed number", BYTES("\x08\x01\x2D\x01\x00\x00\x00"), false },
		{ "a time as a number", BYTES("\x08\x01\x30\x01"), false },
		{ "an empty time", BYTES("\x08\x01\x32\x00"), true },
		{ "a time whose end is missing", BYTES("\x08\x01\x32\x01\x08"), false },
		{ "seconds as a text", BYTES("\x08\x01\x32\x02\x0A\x00"), false },
		{ "nanos of a second", BYTES("\x08\x01\x32\x06\x10\x80\x94\xEB\xDC\x03"), false },
		{ "negative nanos",
			BYTES("\x08\x01\x32\x0B\x10\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
			false },
		{ "seconds of no calendar",
			BYTES("\x08\x01\x32\x0A\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"), false },
		{ "a tag as a number", BYTES("\x08\x01\x68\x01"), false },
		{ "a tag whose id is a text", BYTES("\x08\x01\x6A\x02\x0A\x00"), false },
		{ "a series whose part is a text", BYTES("\x08\x01\x82\x01\x02\x22\x00"), false },
		{ "a tag of fields that are not known", BYTES("\x08\x01\x6A\x02\x20\x07"), true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct post_fields fields;
		bool right = post_fields_read(slice_of(cases[i].bytes, cases[i].size), &fields);
		if (right != cases[i].right)
			print_error("%s\n", cases[i].label);
		assert_int_equal(right, cases[i].right);
	}
}

static void test_too_many(void **state)
{
	static const struct {
		uint32_t number;
		size_t max;
	} lists[] = { { 13, LIMIT_POST_TAGS }, { 14, LIMIT_POST_CATEGORIES },
		{ 15, LIMIT_POST_AUTHORS } };
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		uint8_t record[8 * (LIMIT_POST_TAGS + 2)] = { 0x08, 0x01 };
		size_t size = 2;
		struct post_fields fields;
		for (size_t ref = 0; ref < lists[i].max; ref++)
			size += wire_put_bytes_head(record + size, lists[i].number, 0);
		assert_true(post_fields_read(slice_of(record, size), &fields));
		assert_int_equal(fields.tag_count + fields.category_count + fields.author_count,
			lists[i].max);
		size += wire_put_bytes_head(record + size, lists[i].number, 0);
		assert_false(post_fields_read(slice_of(record, size), &fields));
	}
}

static void test_get(void **state)
{
	static struct write_result result;
	struct store_fixture fixture;
	struct txn *txn = NULL;
	struct error err = { .text = "" };
	struct post_fields fields;
	store_fixture_open(&fixture, 16 * 1024 * 1024);
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__Store__V1__PutPost put = LECTERN__STORE__V1__PUT_POST__INIT;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	post.title = (char[]){ "A title" };
	put.post = &post;
	put.slug_base = (char[]){ "a-title" };
	put.field_mask = 1 << 3;
	command.time_us = 1700000000000000;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	command.put_post = &put;
	store_fixture_apply(&fixture, &command, &result);
	assert_int_equal(result.error.code, CODE_OK);

	assert_int_equal(store_snapshot(fixture.store, &txn, &err), CODE_OK);
	assert_true(post_fields_get(txn, 1, &fields));
	check(&fields, post_unpack_summary(txn, &arena, 1));
	check_text(fields.slug, "a-title");
	assert_true(post_fields_sort_us(&fields) == 1700000000000000);
	/* A post that is missing is no failure. */
	assert_false(post_fields_get(txn, 2, &fields));
	assert_int_equal(txn_status(txn, &err), CODE_OK);
	store_release(fixture.store, txn);
	store_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_posts),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_no_records),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_get),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
