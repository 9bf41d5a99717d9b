#include "support/transport_fixture.h"

#include "base/clock.h"

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
	uint64_t until_ns = clock_monotonic_ns() + UINT64_C(500) * 1000000;
	while (clock_monotonic_ns() < until_ns)
		assert_true(echoes(socket, "meanwhile"));
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
		cmocka_unit_test(answers_many_requests_of_one_client),
		cmocka_unit_test(reads_requests_in_pieces),
	};
	return cmocka_run_group_tests(tests, transport_set_up, transport_tear_down);
}
