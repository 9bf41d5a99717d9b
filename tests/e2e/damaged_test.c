/*
 * A real server and a data file that is damaged at random: it ends with status 1 and one line that
 * says so, or it starts, its check ends and tells what it has found, its pages can be read, and it
 * ends as asked. Never by a signal.
 *
 * LECTERN_DAMAGE_ROUNDS sets how many files, LECTERN_TEST_SEED which.
 */
#include "integration/lecternd.h"
#include "support/random.h"
#include "support/store_image.h"

#include <fcntl.h>
#include <lectern/client.h>
#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

enum {
	ROUNDS = 36,
	POSTS = 60,
	LINE_BYTES = 4096,
	TIMEOUT_MS = 60000,
};

static struct lecternd server;
static char file[256]; /* the data file */
static struct store_image image;
static struct random random_state;

static uint64_t below(uint64_t number)
{
	return random_below(&random_state, number);
}

/* The answer's code; the text of a failure goes to *err. */
static enum lectern_code call(lectern_client *client, const char *method,
	const ProtobufCMessage *request, lectern_reply **reply, struct lectern_error *err)
{
	uint8_t bytes[1024];
	struct lectern_call call = { .method = method,
		.request = bytes,
		.request_size_bytes = protobuf_c_message_pack(request, bytes),
		.timeout_ms = TIMEOUT_MS };
	return lectern_call(client, &call, reply, err);
}

static void must(lectern_client *client, const char *method, const ProtobufCMessage *request)
{
	struct lectern_error err;
	lectern_reply *reply;
	if (call(client, method, request, &reply, &err) != LECTERN_OK)
		fail_msg("%s: %s", method, err.message);
	lectern_reply_free(reply);
}

static void create(lectern_client *client, int number, uint64_t *id)
{
	static char body[60001];
	char title[64];
	char tag[32];
	const char *tags[] = { tag };
	struct lectern_error err;
	lectern_post *post;
	size_t size = 10 + below(number % 6 == 0 ? sizeof body - 11 : 3000);
	for (size_t i = 0; i < size; i++)
		body[i] = i % 7 == 0 ? ' ' : (char)('a' + below(26));
	body[size] = '\0';
	snprintf(title, sizeof title, "Post %d of many", number);
	snprintf(tag, sizeof tag, "Tag %d", number % 9);
	struct lectern_new_post new_post = { .title = title,
		.body = body,
		.publish = number % 4 != 0,
		.tags = tags,
		.tag_count = 1,
		.create_missing_terms = true,
		.timeout_ms = TIMEOUT_MS };
	if (lectern_create_post(client, &new_post, &post, &err) != LECTERN_OK)
		fail_msg("post %d: %s", number, err.message);
	*id = lectern_post_id(post);
	lectern_post_free(post);
}

static void fill(lectern_client *client)
{
	uint64_t ids[POSTS];
	for (int number = 0; number < POSTS; number++)
		create(client, number, &ids[number]);
	for (int number = 0; number < POSTS; number += 3) {
		Lectern__V1__DeletePostRequest delete = LECTERN__V1__DELETE_POST_REQUEST__INIT;
		Lectern__V1__PurgePostRequest purge = LECTERN__V1__PURGE_POST_REQUEST__INIT;
		delete.key_case = LECTERN__V1__DELETE_POST_REQUEST__KEY_ID;
		delete.id = ids[number];
		must(client, "lectern.v1.PostService/DeletePost", &delete.base);
		purge.key_case = LECTERN__V1__PURGE_POST_REQUEST__KEY_ID;
		purge.id = ids[number];
		must(client, "lectern.v1.PostService/PurgePost", &purge.base);
	}
}

static lectern_client *connect_to_server(void)
{
	struct lectern_error err;
	lectern_client *client;
	struct lectern_client_options options = { .url = server.url };
	assert_int_equal(lectern_client_open(&options, &client, &err), LECTERN_OK);
	return client;
}

static void write_file(size_t size)
{
	FILE *out = fopen(file, "wb");
	assert_non_null(out);
	assert_int_equal(fwrite(image.bytes, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
}

/* In the structure at the beginning of a page, mostly; else anywhere in it. */
static void overwrite(uint64_t page, char text[256])
{
	static const uint64_t values[] = { 0, 1, 2, UINT64_MAX, UINT64_C(0x7FFF7FFF7FFF7FFF) };
	static const size_t widths[] = { 1, 2, 4, 8 };
	size_t at = below(4) != 0 ? 2 * below(100) : below(image.page_bytes - 8);
	size_t width = widths[below(4)];
	uint64_t value = below(2) == 0 ? values[below(5)] : random_next(&random_state);
	int out = open(file, O_WRONLY | O_CLOEXEC);
	assert_true(out >= 0);
	assert_int_equal(pwrite(out, &value, width, (off_t)(page * image.page_bytes + at)), width);
	close(out);
	snprintf(text, 256, "page %" PRIu64 " (%s) has %" PRIx64 " in %zu bytes at %zu", page,
		page_kind_name((enum page_kind)image.kinds[page]), value, width, at);
}

/* Of each kind of page in turn, or the file is cut. */
static void damage(int round, char text[256])
{
	enum page_kind kind = (enum page_kind)(KIND_META_OLDER + round % KIND_OVERFLOW_REST);
	size_t count = store_image_count(&image, kind);
	if (kind == KIND_OVERFLOW_REST || count == 0) {
		size_t size = 1 + below(image.size - 1);
		write_file(size);
		snprintf(text, 256, "cut after %zu of %zu bytes", size, image.size);
		return;
	}
	write_file(image.size);
	overwrite(store_image_find(&image, kind, below(count)), text);
}

/* Starts the server; false if it ends, and then its status and lines were as they should be. */
static bool starts(const char *text)
{
	char line[LINE_BYTES];
	char last[LINE_BYTES] = "";
	int ends[2];
	int status;
	size_t lines = 0;
	assert_int_equal(pipe(ends), 0);
	server.pid = fork();
	if (server.pid == 0)
		lecternd_exec(&server, ends[1]);
	close(ends[1]);
	server.log = fdopen(ends[0], "r");
	while (fgets(line, sizeof line, server.log) != NULL) {
		if (strstr(line, "\"ready\"") != NULL)
			return true;
		strcpy(last, line);
		lines++;
	}
	fclose(server.log);
	assert_int_equal(waitpid(server.pid, &status, 0), server.pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 1 || lines != 1)
		fail_msg("%s: status %d after %zu lines: %s", text, status, lines, last);
	bool damaged =
		strstr(last, "\"DATA_LOSS\"") != NULL && strstr(last, "restore a backup") != NULL;
	bool other_version = strstr(last, "\"FAILED_PRECONDITION\"") != NULL &&
			     strstr(last, "made by another version of LMDB") != NULL;
	if (strstr(last, "\"error\"") == NULL || (!damaged && !other_version))
		fail_msg("%s: %s", text, last);
	return false;
}

/* What a server that runs makes of the store: whatever it answers, it answers. */
static bool is_sound(lectern_client *client, const char *text)
{
	struct lectern_error err;
	lectern_reply *reply;
	size_t size;
	Lectern__V1__CheckStoreRequest request = LECTERN__V1__CHECK_STORE_REQUEST__INIT;
	enum lectern_code code =
		call(client, "lectern.v1.AdminService/CheckStore", &request.base, &reply, &err);
	if (code == LECTERN_DATA_LOSS)
		return false;
	if (code != LECTERN_OK)
		fail_msg("%s: check: %s: %s", text, lectern_code_name(code), err.message);
	const uint8_t *data = lectern_reply_data(reply, &size);
	Lectern__V1__CheckStoreResponse *response =
		lectern__v1__check_store_response__unpack(NULL, size, data);
	bool sound = response->problem_count == 0;
	lectern__v1__check_store_response__free_unpacked(response, NULL);
	lectern_reply_free(reply);
	return sound;
}

/* A sound store lists its posts; another may refuse to. */
static void read_posts(lectern_client *client, bool sound, const char *text)
{
	struct lectern_error err;
	lectern_reply *reply;
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	request.page_size = POSTS;
	request.view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL;
	enum lectern_code code =
		call(client, "lectern.v1.PostService/ListPosts", &request.base, &reply, &err);
	if (code == LECTERN_OK)
		lectern_reply_free(reply);
	else if (sound || code != LECTERN_DATA_LOSS)
		fail_msg("%s: list: %s: %s", text, lectern_code_name(code), err.message);
}

static void stop(const char *text)
{
	char line[LINE_BYTES];
	int status;
	kill(server.pid, SIGTERM);
	while (fgets(line, sizeof line, server.log) != NULL)
		if (strstr(line, "ERROR: ") != NULL) /* of a sanitizer */
			fputs(line, stderr);
	fclose(server.log);
	assert_int_equal(waitpid(server.pid, &status, 0), server.pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s: ended with status %d", text, status);
}

static void damaged_stores_are_refused_or_told(void **state)
{
	const char *given = getenv("LECTERN_DAMAGE_ROUNDS");
	int rounds = given != NULL ? atoi(given) : ROUNDS;
	size_t refused = 0;
	size_t unsound = 0;
	size_t sound = 0;
	for (int round = 0; round < rounds; round++) {
		char text[256];
		damage(round, text);
		if (!starts(text)) {
			refused++;
			continue;
		}
		lectern_client *client = connect_to_server();
		bool is = is_sound(client, text);
		sound += is;
		unsound += !is;
		read_posts(client, is, text);
		lectern_client_close(client);
		stop(text);
	}
	print_message("%zu refused, %zu with problems, %zu sound\n", refused, unsound, sound);
	assert_true(rounds < ROUNDS || refused > 0);
}

static int make_store(void **state)
{
	random_state = random_start();
	lecternd_start(&server);
	lectern_client *client = connect_to_server();
	fill(client);
	lectern_client_close(client);
	stop("the store as it is made");
	lecternd_path(&server, "data/data.mdb", file);
	store_image_load(&image, file);
	return 0;
}

static int remove_store(void **state)
{
	write_file(image.size);
	store_image_done(&image);
	lecternd_run(&server);
	return lecternd_stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_stores_are_refused_or_told),
	};
	return cmocka_run_group_tests(tests, make_store, remove_store);
}
