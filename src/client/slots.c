#include "client/slots.h"

#include "base/clock.h"
#include "client/failure.h"

#include <stdlib.h>

enum lectern_code slots_init(struct slots *slots, struct lectern_error *err)
{
	*slots = (struct slots){ .free = NULL };
	if (pthread_mutex_init(&slots->mutex, NULL) != 0)
		return failure_memory(err);
	if (clock_cond_init(&slots->released))
		return LECTERN_OK;
	pthread_mutex_destroy(&slots->mutex);
	return failure_memory(err);
}

static void slot_free(struct slot *slot)
{
	nng_ctx_close(slot->context);
	nng_aio_free(slot->aio);
	free(slot);
}

void slots_done(struct slots *slots)
{
	while (slots->free != NULL) {
		struct slot *slot = slots->free;
		slots->free = slot->next;
		slot_free(slot);
	}
	pthread_cond_destroy(&slots->released);
	pthread_mutex_destroy(&slots->mutex);
}

static enum lectern_code slot_new(nng_socket socket, struct slot **ret, struct lectern_error *err)
{
	struct slot *slot = calloc(1, sizeof *slot);
	if (slot == NULL)
		return failure_memory(err);
	int rc = nng_aio_alloc(&slot->aio, NULL, NULL);
	if (rc != 0) {
		free(slot);
		return failure_memory(err);
	}
	rc = nng_ctx_open(&slot->context, socket);
	if (rc != 0) {
		nng_aio_free(slot->aio);
		free(slot);
		return failure(err, LECTERN_RESOURCE_EXHAUSTED, NULL, "open a context: %s",
			nng_strerror(rc));
	}
	*ret = slot;
	return LECTERN_OK;
}

/* Waits for a free slot or for leave to make one (*ret is NULL then). */
static bool wait_for_slot(struct slots *slots, uint64_t deadline_ns, struct slot **ret)
{
	struct timespec deadline = clock_timespec(deadline_ns);
	bool taken = true;
	pthread_mutex_lock(&slots->mutex);
	while (taken && slots->free == NULL && slots->count >= SLOTS_MAX)
		taken = pthread_cond_timedwait(&slots->released, &slots->mutex, &deadline) == 0;
	taken = slots->free != NULL || slots->count < SLOTS_MAX;
	*ret = slots->free;
	if (*ret != NULL)
		slots->free = (*ret)->next;
	else if (taken)
		slots->count++;
	pthread_mutex_unlock(&slots->mutex);
	return taken;
}

enum lectern_code slots_take(struct slots *slots, nng_socket socket, uint64_t deadline_ns,
	struct slot **ret, struct lectern_error *err)
{
	struct slot *slot;
	if (!wait_for_slot(slots, deadline_ns, &slot)) {
		enum lectern_code code = failure(err, LECTERN_RESOURCE_EXHAUSTED, "CLIENT_BUSY",
			"%d calls of this client are running; use fewer threads or another client",
			SLOTS_MAX);
		if (err != NULL)
			err->retry_after_ms = 100;
		return code;
	}
	if (slot == NULL) {
		enum lectern_code code = slot_new(socket, &slot, err);
		if (code != LECTERN_OK) {
			pthread_mutex_lock(&slots->mutex);
			slots->count--;
			pthread_cond_signal(&slots->released);
			pthread_mutex_unlock(&slots->mutex);
			return code;
		}
	}
	*ret = slot;
	return LECTERN_OK;
}

void slots_release(struct slots *slots, struct slot *slot)
{
	pthread_mutex_lock(&slots->mutex);
	slot->next = slots->free;
	slots->free = slot;
	pthread_cond_signal(&slots->released);
	pthread_mutex_unlock(&slots->mutex);
}
