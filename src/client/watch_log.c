/* The change log, asked page by page: it is the truth about what follows. */
#include "base/clock.h"
#include "client/failure.h"
#include "client/invoke.h"
#include "client/objects.h"
#include "client/watch.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum lectern_code out_of_order(struct lectern_error *err, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

static enum lectern_code out_of_order(struct lectern_error *err, const char *fmt, ...)
{
	char what[256];
	va_list args;
	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	return failure(err, LECTERN_DATA_LOSS, "CHANGES_OUT_OF_ORDER",
		"the server's change log contradicts itself: %s; tell the operator", what);
}

/* Whether the answer is what follows the watch's revision, without gaps. */
static enum lectern_code check_answer(const lectern_watch *watch,
	const Lectern__V1__ListChangesResponse *answer, struct lectern_error *err)
{
	uint64_t revision = watch->revision;
	if (*answer->epoch == '\0' || !epoch_is_valid(answer->epoch))
		return out_of_order(err, "it names no epoch");
	if (watch->epoch[0] != '\0' && strcmp(watch->epoch, answer->epoch) != 0)
		return out_of_order(err, "asked for changes of epoch %s it gave some of %s",
			watch->epoch, answer->epoch);
	for (size_t i = 0; i < answer->n_changes; i++) {
		if (answer->changes[i]->revision != revision + 1)
			return out_of_order(err,
				"behind revision %" PRIu64 " comes %" PRIu64 " instead of %" PRIu64,
				revision, answer->changes[i]->revision, revision + 1);
		revision++;
	}
	if (answer->revision < revision)
		return out_of_order(err,
			"the store is at revision %" PRIu64 " and there was revision %" PRIu64,
			answer->revision, revision);
	/* Whatever the reason, a repeat may do better. */
	if (answer->n_changes == 0 && answer->revision > revision)
		return failure(err, LECTERN_UNAVAILABLE, NULL,
			"the store is at revision %" PRIu64
			", but its log gave no change after %" PRIu64,
			answer->revision, revision);
	return LECTERN_OK;
}

static enum lectern_code call_log(lectern_watch *watch, uint32_t wait_ms, uint32_t timeout_ms,
	Lectern__V1__ListChangesResponse **ret, struct lectern_error *err)
{
	Lectern__V1__ListChangesRequest request = LECTERN__V1__LIST_CHANGES_REQUEST__INIT;
	request.after_revision = watch->revision;
	request.epoch = watch->epoch;
	request.page_size = page_size_of(watch->page_size);
	request.wait_ms = wait_ms;
	ProtobufCMessage *answer;
	enum lectern_code code = invoke(watch->client, "lectern.v1.ChangeService/ListChanges",
		&request.base, timeout_ms, &watch->interrupt,
		&lectern__v1__list_changes_response__descriptor, &watch->batch.arena, &answer, NULL,
		err);
	if (code == LECTERN_OK)
		*ret = (Lectern__V1__ListChangesResponse *)answer;
	return code;
}

enum lectern_code watch_ask_log(
	lectern_watch *watch, uint32_t wait_ms, uint32_t timeout_ms, struct lectern_error *err)
{
	struct batch *batch = &watch->batch;
	Lectern__V1__ListChangesResponse *answer;
	batch->count = batch->given = 0;
	arena_reset(&batch->arena);
	enum lectern_code code = call_log(watch, wait_ms, timeout_ms, &answer, err);
	if (code == LECTERN_OK)
		code = check_answer(watch, answer, err);
	if (code != LECTERN_OK)
		return code;
	snprintf(watch->epoch, sizeof watch->epoch, "%s", answer->epoch);
	batch->changes = answer->changes;
	batch->count = answer->n_changes;
	watch->caught_up = answer->revision == watch->revision + answer->n_changes;
	watch->asked_ns = clock_monotonic_ns();
	return LECTERN_OK;
}
