#include "post_line.h"

#include "base/rfc3339.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

enum {
	TOP_CATEGORIES = 8,
	MIDDLE_CATEGORIES = 40, /* up to here: below one of the first */
	TAGS_FIRST = 1000,
	POST_TAGS_MAX = 8,
	POST_AUTHORS_MAX = 3,
	DRAFT_PERCENT = 3,
	EXCERPT_PERCENT = 60,
	COVER_PERCENT = 40,
	SERIES_EVERY = 20, /* posts, of which one belongs to a series */
	SERIES_PARTS = 10,
	FEATURED_EVERY = 200,
	YEARS = 20,
	NEIGHBOURS = 4, /* posts by which the order of times and that of numbers differ */
	/* How much less of a post in the FULL view is beside body and html than of its line: times
	 * are numbers, fields too. And for each term. Measured at made posts. */
	FIXED_BYTES_LESS = 200,
	TERM_BYTES_LESS = 13,
};

/* ln of the bytes of a body: normal with this mean and deviation, as of the 509 posts of 18F's blog
 * (github.com/18F/18f.gsa.gov, _posts) without their front matter. Median 5.8 KB, mean 6.8 KB. */
static const double body_log_mean = 8.632, body_log_deviation = 0.645;
enum { BODY_BYTES_MIN = 150 };

/* 2006-01-01T00:00:00Z */
#define FIRST_TIME_US (INT64_C(1136073600) * 1000000)
#define DAY_US (INT64_C(86400) * 1000000)

void post_source_init(struct post_source *source, uint64_t seed, size_t full_bytes)
{
	vocabulary_init(&source->vocabulary);
	draws_init(source->tag_draws, TAGS_MAX, 0);
	draws_init(source->author_draws, AUTHORS, 0);
	source->seed = seed;
	source->full_bytes = full_bytes;
}

size_t tag_count(uint64_t posts)
{
	const double count = TAGS_FIRST + 3 * sqrt((double)posts);
	return count < TAGS_MAX ? (size_t)count : TAGS_MAX;
}

static void PRINTF_LIKE(2, 3) print(struct text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	text->size += (size_t)vsnprintf(
		text->data + text->size, LINE_BYTES_MAX - text->size, format, arguments);
	va_end(arguments);
}

static const struct word *word_at(const struct post_source *source, size_t rank)
{
	return &source->vocabulary.words[rank % WORDS];
}

/* Words of a name: as a slug, or with capitals. */
static void add_name(struct text *text, const struct post_source *source, const size_t *ranks,
	size_t count, bool is_slug)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			text_add(text, is_slug ? "-" : " ", 1);
		if (is_slug)
			text_add_word(text, word_at(source, ranks[i]));
		else
			text_add_name(text, word_at(source, ranks[i]));
	}
}

/* "slug":"...","name":"..." */
static void add_named(
	struct text *text, const struct post_source *source, const size_t *ranks, size_t count)
{
	text_add_string(text, "\"slug\":\"");
	add_name(text, source, ranks, count, true);
	text_add_string(text, "\",\"name\":\"");
	add_name(text, source, ranks, count, false);
	text_add_string(text, "\"");
}

/* The first rank of each differs, so no two have one name. */
static void add_tag(struct text *text, const struct post_source *source, size_t number)
{
	const size_t ranks[] = { 300 + number * 13, 301 + number * 13 };
	add_named(text, source, ranks, number % 3 == 1 ? 2 : 1);
}

static void add_category(struct text *text, const struct post_source *source, size_t number)
{
	const size_t ranks[] = { 500 + number * 29, 40 + number };
	add_named(text, source, ranks, number % 2 == 1 ? 2 : 1);
}

static void add_author(struct text *text, const struct post_source *source, size_t number)
{
	const size_t ranks[] = { 100 + number % 64, 5000 + number * 31 };
	add_named(text, source, ranks, 2);
}

void write_tag_line(struct text *text, const struct post_source *source, size_t number)
{
	text->size = 0;
	text_add_string(text, "{\"tag\":{");
	add_tag(text, source, number);
	text_add_string(text, "}}\n");
}

void write_category_line(struct text *text, const struct post_source *source, size_t number)
{
	const size_t parent =
		number < MIDDLE_CATEGORIES
			? number % TOP_CATEGORIES
			: TOP_CATEGORIES + number % (MIDDLE_CATEGORIES - TOP_CATEGORIES);
	text->size = 0;
	text_add_string(text, "{\"category\":{");
	add_category(text, source, number);
	if (number >= TOP_CATEGORIES) {
		text_add_string(text, ",\"parent\":{");
		add_category(text, source, parent);
		text_add_string(text, "}");
	}
	text_add_string(text, "}}\n");
}

void write_author_line(struct text *text, const struct post_source *source, size_t number)
{
	text->size = 0;
	text_add_string(text, "{\"author\":{");
	add_author(text, source, number);
	text_add_string(text, "}}\n");
}

struct post {
	const struct post_source *source;
	struct random random;
	uint64_t number;
	struct topic topic;
	size_t term_count;
};

static bool percent(struct post *post, unsigned chance)
{
	return random_below(&post->random, 100) < chance;
}

static size_t draw_word(struct post *post)
{
	const uint64_t bits = random_next(&post->random);
	return bits >> 62 == 0 ? post->topic.ranks[bits % TOPIC_WORDS]
			       : draw_rank(post->source->vocabulary.draws, WORDS, bits);
}

/* Slugs are unique by the number at their end. */
static void add_slug_and_title(struct text *text, struct post *post)
{
	size_t ranks[16];
	const size_t count = 3 + random_below(&post->random, 5) + random_below(&post->random, 6);
	for (size_t i = 0; i < count; i++)
		ranks[i] = draw_word(post);
	text_add_string(text, "\"slug\":\"");
	add_name(text, post->source, ranks, count < 6 ? count : 6, true);
	print(text, "-%" PRIu64 "\",\"title\":\"", post->number);
	add_name(text, post->source, ranks, count, false);
	text_add_string(text, "\"");
}

static void add_excerpt(struct text *text, struct post *post)
{
	if (!percent(post, EXCERPT_PERCENT))
		return;
	text_add_string(text, ",\"excerpt\":\"");
	for (uint64_t left = 12 + random_below(&post->random, 20); left > 0; left--) {
		text_add_word(text, word_at(post->source, draw_word(post)));
		text_add_string(text, left > 1 ? " " : ".\"");
	}
}

static void add_time(struct text *text, const char *key, int64_t time_us)
{
	char time[RFC3339_BYTES];
	rfc3339_format(time_us, time);
	print(text, ",\"%s\":\"%s\"", key, time);
}

/* As a site grows: the time goes with the number, but not strictly. */
static int64_t draw_publish_time(struct post *post)
{
	const uint64_t span_s = UINT64_C(365) * YEARS * 24 * 60 * 60;
	const uint64_t total = post->source->total;
	const uint64_t from_s = total == 0 ? 0 : span_s * post->number / total;
	const uint64_t width_s = total == 0 ? span_s : NEIGHBOURS * (span_s / total + 1);
	return FIRST_TIME_US + (int64_t)(from_s + random_below(&post->random, width_s)) * 1000000;
}

static void add_state_and_times(struct text *text, struct post *post)
{
	const int64_t publish_us = draw_publish_time(post);
	const bool is_draft = percent(post, DRAFT_PERCENT);
	print(text, ",\"state\":\"POST_STATE_%s\"", is_draft ? "DRAFT" : "PUBLISHED");
	if (!is_draft)
		add_time(text, "publishTime", publish_us);
	add_time(text, "createTime", publish_us - (int64_t)random_below(&post->random, DAY_US));
	add_time(text, "updateTime", publish_us + (int64_t)random_below(&post->random, DAY_US));
}

typedef void (*term_adder)(struct text *, const struct post_source *, size_t);

static void add_terms(struct text *text, struct post *post, const char *key, term_adder add,
	const size_t *numbers, size_t count)
{
	print(text, ",\"%s\":[", key);
	for (size_t i = 0; i < count; i++) {
		text_add_string(text, i > 0 ? ",{" : "{");
		add(text, post->source, numbers[i]);
		text_add_string(text, "}");
	}
	text_add_string(text, "]");
	post->term_count += count;
}

static bool add_distinct(size_t *numbers, size_t *count, size_t number)
{
	for (size_t i = 0; i < *count; i++)
		if (numbers[i] == number)
			return false;
	numbers[(*count)++] = number;
	return true;
}

static size_t draw_tag(struct post *post)
{
	size_t number;
	do
		number = draw_rank(post->source->tag_draws, TAGS_MAX, random_next(&post->random));
	while (number >= tag_count(post->number + 1));
	return number;
}

/* The topic is that of the first tag. */
static void add_tags(struct text *text, struct post *post, size_t first)
{
	size_t numbers[POST_TAGS_MAX] = { first }, count = 1;
	const size_t wanted = 1 + random_below(&post->random, POST_TAGS_MAX);
	for (size_t i = 1; i < wanted; i++)
		add_distinct(numbers, &count, draw_tag(post));
	add_terms(text, post, "tags", add_tag, numbers, count);
}

static void add_categories(struct text *text, struct post *post)
{
	size_t numbers[2], count = 0;
	const size_t wanted = 1 + random_below(&post->random, 2);
	for (size_t i = 0; i < wanted; i++)
		add_distinct(numbers, &count, random_below(&post->random, CATEGORIES));
	add_terms(text, post, "categories", add_category, numbers, count);
}

static void add_authors(struct text *text, struct post *post)
{
	size_t numbers[POST_AUTHORS_MAX], count = 0;
	const uint64_t dice = random_below(&post->random, 10);
	const size_t wanted = dice < 7 ? 1 : dice < 9 ? 2 : 3;
	for (size_t i = 0; i < wanted; i++)
		add_distinct(numbers, &count,
			draw_rank(post->source->author_draws, AUTHORS, random_next(&post->random)));
	add_terms(text, post, "authors", add_author, numbers, count);
}

static void add_series(struct text *text, const struct post *post)
{
	if (post->number % SERIES_EVERY != 7)
		return;
	const size_t series = post->number / (SERIES_EVERY * SERIES_PARTS);
	const size_t ranks[] = { 1000 + series % 50000, 60 + series / 50000 };
	text_add_string(text, ",\"series\":{");
	add_named(text, post->source, ranks, 2);
	print(text, ",\"part\":%" PRIu64 "}", 1 + post->number / SERIES_EVERY % SERIES_PARTS);
}

static void add_rest(struct text *text, struct post *post)
{
	text_add_string(text, ",\"language\":\"en\"");
	if (random_below(&post->random, FEATURED_EVERY) == 0)
		text_add_string(text, ",\"featured\":true");
	if (percent(post, COVER_PERCENT))
		print(text,
			",\"coverImageUrl\":\"https://media.example/%" PRIu64 "/%" PRIu64 ".jpg\"",
			post->number % 100, post->number);
	print(text, ",\"origin\":\"made:%" PRIu64 "\",\"bodyFormat\":\"BODY_FORMAT_MARKDOWN\"",
		post->number);
}

/* The sum of twelve even numbers is normal but for its far tails. */
static size_t draw_body_bytes(struct post *post)
{
	double normal = -6;
	for (int i = 0; i < 12; i++)
		normal += (double)(random_next(&post->random) >> 11) / (double)(UINT64_C(1) << 53);
	const double bytes = exp(body_log_mean + body_log_deviation * normal);
	return bytes < BODY_BYTES_MIN	? BODY_BYTES_MIN
	       : bytes > BODY_BYTES_MAX ? BODY_BYTES_MAX
					: (size_t)bytes;
}

static struct body_size find_body_size(const struct text *text, struct post *post)
{
	if (post->source->full_bytes == 0)
		return (struct body_size){ .bytes = draw_body_bytes(post) };
	const size_t summary = text->size - FIXED_BYTES_LESS - TERM_BYTES_LESS * post->term_count;
	const size_t full = post->source->full_bytes;
	return (struct body_size){ .bytes = full > summary ? full - summary : 1,
		.counts_html = true };
}

void write_post_line(struct text *text, const struct post_source *source, uint64_t number)
{
	struct post post = { .source = source,
		.random = { .state = source->seed * UINT64_C(0xD1B54A32D192ED03) ^
				     (number + 1) * UINT64_C(0x9E6C63D0876A9A47) },
		.number = number };
	const size_t first_tag = draw_tag(&post);
	topic_init(&post.topic, &source->vocabulary, first_tag);
	text->size = text->escapes = 0;
	text_add_string(text, "{\"post\":{");
	add_slug_and_title(text, &post);
	add_excerpt(text, &post);
	add_state_and_times(text, &post);
	add_tags(text, &post, first_tag);
	add_categories(text, &post);
	add_authors(text, &post);
	add_series(text, &post);
	add_rest(text, &post);
	text_add_string(text, ",\"body\":\"");
	write_body(
		text, &post.random, &source->vocabulary, &post.topic, find_body_size(text, &post));
	text_add_string(text, "\"}}\n");
}
