#include "rpc/reply.h"

#include <lectern/v1/tag.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* All parts one after the other; free it. */
static uint8_t *join(const struct reply *reply)
{
	uint8_t *data = malloc(reply->size_bytes + 1);
	assert_non_null(data);
	size_t at = 0;
	for (size_t i = 0; i < reply->count; i++) {
		memcpy(data + at, reply->parts[i].data, reply->parts[i].size);
		at += reply->parts[i].size;
	}
	assert_int_equal(at, reply->size_bytes);
	return data;
}

/* A page of tags made in every way there is must read like one that protobuf-c packed. */
static void pieces_make_a_message(void **state)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	struct reply reply;
	reply_init(&reply, &arena);
	char name[] = "Deep Learning";
	Lectern__V1__Tag tag;
	lectern__v1__tag__init(&tag);
	tag.id = 7;
	tag.name = name;
	reply_pack(&reply, 1, &tag.base);
	static const uint8_t id[] = { 0x08, 0x09 };
	static const uint8_t slug[] = { 0x12, 0x01, 's' };
	struct slice parts[] = { slice_of(id, sizeof id), slice_of(NULL, 0),
		slice_of(slug, sizeof slug) };
	for (size_t i = 0; i < 100; i++)
		reply_message(&reply, 1, parts, 3);
	reply_message(&reply, 1, NULL, 0);
	reply_text(&reply, 2, "token");
	reply_text(&reply, 2, "");
	reply_text(&reply, 2, NULL);
	reply_uint(&reply, 3, 300);
	reply_uint(&reply, 3, 0);
	assert_false(reply.failed);

	uint8_t *bytes = join(&reply);
	Lectern__V1__ListTagsResponse *page =
		lectern__v1__list_tags_response__unpack(NULL, reply.size_bytes, bytes);
	assert_non_null(page);
	assert_int_equal(page->n_tags, 102);
	assert_string_equal(page->tags[0]->name, "Deep Learning");
	assert_int_equal(page->tags[100]->id, 9);
	assert_string_equal(page->tags[100]->slug, "s");
	assert_int_equal(page->tags[101]->id, 0);
	assert_string_equal(page->next_page_token, "token");
	assert_int_equal(page->total_size, 300);

	reply_clear(&reply);
	assert_int_equal(reply.size_bytes, 0);
	reply_whole(&reply, &page->base);
	uint8_t *again = join(&reply);
	assert_int_equal(reply.size_bytes, lectern__v1__list_tags_response__get_packed_size(page));
	lectern__v1__list_tags_response__free_unpacked(page, NULL);
	free(again);
	free(bytes);
	arena_done(&arena);
}

/* Every step may meet the end of the arena: the mark stays, nothing is written out of bounds. */
static void running_out_of_memory_is_marked(void **state)
{
	static const uint8_t byte[] = { 1 };
	struct slice part = slice_of(byte, 1);
	bool complete = false;
	for (size_t budget = 0; !complete; budget += 16) {
		struct arena arena;
		arena_init(&arena, budget);
		struct reply reply;
		reply_init(&reply, &arena);
		for (size_t i = 0; i < 20; i++) {
			reply_append(&reply, part);
			reply_message(&reply, 1, &part, 1);
			reply_uint(&reply, 3, 5);
			reply_text(&reply, 2, "text");
		}
		complete = !reply.failed;
		if (complete)
			assert_int_equal(reply.count, 20 * 5);
		arena_done(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_make_a_message),
		cmocka_unit_test(running_out_of_memory_is_marked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
