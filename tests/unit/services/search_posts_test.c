/* SearchPosts: what is found and in what order, and the hits with their texts. */
#include "support/own_server.h"
#include "support/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DRAFT LECTERN__V1__POST_STATE__POST_STATE_DRAFT

struct found_case {
	const char *label, *query, *want;
};

static void check_found(const struct found_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *got =
			found_ids(&server, &(struct asked){ .query = cases[i].query }, &answer);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: %s finds \"%s\" instead of \"%s\"", cases[i].label,
				cases[i].query, got, cases[i].want);
	}
}

#define CHECK_FOUND(cases) check_found((cases), sizeof(cases) / sizeof *(cases))

/* --- What is found --- */

static void test_words_and_phrases(void **state)
{
	put_words(&server, "Coffee", "A shop of coffee.");			    /* 1 */
	put_words(&server, "Tea", "The coffee shop sells tea.");		    /* 2 */
	put_words(&server, "Coffeehouse", "We were running a coffeehouse.");	    /* 3 */
	put_words(&server, "Caf\xC3\xA9", "I run every day.\n\nShop here.");	    /* 4 */
	put_words(&server, "Studies", "She studied the theory of the shop-floor."); /* 5 */
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
	put_words(&server, "About tea",
		"A page of text with coffee in it and no more to say."); /* 1 */
	put_words(&server, "Coffee",
		"A page of text with nothing in it and no more to say at all."); /* 2 */
	put_words(&server, "On milk",
		"## Coffee\n\nA page of text with nothing in it, no more."); /* 3 */
	put_words(&server, "Drinks",
		"Coffee, and a page of text that goes on for very long, with so many words "
		"that one more or less of them says little of what it is about, or so we "
		"believe.");					    /* 4 */
	put_words(&server, "Rare", "Coffee zebra page text.");	    /* 5 */
	put_words(&server, "Frequent", "Coffee coffee page text."); /* 6 */
	static const struct found_case cases[] = {
		{ "title, heading, text; short before long", "coffee", "2 6 3 5 1 4" },
		{ "the rare word decides", "page text coffee zebra", "5" },
	};
	CHECK_FOUND(cases);
}

static void test_equal_posts(void **state)
{
	for (int i = 0; i < 5; i++)
		put_words(&server, "Coffee", "The same.");
	assert_string_equal(found_ids(&server, &(struct asked){ .query = "coffee same" }, &answer),
		"5 4 3 2 1");
}

static void test_chinese(void **state)
{
	put_words(&server, "中文搜索引擎", "全文搜索。");	      /* 1 */
	put_words(&server, "日本語", "検索エンジンと中国語の文書。"); /* 2 */
	put_words(&server, "한국어", "검색 엔진.");		      /* 3 */
	put_words(&server, "iPhone手机", "中文的搜和索引");	      /* 4 */
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
		assert_string_equal(found_ids(&server,
					    &(struct asked){ .query = cases[i].query,
						    .language = cases[i].language },
					    &answer),
			cases[i].want);
	}
}

static void test_what_is_not_public(void **state)
{
	uint64_t draft = put_note(&server,
		&(struct note){ .title = "Coffee draft", .state = DRAFT, .tags = { "a" } });
	uint64_t live = put_note(&server, &(struct note){ .title = "Coffee", .tags = { "a" } });
	assert_string_equal(found_ids(&server, &(struct asked){ .query = "coffee" }, &answer), "2");
	assert_string_equal(
		found_ids(&server, &(struct asked){ .query = "coffee", .filter = "tags:\"a\"" },
			&answer),
		"2");
	assert_string_equal(
		found_ids(&server, &(struct asked){ .query = "coffee", .filter = "state = DRAFT" },
			&answer),
		"1");
	assert_string_equal(found_ids(&server,
				    &(struct asked){ .query = "coffee",
					    .filter = "tags:\"a\" AND state != TRASHED" },
				    &answer),
		"2 1");
	assert_string_equal(
		found_ids(&server,
			&(struct asked){ .query = "coffee -draft", .filter = "state != TRASHED" },
			&answer),
		"2");
	assert_int_equal(move_post(&server, "Publish", draft, "", &answer), CODE_OK);
	assert_string_equal(
		found_ids(&server, &(struct asked){ .query = "coffee" }, &answer), "2 1");
	assert_int_equal(move_post(&server, "Delete", live, "", &answer), CODE_OK);
	assert_string_equal(found_ids(&server, &(struct asked){ .query = "coffee" }, &answer), "1");
	assert_string_equal(
		found_ids(&server,
			&(struct asked){ .query = "coffee", .filter = "state = TRASHED" }, &answer),
		"2");
	assert_int_equal(move_post(&server, "Purge", live, "", &answer), CODE_OK);
	assert_string_equal(
		found_ids(&server,
			&(struct asked){ .query = "coffee", .filter = "state = TRASHED" }, &answer),
		"");
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
	put_words(&server, "Long", body);
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
	put_words(&server, "Coffee", "Some *text*.");
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
