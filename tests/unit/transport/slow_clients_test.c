#include "support/transport_fixture.h"

#include "base/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const struct {
	const char *label;
	const char *bytes;
	size_t size;
	bool greets;
} broken[] = {
	{ "no greeting", "GET / HTTP/1.1\r\n\r\n", 18, false },
	{ "greeting of another protocol", "\0SP\0\0\x10\0\0", 8, false },
	{ "frame of 2^63 bytes", "\x80\0\0\0\0\0\0\0", 8, true },
	{ "frame of 4 GiB", "\0\0\0\1\0\0\0\0", 8, true },
	{ "frame over the receive limit", "\0\0\0\0\1\0\0\1", 8, true },
	{ "frame without a request id", "\0\0\0\0\0\0\0\2xx", 10, true },
};

static void closes_broken_connections(void **state)
{
	struct nng_server *server = start();
	const char *url = nng_server_address(server, 1);
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		print_message("%s\n", broken[i].label);
		int fd = connect_raw(url);
		if (broken[i].greets)
			greet(fd);
		send_raw(fd, broken[i].bytes, broken[i].size);
		assert_true(is_closed_by_server(fd));
		close(fd);
	}
	check_works(url);
	stop(server);
}

static void forgets_clients_that_leave(void **state)
{
	struct nng_server *server = start();
	const char *url = nng_server_address(server, 1);
	uint8_t bytes[512];
	/* Larger replies make an nng that has a warning hang. */
	size_t reply_bytes = nng_server_warning() == NULL ? 4 * MEGABYTE : 64 * 1024;
	struct slice frame = get_tag_frame("", reply_bytes, bytes, sizeof bytes);
	for (uint32_t i = 0; i < 100; i++) {
		int fd = connect_raw(url);
		greet(fd);
		send_request(fd, i, frame);
		close(fd); /* before the reply, in the middle of it or between two */
	}
	check_works(url);
	stop(server);
}

static void serves_others_beside_a_client_that_never_reads(void **state)
{
	struct nng_server *server = start_with((struct nng_server_options){ .contexts = 4 });
	const char *url = nng_server_address(server, 1);
	uint8_t bytes[512];
	struct slice frame = get_tag_frame("", 4 * MEGABYTE, bytes, sizeof bytes);
	int fd = connect_raw(url);
	greet(fd);
	for (uint32_t i = 0; i < 16; i++)
		send_request(fd, i, frame);
	wait_handled(5); /* one reply is being sent, those of all contexts wait */
	uint64_t start_ns = clock_monotonic_ns();
	check_works(url);
	uint64_t duration_ms = (clock_monotonic_ns() - start_ns) / 1000000;
	assert_in_range(duration_ms, 0, NNG_SERVER_SEND_TIMEOUT_MS / 2);
	assert_true(is_closed_by_server(fd));
	close(fd);
	stop(server);
}

static void closes_a_client_that_never_reads(void **state)
{
	struct nng_server *server =
		start_with((struct nng_server_options){ .contexts = 16, .send_timeout_ms = 100 });
	uint8_t bytes[512];
	struct slice frame = get_tag_frame("", 4 * MEGABYTE, bytes, sizeof bytes);
	int fd = connect_raw(nng_server_address(server, 1));
	greet(fd);
	for (uint32_t i = 0; i < 4; i++) /* too few to make contexts scarce */
		send_request(fd, i, frame);
	wait_handled(4); /* one reply is being sent, three wait */
	/* Reading starts late, when the server has given up. */
	nng_socket socket = connect_to(nng_server_address(server, 1));
	struct nng_server_stats stats;
	do {
		assert_true(echoes(socket, "meanwhile"));
		nng_server_read_stats(server, &stats);
	} while (stats.closed_stalled == 0);
	nng_close(socket);
	assert_true(is_closed_by_server(fd));
	close(fd);
	stop(server);
}

static void waits_for_clients_that_read_late(void **state)
{
	struct nng_server *server = start_with((struct nng_server_options){ .contexts = 32 });
	uint8_t bytes[512];
	struct slice frame = get_tag_frame("", 4 * MEGABYTE, bytes, sizeof bytes);
	int fd = connect_raw(nng_server_address(server, 1));
	greet(fd);
	for (uint32_t i = 0; i < 16; i++)
		send_request(fd, i, frame);
	wait_handled(1);
	check_works(nng_server_address(server, 1));
	for (uint32_t i = 0; i < 16; i++)
		skip_reply(fd, 4 * MEGABYTE);
	close(fd);
	stop(server);
}

/* One that reads a part each time, not as fast as replies are made. */
struct steady {
	int fd;
	size_t read_bytes;
	bool closed; /* by the server */
};

enum { TICK_MS = 20 };

/* The replies to their calls are kept. */
static void connect_steady(const struct nng_server *server, struct steady *clients, size_t count,
	size_t calls, size_t reply_bytes)
{
	uint8_t bytes[512];
	struct slice frame = get_tag_frame("", reply_bytes, bytes, sizeof bytes);
	int buffer_bytes = 512 * 1024; /* else they may take megabytes before they read any */
	keep_replies(server, frame, reply_bytes);
	for (size_t i = 0; i < count; i++) {
		int fd = connect_raw(nng_server_address(server, 1));
		clients[i] = (struct steady){ .fd = fd };
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
		greet(fd);
		for (size_t call = 0; call < calls; call++)
			send_request(fd, (uint32_t)call, frame);
	}
}

/* So many bytes at most, without a wait. */
static void read_part(struct steady *client, size_t part_bytes)
{
	static uint8_t buffer[65536];
	while (part_bytes > 0 && !client->closed) {
		size_t most = part_bytes < sizeof buffer ? part_bytes : sizeof buffer;
		ssize_t got = recv(client->fd, buffer, most, MSG_DONTWAIT);
		if (got < 0 && errno == EAGAIN)
			return;
		client->closed = got <= 0;
		client->read_bytes += got > 0 ? (size_t)got : 0;
		part_bytes -= got > 0 ? (size_t)got : 0;
	}
}

/* Four megabytes a second and client: the contexts are taken all the time, by replies that wait for
 * longer than a client may do nothing. */
static void serves_clients_that_read_steadily(void **state)
{
	enum { CLIENTS = 4, CALLS = 32, REPLY_BYTES = MEGABYTE / 2, PART_BYTES = 80 * 1024 };
	struct steady clients[CLIENTS];
	struct nng_server *server = start_with((struct nng_server_options){ .contexts = 40 });
	uint64_t until_ns = clock_monotonic_ns() + (uint64_t)WAIT_MS * 1000000;
	connect_steady(server, clients, CLIENTS, CALLS, REPLY_BYTES);
	size_t done = 0;
	while (done < CLIENTS && clock_monotonic_ns() < until_ns) {
		usleep(TICK_MS * 1000);
		done = 0;
		for (size_t i = 0; i < CLIENTS; i++) {
			read_part(&clients[i], PART_BYTES);
			assert_false(clients[i].closed);
			done += clients[i].read_bytes >= (size_t)CALLS * REPLY_BYTES;
		}
	}
	assert_int_equal(done, CLIENTS);
	struct nng_server_stats stats;
	nng_server_read_stats(server, &stats);
	assert_int_equal(stats.closed_stalled, 0);
	for (size_t i = 0; i < CLIENTS; i++)
		close(clients[i].fd);
	stop(server);
}

/* Each holds some contexts, together they want many times what there are. */
static void closes_clients_that_read_a_byte_now_and_then(void **state)
{
	enum { CLIENTS = 8, CALLS = 32 };
	struct steady clients[CLIENTS];
	if (nng_server_warning() != NULL)
		skip(); /* an nng that has a warning may hang when it closes so many in a reply */
	struct nng_server *server = start_with((struct nng_server_options){ .contexts = 16 });
	nng_socket socket = connect_to(nng_server_address(server, 1));
	connect_steady(server, clients, CLIENTS, CALLS, MEGABYTE);
	uint64_t slowest_ns = 0;
	size_t calls = 0;
	struct nng_server_stats stats;
	do {
		uint64_t start_ns = clock_monotonic_ns();
		assert_true(echoes(socket, "meanwhile"));
		uint64_t took_ns = clock_monotonic_ns() - start_ns;
		slowest_ns = took_ns > slowest_ns ? took_ns : slowest_ns;
		calls++;
		for (size_t i = 0; i < CLIENTS; i++)
			read_part(&clients[i], 1);
		nng_server_read_stats(server, &stats);
	} while (stats.connections > 1); /* its own */
	assert_true(stats.closed_stalled > 0);
	print_message("%zu calls, the slowest took %d ms\n", calls, (int)(slowest_ns / 1000000));
	assert_in_range(slowest_ns / 1000000, 0, NNG_SERVER_SEND_TIMEOUT_MS / 2);
	for (size_t i = 0; i < CLIENTS; i++) {
		assert_true(is_closed_by_server(clients[i].fd));
		close(clients[i].fd);
	}
	nng_close(socket);
	stop(server);
}

/* It always takes the next one in time, but of sixteen each waits for eight seconds. */
static void bounds_how_long_one_client_holds_all_contexts(void **state)
{
	enum { CALLS = 48, PART_BYTES = 40 * 1024 };
	struct steady client;
	struct nng_server *server = start_with((struct nng_server_options){ .contexts = 16 });
	connect_steady(server, &client, 1, CALLS, MEGABYTE);
	while (!client.closed && client.read_bytes < (size_t)CALLS * MEGABYTE) {
		usleep(TICK_MS * 1000);
		read_part(&client, PART_BYTES);
	}
	print_message("%zu bytes read\n", client.read_bytes);
	assert_true(client.closed);
	struct nng_server_stats stats;
	nng_server_read_stats(server, &stats);
	assert_true(stats.closed_stalled > 0);
	close(client.fd);
	check_works(nng_server_address(server, 1));
	stop(server);
}

static void answers_many_requests_of_one_client(void **state)
{
	struct nng_server *server = start_with((struct nng_server_options){ .contexts = 1 });
	uint8_t bytes[512];
	struct slice frame = get_tag_frame("", 100, bytes, sizeof bytes);
	int fd = connect_raw(nng_server_address(server, 1));
	greet(fd);
	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < 200; i++)
			send_request(fd, i, frame);
		for (uint32_t i = 0; i < 200; i++)
			skip_reply(fd, 100);
	}
	close(fd);
	stop(server);
}

/* One byte at a time: every state of the reader is met. */
static void reads_requests_in_pieces(void **state)
{
	struct nng_server *server = start();
	uint8_t bytes[512];
	struct slice frame = get_tag_frame("in-pieces", 0, bytes, sizeof bytes);
	int fd = connect_raw(nng_server_address(server, 1));
	int yes = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	greet(fd);
	for (uint32_t round = 0; round < 2; round++) {
		uint8_t head[12] = { 0, 0, 0, 0, 0, 0, 0, (uint8_t)(frame.size + 4), 0x80 };
		for (size_t i = 0; i < sizeof head; i++)
			send_raw(fd, head + i, 1);
		for (size_t i = 0; i < frame.size; i++)
			send_raw(fd, frame.data + i, 1);
		skip_reply(fd, strlen("in-pieces") + 2);
	}
	close(fd);
	stop(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closes_broken_connections),
		cmocka_unit_test(forgets_clients_that_leave),
		cmocka_unit_test(serves_others_beside_a_client_that_never_reads),
		cmocka_unit_test(closes_a_client_that_never_reads),
		cmocka_unit_test(waits_for_clients_that_read_late),
		cmocka_unit_test(serves_clients_that_read_steadily),
		cmocka_unit_test(closes_clients_that_read_a_byte_now_and_then),
		cmocka_unit_test(bounds_how_long_one_client_holds_all_contexts),
		cmocka_unit_test(answers_many_requests_of_one_client),
		cmocka_unit_test(reads_requests_in_pieces),
	};
	return cmocka_run_group_tests(tests, transport_set_up, transport_tear_down);
}
