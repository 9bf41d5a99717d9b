/*
 * bench.values: every published post of a server as a stream of id (u64), size (u32), both
 * big-endian, and the Post message in the view, byte for byte as lecternd sends it. What the other
 * servers of the benchmarks are filled with.
 */
#include "base/slice.h"
#include "base/wire.h"

#include <endian.h>
#include <getopt.h>
#include <lectern/client.h>
#include <lectern/v1/post.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_SIZE = 500, REQUEST_BYTES_MAX = 4096, POST_ID = 1, PAGE_POSTS = 1, PAGE_TOKEN = 2 };

static const char usage[] = "usage: bench.values --server URL [--view basic|html|source|full]\n";

static const struct {
	const char *name;
	Lectern__V1__PostView view;
} views[] = {
	{ "basic", LECTERN__V1__POST_VIEW__POST_VIEW_BASIC },
	{ "html", LECTERN__V1__POST_VIEW__POST_VIEW_HTML },
	{ "source", LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE },
	{ "full", LECTERN__V1__POST_VIEW__POST_VIEW_FULL },
};

static bool find_view(const char *name, Lectern__V1__PostView *ret)
{
	for (size_t i = 0; i < sizeof views / sizeof *views; i++)
		if (strcmp(name, views[i].name) == 0) {
			*ret = views[i].view;
			return true;
		}
	return false;
}

static bool write_post(struct slice post)
{
	uint64_t id = 0;
	struct slice rest = post;
	while (rest.size > 0) {
		struct wire_field field;
		if (!wire_next(&rest, &field))
			return false;
		if (field.number == POST_ID && field.type == WIRE_VARINT)
			id = field.value;
	}
	uint64_t big_id = htobe64(id);
	uint32_t big_size = htobe32((uint32_t)post.size);
	return id != 0 && fwrite(&big_id, sizeof big_id, 1, stdout) == 1 &&
	       fwrite(&big_size, sizeof big_size, 1, stdout) == 1 &&
	       fwrite(post.data, 1, post.size, stdout) == post.size;
}

/* The token of the next page goes to `token`, which has room for any. */
static bool write_page(struct slice page, char *token)
{
	token[0] = '\0';
	while (page.size > 0) {
		struct wire_field field;
		if (!wire_next(&page, &field))
			return false;
		if (field.type != WIRE_BYTES)
			continue;
		if (field.number == PAGE_POSTS && !write_post(field.bytes))
			return false;
		if (field.number == PAGE_TOKEN && field.bytes.size < REQUEST_BYTES_MAX / 2) {
			memcpy(token, field.bytes.data, field.bytes.size);
			token[field.bytes.size] = '\0';
		}
	}
	return true;
}

static int write_all(lectern_client *client, Lectern__V1__PostView view)
{
	char token[REQUEST_BYTES_MAX / 2] = "";
	do {
		Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
		request.page_size = PAGE_SIZE;
		request.page_token = token;
		request.skip_total_size = true;
		request.view = view;
		uint8_t packed[REQUEST_BYTES_MAX];
		struct lectern_call call = {
			.method = "lectern.v1.PostService/ListPosts",
			.request = packed,
			.request_size_bytes =
				lectern__v1__list_posts_request__pack(&request, packed),
		};
		lectern_reply *reply;
		struct lectern_error err;
		if (lectern_call(client, &call, &reply, &err) != LECTERN_OK) {
			fprintf(stderr, "bench.values: %s\n", err.message);
			return 1;
		}
		size_t size;
		const void *data = lectern_reply_data(reply, &size);
		bool written = write_page(slice_of(data, size), token);
		lectern_reply_free(reply);
		if (!written) {
			fprintf(stderr, "bench.values: cannot write, or no answer of lecternd\n");
			return 1;
		}
	} while (token[0] != '\0');
	return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct option names[] = { { "server", required_argument, NULL, 's' },
		{ "view", required_argument, NULL, 'v' }, { NULL, 0, NULL, 0 } };
	struct lectern_client_options options = { 0 };
	Lectern__V1__PostView view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL;
	bool fine = true;
	for (int name; (name = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		if (name == 's')
			options.url = optarg;
		else
			fine &= name == 'v' && find_view(optarg, &view);
	}
	if (!fine || optind != argc) {
		fputs(usage, stderr);
		return 2;
	}
	lectern_client *client;
	struct lectern_error err;
	if (lectern_client_open(&options, &client, &err) != LECTERN_OK) {
		fprintf(stderr, "bench.values: %s\n", err.message);
		return 1;
	}
	int status = write_all(client, view);
	lectern_client_close(client);
	return status;
}
