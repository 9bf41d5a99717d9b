/*
 * What the guard counts instructions of: each path of the server that has to stay fast, alone in a
 * process, on the same store, with the same requests. tests/bench/guard.sh runs it under callgrind.
 */
#include "bench/guard/calls.h"
#include "bench/guard/http.h"
#include "bench/guard/requests.h"

#include <stdlib.h>
#include <valgrind/callgrind.h>

/* What comes again has been there twice when all are warm: then it is kept. */
enum { WARM_UP = GUARD_ROUND, AGAIN = WARM_UP / 4 };

enum path_kind { PATH_READ, PATH_WRITE, PATH_HTTP }; /* reads unless a row says else */

struct path {
	const char *name;
	enum path_kind kind;
	guard_request *request;
	unsigned calls;	    /* measured */
	unsigned different; /* so many requests come again and again; 0: none does */
	/* With WARM_UP requests; NULL: the first ones of `request`, and the others are measured.
	 * The server keeps posts that it was asked for twice, whatever the request was. */
	guard_request *warm_up;
	unsigned first; /* number of the first request */
};

static const struct path paths[] = {
	{ .name = "get_post_full", .request = guard_get_post_by_slug, .calls = 512 },
	{ .name = "get_post_full_again",
		.request = guard_get_post_by_slug,
		.calls = 512,
		.different = AGAIN },
	{ .name = "get_post_basic_by_id", .request = guard_get_post_by_id, .calls = 512 },
	{ .name = "archive_tag_full",
		.request = guard_get_archive,
		.calls = 32,
		.warm_up = guard_get_archive_basic },
	{ .name = "archive_tag_full_again",
		.request = guard_get_archive,
		.calls = 128,
		.different = AGAIN },
	{ .name = "batch_get_100_full",
		.request = guard_batch_get_posts,
		.calls = 20,
		.warm_up = guard_batch_get_posts_basic },
	{ .name = "batch_get_100_full_again",
		.request = guard_batch_get_posts,
		.calls = 32,
		.different = AGAIN },
	{ .name = "list_two_tags", .request = guard_list_posts, .calls = 64 },
	{ .name = "search_common_word", .request = guard_search_common_word, .calls = 16 },
	{ .name = "search_two_words", .request = guard_search_two_words, .calls = 64 },
	{ .name = "suggest", .request = guard_suggest_terms, .calls = 64 },
	{ .name = "http_get_post_full",
		.kind = PATH_HTTP,
		.request = guard_http_target,
		.calls = 128 },
	/* One merge of the search index in each, after 512 writes; see docs/design.md. */
	{ .name = "create_post",
		.kind = PATH_WRITE,
		.request = guard_create_post,
		.calls = 512,
		.first = GUARD_POSTS },
	{ .name = "update_post", .kind = PATH_WRITE, .request = guard_update_post, .calls = 512 },
};
enum { PATHS = sizeof paths / sizeof *paths };

static struct slice *make_requests(
	guard_request *request, unsigned first, unsigned different, unsigned count)
{
	struct slice *requests = calloc(count + 1U, sizeof *requests);
	if (requests == NULL)
		abort();
	for (unsigned i = 0; i < count; i++)
		requests[i] = request(first + (different == 0 ? i : i % different));
	return requests;
}

static void free_requests(struct slice *requests)
{
	for (size_t i = 0; requests[i].data != NULL; i++)
		free((void *)(uintptr_t)requests[i].data);
	free(requests);
}

static void call(struct guard_server *server, struct guard_writer *writer, const struct path *path,
	const struct slice *requests, size_t count)
{
	switch (path->kind) {
	case PATH_READ:
		guard_read(server, requests, count);
		return;
	case PATH_WRITE:
		guard_write(server, writer, requests, count);
		return;
	case PATH_HTTP:
		guard_get(server->http, requests, count);
		return;
	}
}

static void warm_up(
	struct guard_server *server, struct guard_writer *writer, const struct path *path)
{
	guard_request *request = path->warm_up != NULL ? path->warm_up : path->request;
	struct slice *requests = make_requests(request, path->first, path->different, WARM_UP);
	call(server, writer, path, requests, WARM_UP);
	free_requests(requests);
}

static void measure(
	struct guard_server *server, struct guard_writer *writer, const struct path *path)
{
	bool anew = path->warm_up != NULL || path->different != 0;
	unsigned first = path->first + (anew ? 0 : WARM_UP);
	struct slice *requests = make_requests(path->request, first, path->different, path->calls);
	warm_up(server, writer, path);
	CALLGRIND_START_INSTRUMENTATION;
	call(server, writer, path, requests, path->calls);
	CALLGRIND_STOP_INSTRUMENTATION;
	CALLGRIND_DUMP_STATS_AT(path->name);
	printf("%u\n", path->calls);
	free_requests(requests);
}

static void hold_writer(struct guard_server *server, struct guard_writer *writer)
{
	struct slice *requests = make_requests(guard_try_post, UINT16_MAX, 0, 1);
	guard_writer_hold(server, writer, requests[0]);
	free_requests(requests);
}

static void make_store(struct guard_server *server, struct guard_writer *writer)
{
	struct slice *requests = make_requests(guard_create_post, 0, 0, GUARD_POSTS);
	guard_write(server, writer, requests, GUARD_POSTS);
	free_requests(requests);
}

/* Fills the store without a path. */
static int run(const char *directory, const struct path *path)
{
	static struct guard_server server;
	struct guard_writer writer;
	guard_server_open(&server, directory);
	guard_writer_init(&writer);
	if (path == NULL || path->kind == PATH_WRITE)
		hold_writer(&server, &writer);
	if (path == NULL)
		make_store(&server, &writer);
	else
		measure(&server, &writer, path);
	guard_writer_done(&writer);
	guard_server_close(&server);
	return EXIT_SUCCESS;
}

/* What changes the counts: the compiler, and the processor, at which libsodium looks itself. */
static int about(void)
{
#ifdef __clang__
	printf("compiler: clang %d.%d.%d\n", __clang_major__, __clang_minor__,
		__clang_patchlevel__);
#else
	printf("compiler: gcc %d.%d.%d\n", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
#ifdef __x86_64__
	printf("processor: %s\n", __builtin_cpu_supports("avx512f")  ? "avx512f"
				  : __builtin_cpu_supports("avx2")   ? "avx2"
				  : __builtin_cpu_supports("sse4.1") ? "sse4.1"
								     : "sse2");
#else
	printf("processor: any\n");
#endif
	return EXIT_SUCCESS;
}

static int usage(void)
{
	fprintf(stderr, "usage: bench.guard list | about | make DIRECTORY | run DIRECTORY PATH\n");
	return 2;
}

static int list(void)
{
	for (size_t i = 0; i < PATHS; i++)
		puts(paths[i].name);
	return EXIT_SUCCESS;
}

static const struct path *find(const char *name)
{
	for (size_t i = 0; i < PATHS; i++)
		if (strcmp(paths[i].name, name) == 0)
			return &paths[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const char *action = argc > 1 ? argv[1] : "";
	if (argc == 2 && strcmp(action, "list") == 0)
		return list();
	if (argc == 2 && strcmp(action, "about") == 0)
		return about();
	if (argc == 3 && strcmp(action, "make") == 0)
		return run(argv[2], NULL);
	const struct path *path = argc == 4 && strcmp(action, "run") == 0 ? find(argv[3]) : NULL;
	return path == NULL ? usage() : run(argv[2], path);
}
