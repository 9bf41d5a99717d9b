/* A body rendered by itself, for the tests of renderers. */
#pragma once
#include "base/limits.h"

#include <lectern/v1/post.pb-c.h>

static struct arena arena;
static Lectern__V1__Post post;
static struct error err;

static int set_up(void **state)
{
	arena_init(&arena, LIMIT_ARENA_BYTES);
	return 0;
}

static int tear_down(void **state)
{
	arena_done(&arena);
	return 0;
}

/* Into post or err; what was rendered before is gone. */
static enum code render_with(
	enum code (*renderer)(struct arena *arena, Lectern__V1__Post *post, struct error *err),
	const char *body)
{
	arena_reset(&arena);
	lectern__v1__post__init(&post);
	post.body = (char *)(uintptr_t)body;
	err.text[0] = '\0';
	return renderer(&arena, &post, &err);
}
