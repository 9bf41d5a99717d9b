/* What a request says: headers, parameters. */
#include "base/text.h"
#include "http/route.h"

#include <strings.h>

static bool same_name(struct slice name, const char *text)
{
	return name.size == strlen(text) &&
	       strncasecmp((const char *)name.data, text, name.size) == 0;
}

bool http_header(const struct http_request *request, const char *name, struct slice *ret)
{
	for (size_t i = 0; i < request->header_count; i++) {
		if (!same_name(request->headers[i].name, name))
			continue;
		*ret = request->headers[i].value;
		return true;
	}
	return false;
}

void http_read_headers(const struct http_request *request, struct rpc_call *call)
{
	static const char *const names[] = { "authorization", "x-request-id", "traceparent" };
	struct slice value;
	rpc_clear_headers(call);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (http_header(request, names[i], &value))
			rpc_read_header(call, slice_of_text(names[i]), value);
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum code decode(
	struct slice text, uint8_t plus, struct arena *arena, struct slice *ret, struct error *err)
{
	uint8_t *out = arena_alloc(arena, text.size + 1);
	size_t size = 0;
	if (out == NULL)
		return fail_out_of_memory(err);
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] != '%') {
			out[size++] = text.data[i] == '+' ? plus : text.data[i];
			continue;
		}
		int high = i + 2 < text.size ? hex_digit(text.data[i + 1]) : -1;
		int low = i + 2 < text.size ? hex_digit(text.data[i + 2]) : -1;
		if (high < 0 || low < 0)
			return fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST",
				"the %% at byte %zu is not followed by two hexadecimal digits", i);
		out[size++] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	out[size] = '\0';
	size_t wrong = text_find_invalid(slice_of(out, size));
	if (wrong != size)
		return fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST",
			"it is not UTF-8 without NUL at byte %zu, once decoded", wrong);
	*ret = slice_of(out, size);
	return CODE_OK;
}

enum code http_decode(struct slice text, struct arena *arena, struct slice *ret, struct error *err)
{
	return decode(text, '+', arena, ret, err);
}

/* Takes the next "name=value" from *rest; false at the end. */
static bool next_parameter(struct slice *rest, struct slice *name, struct slice *value)
{
	if (rest->size == 0)
		return false;
	const uint8_t *end = memchr(rest->data, '&', rest->size);
	size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
	const uint8_t *equals = size == 0 ? NULL : memchr(rest->data, '=', size);
	size_t name_size = equals == NULL ? size : (size_t)(equals - rest->data);
	size_t skipped = equals == NULL ? size : name_size + 1;
	*name = slice_of(rest->data, name_size);
	*value = slice_of(rest->data + skipped, size - skipped);
	size_t used = end == NULL ? size : size + 1;
	*rest = slice_of(rest->data + used, rest->size - used);
	return true;
}

enum code http_query(
	const struct http_request *request, const char *name, struct slice *ret, struct error *err)
{
	struct slice rest = request->query;
	struct slice found = slice_of(NULL, 0);
	struct slice key;
	struct slice value;
	size_t count = 0;
	while (next_parameter(&rest, &key, &value)) {
		if (!slice_equals(key, slice_of_text(name)))
			continue;
		found = value;
		count++;
	}
	if (count == 0)
		return fail(err, CODE_NOT_FOUND, "the parameter '%s' is missing", name);
	if (count > 1)
		return fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST",
			"the parameter '%s' is given %zu times", name, count);
	enum code code = decode(found, ' ', request->arena, ret, err);
	return code == CODE_OK ? CODE_OK : wrap(err, code, "the parameter '%s'", name);
}
