#include "services/search_operand.h"

#include "base/limits.h"
#include "base/text.h"
#include "services/search_endings.h"

enum {
	FIRST_TERMS = 16,
	/* Words of a phrase that are looked up; the others are left to the proof. */
	PHRASE_WORDS_MAX = 32,
	SHOWN_BYTES = 60,
};

static enum code open_word(
	struct search_operand *operand, const struct search_lookup *lookup, struct error *err)
{
	const struct search_word *word = &operand->clause->words[0];
	struct search_union *set = &operand->words[operand->word_count++];
	if (!search_union_init(set, lookup->arena, word->term_count))
		return fail_out_of_memory(err);
	for (size_t i = 0; i < word->term_count; i++)
		search_union_add(set, lookup->reader, lookup->hidden, word->terms[i], true);
	operand->documents = set->documents;
	return CODE_OK;
}

/* --- Prefixes --- */

/* Terms in the store or in the arena, growing. */
struct term_list {
	struct slice *terms;
	size_t count;
	size_t capacity;
};

static bool append(struct arena *arena, struct term_list *list, struct slice term)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity == 0 ? FIRST_TERMS : 2 * list->capacity;
		struct slice *terms = arena_calloc(arena, capacity, sizeof *terms);
		if (terms == NULL)
			return false;
		if (list->count > 0)
			memcpy(terms, list->terms, list->count * sizeof *terms);
		list->terms = terms;
		list->capacity = capacity;
	}
	list->terms[list->count++] = term;
	return true;
}

/* All terms of the index that begin with the prefix. */
static enum code expand(const struct search_lookup *lookup, struct slice prefix,
	struct term_list *ret, struct error *err)
{
	struct search_terms walk;
	enum code code = CODE_OK;
	search_terms_start(&walk, lookup->reader, lookup->hidden, prefix);
	while (code == CODE_OK && search_terms_next(&walk)) {
		if (ret->count == LIMIT_PREFIX_WORDS)
			code = fail_field(err, CODE_INVALID_ARGUMENT, "PREFIX_TOO_SHORT", "query",
				"more than %d words begin with \"%.*s\"; write more letters",
				LIMIT_PREFIX_WORDS, (int)text_cut(prefix, SHOWN_BYTES),
				prefix.data);
		else if (!append(lookup->arena, ret, walk.term))
			code = fail_out_of_memory(err);
	}
	search_terms_end(&walk);
	return code == CODE_OK ? txn_status(lookup->txn, err) : code;
}

static enum code open_prefix(
	struct search_operand *operand, const struct search_lookup *lookup, struct error *err)
{
	const struct search_word *word = &operand->clause->words[0];
	struct term_list terms = { 0 };
	enum code code = expand(lookup, word->word, &terms, err);
	if (code != CODE_OK)
		return code;
	struct slice stems[SEARCH_ENDINGS_MAX];
	size_t stem_count = 0;
	if (word->kind == TOKEN_WORD &&
		!search_stems_of_prefix(lookup->arena, lookup->analyzer, word->word,
			lookup->languages, lookup->language_count, stems, &stem_count))
		return fail_out_of_memory(err);
	struct search_union *set = &operand->words[operand->word_count++];
	if (!search_union_init(set, lookup->arena, terms.count + stem_count))
		return fail_out_of_memory(err);
	for (size_t i = 0; i < terms.count; i++)
		search_union_add(set, lookup->reader, lookup->hidden, terms.terms[i], true);
	for (size_t i = 0; i < stem_count; i++)
		search_union_add(set, lookup->reader, lookup->hidden, stems[i], false);
	operand->documents = set->documents;
	return CODE_OK;
}

/* --- Phrases --- */

/* Whether the index can tell anything about a word of the phrase that was not asked yet. A phrase
 * may end in the middle of a run of characters: its last one may be the first of a pair there. */
static bool is_looked_up(const struct search_clause *clause, size_t index)
{
	const struct search_word *word = &clause->words[index];
	if (word->kind == TOKEN_LAST && index == clause->word_count - 1)
		return false;
	return word->first == index;
}

static enum code open_phrase(
	struct search_operand *operand, const struct search_lookup *lookup, struct error *err)
{
	const struct search_clause *clause = operand->clause;
	operand->documents = UINT64_MAX;
	for (size_t i = 0; i < clause->word_count && operand->word_count < PHRASE_WORDS_MAX; i++) {
		const struct search_word *word = &clause->words[i];
		if (!is_looked_up(clause, i))
			continue;
		struct search_union *set = &operand->words[operand->word_count++];
		if (!search_union_init(set, lookup->arena, word->term_count))
			return fail_out_of_memory(err);
		for (size_t t = 0; t < word->term_count; t++)
			search_union_add(set, lookup->reader, lookup->hidden, word->terms[t], true);
		if (set->documents < operand->documents)
			operand->documents = set->documents;
	}
	return CODE_OK;
}

enum code search_operand_open(struct search_operand *operand, const struct search_lookup *lookup,
	const struct search_clause *clause, struct error *err)
{
	size_t capacity =
		clause->word_count < PHRASE_WORDS_MAX ? clause->word_count : PHRASE_WORDS_MAX;
	*operand = (struct search_operand){
		.clause = clause,
		.words = arena_calloc(lookup->arena, capacity, sizeof *operand->words),
	};
	if (operand->words == NULL)
		return fail_out_of_memory(err);
	switch (clause->kind) {
	case SEARCH_WORD:
		return open_word(operand, lookup, err);
	case SEARCH_PREFIX:
		return open_prefix(operand, lookup, err);
	case SEARCH_PHRASE:
		return open_phrase(operand, lookup, err);
	}
	return CODE_OK;
}

uint64_t search_operand_close(struct search_operand *operand)
{
	uint64_t blocks_read = 0;
	for (size_t i = 0; i < operand->word_count; i++)
		blocks_read += search_union_end(&operand->words[i]);
	return blocks_read;
}

bool search_operand_seek(struct search_operand *operand, uint64_t *id, struct deadline *deadline)
{
	size_t agreed = 0; /* words that stand at *id */
	for (size_t i = 0; agreed < operand->word_count; i = (i + 1) % operand->word_count) {
		struct search_union *set = &operand->words[i];
		unsigned steps = 1 + (unsigned)set->live / 16; /* some of them move */
		if (!search_union_seek(set, *id) || deadline_passed(deadline, steps))
			return false;
		agreed = set->id == *id ? agreed + 1 : 1;
		*id = set->id;
	}
	return true;
}

enum search_verdict search_operand_verdict(const struct search_operand *operand)
{
	switch (operand->clause->kind) {
	case SEARCH_WORD:
		return SEARCH_YES;
	case SEARCH_PREFIX:
		return search_union_presences(&operand->words[0]).proven.weight > 0
			       ? SEARCH_YES
			       : SEARCH_UNDECIDED;
	case SEARCH_PHRASE:
		return SEARCH_UNDECIDED;
	}
	return SEARCH_NO;
}

struct search_presence search_operand_presence(const struct search_operand *operand)
{
	struct search_presence all = { .weight = UINT32_MAX, .in_title = true };
	for (size_t i = 0; i < operand->word_count; i++) {
		struct search_presences found = search_union_presences(&operand->words[i]);
		struct search_presence word =
			found.proven.weight > 0 ? found.proven : found.doubtful;
		if (word.weight < all.weight)
			all.weight = word.weight;
		all.in_title = all.in_title && word.in_title;
	}
	return all;
}
