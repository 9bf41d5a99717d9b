/* https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html */
#include "cli/unified.h"

#include <inttypes.h>

/* Tabs stay, everything else that could command a terminal becomes visible, carriage returns, too.
 */
static void append_visible(struct buffer *out, struct slice line)
{
	while (line.size > 0) {
		const uint8_t *tab = memchr(line.data, '\t', line.size);
		size_t size = tab == NULL ? line.size : (size_t)(tab - line.data);
		screen_text(out, slice_of(line.data, size), false);
		if (tab != NULL)
			buffer_append_char(out, '\t');
		size += tab != NULL;
		line = slice_of(line.data + size, line.size - size);
	}
}

static void append_line(
	struct buffer *out, const struct screen *screen, char sign, struct slice line)
{
	bool newline = line.size > 0 && line.data[line.size - 1] == '\n';
	line.size -= newline;
	if (sign != ' ')
		screen_style(screen, out, sign == '-' ? STYLE_REMOVED : STYLE_ADDED);
	buffer_append_char(out, sign);
	if (screen->terminal)
		append_visible(out, line);
	else
		buffer_append(out, line.data, line.size);
	if (sign != ' ')
		screen_plain(screen, out);
	buffer_append_text(out, newline ? "\n" : "\n\\ No newline at end of file\n");
}

static void append_lines(struct buffer *out, const struct screen *screen, char sign,
	const struct diff_text *text, uint32_t at, uint32_t count)
{
	for (uint32_t i = at; i < at + count; i++)
		append_line(out, screen, sign, diff_line(text, i));
}

static void append_change(struct buffer *out, const struct screen *screen, const struct diff *diff,
	const struct diff_change *change)
{
	append_lines(out, screen, '-', &diff->from, change->from_at, change->from_count);
	append_lines(out, screen, '+', &diff->to, change->to_at, change->to_count);
}

/* Changes whose context touches, with that context. */
struct hunk {
	struct diff_change first;
	struct diff_change last;
	uint32_t before; /* lines of context */
	uint32_t behind;
};

/* Finds the hunk that begins with a change; *next is the change behind it, if there is one. */
static bool find_hunk(const struct diff *diff, const struct diff_change *first, struct hunk *hunk,
	struct diff_change *next)
{
	*hunk = (struct hunk){ .first = *first, .last = *first };
	*next = *first;
	bool more;
	while ((more = diff_next(diff, next))) {
		uint32_t end = hunk->last.from_at + hunk->last.from_count;
		if (next->from_at - end > 2 * UNIFIED_CONTEXT_LINES)
			break;
		hunk->last = *next;
	}
	uint32_t rest = diff->from.count - hunk->last.from_at - hunk->last.from_count;
	hunk->before =
		first->from_at < UNIFIED_CONTEXT_LINES ? first->from_at : UNIFIED_CONTEXT_LINES;
	hunk->behind = rest < UNIFIED_CONTEXT_LINES ? rest : UNIFIED_CONTEXT_LINES;
	return more;
}

/* "12,7": lines count from 1; one line needs no count, and none stands behind the line before. */
static void append_range(struct buffer *out, char sign, uint32_t at, uint32_t count)
{
	buffer_printf(out, " %c%" PRIu32, sign, count == 0 ? at : at + 1);
	if (count != 1)
		buffer_printf(out, ",%" PRIu32, count);
}

static void append_hunk_head(
	struct buffer *out, const struct screen *screen, const struct hunk *hunk)
{
	const struct diff_change *first = &hunk->first;
	const struct diff_change *last = &hunk->last;
	uint32_t context = hunk->before + hunk->behind;
	screen_style(screen, out, STYLE_HEADING);
	buffer_append_text(out, "@@");
	append_range(out, '-', first->from_at - hunk->before,
		last->from_at + last->from_count - first->from_at + context);
	append_range(out, '+', first->to_at - hunk->before,
		last->to_at + last->to_count - first->to_at + context);
	buffer_append_text(out, " @@");
	screen_plain(screen, out);
	buffer_append_char(out, '\n');
}

static void append_hunk(struct buffer *out, const struct screen *screen, const struct diff *diff,
	const struct hunk *hunk)
{
	append_hunk_head(out, screen, hunk);
	struct diff_change change = hunk->first;
	uint32_t at = change.from_at - hunk->before;
	for (;;) {
		append_lines(out, screen, ' ', &diff->from, at, change.from_at - at);
		append_change(out, screen, diff, &change);
		at = change.from_at + change.from_count;
		if (change.from_at == hunk->last.from_at && change.to_at == hunk->last.to_at)
			break;
		(void)diff_next(diff, &change);
	}
	append_lines(out, screen, ' ', &diff->from, at, hunk->behind);
}

static void append_label(
	struct buffer *out, const struct screen *screen, const char *sign, const char *label)
{
	screen_style(screen, out, STYLE_BOLD);
	buffer_append_text(out, sign);
	append_visible(out, slice_of_text(label));
	screen_plain(screen, out);
	buffer_append_char(out, '\n');
}

void unified_append(struct buffer *out, const struct screen *screen, const struct diff *diff,
	const char *from_label, const char *to_label)
{
	struct diff_change change = { .from_at = 0 };
	bool more = diff_next(diff, &change);
	if (!more)
		return;
	append_label(out, screen, "--- ", from_label);
	append_label(out, screen, "+++ ", to_label);
	while (more) {
		struct hunk hunk;
		struct diff_change next;
		more = find_hunk(diff, &change, &hunk, &next);
		append_hunk(out, screen, diff, &hunk);
		change = next;
	}
}

void unified_append_changes(
	struct buffer *out, const struct screen *screen, const struct diff *diff)
{
	struct diff_change change = { .from_at = 0 };
	while (diff_next(diff, &change))
		append_change(out, screen, diff, &change);
}
