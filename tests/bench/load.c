/*
 * bench.load: a closed loop of calls by one thread, over nng's protocol or gRPC's, with figures as
 * JSON. Requests are those of `lectern bench --requests`. What a call costs the client is about the
 * same for both and small, which leaves the processors to the servers.
 */
#include "cli/bench.h"
#include "cli/cli.h"
#include "load_loop.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
	"usage: bench.load --protocol sp|grpc --server tcp://ADDRESS:PORT --method METHOD\n"
	"         --requests FILE [--zipf] [--connections N] [--in-flight N] [--seconds N]\n";

struct options {
	struct loop_options loop;
	const char *requests;
	bool zipf;
	char host[64];
};

static bool read_server(const char *text, struct options *ret)
{
	int end = 0;
	return sscanf(text, "tcp://%63[0-9.]:%hu%n", ret->host, &ret->loop.port, &end) == 2 &&
	       text[end] == '\0';
}

static bool read_number(const char *text, uint32_t max, uint32_t *ret)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	*ret = (uint32_t)number;
	return *end == '\0' && number > 0 && number <= max;
}

static const struct loop_protocol *find_protocol(const char *name)
{
	const struct loop_protocol *const protocols[] = {
		&load_sp,
#ifdef LOAD_GRPC
		&load_grpc,
#endif
	};
	for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
		if (strcmp(name, protocols[i]->name) == 0)
			return protocols[i];
	fprintf(stderr, "bench.load: there is no protocol %s in this build\n", name);
	return NULL;
}

static bool read_option(int name, const char *value, struct options *ret)
{
	switch (name) {
	case 'p':
		ret->loop.protocol = find_protocol(value);
		return ret->loop.protocol != NULL;
	case 's':
		ret->loop.host = ret->host;
		return read_server(value, ret);
	case 'm':
		ret->loop.method = value;
		return true;
	case 'r':
		ret->requests = value;
		return true;
	case 'z':
		ret->zipf = true;
		return true;
	case 'c':
		return read_number(value, LOOP_CONNECTIONS_MAX, &ret->loop.connections);
	case 'i':
		return read_number(value, LOOP_IN_FLIGHT_MAX, &ret->loop.in_flight);
	case 'd':
		return read_number(value, 3600, &ret->loop.seconds);
	default:
		return false;
	}
}

static bool read_options(int argc, char **argv, struct options *ret)
{
	static const struct option names[] = { { "protocol", required_argument, NULL, 'p' },
		{ "server", required_argument, NULL, 's' },
		{ "method", required_argument, NULL, 'm' },
		{ "requests", required_argument, NULL, 'r' }, { "zipf", no_argument, NULL, 'z' },
		{ "connections", required_argument, NULL, 'c' },
		{ "in-flight", required_argument, NULL, 'i' },
		{ "seconds", required_argument, NULL, 'd' }, { NULL, 0, NULL, 0 } };
	*ret = (struct options){ .loop = { .connections = 8, .in_flight = 16, .seconds = 10 } };
	for (int name; (name = getopt_long(argc, argv, "", names, NULL)) != -1;)
		if (!read_option(name, optarg, ret))
			return false;
	return optind == argc && ret->loop.protocol != NULL && ret->loop.host != NULL &&
	       ret->loop.method != NULL && ret->requests != NULL;
}

static struct loop_request *prepare(const struct options *options, const struct bench_calls *calls)
{
	struct loop_request *requests = calloc(calls->count, sizeof *requests);
	for (size_t i = 0; requests != NULL && i < calls->count; i++) {
		const struct load_call *call = &calls->calls[i];
		requests[i] = (struct loop_request){
			.bytes = options->loop.protocol->prepare(
				call->method, slice_of(call->payload, call->payload_bytes)),
			.weight = call->weight,
		};
		if (requests[i].bytes.data == NULL)
			return NULL;
	}
	return requests;
}

static double us_at(const struct loop_result *result, double share)
{
	return (double)latency_at(&result->latency, share) / 1e3;
}

static void print(const struct loop_result *result)
{
	printf("{\"requests\":%llu,\"failed\":%llu,\"elapsed_s\":%.6f,",
		(unsigned long long)result->succeeded, (unsigned long long)result->failed,
		result->elapsed_s);
	printf("\"p50_us\":%.3f,\"p90_us\":%.3f,\"p99_us\":%.3f,\"p999_us\":%.3f,",
		us_at(result, 0.5), us_at(result, 0.9), us_at(result, 0.99), us_at(result, 0.999));
	printf("\"response_bytes\":%llu}\n", (unsigned long long)result->received_bytes);
}

static int run(struct cli *cli, struct options *options)
{
	struct bench_calls calls;
	if (bench_make_lines(cli, options->loop.method, options->requests, options->zipf, &calls) !=
		EXIT_STATUS_OK) {
		problem_print(cli);
		return 2;
	}
	struct loop_request *requests = prepare(options, &calls);
	struct loop_result *result = calloc(1, sizeof *result);
	int status = 1;
	if (requests != NULL && result != NULL) {
		options->loop.method = calls.calls[0].method;
		options->loop.requests = requests;
		options->loop.request_count = calls.count;
		if (loop_run(&options->loop, result)) {
			print(result);
			status = 0;
		}
	}
	for (size_t i = 0; requests != NULL && i < calls.count; i++)
		free((void *)(uintptr_t)requests[i].bytes.data);
	free(requests);
	free(result);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	if (!read_options(argc, argv, &options)) {
		fputs(usage, stderr);
		return 2;
	}
	struct cli cli;
	cli_init(&cli);
	int status = run(&cli, &options);
	cli_done(&cli);
	return status;
}
