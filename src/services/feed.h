/*
 * The change feed: one thread answers all calls that wait for changes and sends new changes to the
 * PUB socket. It is woken by the store's commits and sleeps otherwise.
 */
#pragma once
#include "services/change_page.h"

struct feed;

enum code feed_new(struct store *store, struct feed **ret, struct error *err) NODISCARD;

/* Answers all that wait with UNAVAILABLE, sends what was committed, ends the thread. The store is
 * not used any more. NULL is allowed, and a second call does nothing. */
void feed_stop(struct feed *feed);

/* After feed_stop(). NULL is allowed. */
void feed_free(struct feed *feed);

/*
 * Answers a parked call of ListChanges as soon as there is a change after the query's revision, but
 * at until_ns (monotonic clock) without one. RESOURCE_EXHAUSTED when too many wait. The last thing
 * a handler does: after CODE_OK the call is the feed's.
 */
enum code feed_wait(struct feed *feed, struct rpc_call *call, const struct change_query *query,
	uint64_t until_ns, struct error *err) NODISCARD;

/* Lets the feed look whether all answers are still wanted. Any thread. */
void feed_wake(struct feed *feed);

/* How many calls wait. */
uint32_t feed_waiters(struct feed *feed);

/* How many changes are committed and not sent to the PUB socket yet; 0 if none is. */
uint64_t feed_lag(struct feed *feed);

/* From now on what is committed is sent. */
void feed_publish(struct feed *feed, const struct services_publisher *publisher);
