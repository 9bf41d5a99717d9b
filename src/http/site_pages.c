#include "http/site_pages.h"

enum { HOST_BYTES_MAX = 255 };

/* "http://HOST" from the request. */
static enum code base_from_host(
	const struct http_request *request, const char **ret, struct error *err)
{
	struct slice host;
	if (!http_header(request, "host", &host) || host.size == 0 || host.size > HOST_BYTES_MAX)
		return fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST",
			"without a Host header the addresses of the site are not known; send one, "
			"or start the server with --site-url");
	char *url = arena_printf(request->arena, "http%s://%.*s", request->secure ? "s" : "",
		(int)host.size, (const char *)host.data);
	if (url == NULL)
		return fail_out_of_memory(err);
	*ret = url;
	if (site_check_base_url(url, err) != CODE_OK)
		return fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST",
			"the Host header names no host");
	return CODE_OK;
}

enum code site_request_init(const struct site_pages *pages, const struct http_request *request,
	struct site_request *ret, struct error *err)
{
	ret->request = *request;
	ret->request.trusted = pages->open;
	ret->links = pages->links;
	ret->title = pages->title;
	if (ret->links.base_url != NULL)
		return CODE_OK;
	return base_from_host(request, &ret->links.base_url, err);
}

void site_routes(const struct site_pages *pages, struct http_route out[SITE_ROUTES])
{
	void *context = (void *)(uintptr_t)pages;
	out[0] = (struct http_route){ .prefix = "/feeds/all.atom",
		.exact = true,
		.methods = HTTP_GET,
		.handle = site_feed_of_all,
		.context = context };
	out[1] = (struct http_route){ .prefix = "/feeds/",
		.suffix = ".atom",
		.methods = HTTP_GET,
		.handle = site_feed_of_term,
		.context = context };
	out[2] = (struct http_route){ .prefix = "/sitemap.xml",
		.exact = true,
		.methods = HTTP_GET,
		.handle = site_sitemap,
		.context = context };
	out[3] = (struct http_route){ .prefix = "/sitemap/terms.xml",
		.exact = true,
		.methods = HTTP_GET,
		.handle = site_sitemap_of_terms,
		.context = context };
	out[4] = (struct http_route){ .prefix = "/sitemap/",
		.suffix = ".xml",
		.methods = HTTP_GET,
		.handle = site_sitemap_of_dates,
		.context = context };
}
