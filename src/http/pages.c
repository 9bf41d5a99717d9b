#include "http/pages.h"

#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/health.pb-c.h>

static void answer_text(struct http_reply *reply, const char *text)
{
	reply->content_type = "text/plain; charset=utf-8";
	buffer_append_text(&reply->body, text);
}

static enum code tell(void *context, const struct http_request *request, struct http_reply *reply,
	struct error *err)
{
	(void)context, (void)request, (void)err;
	answer_text(reply,
		"Lectern, a content service.\n\n"
		"POST /lectern.v1.PostService/GetPost and every other method: the Connect "
		"protocol,\n"
		"  with application/json or application/proto; methods that only read also by GET\n"
		"GET /feeds/all.atom, /feeds/tag/SLUG.atom, /feeds/category/SLUG.atom,\n"
		"  /feeds/author/SLUG.atom: feeds\n"
		"GET /sitemap.xml: a sitemap\n"
		"GET /livez, /readyz: probes\n"
		"GET /metrics: for Prometheus\n");
	return CODE_OK;
}

/* The process answers: whatever the store does, a restart would not help. */
static enum code tell_live(void *context, const struct http_request *request,
	struct http_reply *reply, struct error *err)
{
	(void)context, (void)request, (void)err;
	answer_text(reply, "ok\n");
	return CODE_OK;
}

/* 503 with the reason unless calls can be served. */
static enum code tell_ready(void *context, const struct http_request *request,
	struct http_reply *reply, struct error *err)
{
	(void)context;
	struct http_answer answer;
	enum code code = http_call(request, "lectern.v1.HealthService/Check", NULL, &answer, err);
	if (code != CODE_OK)
		return fail(err, CODE_UNAVAILABLE, "not ready");
	const Lectern__V1__CheckResponse *health =
		(const Lectern__V1__CheckResponse *)answer.message;
	if (health->status != LECTERN__V1__SERVING_STATUS__SERVING_STATUS_SERVING)
		return fail(err, CODE_UNAVAILABLE,
			"not ready: the server stops, or its store cannot be read; see its log");
	answer_text(reply, "ok\n");
	return CODE_OK;
}

static enum code tell_metrics(void *context, const struct http_request *request,
	struct http_reply *reply, struct error *err)
{
	(void)context;
	struct http_answer answer;
	enum code code =
		http_call(request, "lectern.v1.AdminService/GetMetrics", NULL, &answer, err);
	if (code != CODE_OK)
		return code;
	answer_text(reply, ((const Lectern__V1__GetMetricsResponse *)answer.message)->text);
	reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
	return CODE_OK;
}

void http_pages(struct http_route *out)
{
	static const struct http_route pages[HTTP_PAGES] = {
		{ .prefix = "/", .exact = true, .methods = HTTP_GET, .handle = tell },
		{ .prefix = "/livez", .exact = true, .methods = HTTP_GET, .handle = tell_live },
		{ .prefix = "/readyz", .exact = true, .methods = HTTP_GET, .handle = tell_ready },
		{ .prefix = "/metrics",
			.exact = true,
			.methods = HTTP_GET,
			.handle = tell_metrics },
	};
	for (size_t i = 0; i < HTTP_PAGES; i++)
		out[i] = pages[i];
}
