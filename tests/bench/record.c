/*
 * bench.record: the frame that lecternd answers one request with, as it comes from the network, for
 * bench.echo to repeat.
 */
#include "base/arena.h"
#include "codec/json.h"
#include "codec/schema.h"

#include <getopt.h>
#include <lectern/rpc/v1/envelope.pb-c.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 64 * 1024 * 1024, TIMEOUT_MS = 10 * 1000 };

static const char usage[] =
	"usage: bench.record --server URL --method METHOD [--request JSON] >FRAME\n";

struct options {
	const char *server;
	const char *method;
	const char *request;
};

static enum code make_frame(
	const struct options *options, struct arena *arena, struct slice *ret, struct error *err)
{
	struct schema_method method;
	ProtobufCMessage *message;
	enum code code = schema_find_method(options->method, &method, err);
	if (code == CODE_OK)
		code = json_parse(method.method->input, slice_of_text(options->request), arena,
			&message, err);
	if (code != CODE_OK)
		return code;
	struct slice payload = arena_pack(arena, message);
	Lectern__Rpc__V1__Request request = LECTERN__RPC__V1__REQUEST__INIT;
	request.method = method.path;
	request.payload = (ProtobufCBinaryData){ .len = payload.size,
		.data = (uint8_t *)(uintptr_t)payload.data };
	*ret = arena_pack(arena, &request.base);
	return payload.data == NULL || ret->data == NULL ? fail_out_of_memory(err) : CODE_OK;
}

static int ask(nng_socket socket, const char *server, struct slice frame, void **ret, size_t *size)
{
	int rv = nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, TIMEOUT_MS);
	if (rv == 0)
		rv = nng_dial(socket, server, NULL, 0);
	if (rv == 0)
		rv = nng_send(socket, (void *)(uintptr_t)frame.data, frame.size, 0);
	return rv == 0 ? nng_recv(socket, ret, size, NNG_FLAG_ALLOC) : rv;
}

/* Only an answer that is no error is worth to be repeated. */
static enum code check_answer(struct slice answer, struct error *err)
{
	Lectern__Rpc__V1__Response *response =
		lectern__rpc__v1__response__unpack(NULL, answer.size, answer.data);
	if (response == NULL)
		return fail(err, CODE_INTERNAL, "the answer is none of lecternd");
	enum code code = CODE_OK;
	if (response->status != NULL)
		code = fail(err, CODE_FAILED_PRECONDITION, "%s", response->status->message);
	lectern__rpc__v1__response__free_unpacked(response, NULL);
	return code;
}

static enum code record(const struct options *options, struct arena *arena, struct error *err)
{
	struct slice frame;
	enum code code = make_frame(options, arena, &frame, err);
	if (code != CODE_OK)
		return code;
	nng_socket socket;
	int rv = nng_req0_open(&socket);
	if (rv != 0)
		return fail(err, CODE_INTERNAL, "open a socket: %s", nng_strerror(rv));
	void *answer;
	size_t size;
	rv = ask(socket, options->server, frame, &answer, &size);
	nng_close(socket);
	if (rv != 0)
		return fail(err, CODE_UNAVAILABLE, "%s: %s", options->server, nng_strerror(rv));
	code = check_answer(slice_of(answer, size), err);
	if (code == CODE_OK && (fwrite(answer, 1, size, stdout) != size || fflush(stdout) != 0))
		code = fail(err, CODE_UNKNOWN, "cannot write");
	nng_free(answer, size);
	return code;
}

int main(int argc, char **argv)
{
	static const struct option names[] = { { "server", required_argument, NULL, 's' },
		{ "method", required_argument, NULL, 'm' },
		{ "request", required_argument, NULL, 'r' }, { NULL, 0, NULL, 0 } };
	struct options options = { .request = "{}" };
	bool fine = true;
	for (int name; (name = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		if (name == 's')
			options.server = optarg;
		else if (name == 'm')
			options.method = optarg;
		else if (name == 'r')
			options.request = optarg;
		else
			fine = false;
	}
	if (!fine || optind != argc || options.server == NULL || options.method == NULL) {
		fputs(usage, stderr);
		return 2;
	}
	struct arena arena;
	struct error err;
	arena_init(&arena, ARENA_BYTES);
	enum code code = record(&options, &arena, &err);
	arena_done(&arena);
	if (code == CODE_OK)
		return 0;
	fprintf(stderr, "bench.record: %s\n", err.text);
	return 1;
}
