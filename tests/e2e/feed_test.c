/*
 * Calls of ListChanges that wait at a real server: hundreds of them take nothing from those that do
 * not wait, miss nothing, and are answered when the server ends.
 */
#include "base/limits.h"
#include "e2e/feed_server.h"

#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

enum {
	CLIENTS = 3,
	EACH = 60, /* calls of one client at once; it has places for 64, and one address for 192 */
	WAITERS = CLIENTS * EACH,
	DIE_MS = 15000, /* far less than calls wait, far more than anything else takes */
};

static uint32_t waiters_now(void)
{
	struct lectern_error err;
	Lectern__V1__GetStatsRequest request = LECTERN__V1__GET_STATS_REQUEST__INIT;
	Lectern__V1__GetStatsResponse *stats = (Lectern__V1__GetStatsResponse *)try_call(client,
		"lectern.v1.AdminService/GetStats", &request.base,
		&lectern__v1__get_stats_response__descriptor, TIMEOUT_MS, &err);
	if (stats == NULL)
		fail_msg("%s", err.message);
	uint32_t count = stats->change_waiters;
	lectern__v1__get_stats_response__free_unpacked(stats, NULL);
	return count;
}

static void await_waiters(uint32_t count)
{
	while (waiters_now() != count)
		sched_yield();
}

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct waiter {
	pthread_t thread;
	lectern_client *client;
	uint64_t after;
	uint64_t until;		  /* goes on until it has seen this revision */
	struct lectern_error err; /* code LECTERN_OK while all is well */
	unsigned calls;
};

static void *run_waiter(void *arg)
{
	struct waiter *waiter = arg;
	while (waiter->after < waiter->until) {
		Lectern__V1__ListChangesResponse *response = try_changes(
			waiter->client, waiter->after, LIMIT_WAIT_MS, TIMEOUT_MS, &waiter->err);
		waiter->calls++;
		if (response == NULL)
			return NULL;
		for (size_t i = 0; i < response->n_changes; i++)
			if (response->changes[i]->revision != ++waiter->after)
				waiter->err.code = LECTERN_DATA_LOSS; /* a gap */
		free_changes(response);
	}
	return NULL;
}

static struct waiter waiters[WAITERS];
static lectern_client *clients[CLIENTS];

static void start_waiters(int count, uint64_t after, uint64_t until)
{
	for (int i = 0; i < count; i++) {
		waiters[i] = (struct waiter){
			.client = clients[i % CLIENTS], .after = after, .until = until
		};
		assert_int_equal(
			pthread_create(&waiters[i].thread, NULL, run_waiter, &waiters[i]), 0);
	}
}

static void connect_clients(void)
{
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = connect_client();
}

static void close_clients(void)
{
	for (int i = 0; i < CLIENTS; i++)
		lectern_client_close(clients[i]);
}

static void join_waiters(int count, enum lectern_code code)
{
	for (int i = 0; i < count; i++) {
		pthread_join(waiters[i].thread, NULL);
		if (waiters[i].err.code != code)
			fail_msg(
				"waiter %d: %d %s", i, waiters[i].err.code, waiters[i].err.message);
	}
}

static int threads_of_server(void)
{
	char path[64];
	char line[256];
	int threads = 0;
	snprintf(path, sizeof path, "/proc/%d/status", (int)server.pid);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		sscanf(line, "Threads: %d", &threads);
	fclose(file);
	assert_true(threads > 0);
	return threads;
}

static void one_write_answers_all(void **state)
{
	create_post("first");
	connect_clients();
	for (int i = 0; i < CLIENTS; i++) /* connects */
		free_changes(try_changes(clients[i], 0, 0, TIMEOUT_MS, NULL));
	int threads = threads_of_server();
	start_waiters(WAITERS, 1, 2);
	await_waiters(WAITERS);
	assert_int_equal(threads_of_server(), threads);
	for (int i = 0; i < 100; i++)
		get_post("first");
	assert_int_equal(waiters_now(), WAITERS);
	create_post("second");
	join_waiters(WAITERS, LECTERN_OK);
	for (int i = 0; i < WAITERS; i++)
		assert_int_equal(waiters[i].calls, 1);
	assert_int_equal(waiters_now(), 0);
	assert_int_equal(threads_of_server(), threads);
	close_clients();
}

/* Each write answers all of them, and they come again while the next ones are under way. */
static void writes_go_on_while_all_wait(void **state)
{
	enum { WRITES = 60 };
	connect_clients();
	start_waiters(WAITERS, 0, WRITES);
	await_waiters(WAITERS);
	for (int i = 0; i < WRITES; i++) {
		char title[32];
		snprintf(title, sizeof title, "post-%d", i);
		create_post(title);
		get_post(title);
	}
	join_waiters(WAITERS, LECTERN_OK);
	close_clients();
}

static uint64_t resident_bytes(void)
{
	char path[64];
	unsigned long pages = 0;
	snprintf(path, sizeof path, "/proc/%d/statm", (int)server.pid);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*u %lu", &pages), 1);
	fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Calls with a large field that the server does not know. */
enum { LARGE_BYTES = 512 * 1024 };

static void *run_large_waiter(void *arg)
{
	static const uint8_t head[] = { 0xfa, 0x07, 0x80, 0x80, 0x20 }; /* field 127 */
	struct waiter *waiter = arg;
	lectern_reply *reply;
	uint8_t *request = calloc(1, sizeof head + LARGE_BYTES + 4);
	memcpy(request, head, sizeof head);
	memcpy(request + sizeof head + LARGE_BYTES, "\x20\xb0\xea\x01", 4); /* wait_ms */
	struct lectern_call call = { .method = "lectern.v1.ChangeService/ListChanges",
		.request = request,
		.request_size_bytes = sizeof head + LARGE_BYTES + 4,
		.timeout_ms = TIMEOUT_MS };
	if (lectern_call(waiter->client, &call, &reply, &waiter->err) == LECTERN_OK)
		lectern_reply_free(reply);
	free(request);
	return NULL;
}

/* What a call asked with is not kept while it waits. */
static void waiting_takes_little_memory(void **state)
{
	enum { COUNT = WAITERS };
#ifdef __SANITIZE_THREAD__
	print_message("skipped: ThreadSanitizer keeps a history of what the threads did\n");
	skip();
#endif
	connect_clients();
	uint64_t before = resident_bytes();
	for (int i = 0; i < COUNT; i++) {
		waiters[i] = (struct waiter){ .client = clients[i % CLIENTS] };
		assert_int_equal(
			pthread_create(&waiters[i].thread, NULL, run_large_waiter, &waiters[i]), 0);
		await_waiters((uint32_t)i + 1); /* one request at a time */
	}
	assert_in_range(resident_bytes() - before, 0, COUNT * LARGE_BYTES / 2);
	create_post("first");
	join_waiters(COUNT, LECTERN_OK);
	close_clients();
}

/* A wait that is longer than the call's time ends before that does. */
static void answers_come_in_time(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct lectern_error err;
		Lectern__V1__ListChangesResponse *response =
			try_changes(client, 0, LIMIT_WAIT_MS, 1000, &err);
		if (response == NULL)
			fail_msg("%s", err.message);
		assert_int_equal(response->n_changes, 0);
		free_changes(response);
	}
}

static void tells_clients_where_they_are(void **state)
{
	struct lectern_error err;
	create_post("first");
	assert_null(try_changes(client, 999, LIMIT_WAIT_MS, TIMEOUT_MS, &err));
	assert_int_equal(err.code, LECTERN_OUT_OF_RANGE);
	assert_string_equal(err.reason, "REVISION_AHEAD");
	assert_int_equal(err.oldest_revision, 1);
	assert_string_equal(err.etag, "");

	Lectern__V1__PublishPostRequest request = LECTERN__V1__PUBLISH_POST_REQUEST__INIT;
	char stale[] = "stale";
	request.key_case = LECTERN__V1__PUBLISH_POST_REQUEST__KEY_ID;
	request.id = 1;
	request.etag = stale;
	assert_null(try_call(client, "lectern.v1.PostService/PublishPost", &request.base,
		&lectern__v1__publish_post_response__descriptor, TIMEOUT_MS, &err));
	assert_string_equal(err.reason, "ETAG_MISMATCH");
	assert_int_equal(err.oldest_revision, 0);
	char current[64];
	snprintf(current, sizeof current, "%s", err.etag);
	assert_string_not_equal(current, "");
	request.etag = current;
	ProtobufCMessage *published = try_call(client, "lectern.v1.PostService/PublishPost",
		&request.base, &lectern__v1__publish_post_response__descriptor, TIMEOUT_MS, &err);
	assert_non_null(published);
	protobuf_c_message_free_unpacked(published, NULL);
}

/* The places of a program that is killed while it waits are free at once. */
static void forgets_programs_that_die(void **state)
{
	char program[512];
	const char *bin = getenv("LECTERN_BIN");
	snprintf(program, sizeof program, "%s/lectern", bin == NULL ? "bin" : bin);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(program, program, "--server", server.url, "--timeout", "60000", "call",
			"lectern.v1.ChangeService/ListChanges", "{\"waitMs\": 30000}",
			(char *)NULL);
		_exit(127);
	}
	int status;
	while (waiters_now() != 1)
		assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	uint64_t start = now_ms();
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	await_waiters(0);
	assert_in_range(now_ms() - start, 0, DIE_MS);
}

/* Ends the server; false if its last line does not say that. */
static bool stop_says(const char *text)
{
	char line[4096];
	bool found = false;
	int status;
	kill(server.pid, SIGTERM);
	while (fgets(line, sizeof line, server.log) != NULL)
		found = strstr(line, text) != NULL;
	waitpid(server.pid, &status, 0);
	fclose(server.log);
	assert_int_equal(status, 0);
	return found;
}

static void the_end_answers_all(void **state)
{
	connect_clients();
	start_waiters(WAITERS, 0, 1);
	await_waiters(WAITERS);
	uint64_t start = now_ms();
	assert_true(stop_says("\"abandoned_calls\":0"));
	assert_in_range(now_ms() - start, 0, DIE_MS);
	join_waiters(WAITERS, LECTERN_UNAVAILABLE);
	for (int i = 0; i < WAITERS; i++)
		assert_string_equal(waiters[i].err.reason, "STOPPING");
	close_clients();
	lecternd_run(&server); /* for the test's end */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_write_answers_all),
		TEST(writes_go_on_while_all_wait),
		TEST(waiting_takes_little_memory),
		TEST(answers_come_in_time),
		TEST(tells_clients_where_they_are),
		TEST(forgets_programs_that_die),
		TEST(the_end_answers_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
