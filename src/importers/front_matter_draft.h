/* A post that is being made of a file of a Jekyll or Hugo tree, and what was changed on the way. */
#pragma once
#include "importers/front_matter_path.h"
#include "importers/front_matter_value.h"

#include <lectern/v1/post.pb-c.h>

enum {
	DRAFT_NOTE_BYTES = 256,
	DRAFT_FIELDS_MAX = 24,
	DRAFT_NAMES_VISITED_MAX = 4096, /* values that one list of names is read from */
};

struct front_matter_draft {
	/* Given; all borrowed. */
	const struct front_matter_path *path;
	const struct value *front; /* NULL: the file has none */
	struct slice body;
	int64_t now_us;
	bool in_jekyll; /* the folder holds a folder _posts */
	bool listed;	/* not named by itself */
	struct arena *arena;

	/* Made. */
	Lectern__V1__Post *post;
	bool is_page;
	/* Written by Lectern's own export: texts stand as they are. */
	bool exact;
	const struct value *own; /* what Lectern alone knows; NULL */
	const char *fields[DRAFT_FIELDS_MAX + 1];
	size_t field_count;
	char notes[DRAFT_NOTE_BYTES];
	bool out_of_memory; /* sticky */
};

/* A copy of one line without bytes that are no text: values are quoted in reasons, cut anywhere. */
void front_matter_reason(const char *reason, char *out, size_t capacity);

/* Adds to the notes; what does not fit is left out. */
void draft_note(struct front_matter_draft *draft, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A field that the file decides. */
void draft_decide(struct front_matter_draft *draft, const char *field);

/* The first of the entries whose names are given, up to NULL, that has a text; else NULL. */
const struct value *draft_find_text(
	const struct front_matter_draft *draft, const char *const *names);

/* A copy in the arena. Empty when out of memory. */
char *draft_text(struct front_matter_draft *draft, struct slice text);

/* Plain text: HTML's character references replaced, blanks at the ends dropped; of one line, if
 * asked for. Cut at max_bytes, noted by the name of the field. */
char *draft_plain(struct front_matter_draft *draft, struct slice text, bool one_line,
	size_t max_bytes, const char *field);

/* A time of a field, if it is one; noted if it is none. */
bool draft_time(struct front_matter_draft *draft, const struct value *value, const char *field,
	int64_t *ret_us);
Google__Protobuf__Timestamp *draft_timestamp(struct front_matter_draft *draft, int64_t time_us);

/* A slug of a text that may be one or an address; empty if nothing in it can be. */
char *draft_slug(struct front_matter_draft *draft, struct slice text);
/* Of "/2019/07/02/name.html" the last part, "name". */
struct slice draft_last_segment(struct slice address);

/* Tags, categories and authors. */
void draft_fill_names(struct front_matter_draft *draft);

/* Title, slug and body, with what they decide. */
void draft_fill_text(struct front_matter_draft *draft);
