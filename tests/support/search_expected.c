/* What the model of searches finds, in plain loops. */
#include "base/rfc3339.h"
#include "support/search_model.h"

#include <math.h>
#include <string.h>

static const unsigned line_weights[] = { 4, 1, 2, 1 };

static bool is_public(const struct model_post *post)
{
	return post->state == LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
}

/* Whether the query is about the post's half of the store at all. */
static bool in_scope(const struct drawn_query *query, const struct model_post *post)
{
	return is_public(post) || query->filter == ANY_STATE || query->filter == DRAFTS;
}

static bool passes_filter(const struct drawn_query *query, const struct model_post *post)
{
	switch (query->filter) {
	case NO_FILTER:
	case ANY_STATE:
		return true;
	case TAG:
		return post->tags[query->number];
	case NOT_TAG:
		return !post->tags[query->number];
	case AUTHOR:
		return post->author == query->number;
	case CATEGORY:
		return post->category == query->number;
	case BEFORE:
		return time_of(post) <
		       civil_date_start_us((struct civil_date){ 2020 + query->number, 6, 1 });
	case TAG_AND_AUTHOR:
		return post->tags[query->number] && post->author == 0;
	case DRAFTS:
		return post->state == LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
	}
	return false;
}

static bool is_meant(const struct clause *clause, int word)
{
	if (clause->kind == PREFIX)
		return strncmp(vocabulary[word], clause->prefix, strlen(clause->prefix)) == 0;
	return word == clause->words[0];
}

/* What the words that are meant weigh in a post; of a phrase its lightest word. */
static unsigned weight_of(const struct clause *clause, const struct model_post *post)
{
	unsigned lightest = 1000000;
	for (int w = 0; w < clause->count; w++) {
		struct clause one = { .kind = clause->kind, .words = { clause->words[w] } };
		unsigned weight = 0;
		memcpy(one.prefix, clause->prefix, sizeof one.prefix);
		for (int i = 0; i < post->line_count; i++)
			for (int k = 0; k < post->lines[i].count; k++)
				if (is_meant(&one, post->lines[i].words[k]))
					weight += line_weights[post->lines[i].kind];
		lightest = weight < lightest ? weight : lightest;
	}
	return lightest;
}

/* Whether each word that is meant stands in the title. */
static bool in_title(const struct clause *clause, const struct model_post *post)
{
	for (int w = 0; w < clause->count; w++) {
		struct clause one = { .kind = clause->kind, .words = { clause->words[w] } };
		bool found = false;
		memcpy(one.prefix, clause->prefix, sizeof one.prefix);
		for (int i = 0; i < post->line_count; i++)
			for (int k = 0; post->lines[i].kind == TITLE && k < post->lines[i].count;
				k++)
				found = found || is_meant(&one, post->lines[i].words[k]);
		if (!found)
			return false;
	}
	return true;
}

static bool holds_phrase(const struct clause *clause, const struct line *line)
{
	for (int at = 0; at + clause->count <= line->count; at++)
		if (memcmp(clause->words, line->words + at,
			    (size_t)clause->count * sizeof *line->words) == 0)
			return true;
	return false;
}

static bool holds(const struct clause *clause, const struct model_post *post)
{
	if (clause->kind != PHRASE)
		return weight_of(clause, post) > 0;
	for (int i = 0; i < post->line_count; i++)
		if (holds_phrase(clause, &post->lines[i]))
			return true;
	return false;
}

bool is_found(const struct drawn_query *query, const struct model_post *post)
{
	if (!in_scope(query, post) || !passes_filter(query, post))
		return false;
	for (int i = 0; i < query->count; i++)
		if (holds(&query->clauses[i], post) == query->clauses[i].excluded)
			return false;
	return true;
}

/* How many posts of one half have a word. */
static double count_word(const struct drawn_query *query, int word, bool public)
{
	struct clause one = { .kind = WORD, .count = 1, .words = { word } };
	double count = 0;
	for (int i = 0; i < model.count; i++)
		if (in_scope(query, &model.posts[i]) && is_public(&model.posts[i]) == public &&
			weight_of(&one, &model.posts[i]) > 0)
			count++;
	return count;
}

static double count_half(const struct drawn_query *query, const struct clause *clause, bool public)
{
	double count = clause->kind == PREFIX ? 0 : count_word(query, clause->words[0], public);
	for (int word = 0; clause->kind == PREFIX && word < VOCABULARY; word++)
		if (is_meant(clause, word))
			count += count_word(query, word, public);
	for (int i = 1; i < clause->count; i++)
		count = fmin(count, count_word(query, clause->words[i], public));
	return count;
}

static unsigned words_length(const struct model_post *post)
{
	unsigned length = 0;
	for (int i = 0; i < post->line_count; i++)
		length += (unsigned)post->lines[i].count * line_weights[post->lines[i].kind];
	return length;
}

/* As one byte can hold it: exact up to 39, then four digits of the binary number above 24. */
static double coded_length(const struct model_post *post)
{
	unsigned length = words_length(post);
	if (length <= 39)
		return length;
	unsigned unit = 1;
	while ((length - 24) / unit > 15)
		unit *= 2;
	return 24 + (length - 24) / unit * unit;
}

double score_of(const struct drawn_query *query, const struct model_post *post)
{
	double all = 0;
	double length = 0;
	double score = 0;
	for (int i = 0; i < model.count; i++)
		if (in_scope(query, &model.posts[i])) {
			all++;
			length += coded_length(&model.posts[i]);
		}
	for (int i = 0; i < query->count; i++) {
		const struct clause *clause = &query->clauses[i];
		if (clause->excluded)
			continue;
		double with = fmin(
			all, count_half(query, clause, true) + count_half(query, clause, false));
		double weight = weight_of(clause, post);
		double idf = log(1 + (all - with + 0.5) / (with + 0.5));
		double part = 1.2 * (1 - 0.75 + 0.75 * coded_length(post) / (length / all));
		score += idf * (weight * 2.2) / (weight + part);
		score += in_title(clause, post) ? idf * 2.2 : 0;
	}
	return score;
}

uint64_t count_value(const struct drawn_query *query, Lectern__V1__FacetKind kind, int value)
{
	uint64_t count = 0;
	for (int i = 0; i < model.count; i++) {
		const struct model_post *post = &model.posts[i];
		bool has = (kind == LECTERN__V1__FACET_KIND__FACET_KIND_TAG && post->tags[value]) ||
			   (kind == LECTERN__V1__FACET_KIND__FACET_KIND_AUTHOR &&
				   post->author == value) ||
			   (kind == LECTERN__V1__FACET_KIND__FACET_KIND_CATEGORY &&
				   post->category == value);
		count += has && is_found(query, post);
	}
	return count;
}
