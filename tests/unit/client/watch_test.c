/* Following the change log: every change once and in order, whatever happens in between. */
#include "base/clock.h"
#include "support/random.h"
#include "unit/client/fake_server.h"

#include <lectern/rpc/v1/status.pb-c.h>
#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/change.pb-c.h>
#include <lectern/watch.h>
#include <nng/protocol/pubsub0/pub.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <times.h>

#include <cmocka.h>

enum { PAGE_MAX = 100, CHANGES_MAX = 1000, LONG_MS = 20 * 1000 };

/* What the log holds, and how the server misbehaves. */
static struct script {
	atomic_ulong revision; /* of the last change that there is */
	const char *epoch;
	unsigned grow_at; /* with this request that many changes are made */
	unsigned grow_by;
	enum fake_action actions[8]; /* of the first requests; afterwards FAKE_REPLY */
	int32_t codes[8];	     /* of the answers to them; 0: success */
	const char *reason;
	int64_t retry_ms;
	/* How a page is made wrong: what is added to the revision of its first change and to that
	 * of its last one, what to the store's. */
	int64_t first_plus, last_plus, store_plus;
	bool hide; /* no changes are given */
	/* What came in. */
	uint64_t after[8];
	uint32_t wait_ms[8];
	int32_t page_size;
	char asked_epoch[64];
	atomic_uint waiting; /* a request that may wait has come */
	pthread_t interrupter;
} script;

static struct fake_server server;
static lectern_client *client;
static uint8_t packed[1 << 16];

static void fill_status(struct fake_server *fake, int32_t code)
{
	static Lectern__Rpc__V1__Status status;
	static Google__Protobuf__Any anys[2];
	static Google__Protobuf__Any *details[2] = { &anys[0], &anys[1] };
	static uint8_t info_bytes[128];
	static uint8_t retry_bytes[64];
	lectern__rpc__v1__status__init(&status);
	status.code = code;
	status.message = (char *)"as the script says";
	status.details = details;
	Lectern__Rpc__V1__ErrorInfo info = LECTERN__RPC__V1__ERROR_INFO__INIT;
	info.reason = (char *)(script.reason == NULL ? "SCRIPTED" : script.reason);
	google__protobuf__any__init(&anys[0]);
	anys[0].type_url = (char *)"type.googleapis.com/google.rpc.ErrorInfo";
	anys[0].value.data = info_bytes;
	anys[0].value.len = lectern__rpc__v1__error_info__pack(&info, info_bytes);
	status.n_details = 1;
	if (script.retry_ms > 0) {
		Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
		delay.nanos = (int32_t)script.retry_ms * 1000000;
		Lectern__Rpc__V1__RetryInfo retry = LECTERN__RPC__V1__RETRY_INFO__INIT;
		retry.retry_delay = &delay;
		google__protobuf__any__init(&anys[1]);
		anys[1].type_url = (char *)"type.googleapis.com/google.rpc.RetryInfo";
		anys[1].value.data = retry_bytes;
		anys[1].value.len = lectern__rpc__v1__retry_info__pack(&retry, retry_bytes);
		status.n_details = 2;
	}
	fake->response.status = &status;
}

static size_t pack_page(uint64_t after, size_t count, uint64_t store_revision, const char *epoch)
{
	static Lectern__V1__Change changes[CHANGES_MAX];
	static Lectern__V1__Change *list[CHANGES_MAX];
	Lectern__V1__ListChangesResponse page = LECTERN__V1__LIST_CHANGES_RESPONSE__INIT;
	for (size_t i = 0; i < count; i++) {
		lectern__v1__change__init(&changes[i]);
		changes[i].revision = after + 1 + i;
		changes[i].id = 1000 + changes[i].revision;
		list[i] = &changes[i];
	}
	if (count > 0) {
		changes[0].revision += (uint64_t)script.first_plus;
		changes[count - 1].revision += (uint64_t)script.last_plus;
	}
	page.changes = list;
	page.n_changes = count;
	page.revision = store_revision;
	page.epoch = (char *)epoch;
	return lectern__v1__list_changes_response__pack(&page, packed);
}

static void answer_list(
	struct fake_server *fake, const Lectern__Rpc__V1__Request *request, unsigned index)
{
	Lectern__V1__ListChangesRequest *list = lectern__v1__list_changes_request__unpack(
		NULL, request->payload.len, request->payload.data);
	size_t most = list->page_size == 0 ? PAGE_MAX : (size_t)list->page_size;
	uint64_t revision = atomic_load(&script.revision);
	uint64_t rest = revision > list->after_revision ? revision - list->after_revision : 0;
	size_t count = rest < most ? rest : most;
	script.after[index] = list->after_revision;
	script.wait_ms[index] = list->wait_ms;
	script.page_size = list->page_size;
	snprintf(script.asked_epoch, sizeof script.asked_epoch, "%s", list->epoch);
	fake->response.payload.len = pack_page(list->after_revision, script.hide ? 0 : count,
		revision + (uint64_t)script.store_plus, script.epoch);
	fake->response.payload.data = packed;
	if (list->wait_ms > 0)
		atomic_fetch_add(&script.waiting, 1);
	lectern__v1__list_changes_request__free_unpacked(list, NULL);
}

static void answer_info(struct fake_server *fake)
{
	Lectern__V1__GetServerInfoResponse info = LECTERN__V1__GET_SERVER_INFO_RESPONSE__INIT;
	info.revision = atomic_load(&script.revision);
	info.epoch = (char *)script.epoch;
	fake->response.payload.len = lectern__v1__get_server_info_response__pack(&info, packed);
	fake->response.payload.data = packed;
}

static enum fake_action handle(
	struct fake_server *fake, const Lectern__Rpc__V1__Request *request, unsigned count)
{
	unsigned index = count - 1 < 7 ? count - 1 : 7;
	if (strcmp(request->method, "/lectern.v1.AdminService/GetServerInfo") == 0) {
		answer_info(fake);
		return FAKE_REPLY;
	}
	if (strcmp(request->method, "/lectern.v1.ChangeService/ListChanges") != 0)
		abort();
	if (count == script.grow_at)
		atomic_fetch_add(&script.revision, script.grow_by);
	if (script.codes[index] != 0 && count <= 7)
		fill_status(fake, script.codes[index]);
	else
		answer_list(fake, request, index);
	return count <= 7 ? script.actions[index] : FAKE_REPLY;
}

static int set_up(void **state)
{
	memset(&script, 0, sizeof script);
	memset(&server, 0, sizeof server);
	script.epoch = "e1";
	server.handle = handle;
	fake_start(&server);
	struct lectern_client_options options = { .url = server.url };
	return lectern_client_open(&options, &client, NULL) == LECTERN_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	lectern_client_close(client);
	fake_stop(&server);
	fake_done(&server);
	return 0;
}

static lectern_watch *open_watch(const struct lectern_watch_options *options)
{
	lectern_watch *watch = NULL;
	struct lectern_error err;
	if (lectern_watch_open(client, options, &watch, &err) != LECTERN_OK)
		fail_msg("%s", err.message);
	return watch;
}

/* The next change is the one of that revision. */
static void expect(lectern_watch *watch, uint64_t revision)
{
	const lectern_change *change;
	struct lectern_error err;
	if (lectern_watch_next(watch, LONG_MS, &change, &err) != LECTERN_OK)
		fail_msg("revision %ju: %s", (uintmax_t)revision, err.message);
	assert_int_equal(lectern_change_revision(change), revision);
	assert_int_equal(lectern_change_id(change), 1000 + revision);
	assert_int_equal(lectern_watch_revision(watch), revision);
}

static void expect_all(lectern_watch *watch, uint64_t from, uint64_t to)
{
	for (uint64_t revision = from; revision <= to; revision++)
		expect(watch, revision);
}

static void expect_none(
	lectern_watch *watch, uint32_t timeout_ms, enum lectern_code code, const char *reason)
{
	const lectern_change *change = NULL;
	struct lectern_error err;
	uint64_t before = lectern_watch_revision(watch);
	assert_int_equal(lectern_watch_next(watch, timeout_ms, &change, &err), code);
	assert_string_equal(err.reason, reason);
	assert_null(change);
	assert_int_equal(lectern_watch_revision(watch), before);
	assert_int_equal(lectern_watch_pending_count(watch), 0);
}

static void test_pages(void **state)
{
	atomic_store(&script.revision, 250);
	lectern_watch *watch = open_watch(NULL);
	assert_string_equal(lectern_watch_epoch(watch), "");
	expect(watch, 1);
	assert_string_equal(lectern_watch_epoch(watch), "e1");
	assert_string_equal(script.asked_epoch, "");
	assert_int_equal(lectern_watch_pending_count(watch), 99);
	expect_all(watch, 2, 250);
	assert_int_equal(atomic_load(&server.count), 3);
	assert_int_equal(script.after[1], 100);
	assert_int_equal(script.after[2], 200);
	assert_int_equal(script.page_size, 0);
	assert_string_equal(script.asked_epoch, "e1");
	expect_none(watch, 0, LECTERN_DEADLINE_EXCEEDED, "NO_CHANGE");
	lectern_watch_close(watch);
	lectern_watch_close(NULL);
}

static void test_position(void **state)
{
	struct lectern_position position;
	atomic_store(&script.revision, 12);
	assert_int_equal(lectern_get_position(client, 0, &position, NULL), LECTERN_OK);
	assert_int_equal(position.revision, 12);
	assert_string_equal(position.epoch, "e1");
	script.epoch = "an-epoch-that-is-longer-than-epochs-are";
	struct lectern_error err;
	assert_int_equal(lectern_get_position(client, 0, &position, &err), LECTERN_INTERNAL);
	assert_string_equal(err.reason, "MALFORMED_RESPONSE");
	assert_int_equal(position.revision, 12);
}

/* From a position on, and with pages of the wanted size. */
static void test_start(void **state)
{
	atomic_store(&script.revision, 12);
	struct lectern_watch_options options = {
		.after_revision = 9, .epoch = "e1", .page_size = 2
	};
	lectern_watch *watch = open_watch(&options);
	assert_int_equal(lectern_watch_revision(watch), 9);
	assert_string_equal(lectern_watch_epoch(watch), "e1");
	expect(watch, 10);
	assert_string_equal(script.asked_epoch, "e1");
	assert_int_equal(script.page_size, 2);
	expect_all(watch, 11, 12);
	assert_int_equal(atomic_load(&server.count), 2);
	lectern_watch_close(watch);
}

/* A change that is made while the server lets the call wait. */
static void test_wait(void **state)
{
	script.grow_at = 2;
	script.grow_by = 1;
	lectern_watch *watch = open_watch(NULL);
	expect_none(watch, 0, LECTERN_DEADLINE_EXCEEDED, "NO_CHANGE");
	assert_int_equal(script.wait_ms[0], 0);
	const lectern_change *change;
	assert_int_equal(
		lectern_watch_next(watch, LECTERN_WAIT_FOREVER, &change, NULL), LECTERN_OK);
	assert_int_equal(script.wait_ms[1], 30000);
	expect_none(watch, 300, LECTERN_DEADLINE_EXCEEDED, "NO_CHANGE");
	assert_in_range(script.wait_ms[2], 1, 300);
	/* This server does not wait as it should: it is not asked all the time for that. */
	assert_in_range(atomic_load(&server.count), 3, 12);
	lectern_watch_close(watch);
}

/* What is wrong for a while. */
static const struct {
	const char *label;
	enum fake_action action;
	int32_t code;
	int64_t retry_ms;
} hiccups[] = {
	{ "a lost connection", FAKE_DROP, 0, 0 },
	{ "stopping", FAKE_REPLY, LECTERN_UNAVAILABLE, 10 },
	{ "too many wait", FAKE_REPLY, LECTERN_RESOURCE_EXHAUSTED, 10 },
	{ "too late", FAKE_REPLY, LECTERN_DEADLINE_EXCEEDED, 0 },
};

static void test_hiccups(void **state)
{
	for (size_t i = 0; i < sizeof hiccups / sizeof *hiccups; i++) {
		print_message("%s\n", hiccups[i].label);
		atomic_store(&server.count, 0);
		atomic_store(&script.revision, 3);
		script.actions[0] = script.actions[2] = hiccups[i].action;
		script.codes[0] = script.codes[2] = hiccups[i].code;
		script.retry_ms = hiccups[i].retry_ms;
		struct lectern_watch_options options = { .page_size = 2 };
		lectern_watch *watch = open_watch(&options);
		expect_all(watch, 1, 3);
		assert_int_equal(atomic_load(&server.count), 4);
		lectern_watch_close(watch);
	}
}

/* What another attempt does not mend, or where there is no time for one. */
static const struct {
	const char *label;
	int32_t code;
	uint32_t timeout_ms;
	int64_t retry_ms;
	enum lectern_code want;
	const char *reason;
	unsigned calls;
} failures[] = {
	{ "not known", LECTERN_UNIMPLEMENTED, LONG_MS, 0, LECTERN_UNIMPLEMENTED, "WHY", 1 },
	{ "a limit", LECTERN_RESOURCE_EXHAUSTED, LONG_MS, 0, LECTERN_RESOURCE_EXHAUSTED, "WHY", 1 },
	{ "out of range", LECTERN_OUT_OF_RANGE, LONG_MS, 0, LECTERN_OUT_OF_RANGE, "WHY", 1 },
	{ "no wait", LECTERN_UNAVAILABLE, 0, 10, LECTERN_UNAVAILABLE, "WHY", 1 },
	{ "no time left", LECTERN_UNAVAILABLE, 50, 200, LECTERN_DEADLINE_EXCEEDED, "WHY", 1 },
};

static void test_failures(void **state)
{
	script.reason = "WHY";
	atomic_store(&script.revision, 3);
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		print_message("%s\n", failures[i].label);
		atomic_store(&server.count, 0);
		script.codes[0] = failures[i].code;
		script.retry_ms = failures[i].retry_ms;
		lectern_watch *watch = open_watch(NULL);
		expect_none(watch, failures[i].timeout_ms, failures[i].want, failures[i].reason);
		assert_int_equal(atomic_load(&server.count), failures[i].calls);
		expect_all(watch, 1, 3); /* it is of use afterwards */
		lectern_watch_close(watch);
	}
}

/* Answers that no honest log gives. */
static const struct {
	const char *label;
	int64_t first_plus, last_plus, store_plus;
	const char *epoch;
	const char *want;
} lies[] = {
	{ "a gap at the start", 1, 0, 0, "e1", "behind revision 5 comes 7 instead of 6" },
	{ "an old one again", -1, 0, 0, "e1", "behind revision 5 comes 5 instead of 6" },
	{ "a gap at the end", 0, 1, 1, "e1", "behind revision 7 comes 9 instead of 8" },
	{ "one twice", 0, -1, 0, "e1", "behind revision 7 comes 7 instead of 8" },
	{ "an older store", 0, 0, -1, "e1", "the store is at revision 7 and there was revision 8" },
	{ "another epoch", 0, 0, 0, "e2", "asked for changes of epoch e1 it gave some of e2" },
	{ "no epoch", 0, 0, 0, "", "it names no epoch" },
	{ "a long epoch", 0, 0, 0, "0123456789012345678901234567890123", "it names no epoch" },
};

static void test_lies(void **state)
{
	atomic_store(&script.revision, 8);
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		const lectern_change *change = NULL;
		struct lectern_error err;
		struct lectern_watch_options options = { .after_revision = 5, .epoch = "e1" };
		lectern_watch *watch = open_watch(&options);
		script.first_plus = lies[i].first_plus;
		script.last_plus = lies[i].last_plus;
		script.store_plus = lies[i].store_plus;
		script.epoch = lies[i].epoch;
		assert_int_equal(
			lectern_watch_next(watch, LONG_MS, &change, &err), LECTERN_DATA_LOSS);
		assert_string_equal(err.reason, "CHANGES_OUT_OF_ORDER");
		if (strstr(err.message, lies[i].want) == NULL)
			fail_msg("%s: %s", lies[i].label, err.message);
		assert_null(change);
		assert_int_equal(lectern_watch_revision(watch), 5);
		script.first_plus = script.last_plus = script.store_plus = 0;
		script.epoch = "e1";
		expect_all(watch, 6, 8);
		lectern_watch_close(watch);
	}
}

/* The store is further than the log tells: asked again, but not without end. */
static void test_hollow_page(void **state)
{
	atomic_store(&script.revision, 2);
	script.hide = true;
	lectern_watch *watch = open_watch(NULL);
	expect_none(watch, 0, LECTERN_UNAVAILABLE, "UNAVAILABLE");
	uint64_t start = clock_monotonic_ns();
	expect_none(watch, 200, LECTERN_DEADLINE_EXCEEDED, "UNAVAILABLE");
	assert_true(clock_monotonic_ns() - start >= 200 * UINT64_C(1000000));
	assert_in_range(atomic_load(&server.count), 2, 8);
	script.hide = false;
	expect_all(watch, 1, 2);
	lectern_watch_close(watch);
}

static void test_restart(void **state)
{
	atomic_store(&script.revision, 6);
	struct lectern_error err;
	lectern_watch *watch = open_watch(NULL);
	expect_all(watch, 1, 2);
	assert_int_equal(lectern_watch_pending_count(watch), 4);
	assert_int_equal(lectern_watch_restart(watch, 4, "e2", &err), LECTERN_OK);
	assert_int_equal(lectern_watch_pending_count(watch), 0);
	assert_int_equal(lectern_watch_revision(watch), 4);
	assert_string_equal(lectern_watch_epoch(watch), "e2");
	assert_int_equal(
		lectern_watch_restart(watch, 9, "an-epoch-that-is-longer-than-epochs-are", &err),
		LECTERN_INVALID_ARGUMENT);
	assert_int_equal(lectern_watch_revision(watch), 4);
	script.epoch = "e2";
	expect_all(watch, 5, 6);
	assert_int_equal(lectern_watch_restart(watch, 0, NULL, &err), LECTERN_OK);
	expect_all(watch, 1, 6);
	lectern_watch_close(watch);
}

/* The server goes away and comes back in the middle, and then the client begins anew. */
static void test_server_restart(void **state)
{
	atomic_store(&script.revision, 5);
	struct lectern_watch_options options = { .page_size = 2 };
	lectern_watch *watch = open_watch(&options);
	expect_all(watch, 1, 3);
	fake_stop(&server);
	expect(watch, 4); /* is at hand */
	expect_none(watch, 100, LECTERN_DEADLINE_EXCEEDED, "NOT_CONNECTED");
	fake_start(&server);
	expect(watch, 5);
	struct lectern_watch_options again = { .after_revision = lectern_watch_revision(watch),
		.epoch = lectern_watch_epoch(watch) };
	atomic_store(&script.revision, 6);
	lectern_watch *other = open_watch(&again);
	expect(other, 6);
	expect(watch, 6);
	lectern_watch_close(other);
	lectern_watch_close(watch);
}

static void *interrupt_when_waiting(void *arg)
{
	while (atomic_load(&script.waiting) == 0)
		sched_yield();
	lectern_watch_interrupt(arg);
	return NULL;
}

static void test_interrupt(void **state)
{
	const lectern_change *change;
	struct lectern_error err;
	script.actions[0] = FAKE_IGNORE; /* as a server does that waits */
	lectern_watch *watch = open_watch(NULL);
	pthread_create(&script.interrupter, NULL, interrupt_when_waiting, watch);
	assert_int_equal(
		lectern_watch_next(watch, LECTERN_WAIT_FOREVER, &change, &err), LECTERN_CANCELLED);
	assert_string_equal(err.reason, "WATCH_INTERRUPTED");
	pthread_join(script.interrupter, NULL);
	/* Before a wait, also before one for a change that is at hand. */
	atomic_store(&script.revision, 2);
	expect(watch, 1);
	lectern_watch_interrupt(watch);
	assert_int_equal(lectern_watch_next(watch, 0, &change, NULL), LECTERN_CANCELLED);
	expect(watch, 2);
	lectern_watch_close(watch);
}

static void *interrupt_soon(void *arg)
{
	while (atomic_load(&server.count) < 1)
		sched_yield();
	lectern_watch_interrupt(arg);
	return NULL;
}

/* Between two attempts, of which the second is far away; and while there is nobody to connect to.
 */
static void test_interrupt_without_call(void **state)
{
	const lectern_change *change;
	script.codes[0] = LECTERN_UNAVAILABLE;
	script.retry_ms = 900;
	lectern_watch *watch = open_watch(NULL);
	pthread_create(&script.interrupter, NULL, interrupt_soon, watch);
	uint64_t start = clock_monotonic_ns();
	assert_int_equal(
		lectern_watch_next(watch, LECTERN_WAIT_FOREVER, &change, NULL), LECTERN_CANCELLED);
	assert_true(clock_monotonic_ns() - start < 800 * UINT64_C(1000000));
	pthread_join(script.interrupter, NULL);
	fake_stop(&server);
	pthread_create(&script.interrupter, NULL, interrupt_soon, watch);
	assert_int_equal(
		lectern_watch_next(watch, LECTERN_WAIT_FOREVER, &change, NULL), LECTERN_CANCELLED);
	pthread_join(script.interrupter, NULL);
	fake_start(&server);
	lectern_watch_close(watch);
}

static void test_refused_options(void **state)
{
	static const struct {
		const char *epoch, *feed_url, *want;
	} cases[] = {
		{ "an-epoch-that-is-longer-than-epochs-are", NULL, "epoch: longer than 32 bytes" },
		{ NULL, "ws://127.0.0.1:1", "feed URL 'ws://127.0.0.1:1': must begin with tcp://" },
		{ NULL, "tcp://127.0.0.1", "feed URL 'tcp://127.0.0.1': must end with a port" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lectern_watch_options options = { .epoch = cases[i].epoch,
			.feed_url = cases[i].feed_url };
		lectern_watch *watch = NULL;
		struct lectern_error err;
		assert_int_equal(lectern_watch_open(client, &options, &watch, &err),
			LECTERN_INVALID_ARGUMENT);
		assert_non_null(strstr(err.message, cases[i].want));
		assert_null(watch);
	}
}

/* A server's PUB socket. */
struct publisher {
	nng_socket socket;
	nng_listener listener;
	char url[64];
	atomic_int subscribers;
};

static void count_subscribers(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct publisher *publisher = arg;
	atomic_fetch_add(&publisher->subscribers, event == NNG_PIPE_EV_ADD_POST ? 1 : -1);
}

static void publisher_start(struct publisher *publisher)
{
	nng_sockaddr address;
	memset(publisher, 0, sizeof *publisher);
	assert_int_equal(nng_pub0_open(&publisher->socket), 0);
	nng_pipe_notify(publisher->socket, NNG_PIPE_EV_ADD_POST, count_subscribers, publisher);
	nng_pipe_notify(publisher->socket, NNG_PIPE_EV_REM_POST, count_subscribers, publisher);
	assert_int_equal(
		nng_listen(publisher->socket, "tcp://127.0.0.1:0", &publisher->listener, 0), 0);
	nng_listener_get_addr(publisher->listener, NNG_OPT_LOCADDR, &address);
	snprintf(publisher->url, sizeof publisher->url, "tcp://127.0.0.1:%u",
		ntohs(address.s_in.sa_port));
}

static void publish_bytes(struct publisher *publisher, const void *bytes, size_t size)
{
	nng_msg *message;
	assert_int_equal(nng_msg_alloc(&message, size), 0);
	memcpy(nng_msg_body(message), bytes, size);
	assert_int_equal(nng_sendmsg(publisher->socket, message, 0), 0);
}

static void publish(struct publisher *publisher, uint64_t from, uint64_t to, uint64_t revision,
	const char *epoch)
{
	size_t size = pack_page(from - 1, to + 1 - from, revision, epoch);
	publish_bytes(publisher, packed, size);
}

/* The watch has noticed that the feed is connected when it asks the log no more. */
static void settle(lectern_watch *watch)
{
	for (unsigned before = 0; before != atomic_load(&server.count);) {
		before = atomic_load(&server.count);
		expect_none(watch, 20, LECTERN_DEADLINE_EXCEEDED, "NO_CHANGE");
	}
}

/* A watch that hears a feed, has every change up to `revision`, and has asked the log since it was
 * connected, so that it does so only when it must. */
static lectern_watch *open_listening(struct publisher *publisher, uint32_t poll_interval_ms)
{
	struct lectern_watch_options options = { .feed_url = publisher->url,
		.poll_interval_ms = poll_interval_ms };
	lectern_watch *watch = open_watch(&options);
	atomic_store(&script.revision, 1);
	expect(watch, 1);
	while (atomic_load(&publisher->subscribers) == 0)
		sched_yield();
	settle(watch);
	return watch;
}

static void test_feed(void **state)
{
	struct publisher publisher;
	publisher_start(&publisher);
	lectern_watch *watch = open_listening(&publisher, LONG_MS);
	unsigned asked = atomic_load(&server.count);
	/* What follows is given as it comes. The log does not even know of it. */
	publish(&publisher, 2, 3, 3, "e1");
	expect_all(watch, 2, 3);
	publish(&publisher, 2, 3, 3, "e1"); /* old */
	publish(&publisher, 3, 5, 5, "e1"); /* half of it is old */
	publish(&publisher, 6, 5, 5, "e1"); /* hollow */
	publish_bytes(&publisher, "\xff\xff\xff", 3);
	publish(&publisher, 6, 6, 6, "e1");
	expect_all(watch, 4, 6);
	assert_int_equal(atomic_load(&server.count), asked);
	/* A gap: the log fills it. */
	atomic_store(&script.revision, 9);
	publish(&publisher, 8, 9, 9, "e1");
	expect_all(watch, 7, 9);
	assert_int_equal(atomic_load(&server.count), asked + 1);
	/* More than the message has. */
	atomic_store(&script.revision, 11);
	publish(&publisher, 10, 10, 11, "e1");
	expect_all(watch, 10, 11);
	assert_int_equal(atomic_load(&server.count), asked + 2);
	/* A message that contradicts itself says nothing; the log does. */
	atomic_store(&script.revision, 14);
	script.last_plus = 1;
	size_t size = pack_page(11, 3, 14, "e1");
	script.last_plus = 0;
	uint8_t bytes[1024];
	memcpy(bytes, packed, size);
	publish_bytes(&publisher, bytes, size);
	expect_all(watch, 12, 14);
	/* Another epoch: the log knows what to say. */
	script.reason = "EPOCH_CHANGED";
	script.codes[0] = LECTERN_OUT_OF_RANGE;
	atomic_store(&server.count, 0);
	publish(&publisher, 15, 15, 15, "e2");
	expect_none(watch, LONG_MS, LECTERN_OUT_OF_RANGE, "EPOCH_CHANGED");
	lectern_watch_close(watch);
	nng_close(publisher.socket);
}

/* Messages that are lost are found by asking the log now and then. */
static void test_feed_loses(void **state)
{
	struct publisher publisher;
	publisher_start(&publisher);
	lectern_watch *watch = open_listening(&publisher, 200);
	atomic_store(&script.revision, 3);
	expect_all(watch, 2, 3);
	/* Nobody is there any more. */
	nng_close(publisher.socket);
	script.grow_at = atomic_load(&server.count) + 2;
	script.grow_by = 1;
	expect(watch, 4);
	lectern_watch_close(watch);
}

/* The feed's address is nobody's: the log wakes, and the feed is joined when it comes. What
 * happened before it was joined is asked for. */
static void test_feed_comes_late(void **state)
{
	struct publisher publisher;
	publisher_start(&publisher);
	nng_close(publisher.socket);
	struct lectern_watch_options options = { .feed_url = publisher.url,
		.poll_interval_ms = LONG_MS };
	lectern_watch *watch = open_watch(&options);
	script.grow_at = 2;
	script.grow_by = 1;
	expect(watch, 1);
	assert_int_equal(script.wait_ms[0], 0);
	assert_in_range(script.wait_ms[1], 1, LONG_MS); /* what is left of it */
	expect_none(watch, 0, LECTERN_DEADLINE_EXCEEDED, "NO_CHANGE");
	assert_int_equal(nng_pub0_open(&publisher.socket), 0);
	nng_pipe_notify(publisher.socket, NNG_PIPE_EV_ADD_POST, count_subscribers, &publisher);
	assert_int_equal(nng_listen(publisher.socket, publisher.url, NULL, 0), 0);
	while (atomic_load(&publisher.subscribers) == 0)
		sched_yield();
	atomic_store(&script.revision, 2);
	expect(watch, 2);
	settle(watch);
	publish(&publisher, 3, 3, 3, "e1");
	expect(watch, 3);
	lectern_watch_close(watch);
	nng_close(publisher.socket);
}

static void test_interrupt_feed(void **state)
{
	struct publisher publisher;
	const lectern_change *change;
	publisher_start(&publisher);
	lectern_watch *watch = open_listening(&publisher, LONG_MS);
	pthread_create(&script.interrupter, NULL, interrupt_soon, watch);
	assert_int_equal(
		lectern_watch_next(watch, LECTERN_WAIT_FOREVER, &change, NULL), LECTERN_CANCELLED);
	pthread_join(script.interrupter, NULL);
	lectern_watch_close(watch);
	nng_close(publisher.socket);
}

static void test_change(void **state)
{
	Lectern__V1__ListChangesResponse page = LECTERN__V1__LIST_CHANGES_RESPONSE__INIT;
	Lectern__V1__Change change = LECTERN__V1__CHANGE__INIT;
	Lectern__V1__Change other = LECTERN__V1__CHANGE__INIT;
	Lectern__V1__Change *changes[] = { &change, &other };
	Lectern__V1__AffectedTerm term = LECTERN__V1__AFFECTED_TERM__INIT;
	Lectern__V1__AffectedTerm *terms[] = { &term };
	Google__Protobuf__Timestamp time;
	struct publisher publisher;
	publisher_start(&publisher);
	lectern_watch *watch = open_listening(&publisher, LONG_MS);
	timestamp_from_us(&time, 1234567);
	change.revision = 2;
	change.time = &time;
	change.entity = LECTERN__V1__ENTITY__ENTITY_POST;
	change.kind = LECTERN__V1__CHANGE_KIND__CHANGE_KIND_UPDATED;
	change.id = 7;
	change.slug = (char *)"now";
	change.former_slug = (char *)"then";
	change.etag = (char *)"e7";
	change.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	change.former_state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
	change.terms = terms;
	change.n_terms = 1;
	term.entity = LECTERN__V1__ENTITY__ENTITY_SERIES;
	term.id = 3;
	term.slug = (char *)"parts";
	other.revision = 3;
	other.entity = (Lectern__V1__Entity)99;
	other.merged_into = &term;
	page.changes = changes;
	page.n_changes = 2;
	page.revision = 3;
	page.epoch = (char *)"e1";
	publish_bytes(&publisher, packed, lectern__v1__list_changes_response__pack(&page, packed));
	const lectern_change *got;
	assert_int_equal(lectern_watch_next(watch, LONG_MS, &got, NULL), LECTERN_OK);
	assert_int_equal(lectern_change_time_us(got), 1234567);
	assert_int_equal(lectern_change_entity(got), LECTERN_ENTITY_POST);
	assert_int_equal(lectern_change_kind(got), LECTERN_CHANGE_UPDATED);
	assert_int_equal(lectern_change_id(got), 7);
	assert_string_equal(lectern_change_slug(got), "now");
	assert_string_equal(lectern_change_former_slug(got), "then");
	assert_string_equal(lectern_change_etag(got), "e7");
	assert_string_equal(lectern_change_state(got), "PUBLISHED");
	assert_string_equal(lectern_change_former_state(got), "DRAFT");
	assert_int_equal(lectern_change_term_count(got), 1);
	assert_int_equal(lectern_change_term_entity(got, 0), LECTERN_ENTITY_SERIES);
	assert_int_equal(lectern_change_term_id(got, 0), 3);
	assert_string_equal(lectern_change_term_slug(got, 0), "parts");
	assert_int_equal(lectern_change_term_entity(got, 1), 0);
	assert_int_equal(lectern_change_term_id(got, 1), 0);
	assert_null(lectern_change_term_slug(got, 1));
	assert_int_equal(lectern_change_merged_into_id(got), 0);
	assert_string_equal(lectern_change_merged_into_slug(got), "");
	assert_int_equal(lectern_watch_next(watch, LONG_MS, &got, NULL), LECTERN_OK);
	assert_string_equal(lectern_entity_name(lectern_change_entity(got)), "UNKNOWN");
	assert_string_equal(lectern_change_kind_name(lectern_change_kind(got)), "UNKNOWN");
	assert_int_equal(lectern_change_time_us(got), LECTERN_TIME_UNSET);
	assert_string_equal(lectern_change_state(got), "");
	assert_int_equal(lectern_change_merged_into_id(got), 3);
	assert_string_equal(lectern_change_merged_into_slug(got), "parts");
	lectern_watch_close(watch);
	nng_close(publisher.socket);
	assert_string_equal(lectern_entity_name(LECTERN_ENTITY_CATEGORY), "CATEGORY");
	assert_string_equal(lectern_change_kind_name(LECTERN_CHANGE_PURGED), "PURGED");
}

/* Anything may happen between two changes. */
static void test_random(void **state)
{
	struct random random = random_start();
	struct publisher publisher;
	publisher_start(&publisher);
	struct lectern_watch_options options = {
		.page_size = 3, .feed_url = publisher.url, .poll_interval_ms = 50
	};
	lectern_watch *watch = open_watch(&options);
	uint64_t seen = 0;
	for (int i = 0; i < 300; i++) {
		uint64_t revision = atomic_load(&script.revision);
		uint64_t more = random_below(&random, 8);
		atomic_store(&server.count, 0);
		memset(script.codes, 0, sizeof script.codes);
		memset(script.actions, 0, sizeof script.actions);
		script.actions[0] = random_below(&random, 4) == 0 ? FAKE_DROP : FAKE_REPLY;
		if (random_below(&random, 4) == 0)
			script.codes[random_below(&random, 3)] = LECTERN_UNAVAILABLE;
		if (random_below(&random, 40) == 0) {
			fake_stop(&server);
			fake_start(&server);
		}
		atomic_store(&script.revision, revision + more);
		if (more > 0 && random_below(&random, 3) > 0) {
			uint64_t from = revision + 1 - random_below(&random, revision + 1);
			uint64_t to = revision + 1 + random_below(&random, more);
			if (to - from >= PAGE_MAX)
				from = to - PAGE_MAX + 1;
			publish(&publisher, from, to, revision + more, "e1");
		}
		uint64_t wanted = seen + random_below(&random, revision + more + 1 - seen);
		if (random_below(&random, 10) == 0) {
			struct lectern_watch_options again = options;
			again.after_revision = seen;
			again.epoch = lectern_watch_epoch(watch);
			lectern_watch *fresh = open_watch(&again);
			lectern_watch_close(watch);
			watch = fresh;
		}
		while (seen < wanted)
			expect(watch, ++seen);
	}
	while (seen < atomic_load(&script.revision))
		expect(watch, ++seen);
	lectern_watch_close(watch);
	nng_close(publisher.socket);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pages),
		TEST(test_position),
		TEST(test_start),
		TEST(test_wait),
		TEST(test_hiccups),
		TEST(test_failures),
		TEST(test_lies),
		TEST(test_hollow_page),
		TEST(test_restart),
		TEST(test_server_restart),
		TEST(test_interrupt),
		TEST(test_interrupt_without_call),
		TEST(test_refused_options),
		TEST(test_feed),
		TEST(test_feed_loses),
		TEST(test_feed_comes_late),
		TEST(test_interrupt_feed),
		TEST(test_change),
		TEST(test_random),
	};
	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
