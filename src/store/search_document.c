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
	struct occurrences occurrences; /* in the version after the change */
};

static bool add_token(
	struct words *words, const struct token *token, uint32_t weight, unsigned columns)
{
	struct document_term *word = word_table_take(&words->table, token->word);
	if (word == NULL)
		return false;
	word->is_pair = token->kind != TOKEN_WORD;
	word_count(word, weight, weight == WEIGHT_TITLE, columns);
	for (unsigned column = 0; column < COLUMN_COUNT; column++)
		words->lengths[column] += (columns >> column & 1) * weight;
	return (columns & COLUMN_AFTER) == 0 ||
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

/* Adds the words of some columns, all in one language, to the terms. */
static bool add_stems(
	struct word_table *terms, const struct words *words, unsigned language, unsigned columns)
{
	for (size_t i = 0; i < words->table.count; i++) {
		const struct document_term *word = words->table.slots[i];
		struct slice stem = document_term_slice(word);
		uint32_t before = columns & COLUMN_BEFORE ? word->weights[0] : 0;
		uint32_t after = columns & COLUMN_AFTER ? word->weights[1] : 0;
		if (before == 0 && after == 0)
			continue;
		if (!word->is_pair)
			stem = analyzer_stem(words->analyzer, stem, language);
		struct document_term *term = word_table_take(terms, stem);
		if (term == NULL)
			return false;
		word_count(term, before, before > 0 && word->in_title[0], COLUMN_BEFORE);
		word_count(term, after, after > 0 && word->in_title[1], COLUMN_AFTER);
	}
	return true;
}

static bool stem_words(struct word_table *terms, const struct words *words,
	const struct search_document *before, const struct search_document *after)
{
	unsigned old = before == NULL ? 0 : analyzer_language(before->language);
	unsigned new = after == NULL ? old : analyzer_language(after->language);
	if (before == NULL || old == new)
		return add_stems(terms, words, new, COLUMN_BEFORE | COLUMN_AFTER);
	return add_stems(terms, words, old, COLUMN_BEFORE) &&
	       add_stems(terms, words, new, COLUMN_AFTER);
}

bool search_document_terms(struct arena *arena, struct analyzer *analyzer,
	const struct search_document *before, const struct search_document *after,
	struct document_terms *ret)
{
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
	struct words words = { .analyzer = analyzer,
		.table = { .arena = arena, .hash_key = hash_key },
		.occurrences = { .arena = arena } };
	struct word_table terms = { .arena = arena, .hash_key = hash_key };
	randombytes_buf(hash_key, sizeof hash_key);
	if (!add_documents(&words, before, after))
		return false;
	word_table_list(&words.table);
	words_sort(words.table.slots, words.table.count);
	struct slice positions = slice_of(NULL, 0);
	if (words.occurrences.count > 0) {
		positions = positions_write(
			arena, words.table.slots, words.table.count, &words.occurrences);
		if (positions.size == 0)
			return false;
	}
	if (!stem_words(&terms, &words, before, after))
		return false;
	word_table_list(&terms);
	for (size_t i = 0; i < terms.count; i++)
		for (size_t column = 0; column < COLUMN_COUNT; column++)
			terms.slots[i]->weights[column] = search_weight_pack(
				terms.slots[i]->weights[column], terms.slots[i]->in_title[column]);
	*ret = (struct document_terms){ .terms = terms.slots,
		.count = terms.count,
		.lengths = { words.lengths[0], words.lengths[1] },
		.positions = positions };
	return true;
}

void document_terms_sort(struct document_terms *terms)
{
	words_sort(terms->terms, terms->count);
}

bool search_document_equals(const struct search_document *a, const struct search_document *b)
{
	return a->hidden == b->hidden &&
	       analyzer_language(a->language) == analyzer_language(b->language) &&
	       search_document_same_text(a, b);
}

bool search_document_same_text(const struct search_document *a, const struct search_document *b)
{
	return slice_equals(a->title, b->title) && slice_equals(a->excerpt, b->excerpt) &&
	       slice_equals(a->html, b->html);
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
