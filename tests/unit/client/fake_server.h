/* A server whose answers a test scripts: an nng REP socket and one thread. */
#pragma once
#include "base/attributes.h"

#include <arpa/inet.h>
#include <lectern/rpc/v1/envelope.pb-c.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What to do with a request. */
enum fake_action {
	FAKE_REPLY,  /* send fake_server.response */
	FAKE_RAW,    /* send fake_server.raw as it is */
	FAKE_DROP,   /* close the connection */
	FAKE_IGNORE, /* never answer */
};

struct fake_server {
	char url[128];
	/* Runs in the server's thread; `count` is 1 for the first request. */
	enum fake_action (*handle)(struct fake_server *server,
		const Lectern__Rpc__V1__Request *request, unsigned count);
	void *arg;
	Lectern__Rpc__V1__Response response; /* handle() fills it; cleared before each call */
	const void *raw;
	size_t raw_size;
	atomic_uint count; /* requests that came in */
	nng_socket socket;
	pthread_t thread;
	char directory[64];
};

static inline void fake_send(struct fake_server *server, const void *data, size_t size)
{
	nng_msg *reply;
	if (nng_msg_alloc(&reply, size) != 0)
		abort();
	if (size > 0)
		memcpy(nng_msg_body(reply), data, size);
	if (nng_sendmsg(server->socket, reply, 0) != 0)
		nng_msg_free(reply);
}

static inline void fake_answer(struct fake_server *server, nng_msg *message)
{
	Lectern__Rpc__V1__Request *request = lectern__rpc__v1__request__unpack(
		NULL, nng_msg_len(message), nng_msg_body(message));
	if (request == NULL)
		abort();
	lectern__rpc__v1__response__init(&server->response);
	unsigned count = atomic_fetch_add(&server->count, 1) + 1;
	switch (server->handle(server, request, count)) {
	case FAKE_REPLY: {
		size_t size = lectern__rpc__v1__response__get_packed_size(&server->response);
		uint8_t *data = malloc(size + 1);
		lectern__rpc__v1__response__pack(&server->response, data);
		fake_send(server, data, size);
		free(data);
		break;
	}
	case FAKE_RAW:
		fake_send(server, server->raw, server->raw_size);
		break;
	case FAKE_DROP:
		nng_pipe_close(nng_msg_get_pipe(message));
		break;
	case FAKE_IGNORE:
		break;
	}
	lectern__rpc__v1__request__free_unpacked(request, NULL);
}

static inline void *fake_run(void *arg)
{
	struct fake_server *server = arg;
	nng_msg *message;
	while (nng_recvmsg(server->socket, &message, 0) == 0) {
		fake_answer(server, message);
		nng_msg_free(message);
	}
	return NULL;
}

/* A path nobody listens on yet. Without it fake_start() chooses a port. Closing an ipc connection
 * that is being made costs memory with nng 1.5.2, so most tests use tcp. */
static inline void fake_use_ipc(struct fake_server *server)
{
	strcpy(server->directory, "/tmp/lectern-test-XXXXXX");
	if (mkdtemp(server->directory) == NULL)
		abort();
	snprintf(server->url, sizeof server->url, "ipc://%s/rpc.sock", server->directory);
}

/* Listens, again at the same address after fake_stop(). */
static inline void fake_start(struct fake_server *server)
{
	nng_listener listener;
	bool choose_port = server->url[0] == '\0';
	if (nng_rep0_open(&server->socket) != 0 ||
		nng_listen(server->socket, choose_port ? "tcp://127.0.0.1:0" : server->url,
			&listener, 0) != 0)
		abort();
	nng_sockaddr address;
	if (choose_port && nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &address) != 0)
		abort();
	if (choose_port)
		snprintf(server->url, sizeof server->url, "tcp://127.0.0.1:%u",
			ntohs(address.s_in.sa_port));
	if (pthread_create(&server->thread, NULL, fake_run, server) != 0)
		abort();
}

static inline void fake_stop(struct fake_server *server)
{
	nng_close(server->socket);
	pthread_join(server->thread, NULL);
}

static inline void fake_done(struct fake_server *server)
{
	if (server->directory[0] == '\0')
		return;
	char path[128];
	snprintf(path, sizeof path, "%s/rpc.sock", server->directory);
	unlink(path);
	rmdir(server->directory);
}
