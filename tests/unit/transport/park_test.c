/* Calls that wait beside those that do not. */
#include "support/transport_fixture.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Sends so many calls that will be parked. */
static void send_waiters(int fd, uint32_t count, int32_t reply_bytes)
{
	uint8_t bytes[512];
	struct slice frame = list_tags_frame(reply_bytes, bytes, sizeof bytes);
	for (uint32_t i = 0; i < count; i++)
		send_request(fd, i, frame);
}

static int connect_greeted(const struct nng_server *server)
{
	int fd = connect_raw(nng_server_address(server, 1));
	greet(fd);
	return fd;
}

/* Reads so many replies and counts those with the reason; the others must be answers. */
static size_t count_refused(int fd, size_t count, const char *reason)
{
	size_t refused = 0;
	for (size_t i = 0; i < count; i++) {
		Lectern__Rpc__V1__Response *response = read_reply(fd);
		if (response->status == NULL) {
			assert_int_equal(response->revision, 5);
		} else {
			const ProtobufCBinaryData *info = &response->status->details[0]->value;
			assert_non_null(memmem(info->data, info->len, reason, strlen(reason)));
			refused++;
		}
		lectern__rpc__v1__response__free_unpacked(response, NULL);
	}
	return refused;
}

/* One that comes later than the end of those that are parked would be parked in their place. */
static void wait_refused(struct nng_server *server, uint64_t count)
{
	struct nng_server_stats stats;
	for (;;) {
		nng_server_read_stats(server, &stats);
		if (stats.refused_waiters >= count)
			break;
		usleep(1000);
	}
	assert_int_equal(stats.refused_waiters, count);
}

/* As many writes at once as there are contexts. */
static void check_contexts(const struct nng_server *server, size_t count)
{
	struct write writes[8];
	for (size_t i = 0; i < count; i++) {
		writes[i] = (struct write){ .url = nng_server_address(server, i % 2) };
		assert_int_equal(pthread_create(&writes[i].thread, NULL, run_write, &writes[i]), 0);
	}
	wait_pending(count);
	finish_pending();
	for (size_t i = 0; i < count; i++) {
		pthread_join(writes[i].thread, NULL);
		assert_true(writes[i].made);
	}
}

static void serves_others_while_calls_wait(void **state)
{
	enum { CLIENTS = 4, EACH = LIMIT_CONNECTION_PARKED_CALLS, CONTEXTS = 4 };
	enum { REFUSED = CLIENTS * EACH - LIMIT_ADDRESS_PARKED_CALLS };
	struct nng_server *server = start_with((struct nng_server_options){ .contexts = CONTEXTS });
	int fds[CLIENTS];
	for (int i = 0; i < CLIENTS; i++)
		fds[i] = connect_greeted(server);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < CLIENTS; i++)
			send_waiters(fds[i], EACH, 100);
		wait_parked(LIMIT_ADDRESS_PARKED_CALLS);
		wait_refused(server, (uint64_t)(round + 1) * REFUSED);
		check_contexts(server, CONTEXTS);
		nng_socket socket = connect_to(nng_server_address(server, 0));
		for (int i = 0; i < 100; i++)
			assert_true(echoes(socket, "meanwhile"));
		nng_close(socket);
		finish_parked();
		size_t refused = 0;
		for (int i = 0; i < CLIENTS; i++)
			refused += count_refused(fds[i], EACH, "TOO_MANY_WAITERS");
		assert_int_equal(refused, REFUSED);
		check_contexts(server, CONTEXTS);
	}
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	stop(server);
}

/* With one context, each call that waits needs the next one to be received beside it. */
static void waits_with_one_context(void **state)
{
	struct nng_server *server = start_with((struct nng_server_options){ .contexts = 1 });
	int fd = connect_greeted(server);
	send_waiters(fd, 20, 1);
	wait_parked(20);
	check_works(nng_server_address(server, 0));
	finish_parked();
	assert_int_equal(count_refused(fd, 20, ""), 0);
	close(fd);
	stop(server);
}

static void answers_waiting_calls_when_it_stops(void **state)
{
	enum { WAITERS = LIMIT_CONNECTION_PARKED_CALLS };
	struct nng_server *server = start_with((struct nng_server_options){ .contexts = 4 });
	int fd = connect_greeted(server);
	send_waiters(fd, WAITERS, 1);
	wait_parked(WAITERS);
	struct nng_server_stop result;
	nng_server_stop(server, WAIT_MS, &result);
	assert_int_equal(result.abandoned_count, 0);
	assert_int_equal(result.finished_count, WAITERS);
	assert_int_equal(count_refused(fd, WAITERS, "STOPPING"), WAITERS);
	close(fd);
	nng_server_free(server);
}

/* Calls are parked while the server begins to stop: none is left behind. */
static void stops_while_calls_are_parked(void **state)
{
	for (int round = 0; round < 20; round++) {
		struct nng_server *server =
			start_with((struct nng_server_options){ .contexts = 4 });
		int fd = connect_greeted(server);
		send_waiters(fd, 60, 1);
		struct nng_server_stop result;
		nng_server_stop(server, WAIT_MS, &result);
		assert_int_equal(result.abandoned_count, 0);
		close(fd);
		nng_server_free(server);
		wait_parked(0);
	}
}

/* Parks one more call, when there is a place again for it. */
static void park_one(int fd, size_t parked)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	send_waiters(fd, 1, 1);
	while (parked_now() == parked)
		if (poll(&poller, 1, 1) == 1) {
			assert_int_equal(count_refused(fd, 1, "TOO_MANY_WAITERS"), 1);
			send_waiters(fd, 1, 1);
		}
}

static void forgets_the_calls_of_clients_that_leave(void **state)
{
	struct nng_server *server = start_with((struct nng_server_options){ .contexts = 4 });
	int leaving = connect_greeted(server);
	int staying = connect_greeted(server);
	send_waiters(staying, 6, 1);
	wait_parked(6);
	send_waiters(leaving, LIMIT_CONNECTION_PARKED_CALLS, 1);
	wait_parked(LIMIT_CONNECTION_PARKED_CALLS + 6);
	close(leaving);
	wait_left(LIMIT_CONNECTION_PARKED_CALLS);
	wait_parked(6);
	park_one(staying, 6);
	park_one(staying, 7);
	finish_parked();
	assert_int_equal(count_refused(staying, 8, ""), 0);
	close(staying);
	stop(server);
}

/* Long before the time is over that a reply has otherwise. */
static void frees_the_places_of_clients_that_never_read(void **state)
{
	enum {
		REPLY_BYTES = 512 * 1024,
		EACH = LIMIT_CONNECTION_PARKED_CALLS,
		CLIENTS = LIMIT_ADDRESS_PARKED_CALLS / EACH,
	};
	struct nng_server *server = start_with(
		(struct nng_server_options){ .contexts = 4, .send_timeout_ms = 600 * 1000 });
	int fds[CLIENTS];
	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = connect_greeted(server);
		send_waiters(fds[i], EACH, REPLY_BYTES);
	}
	int other = connect_greeted(server);
	wait_parked(LIMIT_ADDRESS_PARKED_CALLS);
	finish_parked();
	check_works(nng_server_address(server, 0));
	for (size_t i = 0; i < EACH; i++)
		park_one(other, i);
	struct nng_server_stats stats;
	do {
		usleep(1000);
		nng_server_read_stats(server, &stats);
	} while (stats.closed_stalled == 0);
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	finish_parked();
	assert_int_equal(count_refused(other, EACH, ""), 0);
	close(other);
	check_contexts(server, 4);
	stop(server);
}

/* What one connection and one address may not have is left for others. */
static void leaves_places_for_others(void **state)
{
	enum { EACH = LIMIT_CONNECTION_PARKED_CALLS, MORE = 10 };
	struct nng_server *server = start_with(
		(struct nng_server_options){ .contexts = 4, .in_flight_max = EACH + MORE });
	int greedy = connect_greeted(server);
	send_waiters(greedy, EACH + MORE, 1);
	wait_parked(EACH);
	assert_int_equal(count_refused(greedy, MORE, "TOO_MANY_WAITERS"), MORE);
	int other = connect_greeted(server);
	send_waiters(other, EACH, 1);
	wait_parked(2 * EACH);
	finish_parked();
	assert_int_equal(count_refused(greedy, EACH, "") + count_refused(other, EACH, ""), 0);
	struct nng_server_stats stats;
	nng_server_read_stats(server, &stats);
	assert_int_equal(stats.refused_waiters, MORE);
	assert_int_equal(stats.connections, 2);
	assert_int_equal(stats.addresses, 1);
	close(greedy);
	close(other);
	stop(server);
}

/* One that goes on sending is told, one that does not stop then is closed. */
static void bounds_what_is_in_flight(void **state)
{
	enum { MAX = 8, MORE = 5 };
	struct nng_server *server =
		start_with((struct nng_server_options){ .contexts = 64, .in_flight_max = MAX });
	int fd = connect_greeted(server);
	send_waiters(fd, MAX + MORE, 1);
	assert_int_equal(count_refused(fd, MORE, "TOO_MANY_REQUESTS"), MORE);
	wait_parked(MAX);
	finish_parked();
	assert_int_equal(count_refused(fd, MAX, ""), 0);
	check_works(nng_server_address(server, 0));
	struct nng_server_stats stats;
	do /* a client may have a reply before nng tells that it has gone */
		nng_server_read_stats(server, &stats);
	while (stats.in_flight > 0);
	assert_int_equal(stats.refused_in_flight, MORE);
	close(fd);
	stop(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves_others_while_calls_wait),
		cmocka_unit_test(waits_with_one_context),
		cmocka_unit_test(answers_waiting_calls_when_it_stops),
		cmocka_unit_test(stops_while_calls_are_parked),
		cmocka_unit_test(forgets_the_calls_of_clients_that_leave),
		cmocka_unit_test(frees_the_places_of_clients_that_never_read),
		cmocka_unit_test(leaves_places_for_others),
		cmocka_unit_test(bounds_what_is_in_flight),
	};
	return cmocka_run_group_tests(tests, transport_set_up, transport_tear_down);
}
