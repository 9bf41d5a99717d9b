/* Files of a Jekyll or Hugo tree as text, and the front matter at their beginning. */
#pragma once
#include "base/buffer.h"
#include "base/error.h"
#include "importers/front_matter_value.h"

enum front_matter_language {
	FRONT_MATTER_NONE,
	FRONT_MATTER_YAML, /* between lines "---" */
	FRONT_MATTER_TOML, /* between lines "+++" */
	FRONT_MATTER_JSON, /* an object */
};

/* What was changed to make text of the bytes. */
struct front_matter_mends {
	bool windows_1252;
};

/*
 * Makes UTF-8 without a byte-order mark of what a file holds, with '\n' at the ends of lines where
 * the first one ends otherwise. Bytes that are not UTF-8 are read as Windows-1252 where the whole
 * file can be; else INVALID_ARGUMENT, and *ret_line tells where.
 */
enum code front_matter_decode(struct buffer *text, struct front_matter_mends *ret,
	uint64_t *ret_line, struct error *err) NODISCARD;

/* The parts of a file, as slices of it. */
struct front_matter_parts {
	enum front_matter_language language;
	struct slice front;
	uint64_t front_line; /* of its first line, from 1 */
	struct slice body;   /* without one empty line before it and without the last line's end */
};

/* INVALID_ARGUMENT for front matter without an end. That of JSON reaches to the end of the file,
 * as does the body: front_matter_body_behind() cuts them once it was read. */
enum code front_matter_split(struct slice text, struct front_matter_parts *ret, struct error *err)
	NODISCARD;
struct slice front_matter_body_behind(struct slice text, const uint8_t *at);

/* How the beginning of a file says what it holds; a byte-order mark may stand before it. */
enum front_matter_language front_matter_guess(struct slice head);
