/* lectern bench: what is sent, and what came of it. */
#pragma once
#include "cli/cli.h"
#include "client/load.h"

/* What --method may be instead of a method's name. */
#define BENCH_WORDS "get archive list batch search write mix"

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

enum exit_status bench_report(struct cli *cli, const char *kind, const struct load_options *options,
	const struct load_result *result) NODISCARD;
