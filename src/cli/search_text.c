#include "cli/search_text.h"

#include "cli/post_text.h"
#include "cli/table.h"
#include "cli/wrap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void mark_text(struct buffer *out, const Lectern__V1__HighlightedText *text)
{
	if (text == NULL)
		return;
	struct slice whole = slice_of_text(text->text);
	size_t at = 0;
	for (size_t i = 0; i < text->n_ranges; i++) {
		size_t start = text->ranges[i]->start;
		size_t end = text->ranges[i]->end;
		start = start < at ? at : start;
		end = end > whole.size ? whole.size : end;
		if (start >= end)
			continue;
		screen_text(out, slice_of(whole.data + at, start - at), false);
		buffer_append_char(out, MARK_START);
		screen_text(out, slice_of(whole.data + start, end - start), false);
		buffer_append_char(out, MARK_END);
		at = end;
	}
	screen_text(out, slice_of(whole.data + at, whole.size - at), false);
}

/* Appends the line with its marks, wrapped, and empties it. */
static void print_marked(struct buffer *out, const struct screen *screen, const enum style *style,
	const char *indent, struct buffer *line)
{
	struct buffer lines;
	buffer_init(&lines, out->max_bytes);
	wrap_words(&lines, slice_of(line->data, line->size), indent, indent, screen->columns);
	if (lines.size > 0) {
		if (style != NULL)
			screen_style(screen, out, *style);
		/* Styles end before the newline. */
		screen_marked(screen, out, slice_of(lines.data, lines.size - 1));
		if (style != NULL)
			screen_plain(screen, out);
		buffer_append_char(out, '\n');
	}
	out->overflow = out->overflow || lines.overflow || line->overflow;
	buffer_done(&lines);
	buffer_clear(line);
}

static void add_facts(struct buffer *line, const Lectern__V1__Post *post)
{
	char time[TIME_TEXT_BYTES];
	time_text(post->publish_time, time);
	screen_text(line, slice_of_text(post->slug), false);
	if (*time != '\0')
		buffer_printf(line, " \xC2\xB7 %s", time);
	if (post->state != LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED)
		buffer_printf(line, " \xC2\xB7 %s", state_text(post->state));
}

void hit_text(struct buffer *out, const struct screen *screen, const Lectern__V1__SearchHit *hit)
{
	static const enum style bold = STYLE_BOLD;
	static const enum style dim = STYLE_DIM;
	struct buffer line;
	buffer_init(&line, out->max_bytes);
	mark_text(&line, hit->title);
	print_marked(out, screen, &bold, "", &line);
	if (hit->post != NULL)
		add_facts(&line, hit->post);
	print_marked(out, screen, &dim, "", &line);
	mark_text(&line, hit->snippet);
	print_marked(out, screen, NULL, "  ", &line);
	buffer_done(&line);
}

static const char *heads_of(Lectern__V1__FacetKind kind)
{
	switch (kind) {
	case LECTERN__V1__FACET_KIND__FACET_KIND_TAG:
		return ">POSTS TAG NAME";
	case LECTERN__V1__FACET_KIND__FACET_KIND_CATEGORY:
		return ">POSTS CATEGORY NAME";
	case LECTERN__V1__FACET_KIND__FACET_KIND_AUTHOR:
		return ">POSTS AUTHOR NAME";
	case LECTERN__V1__FACET_KIND__FACET_KIND_MONTH:
		return ">POSTS MONTH";
	case LECTERN__V1__FACET_KIND__FACET_KIND_UNSPECIFIED:
	case _LECTERN__V1__FACET_KIND_IS_INT_SIZE:
		break;
	}
	return ">POSTS VALUE NAME";
}

static void add_value(struct table *table, const Lectern__V1__FacetValue *value)
{
	char month[32] = "-";
	bool term = value->value_case == LECTERN__V1__FACET_VALUE__VALUE_TERM;
	bool date = value->value_case == LECTERN__V1__FACET_VALUE__VALUE_DATE;
	if (date)
		snprintf(month, sizeof month, "%04" PRIu32 "-%02" PRIu32, value->date->year,
			value->date->month);
	table_number(table, value->post_count);
	table_cell(table, term ? value->term->slug : month);
	if (table->columns == 3)
		table_cell(table, term ? value->term->name : "");
}

void facet_tables(struct buffer *out, const struct screen *screen,
	Lectern__V1__Facet *const *facets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (facets[i]->n_values == 0)
			continue;
		struct table table;
		table_init(&table, heads_of(facets[i]->kind));
		for (size_t j = 0; j < facets[i]->n_values; j++)
			add_value(&table, facets[i]->values[j]);
		buffer_append_char(out, '\n');
		table_print(&table, screen, out);
		table_done(&table);
	}
}
