/*
 * The stream of bench.values: for each published post its id (64 bits, big-endian), the size of
 * what follows (32 bits, big-endian) and the bytes of a lectern.v1.Post. Peers get the very bytes
 * that Lectern answers with.
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <lectern/v1/post.pb-c.h>
#include <stdbool.h>
#include <stdio.h>

struct values {
	FILE *file; /* borrowed */
	uint64_t count;
	/* Of the post that was read last. */
	uint64_t id;
	uint8_t *bytes; /* owned */
	size_t size_bytes;
	size_t capacity_bytes;
};

void values_init(struct values *values, FILE *file);
void values_done(struct values *values);

/* Reads the next post. *ret is false at the end; INVALID_ARGUMENT where the stream is cut. */
enum code values_next(struct values *values, bool *ret, struct error *err) NODISCARD;

/* The post that was read last, in the arena. */
enum code values_unpack(const struct values *values, struct arena *arena, Lectern__V1__Post **ret,
	struct error *err) NODISCARD;

/* The same post in the BASIC view: its bytes without the fields of the body. */
struct slice values_basic(const struct values *values, struct arena *arena);
