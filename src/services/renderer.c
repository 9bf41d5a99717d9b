#include "services/renderer.h"

#include "base/clock.h"
#include "services/html.h"
#include "services/markdown.h"

#include <pthread.h>
#include <stdlib.h>

struct renderer {
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex; /* for everything below */
	pthread_cond_t work;
	struct write *first;
	struct write *last;
	uint32_t queued;
	size_t queued_bytes;
	bool closing;
};

static enum code render_body(struct arena *arena, Lectern__V1__Post *post, struct error *err)
{
	return post->body_format == LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML
		       ? html_render(arena, post, err)
		       : markdown_render(arena, post, err);
}

static void render(struct write *write, bool closing)
{
	enum { RETRY_MS = 50 };
	struct error err;
	enum code code = CODE_OK;
	if (clock_monotonic_ns() >= write->call->deadline_ns)
		code = fail_reason(&err, CODE_DEADLINE_EXCEEDED, "QUEUED_TOO_LONG",
			"the deadline passed while the write was queued; it had no effect");
	if (code == CODE_OK && closing) {
		code = fail_reason(&err, CODE_UNAVAILABLE, "STOPPING",
			"the server is stopping; repeat with another one or later");
		err.retry_ms = RETRY_MS;
	}
	if (code == CODE_OK)
		code = render_body(write->call->arena, write->render, &err);
	if (code == CODE_OK)
		code = write_enqueue(write, &err);
	if (code != CODE_OK)
		rpc_finish(write->call, &err);
}

static void *renderer_main(void *argument)
{
	struct renderer *renderer = argument;
	pthread_mutex_lock(&renderer->mutex);
	for (;;) {
		struct write *write = renderer->first;
		if (write == NULL && renderer->closing)
			break;
		if (write == NULL) {
			pthread_cond_wait(&renderer->work, &renderer->mutex);
			continue;
		}
		renderer->first = write->next;
		if (renderer->first == NULL)
			renderer->last = NULL;
		renderer->queued--;
		renderer->queued_bytes -= write->call->payload.size;
		bool closing = renderer->closing;
		pthread_mutex_unlock(&renderer->mutex);
		render(write, closing);
		pthread_mutex_lock(&renderer->mutex);
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
	free(renderer);
}

enum code renderer_submit(struct renderer *renderer, struct write *write, struct error *err)
{
	enum { RETRY_MS = 50 };
	size_t size_bytes = write->call->payload.size;
	write->next = NULL;
	pthread_mutex_lock(&renderer->mutex);
	bool full = renderer->queued >= LIMIT_WRITE_QUEUE ||
		    (renderer->queued > 0 &&
			    size_bytes > LIMIT_WRITE_QUEUE_BYTES - renderer->queued_bytes);
	if (!full) {
		if (renderer->last == NULL)
			renderer->first = write;
		else
			renderer->last->next = write;
		renderer->last = write;
		renderer->queued++;
		renderer->queued_bytes += size_bytes;
		pthread_cond_signal(&renderer->work);
	}
	pthread_mutex_unlock(&renderer->mutex);
	if (!full)
		return CODE_OK;
	enum code code = fail_reason(err, CODE_RESOURCE_EXHAUSTED, "WRITE_QUEUE_FULL",
		"too many writes are waiting; repeat after a pause");
	if (err != NULL)
		err->retry_ms = RETRY_MS;
	return code;
}
