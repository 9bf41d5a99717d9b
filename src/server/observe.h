/* Telemetry, wired to the parts of the server that it tells of. */
#pragma once
#include "rpc/rpc.h"
#include "server/options.h"
#include "server/serve_http.h"
#include "services/services.h"
#include "transport/nng_server.h"
#include "transport/publisher.h"

struct observer;

/* Sets the hook of *rpc, whose tables are there; *rpc is borrowed until observer_free(). */
enum code observer_new(const struct server_options *options, struct rpc_options *rpc,
	struct observer **ret, struct error *err) NODISCARD;
/* What of the options can change while the server runs. */
void observer_reload(struct observer *observer, const struct server_options *options);
/* After the last call was answered. NULL is allowed. */
void observer_free(struct observer *observer);

/* What gauges are read from, and GetStats and GetMetrics answered with; before the first call is
 * dispatched. Publisher and HTTP may be NULL. All are borrowed until no call comes in any more. */
void observer_attach(struct observer *observer, const struct rpc *rpc, struct services *services,
	struct nng_server *transport, struct publisher *publisher, struct serve_http *http);

/* Appends all metrics, as telemetry.h tells; the context is the observer.
 * RESOURCE_EXHAUSTED if they do not fit. Any thread, after
 * observer_attach(). */
enum code observer_write_metrics(void *context, struct buffer *out);
