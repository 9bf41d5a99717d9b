/* Calls of ListChanges that wait: what answers them, and what they take from the server meanwhile.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "support/changes.h"
#include "support/own_server.h"

#include <lectern/v1/admin.pb-c.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LONG_MS = LIMIT_WAIT_MS };

static struct answer page; /* `answer` is that of writes */

static int tear_down_page(void **state)
{
	answer_done(&page);
	return tear_down(state);
}

#define TEST_PAGE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down_page)

static const Lectern__V1__ListChangesResponse *end_wait(struct started_call *waiter)
{
	if (call_wait(waiter, &page) != CODE_OK)
		fail_msg("%s", page.err.text);
	return (const Lectern__V1__ListChangesResponse *)page.message;
}

static void a_write_answers(void **state)
{
	struct started_call *waiter =
		start_changes(&server, &(struct change_question){ .wait_ms = LONG_MS });
	await_waiters(&server, 1);
	uint64_t id = new_post(&server, &(struct sketch){ .title = "P" }, &answer)->id;
	const Lectern__V1__ListChangesResponse *response = end_wait(waiter);
	assert_int_equal(response->n_changes, 1);
	assert_int_equal(response->changes[0]->id, id);
	assert_int_equal(response->changes[0]->revision, 1);
	assert_null(response->changes[0]->post);
	assert_int_equal(response->revision, 1);
	assert_int_equal(page.revision, 1);
	assert_int_equal(waiters_of(&server), 0);
}

static void what_is_there_already_is_not_waited_for(void **state)
{
	new_post(&server, &(struct sketch){ .title = "P" }, &answer);
	const Lectern__V1__ListChangesResponse *response =
		changes(&server, &(struct change_question){ .wait_ms = LONG_MS }, &page);
	assert_int_equal(response->n_changes, 1);
}

/* A write that comes at any time around the beginning of the wait ends it. */
static void no_write_is_missed(void **state)
{
	for (uint64_t round = 0; round < 300; round++) {
		struct sketch sketch = { .title = "P" };
		struct started_call *waiter = start_changes(
			&server, &(struct change_question){ .after = round, .wait_ms = LONG_MS });
		new_post(&server, &sketch, &answer);
		const Lectern__V1__ListChangesResponse *response = end_wait(waiter);
		assert_int_equal(response->n_changes, 1);
		assert_int_equal(response->changes[0]->revision, round + 1);
	}
}

/* The same with the wait begun by another thread than the writes. */
static void *run_follower(void *unused)
{
	struct answer followed = { 0 };
	uint64_t after = 0;
	while (after < 300) {
		const Lectern__V1__ListChangesResponse *response = changes(&server,
			&(struct change_question){ .after = after, .wait_ms = LONG_MS }, &followed);
		for (size_t i = 0; i < response->n_changes; i++)
			if (response->changes[i]->revision != ++after)
				abort();
	}
	answer_done(&followed);
	return NULL;
}

static void followers_miss_nothing(void **state)
{
	pthread_t followers[3];
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&followers[i], NULL, run_follower, NULL), 0);
	for (int i = 0; i < 300; i++)
		new_post(&server, &(struct sketch){ .title = "P" }, &answer);
	for (int i = 0; i < 3; i++)
		pthread_join(followers[i], NULL);
}

static void time_answers_without_changes(void **state)
{
	enum { SHORT_MS = 50 };
	new_post(&server, &(struct sketch){ .title = "P" }, &answer);
	uint64_t start_ns = clock_monotonic_ns();
	const Lectern__V1__ListChangesResponse *response = changes(
		&server, &(struct change_question){ .after = 1, .wait_ms = SHORT_MS }, &page);
	assert_true(clock_monotonic_ns() - start_ns >= UINT64_C(1000000) * SHORT_MS);
	assert_int_equal(response->n_changes, 0);
	assert_int_equal(response->revision, 1);
	assert_int_equal(response->oldest_revision, 1);
	assert_true(response->epoch[0] != '\0');
	assert_int_equal(page.revision, 1);
}

/* A call whose own time is shorter than its wait is answered before that is over. */
static void the_time_of_the_call_counts(void **state)
{
	server.timeout_ms = 200;
	uint64_t start_ns = clock_monotonic_ns();
	const Lectern__V1__ListChangesResponse *response =
		changes(&server, &(struct change_question){ .wait_ms = LONG_MS }, &page);
	uint64_t waited_ms = (clock_monotonic_ns() - start_ns) / 1000000;
	assert_int_equal(response->n_changes, 0);
	assert_in_range(waited_ms, 150, LONG_MS / 2);
}

static void the_end_of_the_server_answers(void **state)
{
	enum { WAITERS = 5 };
	struct started_call *waiters[WAITERS];
	for (int i = 0; i < WAITERS; i++)
		waiters[i] =
			start_changes(&server, &(struct change_question){ .wait_ms = LONG_MS });
	local_server_stop(&server);
	for (int i = 0; i < WAITERS; i++) {
		assert_int_equal(call_wait(waiters[i], &page), CODE_UNAVAILABLE);
		assert_string_equal(page.err.reason, "STOPPING");
		assert_int_not_equal(page.err.retry_ms, 0);
	}
	local_server_close(&server);
	local_server_open(&server); /* for the test's end */
}

static uint32_t open_snapshots(void)
{
	Lectern__V1__GetStatsRequest request = LECTERN__V1__GET_STATS_REQUEST__INIT;
	const Lectern__V1__GetStatsResponse *stats =
		call_ok(&server, "AdminService/GetStats", &request.base, &answer);
	return stats->open_snapshots;
}

/* As many as there are places wait, and one write answers all of them. */
static void only_so_many_wait(void **state)
{
	struct started_call *waiters[LIMIT_PARKED_CALLS];
	struct change_question question = { .wait_ms = LONG_MS };
	for (int round = 0; round < 2; round++) {
		question.after = (uint64_t)round;
		for (int i = 0; i < LIMIT_PARKED_CALLS; i++)
			waiters[i] = start_changes(&server, &question);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(
				try_changes(&server, &question, &page), CODE_RESOURCE_EXHAUSTED);
			assert_string_equal(page.err.reason, "TOO_MANY_WAITERS");
			assert_int_equal(page.err.retry_ms, 1000);
		}
		assert_int_equal(waiters_of(&server), LIMIT_PARKED_CALLS);
		while (open_snapshots() > 0) /* but for what is just being looked at */
			sched_yield();
		/* Those that do not wait are no more than that. */
		assert_int_equal(
			changes(&server, &(struct change_question){ .after = question.after },
				&page)
				->n_changes,
			0);
		new_post(&server, &(struct sketch){ .title = "P" }, &answer);
		for (int i = 0; i < LIMIT_PARKED_CALLS; i++) {
			const Lectern__V1__ListChangesResponse *response = end_wait(waiters[i]);
			assert_int_equal(response->n_changes, 1);
			assert_int_equal(response->changes[0]->revision, round + 1);
		}
		assert_int_equal(waiters_of(&server), 0);
	}
}

static void waiters_get_what_they_asked_for(void **state)
{
	static const Lectern__V1__PostView views[] = { LECTERN__V1__POST_VIEW__POST_VIEW_BASIC,
		LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED,
		LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE };
	uint64_t id = publish(START_US, "Tag", NULL);
	uint64_t tag = read_post(&server, id, &answer)->tags[0]->id;
	uint64_t other = publish(START_US, "Tag", NULL);
	uint64_t before = revision_of(&server);
	struct started_call *waiters[3];
	for (int i = 0; i < 3; i++)
		waiters[i] = start_changes(&server, &(struct change_question){ .after = before,
							    .page_size = i == 2 ? 2 : 0,
							    .wait_ms = LONG_MS,
							    .view = views[i] });
	await_waiters(&server, 3);
	/* One transaction with a change of the tag and of both posts. */
	Lectern__V1__Tag renamed = LECTERN__V1__TAG__INIT;
	Lectern__V1__UpdateTagRequest request = LECTERN__V1__UPDATE_TAG_REQUEST__INIT;
	renamed.id = tag;
	renamed.name = text("New");
	request.tag = &renamed;
	call_ok(&server, "TagService/UpdateTag", &request.base, &answer);
	for (int i = 0; i < 3; i++) {
		const Lectern__V1__ListChangesResponse *response = end_wait(waiters[i]);
		assert_int_equal(response->revision, before + 3);
		assert_int_equal(response->n_changes, i == 2 ? 2 : 3);
		const Lectern__V1__Change *change = response->changes[1];
		assert_true(change->id == id || change->id == other);
		assert_int_equal(change->post != NULL, i != 1);
		if (i != 1)
			assert_string_equal(change->post->tags[0]->name, "New");
	}
}

/* One change of many large posts answers with some of them; the caller comes again for the rest. */
static void waited_answers_are_small(void **state)
{
	enum { POSTS = 6, BODY_BYTES = 400 * 1024 };
	char *body = malloc(BODY_BYTES + 1);
	memset(body, 'x', BODY_BYTES);
	body[BODY_BYTES] = '\0';
	struct sketch sketch = { .title = "P", .body = body, .tags = { "Tag" } };
	for (int i = 0; i < POSTS; i++)
		new_post(&server, &sketch, &answer);
	free(body);
	Lectern__V1__Tag renamed = LECTERN__V1__TAG__INIT;
	Lectern__V1__UpdateTagRequest request = LECTERN__V1__UPDATE_TAG_REQUEST__INIT;
	renamed.id = 1;
	renamed.name = text("New");
	request.tag = &renamed;
	struct change_question question = { .after = revision_of(&server),
		.wait_ms = LONG_MS,
		.view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL };
	struct started_call *waiter = start_changes(&server, &question);
	await_waiters(&server, 1);
	call_ok(&server, "TagService/UpdateTag", &request.base, &answer);
	const Lectern__V1__ListChangesResponse *response = end_wait(waiter);
	assert_in_range(response->n_changes, 2, POSTS);
	assert_in_range(page.size_bytes, BODY_BYTES, WAITED_PAGE_BYTES + 1000);
	assert_int_equal(response->revision, question.after + POSTS + 1);
	question.after += response->n_changes;
	assert_int_equal(
		changes(&server, &question, &page)->n_changes, page.revision - question.after);
}

/* A change larger than that is answered with all the same. */
static void the_first_change_always_fits(void **state)
{
	enum { BODY_BYTES = 2 * WAITED_PAGE_BYTES };
	char *body = malloc(BODY_BYTES + 1);
	memset(body, 'x', BODY_BYTES);
	body[BODY_BYTES] = '\0';
	struct started_call *waiter =
		start_changes(&server, &(struct change_question){ .wait_ms = LONG_MS,
					       .view = LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE });
	new_post(&server, &(struct sketch){ .title = "P", .body = body }, &answer);
	const Lectern__V1__ListChangesResponse *response = end_wait(waiter);
	assert_int_equal(response->n_changes, 1);
	assert_string_equal(response->changes[0]->post->body, body);
	free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_PAGE(a_write_answers),
		TEST_PAGE(what_is_there_already_is_not_waited_for),
		TEST_PAGE(no_write_is_missed),
		TEST_PAGE(followers_miss_nothing),
		TEST_PAGE(time_answers_without_changes),
		TEST_PAGE(the_time_of_the_call_counts),
		TEST_PAGE(the_end_of_the_server_answers),
		TEST_PAGE(only_so_many_wait),
		TEST_PAGE(waiters_get_what_they_asked_for),
		TEST_PAGE(waited_answers_are_small),
		TEST_PAGE(the_first_change_always_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
