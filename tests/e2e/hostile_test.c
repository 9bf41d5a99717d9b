/*
 * Clients that overload, stall and leave a real server: others are served meanwhile, and afterwards
 * descriptors, threads and memory are as before.
 */
#include "e2e/hostile_client.h"

#include <lectern/v1/post.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

/* How many calls are made in the middle of each attack. */
enum { ATTACK_MS = 1000, READS = 100, WRITES = 20 };

static uint64_t now_ms(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static void connect_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fds[i] = connect_raw();
		assert_true(fds[i] >= 0);
	}
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* The clients that behave get on with their work, and the attackers leave. */
static void finish(const int *fds, size_t count, const struct usage *before, bool in_reply)
{
	await_good_clients(READS, WRITES);
	stop_good_clients();
	close_all(fds, count);
	check_usage_is_back(before, in_reply);
}

/* Their replies are more than the system's buffers hold. */
static void serves_beside_clients_that_never_read(void **state)
{
	enum { CLIENTS = 12, REQUESTS = 200 };
	int fds[CLIENTS];
	size_t size;
	uint8_t *frame = get_frame("large", &size);
	struct usage before = read_usage();
	start_good_clients();
	connect_all(fds, CLIENTS);
	for (int i = 0; i < REQUESTS; i++)
		for (int j = 0; j < CLIENTS; j++)
			if (fds[j] >= 0 && !send_raw(fds[j], frame, size)) {
				close(fds[j]);
				fds[j] = connect_raw();
			}
	finish(fds, CLIENTS, &before, true);
	free(frame);
}

static void serves_beside_clients_that_send_a_byte_at_a_time(void **state)
{
	enum { CLIENTS = 100, BYTES = 30 };
	int fds[CLIENTS];
	size_t size;
	uint8_t *frame = get_frame("large", &size);
	struct usage before = read_usage();
	start_good_clients();
	connect_all(fds, CLIENTS);
	for (size_t i = 0; i < BYTES && i < size - 1; i++) {
		for (int j = 0; j < CLIENTS; j++)
			assert_true(send_raw(fds[j], frame + i, 1));
		sleep_ms(20);
	}
	finish(fds, CLIENTS, &before, false);
	free(frame);
}

/* nng takes the memory for a message when it is announced: untouched, it is none. */
static void takes_no_memory_for_what_is_only_announced(void **state)
{
	enum { CLIENTS = 200, ANNOUNCED = 8 * MEGABYTE, SENT = 1000, MEMORY_KB = 64 * 1024 };
	static int fds[CLIENTS];
	static uint8_t start[SENT];
	struct usage before = read_usage();
	start[0] = 1;
	for (int i = 0; i < 8; i++)
		start[1 + i] = (uint8_t)((uint64_t)ANNOUNCED >> (56 - 8 * i));
	start_good_clients();
	connect_all(fds, CLIENTS);
	for (int i = 0; i < CLIENTS; i++)
		assert_true(send_raw(fds[i], start, sizeof start));
	sleep_ms(300);
	struct usage now = read_usage();
	print_message("%zu kB, were %zu\n", now.memory_kb, before.memory_kb);
	if (!is_sanitized())
		assert_true(now.memory_kb < before.memory_kb + MEMORY_KB);
	finish(fds, CLIENTS, &before, false);
}

/* As fast as they can, without a look at the answers, and again when they are thrown out. */
static void serves_beside_floods(void **state)
{
	enum { CLIENTS = 16 };
	int fds[CLIENTS];
	uint8_t answers[65536];
	size_t size;
	uint8_t *frame = get_frame("post-1", &size);
	struct usage before = read_usage();
	start_good_clients();
	connect_all(fds, CLIENTS);
	for (uint64_t end_ms = now_ms() + ATTACK_MS; now_ms() < end_ms;)
		for (int i = 0; i < CLIENTS; i++) {
			bool sent = fds[i] >= 0;
			for (int j = 0; j < 100 && sent; j++)
				sent = send_raw(fds[i], frame, size);
			if (i % 2 == 0 && fds[i] >= 0) /* half of them do read */
				while (recv(fds[i], answers, sizeof answers, MSG_DONTWAIT) > 0)
					;
			if (!sent) {
				if (fds[i] >= 0)
					close(fds[i]);
				fds[i] = connect_raw();
			}
		}
	finish(fds, CLIENTS, &before, true);
	free(frame);
}

/* More than the server takes, ten times over: the idle ones make way for those who work. */
static void serves_beside_thousands_of_connections(void **state)
{
	enum { CLIENTS = 3000, SERVER_MAX = 300, OTHERS = 40 };
	static int fds[CLIENTS];
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_max < CLIENTS + 100)
		skip();
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	struct usage before = read_usage();
	start_good_clients();
	for (int i = 0; i < CLIENTS; i++)
		fds[i] = connect_raw();
	sleep_ms(200);
	struct usage now = read_usage();
	print_message("descriptors %zu, were %zu\n", now.descriptors, before.descriptors);
	assert_true(now.descriptors < before.descriptors + SERVER_MAX + OTHERS);
	int late = connect_raw(); /* a newcomer is served, too */
	size_t size;
	uint8_t byte;
	uint8_t *frame = get_frame("post-0", &size);
	assert_true(late >= 0);
	assert_true(send_raw(late, frame, size));
	assert_int_equal(recv(late, &byte, 1, 0), 1);
	close(late);
	finish(fds, CLIENTS, &before, false);
	free(frame);
}

/* In the middle of a reply, others behind it. */
static void survives_clients_that_leave(void **state)
{
	size_t size;
	uint8_t *frame = get_frame("large", &size);
	struct usage before = read_usage();
	start_good_clients();
	for (uint64_t end_ms = now_ms() + ATTACK_MS; now_ms() < end_ms;) {
		uint8_t some[1000];
		int fd = connect_raw();
		assert_true(fd >= 0);
		for (int i = 0; i < 10; i++)
			(void)send_raw(fd, frame, size);
		assert_true(recv(fd, some, sizeof some, 0) > 0);
		close(fd);
	}
	finish(NULL, 0, &before, true);
	free(frame);
}

/* Bodies that take the renderer seconds each, as many at once as the connection may have. */
static void writes_beside_bodies_that_take_long(void **state)
{
	enum { BODY_BYTES = 60 * 1000, CLIENTS = 3, BODIES = 64 };
	static const char piece[] = "![[]()";
	char *body = malloc(BODY_BYTES + sizeof piece);
	size_t length = 0;
	for (; length < BODY_BYTES; length += sizeof piece - 1)
		memcpy(body + length, piece, sizeof piece);
	static char title[] = "t";
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	request.post = &post;
	post.title = title;
	post.body = body;
	uint8_t *payload = malloc(lectern__v1__create_post_request__get_packed_size(&request));
	size_t payload_bytes = lectern__v1__create_post_request__pack(&request, payload);
	size_t size;
	uint8_t *frame = call_frame(
		"/lectern.v1.PostService/CreatePost", payload, payload_bytes, 3000, &size);
	struct usage before = read_usage();
	int fds[CLIENTS];
	connect_all(fds, CLIENTS);
	for (int i = 0; i < BODIES; i++)
		for (int j = 0; j < CLIENTS; j++)
			if (fds[j] >= 0)
				(void)send_raw(fds[j], frame, size);
	start_good_clients();
	await_good_clients(READS, 1);
	stop_good_clients();
	close_all(fds, CLIENTS);
	check_usage_is_back(&before, false);
	free(frame);
	free(payload);
	free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(serves_beside_clients_that_never_read),
		TEST(serves_beside_clients_that_send_a_byte_at_a_time),
		TEST(takes_no_memory_for_what_is_only_announced),
		TEST(serves_beside_floods),
		TEST(serves_beside_thousands_of_connections),
		TEST(survives_clients_that_leave),
		TEST(writes_beside_bodies_that_take_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
