/*
 * HTML bodies: parsed as browsers do (gumbo) and written anew from an allow-list of elements,
 * attributes and addresses, with the outline and the word count from the same tree. Safe from any
 * thread.
 *
 * What is written is parsed and written again until it does not change any more. So it means the
 * same to whoever parses it next, and rendering it once more gives the same. It has no element
 * whose content is read in another way than text (script, style, SVG and so on), and it is
 * well-formed.
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <lectern/v1/post.pb-c.h>

/* Fills html, outline, word_count and reading_seconds of the post from its body, in the arena.
 * INVALID_ARGUMENT for a body that is nested too deeply, needs too much memory or time, or gives
 * another tree however often it is written. */
enum code html_render(struct arena *arena, Lectern__V1__Post *post, struct error *err) NODISCARD;
