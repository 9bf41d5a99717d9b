/*
 * Searches against an oracle: random posts, kept a second time in a plain array, and random queries
 * that loops over that array answer, too: what is found, in what order, with what score, and how
 * often each facet occurs. The words are made up so that their stems are the words themselves.
 */
#include "analysis/analyzer.h"
#include "base/limits.h"
#include "base/rfc3339.h"
#include "support/random.h"
#include "support/search.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum {
	POSTS_MAX = 120,
	STORES = 3,
	POSTS = 70,
	QUERIES = 250,
	WALKS = 25, /* among writes */
	LINES_MAX = 6,
	WORDS_MAX = 7, /* of a line, a phrase */
	TAGS = 6,
	AUTHORS = 3,
	CATEGORIES = 3,
	MONTHS = 5,
	CLAUSES_MAX = 5,
	TEXT_BYTES = 2048,
};

static const char *const vocabulary[] = { "bal", "kor", "tim", "balk", "zan", "mulm", "kort",
	"balkon", "timb", "grub", "mul", "lop", "dak", "wik", "nob", "kortum" };
enum { VOCABULARY = sizeof vocabulary / sizeof *vocabulary };

enum line_kind { TITLE, EXCERPT, HEADING, PARAGRAPH };
static const unsigned line_weights[] = { 4, 1, 2, 1 };

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

static struct local_server server;
static struct random source;
static struct model model;

static int set_up(void **state)
{
	local_server_open(&server);
	model.count = 0;
	return 0;
}

static int tear_down(void **state)
{
	local_server_close(&server);
	return 0;
}

static int below(int limit)
{
	return (int)random_below(&source, (uint64_t)limit);
}

/* --- Posts --- */

static void draw_line(struct line *line, enum line_kind kind)
{
	line->kind = kind;
	line->count = 1 + below(kind == TITLE ? 3 : WORDS_MAX);
	for (int i = 0; i < line->count; i++) {
		int a = below(VOCABULARY);
		int b = below(VOCABULARY);
		line->words[i] = a < b ? a : b; /* the first ones are frequent */
	}
}

static void draw_post(struct model_post *post)
{
	static const Lectern__V1__PostState hidden[] = {
		LECTERN__V1__POST_STATE__POST_STATE_DRAFT,
		LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED,
	};
	post->state =
		below(5) != 0 ? LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED : hidden[below(2)];
	post->month = below(MONTHS);
	post->author = below(AUTHORS);
	post->category = below(CATEGORIES);
	for (int i = 0; i < TAGS; i++)
		post->tags[i] = below(3) == 0;
	post->line_count = 1 + below(LINES_MAX);
	draw_line(&post->lines[0], TITLE);
	for (int i = 1; i < post->line_count; i++)
		draw_line(&post->lines[i], i == 1 && below(2) == 0 ? EXCERPT
					   : below(4) == 0	   ? HEADING
								   : PARAGRAPH);
}

static void write_line(char *out, const struct line *line)
{
	for (int i = 0; i < line->count; i++) {
		size_t size = strlen(out);
		snprintf(out + size, TEXT_BYTES - size, "%s%s", i > 0 ? " " : "",
			vocabulary[line->words[i]]);
		if (below(4) == 0)
			out[size + (i > 0)] -= 'a' - 'A';
	}
}

/* The first of the month, ten o'clock; months 0 and 1 are in one year. The scheduled are in the
 * future. */
static int64_t time_of(const struct model_post *post)
{
	int year = post->state == LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED ? 2090 : 2020;
	struct civil_date date = { year + post->month / 2, 1 + (unsigned)post->month % 2 * 11, 1 };
	return civil_date_start_us(date) + INT64_C(36000000000);
}

/* Writes the post to the store, as a new one where it has no id. */
static void put(struct model_post *post)
{
	char texts[PARAGRAPH + 1][TEXT_BYTES] = { "" };
	char tags[TAGS][8], category[8], author[8];
	struct note note = { .id = post->id, .state = post->state, .language = "en" };
	int count = 0;
	for (int i = 0; i < post->line_count; i++) {
		const struct line *line = &post->lines[i];
		char *out = texts[line->kind == HEADING ? PARAGRAPH : line->kind];
		if (line->kind == HEADING)
			strcat(out, "## ");
		write_line(out, line);
		if (line->kind >= HEADING)
			strcat(out, "\n\n");
	}
	for (int i = 0; i < TAGS; i++)
		if (post->tags[i]) {
			snprintf(tags[i], sizeof tags[i], "tag%d", i);
			note.tags[count++] = tags[i];
		}
	snprintf(category, sizeof category, "cat%d", post->category);
	snprintf(author, sizeof author, "aut%d", post->author);
	note.title = texts[TITLE];
	note.excerpt = texts[EXCERPT];
	note.body = texts[PARAGRAPH];
	note.categories[0] = category;
	note.authors[0] = author;
	note.publish_time_us = time_of(post);
	post->id = put_note(&server, &note);
}

static void add_posts(int count)
{
	for (int i = 0; i < count; i++) {
		struct model_post *post = &model.posts[model.count++];
		*post = (struct model_post){ 0 };
		draw_post(post);
		put(post);
	}
}

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

/* A phrase that stands in some post, or any words. */
static void draw_phrase(struct clause *clause)
{
	const struct model_post *post = &model.posts[below(model.count)];
	const struct line *line = &post->lines[below(post->line_count)];
	int from = below(line->count);
	clause->count = 1 + below(line->count - from < 4 ? line->count - from : 4);
	for (int i = 0; i < clause->count; i++)
		clause->words[i] = below(20) == 0 ? below(VOCABULARY) : line->words[from + i];
}

static void draw_clause(struct clause *clause)
{
	*clause = (struct clause){ .kind = (enum clause_kind)below(3), .count = 1 };
	clause->words[0] = below(VOCABULARY);
	if (clause->kind == PHRASE)
		draw_phrase(clause);
	if (clause->kind == PREFIX) {
		const char *word = vocabulary[clause->words[0]];
		int size = 2 + below((int)strlen(word) - 1);
		snprintf(clause->prefix, sizeof clause->prefix, "%.*s", size, word);
	}
}

static void append(char *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void append(char *out, const char *fmt, ...)
{
	va_list args;
	size_t size = strlen(out);
	va_start(args, fmt);
	vsnprintf(out + size, TEXT_BYTES - size, fmt, args);
	va_end(args);
}

static void write_query(struct drawn_query *query)
{
	query->text[0] = '\0';
	for (int i = 0; i < query->count; i++) {
		const struct clause *clause = &query->clauses[i];
		append(query->text, "%s%s", i > 0 ? " " : "", clause->excluded ? "-" : "");
		if (clause->kind == PREFIX)
			append(query->text, "%s*", clause->prefix);
		if (clause->kind == WORD)
			append(query->text, "%s", vocabulary[clause->words[0]]);
		for (int w = 0; clause->kind == PHRASE && w < clause->count; w++)
			append(query->text, "%s%s%s", w == 0 ? "\"" : " ",
				vocabulary[clause->words[w]], w == clause->count - 1 ? "\"" : "");
	}
}

static void draw_filter(struct drawn_query *query)
{
	static const char *const forms[] = {
		[NO_FILTER] = "",
		[TAG] = "tags:\"tag#\"",
		[NOT_TAG] = "NOT tags:\"tag#\"",
		[AUTHOR] = "authors:\"aut#\"",
		[CATEGORY] = "categories:cat#",
		[BEFORE] = "publish_time < \"202#-06-01T00:00:00Z\"",
		[TAG_AND_AUTHOR] = "tags:\"tag#\" AND authors:\"aut0\"",
		[ANY_STATE] = "state = PUBLISHED OR state != PUBLISHED",
		[DRAFTS] = "state = DRAFT",
	};
	query->filter = (enum filter_kind)(below(2) == 0 ? NO_FILTER : below(DRAFTS + 1));
	query->number = below(3);
	snprintf(query->filter_text, sizeof query->filter_text, "%s", forms[query->filter]);
	char *place = strchr(query->filter_text, '#');
	if (place != NULL)
		*place = (char)('0' + query->number);
}

static void draw_query(struct drawn_query *query)
{
	query->count = 1 + below(2) + below(2);
	for (int i = 0; i < query->count; i++) {
		draw_clause(&query->clauses[i]);
		query->clauses[i].excluded = i > 0 && below(3) == 0;
	}
	write_query(query);
	draw_filter(query);
}

/* --- The oracle --- */

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

static bool is_found(const struct drawn_query *query, const struct model_post *post)
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

static double score_of(const struct drawn_query *query, const struct model_post *post)
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

static struct model_post *post_of(uint64_t id)
{
	for (int i = 0; i < model.count; i++)
		if (model.posts[i].id == id)
			return &model.posts[i];
	fail_msg("post %d is not known", (int)id);
	return NULL;
}

/* --- Comparing --- */

static void check_score(const struct drawn_query *query, const Lectern__V1__SearchHit *hit)
{
	double want = score_of(query, post_of(hit->post->id));
	if (fabs(hit->score - want) > 1e-9 * want)
		fail_msg("%s: post %d has score %.12f instead of %.12f", query->text,
			(int)hit->post->id, hit->score, want);
}

static void check_order(const Lectern__V1__SearchHit *hit, double *score, uint64_t *id)
{
	assert_true(hit->score < *score || (hit->score == *score && hit->post->id < *id));
	*score = hit->score;
	*id = hit->post->id;
}

static uint64_t count_value(const struct drawn_query *query, Lectern__V1__FacetKind kind, int value)
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

/* Terms by count and slug; the numbers in the slugs are of one digit. */
static void check_terms(
	const struct drawn_query *query, const Lectern__V1__Facet *facet, int values, size_t most)
{
	size_t expected = 0;
	uint64_t last_count = UINT64_MAX;
	char last_slug[16] = "";
	for (int i = 0; i < values; i++)
		expected += count_value(query, facet->kind, i) > 0;
	assert_int_equal(facet->n_values, expected < most ? expected : most);
	for (size_t i = 0; i < facet->n_values; i++) {
		const Lectern__V1__FacetValue *value = facet->values[i];
		assert_int_equal(value->value_case, LECTERN__V1__FACET_VALUE__VALUE_TERM);
		assert_string_equal(value->term->slug, value->term->name);
		assert_true(value->term->id > 0);
		assert_int_equal(value->post_count,
			count_value(query, facet->kind, value->term->slug[3] - '0'));
		assert_true(value->post_count < last_count ||
			    (value->post_count == last_count &&
				    strcmp(value->term->slug, last_slug) > 0));
		last_count = value->post_count;
		snprintf(last_slug, sizeof last_slug, "%s", value->term->slug);
	}
	/* None that is left out is more frequent. */
	for (int i = 0; facet->n_values == most && i < values; i++) {
		bool listed = false;
		for (size_t v = 0; v < facet->n_values; v++)
			listed = listed || facet->values[v]->term->slug[3] - '0' == i;
		assert_true(listed || count_value(query, facet->kind, i) <= last_count);
	}
}

static void check_months(
	const struct drawn_query *query, const Lectern__V1__Facet *facet, size_t most)
{
	size_t at = 0;
	for (int year = 2099; year >= 2020 && at < most; year--)
		for (unsigned month = 12; month >= 1 && at < most; month--) {
			uint64_t count = 0;
			for (int i = 0; i < model.count; i++) {
				struct civil_date date = civil_date_of(time_of(&model.posts[i]));
				count += date.year == year && date.month == month &&
					 is_found(query, &model.posts[i]);
			}
			if (count == 0)
				continue;
			assert_in_range(at, 0, facet->n_values - 1);
			assert_int_equal(facet->values[at]->value_case,
				LECTERN__V1__FACET_VALUE__VALUE_DATE);
			assert_int_equal(facet->values[at]->date->year, year);
			assert_int_equal(facet->values[at]->date->month, month);
			assert_int_equal(facet->values[at]->date->day, 0);
			assert_int_equal(facet->values[at]->post_count, count);
			at++;
		}
	assert_int_equal(facet->n_values, at);
}

static void check_facets(const struct drawn_query *query, const struct asked *asked,
	const Lectern__V1__SearchPostsResponse *page)
{
	static const int values[] = {
		[LECTERN__V1__FACET_KIND__FACET_KIND_TAG] = TAGS,
		[LECTERN__V1__FACET_KIND__FACET_KIND_CATEGORY] = CATEGORIES,
		[LECTERN__V1__FACET_KIND__FACET_KIND_AUTHOR] = AUTHORS,
	};
	size_t most = asked->facet_size == 0 ? DEFAULT_FACET_SIZE : (size_t)asked->facet_size;
	assert_int_equal(page->n_facets, asked->facet_count);
	for (size_t i = 0; i < page->n_facets; i++) {
		assert_int_equal(page->facets[i]->kind, asked->facets[i]);
		if (asked->facets[i] == LECTERN__V1__FACET_KIND__FACET_KIND_MONTH)
			check_months(query, page->facets[i], most);
		else
			check_terms(query, page->facets[i], values[asked->facets[i]], most);
	}
}

static void draw_facets(struct asked *asked)
{
	asked->facet_count = 0;
	asked->facet_size = below(4);
	for (int kind = LECTERN__V1__FACET_KIND__FACET_KIND_MONTH; kind > 0; kind--)
		if (below(3) == 0)
			asked->facets[asked->facet_count++] = (Lectern__V1__FacetKind)kind;
}

/* All pages of a query; returns how many posts there were. */
static uint64_t check_query(const struct drawn_query *query)
{
	struct answer answer = { 0 };
	char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
	struct asked asked = {
		.query = query->text, .filter = query->filter_text, .page_token = token
	};
	uint64_t found = 0;
	uint64_t expected = 0;
	double score = INFINITY;
	uint64_t id = 0;
	for (int i = 0; i < model.count; i++)
		expected += is_found(query, &model.posts[i]);
	do {
		asked.page_size = 1 + below(9);
		draw_facets(&asked);
		const Lectern__V1__SearchPostsResponse *page = search(&server, &asked, &answer);
		assert_int_equal(page->total_size, expected);
		assert_in_range(page->n_hits, 0, (uint64_t)asked.page_size);
		for (size_t i = 0; i < page->n_hits; i++) {
			assert_true(is_found(query, post_of(page->hits[i]->post->id)));
			check_score(query, page->hits[i]);
			check_order(page->hits[i], &score, &id);
		}
		check_facets(query, &asked, page);
		found += page->n_hits;
		snprintf(token, sizeof token, "%s", page->next_page_token);
	} while (token[0] != '\0');
	if (found != expected)
		fail_msg("%s, filter %s: %d posts instead of %d", query->text, query->filter_text,
			(int)found, (int)expected);
	answer_done(&answer);
	return found;
}

/* --- Tests --- */

static void test_the_words_are_their_stems(void **state)
{
	struct analyzer *analyzer = analyzer_new();
	for (int i = 0; i < VOCABULARY; i++) {
		struct slice word = slice_of_text(vocabulary[i]);
		assert_true(
			slice_equals(analyzer_stem(analyzer, word, analyzer_language("en")), word));
	}
	analyzer_free(analyzer);
}

static void test_random_queries(void **state)
{
	uint64_t found = 0;
	for (int s = 0; s < STORES; s++) {
		add_posts(POSTS);
		for (int i = 0; i < QUERIES; i++) {
			struct drawn_query query;
			draw_query(&query);
			found += check_query(&query);
			if (i % 10 == 0) {
				struct model_post *post = &model.posts[below(model.count)];
				draw_post(post);
				put(post);
			}
			if (below(20) == 0)
				merge_search_index(&server);
		}
		tear_down(state);
		set_up(state);
	}
	/* Else the queries were not worth much. */
	assert_in_range(found, STORES * QUERIES, UINT64_MAX);
}

/* The posts in the order in which a search gives them now. */
static size_t list_all(const struct drawn_query *query, uint64_t *ids)
{
	struct answer answer = { 0 };
	struct asked asked = { .query = query->text,
		.filter = query->filter_text,
		.page_size = LIMIT_SEARCH_PAGE_SIZE };
	const Lectern__V1__SearchPostsResponse *page = search(&server, &asked, &answer);
	size_t count = page->n_hits;
	assert_int_equal(page->total_size, count);
	for (size_t i = 0; i < count; i++)
		ids[i] = page->hits[i]->post->id;
	answer_done(&answer);
	return count;
}

static void change_something(void)
{
	if (below(4) == 0 && model.count < POSTS_MAX) {
		add_posts(1);
		model.posts[model.count - 1].changed = true;
		return;
	}
	struct model_post *post = &model.posts[below(model.count)];
	draw_post(post);
	post->changed = true;
	put(post);
}

/* Takes the changed posts out of a list. */
static size_t unchanged(uint64_t *ids, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (!post_of(ids[i])->changed)
			ids[kept++] = ids[i];
	return kept;
}

/* Whatever is written between two pages: what has not changed comes once, in the order in which it
 * stood at first. */
static void test_pages_among_writes(void **state)
{
	size_t compared = 0;
	add_posts(POSTS);
	for (int i = 0; i < WALKS; i++) {
		struct drawn_query query;
		uint64_t before[POSTS_MAX];
		uint64_t given[2 * POSTS_MAX];
		size_t given_count = 0;
		struct answer answer = { 0 };
		char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
		draw_query(&query);
		for (int p = 0; p < model.count; p++)
			model.posts[p].changed = false;
		size_t before_count = list_all(&query, before);
		do {
			struct asked asked = { .query = query.text,
				.filter = query.filter_text,
				.page_token = token,
				.page_size = 1 + below(6) };
			const Lectern__V1__SearchPostsResponse *page =
				search(&server, &asked, &answer);
			for (size_t h = 0; h < page->n_hits; h++)
				given[given_count++] = page->hits[h]->post->id;
			assert_in_range(given_count, 0, 2 * POSTS_MAX - 10);
			snprintf(token, sizeof token, "%s", page->next_page_token);
			change_something();
			change_something();
			if (below(5) == 0)
				merge_search_index(&server);
		} while (token[0] != '\0');
		before_count = unchanged(before, before_count);
		given_count = unchanged(given, given_count);
		assert_int_equal(given_count, before_count);
		assert_memory_equal(given, before, before_count * sizeof *before);
		compared += before_count;
		answer_done(&answer);
	}
	assert_in_range(compared, WALKS, SIZE_MAX);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	source = random_start();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_words_are_their_stems),
		TEST(test_random_queries),
		TEST(test_pages_among_writes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
