/*
 * SQLite FTS5 as a service that speaks Lectern's protocol, as far as SearchPosts goes:
 *
 *   bench.fts5_serve DB URL THREADS
 *
 * One REP socket; each thread has a context and a connection to the database of its own, so it
 * receives, searches and answers without a lock between them. It prints the address, with the port
 * that was chosen for port 0, and ends with SIGTERM or SIGINT.
 */
#include "fts5_reply.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS_MAX = 64, REQUEST_BYTES_MAX = 1024 * 1024 };

struct worker {
	pthread_t thread;
	nng_ctx context;
	nng_aio *aio;
	struct fts5_reply reply;
};

static bool receive(struct worker *worker, nng_msg **ret)
{
	nng_ctx_recv(worker->context, worker->aio);
	nng_aio_wait(worker->aio);
	*ret = nng_aio_get_msg(worker->aio);
	return nng_aio_result(worker->aio) == 0;
}

static bool answer(struct worker *worker, nng_msg *request)
{
	nng_msg *response;
	struct slice bytes = fts5_reply_make(
		&worker->reply, slice_of(nng_msg_body(request), nng_msg_len(request)));
	nng_msg_free(request);
	if (nng_msg_alloc(&response, bytes.size) != 0)
		return false;
	if (bytes.size > 0)
		memcpy(nng_msg_body(response), bytes.data, bytes.size);
	nng_aio_set_msg(worker->aio, response);
	nng_ctx_send(worker->context, worker->aio);
	nng_aio_wait(worker->aio);
	if (nng_aio_result(worker->aio) != 0)
		nng_msg_free(response); /* its client has gone */
	return true;
}

static void *serve(void *user)
{
	struct worker *worker = user;
	nng_msg *request;
	while (receive(worker, &request))
		if (!answer(worker, request))
			break;
	return NULL;
}

static bool start(struct worker *worker, nng_socket socket)
{
	return nng_ctx_open(&worker->context, socket) == 0 &&
	       nng_aio_alloc(&worker->aio, NULL, NULL) == 0 &&
	       pthread_create(&worker->thread, NULL, serve, worker) == 0;
}

static enum code listen_at(const char *url, nng_socket *ret, struct error *err)
{
	nng_listener listener;
	char *address;
	int rc = nng_rep0_open(ret);
	if (rc == 0)
		rc = nng_socket_set_size(*ret, NNG_OPT_RECVMAXSZ, REQUEST_BYTES_MAX);
	if (rc == 0)
		rc = nng_listen(*ret, url, &listener, 0);
	if (rc == 0)
		rc = nng_listener_get_string(listener, NNG_OPT_URL, &address);
	if (rc != 0)
		return fail(err, CODE_UNAVAILABLE, "%s: %s", url, nng_strerror(rc));
	printf("ready, listening on %s\n", address);
	fflush(stdout);
	nng_strfree(address);
	return CODE_OK;
}

static void wait_for_signal(const sigset_t *signals)
{
	int number;
	sigwait(signals, &number);
}

static enum code run(const char *path, const char *url, size_t threads, struct error *err)
{
	static struct worker workers[THREADS_MAX];
	nng_socket socket;
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (threads == 0 || threads > THREADS_MAX)
		return fail(err, CODE_INVALID_ARGUMENT, "1 to %d threads", THREADS_MAX);
	for (size_t i = 0; i < threads; i++) {
		enum code code = fts5_reply_open(path, &workers[i].reply, err);
		if (code != CODE_OK)
			return code;
	}
	enum code code = listen_at(url, &socket, err);
	if (code != CODE_OK)
		return code;
	size_t started = 0;
	while (started < threads && start(&workers[started], socket))
		started++;
	if (started == threads)
		wait_for_signal(&signals);
	nng_close(socket);
	for (size_t i = 0; i < started; i++) {
		pthread_join(workers[i].thread, NULL);
		nng_aio_free(workers[i].aio);
	}
	for (size_t i = 0; i < threads; i++)
		fts5_reply_close(&workers[i].reply);
	return started == threads ? CODE_OK : fail(err, CODE_UNKNOWN, "cannot start a thread");
}

int main(int argc, char **argv)
{
	struct error err = { .text = "usage: bench.fts5_serve DB URL THREADS" };
	enum code code = CODE_INVALID_ARGUMENT;
	if (argc == 4)
		code = run(argv[1], argv[2], strtoul(argv[3], NULL, 10), &err);
	if (code != CODE_OK)
		fprintf(stderr, "bench.fts5_serve: %s\n", err.text);
	return code == CODE_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
