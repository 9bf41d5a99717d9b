#include "cli/bench.h"

#include "cli/rpc.h"

#include <lectern/v1/archive.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/search.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <math.h>
#include <string.h>

enum {
	POSTS_MAX = 10000,
	TAGS_MAX = 1000,
	PAGE_SIZE = 1000,
	BATCH_KEYS = 20,
	LIST_PAGE_SIZE = 20,
	WORD_BYTES_MIN = 4,
};

/* What is on the server, the newest and the most used first. */
struct content {
	const char *slugs[POSTS_MAX];
	const char *titles[POSTS_MAX];
	size_t posts;
	const char *tags[TAGS_MAX];
	size_t tag_count;
};

static enum exit_status read_posts(struct cli *cli, struct content *content)
{
	const char *token = "";
	do {
		Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
		request.page_size = PAGE_SIZE;
		request.page_token = (char *)(uintptr_t)token;
		request.skip_total_size = true;
		request.view = LECTERN__V1__POST_VIEW__POST_VIEW_BASIC;
		const ProtobufCMessage *message;
		enum exit_status status = rpc_call(cli, &lectern__v1__post_service__descriptor,
			"ListPosts", &request.base, &message);
		if (status != EXIT_STATUS_OK)
			return status;
		const Lectern__V1__ListPostsResponse *page =
			(const Lectern__V1__ListPostsResponse *)message;
		for (size_t i = 0; i < page->n_posts && content->posts < POSTS_MAX; i++) {
			content->titles[content->posts] = page->posts[i]->title;
			content->slugs[content->posts++] = page->posts[i]->slug;
		}
		token = page->next_page_token;
	} while (token[0] != '\0' && content->posts < POSTS_MAX);
	return EXIT_STATUS_OK;
}

static enum exit_status read_tags(struct cli *cli, struct content *content)
{
	Lectern__V1__ListTagsRequest request = LECTERN__V1__LIST_TAGS_REQUEST__INIT;
	request.page_size = TAGS_MAX;
	request.order = LECTERN__V1__TERM_ORDER__TERM_ORDER_POST_COUNT;
	const ProtobufCMessage *message;
	enum exit_status status = rpc_call(
		cli, &lectern__v1__tag_service__descriptor, "ListTags", &request.base, &message);
	if (status != EXIT_STATUS_OK)
		return status;
	const Lectern__V1__ListTagsResponse *page = (const Lectern__V1__ListTagsResponse *)message;
	for (size_t i = 0; i < page->n_tags && i < TAGS_MAX; i++)
		content->tags[content->tag_count++] = page->tags[i]->slug;
	return EXIT_STATUS_OK;
}

struct load_call bench_call(const char *method, struct slice payload, double weight)
{
	const uint8_t *number = memmem(payload.data, payload.size, BENCH_NUMBER, LOAD_NUMBER_BYTES);
	return (struct load_call){
		.method = method,
		.payload = payload.data,
		.payload_bytes = payload.size,
		.weight = weight,
		.number_at = number == NULL ? 0 : (size_t)(number - payload.data),
	};
}

static void add(struct cli *cli, struct bench_calls *calls, const char *method,
	const ProtobufCMessage *request, double weight)
{
	struct slice packed = arena_pack(&cli->arena, request);
	if (calls->count == BENCH_CALLS_MAX || (packed.data == NULL && packed.size > 0))
		return;
	calls->calls[calls->count++] = bench_call(method, packed, weight);
}

double bench_zipf(size_t place, size_t count, double weight)
{
	double sum = log((double)count) + 0.5772;
	return weight / ((double)(place + 1) * (sum < 1 ? 1 : sum));
}

static void add_get(
	struct cli *cli, const struct content *content, struct bench_calls *calls, double weight)
{
	for (size_t i = 0; i < content->posts; i++) {
		Lectern__V1__GetPostRequest request = LECTERN__V1__GET_POST_REQUEST__INIT;
		request.key_case = LECTERN__V1__GET_POST_REQUEST__KEY_SLUG;
		request.slug = (char *)(uintptr_t)content->slugs[i];
		request.view = LECTERN__V1__POST_VIEW__POST_VIEW_HTML;
		add(cli, calls, "lectern.v1.PostService/GetPost", &request.base,
			bench_zipf(i, content->posts, weight));
	}
}

static void add_archive(
	struct cli *cli, const struct content *content, struct bench_calls *calls, double weight)
{
	for (size_t i = 0; i < content->tag_count; i++) {
		Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
		Lectern__V1__TermKey key = LECTERN__V1__TERM_KEY__INIT;
		key.key_case = LECTERN__V1__TERM_KEY__KEY_SLUG;
		key.slug = (char *)(uintptr_t)content->tags[i];
		request.kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG;
		request.term = &key;
		request.view = LECTERN__V1__POST_VIEW__POST_VIEW_HTML;
		add(cli, calls, "lectern.v1.ArchiveService/GetArchive", &request.base,
			bench_zipf(i, content->tag_count, weight));
	}
}

static void add_list(
	struct cli *cli, const struct content *content, struct bench_calls *calls, double weight)
{
	(void)content;
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	request.page_size = LIST_PAGE_SIZE;
	request.view = LECTERN__V1__POST_VIEW__POST_VIEW_BASIC;
	add(cli, calls, "lectern.v1.PostService/ListPosts", &request.base, weight);
}

static void add_batch(
	struct cli *cli, const struct content *content, struct bench_calls *calls, double weight)
{
	for (size_t i = 0; i < content->posts; i += BATCH_KEYS) {
		Lectern__V1__BatchGetPostsRequest request =
			LECTERN__V1__BATCH_GET_POSTS_REQUEST__INIT;
		Lectern__V1__PostKey keys[BATCH_KEYS];
		Lectern__V1__PostKey *list[BATCH_KEYS];
		request.keys = list;
		for (size_t j = i; j < i + BATCH_KEYS && j < content->posts; j++) {
			Lectern__V1__PostKey *key = &keys[request.n_keys];
			lectern__v1__post_key__init(key);
			key->key_case = LECTERN__V1__POST_KEY__KEY_SLUG;
			key->slug = (char *)(uintptr_t)content->slugs[j];
			list[request.n_keys++] = key;
		}
		request.view = LECTERN__V1__POST_VIEW__POST_VIEW_HTML;
		add(cli, calls, "lectern.v1.PostService/BatchGetPosts", &request.base, weight);
	}
}

/* A title's longest word. */
static char *choose_word(struct cli *cli, const char *title)
{
	static const char ends[] = " \t\n.,:;!?\"'()[]{}<>-+*/|";
	size_t longest = 0;
	const char *word = title;
	for (const char *c = title; *c != '\0';) {
		size_t size = strcspn(c, ends);
		if (size > longest) {
			longest = size;
			word = c;
		}
		c += size;
		c += strspn(c, ends);
	}
	return longest < WORD_BYTES_MIN
		       ? NULL
		       : arena_text(&cli->arena, slice_of((const uint8_t *)word, longest));
}

static void add_search(
	struct cli *cli, const struct content *content, struct bench_calls *calls, double weight)
{
	for (size_t i = 0; i < content->posts && i < TAGS_MAX; i++) {
		Lectern__V1__SearchPostsRequest request = LECTERN__V1__SEARCH_POSTS_REQUEST__INIT;
		request.query = choose_word(cli, content->titles[i]);
		if (request.query != NULL)
			add(cli, calls, "lectern.v1.SearchService/SearchPosts", &request.base,
				bench_zipf(i, content->posts, weight));
	}
}

static void add_write(
	struct cli *cli, const struct content *content, struct bench_calls *calls, double weight)
{
	(void)content;
	static char slug[] = "bench-" BENCH_NUMBER;
	static char title[] = "Written by lectern bench";
	static char body[] = "## A draft\n\nThis post was made by *lectern bench* to see how long "
			     "that takes. It can be [deleted](https://example.org/).\n";
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	request.post = &post;
	post.slug = slug;
	post.title = title;
	post.body = body;
	post.state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
	add(cli, calls, "lectern.v1.PostService/CreatePost", &request.base, weight);
}

/* Of a kind, in percent of the mix. */
static const struct kind {
	const char *name;
	double share;
	void (*add)(struct cli *cli, const struct content *content, struct bench_calls *calls,
		double weight);
} kinds[] = {
	{ "get", 80, add_get },
	{ "archive", 12, add_archive },
	{ "list", 4, add_list },
	{ "search", 3, add_search },
	{ "write", 1, add_write },
	{ "batch", 0, add_batch },
};

enum exit_status bench_make(struct cli *cli, const char *kind, struct bench_calls *ret)
{
	struct content *content = arena_calloc(&cli->arena, 1, sizeof *content);
	struct load_call *calls = arena_calloc(&cli->arena, BENCH_CALLS_MAX, sizeof *calls);
	if (content == NULL || calls == NULL)
		return problem_tool(cli, "out of memory");
	enum exit_status status = read_posts(cli, content);
	if (status == EXIT_STATUS_OK)
		status = read_tags(cli, content);
	if (status != EXIT_STATUS_OK)
		return status;
	bool mix = strcmp(kind, "mix") == 0;
	*ret = (struct bench_calls){ .calls = calls };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (mix ? kinds[i].share > 0 : strcmp(kind, kinds[i].name) == 0)
			kinds[i].add(cli, content, ret, kinds[i].share + 1);
	if (ret->count == 0)
		return problem_tool(cli,
			"the server has nothing to ask for with '%s'; import posts first", kind);
	return EXIT_STATUS_OK;
}
