/*
 * bench.echo: a bare nng REP socket that answers every request with the same bytes, a frame that
 * bench.record has written. As many contexts as lecternd's transport has, a receive and a send
 * each, nothing between them: what nng itself costs. The bytes come from as many copies as there
 * are different answers, one for each request, since to read the same again and again from the
 * cache of the processor is not what a server of many posts can do.
 *
 * Health checks, of which `lectern bench` makes one, are answered with an empty frame, so that they
 * succeed.
 */
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CONTEXTS = 320, /* NNG_SERVER_CONTEXTS_DEFAULT */
	FRAME_BYTES_MAX = 32 * 1024 * 1024,
	COPIES_MAX = 1000000,
	REQUEST_BYTES_MAX = 9 * 1024 * 1024,
	/* Of "H" in a frame that begins with the method "/lectern.v1.HealthService/Check". */
	SERVICE_AT = 14,
};

struct echo {
	nng_ctx ctx;
	nng_aio *aio;
	bool sending;
};

static struct echo echoes[CONTEXTS];
static char *frames; /* the copies, one behind the other */
static size_t frame_size;
static size_t copies = 1;

static bool is_health_check(nng_msg *request)
{
	return nng_msg_len(request) > SERVICE_AT &&
	       ((const char *)nng_msg_body(request))[SERVICE_AT] == 'H';
}

/* FNV-1a, of eight bytes at a time. */
static const char *frame_for(nng_msg *request)
{
	const char *body = nng_msg_body(request);
	uint64_t hash = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < nng_msg_len(request); i += sizeof hash) {
		uint64_t word = 0;
		size_t size = nng_msg_len(request) - i;
		memcpy(&word, body + i, size < sizeof word ? size : sizeof word);
		hash = (hash ^ word) * UINT64_C(1099511628211);
	}
	return frames + (hash >> 16) % copies * frame_size;
}

static void answer(struct echo *echo, nng_msg *request)
{
	nng_msg *reply;
	size_t size = is_health_check(request) ? 0 : frame_size;
	const char *frame = frame_for(request);
	nng_msg_free(request);
	if (nng_msg_alloc(&reply, size) != 0)
		abort();
	memcpy(nng_msg_body(reply), frame, size);
	nng_aio_set_msg(echo->aio, reply);
	echo->sending = true;
	nng_ctx_send(echo->ctx, echo->aio);
}

static void on_done(void *arg)
{
	struct echo *echo = arg;
	int rv = nng_aio_result(echo->aio);
	if (rv == NNG_ECLOSED || rv == NNG_ECANCELED)
		return;
	if (rv == 0 && !echo->sending) {
		answer(echo, nng_aio_get_msg(echo->aio));
		return;
	}
	if (rv != 0 && echo->sending)
		nng_msg_free(nng_aio_get_msg(echo->aio));
	nng_aio_set_msg(echo->aio, NULL);
	echo->sending = false;
	nng_ctx_recv(echo->ctx, echo->aio);
}

static bool read_frame(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *frame = malloc(FRAME_BYTES_MAX);
	if (file == NULL || frame == NULL)
		return false;
	frame_size = fread(frame, 1, FRAME_BYTES_MAX, file);
	bool whole = !ferror(file) && feof(file);
	fclose(file);
	frames = whole ? malloc(copies * frame_size + 1) : NULL;
	for (size_t i = 0; frames != NULL && i < copies; i++)
		memcpy(frames + i * frame_size, frame, frame_size);
	free(frame);
	return frames != NULL;
}

static int serve(nng_socket socket, const char *url, nng_listener *listener)
{
	int rv = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, REQUEST_BYTES_MAX);
	for (size_t i = 0; i < CONTEXTS && rv == 0; i++) {
		rv = nng_ctx_open(&echoes[i].ctx, socket);
		if (rv == 0)
			rv = nng_aio_alloc(&echoes[i].aio, on_done, &echoes[i]);
	}
	if (rv == 0)
		rv = nng_listen(socket, url, listener, 0);
	for (size_t i = 0; i < CONTEXTS && rv == 0; i++)
		nng_ctx_recv(echoes[i].ctx, echoes[i].aio);
	return rv;
}

int main(int argc, char **argv)
{
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL); /* in nng's threads, too */
	if (argc == 4)
		copies = strtoul(argv[3], NULL, 10);
	if (argc < 3 || argc > 4 || copies < 1 || copies > COPIES_MAX) {
		fputs("usage: bench.echo URL FRAME [COPIES]\n", stderr);
		return 2;
	}
	if (!read_frame(argv[2])) {
		fprintf(stderr, "bench.echo: cannot read %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	nng_socket socket;
	nng_listener listener;
	int rv = nng_rep0_open(&socket);
	if (rv == 0)
		rv = serve(socket, argv[1], &listener);
	if (rv != 0) {
		fprintf(stderr, "bench.echo: %s: %s\n", argv[1], nng_strerror(rv));
		return 1;
	}
	char *url;
	if (nng_listener_get_string(listener, NNG_OPT_URL, &url) != 0)
		return 1;
	printf("ready %s\n", url);
	fflush(stdout);
	int number;
	sigwait(&ends, &number);
	_Exit(0); /* nothing is to be saved */
}
