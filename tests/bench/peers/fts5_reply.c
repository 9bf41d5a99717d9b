#include "fts5_reply.h"

#include "base/wire.h"
#include "fts5_index.h"

#include <lectern/rpc/v1/envelope.pb-c.h>
#include <lectern/v1/health.pb-c.h>
#include <lectern/v1/search.pb-c.h>

enum {
	FIELD_HITS = 1,	      /* of SearchPostsResponse */
	FIELD_TOTAL_SIZE = 3, /* of SearchPostsResponse */
	FIELD_POST = 1,	      /* of SearchHit */
	FIELD_PAYLOAD = 2,    /* of Response */
	RANGES_MAX = 256,     /* of one text */
	RESPONSE_BYTES_MAX = 16 * 1024 * 1024,
	ARENA_BYTES_MAX = 64 * 1024 * 1024,
};

enum code fts5_reply_open(const char *path, struct fts5_reply *ret, struct error *err)
{
	*ret = (struct fts5_reply){ .get = NULL };
	arena_init(&ret->arena, ARENA_BYTES_MAX);
	buffer_init(&ret->hits, RESPONSE_BYTES_MAX);
	enum code code = fts5_search_open(path, &ret->search, err);
	if (code == CODE_OK)
		code = fts5_prepare(
			ret->search.db, "SELECT message FROM post WHERE id = ?1", &ret->get, err);
	if (code != CODE_OK)
		fts5_reply_close(ret);
	return code;
}

void fts5_reply_close(struct fts5_reply *reply)
{
	sqlite3_finalize(reply->get);
	fts5_search_close(&reply->search);
	arena_done(&reply->arena);
	buffer_done(&reply->hits);
}

/* Takes the marks out of a text and makes ranges of them. */
static bool unmark(struct arena *arena, struct slice marked, Lectern__V1__HighlightedText *ret)
{
	char *text = arena_alloc(arena, marked.size + 1);
	Lectern__V1__TextRange *ranges = arena_calloc(arena, RANGES_MAX, sizeof *ranges);
	ret->ranges = arena_calloc(arena, RANGES_MAX, sizeof *ret->ranges);
	if (text == NULL || ranges == NULL || ret->ranges == NULL)
		return false;
	uint32_t size = 0;
	for (size_t i = 0; i < marked.size; i++) {
		bool starts = marked.data[i] == FTS5_MATCH_START;
		bool ends = marked.data[i] == FTS5_MATCH_END;
		if (starts && ret->n_ranges < RANGES_MAX) {
			Lectern__V1__TextRange *range = &ranges[ret->n_ranges];
			lectern__v1__text_range__init(range);
			range->start = size;
			ret->ranges[ret->n_ranges++] = range;
		} else if (ends && ret->n_ranges > 0) {
			ranges[ret->n_ranges - 1].end = size;
		}
		if (!starts && !ends)
			text[size++] = (char)marked.data[i];
	}
	text[size] = '\0';
	ret->text = text;
	return true;
}

/* Appends the field of a hit, the post first, as it is stored. */
static bool append_hit(struct fts5_reply *reply, struct slice post, struct slice rest)
{
	uint8_t head[2 * WIRE_VARINT_BYTES_MAX];
	uint8_t post_head[2 * WIRE_VARINT_BYTES_MAX];
	size_t post_head_size = wire_put_bytes_head(post_head, FIELD_POST, post.size);
	buffer_append(&reply->hits, head,
		wire_put_bytes_head(head, FIELD_HITS, post_head_size + post.size + rest.size));
	buffer_append(&reply->hits, post_head, post_head_size);
	buffer_append(&reply->hits, post.data, post.size);
	buffer_append(&reply->hits, rest.data, rest.size);
	return !reply->hits.overflow;
}

static enum code take(void *user, const struct fts5_hit *found, struct error *err)
{
	struct fts5_reply *reply = user;
	Lectern__V1__SearchHit hit = LECTERN__V1__SEARCH_HIT__INIT;
	Lectern__V1__HighlightedText title = LECTERN__V1__HIGHLIGHTED_TEXT__INIT;
	Lectern__V1__HighlightedText snippet = LECTERN__V1__HIGHLIGHTED_TEXT__INIT;
	hit.score = found->score;
	hit.title = &title;
	hit.snippet = &snippet;
	if (!unmark(&reply->arena, found->title, &title) ||
		!unmark(&reply->arena, found->snippet, &snippet))
		return fail_out_of_memory(err);
	struct slice rest = arena_pack(&reply->arena, &hit.base);
	sqlite3_bind_int64(reply->get, 1, (sqlite3_int64)found->id);
	enum code code = CODE_OK;
	if (sqlite3_step(reply->get) != SQLITE_ROW)
		code = fts5_fail(reply->search.db, err, "post");
	else if (rest.data == NULL || !append_hit(reply,
					      slice_of(sqlite3_column_blob(reply->get, 0),
						      (size_t)sqlite3_column_bytes(reply->get, 0)),
					      rest))
		code = fail_out_of_memory(err);
	sqlite3_reset(reply->get);
	return code;
}

static enum code search(struct fts5_reply *reply, struct slice payload, struct error *err)
{
	const Lectern__V1__SearchPostsRequest *request = lectern__v1__search_posts_request__unpack(
		&reply->arena.allocator, payload.size, payload.data);
	char *expression =
		request == NULL ? NULL : fts5_search_expression(&reply->arena, request->query);
	if (expression == NULL)
		return fail(err, CODE_INVALID_ARGUMENT, "query: there is no word to find");
	uint64_t count = 0;
	uint8_t total[2 * WIRE_VARINT_BYTES_MAX];
	enum code code = fts5_search_find(&reply->search, expression, take, reply, err);
	if (code == CODE_OK)
		code = fts5_search_count(&reply->search, expression, &count, err);
	buffer_append(&reply->hits, total, wire_put_uint(total, FIELD_TOTAL_SIZE, count));
	return code;
}

/* The answer of HealthService/Check, which the load tool asks for at its end. */
static void check(struct fts5_reply *reply)
{
	Lectern__V1__CheckResponse response = LECTERN__V1__CHECK_RESPONSE__INIT;
	response.status = LECTERN__V1__SERVING_STATUS__SERVING_STATUS_SERVING;
	struct slice packed = arena_pack(&reply->arena, &response.base);
	buffer_append(&reply->hits, packed.data, packed.size);
}

static struct slice pack_failure(struct fts5_reply *reply, enum code code, const struct error *err)
{
	Lectern__Rpc__V1__Response response = LECTERN__RPC__V1__RESPONSE__INIT;
	Lectern__Rpc__V1__Status status = LECTERN__RPC__V1__STATUS__INIT;
	status.code = (int32_t)code;
	status.message = (char *)(uintptr_t)err->text;
	response.status = &status;
	return arena_pack(&reply->arena, &response.base);
}

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text);
	return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

struct slice fts5_reply_make(struct fts5_reply *reply, struct slice bytes)
{
	struct error err = { .text = "" };
	enum code code = CODE_OK;
	arena_reset(&reply->arena);
	buffer_clear(&reply->hits);
	const Lectern__Rpc__V1__Request *request =
		lectern__rpc__v1__request__unpack(&reply->arena.allocator, bytes.size, bytes.data);
	if (request == NULL)
		code = fail(&err, CODE_INVALID_ARGUMENT, "the request is malformed");
	else if (ends_with(request->method, "SearchService/SearchPosts"))
		code = search(reply, slice_of(request->payload.data, request->payload.len), &err);
	else if (ends_with(request->method, "HealthService/Check"))
		check(reply);
	else
		code = fail(&err, CODE_UNIMPLEMENTED, "only SearchPosts is there");
	if (code == CODE_OK && reply->hits.overflow)
		code = fail_out_of_memory(&err);
	if (code != CODE_OK)
		return pack_failure(reply, code, &err);
	uint8_t head[2 * WIRE_VARINT_BYTES_MAX];
	size_t head_size = wire_put_bytes_head(head, FIELD_PAYLOAD, reply->hits.size);
	uint8_t *response = arena_alloc(&reply->arena, head_size + reply->hits.size);
	if (response == NULL)
		return slice_of(NULL, 0);
	memcpy(response, head, head_size);
	if (reply->hits.size > 0)
		memcpy(response + head_size, reply->hits.data, reply->hits.size);
	return slice_of(response, head_size + reply->hits.size);
}
