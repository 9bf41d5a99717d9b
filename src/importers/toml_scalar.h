/* The words of TOML: keys, strings, numbers, times, blanks and comments. */
#pragma once
#include "base/buffer.h"
#include "importers/front_matter_value.h"

struct toml_scan {
	const uint8_t *at;
	const uint8_t *end;
	struct value_tree *tree; /* its line is kept */
	struct buffer text;	 /* of the string that is read */
};

/* "the front matter is no TOML: PROBLEM" */
enum code toml_fail(const char *problem, struct error *err);

/* The next byte, -1 at the end. */
int toml_peek(const struct toml_scan *scan);
bool toml_take(struct toml_scan *scan, char c);

void toml_skip_blanks(struct toml_scan *scan);

/* Blanks, comments and the ends of lines. */
enum code toml_skip_lines(struct toml_scan *scan, struct error *err) NODISCARD;

/* Nothing but a comment may be left in the line. */
enum code toml_end_line(struct toml_scan *scan, struct error *err) NODISCARD;

/* One part of a key, in the arena and followed by a NUL. */
enum code toml_key(struct toml_scan *scan, struct slice *ret, struct error *err) NODISCARD;

/* A value that is no list and no table. */
enum code toml_scalar(struct toml_scan *scan, struct value **ret, struct error *err) NODISCARD;
