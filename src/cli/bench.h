/* lectern bench: what is sent, and what came of it. */
#pragma once
#include "cli/cli.h"
#include "client/load.h"

/* What --method may be instead of a method's name. */
#define BENCH_WORDS "get archive list batch search write mix"

/* In a request it stands for a number of LOAD_NUMBER_BYTES that no other call has. */
#define BENCH_NUMBER "0123456789abcdef"

enum { BENCH_CALLS_MAX = 23000 }; /* different ones of one run */

/* The calls of one run, in the cli's arena. */
struct bench_calls {
	struct load_call *calls;
	size_t count;
};

/* Makes the calls of a kind, one of BENCH_WORDS, from the posts, tags and words that the server
 * has. */
enum exit_status bench_make(struct cli *cli, const char *kind, struct bench_calls *ret) NODISCARD;

/* One call of any method. */
enum exit_status bench_make_one(
	struct cli *cli, const char *method, const char *json, struct bench_calls *ret) NODISCARD;

/* One call of the method for each line of JSON in the file, "-" for standard input. Equally often,
 * or the first ones most. */
enum exit_status bench_make_lines(struct cli *cli, const char *method, const char *path, bool zipf,
	struct bench_calls *ret) NODISCARD;

struct load_call bench_call(const char *method, struct slice payload, double weight);

/* Zipf's law: the most popular one, at place 0, is asked for twice as often as the next. */
double bench_zipf(size_t place, size_t count, double weight);

enum exit_status bench_report(struct cli *cli, const char *kind, const struct load_options *options,
	const struct load_result *result) NODISCARD;
