#include "e2e/hostile_client.h"

#include <dirent.h>
#include <errno.h>
#include <lectern/rpc/v1/envelope.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <nng/nng.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include <cmocka.h>

enum {
	LARGE_BYTES = 200 * 1000,
	POSTS = 5,
	GROWTH_KB = 96 * 1024,
	SEND_WAIT_US = 20 * 1000,
	/* A server without room ends what is in the way within five seconds; a write has the disk's
	 * time on top. */
	READ_PATIENCE_MS = 8 * 1000,
	PROGRESS_S = 60,
	HEAD_BYTES = 13, /* a type byte, the length, the request's id */
};

struct lecternd server;

/* One that behaves, in a thread of its own. */
struct good_client {
	pthread_t thread;
	bool writes;
	unsigned calls; /* with the mutex below, as failed */
	bool failed;
	bool starved; /* made too few calls while it was waited for */
	uint64_t slowest_ms;
	struct lectern_error err;
};
static struct good_client good_clients[3];
static atomic_bool stopped;
static pthread_mutex_t called_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t called = PTHREAD_COND_INITIALIZER;

enum { GOOD_CLIENTS = sizeof good_clients / sizeof *good_clients };

void sleep_ms(unsigned ms)
{
	usleep(ms * 1000);
}

bool is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#else
	return false;
#endif
}

static lectern_client *open_client(void)
{
	struct lectern_error err;
	lectern_client *client;
	struct lectern_client_options options = { .url = server.url, .max_attempts = 1 };
	if (lectern_client_open(&options, &client, &err) != LECTERN_OK)
		fail_msg("%s", err.message);
	return client;
}

static void create_post(lectern_client *client, const char *slug, const char *body)
{
	struct lectern_error err;
	struct lectern_new_post post = { .title = slug,
		.slug = slug,
		.body = body,
		.publish = true,
		.timeout_ms = PATIENCE_MS };
	if (lectern_create_post(client, &post, NULL, &err) != LECTERN_OK)
		fail_msg("%s: %s", slug, err.message);
}

int set_up(void **state)
{
	setenv("LECTERND_MAX_CONNECTIONS", "300", 1);
	setenv("ASAN_OPTIONS", "quarantine_size_mb=1:thread_local_quarantine_size_kb=64", 0);
	lecternd_start(&server);
	lectern_client *client = open_client();
	for (int i = 0; i < POSTS; i++) {
		char slug[32];
		snprintf(slug, sizeof slug, "post-%d", i);
		create_post(client, slug, "A *short* text.");
	}
	char *body = malloc(LARGE_BYTES + 1);
	memset(body, 'x', LARGE_BYTES);
	body[LARGE_BYTES] = '\0';
	for (size_t i = 0; i < LARGE_BYTES; i += 10)
		body[i] = ' ';
	create_post(client, "large", body);
	free(body);
	lectern_client_close(client);
	return 0;
}

int tear_down(void **state)
{
	return lecternd_stop(&server);
}

int connect_silent(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", server.url + strlen("ipc://"));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

int connect_raw(void)
{
	static const uint8_t ours[8] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
	uint8_t theirs[sizeof ours];
	int fd = connect_silent();
	if (fd < 0)
		return -1;
	if (send(fd, ours, sizeof ours, MSG_NOSIGNAL) != (ssize_t)sizeof ours ||
		recv(fd, theirs, sizeof theirs, MSG_WAITALL) != (ssize_t)sizeof theirs) {
		close(fd);
		return -1;
	}
	struct timeval patience = { .tv_usec = SEND_WAIT_US };
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	return fd;
}

uint8_t *call_frame(const char *method, const void *payload, size_t payload_bytes,
	uint32_t timeout_ms, size_t *ret_bytes)
{
	Lectern__Rpc__V1__Request request = LECTERN__RPC__V1__REQUEST__INIT;
	request.method = (char *)(uintptr_t)method;
	request.payload.data = (uint8_t *)(uintptr_t)payload;
	request.payload.len = payload_bytes;
	request.timeout_ms = timeout_ms;
	size_t size = lectern__rpc__v1__request__get_packed_size(&request);
	uint8_t *frame = malloc(HEAD_BYTES + size);
	frame[0] = 1;
	for (int i = 0; i < 8; i++)
		frame[1 + i] = (uint8_t)((uint64_t)(size + 4) >> (56 - 8 * i));
	memcpy(frame + 9, "\x80\0\0\7", 4);
	lectern__rpc__v1__request__pack(&request, frame + HEAD_BYTES);
	*ret_bytes = HEAD_BYTES + size;
	return frame;
}

uint8_t *get_frame(const char *slug, size_t *ret_bytes)
{
	uint8_t payload[256];
	Lectern__V1__GetPostRequest request = LECTERN__V1__GET_POST_REQUEST__INIT;
	request.key_case = LECTERN__V1__GET_POST_REQUEST__KEY_SLUG;
	request.slug = (char *)(uintptr_t)slug;
	request.view = LECTERN__V1__POST_VIEW__POST_VIEW_HTML;
	size_t size = lectern__v1__get_post_request__pack(&request, payload);
	return call_frame("/lectern.v1.PostService/GetPost", payload, size, 5000, ret_bytes);
}

bool send_raw(int fd, const void *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t sent = send(fd, (const char *)data + at, size - at, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		at += (size_t)sent;
	}
	return true;
}

static uint64_t now_ms(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static enum lectern_code call_once(
	lectern_client *client, struct good_client *self, struct lectern_error *err)
{
	char slug[64];
	lectern_post *post = NULL;
	enum lectern_code code;
	if (self->writes) {
		snprintf(slug, sizeof slug, "written-%p-%u", (void *)client, self->calls);
		struct lectern_new_post create = {
			.title = slug, .body = "Some *text*.", .timeout_ms = PATIENCE_MS
		};
		return lectern_create_post(client, &create, NULL, err);
	}
	snprintf(slug, sizeof slug, "post-%u", self->calls % POSTS);
	code = lectern_get_post(client, slug, LECTERN_VIEW_HTML, READ_PATIENCE_MS, &post, err);
	lectern_post_free(post);
	return code;
}

static void *run_good_client(void *argument)
{
	struct good_client *self = argument;
	lectern_client *client = open_client();
	for (bool failed = false; !failed && !atomic_load(&stopped);) {
		uint64_t start_ms = now_ms();
		failed = call_once(client, self, &self->err) != LECTERN_OK;
		uint64_t took_ms = now_ms() - start_ms;
		if (took_ms > self->slowest_ms)
			self->slowest_ms = took_ms;
		pthread_mutex_lock(&called_mutex);
		self->calls++;
		self->failed = failed;
		pthread_cond_signal(&called);
		pthread_mutex_unlock(&called_mutex);
		sleep_ms(2);
	}
	lectern_client_close(client);
	return NULL;
}

void start_good_clients(void)
{
	atomic_store(&stopped, false);
	for (int i = 0; i < GOOD_CLIENTS; i++) {
		good_clients[i] = (struct good_client){ .writes = i == 0 };
		assert_int_equal(pthread_create(&good_clients[i].thread, NULL, run_good_client,
					 &good_clients[i]),
			0);
	}
}

/* With the mutex. True also if it cannot go on. */
static bool is_done(const struct good_client *client, unsigned calls_min)
{
	return client->failed || client->calls >= calls_min;
}

void await_good_clients(unsigned reads, unsigned writes)
{
	unsigned calls_min[GOOD_CLIENTS];
	struct timespec end;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PROGRESS_S;
	pthread_mutex_lock(&called_mutex);
	for (int i = 0; i < GOOD_CLIENTS; i++)
		calls_min[i] = good_clients[i].calls + (good_clients[i].writes ? writes : reads);
	for (int i = 0; i < GOOD_CLIENTS;) {
		if (is_done(&good_clients[i], calls_min[i]))
			i++;
		else if (pthread_cond_timedwait(&called, &called_mutex, &end) == ETIMEDOUT)
			break;
	}
	for (int i = 0; i < GOOD_CLIENTS; i++)
		good_clients[i].starved = !is_done(&good_clients[i], calls_min[i]);
	pthread_mutex_unlock(&called_mutex);
}

void stop_good_clients(void)
{
	atomic_store(&stopped, true);
	for (int i = 0; i < GOOD_CLIENTS; i++)
		pthread_join(good_clients[i].thread, NULL);
	for (int i = 0; i < GOOD_CLIENTS; i++) {
		struct good_client *client = &good_clients[i];
		print_message("%s: %u calls, the slowest took %d ms\n",
			client->writes ? "writer" : "reader", client->calls,
			(int)client->slowest_ms);
		if (client->failed)
			fail_msg("%s after %u calls: %s (%s)", client->writes ? "write" : "read",
				client->calls, client->err.message, client->err.reason);
		assert_false(client->starved);
	}
}

static size_t count_entries(const char *name)
{
	char path[64];
	size_t count = 0;
	snprintf(path, sizeof path, "/proc/%d/%s", (int)server.pid, name);
	DIR *folder = opendir(path);
	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

struct usage read_usage(void)
{
	char path[64];
	char line[256];
	struct usage usage = { .descriptors = count_entries("fd"),
		.threads = count_entries("task") };
	snprintf(path, sizeof path, "/proc/%d/status", (int)server.pid);
	FILE *status = fopen(path, "r");
	assert_non_null(status);
	while (fgets(line, sizeof line, status) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			usage.memory_kb = strtoul(line + 6, NULL, 10);
	fclose(status);
	return usage;
}

static bool frees_connections(void)
{
	unsigned major = 0;
	unsigned minor = 0;
	return sscanf(nng_version(), "%u.%u", &major, &minor) == 2 &&
	       (major > 1 || (major == 1 && minor >= 6));
}

void check_usage_is_back(const struct usage *before, bool in_reply)
{
	struct usage now = { 0 };
	if (in_reply && !frees_connections()) {
		print_message("nng %s: descriptors are not compared\n", nng_version());
		return;
	}
	for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += 50) {
		now = read_usage();
		if (now.descriptors <= before->descriptors && now.threads <= before->threads)
			break;
		sleep_ms(50);
	}
	print_message("descriptors %zu, were %zu; threads %zu, were %zu; %zu kB, were %zu\n",
		now.descriptors, before->descriptors, now.threads, before->threads, now.memory_kb,
		before->memory_kb);
	assert_true(now.descriptors <= before->descriptors);
	assert_true(now.threads <= before->threads);
	if (!is_sanitized())
		assert_true(now.memory_kb <= before->memory_kb + GROWTH_KB);
}
