/* base64 as in URLs (RFC 4648, 5) and as usual; padding may be missing. */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"

#include <stdbool.h>

/* Reads both alphabets, with or without padding, into the arena. False for what is none. */
bool base64_read(struct slice text, struct arena *arena, struct slice *ret) NODISCARD;

/* Appends the usual alphabet without padding, as Connect has it in errors. */
void base64_put(struct slice bytes, struct buffer *out);
