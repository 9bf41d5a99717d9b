#include "services/search_text.h"

#include "services/clause_finder.h"

enum { RANGES_MAX = 100 };

struct range {
	size_t start;
	size_t end;
};

struct highlighting {
	struct query_finder finder;
	struct range ranges[RANGES_MAX];
	size_t range_count;
	bool full;
};

/* Adds a token when it is too long ago to be of a phrase that is not found yet. */
static void settle(struct highlighting *highlighting, const struct found_token *token)
{
	if (token->found_end == 0 || highlighting->full)
		return;
	struct range *next = &highlighting->ranges[highlighting->range_count];
	if (highlighting->range_count > 0 && token->start <= next[-1].end) {
		if (token->found_end > next[-1].end)
			next[-1].end = token->found_end;
	} else if (highlighting->range_count == RANGES_MAX) {
		highlighting->full = true;
	} else {
		*next = (struct range){ token->start, token->found_end };
		highlighting->range_count++;
	}
}

/* Marks the last tokens, as many as the clause has words. */
static void mark(struct query_finder *finder, size_t count, size_t end)
{
	for (size_t back = 0; back < count; back++) {
		struct found_token *token = query_finder_recent(finder, back);
		size_t found = back == 0 ? end : token->end;
		token->found_end = found > token->found_end ? found : token->found_end;
	}
}

static void find_ranges(struct highlighting *highlighting, struct analyzer *analyzer,
	struct slice text, const char *language)
{
	struct query_finder *finder = &highlighting->finder;
	struct token token;
	analyzer_start(analyzer, text, language);
	while (!highlighting->full && analyzer_next(analyzer, &token)) {
		if (finder->token_count >= finder->recent_capacity)
			settle(highlighting,
				query_finder_recent(finder, finder->recent_capacity - 1));
		query_finder_push(finder, &token);
		for (size_t i = 0; i < finder->finder_count; i++) {
			const struct search_clause *clause = finder->finders[i].clause;
			if (clause_finder_feed(&finder->finders[i], &token))
				mark(finder, clause->word_count, found_end(clause, text, &token));
		}
	}
	size_t left = finder->token_count < finder->recent_capacity ? finder->token_count
								    : finder->recent_capacity;
	while (left > 0)
		settle(highlighting, query_finder_recent(finder, --left));
}

bool search_text_highlight(struct arena *arena, struct analyzer *analyzer,
	const struct search_query *query, struct slice text, const char *language,
	Lectern__V1__HighlightedText *ret)
{
	struct highlighting highlighting = { .range_count = 0 };
	if (!query_finder_init(arena, query, &highlighting.finder))
		return false;
	find_ranges(&highlighting, analyzer, text, language);
	lectern__v1__highlighted_text__init(ret);
	size_t count = highlighting.range_count;
	ret->text = arena_text(arena, text);
	ret->ranges = arena_calloc(arena, count, sizeof *ret->ranges);
	Lectern__V1__TextRange *ranges = arena_calloc(arena, count, sizeof *ranges);
	if (ret->text == NULL || ret->ranges == NULL || ranges == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		lectern__v1__text_range__init(&ranges[i]);
		ranges[i].start = (uint32_t)highlighting.ranges[i].start;
		ranges[i].end = (uint32_t)highlighting.ranges[i].end;
		ret->ranges[i] = &ranges[i];
	}
	ret->n_ranges = count;
	return true;
}
