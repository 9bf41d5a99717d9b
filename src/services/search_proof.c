#include "services/search_proof.h"

#include "analysis/characters.h"
#include "services/clause_finder.h"

/* One word of a phrase in the post. */
struct source {
	struct slice at;   /* positions behind the current one */
	uint32_t position; /* current */
	uint32_t word;	   /* its first place in the clause */
};

/* A phrase at work. Its last word may be the beginning of a run of characters that goes on in the
 * post: the words before it are the stem of the phrase, and all of it where there is no such one.
 */
struct phrase {
	struct arena *arena;
	const struct search_clause *clause;
	const struct positions *positions;
	size_t stem_count;
	bool open; /* a last word is left */
	/* The words of the stem, each once: a heap, the smallest position on top. */
	struct source *heap;
	size_t count;
	/* Where the stem ends, ascending; while it is open. */
	uint32_t *ends;
	size_t end_count;
};

static enum code fail_damaged(struct error *err)
{
	return fail(err, CODE_DATA_LOSS, "the positions of words cannot be read");
}

static void sift_down(struct phrase *phrase, size_t at)
{
	struct source *heap = phrase->heap;
	struct source moved = heap[at];
	for (size_t child = 2 * at + 1; child < phrase->count; child = 2 * at + 1) {
		if (child + 1 < phrase->count && heap[child + 1].position < heap[child].position)
			child++;
		if (heap[child].position >= moved.position)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

/* As many as the last word of the stem has positions, each of which takes a byte at least. */
static enum code make_ends(struct phrase *phrase, struct error *err)
{
	uint32_t last = phrase->clause->words[phrase->stem_count - 1].first;
	const struct source *source = phrase->heap;
	while (source->word != last)
		source++;
	phrase->ends = arena_alloc(phrase->arena, (1 + source->at.size) * sizeof *phrase->ends);
	return phrase->ends == NULL ? fail_out_of_memory(err) : CODE_OK;
}

/* *complete is false where the post lacks a word. */
static enum code open_stem(struct phrase *phrase, bool *complete, struct error *err)
{
	*complete = true;
	phrase->heap = arena_alloc(phrase->arena, phrase->stem_count * sizeof *phrase->heap);
	if (phrase->heap == NULL)
		return fail_out_of_memory(err);
	for (uint32_t i = 0; i < phrase->stem_count; i++) {
		struct positions_cursor cursor;
		const struct search_word *word = &phrase->clause->words[i];
		if (word->first != i)
			continue;
		if (!positions_seek(&cursor, phrase->positions, word->word) ||
			!slice_equals(positions_word(&cursor), word->word)) {
			*complete = false;
			return cursor.damaged ? fail_damaged(err) : CODE_OK;
		}
		struct source *source = &phrase->heap[phrase->count++];
		*source = (struct source){ .at = cursor.at, .word = i };
		if (!positions_take(&source->at, &source->position))
			return fail_damaged(err);
	}
	for (size_t at = phrase->count / 2; at > 0; at--)
		sift_down(phrase, at - 1);
	return phrase->open ? make_ends(phrase, err) : CODE_OK;
}

/* Moves the word on top of the heap to its next position. */
static enum code advance(struct phrase *phrase, struct error *err)
{
	struct source *top = &phrase->heap[0];
	if (!positions_take(&top->at, &top->position)) {
		if (top->at.size > 0)
			return fail_damaged(err);
		*top = phrase->heap[--phrase->count];
	}
	if (phrase->count > 0)
		sift_down(phrase, 0);
	return CODE_OK;
}

/* Finds the stem; where it is open all places, else the first one. As in clause_finder.c, but with
 * numbers for words, since each is looked up but once. */
static enum code find_stem(struct phrase *phrase, bool *found, struct error *err)
{
	const struct search_word *words = phrase->clause->words;
	uint16_t *borders =
		arena_alloc(phrase->arena, (phrase->clause->word_count + 1) * sizeof *borders);
	uint32_t before = 0;
	size_t matched = 0;
	enum code code = CODE_OK;
	if (borders == NULL)
		return fail_out_of_memory(err);
	clause_find_borders(phrase->clause, borders);
	for (*found = false; code == CODE_OK && phrase->count > 0 && !*found;
		code = advance(phrase, err)) {
		const struct source *top = &phrase->heap[0];
		if (top->position != before + 1)
			matched = 0;
		before = top->position;
		while (matched > 0 && words[matched].first != top->word)
			matched = borders[matched];
		matched += words[matched].first == top->word;
		if (matched < phrase->stem_count)
			continue;
		matched = borders[matched];
		if (phrase->open)
			phrase->ends[phrase->end_count++] = top->position;
		else
			*found = true;
	}
	return code;
}

static bool is_end(const struct phrase *phrase, uint32_t position)
{
	size_t low = 0;
	size_t high = phrase->end_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (phrase->ends[middle] < position)
			low = middle + 1;
		else
			high = middle;
	}
	return low < phrase->end_count && phrase->ends[low] == position;
}

/* Whether a word of the post is of a script without spaces, as far as it can be told: "㊀a" has
 * become an ordinary word that begins as such a run does. */
static bool is_run(struct slice word, size_t first_size)
{
	size_t size;
	return word.size == first_size || character_at(word, first_size, &size) != CHARACTER_WORD;
}

/* Looks behind the stem for any word that begins as the last one of the phrase. */
static enum code find_run(const struct phrase *phrase, bool *found, struct error *err)
{
	struct positions_cursor cursor;
	struct slice last = phrase->clause->words[phrase->stem_count].word;
	bool more = positions_seek(&cursor, phrase->positions, last);
	for (*found = false; more && !*found && slice_begins_with(positions_word(&cursor), last);
		more = positions_next(&cursor)) {
		uint32_t position = 0;
		if (!is_run(positions_word(&cursor), last.size))
			continue;
		*found = phrase->stem_count == 0;
		while (!*found && positions_take(&cursor.at, &position))
			*found = is_end(phrase, position - 1);
		if (!*found && cursor.at.size > 0)
			return fail_damaged(err);
	}
	return !*found && cursor.damaged ? fail_damaged(err) : CODE_OK;
}

static enum code prove_phrase(struct arena *arena, const struct search_clause *clause,
	const struct positions *positions, bool *ret_holds, struct error *err)
{
	bool complete = true;
	bool open = clause->words[clause->word_count - 1].kind == TOKEN_LAST;
	struct phrase phrase = { .arena = arena,
		.clause = clause,
		.positions = positions,
		.stem_count = clause->word_count - open,
		.open = open };
	enum code code = CODE_OK;
	if (phrase.stem_count > 0)
		code = open_stem(&phrase, &complete, err);
	if (code == CODE_OK && complete && phrase.stem_count > 0)
		code = find_stem(&phrase, ret_holds, err);
	if (code == CODE_OK && open && (phrase.end_count > 0 || phrase.stem_count == 0))
		code = find_run(&phrase, ret_holds, err);
	return code;
}

enum code search_prove(struct arena *arena, const struct search_clause *clause,
	const struct positions *positions, bool *ret_holds, struct error *err)
{
	*ret_holds = false;
	if (clause->kind == SEARCH_PHRASE)
		return prove_phrase(arena, clause, positions, ret_holds, err);
	struct positions_cursor cursor;
	struct slice prefix = clause->words[0].word;
	*ret_holds = positions_seek(&cursor, positions, prefix) &&
		     slice_begins_with(positions_word(&cursor), prefix);
	return cursor.damaged ? fail_damaged(err) : CODE_OK;
}
