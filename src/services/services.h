/* The services: every method of lectern.v1 on top of the store. */
#pragma once
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
