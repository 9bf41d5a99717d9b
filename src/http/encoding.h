/* Content encodings: gzip (RFC 1952) through zlib, and what a client says that it takes. */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

/* Below this gzip gains nothing worth its time. */
enum { GZIP_BYTES_MIN = 1024 };

/* Whether an Accept-Encoding header (RFC 9110, 12.5.3) prefers gzip, or takes it where it does not
 * prefer identity. */
bool encoding_takes_gzip(struct slice accept);

/* Appends the bytes in their compressed form. False when `out` overflows. */
bool gzip_put(struct slice bytes, struct buffer *out) NODISCARD;

/* The bytes that a body stands for, in the arena: at most max_bytes, whatever it claims.
 * INVALID_ARGUMENT for what is no gzip and beyond the bound. */
enum code gzip_read(struct slice body, size_t max_bytes, struct arena *arena, struct slice *ret,
	struct error *err) NODISCARD;
