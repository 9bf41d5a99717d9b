/*
 * What clients of HTTP may do and should not: garbage, requests that hide in others, connections
 * that are kept, left and reset, by sockets without an HTTP library. Each time other clients are
 * served meanwhile, and descriptors come back.
 */
#include "base/limits.h"
#include "integration/lecternd.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

enum {
	REPLY_BYTES_MAX = 64 * 1024,
	ANSWER_MS = 20 * 1000,
	SERVED_MS = 2000, /* how long others may wait */
	MANY = 1000,
};

#define HOST "Host: x\r\n"
#define LIVEZ "GET /livez HTTP/1.1\r\n" HOST "\r\n"
#define CALL "POST /lectern.v1.HealthService/Check HTTP/1.1\r\n" HOST
#define JSON "Content-Type: application/json\r\n"
#define POLL_BODY "{\"waitMs\":30000}" /* the store is empty */

static char *environment[] = { (char[]){ "LECTERND_HTTP=127.0.0.1:0" },
	(char[]){ "LECTERND_HTTP_CONNECTIONS=2048" }, NULL };
static struct lecternd server = { .environment = environment };
static uint16_t port;

static int start_server(void **state)
{
	lecternd_start(&server);
	const char *found = strstr(server.ready, "http://127.0.0.1:");
	if (found == NULL)
		return -1;
	port = (uint16_t)atoi(found + strlen("http://127.0.0.1:"));
	return 0;
}

static int stop_server(void **state)
{
	return lecternd_stop(&server);
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* From 127.0.0.1, or from another address of this machine. */
static int connect_from(const char *source)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	if (source != NULL) {
		inet_pton(AF_INET, source, &address.sin_addr);
		assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	}
	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	address.sin_port = htons(port);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* False if the server has closed the connection. */
static bool try_send(int fd, const void *data, size_t size)
{
	const char *rest = data;
	while (size > 0) {
		ssize_t sent = send(fd, rest, size, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		rest += sent;
		size -= (size_t)sent;
	}
	return true;
}

static bool send_text(int fd, const char *text)
{
	return try_send(fd, text, strlen(text));
}

/* Reads up to the end of the connection or, without `to_end`, of the first reply; false where
 * neither comes in time. */
static bool read_all(int fd, char out[REPLY_BYTES_MAX], bool to_end)
{
	size_t size = 0;
	out[0] = '\0';
	for (int64_t until = now_ms() + ANSWER_MS;
		now_ms() < until && size < REPLY_BYTES_MAX - 1;) {
		struct pollfd state = { .fd = fd, .events = POLLIN };
		if (poll(&state, 1, 100) <= 0)
			continue;
		ssize_t got = recv(fd, out + size, REPLY_BYTES_MAX - 1 - size, 0);
		if (got <= 0)
			return true;
		size += (size_t)got;
		out[size] = '\0';
		const char *end = strstr(out, "\r\n\r\n");
		const char *length = strstr(out, "Content-Length: ");
		if (!to_end && end != NULL && length != NULL && length < end &&
			out + size >= end + 4 + atoi(length + strlen("Content-Length: ")))
			return true;
	}
	return false;
}

/* 0 where the connection was closed without a reply. */
static int status_of(const char *reply)
{
	int status = 0;
	return sscanf(reply, "HTTP/1.%*1d %d", &status) == 1 ? status : 0;
}

static int ask(const char *source, const char *request, char out[REPLY_BYTES_MAX])
{
	int fd = connect_from(source);
	send_text(fd, request);
	assert_true(read_all(fd, out, false));
	close(fd);
	return status_of(out);
}

static void check_others_are_served(void)
{
	char reply[REPLY_BYTES_MAX];
	int64_t start_ms = now_ms();
	assert_int_equal(ask("127.0.0.2", LIVEZ, reply), 200);
	assert_true(now_ms() - start_ms < SERVED_MS);
}

static size_t count_descriptors(void)
{
	char path[64];
	size_t count = 0;
	snprintf(path, sizeof path, "/proc/%d/fd", (int)server.pid);
	DIR *directory = opendir(path);
	assert_non_null(directory);
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

static void wait_descriptors(size_t count)
{
	int64_t until = now_ms() + ANSWER_MS;
	while (count_descriptors() > count && now_ms() < until)
		usleep(20 * 1000);
	assert_true(count_descriptors() <= count);
}

/* What is refused at once, or closed, which 0 stands for. */
static void test_heads(void **state)
{
	static const struct {
		const char *label;
		const char *request;
		int status;
	} cases[] = {
		{ "plain", LIVEZ, 200 },
		{ "absolute form", "GET http://x/livez HTTP/1.1\r\n" HOST "\r\n", 200 },
		{ "HTTP/1.0", "GET /livez HTTP/1.0\r\n\r\n", 200 },
		{ "two lengths", CALL JSON "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
			400 },
		{ "one length twice", CALL JSON "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
			400 },
		{ "length and chunks",
			CALL JSON
			"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			400 },
		{ "chunks and length",
			CALL JSON
			"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
			400 },
		{ "another coding", CALL JSON "Transfer-Encoding: gzip, chunked\r\n\r\n", 400 },
		{ "coding twice",
			CALL JSON "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
				  "0\r\n\r\n",
			400 },
		{ "negative length", CALL JSON "Content-Length: -1\r\n\r\n", 400 },
		{ "signed length", CALL JSON "Content-Length: +2\r\n\r\n{}", 400 },
		{ "length of letters", CALL JSON "Content-Length: 0x2\r\n\r\n{}", 400 },
		{ "blank before the colon", CALL JSON "Content-Length : 2\r\n\r\n{}", 400 },
		{ "no host", "GET /livez HTTP/1.1\r\n\r\n", 400 },
		{ "two hosts", "GET /livez HTTP/1.1\r\n" HOST HOST "\r\n", 400 },
		{ "too large", CALL JSON "Content-Length: 8388609\r\n\r\n", 413 },
		{ "much too large", CALL JSON "Content-Length: 99999999999\r\n\r\n", 413 },
		{ "another expectation", CALL JSON "Expect: tea\r\nContent-Length: 2\r\n\r\n{}",
			417 },
		{ "no method", CALL "Content-Length: 2\r\n\r\n{}", 415 },
		{ "unknown path", "GET /nothing HTTP/1.1\r\n" HOST "\r\n", 404 },
		{ "unknown verb", "BREW /livez HTTP/1.1\r\n" HOST "\r\n", 405 },
	};
	char reply[REPLY_BYTES_MAX];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int status = ask(NULL, cases[i].request, reply);
		if (status != cases[i].status)
			fail_msg("%s: %d instead of %d", cases[i].label, status, cases[i].status);
		check_others_are_served();
	}
}

/* The rest of what a refused request came with is never taken as a request. */
static void test_hidden_requests(void **state)
{
	static const char *const heads[] = {
		"Content-Length: 0\r\nContent-Length: 40\r\n",
		"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: chunked, identity\r\n",
		"Content-Length : 0\r\n",
	};
	char request[512];
	char reply[REPLY_BYTES_MAX];
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		int fd = connect_from(NULL);
		snprintf(request, sizeof request, CALL JSON "%s\r\n" LIVEZ, heads[i]);
		send_text(fd, request);
		assert_true(read_all(fd, reply, true));
		assert_int_equal(status_of(reply), 400);
		assert_null(strstr(reply + 1, "HTTP/1."));
		close(fd);
	}
}

static void test_garbage(void **state)
{
	char garbage[4096];
	char reply[REPLY_BYTES_MAX];
	uint64_t random = 88172645463325252;
	for (int round = 0; round < 100; round++) {
		for (size_t i = 0; i < sizeof garbage; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			garbage[i] = (char)random;
		}
		int fd = connect_from(NULL);
		if (round % 2 == 1)
			send_text(fd, "GET / HTTP/1.1\r\nHost: x\r\nA: ");
		try_send(fd, garbage, sizeof garbage);
		shutdown(fd, SHUT_WR);
		assert_true(read_all(fd, reply, true));
		assert_true(status_of(reply) == 0 || status_of(reply) >= 400);
		close(fd);
	}
	check_others_are_served();
}

static void test_huge_head(void **state)
{
	static char head[256 * 1024];
	char reply[REPLY_BYTES_MAX];
	memset(head, 'a', sizeof head);
	for (int in_path = 0; in_path < 2; in_path++) {
		const char *start = in_path ? "GET /" : "GET / HTTP/1.1\r\nHost: x\r\nX: ";
		int fd = connect_from(NULL);
		send_text(fd, start);
		try_send(fd, head, sizeof head);
		assert_true(read_all(fd, reply, true));
		assert_true(status_of(reply) == 0 || status_of(reply) == (in_path ? 414 : 431));
		close(fd);
	}
	check_others_are_served();
}

static void test_connections_are_kept(void **state)
{
	char reply[REPLY_BYTES_MAX];
	int fd = connect_from(NULL);
	const char *requests =
		LIVEZ LIVEZ "GET /livez HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
	send_text(fd, requests);
	assert_true(read_all(fd, reply, true));
	size_t replies = 0;
	for (const char *at = reply; (at = strstr(at, "HTTP/1.1 200")) != NULL; at++)
		replies++;
	assert_int_equal(replies, 3);
	close(fd);
	fd = connect_from(NULL);
	send_text(fd, "GET /livez HTTP/1.0\r\n\r\n");
	assert_true(read_all(fd, reply, true));
	assert_int_equal(status_of(reply), 200);
	close(fd);
}

static void test_expected_continue(void **state)
{
	char reply[REPLY_BYTES_MAX];
	int fd = connect_from(NULL);
	const char *head = CALL JSON "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n";
	send_text(fd, head);
	ssize_t got = recv(fd, reply, sizeof reply - 1, 0);
	assert_true(got > 0);
	reply[got] = '\0';
	assert_int_equal(status_of(reply), 100);
	try_send(fd, "{}", 2);
	assert_true(read_all(fd, reply, false));
	assert_int_equal(status_of(reply), 200);
	close(fd);
}

static void test_chunks(void **state)
{
	static char chunk[1024 * 1024];
	char reply[REPLY_BYTES_MAX];
	assert_int_equal(
		ask(NULL,
			CALL JSON "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
			reply),
		200);
	memset(chunk, ' ', sizeof chunk);
	int fd = connect_from(NULL);
	const char *head = CALL JSON "Transfer-Encoding: chunked\r\n\r\n";
	send_text(fd, head);
	for (int i = 0; i < 10; i++) {
		try_send(fd, "100000\r\n", 8);
		try_send(fd, chunk, sizeof chunk);
		try_send(fd, "\r\n", 2);
	}
	try_send(fd, "0\r\n\r\n", 5);
	assert_true(read_all(fd, reply, false));
	assert_true(status_of(reply) == 0 || status_of(reply) == 413);
	close(fd);
	/* One that does not end is cut off. */
	fd = connect_from(NULL);
	send_text(fd, head);
	int sent = 0;
	while (sent < 64 && try_send(fd, "100000\r\n", 8) && try_send(fd, chunk, sizeof chunk) &&
		try_send(fd, "\r\n", 2))
		sent++;
	assert_true(sent < 64);
	close(fd);
	check_others_are_served();
}

static void test_many_connections(void **state)
{
	static int fds[MANY];
	size_t before = count_descriptors();
	for (int i = 0; i < MANY; i++) {
		fds[i] = connect_from(NULL);
		try_send(fds[i], "GET /livez HT", i % 2 == 0 ? 0 : 13);
	}
	check_others_are_served();
	for (int i = 0; i < MANY; i++) {
		if (i % 3 == 0) /* reset instead of closed */
			setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &(struct linger){ .l_onoff = 1 },
				sizeof(struct linger));
		close(fds[i]);
	}
	wait_descriptors(before);
	check_others_are_served();
}

static void test_reset_in_the_middle(void **state)
{
	static char part[512 * 1024];
	size_t before = count_descriptors();
	memset(part, ' ', sizeof part);
	for (int i = 0; i < 50; i++) {
		int fd = connect_from(NULL);
		const char *head = CALL JSON "Content-Length: 8000000\r\n\r\n";
		send_text(fd, head);
		try_send(fd, part, sizeof part);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ .l_onoff = 1 },
			sizeof(struct linger));
		close(fd);
	}
	wait_descriptors(before);
	check_others_are_served();
}

static int start_poll(void)
{
	char request[512];
	int fd = connect_from(NULL);
	snprintf(request, sizeof request,
		"POST /lectern.v1.ChangeService/ListChanges HTTP/1.1\r\n" HOST JSON
		"Connect-Timeout-Ms: 60000\r\nContent-Length: %zu\r\n\r\n%s",
		strlen(POLL_BODY), POLL_BODY);
	assert_true(send_text(fd, request));
	return fd;
}

/* Whether the call waits; else the reply is in *out. */
static bool waits(int fd, char out[REPLY_BYTES_MAX])
{
	struct pollfd state = { .fd = fd, .events = POLLIN };
	if (poll(&state, 1, 300) == 0)
		return true;
	read_all(fd, out, false);
	return false;
}

/* Calls that wait take no thread and are bounded in number; places of clients that leave are free
 * again. */
static void test_calls_that_wait(void **state)
{
	static int fds[LIMIT_PARKED_CALLS];
	char reply[REPLY_BYTES_MAX];
	size_t before = count_descriptors();
	for (int i = 0; i < LIMIT_PARKED_CALLS; i++)
		fds[i] = start_poll();
	assert_true(waits(fds[LIMIT_PARKED_CALLS - 1], reply));
	check_others_are_served();
	int fd = start_poll();
	assert_false(waits(fd, reply));
	assert_int_equal(status_of(reply), 429);
	assert_non_null(strstr(reply, "TOO_MANY_WAITERS"));
	assert_non_null(strstr(reply, "Retry-After: 1"));
	close(fd);
	for (int i = 0; i < LIMIT_PARKED_CALLS; i++)
		close(fds[i]);
	wait_descriptors(before);
	fd = start_poll();
	assert_true(waits(fd, reply));
	close(fd);
}

/* A write is answered, and wakes who waits. */
static void test_wait_and_write(void **state)
{
	char reply[REPLY_BYTES_MAX];
	int fd = connect_from(NULL);
	const char *wait = "POST /lectern.v1.ChangeService/ListChanges HTTP/1.1\r\n" HOST JSON
			   "Content-Length: 16\r\n\r\n{\"waitMs\":20000}";
	send_text(fd, wait);
	assert_true(waits(fd, reply));
	const char *create = "POST /lectern.v1.TagService/CreateTag HTTP/1.1\r\n" HOST JSON
			     "Content-Length: 20\r\n\r\n{\"tag\":{\"name\":\"a\"}}";
	assert_int_equal(ask(NULL, create, reply), 200);
	assert_true(read_all(fd, reply, false));
	assert_int_equal(status_of(reply), 200);
	assert_non_null(strstr(reply, "\"changes\""));
	close(fd);
}

static void test_stop(void **state)
{
	struct lecternd other = { .environment = environment };
	uint16_t port_before = port;
	char reply[REPLY_BYTES_MAX];
	lecternd_start(&other);
	port = (uint16_t)atoi(strstr(other.ready, "http://127.0.0.1:") + 17);
	int fd = start_poll();
	int idle = connect_from(NULL);
	assert_true(waits(fd, reply));
	int64_t start_ms = now_ms();
	assert_int_equal(lecternd_stop(&other), 0);
	assert_true(now_ms() - start_ms < 5000);
	assert_true(read_all(fd, reply, true));
	assert_int_equal(status_of(reply), 503);
	close(fd);
	close(idle);
	port = port_before;
}

int main(void)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < 8192 ? limit.rlim_max : 8192;
	setrlimit(RLIMIT_NOFILE, &limit);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_hidden_requests),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_huge_head),
		cmocka_unit_test(test_connections_are_kept),
		cmocka_unit_test(test_expected_continue),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_many_connections),
		cmocka_unit_test(test_reset_in_the_middle),
		cmocka_unit_test(test_calls_that_wait),
		cmocka_unit_test(test_wait_and_write),
		cmocka_unit_test(test_stop),
	};
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
