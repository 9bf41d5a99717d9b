#include "importers/pipeline.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>
#include <times.h>

enum {
	/* Calls at a time. A commit takes what came during the one before: the more, the fewer
	 * syncs of the disk and pages that are written again. Fewer than lecternd's
	 * --max-in-flight. */
	WORKERS = 48,
	PLACES = 64, /* a set of them is a number */
	/* Memory of the items in flight, beside one item that is larger. */
	FLIGHT_BYTES = 16 * 1024 * 1024,
};

enum place_state { PLACE_FREE, PLACE_QUEUED, PLACE_SENT, PLACE_DONE };

/* A place of the ring. Items are numbered from 1; number n has place n % PLACES. */
struct place {
	enum place_state state;
	uint64_t waits_for; /* places of items that must be done before, a bit for each */
	struct arena arena;
	size_t size_bytes;
	struct import_item item;
	struct pipeline_result result;
};

struct pipeline {
	struct target *target; /* borrowed */
	bool single;
	struct place places[PLACES];
	uint64_t first; /* the oldest item that has not been taken */
	uint64_t next;	/* the number of the next one */
	size_t flight_bytes;
	pthread_t workers[WORKERS];
	int worker_count;
	pthread_mutex_t mutex; /* for the states of places, and for what follows */
	pthread_cond_t work;
	pthread_cond_t done;
	bool failed; /* nothing more is sent */
	bool closing;
};

static struct place *place_of(struct pipeline *pipeline, uint64_t number)
{
	return &pipeline->places[number % PLACES];
}

/* The oldest item that may be sent; 0: there is none. */
static uint64_t find_work(struct pipeline *pipeline)
{
	for (uint64_t n = pipeline->first; n < pipeline->next; n++) {
		const struct place *place = place_of(pipeline, n);
		if (place->state == PLACE_QUEUED && place->waits_for == 0)
			return n;
	}
	return 0;
}

static void write_item(struct pipeline *pipeline, struct place *place)
{
	struct pipeline_result *result = &place->result;
	place->state = PLACE_SENT;
	if (pipeline->failed) {
		result->abandoned = true;
		return;
	}
	pthread_mutex_unlock(&pipeline->mutex);
	result->code = target_write(
		pipeline->target, &place->item, &place->arena, &result->result, &result->error);
	pthread_mutex_lock(&pipeline->mutex);
	if (result->code != CODE_OK)
		pipeline->failed = true;
}

/* Others may have waited for it: a worker is woken for each that can be sent now, no more. */
static void finish(struct pipeline *pipeline, uint64_t number)
{
	uint64_t own = UINT64_C(1) << number % PLACES;
	place_of(pipeline, number)->state = PLACE_DONE;
	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = &pipeline->places[i];
		if (place->waits_for == own && place->state == PLACE_QUEUED)
			pthread_cond_signal(&pipeline->work);
		place->waits_for &= ~own;
	}
	if (number == pipeline->first)
		pthread_cond_signal(&pipeline->done);
}

static void *worker_main(void *argument)
{
	struct pipeline *pipeline = argument;
	pthread_mutex_lock(&pipeline->mutex);
	while (!pipeline->closing) {
		uint64_t number = find_work(pipeline);
		if (number == 0) {
			pthread_cond_wait(&pipeline->work, &pipeline->mutex);
			continue;
		}
		write_item(pipeline, place_of(pipeline, number));
		finish(pipeline, number);
	}
	pthread_mutex_unlock(&pipeline->mutex);
	return NULL;
}

enum code pipeline_new(struct target *target, bool single, struct pipeline **ret, struct error *err)
{
	struct pipeline *pipeline = calloc(1, sizeof *pipeline);
	if (pipeline == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	pipeline->target = target;
	pipeline->single = single;
	pipeline->first = pipeline->next = 1;
	pthread_mutex_init(&pipeline->mutex, NULL);
	pthread_cond_init(&pipeline->work, NULL);
	pthread_cond_init(&pipeline->done, NULL);
	for (size_t i = 0; i < PLACES; i++)
		arena_init(&pipeline->places[i].arena, LIMIT_ARENA_BYTES);
	int wanted = single ? 1 : WORKERS;
	while (pipeline->worker_count < wanted &&
		pthread_create(&pipeline->workers[pipeline->worker_count], NULL, worker_main,
			pipeline) == 0)
		pipeline->worker_count++;
	if (pipeline->worker_count == 0) {
		pipeline_free(pipeline);
		return fail(err, CODE_RESOURCE_EXHAUSTED, "cannot start a thread");
	}
	*ret = pipeline;
	return CODE_OK;
}

void pipeline_free(struct pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	pthread_mutex_lock(&pipeline->mutex);
	pipeline->closing = true;
	pthread_cond_broadcast(&pipeline->work);
	pthread_mutex_unlock(&pipeline->mutex);
	for (int i = 0; i < pipeline->worker_count; i++)
		pthread_join(pipeline->workers[i], NULL);
	for (size_t i = 0; i < PLACES; i++)
		arena_done(&pipeline->places[i].arena);
	pthread_cond_destroy(&pipeline->done);
	pthread_cond_destroy(&pipeline->work);
	pthread_mutex_destroy(&pipeline->mutex);
	free(pipeline);
}

bool pipeline_has_room(const struct pipeline *pipeline)
{
	uint64_t count = pipeline->next - pipeline->first;
	return count == 0 ||
	       (!pipeline->single && count < PLACES && pipeline->flight_bytes < FLIGHT_BYTES);
}

struct import_item *pipeline_next(struct pipeline *pipeline, struct arena **ret_arena)
{
	struct place *place = place_of(pipeline, pipeline->next);
	arena_reset(&place->arena);
	place->item = (struct import_item){ .state = ITEM_END };
	place->result = (struct pipeline_result){ .item = &place->item };
	*ret_arena = &place->arena;
	return &place->item;
}

static bool is_of_post(enum import_kind kind)
{
	return kind == IMPORT_POST || kind == IMPORT_REVISION;
}

/* Whether the later item must wait for the earlier one. */
static bool depends_on(const struct import_item *later, const struct import_item *earlier)
{
	if (later->kind == IMPORT_CATEGORY || strcmp(later->origin, earlier->origin) == 0)
		return true;
	if (!is_of_post(later->kind) || !is_of_post(earlier->kind))
		return later->kind != earlier->kind;
	if (later->kind == IMPORT_REVISION || earlier->kind == IMPORT_REVISION)
		return false;
	const Lectern__V1__Post *left = (const Lectern__V1__Post *)later->message;
	const Lectern__V1__Post *right = (const Lectern__V1__Post *)earlier->message;
	if (left->origin[0] == '\0' && right->origin[0] == '\0')
		return true; /* they get their ids in the order of the input */
	return (left->slug[0] != '\0' && strcmp(left->slug, right->slug) == 0) ||
	       timestamp_equals(left->publish_time, right->publish_time) ||
	       timestamp_equals(left->create_time, right->create_time);
}

/* The places of the items before that must be done before this one is sent. */
static uint64_t find_dependencies(struct pipeline *pipeline, const struct import_item *item)
{
	uint64_t places = 0;
	for (uint64_t n = pipeline->first; n < pipeline->next; n++) {
		const struct place *other = place_of(pipeline, n);
		if (other->state != PLACE_DONE && depends_on(item, &other->item))
			places |= UINT64_C(1) << n % PLACES;
	}
	return places;
}

void pipeline_put(struct pipeline *pipeline, uint64_t bytes_done)
{
	struct place *place = place_of(pipeline, pipeline->next);
	bool is_ready = place->item.state == ITEM_READY;
	place->result.bytes_done = bytes_done;
	place->size_bytes = place->arena.used_bytes;
	pthread_mutex_lock(&pipeline->mutex);
	place->waits_for = is_ready ? find_dependencies(pipeline, &place->item) : 0;
	place->state = is_ready ? PLACE_QUEUED : PLACE_DONE;
	pipeline->next++;
	pipeline->flight_bytes += place->size_bytes;
	if (is_ready && place->waits_for == 0)
		pthread_cond_signal(&pipeline->work);
	pthread_mutex_unlock(&pipeline->mutex);
}

const struct pipeline_result *pipeline_take(struct pipeline *pipeline)
{
	if (pipeline->first == pipeline->next)
		return NULL;
	struct place *place = place_of(pipeline, pipeline->first);
	pthread_mutex_lock(&pipeline->mutex);
	while (place->state != PLACE_DONE)
		pthread_cond_wait(&pipeline->done, &pipeline->mutex);
	place->state = PLACE_FREE;
	pipeline->first++;
	pipeline->flight_bytes -= place->size_bytes;
	pthread_mutex_unlock(&pipeline->mutex);
	return &place->result;
}
