/* Subscribers of a real server get what the log has, byte by byte. */
#include "base/wire.h"
#include "e2e/feed_server.h"

#include <lectern/v1/admin.pb-c.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The next message; NULL if there is none in time. */
static Lectern__V1__ListChangesResponse *receive(nng_socket socket, nng_msg **message)
{
	if (nng_recvmsg(socket, message, 0) != 0)
		return NULL;
	Lectern__V1__ListChangesResponse *response = lectern__v1__list_changes_response__unpack(
		NULL, nng_msg_len(*message), nng_msg_body(*message));
	assert_non_null(response);
	return response;
}

static nng_socket subscribe(const char *url)
{
	nng_socket socket;
	assert_int_equal(nng_sub0_open(&socket), 0);
	assert_int_equal(nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE, "", 0), 0);
	assert_int_equal(nng_socket_set_int(socket, NNG_OPT_RECVBUF, 1024), 0); /* keeps all */
	assert_int_equal(nng_dial(socket, url, NULL, 0), 0);
	return socket;
}

/* Writes until the subscriber gets something; the revision of the last change that it has got. */
static uint64_t await_subscribed(nng_socket socket)
{
	static int number;
	nng_msg *message;
	Lectern__V1__ListChangesResponse *response = NULL;
	assert_int_equal(nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 20), 0);
	while (response == NULL) {
		char title[32];
		snprintf(title, sizeof title, "hello-%d", number++);
		create_post(title);
		response = receive(socket, &message);
	}
	uint64_t revision = response->changes[response->n_changes - 1]->revision;
	nng_msg_free(message);
	free_changes(response);
	assert_int_equal(nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, TIMEOUT_MS), 0);
	return revision;
}

/* The records of changes, as bytes, from a revision on. */
static void compare_records(struct slice message, uint64_t after, size_t count)
{
	uint8_t bytes[32];
	struct lectern_error err;
	lectern_reply *reply;
	struct slice listed = { 0 };
	Lectern__V1__ListChangesRequest request = LECTERN__V1__LIST_CHANGES_REQUEST__INIT;
	request.after_revision = after;
	request.page_size = (int32_t)count;
	struct lectern_call call = { .method = "lectern.v1.ChangeService/ListChanges",
		.request = bytes,
		.request_size_bytes = protobuf_c_message_pack(&request.base, bytes) };
	if (lectern_call(client, &call, &reply, &err) != LECTERN_OK)
		fail_msg("%s", err.message);
	listed.data = lectern_reply_data(reply, &listed.size);
	for (size_t i = 0; i < count; i++) {
		struct wire_field sent;
		struct wire_field read;
		assert_true(wire_next(&message, &sent) && wire_next(&listed, &read));
		assert_int_equal(sent.number, 1);
		assert_int_equal(read.number, 1);
		assert_true(slice_equals(sent.bytes, read.bytes));
	}
	lectern_reply_free(reply);
}

/* Reads up to a revision: no change is missing, and each is that of the log. */
static void follow(nng_socket socket, uint64_t after, uint64_t until)
{
	while (after < until) {
		nng_msg *message;
		Lectern__V1__ListChangesResponse *response = receive(socket, &message);
		assert_non_null(response);
		assert_int_equal(response->changes[0]->revision, after + 1);
		assert_string_not_equal(response->epoch, "");
		compare_records(slice_of(nng_msg_body(message), nng_msg_len(message)), after,
			response->n_changes);
		after += response->n_changes;
		assert_true(response->revision >= after);
		nng_msg_free(message);
		free_changes(response);
	}
	assert_int_equal(after, until);
}

static void subscribers_get_the_log(void **state)
{
	enum { WRITES = 100 };
	struct lectern_error err;
	Lectern__V1__GetServerInfoRequest request = LECTERN__V1__GET_SERVER_INFO_REQUEST__INIT;
	Lectern__V1__GetServerInfoResponse *info = (Lectern__V1__GetServerInfoResponse *)try_call(
		client, "lectern.v1.AdminService/GetServerInfo", &request.base,
		&lectern__v1__get_server_info_response__descriptor, TIMEOUT_MS, &err);
	assert_non_null(info);
	assert_int_equal(info->n_publish_addresses, 2);
	char ready[512];
	snprintf(ready, sizeof ready, "\"publish\":\"%s %s\"", info->publish_addresses[0],
		info->publish_addresses[1]);
	assert_non_null(strstr(server.ready, ready));
	create_post("before");
	nng_socket sockets[2];
	uint64_t after[2];
	for (int i = 0; i < 2; i++) {
		sockets[i] = subscribe(info->publish_addresses[i]);
		after[i] = await_subscribed(sockets[i]);
	}
	lectern__v1__get_server_info_response__free_unpacked(info, NULL);
	for (int i = 0; i < WRITES; i++) {
		char title[32];
		snprintf(title, sizeof title, "post-%d", i);
		create_post(title);
	}
	for (int i = 0; i < 2; i++) {
		follow(sockets[i], after[i], after[1] + WRITES);
		nng_close(sockets[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(subscribers_get_the_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
