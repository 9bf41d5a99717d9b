#include "client/load.h"

#include "base/clock.h"
#include "client/load_private.h"
#include "client/request.h"
#include "client/response.h"

#include <inttypes.h>
#include <math.h>
#include <nng/supplemental/util/platform.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum {
	NS_PER_MS = 1000000,

	POLL_MS = 10,
};

/* xorshift64*: of no use for secrets. */
static double random_share(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (double)((*state * UINT64_C(2685821657736338717)) >> 11) / 9007199254740992.0;
}

/* The place of a call. */
static size_t choose(struct load *load, struct load_slot *slot)
{
	double share = random_share(&slot->random) * load->sums[load->options->call_count - 1];
	size_t low = 0;
	size_t high = load->options->call_count - 1;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (load->sums[middle] > share)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static bool is_counted(const struct load *load, uint64_t intended_ns)
{
	return intended_ns >= load->count_from_ns && intended_ns < load->end_ns;
}

/* The time that is left, in milliseconds rounded up; 0: none. */
static uint32_t left_ms(const struct load *load, uint64_t intended_ns)
{
	uint64_t end_ns = intended_ns + (uint64_t)load->options->timeout_ms * NS_PER_MS;
	uint64_t now_ns = clock_monotonic_ns();
	return now_ns >= end_ns ? 0 : (uint32_t)((end_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

/* A request of its own: another number, or another request id. */
static enum lectern_code vary(struct load *load, struct load_slot *slot,
	const struct load_call *work, struct request *ret)
{
	struct lectern_call call = { .method = work->method,
		.request = work->payload,
		.request_size_bytes = work->payload_bytes };
	if (work->number_at > 0) {
		char digits[LOAD_NUMBER_BYTES + 1];
		snprintf(digits, sizeof digits, "%016" PRIx64,
			(uint64_t)atomic_fetch_add(&load->number, 1));
		memcpy(slot->payload, work->payload, work->payload_bytes);
		memcpy(slot->payload + work->number_at, digits, LOAD_NUMBER_BYTES);
		call.request = slot->payload;
	}
	return request_init(ret, &call, load->token, NULL);
}

static nng_msg *make_frame(struct load *load, struct load_slot *slot, uint32_t timeout_ms)
{
	size_t index = choose(load, slot);
	const struct load_call *work = &load->options->calls[index];
	const struct request *prepared = &load->requests[index];
	if (work->number_at == 0 && prepared->tail_size == 0)
		return request_frame(prepared, timeout_ms);
	struct request request;
	if (vary(load, slot, work, &request) != LECTERN_OK)
		return NULL;
	return request_frame(&request, timeout_ms);
}

/* False if its time is over, or a quarter of it: else all calls would be sent when it is too late
 * for any answer, once there are more of them than slots. */
static bool start_call(struct load_slot *slot, uint64_t intended_ns)
{
	struct load *load = slot->load;
	uint32_t left = left_ms(load, intended_ns);
	bool late = left < load->options->timeout_ms / 4 * 3;
	nng_msg *message = late ? NULL : make_frame(load, slot, left);
	if (message == NULL) {
		if (is_counted(load, intended_ns))
			atomic_fetch_add(&load->unsent, 1);
		return false;
	}
	slot->intended_ns = intended_ns;
	slot->receiving = false;
	nng_aio_set_msg(slot->aio, message);
	nng_aio_set_timeout(slot->aio, (nng_duration)left);
	nng_ctx_send(slot->context, slot->aio);
	return true;
}

static void count_answer(struct load_slot *slot, nng_msg *message)
{
	struct load *load = slot->load;
	uint64_t took_ns = clock_monotonic_ns() - slot->intended_ns;
	struct response response;
	struct lectern_error err;
	enum lectern_code code = response_read(
		slice_of(nng_msg_body(message), nng_msg_len(message)), &response, &err);
	if ((unsigned)code >= LOAD_CODES)
		code = LECTERN_UNKNOWN;
	atomic_fetch_add(&load->answered[code], 1);
	atomic_fetch_add(&load->received_bytes, nng_msg_len(message));
	latency_add(
		code == LECTERN_OK ? &load->result->succeeded : &load->result->refused, took_ns);
}

/* With the mutex. */
static void put_away(struct load *load, struct load_slot *slot)
{
	slot->next_free = load->free;
	load->free = slot;
	load->free_count++;
}

/* Of the calls that wait, the one that has waited longest; where there is none, the slot is put
 * away for offer(). */
static bool take_pending(struct load_slot *slot, uint64_t *ret_intended_ns)
{
	struct load *load = slot->load;
	pthread_mutex_lock(&load->mutex);
	bool any = load->pending_count > 0 && !atomic_load(&load->stopped);
	if (any) {
		*ret_intended_ns = load->pending[load->pending_first];
		load->pending_first = (load->pending_first + 1) % LOAD_PENDING_MAX;
		load->pending_count--;
	} else {
		put_away(load, slot);
	}
	pthread_mutex_unlock(&load->mutex);
	return any;
}

/* The next call of a slot whose call has ended, if there is one. */
static void go_on(struct load_slot *slot)
{
	struct load *load = slot->load;
	uint64_t intended_ns;
	do {
		intended_ns = clock_monotonic_ns();
		if (atomic_load(&load->stopped) || intended_ns >= load->end_ns) {
			pthread_mutex_lock(&load->mutex);
			put_away(load, slot);
			pthread_mutex_unlock(&load->mutex);
			return;
		}
		if (load->options->rate > 0) {
			if (!take_pending(slot, &intended_ns))
				return;
		} else if (is_counted(load, intended_ns)) {
			atomic_fetch_add(&load->offered, 1);
		}
	} while (!start_call(slot, intended_ns));
}

static void on_done(void *arg)
{
	struct load_slot *slot = arg;
	struct load *load = slot->load;
	int rv = nng_aio_result(slot->aio);
	uint32_t left = left_ms(load, slot->intended_ns);
	if (rv == 0 && !slot->receiving && left > 0) {
		slot->receiving = true;
		nng_aio_set_timeout(slot->aio, (nng_duration)left);
		nng_ctx_recv(slot->context, slot->aio);
		return;
	}
	nng_msg *message = nng_aio_get_msg(slot->aio);
	nng_aio_set_msg(slot->aio, NULL);
	bool counted = is_counted(load, slot->intended_ns);
	bool answered = rv == 0 && slot->receiving;
	if (counted && answered && left > 0)
		count_answer(slot, message);
	else if (counted && rv != 0 && rv != NNG_ETIMEDOUT)
		atomic_fetch_add(&load->answered[LECTERN_UNAVAILABLE], 1);
	else if (counted)
		atomic_fetch_add(slot->receiving ? &load->unanswered : &load->unsent, 1);
	if (rv != 0 ? !slot->receiving : slot->receiving)
		nng_msg_free(message);
	go_on(slot);
}

/* Gives one call, whose time has come, to a slot. */
static void offer(struct load *load, uint64_t intended_ns)
{
	struct load_slot *slot = NULL;
	if (is_counted(load, intended_ns))
		atomic_fetch_add(&load->offered, 1);
	pthread_mutex_lock(&load->mutex);
	if (load->free != NULL && load->pending_count == 0) {
		slot = load->free;
		load->free = slot->next_free;
		load->free_count--;
	} else if (load->pending_count < LOAD_PENDING_MAX) {
		load->pending[(load->pending_first + load->pending_count++) % LOAD_PENDING_MAX] =
			intended_ns;
	} else if (is_counted(load, intended_ns)) {
		atomic_fetch_add(&load->unsent, 1);
	}
	pthread_mutex_unlock(&load->mutex);
	if (slot != NULL && !start_call(slot, intended_ns))
		go_on(slot);
}

static bool is_stopped(const struct load *load)
{
	return load->options->stop != NULL && *load->options->stop != 0;
}

static void sleep_until(uint64_t until_ns)
{
	struct timespec time = clock_timespec(until_ns);
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

/* Calls at random times with the given mean (a Poisson process). */
static void run_open(struct load *load)
{
	uint64_t random = randombytes_random() | UINT64_C(1);
	double at_s = 0;
	while (!is_stopped(load)) {
		at_s -= log(1 - random_share(&random)) / load->options->rate;
		double second = floor(at_s);
		double real_s = load->options->bursts ? second + (at_s - second) / 5 : at_s;
		uint64_t intended_ns = load->start_ns + (uint64_t)(real_s * 1e9);
		if (intended_ns >= load->end_ns)
			break;
		if (intended_ns > clock_monotonic_ns())
			sleep_until(intended_ns);
		offer(load, intended_ns);
	}
	while (!is_stopped(load) && clock_monotonic_ns() < load->end_ns)
		nng_msleep(POLL_MS);
}

static void run_closed(struct load *load)
{
	for (;;) { /* each one is offered, and started, once */
		pthread_mutex_lock(&load->mutex);
		struct load_slot *slot = load->fresh;
		if (slot != NULL) {
			load->fresh = slot->next_free;
			load->free_count--;
		}
		pthread_mutex_unlock(&load->mutex);
		if (slot == NULL)
			break;
		go_on(slot);
	}
	while (!is_stopped(load) && clock_monotonic_ns() < load->end_ns)
		nng_msleep(POLL_MS);
}

/* Waits for the calls that run. */
static void finish(struct load *load)
{
	uint64_t until_ns =
		clock_monotonic_ns() + (uint64_t)(load->options->timeout_ms + 1000) * NS_PER_MS;
	for (;;) {
		pthread_mutex_lock(&load->mutex);
		atomic_store(&load->stopped, true);
		/* what has not been sent when the time ends was offered too late */
		load->result->unsent += load->pending_count;
		load->pending_count = 0;
		bool idle = load->free_count == load->slot_count;
		pthread_mutex_unlock(&load->mutex);
		if (idle || clock_monotonic_ns() > until_ns || is_stopped(load))
			return;
		nng_msleep(POLL_MS);
	}
}

static double cpu_s(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

enum lectern_code load_run(
	const struct load_options *options, struct load_result *ret, struct lectern_error *err)
{
	struct load load;
	memset(ret, 0, sizeof *ret);
	enum lectern_code code = load_open(&load, options, ret, on_done, err);
	if (code == LECTERN_OK) {
		double cpu_before_s = cpu_s();
		load.start_ns = clock_monotonic_ns();
		load.count_from_ns = load.start_ns + (uint64_t)options->warmup_ms * NS_PER_MS;
		load.end_ns = load.count_from_ns + (uint64_t)options->duration_ms * NS_PER_MS;
		if (options->rate > 0)
			run_open(&load);
		else
			run_closed(&load);
		uint64_t ended_ns = clock_monotonic_ns();
		finish(&load);
		if (ended_ns > load.end_ns)
			ended_ns = load.end_ns;
		if (ended_ns > load.count_from_ns)
			ret->elapsed_s = (double)(ended_ns - load.count_from_ns) / 1e9;
		ret->cpu_s = cpu_s() - cpu_before_s;
	}
	load_close(&load);
	if (code != LECTERN_OK)
		return code;
	ret->offered = atomic_load(&load.offered);
	ret->unsent += atomic_load(&load.unsent);
	ret->unanswered = atomic_load(&load.unanswered);
	ret->received_bytes = atomic_load(&load.received_bytes);
	for (size_t i = 0; i < LOAD_CODES; i++)
		ret->answered[i] = atomic_load(&load.answered[i]);
	return LECTERN_OK;
}
