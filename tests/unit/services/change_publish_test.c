/* What is sent to subscribers: every change once, in order, as ListChanges tells it. */
#include "base/limits.h"
#include "base/wire.h"
#include "services/services.h"
#include "support/changes.h"
#include "support/own_server.h"

#include <lectern/v1/admin.pb-c.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MESSAGES_MAX = 2000 };

/* What a subscriber has got. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t arrived;
	uint8_t *messages[MESSAGES_MAX];
	size_t sizes[MESSAGES_MAX];
	size_t count;
	uint64_t last; /* revision of the last change */
} box = { .mutex = PTHREAD_MUTEX_INITIALIZER, .arrived = PTHREAD_COND_INITIALIZER };

static Lectern__V1__ListChangesResponse *unpack(size_t at)
{
	Lectern__V1__ListChangesResponse *message =
		lectern__v1__list_changes_response__unpack(NULL, box.sizes[at], box.messages[at]);
	assert_non_null(message);
	return message;
}

/* In the feed's thread. */
static void take(void *context, const struct slice *parts, size_t count)
{
	assert_ptr_equal(context, &box);
	size_t size = 0;
	for (size_t i = 0; i < count; i++)
		size += parts[i].size;
	uint8_t *message = malloc(size);
	uint8_t *end = message;
	for (size_t i = 0; i < count; i++) {
		memcpy(end, parts[i].data, parts[i].size);
		end += parts[i].size;
	}
	pthread_mutex_lock(&box.mutex);
	assert_true(box.count < MESSAGES_MAX);
	box.messages[box.count] = message;
	box.sizes[box.count] = size;
	Lectern__V1__ListChangesResponse *response = unpack(box.count++);
	box.last = response->changes[response->n_changes - 1]->revision;
	lectern__v1__list_changes_response__free_unpacked(response, NULL);
	pthread_cond_signal(&box.arrived);
	pthread_mutex_unlock(&box.mutex);
}

static void await_sent(uint64_t revision)
{
	pthread_mutex_lock(&box.mutex);
	while (box.last < revision)
		pthread_cond_wait(&box.arrived, &box.mutex);
	pthread_mutex_unlock(&box.mutex);
}

static void begin(void)
{
	static const char *const urls[] = { "tcp://127.0.0.1:1", "ipc:///x" };
	const struct services_publisher publisher = {
		.send = take, .context = &box, .urls = urls, .url_count = 2
	};
	struct error err;
	assert_int_equal(services_publish(server.services, &publisher, &err), CODE_OK);
}

/* What is in the box: all changes from one on up to the last, byte by byte as ListChanges has them.
 * Returns the most that one message has. */
static size_t check_box(uint64_t first)
{
	struct answer listed = { 0 };
	size_t most = 0;
	uint64_t expected = first;
	for (size_t i = 0; i < box.count; i++) {
		struct slice rest = slice_of(box.messages[i], box.sizes[i]);
		struct wire_field field;
		Lectern__V1__ListChangesResponse *message = unpack(i);
		const Lectern__V1__ListChangesResponse *response = changes(&server,
			&(struct change_question){
				.after = expected - 1, .page_size = (int32_t)message->n_changes },
			&listed);
		struct slice wanted = slice_of(listed.bytes, listed.size_bytes);
		struct wire_field wanted_field;
		for (size_t j = 0; j < message->n_changes; j++) {
			assert_int_equal(message->changes[j]->revision, expected++);
			assert_true(wire_next(&rest, &field) && wire_next(&wanted, &wanted_field));
			assert_int_equal(field.number, 1);
			assert_int_equal(wanted_field.number, 1);
			assert_true(slice_equals(field.bytes, wanted_field.bytes));
		}
		assert_string_equal(message->epoch, response->epoch);
		assert_true(message->revision >= expected - 1);
		assert_in_range(message->n_changes, 1, PUBLISHED_CHANGES);
		assert_in_range(box.sizes[i], 1, PUBLISHED_BYTES + 100);
		if (message->n_changes > most)
			most = message->n_changes;
		lectern__v1__list_changes_response__free_unpacked(message, NULL);
	}
	assert_int_equal(box.last, expected - 1);
	answer_done(&listed);
	return most;
}

static int tear_down_box(void **state)
{
	int status = tear_down(state);
	for (size_t i = 0; i < box.count; i++)
		free(box.messages[i]);
	box.count = 0;
	box.last = 0;
	return status;
}

#define TEST_BOX(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down_box)

static void sends_what_is_new(void **state)
{
	for (int i = 0; i < 5; i++)
		publish(START_US, NULL, NULL);
	begin();
	for (int i = 0; i < 100; i++)
		publish(START_US, NULL, NULL);
	await_sent(105);
	check_box(6);
}

static void names_its_addresses(void **state)
{
	Lectern__V1__GetServerInfoRequest request = LECTERN__V1__GET_SERVER_INFO_REQUEST__INIT;
	const Lectern__V1__GetServerInfoResponse *info =
		call_ok(&server, "AdminService/GetServerInfo", &request.base, &answer);
	assert_int_equal(info->n_publish_addresses, 0);
	begin();
	info = call_ok(&server, "AdminService/GetServerInfo", &request.base, &answer);
	assert_int_equal(info->n_publish_addresses, 2);
	assert_string_equal(info->publish_addresses[0], "tcp://127.0.0.1:1");
	assert_string_equal(info->publish_addresses[1], "ipc:///x");
}

static void rename_tag(const char *name)
{
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	Lectern__V1__UpdateTagRequest request = LECTERN__V1__UPDATE_TAG_REQUEST__INIT;
	tag.id = 1;
	tag.name = text(name);
	request.tag = &tag;
	call_ok(&server, "TagService/UpdateTag", &request.base, &answer);
}

/* One transaction of more changes than a message may have, while calls wait for them, too. */
static void cuts_large_transactions(void **state)
{
	enum { POSTS = 3 * PUBLISHED_CHANGES - 10 };
	for (int i = 0; i < POSTS; i++)
		publish(START_US, "Tag", NULL);
	begin();
	struct started_call *waiter = start_changes(
		&server, &(struct change_question){ .after = POSTS + 1, .wait_ms = LIMIT_WAIT_MS });
	rename_tag("New");
	await_sent(2 * POSTS + 2);
	assert_int_equal(call_wait(waiter, &answer), CODE_OK);
	assert_int_equal(check_box(POSTS + 2), PUBLISHED_CHANGES);
}

/* A change that names many terms with long slugs is large. */
static void messages_stay_small(void **state)
{
	enum { POSTS = 12, TERMS = 200, NAME_BYTES = 190 };
	struct answer made = { 0 };
	Lectern__V1__TermRef tags[TERMS];
	Lectern__V1__TermRef *list[TERMS];
	static char names[TERMS][NAME_BYTES + 1];
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	for (int i = 0; i < TERMS; i++) {
		memset(names[i], 'a', NAME_BYTES);
		snprintf(names[i] + NAME_BYTES - 5, 6, "%05d", i);
		lectern__v1__term_ref__init(&tags[i]);
		tags[i].name = names[i];
		list[i] = &tags[i];
	}
	post.title = text("P");
	post.state = PUBLISHED;
	post.tags = list;
	post.n_tags = TERMS;
	request.post = &post;
	request.create_missing_terms = true;
	begin();
	struct started_call *calls[POSTS];
	for (int i = 0; i < POSTS; i++)
		calls[i] = call_start(&server, "PostService/CreatePost", &request.base);
	for (int i = 0; i < POSTS; i++)
		assert_int_equal(call_wait(calls[i], &made), CODE_OK);
	answer_done(&made);
	await_sent(TERMS + POSTS);
	check_box(1);
}

static void sends_all_before_it_ends(void **state)
{
	for (int round = 0; round < 20; round++) {
		uint64_t before = revision_of(&server);
		begin();
		for (int i = 0; i < 5; i++)
			publish(START_US, NULL, NULL);
		local_server_reopen(&server);
		assert_int_equal(box.last, before + 5);
		check_box(before + 1);
		for (size_t i = 0; i < box.count; i++)
			free(box.messages[i]);
		box.count = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOX(sends_what_is_new),
		TEST_BOX(names_its_addresses),
		TEST_BOX(cuts_large_transactions),
		TEST_BOX(messages_stay_small),
		TEST_BOX(sends_all_before_it_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
