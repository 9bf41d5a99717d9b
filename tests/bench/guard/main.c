/*
 * What the guard counts instructions of: each path of the server that has to stay fast, alone in a
 * process, on the same store, with the same requests. tests/bench/guard.sh runs it under callgrind.
 */
#include "bench/guard/calls.h"
#include "bench/guard/http.h"
#include "bench/guard/requests.h"

#include <stdlib.h>
#include <valgrind/callgrind.h>

/* What comes again has been there twice when all are warm: then its reply is kept. */
enum { WARM_UP = GUARD_ROUND, AGAIN = WARM_UP / 2 };

enum path_kind { PATH_READ, PATH_WRITE, PATH_HTTP };

struct path {
	const char *name;
	enum path_kind kind;
	guard_request *request;
	unsigned calls;	    /* measured */
	unsigned first;	    /* number of the first request */
	unsigned different; /* so many requests come again and again; 0: none does */
};

static const struct path paths[] = {
	{ "get_post_full", PATH_READ, guard_get_post_by_slug, 512, 0, 0 },
	{ "get_post_full_again", PATH_READ, guard_get_post_by_slug, 512, 0, AGAIN },
	{ "get_post_basic_by_id", PATH_READ, guard_get_post_by_id, 512, 0, 0 },
	{ "archive_tag_full", PATH_READ, guard_get_archive, 120, 0, 0 },
	{ "archive_tag_full_again", PATH_READ, guard_get_archive, 128, 0, AGAIN },
	{ "batch_get_100_full", PATH_READ, guard_batch_get_posts, 32, 0, 0 },
	{ "list_two_tags", PATH_READ, guard_list_posts, 64, 0, 0 },
	{ "search_common_word", PATH_READ, guard_search_common_word, 16, 0, 0 },
	{ "search_two_words", PATH_READ, guard_search_two_words, 64, 0, 0 },
	{ "suggest", PATH_READ, guard_suggest_terms, 64, 0, 0 },
	{ "http_get_post_full", PATH_HTTP, guard_http_target, 128, 0, 0 },
	/* One merge of the search index in each, after 512 writes; see docs/design.md. */
	{ "create_post", PATH_WRITE, guard_create_post, 512, GUARD_POSTS, 0 },
	{ "update_post", PATH_WRITE, guard_update_post, 512, 0, 0 },
};
enum { PATHS = sizeof paths / sizeof *paths };

static struct slice *make_requests(const struct path *path, unsigned first, unsigned count)
{
	struct slice *requests = calloc(count + 1U, sizeof *requests);
	if (requests == NULL)
		abort();
	for (unsigned i = 0; i < count; i++)
		requests[i] =
			path->request(first + (path->different == 0 ? i : i % path->different));
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

static void measure(
	struct guard_server *server, struct guard_writer *writer, const struct path *path)
{
	struct slice *requests = make_requests(path, path->first, WARM_UP + path->calls);
	call(server, writer, path, requests, WARM_UP);
	CALLGRIND_START_INSTRUMENTATION;
	call(server, writer, path, requests + WARM_UP, path->calls);
	CALLGRIND_STOP_INSTRUMENTATION;
	CALLGRIND_DUMP_STATS_AT(path->name);
	printf("%u\n", path->calls);
	free_requests(requests);
}

static void hold_writer(struct guard_server *server, struct guard_writer *writer)
{
	static const struct path hold = { .request = guard_try_post };
	struct slice *requests = make_requests(&hold, UINT16_MAX, 1);
	guard_writer_hold(server, writer, requests[0]);
	free_requests(requests);
}

static void make_store(struct guard_server *server, struct guard_writer *writer)
{
	static const struct path fill = { .request = guard_create_post };
	struct slice *requests = make_requests(&fill, 0, GUARD_POSTS);
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
