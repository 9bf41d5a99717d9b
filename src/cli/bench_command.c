/* lectern bench: how much a server takes, and what it does when it is more. */
#include "cli/bench.h"
#include "cli/rpc.h"

#include <lectern/v1/health.pb-c.h>
#include <stdlib.h>
#include <string.h>

enum {
	CONNECTIONS_MAX = 10000,
	IN_FLIGHT_MAX = 1024,
	SLOTS_MAX = 65536,
	RATE_MAX = 10 * 1000 * 1000,
	SECONDS_MAX = 3600,
	TIMEOUT_MS = 1000,
	MS_PER_S = 1000,
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static enum exit_status read_number(struct cli *cli, const struct args *args, enum option_id id,
	uint64_t initial, uint64_t max, uint32_t *ret)
{
	uint64_t value = initial;
	enum exit_status status = args_number(cli, args, id, initial == 0 ? 0 : 1, max, &value);
	*ret = (uint32_t)value;
	return status;
}

static enum exit_status read_options(
	struct cli *cli, const struct args *args, struct load_options *ret)
{
	uint32_t rate = 0;
	uint32_t duration_s = 0;
	uint32_t warmup_s = 0;
	enum exit_status status =
		read_number(cli, args, OPTION_CONNECTIONS, 8, CONNECTIONS_MAX, &ret->connections);
	if (status == EXIT_STATUS_OK)
		status =
			read_number(cli, args, OPTION_IN_FLIGHT, 8, IN_FLIGHT_MAX, &ret->in_flight);
	if (status == EXIT_STATUS_OK)
		status = read_number(cli, args, OPTION_RATE, 0, RATE_MAX, &rate);
	if (status == EXIT_STATUS_OK)
		status = read_number(cli, args, OPTION_DURATION, 10, SECONDS_MAX, &duration_s);
	if (status == EXIT_STATUS_OK)
		status = read_number(cli, args, OPTION_WARMUP, 0, SECONDS_MAX, &warmup_s);
	if (status != EXIT_STATUS_OK)
		return status;
	if ((uint64_t)ret->connections * ret->in_flight > SLOTS_MAX)
		return problem_usage(cli,
			"more than %d calls in flight; lower --connections or "
			"--in-flight",
			SLOTS_MAX);
	ret->rate = rate;
	ret->bursts = args_flag(args, OPTION_BURSTS);
	ret->duration_ms = duration_s * MS_PER_S;
	ret->warmup_ms = warmup_s * MS_PER_S;
	ret->timeout_ms = cli->timeout_ms == 0 ? TIMEOUT_MS : cli->timeout_ms;
	ret->stop = &stop;
	return EXIT_STATUS_OK;
}

/* One of `words`, which are separated by blanks. */
static bool is_word(const char *text, const char *words)
{
	size_t size = strlen(text);
	for (const char *at = words; (at = strstr(at, text)) != NULL; at++)
		if ((at == words || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0'))
			return size > 0;
	return false;
}

static enum exit_status make_calls(
	struct cli *cli, const struct args *args, const char **ret_kind, struct bench_calls *ret)
{
	const char *kind = args_text(args, OPTION_METHOD);
	const char *request = args_text(args, OPTION_REQUEST);
	const char *requests = args_text(args, OPTION_REQUESTS);
	bool zipf = args_flag(args, OPTION_ZIPF);
	*ret_kind = kind == NULL ? "get" : kind;
	bool named = !is_word(*ret_kind, BENCH_WORDS);
	if (request != NULL && requests != NULL)
		return problem_usage(cli, "--request and --requests exclude each other");
	if (zipf && requests == NULL)
		return problem_usage(cli, "--zipf goes with --requests");
	if (!named && (request != NULL || requests != NULL))
		return problem_usage(cli,
			"--request%s goes with the name of a method, for example "
			"--method PostService/ListPosts",
			request == NULL ? "s" : "");
	if (requests != NULL)
		return bench_make_lines(cli, *ret_kind, requests, zipf, ret);
	if (named)
		return bench_make_one(cli, *ret_kind, request == NULL ? "{}" : request, ret);
	return bench_make(cli, *ret_kind, ret);
}

/* A server that has gone leaves numbers, but they are none of a whole measurement. */
static enum exit_status check_answers(struct cli *cli)
{
	const ProtobufCMessage *answer;
	Lectern__V1__CheckRequest request = LECTERN__V1__CHECK_REQUEST__INIT;
	if (stop != 0)
		return EXIT_STATUS_OK;
	enum exit_status status = rpc_call(
		cli, &lectern__v1__health_service__descriptor, "Check", &request.base, &answer);
	return status == EXIT_STATUS_OK
		       ? status
		       : problem_hint(cli, "the server has gone during the measurement");
}

static enum exit_status run_bench(struct cli *cli, const struct args *args)
{
	struct load_options options = { 0 };
	struct bench_calls calls;
	const char *kind;
	enum exit_status status = read_options(cli, args, &options);
	/* What is asked for beforehand may take longer than the calls that are measured. */
	cli->timeout_ms = 0;
	if (status == EXIT_STATUS_OK)
		status = cli_client(cli);
	if (status == EXIT_STATUS_OK)
		status = make_calls(cli, args, &kind, &calls);
	if (status != EXIT_STATUS_OK)
		return status;
	options.client = cli->client;
	options.calls = calls.calls;
	options.call_count = calls.count;
	struct load_result *result = calloc(1, sizeof *result);
	if (result == NULL)
		return problem_tool(cli, "out of memory");
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	struct lectern_error err;
	if (load_run(&options, result, &err) == LECTERN_OK)
		status = bench_report(cli, kind, &options, result);
	else
		status = problem_rpc(cli, &err);
	if (status == EXIT_STATUS_OK)
		status = check_answers(cli);
	free(result);
	/* After a connection that was lost amid an answer, nng 1.5.2 may wait for ever in whatever
	 * closes one; the end of the process does that, too. */
	static lectern_client *left_open;
	left_open = cli->client;
	cli->client = NULL;
	(void)left_open;
	return status;
}

static const struct option_row options[] = {
	{ .id = OPTION_METHOD,
		.name = "method",
		.value = "METHOD",
		.words = BENCH_WORDS,
		.open = true,
		.help = "What is called: get, archive, list, batch, search, write or mix, of what "
			"the server has, or any method with --request or --requests (default: "
			"get)" },
	{ .id = OPTION_REQUEST,
		.name = "request",
		.value = "JSON",
		.help = "The request of a method that --method names" },
	{ .id = OPTION_REQUESTS,
		.name = "requests",
		.value = "FILE",
		.words = WORDS_FILE,
		.help = "Requests of that method, one line of JSON each, or - for standard input; "
			"each call takes one at random" },
	{ .id = OPTION_ZIPF,
		.name = "zipf",
		.help = "With --requests: the first one most often, twice as often as the second, "
			"and so on by Zipf's law; without it all equally often" },
	{ .id = OPTION_CONNECTIONS,
		.name = "connections",
		.value = "N",
		.help = "Connections to the server (default: 8)" },
	{ .id = OPTION_IN_FLIGHT,
		.name = "in-flight",
		.value = "N",
		.help = "Calls under way at once on each connection, at most (default: 8)" },
	{ .id = OPTION_RATE,
		.name = "rate",
		.value = "N",
		.help = "Calls per second that begin at random times, however long others take; "
			"without it, each answer lets the next call begin" },
	{ .id = OPTION_BURSTS,
		.name = "bursts",
		.help = "With --rate: the calls of each second come in its first fifth" },
	{ .id = OPTION_DURATION,
		.name = "duration",
		.value = "SECONDS",
		.help = "How long to measure (default: 10)" },
	{ .id = OPTION_WARMUP,
		.name = "warmup",
		.value = "SECONDS",
		.help = "How long to call before that without counting" },
};

const struct command bench_command = {
	.name = "bench",
	.summary = "Measure how many calls a server answers in time, and how fast",
	.details =
		"Each call has a deadline, --timeout, here a second unless it is given. What is "
		"answered with success within it is the goodput. With --rate, times count from "
		"when a call was to begin, so a server that keeps calls from being sent does not "
		"look fast:\n\n"
		"  lectern bench --connections 16 --in-flight 16\n"
		"  lectern bench --method search --rate 3000 --duration 30\n"
		"  lectern bench --method PostService/GetPost --requests posts.jsonl --zipf\n\n"
		"In a request of yours, " BENCH_NUMBER " stands for another number of 16 digits in "
		"each call, for slugs of posts that are made.\n\n"
		"write makes drafts whose slugs begin with bench-, and mix does so for one call in "
		"a hundred: use a store that can be thrown away.",
	.options = options,
	.option_count = OPTION_COUNT(options),
	.run = run_bench,
};
