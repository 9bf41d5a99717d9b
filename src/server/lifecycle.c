#include "server/lifecycle.h"

#include "auth/auth.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "rpc/rpc.h"
#include "server/authorize.h"
#include "server/descriptors.h"
#include "server/notify.h"
#include "server/observe.h"
#include "server/reload.h"
#include "server/serve_http.h"
#include "server/signals.h"
#include "server/tls.h"
#include "services/services.h"
#include "store/backup.h"
#include "store/store.h"
#include "transport/nng_server.h"
#include "transport/publisher.h"

#include <lectern/version.h>
#include <signal.h>
#include <string.h>

enum {
	DRAIN_MS = 10 * 1000, /* for calls in flight; container managers wait 10 s or longer */
	ADDRESSES_BYTES_MAX = 4096,
	BACKUP_PATH_BYTES = 4096,
};

struct server {
	const struct server_options *options;
	struct store *store;
	struct services *services;
	struct auth *auth; /* NULL: nobody needs a token */
	struct rpc_options rpc_options;
	struct observer *observer;
	struct rpc *rpc;
	struct tls_credentials tls;
	struct nng_server *transport;
	struct publisher *publisher; /* NULL unless asked for */
	struct serve_http *http;     /* likewise */
};

static void log_rebuild(void)
{
	log_event(LOG_INFO,
		"the indexes of the store are made again for this version; a minute or more for "
		"each hundred thousand posts, and an end before it is done does no harm",
		LOG_END);
}

static void log_disk(const struct error *trouble)
{
	if (trouble != NULL)
		log_event(LOG_ERROR, "the disk refuses writes", log_text("cause", trouble->text),
			LOG_END);
	else
		log_event(LOG_INFO, "the disk takes writes again", LOG_END);
}

static void log_assertion(const char *text)
{
	log_event(LOG_ERROR,
		"the data file contradicts itself and the server cannot go on; start it again, run "
		"lectern check, restore a backup if that finds problems",
		log_text("assertion", text), LOG_END);
	log_flush();
}

static enum code open_parts(struct server *server, struct error *err)
{
	const struct server_options *options = server->options;
	struct store_options store = { .directory = options->data,
		.map_bytes = options->map_bytes,
		.retention = { .trash_us = options->trash_retention_us,
			.changes_us = options->change_retention_us,
			.changes_kept = options->changes_kept,
			.revisions_kept = (uint32_t)options->revisions_kept },
		.on_rebuild = log_rebuild,
		.on_disk = log_disk,
		.on_assertion = log_assertion };
	enum code code = store_open(&store, &server->store, err);
	if (code != CODE_OK)
		return code;
	char backups[BACKUP_PATH_BYTES];
	snprintf(backups, sizeof backups, "%s/backups", options->data);
	struct services_options services = { .store = server->store,
		.version = LECTERN_VERSION,
		.backup_directory = options->backup_dir != NULL ? options->backup_dir : backups };
	code = services_new(&services, &server->services, err);
	if (code != CODE_OK)
		return code;
	services_rpc_options(server->services, &server->rpc_options);
	server->rpc_options.reply_cache_bytes = (size_t)options->reply_cache_bytes;
	code = observer_new(options, &server->rpc_options, &server->observer, err);
	if (code == CODE_OK)
		code = authorize_open(options->tokens, &server->rpc_options, &server->auth, err);
	if (code != CODE_OK)
		return code;
	code = rpc_new(&server->rpc_options, &server->rpc, err);
	if (code != CODE_OK)
		return code;
	code = tls_read(options, &server->tls, err);
	if (code != CODE_OK)
		return code;
	struct nng_server_options transport = {
		.rpc = server->rpc,
		.urls = options->listen.items,
		.url_count = options->listen.count,
		.contexts = (size_t)options->contexts,
		.tls = server->tls.certificate == NULL ? NULL : &server->tls,
		.connections_max = (size_t)options->max_connections,
		.in_flight_max = (uint32_t)options->max_in_flight,
	};
	size_t descriptors = descriptors_raise();
	if (transport.connections_max == 0)
		transport.connections_max = descriptors_for_connections(descriptors);
	code = nng_server_new(&transport, &server->transport, err);
	if (code == CODE_OK && options->publish.count > 0)
		code = publisher_new(options->publish.items, options->publish.count, transport.tls,
			&server->publisher, err);
	if (code == CODE_OK)
		code = serve_http_new(options, &server->tls, server->rpc, &server->http, err);
	if (code == CODE_OK)
		observer_attach(server->observer, server->rpc, server->services, server->transport,
			server->publisher, server->http);
	return code;
}

static void send_change(void *publisher, const struct slice *parts, size_t count)
{
	publisher_send(publisher, parts, count);
}

static enum code start_publishing(struct server *server, struct error *err)
{
	const char *urls[LIMIT_LISTENERS];
	size_t count = publisher_address_count(server->publisher);
	for (size_t i = 0; i < count; i++)
		urls[i] = publisher_address(server->publisher, i);
	const struct services_publisher publisher = {
		.send = send_change,
		.context = server->publisher,
		.urls = urls,
		.url_count = count,
	};
	return services_publish(server->services, &publisher, err);
}

/* Those of nng, then those of HTTP. */
static enum code tell_addresses(struct server *server, struct error *err)
{
	const char *urls[2 * LIMIT_LISTENERS];
	size_t count = nng_server_address_count(server->transport);
	for (size_t i = 0; i < count; i++)
		urls[i] = nng_server_address(server->transport, i);
	for (size_t i = 0; i < serve_http_address_count(server->http); i++)
		urls[count++] = serve_http_address(server->http, i);
	return services_set_addresses(server->services, urls, count, err);
}

static enum code read_revision(struct server *server, uint64_t *ret, struct error *err)
{
	void *snapshot;
	enum code code = server->rpc_options.snapshot_open(server->services, &snapshot, ret, err);
	if (code == CODE_OK)
		server->rpc_options.snapshot_close(server->services, snapshot);
	return code;
}

/* The reverse of open_parts(), for whatever of it was opened. The store answers what is still
 * queued, so what those answers pass through is freed after it. */
static void close_parts(struct server *server, struct nng_server_stop *stop)
{
	size_t abandoned = serve_http_stop(server->http, DRAIN_MS);
	if (server->transport != NULL)
		nng_server_stop(server->transport, DRAIN_MS, stop);
	stop->abandoned_count += abandoned;
	services_stop(server->services);
	store_close(server->store);
	if (!publisher_free(server->publisher))
		stop->stuck = true;
	services_free(server->services);
	serve_http_free(server->http);
	rpc_free(server->rpc);
	nng_server_free(server->transport);
	tls_credentials_done(&server->tls);
	observer_free(server->observer);
	auth_close(server->auth);
}

/* The addresses of one kind, with blanks between them. */
static void list_addresses(struct buffer *out, const void *part, size_t count,
	const char *(*address)(const void *part, size_t index))
{
	buffer_init(out, ADDRESSES_BYTES_MAX);
	for (size_t i = 0; i < count; i++)
		buffer_printf(out, "%s%s", i == 0 ? "" : " ", address(part, i));
}

static const char *rpc_address(const void *part, size_t index)
{
	return nng_server_address(part, index);
}

static const char *feed_address(const void *part, size_t index)
{
	return publisher_address(part, index);
}

static const char *http_address(const void *part, size_t index)
{
	return serve_http_address(part, index);
}

/* The fields "publish" and "http" are there if there are such addresses. */
static void log_ready(const struct server *server, uint64_t revision, uint64_t start_ns)
{
	struct buffer addresses, publish, http;
	size_t publish_count =
		server->publisher == NULL ? 0 : publisher_address_count(server->publisher);
	size_t http_count = serve_http_address_count(server->http);
	list_addresses(&addresses, server->transport, nng_server_address_count(server->transport),
		rpc_address);
	list_addresses(&publish, server->publisher, publish_count, feed_address);
	list_addresses(&http, server->http, http_count, http_address);
	struct log_field fields[7] = { log_text("address", buffer_text(&addresses)),
		log_text("version", LECTERN_VERSION), log_number("revision", (int64_t)revision),
		log_number("duration_ms", (int64_t)((clock_monotonic_ns() - start_ns) / 1000000)) };
	size_t count = 4;
	if (publish_count > 0)
		fields[count++] = log_text("publish", buffer_text(&publish));
	if (http_count > 0)
		fields[count++] = log_text("http", buffer_text(&http));
	fields[count] = LOG_END;
	log_event_fields(LOG_INFO, "ready", fields);
	buffer_done(&addresses);
	buffer_done(&publish);
	buffer_done(&http);
}

static void warn_insecure(const struct server_options *options)
{
	struct error err;
	if (server_options_check_reach(options, &err) != CODE_OK)
		log_event(LOG_WARN,
			"insecure: what is not protected can be read and changed by others",
			log_text("cause", err.text), LOG_END);
}

/* Returns the signal that ends the server. */
static int wait_for_end(
	struct server *server, struct server_options *options, int argc, char *const *argv)
{
	for (;;) {
		int number = signals_wait();
		if (number != SIGHUP)
			return number;
		reload_options(options, argc, argv);
		observer_reload(server->observer, options);
		tls_reload(options, server->transport, server->publisher, server->http);
		authorize_reload(server->auth);
	}
}

static enum code start(struct server *server, struct error *err)
{
	uint64_t start_ns = clock_monotonic_ns();
	uint64_t revision = 0;
	enum code code = open_parts(server, err);
	if (code == CODE_OK)
		code = tell_addresses(server, err);
	if (code == CODE_OK && server->publisher != NULL)
		code = start_publishing(server, err);
	if (code == CODE_OK)
		code = read_revision(server, &revision, err);
	if (code != CODE_OK)
		return code;
	code = serve_http_start(server->http, err);
	if (code != CODE_OK)
		return code;
	nng_server_start(server->transport);
	warn_insecure(server->options);
	if (nng_server_warning() != NULL)
		log_event(LOG_WARN, nng_server_warning(), LOG_END);
	log_ready(server, revision, start_ns);
	notify_service_manager("READY=1");
	return CODE_OK;
}

static int run(struct server_options *options, int argc, char *const *argv)
{
	struct server server = { .options = options };
	struct nng_server_stop stop = { 0 };
	struct error err;
	if (start(&server, &err) != CODE_OK) {
		log_event(LOG_ERROR, err.text, log_text("code", code_name(err.code)), LOG_END);
		close_parts(&server, &stop);
		return 1;
	}
	int number = wait_for_end(&server, options, argc, argv);
	signals_make_final();
	log_event(LOG_INFO, "draining", log_text("signal", strsignal(number)), LOG_END);
	notify_service_manager("STOPPING=1");
	services_set_stopping(server.services);
	close_parts(&server, &stop);
	if (stop.stuck)
		log_event(LOG_WARN, "nng did not close all connections", LOG_END);
	log_tell_counts();
	log_event(LOG_INFO, "stopped", log_number("finished_calls", (int64_t)stop.finished_count),
		log_number("abandoned_calls", (int64_t)stop.abandoned_count), LOG_END);
	return 0;
}

/* The signals first, so that the log's thread does not meet them either. What is logged until the
 * end is written before it, also after a failed start. */
int server_run(struct server_options *options, int argc, char *const *argv)
{
	struct error err;
	signals_block();
	if (log_start(&err) != CODE_OK) {
		log_event(LOG_ERROR, err.text, log_text("code", code_name(err.code)), LOG_END);
		return 1;
	}
	int status = run(options, argc, argv);
	log_stop();
	return status;
}

int server_restore(const struct server_options *options)
{
	struct store_facts facts;
	struct error err;
	uint64_t start_ns = clock_monotonic_ns();
	if (backup_restore(options->restore, options->data, &facts, &err) != CODE_OK) {
		log_event(LOG_ERROR, err.text, log_text("code", code_name(err.code)), LOG_END);
		return 1;
	}
	log_event(LOG_INFO, "restored", log_text("data", options->data),
		log_text("file", options->restore), log_number("revision", (int64_t)facts.revision),
		log_number("posts", (int64_t)facts.post_count),
		log_number("store_format", (int64_t)facts.format),
		log_number("duration_ms", (int64_t)((clock_monotonic_ns() - start_ns) / 1000000)),
		LOG_END);
	return 0;
}
