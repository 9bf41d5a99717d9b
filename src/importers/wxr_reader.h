/*
 * WordPress eXtended RSS (WXR), the form that WordPress exports content in: RSS 2.0 with elements
 * of its own, versions 1.0 to 1.2. A file is read as a stream of records, one of which is in memory
 * at a time.
 *
 * WordPress' own importer takes files whose prefixes are not declared, as its exports before
 * version 2.7 were; so do we. Names are therefore resolved here and not by expat.
 */
#pragma once
#include "importers/input.h"
#include "importers/wxr_names.h"

#include <expat.h>

enum {
	WXR_TEXT_BYTES = 8 * 1024 * 1024, /* of a body as it stands in the file */
	WXR_EXCERPT_BYTES = 256 * 1024,
	WXR_VALUE_BYTES = 16 * 1024, /* of every other value */
	WXR_LIST_BYTES = 256 * 1024, /* of all terms of one item, of all of its former slugs */
};

enum wxr_event {
	WXR_RECORD,
	WXR_DAMAGED, /* the file cannot be read on: damage says why */
	WXR_END,
};

struct wxr_reader {
	XML_Parser parser;
	struct input input;
	bool skip_texts; /* bodies and excerpts are passed over */
	bool suspended;
	bool at_end; /* of the file */
	/* The record that was read last. */
	enum wxr_record record;
	uint64_t line;			       /* where it begins */
	struct buffer values[WXR_VALUE_COUNT]; /* those of the channel stay */
	uint64_t thumbnail_id;		       /* _thumbnail_id; 0: none */
	/* Why the rest of the file cannot be read. */
	struct error damage;
	uint64_t damage_line;
	/* Counts of what is passed over. */
	uint64_t comment_count;
	uint64_t custom_field_count;
	uint64_t control_count;	     /* control characters that XML forbids */
	uint64_t first_control_line; /* of the first of them */
	/* State of the parser. */
	struct wxr_names names;
	bool is_wxr; /* an element of WordPress was seen */
	unsigned depth;
	enum wxr_record context; /* WXR_NONE outside of a channel */
	unsigned context_depth;	 /* of the record's element */
	bool in_meta;
	enum wxr_value gathered;
	unsigned gather_depth; /* of its element; 0: nothing is gathered */
	struct buffer terms;
	size_t terms_size; /* of those that are complete */
	struct buffer old_slugs;
	size_t old_slugs_size;
	/* State of the filter in front of it. */
	bool begun; /* the first character of the document was seen */
	bool wide;  /* UTF-16 */
	uint64_t lines_dropped;
	uint64_t raw_line;
};

/* How many bytes are given to the parser at once; 0 means as many as are usual. For tests. */
void wxr_set_chunk_bytes(size_t bytes);

enum code wxr_open(struct wxr_reader *reader, struct input_file *file, bool skip_texts,
	struct error *err) NODISCARD;
void wxr_close(struct wxr_reader *reader);

/* Reads the next record. Fails only where the file cannot be read from the disk. */
enum code wxr_next(struct wxr_reader *reader, enum wxr_event *ret, struct error *err) NODISCARD;

/* A value of the record, or of the channel, with white space at its ends removed. */
struct slice wxr_value(const struct wxr_reader *reader, enum wxr_value value);

/* The number in it, 0 where there is none. */
uint64_t wxr_number(const struct wxr_reader *reader, enum wxr_value value);

/* The name of a value that is longer than it may be; NULL if all are complete. */
const char *wxr_overlong(const struct wxr_reader *reader);

/* How the item names a term. */
struct wxr_term_ref {
	const char *taxonomy; /* "" in files of version 1.0: a category */
	const char *nicename; /* "" there, too */
	const char *name;
};

/* Goes through the item's terms; *at is 0 before the first one. */
bool wxr_next_term(const struct wxr_reader *reader, size_t *at, struct wxr_term_ref *ret);

/* The same for its former slugs (_wp_old_slug). */
bool wxr_next_old_slug(const struct wxr_reader *reader, size_t *at, const char **ret);
