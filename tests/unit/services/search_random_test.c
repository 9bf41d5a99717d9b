/*
 * Searches against an oracle: random posts and queries; what is found, in what order, with what
 * score, and how often each facet occurs.
 */
#include "analysis/analyzer.h"
#include "base/limits.h"
#include "base/rfc3339.h"
#include "support/search.h"
#include "support/search_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
	STORES = 3,
	POSTS = 70,
	QUERIES = 250,
	WALKS = 25, /* among writes */
};

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
		model.count = 0;
		add_posts(POSTS);
		for (int i = 0; i < QUERIES; i++) {
			struct drawn_query query;
			draw_query(&query);
			found += check_query(&query);
			if (i % 10 == 0) {
				struct model_post *post = &model.posts[below(model.count)];
				draw_post(post);
				write_post(post);
			}
			if (below(20) == 0)
				merge_search_index(&server);
		}
		assert_int_equal(tear_down(state), 0);
		set_up(state);
	}
	/* Else the queries were not worth much. */
	assert_in_range(found, STORES * QUERIES, UINT64_MAX);
}

/* The posts in the order in which a search gives them now. */
static size_t list_all(const struct drawn_query *query, uint64_t *ids)
{
	struct asked asked = { .query = query->text,
		.filter = query->filter_text,
		.page_size = LIMIT_SEARCH_PAGE_SIZE };
	const Lectern__V1__SearchPostsResponse *page = search(&server, &asked, &answer);
	size_t count = page->n_hits;
	assert_int_equal(page->total_size, count);
	for (size_t i = 0; i < count; i++)
		ids[i] = page->hits[i]->post->id;
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
	write_post(post);
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
	model.count = 0;
	add_posts(POSTS);
	for (int i = 0; i < WALKS; i++) {
		struct drawn_query query;
		uint64_t before[POSTS_MAX];
		uint64_t given[2 * POSTS_MAX];
		size_t given_count = 0;
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
	}
	assert_in_range(compared, WALKS, SIZE_MAX);
}

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
