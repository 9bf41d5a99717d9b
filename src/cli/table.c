#include "cli/table.h"

#include <inttypes.h>
#include <string.h>

void table_init(struct table *table, const char *heads)
{
	*table = (struct table){ .columns = 0 };
	buffer_init(&table->cells, SIZE_MAX / 2);
	while (*heads != '\0' && table->columns < TABLE_COLUMNS_MAX) {
		table->right[table->columns++] = *heads == '>';
		heads += *heads == '>';
		size_t size = strcspn(heads, " ");
		buffer_append(&table->cells, heads, size);
		buffer_append_char(&table->cells, '\0');
		heads += size + (heads[size] == ' ');
	}
	table->count = table->columns;
}

void table_done(struct table *table)
{
	buffer_done(&table->cells);
}

void table_cell(struct table *table, const char *text)
{
	screen_text(&table->cells, slice_of_text(text), false);
	buffer_append_char(&table->cells, '\0');
	table->count++;
}

void table_cell_marked(struct table *table, struct slice text)
{
	buffer_append(&table->cells, text.data, text.size);
	buffer_append_char(&table->cells, '\0');
	table->count++;
}

void table_number(struct table *table, uint64_t number)
{
	buffer_printf(&table->cells, "%" PRIu64, number);
	buffer_append_char(&table->cells, '\0');
	table->count++;
}

static void measure(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
	const char *cell = (const char *)table->cells.data;
	for (size_t i = 0; i < table->count; i++) {
		size_t width = screen_width(slice_of_text(cell));
		size_t *widest = &widths[i % table->columns];
		if (width > *widest)
			*widest = width;
		cell += strlen(cell) + 1;
	}
}

static void pad(struct buffer *out, size_t columns)
{
	for (; columns > 0; columns--)
		buffer_append_char(out, ' ');
}

static void print_last(
	const struct screen *screen, struct buffer *out, const char *cell, size_t used)
{
	struct slice text = slice_of_text(cell);
	size_t room = screen->columns > used + 10 ? screen->columns - used : 10;
	bool cut = screen->terminal && screen_width(text) > room;
	if (cut)
		text.size = screen_fit(text, room - 1);
	buffer_append(out, text.data, text.size);
	if (cut && memchr(text.data, MARK_START, text.size) != NULL)
		buffer_append_char(out, MARK_END); /* its own may be cut off */
	if (cut)
		buffer_append_text(out, "\xE2\x80\xA6");
}

static void print_row(const struct table *table, const struct screen *screen, struct buffer *out,
	const size_t widths[TABLE_COLUMNS_MAX], const char *cell)
{
	size_t used = 0;
	for (size_t column = 0; column < table->columns; column++) {
		size_t fill = widths[column] - screen_width(slice_of_text(cell));
		bool last = column + 1 == table->columns;
		if (table->right[column])
			pad(out, fill);
		if (last && !table->right[column])
			print_last(screen, out, cell, used);
		else
			buffer_append_text(out, cell);
		if (!last)
			pad(out, (table->right[column] ? 0 : fill) + 2);
		used += widths[column] + 2;
		cell += strlen(cell) + 1;
	}
}

void table_print(const struct table *table, const struct screen *screen, struct buffer *out)
{
	if (table->cells.overflow) {
		out->overflow = true;
		return;
	}
	size_t widths[TABLE_COLUMNS_MAX] = { 0 };
	measure(table, widths);
	const char *cell = (const char *)table->cells.data;
	for (size_t i = 0; i + table->columns <= table->count; i += table->columns) {
		if (i == 0)
			screen_style(screen, out, STYLE_BOLD);
		print_row(table, screen, out, widths, cell);
		if (i == 0)
			screen_plain(screen, out);
		buffer_append_char(out, '\n');
		for (size_t column = 0; column < table->columns; column++)
			cell += strlen(cell) + 1;
	}
}
