#include "support/transport_fixture.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Those beyond the contexts wait in line and get their turn. */
static void queues_more_writes_than_contexts(void **state)
{
	struct nng_server *server = start_with((struct nng_server_options){ .contexts = 2 });
	struct write writes[10];
	for (size_t i = 0; i < 10; i++) {
		writes[i] = (struct write){ .url = nng_server_address(server, i % 2) };
		assert_int_equal(pthread_create(&writes[i].thread, NULL, run_write, &writes[i]), 0);
	}
	for (size_t i = 0; i < 5; i++) {
		wait_pending(2);
		finish_pending();
	}
	for (size_t i = 0; i < 10; i++) {
		pthread_join(writes[i].thread, NULL);
		assert_true(writes[i].made);
	}
	stop(server);
}

struct stopping {
	pthread_t thread;
	struct nng_server *server;
	struct nng_server_stop result;
};

static void *run_stop(void *arg)
{
	struct stopping *stopping = arg;
	nng_server_stop(stopping->server, WAIT_MS, &stopping->result);
	return NULL;
}

/* Connects until the server greets and hangs up. */
static void wait_refused(const char *url)
{
	bool refused = false;
	while (!refused) {
		struct pollfd poller = { .fd = connect_raw(url), .events = POLLIN };
		uint8_t byte;
		greet(poller.fd);
		refused = poll(&poller, 1, 20) == 1 && recv(poller.fd, &byte, 1, 0) <= 0;
		close(poller.fd);
	}
}

static void stops_after_the_calls_in_flight(void **state)
{
	struct nng_server *server = start();
	struct write writes[6];
	for (size_t i = 0; i < 6; i++) {
		writes[i] = (struct write){ .url = nng_server_address(server, i % 2) };
		assert_int_equal(pthread_create(&writes[i].thread, NULL, run_write, &writes[i]), 0);
	}
	wait_pending(6);
	struct stopping stopping = { .server = server };
	assert_int_equal(pthread_create(&stopping.thread, NULL, run_stop, &stopping), 0);
	wait_refused(nng_server_address(server, 1));
	finish_pending();
	pthread_join(stopping.thread, NULL);
	for (size_t i = 0; i < 6; i++) {
		pthread_join(writes[i].thread, NULL);
		assert_int_equal(writes[i].rv, 0);
		assert_true(writes[i].made);
	}
	assert_true(stopping.result.finished_count >= 6);
	assert_int_equal(stopping.result.abandoned_count, 0);
	nng_server_free(server);
}

static void stops_in_time_and_is_finished_later(void **state)
{
	struct nng_server *server = start();
	struct write write = { .url = nng_server_address(server, 0) };
	assert_int_equal(pthread_create(&write.thread, NULL, run_write, &write), 0);
	wait_pending(1);
	struct nng_server_stop result;
	nng_server_stop(server, 50, &result);
	assert_int_equal(result.abandoned_count, 1);
	pthread_join(write.thread, NULL);
	assert_int_not_equal(write.rv, 0); /* the connection is gone */
	finish_pending();
	nng_server_free(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues_more_writes_than_contexts),
		cmocka_unit_test(stops_after_the_calls_in_flight),
		cmocka_unit_test(stops_in_time_and_is_finished_later),
	};
	return cmocka_run_group_tests(tests, transport_set_up, transport_tear_down);
}
