/* Differences of texts in the form that patch(1) reads. */
#pragma once
#include "base/buffer.h"
#include "cli/diff.h"
#include "cli/screen.h"

enum { UNIFIED_CONTEXT_LINES = 3 };

/*
 * Appends the differences as a unified diff, nothing where there are none. The labels name the two
 * texts; they are one line each. On a terminal the lines are made fit for it, else they are the
 * bytes of the texts.
 */
void unified_append(struct buffer *out, const struct screen *screen, const struct diff *diff,
	const char *from_label, const char *to_label);

/* Appends the changed lines alone, each behind a '-' or a '+'. */
void unified_append_changes(
	struct buffer *out, const struct screen *screen, const struct diff *diff);
