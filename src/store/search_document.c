#include "store/search_document.h"

#include "analysis/html_text.h"
#include "store/search_positions.h"
#include "store/search_private.h"
#include "store/search_words.h"

enum part { TITLE, EXCERPT, HTML, PART_COUNT };

/* A document at work: its words are counted first and then stemmed, each once. */
struct words {
	struct analyzer *analyzer;
	struct word_table table;
	uint64_t lengths[COLUMN_COUNT];
	bool wants_positions;
	struct occurrences occurrences; /* in the version after the change */
};

static bool add_token(
	struct words *words, const struct token *token, uint32_t weight, unsigned columns)
{
	struct document_term *word = word_table_take(&words->table, token->word);
	if (word == NULL)
		return false;
	word->is_pair = token->kind != TOKEN_WORD;
	for (unsigned column = 0; column < COLUMN_COUNT; column++) {
		if ((columns >> column & 1) == 0)
			continue;
		word->weights[column] += weight;
		word->in_title[column] |= weight == WEIGHT_TITLE;
		words->lengths[column] += weight;
	}
	return (columns & COLUMN_AFTER) == 0 || !words->wants_positions ||
	       occurrences_add(&words->occurrences, word, token->after_break);
}

static bool add_text(struct words *words, struct slice text, uint32_t weight, unsigned columns)
{
	struct token token;
	analyzer_start(words->analyzer, text, ANALYZER_UNSTEMMED);
	while (analyzer_next(words->analyzer, &token))
		if (!add_token(words, &token, weight, columns))
			return false;
	return true;
}

static bool add_html(struct words *words, struct slice html, unsigned columns)
{
	struct html_text text;
	struct token token;
	size_t heading = 0;
	if (!html_text(words->table.arena, html, &text))
		return false;
	analyzer_start(words->analyzer, text.text, ANALYZER_UNSTEMMED);
	while (analyzer_next(words->analyzer, &token)) {
		while (heading < text.heading_count && text.headings[heading].end <= token.start)
			heading++;
		bool in_heading =
			heading < text.heading_count && text.headings[heading].start <= token.start;
		if (!add_token(words, &token, in_heading ? WEIGHT_HEADING : WEIGHT_TEXT, columns))
			return false;
	}
	return true;
}

static struct slice text_of(const struct search_document *document, enum part part)
{
	switch (part) {
	case TITLE:
		return document->title;
	case EXCERPT:
		return document->excerpt;
	case HTML:
		return document->html;
	case PART_COUNT:
		break;
	}
	return slice_of(NULL, 0);
}

static bool has_same_text(const struct search_document *a, const struct search_document *b)
{
	return slice_equals(a->title, b->title) && slice_equals(a->excerpt, b->excerpt) &&
	       slice_equals(a->html, b->html);
}

static bool add_part(struct words *words, const struct search_document *document, enum part part,
	unsigned columns)
{
	struct slice text = text_of(document, part);
	if ((columns & COLUMN_AFTER) != 0)
		occurrences_break(&words->occurrences);
	if (text.size == 0)
		return true;
	if (part == HTML)
		return add_html(words, text, columns);
	return add_text(words, text, part == TITLE ? WEIGHT_TITLE : WEIGHT_TEXT, columns);
}

/* A part that is the same before and after is read once. */
static bool add_documents(struct words *words, const struct search_document *before,
	const struct search_document *after)
{
	for (enum part part = TITLE; part < PART_COUNT; part++) {
		bool same = before != NULL && after != NULL &&
			    slice_equals(text_of(before, part), text_of(after, part));
		if (before != NULL && !add_part(words, before, part,
					      same ? COLUMN_BEFORE | COLUMN_AFTER : COLUMN_BEFORE))
			return false;
		if (after != NULL && !same && !add_part(words, after, part, COLUMN_AFTER))
			return false;
	}
	return true;
}

/* What becomes of words: their stems, some of which several words have. */
struct stems {
	struct arena *arena;
	struct analyzer *analyzer;
	struct document_term **terms;
	size_t count;
};

/* The stem of a word with its weights in some columns. NULL when out of memory. */
static struct document_term *stem_word(
	const struct stems *stems, struct document_term *word, unsigned language, unsigned columns)
{
	struct slice own = document_term_slice(word);
	struct slice stem = word->is_pair ? own : analyzer_stem(stems->analyzer, own, language);
	if (columns == (COLUMN_BEFORE | COLUMN_AFTER) && slice_equals(stem, own))
		return word;
	struct document_term *term = word_new(stems->arena, stem);
	for (unsigned column = 0; term != NULL && column < COLUMN_COUNT; column++) {
		if ((columns >> column & 1) == 0)
			continue;
		term->weights[column] = word->weights[column];
		term->in_title[column] = word->in_title[column];
	}
	return term;
}

/* The words of some columns, all of which are in one language. */
static bool add_stems(
	struct stems *stems, const struct words *words, unsigned language, unsigned columns)
{
	for (size_t i = 0; i < words->table.count; i++) {
		struct document_term *word = words->table.slots[i];
		if (((columns & COLUMN_BEFORE) == 0 || word->weights[0] == 0) &&
			((columns & COLUMN_AFTER) == 0 || word->weights[1] == 0))
			continue;
		struct document_term *term = stem_word(stems, word, language, columns);
		if (term == NULL)
			return false;
		stems->terms[stems->count++] = term;
	}
	return true;
}

/* Puts them in order and joins equal ones. */
static void join_stems(struct stems *stems)
{
	size_t kept = 0;
	words_sort(stems->terms, stems->count);
	for (size_t i = 0; i < stems->count; i++) {
		const struct document_term *term = stems->terms[i];
		struct document_term *last = kept == 0 ? NULL : stems->terms[kept - 1];
		if (last == NULL ||
			!slice_equals(document_term_slice(last), document_term_slice(term))) {
			stems->terms[kept++] = stems->terms[i];
			continue;
		}
		for (size_t column = 0; column < COLUMN_COUNT; column++) {
			last->weights[column] += term->weights[column];
			last->in_title[column] |= term->in_title[column];
		}
	}
	stems->count = kept;
}

/* Takes the words with it: some of them become terms. */
static bool stem_words(struct stems *stems, const struct words *words,
	const struct search_document *before, const struct search_document *after)
{
	unsigned new = analyzer_language((after != NULL ? after : before)->language);
	unsigned old = before == NULL ? new : analyzer_language(before->language);
	stems->terms =
		arena_alloc(stems->arena, (2 * words->table.count + 1) * sizeof *stems->terms);
	if (stems->terms == NULL)
		return false;
	bool added = old == new ? add_stems(stems, words, new, COLUMN_BEFORE | COLUMN_AFTER)
				: add_stems(stems, words, old, COLUMN_BEFORE) &&
					  add_stems(stems, words, new, COLUMN_AFTER);
	if (added)
		join_stems(stems);
	return added;
}

bool search_document_terms(struct arena *arena, struct analyzer *analyzer,
	const struct search_document *before, const struct search_document *after,
	struct document_terms *ret)
{
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
	bool same_text = before != NULL && after != NULL && has_same_text(before, after);
	struct words words = { .analyzer = analyzer,
		.table = { .arena = arena, .hash_key = hash_key },
		.wants_positions = after != NULL && !same_text,
		.occurrences = { .arena = arena } };
	struct stems terms = { .arena = arena, .analyzer = analyzer };
	randombytes_buf(hash_key, sizeof hash_key);
	if (!add_documents(&words, before, after))
		return false;
	word_table_list(&words.table);
	struct slice positions = slice_of(NULL, 0);
	if (words.occurrences.count > 0) {
		words_sort(words.table.slots, words.table.count);
		positions = positions_write(
			arena, words.table.slots, words.table.count, &words.occurrences);
		if (positions.size == 0)
			return false;
	}
	if (!stem_words(&terms, &words, before, after))
		return false;
	for (size_t i = 0; i < terms.count; i++)
		for (size_t column = 0; column < COLUMN_COUNT; column++)
			terms.terms[i]->weights[column] = search_weight_pack(
				terms.terms[i]->weights[column], terms.terms[i]->in_title[column]);
	*ret = (struct document_terms){ .terms = terms.terms,
		.count = terms.count,
		.lengths = { words.lengths[0], words.lengths[1] },
		.same_text = same_text,
		.positions = positions };
	return true;
}

bool search_document_equals(const struct search_document *a, const struct search_document *b)
{
	return a->hidden == b->hidden &&
	       analyzer_language(a->language) == analyzer_language(b->language) &&
	       has_same_text(a, b);
}

void search_document_of(
	const Lectern__V1__Post *summary, struct slice html, struct search_document *ret)
{
	*ret = (struct search_document){
		.id = summary->id,
		.hidden = summary->state != LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED,
		.title = slice_of_text(summary->title),
		.excerpt = slice_of_text(summary->excerpt),
		.html = html,
		.language = summary->language,
	};
}
