/*
 * The request of any method: the first byte picks it, the rest is the payload. It takes every step
 * of a real call on a small store: validation, unpacking, handler, writer. At the end the store
 * must be sound.
 */
#include "support/call.h"

#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/archive.pb-c.h>
#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/category.pb-c.h>
#include <lectern/v1/change.pb-c.h>
#include <lectern/v1/health.pb-c.h>
#include <lectern/v1/import.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/search.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ProtobufCServiceDescriptor *const all_services[] = {
	&lectern__v1__post_service__descriptor,
	&lectern__v1__tag_service__descriptor,
	&lectern__v1__category_service__descriptor,
	&lectern__v1__author_service__descriptor,
	&lectern__v1__archive_service__descriptor,
	&lectern__v1__search_service__descriptor,
	&lectern__v1__health_service__descriptor,
	&lectern__v1__change_service__descriptor,
	&lectern__v1__import_service__descriptor,
};

enum { CALL_MS = 50 }; /* a call may ask to wait for half a minute */

static struct local_server server;

static void close_server(void)
{
	if (count_problems(&server) > 0)
		_Exit(3);
	local_server_close(&server);
}

static void open_server(void)
{
	struct answer answer = { .code = CODE_OK };
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__TermRef tag = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef *tags[] = { &tag };
	local_server_open(&server);
	tag.name = (char[]){ "t" };
	post.slug = (char[]){ "p" };
	post.title = (char[]){ "Post" };
	post.body = (char[]){ "# Body" };
	post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	post.tags = tags;
	post.n_tags = 1;
	request.post = &post;
	request.create_missing_terms = true;
	call_ok(&server, "PostService/CreatePost", &request.base, &answer);
	answer_done(&answer);
	server.timeout_ms = CALL_MS;
	atexit(close_server);
}

/* "PostService/GetPost" and so on. */
static void pick_method(uint8_t number, char name[128])
{
	unsigned count = 0;
	for (size_t i = 0; i < sizeof all_services / sizeof *all_services; i++)
		count += all_services[i]->n_methods;
	unsigned left = number % count;
	for (size_t i = 0; i < sizeof all_services / sizeof *all_services; i++) {
		if (left < all_services[i]->n_methods) {
			snprintf(name, 128, "%s/%s", all_services[i]->short_name,
				all_services[i]->methods[left].name);
			return;
		}
		left -= all_services[i]->n_methods;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct answer answer;
	char method[128];
	if (server.store == NULL)
		open_server();
	if (size == 0)
		return 0;
	pick_method(data[0], method);
	enum code code = call_bytes(&server, method, data + 1, size - 1, &answer);
	if (code != CODE_OK && answer.err.text[0] == '\0')
		abort();
	if (code == CODE_INTERNAL || code == CODE_DATA_LOSS) {
		fprintf(stderr, "%s: %s\n", method, answer.err.text);
		abort();
	}
	answer_done(&answer);
	return 0;
}
