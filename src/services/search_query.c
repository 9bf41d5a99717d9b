#include "services/search_query.h"

#include "base/limits.h"
#include "base/text.h"

#include <utf8proc.h>

enum {
	SHOWN_BYTES = 60, /* of the query, in a text of an error */
	FIRST_WORDS = 4,
};

/* A part of the query's text that becomes one clause. */
struct item {
	struct slice text; /* without '-', quotes and '*' */
	size_t position;   /* of its first byte, from 1 */
	bool excluded;
	bool quoted;
	bool starred;
};

struct parser {
	struct arena *arena;
	struct analyzer *analyzer;
	const uint8_t *languages;
	size_t language_count;
	struct slice text;
	size_t at;
	struct search_query *query;
	struct error *err;
};

/* The bytes of the blank at a place, 0 if something else stands there. */
static size_t blank_size(const struct parser *parser, size_t at)
{
	utf8proc_int32_t character;
	utf8proc_ssize_t size = utf8proc_iterate(
		parser->text.data + at, (utf8proc_ssize_t)(parser->text.size - at), &character);
	if (size <= 0)
		return 0;
	utf8proc_category_t category = utf8proc_category(character);
	bool blank = category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
		     category == UTF8PROC_CATEGORY_ZP || (character >= 0x09 && character <= 0x0D) ||
		     character == 0x85;
	return blank ? (size_t)size : 0;
}

static void skip_blanks(struct parser *parser)
{
	while (parser->at < parser->text.size) {
		size_t size = blank_size(parser, parser->at);
		if (size == 0)
			return;
		parser->at += size;
	}
}

static bool at_char(const struct parser *parser, char c)
{
	return parser->at < parser->text.size && parser->text.data[parser->at] == (uint8_t)c;
}

static enum code read_quoted(struct parser *parser, struct item *ret)
{
	size_t from = ++parser->at;
	while (parser->at < parser->text.size && !at_char(parser, '"'))
		parser->at++;
	if (parser->at == parser->text.size)
		return fail_field(parser->err, CODE_INVALID_ARGUMENT, "QUERY_INVALID", "query",
			"at byte %zu: the quote that opens here is not closed; put another \" "
			"behind the phrase",
			from);
	ret->quoted = true;
	ret->text = slice_of(parser->text.data + from, parser->at - from);
	parser->at++;
	return CODE_OK;
}

/* Up to a blank or a quote. */
static enum code read_run(struct parser *parser, struct item *ret)
{
	size_t from = parser->at;
	while (parser->at < parser->text.size && !at_char(parser, '"') &&
		blank_size(parser, parser->at) == 0)
		parser->at++;
	size_t end = parser->at;
	while (end > from && parser->text.data[end - 1] == '*')
		end--;
	ret->starred = end < parser->at;
	ret->text = slice_of(parser->text.data + from, end - from);
	const uint8_t *star =
		ret->text.size == 0 ? NULL : memchr(ret->text.data, '*', ret->text.size);
	if (star != NULL || (ret->starred && ret->text.size == 0))
		return fail_field(parser->err, CODE_INVALID_ARGUMENT, "QUERY_INVALID", "query",
			"at byte %zu: a * stands only at the end of a word, as in read*",
			(star == NULL ? from : (size_t)(star - parser->text.data)) + 1);
	return CODE_OK;
}

static enum code read_item(struct parser *parser, struct item *ret)
{
	*ret = (struct item){ .position = parser->at + 1 };
	size_t next = parser->at + 1;
	if (at_char(parser, '-') && next < parser->text.size && blank_size(parser, next) == 0) {
		ret->excluded = true;
		parser->at++;
	}
	return at_char(parser, '"') ? read_quoted(parser, ret) : read_run(parser, ret);
}

static bool copy(struct arena *arena, struct slice bytes, struct slice *ret)
{
	uint8_t *data = arena_alloc(arena, bytes.size);
	if (data == NULL)
		return false;
	memcpy(data, bytes.data, bytes.size);
	*ret = slice_of(data, bytes.size);
	return true;
}

static bool has_term(const struct search_word *word, struct slice term)
{
	for (size_t i = 0; i < word->term_count; i++)
		if (slice_equals(word->terms[i], term))
			return true;
	return false;
}

/* Adds what the index may hold for the word under each of the languages. */
static bool add_terms(const struct parser *parser, struct search_word *word)
{
	word->terms = arena_calloc(parser->arena, parser->language_count + 1, sizeof *word->terms);
	if (word->terms == NULL)
		return false;
	for (size_t i = 0; i < parser->language_count; i++) {
		struct slice term = word->word;
		if (word->kind == TOKEN_WORD)
			term = analyzer_stem(parser->analyzer, word->word, parser->languages[i]);
		if (has_term(word, term))
			continue;
		if (!copy(parser->arena, term, &word->terms[word->term_count]))
			return false;
		word->term_count++;
	}
	return true;
}

/* Makes room for one word more. */
static bool grow(struct arena *arena, struct search_clause *clause, size_t *capacity)
{
	if (clause->word_count < *capacity)
		return true;
	size_t more = *capacity == 0 ? FIRST_WORDS : 2 * *capacity;
	struct search_word *words = arena_calloc(arena, more, sizeof *words);
	if (words == NULL)
		return false;
	if (clause->word_count > 0)
		memcpy(words, clause->words, clause->word_count * sizeof *words);
	clause->words = words;
	*capacity = more;
	return true;
}

void search_clause_find_first(struct search_clause *clause)
{
	struct search_word *words = clause->words;
	for (uint16_t i = 0; i < clause->word_count; i++) {
		words[i].first = 0;
		while (!slice_equals(words[words[i].first].word, words[i].word))
			words[i].first++;
	}
}

/* Fills the clause's words; *end is where the last one ends in the text. The terms come later,
 * because stems are found with the analyzer that is at work here. */
static bool read_words(
	const struct parser *parser, struct slice text, struct search_clause *clause, size_t *end)
{
	struct token token;
	size_t capacity = 0;
	*end = 0;
	analyzer_start(parser->analyzer, text, "");
	while (analyzer_next(parser->analyzer, &token)) {
		if (!grow(parser->arena, clause, &capacity))
			return false;
		struct search_word *word = &clause->words[clause->word_count];
		word->kind = token.kind;
		if (!copy(parser->arena, token.word, &word->word))
			return false;
		clause->word_count++;
		*end = token.end;
	}
	search_clause_find_first(clause);
	for (size_t i = 0; i < clause->word_count; i++)
		if (!add_terms(parser, &clause->words[i]))
			return false;
	return true;
}

static enum code choose_kind(const struct parser *parser, const struct item *item, size_t end,
	struct search_clause *clause)
{
	enum token_kind last = clause->words[clause->word_count - 1].kind;
	clause->kind = clause->word_count == 1 && !item->quoted ? SEARCH_WORD : SEARCH_PHRASE;
	if (clause->word_count == 1 && last == TOKEN_LAST)
		clause->kind = SEARCH_PREFIX; /* it may be the first of a pair */
	/* Behind a script without spaces the star says nothing: a run of it is found anywhere. */
	if (!item->starred || last == TOKEN_LAST)
		return CODE_OK;
	if (clause->word_count > 1 || end != item->text.size)
		return fail_field(parser->err, CODE_INVALID_ARGUMENT, "QUERY_INVALID", "query",
			"at byte %zu: a * stands only at the end of one word, as in read*, and "
			"\"%.*s\" is not one word",
			item->position, (int)text_cut(item->text, SHOWN_BYTES), item->text.data);
	clause->kind = SEARCH_PREFIX;
	return CODE_OK;
}

/* Adds the clause of an item; none where it has no word. */
static enum code add_clause(struct parser *parser, const struct item *item)
{
	struct search_query *query = parser->query;
	struct search_clause clause = { .excluded = item->excluded };
	size_t end;
	if (!read_words(parser, item->text, &clause, &end))
		return fail_out_of_memory(parser->err);
	if (clause.word_count == 0)
		return CODE_OK;
	if (query->clause_count == LIMIT_QUERY_CLAUSES)
		return fail_field(parser->err, CODE_INVALID_ARGUMENT, "QUERY_TOO_LONG", "query",
			"at byte %zu: more than %d words and phrases; ask for fewer",
			item->position, LIMIT_QUERY_CLAUSES);
	enum code code = choose_kind(parser, item, end, &clause);
	if (code == CODE_OK)
		query->clauses[query->clause_count++] = clause;
	return code;
}

static enum code check_any_to_find(const struct search_query *query, struct error *err)
{
	for (size_t i = 0; i < query->clause_count; i++)
		if (!query->clauses[i].excluded)
			return CODE_OK;
	return fail_field(err, CODE_INVALID_ARGUMENT, "QUERY_INVALID", "query",
		query->clause_count == 0
			? "at byte 1: there is no word to find; write at least one"
			: "at byte 1: there are only words that must not occur; add one to find");
}

enum code search_query_parse(struct arena *arena, struct analyzer *analyzer, const char *text,
	const uint8_t *languages, size_t language_count, struct search_query *ret,
	struct error *err)
{
	struct parser parser = {
		.arena = arena,
		.analyzer = analyzer,
		.languages = languages,
		.language_count = language_count,
		.text = slice_of_text(text),
		.query = ret,
		.err = err,
	};
	*ret = (struct search_query){
		.clauses = arena_calloc(arena, LIMIT_QUERY_CLAUSES, sizeof *ret->clauses),
	};
	if (ret->clauses == NULL)
		return fail_out_of_memory(err);
	for (skip_blanks(&parser); parser.at < parser.text.size; skip_blanks(&parser)) {
		struct item item;
		enum code code = read_item(&parser, &item);
		if (code == CODE_OK)
			code = add_clause(&parser, &item);
		if (code != CODE_OK)
			return code;
	}
	return check_any_to_find(ret, err);
}
