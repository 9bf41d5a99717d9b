#include "post_body.h"

#include <string.h>

enum {
	/* One word in so many. Of the 509 posts of 18F's blog a body has 1017 words, 8.9 links and
	 * 3.1 headings, a paragraph 44 words in the mean. */
	LINK_EVERY = 110,
	EMPHASIS_EVERY = 120,
	CODE_EVERY = 400,
	COMMA_EVERY = 12,
	/* Of 256 words: those of the topic, those of no vocabulary, numbers, and those that stand
	 * in the text before. Real texts repeat themselves: 18F's posts have 396 different words
	 * each. */
	TOPIC_SHARE = 16,
	RARE_SHARE = 1,
	NUMBER_SHARE = 2,
	REPEATED_SHARE = 80,
	REMEMBERED = 128, /* words that may be repeated */
	/* What the html of marks has more than their source: "<p></p>\n" for an empty line. */
	PARAGRAPH_HTML = 6,
	HEADING_HTML = 12,
	LINK_HTML = 11,
	EMPHASIS_HTML = 7,
	STRONG_HTML = 13,
	CODE_HTML = 11,
	LIST_HTML = 8,
	ITEM_HTML = 8,
	QUOTE_HTML = 24,
	BLOCK_HTML = 20,
	PLAIN_RANKS = 400, /* words of addresses and code are short and ASCII */
};

struct writer {
	struct text *text;
	struct random *random;
	const struct vocabulary *vocabulary;
	const struct topic *topic;
	struct body_size size;
	uint32_t remembered[REMEMBERED]; /* ranks */
	size_t drawn;
	size_t start;
	size_t start_escapes;
};

void text_add(struct text *text, const char *bytes, size_t size)
{
	memcpy(text->data + text->size, bytes, size);
	text->size += size;
}

void text_add_string(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void text_add_word(struct text *text, const struct word *word)
{
	/* Always as many bytes, so that it takes no loop; those too many are written over. */
	memcpy(text->data + text->size, word->text, WORD_BYTES);
	text->size += word->size;
}

static void capitalise(struct text *text, size_t at)
{
	if (text->data[at] >= 'a' && text->data[at] <= 'z')
		text->data[at] = (char)(text->data[at] - 'a' + 'A');
}

void text_add_name(struct text *text, const struct word *word)
{
	const size_t at = text->size;
	text_add_word(text, word);
	capitalise(text, at);
}

void topic_init(struct topic *topic, const struct vocabulary *vocabulary, uint64_t number)
{
	struct random random = { .state = number ^ UINT64_C(0x746F706963) };
	for (size_t i = 0; i < TOPIC_WORDS; i++) {
		/* The commonest words say nothing of a topic. */
		const size_t rank = draw_rank(vocabulary->draws, WORDS, random_next(&random));
		topic->ranks[i] = (uint32_t)(rank < PLAIN_RANKS ? PLAIN_RANKS + rank * 4 : rank);
	}
}

static size_t written(const struct writer *writer)
{
	const struct text *text = writer->text;
	const size_t body = text->size - writer->start - (text->escapes - writer->start_escapes);
	return writer->size.counts_html ? 2 * body + text->html_bytes : body;
}

static bool is_full(const struct writer *writer)
{
	return written(writer) >= writer->size.bytes;
}

/* chance in 65536, of the bits of a random number that draw_rank leaves */
static bool one_in(uint64_t bits, unsigned every)
{
	return (bits >> 48) % every == 0;
}

static void add_newline(struct writer *writer)
{
	text_add(writer->text, "\\n", 2);
	writer->text->escapes++;
}

static void add_plain_word(struct writer *writer)
{
	const uint64_t rank = random_below(writer->random, PLAIN_RANKS);
	text_add_word(writer->text, &writer->vocabulary->words[rank]);
}

static void add_number(struct writer *writer)
{
	char digits[8];
	size_t count = 1 + random_below(writer->random, 4);
	for (size_t i = 0; i < count; i++)
		digits[i] = (char)('0' + random_below(writer->random, i == 0 ? 9 : 10) + (i == 0));
	text_add(writer->text, digits, count);
}

/* One that was drawn before, or a new one that is remembered. */
static size_t draw_common(struct writer *writer, uint64_t bits)
{
	const unsigned kind = (bits >> 56) - TOPIC_SHARE - RARE_SHARE - NUMBER_SHARE;
	if (kind < REPEATED_SHARE && writer->drawn >= REMEMBERED)
		return writer->remembered[bits % REMEMBERED];
	const size_t rank = draw_rank(writer->vocabulary->draws, WORDS, bits);
	writer->remembered[writer->drawn++ % REMEMBERED] = (uint32_t)rank;
	return rank;
}

static void add_word(struct writer *writer)
{
	const uint64_t bits = random_next(writer->random);
	const unsigned kind = bits >> 56;
	size_t rank;
	if (kind >= TOPIC_SHARE + RARE_SHARE + NUMBER_SHARE) {
		rank = draw_common(writer, bits);
	} else if (kind < TOPIC_SHARE) {
		rank = writer->topic->ranks[bits % TOPIC_WORDS];
	} else if (kind < TOPIC_SHARE + RARE_SHARE) {
		const struct word rare = rare_word(writer->random);
		text_add_name(writer->text, &rare);
		return;
	} else {
		add_number(writer);
		return;
	}
	text_add_word(writer->text, &writer->vocabulary->words[rank]);
}

static void add_words(struct writer *writer, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			text_add(writer->text, " ", 1);
		add_word(writer);
	}
}

static void add_link(struct writer *writer)
{
	text_add(writer->text, "[", 1);
	add_words(writer, 1 + random_below(writer->random, 4));
	text_add_string(writer->text, "](https://");
	add_plain_word(writer);
	text_add_string(writer->text, ".example/");
	add_plain_word(writer);
	text_add(writer->text, "-", 1);
	add_plain_word(writer);
	text_add(writer->text, ")", 1);
	writer->text->html_bytes += LINK_HTML;
}

static void add_marked(struct writer *writer, const char *mark, size_t html_bytes)
{
	text_add_string(writer->text, mark);
	add_words(writer, 1 + random_below(writer->random, 3));
	text_add_string(writer->text, mark);
	writer->text->html_bytes += html_bytes;
}

static void add_code(struct writer *writer)
{
	text_add(writer->text, "`", 1);
	add_plain_word(writer);
	text_add(writer->text, "_", 1);
	add_plain_word(writer);
	text_add(writer->text, "`", 1);
	writer->text->html_bytes += CODE_HTML;
}

/* A word or something with a mark. */
static void add_part(struct writer *writer)
{
	const uint64_t bits = random_next(writer->random);
	if (one_in(bits, LINK_EVERY))
		add_link(writer);
	else if (one_in(bits >> 4, EMPHASIS_EVERY))
		add_marked(writer, (bits & 3) == 0 ? "**" : "*",
			(bits & 3) == 0 ? STRONG_HTML : EMPHASIS_HTML);
	else if (one_in(bits >> 8, CODE_EVERY))
		add_code(writer);
	else
		add_word(writer);
}

static void add_sentence(struct writer *writer)
{
	static const char ends[] = "............?!:.";
	const uint64_t bits = random_next(writer->random);
	const size_t words = 4 + bits % 9 + (bits >> 8) % 9 + (bits >> 16) % 7;
	const size_t at = writer->text->size;
	add_word(writer);
	for (size_t i = 1; i < words && !is_full(writer); i++) {
		text_add(writer->text, ", ", 2);
		if ((bits >> (20 + i)) % COMMA_EVERY != 0) {
			writer->text->data[writer->text->size - 2] = ' ';
			writer->text->size--;
		}
		add_part(writer);
	}
	capitalise(writer->text, at);
	text_add(writer->text, &ends[(bits >> 60) & 15], 1);
}

static void add_paragraph(struct writer *writer)
{
	const uint64_t sentences = 1 + random_below(writer->random, 5);
	for (uint64_t i = 0; i < sentences && !is_full(writer); i++) {
		if (i > 0)
			text_add(writer->text, " ", 1);
		add_sentence(writer);
	}
	writer->text->html_bytes += PARAGRAPH_HTML;
}

static void add_heading(struct writer *writer)
{
	text_add_string(writer->text, random_below(writer->random, 4) == 0 ? "### " : "## ");
	const size_t at = writer->text->size;
	add_words(writer, 2 + random_below(writer->random, 5));
	capitalise(writer->text, at);
	/* The text stands in the anchor and in the outline, too, there twice. */
	writer->text->html_bytes += HEADING_HTML + 3 * (writer->text->size - at);
}

static void add_list(struct writer *writer)
{
	const uint64_t items = 2 + random_below(writer->random, 6);
	const bool numbered = random_below(writer->random, 4) == 0;
	for (uint64_t i = 0; i < items && !is_full(writer); i++) {
		if (i > 0)
			add_newline(writer);
		text_add_string(writer->text, numbered ? "1. " : "- ");
		for (uint64_t left = 3 + random_below(writer->random, 12); left > 0; left--) {
			add_part(writer);
			text_add_string(writer->text, left > 1 ? " " : "");
		}
		writer->text->html_bytes += ITEM_HTML;
	}
	writer->text->html_bytes += LIST_HTML;
}

static void add_code_block(struct writer *writer)
{
	const uint64_t lines = 2 + random_below(writer->random, 8);
	text_add_string(writer->text, "```");
	add_newline(writer);
	for (uint64_t i = 0; i < lines && !is_full(writer); i++) {
		text_add_string(writer->text, i % 3 == 0 ? "" : "    ");
		add_plain_word(writer);
		text_add_string(writer->text, " = ");
		add_plain_word(writer);
		text_add_string(writer->text, "(");
		add_plain_word(writer);
		text_add_string(writer->text, ", ");
		add_number(writer);
		text_add_string(writer->text, ");");
		add_newline(writer);
	}
	text_add_string(writer->text, "```");
	writer->text->html_bytes += BLOCK_HTML;
}

static void add_quote(struct writer *writer)
{
	text_add_string(writer->text, "> ");
	add_paragraph(writer);
	writer->text->html_bytes += QUOTE_HTML;
}

/* Headings stand before paragraphs, and a body begins with one of these. */
static void add_block(struct writer *writer, bool is_first, bool after_heading)
{
	const uint64_t kind = random_below(writer->random, 100);
	if (is_first || after_heading || kind >= 26)
		add_paragraph(writer);
	else if (kind < 13)
		add_heading(writer);
	else if (kind < 21)
		add_list(writer);
	else if (kind < 24)
		add_code_block(writer);
	else
		add_quote(writer);
}

void write_body(struct text *text, struct random *random, const struct vocabulary *vocabulary,
	const struct topic *topic, struct body_size size)
{
	struct writer writer = { .text = text,
		.random = random,
		.vocabulary = vocabulary,
		.topic = topic,
		.size = size,
		.start = text->size,
		.start_escapes = text->escapes };
	bool is_first = true, after_heading = false;
	text->html_bytes = 0;
	while (is_first || !is_full(&writer)) {
		if (!is_first) {
			add_newline(&writer);
			add_newline(&writer);
		}
		const size_t at = text->size;
		add_block(&writer, is_first, after_heading);
		after_heading = text->data[at] == '#';
		is_first = false;
	}
	add_newline(&writer);
}
