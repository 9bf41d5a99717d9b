/*
 * The server over real sockets with short bounds: what well-behaved clients get, and what others do
 * not get in the way of.
 */
#include "http/server.h"

#include "base/clock.h"
#include "http/pages.h"
#include "support/json_call.h"
#include "support/own_server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 20 * 1000, BOUND_MS = 700, REPLY_BYTES = 16 << 20, SLOW = 20, MANY = 300 };

static struct http_server *http;
static struct http_server_options options;
static struct http_route routes[HTTP_PAGES];
static const char *const addresses[] = { "127.0.0.1:0" };
static const char *const origins[] = { "https://example.org" };
static unsigned port;

static int set_up_http(void **state)
{
	struct error err;
	if (set_up(state) != 0)
		return -1;
	http_pages(routes);
	options = (struct http_server_options){ .rpc = server.rpc,
		.addresses = addresses,
		.address_count = 1,
		.routes = routes,
		.route_count = HTTP_PAGES,
		.cors_origins = origins,
		.cors_origin_count = 1,
		.head_ms = BOUND_MS,
		.body_ms = BOUND_MS,
		.reply_ms = BOUND_MS };
	assert_int_equal(http_server_new(&options, &http, &err), CODE_OK);
	port = (unsigned)atoi(strrchr(http_server_address(http, 0), ':') + 1);
	assert_int_equal(http_server_start(http, &err), CODE_OK);
	return 0;
}

/* With other options. */
static void restart(void)
{
	struct http_server_stop stop;
	struct error err;
	http_server_stop(http, WAIT_MS, &stop);
	http_server_free(http);
	assert_int_equal(http_server_new(&options, &http, &err), CODE_OK);
	port = (unsigned)atoi(strrchr(http_server_address(http, 0), ':') + 1);
	assert_int_equal(http_server_start(http, &err), CODE_OK);
}

static int tear_down_http(void **state)
{
	struct http_server_stop stop;
	http_server_stop(http, WAIT_MS, &stop);
	int result = tear_down(state);
	http_server_free(http);
	return stop.abandoned_count == 0 ? result : -1;
}

static int dial(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

static void put(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);
		if (sent <= 0)
			return; /* the server has had enough */
		text += sent;
		size -= (size_t)sent;
	}
}

static void say(int fd, const char *text)
{
	put(fd, text, strlen(text));
}

/* All that comes until the end of the connection, as a text. */
static const char *hear(int fd)
{
	static char text[REPLY_BYTES + 1];
	size_t size = 0;
	for (;;) {
		struct pollfd poller = { .fd = fd, .events = POLLIN };
		assert_int_equal(poll(&poller, 1, WAIT_MS), 1);
		ssize_t more = recv(fd, text + size, REPLY_BYTES - size, 0);
		if (more <= 0)
			break;
		size += (size_t)more;
	}
	text[size] = '\0';
	close(fd);
	return text;
}

/* One request whose connection ends with the reply. */
static const char *ask(const char *text)
{
	int fd = dial();
	say(fd, text);
	return hear(fd);
}

#define TAIL "Host: x\r\nConnection: close\r\n"
#define JSON "Content-Type: application/json\r\n"
#define CHECK "POST /lectern.v1.HealthService/Check HTTP/1.1\r\n"

static void assert_served(void)
{
	const char *reply = ask(CHECK TAIL JSON "Content-Length: 2\r\n\r\n{}");
	assert_int_equal(strncmp(reply, "HTTP/1.1 200 ", 13), 0);
	assert_non_null(strstr(reply, "{\"status\":\"SERVING_STATUS_SERVING\"}"));
}

static bool begins(const char *text, const char *prefix)
{
	bool yes = strncmp(text, prefix, strlen(prefix)) == 0;
	if (!yes)
		print_error("not \"%s\": %.200s\n", prefix, text);
	return yes;
}

static void serves_calls(void **state)
{
	assert_served();
	/* In pieces, and two on one connection. */
	int fd = dial();
	const char request[] =
		CHECK "Host: x\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n"
		      "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n" CHECK TAIL JSON "Content-Length: 0\r\n\r\n";
	for (size_t i = 0; i < sizeof request - 1; i++)
		put(fd, request + i, 1);
	const char *replies = hear(fd);
	assert_true(begins(replies, "HTTP/1.1 200 "));
	assert_non_null(strstr(replies + 1, "HTTP/1.1 200 "));
	/* A write waits for the writer and is answered all the same. */
	const char *reply = ask("POST /lectern.v1.TagService/CreateTag HTTP/1.1\r\n" TAIL JSON
				"Content-Length: 22\r\n\r\n{\"tag\":{\"name\":\"News\"}}");
	assert_true(begins(reply, "HTTP/1.1 400 ")); /* one byte is missing */
	reply = ask("POST /lectern.v1.TagService/CreateTag HTTP/1.1\r\n" TAIL JSON
		    "Content-Length: 23\r\n\r\n{\"tag\":{\"name\":\"News\"}}");
	assert_true(begins(reply, "HTTP/1.1 200 "));
	assert_non_null(strstr(reply, "\"slug\":\"news\""));
	assert_non_null(strstr(reply, "Lectern-Revision: 1\r\n"));
}

static void serves_pages(void **state)
{
	assert_true(begins(ask("GET /livez HTTP/1.1\r\n" TAIL "\r\n"), "HTTP/1.1 200 "));
	assert_true(begins(ask("GET http://x/readyz HTTP/1.1\r\n" TAIL "\r\n"), "HTTP/1.1 200 "));
	const char *reply = ask("HEAD / HTTP/1.1\r\n" TAIL "\r\n");
	assert_true(begins(reply, "HTTP/1.1 200 "));
	assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
	reply = ask("POST /livez HTTP/1.1\r\n" TAIL "Content-Length: 0\r\n\r\n");
	assert_true(begins(reply, "HTTP/1.1 405 "));
	assert_non_null(strstr(reply, "Allow: GET, HEAD, OPTIONS\r\n"));
	reply = ask("GET /favicon.ico HTTP/1.1\r\n" TAIL "\r\n");
	assert_true(begins(reply, "HTTP/1.1 404 "));
	assert_non_null(strstr(reply, "\"code\":\"not_found\""));
	reply = ask("GET /lectern.v1.PostService/GetPots?encoding=json&message= HTTP/1.1\r\n" TAIL
		    "\r\n");
	assert_true(begins(reply, "HTTP/1.1 404 "));
	assert_non_null(strstr(reply, "did you mean 'GetPost'?"));
	reply = ask("OPTIONS /lectern.v1.PostService/GetPost HTTP/1.1\r\n" TAIL
		    "Origin: https://example.org\r\n\r\n");
	assert_true(begins(reply, "HTTP/1.1 204 "));
	assert_non_null(strstr(reply, "Access-Control-Allow-Origin: https://example.org\r\n"));
	assert_non_null(strstr(reply, "Access-Control-Allow-Methods: "));
	reply = ask("OPTIONS /lectern.v1.PostService/GetPost HTTP/1.1\r\n" TAIL
		    "Origin: https://example.com\r\n\r\n");
	assert_null(strstr(reply, "Access-Control"));
}

static void answers_from_caches(void **state)
{
	(void)publish(START_US, "a", NULL);
	static const char get[] =
		"GET /lectern.v1.PostService/ListPosts?encoding=json&message=%7B%7D "
		"HTTP/1.1\r\n" TAIL;
	char request[1024], etag[128];
	snprintf(request, sizeof request, "%s\r\n", get);
	const char *reply = ask(request);
	assert_true(begins(reply, "HTTP/1.1 200 "));
	assert_non_null(strstr(reply, "Cache-Control: public, no-cache\r\n"));
	const char *found = strstr(reply, "ETag: ");
	assert_non_null(found);
	snprintf(etag, sizeof etag, "%.*s", (int)strcspn(found + 6, "\r"), found + 6);
	const char *const same[] = { "%s", "W/%s", "\"x\", %s", "*" };
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		char value[200];
		const char *mark = strstr(same[i], "%s");
		snprintf(value, sizeof value, "%.*s%s",
			mark == NULL ? (int)strlen(same[i]) : (int)(mark - same[i]), same[i],
			mark == NULL ? "" : etag);
		snprintf(request, sizeof request, "%sIf-None-Match: %s\r\n\r\n", get, value);
		reply = ask(request);
		assert_true(begins(reply, "HTTP/1.1 304 "));
		assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
		assert_non_null(strstr(reply, etag));
		assert_null(strstr(reply, "Content-Length: 0\r\n")); /* of another body */
	}
	(void)publish(START_US + 1, "a", NULL);
	assert_true(begins(ask(request), "HTTP/1.1 304 ")); /* "*" */
	snprintf(request, sizeof request, "%sIf-None-Match: %s\r\n\r\n", get, etag);
	assert_true(begins(ask(request), "HTTP/1.1 200 "));
}

/* Requests that are refused, and how. */
static void refuses_bad_requests(void **state)
{
	static char many_headers[16 * 1024], long_header[80 * 1024], long_uri[70 * 1024];
	size_t size = (size_t)sprintf(many_headers, "GET / HTTP/1.1\r\n" TAIL);
	for (int i = 0; i < 150; i++)
		size += (size_t)sprintf(many_headers + size, "X-%d: y\r\n", i);
	strcat(many_headers, "\r\n");
	size = (size_t)sprintf(long_header, "GET / HTTP/1.1\r\n" TAIL "X: ");
	memset(long_header + size, 'y', 70 * 1024);
	strcat(long_header, "\r\n\r\n");
	size = (size_t)sprintf(long_uri, "GET /");
	memset(long_uri + size, 'y', 50 * 1024);
	strcat(long_uri, " HTTP/1.1\r\n" TAIL "\r\n");
	static const struct {
		const char *label, *request, *status;
	} requests[] = {
		{ "two lengths", CHECK TAIL JSON "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
			"HTTP/1.1 400 " },
		{ "length and chunks",
			CHECK TAIL JSON
			"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			"HTTP/1.1 400 " },
		{ "two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400 " },
		{ "no host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 400 " },
		{ "too large", CHECK TAIL JSON "Content-Length: 8388609\r\n\r\n", "HTTP/1.1 413 " },
		{ "a length beyond numbers",
			CHECK TAIL JSON "Content-Length: 99999999999999999999\r\n\r\n",
			"HTTP/1.1 4" },
		{ "a length that is none", CHECK TAIL JSON "Content-Length: -1\r\n\r\n",
			"HTTP/1.1 4" },
		{ "many headers", many_headers, "HTTP/1.1 431 " },
		{ "a long header", long_header, "HTTP/1.1 4" },
		{ "a long address", long_uri, "HTTP/1.1 4" },
	};
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		print_message("%s\n", requests[i].label);
		assert_true(begins(ask(requests[i].request), requests[i].status));
	}
	/* What is no HTTP gets no answer or an error, and its connection ends. */
	static const char *const garbage[] = { "\x16\x03\x01\x02\r\n\r\n",
		"\r\n\r\n\r\n\r\nxxxx\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
		"\xFF\xFE\r\n\r\n", " / \r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\n folded: x\r\nHost: x\r\nConnection: close\r\n\r\n" };
	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++)
		(void)ask(garbage[i]);
	assert_served();
}

/* A body in chunks that grows beyond the limit is answered; one that goes on ends. */
static void bounds_bodies_in_chunks(void **state)
{
	static char chunk[1 << 20];
	int fd = dial();
	say(fd, CHECK TAIL JSON "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 9; i++) {
		say(fd, "100000\r\n");
		put(fd, chunk, sizeof chunk);
		say(fd, "\r\n");
	}
	say(fd, "0\r\n\r\n");
	const char *reply = hear(fd);
	assert_true(begins(reply, "HTTP/1.1 413 "));
	assert_non_null(strstr(reply, "REQUEST_TOO_LARGE"));
	fd = dial();
	say(fd, CHECK TAIL JSON "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 40; i++) {
		say(fd, "100000\r\n");
		put(fd, chunk, sizeof chunk);
		say(fd, "\r\n");
	}
	assert_string_equal(hear(fd), "");
	assert_served();
}

/* Many bodies at once have a bound together; it is there again when they have gone. */
static void bounds_all_bodies(void **state)
{
	static char body[700 * 1024];
	static const char head[] = CHECK TAIL JSON "Content-Length: 716800\r\n\r\n";
	memset(body, ' ', sizeof body);
	options.body_ms = WAIT_MS;
	options.body_bytes_max = 1024 * 1024;
	restart();
	int first = dial();
	say(first, head);
	put(first, body, sizeof body - 1);
	struct http_server_stats stats;
	do {
		http_server_stats(http, &stats);
		poll(NULL, 0, 5);
	} while (stats.body_bytes < sizeof body - 1);
	int second = dial();
	say(second, head);
	put(second, body, sizeof body);
	const char *reply = hear(second);
	assert_true(begins(reply, "HTTP/1.1 503 "));
	assert_non_null(strstr(reply, "Retry-After: 1\r\n"));
	put(first, body, 1);
	assert_true(begins(hear(first), "HTTP/1.1 400 ")); /* blanks are no JSON */
	int third = dial();
	say(third, head);
	put(third, body, sizeof body);
	assert_true(begins(hear(third), "HTTP/1.1 400 "));
}

/* A reply that its client does not take counts until it has gone. */
static void bounds_all_replies(void **state)
{
	static char body[LIMIT_BODY_BYTES]; /* more than the kernel keeps for a client */
	static const char get[] =
		"GET /lectern.v1.PostService/GetPost?message=%7B%22slug%22%3A%22a%22%7D "
		"HTTP/1.1\r\n" TAIL "\r\n";
	struct http_server_stats stats;
	memset(body, 'a', sizeof body - 1);
	(void)new_post(
		&server, &(struct sketch){ .slug = "a", .title = "A", .body = body }, &answer);
	options.reply_ms = WAIT_MS;
	options.body_bytes_max = 12 * 1024 * 1024; /* source and html of one reply */
	restart();
	int small = 4096;
	int first = dial();
	setsockopt(first, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	say(first, get);
	do {
		http_server_stats(http, &stats);
		poll(NULL, 0, 5);
	} while (stats.body_bytes == 0);
	const char *reply = ask(get);
	assert_true(begins(reply, "HTTP/1.1 503 "));
	assert_non_null(strstr(reply, "SERVER_BUSY"));
	close(first);
	do {
		http_server_stats(http, &stats);
		poll(NULL, 0, 5);
	} while (stats.body_bytes > 0);
	assert_true(begins(ask(get), "HTTP/1.1 200 "));
}

static size_t count_descriptors(void)
{
	size_t count = 0;
	DIR *folder = opendir("/proc/self/fd");
	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static void wait_for_connections(size_t most)
{
	struct http_server_stats stats;
	uint64_t until_ns = clock_monotonic_ns() + (uint64_t)WAIT_MS * 1000000;
	do {
		http_server_stats(http, &stats);
		poll(NULL, 0, 10);
	} while (stats.connections > most && clock_monotonic_ns() < until_ns);
	assert_true(stats.connections <= most);
}

/* Clients that send a byte now and then, in the head and in the body; each has its time. */
static void ends_slow_clients(void **state)
{
	size_t before = count_descriptors();
	int slow[SLOW];
	for (int i = 0; i < SLOW; i++) {
		slow[i] = dial();
		if (i % 2 == 0)
			say(slow[i], "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
		else
			say(slow[i], CHECK "Host: x\r\n" JSON "Content-Length: 1000\r\n\r\n{");
	}
	uint64_t start_ns = clock_monotonic_ns();
	int alive = SLOW;
	while (alive > 0) {
		assert_served();
		alive = 0;
		for (int i = 0; i < SLOW; i++) {
			char byte;
			if (slow[i] < 0)
				continue;
			ssize_t got = recv(slow[i], &byte, 1, MSG_DONTWAIT);
			if (got == 0 || (got < 0 && errno != EAGAIN) ||
				send(slow[i], " ", 1, MSG_NOSIGNAL) < 0) {
				close(slow[i]);
				slow[i] = -1;
				continue;
			}
			alive++;
		}
		assert_true(clock_monotonic_ns() - start_ns < (uint64_t)WAIT_MS * 1000000);
		poll(NULL, 0, 20);
	}
	wait_for_connections(0);
	assert_true(count_descriptors() <= before);
}

/* Clients that connect and say nothing, reset, or leave in the middle of what they send or get. */
static void forgets_those_that_leave(void **state)
{
	size_t before = count_descriptors();
	int idle[MANY];
	for (int i = 0; i < MANY; i++)
		idle[i] = dial();
	assert_served();
	for (int i = 0; i < MANY; i++) {
		struct linger reset = { .l_onoff = 1 };
		if (i % 3 == 0)
			say(idle[i], CHECK TAIL JSON "Content-Length: 100\r\n\r\n{");
		else if (i % 3 == 1)
			say(idle[i], CHECK TAIL JSON "Content-Length: 2\r\n\r\n{}");
		if (i % 2 == 0)
			setsockopt(idle[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close(idle[i]);
	}
	assert_served();
	wait_for_connections(0);
	assert_true(count_descriptors() <= before);
}

static const char wait_call[] =
	"POST /lectern.v1.ChangeService/ListChanges HTTP/1.1\r\n" TAIL JSON
	"Connect-Timeout-Ms: 60000\r\nContent-Length: 16\r\n\r\n{\"waitMs\":20000}";

static void wait_for_parked(size_t count)
{
	struct http_server_stats stats;
	uint64_t until_ns = clock_monotonic_ns() + (uint64_t)WAIT_MS * 1000000;
	do {
		http_server_stats(http, &stats);
		poll(NULL, 0, 5);
	} while (stats.parked != count && clock_monotonic_ns() < until_ns);
	assert_int_equal(stats.parked, count);
}

/* Waiting calls take no thread, are answered by a change, and end with their client. */
static void lets_calls_wait(void **state)
{
	int waiting[SLOW];
	for (int i = 0; i < SLOW; i++) {
		waiting[i] = dial();
		say(waiting[i], wait_call);
	}
	wait_for_parked(SLOW);
	assert_served();
	say(waiting[0], "G"); /* the next request, not read before the end */
	uint64_t left_ns = clock_monotonic_ns();
	close(waiting[0]);
	wait_for_parked(SLOW - 1);
	assert_true(clock_monotonic_ns() - left_ns < (uint64_t)WAIT_MS / 2 * 1000000);
	(void)publish(START_US, NULL, NULL);
	for (int i = 1; i < SLOW; i++) {
		const char *reply = hear(waiting[i]);
		assert_true(begins(reply, "HTTP/1.1 200 "));
		assert_non_null(strstr(reply, "\"changes\":["));
	}
	wait_for_parked(0);
}

/* The end of the server answers those that wait. */
static void stops_while_calls_wait(void **state)
{
	struct http_server_stop stop;
	struct error err;
	int waiting = dial();
	say(waiting, wait_call);
	wait_for_parked(1);
	local_server_stop(&server);
	http_server_stop(http, WAIT_MS, &stop);
	assert_int_equal(stop.abandoned_count, 0);
	assert_true(begins(hear(waiting), "HTTP/1.1 503 "));
	http_server_free(http);
	local_server_close(&server);
	local_server_open(&server);
	options.rpc = server.rpc;
	assert_int_equal(http_server_new(&options, &http, &err), CODE_OK);
	assert_int_equal(http_server_start(http, &err), CODE_OK);
}

/* Clients that do not stop asking keep no connection suspended, which libmicrohttpd ends the
 * process for. */
static void stops_while_calls_come(void **state)
{
	static const char request[] =
		"POST /lectern.v1.TagService/CreateTag HTTP/1.1\r\nHost: x\r\n" JSON
		"Content-Length: 23\r\n\r\n{\"tag\":{\"name\":\"News\"}}";
	struct http_server_stop stop;
	struct error err;
	int asking[SLOW];
	for (int i = 0; i < SLOW; i++) {
		asking[i] = dial();
		for (int j = 0; j < MANY; j++)
			say(asking[i], request);
	}
	http_server_stop(http, WAIT_MS, &stop);
	assert_int_equal(stop.abandoned_count, 0);
	for (int i = 0; i < SLOW; i++)
		(void)hear(asking[i]);
	http_server_free(http);
	assert_int_equal(http_server_new(&options, &http, &err), CODE_OK);
	assert_int_equal(http_server_start(http, &err), CODE_OK);
}

static void says_which_address_is_wrong(void **state)
{
	static const struct {
		const char *address, *error;
	} wrong[] = {
		{ "127.0.0.1", "is no address" },
		{ "127.0.0.1:70000", "is no address" },
		{ "https://127.0.0.1:0", "needs a certificate" },
		{ "203.0.113.1:0", "it is no address of this machine" },
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct http_server_options other = options;
		struct http_server *none;
		struct error err;
		other.addresses = &wrong[i].address;
		assert_int_not_equal(http_server_new(&other, &none, &err), CODE_OK);
		print_message("%s\n", err.text);
		assert_non_null(strstr(err.text, wrong[i].error));
	}
	struct http_server_options other = options;
	struct http_server *none;
	struct error err;
	const char *taken = http_server_address(http, 0);
	other.addresses = &taken;
	assert_int_equal(http_server_new(&other, &none, &err), CODE_FAILED_PRECONDITION);
}

#define HTTP_TEST(function) cmocka_unit_test_setup_teardown(function, set_up_http, tear_down_http)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(serves_calls),
		HTTP_TEST(serves_pages),
		HTTP_TEST(answers_from_caches),
		HTTP_TEST(refuses_bad_requests),
		HTTP_TEST(bounds_bodies_in_chunks),
		HTTP_TEST(bounds_all_bodies),
		HTTP_TEST(bounds_all_replies),
		HTTP_TEST(ends_slow_clients),
		HTTP_TEST(forgets_those_that_leave),
		HTTP_TEST(lets_calls_wait),
		HTTP_TEST(stops_while_calls_wait),
		HTTP_TEST(stops_while_calls_come),
		HTTP_TEST(says_which_address_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
