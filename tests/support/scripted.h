/* Commands against a server whose answers are scripted: what they ask, what they print. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { ANSWERS_MAX = 8, TEXT_BYTES = 64 * 1024 };

/* A line and what comes of it. Words are separated by '|'. */
struct run {
	const char *label, *line;
	bool colour;
	unsigned columns;		  /* 0: 60 */
	const char *answers[ANSWERS_MAX]; /* JSON; of a Status after a '!' */
	const char *requests;		  /* "METHOD JSON\n" each; NULL: not looked at */
	int status;
	const char *out, *err;
	bool err_part; /* err is a part of the errors */
};

/* Of a whole program, as cmocka calls them. */
int scripted_set_up(void **state);
int scripted_tear_down(void **state);

/* Whether the run does what it says; else prints what it did. */
bool fits(const struct run *run);
/* How often the last run has called the server. */
unsigned scripted_calls(void);

/* The test fails unless all of them fit. */
void run_all(const struct run *runs, size_t count);
#define RUN_ALL(runs) run_all(runs, sizeof(runs) / sizeof *(runs))

#define DATE "\"publishTime\":\"2024-02-03T04:05:06Z\""
#define POST(id, slug, title) \
	"{\"id\":\"" #id "\",\"slug\":\"" slug "\",\"title\":\"" title \
	"\",\"state\":\"POST_STATE_PUBLISHED\"," DATE "}"
#define PLAN \
	"\"plan\":{\"text\":\"walk\\u001b[2J tag 1\",\"keysRead\":\"12\",\"recordsRead\":\"3\"}"
#define PLAN_TEXT "Plan: walk^[[2J tag 1\nRead: 12 keys, 3 records\n"
