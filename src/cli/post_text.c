#include "cli/post_text.h"

#include "base/rfc3339.h"
#include "cli/table.h"
#include "cli/wrap.h"
#include "times.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void time_text(const Google__Protobuf__Timestamp *time, char text[TIME_TEXT_BYTES])
{
	text[0] = '\0';
	if (time == NULL || !timestamp_is_valid(time))
		return;
	char whole[RFC3339_BYTES];
	rfc3339_format(time->seconds * 1000000, whole);
	snprintf(text, TIME_TEXT_BYTES, "%.10s %.5s", whole, whole + 11);
}

const char *state_text(Lectern__V1__PostState state)
{
	switch (state) {
	case LECTERN__V1__POST_STATE__POST_STATE_DRAFT:
		return "draft";
	case LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED:
		return "scheduled";
	case LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED:
		return "published";
	case LECTERN__V1__POST_STATE__POST_STATE_EXPIRED:
		return "expired";
	case LECTERN__V1__POST_STATE__POST_STATE_TRASHED:
		return "trashed";
	case LECTERN__V1__POST_STATE__POST_STATE_UNSPECIFIED:
	case _LECTERN__V1__POST_STATE_IS_INT_SIZE:
		break;
	}
	return "unknown";
}

/* Puts " · " between the parts of a line. */
static void separate(struct buffer *line)
{
	if (line->size > 0)
		buffer_append_text(line, " \xC2\xB7 ");
}

static void add_terms(
	struct buffer *line, const char *label, Lectern__V1__TermRef *const *terms, size_t count)
{
	if (count == 0)
		return;
	separate(line);
	buffer_append_text(line, label);
	for (size_t i = 0; i < count; i++) {
		buffer_append_text(line, i == 0 ? " " : ", ");
		screen_text(line, slice_of_text(terms[i]->name), false);
	}
}

static void add_series(struct buffer *line, const Lectern__V1__SeriesRef *series)
{
	if (series == NULL)
		return;
	separate(line);
	if (series->part > 0)
		buffer_printf(line, "part %" PRIu32 " of ", series->part);
	else
		buffer_append_text(line, "series ");
	screen_text(line, slice_of_text(series->name), false);
}

/* Date, state where it is not public, authors, and how long it takes to read. */
static void add_facts(struct buffer *line, const Lectern__V1__Post *post)
{
	char time[TIME_TEXT_BYTES];
	time_text(post->publish_time, time);
	buffer_append_text(line, time);
	if (post->state != LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED) {
		separate(line);
		buffer_append_text(line, state_text(post->state));
	}
	if (post->featured) {
		separate(line);
		buffer_append_text(line, "featured");
	}
	add_terms(line, "by", post->authors, post->n_authors);
	if (post->word_count > 0) {
		separate(line);
		buffer_printf(line, "%" PRIu32 " words", post->word_count);
	}
	if (post->id > 0) {
		separate(line);
		buffer_printf(line, "id %" PRIu64, post->id);
	}
}

static void print_line(
	struct buffer *out, const struct screen *screen, enum style style, struct buffer *line)
{
	if (line->size == 0)
		return;
	screen_style(screen, out, style);
	size_t before = out->size;
	wrap_words(out, slice_of(line->data, line->size), "", "", screen->columns);
	/* Colours end before the newline. */
	if (out->size > before)
		out->size--;
	screen_plain(screen, out);
	buffer_append_char(out, '\n');
	buffer_clear(line);
}

static void print_head(
	struct buffer *out, const struct screen *screen, const Lectern__V1__Post *post)
{
	struct buffer line;
	buffer_init(&line, out->max_bytes);
	screen_text(&line, slice_of_text(post->title), false);
	print_line(out, screen, STYLE_BOLD, &line);
	add_facts(&line, post);
	print_line(out, screen, STYLE_DIM, &line);
	add_terms(&line, "Tags:", post->tags, post->n_tags);
	add_terms(&line, "Categories:", post->categories, post->n_categories);
	add_series(&line, post->series);
	print_line(out, screen, STYLE_DIM, &line);
	screen_text(&line, slice_of_text(post->slug), false);
	print_line(out, screen, STYLE_DIM, &line);
	buffer_done(&line);
}

void post_text(struct buffer *out, const struct screen *screen, const Lectern__V1__Post *post)
{
	print_head(out, screen, post);
	struct buffer text;
	buffer_init(&text, out->max_bytes);
	bool markdown = post->body_format != LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML;
	const char *html = markdown ? post->html : post->body;
	if (markdown && *post->body != '\0') {
		screen_text(&text, slice_of_text(post->body), true);
		buffer_append_char(out, '\n');
		wrap_markdown(out, slice_of(text.data, text.size), screen, "  ");
	} else if (*html != '\0') {
		screen_text(&text, slice_of_text(html), true);
		buffer_append_char(out, '\n');
		buffer_append(out, text.data, text.size);
		buffer_append_text(
			out, text.size > 0 && text.data[text.size - 1] == '\n' ? "" : "\n");
	} else if (*post->excerpt != '\0') {
		screen_text(&text, slice_of_text(post->excerpt), true);
		buffer_append_char(out, '\n');
		wrap_paragraphs(out, slice_of(text.data, text.size), "  ", screen->columns);
	}
	out->overflow = out->overflow || text.overflow;
	buffer_done(&text);
}

void post_table(struct buffer *out, const struct screen *screen, Lectern__V1__Post *const *posts,
	size_t count, bool states)
{
	struct table table;
	table_init(&table, states ? ">ID PUBLISHED STATE SLUG TITLE" : ">ID PUBLISHED SLUG TITLE");
	for (size_t i = 0; i < count; i++) {
		char time[TIME_TEXT_BYTES];
		time_text(posts[i]->publish_time, time);
		table_number(&table, posts[i]->id);
		table_cell(&table, *time == '\0' ? "-" : time);
		if (states)
			table_cell(&table, state_text(posts[i]->state));
		table_cell(&table, posts[i]->slug);
		table_cell(&table, posts[i]->title);
	}
	table_print(&table, screen, out);
	table_done(&table);
}
