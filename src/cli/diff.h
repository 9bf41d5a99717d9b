/* How two texts differ, line by line. */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	DIFF_TEXT_BYTES_MAX = 64 * 1024 * 1024, /* of one text */
	/* Comparisons that are spent on finding the fewest changes; a text of a few thousand lines
	 * never needs that many. */
	DIFF_WORK_MAX = 1 << 27,
};

/* One of the two texts. */
struct diff_text {
	struct slice text; /* borrowed */
	uint32_t *starts;  /* where each line begins, and the end of the text */
	uint32_t *classes; /* lines have the same number if they are equal, their ends included */
	bool *changed;	   /* the line is only in this text */
	uint32_t count;	   /* of lines */
};

struct diff {
	struct diff_text from;
	struct diff_text to;
};

/* Lines of `from` in whose place `to` has others. Either may be none. */
struct diff_change {
	uint32_t from_at;
	uint32_t from_count;
	uint32_t to_at;
	uint32_t to_count;
};

/*
 * Compares two texts, which are borrowed until diff_done(). The changes are the fewest possible
 * unless finding them would take more than DIFF_WORK_MAX; then they are right, but may be more.
 * False when out of memory or for a text that is too large.
 */
bool diff_init(struct diff *diff, struct slice from, struct slice to) NODISCARD;
void diff_done(struct diff *diff);

/* The change after *change, which is all zero at the start. False at the end. */
bool diff_next(const struct diff *diff, struct diff_change *change);

/* A line with its newline; the last one may have none. */
struct slice diff_line(const struct diff_text *text, uint32_t index);
