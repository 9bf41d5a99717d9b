#include "support/transport_fixture.h"

#include "support/parked.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lectern/v1/health.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <nng/protocol/reqrep0/req.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* cmocka.h has a macro of the name */

/* The services behind the server: GetTag echoes the slug or answers with so many bytes as its id
 * says, CreateTag stays pending until finish_pending(). */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct rpc_call *pending[64];
	size_t pending_count;
	size_t handled; /* calls of GetTag */
	atomic_bool keeps;
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

void wait_handled(size_t count)
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

void wait_pending(size_t count)
{
	pthread_mutex_lock(&fake.mutex);
	while (fake.pending_count < count)
		pthread_cond_wait(&fake.changed, &fake.mutex);
	pthread_mutex_unlock(&fake.mutex);
}

void finish_pending(void)
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

struct rpc *rpc;

/* 0: nothing is kept. */
static uint64_t read_version(void *services)
{
	return atomic_load(&fake.keeps) ? 1 : 0;
}

void keep_replies(const struct nng_server *server, struct slice frame, size_t payload_bytes)
{
	int fd = connect_raw(nng_server_address(server, 1));
	atomic_store(&fake.keeps, true);
	greet(fd);
	struct rpc_cache_stats before;
	struct rpc_cache_stats now;
	rpc_read_cache_stats(rpc, &before);
	do {
		send_request(fd, 0, frame);
		skip_reply(fd, payload_bytes);
		rpc_read_cache_stats(rpc, &now);
	} while (now.hits == before.hits);
	close(fd);
}

static const struct rpc_method health_rows[] = { { "Check", RPC_NONE, check_health } };
static const struct rpc_method tag_rows[] = {
	{ "GetTag", RPC_READ, get_tag, .cached = true },
	{ "CreateTag", RPC_WRITE, create_tag },
	{ "BatchGetTags", RPC_READ, NULL },
	{ "ListTags", RPC_WAIT, parked_list_tags },
	{ "UpdateTag", RPC_WRITE, NULL },
	{ "DeleteTag", RPC_WRITE, NULL },
	{ "MergeTags", RPC_WRITE, NULL },
};
static const struct rpc_service services[] = {
	{ &lectern__v1__health_service__descriptor, health_rows, 1 },
	{ &lectern__v1__tag_service__descriptor, tag_rows, sizeof tag_rows / sizeof *tag_rows },
};

char ipc_url[128];
static char folder[64];

int transport_set_up(void **state)
{
	struct rpc_options options = {
		.services_table = services,
		.service_count = 2,
		.snapshot_open = open_snapshot,
		.snapshot_close = close_snapshot,
		.version = read_version,
		.reply_cache_bytes = 256 * MEGABYTE,
	};
	struct error err;
	snprintf(folder, sizeof folder, "/tmp/lectern-transport-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(ipc_url, sizeof ipc_url, "ipc://%s/rpc.sock", folder);
	if (rpc_new(&options, &rpc, &err) != CODE_OK)
		return -1;
	return parked_set_up();
}

int transport_tear_down(void **state)
{
	parked_tear_down();
	unlink(ipc_url + strlen("ipc://"));
	rpc_free(rpc);
	return rmdir(folder);
}

/* A server on ipc, on a free tcp port, and on one with TLS where there is a certificate for it. */
struct nng_server *start_with(struct nng_server_options options)
{
	const char *urls[] = { ipc_url, "tcp://127.0.0.1:0", "tls+tcp://127.0.0.1:0" };
	struct nng_server *server = NULL;
	struct error err;
	options.rpc = rpc;
	options.urls = urls;
	options.url_count = options.tls == NULL ? 2 : 3;
	fake.handled = 0;
	atomic_store(&fake.keeps, false);
	parked_reset();
	if (nng_server_new(&options, &server, &err) != CODE_OK) {
		print_error("%s\n", err.text);
		abort();
	}
	nng_server_start(server);
	return server;
}

struct nng_server *start(void)
{
	return start_with((struct nng_server_options){ .contexts = 16 });
}

void stop(struct nng_server *server)
{
	struct nng_server_stop result;
	nng_server_stop(server, WAIT_MS, &result);
	assert_int_equal(result.abandoned_count, 0);
	assert_false(result.stuck);
	nng_server_free(server);
}

nng_socket connect_to(const char *url)
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
int exchange(nng_socket socket, struct slice frame, Lectern__Rpc__V1__Response **ret)
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

struct slice get_tag_frame(const char *slug, uint64_t id, uint8_t *out, size_t out_bytes)
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

struct slice list_tags_frame(int32_t reply_bytes, uint8_t *out, size_t out_bytes)
{
	Lectern__V1__ListTagsRequest request = LECTERN__V1__LIST_TAGS_REQUEST__INIT;
	request.page_size = reply_bytes;
	return make_frame("/lectern.v1.TagService/ListTags", &request.base, out, out_bytes);
}

/* Whether the server answers with the slug that it was sent. */
bool echoes(nng_socket socket, const char *slug)
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

void check_works(const char *url)
{
	nng_socket socket = connect_to(url);
	assert_true(echoes(socket, "python"));
	nng_close(socket);
}

/* A client that speaks nng's wire protocol by hand:
 * https://nanomsg.org/rfcs/sp-tcp-v1.html and sp-request-reply-01. */
int connect_raw(const char *url)
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

void send_raw(int fd, const void *data, size_t size)
{
	assert_int_equal(send(fd, data, size, MSG_NOSIGNAL), (ssize_t)size);
}

void greet(int fd)
{
	uint8_t answer[8];
	send_raw(fd, "\0SP\0\0\x30\0\0", 8);
	assert_int_equal(recv(fd, answer, sizeof answer, MSG_WAITALL), 8);
	assert_memory_equal(answer, "\0SP\0\0\x31\0\0", 8);
}

void send_request(int fd, uint32_t id, struct slice frame)
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
bool is_closed_by_server(int fd)
{
	static uint8_t buffer[65536];
	ssize_t size;
	do
		size = recv(fd, buffer, sizeof buffer, 0);
	while (size > 0);
	return size == 0 || errno == ECONNRESET;
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
void skip_reply(int fd, size_t payload_bytes)
{
	uint8_t head[8];
	assert_int_equal(recv(fd, head, sizeof head, MSG_WAITALL), sizeof head);
	uint64_t size = 0;
	for (int i = 0; i < 8; i++)
		size = size << 8 | head[i];
	assert_in_range(size, 4 + payload_bytes, 4 + payload_bytes + 20);
	skip_raw(fd, size);
}

Lectern__Rpc__V1__Response *read_reply(int fd)
{
	uint8_t head[12];
	assert_int_equal(recv(fd, head, sizeof head, MSG_WAITALL), sizeof head);
	uint64_t size = 0;
	for (int i = 0; i < 8; i++)
		size = size << 8 | head[i];
	size -= 4; /* the request's id */
	assert_in_range(size, 0, MEGABYTE);
	uint8_t *frame = malloc(size + 1);
	assert_int_equal(recv(fd, frame, size, size == 0 ? 0 : MSG_WAITALL), size);
	Lectern__Rpc__V1__Response *response =
		lectern__rpc__v1__response__unpack(NULL, size, frame);
	free(frame);
	assert_non_null(response);
	return response;
}

void *run_write(void *arg)
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
