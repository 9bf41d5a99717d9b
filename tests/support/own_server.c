#include "support/own_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct local_server server;
struct answer answer;

int set_up(void **state)
{
	local_server_open(&server);
	return 0;
}

int tear_down(void **state)
{
	server.timeout_ms = 0;
	server.arena_bytes = 0;
	uint64_t problems = count_problems(&server);
	answer_done(&answer);
	local_server_close(&server);
	return problems == 0 ? 0 : -1;
}

uint64_t publish(int64_t time_us, const char *tag, const char *category)
{
	return new_post(&server,
		&(struct sketch){ .title = "P",
			.tags = { tag },
			.categories = { category },
			.state = PUBLISHED,
			.publish_time_us = time_us },
		&answer)
		->id;
}

void assert_failed_as(enum code code, const char *reason, const char *part)
{
	if (answer.code != code || strstr(answer.err.text, part) == NULL)
		print_error("%s %s\n", code_name(answer.code), answer.err.text);
	assert_int_equal(answer.code, code);
	assert_string_equal(answer.err.reason, reason);
	assert_non_null(strstr(answer.err.text, part));
}
