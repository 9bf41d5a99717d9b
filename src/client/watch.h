/* What a lectern_watch is inside. */
#pragma once
#include "base/arena.h"
#include "base/attributes.h"
#include "base/limits.h"
#include "client/interrupt.h"

#include <lectern/v1/change.pb-c.h>
#include <lectern/watch.h>

struct feed;

struct lectern_change {
	const Lectern__V1__Change *message; /* in the watch's batch */
};

/* Changes that have come and are given one by one. */
struct batch {
	struct arena arena; /* holds them */
	Lectern__V1__Change *const *changes;
	size_t count;
	size_t given;
};

struct lectern_watch {
	lectern_client *client; /* borrowed */
	uint64_t revision;	/* of the change that was given last */
	char epoch[LIMIT_EPOCH_BYTES + 1];
	uint32_t page_size;
	uint32_t poll_interval_ms;
	struct interrupt interrupt;
	struct batch batch;
	struct lectern_change change; /* that was given last */
	/* The log had no more changes than those of the batch when it was asked last. */
	bool caught_up;
	uint64_t asked_ns; /* when that was */
	uint32_t failures; /* to ask it, in a row */
	struct feed *feed; /* NULL: the log alone */
	uint32_t connects; /* of the feed, when the log was asked last */
};

/* Whether the text may be an epoch: not longer than one. NULL is "". */
bool epoch_is_valid(const char *epoch);

/*
 * watch_log.c: asks the log for what comes after the watch's revision and makes it the batch, which
 * is used up. wait_ms is how long the server may wait for a change; without one the batch stays
 * empty.
 */
enum lectern_code watch_ask_log(lectern_watch *watch, uint32_t wait_ms, uint32_t timeout_ms,
	struct lectern_error *err) NODISCARD;
