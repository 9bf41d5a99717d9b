#include "support/search_clause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

int clauses_set_up(void **state)
{
	static struct fixture fixture;
	fixture.analyzer = analyzer_new();
	arena_init(&fixture.arena, 64 << 20);
	*state = &fixture;
	return fixture.analyzer == NULL;
}

int clauses_tear_down(void **state)
{
	struct fixture *fixture = *state;
	analyzer_free(fixture->analyzer);
	arena_done(&fixture->arena);
	return 0;
}

static void *copy(struct arena *arena, const void *data, size_t size)
{
	void *new = arena_alloc(arena, size);
	assert_non_null(new);
	memcpy(new, data, size);
	return new;
}

bool make_clause(struct fixture *fixture, enum search_clause_kind kind, struct slice text,
	struct search_clause *ret)
{
	struct search_word words[WORDS_MAX];
	struct token token;
	size_t count = 0;
	analyzer_start(fixture->analyzer, text, "");
	while (count < WORDS_MAX && analyzer_next(fixture->analyzer, &token)) {
		words[count].kind = token.kind;
		words[count++].word = slice_of(
			copy(&fixture->arena, token.word.data, token.word.size), token.word.size);
	}
	static const unsigned languages[] = { 0, 7, 10 };
	for (size_t i = 0; i < count; i++) {
		words[i].term_count = 0;
		words[i].terms = arena_calloc(&fixture->arena, 3, sizeof *words[i].terms);
		for (size_t n = 0; n < sizeof languages / sizeof *languages; n++) {
			struct slice term = words[i].word;
			if (words[i].kind == TOKEN_WORD)
				term = analyzer_stem(fixture->analyzer, term, languages[n]);
			term.data = copy(&fixture->arena, term.data, term.size);
			words[i].terms[words[i].term_count++] = term;
		}
	}
	*ret = (struct search_clause){
		.kind = count > 1 ? SEARCH_PHRASE : kind,
		.words = copy(&fixture->arena, words, count * sizeof *words),
		.word_count = count,
	};
	search_clause_find_first(ret);
	return count > 0;
}

struct search_query make_query(struct fixture *fixture, const char *text)
{
	struct search_query query = {
		.clauses = arena_calloc(&fixture->arena, CLAUSES_MAX, sizeof *query.clauses),
	};
	while (*text != '\0') {
		size_t size = strcspn(text, "|");
		bool excluded = *text == '-';
		enum search_clause_kind kind = text[excluded] == '"'   ? SEARCH_PHRASE
					       : text[size - 1] == '*' ? SEARCH_PREFIX
								       : SEARCH_WORD;
		struct search_clause *clause = &query.clauses[query.clause_count++];
		assert_true(make_clause(fixture, kind, slice_of(text, size), clause));
		clause->excluded = excluded;
		text += size + (text[size] == '|');
	}
	return query;
}

static bool find_positions(
	struct fixture *fixture, const struct search_document *post, struct positions *ret)
{
	struct document_terms terms;
	struct search_document own = *post;
	own.language = "en";
	assert_true(search_document_terms(&fixture->arena, fixture->analyzer, NULL, &own, &terms));
	return positions_read(terms.positions, ret);
}

void positions_of(
	struct fixture *fixture, const struct search_document *post, struct positions *ret)
{
	assert_true(find_positions(fixture, post, ret));
}

bool clause_holds(struct fixture *fixture, const struct search_clause *clause,
	const struct search_document *post)
{
	struct positions positions;
	struct error err;
	bool holds = false;
	if (!find_positions(fixture, post, &positions))
		return false;
	if (search_prove(&fixture->arena, clause, &positions, &holds, &err) != CODE_OK)
		fail_msg("%s", err.text);
	return holds;
}
