#include "http/head.h"

#include "base/text.h"

#include <inttypes.h>
#include <strings.h>

static bool is(struct slice text, const char *other)
{
	return text.size == strlen(other) &&
	       strncasecmp((const char *)text.data, other, text.size) == 0;
}

static bool starts_with(struct slice text, const char *prefix)
{
	size_t size = strlen(prefix);
	return text.size >= size && strncasecmp((const char *)text.data, prefix, size) == 0;
}

/* Behind "http://HOST". */
static struct slice without_authority(struct slice target)
{
	size_t scheme = starts_with(target, "http://")	  ? 7
			: starts_with(target, "https://") ? 8
							  : 0;
	size_t at = scheme;
	while (scheme > 0 && at < target.size && target.data[at] != '/' && target.data[at] != '?')
		at++;
	return slice_of(target.data + at, target.size - at);
}

bool head_split_target(struct slice target, struct http_request *request)
{
	for (size_t i = 0; i < target.size; i++)
		if (target.data[i] <= ' ' || target.data[i] == 0x7F || target.data[i] == '#')
			return false;
	struct slice rest = without_authority(target);
	const uint8_t *mark = rest.size == 0 ? NULL : memchr(rest.data, '?', rest.size);
	size_t size = mark == NULL ? rest.size : (size_t)(mark - rest.data);
	request->path = slice_of(rest.data, size);
	request->query =
		mark == NULL ? slice_of(NULL, 0) : slice_of(mark + 1, rest.size - size - 1);
	if (size == 0 && rest.data != target.data)
		request->path = slice_of_text("/");
	return (request->path.size > 0 && request->path.data[0] == '/') ||
	       (request->method == HTTP_OPTIONS && is(target, "*"));
}

/* RFC 9110, 5.6.2. */
static bool is_token(struct slice name)
{
	for (size_t i = 0; i < name.size; i++) {
		uint8_t c = name.data[i];
		bool plain =
			(c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!plain && (c == 0 || strchr("!#$%&'*+-.^_`|~", c) == NULL))
			return false;
	}
	return name.size > 0;
}

static bool is_value(struct slice value)
{
	for (size_t i = 0; i < value.size; i++)
		if ((value.data[i] < ' ' && value.data[i] != '\t') || value.data[i] == 0x7F)
			return false;
	return true;
}

static size_t count(const struct http_request *request, const char *name, struct slice *ret)
{
	size_t found = 0;
	for (size_t i = 0; i < request->header_count; i++) {
		if (!is(request->headers[i].name, name))
			continue;
		*ret = request->headers[i].value;
		found++;
	}
	return found;
}

static unsigned refuse(struct error *err, const char *what)
{
	fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST", "the request %s", what);
	return 400;
}

static unsigned check_fields(const struct http_request *request, struct error *err)
{
	for (size_t i = 0; i < request->header_count; i++) {
		if (!is_token(request->headers[i].name))
			return refuse(err, "has a header whose name is none");
		if (!is_value(request->headers[i].value))
			return refuse(err, "has a header with control characters");
	}
	return 0;
}

/* RFC 9112, 6. */
static unsigned check_body(const struct http_request *request, struct head *head, struct error *err)
{
	struct slice length = slice_of(NULL, 0);
	struct slice coding = slice_of(NULL, 0);
	size_t lengths = count(request, "content-length", &length);
	size_t codings = count(request, "transfer-encoding", &coding);
	if (lengths > 1)
		return refuse(err, "has several Content-Length headers");
	if (lengths > 0 && codings > 0)
		return refuse(err, "has both Content-Length and Transfer-Encoding");
	if (codings > 1 || (codings == 1 && !is(coding, "chunked")))
		return refuse(err, "has another Transfer-Encoding than chunked");
	if (codings == 1 && !is(head->version, "HTTP/1.1"))
		return refuse(err, "has a Transfer-Encoding, which HTTP/1.0 does not know");
	head->chunked = codings == 1;
	head->body_bytes = 0;
	if (lengths == 1 && !text_number(length, &head->body_bytes))
		return refuse(err, "has a Content-Length that is no number");
	return 0;
}

static unsigned check_size(const struct head *head, struct error *err)
{
	if (head->body_bytes <= LIMIT_REQUEST_BYTES)
		return 0;
	fail_reason(err, CODE_INVALID_ARGUMENT, "REQUEST_TOO_LARGE",
		"a request of %" PRIu64 " bytes; at most %d are allowed", head->body_bytes,
		LIMIT_REQUEST_BYTES);
	return 413;
}

unsigned head_check(const struct http_request *request, struct head *head, struct error *err)
{
	struct slice value = slice_of(NULL, 0);
	if (!is(head->version, "HTTP/1.1") && !is(head->version, "HTTP/1.0")) {
		fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST",
			"this is no HTTP/1.1 or HTTP/1.0");
		return 505;
	}
	unsigned status = check_fields(request, err);
	if (status == 0)
		status = check_body(request, head, err);
	if (status != 0)
		return status;
	size_t hosts = count(request, "host", &value);
	if (hosts > 1 || (hosts == 0 && is(head->version, "HTTP/1.1")))
		return refuse(err, "needs one Host header");
	if (count(request, "authorization", &value) > 1)
		return refuse(err, "has several Authorization headers");
	if (count(request, "expect", &value) > 0 && !is(value, "100-continue")) {
		refuse(err, "expects what this server does not know");
		return 417;
	}
	return check_size(head, err);
}
