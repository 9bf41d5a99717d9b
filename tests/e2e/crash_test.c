/*
 * kill -9 during a stream of writes, again and again. Writers go on through the kills: the client
 * library repeats what was not answered, with the same request id. So every write must be there
 * exactly once (a post's revision counts its changes), whole (title, body and tag of one version),
 * and no acknowledged one may ever be missing.
 *
 * LECTERN_CRASH_ROUNDS sets the number of kills (default 50), LECTERN_TEST_SEED the moments.
 */
#include "base/arena.h"
#include "base/limits.h"
#include "integration/lecternd.h"

#include <inttypes.h>
#include <lectern/client.h>
#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <time.h>

#include <cmocka.h>

enum {
	WRITERS = 6,
	POSTS = 20, /* of each writer */
	BODY_LINES = 40,
	TIMEOUT_MS = 30000,
};

struct writer {
	pthread_t thread;
	int number;
	lectern_client *client;
	uint64_t ids[POSTS];
	atomic_uint acknowledged[POSTS]; /* versions of each post that were answered */
	atomic_uint started[POSTS];	 /* versions that were sent */
	atomic_ullong writes;
	char failure[512];
};

static struct lecternd server;
static struct writer writers[WRITERS];
static atomic_bool stop;

static void slug_of(int writer, int post, char out[64])
{
	snprintf(out, 64, "writer-%d-post-%d", writer, post);
}

/* Everything that a version of a post shows follows from its number. */
static void version_text(int writer, int post, unsigned version, char *title, char *body)
{
	sprintf(title, "Writer %d post %d version %u", writer, post, version);
	body[0] = '\0';
	for (int line = 0; line < BODY_LINES; line++)
		sprintf(body + strlen(body), "Line %d of version %u.\n\n", line, version);
}

static bool call(struct writer *writer, const char *method, const ProtobufCMessage *request,
	lectern_reply **reply)
{
	static _Thread_local uint8_t bytes[65536];
	struct lectern_error err;
	struct lectern_call call = { .method = method,
		.request = bytes,
		.request_size_bytes = protobuf_c_message_pack(request, bytes),
		.timeout_ms = TIMEOUT_MS };
	if (lectern_call(writer->client, &call, reply, &err) == LECTERN_OK) {
		atomic_fetch_add(&writer->writes, 1);
		return true;
	}
	snprintf(writer->failure, sizeof writer->failure, "%s: %s: %s", method,
		lectern_code_name(err.code), err.message);
	return false;
}

static void fill_post(Lectern__V1__Post *post, Lectern__V1__TermRef *tag,
	Lectern__V1__TermRef **tags, char *tag_name, int writer, int index, unsigned version,
	char *title, char *body)
{
	version_text(writer, index, version, title, body);
	sprintf(tag_name, "tag %u", version % 5);
	lectern__v1__post__init(post);
	lectern__v1__term_ref__init(tag);
	tag->name = tag_name;
	tags[0] = tag;
	post->title = title;
	post->body = body;
	post->tags = tags;
	post->n_tags = 1;
	post->state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
}

static bool write_version(struct writer *writer, int index, unsigned version)
{
	Lectern__V1__Post post;
	Lectern__V1__TermRef tag;
	Lectern__V1__TermRef *tags[1];
	char tag_name[32];
	char title[128];
	char body[BODY_LINES * 40];
	char slug[64];
	lectern_reply *reply;
	slug_of(writer->number, index, slug);
	fill_post(&post, &tag, tags, tag_name, writer->number, index, version, title, body);
	if (version == 1) {
		Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
		post.slug = slug;
		request.post = &post;
		request.create_missing_terms = true;
		if (!call(writer, "lectern.v1.PostService/CreatePost", &request.base, &reply))
			return false;
		size_t size;
		const uint8_t *data = lectern_reply_data(reply, &size);
		Lectern__V1__CreatePostResponse *response =
			lectern__v1__create_post_response__unpack(NULL, size, data);
		writer->ids[index] = response->post->id;
		lectern__v1__create_post_response__free_unpacked(response, NULL);
	} else {
		Lectern__V1__UpdatePostRequest request = LECTERN__V1__UPDATE_POST_REQUEST__INIT;
		post.id = writer->ids[index];
		request.post = &post;
		request.create_missing_terms = true;
		if (!call(writer, "lectern.v1.PostService/UpdatePost", &request.base, &reply))
			return false;
	}
	lectern_reply_free(reply);
	return true;
}

static void *writer_main(void *argument)
{
	struct writer *writer = argument;
	for (unsigned version = 1; !atomic_load(&stop); version++) {
		for (int index = 0; index < POSTS && !atomic_load(&stop); index++) {
			atomic_store(&writer->started[index], version);
			if (!write_version(writer, index, version))
				return NULL;
			atomic_store(&writer->acknowledged[index], version);
		}
	}
	return NULL;
}

/* One post as the server has it against what was acknowledged before the question. */
static void verify_post(lectern_client *client, struct writer *writer, int index)
{
	char slug[64];
	char title[128];
	char body[BODY_LINES * 40];
	char tag[32];
	struct lectern_error err;
	lectern_post *post;
	slug_of(writer->number, index, slug);
	unsigned acknowledged = atomic_load(&writer->acknowledged[index]);
	enum lectern_code code =
		lectern_get_post(client, slug, LECTERN_VIEW_FULL, TIMEOUT_MS, &post, &err);
	unsigned started = atomic_load(&writer->started[index]);
	if (code == LECTERN_NOT_FOUND && acknowledged == 0)
		return;
	if (code != LECTERN_OK)
		fail_msg("%s, acknowledged version %u: %s", slug, acknowledged, err.message);
	unsigned version = 0;
	assert_int_equal(
		sscanf(strstr(lectern_post_title(post), "version"), "version %u", &version), 1);
	if (version < acknowledged || version > started)
		fail_msg("%s has version %u; %u was acknowledged, %u sent", slug, version,
			acknowledged, started);
	version_text(writer->number, index, version, title, body);
	sprintf(tag, "tag %u", version % 5);
	assert_string_equal(lectern_post_title(post), title);
	assert_string_equal(lectern_post_body(post), body);
	assert_non_null(strstr(lectern_post_html(post), "Line 0 of version"));
	assert_int_equal(lectern_post_tag_count(post), 1);
	assert_string_equal(lectern_post_tag_name(post, 0), tag);
	lectern_post_free(post);
}

/* Each version was applied once: the post's revision is its version. */
static void verify_once(lectern_client *client, struct writer *writer, int index)
{
	Lectern__V1__GetPostRequest request = LECTERN__V1__GET_POST_REQUEST__INIT;
	uint8_t bytes[64];
	struct lectern_error err;
	lectern_reply *reply;
	size_t size;
	request.key_case = LECTERN__V1__GET_POST_REQUEST__KEY_ID;
	request.id = writer->ids[index];
	struct lectern_call call = { .method = "lectern.v1.PostService/GetPost",
		.request = bytes,
		.request_size_bytes = protobuf_c_message_pack(&request.base, bytes),
		.timeout_ms = TIMEOUT_MS };
	if (lectern_call(client, &call, &reply, &err) != LECTERN_OK)
		fail_msg("post %" PRIu64 ": %s", request.id, err.message);
	const uint8_t *data = lectern_reply_data(reply, &size);
	Lectern__V1__GetPostResponse *response =
		lectern__v1__get_post_response__unpack(NULL, size, data);
	assert_int_equal(response->post->revision, atomic_load(&writer->acknowledged[index]));
	lectern__v1__get_post_response__free_unpacked(response, NULL);
	lectern_reply_free(reply);
}

static void check_store(lectern_client *client)
{
	struct lectern_error err;
	lectern_reply *reply;
	size_t size;
	struct lectern_call call = { .method = "lectern.v1.AdminService/CheckStore",
		.timeout_ms = TIMEOUT_MS };
	if (lectern_call(client, &call, &reply, &err) != LECTERN_OK)
		fail_msg("check: %s", err.message);
	const uint8_t *data = lectern_reply_data(reply, &size);
	Lectern__V1__CheckStoreResponse *response =
		lectern__v1__check_store_response__unpack(NULL, size, data);
	assert_true(response->entries > 0);
	if (response->problem_count > 0)
		fail_msg("%" PRIu64 " problems, the first: %s", response->problem_count,
			response->problems[0]);
	lectern__v1__check_store_response__free_unpacked(response, NULL);
	lectern_reply_free(reply);
}

static uint64_t writes(void)
{
	uint64_t total = 0;
	for (int i = 0; i < WRITERS; i++)
		total += atomic_load(&writers[i].writes);
	return total;
}

/* Kills the server after a random number of further writes, so that no clock is involved. */
static void kill_amid_writes(void)
{
	struct timespec pause = { .tv_nsec = 200000 };
	uint64_t until = writes() + (uint64_t)(rand() % 120) + 1;
	while (writes() < until) {
		for (int i = 0; i < WRITERS; i++)
			if (writers[i].failure[0] != '\0')
				fail_msg("writer %d: %s", i, writers[i].failure);
		nanosleep(&pause, NULL); /* polls a counter; the number of writes decides */
	}
	lecternd_kill(&server);
	lecternd_run(&server);
}

static void acknowledged_writes_survive_kill_9(void **state)
{
	const char *given_seed = getenv("LECTERN_TEST_SEED");
	const char *given_rounds = getenv("LECTERN_CRASH_ROUNDS");
	unsigned seed = given_seed ? (unsigned)strtoul(given_seed, NULL, 10) : (unsigned)time(NULL);
	int rounds = given_rounds != NULL ? atoi(given_rounds) : 50;
	struct lectern_error err;
	lectern_client *client;
	print_message("seed %u, %d kills\n", seed, rounds);
	srand(seed);
	lecternd_start(&server);
	struct lectern_client_options options = { .url = server.url, .max_attempts = 100000 };
	assert_int_equal(lectern_client_open(&options, &client, &err), LECTERN_OK);
	for (int i = 0; i < WRITERS; i++) {
		writers[i].number = i;
		assert_int_equal(
			lectern_client_open(&options, &writers[i].client, &err), LECTERN_OK);
		pthread_create(&writers[i].thread, NULL, writer_main, &writers[i]);
	}
	for (int round = 0; round < rounds; round++) {
		kill_amid_writes();
		for (int i = 0; i < WRITERS; i++)
			for (int index = 0; index < POSTS; index += 1 + rand() % 4)
				verify_post(client, &writers[i], index);
		if (round % 10 == 9)
			check_store(client);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_string_equal(writers[i].failure, "");
		for (int index = 0; index < POSTS; index++) {
			verify_post(client, &writers[i], index);
			if (atomic_load(&writers[i].acknowledged[index]) > 0)
				verify_once(client, &writers[i], index);
		}
		lectern_client_close(writers[i].client);
	}
	check_store(client);
	print_message("%" PRIu64 " writes acknowledged\n", writes());
	lectern_client_close(client);
	assert_int_equal(lecternd_stop(&server), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acknowledged_writes_survive_kill_9),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
