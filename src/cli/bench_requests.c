/* The calls of lectern bench whose requests are given. */
#include "cli/bench.h"
#include "cli/lines.h"
#include "codec/json.h"
#include "codec/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static enum exit_status find_method(
	struct cli *cli, const char *name, struct schema_method *ret, const char **ret_path)
{
	struct error err;
	if (schema_find_method(name, ret, &err) != CODE_OK) {
		problem_local(cli, &err);
		return problem_hint(cli, "see: lectern describe; or one of " BENCH_WORDS);
	}
	*ret_path = arena_text(&cli->arena, slice_of_text(ret->path));
	return *ret_path == NULL ? problem_tool(cli, "out of memory") : EXIT_STATUS_OK;
}

/* `scratch` is used up to the end of the call. */
static enum code parse(struct cli *cli, const struct schema_method *method, struct slice json,
	struct arena *scratch, struct slice *ret, struct error *err)
{
	ProtobufCMessage *request;
	enum code code = json_parse(method->method->input, json, scratch, &request, err);
	if (code != CODE_OK)
		return code;
	*ret = arena_pack(&cli->arena, request);
	return ret->data == NULL ? fail_out_of_memory(err) : CODE_OK;
}

static enum exit_status wrong_request(
	struct cli *cli, const struct schema_method *method, const struct error *err)
{
	problem_local(cli, err);
	return problem_hint(cli, "see: lectern describe %s", method->method->input->name);
}

enum exit_status bench_make_one(
	struct cli *cli, const char *method, const char *json, struct bench_calls *ret)
{
	struct schema_method found;
	const char *path;
	enum exit_status status = find_method(cli, method, &found, &path);
	if (status != EXIT_STATUS_OK)
		return status;
	struct error err;
	struct slice payload;
	if (parse(cli, &found, slice_of_text(json), &cli->arena, &payload, &err) != CODE_OK)
		return wrong_request(cli, &found, &err);
	*ret = (struct bench_calls){
		.calls = arena_calloc(&cli->arena, 1, sizeof(struct load_call)),
	};
	if (ret->calls == NULL)
		return problem_tool(cli, "out of memory");
	ret->calls[ret->count++] = bench_call(path, payload, 1);
	return EXIT_STATUS_OK;
}

/* Where the lines come from, and where they are. */
struct requests {
	struct cli *cli;
	const char *file; /* for people */
	struct schema_method method;
	const char *path;
	struct arena scratch;
	size_t line_number;
	struct bench_calls *calls;
};

static bool is_blank(struct slice line)
{
	for (size_t i = 0; i < line.size; i++)
		if (strchr(" \t\r", line.data[i]) == NULL || line.data[i] == '\0')
			return false;
	return true;
}

static enum exit_status add_line(struct requests *requests, struct slice line)
{
	struct bench_calls *calls = requests->calls;
	requests->line_number++;
	if (is_blank(line))
		return EXIT_STATUS_OK;
	if (calls->count == BENCH_CALLS_MAX)
		return problem_usage(requests->cli,
			"%s:%zu: at most %d requests are taken; leave some out", requests->file,
			requests->line_number, BENCH_CALLS_MAX);
	struct error err;
	struct slice payload;
	arena_reset(&requests->scratch);
	enum code code =
		parse(requests->cli, &requests->method, line, &requests->scratch, &payload, &err);
	if (code != CODE_OK) {
		wrap(&err, code, "%s:%zu", requests->file, requests->line_number);
		return wrong_request(requests->cli, &requests->method, &err);
	}
	calls->calls[calls->count++] = bench_call(requests->path, payload, 1);
	return EXIT_STATUS_OK;
}

static enum exit_status read_lines(struct requests *requests, struct lines *lines)
{
	struct cli *cli = requests->cli;
	for (;;) {
		struct slice line;
		enum exit_status status;
		switch (lines_next(lines, &line)) {
		case LINES_LINE:
			status = add_line(requests, line);
			if (status != EXIT_STATUS_OK)
				return status;
			break;
		case LINES_END:
		case LINES_WOKEN:
			return requests->calls->count > 0
				       ? EXIT_STATUS_OK
				       : problem_usage(cli, "%s has no requests; give one a line",
						 requests->file);
		case LINES_TOO_LONG:
			return problem_usage(cli, "%s:%zu: the line is longer than %d bytes",
				requests->file, requests->line_number + 1, CLI_FILE_BYTES);
		case LINES_ERROR:
			return problem_tool(
				cli, "cannot read %s: %s", requests->file, strerror(errno));
		}
	}
}

static enum exit_status read_requests(struct requests *requests, int descriptor)
{
	struct cli *cli = requests->cli;
	struct lines lines;
	if (!lines_init(&lines, descriptor, CLI_FILE_BYTES))
		return problem_tool(cli, "cannot make a pipe: %s", strerror(errno));
	arena_init(&requests->scratch, CLI_ARENA_BYTES);
	enum exit_status status = read_lines(requests, &lines);
	arena_done(&requests->scratch);
	lines_done(&lines);
	return status;
}

enum exit_status bench_make_lines(
	struct cli *cli, const char *method, const char *path, bool zipf, struct bench_calls *ret)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct requests requests = {
		.cli = cli, .file = is_stdin ? "standard input" : path, .calls = ret
	};
	enum exit_status status = find_method(cli, method, &requests.method, &requests.path);
	if (status != EXIT_STATUS_OK)
		return status;
	*ret = (struct bench_calls){
		.calls = arena_calloc(&cli->arena, BENCH_CALLS_MAX, sizeof(struct load_call)),
	};
	if (ret->calls == NULL)
		return problem_tool(cli, "out of memory");
	int descriptor = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return problem_usage(cli, "cannot read %s: %s", path, strerror(errno));
	status = read_requests(&requests, descriptor);
	if (!is_stdin)
		close(descriptor);
	for (size_t i = 0; zipf && i < ret->count; i++)
		ret->calls[i].weight = bench_zipf(i, ret->count, 1);
	return status;
}
