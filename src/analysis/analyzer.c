#include "analysis/analyzer.h"

#include "analysis/characters.h"
#include "analysis/stemmer.h"

#include <stdlib.h>
#include <strings.h>

struct analyzer {
	struct stemmers *stemmers;
	struct slice text;
	size_t at;
	unsigned language;
	bool any_before;
	bool broken; /* a line break since the last token */
	uint8_t word[TERM_BYTES_MAX];
};

struct analyzer *analyzer_new(void)
{
	struct analyzer *analyzer = calloc(1, sizeof *analyzer);
	if (analyzer == NULL)
		return NULL;
	analyzer->stemmers = stemmers_new();
	if (analyzer->stemmers == NULL) {
		free(analyzer);
		return NULL;
	}
	return analyzer;
}

void analyzer_free(struct analyzer *analyzer)
{
	if (analyzer == NULL)
		return;
	stemmers_free(analyzer->stemmers);
	free(analyzer);
}

void analyzer_start(struct analyzer *analyzer, struct slice text, const char *language)
{
	analyzer->text = text;
	analyzer->at = 0;
	analyzer->language = analyzer_language(language);
	analyzer->any_before = false;
	analyzer->broken = false;
}

/* What an ASCII letter or digit folds to, 0 for everything else. */
static uint8_t fold_ascii(uint8_t byte)
{
	if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9'))
		return byte;
	return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : 0;
}

/* Goes to the next character that begins a token; false at the end of the text. */
static bool skip_to_token(struct analyzer *analyzer, enum character_kind *kind)
{
	struct slice text = analyzer->text;
	while (analyzer->at < text.size) {
		uint8_t byte = text.data[analyzer->at];
		size_t size = 1;
		*kind = CHARACTER_OTHER;
		if (fold_ascii(byte) != 0)
			*kind = CHARACTER_WORD;
		else if (byte != ' ')
			*kind = character_at(text, analyzer->at, &size);
		if (*kind == CHARACTER_WORD || *kind == CHARACTER_DENSE)
			return true;
		if (*kind == CHARACTER_BREAK)
			analyzer->broken = true;
		analyzer->at += size;
	}
	return false;
}

/* Articles and the like that French, Italian and Catalan write before a vowel without their own
 * one: "l'eau", "dell'arte". They are words of their own, else nobody finds the water. */
static bool is_elision(struct slice before, struct slice behind)
{
	static const char *const elided[] = { "c", "d", "j", "l", "m", "n", "s", "t", "qu", "jusqu",
		"lorsqu", "puisqu", "quoiqu", "all", "dall", "dell", "nell", "sull", "quell",
		"un" };
	if (behind.size == 0 ||
		(behind.data[0] < 0x80 && strchr("aeiouyhAEIOUYH", behind.data[0]) == NULL))
		return false;
	for (size_t i = 0; i < sizeof elided / sizeof *elided; i++)
		if (strlen(elided[i]) == before.size &&
			strncasecmp(elided[i], (const char *)before.data, before.size) == 0)
			return true;
	return false;
}

/* The end of the word that begins at `start` and goes on at least up to `end`. */
static size_t find_word_end(struct slice text, size_t start, size_t end)
{
	bool apostrophe = false; /* between end and at */
	for (size_t at = end; at < text.size;) {
		size_t size;
		enum character_kind kind = character_at(text, at, &size);
		at += size;
		if (kind == CHARACTER_WORD || kind == CHARACTER_MARK) {
			end = at;
			apostrophe = false;
		} else if (kind == CHARACTER_APOSTROPHE) {
			if (apostrophe || is_elision(slice_of(text.data + start, end - start),
						  slice_of(text.data + at, text.size - at)))
				break;
			apostrophe = true;
		} else if (kind != CHARACTER_INVISIBLE) {
			break;
		}
	}
	return end;
}

static void take_word(struct analyzer *analyzer, struct token *ret)
{
	struct slice text = analyzer->text;
	size_t start = analyzer->at;
	size_t end = start;
	size_t size = 0;
	uint8_t folded;
	for (; end < text.size && (folded = fold_ascii(text.data[end])) != 0; end++)
		if (size < TERM_BYTES_MAX)
			analyzer->word[size++] = folded;
	/* Most words are of ASCII, which is folded by now. */
	if (end < text.size && (text.data[end] >= 0x80 || text.data[end] == '\'')) {
		size_t ascii_end = end;
		end = find_word_end(text, start, end);
		if (end != ascii_end)
			size = fold_word(slice_of(text.data + start, end - start), analyzer->word,
				TERM_BYTES_MAX);
	}
	analyzer->at = end;
	ret->kind = TOKEN_WORD;
	ret->start = start;
	ret->end = end;
	ret->word = slice_of(analyzer->word, size);
	ret->term = stemmers_stem(analyzer->stemmers, ret->word, analyzer->language);
}

/* Each character by itself, so that a word begins with the fold of its first one. */
static size_t fold_dense(struct slice text, size_t start, size_t end, uint8_t *out)
{
	return fold_word(slice_of(text.data + start, end - start), out, TERM_BYTES_MAX / 2);
}

static void take_pair(struct analyzer *analyzer, struct token *ret)
{
	struct slice text = analyzer->text;
	size_t middle = dense_character_end(text, analyzer->at);
	size_t unused;
	bool pair = middle < text.size && character_at(text, middle, &unused) == CHARACTER_DENSE;
	size_t size = fold_dense(text, analyzer->at, middle, analyzer->word);
	ret->kind = pair ? TOKEN_PAIR : TOKEN_LAST;
	ret->start = analyzer->at;
	ret->end = middle;
	if (pair) {
		ret->end = dense_character_end(text, middle);
		size += fold_dense(text, middle, ret->end, analyzer->word + size);
	}
	analyzer->at = middle;
	ret->word = slice_of(analyzer->word, size);
	ret->term = ret->word;
}

bool analyzer_next(struct analyzer *analyzer, struct token *ret)
{
	enum character_kind kind;
	while (skip_to_token(analyzer, &kind)) {
		if (kind == CHARACTER_DENSE)
			take_pair(analyzer, ret);
		else
			take_word(analyzer, ret);
		if (ret->word.size == 0)
			continue;
		ret->after_break = analyzer->any_before && analyzer->broken;
		analyzer->any_before = true;
		analyzer->broken = false;
		return true;
	}
	return false;
}

struct slice analyzer_stem(struct analyzer *analyzer, struct slice word, unsigned language)
{
	return stemmers_stem(analyzer->stemmers, word, language);
}
