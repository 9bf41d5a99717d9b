/* Values of options: from text into struct server_options, and back. */
#pragma once
#include "base/buffer.h"
#include "server/option_table.h"

/* Sets the field of a row, or adds to it for a list. The value, which is NULL for a switch that is
 * given as an argument, is borrowed by texts and lists. `source` names where the value comes from,
 * for the error's text: "--map-size". */
enum code option_apply(struct server_options *options, const struct option_row *row,
	const char *value, const char *source, struct error *err) NODISCARD;

/* Appends the value as a text that option_apply() reads as the same one; of a list the value at
 * `index`. Nothing for texts that are not set and behind the end of a list. */
void option_put_value(const struct server_options *options, const struct option_row *row,
	size_t index, struct buffer *out);

/* 1 for what is no list and has a value, 0 without one. */
size_t option_value_count(const struct server_options *options, const struct option_row *row);
