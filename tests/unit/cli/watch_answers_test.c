/* What `lectern watch` asks, prints and keeps. */
#include "support/scripted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define INFO "{\"revision\":\"20\",\"epoch\":\"e1\"}"
#define ASK_INFO "GetServerInfo {}\n"
#define CHANGE(number) "{\"revision\":\"" #number "\",\"id\":\"" #number "\"}"
#define LINE(number) CHANGE(number) "\n"
#define OUT_OF_RANGE \
	"!{\"code\":11,\"message\":\"the log begins at 9\",\"details\":[{\"@type\":\"type." \
	"googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"CHANGES_TRIMMED\"}]}"

static const struct run texts[] = {
	{ .label = "lines for people",
		.line = "watch|--since|7|--epoch|e1|--until|12",
		.answers = { INFO,
			"{\"changes\":["
			"{\"revision\":\"8\",\"time\":\"2026-01-02T03:04:05.678Z\",\"entity\":"
			"\"ENTITY_POST\",\"kind\":\"CHANGE_KIND_UPDATED\",\"id\":\"7\",\"slug\":"
			"\"hello\\u001b\",\"formerSlug\":\"hi\\u001b\",\"state\":"
			"\"POST_STATE_PUBLISHED\",\"formerState\":\"POST_STATE_SCHEDULED\"},"
			"{\"revision\":\"9\",\"time\":\"2026-01-02T03:04:05Z\",\"entity\":"
			"\"ENTITY_POST\",\"kind\":\"CHANGE_KIND_CREATED\",\"id\":\"12345\","
			"\"slug\":\"new\",\"state\":\"POST_STATE_DRAFT\"},"
			"{\"revision\":\"10\",\"time\":\"2026-01-02T03:04:05Z\",\"entity\":"
			"\"ENTITY_TAG\",\"kind\":\"CHANGE_KIND_DELETED\",\"id\":\"3\",\"slug\":"
			"\"js\",\"mergedInto\":{\"slug\":\"javascript\"}},"
			"{\"revision\":\"11\",\"entity\":\"ENTITY_POST\",\"kind\":"
			"\"CHANGE_KIND_PURGED\",\"id\":\"7\",\"slug\":\"hello\",\"formerState\":"
			"\"POST_STATE_TRASHED\"},"
			"{\"revision\":\"12\"}],"
			"\"revision\":\"20\",\"epoch\":\"e1\"}" },
		.requests = ASK_INFO "ListChanges {\"afterRevision\":\"7\",\"epoch\":\"e1\","
				     "\"waitMs\":30000}\n",
		.out = "       8  2026-01-02 03:04:05  updated  post 7          scheduled > "
		       "published  hello^[ (was hi^[)\n"
		       "       9  2026-01-02 03:04:05  created  post 12345      draft             "
		       "     new\n"
		       "      10  2026-01-02 03:04:05  deleted  tag 3           -                 "
		       "     js > javascript\n"
		       "      11  -                    purged   post 7          trashed > -       "
		       "     hello\n"
		       "      12  -                    unspecified  unspecified 0   -             "
		       "         \n",
		.err = "" },
	{ .label = "lines of JSON, as many as wanted",
		.line = "-o|jsonl|watch|--since|0|--count|2",
		.answers = { INFO, "{\"changes\":[" CHANGE(1) "," CHANGE(2) "," CHANGE(
					   3) "],\"revision\":\"20\",\"epoch\":\"e1\"}" },
		.requests = ASK_INFO "ListChanges {\"waitMs\":30000}\n",
		.out = LINE(1) LINE(2),
		.err = "" },
	{ .label = "a stream is no document",
		.line = "-o|json|watch|--since|19|--no-wait",
		.answers = { INFO,
			"{\"changes\":[" CHANGE(20) "],\"revision\":\"20\",\"epoch\":\"e1\"}",
			"{\"revision\":\"20\",\"epoch\":\"e1\"}" },
		.requests = ASK_INFO "ListChanges {\"afterRevision\":\"19\"}\n"
				     "ListChanges {\"afterRevision\":\"20\",\"epoch\":\"e1\"}\n",
		.out = LINE(20),
		.err = "" },
	{ .label = "from now on",
		.line = "-o|jsonl|watch|--count|1",
		.answers = { INFO,
			"{\"changes\":[" CHANGE(21) "],\"revision\":\"21\",\"epoch\":\"e1\"}" },
		.requests = ASK_INFO "ListChanges {\"afterRevision\":\"20\",\"epoch\":\"e1\","
				     "\"waitMs\":30000}\n",
		.out = LINE(21),
		.err = "" },
	{ .label = "until a revision that has been",
		.line = "watch|--until|20",
		.answers = { INFO },
		.requests = ASK_INFO,
		.out = "",
		.err = "" },
	{ .label = "nothing new",
		.line = "watch|--no-wait",
		.answers = { INFO, "{\"revision\":\"20\",\"epoch\":\"e1\"}" },
		.out = "",
		.err = "" },
	{ .label = "too late",
		.line = "watch|--since|3",
		.answers = { INFO, OUT_OF_RANGE },
		.status = 75,
		.out = "",
		.err = "lectern: OUT_OF_RANGE: the log begins at 9\n  reason: CHANGES_TRIMMED\n"
		       "  keep revision and epoch of \"lectern info\", read everything anew, then "
		       "watch --since that revision\n" },
	{ .label = "a log that lies",
		.line = "watch|--since|3",
		.answers = { INFO,
			"{\"changes\":[" CHANGE(5) "],\"revision\":\"20\",\"epoch\":\"e1\"}" },
		.status = 79,
		.out = "",
		.err = "lectern: DATA_LOSS: the server's change log contradicts itself: behind "
		       "revision 3 comes 5 instead of 4; tell the operator\n"
		       "  reason: CHANGES_OUT_OF_ORDER\n" },
	{ .label = "an epoch of nothing",
		.line = "watch|--epoch|e1",
		.status = 2,
		.out = "",
		.err = "lectern: --epoch belongs to a revision: give --since, too\n" },
	{ .label = "a long epoch",
		.line = "watch|--since|3|--epoch|"
			"0123456789012345678901234567890123456789012345678901234567890123",
		.status = 2,
		.out = "",
		.err = "lectern: --epoch 0123456789012345678901234567890123456789012345678901234567"
		       "890123: is too long for an epoch\n" },
	{ .label = "an epoch that no server has",
		.line = "watch|--since|3|--epoch|012345678901234567890123456789012",
		.answers = { INFO },
		.status = 2,
		.out = "",
		.err = "lectern: epoch: longer than 32 bytes; give the one that "
		       "the server told\n" },
	{ .label = "no feed",
		.line = "watch|--feed|http://x",
		.answers = { INFO },
		.status = 2,
		.out = "",
		.err = "lectern: feed URL 'http://x': must begin with tcp://, tls+tcp:// or "
		       "ipc://, for "
		       "example tcp://127.0.0.1:7400\n  reason: BAD_URL\n" },
	{ .label = "no revision",
		.line = "watch|--since|x",
		.status = 2,
		.out = "",
		.err = "lectern: --since x: must be a number from 0 to 18446744073709551614\n" },
};

static void test_texts(void **state)
{
	RUN_ALL(texts);
}

static char directory[] = "/tmp/lectern-test-XXXXXX";
static char state_path[64];

static void write_state(const char *text)
{
	FILE *file = fopen(state_path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void assert_state(const char *label, const char *want)
{
	char text[256];
	FILE *file = fopen(state_path, "r");
	if (file == NULL)
		fail_msg("%s: there is no state", label);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	if (strcmp(text, want) != 0)
		fail_msg("%s: the state is %s", label, text);
}

#define POSITION(revision, epoch) "{\"revision\":\"" #revision "\",\"epoch\":\"" epoch "\"}\n"

static const struct {
	const char *label;
	const char *before; /* in the file; NULL: there is none */
	const char *line;   /* behind "watch --state FILE" */
	const char *answers[ANSWERS_MAX];
	const char *requests;
	int status;
	const char *out;
	const char *err; /* '$' is the path */
	const char *after;
} states[] = {
	{ .label = "a new one, from now on",
		.line = "|--no-wait",
		.answers = { INFO, "{\"revision\":\"20\",\"epoch\":\"e1\"}" },
		.requests = ASK_INFO "ListChanges {\"afterRevision\":\"20\",\"epoch\":\"e1\"}\n",
		.out = "",
		.err = "",
		.after = POSITION(20, "e1") },
	{ .label = "a new one, from a revision on; the epoch is learnt",
		.line = "|--since|18|--count|1",
		.answers = { INFO, "{\"changes\":[" CHANGE(19) "," CHANGE(
					   20) "],\"revision\":\"20\",\"epoch\":\"e1\"}" },
		.requests = ASK_INFO "ListChanges {\"afterRevision\":\"18\",\"waitMs\":30000}\n",
		.out = LINE(19),
		.err = "",
		.after = POSITION(19, "e1") },
	{ .label = "going on, whatever --since says",
		.before = POSITION(17, "e1"),
		.line = "|--since|3|--until|20",
		.answers = { INFO,
			"{\"changes\":[" CHANGE(18) "],\"revision\":\"20\",\"epoch\":\"e1\"}",
			"{\"changes\":[" CHANGE(19) "," CHANGE(
				20) "],\"revision\":\"20\",\"epoch\":\"e1\"}" },
		.requests = ASK_INFO "ListChanges {\"afterRevision\":\"17\",\"epoch\":\"e1\","
				     "\"waitMs\":30000}\n"
				     "ListChanges {\"afterRevision\":\"18\",\"epoch\":\"e1\","
				     "\"waitMs\":30000}\n",
		.out = LINE(18) LINE(19) LINE(20),
		.err = "",
		.after = POSITION(20, "e1") },
	{ .label = "what was shown is kept when the next call fails",
		.before = POSITION(17, "e1"),
		.line = "",
		.answers = { INFO,
			"{\"changes\":[" CHANGE(18) "],\"revision\":\"20\",\"epoch\":\"e1\"}",
			OUT_OF_RANGE },
		.status = 75,
		.out = LINE(18),
		.err = "\"code\":11",
		.after = POSITION(18, "e1") },
	{ .label = "a server that is not there changes nothing",
		.before = POSITION(17, "e1"),
		.line = "",
		.answers = { "!{\"code\":12,\"message\":\"no\"}" },
		.status = 76,
		.out = "",
		.err = "\"code\":12",
		.after = POSITION(17, "e1") },
	{ .label = "something else",
		.before = "hello\n",
		.line = "",
		.status = 2,
		.out = "",
		.err = "$ does not hold the position of a watch",
		.after = "hello\n" },
	{ .label = "half of it",
		.before = "{\"revision\":\"7\"}\n",
		.line = "",
		.status = 2,
		.out = "",
		.err = "$ does not hold the position of a watch",
		.after = "{\"revision\":\"7\"}\n" },
	{ .label = "no number",
		.before = POSITION(7x, "e1"),
		.line = "",
		.status = 2,
		.out = "",
		.err = "$ does not hold the position of a watch",
		.after = POSITION(7x, "e1") },
};

/* Only a part of the errors is looked at, so the run is checked here. */
static bool state_fits(size_t i)
{
	char line[256];
	char err[256];
	struct run run = { .label = states[i].label,
		.line = line,
		.requests = states[i].requests,
		.status = states[i].status,
		.out = states[i].out,
		.err = states[i].err };
	memcpy(run.answers, states[i].answers, sizeof run.answers);
	snprintf(line, sizeof line, "-o|jsonl|watch|--state|%s%s", state_path, states[i].line);
	unlink(state_path);
	if (states[i].before != NULL)
		write_state(states[i].before);
	if (*states[i].err == '$')
		snprintf(err, sizeof err, "%s%s", state_path, states[i].err + 1);
	else
		snprintf(err, sizeof err, "%s", states[i].err);
	run.err = err;
	run.err_part = true;
	bool fitting = fits(&run);
	assert_state(states[i].label, states[i].after);
	return fitting;
}

static void test_state(void **state)
{
	int wrong = 0;
	assert_non_null(mkdtemp(directory));
	snprintf(state_path, sizeof state_path, "%s/state", directory);
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		wrong += !state_fits(i);
	assert_int_equal(wrong, 0);
	unlink(state_path);
	rmdir(directory); /* fails if something is left in it */
	struct stat status;
	assert_int_equal(stat(directory, &status), -1);
}

static void test_state_nowhere(void **state)
{
	static const struct run run = { .label = "nowhere",
		.line = "watch|--state|/proc/lectern-state",
		.answers = { INFO },
		.status = 1,
		.out = "",
		.err = "lectern: cannot write /proc/lectern-state: No such file or directory\n" };
	assert_true(fits(&run));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_state_nowhere),
	};
	return cmocka_run_group_tests(tests, scripted_set_up, scripted_tear_down);
}
