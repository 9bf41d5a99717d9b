#include "support/scripted.h"

#include "cli/cli.h"
#include "codec/json.h"
#include "codec/schema.h"
#include "unit/client/fake_server.h"

#include <lectern/rpc/v1/status.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { WORDS_MAX = 2500 };

static struct fake_server server;
static const struct run *running;
static char requests[TEXT_BYTES];
static uint8_t packed[TEXT_BYTES];
static struct arena arena;

static ProtobufCMessage *parse(const ProtobufCMessageDescriptor *descriptor, const char *json)
{
	struct error err;
	ProtobufCMessage *message;
	if (json_parse(descriptor, slice_of_text(json), &arena, &message, &err) == CODE_OK)
		return message;
	print_error("%s: %s\n%s\n", running->label, err.text, json);
	abort();
}

static void log_request(
	const struct schema_method *method, const Lectern__Rpc__V1__Request *request)
{
	struct buffer out;
	struct error err;
	ProtobufCMessage *message = protobuf_c_message_unpack(method->method->input,
		&arena.allocator, request->payload.len, request->payload.data);
	buffer_init(&out, TEXT_BYTES);
	buffer_printf(&out, "%s ", method->method->name);
	if (message == NULL || json_print(message, JSON_DEFAULT, &out, &err) != CODE_OK)
		abort();
	size_t size = strlen(requests);
	snprintf(requests + size, sizeof requests - size, "%s\n", buffer_text(&out));
	buffer_done(&out);
}

static enum fake_action answer(
	struct fake_server *fake, const Lectern__Rpc__V1__Request *request, unsigned count)
{
	struct schema_method method;
	struct error err;
	const char *json = count <= ANSWERS_MAX ? running->answers[count - 1] : NULL;
	if (json == NULL || schema_find_method(request->method, &method, &err) != CODE_OK) {
		print_error("%s: a call of %s too many\n", running->label, request->method);
		return FAKE_IGNORE;
	}
	log_request(&method, request);
	fake->response.revision = 1;
	if (*json == '!') {
		fake->response.status = (Lectern__Rpc__V1__Status *)parse(
			&lectern__rpc__v1__status__descriptor, json + 1);
		return FAKE_REPLY;
	}
	ProtobufCMessage *message = parse(method.method->output, json);
	fake->response.payload.len = protobuf_c_message_pack(message, packed);
	fake->response.payload.data = packed;
	return FAKE_REPLY;
}

static int split(const char *line, char *copy, char **words)
{
	int count = 0;
	words[count++] = (char *)"lectern";
	strcpy(copy, line);
	for (char *at = copy; at != NULL && count < WORDS_MAX;) {
		words[count++] = at;
		at = strchr(at, '|');
		if (at != NULL)
			*at++ = '\0';
	}
	words[count] = NULL;
	return count;
}

/* Until the descriptor is put back, what is written to it goes to the file. */
static int divert(int descriptor, FILE *file)
{
	int saved = dup(descriptor);
	dup2(fileno(file), descriptor);
	return saved;
}

static void put_back(int descriptor, int saved, FILE *file, char *text)
{
	dup2(saved, descriptor);
	close(saved);
	rewind(file);
	text[fread(text, 1, TEXT_BYTES - 1, file)] = '\0';
	fclose(file);
}

bool fits(const struct run *run)
{
	static char copy[TEXT_BYTES];
	static char *words[WORDS_MAX + 1];
	static char out[TEXT_BYTES];
	static char err[TEXT_BYTES];
	struct cli cli;
	FILE *files[] = { tmpfile(), tmpfile() };
	running = run;
	requests[0] = '\0';
	atomic_store(&server.count, 0);
	cli_init(&cli);
	cli.screen = (struct screen){ .columns = run->columns == 0 ? 60 : run->columns,
		.terminal = run->colour,
		.colour = run->colour };
	int count = split(run->line, copy, words);
	fflush(NULL);
	int saved[] = { divert(STDOUT_FILENO, files[0]), divert(STDERR_FILENO, files[1]) };
	int status = cli_run(&cli, count, words);
	fflush(NULL);
	put_back(STDOUT_FILENO, saved[0], files[0], out);
	put_back(STDERR_FILENO, saved[1], files[1], err);
	cli_done(&cli);
	arena_reset(&arena);
	bool same_err = run->err_part ? strstr(err, run->err) != NULL : strcmp(err, run->err) == 0;
	if (status == run->status && strcmp(out, run->out) == 0 && same_err &&
		(run->requests == NULL || strcmp(requests, run->requests) == 0))
		return true;
	print_error(
		"%s: %d\nout: %s\nerr: %s\nrequests: %s\n", run->label, status, out, err, requests);
	return false;
}

unsigned scripted_calls(void)
{
	return atomic_load(&server.count);
}

void run_all(const struct run *runs, size_t count)
{
	int wrong = 0;
	for (size_t i = 0; i < count; i++)
		wrong += !fits(&runs[i]);
	assert_int_equal(wrong, 0);
}

int scripted_set_up(void **state)
{
	arena_init(&arena, 1 << 24);
	server.handle = answer;
	fake_start(&server);
	setenv("LECTERN_SERVER", server.url, 1);
	return 0;
}

int scripted_tear_down(void **state)
{
	fake_stop(&server);
	fake_done(&server);
	arena_done(&arena);
	return 0;
}
