#include "e2e/versions.h"

#include <inttypes.h>
#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/health.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TIMEOUT_MS = 30000, TEXT_BYTES = 64 };

lectern_client *versions_connect(const char *url)
{
	lectern_client *client;
	struct lectern_error err;
	struct lectern_client_options options = { .url = url, .max_attempts = 1 };
	if (lectern_client_open(&options, &client, &err) != LECTERN_OK)
		fail_msg("client: %s", err.message);
	return client;
}

static void slug_of(int post, char out[TEXT_BYTES])
{
	snprintf(out, TEXT_BYTES, "post-%d", post);
}

static void title_of(int post, unsigned version, char out[TEXT_BYTES])
{
	snprintf(out, TEXT_BYTES, "Post %d version %u", post, version);
}

static void tag_of(int post, unsigned version, char out[TEXT_BYTES])
{
	snprintf(out, TEXT_BYTES, "tag %u", ((unsigned)post + version) % 5);
}

/* The caller frees it. */
static char *body_of(const struct versions *versions, int post, unsigned version)
{
	char line[TEXT_BYTES];
	int line_bytes =
		snprintf(line, sizeof line, "Line of version %u of post %d.\n\n", version, post);
	size_t bytes = versions->body_bytes + version * versions->growth_bytes;
	size_t lines = bytes / (size_t)line_bytes + 1 + version % 7;
	char *body = malloc(lines * (size_t)line_bytes + 1);
	assert_non_null(body);
	for (size_t i = 0; i < lines; i++)
		memcpy(body + i * (size_t)line_bytes, line, (size_t)line_bytes + 1);
	return body;
}

/* The response's bytes are those of the reply. */
static enum lectern_code call(lectern_client *client, const char *method,
	const ProtobufCMessage *request, lectern_reply **ret, struct lectern_error *err)
{
	size_t size = protobuf_c_message_get_packed_size(request);
	uint8_t *bytes = malloc(size + 1);
	assert_non_null(bytes);
	struct lectern_call call = { .method = method,
		.request = bytes,
		.request_size_bytes = protobuf_c_message_pack(request, bytes),
		.timeout_ms = TIMEOUT_MS };
	enum lectern_code code = lectern_call(client, &call, ret, err);
	free(bytes);
	return code;
}

/* The response to a call that must succeed. */
static void *call_ok(lectern_client *client, const char *method, const ProtobufCMessage *request,
	const ProtobufCMessageDescriptor *response)
{
	struct lectern_error err;
	lectern_reply *reply;
	size_t size;
	if (call(client, method, request, &reply, &err) != LECTERN_OK)
		fail_msg("%s: %s", method, err.message);
	const uint8_t *data = lectern_reply_data(reply, &size);
	void *message = protobuf_c_message_unpack(response, NULL, size, data);
	assert_non_null(message);
	lectern_reply_free(reply);
	return message;
}

/* A call whose response nobody looks at. */
static enum lectern_code call_status(lectern_client *client, const char *method,
	const ProtobufCMessage *request, struct lectern_error *err)
{
	lectern_reply *reply;
	enum lectern_code code = call(client, method, request, &reply, err);
	if (code == LECTERN_OK)
		lectern_reply_free(reply);
	return code;
}

static enum lectern_code send_version(const struct versions *versions, lectern_client *client,
	int number, unsigned version, struct lectern_error *err)
{
	Lectern__V1__UpdatePostRequest request = LECTERN__V1__UPDATE_POST_REQUEST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__TermRef tag = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef *tags[] = { &tag };
	char slug[TEXT_BYTES];
	char title[TEXT_BYTES];
	char tag_name[TEXT_BYTES];
	char request_id[TEXT_BYTES];
	slug_of(number, slug);
	title_of(number, version, title);
	tag_of(number, version, tag_name);
	snprintf(request_id, sizeof request_id, "%s-version-%u", slug, version);
	tag.name = tag_name;
	post.slug = slug;
	post.title = title;
	post.body = body_of(versions, number, version);
	post.tags = tags;
	post.n_tags = 1;
	post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	request.post = &post;
	request.allow_missing = true;
	request.create_missing_terms = true;
	request.request_id = request_id;
	enum lectern_code code =
		call_status(client, "lectern.v1.PostService/UpdatePost", &request.base, err);
	free(post.body);
	return code;
}

bool versions_write(
	struct versions *versions, lectern_client *client, int post, struct lectern_error *err)
{
	unsigned version = atomic_load(&versions->acknowledged[post]) + 1;
	atomic_store(&versions->attempted[post], version);
	if (send_version(versions, client, post, version, err) != LECTERN_OK)
		return false;
	atomic_store(&versions->acknowledged[post], version);
	return true;
}

enum lectern_code versions_delete(lectern_client *client, int post, struct lectern_error *err)
{
	Lectern__V1__DeletePostRequest request = LECTERN__V1__DELETE_POST_REQUEST__INIT;
	char slug[TEXT_BYTES];
	slug_of(post, slug);
	request.key_case = LECTERN__V1__DELETE_POST_REQUEST__KEY_SLUG;
	request.slug = slug;
	return call_status(client, "lectern.v1.PostService/DeletePost", &request.base, err);
}

enum lectern_code versions_purge(lectern_client *client, int post, struct lectern_error *err)
{
	Lectern__V1__PurgePostRequest request = LECTERN__V1__PURGE_POST_REQUEST__INIT;
	char slug[TEXT_BYTES];
	slug_of(post, slug);
	request.key_case = LECTERN__V1__PURGE_POST_REQUEST__KEY_SLUG;
	request.slug = slug;
	return call_status(client, "lectern.v1.PostService/PurgePost", &request.base, err);
}

static bool is_version(
	const struct versions *versions, const lectern_post *post, int number, unsigned version)
{
	char title[TEXT_BYTES];
	char tag[TEXT_BYTES];
	title_of(number, version, title);
	tag_of(number, version, tag);
	char *body = body_of(versions, number, version);
	bool same = strcmp(lectern_post_title(post), title) == 0 &&
		    strcmp(lectern_post_body(post), body) == 0 &&
		    strstr(lectern_post_html(post), "<p>Line of version ") != NULL &&
		    lectern_post_tag_count(post) == 1 &&
		    strcmp(lectern_post_tag_name(post, 0), tag) == 0;
	free(body);
	return same;
}

bool versions_read(struct versions *versions, lectern_client *client, int number, char text[512])
{
	char slug[TEXT_BYTES];
	struct lectern_error err;
	lectern_post *post;
	unsigned version = 0;
	slug_of(number, slug);
	unsigned acknowledged = atomic_load(&versions->acknowledged[number]);
	enum lectern_code code =
		lectern_get_post(client, slug, LECTERN_VIEW_FULL, TIMEOUT_MS, &post, &err);
	unsigned attempted = atomic_load(&versions->attempted[number]);
	if (code == LECTERN_NOT_FOUND && acknowledged == 0)
		return true;
	if (code != LECTERN_OK) {
		snprintf(text, 512, "%s, acknowledged version %u: %s: %s", slug, acknowledged,
			lectern_code_name(code), err.message);
		return false;
	}
	const char *end = strrchr(lectern_post_title(post), ' ');
	if (end != NULL)
		version = (unsigned)strtoul(end, NULL, 10);
	bool right = version >= acknowledged && version <= attempted &&
		     is_version(versions, post, number, version);
	if (!right)
		snprintf(text, 512, "%s is \"%s\"; version %u was acknowledged, %u sent", slug,
			lectern_post_title(post), acknowledged, attempted);
	lectern_post_free(post);
	return right;
}

/* A post counts its changes. */
static void verify_revision(struct versions *versions, lectern_client *client, int number)
{
	Lectern__V1__GetPostRequest request = LECTERN__V1__GET_POST_REQUEST__INIT;
	char slug[TEXT_BYTES];
	slug_of(number, slug);
	request.key_case = LECTERN__V1__GET_POST_REQUEST__KEY_SLUG;
	request.slug = slug;
	Lectern__V1__GetPostResponse *response = call_ok(client, "lectern.v1.PostService/GetPost",
		&request.base, &lectern__v1__get_post_response__descriptor);
	if (response->post->revision != atomic_load(&versions->acknowledged[number]))
		fail_msg("%s has version %u after %" PRIu64 " changes", slug,
			atomic_load(&versions->acknowledged[number]), response->post->revision);
	lectern__v1__get_post_response__free_unpacked(response, NULL);
}

void versions_verify(struct versions *versions, lectern_client *client)
{
	char text[512];
	for (int post = 0; post < VERSION_POSTS; post++) {
		if (!versions_read(versions, client, post, text))
			fail_msg("%s", text);
		if (atomic_load(&versions->acknowledged[post]) > 0)
			verify_revision(versions, client, post);
	}
}

void versions_check_store(lectern_client *client)
{
	Lectern__V1__CheckStoreRequest request = LECTERN__V1__CHECK_STORE_REQUEST__INIT;
	Lectern__V1__CheckStoreResponse *response =
		call_ok(client, "lectern.v1.AdminService/CheckStore", &request.base,
			&lectern__v1__check_store_response__descriptor);
	assert_true(response->entries > 0);
	if (response->problem_count > 0)
		fail_msg("%" PRIu64 " problems, the first: %s", response->problem_count,
			response->problems[0]);
	lectern__v1__check_store_response__free_unpacked(response, NULL);
}

bool versions_serving(lectern_client *client)
{
	Lectern__V1__CheckRequest request = LECTERN__V1__CHECK_REQUEST__INIT;
	Lectern__V1__CheckResponse *response = call_ok(client, "lectern.v1.HealthService/Check",
		&request.base, &lectern__v1__check_response__descriptor);
	bool serving = response->status == LECTERN__V1__SERVING_STATUS__SERVING_STATUS_SERVING;
	if (serving)
		assert_string_equal(response->message, "");
	else
		assert_string_not_equal(response->message, "");
	lectern__v1__check_response__free_unpacked(response, NULL);
	return serving;
}
