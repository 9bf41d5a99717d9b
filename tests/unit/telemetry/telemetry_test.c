#include "telemetry/telemetry.h"

#include "base/clock.h"
#include "base/log.h"
#include "support/exposition.h"
#include "telemetry/call_counters.h"
#include "telemetry/exposition.h"

#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/health.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const struct rpc_method tag_methods[] = {
	{ .name = "GetTag", .access = RPC_READ },
	{ .name = "CreateTag", .access = RPC_WRITE },
};
static const struct rpc_method admin_methods[] = {
	{ .name = "GetOperation", .access = RPC_WAIT },
};
static const struct rpc_service services[] = {
	{ &lectern__v1__tag_service__descriptor, tag_methods, 2 },
	{ &lectern__v1__admin_service__descriptor, admin_methods, 1 },
};
static const struct rpc_options rpc = { .services_table = services, .service_count = 2 };
static const struct rpc_method *const get_tag = &tag_methods[0];
static const struct rpc_method *const get_operation = &admin_methods[0];

#define GET_TAG "lectern.v1.TagService/GetTag"

static struct telemetry *telemetry;
static struct arena arena;

static int set_up(void **state)
{
	const struct telemetry_options options = { .rpc = &rpc,
		.log_calls = TELEMETRY_LOG_NONE,
		.slow_call_us = 1000,
		.version = "1.2.3",
		.nng_version = "1.5.2",
		.lmdb_version = "a\"b\\c\nd" };
	arena_init(&arena, 65536);
	return telemetry_new(&options, &telemetry, NULL) == CODE_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	telemetry_free(telemetry);
	arena_done(&arena);
	return 0;
}

static struct rpc_call call_of(const struct rpc_method *row)
{
	struct rpc_call call = { .row = row, .peer = "ipc", .arena = &arena };
	reply_init(&call.reply, &arena);
	return call;
}

static void observe(const struct rpc_method *row, enum code code, uint64_t duration_ns)
{
	struct rpc_call call = call_of(row);
	struct error err;
	if (code != CODE_OK)
		fail_reason(&err, code, NULL, "it failed");
	telemetry_observe(telemetry, &call, code == CODE_OK ? NULL : &err, duration_ns);
}

static void write_metrics(const struct telemetry_gauges *gauges, struct exposition_text *ret)
{
	struct buffer out;
	buffer_init(&out, TELEMETRY_METRICS_BYTES);
	telemetry_write_metrics(telemetry, gauges, &out);
	const char *text = buffer_text(&out);
	assert_non_null(text);
	exposition_parse(text, ret);
	buffer_done(&out);
}

static void test_calls_are_counted_by_method_and_code(void **state)
{
	static const struct telemetry_gauges gauges = { .calls_parked = 7 };
	struct exposition_text text;
	for (int i = 0; i < 3; i++)
		observe(get_tag, CODE_OK, 1000);
	observe(get_tag, CODE_NOT_FOUND, 1000);
	observe(get_operation, CODE_CANCELLED, 1000);
	observe(NULL, CODE_UNIMPLEMENTED, 1000);
	observe(get_tag, (enum code)99, 1000);
	write_metrics(&gauges, &text);
#define CALLS(labels) exposition_get(&text, "lectern_calls_total", labels)
	assert_int_equal(CALLS("method=\"" GET_TAG "\",code=\"OK\""), 3);
	assert_int_equal(CALLS("method=\"" GET_TAG "\",code=\"NOT_FOUND\""), 1);
	assert_int_equal(CALLS("method=\"" GET_TAG "\",code=\"UNKNOWN\""), 1);
	assert_int_equal(CALLS("method=\"lectern.v1.TagService/CreateTag\",code=\"OK\""), 0);
	assert_int_equal(
		CALLS("method=\"lectern.v1.AdminService/GetOperation\",code=\"CANCELLED\""), 1);
	assert_int_equal(CALLS("method=\"unknown\",code=\"UNIMPLEMENTED\""), 1);
#undef CALLS
	assert_int_equal(
		exposition_get(&text, "lectern_call_failures_total", "code=\"NOT_FOUND\""), 1);
	assert_int_equal(
		exposition_get(&text, "lectern_call_failures_total", "code=\"INTERNAL\""), 0);
	assert_int_equal(exposition_get(&text, "lectern_call_duration_seconds_count",
				 "method=\"" GET_TAG "\""),
		5);
	assert_int_equal(exposition_get(&text, "lectern_waiting_call_duration_seconds_count",
				 "method=\"lectern.v1.AdminService/GetOperation\""),
		1);
	assert_int_equal(exposition_get(&text, "lectern_calls_parked", ""), 7);
	exposition_free(&text);
	struct telemetry_calls calls;
	telemetry_read_calls(telemetry, &calls);
	assert_int_equal(calls.calls, 7);
	assert_int_equal(calls.failed, 4);
}

static void test_bounds(void **state)
{
	static const struct {
		uint64_t ns;
		size_t bucket;
	} cases[] = {
		{ 0, 0 },
		{ 1, 0 },
		{ 50000, 0 },
		{ 50001, 1 },
		{ 100000, 1 },
		{ 100001, 2 },
		{ 1000000, 4 },
		{ 1000001, 5 },
		{ UINT64_C(10000000000), 16 },
		{ UINT64_C(10000000001), 17 },
		{ UINT64_MAX / 2, 17 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct call_counters *counters;
		struct method_figures figures;
		assert_int_equal(call_counters_new(&rpc, &counters, NULL), CODE_OK);
		call_counters_add(counters, get_tag, CODE_OK, cases[i].ns, 0);
		call_counters_read(counters, 0, &figures);
		assert_string_equal(figures.name, GET_TAG);
		assert_int_equal(figures.durations.bound_count, 17);
		for (size_t bucket = 0; bucket <= figures.durations.bound_count; bucket++)
			if (figures.durations.counts[bucket] != (bucket == cases[i].bucket))
				fail_msg("%lu ns: %lu in bucket %zu", (unsigned long)cases[i].ns,
					(unsigned long)figures.durations.counts[bucket], bucket);
		call_counters_free(counters);
	}
}

enum { THREADS = 24, ROUNDS = 20000 };

static void *add_many(void *counters)
{
	for (int i = 0; i < ROUNDS; i++) {
		call_counters_add(
			counters, get_tag, i % 2 == 0 ? CODE_OK : CODE_INTERNAL, 60000, 3);
		call_counters_add(counters, NULL, CODE_OK, 60000, 1);
	}
	return NULL;
}

/* More threads than shards; nothing is lost, also while others read. */
static void test_threads(void **state)
{
	struct call_counters *counters;
	struct method_figures figures;
	pthread_t threads[THREADS];
	uint64_t last = 0;
	assert_int_equal(call_counters_new(&rpc, &counters, NULL), CODE_OK);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, counters), 0);
	for (int i = 0; i < 100; i++) {
		call_counters_read(counters, 0, &figures);
		assert_true(figures.calls >= last);
		last = figures.calls;
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	call_counters_read(counters, 0, &figures);
	assert_int_equal(figures.calls, THREADS * ROUNDS);
	assert_int_equal(figures.codes[CODE_OK], THREADS * ROUNDS / 2);
	assert_int_equal(figures.codes[CODE_INTERNAL], THREADS * ROUNDS / 2);
	assert_int_equal(figures.durations.counts[1], THREADS * ROUNDS);
	assert_int_equal(figures.response_bytes, 3 * THREADS * ROUNDS);
	call_counters_read(counters, call_counters_method_count(counters) - 1, &figures);
	assert_string_equal(figures.name, "unknown");
	assert_int_equal(figures.calls, THREADS * ROUNDS);
	call_counters_free(counters);
}

static void test_text_without_content(void **state)
{
	static const struct telemetry_gauges gauges = { .content_known = false };
	struct exposition_text text;
	write_metrics(&gauges, &text);
	for (size_t i = 0; i < text.name_count; i++)
		assert_string_not_equal(text.names[i], "lectern_posts");
	assert_int_equal(exposition_get(&text, "lectern_store_healthy", ""), 0);
	assert_int_equal(exposition_get(&text, "lectern_store_map_used_ratio", ""), 0);
	exposition_free(&text);
}

static void test_gauges(void **state)
{
	static const double bounds[] = { 0.000064, 0.1, 16.777216 };
	static const struct telemetry_gauges gauges = {
		.commits = UINT64_MAX,
		.commit_durations = { bounds, 3, { 1, 2, 3, 4 }, 12.5 },
		.store_bytes = 25,
		.store_map_bytes = 100,
		.store_healthy = true,
		.content_known = true,
		.posts = { 1, 2, 3, 4 },
		.terms = { 5, 6, 7 },
		.overdue_seconds = 1e-7,
	};
	struct exposition_text text;
	write_metrics(&gauges, &text);
#define BUCKET(bound) exposition_get(&text, "lectern_commit_duration_seconds_bucket", bound)
	assert_int_equal(BUCKET("le=\"6.4e-05\""), 1);
	assert_int_equal(BUCKET("le=\"0.1\""), 3);
	assert_int_equal(BUCKET("le=\"16.777216\""), 6);
	assert_int_equal(BUCKET("le=\"+Inf\""), 10);
#undef BUCKET
	assert_true(exposition_get(&text, "lectern_commit_duration_seconds_sum", "") == 12.5);
	assert_true(exposition_get(&text, "lectern_store_map_used_ratio", "") == 0.25);
	assert_int_equal(exposition_get(&text, "lectern_posts", "state=\"trashed\""), 4);
	assert_int_equal(exposition_get(&text, "lectern_terms", "kind=\"author\""), 7);
	assert_true(exposition_get(&text, "lectern_overdue_seconds", "") == 1e-7);
	assert_int_equal(exposition_get(&text, "lectern_build_info",
				 "version=\"1.2.3\",nng=\"1.5.2\",lmdb=\"a\\\"b\\\\c\\nd\","
				 "protobuf_c=\"" PROTOBUF_C_VERSION "\""),
		1);
	assert_true(exposition_get(&text, "process_resident_memory_bytes", "") > 100000);
	assert_true(exposition_get(&text, "process_open_fds", "") >= 3);
	assert_true(exposition_get(&text, "process_threads", "") >= 1);
	double started = exposition_get(&text, "process_start_time_seconds", "");
	double now = (double)clock_realtime_us() / 1e6;
	assert_true(started <= now && started > now - 600);
	exposition_free(&text);
}

/* Every metric has its row in the table of the documentation, with its type, and every row its
 * metric. */
static void test_every_metric_is_documented(void **state)
{
	static const struct telemetry_gauges gauges = { .content_known = true };
	const char *source = getenv("LECTERN_SOURCE");
	char path[1024];
	char line[4096];
	size_t rows = 0;
	struct exposition_text text;
	assert_non_null(source);
	snprintf(path, sizeof path, "%s/docs/operations.md", source);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	observe(get_tag, CODE_OK, 1);
	write_metrics(&gauges, &text);
	while (fgets(line, sizeof line, file) != NULL) {
		char name[128];
		if (sscanf(line, "| `%127[a-z_]", name) != 1 ||
			(strncmp(name, "lectern_", 8) != 0 && strncmp(name, "process_", 8) != 0))
			continue;
		bool found = false;
		for (size_t i = 0; i < text.name_count; i++)
			found = found || strcmp(text.names[i], name) == 0;
		if (!found)
			fail_msg("docs/operations.md: there is no metric %s", name);
		rows++;
	}
	fclose(file);
	assert_int_equal(rows, text.name_count);
	exposition_free(&text);
}

/* What fn() writes to standard error. */
static const char *logged(void (*fn)(void))
{
	static char output[65536];
	FILE *captured = tmpfile();
	int saved = dup(STDERR_FILENO);
	assert_non_null(captured);
	dup2(fileno(captured), STDERR_FILENO);
	fn();
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(captured);
	output[fread(output, 1, sizeof output - 1, captured)] = '\0';
	fclose(captured);
	return output;
}

static void log_whole_line(void)
{
	struct rpc_call call = call_of(get_tag);
	struct error err;
	strcpy(call.request_id, "r-1");
	strcpy(call.trace_id, "0af7651916cd43dd8448eb211c80319c");
	strcpy(call.principal, "web");
	fail_reason(&err, CODE_NOT_FOUND, "TAG_NOT_FOUND", "there is no \"tag\"\nnone");
	telemetry_observe(telemetry, &call, &err, 999999);
}

static void test_a_line_of_a_call(void **state)
{
	log_configure(LOG_JSON, LOG_INFO);
	telemetry_set_log_calls(telemetry, TELEMETRY_LOG_FAILED, 1000);
	const char *line = logged(log_whole_line);
	assert_non_null(strstr(line,
		"\"level\":\"info\",\"msg\":\"call\",\"method\":\"" GET_TAG
		"\",\"code\":\"NOT_FOUND\",\"duration_us\":999,\"bytes\":0,\"peer\":\"ipc\","
		"\"request_id\":\"r-1\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","
		"\"principal\":\"web\",\"reason\":\"TAG_NOT_FOUND\","
		"\"message\":\"there is no \\\"tag\\\"\\nnone\"}\n"));
}

static void log_ok(void)
{
	observe(get_tag, CODE_OK, 999999);
}

static void log_slow(void)
{
	observe(get_tag, CODE_OK, 1000000);
}

static void log_slow_wait(void)
{
	observe(get_operation, CODE_OK, UINT64_C(30000000000));
}

static void log_failed(void)
{
	observe(get_tag, CODE_INVALID_ARGUMENT, 5);
}

static void log_fault(void)
{
	observe(get_tag, CODE_INTERNAL, 5);
}

static void log_unknown(void)
{
	observe(NULL, CODE_UNIMPLEMENTED, 5);
}

static void test_which_calls_are_logged(void **state)
{
	static const struct {
		void (*fn)(void);
		const char *all, *failed, *none; /* a part of the line; NULL: there is none */
	} cases[] = {
		{ log_ok, "\"info\",\"msg\":\"call\"", NULL, NULL },
		{ log_slow, "\"warn\",\"msg\":\"slow call\"", "\"warn\",\"msg\":\"slow call\"",
			"\"warn\",\"msg\":\"slow call\"" },
		{ log_slow_wait, "\"info\",\"msg\":\"call\"", NULL, NULL },
		{ log_failed, "\"info\",\"msg\":\"call\"", "\"code\":\"INVALID_ARGUMENT\"", NULL },
		{ log_fault, "\"error\"", "\"level\":\"error\",\"msg\":\"call\"", NULL },
		{ log_unknown, "\"method\":\"unknown\"", "\"method\":\"unknown\"", NULL },
	};
	log_configure(LOG_JSON, LOG_INFO);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (int mode = TELEMETRY_LOG_FAILED; mode <= TELEMETRY_LOG_NONE; mode++) {
			telemetry_set_log_calls(telemetry, (enum telemetry_log_calls)mode, 1000);
			const char *want = mode == TELEMETRY_LOG_ALL	  ? cases[i].all
					   : mode == TELEMETRY_LOG_FAILED ? cases[i].failed
									  : cases[i].none;
			const char *line = logged(cases[i].fn);
			if (want == NULL ? line[0] != '\0' : strstr(line, want) == NULL)
				fail_msg("case %zu, mode %d: %s", i, mode, line);
		}
	}
	telemetry_set_log_calls(telemetry, TELEMETRY_LOG_FAILED, 0);
	assert_string_equal(logged(log_slow), "");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_calls_are_counted_by_method_and_code),
		TEST(test_bounds),
		TEST(test_threads),
		TEST(test_text_without_content),
		TEST(test_gauges),
		TEST(test_every_metric_is_documented),
		TEST(test_a_line_of_a_call),
		TEST(test_which_calls_are_logged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
