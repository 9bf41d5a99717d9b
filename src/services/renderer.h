/* One thread that renders the bodies of new and changed posts on their way to the writer, and finds
 * the words of new ones, so that neither a transport's callback nor the writer spends its time on
 * that. */
#pragma once
#include "services/write.h"

struct renderer;

enum code renderer_new(struct renderer **ret, struct error *err) NODISCARD;

/* Finishes the one at hand, refuses the others and ends the thread. NULL is allowed. */
void renderer_free(struct renderer *renderer);

/* Renders write->render and then hands the write to the store. RESOURCE_EXHAUSTED at once when the
 * queue is full. */
enum code renderer_submit(struct renderer *renderer, struct write *write, struct error *err)
	NODISCARD;
