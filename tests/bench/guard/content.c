#include "bench/guard/content.h"

#include "support/random.h"

#include <ctype.h>
#include <string.h>

enum {
	CATEGORIES = 8,
	AUTHORS = 5,
	FIRST_TIME_S = 1577836800, /* 2020-01-01T00:00:00Z */
	STEP_S = 36000,
	SYLLABLES = 16 * 4,
	RANK_BITS = 12,
	TITLE_WORDS = 6,
	EXCERPT_WORDS = 20,
	PARAGRAPH_WORDS = 60,
	SECTION_PARAGRAPHS = 3,
};
_Static_assert(1 << RANK_BITS == CONTENT_WORDS, "ranks are drawn by their highest bit");

void content_word(unsigned rank, char out[CONTENT_WORD_BYTES_MAX])
{
	static const char consonants[] = "bcdfghklmnprstvz";
	static const char vowels[] = "aiou";
	size_t size = 0;
	/* The rarer the longer, as in languages. */
	unsigned rest = rank + SYLLABLES;
	while (rest > 0) {
		unsigned syllable = rest % SYLLABLES;
		out[size++] = consonants[syllable / 4];
		out[size++] = vowels[syllable % 4];
		rest /= SYLLABLES;
	}
	out[size++] = 'n';
	out[size] = '\0';
}

/* Zipf's law, in integers: all powers of two are as likely. */
static void draw_word(struct random *random, char out[CONTENT_WORD_BYTES_MAX])
{
	uint64_t first = UINT64_C(1) << random_below(random, RANK_BITS);
	content_word((unsigned)(first - 1 + random_below(random, first)), out);
}

static void append(char *out, size_t capacity, const char *text)
{
	size_t size = strlen(out);
	snprintf(out + size, capacity - size, "%s", text);
}

static void append_words(struct random *random, unsigned count, char *out, size_t capacity)
{
	char word[CONTENT_WORD_BYTES_MAX];
	for (unsigned i = 0; i < count; i++) {
		draw_word(random, word);
		if (i == 0)
			word[0] = (char)toupper((unsigned char)word[0]);
		append(out, capacity, i == 0 ? "" : " ");
		append(out, capacity, word);
	}
}

/* What an author would write: sentences, emphasis, a link. */
static void append_paragraph(struct random *random, char *out, size_t capacity)
{
	char word[CONTENT_WORD_BYTES_MAX];
	for (unsigned words = 0; words < PARAGRAPH_WORDS; words += 12) {
		append_words(random, 8, out, capacity);
		draw_word(random, word);
		switch (random_below(random, 4)) {
		case 0:
			append(out, capacity, " **");
			append(out, capacity, word);
			append(out, capacity, "** ");
			break;
		case 1:
			append(out, capacity, " [");
			append(out, capacity, word);
			append(out, capacity, "](https://example.org/");
			append(out, capacity, word);
			append(out, capacity, ") ");
			break;
		default:
			append(out, capacity, ", ");
		}
		append_words(random, 3, out, capacity);
		append(out, capacity, ". ");
	}
	append(out, capacity, "\n\n");
}

static void make_body(struct random *random, char *out, size_t capacity)
{
	out[0] = '\0';
	for (unsigned i = 0; strlen(out) < CONTENT_BODY_BYTES; i++) {
		if (i % SECTION_PARAGRAPHS == 1) {
			append(out, capacity, "## ");
			append_words(random, 4, out, capacity);
			append(out, capacity, "\n\n");
		}
		append_paragraph(random, out, capacity);
	}
}

void content_slug(unsigned index, char out[64])
{
	snprintf(out, 64, "a-made-post-number-%u", index);
}

void content_tag(unsigned index, char out[32])
{
	char word[CONTENT_WORD_BYTES_MAX];
	content_word(index, word);
	snprintf(out, 32, "tag %s", word);
}

void content_post(unsigned index, unsigned edition, struct content_post *ret)
{
	struct random random = { .state = (uint64_t)edition << 32 | index };
	*ret = (struct content_post){ .publish_time_s = FIRST_TIME_S + (int64_t)index * STEP_S };
	content_slug(index, ret->slug);
	append_words(&random, TITLE_WORDS, ret->title, sizeof ret->title);
	append_words(&random, EXCERPT_WORDS, ret->excerpt, sizeof ret->excerpt);
	make_body(&random, ret->body, sizeof ret->body);
	unsigned tag = (unsigned)random_below(&random, CONTENT_TAGS_FREQUENT);
	content_tag(tag, ret->tags[0]);
	tag = CONTENT_TAGS_FREQUENT + (unsigned)random_below(&random, CONTENT_TAGS_COMMON);
	content_tag(tag, ret->tags[1]);
	tag = CONTENT_TAGS_FREQUENT + CONTENT_TAGS_COMMON +
	      (unsigned)random_below(&random, CONTENT_TAGS_RARE);
	content_tag(tag, ret->tags[2]);
	snprintf(ret->category, sizeof ret->category, "Category %u",
		(unsigned)random_below(&random, CATEGORIES));
	snprintf(ret->author, sizeof ret->author, "Author %u",
		(unsigned)random_below(&random, AUTHORS));
}
