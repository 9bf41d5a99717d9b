/*
 * Markdown bodies: GitHub Flavored Markdown rendered by cmark-gfm to HTML that is safe to put in a
 * page (raw HTML left out, only harmless URL schemes), with the outline and the word count from the
 * same parse. Safe from any thread; calls run one after the other, because the parser's tables of
 * special characters are global.
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <lectern/v1/post.pb-c.h>

/* Fills html, outline, word_count and reading_seconds of the post from its body, in the arena.
 * INVALID_ARGUMENT for a body that is nested too deeply or needs too much memory. */
enum code markdown_render(struct arena *arena, Lectern__V1__Post *post, struct error *err)
	NODISCARD;
