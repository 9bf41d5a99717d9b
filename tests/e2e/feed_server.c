#include "e2e/feed_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct lecternd server;
static char publish_path[128];
lectern_client *client;

lectern_client *connect_client(void)
{
	struct lectern_error err;
	lectern_client *ret;
	struct lectern_client_options options = { .url = server.url, .max_attempts = 1 };
	if (lectern_client_open(&options, &ret, &err) != LECTERN_OK)
		fail_msg("%s", err.message);
	return ret;
}

int set_up(void **state)
{
	char folder[] = "/tmp/lectern-feed-XXXXXX";
	char urls[256];
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(publish_path, sizeof publish_path, "%s", folder);
	snprintf(urls, sizeof urls, "tcp://127.0.0.1:0 ipc://%s/pub.sock", folder);
	setenv("LECTERND_PUBLISH", urls, 1);
	/* Freed memory is not kept by any thread: it would look like memory that waiting takes. */
	setenv("ASAN_OPTIONS", "quarantine_size_mb=1:thread_local_quarantine_size_kb=64", 0);
	lecternd_start(&server);
	client = connect_client();
	return 0;
}

static void remove_publish_path(void)
{
	char path[160];
	snprintf(path, sizeof path, "%s/pub.sock", publish_path);
	unlink(path);
	rmdir(publish_path);
}

int tear_down(void **state)
{
	lectern_client_close(client);
	int status = lecternd_stop(&server);
	remove_publish_path();
	return status;
}

ProtobufCMessage *try_call(lectern_client *from, const char *method,
	const ProtobufCMessage *request, const ProtobufCMessageDescriptor *response,
	uint32_t timeout_ms, struct lectern_error *err)
{
	uint8_t bytes[512];
	lectern_reply *reply;
	size_t size;
	struct lectern_call call = { .method = method,
		.request = bytes,
		.request_size_bytes = protobuf_c_message_pack(request, bytes),
		.timeout_ms = timeout_ms };
	if (lectern_call(from, &call, &reply, err) != LECTERN_OK)
		return NULL;
	const uint8_t *data = lectern_reply_data(reply, &size);
	ProtobufCMessage *message = protobuf_c_message_unpack(response, NULL, size, data);
	lectern_reply_free(reply);
	return message;
}

Lectern__V1__ListChangesResponse *try_changes(lectern_client *from, uint64_t after,
	uint32_t wait_ms, uint32_t timeout_ms, struct lectern_error *err)
{
	Lectern__V1__ListChangesRequest request = LECTERN__V1__LIST_CHANGES_REQUEST__INIT;
	request.after_revision = after;
	request.wait_ms = wait_ms;
	return (Lectern__V1__ListChangesResponse *)try_call(from,
		"lectern.v1.ChangeService/ListChanges", &request.base,
		&lectern__v1__list_changes_response__descriptor, timeout_ms, err);
}

void free_changes(Lectern__V1__ListChangesResponse *response)
{
	lectern__v1__list_changes_response__free_unpacked(response, NULL);
}

void create_post(const char *title)
{
	struct lectern_error err;
	struct lectern_new_post post = { .title = title, .slug = title, .timeout_ms = TIMEOUT_MS };
	if (lectern_create_post(client, &post, NULL, &err) != LECTERN_OK)
		fail_msg("%s: %s", title, err.message);
}

void get_post(const char *slug)
{
	struct lectern_error err;
	lectern_post *post;
	if (lectern_get_post(client, slug, LECTERN_VIEW_FULL, TIMEOUT_MS, &post, &err) !=
		LECTERN_OK)
		fail_msg("%s: %s", slug, err.message);
	lectern_post_free(post);
}
