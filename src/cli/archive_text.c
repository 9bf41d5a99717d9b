#include "cli/archive_text.h"

#include "cli/cli.h"
#include "cli/wrap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LABEL_BYTES = 16 };

void date_text(const Lectern__V1__ArchiveDate *date, char text[DATE_TEXT_BYTES])
{
	if (date->day > 0)
		snprintf(text, DATE_TEXT_BYTES, "%04" PRIu32 "-%02" PRIu32 "-%02" PRIu32,
			date->year, date->month, date->day);
	else if (date->month > 0)
		snprintf(
			text, DATE_TEXT_BYTES, "%04" PRIu32 "-%02" PRIu32, date->year, date->month);
	else
		snprintf(text, DATE_TEXT_BYTES, "%04" PRIu32, date->year);
}

static void add_name(const Lectern__V1__GetArchiveResponse *page, struct buffer *out)
{
	const char *name = "";
	char date[DATE_TEXT_BYTES];
	switch (page->term_case) {
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_TAG:
		name = page->tag->name;
		break;
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_CATEGORY:
		name = page->category->name;
		break;
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_AUTHOR:
		name = page->author->name;
		break;
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_SERIES:
		name = page->series->name;
		break;
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_DATE:
		date_text(page->date, date);
		name = date;
		break;
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM__NOT_SET:
	case _LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM__CASE_IS_INT_SIZE:
		break;
	}
	screen_text(out, slice_of_text(name), false);
}

const char *archive_slug(const Lectern__V1__GetArchiveResponse *page)
{
	switch (page->term_case) {
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_TAG:
		return page->tag->slug;
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_CATEGORY:
		return page->category->slug;
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_AUTHOR:
		return page->author->slug;
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_SERIES:
		return page->series->slug;
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_DATE:
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM__NOT_SET:
	case _LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM__CASE_IS_INT_SIZE:
		break;
	}
	return "";
}

/* "LABEL: TEXT", the further lines below the text. */
static void add_line(struct buffer *out, const struct screen *screen, const char *label,
	const struct buffer *text)
{
	char first[LABEL_BYTES];
	char rest[LABEL_BYTES];
	snprintf(first, sizeof first, "%s: ", label);
	snprintf(rest, sizeof rest, "%*s", (int)strlen(first), "");
	wrap_words(out, slice_of(text->data, text->size), first, rest, screen->columns);
}

static void add_tree(struct buffer *out, const struct screen *screen,
	const Lectern__V1__GetArchiveResponse *page)
{
	struct buffer line;
	buffer_init(&line, CLI_DOCUMENT_BYTES);
	for (size_t i = 0; i < page->n_parents; i++) {
		buffer_append_text(&line, i == 0 ? "" : " > ");
		screen_text(&line, slice_of_text(page->parents[i]->name), false);
	}
	add_line(out, screen, "In", &line);
	buffer_clear(&line);
	for (size_t i = 0; i < page->n_children; i++) {
		buffer_append_text(&line, i == 0 ? "" : ", ");
		screen_text(&line, slice_of_text(page->children[i]->name), false);
		buffer_printf(&line, " (%" PRIu64 ")", page->children[i]->subtree_post_count);
	}
	add_line(out, screen, "Below", &line);
	buffer_done(&line);
}

void archive_head(struct buffer *out, const struct screen *screen, const char *kind,
	const Lectern__V1__GetArchiveResponse *page)
{
	screen_style(screen, out, STYLE_BOLD);
	buffer_printf(out, "%s: ", kind);
	add_name(page, out);
	screen_plain(screen, out);
	buffer_printf(out, "  (%" PRIu64 " post%s)\n", page->total_size,
		page->total_size == 1 ? "" : "s");
	add_tree(out, screen, page);
}

void archive_neighbour(struct buffer *out, const struct screen *screen, const char *label,
	const Lectern__V1__Post *post)
{
	struct buffer line;
	if (post == NULL)
		return;
	buffer_init(&line, CLI_DOCUMENT_BYTES);
	screen_text(&line, slice_of_text(post->title), false);
	buffer_append_text(&line, " (");
	screen_text(&line, slice_of_text(post->slug), false);
	buffer_append_char(&line, ')');
	add_line(out, screen, label, &line);
	buffer_done(&line);
}
