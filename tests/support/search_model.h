/*
 * An oracle for searches, for tests with a server of their own (own_server.h): random posts, kept a
 * second time in a plain array, random queries, and what loops over that array find. The words are
 * made up so that their stems are the words themselves.
 */
#pragma once
#include "support/own_server.h"
#include "support/random.h"

#include <lectern/v1/search.pb-c.h>

enum {
	POSTS_MAX = 120,
	LINES_MAX = 6,
	WORDS_MAX = 7, /* of a line, a phrase */
	TAGS = 6,
	AUTHORS = 3,
	CATEGORIES = 3,
	MONTHS = 5,
	CLAUSES_MAX = 5,
	TEXT_BYTES = 2048,
	VOCABULARY = 16,
};

extern const char *const vocabulary[VOCABULARY];

enum line_kind { TITLE, EXCERPT, HEADING, PARAGRAPH };

struct line {
	enum line_kind kind;
	int words[WORDS_MAX]; /* numbers in the vocabulary */
	int count;
};

struct model_post {
	uint64_t id;
	Lectern__V1__PostState state;
	int month;
	int author;
	int category;
	bool tags[TAGS];
	struct line lines[LINES_MAX];
	int line_count;
	bool changed; /* during a walk */
};

struct model {
	struct model_post posts[POSTS_MAX];
	int count;
};

extern struct random source;
extern struct model model;

static inline int below(int limit)
{
	return (int)random_below(&source, (uint64_t)limit);
}

/* --- Posts --- */

void draw_post(struct model_post *post);
/* Writes the post to the store, as a new one where it has no id. */
void write_post(struct model_post *post);
/* Draws so many posts and writes them. */
void add_posts(int count);
/* The test fails if the model has none of that id. */
struct model_post *post_of(uint64_t id);
/* The first of the month, ten o'clock; months 0 and 1 are in one year. The scheduled are in the
 * future. */
int64_t time_of(const struct model_post *post);

/* --- Queries --- */

enum clause_kind { WORD, PREFIX, PHRASE };

struct clause {
	enum clause_kind kind;
	bool excluded;
	int words[WORDS_MAX];
	int count;
	char prefix[16];
};

enum filter_kind {
	NO_FILTER,
	TAG,
	NOT_TAG,
	AUTHOR,
	CATEGORY,
	BEFORE,
	TAG_AND_AUTHOR,
	ANY_STATE,
	DRAFTS
};

struct drawn_query {
	struct clause clauses[CLAUSES_MAX];
	int count;
	enum filter_kind filter;
	int number;
	char text[TEXT_BYTES];
	char filter_text[TEXT_BYTES];
};

void draw_query(struct drawn_query *query);

/* --- What a search finds --- */

bool is_found(const struct drawn_query *query, const struct model_post *post);
double score_of(const struct drawn_query *query, const struct model_post *post);
/* How many of the posts that are found have a value of a facet, a number below TAGS and so on. */
uint64_t count_value(const struct drawn_query *query, Lectern__V1__FacetKind kind, int value);
