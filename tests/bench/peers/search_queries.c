/*
 * Makes requests of SearchPosts from the words of a corpus, the same ones from the same corpus and
 * seed:
 *
 *   bench.search_queries SEED COUNT <VALUES    the output of bench.values --view html
 *
 * Words are drawn by rank in three bands: the hundred that stand in most posts, the next two
 * thousand, and all others that stand in at least two. Of twenty requests seven are one word, five
 * two words, two three words, two phrases and two beginnings of words, and two leave a word out.
 */
#include "analysis/html_text.h"
#include "base/buffer.h"
#include "codec/json.h"
#include "values.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

enum {
	WORD_BYTES_MIN = 3,
	WORD_BYTES_MAX = 24,
	SLOTS = 1 << 22, /* of the table of words; a power of two */
	WORDS_MAX = SLOTS / 4 * 3,
	COMMON = 100,
	MIDDLING = 2000,
	PHRASES_MAX = 10000,
	PHRASE_BYTES_MAX = 2 * WORD_BYTES_MAX + 2,
	PREFIX_BYTES = 6, /* Lectern refuses beginnings of more than a thousand words */
	DRAWS_MAX = 1000,
	KINDS = 20,
	POST_BYTES_MAX = 256 * 1024 * 1024,
	LINE_BYTES_MAX = 4096,
	QUERY_BYTES_MAX = 512,
};

struct word {
	char text[WORD_BYTES_MAX + 1];
	uint32_t posts;
	uint64_t last_post; /* the last one that was counted */
};

struct maker {
	uint64_t random;
	struct word *words; /* SLOTS of them; after rank_words() the used ones, sorted */
	size_t word_count;
	char (*phrases)[PHRASE_BYTES_MAX];
	uint64_t phrases_seen;
	struct arena arena;
	struct values values;
};

/* xorshift64* (Vigna 2016). */
static uint64_t next_random(struct maker *maker)
{
	maker->random ^= maker->random >> 12;
	maker->random ^= maker->random << 25;
	maker->random ^= maker->random >> 27;
	return maker->random * UINT64_C(2685821657736338717);
}

static size_t below(struct maker *maker, size_t count)
{
	return (size_t)(next_random(maker) % count);
}

/* FNV-1a. */
static size_t slot_of(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
	return (size_t)(hash ^ hash >> 32) % SLOTS;
}

static void count_word(struct maker *maker, const char *text)
{
	size_t slot = slot_of(text);
	while (maker->words[slot].posts > 0 && strcmp(maker->words[slot].text, text) != 0)
		slot = (slot + 1) % SLOTS;
	struct word *word = &maker->words[slot];
	if (word->posts == 0) {
		if (maker->word_count == WORDS_MAX)
			return;
		maker->word_count++;
		memcpy(word->text, text, strlen(text) + 1);
	} else if (word->last_post == maker->values.count) {
		return;
	}
	word->posts++;
	word->last_post = maker->values.count;
}

/* Keeps a sample of all phrases, each with the same chance (Vitter's algorithm R). */
static void sample_phrase(struct maker *maker, const char *first, const char *second)
{
	uint64_t at = maker->phrases_seen++;
	if (at >= PHRASES_MAX)
		at = below(maker, maker->phrases_seen);
	if (at < PHRASES_MAX)
		snprintf(maker->phrases[at], PHRASE_BYTES_MAX, "%s %s", first, second);
}

/* The next run of lower-case letters between blanks, which every tokenizer sees in the same way;
 * false at the end. *adjacent: it follows the last one in the same block of text. */
static bool next_word(struct slice *text, char ret[WORD_BYTES_MAX + 1], bool *adjacent)
{
	*adjacent = true;
	while (text->size > 0) {
		size_t size = 0;
		bool plain = true;
		for (; size < text->size && isspace(text->data[size]) == 0; size++)
			plain = plain && islower(text->data[size]) != 0;
		const uint8_t *word = text->data;
		if (size == 0) {
			*adjacent = *adjacent && word[0] != '\n';
			size = 1;
			plain = false;
		} else if (!plain || size < WORD_BYTES_MIN || size > WORD_BYTES_MAX) {
			*adjacent = false;
			plain = false;
		}
		*text = slice_of(word + size, text->size - size);
		if (plain) {
			memcpy(ret, word, size);
			ret[size] = '\0';
			return true;
		}
	}
	return false;
}

static void read_text(struct maker *maker, struct slice text)
{
	char words[2][WORD_BYTES_MAX + 1] = { "", "" };
	bool adjacent;
	for (size_t i = 0; next_word(&text, words[i % 2], &adjacent); i++) {
		count_word(maker, words[i % 2]);
		if (adjacent && i > 0)
			sample_phrase(maker, words[(i + 1) % 2], words[i % 2]);
	}
}

static enum code read_posts(struct maker *maker, struct error *err)
{
	bool more = true;
	while (more) {
		Lectern__V1__Post *post;
		struct html_text body;
		arena_reset(&maker->arena);
		enum code code = values_next(&maker->values, &more, err);
		if (code == CODE_OK && more)
			code = values_unpack(&maker->values, &maker->arena, &post, err);
		if (code != CODE_OK)
			return code;
		if (!more)
			break;
		if (!html_text(&maker->arena, slice_of_text(post->html), &body))
			return fail_out_of_memory(err);
		read_text(maker, body.text);
	}
	return CODE_OK;
}

static int compare_words(const void *a, const void *b)
{
	const struct word *x = a;
	const struct word *y = b;
	return x->posts != y->posts ? (x->posts < y->posts) - (x->posts > y->posts)
				    : strcmp(x->text, y->text);
}

/* Puts the words that stand in two posts or more in front, the most frequent first. */
static enum code rank_words(struct maker *maker, struct error *err)
{
	size_t count = 0;
	for (size_t i = 0; i < SLOTS; i++)
		if (maker->words[i].posts > 1)
			maker->words[count++] = maker->words[i];
	qsort(maker->words, count, sizeof *maker->words, compare_words);
	maker->word_count = count;
	if (count <= COMMON || maker->phrases_seen == 0)
		return fail(err, CODE_INVALID_ARGUMENT,
			"the corpus has only %zu words that stand in two posts; make more posts",
			count);
	return CODE_OK;
}

enum band { BAND_COMMON, BAND_MIDDLING, BAND_RARE, BANDS };

static const char *draw(struct maker *maker, enum band band)
{
	size_t middling_end =
		maker->word_count > COMMON + MIDDLING ? COMMON + MIDDLING : maker->word_count;
	size_t from = 0;
	size_t end = COMMON;
	if (band != BAND_COMMON) {
		bool rare = band == BAND_RARE && middling_end < maker->word_count;
		from = rare ? middling_end : COMMON;
		end = rare ? maker->word_count : middling_end;
	}
	return maker->words[from + below(maker, end - from)].text;
}

static const char *draw_any(struct maker *maker)
{
	return draw(maker, (enum band)below(maker, BANDS));
}

/* One that is longer than a beginning; the last that was drawn if there is none. */
static const char *draw_long(struct maker *maker)
{
	const char *word = draw_any(maker);
	for (size_t i = 0; i < DRAWS_MAX && strlen(word) <= PREFIX_BYTES; i++)
		word = draw(maker, i % 2 == 0 ? BAND_MIDDLING : BAND_RARE);
	return word;
}

static void make_query(struct maker *maker, size_t number, char query[QUERY_BYTES_MAX])
{
	size_t kind = number % KINDS;
	const char *first = draw_any(maker);
	if (kind < 7)
		snprintf(query, QUERY_BYTES_MAX, "%s", first);
	else if (kind < 12)
		snprintf(query, QUERY_BYTES_MAX, "%s %s", draw(maker, BAND_COMMON), first);
	else if (kind < 14)
		snprintf(query, QUERY_BYTES_MAX, "%s %s %s", draw(maker, BAND_COMMON),
			draw(maker, BAND_MIDDLING), first);
	else if (kind < 16) {
		size_t count = maker->phrases_seen < PHRASES_MAX ? (size_t)maker->phrases_seen
								 : PHRASES_MAX;
		snprintf(query, QUERY_BYTES_MAX, "\"%s\"", maker->phrases[below(maker, count)]);
	} else if (kind < 18)
		snprintf(query, QUERY_BYTES_MAX, "%.*s*", PREFIX_BYTES, draw_long(maker));
	else
		snprintf(query, QUERY_BYTES_MAX, "%s -%s", draw(maker, BAND_MIDDLING), first);
}

static enum code print_requests(struct maker *maker, size_t count, struct error *err)
{
	struct buffer line;
	buffer_init(&line, LINE_BYTES_MAX);
	for (size_t i = 0; i < count; i++) {
		char query[QUERY_BYTES_MAX];
		make_query(maker, i, query);
		buffer_clear(&line);
		json_print_text(slice_of_text(query), &line);
		const char *text = buffer_text(&line);
		if (text == NULL || printf("{\"query\":%s,\"pageSize\":10}\n", text) < 0) {
			buffer_done(&line);
			return fail(err, CODE_UNKNOWN, "cannot write the requests");
		}
	}
	buffer_done(&line);
	return CODE_OK;
}

static void maker_done(struct maker *maker)
{
	free(maker->words);
	free(maker->phrases);
	values_done(&maker->values);
	arena_done(&maker->arena);
}

static enum code make(uint64_t seed, size_t count, struct error *err)
{
	AUTO(maker_done)
	struct maker maker = {
		.random = seed * 2 + 1, /* never 0 */
		.words = calloc(SLOTS, sizeof *maker.words),
		.phrases = calloc(PHRASES_MAX, sizeof *maker.phrases),
	};
	values_init(&maker.values, stdin);
	arena_init(&maker.arena, POST_BYTES_MAX);
	if (maker.words == NULL || maker.phrases == NULL)
		return fail_out_of_memory(err);
	enum code code = read_posts(&maker, err);
	if (code == CODE_OK)
		code = rank_words(&maker, err);
	return code == CODE_OK ? print_requests(&maker, count, err) : code;
}

int main(int argc, char **argv)
{
	struct error err = { .text = "usage: bench.search_queries SEED COUNT <VALUES" };
	enum code code = CODE_INVALID_ARGUMENT;
	if (argc == 3)
		code = make(strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10), &err);
	if (code != CODE_OK)
		fprintf(stderr, "bench.search_queries: %s\n", err.text);
	return code == CODE_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
