/* Records of words and their positions, against a plain list of all tokens. */
#include "store/search_positions.h"

#include "store/search_document.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TOKENS_MAX = 6000, TEXT_BYTES_MAX = 80 * TOKENS_MAX, ARENA_BYTES = 64 << 20 };

struct model_token {
	uint32_t position;
	uint8_t size;
	uint8_t word[TERM_BYTES_MAX];
};

struct scene {
	struct analyzer *analyzer;
	struct arena arena;
	struct model_token tokens[TOKENS_MAX];
	size_t count;
};

static int set_up(void **state)
{
	static struct scene scene;
	scene.analyzer = analyzer_new();
	arena_init(&scene.arena, ARENA_BYTES);
	*state = &scene;
	return scene.analyzer == NULL;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	analyzer_free(scene->analyzer);
	arena_done(&scene->arena);
	return 0;
}

/* The words of a text, one behind the other; a break leaves a number out. */
static void list_tokens(struct scene *scene, struct slice text, uint32_t *position)
{
	struct token token;
	++*position;
	analyzer_start(scene->analyzer, text, ANALYZER_UNSTEMMED);
	while (analyzer_next(scene->analyzer, &token)) {
		struct model_token *model = &scene->tokens[scene->count++];
		*position += token.after_break ? 2 : 1;
		*model = (struct model_token){ .position = *position,
			.size = (uint8_t)token.word.size };
		memcpy(model->word, token.word.data, token.word.size);
	}
}

static struct slice model_word(const struct model_token *token)
{
	return slice_of(token->word, token->size);
}

static void write_record(struct scene *scene, struct slice title, struct slice excerpt,
	struct slice *bytes, struct positions *ret)
{
	struct search_document document = {
		.id = 7, .language = "en", .title = title, .excerpt = excerpt
	};
	struct document_terms terms;
	uint32_t position = 0;
	scene->count = 0;
	list_tokens(scene, title, &position);
	list_tokens(scene, excerpt, &position);
	assert_true(search_document_terms(&scene->arena, scene->analyzer, NULL, &document, &terms));
	*bytes = terms.positions;
	assert_true(positions_read(terms.positions, ret));
}

/* All positions of the cursor's word are those of the model, in order. */
static size_t compare_word(const struct scene *scene, const struct positions_cursor *cursor)
{
	struct slice at = cursor->at;
	uint32_t position = 0;
	size_t count = 0;
	for (size_t i = 0; i < scene->count; i++) {
		if (!slice_equals(model_word(&scene->tokens[i]), positions_word(cursor)))
			continue;
		assert_true(positions_take(&at, &position));
		assert_int_equal(position, scene->tokens[i].position);
		count++;
	}
	assert_false(positions_take(&at, &position));
	assert_int_equal(at.size, 0);
	return count;
}

static void compare_all(const struct scene *scene, const struct positions *positions)
{
	struct positions_cursor cursor;
	size_t words = 0;
	size_t found = 0;
	bool more = positions_seek(&cursor, positions, slice_of("", 0));
	for (; more; more = positions_next(&cursor), words++)
		found += compare_word(scene, &cursor);
	assert_false(cursor.damaged);
	assert_int_equal(words, positions->count);
	assert_int_equal(found, scene->count);
}

/* The smallest word of the model that is not below; NULL if there is none. */
static const struct model_token *model_seek(const struct scene *scene, struct slice word)
{
	const struct model_token *best = NULL;
	for (size_t i = 0; i < scene->count; i++) {
		const struct model_token *token = &scene->tokens[i];
		if (slice_compare(model_word(token), word) >= 0 &&
			(best == NULL || slice_compare(model_word(token), model_word(best)) < 0))
			best = token;
	}
	return best;
}

static void compare_seek(
	const struct scene *scene, const struct positions *positions, struct slice word)
{
	struct positions_cursor cursor;
	const struct model_token *want = model_seek(scene, word);
	bool found = positions_seek(&cursor, positions, word);
	assert_false(cursor.damaged);
	assert_int_equal(found, want != NULL);
	if (found)
		assert_true(slice_equals(positions_word(&cursor), model_word(want)));
}

static void append_words(struct random *random, char *out, size_t *size, size_t count)
{
	static const char *const gaps[] = { " ", " ", " ", ", ", "\n", "-" };
	for (size_t i = 0; i < count; i++) {
		size_t letters = 1 + random_below(random, random_below(random, 20) == 0 ? 70 : 6);
		for (size_t n = 0; n < letters; n++)
			out[(*size)++] = (char)('a' + random_below(random, 3));
		const char *gap = gaps[random_below(random, sizeof gaps / sizeof *gaps)];
		memcpy(out + *size, gap, strlen(gap));
		*size += strlen(gap);
	}
}

static void random_documents_are_kept(void **state)
{
	struct scene *scene = *state;
	struct random random = random_start();
	static char text[TEXT_BYTES_MAX];
	for (int round = 0; round < 300; round++) {
		size_t title = 0;
		append_words(&random, text, &title, random_below(&random, 10));
		size_t size = title;
		append_words(&random, text, &size,
			1 + random_below(&random, round % 100 == 0 ? 5000 : 300));
		struct slice bytes;
		struct positions positions;
		write_record(scene, slice_of(text, title), slice_of(text + title, size - title),
			&bytes, &positions);
		compare_all(scene, &positions);
		for (int i = 0; i < 30; i++) {
			char word[TERM_BYTES_MAX + 8];
			size_t word_size = 0;
			append_words(&random, word, &word_size, 1);
			compare_seek(scene, &positions, slice_of(word, strcspn(word, " ,\n-")));
		}
		arena_reset(&scene->arena);
	}
}

/* Reads all that can be read; nothing may be read outside the bytes, and every walk ends. */
static void read_anything(struct slice bytes)
{
	struct positions positions;
	struct positions_cursor cursor;
	if (!positions_read(bytes, &positions))
		return;
	bool more = positions_seek(&cursor, &positions, slice_of("", 0));
	for (; more; more = positions_next(&cursor)) {
		struct slice at = cursor.at;
		uint32_t position = 0;
		while (positions_take(&at, &position))
			;
	}
	(void)positions_seek(&cursor, &positions, slice_of_text("bab"));
}

static void damaged_records_are_no_crash(void **state)
{
	struct scene *scene = *state;
	struct random random = random_start();
	char text[2000];
	uint8_t *copy;
	size_t size = 0;
	struct slice bytes;
	struct positions positions;
	append_words(&random, text, &size, 60);
	write_record(scene, slice_of_text("Title"), slice_of(text, size), &bytes, &positions);
	copy = test_malloc(bytes.size);
	for (size_t cut = 0; cut < bytes.size; cut++) {
		uint8_t *part = test_malloc(cut + 1);
		memcpy(part, bytes.data, cut);
		read_anything(slice_of(part, cut));
		test_free(part);
	}
	for (int round = 0; round < 20000; round++) {
		memcpy(copy, bytes.data, bytes.size);
		for (uint64_t i = 0; i <= random_below(&random, 3); i++)
			copy[random_below(&random, bytes.size)] =
				(uint8_t)random_below(&random, 256);
		read_anything(slice_of(copy, bytes.size));
	}
	test_free(copy);
	arena_reset(&scene->arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_documents_are_kept),
		cmocka_unit_test(damaged_records_are_no_crash),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
