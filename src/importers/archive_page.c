#include "importers/archive_page.h"

#include "base/limits.h"
#include "base/text.h"
#include "importers/markdown.h"
#include "importers/plain.h"

#include <stdarg.h>
#include <strings.h>

enum {
	HEADING_LEVEL = 2, /* the post's title is the first level */
	HEADING_CHARACTERS_MAX = 80,
	TAB_COLUMNS = 8,
	/* As read: character references are longer than what they stand for. */
	RAW_TITLE_BYTES_MAX = 16 * LIMIT_TITLE_BYTES,
	RAW_BLOCK_BYTES_MAX = 2 * LIMIT_BODY_BYTES,
};

static const struct {
	const char *word;
	Lectern__V1__ArchiveKind kind;
} headers[] = {
	{ "tag", LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG },
	{ "category", LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY },
	{ "author", LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_AUTHOR },
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct slice trim(struct slice text)
{
	while (text.size > 0 && is_blank(text.data[text.size - 1]))
		text.size--;
	while (text.size > 0 && is_blank(text.data[0]))
		text = slice_of(text.data + 1, text.size - 1);
	return text;
}

/* Reads "WORD: NAME"; the name may be empty. */
static bool read_header(
	struct slice text, Lectern__V1__ArchiveKind *ret_kind, struct slice *ret_name)
{
	const uint8_t *colon = text.size == 0 ? NULL : memchr(text.data, ':', text.size);
	if (colon == NULL)
		return false;
	size_t before = (size_t)(colon - text.data);
	struct slice word = trim(slice_of(text.data, before));
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		if (word.size != strlen(headers[i].word) ||
			strncasecmp((const char *)word.data, headers[i].word, word.size) != 0)
			continue;
		*ret_kind = headers[i].kind;
		*ret_name = trim(slice_of(colon + 1, text.size - before - 1));
		return true;
	}
	return false;
}

/* Takes the bullet off the text. */
static bool read_bullet(struct slice text, struct slice *ret_title)
{
	static const uint8_t dot[] = { 0xE2, 0x80, 0xA2 }; /* U+2022 */
	size_t size = 0;
	if (text.size >= sizeof dot && memcmp(text.data, dot, sizeof dot) == 0)
		size = sizeof dot;
	else if (text.size > 0 && (text.data[0] == '*' || text.data[0] == '-') &&
		 (text.size == 1 || is_blank(text.data[1])))
		size = 1;
	if (size == 0)
		return false;
	*ret_title = trim(slice_of(text.data + size, text.size - size));
	return true;
}

void page_reader_init(struct page_reader *reader, struct input *input)
{
	*reader = (struct page_reader){ .input = input };
	buffer_init(&reader->name, RAW_TITLE_BYTES_MAX);
	buffer_init(&reader->title, RAW_TITLE_BYTES_MAX);
	buffer_init(&reader->body, LIMIT_BODY_BYTES);
	buffer_init(&reader->block, RAW_BLOCK_BYTES_MAX);
}

void page_reader_done(struct page_reader *reader)
{
	buffer_done(&reader->name);
	buffer_done(&reader->title);
	buffer_done(&reader->body);
	buffer_done(&reader->block);
}

/* Looks at the next line, which stays the next one until take() is called. */
static void look(struct page_reader *reader)
{
	if (reader->loaded)
		return;
	struct slice line = slice_of(NULL, 0);
	reader->event = input_next(reader->input, &line);
	reader->indent = 0;
	size_t i = 0;
	for (; i < line.size && (line.data[i] == ' ' || line.data[i] == '\t'); i++)
		reader->indent +=
			line.data[i] == ' ' ? 1 : TAB_COLUMNS - reader->indent % TAB_COLUMNS;
	reader->text = line.size == 0 ? line : trim(slice_of(line.data + i, line.size - i));
	reader->loaded = true;
}

static void take(struct page_reader *reader)
{
	reader->loaded = false;
}

static bool at_end(const struct page_reader *reader)
{
	return reader->event == INPUT_END || reader->event == INPUT_ERROR;
}

static bool at_empty(const struct page_reader *reader)
{
	return reader->event == INPUT_LINE && reader->text.size == 0;
}

static bool at_header(const struct page_reader *reader)
{
	Lectern__V1__ArchiveKind kind;
	struct slice name;
	return reader->event == INPUT_LINE && (reader->indent == 0 || !reader->has_header) &&
	       read_header(reader->text, &kind, &name);
}

static bool at_bullet(const struct page_reader *reader)
{
	struct slice title;
	return reader->event == INPUT_LINE &&
	       (!reader->has_bullet || reader->indent <= reader->bullet_indent) &&
	       read_bullet(reader->text, &title);
}

/* Where a post ends. */
static bool at_boundary(const struct page_reader *reader)
{
	return at_end(reader) || at_bullet(reader) || at_header(reader);
}

/* Notes why the post or page is refused; the first reason stands. */
static void refuse(struct page_reader *reader, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void refuse(struct page_reader *reader, const char *fmt, ...)
{
	if (reader->refusal.code != CODE_OK)
		return;
	char text[sizeof reader->refusal.text];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	(void)fail(&reader->refusal, CODE_INVALID_ARGUMENT, "%s", text);
}

/* Adds the line that is looked at to the block. */
static void append_line(struct page_reader *reader, struct slice text, struct buffer *block)
{
	size_t invalid = text_find_invalid(text);
	if (reader->event == INPUT_LONG_LINE)
		refuse(reader, "line %ju is longer than %d bytes", (uintmax_t)reader->input->line,
			INPUT_LINE_BYTES_MAX);
	else if (invalid < text.size)
		refuse(reader, "line %ju holds a byte that is not UTF-8 (0x%02x); save it as UTF-8",
			(uintmax_t)reader->input->line, text.data[invalid]);
	if (block->size > 0)
		buffer_append_char(block, ' ');
	buffer_append(block, text.data, invalid);
}

static size_t count_characters(struct slice text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.size; i++)
		count += (text.data[i] & 0xC0) != 0x80;
	return count;
}

/* Takes `mark` off the end of the text. */
static bool drop_end(struct slice *text, const char *mark)
{
	size_t size = strlen(mark);
	if (text->size < size || memcmp(text->data + text->size - size, mark, size) != 0)
		return false;
	text->size -= size;
	return true;
}

/* Whether the text ends as a sentence does, closing quotes and brackets left aside. */
static bool has_final_punctuation(struct slice text)
{
	static const char *const closing[] = { "\"", "'", ")", "]", "}", "”", "’", "»", "›", "」",
		"』", "）", NULL };
	static const char *const final[] = { ".", "!", "?", ":", ";", ",", "…", "。", "！", "？",
		"：", "；", "，", "、", NULL };
	for (size_t i = 0; closing[i] != NULL;)
		i = drop_end(&text, closing[i]) ? 0 : i + 1;
	for (size_t i = 0; final[i] != NULL; i++)
		if (drop_end(&text, final[i]))
			return true;
	return false;
}

/* Reads one block and adds it to the body. */
static void read_block(struct page_reader *reader)
{
	buffer_clear(&reader->block);
	size_t lines = 0;
	for (; !at_boundary(reader) && !at_empty(reader); look(reader)) {
		append_line(reader, reader->text, &reader->block);
		lines++;
		take(reader);
	}
	struct buffer text;
	buffer_init(&text, RAW_BLOCK_BYTES_MAX);
	if (reader->block.overflow ||
		!plain_text(slice_of(reader->block.data, reader->block.size), &text))
		refuse(reader, "body: over the limit of %d bytes", LIMIT_BODY_BYTES);
	struct slice plain = slice_of(text.data, text.size);
	bool heading = lines == 1 && count_characters(plain) <= HEADING_CHARACTERS_MAX &&
		       !has_final_punctuation(plain);
	if (plain.size > 0 && heading)
		markdown_heading(HEADING_LEVEL, plain, &reader->body);
	else if (plain.size > 0)
		markdown_paragraph(plain, &reader->body);
	buffer_done(&text);
}

/* Reads the title, which may be wrapped over several lines. */
static void read_title(struct page_reader *reader)
{
	struct slice first = slice_of(NULL, 0);
	buffer_clear(&reader->block);
	if (!read_bullet(reader->text, &first))
		return;
	append_line(reader, first, &reader->block);
	take(reader);
	for (look(reader); !at_boundary(reader) && !at_empty(reader); look(reader)) {
		append_line(reader, reader->text, &reader->block);
		take(reader);
	}
	buffer_clear(&reader->title);
	if (reader->block.overflow ||
		!plain_text(slice_of(reader->block.data, reader->block.size), &reader->title) ||
		reader->title.size > LIMIT_TITLE_BYTES)
		refuse(reader, "title: over the limit of %d bytes", LIMIT_TITLE_BYTES);
	else if (reader->title.size == 0)
		refuse(reader, "the bullet has no title");
}

static enum page_event read_post(struct page_reader *reader)
{
	reader->line = reader->input->line;
	reader->line_start = reader->input->line_start;
	reader->refused_line = reader->line;
	reader->refusal.code = CODE_OK;
	if (!reader->has_bullet)
		reader->bullet_indent = reader->indent;
	reader->has_bullet = true;
	buffer_clear(&reader->body);
	read_title(reader);
	for (look(reader); !at_boundary(reader); look(reader)) {
		if (at_empty(reader))
			take(reader);
		else
			read_block(reader);
	}
	if (reader->body.overflow)
		refuse(reader, "body: over the limit of %d bytes", LIMIT_BODY_BYTES);
	return reader->refusal.code == CODE_OK ? PAGE_POST : PAGE_REFUSED;
}

static enum page_event refuse_page(struct page_reader *reader, const char *reason)
{
	reader->refused_line = reader->input->line;
	reader->refusal.code = CODE_OK;
	refuse(reader, "%s", reason);
	return PAGE_REFUSED;
}

static void skip_to(struct page_reader *reader, bool (*stop)(const struct page_reader *))
{
	do {
		take(reader);
		look(reader);
	} while (!at_end(reader) && !stop(reader));
}

/* Reads a header. A page whose name is no good is passed over as a whole. */
static enum page_event read_page(struct page_reader *reader)
{
	struct slice name = slice_of(NULL, 0);
	(void)read_header(reader->text, &reader->kind, &name);
	buffer_clear(&reader->name);
	enum page_event event = PAGE_HEADER;
	if (text_find_invalid(name) < name.size)
		event = refuse_page(reader, "the header is not UTF-8; save the file as UTF-8");
	else if (!plain_text(name, &reader->name) || reader->name.size > LIMIT_NAME_BYTES)
		event = refuse_page(reader, "the header's name is longer than 200 bytes");
	else if (reader->name.size == 0)
		event = refuse_page(reader, "the header has no name");
	reader->has_header = true;
	reader->has_bullet = false;
	if (event == PAGE_REFUSED)
		skip_to(reader, at_header);
	else
		take(reader);
	return event;
}

static enum page_event read_event(struct page_reader *reader)
{
	for (look(reader); at_empty(reader); look(reader))
		take(reader);
	if (at_end(reader))
		return PAGE_END;
	if (at_header(reader))
		return read_page(reader);
	enum page_event event;
	if (!reader->has_header) {
		event = refuse_page(reader, "the page does not begin with \"Tag: NAME\", "
					    "\"Category: NAME\" or \"Author: NAME\"");
		skip_to(reader, at_header);
		return event;
	}
	if (at_bullet(reader))
		return read_post(reader);
	event = refuse_page(reader, "text before the first bullet; a post begins with \"• Title\"");
	skip_to(reader, at_boundary);
	return event;
}

enum code page_next(struct page_reader *reader, enum page_event *ret, struct error *err)
{
	enum page_event event = read_event(reader);
	if (event == PAGE_END && reader->event == INPUT_ERROR)
		return fail(err, CODE_UNKNOWN, "cannot read '%s' beyond line %ju",
			reader->input->path, (uintmax_t)reader->input->line);
	*ret = event;
	return CODE_OK;
}

bool page_seek_post(
	struct page_reader *reader, uint64_t line, uint64_t line_start, unsigned bullet_indent)
{
	reader->loaded = false;
	reader->has_header = true;
	reader->has_bullet = true;
	reader->bullet_indent = bullet_indent;
	return input_seek(reader->input, line, line_start);
}

bool page_sniff(const struct input_file *file, struct slice head)
{
	(void)file;
	static const uint8_t mark[] = { 0xEF, 0xBB, 0xBF };
	if (head.size >= sizeof mark && memcmp(head.data, mark, sizeof mark) == 0)
		head = slice_of(head.data + sizeof mark, head.size - sizeof mark);
	head = trim(head);
	const uint8_t *end = head.size == 0 ? NULL : memchr(head.data, '\n', head.size);
	if (end != NULL)
		head.size = (size_t)(end - head.data);
	Lectern__V1__ArchiveKind kind;
	struct slice name;
	return read_header(head, &kind, &name);
}
