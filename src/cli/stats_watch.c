/* lectern stats --watch: what the server does, again and again. */
#include "cli/stats_watch.h"

#include "base/clock.h"
#include "base/rfc3339.h"
#include "cli/facts.h"
#include "cli/output.h"
#include "cli/rpc.h"
#include "cli/stats_rates.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lectern/v1/admin.pb-c.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	INTERVAL_MS_DEFAULT = 2000,
	INTERVAL_MS_MIN = 100,
	INTERVAL_MS_MAX = 3600 * 1000,
	COLUMNS = 24,
	RATE_BYTES = 32,
	NS_PER_MS = 1000000,
};

struct watching {
	struct cli *cli;
	uint64_t interval_ms;
	bool screen; /* a terminal that is redrawn */
	int pipe[2]; /* a signal writes into it */
	bool reader_is_gone;
	struct stats_counts before;
	bool has_before;
};

static atomic_int wake = -1;

static void on_signal(int number)
{
	int cause = errno;
	char byte = (char)number;
	ssize_t written = write(atomic_load(&wake), &byte, 1);
	(void)written;
	errno = cause;
}

/* The second signal ends the program at once: a call may be stuck. */
static enum exit_status listen_to_signals(struct watching *watching)
{
	struct sigaction action = { .sa_handler = on_signal,
		.sa_flags = SA_RESETHAND | SA_RESTART };
	if (pipe2(watching->pipe, O_CLOEXEC | O_NONBLOCK) != 0)
		return problem_tool(watching->cli, "cannot listen to signals: %s", strerror(errno));
	atomic_store(&wake, watching->pipe[1]);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return EXIT_STATUS_OK;
}

/* "500ms", "2s", "1m" */
static enum exit_status read_interval(struct cli *cli, const char *text, uint64_t *ret)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 } };
	char *end;
	if (text == NULL)
		return EXIT_STATUS_OK;
	errno = 0;
	unsigned long number = strtoul(text, &end, 10);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (text[0] < '0' || text[0] > '9' || strcmp(end, units[i].unit) != 0 ||
			errno != 0 || number > INTERVAL_MS_MAX)
			continue;
		*ret = number * units[i].ms;
		if (*ret >= INTERVAL_MS_MIN && *ret <= INTERVAL_MS_MAX)
			return EXIT_STATUS_OK;
	}
	return problem_usage(cli, "--interval %s: is not a time from 100ms to 60m", text);
}

/* Whether to go on: no signal came and the output still has a reader. */
static bool pause_for(struct watching *watching, uint64_t until_ns)
{
	struct pollfd waits[] = {
		{ .fd = watching->pipe[0], .events = POLLIN },
		{ .fd = STDOUT_FILENO }, /* errors only */
	};
	for (;;) {
		uint64_t now_ns = clock_monotonic_ns();
		int left_ms = now_ns >= until_ns ? 0 : (int)((until_ns - now_ns) / NS_PER_MS) + 1;
		int rc = poll(waits, 2, left_ms);
		watching->reader_is_gone = rc > 0 && waits[1].revents != 0;
		if (rc > 0)
			return false;
		if (rc == 0 && left_ms == 0)
			return true;
		if (rc < 0 && errno != EINTR)
			return false;
	}
}

static void write_rate(double rate, char out[RATE_BYTES])
{
	snprintf(out, RATE_BYTES, rate >= 100 ? "%.0f/s" : "%.1f/s", rate);
}

static void write_us(uint64_t us, char out[RATE_BYTES])
{
	if (us == 0)
		snprintf(out, RATE_BYTES, "-");
	else if (us == UINT64_MAX)
		snprintf(out, RATE_BYTES, "> 10 s");
	else if (us < 1000)
		snprintf(out, RATE_BYTES, "<= %" PRIu64 " us", us);
	else if (us < 1000000)
		snprintf(out, RATE_BYTES, "<= %g ms", (double)us / 1000);
	else
		snprintf(out, RATE_BYTES, "<= %g s", (double)us / 1000000);
}

static void fact_rate(struct buffer *out, const char *name, double rate, bool known)
{
	char text[RATE_BYTES];
	write_rate(rate, text);
	fact_text(out, COLUMNS, name, known ? text : "-");
}

static void add_screen(struct buffer *out, const Lectern__V1__GetStatsResponse *stats,
	const struct stats_rates *rates, bool known)
{
	char text[RATE_BYTES];
	fact_rate(out, "calls", rates->calls, known);
	fact_rate(out, "failed calls", rates->failed, known);
	write_us(rates->p50_us, text);
	fact_text(out, COLUMNS, "half of the calls", text);
	write_us(rates->p99_us, text);
	fact_text(out, COLUMNS, "99 of 100 calls", text);
	fact_number(out, COLUMNS, "in flight", stats->calls_in_flight - stats->parked_calls);
	fact_number(out, COLUMNS, "waiting", stats->parked_calls);
	fact_number(out, COLUMNS, "connections", stats->connections);
	buffer_append_char(out, '\n');
	fact_rate(out, "writes", rates->writes, known);
	fact_rate(out, "commits", rates->commits, known);
	fact_number(out, COLUMNS, "queued writes", stats->queued_writes);
	fact_bytes(out, COLUMNS, "queued bytes", stats->queued_bytes);
	buffer_append_char(out, '\n');
	fact_number(out, COLUMNS, "revision", stats->revision);
	fact_bytes(out, COLUMNS, "store", stats->store_bytes);
	fact_bytes(out, COLUMNS, "free in the store", stats->free_bytes);
	fact_bytes(out, COLUMNS, "free on the disk", stats->disk_free_bytes);
	fact_number(out, COLUMNS, "open snapshots", stats->open_snapshots);
	fact_number(out, COLUMNS, "oldest one's age in ms", stats->oldest_snapshot_age_ms);
	buffer_append_char(out, '\n');
	fact_number(out, COLUMNS, "waiting for changes", stats->change_waiters);
	fact_number(out, COLUMNS, "subscribers", stats->subscribers);
	fact_number(out, COLUMNS, "not published yet", stats->feed_lag);
}

static void add_line(struct buffer *out, const char *time,
	const Lectern__V1__GetStatsResponse *stats, const struct stats_rates *rates)
{
	char p50[RATE_BYTES];
	char p99[RATE_BYTES];
	write_us(rates->p50_us, p50);
	write_us(rates->p99_us, p99);
	buffer_printf(out,
		"%s calls %.1f/s failed %.1f/s p50 %s p99 %s in-flight %u connections %u "
		"writes %.1f/s commits %.1f/s queued %u store %" PRIu64 " revision %" PRIu64
		" waiters %u subscribers %u lag %" PRIu64 "\n",
		time, rates->calls, rates->failed, p50, p99, stats->calls_in_flight,
		stats->connections, rates->writes, rates->commits, stats->queued_writes,
		stats->store_bytes, stats->revision, stats->change_waiters, stats->subscribers,
		stats->feed_lag);
}

/* Numbers of more than 53 bits would be texts in proto3's JSON; these are not. A percentile above
 * the last bound is null, and so is one of no calls. */
static void add_object(struct buffer *out, const char *time,
	const Lectern__V1__GetStatsResponse *stats, const struct stats_rates *rates)
{
	char p50[RATE_BYTES] = "null";
	char p99[RATE_BYTES] = "null";
	if (rates->p50_us != 0 && rates->p50_us != UINT64_MAX)
		snprintf(p50, sizeof p50, "%" PRIu64, rates->p50_us);
	if (rates->p99_us != 0 && rates->p99_us != UINT64_MAX)
		snprintf(p99, sizeof p99, "%" PRIu64, rates->p99_us);
	buffer_printf(out,
		"{\"time\":\"%s\",\"callsPerSecond\":%.3f,\"failedCallsPerSecond\":%.3f,"
		"\"callP50Us\":%s,\"callP99Us\":%s,\"calls\":%" PRIu64 ",\"failedCalls\":%" PRIu64
		",\"callsInFlight\":%u,\"parkedCalls\":%u,\"connections\":%u,",
		time, rates->calls, rates->failed, p50, p99, stats->calls, stats->failed_calls,
		stats->calls_in_flight, stats->parked_calls, stats->connections);
	buffer_printf(out,
		"\"writesPerSecond\":%.3f,\"commitsPerSecond\":%.3f,\"queuedWrites\":%u,"
		"\"queuedBytes\":%" PRIu64 ",\"revision\":%" PRIu64 ",\"storeBytes\":%" PRIu64
		",\"freeBytes\":%" PRIu64 ",\"diskFreeBytes\":%" PRIu64 ",\"openSnapshots\":%u,",
		rates->writes, rates->commits, stats->queued_writes, stats->queued_bytes,
		stats->revision, stats->store_bytes, stats->free_bytes, stats->disk_free_bytes,
		stats->open_snapshots);
	buffer_printf(out,
		"\"oldestSnapshotAgeMs\":%" PRIu64
		",\"changeWaiters\":%u,\"subscribers\":%u,\"feedLag\":%" PRIu64 "}\n",
		stats->oldest_snapshot_age_ms, stats->change_waiters, stats->subscribers,
		stats->feed_lag);
}

/* From the top left corner; what was longer before is wiped out. */
static void add_frame(struct buffer *out, const char *text)
{
	buffer_append_text(out, "\x1b[H");
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buffer_append_text(out, "\x1b[K");
		buffer_append_char(out, *text);
	}
	buffer_append_text(out, "\x1b[J");
}

static enum exit_status show(struct watching *watching, const Lectern__V1__GetStatsResponse *stats)
{
	struct cli *cli = watching->cli;
	struct buffer out;
	struct buffer text;
	struct stats_counts now;
	struct stats_rates rates = { .calls = 0 };
	char time[RFC3339_BYTES];
	rfc3339_format(clock_realtime_us(), time);
	stats_counts_read(stats, clock_monotonic_ns(), &now);
	bool known = watching->has_before && stats_rates_between(&watching->before, &now, &rates);
	watching->before = now;
	watching->has_before = true;
	buffer_init(&out, CLI_FILE_BYTES);
	buffer_init(&text, CLI_FILE_BYTES);
	if (watching->screen) {
		fact_text(&text, COLUMNS, "time", time);
		add_screen(&text, stats, &rates, known);
		const char *lines = buffer_text(&text);
		if (lines != NULL)
			add_frame(&out, lines);
	} else if (known && cli->output == OUTPUT_TEXT) {
		add_line(&out, time, stats, &rates);
	} else if (known) {
		add_object(&out, time, stats, &rates);
	}
	buffer_done(&text);
	enum exit_status status = output_finish(cli, &out);
	return status == EXIT_STATUS_OK ? output_flush(cli) : status;
}

/* A server that was there and is not for the moment: it may be restarting. */
static bool may_come_back(const struct watching *watching, enum exit_status status)
{
	return watching->has_before && status == exit_status_of(LECTERN_UNAVAILABLE);
}

static enum exit_status look(struct watching *watching)
{
	struct cli *cli = watching->cli;
	Lectern__V1__GetStatsRequest request = LECTERN__V1__GET_STATS_REQUEST__INIT;
	const ProtobufCMessage *message;
	arena_reset(&cli->arena);
	enum exit_status status = rpc_call(
		cli, &lectern__v1__admin_service__descriptor, "GetStats", &request.base, &message);
	if (status == EXIT_STATUS_OK)
		return show(watching, (const Lectern__V1__GetStatsResponse *)message);
	return may_come_back(watching, status) ? EXIT_STATUS_OK : status;
}

static bool was_signalled(const struct watching *watching)
{
	char byte;
	return read(watching->pipe[0], &byte, 1) == 1;
}

enum exit_status stats_watch(struct cli *cli, const struct args *args)
{
	struct watching watching = { .cli = cli, .interval_ms = INTERVAL_MS_DEFAULT };
	const char *terminal = getenv("TERM");
	watching.screen = cli->output == OUTPUT_TEXT && cli->screen.terminal && terminal != NULL &&
			  strcmp(terminal, "dumb") != 0;
	enum exit_status status =
		read_interval(cli, args_text(args, OPTION_INTERVAL), &watching.interval_ms);
	if (status == EXIT_STATUS_OK)
		status = listen_to_signals(&watching);
	if (status == EXIT_STATUS_OK && watching.screen)
		status = output_write(cli, "\x1b[2J", 4);
	uint64_t next_ns = clock_monotonic_ns();
	while (status == EXIT_STATUS_OK) {
		status = look(&watching);
		next_ns += watching.interval_ms * NS_PER_MS;
		if (next_ns < clock_monotonic_ns()) /* the server or the reader is slow */
			next_ns = clock_monotonic_ns();
		if (status == EXIT_STATUS_OK && !pause_for(&watching, next_ns))
			break;
	}
	if (status == EXIT_STATUS_OK && watching.reader_is_gone) {
		status = problem_tool(cli, "cannot write the output: %s", strerror(EPIPE));
		cli->problem.quiet = true;
	}
	/* A call that a signal has interrupted has not failed. */
	return was_signalled(&watching) ? EXIT_STATUS_OK : status;
}
