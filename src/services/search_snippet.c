#include "analysis/characters.h"
#include "services/clause_finder.h"
#include "services/search_text.h"

/* Less of the text is given up than this to cut it at a blank. */
enum { BLANK_BYTES_MAX = 32 };

struct window {
	size_t start;
	size_t end;
};

struct choice {
	struct slice text;
	size_t size_bytes;
	struct query_finder finder;
	const struct search_clause *first_clause;
	const double *weights;
	size_t *last_starts; /* where each finder's clause was found last; SIZE_MAX: not yet */
	double best_score;
	struct window best;
	bool best_has_all; /* it cannot be bettered */
};

/* Compares the window that ends with a token with the best one. The score is at least 0 for every
 * clause that is in it. */
static void consider(struct choice *choice, size_t end)
{
	struct window window = { end, end };
	double score = 0;
	size_t count = 0;
	for (size_t i = 0; i < choice->finder.finder_count; i++) {
		size_t start = choice->last_starts[i];
		if (start == SIZE_MAX || end - start > choice->size_bytes)
			continue;
		size_t clause = (size_t)(choice->finder.finders[i].clause - choice->first_clause);
		score += choice->weights[clause];
		window.start = start < window.start ? start : window.start;
		count++;
	}
	if (score > choice->best_score) {
		choice->best_score = score;
		choice->best = window;
		choice->best_has_all = count == choice->finder.finder_count;
	}
}

/* Finds the first of the windows with the best score. */
static void choose(struct choice *choice, struct analyzer *analyzer, const char *language)
{
	struct query_finder *finder = &choice->finder;
	struct token token;
	for (size_t i = 0; i < finder->finder_count; i++)
		choice->last_starts[i] = SIZE_MAX;
	analyzer_start(analyzer, choice->text, language);
	while (!choice->best_has_all && analyzer_next(analyzer, &token)) {
		bool found = false;
		query_finder_push(finder, &token);
		for (size_t i = 0; i < finder->finder_count; i++) {
			const struct search_clause *clause = finder->finders[i].clause;
			if (!clause_finder_feed(&finder->finders[i], &token))
				continue;
			choice->last_starts[i] =
				query_finder_recent(finder, clause->word_count - 1)->start;
			found = true;
		}
		if (found)
			consider(choice, token.end);
	}
}

static bool is_blank(struct slice text, size_t at)
{
	uint8_t byte = text.data[at];
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool is_character_start(struct slice text, size_t at)
{
	if (at >= text.size)
		return true;
	size_t size;
	enum character_kind kind = character_at(text, at, &size);
	return (text.data[at] & 0xC0) != 0x80 && kind != CHARACTER_MARK &&
	       kind != CHARACTER_INVISIBLE;
}

/* The first place from `start` on, at most `limit`, where a word begins; a character if no blank is
 * near. */
static size_t snap_start(struct slice text, size_t start, size_t limit)
{
	if (start == 0)
		return 0;
	for (size_t at = start; at <= limit && at - start < BLANK_BYTES_MAX; at++)
		if (is_blank(text, at - 1) && !is_blank(text, at))
			return at;
	while (start < limit && !is_character_start(text, start))
		start++;
	return start;
}

/* The same backwards for the end of a window, at least `limit` if that is at a character. */
static size_t snap_end(struct slice text, size_t start, size_t end, size_t limit)
{
	if (end == text.size)
		return end;
	for (size_t at = end; at >= limit && at > start && end - at < BLANK_BYTES_MAX; at--)
		if (is_blank(text, at) && !is_blank(text, at - 1))
			return at;
	while (end > start && !is_character_start(text, end))
		end--;
	return end;
}

/* Makes the window as large as wanted, what was found in its middle. */
static struct window widen(struct slice text, struct window found, size_t size_bytes)
{
	if (text.size <= size_bytes)
		return (struct window){ 0, text.size };
	size_t span = found.end - found.start;
	if (span > size_bytes) { /* of one long phrase */
		found.end = found.start + size_bytes;
		span = size_bytes;
	}
	size_t before = (size_bytes - span) / 2;
	size_t start = found.start > before ? found.start - before : 0;
	if (start > text.size - size_bytes)
		start = text.size - size_bytes;
	start = snap_start(text, start, found.start);
	size_t end = start + size_bytes < text.size ? start + size_bytes : text.size;
	return (struct window){ start, snap_end(text, start, end, found.end) };
}

static bool copy_text(struct arena *arena, struct slice text, struct window window,
	Lectern__V1__HighlightedText *ret)
{
	static const char ellipsis[] = "…";
	const char *before = window.start > 0 ? ellipsis : "";
	const char *behind = window.end < text.size ? ellipsis : "";
	char *copy = arena_printf(arena, "%s%s%s", before, ret->text, behind);
	if (copy == NULL)
		return false;
	for (char *at = copy; *at != '\0'; at++)
		if (*at >= '\t' && *at <= '\r')
			*at = ' ';
	for (size_t i = 0; i < ret->n_ranges; i++) {
		ret->ranges[i]->start += (uint32_t)strlen(before);
		ret->ranges[i]->end += (uint32_t)strlen(before);
	}
	ret->text = copy;
	return true;
}

bool search_text_snippet(struct arena *arena, struct analyzer *analyzer,
	const struct search_query *query, const double *clause_weights, struct slice text,
	const char *language, size_t size_bytes, Lectern__V1__HighlightedText *ret)
{
	struct choice choice = {
		.text = text,
		.size_bytes = size_bytes,
		.first_clause = query->clauses,
		.weights = clause_weights,
		.best_score = -1,
	};
	choice.last_starts = arena_calloc(arena, query->clause_count, sizeof *choice.last_starts);
	if (choice.last_starts == NULL || !query_finder_init(arena, query, &choice.finder))
		return false;
	choose(&choice, analyzer, language);
	struct window window = widen(text, choice.best, size_bytes);
	struct slice part = slice_of(text.data + window.start, window.end - window.start);
	return search_text_highlight(arena, analyzer, query, part, language, ret) &&
	       copy_text(arena, text, window, ret);
}
