#include "cli/bench.h"

#include "cli/output.h"

#include <inttypes.h>

static const struct {
	const char *name;
	double share;
} shares[] = {
	{ "p50", 0.5 },
	{ "p90", 0.9 },
	{ "p99", 0.99 },
	{ "p999", 0.999 },
	{ "max", 1 },
};

enum { SHARES = sizeof shares / sizeof *shares };

static uint64_t succeeded(const struct load_result *result)
{
	return result->answered[LECTERN_OK];
}

static double per_second(uint64_t count, const struct load_result *result)
{
	return result->elapsed_s > 0 ? (double)count / result->elapsed_s : 0;
}

static uint64_t answered(const struct load_result *result)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < LOAD_CODES; i++)
		sum += result->answered[i];
	return sum;
}

static void add_times(struct buffer *out, const char *name, const struct latency *latency)
{
	if (atomic_load(&latency->count) == 0)
		return;
	buffer_printf(out, "%-12s", name);
	for (size_t i = 0; i < SHARES; i++)
		buffer_printf(out, "  %s %.3f ms", shares[i].name,
			(double)latency_at(latency, shares[i].share) / 1e6);
	buffer_append_char(out, '\n');
}

static void add_text(struct buffer *out, const char *kind, const struct load_options *options,
	const struct load_result *result)
{
	buffer_printf(
		out, "%-12s  %s: %" PRIu32 " connections, ", "load", kind, options->connections);
	if (options->rate > 0)
		buffer_printf(out, "%.0f/s offered%s", per_second(result->offered, result),
			options->bursts ? " in bursts" : "");
	else
		buffer_printf(out, "%" PRIu32 " calls in flight on each", options->in_flight);
	buffer_printf(
		out, ", %.1f s, deadline %" PRIu32 " ms\n", result->elapsed_s, options->timeout_ms);
	buffer_printf(out, "%-12s  %.0f/s (%" PRIu64 " answers in time)\n", "goodput",
		per_second(succeeded(result), result), succeeded(result));
	buffer_printf(out, "%-12s  %.0f/s with errors, %.1f MB/s received\n", "answers",
		per_second(answered(result), result),
		(double)result->received_bytes / 1e6 /
			(result->elapsed_s > 0 ? result->elapsed_s : 1));
	add_times(out, "succeeded", &result->succeeded);
	add_times(out, "refused", &result->refused);
	for (size_t i = 1; i < LOAD_CODES; i++)
		if (result->answered[i] > 0)
			buffer_printf(out, "%-12s  %" PRIu64 " %s\n", "errors", result->answered[i],
				lectern_code_name((enum lectern_code)i));
	if (result->unanswered > 0)
		buffer_printf(out, "%-12s  %" PRIu64 " without an answer in time\n", "errors",
			result->unanswered);
	if (result->unsent > 0)
		buffer_printf(out,
			"%-12s  %" PRIu64 " not sent in time: all connections were busy\n",
			"errors", result->unsent);
	buffer_printf(
		out, "%-12s  %.2f s of processor time by this program\n", "client", result->cpu_s);
}

static void add_json_times(struct buffer *out, const char *name, const struct latency *latency)
{
	buffer_printf(out, ",\"%s\":{\"count\":%" PRIu64, name, atomic_load(&latency->count));
	for (size_t i = 0; i < SHARES; i++)
		buffer_printf(out, ",\"%s_ms\":%.3f", shares[i].name,
			(double)latency_at(latency, shares[i].share) / 1e6);
	buffer_append_char(out, '}');
}

static void add_json(struct buffer *out, const char *kind, const struct load_options *options,
	const struct load_result *result)
{
	buffer_printf(out, "{\"method\":\"%s\",\"connections\":%" PRIu32 ",\"in_flight\":%" PRIu32,
		kind, options->connections, options->in_flight);
	buffer_printf(out, ",\"timeout_ms\":%" PRIu32 ",\"elapsed_s\":%.3f,\"offered\":%" PRIu64,
		options->timeout_ms, result->elapsed_s, result->offered);
	buffer_printf(out, ",\"goodput_per_s\":%.1f,\"answers_per_s\":%.1f",
		per_second(succeeded(result), result), per_second(answered(result), result));
	add_json_times(out, "succeeded", &result->succeeded);
	add_json_times(out, "refused", &result->refused);
	buffer_append_text(out, ",\"errors\":{");
	const char *comma = "";
	for (size_t i = 1; i < LOAD_CODES; i++)
		if (result->answered[i] > 0) {
			buffer_printf(out, "%s\"%s\":%" PRIu64, comma,
				lectern_code_name((enum lectern_code)i), result->answered[i]);
			comma = ",";
		}
	buffer_printf(out, "},\"unanswered\":%" PRIu64 ",\"unsent\":%" PRIu64, result->unanswered,
		result->unsent);
	buffer_printf(out, ",\"received_bytes\":%" PRIu64 ",\"client_cpu_s\":%.3f}\n",
		result->received_bytes, result->cpu_s);
}

enum exit_status bench_report(struct cli *cli, const char *kind, const struct load_options *options,
	const struct load_result *result)
{
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	if (cli->output == OUTPUT_TEXT)
		add_text(&out, kind, options, result);
	else
		add_json(&out, kind, options, result);
	return output_finish(cli, &out);
}
