/*
 * The format "jsonl": one JSON object a line, which `lectern import jsonl` reads back without loss:
 * {"category": {...}}, {"tag": {...}}, {"author": {...}}, {"post": {...}} with the canonical JSON
 * of the message in lectern.v1, and behind a post {"revision": {...}, "slug": "..."} for each
 * revision that tells more than the post does. What every server computes for itself (ids, etags,
 * counts, rendered text) is left out, so that two stores with the same content give the same bytes.
 */
#include "base/limits.h"
#include "codec/json.h"
#include "exporters/content.h"
#include "exporters/exporter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <times.h>

enum { LINE_BYTES_MAX = 64 * 1024 * 1024 };

struct jsonl {
	struct exporter exporter; /* the first member */
	FILE *file;		  /* borrowed */
	struct buffer line;
	struct arena arena; /* of one line */
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
	arena_init(&jsonl->arena, LIMIT_ARENA_BYTES);
	*ret = &jsonl->exporter;
	return CODE_OK;
}

static void jsonl_close(struct exporter *exporter)
{
	struct jsonl *jsonl = (struct jsonl *)exporter;
	if (jsonl == NULL)
		return;
	buffer_done(&jsonl->line);
	arena_done(&jsonl->arena);
	free(jsonl);
}

static enum code fail_memory(struct error *err)
{
	return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
}

static enum code write_line(struct jsonl *jsonl, struct error *err)
{
	buffer_append_char(&jsonl->line, '\n');
	if (jsonl->line.overflow)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "a line has more than %d bytes",
			LINE_BYTES_MAX);
	errno = 0;
	if (fwrite(jsonl->line.data, 1, jsonl->line.size, jsonl->file) != jsonl->line.size)
		return fail(err, CODE_UNKNOWN, "%s", strerror(errno));
	return CODE_OK;
}

/* {"post":{...}} */
static enum code write_record(
	struct jsonl *jsonl, const char *key, const ProtobufCMessage *message, struct error *err)
{
	if (message == NULL)
		return fail_memory(err);
	buffer_clear(&jsonl->line);
	buffer_printf(&jsonl->line, "{\"%s\":", key);
	enum code code = json_print(message, JSON_DEFAULT, &jsonl->line, err);
	if (code != CODE_OK)
		return wrap(err, code, "a %s", key);
	buffer_append_char(&jsonl->line, '}');
	return write_line(jsonl, err);
}

static enum code jsonl_term(struct exporter *exporter, enum export_kind kind,
	const ProtobufCMessage *term, struct error *err)
{
	static const char *const keys[] = {
		[EXPORT_CATEGORY] = "category", [EXPORT_TAG] = "tag", [EXPORT_AUTHOR] = "author"
	};
	struct jsonl *jsonl = (struct jsonl *)exporter;
	arena_reset(&jsonl->arena);
	return write_record(jsonl, keys[kind], content_of_term(term, &jsonl->arena), err);
}

static enum code jsonl_post(
	struct exporter *exporter, const Lectern__V1__Post *post, struct error *err)
{
	struct jsonl *jsonl = (struct jsonl *)exporter;
	arena_reset(&jsonl->arena);
	return write_record(
		jsonl, "post", (ProtobufCMessage *)content_of_post(post, &jsonl->arena), err);
}

/* Whether an import of the post alone makes the same entry in its history. */
static bool follows_from_post(
	const Lectern__V1__Post *post, const Lectern__V1__PostRevision *revision)
{
	return revision->revision == post->revision && revision->note != NULL &&
	       revision->note->author[0] == '\0' &&
	       strcmp(revision->note->summary, "created") == 0 &&
	       timestamp_equals(revision->create_time, post->update_time);
}

/* ,"slug":"x"} */
static void append_key(struct jsonl *jsonl, const Lectern__V1__Post *post)
{
	bool by_origin = post->origin[0] != '\0';
	buffer_append_text(&jsonl->line, by_origin ? ",\"origin\":" : ",\"slug\":");
	json_print_text(slice_of_text(by_origin ? post->origin : post->slug), &jsonl->line);
	buffer_append_char(&jsonl->line, '}');
}

/* A line is the request that imports it, what it is first. */
static enum code jsonl_revision(struct exporter *exporter, const Lectern__V1__Post *post,
	const Lectern__V1__PostRevision *revision, struct error *err)
{
	struct jsonl *jsonl = (struct jsonl *)exporter;
	if (follows_from_post(post, revision))
		return CODE_OK;
	arena_reset(&jsonl->arena);
	Lectern__V1__PostRevision copy = *revision;
	copy.post = NULL;
	if (revision->revision != post->revision) {
		copy.post = content_of_post(revision->post, &jsonl->arena);
		if (copy.post == NULL)
			return fail_memory(err);
	}
	buffer_clear(&jsonl->line);
	buffer_append_text(&jsonl->line, "{\"revision\":");
	enum code code = json_print(&copy.base, JSON_DEFAULT, &jsonl->line, err);
	if (code != CODE_OK)
		return wrap(err, code, "a revision");
	append_key(jsonl, post);
	return write_line(jsonl, err);
}

const struct export_format jsonl_export = {
	.name = "jsonl",
	.trash = true,
	.history = true,
	.open = jsonl_open,
	.term = jsonl_term,
	.post = jsonl_post,
	.revision = jsonl_revision,
	.close = jsonl_close,
};
