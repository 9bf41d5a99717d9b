/* The front matter of a post, as `lectern import front-matter` reads it back. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"

#include <lectern/v1/post.pb-c.h>

/* Appends it in YAML, between lines "---". */
enum code front_matter_write_fields(
	const Lectern__V1__Post *post, struct buffer *out, struct error *err) NODISCARD;
