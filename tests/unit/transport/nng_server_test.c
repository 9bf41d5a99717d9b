#include "transport/nng_server.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lectern/rpc/v1/envelope.pb-c.h>
#include <lectern/v1/health.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <netinet/tcp.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* cmocka.h has a macro of the name */

enum { WAIT_MS = 20 * 1000, MEGABYTE = 1024 * 1024 };

/* The services behind the server: GetTag echoes the slug or answers with so many bytes as its id
 * says, CreateTag stays pending until finish_pending(). */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct rpc_call *pending[64];
	size_t pending_count;
	size_t handled; /* calls of GetTag */
} fake = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static enum code check_health(
	struct rpc_call *call, const ProtobufCMessage *request, struct error *err)
{
	reply_uint(&call->reply, 1, 1);
	return CODE_OK;
}

static void count_handled(void)
{
	pthread_mutex_lock(&fake.mutex);
	fake.handled++;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.mutex);
}

static void wait_handled(size_t count)
{
	pthread_mutex_lock(&fake.mutex);
	while (fake.handled < count)
		pthread_cond_wait(&fake.changed, &fake.mutex);
	pthread_mutex_unlock(&fake.mutex);
}

static enum code get_tag(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	static uint8_t zeros[4 * MEGABYTE];
	const Lectern__V1__GetTagRequest *request = (const Lectern__V1__GetTagRequest *)message;
	count_handled();
	if (request->key_case == LECTERN__V1__GET_TAG_REQUEST__KEY_ID)
		reply_append(&call->reply, slice_of(zeros, request->id));
	else if (request->key_case == LECTERN__V1__GET_TAG_REQUEST__KEY_SLUG)
		reply_text(&call->reply, 1, request->slug);
	else
		return fail_reason(err, CODE_NOT_FOUND, "TAG_NOT_FOUND", "no such tag");
	return CODE_OK;
}

static enum code create_tag(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	call->pending = true;
	pthread_mutex_lock(&fake.mutex);
	fake.pending[fake.pending_count++] = call;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.mutex);
	return CODE_OK;
}

static void wait_pending(size_t count)
{
	pthread_mutex_lock(&fake.mutex);
	while (fake.pending_count < count)
		pthread_cond_wait(&fake.changed, &fake.mutex);
	pthread_mutex_unlock(&fake.mutex);
}

static void finish_pending(void)
{
	pthread_mutex_lock(&fake.mutex);
	for (size_t i = 0; i < fake.pending_count; i++) {
		fake.pending[i]->revision = 5;
		reply_text(&fake.pending[i]->reply, 1, "made");
		rpc_finish(fake.pending[i], NULL);
	}
	fake.pending_count = 0;
	pthread_mutex_unlock(&fake.mutex);
}

static enum code open_snapshot(
	void *services, void **ret, uint64_t *ret_revision, struct error *err)
{
	*ret = &fake;
	*ret_revision = 3;
	return CODE_OK;
}

static void close_snapshot(void *services, void *snapshot)
{
}

static const struct rpc_method health_rows[] = { { "Check", RPC_NONE, check_health } };
static const struct rpc_method tag_rows[] = {
	{ "GetTag", RPC_READ, get_tag },
	{ "CreateTag", RPC_WRITE, create_tag },
	{ "BatchGetTags", RPC_READ, NULL },
	{ "ListTags", RPC_READ, NULL },
	{ "UpdateTag", RPC_WRITE, NULL },
	{ "DeleteTag", RPC_WRITE, NULL },
	{ "MergeTags", RPC_WRITE, NULL },
};
static const struct rpc_service services[] = {
	{ &lectern__v1__health_service__descriptor, health_rows, 1 },
	{ &lectern__v1__tag_service__descriptor, tag_rows, sizeof tag_rows / sizeof *tag_rows },
};

static struct rpc *rpc;
static char folder[64];
static char ipc_url[128];

static int make_rpc(void **state)
{
	struct rpc_options options = {
		.services_table = services,
		.service_count = 2,
		.snapshot_open = open_snapshot,
		.snapshot_close = close_snapshot,
	};
	struct error err;
	snprintf(folder, sizeof folder, "/tmp/lectern-transport-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(ipc_url, sizeof ipc_url, "ipc://%s/rpc.sock", folder);
	return rpc_new(&options, &rpc, &err) == CODE_OK ? 0 : -1;
}

static int free_rpc(void **state)
{
	unlink(ipc_url + strlen("ipc://"));
	rpc_free(rpc);
	return rmdir(folder);
}

/* A server on ipc and on a free tcp port. */
static struct nng_server *start_with(struct nng_server_options options)
{
	const char *urls[] = { ipc_url, "tcp://127.0.0.1:0" };
	struct nng_server *server = NULL;
	struct error err;
	options.rpc = rpc;
	options.urls = urls;
	options.url_count = 2;
	fake.handled = 0;
	if (nng_server_new(&options, &server, &err) != CODE_OK) {
		print_error("%s\n", err.text);
		abort();
	}
	nng_server_start(server);
	return server;
}

static struct nng_server *start(void)
{
	return start_with((struct nng_server_options){ .contexts = 16 });
}

static void stop(struct nng_server *server)
{
	struct nng_server_stop result;
	nng_server_stop(server, WAIT_MS, &result);
	assert_int_equal(result.abandoned_count, 0);
	assert_false(result.stuck);
	nng_server_free(server);
}

static nng_socket connect_to(const char *url)
{
	nng_socket socket;
	assert_int_equal(nng_req0_open(&socket), 0);
	assert_int_equal(nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, WAIT_MS), 0);
	assert_int_equal(nng_socket_set_ms(socket, NNG_OPT_SENDTIMEO, WAIT_MS), 0);
	assert_int_equal(
		nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE), 0);
	assert_int_equal(nng_dial(socket, url, NULL, NNG_FLAG_NONBLOCK), 0);
	return socket;
}

/* One exchange; 0 or an nng error. Free *ret. */
static int exchange(nng_socket socket, struct slice frame, Lectern__Rpc__V1__Response **ret)
{
	nng_msg *message;
	if (nng_msg_alloc(&message, 0) != 0 || nng_msg_append(message, frame.data, frame.size) != 0)
		abort();
	int rv = nng_sendmsg(socket, message, 0);
	if (rv != 0) {
		nng_msg_free(message);
		return rv;
	}
	rv = nng_recvmsg(socket, &message, 0);
	if (rv != 0)
		return rv;
	*ret = lectern__rpc__v1__response__unpack(
		NULL, nng_msg_len(message), nng_msg_body(message));
	nng_msg_free(message);
	return *ret == NULL ? NNG_EPROTO : 0;
}

static struct slice make_frame(
	const char *method, const ProtobufCMessage *message, uint8_t *out, size_t out_bytes)
{
	uint8_t payload[512];
	Lectern__Rpc__V1__Request request = LECTERN__RPC__V1__REQUEST__INIT;
	char name[64];
	snprintf(name, sizeof name, "%s", method);
	request.method = name;
	request.payload.data = payload;
	request.payload.len = protobuf_c_message_pack(message, payload);
	if (lectern__rpc__v1__request__get_packed_size(&request) > out_bytes)
		abort();
	return slice_of(out, lectern__rpc__v1__request__pack(&request, out));
}

static struct slice get_tag_frame(const char *slug, uint64_t id, uint8_t *out, size_t out_bytes)
{
	Lectern__V1__GetTagRequest request = LECTERN__V1__GET_TAG_REQUEST__INIT;
	char text[64];
	snprintf(text, sizeof text, "%s", slug);
	request.key_case = id == 0 ? LECTERN__V1__GET_TAG_REQUEST__KEY_SLUG
				   : LECTERN__V1__GET_TAG_REQUEST__KEY_ID;
	if (id == 0)
		request.slug = text;
	else
		request.id = id;
	return make_frame("/lectern.v1.TagService/GetTag", &request.base, out, out_bytes);
}

/* Whether the server answers with the slug that it was sent. */
static bool echoes(nng_socket socket, const char *slug)
{
	uint8_t bytes[512];
	Lectern__Rpc__V1__Response *response = NULL;
	int rv = exchange(socket, get_tag_frame(slug, 0, bytes, sizeof bytes), &response);
	size_t size = strlen(slug);
	bool equal = rv == 0 && response->status == NULL && response->revision == 3 &&
		     response->payload.len == size + 2 &&
		     memcmp(response->payload.data + 2, slug, size) == 0;
	if (response != NULL)
		lectern__rpc__v1__response__free_unpacked(response, NULL);
	return equal;
}

static void check_works(const char *url)
{
	nng_socket socket = connect_to(url);
	assert_true(echoes(socket, "python"));
	nng_close(socket);
}

static void answers_on_every_address(void **state)
{
	struct nng_server *server = start();
	assert_int_equal(nng_server_address_count(server), 2);
	assert_string_equal(nng_server_address(server, 0), ipc_url);
	unsigned port = 0;
	assert_int_equal(sscanf(nng_server_address(server, 1), "tcp://127.0.0.1:%u", &port), 1);
	assert_int_not_equal(port, 0);
	check_works(nng_server_address(server, 0));
	check_works(nng_server_address(server, 1));
	struct stat info;
	assert_int_equal(stat(ipc_url + strlen("ipc://"), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	stop(server);
}

struct client {
	pthread_t thread;
	const char *url;
	int number;
	int good;
};

enum { CLIENTS = 12, EXCHANGES = 100 };

static void *run_client(void *arg)
{
	struct client *client = arg;
	nng_socket socket = connect_to(client->url);
	for (int i = 0; i < EXCHANGES; i++) {
		char slug[32];
		snprintf(slug, sizeof slug, "client-%d-%d", client->number, i);
		client->good += echoes(socket, slug);
	}
	nng_close(socket);
	return NULL;
}

static void serves_many_clients_at_once(void **state)
{
	struct nng_server *server = start();
	struct client clients[CLIENTS];
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = (struct client){
			.url = nng_server_address(server, (size_t)i % 2),
			.number = i,
		};
		assert_int_equal(
			pthread_create(&clients[i].thread, NULL, run_client, &clients[i]), 0);
	}
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(clients[i].thread, NULL);
		assert_int_equal(clients[i].good, EXCHANGES);
	}
	stop(server);
}

/* Frames that are no requests, and what of the status they get. */
static const struct {
	const char *label;
	const char *bytes;
	size_t size;
	enum code code;
	const char *text;
} garbage[] = {
	{ "nothing", "", 0, CODE_INVALID_ARGUMENT, "names no method" },
	{ "text", "GET / HTTP/1.1\r\n\r\n", 18, CODE_INVALID_ARGUMENT, "malformed" },
	{ "zeros", "\0\0\0\0\0\0\0\0", 8, CODE_INVALID_ARGUMENT, "malformed" },
	{ "4 GiB length", "\x0a\xff\xff\xff\xff\x0f", 6, CODE_INVALID_ARGUMENT, "malformed" },
	{ "unknown method", "\x0a\x03x/y", 5, CODE_UNIMPLEMENTED, "there is no service 'x'" },
	{ "bad payload", "\x0a\x1dlectern.v1.TagService/GetTagX", 2, CODE_INVALID_ARGUMENT,
		"malformed" },
};

static void answers_garbage_with_a_status(void **state)
{
	struct nng_server *server = start();
	nng_socket socket = connect_to(nng_server_address(server, 1));
	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
		Lectern__Rpc__V1__Response *response = NULL;
		print_message("%s\n", garbage[i].label);
		assert_int_equal(
			exchange(socket, slice_of(garbage[i].bytes, garbage[i].size), &response),
			0);
		assert_non_null(response->status);
		assert_int_equal(response->status->code, garbage[i].code);
		assert_non_null(strstr(response->status->message, garbage[i].text));
		lectern__rpc__v1__response__free_unpacked(response, NULL);
	}
	assert_true(echoes(socket, "still-there"));
	nng_close(socket);
	stop(server);
}

static void refuses_large_requests(void **state)
{
	struct nng_server *server = start();
	nng_socket socket = connect_to(nng_server_address(server, 1));
	uint8_t *large = calloc(1, LIMIT_REQUEST_BYTES + 1);
	assert_non_null(large);
	Lectern__Rpc__V1__Response *response = NULL;
	assert_int_equal(exchange(socket, slice_of(large, LIMIT_REQUEST_BYTES + 1), &response), 0);
	assert_non_null(strstr(response->status->message, "at most 8388608 are allowed"));
	lectern__rpc__v1__response__free_unpacked(response, NULL);
	assert_true(echoes(socket, "still-there"));
	nng_close(socket);
	free(large);
	stop(server);
}

/* A client that speaks nng's wire protocol by hand:
 * https://nanomsg.org/rfcs/sp-tcp-v1.html and sp-request-reply-01. */
static int connect_raw(const char *url)
{
	unsigned port = 0;
	struct timeval timeout = { .tv_sec = WAIT_MS / 1000 };
	struct sockaddr_in address = { .sin_family = AF_INET };
	assert_int_equal(sscanf(url, "tcp://127.0.0.1:%u", &port), 1);
	address.sin_port = htons((uint16_t)port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void send_raw(int fd, const void *data, size_t size)
{
	assert_int_equal(send(fd, data, size, MSG_NOSIGNAL), (ssize_t)size);
}

static void greet(int fd)
{
	uint8_t answer[8];
	send_raw(fd, "\0SP\0\0\x30\0\0", 8);
	assert_int_equal(recv(fd, answer, sizeof answer, MSG_WAITALL), 8);
	assert_memory_equal(answer, "\0SP\0\0\x31\0\0", 8);
}

static void send_request(int fd, uint32_t id, struct slice frame)
{
	uint8_t head[12] = { 0 };
	uint64_t size = frame.size + 4;
	for (int i = 0; i < 8; i++)
		head[i] = (uint8_t)(size >> (56 - 8 * i));
	id = htonl(id | 0x80000000u);
	memcpy(head + 8, &id, 4);
	send_raw(fd, head, sizeof head);
	send_raw(fd, frame.data, frame.size);
}

/* Reads until the server closes the connection; false if it does not in time. */
static bool is_closed_by_server(int fd)
{
	static uint8_t buffer[65536];
	ssize_t size;
	do
		size = recv(fd, buffer, sizeof buffer, 0);
	while (size > 0);
	return size == 0 || errno == ECONNRESET;
}

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

/* Reads so many bytes. */
static void skip_raw(int fd, size_t size)
{
	static uint8_t buffer[65536];
	while (size > 0) {
		ssize_t got = recv(fd, buffer, size < sizeof buffer ? size : sizeof buffer, 0);
		assert_true(got > 0);
		size -= (size_t)got;
	}
}

/* Head, request id, payload and what the envelope puts around it. */
static void skip_reply(int fd, size_t payload_bytes)
{
	uint8_t head[8];
	assert_int_equal(recv(fd, head, sizeof head, MSG_WAITALL), sizeof head);
	uint64_t size = 0;
	for (int i = 0; i < 8; i++)
		size = size << 8 | head[i];
	assert_in_range(size, 4 + payload_bytes, 4 + payload_bytes + 20);
	skip_raw(fd, size);
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

/* A call in a thread of its own. */
struct write {
	pthread_t thread;
	const char *url;
	int rv;
	bool made;
};

static void *run_write(void *arg)
{
	struct write *write = arg;
	uint8_t bytes[512];
	Lectern__V1__CreateTagRequest request = LECTERN__V1__CREATE_TAG_REQUEST__INIT;
	Lectern__Rpc__V1__Response *response = NULL;
	nng_socket socket = connect_to(write->url);
	struct slice frame =
		make_frame("/lectern.v1.TagService/CreateTag", &request.base, bytes, sizeof bytes);
	write->rv = exchange(socket, frame, &response);
	if (write->rv == 0) {
		write->made = response->status == NULL && response->revision == 5;
		lectern__rpc__v1__response__free_unpacked(response, NULL);
	}
	nng_close(socket);
	return NULL;
}

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

static enum code try_listen(const char *url, struct error *err)
{
	struct nng_server_options options = { .rpc = rpc, .urls = &url, .url_count = 1 };
	struct nng_server *server = NULL;
	enum code code = nng_server_new(&options, &server, err);
	if (code == CODE_OK) {
		nng_server_start(server);
		check_works(url);
		stop(server);
	}
	return code;
}

static void listens_again_on_an_ipc_path(void **state)
{
	struct error err;
	const char *path = ipc_url + strlen("ipc://");
	for (int i = 0; i < 3; i++)
		assert_int_equal(try_listen(ipc_url, &err), CODE_OK);

	/* What a killed server leaves. */
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(try_listen(ipc_url, &err), CODE_OK);

	/* A server that lives. */
	struct nng_server *server = start();
	assert_int_equal(try_listen(ipc_url, &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "another program does"));
	check_works(ipc_url);
	stop(server);

	/* A file that is no socket is left alone. */
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(try_listen(ipc_url, &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "a file that is no socket is there"));
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
}

static const struct {
	const char *url;
	enum code code;
	const char *text;
} addresses[] = {
	{ "http://127.0.0.1:80", CODE_INVALID_ARGUMENT,
		"'http://127.0.0.1:80' is no address to listen on; write tcp://HOST:PORT or "
		"ipc://PATH" },
	{ "tcp://127.0.0.1", CODE_INVALID_ARGUMENT,
		"'tcp://127.0.0.1' has no port; write for example tcp://127.0.0.1:7400, or port 0 "
		"for any free one" },
	{ "tcp://[::1]", CODE_INVALID_ARGUMENT, NULL },
	{ "ipc://", CODE_INVALID_ARGUMENT,
		"'ipc://' has no path; write for example ipc:///run/lectern/rpc.sock" },
	{ "ipc:///does/not/exist/rpc.sock", CODE_FAILED_PRECONDITION,
		"cannot listen on ipc:///does/not/exist/rpc.sock: its folder does not exist; make "
		"it first" },
	{ "tcp://192.0.2.1:7400", CODE_INVALID_ARGUMENT,
		"cannot listen on tcp://192.0.2.1:7400: it is no address of this machine" },
};

static void refuses_wrong_addresses(void **state)
{
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		struct error err;
		print_message("%s\n", addresses[i].url);
		enum code code = try_listen(addresses[i].url, &err);
		if (code != addresses[i].code)
			print_message("%s\n", err.text);
		assert_int_equal(code, addresses[i].code);
		if (addresses[i].text != NULL)
			assert_string_equal(err.text, addresses[i].text);
	}
	struct nng_server *server = start();
	struct error err;
	assert_int_equal(try_listen(nng_server_address(server, 1), &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "another program does"));
	stop(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_on_every_address),
		cmocka_unit_test(serves_many_clients_at_once),
		cmocka_unit_test(answers_garbage_with_a_status),
		cmocka_unit_test(refuses_large_requests),
		cmocka_unit_test(closes_broken_connections),
		cmocka_unit_test(forgets_clients_that_leave),
		cmocka_unit_test(serves_others_beside_a_client_that_never_reads),
		cmocka_unit_test(closes_a_client_that_never_reads),
		cmocka_unit_test(waits_for_clients_that_read_late),
		cmocka_unit_test(answers_many_requests_of_one_client),
		cmocka_unit_test(reads_requests_in_pieces),
		cmocka_unit_test(queues_more_writes_than_contexts),
		cmocka_unit_test(stops_after_the_calls_in_flight),
		cmocka_unit_test(stops_in_time_and_is_finished_later),
		cmocka_unit_test(listens_again_on_an_ipc_path),
		cmocka_unit_test(refuses_wrong_addresses),
	};
	return cmocka_run_group_tests(tests, make_rpc, free_rpc);
}
