#include "services/renderer.h"

#include "base/clock.h"
#include "services/html.h"
#include "services/markdown.h"
#include "services/new_words.h"

#include <pthread.h>
#include <stdlib.h>

struct renderer {
	pthread_t thread;
	bool started;
	struct analyzer *analyzer; /* the thread's own */
	pthread_mutex_t mutex;	   /* for everything below */
	pthread_cond_t work;
	struct write *first; /* by their turns */
	uint32_t queued;
	size_t queued_bytes;
	/* Grows with the time that rendering takes: the turn of the write at hand. */
	uint64_t now_us;
	uint64_t source; /* of the write at hand; what is new from there comes behind it */
	uint64_t source_end_us;
	bool closing;
};

enum {
	TURN_US = 1, /* what a write takes that was not rendered yet */
	NS_PER_US = 1000,
};

static enum code render_body(struct arena *arena, Lectern__V1__Post *post, struct error *err)
{
	return post->body_format == LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML
		       ? html_render(arena, post, err)
		       : markdown_render(arena, post, err);
}

static void render(struct renderer *renderer, struct write *write, bool closing)
{
	struct error err;
	enum code code = CODE_OK;
	if (clock_monotonic_ns() >= write->call->deadline_ns)
		code = fail_reason(&err, CODE_DEADLINE_EXCEEDED, "QUEUED_TOO_LONG",
			"the deadline passed while the write was queued; it had no effect");
	if (code == CODE_OK && closing)
		code = fail_stopping(&err);
	if (code == CODE_OK)
		code = render_body(write->call->arena, write->render, &err);
	if (code == CODE_OK) {
		write->store_write.prepared = new_words(write, renderer->analyzer);
		code = write_enqueue(write, &err);
	}
	if (code != CODE_OK)
		rpc_finish(write->call, &err);
}

/*
 * Bodies of each client in turn: a write's turn comes after those of its client before it. What a
 * client's body has taken is added to the turns of all that wait behind it, so whoever sends bodies
 * that take seconds is behind those who do not.
 */
static void insert(struct renderer *renderer, struct write *write)
{
	struct write **at = &renderer->first;
	while (*at != NULL && (*at)->turn_us <= write->turn_us)
		at = &(*at)->next;
	write->next = *at;
	*at = write;
}

static void enqueue(struct renderer *renderer, struct write *write)
{
	uint64_t source = write->call->source;
	uint64_t behind_us = renderer->now_us;
	if (source == renderer->source && renderer->source_end_us > behind_us)
		behind_us = renderer->source_end_us;
	for (const struct write *other = renderer->first; other != NULL; other = other->next)
		if (other->call->source == source && other->turn_us > behind_us)
			behind_us = other->turn_us;
	write->turn_us = behind_us + TURN_US;
	insert(renderer, write);
	renderer->queued++;
	renderer->queued_bytes += write->call->payload.size;
}

static struct write *take(struct renderer *renderer)
{
	struct write *write = renderer->first;
	if (write == NULL)
		return NULL;
	renderer->first = write->next;
	renderer->queued--;
	renderer->queued_bytes -= write->call->payload.size;
	if (write->turn_us > renderer->now_us)
		renderer->now_us = write->turn_us;
	renderer->source = write->call->source;
	renderer->source_end_us = renderer->now_us;
	return write;
}

/* Moves what waits from a client whose body has taken its time. */
static void charge(struct renderer *renderer, uint64_t source, uint64_t took_us)
{
	struct write *later = NULL;
	struct write **end = &later;
	renderer->source_end_us += took_us;
	for (struct write **at = &renderer->first; *at != NULL;) {
		struct write *write = *at;
		if (write->call->source != source) {
			at = &write->next;
			continue;
		}
		*at = write->next;
		*end = write;
		end = &write->next;
	}
	*end = NULL;
	while (later != NULL) {
		struct write *write = later;
		later = write->next;
		write->turn_us += took_us;
		insert(renderer, write);
	}
}

static void *renderer_main(void *argument)
{
	struct renderer *renderer = argument;
	pthread_mutex_lock(&renderer->mutex);
	for (;;) {
		struct write *write = take(renderer);
		if (write == NULL && renderer->closing)
			break;
		if (write == NULL) {
			pthread_cond_wait(&renderer->work, &renderer->mutex);
			continue;
		}
		bool closing = renderer->closing;
		uint64_t source = renderer->source;
		pthread_mutex_unlock(&renderer->mutex);
		uint64_t start_ns = clock_monotonic_ns();
		render(renderer, write, closing);
		uint64_t took_us = (clock_monotonic_ns() - start_ns) / NS_PER_US;
		pthread_mutex_lock(&renderer->mutex);
		charge(renderer, source, took_us);
	}
	pthread_mutex_unlock(&renderer->mutex);
	return NULL;
}

enum code renderer_new(struct renderer **ret, struct error *err)
{
	struct renderer *renderer = calloc(1, sizeof *renderer);
	if (renderer == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "start renderer: out of memory");
	pthread_mutex_init(&renderer->mutex, NULL);
	pthread_cond_init(&renderer->work, NULL);
	renderer->analyzer = analyzer_new();
	if (renderer->analyzer == NULL) {
		renderer_free(renderer);
		return fail(err, CODE_RESOURCE_EXHAUSTED, "start renderer: out of memory");
	}
	if (pthread_create(&renderer->thread, NULL, renderer_main, renderer) != 0) {
		renderer_free(renderer);
		return fail(err, CODE_RESOURCE_EXHAUSTED, "cannot start the renderer's thread");
	}
	renderer->started = true;
	*ret = renderer;
	return CODE_OK;
}

void renderer_free(struct renderer *renderer)
{
	if (renderer == NULL)
		return;
	if (renderer->started) {
		pthread_mutex_lock(&renderer->mutex);
		renderer->closing = true;
		pthread_cond_signal(&renderer->work);
		pthread_mutex_unlock(&renderer->mutex);
		pthread_join(renderer->thread, NULL);
	}
	pthread_cond_destroy(&renderer->work);
	pthread_mutex_destroy(&renderer->mutex);
	analyzer_free(renderer->analyzer);
	free(renderer);
}

/* A client may have as many writes here as there are places left for others. */
static bool has_room(const struct renderer *renderer, const struct rpc_call *call)
{
	uint32_t own = 0;
	for (const struct write *write = renderer->first; write != NULL; write = write->next)
		own += write->call->source == call->source;
	return renderer->queued < LIMIT_RENDER_QUEUE &&
	       own <= LIMIT_RENDER_QUEUE - renderer->queued &&
	       (renderer->queued == 0 ||
		       call->payload.size <= LIMIT_WRITE_QUEUE_BYTES - renderer->queued_bytes);
}

enum code renderer_submit(struct renderer *renderer, struct write *write, struct error *err)
{
	enum { RETRY_MS = 50 };
	pthread_mutex_lock(&renderer->mutex);
	bool room = has_room(renderer, write->call);
	if (room) {
		enqueue(renderer, write);
		pthread_cond_signal(&renderer->work);
	}
	pthread_mutex_unlock(&renderer->mutex);
	if (room)
		return CODE_OK;
	enum code code = fail_reason(err, CODE_RESOURCE_EXHAUSTED, "WRITE_QUEUE_FULL",
		"too many writes are waiting; repeat after a pause");
	if (err != NULL)
		err->retry_ms = RETRY_MS;
	return code;
}
