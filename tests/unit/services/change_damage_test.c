/* ListChanges in a store that is damaged: it says so, and only to those whom it concerns. */
#include "base/limits.h"
#include "services/services.h"
#include "store/env.h"
#include "store/store_private.h"
#include "support/changes.h"
#include "support/own_server.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct answer page;

/* The checker must find nothing after the other tests; here it does. */
static int tear_down_damaged(void **state)
{
	answer_done(&page);
	answer_done(&answer);
	local_server_close(&server);
	return 0;
}

#define TEST_DAMAGE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down_damaged)

/* Replaces the entry; without a value it is removed. */
static void damage(enum table table, const struct key *key, const char *value)
{
	struct txn txn;
	struct error err;
	assert_int_equal(txn_begin_write(&server.store->env, &txn, &err), CODE_OK);
	txn_delete(&txn, table, key);
	if (value != NULL)
		txn_put(&txn, table, key, slice_of_text(value));
	assert_int_equal(txn_commit(&txn, &err), CODE_OK);
}

static const struct {
	const char *label, *value;
} broken[] = {
	{ "removed", NULL }, { "empty", "" },
	{ "of nothing", "\x18\x05" },		/* a post without an id */
	{ "of no kind", "\x28\x05" },		/* an id */
	{ "cut", "\x18\x05\x28\x05\x32\x09x" }, /* a slug that is longer than the rest */
};

static void tells_of_a_broken_log(void **state)
{
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct key key;
		print_message("%s\n", broken[i].label);
		uint64_t revision = revision_of(&server);
		for (int post = 0; post < 3; post++)
			new_post(&server, &(struct sketch){ .title = "P" }, &answer);
		key_change(&key, revision + 2);
		damage(TABLE_CHANGE, &key, broken[i].value);
		struct change_question question = { .after = revision };
		assert_int_equal(try_changes(&server, &question, &page), CODE_DATA_LOSS);
		assert_string_equal(page.err.reason, "STORE_DAMAGED");
		assert_non_null(strstr(page.err.text, "change "));
		question.page_size = 1;
		assert_int_equal(changes(&server, &question, &page)->n_changes, 1);
		question.after = revision + 2;
		assert_int_equal(changes(&server, &question, &page)->n_changes, 1);
	}
	struct key last;
	uint64_t revision = revision_of(&server);
	key_change(&last, revision);
	damage(TABLE_CHANGE, &last, NULL);
	assert_int_equal(try_changes(&server,
				 &(struct change_question){
					 .after = revision - 1, .wait_ms = LIMIT_WAIT_MS },
				 &page),
		CODE_DATA_LOSS);
}

/* One of those who wait wants what cannot be read. */
static void fails_only_who_asks_for_it(void **state)
{
	struct key key;
	uint64_t id = publish(START_US, NULL, NULL);
	struct change_question question = { .after = revision_of(&server),
		.wait_ms = LIMIT_WAIT_MS };
	key_post(&key, id, POST_SOURCE);
	damage(TABLE_POST, &key, NULL);
	struct started_call *waiters[6];
	for (int i = 0; i < 6; i++) {
		question.view = i % 3 == 0   ? LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE
				: i % 3 == 1 ? LECTERN__V1__POST_VIEW__POST_VIEW_BASIC
					     : LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED;
		waiters[i] = start_changes(&server, &question);
	}
	await_waiters(&server, 6);
	assert_int_equal(move_post(&server, "Delete", id, NULL, &answer), CODE_OK);
	for (int i = 0; i < 6; i++) {
		enum code code = i % 3 == 0 ? CODE_DATA_LOSS : CODE_OK;
		assert_int_equal(call_wait(waiters[i], &page), code);
		if (code != CODE_OK)
			assert_string_equal(page.err.reason, "STORE_DAMAGED");
	}
}

static atomic_uint messages;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

/* In the feed's thread, which waits here for the gate. */
static void count_message(void *context, const struct slice *parts, size_t count)
{
	atomic_fetch_add(&messages, 1);
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
}

/* What cannot be read is a gap for subscribers, but not the end. */
static void goes_on_publishing(void **state)
{
	static const struct services_publisher publisher = { .send = count_message };
	struct key key;
	struct error err;
	assert_int_equal(services_publish(server.services, &publisher, &err), CODE_OK);
	pthread_mutex_lock(&gate);
	new_tag(&server, "One");
	while (atomic_load(&messages) < 1)
		sched_yield();
	new_tag(&server, "Two");
	key_change(&key, 2);
	damage(TABLE_CHANGE, &key, "x");
	pthread_mutex_unlock(&gate);
	for (int i = 0; atomic_load(&messages) < 2; i++) {
		char name[16];
		snprintf(name, sizeof name, "Tag %d", i);
		new_tag(&server, name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_DAMAGE(tells_of_a_broken_log),
		TEST_DAMAGE(fails_only_who_asks_for_it),
		TEST_DAMAGE(goes_on_publishing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
