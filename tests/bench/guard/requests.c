#include "bench/guard/requests.h"

#include "base/limits.h"
#include "base/wire.h"
#include "bench/guard/content.h"

#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <lectern/rpc/v1/envelope.pb-c.h>
#include <lectern/v1/archive.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/search.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

enum { UNKNOWN_FIELD = 1000 };
#define FULL LECTERN__V1__POST_VIEW__POST_VIEW_FULL
#define BASIC LECTERN__V1__POST_VIEW__POST_VIEW_BASIC

static char *text(const char *given)
{
	return (char *)(uintptr_t)given;
}

static struct slice pack(const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *data = malloc(size + 1);
	if (data == NULL)
		abort();
	protobuf_c_message_pack(message, data);
	return slice_of(data, size);
}

static struct slice frame_of(const char *method, const ProtobufCMessage *message)
{
	Lectern__Rpc__V1__Request request = LECTERN__RPC__V1__REQUEST__INIT;
	struct slice payload = pack(message);
	char name[LIMIT_METHOD_BYTES];
	snprintf(name, sizeof name, "/lectern.v1.%s", method);
	request.method = name;
	request.timeout_ms = DEFAULT_TIMEOUT_MS;
	request.payload.data = (uint8_t *)(uintptr_t)payload.data;
	request.payload.len = payload.size;
	struct slice frame = pack(&request.base);
	free((void *)(uintptr_t)payload.data);
	return frame;
}

/*
 * The same where the number would give the same request again, which the server answers with the
 * reply that it has kept: with a field that no server knows.
 */
static struct slice distinct_frame_of(const char *method, ProtobufCMessage *message, unsigned index)
{
	uint8_t number[WIRE_VARINT_BYTES_MAX];
	ProtobufCMessageUnknownField field = { .tag = UNKNOWN_FIELD,
		.wire_type = PROTOBUF_C_WIRE_TYPE_VARINT,
		.len = wire_put_varint(number, index),
		.data = number };
	message->unknown_fields = &field;
	message->n_unknown_fields = 1;
	return frame_of(method, message);
}

/* Over the whole store, in no order of the keys. */
static unsigned spread(unsigned index)
{
	return index * 1237U % GUARD_POSTS;
}

struct slice guard_get_post_by_slug(unsigned index)
{
	Lectern__V1__GetPostRequest request = LECTERN__V1__GET_POST_REQUEST__INIT;
	char slug[64];
	content_slug(spread(index), slug);
	request.key_case = LECTERN__V1__GET_POST_REQUEST__KEY_SLUG;
	request.slug = slug;
	request.view = FULL;
	return frame_of("PostService/GetPost", &request.base);
}

struct slice guard_get_post_by_id(unsigned index)
{
	Lectern__V1__GetPostRequest request = LECTERN__V1__GET_POST_REQUEST__INIT;
	request.key_case = LECTERN__V1__GET_POST_REQUEST__KEY_ID;
	request.id = spread(index) + 1;
	request.view = BASIC;
	return frame_of("PostService/GetPost", &request.base);
}

static struct slice get_archive(unsigned tag, Lectern__V1__PostView view, unsigned index)
{
	Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	Lectern__V1__TermKey term = LECTERN__V1__TERM_KEY__INIT;
	char name[32];
	content_tag(tag, name);
	term.key_case = LECTERN__V1__TERM_KEY__KEY_NAME;
	term.name = name;
	request.kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG;
	request.term = &term;
	request.view = view;
	request.page_size = DEFAULT_ARCHIVE_PAGE_SIZE;
	return distinct_frame_of("ArchiveService/GetArchive", &request.base, index);
}

/* No post is on the pages of two of these tags. */
struct slice guard_get_archive(unsigned index)
{
	unsigned first = CONTENT_TAGS_FREQUENT + CONTENT_TAGS_COMMON;
	return get_archive(first + index % CONTENT_TAGS_RARE, FULL, index);
}

struct slice guard_get_archive_basic(unsigned index)
{
	return get_archive(index % CONTENT_TAGS_FREQUENT, BASIC, index);
}

static struct slice batch_get_posts(unsigned index, Lectern__V1__PostView view)
{
	Lectern__V1__BatchGetPostsRequest request = LECTERN__V1__BATCH_GET_POSTS_REQUEST__INIT;
	Lectern__V1__PostKey keys[GUARD_BATCH];
	Lectern__V1__PostKey *list[GUARD_BATCH];
	for (unsigned i = 0; i < GUARD_BATCH; i++) {
		lectern__v1__post_key__init(&keys[i]);
		keys[i].key_case = LECTERN__V1__POST_KEY__KEY_ID;
		keys[i].id = spread(index * GUARD_BATCH + i) + 1;
		list[i] = &keys[i];
	}
	request.keys = list;
	request.n_keys = GUARD_BATCH;
	request.view = view;
	return frame_of("PostService/BatchGetPosts", &request.base);
}

struct slice guard_batch_get_posts(unsigned index)
{
	return batch_get_posts(index, FULL);
}

struct slice guard_batch_get_posts_basic(unsigned index)
{
	return batch_get_posts(index, BASIC);
}

struct slice guard_list_posts(unsigned index)
{
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	char frequent[32], common[32], filter[128];
	content_tag(index % CONTENT_TAGS_FREQUENT, frequent);
	content_tag(CONTENT_TAGS_FREQUENT + index % CONTENT_TAGS_COMMON, common);
	snprintf(filter, sizeof filter, "tags:\"%s\" AND tags:\"%s\"", frequent, common);
	request.filter = filter;
	return distinct_frame_of("PostService/ListPosts", &request.base, index);
}

static struct slice search(const char *query, unsigned index)
{
	Lectern__V1__SearchPostsRequest request = LECTERN__V1__SEARCH_POSTS_REQUEST__INIT;
	request.query = text(query);
	return distinct_frame_of("SearchService/SearchPosts", &request.base, index);
}

/* Nearly every post has it. */
struct slice guard_search_common_word(unsigned index)
{
	char word[CONTENT_WORD_BYTES_MAX];
	content_word(8 + index % 8, word);
	return search(word, index);
}

/* Half and a fifth of the posts have them. */
struct slice guard_search_two_words(unsigned index)
{
	char first[CONTENT_WORD_BYTES_MAX], second[CONTENT_WORD_BYTES_MAX], query[64];
	content_word(16 + index % 16, first);
	content_word(64 + index % 64, second);
	snprintf(query, sizeof query, "%s %s", first, second);
	return search(query, index);
}

struct slice guard_suggest_terms(unsigned index)
{
	Lectern__V1__SuggestTermsRequest request = LECTERN__V1__SUGGEST_TERMS_REQUEST__INIT;
	char word[CONTENT_WORD_BYTES_MAX];
	content_word(64 + index % 64, word);
	word[3] = '\0';
	request.prefix = word;
	return distinct_frame_of("SearchService/SuggestTerms", &request.base, index);
}

static struct slice create_post(unsigned index, bool validate_only)
{
	enum { TERMS = CONTENT_TAGS + 2 };
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Lectern__V1__TermRef terms[TERMS];
	Lectern__V1__TermRef *list[TERMS];
	struct content_post made;
	char request_id[33];
	content_post(index, 0, &made);
	const char *const names[TERMS] = { made.tags[0], made.tags[1], made.tags[2], made.category,
		made.author };
	for (size_t i = 0; i < TERMS; i++) {
		lectern__v1__term_ref__init(&terms[i]);
		terms[i].name = text(names[i]);
		list[i] = &terms[i];
	}
	time.seconds = made.publish_time_s;
	post.slug = made.slug;
	post.title = made.title;
	post.excerpt = made.excerpt;
	post.body = made.body;
	post.body_format = LECTERN__V1__BODY_FORMAT__BODY_FORMAT_MARKDOWN;
	post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	post.publish_time = &time;
	post.language = text("en");
	post.tags = list;
	post.n_tags = CONTENT_TAGS;
	post.categories = list + CONTENT_TAGS;
	post.n_categories = 1;
	post.authors = list + CONTENT_TAGS + 1;
	post.n_authors = 1;
	snprintf(request_id, sizeof request_id, "%032x", index);
	request.post = &post;
	request.create_missing_terms = true;
	request.validate_only = validate_only;
	request.request_id = request_id;
	return frame_of("PostService/CreatePost", &request.base);
}

struct slice guard_create_post(unsigned index)
{
	return create_post(index, false);
}

struct slice guard_try_post(unsigned index)
{
	return create_post(index, true);
}

struct slice guard_update_post(unsigned index)
{
	Lectern__V1__UpdatePostRequest request = LECTERN__V1__UPDATE_POST_REQUEST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	char *paths[] = { (char[]){ "title" }, (char[]){ "body" } };
	struct content_post made;
	char request_id[33];
	content_post(spread(index), 1, &made);
	snprintf(request_id, sizeof request_id, "%032x", GUARD_POSTS + index);
	post.id = spread(index) + 1;
	post.title = made.title;
	post.body = made.body;
	mask.paths = paths;
	mask.n_paths = 2;
	request.post = &post;
	request.update_mask = &mask;
	request.request_id = request_id;
	return frame_of("PostService/UpdatePost", &request.base);
}

struct slice guard_http_target(unsigned index)
{
	char slug[64];
	char *target;
	content_slug(spread(index), slug);
	int size = asprintf(&target,
		"/lectern.v1.PostService/GetPost?connect=v1&encoding=json&message="
		"%%7B%%22slug%%22:%%22%s%%22,%%22view%%22:%%22POST_VIEW_FULL%%22%%7D",
		slug);
	if (size < 0)
		abort();
	return slice_of(target, (size_t)size);
}
