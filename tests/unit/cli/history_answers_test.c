/* What the commands of history, of writes with their notes, and of merges ask and print. */
#include "support/scripted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TIME(second) "\"createTime\":\"2026-01-02T03:04:" second "Z\""
#define NO_REVISION \
	"!{\"code\":5,\"message\":\"post 7 has no revision 1\",\"details\":[{\"@type\":\"type." \
	"googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"REVISION_NOT_FOUND\"}]}"

static const struct run histories[] = {
	{ .label = "a page",
		.line = "post|history|here|--page-size|2",
		.answers = { "{\"revisions\":[{\"revision\":\"12\"," TIME(
			"05") ",\"note\":{\"author\":\"anna\\u001b\",\"summary\":\"title "
			      "changed\"}},{\"revision\":\"9\"," TIME("04") "}],"
									    "\"nextPageToken\":"
									    "\"u\"}" },
		.requests = "ListPostRevisions {\"slug\":\"here\",\"pageSize\":2}\n",
		.out = "REVISION  TIME              AUTHOR  SUMMARY\n"
		       "      12  2026-01-02 03:04  anna^[  title changed\n"
		       "       9  2026-01-02 03:04  -       \n",
		.err = "There is more: --page-token u\n" },
	{ .label = "all lines",
		.line = "-o|jsonl|post|history|7|--all",
		.answers = { "{\"revisions\":[{\"revision\":\"2\"}],\"nextPageToken\":\"u\"}",
			"{\"revisions\":[{\"revision\":\"1\"}]}" },
		.requests = "ListPostRevisions {\"id\":\"7\"}\n"
			    "ListPostRevisions {\"id\":\"7\",\"pageToken\":\"u\"}\n",
		.out = "{\"revision\":\"2\"}\n{\"revision\":\"1\"}\n",
		.err = "" },
	{ .label = "all in one document",
		.line = "-o|json|post|history|7|--all",
		.answers = { "{\"revisions\":[{\"revision\":\"2\"}],\"nextPageToken\":\"u\","
			     "\"totalSize\":\"2\"}",
			"{\"revisions\":[{\"revision\":\"1\"}],\"totalSize\":\"2\"}" },
		.out = "{\n  \"revisions\": [\n    {\n      \"revision\": \"2\"\n    },\n    {\n "
		       "     \"revision\": \"1\"\n    }\n  ],\n  \"totalSize\": \"2\"\n}\n",
		.err = "" },
};

static void test_history(void **state)
{
	RUN_ALL(histories);
}

#define A_REVISION \
	"{\"revision\":{\"revision\":\"3\"," TIME( \
		"05") ",\"post\":{\"id\":\"7\",\"slug\":\"here\",\"title\":\"Here\",\"state\":" \
		      "\"POST_STATE_DRAFT\",\"bodyFormat\":\"BODY_FORMAT_MARKDOWN\",\"body\":" \
		      "\"source\",\"html\":\"<p>source</p>\",\"outline\":[{\"level\":1}]},\"" \
		      "note\":{\"author\":\"an\\nna\",\"summary\":\"typo\"}}}"
#define A_HEAD "Revision 3 of 2026-01-02 03:04 by an na: typo\nHere\ndraft \xC2\xB7 id 7\nhere\n"

static const struct run revisions[] = {
	{ .label = "the source",
		.line = "post|revision|here|3",
		.answers = { A_REVISION },
		.requests = "GetPostRevision {\"slug\":\"here\",\"revision\":\"3\"}\n",
		.out = A_HEAD "\n  source\n",
		.err = "" },
	{ .label = "html",
		.line = "post|revision|7|3|--view|html",
		.answers = { A_REVISION },
		.requests = "GetPostRevision {\"id\":\"7\",\"revision\":\"3\"}\n",
		.out = A_HEAD "\n<p>source</p>\n",
		.err = "" },
	{ .label = "the light part",
		.line = "post|revision|7|3|--view|basic",
		.answers = { A_REVISION },
		.out = A_HEAD,
		.err = "" },
	{ .label = "a line with everything",
		.line = "-o|jsonl|post|revision|7|3",
		.answers = { "{\"revision\":{\"revision\":\"3\",\"post\":{\"id\":\"7\",\"body\":"
			     "\"b\",\"html\":\"h\"}}}" },
		.out = "{\"revision\":\"3\",\"post\":{\"id\":\"7\",\"body\":\"b\",\"html\":\"h\"}}"
		       "\n",
		.err = "" },
	{ .label = "a document with the source",
		.line = "-o|json|post|revision|7|3|--view|source",
		.answers = { "{\"revision\":{\"post\":{\"bodyFormat\":\"BODY_FORMAT_MARKDOWN\","
			     "\"body\":\"b\",\"html\":\"h\",\"outline\":[{\"level\":1}]}}}" },
		.out = "{\n  \"revision\": {\n    \"post\": {\n      \"bodyFormat\": "
		       "\"BODY_FORMAT_MARKDOWN\",\n      \"body\": \"b\"\n    }\n  }\n}\n",
		.err = "" },
	{ .label = "a line with html",
		.line = "-o|jsonl|post|revision|7|3|--view|html",
		.answers = { "{\"revision\":{\"post\":{\"bodyFormat\":\"BODY_FORMAT_MARKDOWN\","
			     "\"body\":\"b\",\"html\":\"h\",\"outline\":[{\"level\":1}]}}}" },
		.out = "{\"post\":{\"html\":\"h\",\"outline\":[{\"level\":1}]}}\n",
		.err = "" },
	{ .label = "none",
		.line = "post|revision|7|1",
		.answers = { NO_REVISION },
		.status = 69,
		.out = "",
		.err = "lectern: NOT_FOUND: post 7 has no revision 1\n"
		       "  reason: REVISION_NOT_FOUND\n" },
	{ .label = "no number",
		.line = "post|revision|7|latest",
		.status = 2,
		.out = "",
		.err = "lectern: latest: must be the number of a revision, from 1 upwards\n"
		       "  see: lectern post history REF\n" },
	{ .label = "a hollow answer",
		.line = "post|revision|7|1",
		.answers = { "{\"revision\":{}}" },
		.status = 1,
		.out = "",
		.err = "lectern: the answer holds no post\n" },
};

static void test_revision(void **state)
{
	RUN_ALL(revisions);
}

#define PRESENT "{\"post\":{\"id\":\"7\",\"slug\":\"now\",\"revision\":\"4\"}}"
#define STATE(number, fields) \
	"{\"revision\":{\"revision\":\"" number \
	"\"," TIME("0" number ".5") ",\"post\":{\"id\":\"7\",\"revision\":\"" number "\"," fields \
				    "}" \
				    "}}"
#define OLD \
	STATE("3", "\"slug\":\"old\",\"title\":\"Old\",\"state\":\"POST_STATE_DRAFT\"," \
		   "\"tags\":[{\"slug\":\"a\",\"name\":\"A\"},{\"slug\":\"b\",\"name\":\"B\"}]," \
		   "\"attributes\":[{\"key\":\"k\",\"value\":\"1\\n2\"}],\"excerpt\":\"x\\ny\"," \
		   "\"etag\":\"1\",\"wordCount\":1,\"body\":\"one\\ntwo\\n\"")
#define NEW \
	STATE("4", "\"slug\":\"now\",\"title\":\"Old\",\"state\":\"POST_STATE_PUBLISHED\"," \
		   "\"publishTime\":\"2026-01-02T03:04:05Z\",\"tags\":[{\"slug\":\"a\",\"name\":" \
		   "\"A\"},{\"slug\":\"b\",\"name\":\"Bee\"}],\"series\":{\"slug\":\"s\"," \
		   "\"name\":\"S\",\"part\":2},\"featured\":true,\"attributes\":[{\"key\":\"k\"," \
		   "\"value\":\"1\\n3\"}],\"excerpt\":\"x\\nz\",\"etag\":\"2\",\"wordCount\":2," \
		   "\"body\":\"one\\nthree\\u001b\"")
#define FIELDS \
	"-slug: old\n+slug: now\n-excerpt: y\n+excerpt: z\n-state: draft\n+state: published\n" \
	"+publish_time: 2026-01-02T03:04:05Z\n-tags: b (B)\n+tags: b (Bee)\n" \
	"+series: s (S), part 2\n+featured: true\n-attributes: k=2\n+attributes: k=3\n"
#define BODY \
	"--- old@3\t2026-01-02 03:04:03.500 +0000\n+++ now@4\t2026-01-02 03:04:04.500 +0000\n" \
	"@@ -1,2 +1,2 @@\n one\n-two\n+three\x1b\n\\ No newline at end of file\n"

static const struct run diffs[] = {
	{ .label = "the one before the present one",
		.line = "post|diff|old",
		.answers = { PRESENT, OLD, NEW },
		.requests = "GetPost {\"slug\":\"old\",\"view\":\"POST_VIEW_BASIC\"}\n"
			    "GetPostRevision {\"id\":\"7\",\"revision\":\"3\"}\n"
			    "GetPostRevision {\"id\":\"7\",\"revision\":\"4\"}\n",
		.out = "Revision 3 to 4 of now\n" FIELDS BODY,
		.err = "" },
	{ .label = "two of them",
		.line = "post|diff|old|4|3|--body-only",
		.answers = { NEW, OLD },
		.requests = "GetPostRevision {\"slug\":\"old\",\"revision\":\"4\"}\n"
			    "GetPostRevision {\"id\":\"7\",\"revision\":\"3\"}\n",
		.out = "--- now@4\t2026-01-02 03:04:04.500 +0000\n"
		       "+++ old@3\t2026-01-02 03:04:03.500 +0000\n@@ -1,2 +1,2 @@\n one\n"
		       "-three\x1b\n\\ No newline at end of file\n+two\n",
		.err = "" },
	{ .label = "one and the present one, in colours",
		.line = "post|diff|7|3",
		.colour = true,
		.answers = { PRESENT, STATE("3", "\"slug\":\"s\",\"language\":\"e\\u001bn\""),
			STATE("4", "\"slug\":\"s\",\"body\":\"\\u001b\"") },
		.requests = "GetPost {\"id\":\"7\",\"view\":\"POST_VIEW_BASIC\"}\n"
			    "GetPostRevision {\"id\":\"7\",\"revision\":\"3\"}\n"
			    "GetPostRevision {\"id\":\"7\",\"revision\":\"4\"}\n",
		.out = "\x1b[1mRevision 3 to 4 of s\x1b[0m\n"
		       "\x1b[31m-language: e^[n\x1b[0m\n"
		       "\x1b[1m--- s@3\t2026-01-02 03:04:03.500 +0000\x1b[0m\n"
		       "\x1b[1m+++ s@4\t2026-01-02 03:04:04.500 +0000\x1b[0m\n"
		       "\x1b[1;36m@@ -0,0 +1 @@\x1b[0m\n\x1b[32m+^[\x1b[0m\n"
		       "\\ No newline at end of file\n",
		.err = "" },
	{ .label = "JSON",
		.line = "-o|jsonl|post|diff|7|3|4",
		.answers = { STATE("3", "\"slug\":\"s\",\"title\":\"A\",\"body\":\"x\\n\""),
			STATE("4", "\"slug\":\"s\",\"title\":\"B\",\"body\":\"y\\n\"") },
		.out = "{\"from\":\"3\",\"to\":\"4\",\"fields\":[\"title\",\"body\"],\"diff\":"
		       "\"-title: A\\n+title: B\\n--- s@3\\t2026-01-02 03:04:03.500 +0000\\n+++ "
		       "s@4\\t2026-01-02 03:04:04.500 +0000\\n@@ -1 +1 @@\\n-x\\n+y\\n\"}\n",
		.err = "" },
	{ .label = "no difference",
		.line = "post|diff|7|3",
		.answers = { PRESENT, STATE("3", "\"body\":\"x\""), STATE("4", "\"body\":\"x\"") },
		.out = "",
		.err = "no differences between revisions 3 and 4\n" },
	{ .label = "no difference, in JSON",
		.line = "-o|json|post|diff|7|3|4",
		.answers = { STATE("3", "\"body\":\"x\""), STATE("4", "\"body\":\"x\"") },
		.out = "{\n  \"from\": \"3\",\n  \"to\": \"4\",\n  \"fields\": [],\n  \"diff\": "
		       "\"\"\n}\n",
		.err = "" },
	{ .label = "a post that has never changed",
		.line = "post|diff|7",
		.answers = { "{\"post\":{\"id\":\"7\",\"revision\":\"1\"}}",
			STATE("1", "\"body\":\"x\""), STATE("1", "\"body\":\"x\"") },
		.out = "",
		.err = "no differences between revisions 1 and 1\n" },
	{ .label = "one that is not kept",
		.line = "post|diff|7|1",
		.answers = { PRESENT, NO_REVISION },
		.status = 69,
		.out = "",
		.err = "lectern: NOT_FOUND: post 7 has no revision 1\n"
		       "  reason: REVISION_NOT_FOUND\n" },
	{ .label = "no number",
		.line = "post|diff|7|0",
		.status = 2,
		.out = "",
		.err = "lectern: 0: must be the number of a revision, from 1 upwards\n"
		       "  see: lectern post history REF\n" },
	{ .label = "hollow",
		.line = "post|diff|7",
		.answers = { "{}" },
		.status = 1,
		.out = "",
		.err = "lectern: the answer holds no post\n" },
};

static void test_diff(void **state)
{
	RUN_ALL(diffs);
}

#define WRITTEN "{\"post\":{\"id\":\"7\",\"slug\":\"s\",\"state\":\"POST_STATE_DRAFT\"}}"
#define NOTE "\"note\":{\"author\":\"anna\",\"summary\":\"typo\"}"

static const struct run writes[] = {
	{ .label = "rollback",
		.line = "post|rollback|s|3|--etag|e|--request-id|r|--note|typo|--note-author|anna",
		.answers = { WRITTEN },
		.requests = "RollbackPost {\"slug\":\"s\",\"revision\":\"3\",\"etag\":\"e\","
			    "\"requestId\":\"r\"," NOTE "}\n",
		.out = "Rolled back post 7: s (draft)\n",
		.err = "" },
	{ .label = "rollback to nothing",
		.line = "post|rollback|s|-1",
		.status = 2,
		.out = "",
		.err = "lectern: unknown option -1\n  see: lectern post rollback --help\n" },
	{ .label = "rollback, tried out",
		.line = "post|rollback|7|3|--validate-only|--request-id|r",
		.answers = { WRITTEN },
		.requests = "RollbackPost {\"id\":\"7\",\"revision\":\"3\",\"requestId\":\"r\","
			    "\"validateOnly\":true}\n",
		.out = "Would roll back post 7: s (draft)\n",
		.err = "" },
	{ .label = "create",
		.line = "post|create|--title|T|--author|bob|--note-author|anna|--note|typo|"
			"--request-id|r",
		.answers = { WRITTEN },
		.requests = "CreatePost {\"post\":{\"title\":\"T\",\"authors\":[{\"slug\":\"bob\"}"
			    "]},\"requestId\":\"r\"," NOTE "}\n",
		.out = "Created post 7: s (draft)\n",
		.err = "" },
	{ .label = "update",
		.line = "post|update|s|--title|T|--note|typo|--request-id|r",
		.answers = { WRITTEN },
		.requests = "UpdatePost {\"post\":{\"slug\":\"s\",\"title\":\"T\"},\"updateMask\":"
			    "\"title\",\"requestId\":\"r\",\"note\":{\"summary\":\"typo\"}}\n",
		.out = "Updated post 7: s (draft)\n",
		.err = "" },
	{ .label = "delete",
		.line = "post|delete|s|--note-author|anna|--request-id|r",
		.answers = { WRITTEN },
		.requests = "DeletePost {\"slug\":\"s\",\"requestId\":\"r\",\"note\":{\"author\":"
			    "\"anna\"}}\n",
		.out = "Trashed post 7: s (draft)\n",
		.err = "" },
	{ .label = "undelete, tried out",
		.line = "post|undelete|s|--validate-only|--note|typo|--note-author|anna|"
			"--request-id|r",
		.answers = { WRITTEN },
		.requests = "UndeletePost {\"slug\":\"s\",\"requestId\":\"r\",\"validateOnly\":true"
			    "," NOTE "}\n",
		.out = "Would restore post 7: s (draft)\n",
		.err = "" },
	{ .label = "publish, tried out",
		.line = "post|publish|s|--validate-only|--note|typo|--note-author|anna|--request-"
			"id|r",
		.answers = { WRITTEN },
		.requests = "PublishPost "
			    "{\"slug\":\"s\",\"requestId\":\"r\",\"validateOnly\":true," NOTE "}\n",
		.out = "Would publish post 7: s (draft)\n",
		.err = "" },
	{ .label = "unpublish, tried out",
		.line = "post|unpublish|s|--validate-only|--request-id|r",
		.answers = { WRITTEN },
		.requests = "UnpublishPost {\"slug\":\"s\",\"requestId\":\"r\",\"validateOnly\":"
			    "true}\n",
		.out = "Would unpublish post 7: s (draft)\n",
		.err = "" },
	{ .label = "schedule, tried out",
		.line = "post|schedule|s|2030-01-02T03:04:05Z|--validate-only|--request-id|r|"
			"--note|typo|--note-author|anna",
		.answers = { WRITTEN },
		.requests = "SchedulePost {\"slug\":\"s\",\"publishTime\":\"2030-01-02T03:04:05Z\","
			    "\"requestId\":\"r\",\"validateOnly\":true," NOTE "}\n",
		.out = "Would schedule post 7: s (draft)\n",
		.err = "" },
	{ .label = "purge",
		.line = "post|purge|s|--request-id|r",
		.answers = { "{}" },
		.requests = "PurgePost {\"slug\":\"s\",\"requestId\":\"r\"}\n",
		.out = "Purged\n",
		.err = "" },
	{ .label = "purge, tried out",
		.line = "post|purge|s|--validate-only|--request-id|r",
		.answers = { "{}" },
		.requests = "PurgePost {\"slug\":\"s\",\"requestId\":\"r\",\"validateOnly\":true}"
			    "\n",
		.out = "Would purge\n",
		.err = "" },
	{ .label = "purging leaves no history",
		.line = "post|purge|s|--note|typo",
		.status = 2,
		.out = "",
		.err = "lectern: unknown option --note\n  see: lectern post purge --help\n" },
};

static void test_writes(void **state)
{
	RUN_ALL(writes);
}

static const struct run merges[] = {
	{ .label = "merge",
		.line = "tag|merge|js|ECMA Script|--into|javascript|--etag|e|--request-id|r",
		.answers = { "{\"tag\":{\"id\":\"3\",\"slug\":\"javascript\",\"name\":"
			     "\"JavaScript\",\"postCount\":\"14\",\"aliases\":[\"ecma\","
			     "\"js\\u001b\"]}}" },
		.requests = "MergeTags {\"sources\":[{\"slug\":\"js\"},{\"name\":\"ECMA Script\"}]"
			    ",\"destination\":{\"slug\":\"javascript\"},\"requestId\":\"r\","
			    "\"etag\":\"e\"}\n",
		.out = "Merged into tag 3: javascript (JavaScript)\n"
		       "14 posts; former slugs: ecma, js^[\n",
		.err = "" },
	{ .label = "merge, tried out",
		.line = "author|merge|a|--into|b|--validate-only|--request-id|r",
		.answers = { "{\"author\":{\"id\":\"3\",\"slug\":\"b\",\"name\":\"B\","
			     "\"postCount\":\"1\"}}" },
		.requests = "MergeAuthors {\"sources\":[{\"slug\":\"a\"}],\"destination\":{"
			    "\"slug\":\"b\"},\"validateOnly\":true,\"requestId\":\"r\"}\n",
		.out = "Would merge into author 3: b (B)\n1 post\n",
		.err = "" },
	{ .label = "merge, as a line",
		.line = "-o|jsonl|category|merge|a|--into|b|--request-id|r",
		.answers = { "{\"category\":{\"id\":\"3\"}}" },
		.out = "{\"id\":\"3\"}\n",
		.err = "" },
};

static void test_merge(void **state)
{
	RUN_ALL(merges);
}

static const struct run former_slugs[] = {
	{ .label = "a post",
		.line = "post|get|old|--view|basic",
		.answers = { "{\"post\":{\"id\":\"7\",\"slug\":\"new\\u001b\"},\"formerSlug\":true"
			     "}" },
		.out = "unknown \xC2\xB7 id 7\nnew^[\n",
		.err = "note: \"old\" is now \"new^[\"\n" },
	{ .label = "a post by its id",
		.line = "post|get|7|--view|basic",
		.answers = { "{\"post\":{\"id\":\"7\",\"slug\":\"new\"},\"formerSlug\":true}" },
		.out = "unknown \xC2\xB7 id 7\nnew\n",
		.err = "" },
	{ .label = "a post as a line",
		.line = "-o|jsonl|post|get|old",
		.answers = { "{\"post\":{\"slug\":\"new\"},\"formerSlug\":true}" },
		.out = "{\"slug\":\"new\"}\n",
		.err = "note: \"old\" is now \"new\"\n" },
	{ .label = "a document says so itself",
		.line = "-o|json|post|get|old",
		.answers = { "{\"post\":{\"slug\":\"new\"},\"formerSlug\":true}" },
		.out = "{\n  \"post\": {\n    \"slug\": \"new\"\n  },\n  \"formerSlug\": true\n}"
		       "\n",
		.err = "" },
	{ .label = "a tag",
		.line = "tag|get|js",
		.answers = { "{\"tag\":{\"slug\":\"javascript\"},\"formerSlug\":true}" },
		.requests = "GetTag {\"slug\":\"js\"}\n",
		.out = "slug         javascript\nid           0\nposts        0\n",
		.err = "note: \"js\" is now \"javascript\"\n" },
	{ .label = "a tag in a document",
		.line = "-o|json|tag|get|js",
		.answers = { "{\"tag\":{\"slug\":\"javascript\"},\"formerSlug\":true}" },
		.out = "{\n  \"tag\": {\n    \"slug\": \"javascript\"\n  },\n  \"formerSlug\": "
		       "true\n}\n",
		.err = "" },
	{ .label = "an author by the present slug",
		.line = "-o|jsonl|author|get|a",
		.answers = { "{\"author\":{\"slug\":\"a\"}}" },
		.out = "{\"slug\":\"a\"}\n",
		.err = "" },
	{ .label = "an archive",
		.line = "archive|tag|js|--view|basic",
		.answers = { "{\"tag\":{\"slug\":\"javascript\",\"name\":\"JavaScript\"},"
			     "\"formerSlug\":true,\"nextPageToken\":\"u\"}" },
		.out = "Tag: JavaScript  (0 posts)\n",
		.err = "note: \"js\" is now \"javascript\"\nThere is more: --page-token u\n" },
	{ .label = "an archive of all pages in lines",
		.line = "-o|jsonl|archive|category|old|--all",
		.answers = { "{\"category\":{\"slug\":\"new\"},\"posts\":[{\"id\":\"1\"}],"
			     "\"formerSlug\":true,\"nextPageToken\":\"u\"}",
			"{\"category\":{\"slug\":\"new\"},\"posts\":[{\"id\":\"2\"}],"
			"\"formerSlug\":true}" },
		.out = "{\"id\":\"1\"}\n{\"id\":\"2\"}\n",
		.err = "note: \"old\" is now \"new\"\n" },
	{ .label = "an archive in a document",
		.line = "-o|json|archive|author|old",
		.answers = { "{\"author\":{\"slug\":\"new\"},\"formerSlug\":true}" },
		.out = "{\n  \"author\": {\n    \"slug\": \"new\"\n  },\n  \"formerSlug\": true\n"
		       "}\n",
		.err = "" },
};

static void test_former_slugs(void **state)
{
	RUN_ALL(former_slugs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_revision),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_former_slugs),
	};
	return cmocka_run_group_tests(tests, scripted_set_up, scripted_tear_down);
}
