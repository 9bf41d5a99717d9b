#include "server/serve_http.h"

#include "http/pages.h"
#include "http/server.h"
#include "http/site_pages.h"

#include <stdlib.h>

struct serve_http {
	struct http_server *server;
	struct site_pages site;
	struct http_route routes[HTTP_PAGES + SITE_ROUTES];
	bool started;
};

static struct site_pages site_of(const struct server_options *options)
{
	return (struct site_pages){
		.links = { .base_url = options->site_url,
			.post_path = options->site_post_path,
			.term_path = options->site_term_path },
		.title = options->site_title,
		.open = options->public_feeds,
		.sitemap_posts_max = SITE_SITEMAP_POSTS_MAX,
	};
}

enum code serve_http_new(const struct server_options *options, const struct tls_credentials *tls,
	const struct rpc *rpc, struct serve_http **ret, struct error *err)
{
	*ret = NULL;
	if (options->http.count == 0)
		return CODE_OK;
	struct serve_http *http = calloc(1, sizeof *http);
	if (http == NULL)
		return fail_out_of_memory(err);
	http->site = site_of(options);
	http_pages(http->routes);
	site_routes(&http->site, http->routes + HTTP_PAGES);
	const struct http_server_options server = {
		.rpc = rpc,
		.addresses = options->http.items,
		.address_count = options->http.count,
		.routes = http->routes,
		.route_count = HTTP_PAGES + SITE_ROUTES,
		.certificate = tls->certificate,
		.key = tls->key,
		.client_ca = tls->ca,
		.cors_origins = options->http_cors_origin.items,
		.cors_origin_count = options->http_cors_origin.count,
		.max_age_s = (int)(options->http_max_age_us / 1000000),
		.private_replies = options->tokens != NULL,
		.connections_max = (size_t)options->http_connections,
	};
	enum code code = http_server_new(&server, &http->server, err);
	if (code != CODE_OK) {
		free(http);
		return code;
	}
	*ret = http;
	return CODE_OK;
}

enum code serve_http_start(struct serve_http *http, struct error *err)
{
	if (http == NULL)
		return CODE_OK;
	http->started = true;
	return http_server_start(http->server, err);
}

size_t serve_http_address_count(const struct serve_http *http)
{
	return http == NULL ? 0 : http_server_address_count(http->server);
}

const char *serve_http_address(const struct serve_http *http, size_t index)
{
	return http_server_address(http->server, index);
}

void serve_http_read_stats(struct serve_http *http, struct http_server_stats *ret)
{
	*ret = (struct http_server_stats){ .connections = 0 };
	if (http != NULL)
		http_server_stats(http->server, ret);
}

enum code serve_http_renew_tls(
	struct serve_http *http, const struct tls_credentials *tls, struct error *err)
{
	if (http == NULL)
		return CODE_OK;
	return http_server_renew_tls(http->server, tls->certificate, tls->key, tls->ca, err);
}

size_t serve_http_stop(struct serve_http *http, uint32_t timeout_ms)
{
	struct http_server_stop stop = { 0 };
	if (http != NULL && http->started)
		http_server_stop(http->server, timeout_ms, &stop);
	return stop.abandoned_count;
}

void serve_http_free(struct serve_http *http)
{
	if (http == NULL)
		return;
	http_server_free(http->server);
	free(http);
}
