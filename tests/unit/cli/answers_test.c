/* Commands against a server whose answers are scripted: what they ask, what they print. */
#include "cli/cli.h"
#include "codec/json.h"
#include "codec/schema.h"
#include "unit/client/fake_server.h"

#include <lectern/rpc/v1/status.pb-c.h>
#include <stdarg.h>

#include <setjmp.h>
/* After the headers that it wants. */
#include <cmocka.h>

enum { ANSWERS_MAX = 4, TEXT_BYTES = 64 * 1024, WORDS_MAX = 2500 };

/* A line and what comes of it. Words are separated by '|'. */
struct run {
	const char *label, *line;
	bool colour;
	unsigned columns;		  /* 0: 60 */
	const char *answers[ANSWERS_MAX]; /* JSON; of a Status after a '!' */
	const char *requests;		  /* "METHOD JSON\n" each; NULL: not looked at */
	int status;
	const char *out, *err;
};

static struct fake_server server;
static const struct run *running;
static char requests[TEXT_BYTES];
static uint8_t packed[TEXT_BYTES];
static struct arena arena;

static ProtobufCMessage *parse(const ProtobufCMessageDescriptor *descriptor, const char *json)
{
	struct error err;
	ProtobufCMessage *message;
	if (json_parse(descriptor, slice_of_text(json), &arena, &message, &err) == CODE_OK)
		return message;
	print_error("%s: %s\n%s\n", running->label, err.text, json);
	abort();
}

static void log_request(
	const struct schema_method *method, const Lectern__Rpc__V1__Request *request)
{
	struct buffer out;
	struct error err;
	ProtobufCMessage *message = protobuf_c_message_unpack(method->method->input,
		&arena.allocator, request->payload.len, request->payload.data);
	buffer_init(&out, TEXT_BYTES);
	buffer_printf(&out, "%s ", method->method->name);
	if (message == NULL || json_print(message, JSON_DEFAULT, &out, &err) != CODE_OK)
		abort();
	size_t size = strlen(requests);
	snprintf(requests + size, sizeof requests - size, "%s\n", buffer_text(&out));
	buffer_done(&out);
}

static enum fake_action answer(
	struct fake_server *fake, const Lectern__Rpc__V1__Request *request, unsigned count)
{
	struct schema_method method;
	struct error err;
	const char *json = count <= ANSWERS_MAX ? running->answers[count - 1] : NULL;
	if (json == NULL || schema_find_method(request->method, &method, &err) != CODE_OK) {
		print_error("%s: a call of %s too many\n", running->label, request->method);
		return FAKE_IGNORE;
	}
	log_request(&method, request);
	fake->response.revision = 1;
	if (*json == '!') {
		fake->response.status = (Lectern__Rpc__V1__Status *)parse(
			&lectern__rpc__v1__status__descriptor, json + 1);
		return FAKE_REPLY;
	}
	ProtobufCMessage *message = parse(method.method->output, json);
	fake->response.payload.len = protobuf_c_message_pack(message, packed);
	fake->response.payload.data = packed;
	return FAKE_REPLY;
}

static int split(const char *line, char *copy, char **words)
{
	int count = 0;
	words[count++] = (char *)"lectern";
	strcpy(copy, line);
	for (char *at = copy; at != NULL && count < WORDS_MAX;) {
		words[count++] = at;
		at = strchr(at, '|');
		if (at != NULL)
			*at++ = '\0';
	}
	words[count] = NULL;
	return count;
}

/* Until the descriptor is put back, what is written to it goes to the file. */
static int divert(int descriptor, FILE *file)
{
	int saved = dup(descriptor);
	dup2(fileno(file), descriptor);
	return saved;
}

static void put_back(int descriptor, int saved, FILE *file, char *text)
{
	dup2(saved, descriptor);
	close(saved);
	rewind(file);
	text[fread(text, 1, TEXT_BYTES - 1, file)] = '\0';
	fclose(file);
}

static bool fits(const struct run *run)
{
	static char copy[TEXT_BYTES];
	static char *words[WORDS_MAX + 1];
	static char out[TEXT_BYTES];
	static char err[TEXT_BYTES];
	struct cli cli;
	FILE *files[] = { tmpfile(), tmpfile() };
	running = run;
	requests[0] = '\0';
	atomic_store(&server.count, 0);
	cli_init(&cli);
	cli.screen = (struct screen){ .columns = run->columns == 0 ? 60 : run->columns,
		.terminal = run->colour,
		.colour = run->colour };
	int count = split(run->line, copy, words);
	fflush(NULL);
	int saved[] = { divert(STDOUT_FILENO, files[0]), divert(STDERR_FILENO, files[1]) };
	int status = cli_run(&cli, count, words);
	fflush(NULL);
	put_back(STDOUT_FILENO, saved[0], files[0], out);
	put_back(STDERR_FILENO, saved[1], files[1], err);
	cli_done(&cli);
	arena_reset(&arena);
	if (status == run->status && strcmp(out, run->out) == 0 && strcmp(err, run->err) == 0 &&
		(run->requests == NULL || strcmp(requests, run->requests) == 0))
		return true;
	print_error(
		"%s: %d\nout: %s\nerr: %s\nrequests: %s\n", run->label, status, out, err, requests);
	return false;
}

static void run_all(const struct run *runs, size_t count)
{
	int wrong = 0;
	for (size_t i = 0; i < count; i++)
		wrong += !fits(&runs[i]);
	assert_int_equal(wrong, 0);
}

#define RUN_ALL(runs) run_all(runs, sizeof(runs) / sizeof *(runs))

#define DATE "\"publishTime\":\"2024-02-03T04:05:06Z\""
#define POST(id, slug, title) \
	"{\"id\":\"" #id "\",\"slug\":\"" slug "\",\"title\":\"" title \
	"\",\"state\":\"POST_STATE_PUBLISHED\"," DATE "}"
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
#define PLAN \
	"\"plan\":{\"text\":\"walk\\u001b[2J tag 1\",\"keysRead\":\"12\",\"recordsRead\":\"3\"}"
#define PLAN_TEXT "Plan: walk^[[2J tag 1\nRead: 12 keys, 3 records\n"

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

static const struct run neighbours[] = {
	{ .label = "both",
		.line = "post|adjacent|here|--tag|a|--order-by|title",
		.answers = { "{\"previous\":" POST(1, "a", "A") ",\"next\":" POST(
			12, "b", "B") "}" },
		.requests = "GetAdjacentPosts {\"slug\":\"here\",\"filter\":\"tags:\\\"a\\\"\","
			    "\"orderBy\":\"title\"}\n",
		.out = "PLACE     ID  PUBLISHED         SLUG  TITLE\n"
		       "previous   1  2024-02-03 04:05  a     A\n"
		       "next      12  2024-02-03 04:05  b     B\n",
		.err = "" },
	{ .label = "one, whole",
		.line = "post|adjacent|7|--view|html",
		.answers = { "{\"next\":{\"title\":\"T\",\"slug\":\"s\",\"state\":\"POST_STATE_"
			     "PUBLISHED\",\"html\":\"H\"}}" },
		.requests = "GetAdjacentPosts {\"id\":\"7\",\"view\":\"POST_VIEW_HTML\"}\n",
		.out = "Next:\nT\ns\n\nH\n",
		.err = "" },
	{ .label = "none",
		.line = "post|adjacent|7",
		.answers = { "{}" },
		.out = "",
		.err = "There is neither a previous nor a next post\n" },
	{ .label = "a line",
		.line = "-o|jsonl|post|adjacent|7",
		.answers = { "{\"previous\":{\"id\":\"1\"},\"next\":{\"id\":\"2\"}}" },
		.out = "{\"previous\":{\"id\":\"1\"},\"next\":{\"id\":\"2\"}}\n",
		.err = "" },
	{ .label = "related",
		.line = "post|related|here|--limit|2",
		.answers = { "{\"posts\":[" POST(1, "a", "A") "]}" },
		.requests = "ListRelatedPosts {\"slug\":\"here\",\"pageSize\":2}\n",
		.out = "ID  PUBLISHED         SLUG  TITLE\n 1  2024-02-03 04:05  a     A\n",
		.err = "" },
	{ .label = "related lines",
		.line = "-o|jsonl|post|related|here",
		.answers = { "{\"posts\":[{\"id\":\"1\"},{\"id\":\"2\"}]}" },
		.out = "{\"id\":\"1\"}\n{\"id\":\"2\"}\n",
		.err = "" },
};

static void test_neighbours(void **state)
{
	RUN_ALL(neighbours);
}

#define TOO_LARGE \
	"!{\"code\":8,\"message\":\"too large\",\"details\":[{\"@type\":\"type.googleapis.com/" \
	"google.rpc.ErrorInfo\",\"reason\":\"RESPONSE_TOO_LARGE\"}]}"
#define NOT_FOUND(counts) \
	"lectern: NOT_FOUND: " counts " posts not found\n  reason: POST_NOT_FOUND\n"

static const struct run batches[] = {
	{ .label = "one is one",
		.line = "-o|jsonl|post|get|a",
		.answers = { "{\"post\":{\"id\":\"1\"}}" },
		.requests = "GetPost {\"slug\":\"a\",\"view\":\"POST_VIEW_FULL\"}\n",
		.out = "{\"id\":\"1\"}\n",
		.err = "" },
	{ .label = "several",
		.line = "post|get|b|3|slug:1",
		.answers = { "{\"posts\":[" POST(1, "a", "A") "," POST(
			2, "b", "B") "],\"missing\":[{"
				     "\"slug\":\"b\\u001b\"}]}" },
		.requests = "BatchGetPosts {\"keys\":[{\"slug\":\"b\"},{\"id\":\"3\"},{\"slug\":"
			    "\"1\"}],\"view\":\"POST_VIEW_SOURCE\"}\n",
		.status = 69,
		.out = "A\n2024-02-03 04:05 \xC2\xB7 id 1\na\n\n"
		       "B\n2024-02-03 04:05 \xC2\xB7 id 2\nb\n",
		.err = "There is no post b^[\n" NOT_FOUND("1 of 3") },
	{ .label = "one document",
		.line = "-o|json|post|get|1|2|--view|basic",
		.answers = { TOO_LARGE, "{\"posts\":[{\"id\":\"1\"}]}",
			"{\"missing\":[{\"id\":\"2\"}"
			"]}" },
		.requests =
			"BatchGetPosts {\"keys\":[{\"id\":\"1\"},{\"id\":\"2\"}],\"view\":\"POST_"
			"VIEW_BASIC\"}\nBatchGetPosts {\"keys\":[{\"id\":\"1\"}],\"view\":\"POST_"
			"VIEW_BASIC\"}\nBatchGetPosts {\"keys\":[{\"id\":\"2\"}],\"view\":\"POST_"
			"VIEW_BASIC\"}\n",
		.status = 69,
		.out = "{\n  \"posts\": [\n    {\n      \"id\": \"1\"\n    }\n  ],\n  \"missing\": "
		       "[\n"
		       "    {\n      \"id\": \"2\"\n    }\n  ]\n}\n",
		.err = "{\n  \"code\": 5,\n  \"message\": \"1 of 2 posts not found\",\n  "
		       "\"details\": [\n"
		       "    {\n      \"@type\": \"type.googleapis.com/google.rpc.ErrorInfo\",\n    "
		       "  "
		       "\"reason\": \"POST_NOT_FOUND\",\n      \"domain\": \"lectern\"\n    }\n  "
		       "]\n}\n" },
	{ .label = "one too large",
		.line = "post|get|1|2",
		.answers = { TOO_LARGE, TOO_LARGE },
		.status = 72,
		.out = "",
		.err = "lectern: RESOURCE_EXHAUSTED: too large\n  reason: RESPONSE_TOO_LARGE\n" },
	{ .label = "an answer that leaves one out",
		.line = "post|get|1|2",
		.answers = { "{\"posts\":[{\"id\":\"1\"}]}" },
		.status = 1,
		.out = "",
		.err = "lectern: the answer does not tell of every post\n" },
	{ .label = "a wrong one",
		.line = "post|get|1|0",
		.status = 2,
		.out = "",
		.err = "lectern: 0 is no id; write slug:0 for a slug\n" },
};

static void test_batches(void **state)
{
	RUN_ALL(batches);
}

/* More posts than one call may ask for. */
static void test_many(void **state)
{
	enum { COUNT = 2001 };
	struct buffer line;
	struct buffer out;
	struct buffer answers[3];
	buffer_init(&line, TEXT_BYTES);
	buffer_init(&out, TEXT_BYTES);
	buffer_append_text(&line, "-o|jsonl|post|get");
	for (int i = 0; i < 3; i++)
		buffer_init(&answers[i], TEXT_BYTES);
	for (int i = 0; i < COUNT; i++) {
		struct buffer *answer = &answers[i / 1000];
		buffer_printf(&line, "|%d", i + 1);
		buffer_printf(
			answer, "%s{\"id\":\"%d\"}", i % 1000 == 0 ? "{\"posts\":[" : ",", i + 1);
		buffer_printf(&out, "{\"id\":\"%d\"}\n", i + 1);
	}
	for (int i = 0; i < 3; i++)
		buffer_append_text(&answers[i], "]}");
	struct run many = { .label = "many",
		.line = buffer_text(&line),
		.answers = { buffer_text(&answers[0]), buffer_text(&answers[1]),
			buffer_text(&answers[2]) },
		.out = buffer_text(&out),
		.err = "" };
	assert_true(fits(&many));
	assert_int_equal(atomic_load(&server.count), 3);
	buffer_done(&line);
	buffer_done(&out);
	for (int i = 0; i < 3; i++)
		buffer_done(&answers[i]);
}

static const struct run lists[] = {
	{ .label = "explained",
		.line = "post|list|--explain|--no-total|--order-by|title desc|--tag|a|--tag|b",
		.answers = { "{\"posts\":[" POST(1, "a", "A") "]," PLAN "}" },
		.requests =
			"ListPosts {\"filter\":\"tags:\\\"a\\\" AND tags:\\\"b\\\"\",\"orderBy\":"
			"\"title desc\",\"skipTotalSize\":true,\"explain\":true}\n",
		.out = "ID  PUBLISHED         STATE      SLUG  TITLE\n"
		       " 1  2024-02-03 04:05  published  a     A\n",
		.err = PLAN_TEXT },
	{ .label = "a document has the plan",
		.line = "-o|json|post|list|--explain",
		.answers = { "{\"plan\":{\"text\":\"x\"}}" },
		.out = "{\n  \"plan\": {\n    \"text\": \"x\"\n  }\n}\n",
		.err = "" },
	{ .label = "lines have it beside them",
		.line = "-o|jsonl|post|list|--explain",
		.answers = { "{\"posts\":[{\"id\":\"1\"}],\"nextPageToken\":\"u\"," PLAN "}" },
		.out = "{\"id\":\"1\"}\n",
		.err = PLAN_TEXT "There is more: --page-token u\n" },
	{ .label = "an archive in one document has no neighbours of a page",
		.line = "-o|json|archive|date|2024|--all",
		.answers = { "{\"date\":{\"year\":2024},\"posts\":[{\"id\":\"2\"}],"
			     "\"nextPageToken\":"
			     "\"u\",\"postAfter\":{\"id\":\"1\"}}",
			"{\"posts\":[{\"id\":\"1\"}],\"previousPageToken\":\"t\",\"postBefore\":{"
			"\"id\":\"2\"}}" },
		.out = "{\n  \"date\": {\n    \"year\": 2024\n  },\n  \"posts\": [\n    {\n      "
		       "\"id\": "
		       "\"2\"\n    },\n    {\n      \"id\": \"1\"\n    }\n  ]\n}\n",
		.err = "" },
};

static void test_lists(void **state)
{
	RUN_ALL(lists);
}

#define AN_ARCHIVE \
	"{\"category\":{\"name\":\"Storage\"},\"totalSize\":\"9\",\"posts\":[{\"id\":\"7\"," \
	"\"slug\":\"pages\",\"title\":\"Pages\"}],\"parents\":[{\"name\":\"Topics\"},{\"name\":" \
	"\"Engi\\u001bneering\"}],\"children\":[{\"name\":\"Backups\",\"subtreePostCount\":\"3\"}" \
	",{\"name\":\"Indexes\"}],\"postBefore\":{\"title\":\"Later\",\"slug\":\"later\"}," \
	"\"postAfter\":{\"title\":\"Earlier\",\"slug\":\"earlier\"},\"nextPageToken\":\"u\"}"

static const struct run archives[] = {
	{ .label = "a category with what stands around it",
		.line = "archive|category|storage|--view|basic|--page-token|t",
		.answers = { AN_ARCHIVE },
		.requests = "GetArchive {\"kind\":\"ARCHIVE_KIND_CATEGORY\",\"term\":{\"slug\":"
			    "\"storage\"},\"view\":\"POST_VIEW_BASIC\",\"pageToken\":\"t\"}\n",
		.out = "Category: Storage  (9 posts)\n"
		       "In: Topics > Engi^[neering\n"
		       "Below: Backups (3), Indexes (0)\n"
		       "\n"
		       "ID  PUBLISHED  SLUG   TITLE\n"
		       " 7  -          pages  Pages\n"
		       "\n"
		       "Newer: Later (later)\n"
		       "Older: Earlier (earlier)\n",
		.err = "There is more: --page-token u\n" },
	{ .label = "what stands beside all pages",
		.line = "archive|category|storage|--view|basic|--page-token|t|--all",
		.answers = { AN_ARCHIVE,
			"{\"category\":{\"name\":\"Storage\"},\"posts\":[{\"id\":\"6\",\"slug\":"
			"\"earlier\",\"title\":\"Earlier\"}],\"postBefore\":{\"title\":\"Pages\"}"
			"}" },
		.out = "Category: Storage  (9 posts)\n"
		       "In: Topics > Engi^[neering\n"
		       "Below: Backups (3), Indexes (0)\n"
		       "\n"
		       "ID  PUBLISHED  SLUG   TITLE\n"
		       " 7  -          pages  Pages\n"
		       "ID  PUBLISHED  SLUG     TITLE\n"
		       " 6  -          earlier  Earlier\n"
		       "\n"
		       "Newer: Later (later)\n",
		.err = "" },
	{ .label = "parts of a series",
		.line = "archive|series|s|--view|basic",
		.answers = { "{\"series\":{\"name\":\"S\"},\"totalSize\":\"1\",\"posts\":[{\"id\":"
			     "\"7\",\"slug\":\"two\",\"title\":\"Two\"}],\"postBefore\":{\"title\":"
			     "\"One\",\"slug\":\"one\"},\"postAfter\":{\"title\":\"Three\","
			     "\"slug\":\"three\"}}" },
		.out = "Series: S  (1 post)\n"
		       "\n"
		       "ID  PUBLISHED  SLUG  TITLE\n"
		       " 7  -          two   Two\n"
		       "\n"
		       "Before: One (one)\n"
		       "After: Three (three)\n",
		.err = "" },
	{ .label = "a date in a zone",
		.line = "archive|date|2024-02-29|--time-zone|Europe/Berlin",
		.answers = { "{\"date\":{\"year\":2024,\"month\":2,\"day\":29}}" },
		.requests = "GetArchive {\"kind\":\"ARCHIVE_KIND_DATE\",\"date\":{\"year\":2024,"
			    "\"month\":2,\"day\":29},\"view\":\"POST_VIEW_SOURCE\","
			    "\"timeZone\":\"Europe/Berlin\"}\n",
		.out = "Date: 2024-02-29  (0 posts)\n",
		.err = "" },
	{ .label = "days",
		.line = "archive|dates|--by|day|--year|2024|--month|2|--time-zone|+05:30|--tag|c|"
			"--filter|featured = true",
		.answers = { "{\"dates\":[{\"date\":{\"year\":2024,\"month\":2,\"day\":29},"
			     "\"postCount\":\"12\"},{\"date\":{\"year\":2024,\"month\":2,\"day\":1}"
			     ","
			     "\"postCount\":\"3\"}]}" },
		.requests = "ListArchiveDates {\"year\":2024,\"month\":2,\"granularity\":"
			    "\"DATE_GRANULARITY_DAY\",\"timeZone\":\"+05:30\",\"filter\":"
			    "\"featured = true AND tags:\\\"c\\\"\"}\n",
		.out = "DAY         POSTS\n"
		       "2024-02-29     12\n"
		       "2024-02-01      3\n",
		.err = "" },
	{ .label = "years",
		.line = "archive|dates|--by|year",
		.answers = { "{\"dates\":[{\"date\":{\"year\":987},\"postCount\":\"1\"}]}" },
		.requests = "ListArchiveDates {\"granularity\":\"DATE_GRANULARITY_YEAR\"}\n",
		.out = "YEAR  POSTS\n"
		       "0987      1\n",
		.err = "" },
	{ .label = "months",
		.line = "archive|dates",
		.answers = { "{\"dates\":[{\"date\":{\"year\":2024,\"month\":7},\"postCount\":"
			     "\"1\"}]"
			     "}" },
		.requests = "ListArchiveDates {}\n",
		.out = "MONTH    POSTS\n"
		       "2024-07      1\n",
		.err = "" },
	{ .label = "a month of no year",
		.line = "archive|dates|--month|2",
		.status = 2,
		.out = "",
		.err = "lectern: --month needs --year\n" },
};

static void test_archives(void **state)
{
	RUN_ALL(archives);
}

int main(void)
{
	arena_init(&arena, 1 << 24);
	server.handle = answer;
	fake_start(&server);
	setenv("LECTERN_SERVER", server.url, 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_suggest),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_archives),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	fake_stop(&server);
	fake_done(&server);
	arena_done(&arena);
	return failed;
}
