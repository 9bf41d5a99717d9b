#include "bench/guard/server.h"

#include "base/clock.h"
#include "support/random.h"

#include <lectern/version.h>
#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
	LARGE_BLOCK_BYTES = 1024 * 1024, /* as in src/server/main.c */
	US_PER_S = 1000000,
	BACKUP_PATH_BYTES = 4096,
};

/* 2026-01-01T00:00:00Z. */
static _Atomic int64_t now_us = INT64_C(1767225600) * US_PER_S;
/* Decades ahead of the system's clock, so that no wait of the server's threads comes to its end:
 * what they do then would fall into some call. */
static const uint64_t MONOTONIC_NS = UINT64_C(1) << 60;

static int64_t read_realtime(void)
{
	return atomic_load_explicit(&now_us, memory_order_relaxed);
}

static uint64_t read_monotonic(void)
{
	return MONOTONIC_NS;
}

void guard_advance_clock(void)
{
	atomic_fetch_add_explicit(&now_us, US_PER_S, memory_order_relaxed);
}

static struct random random_state = { .state = 1 };

static const char *random_name(void)
{
	return "guard";
}

static uint32_t random_word(void)
{
	return (uint32_t)random_next(&random_state);
}

static void random_bytes(void *out, const size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i++)
		((uint8_t *)out)[i] = (uint8_t)random_word();
}

/* Instead of that of libc, for what asks the system itself: the linker takes it. */
ssize_t getrandom(void *out, size_t size_bytes, unsigned flags)
{
	(void)flags;
	random_bytes(out, size_bytes);
	return (ssize_t)size_bytes;
}

static void make_deterministic(void)
{
	static struct randombytes_implementation implementation = {
		.implementation_name = random_name,
		.random = random_word,
		.buf = random_bytes,
	};
	randombytes_set_implementation(&implementation);
	clock_set_realtime_hook(read_realtime);
	clock_set_monotonic_hook(read_monotonic);
}

_Noreturn void guard_give_up(const char *what, const struct error *err)
{
	fprintf(stderr, "bench.guard: %s: %s\n", what, err->text);
	exit(EXIT_FAILURE);
}

static enum code open_services(struct guard_server *server, struct error *err)
{
	const struct server_options *options = &server->options;
	struct store_options store = { .directory = options->data,
		.map_bytes = options->map_bytes,
		.retention = { .trash_us = options->trash_retention_us,
			.changes_us = options->change_retention_us,
			.changes_kept = options->changes_kept,
			.revisions_kept = (uint32_t)options->revisions_kept } };
	enum code code = store_open(&store, &server->store, err);
	if (code != CODE_OK)
		return code;
	char backups[BACKUP_PATH_BYTES];
	snprintf(backups, sizeof backups, "%s/backups", options->data);
	struct services_options services = {
		.store = server->store, .version = LECTERN_VERSION, .backup_directory = backups
	};
	return services_new(&services, &server->services, err);
}

static enum code open_rpc(struct guard_server *server, struct error *err)
{
	struct rpc_options *rpc = &server->rpc_options;
	services_rpc_options(server->services, rpc);
	rpc->reply_cache_bytes = (size_t)server->options.reply_cache_bytes;
	const struct telemetry_options telemetry = { .rpc = rpc,
		.log_calls = server->options.log_calls,
		.slow_call_us = (uint64_t)server->options.slow_call_us,
		.version = LECTERN_VERSION,
		.nng_version = "",
		.lmdb_version = "" };
	enum code code = telemetry_new(&telemetry, &server->telemetry, err);
	if (code != CODE_OK)
		return code;
	rpc->observe = telemetry_observe;
	rpc->observer = server->telemetry;
	return rpc_new(rpc, &server->rpc, err);
}

void guard_server_open(struct guard_server *server, const char *directory)
{
	struct error err;
	/* Valgrind has no room for a map of the default size. */
	char *arguments[] = { (char[]){ "lecternd" }, (char[]){ "--data" },
		(char *)(uintptr_t)directory, (char[]){ "--map-size" }, (char[]){ "1G" }, NULL };
	mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
	make_deterministic();
	*server = (struct guard_server){ .store = NULL };
	if (server_options_parse(sizeof arguments / sizeof *arguments - 1, arguments,
		    &server->options, &err) != CODE_OK ||
		open_services(server, &err) != CODE_OK || open_rpc(server, &err) != CODE_OK)
		guard_give_up("start the server", &err);
	server->traffic = guard_traffic_new(server->rpc);
	server->http = guard_http_new(&server->options, server->rpc);
}

void guard_server_close(struct guard_server *server)
{
	services_stop(server->services);
	store_close(server->store);
	guard_traffic_free(server->traffic);
	guard_http_free(server->http);
	services_free(server->services);
	rpc_free(server->rpc);
	telemetry_free(server->telemetry);
	server_options_done(&server->options);
}
