/*
 * bench.cold: how long single calls take. With --file and --pid each call is made after that file
 * was taken out of memory, as the first one after a start of the machine; without, calls follow
 * each other. Without --method the file is only taken out of memory.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "codec/json.h"
#include "codec/schema.h"
#include "page_cache.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <lectern/client.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 64 * 1024 * 1024, CALLS_MAX = 10000, NS_PER_US = 1000 };

static const char usage[] =
	"usage: bench.cold --server URL --method METHOD --requests FILE [--count N]\n"
	"                  [--file DATA.MDB --pid SERVER]\n"
	"       bench.cold --file DATA.MDB [--pid SERVER]\n";

struct options {
	const char *server;
	const char *method;
	const char *requests;
	const char *file;
	pid_t pid;
	size_t count;
};

struct run {
	const struct options *options;
	lectern_client *client;
	struct schema_method method;
	struct arena arena;
	uint64_t took_ns[CALLS_MAX];
	size_t done;
	size_t failed;
	uint64_t response_bytes;
	uint64_t left_bytes; /* of the file, in memory before the calls */
};

static enum code fail_system(struct error *err, const char *what)
{
	return fail(err, CODE_UNKNOWN, "%s: %s", what, strerror(errno));
}

static enum code drop_file(const struct options *options, uint64_t *left_bytes, struct error *err)
{
	if (!page_cache_drop(options->file, options->pid))
		return fail_system(err, options->file);
	const int64_t left = page_cache_resident(options->file);
	if (left < 0)
		return fail_system(err, options->file);
	*left_bytes += (uint64_t)left;
	return CODE_OK;
}

static enum code make_call(struct run *run, struct slice payload, struct error *err)
{
	struct lectern_call call = { .method = run->method.path,
		.request = payload.data,
		.request_size_bytes = payload.size };
	lectern_reply *reply;
	struct lectern_error failure;
	if (run->options->file != NULL) {
		const enum code code = drop_file(run->options, &run->left_bytes, err);
		if (code != CODE_OK)
			return code;
	}
	const uint64_t start_ns = clock_monotonic_ns();
	const bool answered = lectern_call(run->client, &call, &reply, &failure) == LECTERN_OK;
	run->took_ns[run->done++] = clock_monotonic_ns() - start_ns;
	if (!answered) {
		run->failed++;
		fprintf(stderr, "bench.cold: %s\n", failure.message);
		return CODE_OK;
	}
	size_t size;
	lectern_reply_data(reply, &size);
	run->response_bytes += size;
	lectern_reply_free(reply);
	return CODE_OK;
}

static enum code read_call(struct run *run, const char *line, struct slice *ret, struct error *err)
{
	ProtobufCMessage *message;
	arena_reset(&run->arena);
	enum code code = json_parse(
		run->method.method->input, slice_of_text(line), &run->arena, &message, err);
	if (code != CODE_OK)
		return code;
	*ret = arena_pack(&run->arena, message);
	return ret->data == NULL ? fail_out_of_memory(err) : CODE_OK;
}

static enum code make_calls(struct run *run, FILE *requests, struct error *err)
{
	char *line = NULL;
	size_t room = 0;
	enum code code = CODE_OK;
	while (code == CODE_OK && run->done < run->options->count &&
		getline(&line, &room, requests) > 0) {
		struct slice payload;
		code = read_call(run, line, &payload, err);
		if (code == CODE_OK)
			code = make_call(run, payload, err);
	}
	free(line);
	return code;
}

static int compare_times(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return left < right ? -1 : left > right;
}

static double time_us(const struct run *run, size_t percent)
{
	return run->done == 0 ? 0
			      : (double)run->took_ns[(run->done - 1) * percent / 100] / NS_PER_US;
}

static void report(struct run *run)
{
	uint64_t sum = 0;
	qsort(run->took_ns, run->done, sizeof *run->took_ns, compare_times);
	for (size_t i = 0; i < run->done; i++)
		sum += run->took_ns[i];
	const double calls = run->done == 0 ? 1 : (double)run->done;
	printf("{\"requests\":%zu,\"failed\":%zu,\"elapsed_s\":%.6f,\"mean_us\":%.1f,"
	       "\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"response_bytes\":%" PRIu64
	       ",\"left_bytes\":%.0f}\n",
		run->done, run->failed, (double)sum / 1e9, (double)sum / calls / NS_PER_US,
		time_us(run, 50), time_us(run, 90), time_us(run, 99), run->response_bytes,
		(double)run->left_bytes / calls);
}

static enum code run_calls(const struct options *options, struct run *run, struct error *err)
{
	struct lectern_client_options client = { .url = options->server };
	struct lectern_error failure;
	FILE *requests = fopen(options->requests, "re");
	if (requests == NULL)
		return fail_system(err, options->requests);
	enum code code = schema_find_method(options->method, &run->method, err);
	if (code == CODE_OK && lectern_client_open(&client, &run->client, &failure) != LECTERN_OK)
		code = fail(err, CODE_UNAVAILABLE, "%s", failure.message);
	arena_init(&run->arena, ARENA_BYTES);
	if (code == CODE_OK)
		code = make_calls(run, requests, err);
	lectern_client_close(run->client);
	arena_done(&run->arena);
	fclose(requests);
	if (code == CODE_OK)
		report(run);
	return code;
}

static bool read_options(int count, char **arguments, struct options *options)
{
	static const struct option names[] = { { "server", required_argument, NULL, 's' },
		{ "method", required_argument, NULL, 'm' },
		{ "requests", required_argument, NULL, 'r' },
		{ "count", required_argument, NULL, 'c' }, { "file", required_argument, NULL, 'f' },
		{ "pid", required_argument, NULL, 'p' }, { NULL, 0, NULL, 0 } };
	*options = (struct options){ .count = CALLS_MAX };
	for (int name; (name = getopt_long(count, arguments, "", names, NULL)) != -1;)
		switch (name) {
		case 's':
			options->server = optarg;
			break;
		case 'm':
			options->method = optarg;
			break;
		case 'r':
			options->requests = optarg;
			break;
		case 'c':
			options->count = strtoul(optarg, NULL, 10);
			break;
		case 'f':
			options->file = optarg;
			break;
		case 'p':
			options->pid = atoi(optarg);
			break;
		default:
			return false;
		}
	const bool calls =
		options->server != NULL && options->method != NULL && options->requests != NULL;
	return optind == count && options->count > 0 && options->count <= CALLS_MAX &&
	       (calls || options->file != NULL);
}

int main(int count, char **arguments)
{
	static struct run run;
	struct options options;
	struct error err;
	if (!read_options(count, arguments, &options)) {
		fputs(usage, stderr);
		return 2;
	}
	run.options = &options;
	const enum code code = options.method == NULL ? drop_file(&options, &run.left_bytes, &err)
						      : run_calls(&options, &run, &err);
	if (code != CODE_OK) {
		fprintf(stderr, "bench.cold: %s\n", err.text);
		return 1;
	}
	return 0;
}
