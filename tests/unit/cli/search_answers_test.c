/* What the commands of searches ask of a server, and what they print of its answers. */
#include "support/scripted.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ranges: "[1,2],[3,4]" written out */
#define MARKED(text, ranges) "{\"text\":\"" text "\",\"ranges\":[" ranges "]}"
#define RANGE(start, end) "{\"start\":" #start ",\"end\":" #end "}"
#define HIT(post, title, snippet) \
	"{\"post\":" post ",\"title\":" title ",\"snippet\":" snippet ",\"score\":1.5}"

#define PAGE_HIT \
	HIT(POST(1, "page-cache", "The page cache"), MARKED("The page cache", RANGE(4, 8)), \
		MARKED("A page of a file is in the cache when a program has read it just before.", \
			RANGE(2, 6)))
#define FACETS \
	"\"facets\":[{\"kind\":\"FACET_KIND_TAG\",\"values\":[{\"term\":{\"id\":\"1\",\"slug\":" \
	"\"linux\",\"name\":\"Linux\"},\"postCount\":\"12\"},{\"term\":{\"slug\":\"c\",\"name\":" \
	"\"C\"},\"postCount\":\"1\"}]},{\"kind\":\"FACET_KIND_AUTHOR\"},{\"kind\":\"FACET_KIND_" \
	"MONTH\",\"values\":[{\"date\":{\"year\":2024,\"month\":2},\"postCount\":\"2\"}]}]"
#define FACET_TEXT \
	"\nPOSTS  TAG    NAME\n   12  linux  Linux\n    1  c      C\n" \
	"\nPOSTS  MONTH\n    2  2024-02\n"
static const struct run searches[] = {
	{ .label = "plain",
		.line = "search|page|cache",
		.answers = { "{\"hits\":[" PAGE_HIT "],\"totalSize\":\"1\"}" },
		.requests = "SearchPosts {\"query\":\"page cache\"}\n",
		.out = "The page cache\npage-cache \xC2\xB7 2024-02-03 04:05\n"
		       "  A page of a file is in the cache when a program has read\n"
		       "  it just before.\n",
		.err = "1 post\n" },
	{ .label = "colour",
		.line = "search|page",
		.colour = true,
		.answers = { "{\"hits\":[" PAGE_HIT "],\"totalSize\":\"1\"}" },
		.out = "\x1b[1mThe \x1b[7mpage\x1b[27m cache\x1b[0m\n"
		       "\x1b[2mpage-cache \xC2\xB7 2024-02-03 04:05\x1b[0m\n"
		       "  A \x1b[7mpage\x1b[27m of a file is in the cache when a program has read\n"
		       "  it just before.\n",
		.err = "1 post\n" },
	{ .label = "a phrase at the end of a line",
		.line = "search|\"one two\"",
		.colour = true,
		.columns = 20,
		.answers = { "{\"hits\":[" HIT(POST(1, "a", "A"), MARKED("A", ""),
			MARKED("The words one two three", RANGE(10, 17))) "]}" },
		.out = "\x1b[1mA\x1b[0m\n\x1b[2ma \xC2\xB7 2024-02-03 04:05\x1b[0m\n"
		       "  The words \x1b[7mone two\x1b[27m\n  three\n",
		.err = "0 posts\n" },
	{ .label = "a phrase cut by the end of a line",
		.line = "search|\"one two\"",
		.colour = true,
		.columns = 20,
		.answers = { "{\"hits\":[{\"title\":" MARKED("A", "") ",\"snippet\":" MARKED(
			"The words of one two three", RANGE(13, 20)) "}]}" },
		.out = "\x1b[1mA\x1b[0m\n  The words of \x1b[7mone\x1b[27m\n  \x1b[7mtwo\x1b[27m "
		       "three\n",
		.err = "0 posts\n" },
	{ .label = "wide characters",
		.line = "search|\xE6\x95\xB0\xE6\x8D\xAE",
		.colour = true,
		.columns = 20,
		/* "数据库的索引，很小。" and "数据" */
		.answers = { "{\"hits\":[{\"title\":" MARKED("\xE6\x95\xB0\xE6\x8D\xAE\xE5\xBA\x93",
			RANGE(0, 6)) ",\"snippet\":" MARKED("\xE6\x95\xB0\xE6\x8D\xAE\xE5\xBA\x93"
							    "\xE7\x9A\x84\xE7\xB4\xA2\xE5\xBC"
							    "\x95\xE5\xBE\x88\xE5\xB0\x8F\xE7\x9A"
							    "\x84\xEF\xBC\x8C\xE6\x95\xB0"
							    "\xE6\x8D\xAE\xE3\x80\x82",
			RANGE(0, 6) "," RANGE(30, 36)) "}]}" },
		.out = "\x1b[1m\x1b[7m\xE6\x95\xB0\xE6\x8D\xAE\x1b[27m\xE5\xBA\x93\x1b[0m\n"
		       "  \x1b[7m\xE6\x95\xB0\xE6\x8D\xAE\x1b[27m\xE5\xBA\x93\xE7\x9A\x84\xE7\xB4"
		       "\xA2\xE5\xBC\x95\xE5\xBE\x88\xE5\xB0\x8F\n"
		       "  "
		       "\xE7\x9A\x84\xEF\xBC\x8C\x1b[7m\xE6\x95\xB0\xE6\x8D\xAE\x1b[27m\xE3\x80\x82"
		       "\n",
		.err = "0 posts\n" },
	{ .label = "hostile text",
		.line = "search|x",
		.colour = true,
		.answers = { "{\"hits\":[" HIT(POST(1, "a\\u001b[2J", "x"),
			MARKED("\\u0001x\\u001b]0;t\\u0007", RANGE(1, 3)),
			MARKED("\\u0002a\\nb\\u202e\\u009b31m", RANGE(0, 1))) "]}" },
		.out = "\x1b[1m^A\x1b[7mx^[\x1b[27m]0;t^G\x1b[0m\n"
		       "\x1b[2ma^[[2J \xC2\xB7 2024-02-03 04:05\x1b[0m\n"
		       "  \x1b[7m^B\x1b[27ma b<U+202E><U+009B>31m\n",
		.err = "0 posts\n" },
	{ .label = "wrong ranges",
		.line = "search|x",
		.colour = true,
		/* Backwards, empty, overlapping, inside of a character, behind the end. */
		.answers = { "{\"hits\":[{\"title\":" MARKED("\xC3\xA9"
							     "abcdefg",
			RANGE(0, 2) "," RANGE(5, 4) "," RANGE(4, 4) "," RANGE(1, 3) "," RANGE(
				7, 4000000000) "," RANGE(4000000000,
				4000000001)) ",\"snippet\":" MARKED("\xC3\xA9",
			RANGE(1, 9)) "}]}" },
		.out = "\x1b[1m\x1b[7m\xC3\xA9\x1b[27m\x1b[7ma\x1b[27mbcde\x1b[7mfg\x1b[27m\x1b["
		       "0m\n"
		       "  \xEF\xBF\xBD\x1b[7m\xEF\xBF\xBD\x1b[27m\n",
		.err = "0 posts\n" },
	{ .label = "options",
		.line = "search|--tag|a|--series|s|--state|draft|--filter|x = 1|--facet|month|"
			"--facet|tag|--facet|month|--facet-size|3|--language|de|--view|basic|"
			"--page-size|5|--page-token|t|--explain|a|--|-b|\"c d\"",
		.answers = { "{\"hits\":[" PAGE_HIT
			     "],\"totalSize\":\"7\",\"nextPageToken\":\"u\"," FACETS "," PLAN "}" },
		.requests =
			"SearchPosts {\"query\":\"a -b \\\"c d\\\"\",\"filter\":\"x = 1 AND "
			"tags:\\\"a\\\" AND series:\\\"s\\\" AND state = DRAFT\",\"pageSize\":5,"
			"\"pageToken\":\"t\",\"view\":\"POST_VIEW_BASIC\",\"language\":\"de\","
			"\"facets\":[\"FACET_KIND_MONTH\",\"FACET_KIND_TAG\"],\"facetSize\":3,"
			"\"explain\":true}\n",
		.out = "The page cache\npage-cache \xC2\xB7 2024-02-03 04:05\n"
		       "  A page of a file is in the cache when a program has read\n"
		       "  it just before.\n" FACET_TEXT,
		.err = "7 posts\n" PLAN_TEXT "There is more: --page-token u\n" },
	{ .label = "all pages",
		.line = "search|a|--all|--facet|tag|--explain",
		.answers = { "{\"hits\":[" PAGE_HIT
			     "],\"totalSize\":\"2\",\"nextPageToken\":\"u\"," FACETS "," PLAN "}",
			"{\"hits\":[" HIT(POST(2, "b", "B"), MARKED("B", ""),
				MARKED("", "")) "],\"totalSize\":\"3\"}" },
		.requests =
			"SearchPosts {\"query\":\"a\",\"facets\":[\"FACET_KIND_TAG\"],\"explain\":"
			"true}\nSearchPosts {\"query\":\"a\",\"pageToken\":\"u\"}\n",
		.out = "The page cache\npage-cache \xC2\xB7 2024-02-03 04:05\n"
		       "  A page of a file is in the cache when a program has read\n"
		       "  it just before.\n"
		       "\nB\nb \xC2\xB7 2024-02-03 04:05\n" FACET_TEXT,
		.err = "2 posts\n" PLAN_TEXT },
	{ .label = "all pages in one document",
		.line = "-o|json|search|a|--all|--facet|tag",
		.answers = { "{\"hits\":[{\"score\":2}],\"totalSize\":\"2\",\"nextPageToken\":"
			     "\"u\","
			     "\"facets\":[{\"kind\":\"FACET_KIND_TAG\"}]," PLAN "}",
			"{\"hits\":[{\"score\":1}],\"totalSize\":\"3\"}" },
		.out = "{\n  \"hits\": [\n    {\n      \"score\": 2\n    },\n    {\n      "
		       "\"score\": 1"
		       "\n    }\n  ],\n  \"totalSize\": \"2\",\n  \"facets\": [\n    {\n      "
		       "\"kind\": \"FACET_KIND_TAG\"\n    }\n  ],\n  \"plan\": {\n    \"text\": "
		       "\"walk\\u001b[2J tag 1\",\n    \"keysRead\": \"12\",\n    \"recordsRead\": "
		       "\"3\"\n  }\n}\n",
		.err = "" },
	{ .label = "lines",
		.line = "-o|jsonl|search|a|--all|--explain",
		.answers = { "{\"hits\":[{\"score\":2}],\"nextPageToken\":\"u\"," PLAN "}",
			"{\"hits\":[{\"score\":1}]}" },
		.out = "{\"score\":2}\n{\"score\":1}\n",
		.err = PLAN_TEXT },
	{ .label = "facets are no lines",
		.line = "-o|jsonl|search|a|--facet|tag",
		.status = 2,
		.out = "",
		.err = "{\"code\":3,\"message\":\"--facet and -o jsonl exclude each other: the "
		       "lines "
		       "are posts\"}\n" },
	{ .label = "third page",
		.line = "search|a|--page|3|--facet|tag",
		.answers = { "{\"nextPageToken\":\"u\"}", "{\"nextPageToken\":\"v\"}", "{}" },
		.requests =
			"SearchPosts {\"query\":\"a\",\"facets\":[\"FACET_KIND_TAG\"]}\n"
			"SearchPosts {\"query\":\"a\",\"pageToken\":\"u\",\"facets\":[\"FACET_KIND_"
			"TAG\"]}\n"
			"SearchPosts {\"query\":\"a\",\"pageToken\":\"v\",\"facets\":[\"FACET_KIND_"
			"TAG\"]}\n",
		.out = "",
		.err = "0 posts\n" },
	{ .label = "whole posts",
		.line = "search|a|--view|source",
		.answers = { "{\"hits\":[{\"post\":{\"title\":\"T\",\"slug\":\"s\",\"state\":"
			     "\"POST_"
			     "STATE_DRAFT\",\"body\":\"B\"}}]}" },
		.requests = "SearchPosts {\"query\":\"a\",\"view\":\"POST_VIEW_SOURCE\"}\n",
		.out = "T\ndraft\ns\n\n  B\n",
		.err = "0 posts\n" },
	{ .label = "an error of the server",
		.line = "search|\"a",
		.answers = { "!{\"code\":3,\"message\":\"query: position 1: the quote is open\"}" },
		.status = 67,
		.out = "",
		.err = "lectern: INVALID_ARGUMENT: query: position 1: the quote is open\n" },
	{ .label = "a series by its name",
		.line = "search|a|--series|My Series",
		.answers = { "{\"series\":{\"slug\":\"my-series\"}}", "{}" },
		.requests =
			"GetArchive {\"kind\":\"ARCHIVE_KIND_SERIES\",\"term\":{\"name\":\"My "
			"Series\"},\"pageSize\":1}\n"
			"SearchPosts {\"query\":\"a\",\"filter\":\"series:\\\"my-series\\\"\"}\n",
		.out = "",
		.err = "0 posts\n" },
};

static void test_search(void **state)
{
	RUN_ALL(searches);
}

#define SUGGESTIONS \
	"{\"suggestions\":[{\"kind\":\"SUGGESTION_KIND_TAG\",\"id\":\"1\",\"slug\":\"data\"," \
	"\"text\":" MARKED("Data\\u001b", \
		RANGE(0, 2)) ",\"postCount\":\"12\"},{\"kind\":\"SUGGESTION_KIND_POST\"," \
			     "\"id\":\"2\",\"slug\":\"a-long-dance\",\"text\":" MARKED( \
				     "A long dance in the evening", RANGE(7, 27)) "}]}"

static const struct run suggestions[] = {
	{ .label = "plain",
		.line = "suggest|da",
		.answers = { SUGGESTIONS },
		.requests = "SuggestTerms {\"prefix\":\"da\"}\n",
		.out = "KIND  POSTS  SLUG          TEXT\n"
		       "tag      12  data          Data^[\n"
		       "post      -  a-long-dance  A long dance in the evening\n",
		.err = "" },
	{ .label = "colour, cut",
		.line = "suggest|da",
		.colour = true,
		.columns = 40,
		.answers = { SUGGESTIONS },
		.out = "\x1b[1mKIND  POSTS  SLUG          TEXT\x1b[0m\n"
		       "tag      12  data          \x1b[7mDa\x1b[27mta^[\n"
		       "post      -  a-long-dance  A long \x1b[7mdance\x1b[27m\xE2\x80\xA6\n",
		.err = "" },
	{ .label = "options",
		.line = "suggest|d a|--kind|author|--kind|tag|--limit|3",
		.answers = { "{}" },
		.requests =
			"SuggestTerms {\"prefix\":\"d a\",\"kinds\":[\"SUGGESTION_KIND_AUTHOR\","
			"\"SUGGESTION_KIND_TAG\"],\"pageSize\":3}\n",
		.out = "",
		.err = "" },
	{ .label = "lines",
		.line = "-o|jsonl|suggest|d",
		.answers = { "{\"suggestions\":[{\"slug\":\"a\"},{\"slug\":\"b\"}]}" },
		.out = "{\"slug\":\"a\"}\n{\"slug\":\"b\"}\n",
		.err = "" },
};

static void test_suggest(void **state)
{
	RUN_ALL(suggestions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_suggest),
	};
	return cmocka_run_group_tests(tests, scripted_set_up, scripted_tear_down);
}
