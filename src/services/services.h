/* The services: every method of lectern.v1 on top of the store. */
#pragma once
#include "base/buffer.h"
#include "base/error.h"
#include "rpc/rpc.h"
#include "store/store.h"

struct services;

struct services_options {
	struct store *store; /* borrowed */
	const char *version; /* a literal */
	/* Where backups are made; made with the first one. What a server that was killed has left
	 * of one is removed. Copied. */
	const char *backup_directory;
};

enum code services_new(
	const struct services_options *options, struct services **ret, struct error *err) NODISCARD;
void services_free(struct services *services);

/* Ends the threads that use the store, which can be closed then: writes that wait to be rendered
 * and calls that wait for changes are refused, a backup or a check is ended, what was committed is
 * published. No new call may come in. NULL is allowed. */
void services_stop(struct services *services);

/* Fills the tables and hooks for rpc_new(). They live as long as services. */
void services_rpc_options(struct services *services, struct rpc_options *ret);

/* What GetServerInfo tells. Before the first call is dispatched. The texts are copied. */
enum code services_set_addresses(struct services *services, const char *const *urls, size_t count,
	struct error *err) NODISCARD;

/* Where new changes go. */
struct services_publisher {
	/* Sends one message, the parts one behind the other; must not block. */
	void (*send)(void *context, const struct slice *parts, size_t count);
	void *context;
	const char *const *urls; /* for GetServerInfo; copied */
	size_t url_count;
};

/* Publishes what is committed from now on until services_stop(). Once, before the first call is
 * dispatched. */
enum code services_publish(struct services *services, const struct services_publisher *publisher,
	struct error *err) NODISCARD;

/* HealthService.Check says NOT_SERVING from now on; a backup or check is ended, so that who waits
 * for it is answered while answers still go out. Any thread. */
void services_set_stopping(struct services *services);

/* What the services know of the store and of themselves, for metrics. */
struct services_figures {
	struct store_stats store;
	bool store_healthy;
	uint32_t change_waiters;
	uint64_t feed_lag;	/* changes that are committed and not sent to the PUB socket yet */
	int64_t last_backup_us; /* 0: none since the start */
	/* Only where the store could be read. */
	bool content_known;
	uint64_t free_bytes; /* of the data file */
	uint64_t posts[4];   /* draft, scheduled, published, trashed */
	uint64_t terms[3];   /* tags, categories, authors */
	uint64_t revision;
	uint64_t oldest_change_revision;
	int64_t next_due_us; /* 0: nothing is due */
};

/* Any thread, until services_stop(). */
void services_read_figures(struct services *services, struct services_figures *ret);

enum { SERVICES_BOUNDS_MAX = 32 };

/* What is known of the calls where they come in. */
struct services_calls {
	uint64_t calls;
	uint64_t failed;
	uint32_t in_flight;
	uint32_t parked;
	uint32_t connections;
	uint32_t subscribers;
	/* Durations: counts[i] are at most upper_us[i]; the last one has no bound. */
	size_t bound_count;
	uint64_t upper_us[SERVICES_BOUNDS_MAX];
	uint64_t counts[SERVICES_BOUNDS_MAX + 1];
};

/* Where GetStats and GetMetrics get what the services do not know. Any thread. */
struct services_telemetry {
	void *context;
	void (*read_calls)(void *context, struct services_calls *ret);
	/* Appends all metrics as text; RESOURCE_EXHAUSTED if they do not fit. */
	enum code (*write_metrics)(void *context, struct buffer *out);
};

/* Before the first call is dispatched; copied. Without it the calls are 0 and GetMetrics is
 * UNIMPLEMENTED. */
void services_set_telemetry(struct services *services, const struct services_telemetry *telemetry);
