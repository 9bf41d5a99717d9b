/* Messages to subscribers: all of them get all, none of them holds the others up. */
#include "base/limits.h"
#include "support/transport_fixture.h"
#include "transport/publisher.h"

#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static char pub_url[128];

static int set_up(void **state)
{
	snprintf(folder, sizeof folder, "/tmp/lectern-publisher-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(pub_url, sizeof pub_url, "ipc://%s/pub.sock", folder);
	return 0;
}

static int tear_down(void **state)
{
	unlink(pub_url + strlen("ipc://"));
	return rmdir(folder);
}

static struct publisher *open_publisher(void)
{
	const char *urls[] = { pub_url, "tcp://127.0.0.1:0" };
	struct publisher *publisher = NULL;
	struct error err;
	if (publisher_new(urls, 2, NULL, &publisher, &err) != CODE_OK)
		fail_msg("%s", err.text);
	return publisher;
}

static void send_text(struct publisher *publisher, const char *text)
{
	/* In pieces, as a reply comes. */
	const struct slice parts[] = { slice_of(text, 1), slice_of("", 0),
		slice_of(text + 1, strlen(text) - 1) };
	publisher_send(publisher, parts, 3);
}

static char *receive_text(nng_socket socket)
{
	nng_msg *message;
	if (nng_recvmsg(socket, &message, 0) != 0)
		return NULL;
	char *text = strndup(nng_msg_body(message), nng_msg_len(message));
	nng_msg_free(message);
	return text;
}

/* A subscriber is there when it gets messages; the ones it may have got meanwhile are received. */
static nng_socket subscribe(struct publisher *publisher, const char *url)
{
	nng_socket socket;
	assert_int_equal(nng_sub0_open(&socket), 0);
	assert_int_equal(nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE, "", 0), 0);
	assert_int_equal(nng_dial(socket, url, NULL, 0), 0);
	assert_int_equal(nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 1), 0);
	char *text = NULL;
	for (int i = 0; text == NULL; i++) {
		send_text(publisher, "hello");
		text = receive_text(socket);
	}
	free(text);
	assert_int_equal(nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, WAIT_MS), 0);
	return socket;
}

/* Skips what it got while others came. */
static void expect_text(nng_socket socket, const char *wanted)
{
	char *text = receive_text(socket);
	while (text != NULL && strcmp(text, "hello") == 0) {
		free(text);
		text = receive_text(socket);
	}
	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

static void all_get_all_in_order(void **state)
{
	enum { SUBSCRIBERS = 4, MESSAGES = 100 };
	struct publisher *publisher = open_publisher();
	assert_int_equal(publisher_address_count(publisher), 2);
	assert_string_equal(publisher_address(publisher, 0), pub_url);
	struct stat info;
	assert_int_equal(stat(pub_url + strlen("ipc://"), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	nng_socket subscribers[SUBSCRIBERS];
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		subscribers[i] = subscribe(publisher, publisher_address(publisher, i % 2));
	for (int i = 0; i < MESSAGES; i++) {
		char text[32];
		snprintf(text, sizeof text, "message %d", i);
		send_text(publisher, text);
	}
	for (int s = 0; s < SUBSCRIBERS; s++)
		for (int i = 0; i < MESSAGES; i++) {
			char text[32];
			snprintf(text, sizeof text, "message %d", i);
			expect_text(subscribers[s], text);
		}
	for (int s = 0; s < SUBSCRIBERS; s++)
		nng_close(subscribers[s]);
	assert_true(publisher_free(publisher));
}

/* What was sent just before the end arrives. */
static void sends_before_it_closes(void **state)
{
	enum { MESSAGES = 100, BYTES = 64 * 1024 };
	static char text[BYTES + 1];
	memset(text, 'x', BYTES);
	for (int round = 0; round < 3; round++) {
		struct publisher *publisher = open_publisher();
		nng_socket socket = subscribe(publisher, publisher_address(publisher, 1));
		for (int i = 0; i < MESSAGES; i++)
			send_text(publisher, text);
		assert_true(publisher_free(publisher));
		for (int i = 0; i < MESSAGES; i++)
			expect_text(socket, text);
		nng_close(socket);
	}
}

/* A connection without nng: https://nanomsg.org/rfcs/sp-tcp-v1.html, the protocols 33 and 32. */
static int subscribe_raw(struct publisher *publisher)
{
	uint8_t greeting[8];
	int fd = connect_raw(publisher_address(publisher, 1));
	send_raw(fd, "\0SP\0\0\x21\0\0", sizeof greeting);
	assert_int_equal(recv(fd, greeting, sizeof greeting, MSG_WAITALL), sizeof greeting);
	assert_memory_equal(greeting, "\0SP\0\0\x20\0\0", sizeof greeting);
	return fd;
}

static void a_subscriber_that_does_not_read_holds_nobody_up(void **state)
{
	enum { MESSAGES = 2000, BYTES = 64 * 1024 };
	struct publisher *publisher = open_publisher();
	int idle = subscribe_raw(publisher);
	nng_socket busy = subscribe(publisher, publisher_address(publisher, 0));
	char *large = malloc(BYTES + 1);
	memset(large, 'x', BYTES);
	large[BYTES] = '\0';
	for (int i = 0; i < MESSAGES; i++) {
		send_text(publisher, large);
		expect_text(busy, large);
	}
	free(large);
	close(idle);
	nng_close(busy);
	assert_true(publisher_free(publisher));
}

/* Whether the connection gets a message; else the server has closed it. */
static bool is_subscribed(struct publisher *publisher, int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	uint8_t bytes[64];
	while (poll(&poller, 1, 1) == 0)
		send_text(publisher, "hello");
	return recv(fd, bytes, sizeof bytes, 0) > 0;
}

/* One more than there may be is sent away, and may come again when another one has gone. Not with
 * nng's own clients: those before 1.6 may hang when a server leaves them while they connect. */
static void only_so_many_may_subscribe(void **state)
{
	struct publisher *publisher = open_publisher();
	int fds[LIMIT_SUBSCRIBERS];
	for (int i = 0; i < LIMIT_SUBSCRIBERS; i++)
		fds[i] = subscribe_raw(publisher);
	for (int i = 0; i < LIMIT_SUBSCRIBERS; i++)
		assert_true(is_subscribed(publisher, fds[i]));
	for (int i = 0; i < 3; i++) {
		int more = subscribe_raw(publisher);
		assert_false(is_subscribed(publisher, more));
		close(more);
	}
	for (int i = 0; i < 3; i++) {
		close(fds[i]);
		bool subscribed = false;
		while (!subscribed) { /* until the server has seen that the other one left */
			fds[i] = subscribe_raw(publisher);
			subscribed = is_subscribed(publisher, fds[i]);
			if (!subscribed)
				close(fds[i]);
		}
	}
	for (int i = 0; i < LIMIT_SUBSCRIBERS; i++)
		close(fds[i]);
	assert_true(publisher_free(publisher));
}

static void listens_again_on_an_ipc_path(void **state)
{
	const char *urls[] = { pub_url };
	struct publisher *publisher = open_publisher();
	struct publisher *other = NULL;
	struct error err;
	assert_int_equal(publisher_new(urls, 1, NULL, &other, &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "another program does"));
	nng_socket socket = subscribe(publisher, pub_url); /* it has survived being asked */
	nng_close(socket);
	assert_true(publisher_free(publisher));
	publisher = open_publisher();
	assert_true(publisher_free(publisher));
}

static const struct {
	const char *url;
	enum code code;
	const char *text;
} wrong[] = {
	{ "udp://127.0.0.1:1", CODE_INVALID_ARGUMENT, "is no address to listen on" },
	{ "tcp://127.0.0.1", CODE_INVALID_ARGUMENT, "has no port" },
	{ "ipc:///does/not/exist/pub.sock", CODE_FAILED_PRECONDITION, "its folder does not exist" },
};

static void refuses_wrong_addresses(void **state)
{
	const char *many[LIMIT_LISTENERS + 1] = { NULL };
	struct publisher *publisher = NULL;
	struct error err;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		print_message("%s\n", wrong[i].url);
		assert_int_equal(
			publisher_new(&wrong[i].url, 1, NULL, &publisher, &err), wrong[i].code);
		assert_non_null(strstr(err.text, wrong[i].text));
	}
	assert_int_equal(publisher_new(many, 0, NULL, &publisher, &err), CODE_INVALID_ARGUMENT);
	assert_int_equal(publisher_new(many, LIMIT_LISTENERS + 1, NULL, &publisher, &err),
		CODE_INVALID_ARGUMENT);
	assert_null(publisher);
	assert_true(publisher_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_get_all_in_order),
		cmocka_unit_test(sends_before_it_closes),
		cmocka_unit_test(a_subscriber_that_does_not_read_holds_nobody_up),
		cmocka_unit_test(only_so_many_may_subscribe),
		cmocka_unit_test(listens_again_on_an_ipc_path),
		cmocka_unit_test(refuses_wrong_addresses),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
