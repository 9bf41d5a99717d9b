/* What the commands of posts and archives ask of a server, and what they print of its answers. */
#include "base/buffer.h"
#include "support/scripted.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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
	assert_int_equal(scripted_calls(), 3);
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

#define FACT(code, reason, key, value) \
	"{\"code\":" code ",\"message\":\"no\",\"details\":[{\"@type\":\"type.googleapis.com/" \
	"google.rpc.ErrorInfo\",\"reason\":\"" reason \
	"\",\"domain\":\"lectern\",\"metadata\":{\"" key "\":\"" value "\"}}]}"

/* What a program may go on with after an error. */
static const struct run facts[] = {
	{ .label = "an etag for programs",
		.line = "-o|jsonl|post|delete|1|--etag|a",
		.answers = { "!" FACT("10", "ETAG_MISMATCH", "etag_current", "1f3a") },
		.status = 74,
		.out = "",
		.err = FACT("10", "ETAG_MISMATCH", "etag_current", "1f3a") "\n" },
	{ .label = "an etag for people",
		.line = "post|delete|1|--etag|a",
		.answers = { "!" FACT("10", "ETAG_MISMATCH", "etag_current", "1f3a") },
		.status = 74,
		.out = "",
		.err = "lectern: ABORTED: no\n  reason: ETAG_MISMATCH\n" },
	{ .label = "a revision for programs",
		.line = "-o|jsonl|post|get|1",
		.answers = { "!" FACT("11", "CHANGES_TRIMMED", "oldest_revision", "42") },
		.status = 75,
		.out = "",
		.err = FACT("11", "CHANGES_TRIMMED", "oldest_revision", "42") "\n" },
};

static void test_facts(void **state)
{
	RUN_ALL(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_archives),
		cmocka_unit_test(test_facts),
	};
	return cmocka_run_group_tests(tests, scripted_set_up, scripted_tear_down);
}
