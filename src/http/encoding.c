#include "http/encoding.h"

#include <ctype.h>
#include <strings.h>
#include <zlib.h>

enum {
	GZIP_WINDOW = 15 + 16, /* of zlib: the largest window, in gzip's format */
	GZIP_MEMORY = 8,
	CHUNK_BYTES = 16 * 1024,
	QUALITY_ONE = 1000,
};

static struct slice trim(struct slice text)
{
	while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
		text = slice_of(text.data + 1, text.size - 1);
	while (text.size > 0 &&
		(text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
		text.size--;
	return text;
}

/* Cuts off what stands before the mark; the rest is what stands behind it. */
static struct slice cut(struct slice *rest, uint8_t mark)
{
	const uint8_t *at = rest->size == 0 ? NULL : memchr(rest->data, mark, rest->size);
	size_t size = at == NULL ? rest->size : (size_t)(at - rest->data);
	struct slice part = slice_of(rest->data, size);
	size_t used = at == NULL ? size : size + 1;
	*rest = slice_of(rest->data + used, rest->size - used);
	return trim(part);
}

static bool same(struct slice text, const char *word)
{
	return text.size == strlen(word) &&
	       strncasecmp((const char *)text.data, word, text.size) == 0;
}

/* "q=0.5" in thousandths; what is malformed counts as 0. */
static int read_quality(struct slice parameters)
{
	int quality = QUALITY_ONE;
	while (parameters.size > 0) {
		struct slice parameter = cut(&parameters, ';');
		if (parameter.size < 3 || tolower(parameter.data[0]) != 'q' ||
			parameter.data[1] != '=')
			continue;
		int scale = QUALITY_ONE;
		quality = 0;
		for (size_t i = 2; i < parameter.size; i++) {
			uint8_t c = parameter.data[i];
			if (c == '.' && i == 3)
				continue;
			if (!isdigit(c))
				return 0;
			quality += (c - '0') * scale;
			scale /= 10;
		}
	}
	return quality > QUALITY_ONE ? QUALITY_ONE : quality;
}

bool encoding_takes_gzip(struct slice accept)
{
	int gzip = -1;
	int identity = -1;
	int any = -1;
	while (accept.size > 0) {
		struct slice parameters = cut(&accept, ',');
		struct slice coding = cut(&parameters, ';');
		int quality = read_quality(parameters);
		if (same(coding, "gzip") || same(coding, "x-gzip"))
			gzip = quality;
		else if (same(coding, "identity"))
			identity = quality;
		else if (same(coding, "*"))
			any = quality;
	}
	if (gzip < 0)
		gzip = any;
	return gzip > 0 && gzip >= identity;
}

bool gzip_put(struct slice bytes, struct buffer *out)
{
	z_stream stream = { .next_in = (uint8_t *)(uintptr_t)bytes.data,
		.avail_in = (uInt)bytes.size };
	if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
		    Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	uint8_t chunk[CHUNK_BYTES];
	int rv;
	do {
		stream.next_out = chunk;
		stream.avail_out = sizeof chunk;
		rv = deflate(&stream, Z_FINISH);
		buffer_append(out, chunk, sizeof chunk - stream.avail_out);
	} while (rv == Z_OK || rv == Z_BUF_ERROR);
	deflateEnd(&stream);
	return rv == Z_STREAM_END && !out->overflow;
}

static enum code fail_gzip(struct error *err, const char *what)
{
	return fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST",
		"the body is no gzip, as content-encoding says: %s", what);
}

/* Inflates to the end; one member, nothing behind it. */
static enum code inflate_all(
	z_stream *stream, size_t max_bytes, struct buffer *out, struct error *err)
{
	uint8_t chunk[CHUNK_BYTES];
	int rv = Z_OK;
	while (rv == Z_OK) {
		stream->next_out = chunk;
		stream->avail_out = sizeof chunk;
		rv = inflate(stream, Z_NO_FLUSH);
		buffer_append(out, chunk, sizeof chunk - stream->avail_out);
		if (out->overflow)
			return fail_reason(err, CODE_INVALID_ARGUMENT, "REQUEST_TOO_LARGE",
				"the request has more than %zu bytes when it is unpacked",
				max_bytes);
	}
	if (rv != Z_STREAM_END)
		return fail_gzip(err, rv == Z_BUF_ERROR ? "it ends too early" : "it is damaged");
	return stream->avail_in == 0 ? CODE_OK : fail_gzip(err, "something is behind its end");
}

enum code gzip_read(struct slice body, size_t max_bytes, struct arena *arena, struct slice *ret,
	struct error *err)
{
	z_stream stream = { .next_in = (uint8_t *)(uintptr_t)body.data,
		.avail_in = (uInt)body.size };
	if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
		return fail_out_of_memory(err);
	struct buffer out;
	buffer_init(&out, max_bytes);
	enum code code = inflate_all(&stream, max_bytes, &out, err);
	inflateEnd(&stream);
	if (code == CODE_OK) {
		uint8_t *copy = arena_alloc(arena, out.size + 1);
		if (copy == NULL)
			code = fail_out_of_memory(err);
		else if (out.size > 0)
			memcpy(copy, out.data, out.size);
		*ret = slice_of(copy, out.size);
	}
	buffer_done(&out);
	return code;
}
