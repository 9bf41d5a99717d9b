/*
 * Text analysis: the first byte picks a language, the rest is html. The text that is made of it and
 * the html itself are cut into tokens, whose places and words keep the promises of analyzer.h.
 */
#include "analysis/analyzer.h"
#include "analysis/html_text.h"
#include "base/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool is_boundary(struct slice text, size_t at)
{
	return at == text.size || (text.data[at] & 0xC0) != 0x80;
}

static void require_words(struct slice word)
{
	require(word.size > 0 && word.size <= TERM_BYTES_MAX);
	require(text_find_invalid(word) == word.size);
}

static void analyse(struct analyzer *analyzer, struct slice text, const char *language)
{
	unsigned number = analyzer_language(language);
	struct token token;
	size_t last_start = 0;
	size_t last_end = 0;
	bool first = true;
	analyzer_start(analyzer, text, language);
	while (analyzer_next(analyzer, &token)) {
		require(token.start < token.end && token.end <= text.size);
		require(is_boundary(text, token.start) && is_boundary(text, token.end));
		require(first || token.start > last_start);
		/* Only pairs overlap the token before. */
		require(token.start >= last_end || token.kind != TOKEN_WORD);
		require(token.end >= last_end);
		require(!first || !token.after_break);
		require_words(token.word);
		require_words(token.term);
		if (token.kind == TOKEN_WORD)
			require(slice_equals(
				token.term, analyzer_stem(analyzer, token.word, number)));
		else
			require(slice_equals(token.term, token.word));
		last_start = token.start;
		last_end = token.end;
		first = false;
	}
}

static void require_html_text(const struct html_text *text, struct slice html)
{
	size_t last = 0;
	require(text->text.size <= html.size);
	require(text_find_invalid(text->text) == text->text.size);
	for (size_t i = 0; i < text->heading_count; i++) {
		require(text->headings[i].start >= last);
		require(text->headings[i].end > text->headings[i].start);
		require(text->headings[i].end <= text->text.size);
		last = text->headings[i].end;
	}
	for (size_t at = 0; at < text->text.size; at++) {
		uint8_t byte = text->text.data[at];
		bool space = byte == ' ' || byte == '\n';
		require(byte != '\t' && byte != '\r');
		require(!space || (at > 0 && at + 1 < text->text.size));
		require(!space ||
			(text->text.data[at - 1] != ' ' && text->text.data[at - 1] != '\n'));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const languages[] = { "", "zh", "ar", "hy", "eu", "ca", "da", "nl", "fi",
		"fr", "de", "el", "hi", "hu", "id", "ga", "it", "lt", "ne", "no", "pt", "ro", "ru",
		"sr", "es", "sv", "ta", "tr", "yi" };
	static struct analyzer *analyzer;
	if (analyzer == NULL)
		analyzer = analyzer_new();
	if (size < 1 || analyzer == NULL)
		return 0;
	const char *language = languages[data[0] % (sizeof languages / sizeof *languages)];
	struct slice html = slice_of(data + 1, size - 1);
	struct html_text text;
	struct arena arena;
	arena_init(&arena, 64 << 20);
	/* Texts are valid; of the rest only that nothing breaks. */
	require(html_text(&arena, html, &text));
	html.size = text_find_invalid(html);
	require(html_text(&arena, html, &text));
	require_html_text(&text, html);
	analyse(analyzer, html, language);
	analyse(analyzer, text.text, language);
	arena_done(&arena);
	return 0;
}
