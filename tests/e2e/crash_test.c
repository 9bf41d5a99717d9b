/*
 * kill -9 amid random writes of every kind from several clients, again and again: each acknowledged
 * write is there once, each other one wholly or not at all (e2e/crash/client.h), a follower of the
 * change log sees no gap and no repeat and knows everything in the end (e2e/crash/feed.h), and the
 * checker finds nothing.
 *
 * LECTERN_CRASH_ROUNDS sets the number of kills (default 30), LECTERN_TEST_SEED repeats a run's
 * choices, as far as threads allow.
 */
#include "e2e/crash/call.h"
#include "e2e/crash/client.h"
#include "e2e/crash/feed.h"
#include "e2e/oracle/failure.h"
#include "integration/lecternd.h"

#include <inttypes.h>
#include <lectern/v1/admin.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

enum { CLIENTS = 8, ROUNDS = 30, CHECK_EVERY = 10 };

static struct lecternd server;
static struct crash_client clients[CLIENTS];
static struct crash_feed feed;
static atomic_bool stop;

static void check_store(lectern_client *client)
{
	Lectern__V1__CheckStoreRequest request = LECTERN__V1__CHECK_STORE_REQUEST__INIT;
	Lectern__V1__CheckStoreResponse *found = crash_read(client, "AdminService/CheckStore",
		&request.base, &lectern__v1__check_store_response__descriptor);
	assert_true(found->entries > 0);
	if (found->problem_count > 0)
		oracle_fail("%" PRIu64 " problems, the first: %s", found->problem_count,
			found->problems[0]);
	lectern__v1__check_store_response__free_unpacked(found, NULL);
}

static uint64_t acknowledged(void)
{
	uint64_t total = 0;
	for (int i = 0; i < CLIENTS; i++)
		total += atomic_load(&clients[i].acknowledged);
	return total;
}

/* Kills the server after a random number of further writes, so that no clock is involved; now and
 * then before there was any. */
static void kill_amid_writes(struct random *random)
{
	struct timespec pause = { .tv_nsec = 200000 };
	uint64_t more = random_below(random, 10) == 0 ? 0 : 1 + random_below(random, 200);
	uint64_t until = acknowledged() + more;
	while (acknowledged() < until)
		nanosleep(&pause, NULL); /* polls a counter; the number of writes decides */
	lecternd_kill(&server);
	lecternd_run(&server);
	oracle_show_log(fileno(server.log));
}

static void writes_of_every_kind_survive_kill_9(void **state)
{
	(void)state;
	struct random random = random_start();
	const char *given = getenv("LECTERN_CRASH_ROUNDS");
	int rounds = given != NULL ? atoi(given) : ROUNDS;
	unsigned long long done = 0;
	unsigned long long undone = 0;
	lecternd_start(&server);
	lectern_client *client = crash_connect(server.url, true);
	crash_feed_start(&feed, server.url, &stop);
	for (int i = 0; i < CLIENTS; i++)
		crash_client_start(&clients[i], i, server.url,
			(struct random){ .state = random_next(&random) }, &stop);
	for (int round = 0; round < rounds; round++) {
		kill_amid_writes(&random);
		if (round % CHECK_EVERY == CHECK_EVERY - 1)
			check_store(client);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < CLIENTS; i++) {
		crash_client_finish(&clients[i]);
		done += clients[i].found_done;
		undone += clients[i].found_undone;
	}
	crash_feed_finish(&feed);
	check_store(client);
	print_message("%d kills; %" PRIu64 " writes acknowledged; of those whose answer was lost "
		      "%llu done, %llu not; %" PRIu64 " changes followed\n",
		rounds, acknowledged(), done, undone, atomic_load(&feed.revision));
	lectern_client_close(client);
	assert_int_equal(lecternd_stop(&server), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_of_every_kind_survive_kill_9),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
