/* SearchPosts: what is found and in what order, hits with their texts, pages, facets, errors. */
#include "base/limits.h"
#include "support/content.h"
#include "support/search.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TRASHED LECTERN__V1__POST_STATE__POST_STATE_TRASHED
#define DRAFT LECTERN__V1__POST_STATE__POST_STATE_DRAFT
#define BY_TAG LECTERN__V1__FACET_KIND__FACET_KIND_TAG
#define BY_CATEGORY LECTERN__V1__FACET_KIND__FACET_KIND_CATEGORY
#define BY_AUTHOR LECTERN__V1__FACET_KIND__FACET_KIND_AUTHOR
#define BY_MONTH LECTERN__V1__FACET_KIND__FACET_KIND_MONTH

enum { FOUND_BYTES = 1024 };

static struct local_server server;
static struct answer answer;

static int set_up(void **state)
{
	local_server_open(&server);
	return 0;
}

static int tear_down(void **state)
{
	server.timeout_ms = 0;
	server.arena_bytes = 0;
	assert_int_equal(count_problems(&server), 0);
	answer_done(&answer);
	local_server_close(&server);
	return 0;
}

static uint64_t put(const char *title, const char *body)
{
	return put_note(&server, &(struct note){ .title = title, .body = body });
}

/* The ids of all that a query finds, "3 1 2", the best first. */
static const char *found(const struct asked *asked)
{
	static char text[FOUND_BYTES];
	size_t size = 0;
	struct asked all = *asked;
	all.page_size = LIMIT_SEARCH_PAGE_SIZE;
	text[0] = '\0';
	const Lectern__V1__SearchPostsResponse *page = search(&server, &all, &answer);
	for (size_t i = 0; i < page->n_hits; i++)
		size += (size_t)snprintf(text + size, sizeof text - size, "%s%d", i > 0 ? " " : "",
			(int)page->hits[i]->post->id);
	assert_int_equal(page->total_size, page->n_hits);
	return text;
}

struct found_case {
	const char *label, *query, *want;
};

static void check_found(const struct found_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *got = found(&(struct asked){ .query = cases[i].query });
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: %s finds \"%s\" instead of \"%s\"", cases[i].label,
				cases[i].query, got, cases[i].want);
	}
}

#define CHECK_FOUND(cases) check_found((cases), sizeof(cases) / sizeof *(cases))

/* --- What is found --- */

static void test_words_and_phrases(void **state)
{
	put("Coffee", "A shop of coffee.");			     /* 1 */
	put("Tea", "The coffee shop sells tea.");		     /* 2 */
	put("Coffeehouse", "We were running a coffeehouse.");	     /* 3 */
	put("Caf\xC3\xA9", "I run every day.\n\nShop here.");	     /* 4 */
	put("Studies", "She studied the theory of the shop-floor."); /* 5 */
	static const struct found_case cases[] = {
		{ "a word", "coffee", "1 2" },
		{ "is not a part of a word", "coffeehouse", "3" },
		{ "all words", "coffee tea", "2" },
		{ "case and accents", "CAFE", "4" },
		{ "every form", "run", "3 4" },
		{ "every form of another form", "runs", "3 4" },
		{ "forms that change letters", "study", "5" },
		{ "nothing", "milk", "" },
		{ "one of the words is nowhere", "coffee milk", "" },
		{ "a phrase", "\"coffee shop\"", "2" },
		{ "a phrase the other way", "\"shop of coffee\"", "1" },
		{ "a phrase is no forms", "\"coffee shops\"", "" },
		{ "a phrase of one word", "\"running\"", "3" },
		{ "a phrase of one word, exactly", "\"run\"", "4" },
		{ "a phrase, case aside", "\"THE Coffee\"", "2" },
		{ "a phrase does not cross blocks", "\"day shop\"", "" },
		{ "a phrase does not cross fields", "\"tea the\"", "" },
		{ "a word with a dash is a phrase", "shop-floor", "5" },
		{ "and finds it with a blank, too", "coffee-shop", "2" },
		{ "a prefix", "coff*", "1 3 2" },
		{ "a prefix that is a word", "coffee*", "1 3 2" },
		{ "a prefix longer than the stem", "runnin*", "3" },
		{ "a prefix is no form", "study*", "" },
		{ "a prefix where the stem has other letters", "studie*", "5" },
		{ "a prefix of more than the word", "studiesx*", "" },
		{ "a prefix with a common word in it", "theo*", "5" },
		{ "without a word", "shop -tea", "1 4 5" },
		{ "without a form", "shop -studying", "1 2 4" },
		{ "without a phrase", "coffee -\"coffee shop\"", "1" },
		{ "without a prefix", "shop -coff*", "4 5" },
		{ "without a prefix that the text must tell", "run* -runnin*", "4" },
		{ "without itself", "coffee -coffee", "" },
	};
	CHECK_FOUND(cases);
}

static void test_what_ranks_first(void **state)
{
	put("About tea", "A page of text with coffee in it and no more to say.");      /* 1 */
	put("Coffee", "A page of text with nothing in it and no more to say at all."); /* 2 */
	put("On milk", "## Coffee\n\nA page of text with nothing in it, no more.");    /* 3 */
	put("Drinks", "Coffee, and a page of text that goes on for very long, with so many words "
		      "that one more or less of them says little of what it is about, or so we "
		      "believe.");		     /* 4 */
	put("Rare", "Coffee zebra page text.");	     /* 5 */
	put("Frequent", "Coffee coffee page text."); /* 6 */
	static const struct found_case cases[] = {
		{ "title, heading, text; short before long", "coffee", "2 6 3 5 1 4" },
		{ "the rare word decides", "page text coffee zebra", "5" },
	};
	CHECK_FOUND(cases);
}

static void test_equal_posts(void **state)
{
	for (int i = 0; i < 5; i++)
		put("Coffee", "The same.");
	assert_string_equal(found(&(struct asked){ .query = "coffee same" }), "5 4 3 2 1");
}

static void test_chinese(void **state)
{
	put("中文搜索引擎", "全文搜索。");	       /* 1 */
	put("日本語", "検索エンジンと中国語の文書。"); /* 2 */
	put("한국어", "검색 엔진.");		       /* 3 */
	put("iPhone手机", "中文的搜和索引");	       /* 4 */
	static const struct found_case cases[] = {
		{ "two characters", "中文", "1 4" },
		{ "any two", "搜索", "1" },
		{ "the last two", "引擎", "1" },
		{ "across", "索引", "1 4" },
		{ "three", "文搜索", "1" },
		{ "all", "中文搜索引擎", "1" },
		{ "not side by side", "中引", "" },
		{ "one", "中", "1 4 2" },
		{ "the last one of a run", "擎", "1" },
		{ "one in quotes", "\"擎\"", "1" },
		{ "none", "猫", "" },
		{ "two queries", "中文 搜索", "1" },
		{ "without one", "中 -国", "1 4" },
		{ "without two", "索引 -中文", "" },
		{ "Japanese", "検索", "2" },
		{ "Katakana", "エンジン", "2" },
		{ "half width Katakana", "ｴﾝｼﾞﾝ", "2" },
		{ "Korean", "검색", "3" },
		{ "a part of Latin and Chinese", "iphone手", "4" },
		{ "Latin and Chinese", "iPhone手机", "4" },
		{ "Latin and another one", "iPhone机", "" },
	};
	CHECK_FOUND(cases);
}

static void test_languages(void **state)
{
	put_note(&server, &(struct note){ .title = "Running", .language = "en" });	     /* 1 */
	put_note(&server, &(struct note){ .title = "Die H\xC3\xA4user", .language = "de" }); /* 2 */
	put_note(&server, &(struct note){ .title = "Running", .language = "zh" });	     /* 3 */
	static const struct {
		const char *label, *query, *language, *want;
	} cases[] = {
		{ "every language", "running", "", "3 1" },
		{ "a form of English", "runs", "", "1" },
		{ "English", "running", "en-GB", "3 1" },
		{ "another language knows the word as it stands", "running", "de", "3" },
		{ "a form of German", "haus", "", "2" },
		{ "German", "h\xC3\xA4usern", "de", "2" },
		{ "not a form of English", "h\xC3\xA4usern", "en", "" },
		{ "a language without forms", "running", "zh", "3" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		assert_string_equal(found(&(struct asked){ .query = cases[i].query,
					    .language = cases[i].language }),
			cases[i].want);
	}
}

static void test_what_is_not_public(void **state)
{
	uint64_t draft = put_note(&server,
		&(struct note){ .title = "Coffee draft", .state = DRAFT, .tags = { "a" } });
	uint64_t live = put_note(&server, &(struct note){ .title = "Coffee", .tags = { "a" } });
	assert_string_equal(found(&(struct asked){ .query = "coffee" }), "2");
	assert_string_equal(
		found(&(struct asked){ .query = "coffee", .filter = "tags:\"a\"" }), "2");
	assert_string_equal(
		found(&(struct asked){ .query = "coffee", .filter = "state = DRAFT" }), "1");
	assert_string_equal(found(&(struct asked){ .query = "coffee",
				    .filter = "tags:\"a\" AND state != TRASHED" }),
		"2 1");
	assert_string_equal(
		found(&(struct asked){ .query = "coffee -draft", .filter = "state != TRASHED" }),
		"2");
	assert_int_equal(move_post(&server, "Publish", draft, "", &answer), CODE_OK);
	assert_string_equal(found(&(struct asked){ .query = "coffee" }), "2 1");
	assert_int_equal(move_post(&server, "Delete", live, "", &answer), CODE_OK);
	assert_string_equal(found(&(struct asked){ .query = "coffee" }), "1");
	assert_string_equal(
		found(&(struct asked){ .query = "coffee", .filter = "state = TRASHED" }), "2");
	assert_int_equal(move_post(&server, "Purge", live, "", &answer), CODE_OK);
	assert_string_equal(
		found(&(struct asked){ .query = "coffee", .filter = "state = TRASHED" }), "");
}

static void test_an_empty_store(void **state)
{
	const Lectern__V1__SearchPostsResponse *page = search(&server,
		&(struct asked){ .query = "coffee \"a b\" c* -d",
			.filter = "tags:\"none\"",
			.facets = { BY_TAG, BY_MONTH },
			.facet_count = 2,
			.explain = true },
		&answer);
	assert_int_equal(page->n_hits, 0);
	assert_int_equal(page->total_size, 0);
	assert_string_equal(page->next_page_token, "");
	assert_int_equal(page->n_facets, 2);
	assert_int_equal(page->facets[0]->n_values, 0);
	assert_non_null(page->plan);
}

/* --- The hits --- */

/* A highlighted text with brackets around its ranges. */
static const char *marked(const Lectern__V1__HighlightedText *text)
{
	static char out[4096];
	size_t size = 0;
	size_t at = 0;
	for (size_t i = 0; i < text->n_ranges; i++) {
		const Lectern__V1__TextRange *range = text->ranges[i];
		assert_true(range->start >= at && range->end > range->start);
		assert_true(range->end <= strlen(text->text));
		size += (size_t)snprintf(out + size, sizeof out - size, "%.*s[%.*s]",
			(int)(range->start - at), text->text + at, (int)(range->end - range->start),
			text->text + range->start);
		at = range->end;
	}
	snprintf(out + size, sizeof out - size, "%s", text->text + at);
	return out;
}

static void test_the_texts_of_hits(void **state)
{
	put_note(&server, &(struct note){ .title = "Coffee & Tea",
				  .excerpt = "An excerpt with milk.",
				  .body = "Some *coffee* shops.\n\nMore <b>coffee</b> here." });
	static const struct {
		const char *label, *query, *title, *snippet;
	} cases[] = {
		{ "title and body", "coffee", "[Coffee] & Tea",
			"Some [coffee] shops. More [coffee] here." },
		{ "the title alone", "tea", "Coffee & [Tea]",
			"Some coffee shops. More coffee here." },
		{ "the excerpt alone", "milk", "Coffee & Tea", "An excerpt with [milk]." },
		{ "a phrase", "\"coffee shops\"", "Coffee & Tea",
			"Some [coffee] [shops]. More coffee here." },
		{ "not what is excluded", "tea -water -\"more tea\"", "Coffee & [Tea]",
			"Some coffee shops. More coffee here." },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		const Lectern__V1__SearchPostsResponse *page =
			search(&server, &(struct asked){ .query = cases[i].query }, &answer);
		assert_int_equal(page->n_hits, 1);
		assert_string_equal(marked(page->hits[0]->title), cases[i].title);
		assert_string_equal(marked(page->hits[0]->snippet), cases[i].snippet);
		assert_true(page->hits[0]->score > 0);
	}
}

static void test_a_post_without_body(void **state)
{
	put_note(&server, &(struct note){ .title = "Coffee", .excerpt = "In short." });
	put_note(&server, &(struct note){ .title = "Coffee" });
	const Lectern__V1__SearchPostsResponse *page =
		search(&server, &(struct asked){ .query = "coffee" }, &answer);
	assert_int_equal(page->n_hits, 2);
	assert_string_equal(page->hits[0]->snippet->text, "");
	assert_string_equal(page->hits[1]->snippet->text, "In short.");
}

static void test_a_long_body(void **state)
{
	enum { BODY_BYTES = 40000 };
	char *body = malloc(BODY_BYTES);
	size_t size = 0;
	while (size < BODY_BYTES - 100)
		size += (size_t)snprintf(body + size, BODY_BYTES - size, "%s ",
			size > 30000 && size < 30010 ? "coffee" : "w\xC3\xB6rter");
	put("Long", body);
	free(body);
	const Lectern__V1__SearchPostsResponse *page =
		search(&server, &(struct asked){ .query = "coffee" }, &answer);
	const Lectern__V1__HighlightedText *snippet = page->hits[0]->snippet;
	assert_non_null(strstr(marked(snippet), "[coffee]"));
	assert_in_range(strlen(snippet->text), 100, 260);
	assert_string_equal(page->hits[0]->post->body, "");
}

static void test_views(void **state)
{
	put("Coffee", "Some *text*.");
	static const struct {
		Lectern__V1__PostView view;
		const char *body, *html;
	} cases[] = {
		{ LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED, "", "" },
		{ LECTERN__V1__POST_VIEW__POST_VIEW_BASIC, "", "" },
		{ LECTERN__V1__POST_VIEW__POST_VIEW_HTML, "", "<p>Some <em>text</em>.</p>\n" },
		{ LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE, "Some *text*.", "" },
		{ LECTERN__V1__POST_VIEW__POST_VIEW_FULL, "Some *text*.",
			"<p>Some <em>text</em>.</p>\n" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const Lectern__V1__SearchPostsResponse *page = search(&server,
			&(struct asked){ .query = "text", .view = cases[i].view }, &answer);
		assert_int_equal(page->n_hits, 1);
		assert_string_equal(page->hits[0]->post->title, "Coffee");
		assert_string_equal(page->hits[0]->post->body, cases[i].body);
		assert_string_equal(page->hits[0]->post->html, cases[i].html);
	}
}

/* --- Pages --- */

static void test_page_sizes(void **state)
{
	static const struct {
		int32_t asked;
		size_t want;
	} cases[] = { { 0, 10 }, { 1, 1 }, { 11, 11 }, { 100, 100 }, { 101, 100 }, { 5000, 100 } };
	for (int i = 0; i < 105; i++)
		put("Coffee", "");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const Lectern__V1__SearchPostsResponse *page = search(&server,
			&(struct asked){ .query = "coffee", .page_size = cases[i].asked }, &answer);
		assert_int_equal(page->n_hits, cases[i].want);
		assert_int_equal(page->total_size, 105);
		assert_true(page->next_page_token[0] != '\0');
	}
}

/* A page ends where the response would become too large. */
static void test_pages_of_large_posts(void **state)
{
	enum { POSTS = 12, BODY_BYTES = 3 * 1024 * 1024 };
	char *body = malloc(BODY_BYTES + 1);
	memset(body, 'x', BODY_BYTES);
	body[BODY_BYTES] = '\0';
	for (int i = 0; i < POSTS; i++)
		put("Coffee", body);
	free(body);
	char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
	size_t hits = 0;
	size_t pages = 0;
	do {
		const Lectern__V1__SearchPostsResponse *page = search(&server,
			&(struct asked){ .query = "coffee",
				.page_size = 100,
				.page_token = token,
				.view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL },
			&answer);
		assert_in_range(answer.size_bytes, 1, LIMIT_RESPONSE_BYTES);
		hits += page->n_hits;
		pages++;
		snprintf(token, sizeof token, "%s", page->next_page_token);
	} while (token[0] != '\0');
	assert_int_equal(hits, POSTS);
	assert_in_range(pages, 3, POSTS);
}

static void take_token(const struct asked *asked, char token[LIMIT_PAGE_TOKEN_BYTES + 1])
{
	const Lectern__V1__SearchPostsResponse *page = search(&server, asked, &answer);
	assert_true(page->next_page_token[0] != '\0');
	snprintf(token, LIMIT_PAGE_TOKEN_BYTES + 1, "%s", page->next_page_token);
}

static void test_tokens(void **state)
{
	char token[LIMIT_PAGE_TOKEN_BYTES + 1];
	char forged[LIMIT_PAGE_TOKEN_BYTES + 1];
	for (int i = 0; i < 5; i++)
		put("Coffee tea", "");
	const struct asked first = { .query = "coffee", .page_size = 2 };
	take_token(&first, token);
	snprintf(forged, sizeof forged, "%s", token);
	forged[20] = forged[20] == 'A' ? 'B' : 'A';
	const struct {
		const char *label;
		struct asked asked;
		const char *reason; /* NULL: it is fine */
	} cases[] = {
		{ "the same", { .query = "coffee", .page_token = token }, NULL },
		{ "another page size, view and facets",
			{ .query = "coffee",
				.page_token = token,
				.page_size = 50,
				.view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL,
				.facets = { BY_TAG },
				.facet_count = 1,
				.explain = true },
			NULL },
		{ "another query", { .query = "tea", .page_token = token },
			"PAGE_TOKEN_OTHER_QUERY" },
		{ "another filter",
			{ .query = "coffee", .filter = "featured = false", .page_token = token },
			"PAGE_TOKEN_OTHER_QUERY" },
		{ "another language", { .query = "coffee", .language = "en", .page_token = token },
			"PAGE_TOKEN_OTHER_QUERY" },
		{ "changed", { .query = "coffee", .page_token = forged }, "PAGE_TOKEN_FORGED" },
		{ "no token", { .query = "coffee", .page_token = "coffee!" },
			"PAGE_TOKEN_MALFORMED" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		enum code code = try_search(&server, &cases[i].asked, &answer);
		assert_int_equal(code, cases[i].reason == NULL ? CODE_OK : CODE_INVALID_ARGUMENT);
		if (cases[i].reason != NULL)
			assert_string_equal(answer.err.reason, cases[i].reason);
		else
			assert_int_equal(((const Lectern__V1__SearchPostsResponse *)answer.message)
						 ->hits[0]
						 ->post->id,
				3);
	}
}

/* The longest token: every clause counts many posts. */
static void test_a_token_of_many_clauses(void **state)
{
	char query[LIMIT_QUERY_BYTES + 1] = "";
	char token[LIMIT_PAGE_TOKEN_BYTES + 1];
	char title[512] = "";
	for (int i = 0; i < LIMIT_QUERY_CLAUSES; i++) {
		char word[16];
		snprintf(word, sizeof word, "word%d ", i);
		strcat(query, word);
		strcat(title, word);
	}
	for (int i = 0; i < 3; i++)
		put(title, "");
	take_token(&(struct asked){ .query = query, .page_size = 2 }, token);
	assert_int_equal(
		search(&server, &(struct asked){ .query = query, .page_token = token }, &answer)
			->n_hits,
		1);
}

/* A language that comes between two pages does not change what the words mean. */
static void test_a_new_language_between_pages(void **state)
{
	char token[LIMIT_PAGE_TOKEN_BYTES + 1];
	put("Haus Hausern", ""); /* English: "hausern" stays */
	put("Hausern x y z", "");
	put("Hausern x y z u v w", "");
	put("Haus", ""); /* would be a form of the word in German */
	take_token(&(struct asked){ .query = "hausern", .page_size = 1 }, token);
	put_note(&server, &(struct note){ .title = "Hausern", .language = "de" });
	const Lectern__V1__SearchPostsResponse *page = search(
		&server, &(struct asked){ .query = "hausern", .page_token = token }, &answer);
	assert_int_equal(page->n_hits, 2);
	assert_int_equal(page->hits[0]->post->id + page->hits[1]->post->id, 2 + 3);
	assert_string_equal(found(&(struct asked){ .query = "hausern" }), "1 5 4 2 3");
}

/* --- Facets --- */

static void test_facets(void **state)
{
	const int64_t day_us = INT64_C(86400000000);
	put_note(&server, &(struct note){ .title = "Coffee",
				  .publish_time_us = 400 * day_us,
				  .tags = { "Beans", "Cups" },
				  .categories = { "Drinks" },
				  .authors = { "Ann" } });
	put_note(&server, &(struct note){ .title = "Coffee",
				  .publish_time_us = 401 * day_us,
				  .tags = { "Cups", "Apples" },
				  .authors = { "Ann", "Bob" } });
	put_note(&server, &(struct note){ .title = "Coffee", .publish_time_us = 800 * day_us });
	put_note(&server, &(struct note){ .title = "Tea",
				  .publish_time_us = 1200 * day_us,
				  .tags = { "Beans", "Leaves" } });
	const Lectern__V1__SearchPostsResponse *page = search(&server,
		&(struct asked){ .query = "coffee",
			.page_size = 1,
			.facets = { BY_MONTH, BY_AUTHOR, BY_TAG, BY_CATEGORY },
			.facet_count = 4,
			.facet_size = 2 },
		&answer);
	assert_int_equal(page->n_facets, 4);
	const Lectern__V1__Facet *months = page->facets[0];
	assert_int_equal(months->kind, BY_MONTH);
	assert_int_equal(months->n_values, 2);
	assert_int_equal(months->values[0]->date->year, 1972);
	assert_int_equal(months->values[0]->date->month, 3);
	assert_int_equal(months->values[0]->post_count, 1);
	assert_int_equal(months->values[1]->date->year, 1971);
	assert_int_equal(months->values[1]->date->month, 2);
	assert_int_equal(months->values[1]->post_count, 2);
	const Lectern__V1__Facet *authors = page->facets[1];
	assert_int_equal(authors->n_values, 2);
	assert_string_equal(authors->values[0]->term->name, "Ann");
	assert_int_equal(authors->values[0]->post_count, 2);
	assert_string_equal(authors->values[1]->term->slug, "bob");
	const Lectern__V1__Facet *tags = page->facets[2];
	assert_int_equal(tags->n_values, 2);
	assert_string_equal(tags->values[0]->term->slug, "cups");
	assert_int_equal(tags->values[0]->post_count, 2);
	assert_string_equal(tags->values[1]->term->slug, "apples"); /* before "beans" */
	assert_int_equal(tags->values[1]->post_count, 1);
	const Lectern__V1__Facet *categories = page->facets[3];
	assert_int_equal(categories->n_values, 1);
	assert_string_equal(categories->values[0]->term->name, "Drinks");
}

static void test_many_values_of_a_facet(void **state)
{
	enum { POSTS = 200 };
	for (int i = 0; i < POSTS; i++) {
		char tags[4][16];
		for (int t = 0; t < 4; t++)
			snprintf(tags[t], sizeof tags[t], "t%04d", 4 * i + t);
		put_note(&server, &(struct note){ .title = "Coffee",
					  .tags = { tags[0], tags[1], tags[2], tags[3], "all" } });
	}
	const Lectern__V1__SearchPostsResponse *page = search(&server,
		&(struct asked){ .query = "coffee",
			.facets = { BY_TAG },
			.facet_count = 1,
			.facet_size = 1000 },
		&answer);
	const Lectern__V1__Facet *tags = page->facets[0];
	assert_int_equal(tags->n_values, LIMIT_FACET_SIZE);
	assert_string_equal(tags->values[0]->term->slug, "all");
	assert_int_equal(tags->values[0]->post_count, POSTS);
	for (int i = 1; i < LIMIT_FACET_SIZE; i++) {
		char slug[16];
		snprintf(slug, sizeof slug, "t%04d", i - 1);
		assert_string_equal(tags->values[i]->term->slug, slug);
		assert_int_equal(tags->values[i]->post_count, 1);
	}
}

/* --- Plans and errors --- */

static void test_plans(void **state)
{
	for (int i = 0; i < 4; i++)
		put_note(&server, &(struct note){ .title = i == 0 ? "Coffee the" : "Coffee shop",
					  .tags = { i < 3 ? "a" : "b" } });
	static const struct {
		const char *label, *query, *filter, *text;
		uint64_t records_read;
	} cases[] = {
		{ "words, the rarest first", "coffee the", "",
			"leap over word \"the\" (1 posts) and word \"coffee\" (4 posts)", 0 },
		{ "a phrase", "\"coffee shop\" -milk", "",
			"leap over phrase \"coffee shop\" (3 posts) and not word \"milk\"; text of "
			"3 posts read",
			6 },
		{ "a prefix reads no text where the index tells", "theo* coff*", "",
			"leap over words from \"theo\" (0 posts) and words from \"coff\" (4 posts)",
			0 },
		{ "a small filter", "coffee", "tags:\"b\"",
			"leap over word \"coffee\" (4 posts) and filter (1 posts)", 0 },
		{ "a large filter", "the", "tags:\"a\"",
			"leap over word \"the\" (1 posts); filter tested on 1 records", 1 },
		{ "posts in every state", "the", "state = DRAFT",
			"leap over word \"the\" (1 posts); among those that are not public word "
			"\"the\" (0 posts) and filter (0 posts)",
			0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		const Lectern__V1__SearchPostsResponse *page = search(&server,
			&(struct asked){ .query = cases[i].query,
				.filter = cases[i].filter,
				.explain = true },
			&answer);
		assert_string_equal(page->plan->text, cases[i].text);
		assert_int_equal(page->plan->records_read, cases[i].records_read);
		assert_true(page->plan->keys_read > 0);
	}
	assert_null(search(&server, &(struct asked){ .query = "coffee" }, &answer)->plan);
}

static void test_errors(void **state)
{
	static const struct {
		const char *label;
		struct asked asked;
		const char *reason, *text;
	} cases[] = {
		{ "no query", { .query = "" }, "QUERY_INVALID",
			"query: at byte 1: there is no word to find; write at least one" },
		{ "an open quote", { .query = "a \"b" }, "QUERY_INVALID",
			"query: at byte 3: the quote that opens here is not closed; put another \" "
			"behind the phrase" },
		{ "a filter that is none", { .query = "a", .filter = "tags" }, "FILTER_INVALID",
			NULL },
		{ "a negative page size", { .query = "a", .page_size = -1 }, "PAGE_SIZE_NEGATIVE",
			"page_size: is -1; it must be 0 (the default) to 100" },
		{ "a negative facet size", { .query = "a", .facet_size = -2 }, "PAGE_SIZE_NEGATIVE",
			"facet_size: is -2; it must be 0 (the default) to 100" },
		{ "no view", { .query = "a", .view = (Lectern__V1__PostView)7 }, "ENUM_INVALID",
			"view: 7 is no view" },
		{ "no language", { .query = "a", .language = "en_US!" }, "LANGUAGE_INVALID",
			"language: must be a BCP 47 tag, for example \"en\" or \"zh-Hant\"" },
		{ "a facet without a kind",
			{ .query = "a", .facets = { BY_TAG, 0 }, .facet_count = 2 }, "ENUM_INVALID",
			"facets[1]: 0 is no kind of facet; it must be TAG, CATEGORY, AUTHOR or "
			"MONTH" },
		{ "an unknown facet",
			{ .query = "a", .facets = { (Lectern__V1__FacetKind)9 }, .facet_count = 1 },
			"ENUM_INVALID",
			"facets[0]: 9 is no kind of facet; it must be TAG, CATEGORY, AUTHOR or "
			"MONTH" },
		{ "a facet twice",
			{ .query = "a", .facets = { BY_TAG, BY_MONTH, BY_TAG }, .facet_count = 3 },
			"FACET_REPEATED", "facets[2]: is there twice; ask for each kind once" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		assert_int_equal(
			try_search(&server, &cases[i].asked, &answer), CODE_INVALID_ARGUMENT);
		assert_string_equal(answer.err.reason, cases[i].reason);
		if (cases[i].text != NULL)
			assert_string_equal(answer.err.text, cases[i].text);
		assert_int_equal(
			strncmp(answer.err.text, answer.err.field, strlen(answer.err.field)), 0);
	}
}

static void test_a_prefix_of_too_many_words(void **state)
{
	char *body = malloc(20 * LIMIT_PREFIX_WORDS);
	size_t size = 0;
	for (int i = 0; i < LIMIT_PREFIX_WORDS; i++)
		size += (size_t)sprintf(body + size, "pre%04d ", i);
	put("All of them", body);
	assert_string_equal(found(&(struct asked){ .query = "pre*" }), "1");
	put("One more", "prefix");
	assert_string_equal(found(&(struct asked){ .query = "pre0* -pref*" }), "1");
	free(body);
	static const char *const queries[] = { "pre*", "one -pre*", "pr* pre0001" };
	static const char *const prefixes[] = { "pre", "pre", "pr" };
	for (size_t i = 0; i < 3; i++) {
		char text[128];
		snprintf(text, sizeof text,
			"query: more than 1000 words begin with \"%s\"; write more letters",
			prefixes[i]);
		assert_int_equal(
			try_search(&server, &(struct asked){ .query = queries[i] }, &answer),
			CODE_INVALID_ARGUMENT);
		assert_string_equal(answer.err.reason, "PREFIX_TOO_SHORT");
		assert_string_equal(answer.err.text, text);
	}
}

/* --- Bounds --- */

/* With every budget a search either answers as ever or says that it had not enough. */
static void test_out_of_memory(void **state)
{
	enum { POSTS = 30 };
	for (int i = 0; i < POSTS; i++) {
		char tag[16];
		snprintf(tag, sizeof tag, "t%d", i);
		put_note(&server, &(struct note){ .title = "Coffee shop",
					  .body = "A coffee shop and some running tea.",
					  .tags = { tag, "all" } });
	}
	const struct asked asked = { .query =
					     "coffee \"coffee shop\" runnin* -milk -\"tea coffee\"",
		.filter = "tags:\"all\"",
		.facets = { BY_TAG, BY_AUTHOR, BY_MONTH },
		.facet_count = 3,
		.explain = true };
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t failures = 0;
	for (server.arena_bytes = 1024; code == CODE_RESOURCE_EXHAUSTED;
		server.arena_bytes += 1024) {
		code = try_search(&server, &asked, &answer);
		failures += code != CODE_OK;
		assert_in_range(server.arena_bytes, 0, LIMIT_ARENA_BYTES / 16);
	}
	assert_int_equal(code, CODE_OK);
	assert_true(failures > 10);
	const Lectern__V1__SearchPostsResponse *page =
		(const Lectern__V1__SearchPostsResponse *)answer.message;
	assert_int_equal(page->total_size, POSTS);
}

static void test_the_deadline(void **state)
{
	enum { POSTS = 40, BODY_BYTES = 200 * 1000 };
	char *body = malloc(BODY_BYTES);
	size_t size = 0;
	while (size < BODY_BYTES - 20)
		size += (size_t)snprintf(body + size, BODY_BYTES - size, "shop coffee ");
	body[size - strlen(" coffee ")] = '\0';
	for (int i = 0; i < POSTS; i++)
		put("Coffee", body);
	free(body);
	server.timeout_ms = 30;
	assert_int_equal(
		try_search(&server, &(struct asked){ .query = "\"coffee coffee\"" }, &answer),
		CODE_DEADLINE_EXCEEDED);
	server.timeout_ms = 0;
	assert_int_equal(
		try_search(&server, &(struct asked){ .query = "\"coffee coffee\"" }, &answer),
		CODE_OK);
}

/* Searches in several threads while posts are written. */
enum { THREADS = 4, SEARCHES = 60, WRITES = 20, FIRST_POSTS = 10 };

static void *search_often(void *unused)
{
	struct answer own = { 0 };
	double score = 0;
	for (int i = 0; i < SEARCHES; i++) {
		const Lectern__V1__SearchPostsResponse *page = search(&server,
			&(struct asked){ .query = i % 2 == 0 ? "coffee" : "\"running shop\"",
				.page_size = 100,
				.facets = { BY_TAG },
				.facet_count = 1 },
			&own);
		assert_in_range(page->total_size, FIRST_POSTS, FIRST_POSTS + WRITES);
		assert_int_equal(page->n_hits, page->total_size);
		assert_int_equal(page->facets[0]->values[0]->post_count, page->total_size);
		for (size_t h = 0; h < page->n_hits; h++) {
			assert_true(h == 0 || page->hits[h]->score <= score);
			score = page->hits[h]->score;
		}
	}
	answer_done(&own);
	return NULL;
}

static void test_searches_side_by_side(void **state)
{
	pthread_t threads[THREADS];
	const struct note note = { .title = "Coffee", .body = "A running shop.", .tags = { "a" } };
	for (int i = 0; i < FIRST_POSTS; i++)
		put_note(&server, &note);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, search_often, NULL), 0);
	for (int i = 0; i < WRITES; i++)
		put_note(&server, &note);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_words_and_phrases),
		TEST(test_what_ranks_first),
		TEST(test_equal_posts),
		TEST(test_chinese),
		TEST(test_languages),
		TEST(test_what_is_not_public),
		TEST(test_an_empty_store),
		TEST(test_the_texts_of_hits),
		TEST(test_a_post_without_body),
		TEST(test_a_long_body),
		TEST(test_views),
		TEST(test_page_sizes),
		TEST(test_pages_of_large_posts),
		TEST(test_tokens),
		TEST(test_a_token_of_many_clauses),
		TEST(test_a_new_language_between_pages),
		TEST(test_facets),
		TEST(test_many_values_of_a_facet),
		TEST(test_plans),
		TEST(test_errors),
		TEST(test_a_prefix_of_too_many_words),
		TEST(test_out_of_memory),
		TEST(test_the_deadline),
		TEST(test_searches_side_by_side),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
