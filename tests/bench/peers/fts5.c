/*
 * SQLite FTS5 in this process, without any network: what a program that links SQLite gets.
 *
 *   bench.fts5 load DB <VALUES          makes the database from the output of bench.values
 *   bench.fts5 run DB REQUESTS [count]  for each number of seconds, a line of its input, latencies
 *                                       as JSON; count: with the number of matches
 *   bench.fts5 count DB REQUESTS        the number of matches of each request, one a line
 *   bench.fts5 settings                 version and settings as JSON
 */
#include "base/clock.h"
#include "client/latency.h"
#include "fts5_index.h"
#include "fts5_search.h"
#include "search_requests.h"

#include <inttypes.h>
#include <stdlib.h>

enum { ARENA_BYTES_MAX = 1 << 30 };

struct run {
	struct fts5_search search;
	struct arena arena;
	char **expressions; /* of the requests */
	struct search_requests requests;
	size_t next; /* request */
	bool counted;
	struct latency latency;
	uint64_t response_bytes;
};

static void run_done(struct run *run)
{
	fts5_search_close(&run->search);
	arena_done(&run->arena);
}

static enum code run_open(
	struct run *run, const char *path, const char *requests, struct error *err)
{
	arena_init(&run->arena, ARENA_BYTES_MAX);
	enum code code = fts5_search_open(path, &run->search, err);
	if (code == CODE_OK)
		code = search_requests_read(requests, &run->arena, &run->requests, err);
	if (code != CODE_OK)
		return code;
	run->expressions = arena_calloc(&run->arena, run->requests.count, sizeof *run->expressions);
	if (run->expressions == NULL)
		return fail_out_of_memory(err);
	for (size_t i = 0; i < run->requests.count; i++) {
		run->expressions[i] = fts5_search_expression(&run->arena, run->requests.queries[i]);
		if (run->expressions[i] == NULL)
			return fail(err, CODE_INVALID_ARGUMENT, "request %zu finds nothing", i + 1);
	}
	return CODE_OK;
}

static enum code take(void *user, const struct fts5_hit *hit, struct error *err)
{
	struct run *run = user;
	(void)err;
	run->response_bytes += sizeof hit->id + hit->title.size + hit->snippet.size;
	return CODE_OK;
}

static enum code answer(struct run *run, const char *expression, struct error *err)
{
	uint64_t matches = 0;
	enum code code = fts5_search_find(&run->search, expression, take, run, err);
	if (code == CODE_OK && run->counted)
		code = fts5_search_count(&run->search, expression, &matches, err);
	return code;
}

/* Request after request, from where the last run has ended, until the time is over. */
static enum code answer_for(struct run *run, double seconds, double *elapsed, struct error *err)
{
	uint64_t begin = clock_monotonic_ns();
	uint64_t start = begin;
	do {
		enum code code = answer(run, run->expressions[run->next], err);
		if (code != CODE_OK)
			return code;
		run->next = (run->next + 1) % run->requests.count;
		uint64_t end = clock_monotonic_ns();
		latency_add(&run->latency, end - start);
		start = end;
		*elapsed = (double)(start - begin) / 1e9;
	} while (*elapsed < seconds);
	return CODE_OK;
}

static double us_at(const struct run *run, double share)
{
	return (double)latency_at(&run->latency, share) / 1e3;
}

static void print_run(const struct run *run, double elapsed)
{
	printf("{\"requests\":%" PRIu64 ",\"failed\":0,\"elapsed_s\":%.3f,\"p50_us\":%.1f,"
	       "\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"response_bytes\":%" PRIu64 "}\n",
		atomic_load(&run->latency.count), elapsed, us_at(run, 0.5), us_at(run, 0.9),
		us_at(run, 0.99), us_at(run, 0.999), run->response_bytes);
	fflush(stdout);
}

static enum code run_requests(int argc, char **argv, struct error *err)
{
	static struct run run;
	double seconds;
	enum code code = run_open(&run, argv[2], argv[3], err);
	run.counted = argc > 4;
	while (code == CODE_OK && scanf("%lf", &seconds) == 1) {
		double elapsed = 0;
		memset(&run.latency, 0, sizeof run.latency);
		run.response_bytes = 0;
		code = answer_for(&run, seconds, &elapsed, err);
		if (code == CODE_OK)
			print_run(&run, elapsed);
	}
	run_done(&run);
	return code;
}

static enum code count_matches(char **argv, struct error *err)
{
	static struct run run;
	enum code code = run_open(&run, argv[2], argv[3], err);
	for (size_t i = 0; code == CODE_OK && i < run.requests.count; i++) {
		uint64_t matches = 0;
		code = fts5_search_count(&run.search, run.expressions[i], &matches, err);
		if (code == CODE_OK)
			printf("%" PRIu64 "\n", matches);
	}
	run_done(&run);
	return code;
}

int main(int argc, char **argv)
{
	struct error err = { .text = "usage: bench.fts5 load|run|count|settings ..." };
	enum code code = CODE_INVALID_ARGUMENT;
	const char *command = argc > 1 ? argv[1] : "";
	if (strcmp(command, "load") == 0 && argc == 3) {
		code = fts5_load(argv[2], stdin, &err);
	} else if (strcmp(command, "run") == 0 && (argc == 4 || argc == 5)) {
		code = run_requests(argc, argv, &err);
	} else if (strcmp(command, "count") == 0 && argc == 4) {
		code = count_matches(argv, &err);
	} else if (strcmp(command, "settings") == 0) {
		printf("{\"version\":\"SQLite %s\",\"settings\":%s}\n", sqlite3_libversion(),
			fts5_settings());
		code = CODE_OK;
	}
	if (code != CODE_OK)
		fprintf(stderr, "bench.fts5: %s\n", err.text);
	return code == CODE_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
