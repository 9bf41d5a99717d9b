#include "client/watch.h"

#include "base/clock.h"
#include "client/call.h"
#include "client/client.h"
#include "client/failure.h"
#include "client/feed.h"
#include "client/objects.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NS_PER_MS = 1000000,
	LOG_WAIT_MAX_MS = 30 * 1000, /* that a server lets a call wait for a change */
	ANSWER_MS = 10 * 1000,	     /* for the answer behind that */
	POLL_INTERVAL_DEFAULT_MS = 5000,
};

/* One lectern_watch_next(). */
struct wait {
	uint32_t timeout_ms;
	uint64_t deadline_ns;	   /* UINT64_MAX: none */
	bool asked;		   /* the log was, and answered */
	struct lectern_error last; /* why it could not be asked; its code is OK where it could */
};

bool epoch_is_valid(const char *epoch)
{
	return epoch == NULL || strlen(epoch) <= LIMIT_EPOCH_BYTES;
}

static void watch_freep(lectern_watch **watch)
{
	if (*watch == NULL)
		return;
	feed_close((*watch)->feed);
	arena_done(&(*watch)->batch.arena);
	free(*watch);
}

void lectern_watch_close(lectern_watch *watch)
{
	if (watch != NULL)
		interrupt_done(&watch->interrupt);
	watch_freep(&watch);
}

enum lectern_code lectern_watch_restart(
	lectern_watch *watch, uint64_t after_revision, const char *epoch, struct lectern_error *err)
{
	if (!epoch_is_valid(epoch))
		return failure(err, LECTERN_INVALID_ARGUMENT, NULL,
			"epoch: longer than %d bytes; give the one that the server told",
			LIMIT_EPOCH_BYTES);
	watch->revision = after_revision;
	snprintf(watch->epoch, sizeof watch->epoch, "%s", epoch == NULL ? "" : epoch);
	watch->batch.count = watch->batch.given = 0;
	watch->caught_up = false;
	watch->failures = 0;
	return LECTERN_OK;
}

static enum lectern_code open_feed(lectern_watch *watch,
	const struct lectern_watch_options *options, struct lectern_error *err)
{
	struct tls_files files = watch->client->tls_files;
	if (options->tls_ca_file != NULL)
		files.ca = options->tls_ca_file;
	if (options->tls_cert_file != NULL || options->tls_key_file != NULL) {
		files.certificate = options->tls_cert_file;
		files.key = options->tls_key_file;
	}
	return feed_open(options->feed_url, &files, &watch->feed, err);
}

enum lectern_code lectern_watch_open(lectern_client *client,
	const struct lectern_watch_options *options, lectern_watch **ret, struct lectern_error *err)
{
	static const struct lectern_watch_options defaults;
	if (options == NULL)
		options = &defaults;
	AUTO(watch_freep) lectern_watch *watch = calloc(1, sizeof *watch);
	if (watch == NULL)
		return failure_memory(err);
	arena_init(&watch->batch.arena, OBJECT_BYTES_MAX);
	watch->client = client;
	watch->page_size = options->page_size;
	watch->poll_interval_ms = options->poll_interval_ms == 0 ? POLL_INTERVAL_DEFAULT_MS
								 : options->poll_interval_ms;
	enum lectern_code code =
		lectern_watch_restart(watch, options->after_revision, options->epoch, err);
	if (code == LECTERN_OK && options->feed_url != NULL)
		code = open_feed(watch, options, err);
	if (code == LECTERN_OK && !interrupt_init(&watch->interrupt))
		code = failure_memory(err);
	if (code != LECTERN_OK)
		return code;
	*ret = watch;
	watch = NULL; /* the caller owns it now */
	return LECTERN_OK;
}

/* Time that is left, rounded up; at most UINT32_MAX. */
static uint32_t left_ms(const struct wait *wait)
{
	uint64_t now = clock_monotonic_ns();
	if (wait->deadline_ns == UINT64_MAX)
		return UINT32_MAX;
	if (now >= wait->deadline_ns)
		return 0;
	return (uint32_t)((wait->deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS);
}

static bool is_transient(const struct lectern_error *err)
{
	return err->code == LECTERN_UNAVAILABLE || err->code == LECTERN_DEADLINE_EXCEEDED ||
	       (err->code == LECTERN_RESOURCE_EXHAUSTED && err->retry_after_ms > 0);
}

/* Waits before the log is asked again. */
static void wait_to_repeat(lectern_watch *watch, const struct wait *wait)
{
	uint32_t delay =
		call_delay_ms(watch->failures, wait->last.retry_after_ms, randombytes_random());
	uint64_t until = clock_monotonic_ns() + (uint64_t)delay * NS_PER_MS;
	interrupt_sleep(&watch->interrupt, until < wait->deadline_ns ? until : wait->deadline_ns);
}

/* Asks the log. Whoever does not wait is told why it cannot be asked, others try again. */
static enum lectern_code ask(
	lectern_watch *watch, struct wait *wait, uint32_t wait_ms, struct lectern_error *err)
{
	uint64_t start = clock_monotonic_ns();
	uint32_t left = left_ms(wait);
	bool cut = wait->timeout_ms != 0 && left < wait_ms + ANSWER_MS;
	uint32_t timeout_ms = wait->timeout_ms == 0 ? 0 : wait_ms + ANSWER_MS;
	if (cut)
		timeout_ms = left > 0 ? left : 1;
	if (watch->feed != NULL)
		watch->connects = feed_connects(watch->feed);
	enum lectern_code code = watch_ask_log(watch, wait_ms, timeout_ms, err);
	if (code != LECTERN_OK && (!is_transient(err) || wait->timeout_ms == 0))
		return code;
	wait->last.code = LECTERN_OK;
	bool waited = clock_monotonic_ns() - start >= (uint64_t)wait_ms * NS_PER_MS / 2;
	if (code == LECTERN_OK) {
		wait->asked = true;
		/* A server that does not wait must not be asked without a pause. */
		if (watch->batch.count > 0 || waited) {
			watch->failures = 0;
			return LECTERN_OK;
		}
	} else if (code != LECTERN_DEADLINE_EXCEEDED || !cut) {
		wait->last = *err; /* else it is the time of our caller that is over */
	}
	watch->failures++;
	wait_to_repeat(watch, wait);
	return LECTERN_OK;
}

/* How long the log may be left alone while the feed is heard. 0: it must be asked now. */
static uint32_t poll_in_ms(const lectern_watch *watch)
{
	uint64_t due = watch->asked_ns + (uint64_t)watch->poll_interval_ms * NS_PER_MS;
	uint64_t now = clock_monotonic_ns();
	if (!watch->caught_up || watch->connects != feed_connects(watch->feed) || now >= due)
		return 0;
	return (uint32_t)((due - now + NS_PER_MS - 1) / NS_PER_MS);
}

/* Makes what is new of a message the batch, if it follows right behind the revision. What has a gap
 * or is of another epoch is for the log to explain. */
static void take_message(lectern_watch *watch, const Lectern__V1__ListChangesResponse *message)
{
	size_t old = 0;
	while (old < message->n_changes && message->changes[old]->revision <= watch->revision)
		old++;
	bool follows = strcmp(message->epoch, watch->epoch) == 0;
	for (size_t i = old; i < message->n_changes && follows; i++)
		follows = message->changes[i]->revision == watch->revision + 1 + (i - old);
	if (!follows) {
		watch->caught_up = false;
		return;
	}
	watch->batch.changes = message->changes + old;
	watch->batch.count = message->n_changes - old;
	watch->batch.given = 0;
	if (message->revision > watch->revision + watch->batch.count)
		watch->caught_up = false;
}

static enum lectern_code hear(lectern_watch *watch, uint32_t timeout_ms, struct lectern_error *err)
{
	Lectern__V1__ListChangesResponse *message;
	watch->batch.count = watch->batch.given = 0;
	arena_reset(&watch->batch.arena);
	enum lectern_code code = feed_receive(
		watch->feed, timeout_ms, &watch->interrupt, &watch->batch.arena, &message, err);
	if (code == LECTERN_DEADLINE_EXCEEDED)
		return LECTERN_OK;
	if (code == LECTERN_OK && message != NULL)
		take_message(watch, message);
	return code;
}

static uint32_t shortest(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Waits for changes, from wherever they come. The batch may still be empty afterwards. */
static enum lectern_code wait_for_changes(
	lectern_watch *watch, struct wait *wait, struct lectern_error *err)
{
	uint32_t left = left_ms(wait);
	if (watch->feed == NULL || left == 0)
		return ask(watch, wait, shortest(left, LOG_WAIT_MAX_MS), err);
	enum lectern_code code = feed_connect(watch->feed, err);
	if (code != LECTERN_OK)
		return code;
	uint32_t poll_ms = poll_in_ms(watch);
	if (poll_ms > 0 && feed_is_connected(watch->feed))
		return hear(watch, shortest(left, poll_ms), err);
	/* While there is no feed, the log wakes. */
	bool deaf = watch->caught_up && !feed_is_connected(watch->feed);
	uint32_t wait_ms = deaf ? shortest(left, watch->poll_interval_ms) : 0;
	return ask(watch, wait, shortest(wait_ms, LOG_WAIT_MAX_MS), err);
}

/* Whether there is no time left to look for changes. Whoever does not wait looks once. */
static bool is_over(const struct wait *wait)
{
	return wait->timeout_ms == 0 ? wait->asked : left_ms(wait) == 0;
}

static enum lectern_code no_change(const struct wait *wait, struct lectern_error *err)
{
	if (wait->last.code == LECTERN_OK)
		return failure(err, LECTERN_DEADLINE_EXCEEDED, "NO_CHANGE",
			"no change within %" PRIu32 " ms", wait->timeout_ms);
	return failure(err, LECTERN_DEADLINE_EXCEEDED, wait->last.reason,
		"no change within %" PRIu32 " ms: %s", wait->timeout_ms, wait->last.message);
}

/* The next change of the batch; NULL if it is used up. */
static const lectern_change *take_change(lectern_watch *watch)
{
	struct batch *batch = &watch->batch;
	if (batch->given == batch->count)
		return NULL;
	watch->change.message = batch->changes[batch->given++];
	watch->revision = watch->change.message->revision;
	return &watch->change;
}

enum lectern_code lectern_watch_next(lectern_watch *watch, uint32_t timeout_ms,
	const lectern_change **ret, struct lectern_error *err)
{
	struct lectern_error local;
	struct wait wait = { .timeout_ms = timeout_ms, .deadline_ns = UINT64_MAX };
	if (err == NULL)
		err = &local;
	if (timeout_ms != LECTERN_WAIT_FOREVER)
		wait.deadline_ns = clock_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
	for (;;) {
		if (interrupt_take(&watch->interrupt))
			return failure_interrupted(err);
		const lectern_change *change = take_change(watch);
		if (change != NULL) {
			*ret = change;
			return LECTERN_OK;
		}
		if (is_over(&wait))
			return no_change(&wait, err);
		enum lectern_code code = wait_for_changes(watch, &wait, err);
		if (code == LECTERN_CANCELLED && strcmp(err->reason, "WATCH_INTERRUPTED") == 0)
			continue;
		if (code != LECTERN_OK)
			return code;
	}
}

size_t lectern_watch_pending_count(const lectern_watch *watch)
{
	return watch->batch.count - watch->batch.given;
}

void lectern_watch_interrupt(lectern_watch *watch)
{
	interrupt_raise(&watch->interrupt);
}

uint64_t lectern_watch_revision(const lectern_watch *watch)
{
	return watch->revision;
}

const char *lectern_watch_epoch(const lectern_watch *watch)
{
	return watch->epoch;
}
