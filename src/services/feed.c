#include "services/feed.h"

#include "base/clock.h"
#include "store/change_log.h"

#include <pthread.h>
#include <stdlib.h>

/* After changes could not be read for the PUB socket. */
static const uint64_t RETRY_NS = 1000000000;

struct waiter {
	struct rpc_call *call;
	struct change_query query;
	uint64_t until_ns;
};

struct feed {
	struct store *store;
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex; /* for everything up to `send` */
	pthread_cond_t changed;
	struct waiter waiters[LIMIT_PARKED_CALLS];
	size_t waiter_count;
	uint64_t revision; /* of the last commit */
	bool closing;
	void (*send)(void *context, const struct slice *parts, size_t count);
	void *send_context;
	/* The last revision that was sent; only the thread changes it, once it runs. */
	_Atomic uint64_t published;
	/* The thread's own. */
	uint64_t retry_ns;
	struct waiter due[LIMIT_PARKED_CALLS];
	struct arena arena;
};

static bool is_due(const struct feed *feed, const struct waiter *waiter, uint64_t now_ns)
{
	return feed->closing || waiter->query.after_revision < feed->revision ||
	       waiter->until_ns <= now_ns || atomic_load(&waiter->call->wanted) != RPC_WANTED;
}

/* Moves the waiters that are to be answered to feed->due; returns their number. */
static size_t take_due(struct feed *feed, uint64_t now_ns)
{
	size_t due = 0;
	size_t kept = 0;
	for (size_t i = 0; i < feed->waiter_count; i++) {
		struct waiter *waiter = &feed->waiters[i];
		if (is_due(feed, waiter, now_ns))
			feed->due[due++] = *waiter;
		else
			feed->waiters[kept++] = *waiter;
	}
	feed->waiter_count = kept;
	return due;
}

/* The reply lies in the snapshot, which stays open until it has been copied. */
static void answer(const struct waiter *waiter, struct txn *snapshot)
{
	struct error err;
	size_t count;
	struct rpc_call *call = waiter->call;
	enum code code = rpc_check_wanted(call, &err);
	if (code == CODE_OK)
		code = change_query_check(snapshot, &waiter->query, "", &err);
	if (code == CODE_OK)
		code = change_page_reply(snapshot, &call->reply, &waiter->query, &count, &err);
	call->revision = txn_revision(snapshot);
	rpc_finish(call, code == CODE_OK ? NULL : &err);
}

/* All from one snapshot, but from another one after a failure: that one answer met damage, say, is
 * no reason to refuse the others. */
static void answer_due(struct feed *feed, size_t count)
{
	struct txn *snapshot = NULL;
	for (size_t i = 0; i < count; i++) {
		struct error err;
		if (snapshot == NULL && store_snapshot(feed->store, &snapshot, &err) != CODE_OK) {
			rpc_finish(feed->due[i].call, &err);
			continue;
		}
		answer(&feed->due[i], snapshot);
		if (txn_status(snapshot, NULL) != CODE_OK) {
			store_release(feed->store, snapshot);
			snapshot = NULL;
		}
	}
	if (snapshot != NULL)
		store_release(feed->store, snapshot);
}

/* One message from behind what was sent last; *last is the revision of its last change. */
static enum code send_changes(struct feed *feed, struct txn *snapshot, uint64_t *last)
{
	struct reply reply;
	size_t count = 0;
	struct change_query query = {
		.after_revision = feed->published,
		.page_size = PUBLISHED_CHANGES,
		.view = LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED,
		.bytes_max = PUBLISHED_BYTES,
	};
	uint64_t revision = txn_revision(snapshot); /* before the snapshot may fail */
	uint64_t oldest = change_log_oldest(snapshot);
	if (query.after_revision + 1 < oldest) /* subscribers see the gap */
		query.after_revision = oldest - 1;
	reply_init(&reply, &feed->arena);
	enum code code = change_page_reply(snapshot, &reply, &query, &count, NULL);
	if (code == CODE_OK && reply.failed)
		code = CODE_RESOURCE_EXHAUSTED;
	if (code == CODE_OK && count > 0)
		feed->send(feed->send_context, reply.parts, reply.count);
	*last = query.after_revision + count;
	if (code == CODE_DATA_LOSS && revision > *last) { /* a gap, too, but not the end */
		*last = revision;
		code = CODE_OK;
	}
	arena_reset(&feed->arena);
	return code;
}

static void publish(struct feed *feed)
{
	struct txn *snapshot;
	uint64_t last = 0;
	enum code code = store_snapshot(feed->store, &snapshot, NULL);
	if (code == CODE_OK) {
		code = send_changes(feed, snapshot, &last);
		store_release(feed->store, snapshot);
	}
	if (code == CODE_OK)
		feed->published = last;
	else
		feed->retry_ns = clock_monotonic_ns() + RETRY_NS;
}

static bool has_news(const struct feed *feed)
{
	return feed->send != NULL && feed->published < feed->revision;
}

/* Until a commit, a new waiter, or the time at which the next thing is to be done. */
static void sleep_until_needed(struct feed *feed)
{
	uint64_t until_ns = has_news(feed) ? feed->retry_ns : UINT64_MAX;
	for (size_t i = 0; i < feed->waiter_count; i++)
		if (feed->waiters[i].until_ns < until_ns)
			until_ns = feed->waiters[i].until_ns;
	if (until_ns == UINT64_MAX) {
		pthread_cond_wait(&feed->changed, &feed->mutex);
		return;
	}
	struct timespec until = clock_timespec(until_ns);
	pthread_cond_timedwait(&feed->changed, &feed->mutex, &until);
}

static void *feed_main(void *argument)
{
	struct feed *feed = argument;
	pthread_mutex_lock(&feed->mutex);
	for (;;) {
		uint64_t now_ns = clock_monotonic_ns();
		size_t due = take_due(feed, now_ns);
		bool news = has_news(feed) && now_ns >= feed->retry_ns;
		if (due == 0 && !news) {
			if (feed->closing)
				break;
			sleep_until_needed(feed);
			continue;
		}
		for (size_t i = 0; i < due && feed->closing; i++)
			atomic_store(&feed->due[i].call->wanted, RPC_STOPPING);
		pthread_mutex_unlock(&feed->mutex);
		answer_due(feed, due);
		if (news)
			publish(feed);
		pthread_mutex_lock(&feed->mutex);
	}
	pthread_mutex_unlock(&feed->mutex);
	return NULL;
}

/* In the writer's thread. */
static void on_commit(void *context, uint64_t revision)
{
	struct feed *feed = context;
	pthread_mutex_lock(&feed->mutex);
	bool news = feed->revision != revision;
	feed->revision = revision;
	if (news && (feed->waiter_count > 0 || feed->send != NULL))
		pthread_cond_signal(&feed->changed);
	pthread_mutex_unlock(&feed->mutex);
}

/* The hook comes first, so that no commit is missed between the two. */
static enum code start(struct feed *feed, struct error *err)
{
	struct txn *snapshot;
	store_on_commit(feed->store, on_commit, feed);
	enum code code = store_snapshot(feed->store, &snapshot, err);
	if (code != CODE_OK)
		return code;
	uint64_t revision = txn_revision(snapshot);
	code = txn_status(snapshot, err);
	store_release(feed->store, snapshot);
	if (code != CODE_OK)
		return code;
	pthread_mutex_lock(&feed->mutex);
	if (revision > feed->revision)
		feed->revision = revision;
	pthread_mutex_unlock(&feed->mutex);
	if (pthread_create(&feed->thread, NULL, feed_main, feed) != 0)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "cannot start the feed's thread");
	feed->started = true;
	return CODE_OK;
}

enum code feed_new(struct store *store, struct feed **ret, struct error *err)
{
	struct feed *feed = calloc(1, sizeof *feed);
	if (feed == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "start feed: out of memory");
	feed->store = store;
	arena_init(&feed->arena, LIMIT_ARENA_BYTES);
	pthread_mutex_init(&feed->mutex, NULL);
	clock_cond_init(&feed->changed);
	enum code code = start(feed, err);
	if (code != CODE_OK) {
		feed_stop(feed);
		feed_free(feed);
		return code;
	}
	*ret = feed;
	return CODE_OK;
}

void feed_stop(struct feed *feed)
{
	if (feed == NULL || feed->store == NULL)
		return;
	store_on_commit(feed->store, NULL, NULL);
	pthread_mutex_lock(&feed->mutex);
	feed->closing = true;
	pthread_cond_signal(&feed->changed);
	pthread_mutex_unlock(&feed->mutex);
	if (feed->started)
		pthread_join(feed->thread, NULL);
	feed->started = false;
	feed->store = NULL; /* it may be closed now */
}

void feed_free(struct feed *feed)
{
	if (feed == NULL)
		return;
	pthread_cond_destroy(&feed->changed);
	pthread_mutex_destroy(&feed->mutex);
	arena_done(&feed->arena);
	free(feed);
}

enum code feed_wait(struct feed *feed, struct rpc_call *call, const struct change_query *query,
	uint64_t until_ns, struct error *err)
{
	pthread_mutex_lock(&feed->mutex);
	bool closing = feed->closing;
	bool full = feed->waiter_count == LIMIT_PARKED_CALLS;
	if (!closing && !full) {
		feed->waiters[feed->waiter_count++] =
			(struct waiter){ .call = call, .query = *query, .until_ns = until_ns };
		pthread_cond_signal(&feed->changed);
	}
	pthread_mutex_unlock(&feed->mutex);
	if (closing) {
		atomic_store(&call->wanted, RPC_STOPPING);
		return rpc_check_wanted(call, err);
	}
	return full ? rpc_fail_crowded(err) : CODE_OK;
}

void feed_wake(struct feed *feed)
{
	pthread_mutex_lock(&feed->mutex);
	pthread_cond_signal(&feed->changed);
	pthread_mutex_unlock(&feed->mutex);
}

uint32_t feed_waiters(struct feed *feed)
{
	pthread_mutex_lock(&feed->mutex);
	uint32_t count = (uint32_t)feed->waiter_count;
	pthread_mutex_unlock(&feed->mutex);
	return count;
}

uint64_t feed_lag(struct feed *feed)
{
	pthread_mutex_lock(&feed->mutex);
	uint64_t published = feed->published;
	uint64_t lag =
		feed->send != NULL && published < feed->revision ? feed->revision - published : 0;
	pthread_mutex_unlock(&feed->mutex);
	return lag;
}

void feed_publish(struct feed *feed, const struct services_publisher *publisher)
{
	pthread_mutex_lock(&feed->mutex);
	feed->published = feed->revision;
	feed->send = publisher->send;
	feed->send_context = publisher->context;
	pthread_mutex_unlock(&feed->mutex);
}
