/*
 * The format "jsonl": one JSON object a line, which `lectern import jsonl` reads back without loss:
 * {"category": {...}}, {"tag": {...}}, {"author": {...}}, {"post": {...}} with the canonical JSON
 * of the message in lectern.v1, and behind a post {"revision": {...}} for each that tells more than
 * the post does. What every server computes for itself (ids, etags, counts, rendered text) is left
 * out, so that two stores with the same content give the same bytes.
 */
#include "base/limits.h"
#include "codec/json.h"
#include "exporters/exporter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_MAX = 64 * 1024 * 1024 };

struct jsonl {
	struct exporter exporter; /* the first member */
	FILE *file;		  /* borrowed */
	struct buffer line;
};

static enum code jsonl_open(
	const struct export_options *options, struct exporter **ret, struct error *err)
{
	struct jsonl *jsonl = calloc(1, sizeof *jsonl);
	if (jsonl == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	jsonl->exporter.format = &jsonl_export;
	jsonl->file = options->file;
	buffer_init(&jsonl->line, LINE_BYTES_MAX);
	*ret = &jsonl->exporter;
	return CODE_OK;
}

static void jsonl_close(struct exporter *exporter)
{
	struct jsonl *jsonl = (struct jsonl *)exporter;
	if (jsonl == NULL)
		return;
	buffer_done(&jsonl->line);
	free(jsonl);
}

/* {"post":{...}} */
static enum code write_line(
	struct jsonl *jsonl, const char *key, const ProtobufCMessage *message, struct error *err)
{
	buffer_clear(&jsonl->line);
	buffer_printf(&jsonl->line, "{\"%s\":", key);
	enum code code = json_print(message, JSON_DEFAULT, &jsonl->line, err);
	if (code != CODE_OK)
		return wrap(err, code, "a %s", key);
	buffer_append_text(&jsonl->line, "}\n");
	errno = 0;
	if (fwrite(jsonl->line.data, 1, jsonl->line.size, jsonl->file) != jsonl->line.size)
		return fail(err, CODE_UNKNOWN, "%s", strerror(errno));
	return CODE_OK;
}

static enum code jsonl_term(struct exporter *exporter, enum export_kind kind,
	const ProtobufCMessage *term, struct error *err)
{
	static const char *const keys[] = {
		[EXPORT_CATEGORY] = "category", [EXPORT_TAG] = "tag", [EXPORT_AUTHOR] = "author"
	};
	return write_line((struct jsonl *)exporter, keys[kind], term, err);
}

static enum code jsonl_post(
	struct exporter *exporter, const Lectern__V1__Post *post, struct error *err)
{
	return write_line((struct jsonl *)exporter, "post", &post->base, err);
}

const struct export_format jsonl_export = {
	.name = "jsonl",
	.trash = true,
	.history = true,
	.open = jsonl_open,
	.term = jsonl_term,
	.post = jsonl_post,
	.close = jsonl_close,
};
