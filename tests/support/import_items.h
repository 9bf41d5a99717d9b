/* What a format reads from an input, written down. */
#pragma once
#include "base/buffer.h"
#include "importers/source.h"

struct import_counts {
	size_t ready[IMPORT_REVISION + 1];
	size_t refused;
	size_t skipped;
};

/*
 * Reads a stream to its end and appends a line for each item: "STATE KIND LINE ORIGIN", and for one
 * that is to be written " FIELD,FIELD... JSON"; behind it " | REASON" if there is one. Either of
 * out and ret may be NULL. now_us, pages and internal_tags are taken from options, which may be
 * NULL.
 */
void import_items(const struct import_format *format, FILE *stream,
	const struct source_options *options, struct buffer *out, struct import_counts *ret);

/* The same for bytes in memory. */
void import_items_of(const struct import_format *format, struct slice bytes,
	const struct source_options *options, struct buffer *out, struct import_counts *ret);

/* The bytes of a file of tests/data; NULL if there is none. Free with free(). */
char *import_items_sample(const char *name, size_t *ret_size);
