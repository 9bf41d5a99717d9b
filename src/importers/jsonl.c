/*
 * The format "jsonl": one JSON object a line, {"post": {...}}, {"tag": {...}}, {"category": {...}}
 * or {"author": {...}} with the canonical JSON of the message in lectern.v1, a post by itself, or
 * {"revision": {...}, "slug": "..."} for a former state of a post, with "origin" instead where the
 * post has one. What only a server can set (ids, counts, rendered text and so on) is read and left
 * out; times, former slugs and the history are taken.
 */
#include "base/limits.h"
#include "base/text.h"
#include "codec/json.h"
#include "codec/message.h"
#include "importers/source.h"

#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/category.pb-c.h>
#include <lectern/v1/import.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

struct jsonl {
	struct import_source source; /* the first member */
	struct input_file *files;    /* borrowed */
	size_t file_count;
	size_t file; /* that is read or comes next */
	bool is_open;
	struct input input;
	uint64_t bytes_before; /* of the files before */
};

static const char *const post_fields[] = { "slug", "title", "excerpt", "state", "publish_time",
	"expire_time", "tags", "categories", "authors", "series", "language", "featured",
	"cover_image_url", "canonical_url", "attributes", "body_format", "body", NULL };
static const char *const tag_fields[] = { "name", "description", "attributes", NULL };
static const char *const category_fields[] = { "name", "description", "attributes", "parent",
	NULL };
static const char *const author_fields[] = { "name", "description", "attributes", "url",
	"avatar_url", NULL };

/* Decided by the line only where it has them. */
static const char *const given_fields[] = { "aliases", "create_time", "update_time",
	"delete_time" };
enum { GIVEN_FIELDS = sizeof given_fields / sizeof *given_fields, FIELDS_MAX = 32 };

/* A line with one key holds what the request to create it holds. */
static const struct shape {
	const char *key;
	enum import_kind kind;
	const ProtobufCMessageDescriptor *request;
	const char *const *fields;
} shapes[] = {
	{ "post", IMPORT_POST, &lectern__v1__create_post_request__descriptor, post_fields },
	{ "tag", IMPORT_TAG, &lectern__v1__create_tag_request__descriptor, tag_fields },
	{ "category", IMPORT_CATEGORY, &lectern__v1__create_category_request__descriptor,
		category_fields },
	{ "author", IMPORT_AUTHOR, &lectern__v1__create_author_request__descriptor, author_fields },
	{ "revision", IMPORT_REVISION, &lectern__v1__import_post_revision_request__descriptor,
		NULL },
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static struct slice skip_space(struct slice text)
{
	while (text.size > 0 &&
		(text.data[0] == ' ' || (text.data[0] >= '\t' && text.data[0] <= '\r')))
		text = slice_of(text.data + 1, text.size - 1);
	return text;
}

static bool jsonl_sniff(const struct input_file *file, struct slice head)
{
	(void)file;
	static const uint8_t mark[] = { 0xEF, 0xBB, 0xBF };
	if (head.size >= sizeof mark && memcmp(head.data, mark, sizeof mark) == 0)
		head = slice_of(head.data + sizeof mark, head.size - sizeof mark);
	head = skip_space(head);
	if (head.size == 0 || head.data[0] != '{')
		return false;
	head = skip_space(slice_of(head.data + 1, head.size - 1));
	return head.size > 0 && (head.data[0] == '"' || head.data[0] == '}');
}

/* The shape that the first key of the object names; NULL: a post by itself. */
static const struct shape *find_shape(struct slice line)
{
	line = skip_space(line);
	if (line.size == 0 || line.data[0] != '{')
		return NULL;
	line = skip_space(slice_of(line.data + 1, line.size - 1));
	for (size_t i = 0; i < SHAPES; i++) {
		size_t size = strlen(shapes[i].key);
		if (line.size >= size + 2 && line.data[0] == '"' && line.data[size + 1] == '"' &&
			memcmp(line.data + 1, shapes[i].key, size) == 0)
			return &shapes[i];
	}
	return NULL;
}

static enum code jsonl_open(
	const struct source_options *options, struct import_source **ret, struct error *err)
{
	struct jsonl *jsonl = calloc(1, sizeof *jsonl);
	if (jsonl == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	jsonl->source = (struct import_source){ .format = &jsonl_format };
	jsonl->files = options->files;
	jsonl->file_count = options->file_count;
	*ret = &jsonl->source;
	return CODE_OK;
}

static void jsonl_close(struct import_source *source)
{
	struct jsonl *jsonl = (struct jsonl *)source;
	if (jsonl == NULL)
		return;
	if (jsonl->is_open)
		input_close(&jsonl->input);
	free(jsonl);
}

/* Reads the next line that is not empty, going from file to file. INPUT_END after the last one. */
static enum code next_line(
	struct jsonl *jsonl, enum input_event *ret_event, struct slice *ret, struct error *err)
{
	for (;;) {
		if (!jsonl->is_open) {
			*ret_event = INPUT_END;
			if (jsonl->file == jsonl->file_count)
				return CODE_OK;
			struct input_file *file = &jsonl->files[jsonl->file];
			enum code code = input_open(file, &jsonl->input, err);
			if (code != CODE_OK)
				return code;
			jsonl->is_open = true;
			jsonl->source.path = file->path;
		}
		*ret_event = input_next(&jsonl->input, ret);
		jsonl->source.bytes_done = jsonl->bytes_before + jsonl->input.offset;
		if (*ret_event == INPUT_ERROR)
			return fail(err, CODE_UNKNOWN, "cannot read '%s' beyond line %ju",
				jsonl->input.path, (uintmax_t)jsonl->input.line);
		if (*ret_event == INPUT_LONG_LINE ||
			(*ret_event == INPUT_LINE && skip_space(*ret).size > 0))
			return CODE_OK;
		if (*ret_event == INPUT_END) {
			jsonl->bytes_before += jsonl->input.offset;
			input_close(&jsonl->input);
			jsonl->is_open = false;
			jsonl->file++;
		}
	}
}

/* The post that a revision belongs to. */
static enum code take_key(const ProtobufCMessage *message, struct arena *arena,
	struct import_item *item, struct error *err)
{
	const Lectern__V1__ImportPostRevisionRequest *request =
		(const Lectern__V1__ImportPostRevisionRequest *)message;
	Lectern__V1__PostKey *key = arena_alloc(arena, sizeof *key);
	if (key == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	lectern__v1__post_key__init(key);
	if (request->key_case == LECTERN__V1__IMPORT_POST_REVISION_REQUEST__KEY_ORIGIN) {
		key->key_case = LECTERN__V1__POST_KEY__KEY_ORIGIN;
		key->origin = request->origin;
		item->origin = request->origin;
	} else if (request->key_case == LECTERN__V1__IMPORT_POST_REVISION_REQUEST__KEY_SLUG) {
		key->key_case = LECTERN__V1__POST_KEY__KEY_SLUG;
		key->slug = request->slug;
		item->origin = request->slug;
	} else {
		return fail(err, CODE_INVALID_ARGUMENT,
			"\"slug\" or \"origin\" must tell which post the revision belongs to");
	}
	item->post = key;
	return CODE_OK;
}

/* Reads the record of a line. */
static enum code parse(
	struct slice line, struct arena *arena, struct import_item *item, struct error *err)
{
	const struct shape *shape = find_shape(line);
	ProtobufCMessage *message;
	if (shape == NULL) {
		item->kind = IMPORT_POST;
		item->fields = post_fields;
		return json_parse(&lectern__v1__post__descriptor, line, arena, &item->message, err);
	}
	item->kind = shape->kind;
	item->fields = shape->fields;
	enum code code = json_parse(shape->request, line, arena, &message, err);
	if (code != CODE_OK)
		return code;
	if (message_text(message, "request_id")[0] != '\0' ||
		message_number(message, "validate_only"))
		return fail(err, CODE_INVALID_ARGUMENT,
			"only \"%s\" may stand in the line, no other field of a request",
			shape->key);
	item->message = message_child(message, shape->key);
	if (item->message == NULL)
		return fail(err, CODE_INVALID_ARGUMENT, "\"%s\" must be an object", shape->key);
	return shape->kind == IMPORT_REVISION ? take_key(message, arena, item, err) : CODE_OK;
}

static void clear_ids(ProtobufCMessage *post, const char *name)
{
	size_t count;
	ProtobufCMessage *const *refs = message_list(post, name, &count);
	for (size_t i = 0; i < count; i++)
		message_set_number(refs[i], "id", 0);
}

/* The server keeps microseconds. */
static void cut_time(Google__Protobuf__Timestamp *time)
{
	if (time != NULL)
		time->nanos -= time->nanos % 1000;
}

/* Leaves out what belongs to the server that the post comes from. */
static enum code prepare_post(Lectern__V1__Post *post, struct arena *arena, struct error *err)
{
	clear_ids(&post->base, "tags");
	clear_ids(&post->base, "categories");
	clear_ids(&post->base, "authors");
	if (post->series != NULL)
		post->series->id = 0;
	cut_time(post->publish_time);
	cut_time(post->expire_time);
	cut_time(post->create_time);
	cut_time(post->update_time);
	cut_time(post->delete_time);
	post->id = 0;
	post->etag = (char *)(uintptr_t)protobuf_c_empty_string;
	if (post->state == LECTERN__V1__POST_STATE__POST_STATE_EXPIRED)
		post->state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	if (post->slug[0] != '\0')
		return CODE_OK;
	char slug[LIMIT_SLUG_BYTES + 1];
	text_slug(slice_of_text(post->title), slug, sizeof slug);
	if (slug[0] == '\0')
		return fail_field(err, CODE_INVALID_ARGUMENT, NULL, "slug",
			"must be set where the title has no letter or digit");
	post->slug = arena_text(arena, slice_of_text(slug));
	return post->slug == NULL ? fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory") : CODE_OK;
}

/* The fields that the line decides. */
static bool choose_fields(struct import_item *item, struct arena *arena)
{
	const char **fields = arena_calloc(arena, FIELDS_MAX, sizeof *fields);
	size_t count = 0;
	if (fields == NULL)
		return false;
	while (item->fields[count] != NULL) {
		fields[count] = item->fields[count];
		count++;
	}
	for (size_t i = 0; i < GIVEN_FIELDS; i++)
		if (message_has_field(item->message->descriptor, given_fields[i]) &&
			message_is_set(item->message, given_fields[i]))
			fields[count++] = given_fields[i];
	item->fields = fields;
	return true;
}

static enum code prepare_term(struct import_item *item)
{
	message_set_number(item->message, "id", 0);
	message_set_text(item->message, "etag", "");
	if (item->kind == IMPORT_CATEGORY) {
		ProtobufCMessage *parent = message_child(item->message, "parent");
		if (parent != NULL)
			message_set_number(parent, "id", 0);
	}
	item->origin = message_text(item->message, "slug");
	if (item->origin[0] == '\0')
		item->origin = message_text(item->message, "name");
	return CODE_OK;
}

static enum code prepare(struct import_item *item, struct arena *arena, struct error *err)
{
	enum code code = CODE_OK;
	if (item->kind == IMPORT_REVISION) {
		Lectern__V1__Post *post = ((Lectern__V1__PostRevision *)item->message)->post;
		return post == NULL ? CODE_OK : prepare_post(post, arena, err);
	}
	if (item->kind == IMPORT_POST) {
		Lectern__V1__Post *post = (Lectern__V1__Post *)item->message;
		code = prepare_post(post, arena, err);
		item->origin = post->origin[0] != '\0' ? post->origin : post->slug;
	} else {
		code = prepare_term(item);
	}
	if (code == CODE_OK && !choose_fields(item, arena))
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	return code;
}

static enum code read_record(
	struct slice line, struct arena *arena, struct import_item *item, struct error *err)
{
	size_t invalid = text_find_invalid(line);
	if (invalid < line.size)
		return fail(err, CODE_INVALID_ARGUMENT,
			"byte %zu of the line is not UTF-8 (0x%02x)", invalid + 1,
			line.data[invalid]);
	enum code code = parse(line, arena, item, err);
	return code == CODE_OK ? prepare(item, arena, err) : code;
}

static enum code jsonl_next(struct import_source *source, struct arena *arena,
	struct import_item *ret, struct error *err)
{
	struct jsonl *jsonl = (struct jsonl *)source;
	enum input_event event;
	struct slice line = slice_of(NULL, 0);
	*ret = (struct import_item){ .state = ITEM_END };
	enum code code = next_line(jsonl, &event, &line, err);
	if (code != CODE_OK || event == INPUT_END)
		return code;
	*ret = (struct import_item){ .state = ITEM_READY,
		.path = jsonl->input.path,
		.line = jsonl->input.line,
		.origin = "" };
	struct error refusal = { .code = CODE_OK };
	if (event == INPUT_LONG_LINE)
		code = fail(&refusal, CODE_INVALID_ARGUMENT, "the line is longer than %d bytes",
			INPUT_LINE_BYTES_MAX);
	else
		code = read_record(line, arena, ret, &refusal);
	if (code != CODE_OK) {
		ret->state = ITEM_REFUSED;
		snprintf(ret->reason, sizeof ret->reason, "%s", refusal.text);
	}
	return CODE_OK;
}

const struct import_format jsonl_format = {
	.name = "jsonl",
	.sniff = jsonl_sniff,
	.open = jsonl_open,
	.next = jsonl_next,
	.close = jsonl_close,
};
