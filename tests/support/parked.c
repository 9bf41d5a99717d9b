#include "support/parked.h"

#include "base/limits.h"
#include "support/transport_fixture.h"

#include <lectern/v1/tag.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* cmocka.h has a macro of the name */

struct parked_call {
	struct rpc_call *call;
	size_t reply_bytes;
};

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct parked_call parked[LIMIT_PARKED_CALLS];
	size_t parked_count;
	size_t left;	  /* calls that were parked when their client left */
	pthread_t ending; /* answers parked calls that nobody wants */
	bool woken;
	bool over;
} fake = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void wake(struct rpc_call *call)
{
	pthread_mutex_lock(&fake.mutex);
	fake.woken = true;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.mutex);
}

enum code parked_list_tags(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__ListTagsRequest *request = (const Lectern__V1__ListTagsRequest *)message;
	size_t reply_bytes = (size_t)request->page_size;
	enum code code = rpc_park(call, wake, err);
	if (code != CODE_OK)
		return code;
	pthread_mutex_lock(&fake.mutex);
	fake.parked[fake.parked_count++] =
		(struct parked_call){ .call = call, .reply_bytes = reply_bytes };
	fake.woken = true; /* it may be unwanted already */
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.mutex);
	return CODE_OK;
}

/* Takes a call that is not wanted off the list; NULL if there is none. */
static struct rpc_call *take_unwanted(struct error *err)
{
	for (size_t i = 0; i < fake.parked_count; i++) {
		struct rpc_call *call = fake.parked[i].call;
		if (rpc_check_wanted(call, err) == CODE_OK)
			continue;
		fake.parked[i] = fake.parked[--fake.parked_count];
		fake.left += err->code == CODE_CANCELLED;
		return call;
	}
	return NULL;
}

static void *run_ending(void *arg)
{
	pthread_mutex_lock(&fake.mutex);
	while (!fake.over) {
		struct error err;
		struct rpc_call *call = fake.woken ? take_unwanted(&err) : NULL;
		if (call == NULL) {
			fake.woken = false;
			pthread_cond_wait(&fake.changed, &fake.mutex);
			continue;
		}
		pthread_cond_broadcast(&fake.changed);
		pthread_mutex_unlock(&fake.mutex);
		rpc_finish(call, &err);
		pthread_mutex_lock(&fake.mutex);
	}
	pthread_mutex_unlock(&fake.mutex);
	return NULL;
}

void wait_parked(size_t count)
{
	pthread_mutex_lock(&fake.mutex);
	while (fake.parked_count != count)
		pthread_cond_wait(&fake.changed, &fake.mutex);
	pthread_mutex_unlock(&fake.mutex);
}

size_t parked_now(void)
{
	pthread_mutex_lock(&fake.mutex);
	size_t count = fake.parked_count;
	pthread_mutex_unlock(&fake.mutex);
	return count;
}

void wait_left(size_t count)
{
	pthread_mutex_lock(&fake.mutex);
	while (fake.left < count)
		pthread_cond_wait(&fake.changed, &fake.mutex);
	pthread_mutex_unlock(&fake.mutex);
}

void finish_parked(void)
{
	static uint8_t zeros[MEGABYTE];
	struct parked_call parked[LIMIT_PARKED_CALLS];
	pthread_mutex_lock(&fake.mutex);
	size_t count = fake.parked_count;
	memcpy(parked, fake.parked, count * sizeof *parked);
	fake.parked_count = 0;
	pthread_mutex_unlock(&fake.mutex);
	for (size_t i = 0; i < count; i++) {
		parked[i].call->revision = 5;
		reply_append(&parked[i].call->reply, slice_of(zeros, parked[i].reply_bytes));
		rpc_finish(parked[i].call, NULL);
	}
}

int parked_set_up(void)
{
	fake.over = false;
	return pthread_create(&fake.ending, NULL, run_ending, NULL);
}

void parked_tear_down(void)
{
	pthread_mutex_lock(&fake.mutex);
	fake.over = true;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.mutex);
	pthread_join(fake.ending, NULL);
}

void parked_reset(void)
{
	fake.left = 0;
}
