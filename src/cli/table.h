/* Rows of cells, aligned. */
#pragma once
#include "base/buffer.h"
#include "cli/screen.h"

#include <stddef.h>

enum { TABLE_COLUMNS_MAX = 8 };

struct table {
	size_t columns;
	bool right[TABLE_COLUMNS_MAX]; /* aligned to the right */
	struct buffer cells;	       /* the texts, each with a NUL after it */
	size_t count;		       /* of cells */
};

/* `heads` are the columns' names, separated by blanks; a '>' before one aligns it to the right. */
void table_init(struct table *table, const char *heads);
void table_done(struct table *table);

/* The next cell of the row; made fit for a terminal. */
void table_cell(struct table *table, const char *text);
/* The same for text with marks, which went through screen_text(): the table has marks, too. */
void table_cell_marked(struct table *table, struct slice text);
void table_number(struct table *table, uint64_t number);

/* Appends the rows with their head. The last column is cut to the width of a terminal. */
void table_print(const struct table *table, const struct screen *screen, struct buffer *out);
