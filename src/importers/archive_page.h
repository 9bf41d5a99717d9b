/*
 * Archive pages as text: a header "Tag: NAME", "Category: NAME" or "Author: NAME", then posts, the
 * newest first. A post is a bullet with the title and, indented further than the bullet, paragraphs
 * and section headings with empty lines between them.
 *
 * Further headers may follow in the same file, at the start of a line: each begins another page.
 */
#pragma once
#include "importers/input.h"

#include <lectern/v1/archive.pb-c.h>

/* What stands on a page, in order. */
enum page_event {
	PAGE_HEADER,
	PAGE_POST,
	PAGE_REFUSED,
	PAGE_END,
};

struct page_reader {
	struct input *input; /* borrowed */
	/* Of the last header. */
	Lectern__V1__ArchiveKind kind;
	struct buffer name;
	/* Of the last post. */
	uint64_t line;
	uint64_t line_start;
	struct buffer title; /* plain text */
	struct buffer body;  /* Markdown */
	/* Of the last refusal: where and why. */
	uint64_t refused_line;
	struct error refusal;

	/* The line that is looked at. */
	enum input_event event;
	bool loaded;
	struct slice text; /* without its indentation and the blanks at its end */
	unsigned indent;   /* in columns */

	bool has_header;
	bool has_bullet; /* on this page */
	bool ended;
	unsigned bullet_indent; /* of the page's first bullet; a bullet further in is text */
	struct buffer block;	/* the lines of the block that is read, joined */
};

void page_reader_init(struct page_reader *reader, struct input *input);
void page_reader_done(struct page_reader *reader);

/* PAGE_REFUSED also ends with the reader ready to go on. CODE_UNKNOWN if the file cannot be read.
 */
enum code page_next(struct page_reader *reader, enum page_event *ret, struct error *err) NODISCARD;

/* Goes back to a post that page_next() has given; the next event is that post again. False if the
 * file cannot be read there. */
bool page_seek_post(struct page_reader *reader, uint64_t line, uint64_t line_start,
	unsigned bullet_indent) NODISCARD;

/* Whether the beginning of a file looks like an archive page; its name tells nothing. */
bool page_sniff(const struct input_file *file, struct slice head);
