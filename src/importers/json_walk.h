/*
 * JSON documents of any size, walked from value to value: what nobody asks for is passed over
 * without being kept, and nothing recurses. The outer form is checked (brackets, commas, colons,
 * ends of strings); what stands inside strings and numbers is the affair of whoever takes the
 * value.
 */
#pragma once
#include "base/buffer.h"

#include <stdio.h>

enum {
	WALK_KEY_BYTES = 64, /* of a key that is told apart, the NUL included */
	WALK_CHUNK_BYTES = 64 * 1024,
	WALK_LEVELS_CHECKED = 1024, /* whose brackets must match; deeper ones are counted */
};

struct json_walk {
	FILE *file; /* borrowed; NULL: a text */
	const uint8_t *data;
	size_t at;
	size_t size;
	uint64_t offset; /* of data in the file */
	uint64_t line;	 /* from 1, where the walk is */
	bool first;	 /* no entry of the innermost open list or object has been begun */
	/* Why the walk cannot go on, a string literal, or NULL: every step fails from then on. */
	const char *problem;
	bool is_unreadable; /* the problem is the file's, not that of what stands in it */
	uint8_t *chunk;	    /* borrowed; of a file: WALK_CHUNK_BYTES */
};

/* From where the file is; offset and line tell where that is. A byte-order mark at offset 0 is
 * passed over. */
void walk_file(struct json_walk *walk, FILE *file, uint8_t *chunk, uint64_t offset, uint64_t line);
void walk_text(struct json_walk *walk, struct slice text);

/* Where in the file the walk is. */
static inline uint64_t walk_offset(const struct json_walk *walk)
{
	return walk->offset + walk->at;
}

/* The first byte of what comes next, blanks aside; 0 at the end or after a problem. */
uint8_t walk_peek(struct json_walk *walk);

/* Goes into a list ('[') or an object ('{'); a problem if there is something else. */
bool walk_open(struct json_walk *walk, char bracket) NODISCARD;

/* Goes to the next entry of what was opened last, or closes it and returns false; false also after
 * a problem. */
bool walk_entry(struct json_walk *walk, char bracket) NODISCARD;

/* Reads the key of an object's entry and the colon. One that does not fit becomes "". */
bool walk_key(struct json_walk *walk, char key[WALK_KEY_BYTES]) NODISCARD;

/* Passes over one value and appends its text, without blanks between its parts, to `out`, which may
 * be NULL. */
bool walk_value(struct json_walk *walk, struct buffer *out) NODISCARD;
