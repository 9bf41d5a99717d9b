#include "services/search_proof.h"

#include "services/clause_finder.h"

/* One word of a phrase in the post. */
struct source {
	struct token token;
	struct slice at;   /* positions behind the current one */
	uint32_t position; /* current */
};

/* All words of a phrase in the post: a heap, the smallest position on top. */
struct sources {
	struct arena *arena;
	struct source *heap;
	size_t count;
	size_t capacity;
};

static enum code fail_damaged(struct error *err)
{
	return fail(err, CODE_DATA_LOSS, "the positions of words cannot be read");
}

static bool begins_with(struct slice text, struct slice prefix)
{
	return text.size >= prefix.size && memcmp(text.data, prefix.data, prefix.size) == 0;
}

/* Moves the source to its next position; false behind the last one. */
static bool advance(struct source *source)
{
	return positions_take(&source->at, &source->position);
}

static void sift_down(struct sources *sources, size_t at)
{
	struct source *heap = sources->heap;
	struct source moved = heap[at];
	for (size_t child = 2 * at + 1; child < sources->count; child = 2 * at + 1) {
		if (child + 1 < sources->count && heap[child + 1].position < heap[child].position)
			child++;
		if (heap[child].position >= moved.position)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static bool has_room(struct sources *sources)
{
	if (sources->count < sources->capacity)
		return true;
	size_t capacity = 2 * sources->capacity;
	struct source *heap = arena_alloc(sources->arena, capacity * sizeof *heap);
	if (heap == NULL)
		return false;
	memcpy(heap, sources->heap, sources->count * sizeof *heap);
	sources->heap = heap;
	sources->capacity = capacity;
	return true;
}

/* `word` lives as long as the sources. */
static enum code add_source(struct sources *sources, const struct positions_cursor *cursor,
	struct slice word, enum token_kind kind, struct error *err)
{
	if (!has_room(sources))
		return fail_out_of_memory(err);
	struct source *source = &sources->heap[sources->count++];
	*source = (struct source){ .token = { .kind = kind, .word = word, .term = word },
		.at = cursor->at };
	return advance(source) ? CODE_OK : fail_damaged(err);
}

/* The last word stands for all that begin with it: a run of characters may go on in the post. */
static enum code add_runs(struct sources *sources, const struct positions *positions,
	struct slice last, struct error *err)
{
	struct positions_cursor cursor;
	enum code code = CODE_OK;
	bool more = positions_seek(&cursor, positions, last);
	for (; code == CODE_OK && more && begins_with(positions_word(&cursor), last);
		more = positions_next(&cursor)) {
		uint8_t *word = arena_alloc(sources->arena, cursor.size);
		if (word == NULL)
			return fail_out_of_memory(err);
		memcpy(word, cursor.word, cursor.size);
		code = add_source(sources, &cursor, slice_of(word, cursor.size), TOKEN_PAIR, err);
	}
	return code == CODE_OK && cursor.damaged ? fail_damaged(err) : code;
}

/* Adds each word once; *complete is false where the post lacks one. */
static enum code add_words(struct sources *sources, const struct search_clause *clause,
	const struct positions *positions, bool *complete, struct error *err)
{
	size_t last = clause->word_count - 1;
	bool runs = clause->words[last].kind == TOKEN_LAST;
	*complete = true;
	for (size_t i = 0; i < clause->word_count - runs; i++) {
		struct positions_cursor cursor;
		struct slice word = clause->words[i].word;
		/* The runs have this one, too. */
		if (clause->words[i].repeated ||
			(runs && begins_with(word, clause->words[last].word)))
			continue;
		bool found = positions_seek(&cursor, positions, word) &&
			     slice_equals(positions_word(&cursor), word);
		if (!found) {
			*complete = false;
			return cursor.damaged ? fail_damaged(err) : CODE_OK;
		}
		enum code code = add_source(sources, &cursor, word, TOKEN_WORD, err);
		if (code != CODE_OK)
			return code;
	}
	return runs ? add_runs(sources, positions, clause->words[last].word, err) : CODE_OK;
}

/* Feeds the phrase's words to a finder as they come in the post. */
static enum code find_phrase(struct sources *sources, const struct search_clause *clause,
	bool *ret_holds, struct error *err)
{
	struct clause_finder finder;
	uint32_t before = 0;
	uint16_t *borders = arena_alloc(sources->arena, (clause->word_count + 1) * sizeof *borders);
	if (borders == NULL)
		return fail_out_of_memory(err);
	clause_finder_init(&finder, clause, borders);
	for (size_t at = sources->count / 2; at > 0; at--)
		sift_down(sources, at - 1);
	while (sources->count > 0) {
		struct source *top = &sources->heap[0];
		top->token.after_break = top->position != before + 1;
		before = top->position;
		if (clause_finder_feed(&finder, &top->token)) {
			*ret_holds = true;
			return CODE_OK;
		}
		if (!advance(top)) {
			if (top->at.size > 0)
				return fail_damaged(err);
			*top = sources->heap[--sources->count];
		}
		if (sources->count > 0)
			sift_down(sources, 0);
	}
	return CODE_OK;
}

static enum code prove_phrase(struct arena *arena, const struct search_clause *clause,
	const struct positions *positions, bool *ret_holds, struct error *err)
{
	bool complete;
	struct sources sources = { .arena = arena, .capacity = clause->word_count };
	sources.heap = arena_alloc(arena, sources.capacity * sizeof *sources.heap);
	if (sources.heap == NULL)
		return fail_out_of_memory(err);
	enum code code = add_words(&sources, clause, positions, &complete, err);
	return code == CODE_OK && complete ? find_phrase(&sources, clause, ret_holds, err) : code;
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
		     begins_with(positions_word(&cursor), prefix);
	return cursor.damaged ? fail_damaged(err) : CODE_OK;
}
